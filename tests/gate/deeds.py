"""Everything that may move money or write down that it moved, each as one attempt under one key that can be made again.

`prepare` brings a fresh desk to the moment before, `do` is the attempt through the real door. Judges nothing.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
from sqlalchemy import text

from desk.actions import payout_words
from desk.actions.jobs import drop_job
from desk.actions.payouts import SEND
from desk.cli.reconcile import _matched
from desk.domain.payout import Heard
from desk.domain.signature import sign
from desk.ports import Lease, StatementLine, Word, Work
from desk.worker.timetable import look_after_payouts
from tests.builders import GATEWAY_SECRET, MORNING
from tests.till import Till
from tests.web.front import Front, yuan

KEY, MESSAGE_ID = "the-one-attempt", "msg-1"
PAYOUTS, FUND, EVENTS = "/api/v1/payouts", "/api/v1/sites/huangshan/fund", "/api/v1/gateway/events"
PAYEE = {"account": "6222021234567890123", "name": "王小薇"}
NEXT_DAY = MORNING + timedelta(days=1)

On = Mapping[str, Any]
"""What `prepare` found out and `do` needs; it travels between processes."""


@dataclass(frozen=True)
class Deed:
    """One attempt. `at` is the time at which it is made. None is answered where no route leads to it."""

    prepare: Callable[[Till], Awaitable[On]]
    do: Callable[[Front, On], Awaitable[httpx.Response | None]]
    at: datetime = MORNING + timedelta(minutes=1)


async def _agreed(till: Till) -> On:
    return {"reference": await till.agreed()}


async def _awaiting(till: Till) -> On:
    return await _proposed(till, "200.00")


async def _reserved(till: Till) -> On:
    return await _proposed(till, "128.00")


async def _proposed(till: Till, asked: str) -> On:
    paying = await till.propose(await till.agreed(asked=asked), method="original_route")
    return {"payout": paying.payout.id}


async def _sending(till: Till) -> On:
    return {"payout": await till.brought_to("sending")}


async def _calling(till: Till) -> On:
    """A call that has begun, with its job still in hand."""
    payout, held = await till.brought_to("sending"), await till.lease(SEND)
    assert await till.house.desk.write(payout_words.begin_send, held, payout)
    return {"payout": payout, "held": held}


async def _asking(till: Till) -> On:
    """The gateway is being asked for an unknown payout."""
    payout = await till.brought_to("unknown")
    till.house.clock.go(seconds=3)
    held = await till.lease(payout_words.QUERY)
    assert await till.house.desk.write(payout_words.begin_query, held, payout)
    return {"payout": payout, "held": held}


async def _called_and_died(till: Till) -> On:
    """A worker died in the middle of its call, and the next one has taken its job."""
    found = await _calling(till)
    await till.house.desk.write(let_go)
    return {**found, "held": await till.lease(SEND)}


async def _left_alone(till: Till) -> On:
    """A call that has begun, and whose job was set aside."""
    found = await _calling(till)
    await till.house.desk.write(drop_job, found["held"])
    return found


async def _said_once(till: Till) -> On:
    """A first officer has said what became of an unknown payout."""
    payout = await till.brought_to("unknown")
    await till.resolve(payout, "settled", till.house.cast.cai)
    return {"payout": payout}


async def _handed_over(till: Till) -> On:
    return {"payout": await till.brought_to("awaiting_visitor")}


async def _settled(till: Till) -> On:
    """A payout that the gateway paid and that is settled: its day can be matched when it is over."""
    found = await _sending(till)
    await till.called(found["payout"], "settled")
    return found


async def _nothing(_: Till) -> On:
    return {}


def _step(name: str, by: str, body: Any = None) -> Callable[[Front, On], Awaitable[httpx.Response]]:  # noqa: ANN401 - JSON
    return lambda front, on: front.call("POST", f"{PAYOUTS}/{on['payout']}/{name}", by, json=body, key=KEY)


async def _propose(front: Front, on: On) -> httpx.Response:
    body = {"method": "original_route", "payee": PAYEE}
    return await front.post(f"{on['reference']}/payouts", "chen", body, key=KEY)


async def _top_up(front: Front, _: On) -> httpx.Response:
    body = {"amount": yuan("1000.00"), "source": "government"}
    return await front.call("POST", f"{FUND}/top-ups", "ma", json=body, key=KEY)


async def _deliver(front: Front, on: On) -> httpx.Response:
    told = {
        "type": "payout.settled",
        "key": f"payout-{on['payout']}",
        "amount_minor": 12_800,
        "currency": "CNY",
        "gateway_id": "gw-7",
    }
    body, stamp = json.dumps(told).encode(), int(front.house.clock.at.timestamp())
    signed = {"id": MESSAGE_ID, "timestamp": str(stamp), "signature": sign(GATEWAY_SECRET, MESSAGE_ID, stamp, body)}
    headers = {"Content-Type": "application/json", **{f"webhook-{name}": value for name, value in signed.items()}}
    return await front.call("POST", EVENTS, content=body, headers=headers, key=None)


async def _end_send(front: Front, on: On) -> None:
    held: Lease = on["held"]
    await front.house.desk.write(payout_words.end_send, held, on["payout"], Word(Heard.SETTLED, "gw-7"))


async def _end_query(front: Front, on: On) -> None:
    held: Lease = on["held"]
    await front.house.desk.write(payout_words.end_query, held, on["payout"], Word(Heard.SETTLED, "gw-7"))


async def _begin_again(front: Front, on: On) -> None:
    assert await front.house.desk.write(payout_words.begin_send, on["held"], on["payout"]) is None


async def _look_after(front: Front, _: On) -> None:
    await look_after_payouts(front.house.desk)


async def _reconcile(front: Front, on: On) -> None:
    gateway = Statements(f"payout-{on['payout']}")
    _, found, _ = await _matched(front.house.desk, gateway)  # type: ignore[arg-type] # it is asked for nothing else
    assert not found


@dataclass(frozen=True)
class Statements:
    """A gateway that is asked for its statement only."""

    key: str

    async def statement(self, _day: date) -> list[StatementLine]:
        """The one payment."""
        return [StatementLine(self.key, "gw-1", 12_800, "CNY", MORNING)]


def let_go(work: Work) -> None:
    """What the death of a worker comes to: its leases run out by the database's own time."""
    past = "'2020-01-01T00:00:00.000000Z'" if work.conn.dialect.name == "sqlite" else "now() - interval '1 second'"
    work.conn.execute(text(f"UPDATE job SET leased_until = {past} WHERE leased_until IS NOT NULL"))


DEEDS: Mapping[str, Deed] = {
    "reserve": Deed(_agreed, _propose),
    "approve": Deed(_awaiting, _step("approve", "ma")),
    "send": Deed(_reserved, _step("send", "chen")),
    "record the end of a call": Deed(_calling, _end_send),
    "record an answer": Deed(_asking, _end_query),
    "record a signature": Deed(_handed_over, _step("received", "chen")),
    "record what two persons say": Deed(_said_once, _step("resolve", "ma", {"outcome": "settled", "evidence": "网关记录截图"})),
    "webhook": Deed(_sending, _deliver),
    "recover a call that died": Deed(_called_and_died, _begin_again),
    "recover a call left alone": Deed(_left_alone, _look_after),
    "top-up": Deed(_nothing, _top_up),
    "reconcile": Deed(_settled, _reconcile, NEXT_DAY),
}
