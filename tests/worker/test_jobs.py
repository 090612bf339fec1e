"""Jobs: in one hand at a time, taken over when a hand lets go, set aside when they poison; and what a send's end leads to."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, text, update

import desk
from desk.actions import payout_words
from desk.actions.checks import Checked, plan_check
from desk.actions.jobs import give_up, keep_in_hand, lease_jobs, put_back
from desk.actions.payouts import SEND
from desk.domain.payout import Heard, PayoutState
from desk.ports import GatewayTerms, LeaseLost, Word, Work
from desk.reads.readiness import upkeep
from desk.store import jobs
from desk.store.tables import metadata
from desk.worker.jobs import HANDLERS, Bench, Means
from desk.worker.timetable import see_to_all_clocks, work_through
from tests.builders import GATEWAY_SECRET, House, all_of, open_house
from tests.till import Till

JOB, BREACH, EVENT, NOTICE = (metadata.tables[name] for name in ("job", "clock_breach", "event", "notice"))


@pytest.fixture
def database(database_later: str) -> str:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    return database_later


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A furnished desk on either engine."""
    async with open_house(database) as opened:
        yield opened


async def let_go(house: House) -> None:
    """What the death of a worker comes to: its leases run out by the database's own time."""
    await house.desk.write(_let_go)


def _let_go(work: Work) -> None:
    past = "'2020-01-01T00:00:00.000000Z'" if work.conn.dialect.name == "sqlite" else "now() - interval '1 second'"
    work.conn.execute(text(f"UPDATE job SET leased_until = {past} WHERE leased_until IS NOT NULL"))


def rows(conn: Connection, table: Any) -> list[Any]:  # noqa: ANN401 - a Core table
    return list(conn.execute(select(table).order_by(table.c.id)).all())


def test_every_kind_of_job_that_is_written_has_a_handler() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in Path(desk.__file__).parent.rglob("actions/*.py"))
    assert set(re.findall(r"jobs\.add\(work, (\w+),", source)) == {
        "SEND", "QUERY", "VERIFY", "RECONCILE", "NOTIFY", "DIGEST", "LETTER", "HANDOFF"
    }  # fmt: skip
    known = {SEND, payout_words.QUERY, "verify", "reconcile", "notify", "digest", "digest_letter", "handoff"}
    assert set(HANDLERS) == known


async def test_two_workers_never_hold_one_job(house: House) -> None:
    for _ in range(6):
        await Till(house).brought_to("sending")
    taken = await all_of(*(house.desk.write(lease_jobs, f"worker-{n}", 4) for n in range(4)))
    held = [lease.id for leases in taken for lease in leases]
    assert (len(held), len(set(held))) == (6, 6)
    assert await house.desk.write(lease_jobs, "late", 4) == []


async def test_refunds_wait_for_no_letters(house: House) -> None:
    await house.desk.write(_letters_due)
    await Till(house).brought_to("sending")
    taken = [job.kind for job in await house.desk.write(lease_jobs, "one", 16, 4)]
    assert taken.count("notify") == 4
    assert SEND in taken
    assert await house.desk.write(lease_jobs, "one", 11, 0) == []
    assert len(await house.desk.write(lease_jobs, "another", 16)) == 16


def _letters_due(work: Work) -> None:
    for number in range(20):
        jobs.add(work, "notify", f"notify:{number}:1", {"notification": str(number)}, work.now - timedelta(hours=1))


async def test_a_job_is_taken_over_when_its_lease_runs_out_and_its_first_hand_counts_no_more(house: House) -> None:
    payout_id = await Till(house).brought_to("sending")
    first = await Till(house).lease(SEND)
    house.clock.go(days=1)
    assert await house.desk.write(lease_jobs, "other", 4) == [], "a moved clock ends no lease"
    await let_go(house)
    second = await Till(house).lease(SEND)
    assert (second.id, second.attempt) == (first.id, first.attempt + 1)
    with pytest.raises(LeaseLost):
        await house.desk.write(put_back, first, timedelta(0))
    with pytest.raises(LeaseLost):
        await house.desk.write(payout_words.begin_send, first, payout_id)
    assert not (await Till(house).payout(payout_id)).calling
    await house.desk.write(keep_in_hand, [first, second])
    assert await house.desk.write(lease_jobs, "other", 4) == []


async def test_a_job_that_poisons_is_tried_eight_times_and_set_aside(house: House) -> None:
    await Till(house).brought_to("sending")
    for tried in range(8):
        held = await Till(house).lease(SEND)
        assert held.failures == tried
        await house.desk.write(give_up, held, "RuntimeError")
        house.clock.go(minutes=5)
    assert await house.desk.write(lease_jobs, "other", 4) == []
    (row,) = await house.desk.read(rows, JOB)
    assert (row.last_error, row.set_aside_at is not None, row.done_at) == ("RuntimeError", True, None)
    assert (await house.desk.read(upkeep, house.kit)).set_aside == 1


