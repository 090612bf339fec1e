"""What the desk writes to visitors by text message and e-mail, and the notice that one of them was not reached."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NEWS = (
    "lodged", "asked", "written", "agreed", "sent", "refunded", "came_back", "in_mediation", "agreement", "performed",
    "terminated", "refused", "transferred", "return_answered", "return_refused", "withdrawn", "reopened",
)  # fmt: skip
_STATES = ("waiting", "sent", "given_up", "dropped", "told")
_NOTICES = (
    "fund_short", "payout_stuck", "payout_unknown", "payout_lost", "payout_returned", "gateway_contradicts", "statement_break",
    "fund_low",
)  # fmt: skip


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(repr(value) for value in values)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notification",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(8), nullable=False),
        sa.Column("news", sa.String(24), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"news IN ({_listed(_NEWS)})", name=op.f("ck_notification_news_known")),
        sa.CheckConstraint(f"state IN ({_listed(_STATES)})", name=op.f("ck_notification_state_known")),
        sa.CheckConstraint("recipient IN ('visitor')", name=op.f("ck_notification_recipient_known")),
        sa.CheckConstraint("channel IN ('sms', 'mail')", name=op.f("ck_notification_channel_carries")),
        sa.CheckConstraint("turn > 0 AND tries >= 0", name=op.f("ck_notification_counters_sound")),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name=op.f("ck_notification_ended_when_not_waiting")),
        sa.CheckConstraint("state <> 'sent' OR tries > 0", name=op.f("ck_notification_sent_was_tried")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_notification_claim_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_notification_site_id")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_notification_event_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("event_id", "recipient", "channel", name=op.f("uq_notification_event_id_recipient_channel")),
    )
    op.create_index("ix_notification_claim", "notification", ["claim_id", "id"], unique=False)
    _notices((*_NOTICES, "visitor_not_reached"))


def downgrade() -> None:
    """Undo. Raises RuntimeError where a visitor was written to: nobody could tell any more what they were told."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM notification")).first() is not None:
        msg = "visitors were written to: the older program would forget what they were told"
        raise RuntimeError(msg)
    _notices(_NOTICES)
    op.drop_table("notification")


def _notices(kinds: tuple[str, ...]) -> None:
    """Let notices be of these kinds."""
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_notice_kind_known"), type_="check")
        batch_op.create_check_constraint(op.f("ck_notice_kind_known"), f"kind IN ({_listed(kinds)})")
