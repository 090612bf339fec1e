"""What verify says of sound databases, of those that grow under its eyes, and of rows that cannot be read at all."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import anyio
import pytest
from sqlalchemy import text

from desk.actions import calendar, clocks
from desk.domain.claim import Route
from desk.domain.errors import DeskError
from desk.reads.verify import IDS, Report, answers, chains, dossier, ledger, records, verify
from desk.store import breaks
from desk.store.calendar import PublishedYear
from tests.builders import House, all_of, open_house
from tests.cast import OPERATOR, POSTER
from tests.till import Till
from tests.verify import breaking
from tests.verify.breaking import by, checked, red, unguarded
from tests.verify.story import ERASED, Story


def test_a_day_of_every_kind_of_claim_verifies(told: tuple[str, Story]) -> None:
    report = checked(told[0])
    assert red(report) == {}
    assert {finding.id for finding in report.invariants} == IDS
    assert all(not finding.detail.startswith("0 ") for finding in report.invariants)


def test_the_report_has_the_shape_that_outside_tools_rely_on(told: tuple[str, Story]) -> None:
    said = checked(told[0]).as_json()
    assert list(said) == ["ok", "invariants"]
    assert said["ok"] is True
    assert all(list(finding) == ["id", "ok", "detail"] for finding in said["invariants"])
    assert [finding["id"] for finding in said["invariants"]] == sorted(IDS)


async def test_an_empty_desk_verifies_through_the_reading_door(database: str) -> None:
    async with open_house(database) as house:
        report = await house.desk.read(verify, house.kit)
    assert red(report) == {}


def test_small_pages_find_the_same_as_large_ones(told: tuple[str, Story], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = checked(told[0])
    for room, name in ((dossier, "BLOCK"), *((room, "PAGE") for room in (answers, chains, ledger, records, breaks))):
        monkeypatch.setattr(room, name, 1)
    assert checked(told[0]) == whole


def test_many_faults_are_counted_and_the_first_ones_named(told: tuple[str, Story]) -> None:
    with unguarded(told[0]) as conn:
        by("UPDATE person SET commitment = 'ab'")(conn, told[1])
    detail = red(checked(told[0]))["I24"]
    assert f"{2 * len(told[1].ids) - len(ERASED)} broken" in detail
    assert detail.endswith("more")


def test_a_row_that_cannot_be_read_is_a_finding_and_hides_no_other_claim(on_sqlite: tuple[str, Story]) -> None:
    url, story = on_sqlite
    with unguarded(url) as conn:
        by("UPDATE claim SET departs_at = 'tomorrow' WHERE reference = '{fast}'")(conn, story)
        by("UPDATE claim SET due_at = lodged_at WHERE reference = '{received}'")(conn, story)
    found = red(checked(url))
    assert set(found) == {"I18", "I26"}
    assert f"claim {story.ids['fast']}" in found["I18"]


def test_a_chain_about_a_claim_that_never_was_is_found(told: tuple[str, Story]) -> None:
    with unguarded(told[0]) as conn:
        by("UPDATE event SET subject = 'claim:5' WHERE subject = 'claim:{received_id}'")(conn, told[1])
    found = red(checked(told[0]))
    assert set(found) == {"I18"}
    assert "chain claim:5" in found["I18"]
    assert "has no audit event" in found["I18"]


def test_the_words_of_the_parties_may_hold_numbers_that_are_no_code(told: tuple[str, Story]) -> None:
    code = breaking.KIT.sealer.access_code(told[1].ids["fast"], 1)
    with unguarded(told[0]) as conn:
        conn.execute(text("UPDATE claim SET facts = :facts"), {"facts": f"流水号 9{code}，日期 20261002，电话 13911112222"})
    assert red(checked(told[0])) == {}


@pytest.mark.slow
async def test_verify_stays_green_while_others_write(database: str) -> None:
    async with open_house(database) as house:
        reports: list[Report] = []
        async with anyio.create_task_group() as group:
            for seed in range(6):
                group.start_soon(_work_for_a_while, house, seed)
            for _ in range(8):
                reports.append(await house.desk.read(verify, house.kit))
                await anyio.sleep(0.02)
        reports.append(await house.desk.read(verify, house.kit))
    assert [red(report) for report in reports] == [{}] * len(reports)


async def _work_for_a_while(house: House, seed: int) -> None:
    lots, till = random.Random(seed), Till(house)
    for number in range(4):
        claim = (await house.lodge(key=f"parallel-{seed}-{number}", asked=f"{lots.randint(1, 9000)}.00")).reference
        await all_of(house.message(claim), house.note(claim), house.assess(claim), house.message(claim, question=True))
        await all_of(house.override(claim, Route.DOCKET), house.override(claim, Route.DOCKET), house.withdraw(claim))
        paid = await till.propose(await till.agreed(asked=f"{lots.randint(1, 150)}.00"))
        await all_of(till.send(paid.payout.id), till.send(paid.payout.id), till.cancel(paid.payout.id))
        await all_of(till.receive(paid.payout.id), till.cancel(paid.payout.id))


async def test_deadlines_counted_with_an_older_calendar_can_still_be_counted_again(database: str) -> None:
    late = datetime(2026, 12, 30, 3, tzinfo=UTC)
    async with open_house(database, late) as house:
        await house.lodge()
        provisional = await house.docketed()
        published = PublishedYear(2027, "test", {date(2027, 1, 1): False, date(2027, 3, 1): False})
        await house.desk.write(calendar.publish_year, OPERATOR, published)
        before = await house.desk.read(verify, house.kit)
        for claim_id in await house.desk.read(clocks.claims_to_recount):
            await house.desk.write(clocks.recount_provisional, claim_id)
        after = await house.desk.read(verify, house.kit)
        row = await house.claim(provisional)
    assert row.due_at == datetime(2027, 3, 2, 15, 59, 59, tzinfo=UTC)
    assert (red(before), red(after)) == ({}, {})


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_people_do_in_whatever_order_verifies(database_later: str, seed: int) -> None:
    lots = random.Random(seed)
    async with open_house(database_later) as house:
        open_claims = [(await house.lodge(POSTER if number % 3 else None)).reference for number in range(4)]
        done = 0
        for _ in range(90):
            act, claim = lots.choice(ACTS), lots.choice(open_claims)
            try:
                await act(house, claim, lots)
                done += 1
            except DeskError:
                pass
            house.clock.go(minutes=lots.choice([0, 1, 20, 900]))
        report = await house.desk.read(verify, house.kit)
    assert red(report) == {}
    assert done > 20


ACTS: tuple[Callable[[House, str, random.Random], Awaitable[object]], ...] = (
    lambda house, claim, lots: house.assess(claim, not_at_fault=lots.choice(["yes", "no", "unknown"])),
    lambda house, claim, _: house.assess(claim),
    lambda house, claim, lots: house.confirm(claim, lots.choice(list(Route))),
    lambda house, claim, lots: house.confirm(claim, lots.choice(list(Route))),
    lambda house, claim, lots: house.override(claim, lots.choice(list(Route))),
    lambda house, claim, _: house.propose(claim),
    lambda house, claim, lots: house.message(claim, question=lots.random() < 0.5),
    lambda house, claim, _: house.note(claim),
    lambda house, claim, _: house.answer(claim),
    lambda house, claim, _: house.silence(claim),
    lambda house, claim, _: house.object_to(claim),
    lambda house, claim, _: house.withdraw(claim),
    lambda house, claim, _: house.reopen(claim),
    lambda house, claim, _: house.change_contact(claim, phone="+8613600009999"),
    lambda house, claim, _: house.reissue(claim),
)
