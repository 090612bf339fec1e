"""What became of promises, counted by day and kept with each change; what was missed says at which site, since when, and why.

What happened before is counted here once, so that a report of an older desk's days tells the truth.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from desk.domain.clocks import Clock
from desk.domain.tally import PAID_FAST, Tallied, received, tallied
from desk.store.clocks import clock_of
from desk.store.columns import UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FATES = "'made', 'kept', 'missed', 'void', 'took', 'received'"
_CHECKS = {
    "reason_length": "length(reason) <= 2000",
    "explained_whole": "(reason IS NULL) = (explained_at IS NULL)",
    "explained_by_whom": "(explained_at IS NULL) = (explained_by IS NULL)",
}
_BLOCK = 1_000
_AS_TOLD = ("id", "claim_id", "kind", "state", "pack", "calendar", "provisional", "rule", "segments")
_TIMES = ("base_at", "due_at", "stopped_at")
_CLOCK = sa.table(
    "clock", *(sa.column(name, sa.JSON() if name in ("rule", "segments") else sa.Boolean() if name == "provisional" else None)
               for name in _AS_TOLD), *(sa.column(name, UtcDateTime()) for name in _TIMES),
)  # fmt: skip
_CLAIM = sa.table("claim", *(sa.column(name) for name in ("id", "site_id")))
_SITE = sa.table("site", *(sa.column(name) for name in ("id", "time_zone")))
_BREACH = sa.table("clock_breach", *(sa.column(name) for name in ("claim_id", "kind")), sa.column("due_at", UtcDateTime()))
_PAYOUT = sa.table("payout", sa.column("claim_id"), sa.column("settled_at", UtcDateTime()))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "promise_delta",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_promise_delta_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_delta")),
    )
    counted = op.create_table(
        "promise_count",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("pack", sa.String(80), nullable=False),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint(f"what IN ({_FATES})", name=op.f("ck_promise_count_what_known")),
        sa.CheckConstraint("number > 0", name=op.f("ck_promise_count_number_above_zero")),
        sa.CheckConstraint(
            "seconds >= 0 AND (seconds = 0 OR what IN ('took', 'received'))", name=op.f("ck_promise_count_seconds_of_a_time")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_promise_count_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_promise_count")),
        sa.UniqueConstraint(
            "site_id", "on_day", "kind", "pack", "what", "seconds",
            name=op.f("uq_promise_count_site_id_on_day_kind_pack_what_seconds"),
        ),
    )  # fmt: skip
    _misses()
    _count(counted)


def downgrade() -> None:
    """Undo. The reasons stay in the audit chain."""
    with op.batch_alter_table("clock_breach") as batch_op:
        batch_op.drop_index("ix_clock_breach_site")
        for name in _CHECKS:
            batch_op.drop_constraint(op.f(f"ck_clock_breach_{name}"), type_="check")
        batch_op.drop_constraint(op.f("fk_clock_breach_explained_by"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_clock_breach_site_id"), type_="foreignkey")
        for name in ("explained_at", "explained_by", "reason", "base_at", "site_id"):
            batch_op.drop_column(name)
    op.drop_table("promise_count")
    op.drop_table("promise_delta")


def _misses() -> None:
    """Site and beginning of every miss, from its claim and its clock."""
    with op.batch_alter_table("clock_breach") as batch_op:
        batch_op.add_column(sa.Column("site_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("base_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("explained_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("explained_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE clock_breach SET site_id = (SELECT site_id FROM claim WHERE claim.id = clock_breach.claim_id)")
    # The last one of its deadline is the one that missed it: an earlier one of the same deadline ended in time.
    op.execute(
        "UPDATE clock_breach SET base_at = COALESCE((SELECT max(clock.base_at) FROM clock WHERE "
        "clock.claim_id = clock_breach.claim_id AND clock.kind = clock_breach.kind AND clock.due_at = clock_breach.due_at), due_at)"
    )
    with op.batch_alter_table("clock_breach") as batch_op:
        batch_op.alter_column("site_id", nullable=False, existing_type=sa.BigInteger())
        batch_op.alter_column("base_at", nullable=False, existing_type=UtcDateTime())
        for name, condition in _CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_clock_breach_{name}"), condition)
        batch_op.create_foreign_key(op.f("fk_clock_breach_site_id"), "site", ["site_id"], ["id"])
        batch_op.create_foreign_key(op.f("fk_clock_breach_explained_by"), "officer", ["explained_by"], ["id"])
        batch_op.create_index("ix_clock_breach_site", ["site_id", "base_at", "id"], unique=False)


def _count(counted: sa.Table) -> None:
    """Count what there is, a block of claims at a time."""
    conn, found = op.get_bind(), Counter[tuple[int, Tallied]]()
    zones = {row.id: ZoneInfo(row.time_zone) for row in conn.execute(sa.select(_SITE))}
    for block in _blocks(conn):
        found.update(_of_block(conn, block, zones))
    rows = [
        {"id": number, "site_id": site_id, "on_day": one.on, "kind": one.kind, "pack": one.pack, "what": one.what.value,
         "seconds": one.seconds, "number": count}
        for number, ((site_id, one), count) in enumerate(sorted(found.items()), start=1)
    ]  # fmt: skip
    for first in range(0, len(rows), _BLOCK):
        conn.execute(sa.insert(counted), rows[first : first + _BLOCK])


def _blocks(conn: sa.Connection) -> Iterator[dict[int, int]]:
    """Claims with their sites, in the order of their ids."""
    last = -1
    while True:
        query = sa.select(_CLAIM).where(_CLAIM.c.id > last).order_by(_CLAIM.c.id).limit(_BLOCK)
        block = {row.id: row.site_id for row in conn.execute(query)}
        if not block:
            return
        yield block
        last = max(block)


def _of_block(conn: sa.Connection, block: dict[int, int], zones: dict[int, ZoneInfo]) -> Counter[tuple[int, Tallied]]:
    missed, clocks = defaultdict[int, set[tuple[str, datetime]]](set), defaultdict[int, list[Clock]](list)
    between = (min(block), max(block))
    for row in conn.execute(sa.select(_BREACH).where(_BREACH.c.claim_id.between(*between))):
        missed[row.claim_id].add((row.kind, row.due_at))
    for row in conn.execute(sa.select(_CLOCK).where(_CLOCK.c.claim_id.between(*between))):
        told: Any = row
        clocks[row.claim_id].append(clock_of(told))
    found = Counter[tuple[int, Tallied]]()
    for claim_id, of_claim in clocks.items():
        site_id = block[claim_id]
        for clock in of_claim:
            found.update({(site_id, one): n for one, n in tallied(clock, zones[site_id], missed[claim_id]).items()})
    for claim_id, at in _received(conn, between):
        site_id = block[claim_id]
        begun = [clock for clock in clocks[claim_id] if clock.kind == PAID_FAST and clock.base_at <= at]
        if begun:
            found[site_id, received(max(begun, key=lambda clock: clock.base_at), zones[site_id], at)] += 1
    return found


def _received(conn: sa.Connection, between: tuple[int, int]) -> Iterator[tuple[int, datetime]]:
    """When each payout of these claims was received."""
    query = sa.select(_PAYOUT).where(_PAYOUT.c.claim_id.between(*between), _PAYOUT.c.settled_at.is_not(None))
    yield from ((row.claim_id, row.settled_at.astimezone(UTC)) for row in conn.execute(query))
