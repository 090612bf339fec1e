"""The sandbox as a gateway that talks: signed events to a receiver of ours, visitors who collect, and modes that end."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from desk.domain.signature import secret_bytes, signed_right
from tests.sandbox import SECRET, Sandbox, sandbox


@dataclass
class Event:
    """One event as it arrived."""

    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def told(self) -> Any:  # noqa: ANN401 - whatever it tells
        """What it says."""
        return json.loads(self.body)

    @property
    def genuine(self) -> bool:
        """Whether its signature is right, over its bytes and now."""
        message_id, timestamp, signature = (self.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        return signed_right(secret_bytes(SECRET), message_id, timestamp, signature, self.body, datetime.now(UTC))


@dataclass
class Ear:
    """A place where events arrive; it says the `answers` in their order, and 200 after them."""

    url: str = ""
    events: list[Event] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def about(self, key: str, number: int = 1, seconds: float = 5) -> list[Event]:
        """What arrived about a key, once there are so many, or what there is when the time is over."""
        deadline = time.monotonic() + seconds
        while True:
            heard = [event for event in self.events if event.told["key"] == key]
            if len(heard) >= number or time.monotonic() > deadline:
                return heard
            time.sleep(0.02)


@contextmanager
def listening() -> Iterator[Ear]:
    """An ear at a free port."""
    ear = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            ear.events.append(Event({name.lower(): value for name, value in self.headers.items()}, body, time.monotonic()))
            self.send_response(ear.answers.pop(0) if ear.answers else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        ear.url = f"http://127.0.0.1:{server.server_port}/events"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield ear
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    with listening() as opened:
        yield opened


@pytest.fixture(scope="module")
def talking(ear: Ear, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that tells the ear."""
    with sandbox(tmp_path_factory.mktemp("sandbox"), ear.url) as started:
        yield started


@pytest.fixture
def pay(talking: Sandbox) -> Callable[..., httpx.Response]:
    """Pays 128.00 under a key."""
    talking.behave()

    def ask(key: str, /, **changed: object) -> httpx.Response:
        body = {"key": key, "amount_minor": 12_800, "currency": "CNY", "payee": {"account": "1"}, "memo": "m", **changed}
        return httpx.post(f"{talking.url}/payouts", json=body, headers={"Idempotency-Key": key}, trust_env=False)

    return ask


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("normal", "payout.settled"),
        ("refusing", "payout.failed"),
        ("awaiting", "payout.awaiting_visitor"),
        ("error_after_paying", "payout.settled"),
    ],
)
def test_each_change_is_told_once_and_signed(
    talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response], mode: str, kind: str
) -> None:
    talking.behave(mode)
    pay(f"told-{mode}")
    pay(f"told-{mode}")
    (event,) = ear.about(f"told-{mode}")
    paid = talking.payments(f"told-{mode}")[0]
    assert event.genuine
    assert event.told == {
        "type": kind, "key": f"told-{mode}", "amount_minor": 12_800, "currency": "CNY", "gateway_id": paid["gateway_id"],
        "at": paid["at"],
    }  # fmt: skip
    assert len(ear.about(f"told-{mode}", 2, seconds=0.3)) == 1


def test_a_visitor_collects_or_lets_it_lapse_once_and_both_are_told(
    talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response]
) -> None:
    talking.behave("awaiting")
    pay("collected")
    pay("lapsed")
    talking.collect("collected")
    talking.lapse("lapsed")
    for key, kind, state in (("collected", "payout.settled", "settled"), ("lapsed", "payout.failed", "failed")):
        assert {event.told["type"] for event in ear.about(key, 2)} == {"payout.awaiting_visitor", kind}
        assert [each["state"] for each in talking.payments(key)] == [state]
        with pytest.raises(httpx.HTTPStatusError, match="409"):
            talking.collect(key)


def test_a_duplicate_has_the_same_id_and_the_same_bytes(talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response]) -> None:
    talking.behave(events="duplicate")
    pay("twice")
    first, second = ear.about("twice", 2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert first.genuine
    assert second.genuine


def test_a_late_event_comes_after_its_time(talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response]) -> None:
    talking.behave(events="late", seconds=0.5)
    began = time.monotonic()
    assert pay("late").json()["state"] == "settled"
    assert time.monotonic() - began < 0.5
    assert ear.about("late")[0].at - began >= 0.5


