"""What verify says of sound money, of guards that are gone, and of breakages that no single invariant can tell alone."""

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select

from desk.actions import payout_resolution, payout_words, payouts
from desk.actions.clocks import claims_with_clocks_due, see_to_clocks
from desk.actions.jobs import lease_jobs
from desk.domain.errors import DeskError
from desk.domain.payout import MESSAGES, Heard
from desk.domain.policy import Viewer
from desk.ports import Word
from desk.reads.verify import verify
from desk.reads.verify.stops import GUARD
from desk.store import payouts as payout_rows
from desk.store.engines import plain_engine
from desk.store.tables import metadata
from tests.builders import HandClock, HandShelf, House, kit_on, open_house
from tests.till import Till
from tests.verify import breaking_money as money
from tests.verify.breaking import after, at, broken, by, checked, red
from tests.verify.breaking_money import AWAY
from tests.verify.story import TOLD_AT, Story

LINE_ELSEWHERE = f"""UPDATE fund_posting SET debit_id = (SELECT id FROM fund_account WHERE {AWAY} AND name = 'available')
    WHERE {money.THE_LINE}"""
GONE = {
    "sqlite": ["DROP TRIGGER {table}_is_never_updated", "DROP TRIGGER {table}_is_never_deleted"],
    "postgresql": ["DROP TRIGGER {table}_is_never_changed ON {table}"],
}
DROPPED = f"DROP TRIGGER {GUARD}"
GUARD_IDLE = f"ALTER TABLE payout DISABLE TRIGGER {GUARD}"
IDLE = {
    "sqlite": ["DROP TRIGGER {table}_is_never_deleted",
               "CREATE TRIGGER {table}_is_never_deleted BEFORE DELETE ON {table} BEGIN SELECT 1; END"],
    "postgresql": ["ALTER TABLE {table} DISABLE TRIGGER {table}_is_never_changed"],
}  # fmt: skip


@pytest.mark.parametrize("statements", [GONE, IDLE])
@pytest.mark.parametrize("table", ["fund_entry", "fund_posting"])
def test_books_without_their_guard_are_found(told: tuple[str, Story], statements: dict[str, list[str]], table: str) -> None:
    engine = plain_engine(told[0])
    with engine.begin() as conn:
        for statement in statements[conn.dialect.name]:
            conn.exec_driver_sql(statement.format(table=table))
    engine.dispose()
    found = red(checked(told[0]))
    assert set(found) == {"I04"}
    assert f"{table}:" in found["I04"]


