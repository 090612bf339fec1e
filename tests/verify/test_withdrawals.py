"""What verify says of money taken out of a fund, told apart by its words, and how often it asks however much there is."""

from collections.abc import Callable, Iterator
from time import perf_counter

import pytest
from sqlalchemy import Connection, event, insert, select

from desk.domain.audit import EventKind
from desk.reads.verify import withdrawals
from desk.store.engines import plain_engine
from desk.store.tables import metadata
from tests.verify.breaking import broken, by, red, unguarded
from tests.verify.story import Story

WITHDRAWAL, ENTRY, POSTING, EVENT = (metadata.tables[name] for name in ("withdrawal", "fund_entry", "fund_posting", "event"))
CHECKS: tuple[tuple[Callable[[Connection], Iterator[str]], int], ...] = (
    (withdrawals.i32_what_left_was_agreed_to, 1),
    (withdrawals.i32_what_was_agreed_to_left, 1),
    (withdrawals.i32_withdrawals_are_what_the_chain_tells, 2),
    (withdrawals.i03_nobody_got_back_more_than_they_paid, 2),
)
MANY = 3_000


def test_a_merchant_who_got_back_more_than_they_paid_is_found(story_kept: tuple[str, Story]) -> None:
    less = """UPDATE recovery SET recovered_minor = recovered_minor - 700, returned_minor = returned_minor + 700
        WHERE payout_id = {bounced_payout}"""
    found = red(broken(*story_kept, by(less)))
    assert set(found) == {"I03"}
    assert "a merchant was given back more than they had paid in error" in found["I03"]


def test_another_merchant_than_two_persons_said_is_found(story_kept: tuple[str, Story]) -> None:
    another = (
        "UPDATE withdrawal SET respondent_id = (SELECT max(id) FROM respondent WHERE id <> respondent_id) WHERE note = '退还商家'"
    )
    found = red(broken(*story_kept, by(another)))
    assert set(found) == {"I03", "I32"}
    assert "the chain tells of it otherwise" in found["I32"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("payer = 'government'", "took money out as no two persons agreed to"),
        ("amount_minor = 1", "took money out as no two persons agreed to"),
        ("entry_id = NULL, approved_at = NULL, approved_by = NULL", "its row does not say so"),
    ],
)
def test_each_side_is_told_by_what_it_lacks(story_kept: tuple[str, Story], change: str, said: str) -> None:
    found = red(broken(*story_kept, by(f"UPDATE withdrawal SET {change} WHERE note = '退回景区'")))
    assert set(found) == {"I32"}
    assert said in found["I32"]


def test_many_withdrawals_cost_no_more_questions_than_few(told: tuple[str, Story]) -> None:
    few = counted(told[0])
    with unguarded(told[0]) as conn:
        many_more(conn)
    assert counted(told[0]) == few == [number for _, number in CHECKS]
    begun = perf_counter()
    assert [problem for check, _ in CHECKS for problem in asked(told[0], check)] == []
    assert perf_counter() - begun < 5


def counted(url: str) -> list[int]:
    """How many statements each check runs."""
    engine, seen = plain_engine(url), list[str]()
    event.listen(engine, "before_cursor_execute", lambda *told: seen.append(told[2]))
    found = list[int]()
    with engine.connect() as conn:
        for check, _ in CHECKS:
            seen.clear()
            assert list(check(conn)) == []
            found.append(len([one for one in seen if one.lstrip().upper().startswith("SELECT")]))
    engine.dispose()
    return found


def asked(url: str, check: Callable[[Connection], Iterator[str]]) -> list[str]:
    """What one check finds."""
    engine = plain_engine(url)
    with engine.connect() as conn:
        found = list(check(conn))
    engine.dispose()
    return found


def many_more(conn: Connection) -> None:
    """Thousands of withdrawals more, each with its entry, line and events, as the one that was agreed to."""
    row = conn.execute(select(WITHDRAWAL).where(WITHDRAWAL.c.note == "退回景区")).mappings().one()
    entry = conn.execute(select(ENTRY).where(ENTRY.c.id == row["entry_id"])).mappings().one()
    line = conn.execute(select(POSTING).where(POSTING.c.entry_id == row["entry_id"])).mappings().one()
    kinds = (EventKind.WITHDRAWAL_PROPOSED, EventKind.WITHDRAWAL_APPROVED)
    mine = select(EVENT).where(EVENT.c.kind.in_(kinds), EVENT.c.data.contains(str(row["id"])))
    told = conn.execute(mine.order_by(EVENT.c.seq)).mappings().all()
    numbers = range(1, MANY + 1)
    conn.execute(insert(ENTRY), [{**entry, "id": number} for number in numbers])
    conn.execute(insert(POSTING), [{**line, "id": number, "entry_id": number} for number in numbers])
    conn.execute(insert(WITHDRAWAL), [{**row, "id": number, "entry_id": number} for number in numbers])
    conn.execute(insert(EVENT), [
        {**one, "id": 2 * number + place, "seq": 10_000 + 2 * number + place, "prev_hash": f"{number}-{place}".encode().ljust(32),
         "data": one["data"].replace(str(row["id"]), str(number)).replace(str(row["entry_id"]), str(number))}
        for number in numbers for place, one in enumerate(told)
    ])  # fmt: skip
