"""The hourly round: what is too old goes, what is not stays, deadlines are counted with the newest calendar, twice is once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Connection, delete, func, select

from desk.actions.calendar import publish_year
from desk.actions.checks import Checked
from desk.domain.throttle import STATUS_TRIES
from desk.ports import Work
from desk.reads.verify import verify
from desk.store import metadata, tries
from desk.store.calendar import PublishedYear
from desk.store.engines import sqlite_path
from desk.store.upkeep import fold_log
from desk.worker import timetable
from desk.worker.housekeeping import Round, keep_house
from desk.worker.jobs import Means
from tests.builders import House, open_house
from tests.cast import OPERATOR
from tests.web.probes import MONEY
from tests.web.test_page_rights import DOORS
from tests.web.test_page_rights import MONEY as OF_MONEY

TAG, KEY, BUCKET = (metadata.tables[name] for name in ("duplicate_tag", "idempotency_key", "try_bucket"))
CLOCK, CLAIM, EVENT, ENTRY = (metadata.tables[name] for name in ("clock", "claim", "event", "docket_entry"))
LATE_IN_YEAR = datetime(2026, 12, 30, 2, 0, tzinfo=UTC)
NOTHING = Round(0, 0, 0)


def fold_nothing() -> None:
    """Stands where no log needs folding."""


def count(conn: Connection, table: str) -> int:
    """How many rows a table holds."""
    return conn.scalar(select(func.count()).select_from(metadata.tables[table])) or 0


async def column(house: House, wanted: Any) -> list[Any]:  # noqa: ANN401 - a Core column
    """Every value of a column, in order."""
    return await house.desk.read(lambda conn: list(conn.execute(select(wanted).order_by(wanted)).scalars()))


def size(file: Path) -> int:
    """How long a file is."""
    return file.stat().st_size


def remember(work: Work, route: str, key: str, age: timedelta) -> None:
    """An answer given some time ago."""
    row = {"id": work.kit.lots.number(), "actor": "officer:1", "route": route, "key": key, "fingerprint": b"x", "answer": "{}"}
    work.conn.execute(KEY.insert(), row | {"answered_at": work.now - age})


async def test_duplicate_tags_are_forgotten_after_ninety_days_and_not_a_day_before(database: str) -> None:
    async with open_house(database) as house:
        await house.lodge(order_no="A-1")
        house.clock.go(days=1)
        await house.lodge(order_no="A-2")
        assert await house.desk.read(count, "duplicate_tag") == 2
        house.clock.go(days=88, hours=23)
        assert await keep_house(house.desk, fold_nothing) == NOTHING
        house.clock.go(hours=2)
        assert await keep_house(house.desk, fold_nothing) == Round(1, 0, 0)
        house.clock.go(days=1)
        assert await keep_house(house.desk, fold_nothing) == Round(1, 0, 0)
        assert await house.desk.read(count, "claim") == 2


async def test_answers_are_kept_as_long_as_somebody_may_ask_again(database: str) -> None:
    ages = {"young": timedelta(days=6), "week": timedelta(days=8), "month": timedelta(days=31)}
    routes = {"lodge": "POST /api/v1/claims", "note": "POST /api/v1/claims/{reference}/notes"}
    money = {"pay": "POST /api/v1/claims/{reference}/payouts", "top-up": "POST /api/v1/sites/{site}/fund/top-ups"}
    async with open_house(database) as house:
        for name, route in (routes | money).items():
            for age, passed in ages.items():
                await house.desk.write(remember, route, f"{name}-{age}", passed)
        assert await keep_house(house.desk, fold_nothing) == Round(0, 3, 0)
        kept = await column(house, KEY.c.key)
    assert kept == sorted(
        ["lodge-young", "lodge-week", "note-young", *(f"{name}-{age}" for name in money for age in ages)]
    )  # fmt: skip


async def test_what_was_done_about_money_under_a_key_is_remembered_for_ever(database: str) -> None:
    doors = [*MONEY, ("POST", "/api/v1/claims/{reference}/triage"), *(door for door in DOORS if OF_MONEY.search(door[1]))]
    routes = sorted({f"{method} {path}" for method, path in doors if method != "GET"})
    assert len(routes) > 30
    async with open_house(database) as house:
        for number, route in enumerate(routes):
            await house.desk.write(remember, route, f"k{number}", timedelta(days=4_000))
        assert await keep_house(house.desk, fold_nothing) == NOTHING
        assert await house.desk.read(count, "idempotency_key") == len(routes)


async def test_more_than_one_piece_is_dropped_in_one_round(sqlite_database: str) -> None:
    def many(work: Work) -> None:
        for number in range(1_201):
            remember(work, "POST /api/v1/x", f"k{number}", timedelta(days=8))

    async with open_house(sqlite_database) as house:
        await house.desk.write(many)
        assert await keep_house(house.desk, fold_nothing) == Round(0, 1_201, 0)


async def test_only_counters_that_count_nothing_are_forgotten(database: str) -> None:
    def fail(work: Work, name: str) -> None:
        tries.take(work.conn, name, STATUS_TRIES, work.now)

    async with open_house(database) as house:
        await house.desk.write(fail, "old")
        house.clock.go(minutes=7)
        await house.desk.write(fail, "fresh")
        await keep_house(house.desk, fold_nothing)
        assert await column(house, BUCKET.c.name) == ["fresh"]


async def forget_next_year(house: House) -> None:
    """As if the holidays of 2027 were not yet announced, whatever the shipped table knows."""

    def forget(work: Work) -> None:
        days, years = metadata.tables["calendar_day"], metadata.tables["calendar_year"]
        work.conn.execute(delete(days).where(days.c.on_day >= date(2027, 1, 1)))
        work.conn.execute(delete(years).where(years.c.year >= 2027))

    await house.desk.write(forget)


async def test_a_published_year_moves_provisional_deadlines_once_and_says_so(database: str) -> None:
    async with open_house(database, LATE_IN_YEAR) as house:
        await forget_next_year(house)
        reference = (await house.lodge()).reference
        docketed = await house.docketed()
        before = {row.kind: row for row in await of(house, reference)}
        assert before["acceptance"].provisional
        year = PublishedYear(2027, "notice", {date(2027, 1, day): False for day in (1, 4, 5, 6)})
        house.shelf.calendar = await house.desk.write(publish_year, OPERATOR, year)

        assert (await keep_house(house.desk, fold_nothing)).recounted == 2
        after = {row.kind: row for row in await of(house, reference)}
        assert not after["acceptance"].provisional
        assert after["acceptance"].due_at > before["acceptance"].due_at
        assert after["first_answer"].due_at == before["first_answer"].due_at
        kinds = await house.desk.read(lambda conn: list(conn.execute(select(EVENT.c.kind).order_by(EVENT.c.id)).scalars()))
        assert kinds.count("clock_recounted") == 2
        mediation = next(row for row in await of(house, docketed) if row.kind == "mediation")
        assert await column(house, ENTRY.c.due_at) == [mediation.due_at] == [(await house.claim(docketed)).due_at]

        assert await keep_house(house.desk, fold_nothing) == NOTHING
        assert (await house.desk.read(verify, house.kit)).ok


async def of(house: House, reference: str) -> list[Any]:
    """The clocks of a claim as they are stored."""
    query = select(CLOCK).join(CLAIM, CLAIM.c.id == CLOCK.c.claim_id).where(CLAIM.c.reference == reference)
    return await house.desk.read(lambda conn: list(conn.execute(query).all()))


async def test_two_workers_at_once_do_each_thing_once(database: str) -> None:
    async with open_house(database, LATE_IN_YEAR) as house:
        await forget_next_year(house)
        for _ in range(6):
            await house.lodge(order_no="A-1")
        year = PublishedYear(2027, "notice", {date(2027, 1, 1): False})
        house.shelf.calendar = await house.desk.write(publish_year, OPERATOR, year)
        async with (
            open_house(database, LATE_IN_YEAR + timedelta(days=100), furnish=False) as other,
            anyio.create_task_group() as both,
        ):
            both.start_soon(keep_house, house.desk, fold_nothing)
            both.start_soon(keep_house, other.desk, fold_nothing)
        kinds = await column(house, EVENT.c.kind)
        assert kinds.count("clock_recounted") == 6
        assert await house.desk.read(count, "duplicate_tag") == 0
        assert (await house.desk.read(verify, house.kit)).ok


async def test_the_write_ahead_log_is_folded_while_others_write(sqlite_database: str) -> None:
    log = Path(f"{sqlite_path(sqlite_database)}-wal")
    async with open_house(sqlite_database) as house:
        for _ in range(20):
            await house.lodge()
        assert size(log) > 0
        await anyio.to_thread.run_sync(fold_log, sqlite_database)
        assert size(log) == 0
        await house.lodge()
        assert await house.desk.read(count, "claim") == 21


async def test_a_failed_round_is_tried_again_and_the_worker_goes_on(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timetable, "AGAIN_SECONDS", 0.01)
    tried: list[int] = []
    async with open_house(database) as house:
        stopping = asyncio.Event()

        def full() -> None:
            tried.append(1)
            if len(tried) < 3:
                raise OSError(28, "No space left on device")

        async def stop_when_done() -> None:
            while len(tried) < 3:  # noqa: ASYNC110 - counted in a thread
                await anyio.sleep(0.01)
            stopping.set()

        with anyio.fail_after(20):
            async with anyio.create_task_group() as both:
                both.start_soon(stop_when_done)
                both.start_soon(timetable.work_until, stopping, Means(house.desk, None, lambda: Checked(0, ())), full)
    assert len(tried) == 3