async def test_a_call_whose_end_nobody_wrote_down_may_have_paid(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    assert await house.desk.write(payout_words.begin_send, await till.lease(SEND), payout_id) is not None
    await let_go(house)
    assert await house.desk.write(payout_words.begin_send, await till.lease(SEND), payout_id) is None
    row = await till.payout(payout_id)
    assert (row.state, row.calling, (await till.balances())["in_transit"]) == ("unknown", False, 12_800)
    house.clock.go(seconds=3)
    await till.asked(payout_id, "settled")
    assert (await till.payout(payout_id)).state == "settled"


async def test_what_never_left_is_tried_with_the_same_key_and_after_fifteen_minutes_given_back(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    for _ in range(3):
        await till.called(payout_id, "never_left")
        house.clock.go(seconds=3)
    assert (await till.payout(payout_id)).state == "sending"
    house.clock.go(minutes=15)
    await till.called(payout_id, "never_left")
    assert ((await till.payout(payout_id)).state, (await till.balances())["reserved"]) == ("reserved", 12_800)
    assert [row.kind for row in await house.desk.read(rows, NOTICE)] == ["payout_stuck"]
    sent = await till.send(payout_id)
    assert sent.state is PayoutState.SENDING
    await till.called(payout_id, "settled")
    assert all(row.closed_at for row in await house.desk.read(rows, NOTICE))


async def test_the_same_key_is_sent_again_only_after_thirty_seconds_of_never_seen(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    key = (await till.payout(payout_id)).key
    for seconds, answer, state in (
        (3, "never_seen", "unknown"), (20, "never_seen", "unknown"), (3, "unclear", "unknown"), (3, "never_seen", "unknown"),
        (20, "never_seen", "unknown"), (11, "never_seen", "sending"),
    ):  # fmt: skip
        house.clock.go(seconds=seconds)
        await till.asked(payout_id, answer)
        assert (await till.payout(payout_id)).state == state
    row = await till.payout(payout_id)
    assert (row.key, row.turn) == (key, 2)
    await till.called(payout_id, "settled")
    assert (await till.payout(payout_id)).state == "settled"


async def test_after_a_send_that_may_have_arrived_even_a_refused_connection_gives_nothing_back(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    for _ in range(2):
        house.clock.go(seconds=31)
        await till.asked(payout_id, "never_seen")
    assert (await till.payout(payout_id)).state == "sending"
    house.clock.go(minutes=16)
    await till.called(payout_id, "never_left")
    assert (await till.payout(payout_id)).state == "unknown"


@pytest.mark.parametrize(("honours", "hours"), [(False, 0), (True, 24)])
async def test_nor_is_it_sent_to_a_gateway_that_forgets_keys_or_has_forgotten_this_one(
    database: str, honours: bool, hours: int
) -> None:
    async with open_house(database, gateway=GatewayTerms(honours, GATEWAY_SECRET)) as house:
        till = Till(house)
        payout_id = await till.brought_to("unknown")
        house.clock.go(hours=hours)
        for _ in range(3):
            house.clock.go(seconds=61)
            await till.asked(payout_id, "never_seen")
        assert (await till.payout(payout_id)).state == "unknown"


async def test_what_awaits_the_visitor_is_asked_for_until_they_come(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    for answer, state in (
        ("awaiting_visitor", "awaiting_visitor"), ("awaiting_visitor", "awaiting_visitor"), ("unclear", "awaiting_visitor"),
        ("settled", "settled"),
    ):  # fmt: skip
        house.clock.go(seconds=61)
        await till.asked(payout_id, answer)
        assert (await till.payout(payout_id)).state == state
    house.clock.go(hours=1)
    assert await house.desk.write(lease_jobs, "test", 16) == []


async def test_an_unknown_payout_is_told_the_manager_after_fifteen_minutes_and_alarms_after_a_day(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    seen = []
    for minutes in (14, 1, 60 * 24 - 15):
        house.clock.go(minutes=minutes)
        await till.asked(payout_id, "unclear")
        seen.append([row.kind for row in await house.desk.read(rows, NOTICE)])
        house.clock.go(minutes=1)
        await till.asked(payout_id, "unclear")
    assert seen == [[], ["payout_unknown"], ["payout_unknown", "payout_lost"]]
    assert (await till.balances())["in_transit"] == 12_800
    house.clock.go(minutes=2)
    await till.asked(payout_id, "failed")
    assert all(row.closed_at for row in await house.desk.read(rows, NOTICE))


class Paid:
    """A gateway of a test that says one word to everything, or stumbles."""

    def __init__(self, heard: str | None) -> None:
        self.heard, self.keys = heard, list[str]()

    async def pay(self, order: Any) -> Word:  # noqa: ANN401 - a PayOrder
        self.keys.append(order.key)
        if self.heard is None:
            raise RuntimeError
        return Word(Heard(self.heard), "gw-1")

    async def find(self, _order: Any) -> Word:  # noqa: ANN401 - the same
        return Word(Heard.SETTLED, "gw-1")

    async def statement(self, _day: Any) -> list[Any]:  # noqa: ANN401 - a date
        return []


async def test_the_worker_runs_what_is_due_and_what_that_makes_due(house: House) -> None:
    paid = [await Till(house).brought_to("sending") for _ in range(3)]
    gateway = Paid("settled")
    turns = await work_through(Means(house.desk, gateway, lambda: Checked(5, ())))
    assert turns >= 1
    assert [(await Till(house).payout(one)).state for one in paid] == ["settled"] * 3
    assert sorted(gateway.keys) == sorted(f"payout-{one}" for one in paid)
    assert (await house.desk.read(upkeep, house.kit)).checked_at is not None


async def test_a_gateway_adapter_that_stumbles_leaves_an_unknown_payout_and_a_living_worker(house: House) -> None:
    payout_id = await Till(house).brought_to("sending")
    bench = Bench(Means(house.desk, Paid(None), lambda: Checked(5, ())))
    assert await bench.take()
    await bench.finish(10)
    house.clock.go(seconds=5)
    assert await bench.take()
    await bench.finish(10)
    assert (await Till(house).payout(payout_id)).state == "unknown"


async def test_the_hours_check_is_planned_once(house: House) -> None:
    for _ in range(3):
        await house.desk.write(plan_check)
    house.clock.go(hours=1)
    await house.desk.write(plan_check)
    assert [row.dedupe for row in await house.desk.read(rows, JOB)] == ["verify:2026-09-08T01", "verify:2026-09-08T02"]


async def breaches(house: House) -> list[tuple[str, int]]:
    """Every missed promise with how many events tell it."""
    found, events = await house.desk.read(rows, BREACH), await house.desk.read(rows, EVENT)
    told = [event.data for event in events if event.kind == "clock_breached"]
    return [(row.kind, sum(row.due_at.isoformat() in data and f'"{row.kind}"' in data for data in told)) for row in found]


async def test_a_missed_promise_is_written_down_exactly_once(house: House) -> None:
    await house.lodge()
    assert await see_to_all_clocks(house.desk) == 0
    house.clock.go(hours=2, seconds=2)
    await all_of(*(see_to_all_clocks(house.desk) for _ in range(3)))
    assert await see_to_all_clocks(house.desk) == 0
    assert await breaches(house) == [("first_answer", 1)]
    house.clock.go(hours=-2)
    await see_to_all_clocks(house.desk)
    house.clock.go(hours=3)
    await see_to_all_clocks(house.desk)
    assert await breaches(house) == [("first_answer", 1)]


async def test_the_second_of_the_deadline_still_keeps_it(house: House) -> None:
    lodged = await house.lodge()
    due = (await house.claim(lodged.reference)).due_at
    house.clock.at, house.clock.tick = due.replace(microsecond=999_000), timedelta(0)
    await see_to_all_clocks(house.desk)
    assert await breaches(house) == []
    house.clock.at = due + timedelta(seconds=1)
    assert await see_to_all_clocks(house.desk) == 1
    assert await breaches(house) == [("first_answer", 1)]


async def test_one_that_is_kept_too_late_between_two_rounds_is_written_down_by_the_step_that_keeps_it(house: House) -> None:
    reference = (await house.lodge()).reference
    house.clock.go(hours=3)
    await house.message(reference)
    assert await breaches(house) == [("first_answer", 1)]
    assert await see_to_all_clocks(house.desk) == 0
    paid = await Till(house).agreed()
    house.clock.go(minutes=31)
    payout = await Till(house).propose(paid)
    await Till(house).send(payout.payout.id)
    assert await breaches(house) == [("first_answer", 1), ("fast_payment", 1)]


async def test_a_provisional_deadline_misses_nothing(house: House) -> None:
    await house.lodge()
    await house.desk.write(_all_provisional)
    house.clock.go(days=10)
    assert await see_to_all_clocks(house.desk) == 0
    assert await breaches(house) == []


def _all_provisional(work: Work) -> None:
    clock = metadata.tables["clock"]
    work.conn.execute(update(clock).values(provisional=True, next_at=None))
