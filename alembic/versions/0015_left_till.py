"""Who closed a day: the cashier, or a manager for one who has left."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_AWAY = ("CREATE TABLE day_close_line_aside AS SELECT * FROM day_close_line", "DELETE FROM day_close_line")
_BACK = ("INSERT INTO day_close_line SELECT * FROM day_close_line_aside", "DROP TABLE day_close_line_aside")
_BY_ANOTHER = "SELECT 1 FROM day_close WHERE closed_by <> officer_id"


def upgrade() -> None:
    """Apply. Every close so far was the cashier's own."""
    op.add_column("day_close", sa.Column("closed_by", sa.BigInteger(), nullable=True))
    op.execute("UPDATE day_close SET closed_by = officer_id")
    with _lines_aside(), op.batch_alter_table("day_close") as batch_op:
        batch_op.alter_column("closed_by", existing_type=sa.BigInteger(), nullable=False)
        batch_op.create_foreign_key(op.f("fk_day_close_closed_by"), "officer", ["closed_by"], ["id"])
        batch_op.create_check_constraint(op.f("ck_day_close_anothers_explained"), "closed_by = officer_id OR reason IS NOT NULL")


def downgrade() -> None:
    """Undo. Raises RuntimeError where a day was closed for another: the older program would call it the cashier's own."""
    if op.get_bind().execute(sa.text(_BY_ANOTHER)).first():
        msg = "managers closed days of cashiers who had left: restore the backup made before the upgrade instead"
        raise RuntimeError(msg)
    with _lines_aside(), op.batch_alter_table("day_close") as batch_op:
        batch_op.drop_constraint(op.f("ck_day_close_anothers_explained"), type_="check")
        batch_op.drop_constraint(op.f("fk_day_close_closed_by"), type_="foreignkey")
        batch_op.drop_column("closed_by")


@contextmanager
def _lines_aside() -> Iterator[None]:
    """SQLite builds the table anew, and drops no table that rows still point at: they wait elsewhere meanwhile."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _AWAY if sqlite else ():
        op.execute(statement)
    yield
    for statement in _BACK if sqlite else ():
        op.execute(statement)
