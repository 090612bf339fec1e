"""When each running clock must next be seen to, and whom its reminders told."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SEEN_TO = "next_at IS NULL OR (state = 'running' AND NOT provisional)"
_NEXT = {"sqlite_where": sa.text("next_at IS NOT NULL"), "postgresql_where": sa.text("next_at IS NOT NULL")}
_RUNNING = {"sqlite_where": sa.text("state = 'running'"), "postgresql_where": sa.text("state = 'running'")}
_OPEN = {"sqlite_where": sa.text("ended_at IS NULL"), "postgresql_where": sa.text("ended_at IS NULL")}
_ROLES = "'intake', 'cashier', 'mediator', 'manager', 'auditor', 'admin'"


def upgrade() -> None:
    """Apply. Clocks that run already have no ladder; each is looked at when it is due, or at once where that is past."""
    with op.batch_alter_table("clock") as batch:
        batch.drop_index("ix_clock_running", **_RUNNING)
        batch.add_column(sa.Column("next_at", UtcDateTime(), nullable=True))
        batch.create_check_constraint(op.f("ck_clock_seen_to_while_running"), _SEEN_TO)
        batch.create_index("ix_clock_next", ["next_at", "claim_id"], unique=False, **_NEXT)
    op.execute("UPDATE clock SET next_at = due_at WHERE state = 'running' AND NOT provisional")
    op.create_table(
        "clock_reminder",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"role IN ({_ROLES})", name=op.f("ck_clock_reminder_role_known")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_clock_reminder_site_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_clock_reminder_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_reminder")),
        sa.UniqueConstraint(
            "claim_id", "kind", "due_at", "minutes", "role", name=op.f("uq_clock_reminder_claim_id_kind_due_at_minutes_role")
        ),
    )
    op.create_index("ix_clock_reminder_open", "clock_reminder", ["site_id", "role", "due_at", "id"], unique=False, **_OPEN)


def downgrade() -> None:
    """Undo. What was told is forgotten; what was missed is not."""
    op.drop_table("clock_reminder")
    with op.batch_alter_table("clock") as batch:
        batch.drop_index("ix_clock_next", **_NEXT)
        batch.drop_constraint(op.f("ck_clock_seen_to_while_running"), type_="check")
        batch.drop_column("next_at")
        batch.create_index("ix_clock_running", ["due_at", "id"], unique=False, **_RUNNING)
