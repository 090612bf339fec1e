"""The spine: sites, officers, claims, clocks, messages, the docket and the audit chain."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


_SQLITE_GUARD = """
CREATE TRIGGER event_is_never_{verb}d BEFORE {verb} ON event
BEGIN SELECT RAISE(ABORT, 'audit events are never changed'); END
"""
_POSTGRES_GUARD = """
CREATE FUNCTION event_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'audit events are never changed' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER event_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON event
FOR EACH STATEMENT EXECUTE FUNCTION event_is_never_changed();
"""


def _guard_events() -> None:
    """Events are append-only by trigger, whoever connects (RELIABILITY I22, I23)."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_POSTGRES_GUARD)
        return
    for verb in ("update", "delete"):
        op.execute(_SQLITE_GUARD.format(verb=verb))


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "calendar_day",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_day")),
        sa.UniqueConstraint("on_day", name=op.f("uq_calendar_day_on_day")),
    )
    op.create_table(
        "calendar_edition",
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("years", sa.JSON(), nullable=False),
        sa.Column("days", sa.JSON(), nullable=False),
        sa.Column("replaced_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_calendar_edition")),
    )
    op.create_table(
        "calendar_year",
        sa.Column("year", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_year")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("route", sa.String(length=80), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_key")),
        sa.UniqueConstraint("key", "actor", "route", name=op.f("uq_idempotency_key_key_actor_route")),
    )
    op.create_table(
        "installation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("master_key_id", sa.String(length=16), nullable=False),
        sa.Column("pepper_id", sa.String(length=16), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_installation_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installation")),
    )
    op.create_table(
        "officer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("disabled_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer")),
        sa.UniqueConstraint("name", name=op.f("uq_officer_name")),
    )
    op.create_table(
        "site",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("slug", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_en", sa.String(length=80), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("languages", sa.JSON(), nullable=False),
        sa.Column("overlay", sa.String(length=40), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("spots", sa.JSON(), nullable=False),
        sa.Column("caps", sa.JSON(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("slug", name=op.f("uq_site_slug")),
    )
    op.create_table(
        "try_bucket",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("empty_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_try_bucket")),
    )
    op.create_table(
        "counter",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_counter_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counter")),
        sa.UniqueConstraint("site_id", "name", name=op.f("uq_counter_site_id_name")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=True),
        sa.Column("from_state", sa.String(length=24), nullable=True),
        sa.Column("to_state", sa.String(length=24), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("(kind = 'moved') = (step IS NOT NULL)", name=op.f("ck_event_step_when_moved")),
        sa.CheckConstraint("seq > 0", name=op.f("ck_event_seq_above_zero")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_event_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("prev_hash", name=op.f("uq_event_prev_hash")),
        sa.UniqueConstraint("subject", "seq", name=op.f("uq_event_subject_seq")),
    )
    op.create_table(
        "officer_role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.String(length=12), nullable=False),
        sa.CheckConstraint("(role = 'admin') = (site_id IS NULL)", name=op.f("ck_officer_role_admin_without_site")),
        sa.CheckConstraint(
            "role IN ('intake', 'cashier', 'mediator', 'manager', 'auditor', 'admin')", name=op.f("ck_officer_role_role_known")
        ),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_role_officer_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_officer_role_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_role")),
        sa.UniqueConstraint("officer_id", "site_id", "role", name=op.f("uq_officer_role_officer_id_site_id_role")),
    )
    with op.batch_alter_table("officer_role", schema=None) as batch_op:
        batch_op.create_index(
            "uq_officer_role_admin",
            ["officer_id"],
            unique=True,
            sqlite_where=sa.text("site_id IS NULL"),
            postgresql_where=sa.text("site_id IS NULL"),
        )

    op.create_table(
        "officer_token",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_officer_token_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_officer_token_token_hash")),
    )
    with op.batch_alter_table("officer_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_officer_token_officer_id"), ["officer_id"], unique=False)

    op.create_table(
        "respondent",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("name_normalised", sa.String(length=160), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("in_reach", sa.Boolean(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('scenic_site', 'travel_agency', 'hotel', 'homestay', 'restaurant', 'shop', 'guide', 'transport', 'photographer', 'platform', 'insurer', 'other')",
            name=op.f("ck_respondent_kind_known"),
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_respondent_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_respondent")),
        sa.UniqueConstraint("site_id", "name_normalised", name=op.f("uq_respondent_site_id_name_normalised")),
    )
    op.create_table(
        "claim",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("reference", sa.String(length=10), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("spot", sa.String(length=40), nullable=True),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("ended_as", sa.String(length=24), nullable=True),
        sa.Column("route", sa.String(length=20), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=True),
        sa.Column("category", sa.String(length=24), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("occurred_on", sa.Date(), nullable=True),
        sa.Column("purchased_on", sa.Date(), nullable=True),
        sa.Column("contract_ended_on", sa.Date(), nullable=True),
        sa.Column("departs_at", UtcDateTime(), nullable=True),
        sa.Column("order_no", sa.String(length=80), nullable=True),
        sa.Column("already_elsewhere", sa.String(length=12), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("injury", sa.Boolean(), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=False),
        sa.Column("foreign_related", sa.Boolean(), nullable=False),
        sa.Column("needs_appraisal", sa.Boolean(), nullable=False),
        sa.Column("crime_suspected", sa.Boolean(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("decided_minor", sa.BigInteger(), nullable=True),
        sa.Column("assessed", sa.Boolean(), nullable=False),
        sa.Column("open_questions", sa.Integer(), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("lodged_at", UtcDateTime(), nullable=False),
        sa.Column("moved_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("lodged_by", sa.BigInteger(), nullable=True),
        sa.Column("source_key", sa.String(length=80), nullable=True),
        sa.CheckConstraint("(state = 'archived') = (ended_as IS NOT NULL)", name=op.f("ck_claim_ended_as_when_archived")),
        sa.CheckConstraint("(state IN ('closed', 'archived')) OR outcome IS NULL", name=op.f("ck_claim_outcome_when_closed")),
        sa.CheckConstraint(
            "already_elsewhere IN ('none', 'court', 'arbitration', 'agency', 'mediator')",
            name=op.f("ck_claim_already_elsewhere_known"),
        ),
        sa.CheckConstraint(
            "category IN ('agency_contract', 'injury_safety', 'lodging_cancellation', 'restaurant_overcharge', 'ticket_and_ride', 'goods_quality_return', 'force_majeure', 'visitor_conduct', 'transport_rental', 'guide_misconduct', 'forced_shopping', 'day_tour', 'price_labelling', 'platform', 'luggage_property', 'photography', 'insurance', 'lodging_quality', 'other')",
            name=op.f("ck_claim_category_known"),
        ),
        sa.CheckConstraint(
            "channel IN ('counter', 'poster', 'hotline_12345', 'police_110', 'site_security', 'consumer_12315', 'api')",
            name=op.f("ck_claim_channel_known"),
        ),
        sa.CheckConstraint("outcome IN ('refunded', 'performed')", name=op.f("ck_claim_outcome_known")),
        sa.CheckConstraint(
            "state IN ('received', 'awaiting_information', 'fast_refund', 'docketed', 'returning', 'settled', 'closed', 'refused', 'transferred', 'terminated', 'withdrawn', 'archived')",
            name=op.f("ck_claim_state_known"),
        ),
        sa.CheckConstraint("decided_minor > 0", name=op.f("ck_claim_decided_above_zero")),
        sa.CheckConstraint("length(facts) <= 4000", name=op.f("ck_claim_facts_length")),
        sa.CheckConstraint("people BETWEEN 1 AND 9999", name=op.f("ck_claim_people_bounded")),
        sa.CheckConstraint("version > 0 AND generation > 0 AND open_questions >= 0", name=op.f("ck_claim_counters_sound")),
        sa.ForeignKeyConstraint(["lodged_by"], ["officer.id"], name=op.f("fk_claim_lodged_by")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_claim_respondent_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_claim_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim")),
        sa.UniqueConstraint("reference", name=op.f("uq_claim_reference")),
        sa.UniqueConstraint("site_id", "source_key", name=op.f("uq_claim_site_id_source_key")),
    )
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.create_index("ix_claim_queue", ["site_id", "state", "due_at", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_claim_respondent_id"), ["respondent_id"], unique=False)

    op.create_table(
        "assessment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("not_at_fault", sa.String(length=8), nullable=False),
        sa.Column("facts_clear", sa.String(length=8), nullable=False),
        sa.Column("evidence_sufficient", sa.String(length=8), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=True),
        sa.Column("ground", sa.String(length=400), nullable=True),
        sa.Column("scope", sa.String(length=16), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("assessed_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint(
            "basis IN ('tourism_law_54', 'consumer_law_40', 'consumer_law_43', 'consumer_law_44', 'undertaking', 'assignment', 'none')",
            name=op.f("ck_assessment_basis_known"),
        ),
        sa.CheckConstraint(
            "evidence_sufficient IN ('yes', 'no', 'unknown')", name=op.f("ck_assessment_evidence_sufficient_known")
        ),
        sa.CheckConstraint("facts_clear IN ('yes', 'no', 'unknown')", name=op.f("ck_assessment_facts_clear_known")),
        sa.CheckConstraint("not_at_fault IN ('yes', 'no', 'unknown')", name=op.f("ck_assessment_not_at_fault_known")),
        sa.CheckConstraint("scope IN ('in_scope', 'handled_before', 'other_remit')", name=op.f("ck_assessment_scope_known")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_assessment_note_length")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_assessment_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_assessment_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assessment")),
        sa.UniqueConstraint("claim_id", "seq", name=op.f("uq_assessment_claim_id_seq")),
    )
    op.create_table(
        "claim_item",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("asked_minor", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('refund', 'damage', 'punitive', 'apology', 'other')", name=op.f("ck_claim_item_kind_known")),
        sa.CheckConstraint("asked_minor > 0", name=op.f("ck_claim_item_asked_above_zero")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_item_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_item")),
        sa.UniqueConstraint("claim_id", "position", name=op.f("uq_claim_item_claim_id_position")),
    )
    op.create_table(
        "claim_link",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("linked_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("claim_id < other_id", name=op.f("ck_claim_link_ordered")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_claim_link_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_claim_link_officer_id")),
        sa.ForeignKeyConstraint(["other_id"], ["claim.id"], name=op.f("fk_claim_link_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_link")),
        sa.UniqueConstraint("claim_id", "other_id", name=op.f("uq_claim_link_claim_id_other_id")),
    )
    with op.batch_alter_table("claim_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_claim_link_other_id"), ["other_id"], unique=False)

    op.create_table(
        "clock",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("base_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('stopped', 'void')) = (stopped_at IS NOT NULL)", name=op.f("ck_clock_stopped_at_when_ended")
        ),
        sa.CheckConstraint("state IN ('running', 'paused', 'stopped', 'void')", name=op.f("ck_clock_state_known")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_clock_claim_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
        sa.UniqueConstraint("claim_id", "kind", "base_at", name=op.f("uq_clock_claim_id_kind_base_at")),
    )
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.create_index(
            "ix_clock_provisional",
            ["calendar"],
            unique=False,
            sqlite_where=sa.text("provisional"),
            postgresql_where=sa.text("provisional"),
        )

    op.create_table(
        "docket_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("case_no", sa.String(length=24), nullable=False),
        sa.Column("leaves_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("docketed_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_docket_entry_claim_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_docket_entry_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_docket_entry")),
        sa.UniqueConstraint("site_id", "case_no", name=op.f("uq_docket_entry_site_id_case_no")),
    )
    with op.batch_alter_table("docket_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_docket_entry_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index(
            "ix_docket_entry_order",
            ["site_id", "leaves_at", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )
        batch_op.create_index(
            "uq_docket_entry_open",
            ["claim_id"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "duplicate_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("tagged_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_duplicate_tag_claim_id")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_duplicate_tag_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate_tag")),
    )
    with op.batch_alter_table("duplicate_tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_duplicate_tag_claim_id"), ["claim_id"], unique=False)
        batch_op.create_index("ix_duplicate_tag_tag", ["tag"], unique=False)

    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('message', 'question', 'answer', 'statement')", name=op.f("ck_message_kind_known")),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_message_text_length")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_message_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_message_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.create_index("ix_message_claim_id_written_at", ["claim_id", "written_at"], unique=False)

    op.create_table(
        "note",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("length(text) <= 2000", name=op.f("ck_note_text_length")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_note_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_note_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.create_index("ix_note_claim_id_written_at", ["claim_id", "written_at"], unique=False)

    op.create_table(
        "person",
        sa.Column("claim_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("key_id", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("commitment", sa.String(length=64), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("(wrapped_key IS NULL) = (erased_at IS NOT NULL)", name=op.f("ck_person_erased_without_key")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_person_claim_id")),
        sa.PrimaryKeyConstraint("claim_id", name=op.f("pk_person")),
    )
    op.create_table(
        "verdict",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("made", sa.String(length=12), nullable=False),
        sa.Column("route", sa.String(length=20), nullable=False),
        sa.Column("rule_route", sa.String(length=20), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pack", sa.String(length=80), nullable=False),
        sa.Column("decided_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("officer_id", sa.BigInteger(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("(made = 'overridden') = (reason IS NOT NULL)", name=op.f("ck_verdict_override_has_reason")),
        sa.CheckConstraint("made IN ('proposed', 'confirmed', 'overridden')", name=op.f("ck_verdict_made_known")),
        sa.CheckConstraint(
            "route IN ('fast_refund', 'docket', 'needs_information', 'refuse', 'transfer')", name=op.f("ck_verdict_route_known")
        ),
        sa.CheckConstraint("decided_minor > 0", name=op.f("ck_verdict_decided_above_zero")),
        sa.CheckConstraint("length(reason) <= 2000", name=op.f("ck_verdict_reason_length")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_verdict_claim_id")),
        sa.ForeignKeyConstraint(["officer_id"], ["officer.id"], name=op.f("fk_verdict_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("claim_id", "seq", name=op.f("uq_verdict_claim_id_seq")),
    )
    _guard_events()


def downgrade() -> None:
    """Undo."""
    op.drop_table("verdict")
    op.drop_table("person")
    with op.batch_alter_table("note", schema=None) as batch_op:
        batch_op.drop_index("ix_note_claim_id_written_at")

    op.drop_table("note")
    with op.batch_alter_table("message", schema=None) as batch_op:
        batch_op.drop_index("ix_message_claim_id_written_at")

    op.drop_table("message")
    with op.batch_alter_table("duplicate_tag", schema=None) as batch_op:
        batch_op.drop_index("ix_duplicate_tag_tag")
        batch_op.drop_index(batch_op.f("ix_duplicate_tag_claim_id"))

    op.drop_table("duplicate_tag")
    with op.batch_alter_table("docket_entry", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_docket_entry_open", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(
            "ix_docket_entry_order", sqlite_where=sa.text("closed_at IS NULL"), postgresql_where=sa.text("closed_at IS NULL")
        )
        batch_op.drop_index(batch_op.f("ix_docket_entry_claim_id"))

    op.drop_table("docket_entry")
    with op.batch_alter_table("clock", schema=None) as batch_op:
        batch_op.drop_index("ix_clock_provisional", sqlite_where=sa.text("provisional"), postgresql_where=sa.text("provisional"))

    op.drop_table("clock")
    with op.batch_alter_table("claim_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_link_other_id"))

    op.drop_table("claim_link")
    op.drop_table("claim_item")
    op.drop_table("assessment")
    with op.batch_alter_table("claim", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_claim_respondent_id"))
        batch_op.drop_index("ix_claim_queue")

    op.drop_table("claim")
    op.drop_table("respondent")
    with op.batch_alter_table("officer_token", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_officer_token_officer_id"))

    op.drop_table("officer_token")
    with op.batch_alter_table("officer_role", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_officer_role_admin", sqlite_where=sa.text("site_id IS NULL"), postgresql_where=sa.text("site_id IS NULL")
        )

    op.drop_table("officer_role")
    op.drop_table("event")
    op.drop_table("counter")
    op.drop_table("try_bucket")
    op.drop_table("site")
    op.drop_table("officer")
    op.drop_table("installation")
    op.drop_table("idempotency_key")
    op.drop_table("calendar_year")
    op.drop_table("calendar_edition")
    op.drop_table("calendar_day")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION event_is_never_changed()")
