"""Recoveries: what respondents owe for settled payouts, and what was done about it. Payouts settled before get theirs."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_SATURDAY, _YEARS = 5, 3
_SETTLED = """
SELECT payout.id, payout.claim_id, payout.site_id, payout.currency, payout.amount_minor, payout.settled_at, site.time_zone,
  account.name AS receivable,
  (SELECT basis FROM assessment WHERE assessment.claim_id = payout.claim_id ORDER BY seq DESC LIMIT 1) AS basis
FROM payout JOIN site ON site.id = payout.site_id
JOIN fund_entry AS entry ON entry.payout_id = payout.id AND entry.kind = 'payout_settled'
JOIN fund_posting AS posting ON posting.entry_id = entry.id
JOIN fund_account AS account ON account.id = posting.debit_id
WHERE payout.state = 'settled' AND payout.returned_at IS NULL
ORDER BY payout.id
"""


def _lapses_at(settled_at: datetime, zone: ZoneInfo) -> datetime:
    """Three years, as every pack of that time has it; no later holiday was published that could move the last day on."""
    began = settled_at.astimezone(zone).date()
    try:
        last = began.replace(year=began.year + _YEARS)
    except ValueError:
        last = date(began.year + _YEARS, 2, 28)
    while last.weekday() >= _SATURDAY:
        last += timedelta(days=1)
    return (datetime.combine(last + timedelta(days=1), time(), zone) - timedelta(seconds=1)).astimezone(UTC)


def _row(found: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of _SETTLED
    respondent = int(found.receivable.partition(":")[2])
    return {
        "payout_id": found.id, "claim_id": found.claim_id, "site_id": found.site_id, "respondent_id": respondent or None,
        "basis": found.basis, "currency": found.currency, "amount_minor": found.amount_minor, "recovered_minor": 0,
        "written_off_minor": 0, "returned_minor": 0, "state": "opened", "opened_at": found.settled_at, "demanded_at": None,
        "lapses_at": _lapses_at(found.settled_at, ZoneInfo(found.time_zone)), "ended_at": None,
    }  # fmt: skip


def _open_for_the_settled() -> None:
    settled = sa.text(_SETTLED).columns(settled_at=UtcDateTime())
    rows = [_row(found) for found in op.get_bind().execute(settled)]
    if rows:
        columns = [sa.column(name, UtcDateTime() if name.endswith("_at") else None) for name in rows[0]]
        op.bulk_insert(sa.table("recovery", *columns), rows)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "recovery",
        sa.Column("payout_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=True),
        sa.Column("basis", sa.String(length=20), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("recovered_minor", sa.BigInteger(), nullable=False),
        sa.Column("written_off_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("demanded_at", UtcDateTime(), nullable=True),
        sa.Column("lapses_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('recovered', 'deposit_used', 'written_off', 'returned')) = (ended_at IS NOT NULL)",
            name=op.f("ck_recovery_ended_at_when_ended"),
        ),
        sa.CheckConstraint(
            "(state IN ('recovered', 'deposit_used', 'written_off', 'returned')) = (recovered_minor + written_off_minor + returned_minor = amount_minor)",
            name=op.f("ck_recovery_ended_when_nothing_open"),
        ),
        sa.CheckConstraint(
            "basis IN ('tourism_law_54', 'consumer_law_40', 'consumer_law_43', 'consumer_law_44', 'undertaking', 'assignment', 'none')",
            name=op.f("ck_recovery_basis_known"),
        ),
        sa.CheckConstraint(
            "state IN ('opened', 'demanded', 'accepted', 'contested', 'instalments', 'recovered', 'deposit_used', 'written_off', 'returned')",
            name=op.f("ck_recovery_state_known"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_recovery_amount_above_zero")),
        sa.CheckConstraint(
            "recovered_minor + written_off_minor + returned_minor <= amount_minor", name=op.f("ck_recovery_parts_within_amount")
        ),
        sa.CheckConstraint(
            "recovered_minor >= 0 AND written_off_minor >= 0 AND returned_minor >= 0", name=op.f("ck_recovery_parts_not_negative")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_recovery_claim_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_recovery_payout_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_recovery_respondent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_recovery_site_id")),
        sa.PrimaryKeyConstraint("payout_id", name=op.f("pk_recovery")),
    )
    with op.batch_alter_table("recovery", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_claim_id", ["claim_id"], unique=False)
        batch_op.create_index(
            "ix_recovery_open",
            ["site_id", "opened_at", "payout_id"],
            unique=False,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_recovery_respondent_id", ["respondent_id", "opened_at", "payout_id"], unique=False)
        batch_op.create_index("ix_recovery_site_id", ["site_id", "opened_at", "payout_id"], unique=False)

    op.create_table(
        "recovery_decision",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("refused_by", sa.BigInteger(), nullable=True),
        sa.Column("refused_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('write_off', 'reduce', 'void')", name=op.f("ck_recovery_decision_kind_known")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_recovery_decision_approved_whole")),
        sa.CheckConstraint("(refused_by IS NULL) = (refused_at IS NULL)", name=op.f("ck_recovery_decision_refused_whole")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_recovery_decision_amount_above_zero")),
        sa.CheckConstraint("approved_at IS NULL OR refused_at IS NULL", name=op.f("ck_recovery_decision_ended_once")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_recovery_decision_two_persons")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_recovery_decision_reason_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_recovery_decision_approved_by")),
        sa.ForeignKeyConstraint(["payout_id"], ["recovery.payout_id"], name=op.f("fk_recovery_decision_payout_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["officer.id"], name=op.f("fk_recovery_decision_proposed_by")),
        sa.ForeignKeyConstraint(["refused_by"], ["officer.id"], name=op.f("fk_recovery_decision_refused_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_decision")),
    )
    with op.batch_alter_table("recovery_decision", schema=None) as batch_op:
        batch_op.create_index("ix_recovery_decision_payout_id", ["payout_id", "id"], unique=False)
        batch_op.create_index(
            "uq_recovery_decision_open",
            ["payout_id"],
            unique=True,
            sqlite_where=sa.text("approved_at IS NULL AND refused_at IS NULL"),
            postgresql_where=sa.text("approved_at IS NULL AND refused_at IS NULL"),
        )

    op.create_table(
        "recovery_demand",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("pay_by_on", sa.Date(), nullable=False),
        sa.Column("demanded_by", sa.BigInteger(), nullable=False),
        sa.Column("demanded_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("open_minor > 0 AND number > 0", name=op.f("ck_recovery_demand_asks_for_something")),
        sa.ForeignKeyConstraint(["demanded_by"], ["officer.id"], name=op.f("fk_recovery_demand_demanded_by")),
        sa.ForeignKeyConstraint(["payout_id"], ["recovery.payout_id"], name=op.f("fk_recovery_demand_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_demand")),
        sa.UniqueConstraint("payout_id", "number", name=op.f("uq_recovery_demand_payout_id_number")),
    )
    op.create_table(
        "recovery_instalment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_recovery_instalment_amount_above_zero")),
        sa.ForeignKeyConstraint(["payout_id"], ["recovery.payout_id"], name=op.f("fk_recovery_instalment_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_instalment")),
        sa.UniqueConstraint("payout_id", "plan", "position", name=op.f("uq_recovery_instalment_payout_id_plan_position")),
    )

    _open_for_the_settled()


def downgrade() -> None:
    """Undo. Raises RuntimeError where anything was demanded, recovered or given up: the older program would not know it."""
    touched = "SELECT 1 FROM recovery WHERE state <> 'opened' OR recovered_minor + written_off_minor > 0"
    if op.get_bind().execute(sa.text(touched)).first() is not None:
        msg = "something was demanded, recovered or written off: the older program does not know recoveries"
        raise RuntimeError(msg)
    for table in ("recovery_decision", "recovery_instalment", "recovery_demand", "recovery"):
        op.drop_table(table)
