"""What the desk hears of WeChat Pay at its best and at its worst, asked of a fake that checks the real signatures."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from desk.domain.payout import Heard, Method
from desk.outside.gateways import wechat
from desk.outside.gateways.order_numbers import key_of, number_of
from desk.outside.gateways.wechat import WechatGateway
from desk.outside.gateways.wechat_seal import WechatAccount, WechatSeal
from desk.outside.keys import KeyTrouble
from desk.ports import PayOrder, Word
from tests.fakes import keys
from tests.fakes.wechat import APP_ID, MERCHANT, PLATFORM, SERIAL, FakeWechat, Refused, fake_wechat, package_of
from tests.fakes.wire import Manner
from tests.outside.wire import answer, saying
from tests.processes import free_port

SECONDS = 2.0
OPENID, PAYMENT = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "4200000991202103266853086457"
DAY = date(2026, 10, 2)
LATER = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)
_numbers = count(1)

STATES = {
    Method.TRANSFER: {
        "ACCEPTED": Heard.UNCLEAR, "PROCESSING": Heard.UNCLEAR, "WAIT_USER_CONFIRM": Heard.AWAITING_VISITOR,
        "TRANSFERING": Heard.UNCLEAR, "SUCCESS": Heard.SETTLED, "FAIL": Heard.FAILED, "CANCELING": Heard.UNCLEAR,
        "CANCELLED": Heard.FAILED,
    },
    Method.ORIGINAL_ROUTE: {
        "SUCCESS": Heard.SETTLED, "CLOSED": Heard.FAILED, "PROCESSING": Heard.UNCLEAR, "ABNORMAL": Heard.UNCLEAR,
    },
}  # fmt: skip
WAYS = [Method.TRANSFER, Method.ORIGINAL_ROUTE]

Opened = Callable[..., WechatGateway]


def order(method: Method = Method.TRANSFER, amount: int = 12_800, **changed: Any) -> PayOrder:  # noqa: ANN401 - fields
    """An order under a key of its own."""
    account = OPENID if method is Method.TRANSFER else PAYMENT
    made = PayOrder(
        f"payout-{next(_numbers)}", amount, "CNY", {"account": account, "name": "王小明"}, "7Q4K92MDXT", method
    )  # fmt: skip
    return replace(made, **changed)


def seal(folder: Path, whose: str = "merchant") -> WechatSeal:
    """The merchant's keys, or a stranger's."""
    ours, theirs = keys.private_file(folder, whose), keys.public_file(folder, "platform")
    return WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, ours, PLATFORM, theirs))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> WechatSeal:
    """The merchant's keys."""
    return seal(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def fake() -> AsyncIterator[FakeWechat]:
    """The other side, where the visitor once paid 500.00."""
    async with fake_wechat() as playing:
        playing.payments[PAYMENT] = 50_000
        yield playing


@pytest.fixture
async def gateway(fake: FakeWechat, own: WechatSeal) -> AsyncIterator[WechatGateway]:
    """The adapter, set up as the worker's is."""
    async with WechatGateway(fake.url, SECONDS, own, lambda: datetime.now(UTC)) as opened:
        yield opened


def test_a_key_and_its_number_follow_from_each_other() -> None:
    for key in ("payout-1", f"payout-{2**63 - 1}"):
        number = number_of(key)
        assert (key_of(number), len(number) <= 32, number.isalnum()) == (key, True, True)
    assert [key_of(number) for number in ("plfk2020042013", "payout", "payout-1", "payout1x", "")] == [None] * 5
    with pytest.raises(ValueError, match="not the key"):
        number_of("else-1")


def test_every_state_of_theirs_has_its_word() -> None:
    assert dict(wechat.TRANSFERS) == STATES[Method.TRANSFER]
    assert dict(wechat.REFUNDS) == STATES[Method.ORIGINAL_ROUTE]


@pytest.mark.parametrize(("method", "state"), [(method, state) for method in WAYS for state in STATES[method]])
async def test_each_state_is_heard_when_paying_and_when_asking(
    gateway: WechatGateway, fake: FakeWechat, method: Method, state: str
) -> None:
    asked = order(method)
    fake.manner = Manner(state=state)
    said, found = await gateway.pay(asked), await gateway.find(asked)
    number = number_of(asked.key)
    theirs = fake.bills[number]["transfer_bill_no"] if method is Method.TRANSFER else fake.refunds[number]["refund_id"]
    heard = STATES[method][state]
    take = package_of(number) if state == "WAIT_USER_CONFIRM" else None
    assert said == Word(heard, theirs, why=state.lower() if heard is Heard.UNCLEAR else "", take=take)
    assert found == replace(said, take=None)
    assert fake.paid(number) == ([12_800] if state == "SUCCESS" else [])


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize(
    ("manner", "why", "done"),
    [
        (Manner(after="hang"), "timeout", True),
        (Manner(after="cut"), "cut_off", True),
        (Manner(after="500"), "status_500", True),
        (Manner(sign="none"), "not_signed", True),
        (Manner(sign="forged"), "not_signed", True),
        (Manner(sign="stale"), "not_signed", True),
        (Manner(sign="other_serial"), "not_signed", True),
        (Manner(sign="other_body"), "not_signed", True),
        (Manner(state="NEW"), "unknown_state", True),
        (Manner(lies={"out_bill_no": "payout0", "out_refund_no": "payout0"}), "other_key", True),
        (
            Manner(lies={"transfer_amount": 12_801, "amount": {"refund": 12_801, "total": 50_000, "currency": "CNY"}}),
            "other_amount",
            True,
        ),
        (Manner(lies={"amount": "12800", "state": 1, "status": None}), "other_shape", True),
        (Manner(refuse=(500, "SYSTEM_ERROR")), "system_error", False),
        (Manner(refuse=(403, "NOT_ENOUGH")), "not_enough", False),
        (Manner(refuse=(400, "PARAM_ERROR")), "param_error", False),
        (Manner(refuse=(400, "INVALID_REQUEST")), "invalid_request", False),
        (Manner(refuse=(403, "NO_AUTH")), "no_auth", False),
        (Manner(refuse=(404, "NOT_FOUND")), "not_found", False),
        (Manner(refuse=(429, "FREQUENCY_LIMITED")), "frequency_limited", False),
        (Manner(refuse=(400, "SECRET_NEW_CODE")), "other_code", False),
        (Manner(refuse=(403, "NOT_ENOUGH"), sign="none"), "status_403", False),
        (Manner(refuse=(404, "NOT_FOUND"), sign="forged"), "status_404", False),
    ],
    ids=count(),
)
async def test_whatever_goes_wrong_is_unclear_and_asking_finds_the_truth(
    gateway: WechatGateway, fake: FakeWechat, method: Method, manner: Manner, why: str, done: bool
) -> None:
    asked = order(method)
    fake.manner = manner
    with capture_logs() as logs:
        assert await gateway.pay(asked) == Word(Heard.UNCLEAR, why=why)
    assert re.fullmatch(r"[a-z]+_[a-z_]+|[a-z]+|status_\d{3}", why)
    fake.manner = Manner()
    found = await gateway.find(asked)
    paid = done and not manner.state
    assert fake.paid(number_of(asked.key)) == ([12_800] if paid else [])
    assert fake.asked[number_of(asked.key)] == 1
    if not manner.state:
        assert found.heard is (Heard.SETTLED if done else Heard.NEVER_SEEN)
    told = [{name: each[name] for name in ("event", "provider", "status")} for each in logs]
    unsigned = manner.sign != "right" or manner.after == "500"
    status = manner.refuse[0] if manner.refuse else 500 if manner.after else 200
    assert told == ([{"event": "gateway_answer_not_signed", "provider": "wechat", "status": status}] if unsigned else [])
    assert "机密" not in repr(logs)


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize(
    ("manner", "heard", "why"),
    [
        (Manner(refuse=(404, "NOT_FOUND"), on="query"), {Method.TRANSFER: Heard.NEVER_SEEN}, "not_found"),
        (
            Manner(refuse=(404, "RESOURCE_NOT_EXISTS"), on="query"),
            {Method.ORIGINAL_ROUTE: Heard.NEVER_SEEN}, "resource_not_exists",
        ),
        (Manner(refuse=(404, "NOT_FOUND"), sign="forged", on="query"), {}, "status_404"),
        (Manner(refuse=(404, "RESOURCE_NOT_EXISTS"), sign="none", on="query"), {}, "status_404"),
        (Manner(refuse=(500, "SYSTEM_ERROR"), on="query"), {}, "system_error"),
        (Manner(after="500", on="query"), {}, "status_500"),
        (Manner(sign="none", on="query"), {}, "not_signed"),
        (Manner(sign="stale", on="query"), {}, "not_signed"),
        (Manner(after="cut", on="query"), {}, "cut_off"),
        (Manner(after="hang", on="query"), {}, "timeout"),
        (Manner(sign="forged", on="query"), {}, "not_signed"),
        (
            Manner(lies={"transfer_amount": 12_801, "amount": {"refund": 12_801, "currency": "CNY"}}, on="query"),
            {}, "other_amount",
        ),
        (Manner(lies={"amount": {"refund": 12_800, "currency": "HKD"}, "transfer_amount": 1}, on="query"), {}, "other_amount"),
        (Manner(lies={"openid": "oNobody", "transaction_id": "1"}, on="query"), {}, None),
        (Manner(lies={"state": 1, "status": 1}, on="query"), {}, "other_shape"),
    ],
    ids=count(),
)  # fmt: skip
async def test_only_a_signed_code_for_an_unknown_number_means_never_seen(
    gateway: WechatGateway, fake: FakeWechat, method: Method, manner: Manner, heard: dict[Method, Heard], why: str | None
) -> None:
    asked = order(method)
    assert (await gateway.pay(asked)).heard is Heard.SETTLED
    fake.manner = manner
    found = await gateway.find(asked)
    expected = why or ("other_payee" if method is Method.TRANSFER else "other_key")
    assert (found.heard, found.why) == (heard.get(method, Heard.UNCLEAR), expected)
    assert fake.paid(number_of(asked.key)) == [12_800]


@pytest.mark.parametrize("method", WAYS)
async def test_a_number_is_paid_once_however_often_it_is_asked(gateway: WechatGateway, fake: FakeWechat, method: Method) -> None:
    asked = order(method)
    words = await asyncio.gather(*(gateway.pay(asked) for _ in range(5)))
    assert {word.heard for word in words} == {Heard.SETTLED}
    assert (fake.paid(number_of(asked.key)), fake.asked[number_of(asked.key)]) == ([12_800], 5)


async def test_what_awaits_the_visitor_settles_when_they_tap_and_fails_when_they_do_not(
    gateway: WechatGateway, fake: FakeWechat
) -> None:
    taken, left = order(), order()
    fake.manner = Manner(state="WAIT_USER_CONFIRM")
    for each in (taken, left):
        assert (await gateway.pay(each)).heard is (await gateway.find(each)).heard is Heard.AWAITING_VISITOR
    assert fake.moved == []
    said = await gateway.pay(taken)
    assert said.take is not None
    for wrong in ({"package": "x"}, {"mchId": "1900001110"}, {"appId": "wx0"}, {"sign": ""}):
        with pytest.raises(Refused):
            fake.tap(opening(said) | wrong)
    assert fake.tap(opening(said)) == number_of(taken.key)
    with pytest.raises(Refused):
        fake.tap(opening(said))
    fake.lapse(number_of(left.key))
    assert [(await gateway.find(each)).heard for each in (taken, left)] == [Heard.SETTLED, Heard.FAILED]
    assert fake.moved == [(number_of(taken.key), 12_800)]


def opening(word: Word) -> dict[str, str]:
    """What WeChat is told to open the page of the tap."""
    return {"mchId": MERCHANT, "appId": APP_ID, "package": word.take or ""}


@pytest.mark.parametrize(
    ("package", "take"),
    [
        ("!~" * 512, "!~" * 512), ("x" * 1025, None), ("", None), ("a b", None), ("a\n", None), ("包", None), (7, None),
        (None, None), (["x"], None),
    ],
    ids=count(),
)  # fmt: skip
async def test_a_package_is_kept_if_it_is_fit_and_the_transfer_waits_either_way(
    gateway: WechatGateway, fake: FakeWechat, package: object, take: str | None
) -> None:
    asked = order()
    fake.manner = Manner(state="WAIT_USER_CONFIRM", lies={"package_info": package}, on="all")
    said, found = await gateway.pay(asked), await gateway.find(asked)
    assert (said.heard, said.take) == (found.heard, found.take) == (Heard.AWAITING_VISITOR, take)


@pytest.mark.parametrize("state", [*STATES[Method.TRANSFER]])
async def test_a_package_is_heard_only_while_the_visitor_may_tap_and_shown_in_no_log(
    gateway: WechatGateway, fake: FakeWechat, state: str
) -> None:
    fake.manner = Manner(state=state, lies={"package_info": "opens-it"})
    with capture_logs() as logs:
        word = await gateway.pay(order())
    assert (word.take == "opens-it") is (state == "WAIT_USER_CONFIRM")
    assert "opens-it" not in repr((word, logs))


@pytest.mark.parametrize("sign", ["none", "forged", "stale", "other_body"])
async def test_a_package_without_their_signature_is_none(gateway: WechatGateway, fake: FakeWechat, sign: str) -> None:
    fake.manner = Manner(state="WAIT_USER_CONFIRM", sign=sign, lies={"package_info": "theirs"}, on="all")
    asked = order()
    assert await gateway.pay(asked) == await gateway.find(asked) == Word(Heard.UNCLEAR, why="not_signed")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (order(currency="HKD"), "other_currency"),
        (order(payee={"account": "6222020000001234", "name": "王小明"}), "other_payee"),
        (order(payee={"account": None, "name": None}), "other_payee"),
        (order(Method.ORIGINAL_ROUTE, payee={"account": OPENID, "name": None}), "other_payee"),
        (order(Method.ORIGINAL_ROUTE, payee={"account": f"{PAYMENT}/../x", "name": None}), "other_payee"),
        (order(amount=200_000, payee={"account": OPENID, "name": None}), "name_missing"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_never_be_paid_fails_without_a_call(
    gateway: WechatGateway, fake: FakeWechat, asked: PayOrder, why: str
) -> None:
    assert await gateway.pay(asked) == Word(Heard.FAILED, why=why)
    assert fake.heard == []


async def test_a_refund_is_asked_for_only_once_the_payment_is_known(gateway: WechatGateway, fake: FakeWechat) -> None:
    above = order(Method.ORIGINAL_ROUTE, 50_001)
    assert await gateway.pay(above) == Word(Heard.FAILED, why="above_payment")
    asked = order(Method.ORIGINAL_ROUTE)
    fake.payments.clear()
    assert await gateway.pay(asked) == Word(Heard.NEVER_LEFT, why="order_not_exist")
    fake.payments[PAYMENT] = 50_000
    for manner, why in (
        (Manner(sign="forged", on="query"), "not_signed"), (Manner(after="hang", on="query"), "timeout"),
        (Manner(lies={"transaction_id": "1"}, on="query"), "other_payment"),
    ):  # fmt: skip
        fake.manner = manner
        assert await gateway.pay(asked) == Word(Heard.NEVER_LEFT, why=why)
    assert (fake.asked, fake.moved) == ({}, [])


async def test_no_more_is_refunded_than_was_paid(gateway: WechatGateway, fake: FakeWechat) -> None:
    first, second = order(Method.ORIGINAL_ROUTE, 30_000), order(Method.ORIGINAL_ROUTE, 30_000)
    assert (await gateway.pay(first)).heard is Heard.SETTLED
    assert await gateway.pay(second) == Word(Heard.UNCLEAR, why="invalid_request")
    assert (await gateway.find(second)).heard is Heard.NEVER_SEEN
    assert fake.moved == [(number_of(first.key), 30_000)]


async def test_from_two_thousand_on_the_name_is_told_and_only_to_them(gateway: WechatGateway, fake: FakeWechat) -> None:
    for amount in (199_999, 200_000):
        assert (await gateway.pay(order(amount=amount))).heard is Heard.SETTLED
    assert fake.names == ["王小明"]
    assert "王小明" not in repr([each.body.decode() for each in fake.heard])


async def test_a_stranger_who_signs_is_refused_and_nothing_is_paid(fake: FakeWechat, tmp_path: Path) -> None:
    async with WechatGateway(fake.url, SECONDS, seal(tmp_path, "stranger"), lambda: datetime.now(UTC)) as gateway:
        assert await gateway.pay(order()) == Word(Heard.UNCLEAR, why="sign_error")
        assert await gateway.find(order()) == Word(Heard.UNCLEAR, why="sign_error")
    assert (fake.unsigned, fake.moved) == (2, [])


async def test_where_nobody_listens_nothing_left(own: WechatSeal) -> None:
    async with WechatGateway(f"http://127.0.0.1:{free_port()}", SECONDS, own, lambda: LATER) as gateway:
        for method in WAYS:
            assert await gateway.pay(order(method)) == Word(Heard.NEVER_LEFT, why="not_reached")
            assert await gateway.find(order(method)) == Word(Heard.UNCLEAR, why="not_reached")
        with pytest.raises(OSError, match="not_reached"):
            await gateway.statement(DAY)


async def test_nobody_is_followed_elsewhere(fake: FakeWechat, own: WechatSeal) -> None:
    moved = answer(b"", "307 Temporary Redirect", f"Location: {fake.url}/v3/fund-app/mch-transfer/transfer-bills")
    async with saying(moved) as parrot, WechatGateway(parrot.url, SECONDS, own, lambda: LATER) as gateway:
        assert await gateway.pay(order()) == Word(Heard.UNCLEAR, why="status_307")
    assert fake.heard == []


@pytest.mark.parametrize("body", [b"\xff", b"", b"[" * 9_000])
async def test_bytes_that_are_no_text_are_not_signed(own: WechatSeal, body: bytes) -> None:
    headers = [f"Wechatpay-{name}: {value}" for name, value in (("Timestamp", "9" * 400), ("Serial", PLATFORM))]
    for lines in (headers, [*headers[1:], f"Wechatpay-Timestamp: {int(datetime.now(UTC).timestamp())}"]):
        async with (
            saying(answer(body, "200 OK", *lines)) as parrot,
            WechatGateway(parrot.url, SECONDS, own, lambda: datetime.now(UTC)) as gateway,
        ):
            assert await gateway.pay(order()) == Word(Heard.UNCLEAR, why="not_signed")


def test_a_file_that_is_no_key_is_named_and_not_told(tmp_path: Path) -> None:
    ours, theirs = keys.private_file(tmp_path, "merchant"), keys.public_file(tmp_path, "platform")
    wrong = tmp_path / "wrong.pem"
    wrong.touch(mode=0o600)
    wrong.write_text("geheim")
    for ours_given, theirs_given, named in (
        (wrong, theirs, wrong),
        (ours, wrong, wrong),
        (theirs, theirs, theirs),
        (ours, ours, ours),
    ):
        with pytest.raises(KeyTrouble, match=re.escape(str(named))) as trouble:
            WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, ours_given, PLATFORM, theirs_given))
        assert "geheim" not in str(trouble.value)
    with pytest.raises(KeyTrouble, match="cannot be read"):
        WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, tmp_path / "none.pem", PLATFORM, theirs))
    ours.chmod(0o640)
    with pytest.raises(KeyTrouble, match=r"merchant\.key\.pem can be read by others: chmod 600 it"):
        WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, ours, PLATFORM, theirs))
