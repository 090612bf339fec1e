"""The stop switch: whiles in which no refund of a site may leave."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_SQLITE_GUARD = """
CREATE TRIGGER payout_never_leaves_while_stopped BEFORE UPDATE ON payout
WHEN ((NEW.calling AND NOT OLD.calling) OR (NEW.first_sent_at IS NOT NULL AND OLD.first_sent_at IS NULL))
  AND EXISTS (SELECT 1 FROM send_stop WHERE site_id = NEW.site_id AND resumed_at IS NULL)
BEGIN SELECT RAISE(ABORT, 'the refunds of this site are stopped'); END
"""
_POSTGRES_FUNCTION = """
CREATE FUNCTION payout_never_leaves_while_stopped() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (SELECT 1 FROM send_stop WHERE site_id = NEW.site_id AND resumed_at IS NULL) THEN
    RAISE EXCEPTION 'the refunds of this site are stopped' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN NEW;
END $$
"""
_POSTGRES_GUARD = """
CREATE TRIGGER payout_never_leaves_while_stopped BEFORE UPDATE ON payout FOR EACH ROW
WHEN ((NEW.calling AND NOT OLD.calling) OR (NEW.first_sent_at IS NOT NULL AND OLD.first_sent_at IS NULL))
EXECUTE FUNCTION payout_never_leaves_while_stopped()
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "send_stop",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("stopped_by", sa.BigInteger(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=False),
        sa.Column("resumed_by", sa.BigInteger(), nullable=True),
        sa.Column("resumed_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_send_stop_reason_length")),
        sa.CheckConstraint("resumed_by IS NULL OR resumed_at IS NOT NULL", name=op.f("ck_send_stop_resumed_whole")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_send_stop_site_id")),
        sa.ForeignKeyConstraint(["stopped_by"], ["officer.id"], name=op.f("fk_send_stop_stopped_by")),
        sa.ForeignKeyConstraint(["resumed_by"], ["officer.id"], name=op.f("fk_send_stop_resumed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_stop")),
    )
    with op.batch_alter_table("send_stop", schema=None) as batch_op:
        batch_op.create_index("ix_send_stop_site_id", ["site_id", "id"], unique=False)
        batch_op.create_index(
            "uq_send_stop_open",
            ["site_id"],
            unique=True,
            sqlite_where=sa.text("resumed_at IS NULL"),
            postgresql_where=sa.text("resumed_at IS NULL"),
        )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES_FUNCTION)
        op.execute(_POSTGRES_GUARD)
    else:
        op.execute(_SQLITE_GUARD)


def downgrade() -> None:
    """Undo. Raises RuntimeError where refunds are stopped: the older program would send them."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM send_stop WHERE resumed_at IS NULL")).first() is not None:
        msg = "the refunds of a site are stopped: `desk sends resume` first"
        raise RuntimeError(msg)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER payout_never_leaves_while_stopped ON payout")
        op.execute("DROP FUNCTION payout_never_leaves_while_stopped")
    else:
        op.execute("DROP TRIGGER payout_never_leaves_while_stopped")
    op.drop_table("send_stop")