@pytest.mark.parametrize("way", ["gone", "idle"])
def test_a_switch_without_its_guard_is_found(told: tuple[str, Story], way: str) -> None:
    engine = plain_engine(told[0])
    with engine.begin() as conn:
        on_sqlite = conn.dialect.name == "sqlite"
        conn.exec_driver_sql(DROPPED if on_sqlite else GUARD_IDLE if way == "idle" else f"{DROPPED} ON payout")
        if on_sqlite and way == "idle":
            conn.exec_driver_sql(f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON payout BEGIN SELECT 1; END")
    engine.dispose()
    assert set(red(checked(told[0]))) == {"I12"}


def test_a_break_that_is_open_again_holds_its_site_no_more(story_kept: tuple[str, Story]) -> None:
    open_again = by("UPDATE statement_break SET resolved_at = NULL, resolved_by = NULL, resolution = NULL")
    found = red(broken(*story_kept, open_again))
    assert set(found) == {"I11", "I12"}
    assert "nobody has resolved it" in found["I11"]
    assert "the refunds of site" in found["I12"]


def test_half_a_fen_is_found(sqlite_story: tuple[str, Story]) -> None:
    path, story = sqlite_story
    halved = by("UPDATE withdrawal SET amount_minor = 30000.5 WHERE approved_at IS NULL")
    found = red(broken(f"sqlite:///{path}", story, halved))
    assert set(found) == {"I02"}
    assert "withdrawal" in found["I02"]


def test_a_line_into_another_sites_fund_breaks_both_funds(story_kept: tuple[str, Story]) -> None:
    moved = by(
        LINE_ELSEWHERE, f"UPDATE fund_account SET balance_minor = balance_minor + 500000 WHERE {AWAY} AND name = 'available'"
    )  # fmt: skip
    found = red(broken(*story_kept, after(moved, money.stands("- 500000", "available"))))
    assert set(found) == {"I02", "I03"}
    assert "what it has and whose it is differ" in found["I03"]


def test_an_account_that_is_not_there_is_found_without_stumbling(story_kept: tuple[str, Story]) -> None:
    found = red(broken(*story_kept, by("DELETE FROM fund_account WHERE name = 'source:government'")))
    assert set(found) == {"I01", "I02"}
    assert "cannot be checked" not in str(found)


@pytest.mark.parametrize(
    "day", ["DELETE FROM statement_day", "UPDATE statement_day SET fetched_at = (SELECT min(paid_at) FROM statement_line)"]
)
def test_a_payout_of_a_day_whose_statement_is_not_whole_is_not_missed(story_kept: tuple[str, Story], day: str) -> None:
    missing = by("DELETE FROM statement_line WHERE gateway_id = 'gw-gateway'")
    assert set(red(broken(*story_kept, missing))) == {"I11"}
    assert red(broken(*story_kept, after(by(day), missing))) == {}


@pytest.mark.parametrize(("minutes", "blamed"), [(14, set()), (16, {"I10"})])
def test_an_unknown_payout_must_be_asked_for_after_a_quarter_of_an_hour(
    told: tuple[str, Story], minutes: int, blamed: set[str]
) -> None:
    url, story = told
    engine = plain_engine(url)
    with engine.connect() as conn:
        at("payout", "lost", "queried_at = NULL")(conn, story)
        since = payout_rows.get(conn, story.payouts["lost"]).unknown_since
        assert since is not None
        report = verify(conn, kit_on(HandClock(since + timedelta(minutes=minutes)), HandShelf()))
    engine.dispose()
    assert set(red(report)) == blamed


async def test_the_chain_tells_why_the_same_key_was_sent_again(told: tuple[str, Story]) -> None:
    event = metadata.tables["event"]

    def again(conn: Connection) -> list[str]:
        mine = (event.c.subject == f"claim:{told[1].ids['resent']}") & (event.c.from_state == "unknown")
        return list(conn.execute(select(event.c.data).where(mine)).scalars())

    async with open_house(told[0], TOLD_AT, furnish=False) as house:
        (data,) = await house.desk.read(again)
    assert '"first_sent_at":"2026-' in data
    assert '"never_seen_since":"2026-' in data


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_money_does_in_whatever_order_verifies(database_later: str, seed: int) -> None:
    lots = random.Random(seed)
    async with open_house(database_later) as house:
        till = Till(house)
        claims = [await till.agreed(asked=lots.choice(["40.00", "128.00", "230.00"])) for _ in range(5)]
        done = 0
        for _ in range(80):
            try:
                await lots.choice(ACTS)(till, lots.choice(claims), lots)
                done += 1
            except DeskError:
                pass
            house.clock.go(minutes=lots.choice([0, 0, 1, 16, 900]))
            await _work_off(house, lots, list(Heard))
        house.clock.go(minutes=2)
        await _work_off(house, lots, [Heard.UNCLEAR])
        report = await house.desk.read(verify, house.kit)
    assert red(report) == {}
    assert done > 25


async def _work_off(house: House, lots: random.Random, heard: list[Heard]) -> None:
    """What a worker does with the jobs that are due, at a gateway that says anything."""
    write = house.desk.write
    for lease in await write(lease_jobs, "test", 16):
        payout_id, word = int(lease.payload["payout"]), Word(lots.choice(heard), f"gw-{lots.random()}", "test")
        sends = lease.kind == payouts.SEND
        begun = await write(payout_words.begin_send if sends else payout_words.begin_query, lease, payout_id)
        if begun is not None:
            await write(payout_words.end_send if sends else payout_words.end_query, lease, payout_id, word)
    for claim_id in await house.desk.read(claims_with_clocks_due, house.clock.at):
        await write(see_to_clocks, claim_id)


Act = Callable[[Till, str, random.Random], Awaitable[object]]


def _paying(step: Callable[[Till, int, random.Random], Awaitable[object]]) -> Act:
    """A step of the newest payout of a claim; nothing where there is none."""

    async def act(till: Till, reference: str, lots: random.Random) -> None:
        claim = await till.house.claim(reference)
        payout = await till.house.desk.read(payout_rows.latest, claim.id)
        if payout is not None:
            await step(till, payout.id, lots)

    return act


async def _message(till: Till, payout_id: int, lots: random.Random) -> None:
    payout = await till.payout(payout_id)
    minor = lots.choice([payout.amount_minor, payout.amount_minor, 1])
    kind = lots.choice([*MESSAGES, "payout.reversed"])
    message = payout_words.Message(f"evt-{lots.random()}", kind, payout.key, minor, "CNY", "gw-9")
    await till.house.desk.write(payout_words.hear_message, message)


async def _said(till: Till, reference: str, _: random.Random) -> None:
    await till.house.desk.write(payout_resolution.say_received, await till.house.vera(reference), reference)


async def _lapse(till: Till, payout_id: int, _: random.Random) -> None:
    await till.house.desk.write(payouts.lapse_approval, till.house.cast.chen, payout_id)


async def _short(till: Till, reference: str, _: random.Random) -> None:
    await till.house.desk.write(payouts.notice_short_fund, till.house.cast.chen, reference)


def _anybody(till: Till, lots: random.Random) -> Viewer:
    return lots.choice([till.house.cast.ma, till.house.cast.cai, till.house.cast.chen])


ACTS: tuple[Act, ...] = (
    lambda till, claim, lots: till.propose(claim, method=lots.choice(["cash", "original_route", "transfer"])),
    lambda till, claim, _: till.propose(claim, till.house.cast.cai, method="original_route", amount="30.00"),
    lambda till, claim, _: till.house.confirm(claim, "fast_refund"),
    lambda till, claim, lots: till.house.override(claim, lots.choice(["fast_refund", "docket"])),
    lambda till, claim, _: till.house.object_to(claim),
    lambda till, claim, _: till.house.withdraw(claim),
    lambda till, claim, _: till.house.reopen(claim),
    lambda till, claim, _: till.house.message(claim),
    *(_paying(lambda till, payout_id, lots: till.approve(payout_id, _anybody(till, lots))) for _ in range(3)),
    *(_paying(lambda till, payout_id, _: till.send(payout_id)) for _ in range(4)),
    _paying(lambda till, payout_id, _: till.receive(payout_id)),
    _paying(lambda till, payout_id, _: till.cancel(payout_id)),
    *(_paying(lambda till, payout_id, lots: till.resolve(payout_id, lots.choice(["settled", "failed"]), _anybody(till, lots)))
      for _ in range(3)),
    _paying(_message),
    _paying(_lapse),
    _said,
    _short,
)  # fmt: skip
