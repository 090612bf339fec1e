"""A gateway's number of a payment is that gateway's own: two gateways may count alike."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GATEWAY = "ck_statement_break_gateway_of_line", "gateway IS NULL OR gateway_id IS NOT NULL"
_NAMED, _NAMELESS = sa.text("gateway IS NOT NULL"), sa.text("gateway IS NULL")
_OF_LINE, _UNNAMED = sa.text("gateway_id IS NOT NULL"), sa.text("gateway_id IS NOT NULL AND gateway IS NULL")
_COUNTED = """UPDATE statement_line SET id = counted.id
FROM (SELECT gateway_id, row_number() OVER (ORDER BY gateway_id) AS id FROM statement_line) AS counted
WHERE counted.gateway_id = statement_line.gateway_id"""
_TOLD = """UPDATE statement_break SET gateway = (
  SELECT gateway FROM statement_line AS line WHERE line.gateway_id = statement_break.gateway_id
) WHERE gateway_id IS NOT NULL"""
_TWICE = """SELECT 1 FROM statement_line GROUP BY gateway_id HAVING count(*) > 1
UNION ALL SELECT 1 FROM statement_break WHERE gateway_id IS NOT NULL GROUP BY kind, gateway_id HAVING count(*) > 1"""


def upgrade() -> None:
    """Apply. A break's gateway is that of its line, of which each number stood there once."""
    _gateway_of_break()
    op.execute(_TOLD)
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.add_column(sa.Column("id", _ID, nullable=True))
    op.execute(_COUNTED)
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.drop_constraint(op.f("pk_statement_line"), type_="primary")
        batch_op.alter_column("id", existing_type=_ID, nullable=False)
        batch_op.create_primary_key(op.f("pk_statement_line"), ["id"])
    _unique("uq_statement_line_named", "statement_line", ["gateway_id", "gateway"], _NAMED)
    _unique("uq_statement_line_unnamed", "statement_line", ["gateway_id"], _NAMELESS)
    op.drop_index("uq_statement_break_line", table_name="statement_break")
    _unique("uq_statement_break_line", "statement_break", ["kind", "gateway_id", "gateway"], _NAMED)
    _unique("uq_statement_break_unnamed", "statement_break", ["kind", "gateway_id"], _UNNAMED)


def downgrade() -> None:
    """Undo. Raises RuntimeError where two gateways told of one number: the older program could keep one of them."""
    if op.get_bind().execute(sa.text(_TWICE)).first() is not None:
        msg = "two gateways told of the same number: the older program would forget one of them"
        raise RuntimeError(msg)
    op.drop_index("uq_statement_break_unnamed", table_name="statement_break")
    op.drop_index("uq_statement_break_line", table_name="statement_break")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(_GATEWAY[0]), "statement_break", type_="check")
    op.execute("ALTER TABLE statement_break DROP COLUMN gateway")
    _unique("uq_statement_break_line", "statement_break", ["kind", "gateway_id"], _OF_LINE)
    op.drop_index("uq_statement_line_unnamed", table_name="statement_line")
    op.drop_index("uq_statement_line_named", table_name="statement_line")
    with op.batch_alter_table("statement_line") as batch_op:
        batch_op.drop_constraint(op.f("pk_statement_line"), type_="primary")
        batch_op.drop_column("id")
        batch_op.create_primary_key(op.f("pk_statement_line"), ["gateway_id"])


def _unique(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _gateway_of_break() -> None:
    """On SQLite the column brings its CHECK along, so that the table is not made anew."""
    name, condition = _GATEWAY
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"ALTER TABLE statement_break ADD COLUMN gateway VARCHAR(64) CONSTRAINT {name} CHECK ({condition})")
        return
    op.add_column("statement_break", sa.Column("gateway", sa.String(64), nullable=True))
    op.create_check_constraint(op.f(name), "statement_break", condition)
