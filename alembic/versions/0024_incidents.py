"""Collective disputes and incidents with their clocks, reports and settlements; what is missed or told may be of an incident."""

import sqlalchemy as sa
from alembic import op

from desk.store.columns import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SHARED = ("clock_breach", "clock_reminder")
_TWICE = {
    "clock_breach": ("uq_clock_breach_incident", ["incident_id", "kind", "due_at"]),
    "clock_reminder": ("uq_clock_reminder_incident", ["incident_id", "kind", "due_at", "minutes", "role"]),
}


def upgrade() -> None:
    """Apply."""
    for make in (_incident, _incident_member, _incident_clock, _incident_report, _settlement, _settlement_line):
        make()
    for table in _SHARED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.alter_column("claim_id", existing_type=sa.BigInteger(), nullable=True)
            batch_op.add_column(sa.Column("incident_id", sa.BigInteger(), nullable=True))
            batch_op.create_foreign_key(op.f(f"fk_{table}_incident_id"), "incident", ["incident_id"], ["id"])
            batch_op.create_check_constraint(
                op.f(f"ck_{table}_of_claim_or_incident"), "(claim_id IS NULL) != (incident_id IS NULL)"
            )
        name, columns = _TWICE[table]
        _partial(table, name, columns, "incident_id IS NOT NULL", unique=True)


