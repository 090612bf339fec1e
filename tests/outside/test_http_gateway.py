"""What the desk hears of the HTTP gateway when the gateway is at its worst, asked of the shipped sandbox in a second process."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from time import monotonic

import anyio
import msgspec
import pytest

from desk.domain.payout import Heard, Method
from desk.outside.gateways.calls import PAYOUT_BYTES, STATEMENT_BYTES
from desk.outside.gateways.http import HttpGateway
from desk.ports import PayOrder, StatementLine, Word
from tests.outside.conftest import SECONDS
from tests.outside.wire import answer, saying
from tests.processes import free_port
from tests.sandbox import SECRET, Sandbox, sandbox

PAYEE = {"account": "6222020000001234", "name": "王小明"}
_numbers = count(1)


def order(amount: int = 12_800, key: str | None = None) -> PayOrder:
    """An order under a key of its own."""
    return PayOrder(key or f"pay-{next(_numbers):04}", amount, "CNY", PAYEE, "7Q4K92MDXT", Method.TRANSFER)


def today() -> date:
    """The day by which a gateway keeps its statement."""
    return datetime.now(UTC).date()


@pytest.fixture
async def nobody() -> AsyncIterator[HttpGateway]:
    """The adapter, calling where nobody listens."""
    async with HttpGateway(f"http://127.0.0.1:{free_port()}", SECONDS) as opened:
        yield opened


@pytest.mark.parametrize(
    ("mode", "heard", "why", "states"),
    [
        ({"mode": "normal"}, Heard.SETTLED, "", ["settled"]),
        ({"mode": "slow", "seconds": 0.2}, Heard.SETTLED, "", ["settled"]),
        ({"mode": "slow", "seconds": 30}, Heard.UNCLEAR, "timeout", ["settled"]),
        ({"mode": "silent_after_paying"}, Heard.UNCLEAR, "timeout", ["settled"]),
        ({"mode": "silent_after_paying", "seconds": 0}, Heard.UNCLEAR, "cut_off", ["settled"]),
        ({"mode": "error_before"}, Heard.UNCLEAR, "status_500", []),
        ({"mode": "error_after_paying"}, Heard.UNCLEAR, "status_500", ["settled"]),
        ({"mode": "refusing"}, Heard.FAILED, "", ["failed"]),
        ({"mode": "awaiting"}, Heard.AWAITING_VISITOR, "", ["awaiting_visitor"]),
        ({"mode": "garbage"}, Heard.UNCLEAR, "not_json", ["settled"]),
        ({"mode": "truncated"}, Heard.UNCLEAR, "cut_off", ["settled"]),
        ({"mode": "reset"}, Heard.UNCLEAR, "cut_off", ["settled"]),
        ({"mode": "reset_before"}, Heard.UNCLEAR, "cut_off", []),
        ({"mode": "wrong_amount"}, Heard.UNCLEAR, "other_amount", ["settled"]),
        ({"mode": "forgetful", "on": "pay"}, Heard.SETTLED, "", ["settled"]),
    ],
    ids=lambda given: " ".join(map(str, given.values())) if isinstance(given, dict) else None,
)
async def test_each_way_to_answer_has_its_word_and_asking_again_finds_the_truth(
    gateway: HttpGateway, other_side: Sandbox, mode: dict[str, str], heard: Heard, why: str, states: list[str]
) -> None:
    asked = order()
    other_side.behave(**mode)
    said = await gateway.pay(asked)
    assert (said.heard, said.why) == (heard, why)
    paid = other_side.payments(asked.key)
    assert [each["state"] for each in paid] == states
    assert other_side.asked(asked.key) == 1
    found = await gateway.find(asked)
    truth = Word(Heard(states[0]), paid[0]["gateway_id"]) if paid else Word(Heard.NEVER_SEEN, why="status_404")
    assert found == truth
    assert said == truth or said.gateway_id is None


async def test_a_key_is_paid_once_however_often_and_by_however_many_it_is_asked(
    gateway: HttpGateway, other_side: Sandbox
) -> None:
    asked = order()
    said = await asyncio.gather(*(gateway.pay(asked) for _ in range(10)))
    paid = other_side.payments(asked.key)
    assert set(said) == {Word(Heard.SETTLED, paid[0]["gateway_id"])}
    assert (len(paid), paid[0]["amount_minor"], paid[0]["times_asked"]) == (1, 12_800, 10)


async def test_a_key_that_was_paid_with_another_amount_is_unclear_and_stays_as_it_was(
    gateway: HttpGateway, other_side: Sandbox
) -> None:
    asked = order()
    await gateway.pay(asked)
    assert await gateway.pay(order(12_801, asked.key)) == Word(Heard.UNCLEAR, why="status_422")
    assert [each["amount_minor"] for each in other_side.payments(asked.key)] == [12_800]


async def test_a_gateway_that_forgets_keys_denies_what_it_paid_and_pays_it_again(
    gateway: HttpGateway, other_side: Sandbox
) -> None:
    asked = order()
    other_side.behave("forgetful")
    first = await gateway.pay(asked)
    assert (await gateway.find(asked)).heard is Heard.NEVER_SEEN
    second = await gateway.pay(asked)
    assert [each["gateway_id"] for each in other_side.payments(asked.key)] == [first.gateway_id, second.gateway_id]
    assert first != second


async def test_where_nobody_listens_nothing_left(nobody: HttpGateway) -> None:
    assert await nobody.pay(order()) == Word(Heard.NEVER_LEFT, why="not_reached")
    assert await nobody.find(order(key="k")) == Word(Heard.UNCLEAR, why="not_reached")
    with pytest.raises(OSError, match="not_reached"):
        await nobody.statement(today())


async def test_a_machine_that_takes_no_call_is_given_up_and_nothing_left() -> None:
    with ExitStack() as calls:
        full = calls.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = calls.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        async with HttpGateway(f"http://127.0.0.1:{full.getsockname()[1]}", SECONDS) as gateway:
            began = monotonic()
            assert await gateway.pay(order()) == Word(Heard.NEVER_LEFT, why="not_reached")
            assert monotonic() - began < SECONDS


async def test_where_no_safe_line_can_be_made_nothing_left() -> None:
    async with saying(b"HTTP/1.1 400 Bad Request\r\n\r\n") as plain, HttpGateway(f"https{plain.url[4:]}", SECONDS) as gateway:
        assert await gateway.pay(order()) == Word(Heard.NEVER_LEFT, why="not_reached")
    assert PAYEE["account"].encode() not in b"".join(plain.heard)


def told(**changed: object) -> bytes:
    """A right answer about the key `k`, but for what is changed."""
    return msgspec.json.encode({"key": "k", "state": "settled", "gateway_id": "g-1", **changed})


RIGHT = told()
MANY = b'{"key":"k","state":"settled","gateway_id":"g-1","x":' + b"[" * 9_000 + b"]" * 9_000 + b"}"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (answer(told(key="other")), "other_key"),
        (answer(told(state="paid")), "unknown_state"),
        (answer(told(gateway_id="")), "other_shape"),
        (answer(told(gateway_id="g" * 129)), "other_shape"),
        (answer(told(gateway_id="g 1")), "other_shape"),
        (answer(told(gateway_id="网关")), "other_shape"),
        (answer(told(gateway_id="g-1\n")), "other_shape"),
        (answer(told(gateway_id=None)), "other_shape"),
        (answer(told(amount_minor="12800")), "other_shape"),
        (answer(told(amount_minor=True)), "other_shape"),
        (answer(told(amount_minor=12_801)), "other_amount"),
        (answer(told(currency="USD")), "other_amount"),
        (answer(b"[]"), "other_shape"),
        (answer(b"null"), "other_shape"),
        (answer(b""), "not_json"),
        (answer(b"\xff\xfe"), "not_json"),
        (answer(MANY), "not_json"),
        (answer(RIGHT[:-1]), "not_json"),
        (answer(RIGHT, "200 OK", "Content-Encoding: gzip")[:-1] + b"\x00", "not_json"),
        (answer(RIGHT + b" " * PAYOUT_BYTES), "too_long"),
        (answer(RIGHT, "201 Created"), "status_201"),
        (answer(b"", "302 Found", "Location: /payouts/k"), "status_302"),
        (answer(RIGHT, "404 Not Found"), "status_404"),
        (answer(RIGHT, "409 Conflict"), "status_409"),
        (answer(RIGHT, "503 Service Unavailable"), "status_503"),
        (answer(RIGHT)[:-3], "cut_off"),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", "cut_off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "cut_off"),
        (b"", "cut_off"),
    ],
    ids=count(),
)
async def test_what_makes_no_sense_is_unclear_and_its_reason_repeats_nothing(raw: bytes, why: str) -> None:
    async with saying(raw) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert await gateway.pay(order(key="k")) == Word(Heard.UNCLEAR, why=why)
    assert len(parrot.heard) == 1
    assert re.fullmatch(r"[a-z]+_([a-z]+|\d{3})", why)


@pytest.mark.parametrize(
    "body",
    [
        told(gateway_id="g" * 128),
        told(amount_minor=12_800, currency="CNY", fee="0.00"),
        RIGHT + b" " * (PAYOUT_BYTES - len(RIGHT)),
    ],
    ids=["longest id", "more than was asked", "longest answer"],
)
async def test_what_makes_sense_is_believed_up_to_the_limit(body: bytes) -> None:
    async with saying(answer(body)) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert (await gateway.pay(order(key="k"))).heard is Heard.SETTLED


async def test_an_answer_that_drips_is_not_waited_for_longer_than_a_whole_one() -> None:
    parts = [bytes([byte]) for byte in answer(RIGHT)]
    async with saying(*parts, pause=0.1) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        began = monotonic()
        assert await gateway.pay(order(key="k")) == Word(Heard.UNCLEAR, why="timeout")
        assert monotonic() - began < 2 * SECONDS


async def test_a_payment_is_told_as_agreed_and_without_our_secret() -> None:
    async with saying(answer(RIGHT)) as parrot, HttpGateway(f"{parrot.url}/v2", SECONDS) as gateway:
        await gateway.pay(order(key="k"))
    head, _, body = parrot.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/payouts HTTP/1.1\r\n")
    assert b"\r\nidempotency-key: k\r\n" in head.lower() + b"\r\n"
    assert msgspec.json.decode(body) == {
        "key": "k", "amount_minor": 12_800, "currency": "CNY", "payee": PAYEE, "memo": "7Q4K92MDXT"
    }  # fmt: skip
    assert not any(name in head.lower() for name in (b"authorization", b"cookie", b"webhook", SECRET.lower().encode()))


async def test_asking_hears_which_amount_was_paid_and_another_one_settles_nothing() -> None:
    async with saying(answer(told(amount_minor=12_800, currency="CNY"))) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert await gateway.find(order(key="k")) == Word(Heard.SETTLED, "g-1", amount_minor=12_800, currency="CNY")
    async with saying(answer(told(amount_minor=12_801, currency="CNY"))) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert await gateway.find(order(key="k")) == Word(Heard.UNCLEAR, why="other_amount")


async def test_asking_names_the_key_and_only_a_plain_404_means_never_seen() -> None:
    async with saying(answer(b"", "404 Not Found")) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert (await gateway.find(order(key="a/b?c"))).heard is Heard.NEVER_SEEN
        assert parrot.heard[0].startswith(b"GET /payouts/a%2Fb%3Fc HTTP/1.1\r\n")
    for status in ("403 Forbidden", "410 Gone", "500 Internal Server Error"):
        async with saying(answer(RIGHT, status)) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
            assert await gateway.find(order(key="k")) == Word(Heard.UNCLEAR, why=f"status_{status[:3]}")


async def test_the_statement_tells_what_was_settled_on_the_day_and_nothing_else(
    gateway: HttpGateway, other_side: Sandbox
) -> None:
    began = datetime.now(UTC)
    paid, awaited, refused = order(), order(), order()
    for mode, each in (("normal", paid), ("awaiting", awaited), ("refusing", refused)):
        other_side.behave(mode)
        await gateway.pay(each)
    lines = {line.key: line for line in await gateway.statement(began.date())}
    assert not {awaited.key, refused.key} & lines.keys()
    line = lines[paid.key]
    assert line == StatementLine(paid.key, other_side.payments(paid.key)[0]["gateway_id"], 12_800, "CNY", line.at)
    assert (line.at.tzinfo, began <= line.at <= datetime.now(UTC)) == (UTC, True)
    other_side.collect(awaited.key)
    assert awaited.key in {line.key for line in await gateway.statement(today())}
    assert await gateway.statement(began.date() - timedelta(days=1)) == []


@pytest.mark.parametrize(
    ("mode", "why"),
    [("error_before", "status_500"), ("garbage", "not_json"), ("truncated", "cut_off"), ("reset", "cut_off")],
)
async def test_a_statement_that_cannot_be_read_is_trouble(gateway: HttpGateway, other_side: Sandbox, mode: str, why: str) -> None:
    other_side.behave(mode, on="statement")
    with pytest.raises(OSError, match=why):
        await gateway.statement(today())


LINE = {"key": "k", "gateway_id": "g-1", "amount_minor": 1, "currency": "CNY", "at": "2026-10-02T08:00:00+08:00"}


@pytest.mark.parametrize(
    "changed",
    [
        {"at": "2026-10-02T08:00:00"},
        {"at": "yesterday"},
        {"amount_minor": -1},
        {"amount_minor": 1.5},
        {"currency": "元"},
        {"key": ""},
    ],
    ids=str,
)
async def test_a_statement_with_one_senseless_line_is_trouble_as_a_whole(changed: dict[str, object]) -> None:
    body = msgspec.json.encode({"lines": [LINE, {**LINE, **changed}]})
    async with saying(answer(body)) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        with pytest.raises(OSError, match="other_shape"):
            await gateway.statement(date(2026, 10, 2))


async def test_a_statement_is_read_in_utc_and_up_to_its_limit() -> None:
    body = msgspec.json.encode({"lines": [LINE]})
    async with saying(answer(body)) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        assert await gateway.statement(date(2026, 10, 2)) == [
            StatementLine("k", "g-1", 1, "CNY", datetime(2026, 10, 2, tzinfo=UTC))
        ]
        assert parrot.heard[0].startswith(b"GET /statement?day=2026-10-02 HTTP/1.1\r\n")
    async with saying(answer(body + b" " * STATEMENT_BYTES)) as parrot, HttpGateway(parrot.url, SECONDS) as gateway:
        with pytest.raises(OSError, match="too_long"):
            await gateway.statement(date(2026, 10, 2))


@pytest.mark.slow
def test_what_the_sandbox_said_it_paid_outlives_kill_9(tmp_path: Path) -> None:
    with sandbox(tmp_path) as playing, ThreadPoolExecutor() as pool:
        paying = pool.submit(anyio.run, _pay_until_cut, playing.url)
        while len(playing.payments()) < 20 and not paying.done():
            pass
        playing.kill()
        said = paying.result()
        playing.start()
        kept = {each["key"]: each["gateway_id"] for each in playing.payments()}
        assert len(said) >= 16
        assert said.items() <= kept.items()
        found = anyio.run(_find, playing.url, next(iter(said)))
        assert found.gateway_id == next(iter(said.values()))
        assert playing.stop() == 0


async def _pay_until_cut(url: str) -> dict[str, str | None]:
    """Pay new keys, four at a time, until the gateway is gone: what it said about each."""
    said: dict[str, str | None] = {}
    async with HttpGateway(url, SECONDS) as gateway:
        gone = False
        while not gone:
            orders = [order() for _ in range(4)]
            words = await asyncio.gather(*map(gateway.pay, orders))
            said |= {each.key: word.gateway_id for each, word in zip(orders, words, strict=True) if word.heard is Heard.SETTLED}
            gone = any(word.heard is not Heard.SETTLED for word in words)
    return said


async def _find(url: str, key: str) -> Word:
    async with HttpGateway(url, SECONDS) as gateway:
        return await gateway.find(order(key=key))
