"""The gateway's signed messages through their door: verified over the bytes that came, kept once, moving only what they may."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from desk.domain.signature import sign
from desk.store.tables import metadata
from tests.builders import GATEWAY_SECRET, MORNING
from tests.till import Till
from tests.web.front import Front, problem

EVENTS, EVENT = "/api/v1/gateway/events", metadata.tables["gateway_event"]


def told(payout_id: int, kind: str = "payout.settled", **changed: Any) -> bytes:  # noqa: ANN401 - JSON
    """A message about a payout of 128.00."""
    usual = {
        "type": kind, "key": f"payout-{payout_id}", "amount_minor": 12_800, "currency": "CNY", "gateway_id": "gw-7",
        "at": "2026-09-08T01:31:00Z",
    }  # fmt: skip
    return json.dumps({**usual, **changed}).encode()


async def send(
    till: Front, body: bytes, message_id: str = "msg-1", *, seconds: float = 0, secret: bytes = GATEWAY_SECRET, **headers: str
) -> httpx.Response:  # fmt: skip
    """Deliver a message, signed so many seconds away from now."""
    stamp = int((till.house.clock.at + timedelta(seconds=seconds)).timestamp())
    signed = {"id": message_id, "timestamp": str(stamp), "signature": sign(secret, message_id, stamp, body), **headers}
    named = {f"webhook-{name}": value for name, value in signed.items()}
    return await till.call("POST", EVENTS, content=body, headers={"Content-Type": "application/json", **named}, key=None)


async def kept(till: Front) -> list[tuple[str, str, str | None]]:
    """Every message that was kept: (id, fate, why)."""
    return await till.house.desk.read(_kept)


def _kept(conn: Connection) -> list[tuple[str, str, str | None]]:
    return [(row.id, row.fate, row.why) for row in conn.execute(select(EVENT).order_by(EVENT.c.received_at))]


async def state(till: Front, payout_id: int) -> str:
    return (await Till(till.house).payout(payout_id)).state


@pytest.mark.parametrize("before", ["sending", "unknown"])
@pytest.mark.parametrize(
    ("kind", "after"),
    [("payout.settled", "settled"), ("payout.failed", "failed"), ("payout.awaiting_visitor", "awaiting_visitor")],
)
async def test_a_message_moves_its_payout(till: Front, before: str, kind: str, after: str) -> None:
    payout_id = await Till(till.house).brought_to(before)
    answer = await send(till, told(payout_id, kind))
    assert (answer.status_code, answer.json()) == (200, {"fate": "moved"})
    row = await Till(till.house).payout(payout_id)
    assert (row.state, row.gateway_id, row.calling) == (after, "gw-7", False)
    assert await kept(till) == [("msg-1", "moved", None)]


async def test_awaiting_then_settled_closes_the_claim_and_the_page_says_so(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    await send(till, told(payout_id, "payout.awaiting_visitor"), "msg-1")
    reference = (await till.call("GET", f"/api/v1/payouts/{payout_id}", "chen")).json()["reference"]
    slip = await till.slip(reference)
    assert (await till.status(slip))["stage"] == "refund_sent"
    await send(till, told(payout_id), "msg-2")
    assert (await till.status(slip))["stage"] == "closed_refunded"
    assert (await Till(till.house).balances())["in_transit"] == 0


async def test_the_same_message_again_changes_nothing(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    first = await send(till, told(payout_id))
    events = await till.counted("event")
    again = await send(till, told(payout_id))
    assert (first.json()["fate"], again.status_code, again.json()["fate"]) == ("moved", 200, "late")
    assert (await till.counted("gateway_event"), await till.counted("event")) == (1, events)


async def test_a_late_word_downgrades_nothing_and_a_contradiction_is_told_the_manager(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    await send(till, told(payout_id), "msg-1")
    assert (await send(till, told(payout_id, "payout.awaiting_visitor"), "msg-2")).json() == {"fate": "late"}
    assert (await send(till, told(payout_id, "payout.failed"), "msg-3")).json() == {"fate": "late"}
    assert await state(till, payout_id) == "settled"
    shown = (await till.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]
    assert [one["kind"] for one in shown] == ["gateway_contradicts"]
    assert (await Till(till.house).balances())["receivable:" + str(await respondent(till, payout_id))] == 12_800


async def respondent(till: Front, payout_id: int) -> int:
    reference = (await till.call("GET", f"/api/v1/payouts/{payout_id}", "chen")).json()["reference"]
    return (await till.claim(reference)).respondent_id or 0


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"amount_minor": 12_801}, "wrong_amount"), ({"currency": "USD"}, "wrong_amount"), ({"key": "payout-5"}, "unknown_key"),
        ({"type": "payout.refunded"}, "unknown_type"),
    ],
)  # fmt: skip
async def test_what_nobody_can_act_on_is_parked(till: Front, changed: dict[str, Any], why: str) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    answer = await send(till, told(payout_id, **changed))
    assert (answer.status_code, answer.json()) == (200, {"fate": "parked"})
    assert await kept(till) == [("msg-1", "parked", why)]
    assert await state(till, payout_id) == "sending"


@pytest.mark.parametrize(
    "body",
    [
        b'{"type": "account.updated"}', b'{"type": "dispute.opened", "dispute": {"payout": "payout-1"}, "key": null}',
        b'{"type": "payout.refunded", "key": 7, "amount_minor": "128.00"}', b'{"type": "%s"}' % (b"x" * 128),
        json.dumps({"type": "\u901a\u77e5" * 64, "amount_minor": -5}).encode(),
    ],
)  # fmt: skip
async def test_of_a_kind_that_nobody_knows_whatever_it_says_is_kept_and_parked(till: Front, body: bytes) -> None:
    answer = await send(till, body)
    assert (answer.status_code, answer.json()) == (200, {"fate": "parked"})
    assert (await send(till, body)).json() == {"fate": "late"}
    assert await kept(till) == [("msg-1", "parked", "unknown_type")]


async def test_a_key_as_long_as_a_gateway_may_tell_it_is_nobodys_and_parked(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    assert (await send(till, told(payout_id, key="k" * 128))).json() == {"fate": "parked"}
    assert problem(await send(till, told(payout_id, key="k" * 129), "msg-2")) == (422, "bad_input")
    assert await kept(till) == [("msg-1", "parked", "unknown_key")]


async def test_no_message_moves_cash(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("awaiting_visitor")
    assert (await send(till, told(payout_id))).json() == {"fate": "parked"}
    assert await state(till, payout_id) == "awaiting_visitor"


@pytest.mark.parametrize("seconds", [-300, 300])
async def test_five_minutes_away_still_counts(till: Front, seconds: int) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    till.house.clock.at, till.house.clock.tick = MORNING, timedelta(0)
    assert (await send(till, told(payout_id), seconds=seconds)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": -302}, {"seconds": 302}, {"secret": b"another"}, {"signature": ""}, {"signature": "v1,AAAA"}, {"id": "msg-2"},
        {"timestamp": "now"}, {"timestamp": ""}, {"id": ""},
    ],
    ids=str,
)  # fmt: skip
async def test_what_is_not_signed_right_is_refused_and_not_kept(till: Front, wrong: dict[str, Any]) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    assert problem(await send(till, told(payout_id), **wrong)) == (401, "signature_wrong")
    assert (await kept(till), await state(till, payout_id)) == ([], "sending")


async def test_the_signature_is_over_the_bytes_and_not_over_what_they_mean(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    body = told(payout_id)
    stamp = int(till.house.clock.at.timestamp())
    headers = {"webhook-id": "m", "webhook-timestamp": str(stamp), "webhook-signature": sign(GATEWAY_SECRET, "m", stamp, body)}
    spaced = json.dumps(json.loads(body), indent=1).encode()
    assert problem(await till.call("POST", EVENTS, content=spaced, headers=headers, key=None)) == (401, "signature_wrong")


SENSELESS = (
    b"null",
    b"[]",
    b"{}",
    b'{"type": 1}',
    b'{"type": ""}',
    b'{"type": "payout.settled"}',
    told(1, type="x\x01", key=1),
    told(1, amount_minor="1"),
    told(1, amount_minor=-1),
    told(1, key=""),
)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", *SENSELESS])
async def test_a_signed_message_that_makes_no_sense_is_refused(till: Front, body: bytes) -> None:
    answer = await send(till, body)
    assert problem(answer) == ((422, "bad_input") if body in SENSELESS else (400, "malformed_json"))
    assert await kept(till) == []


async def test_two_secrets_while_one_is_replaced(till: Front) -> None:
    payout_id = await Till(till.house).brought_to("sending")
    body, stamp = told(payout_id), int(till.house.clock.at.timestamp())
    both = f"{sign(b'the old one', 'msg-1', stamp, body)} {sign(GATEWAY_SECRET, 'msg-1', stamp, body)}"
    assert (await send(till, body, signature=both)).json() == {"fate": "moved"}
