"""Digests of sites with their letters, the duty roster, and where officers get mail."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HELD = {
    "duty": "officers were put on duty: the older program would forget them",
    "officer_mail": "officers entered mail addresses: the older program would forget them",
    "event WHERE kind = 'mail_changed'": "officers entered mail addresses: the older program knows no such event",
    "digest": "digests were made: the older program would forget them",
}
_STATES = "'waiting', 'sent', 'given_up', 'dropped', 'told'"


def upgrade() -> None:
    """Apply."""
    _digest()
    _letter()
    _duty()
    op.create_table(
        "officer_mail",
        sa.Column("officer_id", _ID, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(16), nullable=False),
        sa.Column("set_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_mail_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_mail")),
    )


def downgrade() -> None:
    """Undo. Raises RuntimeError where anything would be forgotten: the chain would tell of what no row has."""
    for held, msg in _HELD.items():
        if op.get_bind().execute(sa.text(f"SELECT 1 FROM {held}")).first() is not None:  # noqa: S608 - names of our own
            raise RuntimeError(msg)
    for table in ("officer_mail", "duty", "digest_letter", "digest"):
        op.drop_table(table)


def _digest() -> None:
    op.create_table(
        "digest",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("told", sa.String(12), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.CheckConstraint("told IN ('roster', 'managers')", name=op.f("ck_digest_told_known")),
        sa.CheckConstraint("made_at >= due_at", name=op.f("ck_digest_made_once_due")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_digest_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("site_id", "due_at", name=op.f("uq_digest_site_id_due_at")),
    )


def _letter() -> None:
    op.create_table(
        "digest_letter",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("digest_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_digest_letter_state_known")),
        sa.CheckConstraint("channel IN ('mail', 'hook')", name=op.f("ck_digest_letter_channel_carries")),
        sa.CheckConstraint("(channel = 'mail') = (officer_id IS NOT NULL)", name=op.f("ck_digest_letter_mail_to_somebody")),
        sa.CheckConstraint("tries >= 0", name=op.f("ck_digest_letter_tries_sound")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_digest_letter_ended_when_not_waiting")),
        sa.CheckConstraint("state <> 'sent' OR tries > 0", name=op.f("ck_digest_letter_sent_was_tried")),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=op.f("fk_digest_letter_digest_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_digest_letter_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest_letter")),
    )
    _unique("digest_letter", "uq_digest_letter_mail", ["digest_id", "officer_id"], "officer_id IS NOT NULL")
    _unique("digest_letter", "uq_digest_letter_hook", ["digest_id"], "officer_id IS NULL")


def _duty() -> None:
    op.create_table(
        "duty",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("removed_by", sa.BigInteger(), nullable=True),
        sa.Column("removed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(removed_at IS NULL) = (removed_by IS NULL)", name=op.f("ck_duty_removed_by_somebody")),
        sa.CheckConstraint("removed_at >= added_at", name=op.f("ck_duty_in_order")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_duty_site_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_duty_officer_id")),
        sa.ForeignKeyConstraint(["added_by"], ["officer.id"], name=op.f("fk_duty_added_by")),
        sa.ForeignKeyConstraint(["removed_by"], ["officer.id"], name=op.f("fk_duty_removed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    _unique("duty", "uq_duty_on", ["site_id", "on_day", "officer_id"], "removed_at IS NULL")
    op.create_index("ix_duty_day", "duty", ["site_id", "on_day", "id"], unique=False)


def _unique(table: str, name: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)
