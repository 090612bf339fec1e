"""What the money model sees of the database after each step, and what must hold of it. Writes nothing.

The sums are made here once more, from SPEC 5.2 and 5.3, and not by the product's own functions.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, select

from desk.store.tables import metadata
from tests.worker.model_world import World

ACCOUNT, ENTRY, POSTING, PAYOUT, CLAIM, JOB, EVENT, MESSAGE, RECOVERY, NOTICE = (
    metadata.tables[name]
    for name in (
        "fund_account", "fund_entry", "fund_posting", "payout", "claim", "job", "event", "gateway_event", "recovery", "notice",
    )
)  # fmt: skip
IN_DOUBT = (NOTICE.c.kind == "gateway_contradicts") & NOTICE.c.closed_at.is_(None)
OPEN = ("awaiting_approval", "reserved", "sending", "awaiting_visitor", "unknown")
COUNTING = (*OPEN, "settled")
NOT_LEFT = ("awaiting_approval", "reserved", "cancelled")
HELD_IN = {
    "reserved": ("awaiting_approval", "reserved"), "in_transit": ("sending", "awaiting_visitor", "unknown"),
}  # fmt: skip
EDGES = {
    "awaiting_approval": {"reserved", "cancelled"},
    "reserved": {"sending", "cancelled", "awaiting_approval"},
    "sending": {"settled", "awaiting_visitor", "unknown", "failed", "reserved"},
    "awaiting_visitor": {"settled", "failed"},
    "unknown": {"settled", "awaiting_visitor", "failed", "sending"},
}
NEVER_NEGATIVE = ("available", "reserved", "in_transit", "deposit_held", "receivable", "deposit")
FIXED = ("claim_id", "key", "amount_minor", "decided_minor", "currency", "method", "payee_sealed", "payee_commitment")
WORKED_ON = {"sending": "send_payout", "unknown": "query_payout", "awaiting_visitor": "query_payout"}
"""The job that leads a gateway's payout out of its state."""

Account = tuple[int, str]


@dataclass(frozen=True)
class Seen:
    """The database at one moment; two that are equal differ in nothing that money, claims, jobs or the audit know.

    `doubted` is since when the gateway contradicts itself about a claim, `denied` the number and claim of each contradiction
    that nobody has looked at.
    """

    payouts: dict[int, Any]
    balances: dict[Account, int]
    postings: tuple[tuple[Account, Account, int], ...]
    claims: dict[int, str]
    jobs: dict[int, Any]
    recoveries: dict[int, Any]
    doubted: dict[int, datetime]
    denied: tuple[tuple[int, int], ...]
    written: tuple[int, ...]

    def of_claim(self, claim_id: int) -> list[Any]:
        """All payouts of a claim, oldest first."""
        return [row for row in self.payouts.values() if row.claim_id == claim_id]

    def standing(self, claim_id: int) -> list[Any]:
        """Those that are open, or settled and not returned."""
        return [row for row in self.of_claim(claim_id) if row.state in COUNTING and row.returned_at is None]


def look(conn: Connection) -> Seen:
    """See everything."""
    accounts = {row.id: (row.site_id, row.name) for row in conn.execute(select(ACCOUNT))}
    lines = conn.execute(select(POSTING).order_by(POSTING.c.id))
    return Seen(
        payouts=_by_id(conn, PAYOUT),
        balances={accounts[row.id]: row.balance_minor for row in conn.execute(select(ACCOUNT).order_by(ACCOUNT.c.id))},
        postings=tuple((accounts[line.debit_id], accounts[line.credit_id], line.amount_minor) for line in lines),
        claims={row.id: row.state for row in conn.execute(select(CLAIM.c.id, CLAIM.c.state))},
        jobs=_by_id(conn, JOB),
        recoveries={row.payout_id: row for row in conn.execute(select(RECOVERY).order_by(RECOVERY.c.payout_id))},
        doubted={row.claim_id: row.opened_at for row in conn.execute(select(NOTICE).where(IN_DOUBT))},
        denied=tuple(
            (row.number, row.claim_id)
            for row in conn.execute(
                select(MESSAGE.c.number, PAYOUT.c.claim_id)
                .join(PAYOUT, PAYOUT.c.id == MESSAGE.c.payout_id)
                .where(MESSAGE.c.why == "contradicts", MESSAGE.c.dismissed_at.is_(None))
                .order_by(MESSAGE.c.number)
            )
        ),
        written=tuple(conn.execute(select(func.count()).select_from(each)).scalar_one() for each in (ENTRY, EVENT, MESSAGE)),
    )


