"""Refunds that the bank sent back: what officers say of them, and the notice that tells of one."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BEFORE = ("fund_short", "payout_stuck", "payout_unknown", "payout_lost", "gateway_contradicts")
AFTER = ("fund_short", "payout_stuck", "payout_unknown", "payout_lost", "payout_returned", "gateway_contradicts")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "bank_return",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("said_by", sa.BigInteger(), nullable=False),
        sa.Column("said_at", UtcDateTime(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("agreed_by", sa.BigInteger(), nullable=True),
        sa.Column("agreed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(evidence) <= 2000", name=op.f("ck_bank_return_evidence_length")),
        sa.CheckConstraint("agreed_by <> said_by", name=op.f("ck_bank_return_two_persons")),
        sa.CheckConstraint("(agreed_by IS NULL) = (agreed_at IS NULL)", name=op.f("ck_bank_return_agreed_whole")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_bank_return_claim_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_bank_return_payout_id")),
        sa.ForeignKeyConstraint(["said_by"], ["officer.id"], name=op.f("fk_bank_return_said_by")),
        sa.ForeignKeyConstraint(["agreed_by"], ["officer.id"], name=op.f("fk_bank_return_agreed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_return")),
        sa.UniqueConstraint("payout_id", name=op.f("uq_bank_return_payout_id")),
    )
    op.create_index(op.f("ix_bank_return_claim_id"), "bank_return", ["claim_id"])
    _notices(AFTER)


def downgrade() -> None:
    """Undo. Notices of returns are dropped: the older program cannot show them."""
    op.execute("DELETE FROM notice WHERE kind = 'payout_returned'")
    _notices(BEFORE)
    op.drop_table("bank_return")


def _notices(kinds: tuple[str, ...]) -> None:
    """Let notices be of these kinds."""
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({', '.join(repr(kind) for kind in kinds)})")
