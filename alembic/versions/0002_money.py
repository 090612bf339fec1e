"""Money: the fund's books, payouts, jobs, missed promises, and what the gateway said."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GUARDED = ("fund_entry", "fund_posting")
_SQLITE_GUARD = """
CREATE TRIGGER {table}_is_never_{verb}d BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, 'the books are never changed'); END
"""
# INSERT OR REPLACE deletes what stands in its way without a word to the guard against DELETE.
_SQLITE_SAME = {
    "fund_entry": "id = NEW.id OR corrects_id = NEW.corrects_id",
    "fund_posting": "id = NEW.id OR (entry_id = NEW.entry_id AND position = NEW.position)",
}
_SQLITE_GUARD_OF_PLACES = """
CREATE TRIGGER {table}_is_never_replaced BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})
BEGIN SELECT RAISE(ABORT, 'the books are never changed'); END
"""
_POSTGRES_FUNCTION = """
CREATE FUNCTION books_are_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the books are never changed' USING ERRCODE = 'restrict_violation'; END $$
"""
_POSTGRES_GUARD = """
CREATE TRIGGER {table}_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION books_are_never_changed()
"""


def _guard_books() -> None:
    """Entries and postings are append-only by trigger, whoever connects (RELIABILITY I04)."""
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(_POSTGRES_FUNCTION)
    for table in _GUARDED:
        if postgres:
            op.execute(_POSTGRES_GUARD.format(table=table))
            continue
        for verb in ("update", "delete"):
            op.execute(_SQLITE_GUARD.format(table=table, verb=verb))
        op.execute(_SQLITE_GUARD_OF_PLACES.format(table=table, same=_SQLITE_SAME[table]))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "job",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("dedupe", sa.String(length=120), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(length=80), nullable=True),
        sa.Column("done_at", UtcDateTime(), nullable=True),
        sa.Column("set_aside_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("attempt >= 0 AND failures >= 0", name=op.f("ck_job_counters_sound")),
        sa.CheckConstraint("done_at IS NULL OR set_aside_at IS NULL", name=op.f("ck_job_one_end")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sa.UniqueConstraint("dedupe", name=op.f("uq_job_dedupe")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(
            "ix_job_due",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("done_at IS NULL AND set_aside_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND set_aside_at IS NULL"),
        )

    op.create_table(
        "statement_day",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("fetched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_day")),
        sa.UniqueConstraint("on_day", name=op.f("uq_statement_day_on_day")),
    )
    op.create_table(
        "statement_line",
        sa.Column("gateway_id", sa.String(length=128), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_statement_line")),
    )
    with op.batch_alter_table("statement_line", schema=None) as batch_op:
        batch_op.create_index("ix_statement_line_key", ["key"], unique=False)

    op.create_table(
        "verification",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("ran_at", UtcDateTime(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("ok", sa.Boolean(), nullable=False),
        sa.Column("failing", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    op.create_table(
        "fund_account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "balance_minor >= 0 OR name LIKE 'source:%' OR name = 'written_off'", name=op.f("ck_fund_account_floor")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_fund_account_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_account")),
        sa.UniqueConstraint("site_id", "currency", "name", name=op.f("uq_fund_account_site_id_currency_name")),
    )
    op.create_table(
        "withdrawal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payer", sa.String(length=16), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("payer IN ('government', 'site', 'insurance', 'penalty')", name=op.f("ck_withdrawal_payer_known")),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_withdrawal_approved_whole")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_withdrawal_amount_above_zero")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_withdrawal_two_persons")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_withdrawal_note_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_withdrawal_approved_by")),
        sa.ForeignKeyConstraint(["proposed_by"], ["officer.id"], name=op.f("fk_withdrawal_proposed_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_withdrawal_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withdrawal")),
    )
    with op.batch_alter_table("withdrawal", schema=None) as batch_op:
        batch_op.create_index(
            "ix_withdrawal_open",
            ["site_id", "id"],
            unique=False,
            sqlite_where=sa.text("approved_at IS NULL"),
            postgresql_where=sa.text("approved_at IS NULL"),
        )

    op.create_table(
        "clock_breach",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_clock_breach_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_breach")),
        sa.UniqueConstraint("claim_id", "kind", "due_at", name=op.f("uq_clock_breach_claim_id_kind_due_at")),
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("decided_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("payee_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("payee_commitment", sa.String(length=64), nullable=True),
        sa.Column("needs_second", sa.Boolean(), nullable=False),
        sa.Column("review", sa.JSON(), nullable=False),
        sa.Column("replaces_id", sa.BigInteger(), nullable=True),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("approved_by", sa.BigInteger(), nullable=True),
        sa.Column("approved_at", UtcDateTime(), nullable=True),
        sa.Column("sent_by", sa.BigInteger(), nullable=True),
        sa.Column("sending_at", UtcDateTime(), nullable=True),
        sa.Column("first_sent_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("returned_at", UtcDateTime(), nullable=True),
        sa.Column("said_received_at", UtcDateTime(), nullable=True),
        sa.Column("gateway_id", sa.String(length=128), nullable=True),
        sa.Column("calling", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("unknown_since", UtcDateTime(), nullable=True),
        sa.Column("never_seen_since", UtcDateTime(), nullable=True),
        sa.Column("queried_at", UtcDateTime(), nullable=True),
        sa.Column("resolve_as", sa.String(length=8), nullable=True),
        sa.Column("resolve_by", sa.BigInteger(), nullable=True),
        sa.Column("resolve_evidence", sa.Text(), nullable=True),
        sa.CheckConstraint("(state = 'settled') = (settled_at IS NOT NULL)", name=op.f("ck_payout_settled_at_when_settled")),
        sa.CheckConstraint(
            "NOT needs_second OR approved_by IS NOT NULL OR state IN ('awaiting_approval', 'cancelled')",
            name=op.f("ck_payout_released_by_second"),
        ),
        sa.CheckConstraint("method <> 'cash' OR state <> 'unknown'", name=op.f("ck_payout_cash_is_known")),
        sa.CheckConstraint("method IN ('cash', 'original_route', 'transfer')", name=op.f("ck_payout_method_known")),
        sa.CheckConstraint("resolve_by IS NULL OR resolve_as IN ('settled', 'failed')", name=op.f("ck_payout_resolve_as_known")),
        sa.CheckConstraint("returned_at IS NULL OR state = 'settled'", name=op.f("ck_payout_returned_after_settling")),
        sa.CheckConstraint(
            "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown', 'settled', 'failed', 'cancelled')",
            name=op.f("ck_payout_state_known"),
        ),
        sa.CheckConstraint("(approved_by IS NULL) = (approved_at IS NULL)", name=op.f("ck_payout_approved_whole")),
        sa.CheckConstraint("amount_minor > 0 AND amount_minor <= decided_minor", name=op.f("ck_payout_amount_within_decision")),
        sa.CheckConstraint("approved_by <> proposed_by", name=op.f("ck_payout_two_persons")),
        sa.CheckConstraint("length(resolve_evidence) <= 2000", name=op.f("ck_payout_resolve_evidence_length")),
        sa.ForeignKeyConstraint(["approved_by"], ["officer.id"], name=op.f("fk_payout_approved_by")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_payout_claim_id")),
        sa.ForeignKeyConstraint(["proposed_by"], ["officer.id"], name=op.f("fk_payout_proposed_by")),
        sa.ForeignKeyConstraint(["replaces_id"], ["payout.id"], name=op.f("fk_payout_replaces_id")),
        sa.ForeignKeyConstraint(["resolve_by"], ["officer.id"], name=op.f("fk_payout_resolve_by")),
        sa.ForeignKeyConstraint(["sent_by"], ["officer.id"], name=op.f("fk_payout_sent_by")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_payout_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("key", name=op.f("uq_payout_key")),
        sa.UniqueConstraint("replaces_id", name=op.f("uq_payout_replaces_id")),
    )
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.create_index("ix_payout_claim_id", ["claim_id", "id"], unique=False)
        batch_op.create_index("ix_payout_day", ["site_id", "proposed_at"], unique=False)
        batch_op.create_index("ix_payout_site_id", ["site_id", "state", "id"], unique=False)
        batch_op.create_index(
            "uq_payout_open",
            ["claim_id"],
            unique=True,
            sqlite_where=sa.text(
                "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown') OR (state = 'settled' AND returned_at IS NULL)"
            ),
            postgresql_where=sa.text(
                "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown') OR (state = 'settled' AND returned_at IS NULL)"
            ),
        )

    op.create_table(
        "fund_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("corrects_id", sa.BigInteger(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("posted_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('top_up', 'withdrawal', 'payout_proposed', 'payout_cancelled', 'payout_sent', 'payout_never_left', 'payout_settled', 'payout_failed', 'payout_returned', 'recovered', 'recovered_after_write_off', 'deposit_paid_in', 'deposit_paid_back', 'deposit_used', 'written_off')",
            name=op.f("ck_fund_entry_kind_known"),
        ),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_fund_entry_note_length")),
        sa.ForeignKeyConstraint(["corrects_id"], ["fund_entry.id"], name=op.f("fk_fund_entry_corrects_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_fund_entry_officer_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_fund_entry_payout_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_fund_entry_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_entry")),
        sa.UniqueConstraint("corrects_id", name=op.f("uq_fund_entry_corrects_id")),
    )
    with op.batch_alter_table("fund_entry", schema=None) as batch_op:
        batch_op.create_index("ix_fund_entry_payout_id", ["payout_id"], unique=False)
        batch_op.create_index("ix_fund_entry_site_id", ["site_id", "id"], unique=False)

    op.create_table(
        "gateway_event",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("gateway_id", sa.String(length=128), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("fate", sa.String(length=8), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(fate = 'parked') = (why IS NOT NULL)", name=op.f("ck_gateway_event_why_when_parked")),
        sa.CheckConstraint("fate IN ('moved', 'late', 'parked')", name=op.f("ck_gateway_event_fate_known")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_gateway_event_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gateway_event")),
    )
    with op.batch_alter_table("gateway_event", schema=None) as batch_op:
        batch_op.create_index("ix_gateway_event_payout_id", ["payout_id"], unique=False)

    op.create_table(
        "payout_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=8), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("tagged_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("why IN ('order', 'payee')", name=op.f("ck_payout_tag_why_known")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_payout_tag_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_tag")),
    )
    with op.batch_alter_table("payout_tag", schema=None) as batch_op:
        batch_op.create_index("ix_payout_tag_payout_id", ["payout_id"], unique=False)
        batch_op.create_index("ix_payout_tag_tag", ["tag"], unique=False)

    op.create_table(
        "fund_posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("debit_id", sa.BigInteger(), nullable=False),
        sa.Column("credit_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_fund_posting_amount_above_zero")),
        sa.CheckConstraint("debit_id <> credit_id", name=op.f("ck_fund_posting_between_two_accounts")),
        sa.ForeignKeyConstraint(["credit_id"], ["fund_account.id"], name=op.f("fk_fund_posting_credit_id")),
        sa.ForeignKeyConstraint(["debit_id"], ["fund_account.id"], name=op.f("fk_fund_posting_debit_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["fund_entry.id"], name=op.f("fk_fund_posting_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fund_posting")),
        sa.UniqueConstraint("entry_id", "position", name=op.f("uq_fund_posting_entry_id_position")),
    )
    op.create_table(
        "notice",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("opened_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('fund_short', 'payout_stuck', 'payout_unknown', 'payout_lost', 'gateway_contradicts')",
            name=op.f("ck_notice_kind_known"),
        ),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_notice_claim_id")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_notice_payout_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_notice_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.create_index(
            "ix_notice_site",
            ["site_id", "opened_at"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "uq_notice_open",
            ["claim_id", "kind"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clock_running",
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
    _guard_books()


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_clock_running", sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'")
        )

    with op.batch_alter_table("notice", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_notice_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(
            "ix_notice_site", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )

    op.drop_table("notice")
    op.drop_table("fund_posting")
    with op.batch_alter_table("payout_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_payout_tag_tag")
        batch_op.drop_index("ix_payout_tag_payout_id")

    op.drop_table("payout_tag")
    with op.batch_alter_table("gateway_event", schema=None) as batch_op:
        batch_op.drop_index("ix_gateway_event_payout_id")

    op.drop_table("gateway_event")
    with op.batch_alter_table("fund_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_fund_entry_site_id")
        batch_op.drop_index("ix_fund_entry_payout_id")

    op.drop_table("fund_entry")
    with op.batch_alter_table("payout", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_payout_open",
            sqlite_where=sa.text(
                "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown') OR (state = 'settled' AND returned_at IS NULL)"
            ),
            postgresql_where=sa.text(
                "state IN ('awaiting_approval', 'reserved', 'sending', 'awaiting_visitor', 'unknown') OR (state = 'settled' AND returned_at IS NULL)"
            ),
        )
        batch_op.drop_index("ix_payout_site_id")
        batch_op.drop_index("ix_payout_day")
        batch_op.drop_index("ix_payout_claim_id")

    op.drop_table("payout")
    op.drop_table("clock_breach")
    with op.batch_alter_table("withdrawal", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_withdrawal_open", sqlite_where=sa.text("approved_at IS NULL"), postgresql_where=sa.text("approved_at IS NULL")
        )

    op.drop_table("withdrawal")
    op.drop_table("fund_account")
    op.drop_table("verification")
    with op.batch_alter_table("statement_line", schema=None) as batch_op:
        batch_op.drop_index("ix_statement_line_key")

    op.drop_table("statement_line")
    op.drop_table("statement_day")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_job_due",
            sqlite_where=sa.text("done_at IS NULL AND set_aside_at IS NULL"),
            postgresql_where=sa.text("done_at IS NULL AND set_aside_at IS NULL"),
        )

    op.drop_table("job")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION books_are_never_changed()")
