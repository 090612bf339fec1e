"""What a visitor's app needs to take the money that waits for them, kept only while it waits."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_CHECKS = {
    "take_length": "length(take) <= 1024",
    "take_while_awaited": "take IS NULL OR (state = 'awaiting_visitor' AND method <> 'cash')",
}


def upgrade() -> None:
    """Apply. The column brings its CHECKs along, for to rebuild the table on SQLite would lose the trigger of the stop switch."""
    checks = [f"CONSTRAINT ck_payout_{name} CHECK ({condition})" for name, condition in _CHECKS.items()]
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE payout ADD COLUMN take TEXT {' '.join(checks)}")
        return
    op.add_column("payout", sa.Column("take", sa.Text(), nullable=True))
    for name, condition in _CHECKS.items():
        op.create_check_constraint(op.f(f"ck_payout_{name}"), "payout", condition)


def downgrade() -> None:
    """Undo. Who has not taken the money by then can no longer; it comes back. The CHECKs go with their column."""
    op.execute("ALTER TABLE payout DROP COLUMN take")
