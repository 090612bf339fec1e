"""What was recovered in error can be given back: withdrawals may name it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_PAYERS = "'government', 'site', 'insurance', 'penalty'"


def upgrade() -> None:
    """Apply."""
    _sources(f"{_PAYERS}, 'recovered_in_error'", sa.String(24), sa.String(16))


def downgrade() -> None:
    """Undo. Raises RuntimeError where such a withdrawal was asked for: the older program cannot show it."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM withdrawal WHERE payer = 'recovered_in_error'")).first() is not None:
        msg = "what was recovered in error was given back: the older program does not know such withdrawals"
        raise RuntimeError(msg)
    _sources(_PAYERS, sa.String(16), sa.String(24))


def _sources(sources: str, wanted: sa.String, before: sa.String) -> None:
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.drop_constraint(op.f("ck_withdrawal_payer_known"), type_="check")
        batch_op.alter_column("payer", type_=wanted, existing_type=before, existing_nullable=False)
        batch_op.create_check_constraint(op.f("ck_withdrawal_payer_known"), f"payer IN ({sources})")
