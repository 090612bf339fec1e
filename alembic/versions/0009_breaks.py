"""Breaks between books and statement, which freeze their site's sends; keys of the statement as long as a gateway may tell them."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GUARD = {"name": "payout_never_leaves_while_stopped"}
_KINDS = "'fund_short', 'payout_stuck', 'payout_unknown', 'payout_lost', 'payout_returned', 'gateway_contradicts', 'fund_low'"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "statement_break",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(24), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("gateway_id", sa.String(128), nullable=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("booked_minor", sa.BigInteger(), nullable=True),
        sa.Column("booked_currency", sa.String(3), nullable=True),
        sa.Column("told_minor", sa.BigInteger(), nullable=True),
        sa.Column("told_currency", sa.String(3), nullable=True),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_by", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('missing_on_statement', 'missing_in_books', 'amount_differs', 'paid_twice', 'id_differs')",
            name=op.f("ck_statement_break_kind_known"),
        ),
        sa.CheckConstraint("length(resolution) <= 2000", name=op.f("ck_statement_break_resolution_length")),
        sa.CheckConstraint("(site_id IS NULL) = (payout_id IS NULL)", name=op.f("ck_statement_break_site_of_payout")),
        sa.CheckConstraint("(payout_id IS NULL) = (booked_minor IS NULL)", name=op.f("ck_statement_break_booked_whole")),
        sa.CheckConstraint(
            "(booked_minor IS NULL) = (booked_currency IS NULL)", name=op.f("ck_statement_break_booked_with_currency")
        ),
        sa.CheckConstraint("(told_minor IS NULL) = (told_currency IS NULL)", name=op.f("ck_statement_break_told_with_currency")),
        sa.CheckConstraint("(gateway_id IS NULL) = (told_minor IS NULL)", name=op.f("ck_statement_break_told_whole")),
        sa.CheckConstraint(
            "(kind = 'missing_on_statement') = (gateway_id IS NULL)", name=op.f("ck_statement_break_line_unless_missing")
        ),
        sa.CheckConstraint(
            "kind IN ('missing_in_books', 'paid_twice') OR payout_id IS NOT NULL",
            name=op.f("ck_statement_break_payout_unless_unknown"),
        ),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolved_by IS NULL)", name=op.f("ck_statement_break_resolved_whole")),
        sa.CheckConstraint("(resolved_at IS NULL) = (resolution IS NULL)", name=op.f("ck_statement_break_resolved_with_reason")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_statement_break_site_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_statement_break_payout_id")),
        sa.ForeignKeyConstraint(["resolved_by"], ["officer.id"], name=op.f("fk_statement_break_resolved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_break")),
    )
    _indexes()
    guard = _without_guard()
    with op.batch_alter_table("send_stop") as batch_op:
        batch_op.add_column(sa.Column("cause", sa.String(8), nullable=False, server_default="manager"))
        batch_op.create_check_constraint(op.f("ck_send_stop_cause_known"), "cause IN ('manager', 'break')")
        batch_op.create_check_constraint(op.f("ck_send_stop_break_is_nobodys"), "cause <> 'break' OR stopped_by IS NULL")
    with op.batch_alter_table("send_stop") as batch_op:
        batch_op.alter_column("cause", server_default=None)
    _guard_again(guard)
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.alter_column("key", type_=sa.String(128), existing_type=sa.String(64), existing_nullable=False)
    _notices(f"{_KINDS}, 'statement_break'")


def downgrade() -> None:
    """Undo. Raises RuntimeError where a break was ever found: the older program would know nothing of it."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM statement_break")).first() is not None:
        msg = "breaks were found between books and statement: the older program would forget them"
        raise RuntimeError(msg)
    _notices(_KINDS)
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.alter_column("key", type_=sa.String(64), existing_type=sa.String(128), existing_nullable=False)
    guard = _without_guard()
    with op.batch_alter_table("send_stop") as batch_op:
        batch_op.drop_constraint(op.f("ck_send_stop_break_is_nobodys"), type_="check")
        batch_op.drop_constraint(op.f("ck_send_stop_cause_known"), type_="check")
        batch_op.drop_column("cause")
    _guard_again(guard)
    op.drop_table("statement_break")


def _without_guard() -> str | None:
    """SQLite makes the table anew, and a trigger that reads it must be away meanwhile; how it is written."""
    if op.get_bind().dialect.name == "postgresql":
        return None
    written = op.get_bind().execute(sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"), _GUARD)
    guard = str(written.scalar_one())
    op.execute("DROP TRIGGER payout_never_leaves_while_stopped")
    return guard


def _guard_again(guard: str | None) -> None:
    if guard is not None:
        op.execute(guard)


def _notices(kinds: str) -> None:
    with op.batch_alter_table("notice") as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({kinds})")


def _indexes() -> None:
    of_line, of_payout, still_open = (
        sa.text(condition) for condition in ("gateway_id IS NOT NULL", "gateway_id IS NULL", "resolved_at IS NULL")
    )
    with op.batch_alter_table("statement_break") as batch_op:
        batch_op.create_index("ix_statement_break_site_id", ["site_id", "id"], unique=False)
        batch_op.create_index("ix_statement_break_payout_id", ["payout_id"], unique=False)
        batch_op.create_index(
            "uq_statement_break_line", ["kind", "gateway_id"], unique=True, sqlite_where=of_line, postgresql_where=of_line
        )
        batch_op.create_index(
            "uq_statement_break_payout", ["kind", "key"], unique=True, sqlite_where=of_payout, postgresql_where=of_payout
        )
        batch_op.create_index(
            "ix_statement_break_open", ["site_id"], unique=False, sqlite_where=still_open, postgresql_where=still_open
        )
