"""People: who is signed in, and their second factors."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "officer_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("begun_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("passed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_session_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_officer_session_token_hash")),
    )
    with op.batch_alter_table("officer_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_session_officer_id"), ["officer_id"], unique=False)

    op.create_table(
        "officer_factor",
        sa.Column("officer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("confirmed_at", UtcDateTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_factor_officer_id")),
        sa.PrimaryKeyConstraint("officer_id", name=op.f("pk_officer_factor")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("officer_factor")
    op.drop_table("officer_session")
