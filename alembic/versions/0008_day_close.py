"""Closing a cashier's day, and notices about a site: its fund runs low."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OF_CLAIMS = "'fund_short', 'payout_stuck', 'payout_unknown', 'payout_lost', 'payout_returned', 'gateway_contradicts'"
_CLOSED, _LOW = "SELECT 1 FROM day_close", "SELECT 1 FROM notice WHERE claim_id IS NULL"


def upgrade() -> None:
    """Apply."""
    _day_close()
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.create_index(
            "ix_payout_settled",
            ["site_id", "sent_by", "method", "settled_at"],
            unique=False,
            sqlite_where=sa.text("state = 'settled'"),
            postgresql_where=sa.text("state = 'settled'"),
        )
    with op.batch_alter_table("fund_entry", schema=None) as batch_op:
        batch_op.create_index("ix_fund_entry_pace", ["site_id", "kind", "posted_at"], unique=False)
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.alter_column("claim_id", existing_type=sa.BigInteger(), nullable=True)
        batch_op.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({_OF_CLAIMS}, 'fund_low')")
        batch_op.create_check_constraint(op.f("ck_notice_of_claim_or_site"), "(claim_id IS NULL) = (kind = 'fund_low')")
        batch_op.create_check_constraint(op.f("ck_notice_payout_has_claim"), "claim_id IS NOT NULL OR payout_id IS NULL")
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "uq_notice_open_at_site",
            ["site_id", "kind"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL AND claim_id IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND claim_id IS NULL"),
        )


def downgrade() -> None:
    """Undo. Raises RuntimeError where a day was closed or a fund ran low: the older program cannot tell of it any more."""
    if any(op.get_bind().execute(sa.text(told)).first() for told in (_CLOSED, _LOW)):
        msg = "days were closed or notices of a low fund opened: restore the backup made before the upgrade instead"
        raise RuntimeError(msg)
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_open_at_site",
            sqlite_where=sa.text("closed_at IS NULL AND claim_id IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL AND claim_id IS NULL"),
        )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_payout_has_claim"), type_="check")
        batch_op.drop_constraint(op.f("ck_notice_of_claim_or_site"), type_="check")
        batch_op.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({_OF_CLAIMS})")
        batch_op.alter_column("claim_id", existing_type=sa.BigInteger(), nullable=False)
    with op.batch_alter_table("fund_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_fund_entry_pace")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_payout_settled", sqlite_where=sa.text("state = 'settled'"), postgresql_where=sa.text("state = 'settled'")
        )
    op.drop_table("day_close_line")
    op.drop_table("day_close")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False)


def _day_close() -> None:
    op.create_table(
        "day_close",
        _id(),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("from_at", UtcDateTime(), nullable=False),
        sa.Column("until_at", UtcDateTime(), nullable=False),
        sa.Column("expected_minor", sa.BigInteger(), nullable=False),
        sa.Column("counted_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("method IN ('cash', 'original_route', 'transfer')", name=op.f("ck_day_close_method_known")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_day_close_reason_length")),
        sa.CheckConstraint("expected_minor > 0 AND counted_minor >= 0", name=op.f("ck_day_close_amounts_sound")),
        sa.CheckConstraint(
            "counted_minor = expected_minor OR reason IS NOT NULL", name=op.f("ck_day_close_difference_explained")
        ),
        sa.CheckConstraint("from_at <= until_at", name=op.f("ck_day_close_in_order")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_day_close_site_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_day_close_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close")),
    )
    with op.batch_alter_table("day_close", schema=None) as batch_op:
        batch_op.create_index("ix_day_close_site_id", ["site_id", "id"], unique=False)
    op.create_table(
        "day_close_line",
        _id(),
        sa.Column("day_close_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["day_close_id"], ["day_close.id"], name=op.f("fk_day_close_line_day_close_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_day_close_line_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close_line")),
        sa.UniqueConstraint("payout_id", name=op.f("uq_day_close_line_payout_id")),
    )
    with op.batch_alter_table("day_close_line", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_day_close_line_day_close_id"), ["day_close_id"], unique=False)
