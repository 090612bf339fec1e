"""What visitors say after a claim has ended, what the desk tried, and a short way to the claims that may be put away."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = "'rating', 'not_reached', 'reached', 'declined'"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "follow_up",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_follow_up_kind_known")),
        sa.CheckConstraint("(kind = 'rating') = (rating IS NOT NULL)", name=op.f("ck_follow_up_rating_when_rated")),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name=op.f("ck_follow_up_rating_known")),
        sa.CheckConstraint("comment IS NULL OR kind = 'rating'", name=op.f("ck_follow_up_comment_of_a_rating")),
        sa.CheckConstraint("(kind = 'rating') = (officer_id IS NULL)", name=op.f("ck_follow_up_rated_by_the_visitor")),
        sa.CheckConstraint("length(comment) <= 2000", name=op.f("ck_follow_up_comment_length")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_follow_up_claim_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_follow_up_site_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_follow_up_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up")),
    )
    said = sa.text("kind = 'rating'")
    ended = sa.text("state IN ('closed', 'terminated', 'refused', 'transferred', 'withdrawn')")
    op.create_index("ix_follow_up_claim", "follow_up", ["claim_id", "id"], unique=False)
    op.create_index(
        "ix_follow_up_said", "follow_up", ["site_id", "written_at", "id"], unique=False, sqlite_where=said, postgresql_where=said
    )
    op.create_index("ix_claim_ended", "claim", ["moved_at", "id"], unique=False, sqlite_where=ended, postgresql_where=ended)


def downgrade() -> None:
    """Undo. Raises RuntimeError where somebody was followed up: their words would be lost."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM follow_up")).first() is not None:
        msg = "visitors said how it went: the older program would forget it"
        raise RuntimeError(msg)
    op.drop_index("ix_claim_ended", "claim")
    op.drop_table("follow_up")
