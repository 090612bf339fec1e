"""A withdrawal names the entry that moved it, and the merchant to whom it gives back what was recovered in error."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TOLD = sa.text("SELECT data FROM event WHERE kind IN ('withdrawal_proposed', 'withdrawal_approved')")
_NAMED = sa.text("UPDATE withdrawal SET entry_id = :entry WHERE id = :withdrawal AND approved_at IS NOT NULL")
_IN_ERROR = sa.text("SELECT id, site_id, note FROM withdrawal WHERE payer = 'recovered_in_error' ORDER BY id")
_PAID = sa.text("""SELECT DISTINCT respondent.id, respondent.name FROM respondent
    JOIN recovery ON recovery.respondent_id = respondent.id AND recovery.state = 'returned' AND recovery.recovered_minor > 0
    WHERE respondent.site_id = :site""")
_ALL = sa.text("SELECT id, name FROM respondent WHERE site_id = :site")
_GIVEN = sa.text("UPDATE withdrawal SET respondent_id = :respondent WHERE id = :withdrawal")
_WHERE_NAMED = sa.text("respondent_id IS NOT NULL")


def upgrade() -> None:
    """Apply. The chain says which entry was whose. Raises RuntimeError where nothing says which merchant was given money back."""
    op.add_column("withdrawal", sa.Column("entry_id", sa.BigInteger(), nullable=True))
    op.add_column("withdrawal", sa.Column("respondent_id", sa.BigInteger(), nullable=True))
    conn, whose = op.get_bind(), dict[int, int]()
    for told in conn.execute(_TOLD).scalars().all():
        said = json.loads(told)
        if "entry" in said:
            conn.execute(_NAMED, {"entry": int(said["entry"]), "withdrawal": int(said["withdrawal"])})
        if "respondent" in said:  # said by a program of after this revision, that was taken back to before it
            whose[int(said["withdrawal"])] = int(said["respondent"])
    for row in conn.execute(_IN_ERROR).all():
        respondent = whose.get(row.id) or _whom(conn, row.site_id, row.id, row.note)
        conn.execute(_GIVEN, {"respondent": respondent, "withdrawal": row.id})
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.create_foreign_key(op.f("fk_withdrawal_entry_id"), "fund_entry", ["entry_id"], ["id"])
        batch_op.create_foreign_key(op.f("fk_withdrawal_respondent_id"), "respondent", ["respondent_id"], ["id"])
        batch_op.create_unique_constraint(op.f("uq_withdrawal_entry_id"), ["entry_id"])
        batch_op.create_check_constraint(op.f("ck_withdrawal_entry_when_approved"), "(approved_at IS NULL) = (entry_id IS NULL)")
        batch_op.create_check_constraint(
            op.f("ck_withdrawal_merchant_when_in_error"), "(payer = 'recovered_in_error') = (respondent_id IS NOT NULL)"
        )
    op.create_index(
        "ix_withdrawal_respondent_id", "withdrawal", ["respondent_id"], sqlite_where=_WHERE_NAMED, postgresql_where=_WHERE_NAMED
    )


def downgrade() -> None:
    """Undo. The chain keeps what both columns said."""
    op.drop_index("ix_withdrawal_respondent_id", "withdrawal")
    with op.batch_alter_table("withdrawal") as batch_op:
        batch_op.drop_constraint(op.f("ck_withdrawal_merchant_when_in_error"), type_="check")
        batch_op.drop_constraint(op.f("ck_withdrawal_entry_when_approved"), type_="check")
        batch_op.drop_constraint(op.f("uq_withdrawal_entry_id"), type_="unique")
        batch_op.drop_constraint(op.f("fk_withdrawal_respondent_id"), type_="foreignkey")
        batch_op.drop_constraint(op.f("fk_withdrawal_entry_id"), type_="foreignkey")
        batch_op.drop_column("respondent_id")
        batch_op.drop_column("entry_id")


def _whom(conn: sa.Connection, site_id: int, withdrawal_id: int, note: str) -> int:
    """The only merchant who had paid for a refund that came back, or the one of them whom the note names."""
    paid = conn.execute(_PAID, {"site": site_id}).all() or conn.execute(_ALL, {"site": site_id}).all()
    named = [row.id for row in paid if row.name in note]
    for found in (named, [row.id for row in paid]):
        if len(found) == 1:
            return int(found[0])
    msg = f"withdrawal {withdrawal_id} does not say which merchant it gave money back to: write the merchant's name into its note"
    raise RuntimeError(msg)
