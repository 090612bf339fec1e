"""Alerts of sites and merchants, rectification notices, and a short way to a merchant's newest claims."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LEVELS = "'blue', 'yellow', 'orange', 'red'"
_TASKS = "'look_into', 'talk', 'rectify', 'report'"


def upgrade() -> None:
    """Apply. The index of a claim's respondent is exchanged for one in the order of time: a lodging writes no more than before."""
    _alert()
    _rectification()
    _answer()
    op.drop_index("ix_claim_respondent_id", "claim")
    op.create_index("ix_claim_respondent", "claim", ["respondent_id", "received_at"], unique=False)
    op.create_index("ix_clock_breach_recorded", "clock_breach", ["site_id", "recorded_at"], unique=False)


def downgrade() -> None:
    """Undo. Raises RuntimeError where anything was ever at an alert level: the chain would tell of what no row has."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM alert")).first() is not None:
        msg = "sites or merchants were at alert levels: the older program would forget them"
        raise RuntimeError(msg)
    op.drop_index("ix_clock_breach_recorded", "clock_breach")
    op.drop_index("ix_claim_respondent", "claim")
    op.create_index("ix_claim_respondent_id", "claim", ["respondent_id"], unique=False)
    op.drop_table("rectification_answer")
    op.drop_table("rectification")
    op.drop_table("alert")


def _alert() -> None:
    op.create_table(
        "alert",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=True),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("rose", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("pack", sa.String(80), nullable=False),
        sa.Column("tells", sa.JSON(), nullable=False),
        sa.Column("task", sa.String(12), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"level IN ({_LEVELS})", name=op.f("ck_alert_level_known")),
        sa.CheckConstraint(f"task IN ({_TASKS})", name=op.f("ck_alert_task_known")),
        sa.CheckConstraint("until >= since", name=op.f("ck_alert_in_order")),
        sa.CheckConstraint("due_at > since", name=op.f("ck_alert_due_after_it_began")),
        sa.CheckConstraint("rose = (due_at IS NOT NULL)", name=op.f("ck_alert_due_when_it_rose")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_alert_site_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_alert_respondent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    _partial("alert", "uq_alert_of_site", ["site_id"], "until IS NULL AND respondent_id IS NULL", unique=True)
    _partial("alert", "uq_alert_of_merchant", ["respondent_id"], "until IS NULL AND respondent_id IS NOT NULL", unique=True)
    op.create_index("ix_alert_site", "alert", ["site_id", "since", "id"], unique=False)
    _partial("alert", "ix_alert_now", ["site_id", "since", "id"], "until IS NULL")


def _rectification() -> None:
    op.create_table(
        "rectification",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("demands", sa.Text(), nullable=False),
        sa.Column("pack", sa.String(80), nullable=False),
        sa.Column("served_at", UtcDateTime(), nullable=False),
        sa.Column("served_by", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("confirmed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("length(demands) <= 2000", name=op.f("ck_rectification_demands_length")),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_rectification_confirmed_by_somebody")
        ),
        sa.CheckConstraint("due_at > served_at", name=op.f("ck_rectification_due_after_it_was_served")),
        sa.CheckConstraint("number > 0", name=op.f("ck_rectification_number_above_zero")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_rectification_site_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_rectification_respondent_id")),
        sa.ForeignKeyConstraint(["alert_id"], ["alert.id"], name=op.f("fk_rectification_alert_id")),
        sa.ForeignKeyConstraint(["served_by"], ["officer.id"], name=op.f("fk_rectification_served_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["officer.id"], name=op.f("fk_rectification_confirmed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification")),
    )
    _partial("rectification", "uq_rectification_open", ["respondent_id"], "confirmed_at IS NULL", unique=True)
    op.create_index("uq_rectification_number", "rectification", ["site_id", "year", "number"], unique=True)
    op.create_index("ix_rectification_site", "rectification", ["site_id", "served_at", "id"], unique=False)
    _partial("rectification", "ix_rectification_due", ["site_id", "due_at", "id"], "confirmed_at IS NULL")
    op.create_index("ix_rectification_alert", "rectification", ["alert_id"], unique=False)


def _answer() -> None:
    op.create_table(
        "rectification_answer",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("rectification_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.Column("written_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_rectification_answer_text_length")),
        sa.ForeignKeyConstraint(
            ["rectification_id"], ["rectification.id"], name=op.f("fk_rectification_answer_rectification_id")
        ),
        sa.ForeignKeyConstraint(["written_by"], ["officer.id"], name=op.f("fk_rectification_answer_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rectification_answer")),
    )
    op.create_index("ix_rectification_answer", "rectification_answer", ["rectification_id", "id"], unique=False)


def _partial(table: str, name: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
