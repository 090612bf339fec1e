"""Breaking the books and the payouts behind the desk's back, so that nothing but one invariant is broken."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from desk.actions import payouts
from desk.actions.payout_moves import hold_for_desk, move
from desk.actions.steps import CALENDAR, event_by, record
from desk.domain.audit import EventKind
from desk.domain.fund import AVAILABLE, RECOVERED_IN_ERROR, EntryKind, Posting
from desk.domain.payout import Method, PayoutStep
from desk.domain.policy import Viewer
from desk.ports import SealedPerson, Work
from desk.store import events
from desk.store import fund as books
from desk.store.fund import Booked, account_id
from desk.store.tables import metadata
from tests.builders import officer
from tests.cast import POSTS
from tests.verify.breaking import KIT, Breakage, by, forged
from tests.verify.story import TOLD_AT, Story

FUND_ACCOUNT, ENTRY, POSTING = (metadata.tables[name] for name in ("fund_account", "fund_entry", "fund_posting"))
PAYOUT, PERSON, OFFICER, CLAIM = (metadata.tables[name] for name in ("payout", "person", "officer", "claim"))
TOP_UP = "note = '第三季度'"
THE_LINE = f"entry_id = (SELECT id FROM fund_entry WHERE {TOP_UP})"
HOME = "site_id = (SELECT site_id FROM claim WHERE id = {paid_id})"
AWAY = "site_id = (SELECT site_id FROM claim WHERE id = {away_id})"


def stands(change: str, *names: str) -> Breakage:
    """Other balances on accounts of the first site: `stands("+ 1", "available")`."""
    listed = ", ".join(f"'{name}'" for name in names)
    return by(f"UPDATE fund_account SET balance_minor = balance_minor {change} WHERE {HOME} AND name IN ({listed})")


def answered(route: str, name: str, number: str, place: int = 5) -> Breakage:
    """An answer kept for another key: a JSON object with one number, asked for at a route."""
    values = f"{place}, actor, 'POST {route}', 'key-000{place}', fingerprint, '{{{{\"{name}\": \"{number}\"}}}}', answered_at"
    columns = "id, actor, route, key, fingerprint, answer, answered_at"
    return by(f"INSERT INTO idempotency_key ({columns}) SELECT {values} FROM idempotency_key WHERE key = 'key-0001'")


def in_dollars(*sides: str) -> Breakage:
    """These sides of the quarter's top-up on accounts in another currency, every balance moved with them."""

    def run(conn: Connection, story: Story) -> None:
        line = conn.execute(select(POSTING).join(ENTRY, ENTRY.c.id == POSTING.c.entry_id).where(ENTRY.c.note == "第三季度")).one()
        for column in (POSTING.c[f"{side}_id"] for side in sides):
            own = FUND_ACCOUNT.c.id == getattr(line, column.name)
            account = conn.execute(select(FUND_ACCOUNT).where(own)).one()
            dollars = account_id(account.site_id, "USD", account.name)
            opened = {"id": dollars, "site_id": account.site_id, "currency": "USD", "name": account.name}
            conn.execute(insert(FUND_ACCOUNT), opened | {"balance_minor": line.amount_minor})
            conn.execute(update(FUND_ACCOUNT).where(own).values(balance_minor=account.balance_minor - line.amount_minor))
            conn.execute(update(POSTING).where(POSTING.c.id == line.id).values({column.name: dollars}))

    return run


def unchecked(table: str, check: str) -> Breakage:
    """A CHECK gone; on SQLite none holds any more."""

    def run(conn: Connection, story: Story) -> None:
        sqlite = conn.dialect.name == "sqlite"
        conn.exec_driver_sql("PRAGMA ignore_check_constraints = ON" if sqlite else f"ALTER TABLE {table} DROP CONSTRAINT {check}")

    return run


def a_second_payout(conn: Connection, story: Story) -> None:
    """A second payout, whole in itself, proposed while the first one stands: the check and the index had gone."""
    conn.exec_driver_sql("DROP INDEX uq_payout_open")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("desk.store.payouts.stands", lambda *_: False)
        chen = _staff(conn, story, "chen")
        payouts.propose_payout(_work(conn), chen, story.references["reserved"], payouts.Proposal(Method.CASH))


