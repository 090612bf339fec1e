"""The cable car of the published case stands still: sixty claims from the first minute to the last refund."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from desk.actions.collective import leave_collective
from desk.actions.incidents import Report, close_incident, file_report, log_arrival, report_upward
from desk.actions.settlements import PIECE, Plan, make_settlement, rows_to_settle, settle_rows, submit_settlement
from desk.domain.claim import Route
from desk.domain.incident import INCIDENT_CLOCKS, MemberState, Vote
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.tally import Fate
from desk.packs.cases import load_published_cases
from desk.reads.settlements import settlement_view
from desk.reads.verify import verify
from desk.store import incidents, promises
from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_clocks, see_to_all_incidents
from tests.alarms import level
from tests.builders import House, open_house
from tests.cast import HOME
from tests.crowds import SITE_ITSELF, joined, seen, stuck, the_incident, voted
from tests.till import Till

CASE = "C042"
PEOPLE = 60
PAYOUT, CLOCK = metadata.tables["payout"], metadata.tables["clock"]


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A desk on either engine, whose every invariant holds afterwards."""
    async with open_house(database) as opened:
        yield opened
        report = await opened.desk.read(verify, opened.kit)
        assert [(finding.id, finding.detail) for finding in report.invariants if not finding.ok] == []


def _clocks(conn: Connection, claim_ids: list[int]) -> list[tuple[object, ...]]:
    mine = select(CLOCK.c.claim_id, CLOCK.c.kind, CLOCK.c.state, CLOCK.c.base_at, CLOCK.c.due_at)
    return [tuple(row) for row in conn.execute(mine.where(CLOCK.c.claim_id.in_(claim_ids)).order_by(CLOCK.c.id))]


def _paid(conn: Connection) -> list[tuple[int, int]]:
    return [(row.claim_id, row.amount_minor) for row in conn.execute(select(PAYOUT).order_by(PAYOUT.c.id))]


async def lodged(house: House, number: int, facts: str) -> list[str]:
    """So many of the people in the cabins, each with a claim and a phone of their own."""
    return [
        (await stuck(house, 1, facts=facts, visitor={"name": "游客", "phone": f"+86137{next(_phones):08}", "email": None}))[0]
        for _ in range(number)
    ]  # fmt: skip


_phones = iter(range(1, 1000))


@pytest.mark.slow
async def test_sixty_people_in_the_cable_car_from_the_first_claim_to_the_last_refund(house: House) -> None:
    references = await _gathered(house)
    assert len(references) == PEOPLE
    number = (await the_incident(house)).id
    await _handled(house, number)
    await _settled(house, number, references)
    await _closed(house, number)


async def _gathered(house: House) -> list[str]:
    """From four claims to sixty people: proposed, opened, risen to major, with the alerts of site and merchant."""
    (case,) = [each for each in load_published_cases() if each.id == CASE]
    references = await lodged(house, 4, case.facts_zh)
    await seen(house)
    assert ((await the_incident(house)).level, await level(house, None)) == (None, None)
    steps = ((6, 10, "general", "yellow"), (10, 20, "larger", "yellow"), (40, PEOPLE, "major", "orange"))
    for more, people, reached, alert in steps:
        house.clock.go(minutes=1)
        references += await lodged(house, more, case.facts_zh)
        await seen(house)
        found, site = await the_incident(house), await level(house, None)
        assert site is not None
        assert (found.people, found.level, site.level) == (people, reached, alert)
    merchant = await level(house, SITE_ITSELF)
    assert merchant is not None
    assert (merchant.level, [reason[0] for reason in merchant.reasons]) == ("orange", ["claims"])  # with which it began
    assert [(step[0], step[1]) for step in found.levels] == [("general", 10), ("larger", 20), ("major", PEOPLE)]
    return references


async def _handled(house: House, number: int) -> None:
    """Reported upward, reached and reported in writing, each in time."""
    desk, olga = house.desk, house.cast.olga
    house.clock.go(minutes=16)
    await desk.write(report_upward, olga, number, "镇政府值班室")
    house.clock.go(minutes=10)
    await see_to_all_incidents(desk)
    await desk.write(log_arrival, house.cast.ma, number)
    report = Report("索道停运两小时。", PEOPLE, 0, "疏散送水。", "电子部件失灵。")
    assert (await desk.write(file_report, olga, number, report, 0)).row.level == "major"


async def _settled(house: House, number: int, references: list[str]) -> None:
    """All join, two leave and keep their clocks; 56 say yes, one no, one nothing. The batch pays 56, and again nobody."""
    desk = house.desk
    for reference in references:
        await house.assess(reference)
        await house.confirm(reference, Route.FAST_REFUND, house.cast.otto)
    await joined(house, *references)
    leaving, staying = references[10:12], [*references[:10], *references[12:]]
    ids = [(await house.claim(reference)).id for reference in leaving]
    before = await desk.read(_clocks, ids)
    for reference in leaving:
        await desk.write(leave_collective, await house.vera(reference), reference)
    assert await desk.read(_clocks, ids) == before
    plan = Plan({reference: Money.parse("80.00", "CNY") for reference in staying}, "逐一退还票款。", 1)
    made = (await desk.write(make_settlement, house.cast.ma, number, plan)).row
    for reference in staying[:-2]:
        await voted(house, reference)
    await voted(house, staying[-2], Vote.NO)
    house.clock.go(hours=1, seconds=1)
    await _batch(house, made.id)
    view = await desk.read(settlement_view, house.cast.chen, made.id, house.kit)
    assert view.votes == {"yes": 56, "no": 1, "silent": 1}
    assert (view.left, {line.payout_state for line in view.agreed}) == (0, {"reserved"})
    paid = await desk.read(_paid)
    assert (len(paid), len({claim for claim, _ in paid}), {minor for _, minor in paid}) == (56, 56, {8000})
    await _batch(house, made.id)
    assert await desk.read(_paid) == paid
    assert view.agreed[0].payout_id is not None
    await Till(house).send(view.agreed[0].payout_id)
    await Till(house).receive(view.agreed[0].payout_id)


async def _closed(house: House, number: int) -> None:
    """Closed: no alert knows of it any more; every clock was kept, and is counted so."""
    desk = house.desk
    await see_to_all_clocks(desk)
    await see_to_all_incidents(desk)
    await desk.write(close_incident, house.cast.ma, number, "人员全部疏散，退款已提交。")
    await seen(house)
    site = await level(house, None)
    assert site is None or "incident" not in {reason[0] for reason in site.reasons}
    on = house.clock.at.date()
    counts = await desk.read(promises.counts, house.cast.sites[HOME], on, on)
    ours = {(one.kind, one.what): times for one, times in counts.items() if one.kind in INCIDENT_CLOCKS}
    kept = {(kind, what): 1 for kind in INCIDENT_CLOCKS for what in (Fate.MADE, Fate.KEPT, Fate.TOOK)}
    assert ours == kept
    states = [member.state for member in await desk.read(incidents.members, number)]
    assert (states.count(MemberState.JOINED), states.count(MemberState.LEFT)) == (58, 2)


async def _batch(house: House, settlement_id: int) -> None:
    """Hand the batch in, as the cashier's page does."""
    chen, desk = house.cast.chen, house.desk
    await desk.write(submit_settlement, chen, settlement_id)
    waiting = await desk.read(rows_to_settle, settlement_id)
    for at in range(0, len(waiting), PIECE):
        await desk.write(settle_rows, chen, settlement_id, waiting[at : at + PIECE], Method.CASH)
