"""A desk whose gateway was exchanged while money was out: the new one is neither asked nor called about the old one's keys."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text, update

from desk.actions.payout_rescue import look_after_payout
from desk.actions.payout_words import QUERY, begin_query, begin_send
from desk.actions.payouts import SEND
from desk.actions.statements import days_to_fetch
from desk.ports import Work
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import work_through
from tests.builders import TERMS, open_house
from tests.house.test_messages_migration import moved
from tests.statements import line_of, paid, strange, today, told
from tests.till import Till, count
from tests.worker.test_reconcile_job import Teller, means

BREAK = metadata.tables["statement_break"]
NOTICE, PAYOUT = metadata.tables["notice"], metadata.tables["payout"]
OTHER = replace(TERMS, name="wechat:1900000109")


def told_of(conn: Connection, payout_id: int) -> list[str]:
    """What the manager was told of a payout, and is still open."""
    mine = (NOTICE.c.payout_id == payout_id, NOTICE.c.closed_at.is_(None))
    return list(conn.scalars(select(NOTICE.c.kind).where(*mine).order_by(NOTICE.c.id)))


@pytest.mark.parametrize("state", ["sending", "unknown"])
async def test_what_one_gateway_may_have_paid_another_is_never_asked_to_pay(database: str, state: str) -> None:
    async with open_house(database) as first:
        payout_id = await Till(first).brought_to(state)
        cast, at = first.cast, first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as house:
        till, write = Till(house), house.desk.write
        house.clock.go(minutes=20)
        if state == "sending":
            assert await write(begin_send, await till.lease(SEND), payout_id) is None
            row = await till.payout(payout_id)
            assert (row.state, row.first_sent_at) == ("reserved", None)
            await till.send(payout_id)
            await till.called(payout_id, "settled")
        else:
            for _ in range(2):
                assert await write(begin_query, await till.lease(QUERY), payout_id) is None
                house.clock.go(minutes=1, seconds=1)
            assert await house.desk.read(told_of, payout_id) == ["payout_unknown"]
            await write(look_after_payout, payout_id)
            for officer in (cast.cai, cast.ma):
                await till.resolve(payout_id, "settled", officer)
        assert (await till.payout(payout_id)).state == "settled"
        report = await house.desk.read(verify, house.kit)
        assert [each.id for each in report.invariants if not each.ok and each.id != "I34"] == []


async def test_what_was_to_be_sent_again_waits_for_its_own_gateway(database: str) -> None:
    async with open_house(database) as first:
        till = Till(first)
        payout_id = await till.brought_to("unknown")
        for _ in range(2):
            first.clock.go(seconds=31)
            await till.asked(payout_id, "never_seen")
        assert (await till.payout(payout_id)).state == "sending"
        cast, at = first.cast, first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as house:
        till = Till(house)
        assert await house.desk.write(begin_send, await till.lease(SEND), payout_id) is None
        assert ((await till.payout(payout_id)).state, (await till.payout(payout_id)).calling) == ("sending", False)
    async with open_house(database, at, furnish=False, cast=cast) as house:
        house.clock.go(minutes=1, seconds=1)
        await Till(house).called(payout_id, "settled")
        assert (await Till(house).payout(payout_id)).state == "settled"


async def test_what_the_old_gateway_settled_is_missed_on_none_of_the_new_ones_statements(database: str) -> None:
    async with open_house(database) as first:
        old, day = await paid(first), today(first)
        assert (await Till(first).payout(old)).gateway == "http"
        cast, at = first.cast, first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as house:
        new = await paid(house)
        assert (await Till(house).payout(new)).gateway == OTHER.name
        teller = Teller([await line_of(house, new)])
        house.clock.go(hours=72)
        await work_through(means(house, teller))
        assert teller.asked == [day + timedelta(days=each) for each in range(3)]
        assert [await house.desk.read(count, table) for table in ("statement_break", "send_stop")] == [0, 0]
        assert await house.desk.read(days_to_fetch, house.kit) == []
        report = await house.desk.read(verify, house.kit)
        assert [each.id for each in report.invariants if not each.ok] == []
    async with open_house(database, at, furnish=False, cast=cast) as house:
        house.clock.go(hours=73)
        assert await house.desk.read(days_to_fetch, house.kit) == [day + timedelta(days=each) for each in range(3)]
        assert await told(house, day=day) == 1
        ((kind, payout_id),) = await house.desk.read(breaks)
        assert (kind, payout_id) == ("missing_on_statement", old)


async def test_the_new_gateway_misses_what_it_settled_itself_and_tells_of_nothing_that_the_old_one_did(database: str) -> None:
    async with open_house(database) as first:
        old, day = await paid(first), today(first)
        line = await line_of(first, old)
        cast, at = first.cast, first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as house:
        new = await paid(house)
        house.clock.go(hours=24)
        assert await told(house, line, day=day) == 2
        assert sorted(await house.desk.read(breaks)) == [("missing_in_books", old), ("missing_on_statement", new)]


async def test_two_gateways_that_count_alike_are_told_apart(database: str) -> None:
    async with open_house(database) as first:
        old, day, cast = await paid(first), today(first), first.cast
        await first.desk.write(numbered, old)
        line, at = await line_of(first, old, "1"), first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as second:
        new = await paid(second)
        await second.desk.write(numbered, new)
        at = second.clock.at + timedelta(days=1)
    async with open_house(database, at, furnish=False, cast=cast) as first:
        assert await told(first, line, strange(first, "gone", "2"), day=day) == 1
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as second:
        line = await line_of(second, new, "1")
        assert await told(second, line, strange(second, "gone too", "2"), day=day) == 1
        assert await told(second, line, day=day + timedelta(days=1)) == 0, "the same number of the same gateway"
        assert await second.desk.read(breaks) == [("missing_in_books", None)] * 2
        assert await second.desk.read(count, "statement_line") == 4
        report = await second.desk.read(verify, second.kit)
        assert [each.id for each in report.invariants if not each.ok] == ["I11"], "two breaks that nobody resolved"
    with pytest.raises(RuntimeError, match="two gateways told of the same number"):
        moved(database, "downgrade", "0024")


async def test_a_number_without_its_gateways_name_is_not_another_payments(database: str) -> None:
    async with open_house(database) as first:
        old, cast = await paid(first), first.cast
        await told(first, await line_of(first, old, "1"))
        await first.desk.write(lambda work: work.conn.execute(text("UPDATE statement_line SET gateway = NULL")))
        await first.desk.write(lambda work: work.conn.execute(text("UPDATE statement_break SET gateway = NULL")))
        at = first.clock.at
    async with open_house(database, at, gateway=OTHER, furnish=False, cast=cast) as second:
        before = await second.desk.read(count, "statement_line")
        await told(second, strange(second, "another", "1"))
        assert await second.desk.read(count, "statement_line") == before + 1
        await told(second, await line_of(second, old, "1"))
        assert await second.desk.read(count, "statement_line") == before + 1


def numbered(work: Work, payout_id: int) -> None:
    """Let a gateway have called its payment 1."""
    work.conn.execute(update(PAYOUT).where(PAYOUT.c.id == payout_id).values(gateway_id="1"))


def breaks(conn: Connection) -> list[tuple[str, int | None]]:
    """Every break by kind and payout."""
    return [(row.kind, row.payout_id) for row in conn.execute(select(BREAK.c.kind, BREAK.c.payout_id))]