def test_a_forged_event_does_not_verify_and_one_with_a_wrong_amount_does(
    talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response]
) -> None:
    talking.behave(events="forged")
    pay("forged")
    talking.behave(events="wrong_amount")
    pay("dearer")
    talking.behave(events="none")
    pay("untold")
    assert not ear.about("forged")[0].genuine
    assert (ear.about("dearer")[0].genuine, ear.about("dearer")[0].told["amount_minor"]) == (True, 12_801)
    assert ear.about("untold", seconds=0.3) == []


def test_an_event_that_is_not_taken_comes_again_under_its_id(
    talking: Sandbox, ear: Ear, pay: Callable[..., httpx.Response]
) -> None:
    ear.answers.extend([500, 503])
    pay("again")
    heard = ear.about("again", 3)
    assert len(heard) == 3
    assert len({event.headers["webhook-id"] for event in heard}) == 1
    assert all(event.genuine for event in heard)


def test_a_mode_for_so_many_calls_ends_by_itself_and_leaves_other_calls_alone(
    talking: Sandbox, pay: Callable[..., httpx.Response]
) -> None:
    talking.behave("error_before", times=2)
    assert httpx.get(f"{talking.url}/payouts/thrice").status_code == 404
    assert [pay("thrice").status_code for _ in range(3)] == [500, 500, 200]
    assert httpx.get(f"{talking.url}/_sandbox/mode").json()["mode"] == "normal"
    assert talking.payments("thrice")[0]["times_asked"] == talking.asked("thrice") == 3
    talking.behave("error_before", on="query")
    assert (pay("asked").status_code, httpx.get(f"{talking.url}/payouts/asked").status_code) == (200, 500)


@pytest.mark.parametrize(
    "mode",
    [
        b"{",
        b"[]",
        b'{"mode":"mad"}',
        b'{"times":0}',
        b'{"seconds":-1}',
        b'{"seconds":601}',
        b'{"on":"friday"}',
        b'{"mood":"bad"}',
    ],
    ids=bytes.decode,
)
def test_a_mode_that_nobody_knows_is_refused(talking: Sandbox, mode: bytes) -> None:
    talking.behave("awaiting", times=7)
    assert httpx.put(f"{talking.url}/_sandbox/mode", content=mode).status_code == 422
    assert httpx.get(f"{talking.url}/_sandbox/mode").json()["times"] == 7


@pytest.mark.parametrize(
    "changed",
    [{"amount_minor": 0}, {"amount_minor": "12800"}, {"amount_minor": 1.5}, {"currency": "cny"}, {"payee": None}, {"more": 1}],
    ids=str,
)
def test_an_order_that_breaks_the_contract_is_refused_and_not_written_down(
    talking: Sandbox, pay: Callable[..., httpx.Response], changed: dict[str, object]
) -> None:
    assert pay("broken", **changed).status_code == 400
    assert (talking.payments("broken"), talking.asked("broken")) == ([], 0)


def test_the_key_in_the_header_must_be_the_one_in_the_body(talking: Sandbox, pay: Callable[..., httpx.Response]) -> None:
    assert pay("header", key="body").status_code == 400
    assert (talking.asked("header"), talking.asked("body")) == (0, 0)


@pytest.mark.slow
def test_without_an_ear_nothing_is_told_and_a_polite_end_waits_for_no_silent_answer(tmp_path: Path) -> None:
    with sandbox(tmp_path) as quiet:
        quiet.behave("silent_after_paying", seconds=60)
        body = {"key": "k", "amount_minor": 1, "currency": "CNY", "payee": {}, "memo": ""}
        began = time.monotonic()
        waiting = Thread(target=_cut_off, args=(quiet.url, body))
        waiting.start()
        while not quiet.payments():
            time.sleep(0.02)
        assert quiet.stop() == 0
        waiting.join()
        assert time.monotonic() - began < 10
        quiet.start()
        assert [each["state"] for each in quiet.payments("k")] == ["settled"]


def _cut_off(url: str, body: object) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.post(f"{url}/payouts", json=body, headers={"Idempotency-Key": "k"}, timeout=30, trust_env=False)
