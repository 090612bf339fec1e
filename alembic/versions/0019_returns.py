"""No-reason returns: pledges to take goods back, and the returns that were asked for."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_STANDS, _OF_SITE, _OPEN = "withdrawn_at IS NULL", "withdrawn_at IS NULL AND respondent_id IS NULL", "closed_at IS NULL"


def upgrade() -> None:
    """Apply."""
    _pledge()
    _goods_return()


def downgrade() -> None:
    """Undo. Raises RuntimeError where a pledge was signed: what was taken back on it could not be told any more."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM pledge UNION ALL SELECT 1 FROM goods_return")).first():
        msg = "pledges were signed or returns asked for: restore the backup made before the upgrade instead"
        raise RuntimeError(msg)
    op.drop_table("goods_return")
    op.drop_table("pledge")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False)


def _unique(table: str, name: str, column: str, where: str) -> None:
    told = {"sqlite_where": sa.text(where), "postgresql_where": sa.text(where)}
    op.create_index(name, table, [column], unique=True, **told)


def _pledge() -> None:
    op.create_table(
        "pledge",
        _id(),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("exclusions", sa.JSON(), nullable=False),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("added_by", sa.BigInteger(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("withdrawn_on >= signed_on", name=op.f("ck_pledge_in_order")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_pledge_withdrawn_by_somebody")),
        sa.CheckConstraint("(withdrawn_on IS NULL) = (withdrawn_at IS NULL)", name=op.f("ck_pledge_withdrawn_whole")),
        sa.CheckConstraint("days BETWEEN 1 AND 365", name=op.f("ck_pledge_days_bounded")),
        sa.ForeignKeyConstraint(["added_by"], ["officer.id"], name=op.f("fk_pledge_added_by")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_pledge_respondent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_pledge_site_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["officer.id"], name=op.f("fk_pledge_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
    )
    op.create_index("ix_pledge_site_id", "pledge", ["site_id", "id"], unique=False)
    op.create_index("ix_pledge_respondent_id", "pledge", ["respondent_id"], unique=False)
    _unique("pledge", "uq_pledge_of_merchant", "respondent_id", _STANDS)
    _unique("pledge", "uq_pledge_of_site", "site_id", _OF_SITE)


def _goods_return() -> None:
    op.create_table(
        "goods_return",
        _id(),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("pledge_id", sa.BigInteger(), nullable=True),
        sa.Column("item", sa.Text(), nullable=False),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("invoice_no", sa.String(length=80), nullable=True),
        sa.Column("custom_made", sa.String(length=8), nullable=False),
        sa.Column("altered", sa.String(length=8), nullable=False),
        sa.Column("damaged_in_transport", sa.String(length=8), nullable=False),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by", sa.String(length=8), nullable=False),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("answered_by", sa.BigInteger(), nullable=True),
        sa.Column("goods_back_at", UtcDateTime(), nullable=True),
        sa.Column("goods_back_by", sa.BigInteger(), nullable=True),
        sa.Column("condition", sa.Text(), nullable=True),
        sa.Column("decided_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.CheckConstraint(
            "(pledge_id IS NOT NULL) = (answer IS NOT NULL AND answer = 'goods_awaited')",
            name=op.f("ck_goods_return_accepted_on_pledge"),
        ),
        sa.CheckConstraint(
            "outcome IS NULL OR outcome <> 'refunded' OR goods_back_at IS NOT NULL",
            name=op.f("ck_goods_return_refunded_for_goods"),
        ),
        sa.CheckConstraint("requested_by IN ('visitor', 'officer')", name=op.f("ck_goods_return_requested_by_known")),
        sa.CheckConstraint("answer IN ('goods_awaited', 'refused')", name=op.f("ck_goods_return_answer_known")),
        sa.CheckConstraint("(goods_back_at IS NULL) = (decided_minor IS NULL)", name=op.f("ck_goods_return_decided_with_goods")),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name=op.f("ck_goods_return_answered_whole")),
        sa.CheckConstraint("(closed_at IS NULL) = (outcome IS NULL)", name=op.f("ck_goods_return_closed_whole")),
        sa.CheckConstraint("(goods_back_at IS NULL) = (goods_back_by IS NULL)", name=op.f("ck_goods_return_goods_back_whole")),
        sa.CheckConstraint("custom_made IN ('yes', 'no', 'unknown')", name=op.f("ck_goods_return_custom_made_known")),
        sa.CheckConstraint("altered IN ('yes', 'no', 'unknown')", name=op.f("ck_goods_return_altered_known")),
        sa.CheckConstraint(
            "reason IN ('seller_not_covered', 'out_of_time', 'custom_made', 'altered', 'damaged_in_transport', 'no_invoice')",
            name=op.f("ck_goods_return_reason_known"),
        ),
        sa.CheckConstraint("goods_back_at IS NULL OR pledge_id IS NOT NULL", name=op.f("ck_goods_return_goods_after_answer")),
        sa.CheckConstraint("length(item) <= 400", name=op.f("ck_goods_return_item_length")),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name=op.f("ck_goods_return_answered_by_somebody")),
        sa.CheckConstraint(
            "(reason IS NOT NULL) = (outcome IS NOT NULL AND outcome = 'refused')",
            name=op.f("ck_goods_return_refused_with_reason"),
        ),
        sa.CheckConstraint("(goods_back_at IS NULL) = (condition IS NULL)", name=op.f("ck_goods_return_goods_looked_at")),
        sa.CheckConstraint(
            "damaged_in_transport IN ('yes', 'no', 'unknown')", name=op.f("ck_goods_return_damaged_in_transport_known")
        ),
        sa.CheckConstraint("outcome IN ('refunded', 'refused', 'withdrawn')", name=op.f("ck_goods_return_outcome_known")),
        sa.CheckConstraint("length(condition) <= 2000", name=op.f("ck_goods_return_condition_length")),
        sa.CheckConstraint("decided_minor > 0", name=op.f("ck_goods_return_decided_above_zero")),
        sa.ForeignKeyConstraint(["goods_back_by"], ["officer.id"], name=op.f("fk_goods_return_goods_back_by")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_goods_return_claim_id")),
        sa.ForeignKeyConstraint(["pledge_id"], ["pledge.id"], name=op.f("fk_goods_return_pledge_id")),
        sa.ForeignKeyConstraint(["answered_by"], ["officer.id"], name=op.f("fk_goods_return_answered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goods_return")),
    )
    op.create_index("ix_goods_return_claim_id", "goods_return", ["claim_id", "id"], unique=False)
    op.create_index("ix_goods_return_pledge_id", "goods_return", ["pledge_id"], unique=False)
    _unique("goods_return", "uq_goods_return_open", "claim_id", _OPEN)
