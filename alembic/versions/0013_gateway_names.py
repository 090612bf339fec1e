"""Which gateway a payout was sent through and which told a statement; lines in process; a row for each open contradiction."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_PAYOUT = sa.table("payout", sa.column("id", sa.BigInteger()), sa.column("gateway", sa.String(64)))
_SENT = "SELECT data FROM event WHERE kind = 'payout_moved' AND to_state = 'sending' ORDER BY subject, seq"
# An older program told the manager of a contradiction and kept no row by which it could be looked at, so that no notice ended.
_DENIED = """INSERT INTO gateway_event (id, kind, payout_id, key, fate, why, number, received_at)
SELECT 'kept.' || notice.id, 'unknown', payout.id, payout.key, 'late', 'contradicts', notice.id, notice.opened_at
FROM notice JOIN payout ON payout.id = notice.payout_id
WHERE notice.kind = 'gateway_contradicts' AND notice.closed_at IS NULL AND NOT EXISTS (
  SELECT 1 FROM gateway_event JOIN payout AS named ON named.id = gateway_event.payout_id
  WHERE named.claim_id = notice.claim_id AND gateway_event.why = 'contradicts' AND gateway_event.dismissed_at IS NULL
) ON CONFLICT (id) DO UPDATE SET why = excluded.why, number = excluded.number"""
# Nor did a notice of what the bank sent back end with a claim that ended in another way.
_OVER = """UPDATE notice SET closed_at = (SELECT moved_at FROM claim WHERE claim.id = notice.claim_id)
WHERE kind = 'payout_returned' AND closed_at IS NULL AND EXISTS (
  SELECT 1 FROM claim WHERE claim.id = notice.claim_id AND claim.moved_at > notice.opened_at
  AND claim.state IN ('closed', 'refused', 'transferred', 'terminated', 'withdrawn', 'archived')
)"""
_ONE_A_DAY = "DELETE FROM statement_day WHERE id NOT IN (SELECT min(id) FROM statement_day GROUP BY on_day)"


def upgrade() -> None:
    """Apply. The names of what was sent before stand in the chains; of the statements nobody can tell any more."""
    op.add_column("payout", sa.Column("gateway", sa.String(64), nullable=True))
    for number, gateway in _named().items():
        op.execute(_PAYOUT.update().where(_PAYOUT.c.id == number).values(gateway=gateway))
    with op.batch_alter_table("statement_day") as batch_op:
        batch_op.add_column(sa.Column("gateway", sa.String(64), nullable=True))
        batch_op.drop_constraint(op.f("uq_statement_day_on_day"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_statement_day_on_day_gateway"), ["on_day", "gateway"])
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.add_column(sa.Column("gateway", sa.String(64), nullable=True))
        batch_op.add_column(sa.Column("final", sa.Boolean(), nullable=True))
    op.execute("UPDATE statement_line SET final = true")
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.alter_column("final", existing_type=sa.Boolean(), nullable=False)
    op.execute(_DENIED)
    op.execute(_OVER)


def downgrade() -> None:
    """Undo. A day that two gateways told is kept once; the rows of contradictions stay, as late messages."""
    op.execute(_ONE_A_DAY)
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.drop_column("final")
        batch_op.drop_column("gateway")
    with op.batch_alter_table("statement_day") as batch_op:
        batch_op.drop_constraint(op.f("uq_statement_day_on_day_gateway"), type_="unique")
        batch_op.create_unique_constraint(op.f("uq_statement_day_on_day"), ["on_day"])
        batch_op.drop_column("gateway")
    op.execute("ALTER TABLE payout DROP COLUMN gateway")


def _named() -> dict[int, str]:
    """The gateway that the newest send of each payout names, by payout."""
    told = (json.loads(data) for data in op.get_bind().execute(sa.text(_SENT)).scalars())
    return {int(each["payout"]): each["gateway"] for each in told if each.get("step") == "send" and each.get("gateway")}
