"""What was recovered in error can be given back: withdrawals may name it. And a withdrawal can be refused."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_PAYERS = "'government', 'site', 'insurance', 'penalty'"


def upgrade() -> None:
    """Apply."""
    _sources(f"{_PAYERS}, 'recovered_in_error'", sa.String(24), sa.String(16))
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.add_column(sa.Column("refused_by", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("refused_at", UtcDateTime(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_withdrawal_refused_by"), "officer", ["refused_by"], ["id"])
        batch_op.create_check_constraint(op.f("ck_withdrawal_refused_whole"), "(refused_by IS NULL) = (refused_at IS NULL)")
        batch_op.create_check_constraint(op.f("ck_withdrawal_ended_once"), "approved_at IS NULL OR refused_at IS NULL")


def downgrade() -> None:
    """Undo. Raises RuntimeError where one was of such money, or was refused: the older program would let it be agreed to."""
    known = "SELECT 1 FROM withdrawal WHERE payer = 'recovered_in_error' OR refused_at IS NOT NULL"
    if op.get_bind().execute(sa.text(known)).first() is not None:
        msg = "withdrawals were refused or gave back what was recovered in error: the older program does not know them"
        raise RuntimeError(msg)
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.drop_constraint(op.f("ck_withdrawal_ended_once"), type_="check")
        batch_op.drop_constraint(op.f("ck_withdrawal_refused_whole"), type_="check")
        batch_op.drop_constraint(op.f("fk_withdrawal_refused_by"), type_="foreignkey")
        batch_op.drop_column("refused_at")
        batch_op.drop_column("refused_by")
    _sources(_PAYERS, sa.String(16), sa.String(24))


def _sources(sources: str, wanted: sa.String, before: sa.String) -> None:
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.drop_constraint(op.f("ck_withdrawal_payer_known"), type_="check")
        batch_op.alter_column("payer", type_=wanted, existing_type=before, existing_nullable=False)
        batch_op.create_check_constraint(op.f("ck_withdrawal_payer_known"), f"payer IN ({sources})")