def approved_by_the_confirmer(conn: Connection, story: Story) -> None:
    """The manager who decided a refund approves its payout too, and it leaves: the two-person rule had gone."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payouts, "is_second", lambda *_: True)
        payouts.approve_payout(_work(conn), _staff(conn, story, "ma"), story.payouts["reviewed"])
        payouts.send_payout(_work(conn), _staff(conn, story, "chen"), story.payouts["reviewed"])


def released_without_approval(conn: Connection, story: Story) -> None:
    """A payout whose approval has lapsed leaves all the same."""
    late = Work(conn, TOLD_AT + timedelta(days=9), KIT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payouts, "approval_holds", lambda *_: True)
        payouts.send_payout(late, _staff(conn, story, "chen"), story.payouts["approved"])


def sent_anew_after_it_was_lost(conn: Connection, story: Story) -> None:
    """A payout that had been unknown is said never to have left."""
    payout_id, began = story.payouts["sending"], TOLD_AT
    lost: dict[str, Any] = {"unknown_since": began, "first_sent_at": began, "queried_at": began}
    move(Work(conn, began, KIT), hold_for_desk(_work(conn), payout_id), PayoutStep.LOSE_TRACK, {"why": "test"}, **lost)
    again, told = Work(conn, began + timedelta(seconds=31), KIT), {"first_sent_at": began.isoformat()}
    sure = told | {"never_seen_since": began.isoformat()}
    move(again, hold_for_desk(again, payout_id), PayoutStep.SEND_AGAIN, sure)
    move(again, hold_for_desk(again, payout_id), PayoutStep.NEVER_LEFT)


def returned(name: str) -> Breakage:
    """A payout that never settled, and that the bank is said to have returned."""

    def run(conn: Connection, story: Story) -> None:
        payout_id, work = story.payouts[name], _work(conn)
        conn.execute(update(PAYOUT).where(PAYOUT.c.id == payout_id).values(returned_at=TOLD_AT))
        payout, held = conn.execute(select(PAYOUT).where(PAYOUT.c.id == payout_id)).one(), hold_for_desk(work, payout_id).held
        lines = (Posting(AVAILABLE, RECOVERED_IN_ERROR, payout.amount_minor),)
        books.post(work, held.site, EntryKind.PAYOUT_RETURNED, lines, Booked(payout_id))
        record(work, held, EventKind.PAYOUT_RETURNED, {"payout": str(payout_id), "amount_minor": payout.amount_minor})

    return run


def another_payee(conn: Connection, story: Story) -> None:
    """Somebody else's account sealed under the right key, without telling the chain."""
    claim_id, payout_id = story.ids["gateway"], story.payouts["gateway"]
    row = conn.execute(select(PERSON).where(PERSON.c.claim_id == claim_id)).one()
    person = SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment)
    other = KIT.sealer.reseal(claim_id, person, {"account": "6200009999999999", "name": "李四"})
    conn.execute(update(PAYOUT).where(PAYOUT.c.id == payout_id).values(payee_sealed=other.sealed))


def a_kept_promise_called_missed(conn: Connection, story: Story) -> None:
    """A missed promise written down, with its event, of a clock that was stopped in time."""
    claim_id, clock, breach = story.ids["paid"], metadata.tables["clock"], metadata.tables["clock_breach"]
    kept = conn.execute(select(clock).where(clock.c.claim_id == claim_id, clock.c.kind == "acceptance")).one()
    site_id = conn.execute(select(CLAIM.c.site_id).where(CLAIM.c.id == claim_id)).scalar_one()
    row = {"id": 5, "claim_id": claim_id, "site_id": site_id, "kind": kept.kind, "base_at": kept.base_at, "due_at": kept.due_at}
    conn.execute(insert(breach), {**row, "recorded_at": TOLD_AT})
    said = {"clock": kept.kind, "due_at": kept.due_at.isoformat()}
    events.append(conn, 5, event_by(CALENDAR, f"claim:{claim_id}", site_id, EventKind.CLOCK_BREACHED, TOLD_AT, said))


def acted_by(claim: str, which: EventKind | PayoutStep, name: str) -> Breakage:
    """An event of a claim's chain by another officer."""

    def run(conn: Connection, story: Story) -> None:
        forged(claim, which, actor=f"officer:{_officer_id(conn, name)}")(conn, story)

    return run


def _work(conn: Connection) -> Work:
    return Work(conn, TOLD_AT, KIT)


def _officer_id(conn: Connection, name: str) -> int:
    return int(conn.execute(select(OFFICER.c.id).where(OFFICER.c.name == name.title())).scalar_one())


def _staff(conn: Connection, story: Story, name: str) -> Viewer:
    site_id = conn.execute(select(CLAIM.c.site_id).where(CLAIM.c.id == story.ids["paid"])).scalar_one()
    return officer(_officer_id(conn, name), name, POSTS[name].role, site_id)