def downgrade() -> None:
    """Undo. Raises RuntimeError where claims were ever found to be of one cause: the chain would tell of what no row has."""
    if op.get_bind().execute(sa.text("SELECT 1 FROM incident")).first() is not None:
        msg = "there were collective disputes: the older program would forget them"
        raise RuntimeError(msg)
    for table in _SHARED:
        op.drop_index(_TWICE[table][0], table)
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(op.f(f"ck_{table}_of_claim_or_incident"), type_="check")
            batch_op.drop_constraint(op.f(f"fk_{table}_incident_id"), type_="foreignkey")
            batch_op.drop_column("incident_id")
            batch_op.alter_column("claim_id", existing_type=sa.BigInteger(), nullable=False)
    for table in ("settlement_line", "settlement", "incident_report", "incident_clock", "incident_member", "incident"):
        op.drop_table(table)


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("site_id", sa.BigInteger(), nullable=False),
        sa.Column("respondent_id", sa.BigInteger(), nullable=True),
        sa.Column("spot", sa.String(40), nullable=True),
        sa.Column("category", sa.String(24), nullable=False),
        sa.Column("pack", sa.String(80), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(8), nullable=True),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("opened_by", sa.BigInteger(), nullable=True),
        sa.Column("opened_why", sa.Text(), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("reported_by", sa.BigInteger(), nullable=True),
        sa.Column("reported_to", sa.String(80), nullable=True),
        sa.Column("arrived_at", UtcDateTime(), nullable=True),
        sa.Column("arrived_by", sa.BigInteger(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("planned_at", UtcDateTime(), nullable=True),
        sa.Column("planned_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("closed_why", sa.Text(), nullable=True),
        sa.CheckConstraint("(arrived_at IS NULL) = (arrived_by IS NULL)", name=op.f("ck_incident_arrived_in_person")),
        sa.CheckConstraint("(opened_at IS NULL) = (level IS NULL)", name=op.f("ck_incident_level_when_open")),
        sa.CheckConstraint("(opened_at IS NULL) = (number IS NULL)", name=op.f("ck_incident_number_when_open")),
        sa.CheckConstraint("(opened_at IS NULL) = (year IS NULL)", name=op.f("ck_incident_year_when_open")),
        sa.CheckConstraint("(planned_at IS NULL) = (plan IS NULL)", name=op.f("ck_incident_plan_in_words")),
        sa.CheckConstraint("(planned_at IS NULL) = (planned_by IS NULL)", name=op.f("ck_incident_planned_by_somebody")),
        sa.CheckConstraint("(reported_at IS NULL) = (reported_by IS NULL)", name=op.f("ck_incident_reported_by_somebody")),
        sa.CheckConstraint("(reported_at IS NULL) = (reported_to IS NULL)", name=op.f("ck_incident_reported_to_somebody")),
        sa.CheckConstraint(
            "category IN ('agency_contract', 'injury_safety', 'lodging_cancellation', 'restaurant_overcharge', 'ticket_and_ride', 'goods_quality_return', 'force_majeure', 'visitor_conduct', 'transport_rental', 'guide_misconduct', 'forced_shopping', 'day_tour', 'price_labelling', 'platform', 'luggage_property', 'photography', 'insurance', 'lodging_quality', 'other')",
            name=op.f("ck_incident_category_known"),
        ),
        sa.CheckConstraint("counted BETWEEN 1 AND 99999", name=op.f("ck_incident_counted_bounded")),
        sa.CheckConstraint("length(closed_why) <= 2000", name=op.f("ck_incident_closed_why_length")),
        sa.CheckConstraint("length(opened_why) <= 2000", name=op.f("ck_incident_opened_why_length")),
        sa.CheckConstraint("length(plan) <= 4000", name=op.f("ck_incident_plan_length")),
        sa.CheckConstraint("level IN ('general', 'larger', 'major')", name=op.f("ck_incident_level_known")),
        sa.CheckConstraint(
            "opened_at IS NOT NULL OR (reported_at IS NULL AND arrived_at IS NULL)", name=op.f("ck_incident_steps_when_open")
        ),
        sa.CheckConstraint("people BETWEEN 0 AND 99999000", name=op.f("ck_incident_people_bounded")),
        sa.CheckConstraint("respondent_id IS NOT NULL OR spot IS NOT NULL", name=op.f("ck_incident_has_a_place")),
        sa.CheckConstraint("version > 0", name=op.f("ck_incident_version_above_zero")),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_incident_site_id")),
        sa.ForeignKeyConstraint(["respondent_id"], ["respondent.id"], name=op.f("fk_incident_respondent_id")),
        sa.ForeignKeyConstraint(["opened_by"], ["officer.id"], name=op.f("fk_incident_opened_by")),
        sa.ForeignKeyConstraint(["reported_by"], ["officer.id"], name=op.f("fk_incident_reported_by")),
        sa.ForeignKeyConstraint(["arrived_by"], ["officer.id"], name=op.f("fk_incident_arrived_by")),
        sa.ForeignKeyConstraint(["planned_by"], ["officer.id"], name=op.f("fk_incident_planned_by")),
        sa.ForeignKeyConstraint(["closed_by"], ["officer.id"], name=op.f("fk_incident_closed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index("ix_incident_site", "incident", ["site_id", "proposed_at", "id"], unique=False)
    # After the whole index: of two that fit, SQLite takes the one that was made later.
    _partial("incident", "ix_incident_now", ["site_id", "proposed_at", "id"], "closed_at IS NULL")
    _partial("incident", "uq_incident_number", ["site_id", "year", "number"], "number IS NOT NULL", unique=True)
    _partial(
        "incident",
        "uq_incident_of_merchant",
        ["respondent_id", "category"],
        "closed_at IS NULL AND respondent_id IS NOT NULL",
        unique=True,
    )
    _partial(
        "incident",
        "uq_incident_of_spot",
        ["site_id", "spot", "category"],
        "closed_at IS NULL AND respondent_id IS NULL",
        unique=True,
    )


def _incident_member() -> None:
    op.create_table(
        "incident_member",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("representative", sa.Boolean(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("joined_at", UtcDateTime(), nullable=True),
        sa.Column("joined_by", sa.BigInteger(), nullable=True),
        sa.Column("left_at", UtcDateTime(), nullable=True),
        sa.Column("left_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'left') = (left_at IS NOT NULL)", name=op.f("ck_incident_member_left_at_some_time")),
        sa.CheckConstraint("NOT representative OR state = 'joined'", name=op.f("ck_incident_member_represents_as_a_member")),
        sa.CheckConstraint("state != 'joined' OR joined_at IS NOT NULL", name=op.f("ck_incident_member_joined_at_some_time")),
        sa.CheckConstraint("state IN ('found', 'joined', 'left')", name=op.f("ck_incident_member_state_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_member_incident_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_incident_member_claim_id")),
        sa.ForeignKeyConstraint(["joined_by"], ["officer.id"], name=op.f("fk_incident_member_joined_by")),
        sa.ForeignKeyConstraint(["left_by"], ["officer.id"], name=op.f("fk_incident_member_left_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_member")),
        sa.UniqueConstraint("incident_id", "claim_id", name=op.f("uq_incident_member_incident_id_claim_id")),
    )
    op.create_index("ix_incident_member_claim", "incident_member", ["claim_id"], unique=False)
    _partial("incident_member", "uq_incident_member_one", ["claim_id"], "state != 'left'", unique=True)


def _incident_clock() -> None:
    op.create_table(
        "incident_clock",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("base_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("pack", sa.String(80), nullable=False),
        sa.Column("calendar", sa.String(40), nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("segments", sa.JSON(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('stopped', 'void')) = (stopped_at IS NOT NULL)", name=op.f("ck_incident_clock_stopped_at_when_ended")
        ),
        sa.CheckConstraint(
            "next_at IS NULL OR (state = 'running' AND NOT provisional)", name=op.f("ck_incident_clock_seen_to_while_running")
        ),
        sa.CheckConstraint("state IN ('running', 'paused', 'stopped', 'void')", name=op.f("ck_incident_clock_state_known")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_clock_incident_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_clock")),
        sa.UniqueConstraint("incident_id", "kind", "base_at", name=op.f("uq_incident_clock_incident_id_kind_base_at")),
    )
    _partial("incident_clock", "ix_incident_clock_next", ["next_at", "incident_id"], "next_at IS NOT NULL")


def _incident_report() -> None:
    op.create_table(
        "incident_report",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("happened", sa.Text(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=True),
        sa.Column("injured", sa.Integer(), nullable=True),
        sa.Column("measures", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("filed", sa.Boolean(), nullable=False),
        sa.Column("saved_at", UtcDateTime(), nullable=False),
        sa.Column("saved_by", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "NOT filed OR (happened != '' AND measures != '' AND cause != '' AND people IS NOT NULL AND injured IS NOT NULL)",
            name=op.f("ck_incident_report_filed_whole"),
        ),
        sa.CheckConstraint("injured BETWEEN 0 AND 99999", name=op.f("ck_incident_report_injured_bounded")),
        sa.CheckConstraint("length(cause) <= 2000", name=op.f("ck_incident_report_cause_length")),
        sa.CheckConstraint("length(happened) <= 4000", name=op.f("ck_incident_report_happened_length")),
        sa.CheckConstraint("length(measures) <= 2000", name=op.f("ck_incident_report_measures_length")),
        sa.CheckConstraint("people BETWEEN 1 AND 99999", name=op.f("ck_incident_report_people_bounded")),
        sa.CheckConstraint("version > 0", name=op.f("ck_incident_report_version_above_zero")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incident_report_incident_id")),
        sa.ForeignKeyConstraint(["saved_by"], ["officer.id"], name=op.f("fk_incident_report_saved_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_report")),
        sa.UniqueConstraint("incident_id", "version", name=op.f("uq_incident_report_incident_id_version")),
    )


def _settlement() -> None:
    op.create_table(
        "settlement",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by", sa.BigInteger(), nullable=False),
        sa.Column("votes_until", UtcDateTime(), nullable=False),
        sa.Column("withdrawn_at", UtcDateTime(), nullable=True),
        sa.Column("withdrawn_by", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", UtcDateTime(), nullable=True),
        sa.Column("submitted_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(submitted_at IS NULL) = (submitted_by IS NULL)", name=op.f("ck_settlement_submitted_by_somebody")),
        sa.CheckConstraint("(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name=op.f("ck_settlement_withdrawn_by_somebody")),
        sa.CheckConstraint("length(note) <= 2000", name=op.f("ck_settlement_note_length")),
        sa.CheckConstraint("votes_until > made_at", name=op.f("ck_settlement_time_to_vote")),
        sa.CheckConstraint("withdrawn_at IS NULL OR submitted_at IS NULL", name=op.f("ck_settlement_one_end")),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_settlement_incident_id")),
        sa.ForeignKeyConstraint(["made_by"], ["officer.id"], name=op.f("fk_settlement_made_by")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["officer.id"], name=op.f("fk_settlement_withdrawn_by")),
        sa.ForeignKeyConstraint(["submitted_by"], ["officer.id"], name=op.f("fk_settlement_submitted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement")),
    )
    op.create_index("ix_settlement_incident", "settlement", ["incident_id", "made_at"], unique=False)
    _partial(
        "settlement", "uq_settlement_standing", ["incident_id"], "withdrawn_at IS NULL AND submitted_at IS NULL", unique=True
    )


def _settlement_line() -> None:
    op.create_table(
        "settlement_line",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("settlement_id", sa.BigInteger(), nullable=False),
        sa.Column("claim_id", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("vote", sa.String(4), nullable=True),
        sa.Column("voted_at", UtcDateTime(), nullable=True),
        sa.Column("voted_by", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("why", sa.String(40), nullable=True),
        sa.Column("tried_at", UtcDateTime(), nullable=True),
        sa.Column("tried_by", sa.BigInteger(), nullable=True),
        sa.Column("payout_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'proposed') = (payout_id IS NOT NULL)", name=op.f("ck_settlement_line_payout_when_proposed")
        ),
        sa.CheckConstraint("(state = 'refused') = (why IS NOT NULL)", name=op.f("ck_settlement_line_why_when_refused")),
        sa.CheckConstraint("(state = 'waiting') = (tried_at IS NULL)", name=op.f("ck_settlement_line_tried_at_some_time")),
        sa.CheckConstraint("(vote IS NULL) = (voted_at IS NULL)", name=op.f("ck_settlement_line_voted_at_some_time")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_settlement_line_amount_above_zero")),
        sa.CheckConstraint("payout_id IS NULL OR vote = 'yes'", name=op.f("ck_settlement_line_paid_with_consent")),
        sa.CheckConstraint("state IN ('waiting', 'proposed', 'refused')", name=op.f("ck_settlement_line_state_known")),
        sa.CheckConstraint("vote IN ('yes', 'no')", name=op.f("ck_settlement_line_vote_known")),
        sa.ForeignKeyConstraint(["settlement_id"], ["settlement.id"], name=op.f("fk_settlement_line_settlement_id")),
        sa.ForeignKeyConstraint(["claim_id"], ["claim.id"], name=op.f("fk_settlement_line_claim_id")),
        sa.ForeignKeyConstraint(["voted_by"], ["officer.id"], name=op.f("fk_settlement_line_voted_by")),
        sa.ForeignKeyConstraint(["tried_by"], ["officer.id"], name=op.f("fk_settlement_line_tried_by")),
        sa.ForeignKeyConstraint(["payout_id"], ["payout.id"], name=op.f("fk_settlement_line_payout_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_line")),
        sa.UniqueConstraint("settlement_id", "claim_id", name=op.f("uq_settlement_line_settlement_id_claim_id")),
    )
    op.create_index("ix_settlement_line_claim", "settlement_line", ["claim_id"], unique=False)
    _partial("settlement_line", "uq_settlement_line_payout", ["payout_id"], "payout_id IS NOT NULL", unique=True)


def _partial(table: str, name: str, columns: list[str], condition: str, *, unique: bool = False) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
