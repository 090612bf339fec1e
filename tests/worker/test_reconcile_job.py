"""The worker asks for each day's statement once the day is over on the gateway's clock too, and again until it has it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import pytest
from sqlalchemy import Connection, select

from desk.actions.checks import Checked
from desk.actions.statements import RECONCILE, plan_reconcile
from desk.ports import PayOrder, StatementLine, Word
from desk.store.tables import metadata
from desk.worker.jobs import Means
from desk.worker.timetable import work_through
from tests.builders import House, open_house
from tests.statements import line_of, paid, today
from tests.till import count

JOB, DAY, BREAK = (metadata.tables[name] for name in ("job", "statement_day", "statement_break"))


@dataclass
class Teller:
    """A gateway that tells statements: these lines on each day, or nothing while it is away."""

    lines: list[StatementLine] = field(default_factory=list)
    away: bool = False
    asked: list[date] = field(default_factory=list)

    async def pay(self, order: PayOrder) -> Word:
        """Nobody pays here."""
        raise AssertionError(order.key)

    async def find(self, order: PayOrder) -> Word:
        """Nobody asks here."""
        raise AssertionError(order.key)

    async def statement(self, day: date) -> list[StatementLine]:
        """The day as it is told."""
        self.asked.append(day)
        if self.away:
            raise ConnectionError
        return [line for line in self.lines if line.at.date() == day]


@pytest.fixture
def database(database_later: str) -> str:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    return database_later


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A furnished desk on either engine."""
    async with open_house(database) as opened:
        yield opened


def planned(conn: Connection) -> list[tuple[str, bool]]:
    """The jobs that fetch statements by name, and whether they are done."""
    rows = conn.execute(select(JOB).where(JOB.c.kind == RECONCILE).order_by(JOB.c.id))
    return [(row.dedupe, row.done_at is not None) for row in rows]


def kept(conn: Connection) -> list[date]:
    """The days whose statement is kept."""
    return list(conn.execute(select(DAY.c.on_day).order_by(DAY.c.on_day)).scalars())


def means(house: House, teller: Teller | None) -> Means:
    """What a worker works with here."""
    return Means(house.desk, teller, lambda: Checked(1, ()))


async def test_a_day_has_one_job_that_is_due_when_the_gateways_clock_has_passed_midnight_too(house: House) -> None:
    number, day = await paid(house), today(house)
    line = await line_of(house, number)
    teller = Teller([line])
    house.clock.at = house.clock.at.replace(hour=23, minute=59)
    await work_through(means(house, teller))
    house.clock.go(minutes=4)
    await work_through(means(house, teller))
    assert (teller.asked, await house.desk.read(planned)) == ([], [(f"reconcile:{day}", True)])
    house.clock.go(minutes=3)
    for _ in range(2):
        await work_through(means(house, teller))
    assert teller.asked == await house.desk.read(kept) == [day]
    assert await house.desk.read(planned) == [(f"reconcile:{day + timedelta(days=each)}", True) for each in (0, 1)]
    assert await house.desk.read(count, "statement_break") == 0


async def test_a_gateway_that_is_away_is_asked_again_until_it_tells_and_what_it_tells_is_matched(house: House) -> None:
    number, day = await paid(house), today(house)
    teller = Teller([await line_of(house, number, more=1)], away=True)
    house.clock.go(hours=24)
    for _ in range(10):
        await work_through(means(house, teller))
        house.clock.go(minutes=6)
    assert (teller.asked, await house.desk.read(kept)) == ([day] * 10, [])
    assert not (await house.desk.read(planned))[-1][1]
    teller.away = False
    await work_through(means(house, teller))
    assert (await house.desk.read(kept), (await house.desk.read(planned))[-1][1]) == ([day], True)
    assert await house.desk.read(count, "statement_break") == 1
    assert await house.desk.read(count, "send_stop") == 1


async def test_days_that_were_missed_are_fetched_oldest_first(house: House) -> None:
    number, day = await paid(house), today(house)
    teller = Teller([await line_of(house, number)])
    house.clock.go(hours=72)
    await work_through(means(house, teller))
    assert teller.asked == [day + timedelta(days=each) for each in range(3)]


async def test_a_desk_without_a_gateway_plans_nothing(database: str) -> None:
    async with open_house(database, gateway=None) as house:
        await house.desk.write(plan_reconcile)
        assert await house.desk.read(planned) == []
