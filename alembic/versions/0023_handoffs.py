"""Partners of a site, claims handed off to them and claims that they handed in."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_KINDS = "'hotline_12345', 'consumer_12315', 'police_110', 'site_security', 'market_regulator', 'other_site'"
_STATES = "'offered', 'taken', 'working', 'done', 'returned'"
_POSTS = "'phone', 'waiting', 'sent', 'given_up', 'dropped'"
_OPEN = "state IN ('offered', 'taken', 'working')"


def upgrade() -> None:
    """Apply."""
    _partner()
    _handoff()
    _handed_in()


def downgrade() -> None:
    """Undo. Raises RuntimeError where a site has partners: the chain would tell of what no row has."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM partner")).first() is not None:
        msg = "sites have partners: the older program would forget them and what they were handed"
        raise RuntimeError(msg)
    op.drop_table("handed_in")
    op.drop_table("handoff")
    op.drop_table("partner")


def _partner() -> None:
    op.create_table(
        "partner",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("hook_url", sa.String(500), nullable=True),
        sa.Column("hook_off_at", UtcDateTime(), nullable=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"kind IN ({_KINDS})", name=op.f("ck_partner_kind_known")),
        sa.CheckConstraint("generation > 0", name=op.f("ck_partner_generation_above_zero")),
        sa.CheckConstraint("(disabled_at IS NULL) = (token_hash IS NOT NULL)", name=op.f("ck_partner_token_while_it_is_one")),
        sa.CheckConstraint("hook_off_at IS NULL OR hook_url IS NOT NULL", name=op.f("ck_partner_off_had_an_address")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_partner_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partner")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_partner_site_id_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_partner_token_hash")),
    )


def _handoff() -> None:
    op.create_table(
        "handoff",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("asked", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("overtaken", sa.Boolean(), nullable=False),
        sa.Column("offered_at", UtcDateTime(), nullable=False),
        sa.Column("offered_by", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("working_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("post", sa.String(12), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(32), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint(f"state IN ({_STATES})", name=op.f("ck_handoff_state_known")),
        sa.CheckConstraint(f"post IN ({_POSTS})", name=op.f("ck_handoff_post_known")),
        sa.CheckConstraint("length(asked) <= 2000", name=op.f("ck_handoff_asked_length")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_handoff_reason_length")),
        sa.CheckConstraint("turn > 0 AND tries >= 0", name=op.f("ck_handoff_counters_sound")),
        sa.CheckConstraint(
            "(state = 'returned') = (reason IS NOT NULL OR overtaken)", name=op.f("ck_handoff_returned_with_a_reason")
        ),
        sa.CheckConstraint("(state IN ('done', 'returned')) = (ended_at IS NOT NULL)", name=op.f("ck_handoff_ended_at_the_end")),
        sa.CheckConstraint(
            "state NOT IN ('taken', 'working', 'done') OR taken_at IS NOT NULL", name=op.f("ck_handoff_taken_before")
        ),
        sa.CheckConstraint(
            "state NOT IN ('working', 'done') OR working_at IS NOT NULL", name=op.f("ck_handoff_worked_on_before")
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_handoff_claim_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_handoff_site_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_handoff_partner_id")),
        sa.ForeignKeyConstraint(["offered_by"], ["officer.id"], name=op.f("fk_handoff_offered_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handoff")),
    )
    _partial("uq_handoff_taken", ["claim_id"], "state IN ('taken', 'working')", unique=True)
    _partial("uq_handoff_open", ["claim_id", "partner_id"], _OPEN, unique=True)
    op.create_index("ix_handoff_claim", "handoff", ["claim_id", "id"], unique=False)
    op.create_index("ix_handoff_site", "handoff", ["site_id", "offered_at", "id"], unique=False)
    _partial("ix_handoff_waiting", ["site_id", "offered_at", "id"], _OPEN)


def _handed_in() -> None:
    op.create_table(
        "handed_in",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(80), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_handed_in_partner_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_handed_in_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handed_in")),
        sa.UniqueConstraint("partner_id", "number", name=op.f("uq_handed_in_partner_id_number")),
        sa.UniqueConstraint("claim_id", name=op.f("uq_handed_in_claim_id")),
    )


def _partial(name: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, "handoff", columns, unique=unique, sqlite_where=where, postgresql_where=where)