def check_books(seen: Seen) -> None:
    """SPEC 5.3: the identity is 0, every balance is its postings, nothing is below zero, and money is where its payout is."""
    for site in {site for site, _ in seen.balances}:
        assert sum(-minor if _owed(name) else minor for (at, name), minor in seen.balances.items() if at == site) == 0
    again: Counter[Account] = Counter()
    for debit, credit, minor in seen.postings:
        again[debit] += -minor if _owed(debit[1]) else minor
        again[credit] -= -minor if _owed(credit[1]) else minor
    assert dict(again) == seen.balances
    assert all(minor >= 0 for (_, name), minor in seen.balances.items() if _kind(name) in NEVER_NEGATIVE)
    for account, states in HELD_IN.items():
        held = sum(minor for (_, name), minor in seen.balances.items() if _kind(name) == account)
        assert held == sum(row.amount_minor for row in seen.payouts.values() if row.state in states), account
    settled = {number: row for number, row in seen.payouts.items() if row.state == "settled"}
    assert settled.keys() == seen.recoveries.keys()
    back = sum(row.recovered_minor + row.written_off_minor for row in seen.recoveries.values())
    owed = sum(minor for (_, name), minor in seen.balances.items() if _kind(name) == "receivable")
    assert owed == sum(row.amount_minor for row in settled.values()) - back
    given_up = sum(minor for (_, name), minor in seen.balances.items() if name == "written_off")
    assert given_up == sum(row.written_off_minor for row in seen.recoveries.values())


def check_moves(before: Seen, now: Seen) -> set[tuple[str, str]]:
    """Along the edges of SPEC 5.5 only; what has ended or was fixed stays; one payout at a time. RELIABILITY I05, I07, I09.

    Returns the edges that were gone along.
    """
    gone = set[tuple[str, str]]()
    for payout_id, was in before.payouts.items():
        row = now.payouts[payout_id]
        cash_sent = (was.method, was.state, row.state) == ("cash", "reserved", "awaiting_visitor")
        # Held back before a call, and put before a second officer in the same breath.
        doubted = (was.state, row.state, was.calling, was.unknown_since) == ("sending", "awaiting_approval", False, None)
        together = cash_sent or (doubted and row.claim_id in now.doubted)
        assert row.state == was.state or row.state in EDGES.get(was.state, ()) or together, (was.state, row.state)
        gone |= {(was.state, row.state)} - {(was.state, was.state)}
        assert [getattr(row, name) for name in FIXED] == [getattr(was, name) for name in FIXED]
    for claim_id in now.claims:
        assert len(now.standing(claim_id)) <= 1
    assert len({row.key for row in now.payouts.values()}) == len(now.payouts)
    return gone


def check_world(now: Seen, world: World) -> None:
    """Every key is paid once at most, every claim too, and the books say what the world did wherever it is known."""
    assert all(times <= 1 for times in world.paid.values()), world.paid
    for claim_id in now.claims:
        assert sum(world.paid[row.key] for row in now.of_claim(claim_id)) <= 1
    for row in now.payouts.values():
        if row.state == "settled":
            assert world.paid[row.key] == 1
        elif row.state in ("failed", *NOT_LEFT):
            assert world.paid[row.key] == 0, row.state
            assert not world.awaits(row.key), row.state


def check_jobs(now: Seen) -> None:
    """Nothing that waits for a gateway is forgotten: a job that is open sends it or asks for it."""
    for row in now.payouts.values():
        kind = WORKED_ON.get(row.state) if row.method != "cash" else None
        assert kind is None or any(
            job.kind == kind and job.payload["payout"] == str(row.id) for job in now.jobs.values() if _is_open(job)
        ), row.state


def _is_open(job: Any) -> bool:  # noqa: ANN401 - a row
    return job.done_at is None and job.set_aside_at is None


def _by_id(conn: Connection, table: Table) -> dict[int, Any]:
    return {row.id: row for row in conn.execute(select(table).order_by(table.c.id))}


def _kind(name: str) -> str:
    return name.partition(":")[0]


def _owed(name: str) -> bool:
    """Whose money it is grows by credits; where it is, by debits."""
    return _kind(name) in ("source", "deposit")
