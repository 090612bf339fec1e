"""Messages of the gateway that need a person: their number and key, and who looked at them."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PARKED = "ck_gateway_event_why_when_parked"
# One after the other as they came, far below every number that is given from now on.
_NUMBERED = """UPDATE gateway_event SET number = parked.place
FROM (SELECT id AS own, row_number() OVER (ORDER BY received_at, id) AS place FROM gateway_event WHERE why IS NOT NULL) AS parked
WHERE parked.own = gateway_event.id"""
_CHECKS = {
    "why_known": "why IN ('unknown_type', 'unknown_key', 'wrong_amount', 'contradicts')",
    "dismissal_length": "length(dismissal) <= 2000",
    "why_when_parked": "fate <> 'parked' OR why IS NOT NULL",
    "no_doubt_when_moved": "fate <> 'moved' OR why IS NULL",
    "number_when_in_doubt": "(number IS NULL) = (why IS NULL)",
    "dismissed_when_in_doubt": "dismissed_at IS NULL OR number IS NOT NULL",
    "dismissed_whole": "(dismissed_at IS NULL) = (dismissed_by IS NULL)",
    "dismissed_with_reason": "(dismissed_at IS NULL) = (dismissal IS NULL)",
}
_INDEXES = {
    "uq_gateway_event_number": "number IS NOT NULL",
    "ix_gateway_event_waiting": "number IS NOT NULL AND dismissed_at IS NULL",
}


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("gateway_event") as batch_op:
        batch_op.add_column(sa.Column("number", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("key", sa.String(128), nullable=True))
        batch_op.add_column(sa.Column("dismissed_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("dismissed_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("dismissal", sa.Text(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_gateway_event_dismissed_by"), "officer", ["dismissed_by"], ["id"])
        batch_op.drop_constraint(op.f(_PARKED), type_="check")
    op.execute("UPDATE gateway_event SET key = (SELECT payout.key FROM payout WHERE payout.id = payout_id)")
    op.execute(_NUMBERED)
    with op.batch_alter_table("gateway_event") as batch_op:
        for name, condition in _CHECKS.items():
            batch_op.create_check_constraint(op.f(f"ck_gateway_event_{name}"), condition)
        for name, condition in _INDEXES.items():
            where = sa.text(condition)
            unique = name.startswith("uq")
            batch_op.create_index(name, ["number"], unique=unique, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Undo. Who looked at a message stays in the chains; that a late one contradicted is forgotten."""
    op.execute("UPDATE gateway_event SET dismissed_by = NULL, dismissed_at = NULL, dismissal = NULL")
    op.execute("UPDATE gateway_event SET why = NULL, number = NULL WHERE fate <> 'parked'")
    with op.batch_alter_table("gateway_event") as batch_op:
        for name in _INDEXES:
            batch_op.drop_index(name)
        for name in _CHECKS:
            batch_op.drop_constraint(op.f(f"ck_gateway_event_{name}"), type_="check")
        batch_op.drop_constraint(op.f("fk_gateway_event_dismissed_by"), type_="foreignkey")
        for name in ("number", "key", "dismissed_by", "dismissed_at", "dismissal"):
            batch_op.drop_column(name)
        batch_op.create_check_constraint(op.f(_PARKED), "(fate = 'parked') = (why IS NOT NULL)")
