"""Evidence: the files of a claim."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("file_id", sa.String(length=32), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("shows", sa.String(length=12), nullable=False),
        sa.Column("scan", sa.String(length=12), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('jpeg', 'png', 'webp', 'heic', 'pdf')", name=op.f("ck_evidence_kind_known")),
        sa.CheckConstraint(
            "shows IN ('receipt', 'photo', 'contract', 'chat', 'price_board', 'other')", name=op.f("ck_evidence_shows_known")
        ),
        sa.CheckConstraint("scan IN ('unscanned', 'clean', 'infected')", name=op.f("ck_evidence_scan_known")),
        sa.CheckConstraint("size BETWEEN 1 AND 15728640", name=op.f("ck_evidence_size_bounded")),
        sa.CheckConstraint("(kind = 'pdf') = (pages IS NOT NULL)", name=op.f("ck_evidence_pages_of_pdf")),
        sa.CheckConstraint(
            "(kind = 'pdf') = (width IS NULL) AND (width IS NULL) = (height IS NULL)", name=op.f("ck_evidence_sides_of_picture")
        ),
        sa.CheckConstraint("pages BETWEEN 1 AND 50", name=op.f("ck_evidence_pages_bounded")),
        sa.CheckConstraint("width > 0 AND height > 0", name=op.f("ck_evidence_sides_sound")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_evidence_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_evidence_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint("file_id", name=op.f("uq_evidence_file_id")),
    )
    with op.batch_alter_table("evidence", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_evidence_claim_id"), ["claim_id"], unique=False)


def downgrade() -> None:
    """Undo."""
    op.drop_table("evidence")
