"""The audit chain: how an event is hashed to the one before it. Stores nothing and names no subject's person.

One chain per subject (claim, site, officer, the calendar, the worker's jobs). The hash is taken over the stored form, so that a
row read back verifies.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_AS_GIVEN = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


class EventKind(StrEnum):
    """What can be written into a chain. `moved` events are exactly the steps of the lifecycle table."""

    MOVED = "moved"
    ACCEPTED = "accepted"
    ASSESSED = "assessed"
    FACTS_COMPLETED = "facts_completed"
    VERDICT_PROPOSED = "verdict_proposed"
    MESSAGE_SENT = "message_sent"
    QUESTION_ASKED = "question_asked"
    ANSWERED = "answered"
    NOTE_WRITTEN = "note_written"
    EVIDENCE_ADDED = "evidence_added"
    LINKED = "linked"
    CONTACT_CHANGED = "contact_changed"
    CONTACT_VIEWED = "contact_viewed"
    SLIP_REISSUED = "slip_reissued"
    HANDOFF_DUE = "handoff_due"
    CLOCK_RECOUNTED = "clock_recounted"
    CLOCK_BREACHED = "clock_breached"
    MISS_EXPLAINED = "miss_explained"
    RATED = "rated"
    FOLLOWED_UP = "followed_up"
    CLOCK_EXTENDED = "clock_extended"
    PAYOUT_MOVED = "payout_moved"
    PAYOUT_SAID_RECEIVED = "payout_said_received"
    PAYOUT_WORD_PARKED = "payout_word_parked"
    PAYOUT_RETURN_SAID = "payout_return_said"
    PAYOUT_RETURNED = "payout_returned"
    RESOLUTION_PROPOSED = "resolution_proposed"
    RESOLUTION_AGREED = "resolution_agreed"
    RETURN_ANSWERED = "return_answered"
    RETURN_GOODS_BACK = "return_goods_back"
    RESPONDENT_NOTIFIED = "respondent_notified"
    NOTICE_OPENED = "notice_opened"
    NOTICE_CLOSED = "notice_closed"
    FUND_TOPPED_UP = "fund_topped_up"
    WITHDRAWAL_PROPOSED = "withdrawal_proposed"
    WITHDRAWAL_APPROVED = "withdrawal_approved"
    WITHDRAWAL_REFUSED = "withdrawal_refused"
    SENDS_STOPPED = "sends_stopped"
    SENDS_RESUMED = "sends_resumed"
    RECOVERY_MOVED = "recovery_moved"
    RECOVERY_CUT_PROPOSED = "recovery_cut_proposed"
    RECOVERY_CUT_REFUSED = "recovery_cut_refused"
    DEPOSIT_PAID_IN = "deposit_paid_in"
    DEPOSIT_PAID_BACK = "deposit_paid_back"
    DAY_CLOSED = "day_closed"
    BREAK_FOUND = "break_found"
    BREAK_RESOLVED = "break_resolved"
    GATEWAY_MESSAGE_SEEN = "gateway_message_seen"
    PLEDGE_SIGNED = "pledge_signed"
    PLEDGE_WITHDRAWN = "pledge_withdrawn"
    ALERT_ROSE = "alert_rose"
    ALERT_FELL = "alert_fell"
    RECTIFICATION_SERVED = "rectification_served"
    RECTIFICATION_ANSWERED = "rectification_answered"
    RECTIFICATION_CONFIRMED = "rectification_confirmed"
    DUTY_ADDED = "duty_added"
    DUTY_REMOVED = "duty_removed"
    PARTNER_ADDED = "partner_added"
    PARTNER_CHANGED = "partner_changed"
    HANDOFF_OFFERED = "handoff_offered"
    HANDOFF_TAKEN = "handoff_taken"
    HANDOFF_WORKING = "handoff_working"
    HANDOFF_DONE = "handoff_done"
    HANDOFF_RETURNED = "handoff_returned"
    HANDOFF_REPLAYED = "handoff_replayed"
    COLLECTIVE_PROPOSED = "collective_proposed"
    COLLECTIVE_GREW = "collective_grew"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_ROSE = "incident_rose"
    INCIDENT_COUNTED = "incident_counted"
    INCIDENT_REPORTED = "incident_reported"
    INCIDENT_ARRIVED = "incident_arrived"
    INCIDENT_REPORT_SAVED = "incident_report_saved"
    INCIDENT_REPORT_FILED = "incident_report_filed"
    INCIDENT_PLANNED = "incident_planned"
    INCIDENT_CLOSED = "incident_closed"
    MEMBER_JOINED = "member_joined"
    MEMBER_LEFT = "member_left"
    MEMBER_VOTED = "member_voted"
    REPRESENTATIVES_NAMED = "representatives_named"
    SETTLEMENT_MADE = "settlement_made"
    SETTLEMENT_WITHDRAWN = "settlement_withdrawn"
    SETTLEMENT_SUBMITTED = "settlement_submitted"
    SITE_ADDED = "site_added"
    OFFICER_ADDED = "officer_added"
    OFFICER_DISABLED = "officer_disabled"
    TOKEN_ISSUED = "token_issued"  # noqa: S105 - the name of an event, not a secret
    CALENDAR_PUBLISHED = "calendar_published"
    JOB_RETRIED = "job_retried"
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of an event, not a secret
    MAIL_CHANGED = "mail_changed"
    ROLES_CHANGED = "roles_changed"
    FACTOR_SET = "factor_set"
    FACTOR_RESET = "factor_reset"
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of an event, not a secret


@dataclass(frozen=True, slots=True)
class Happening:
    """One event before it is chained: who did what to which subject, and why. `at` is UTC; `data` holds no personal field."""

    subject: str
    kind: EventKind
    at: datetime
    actor: str
    role: str
    site_id: int | None
    request_id: str
    step: str | None = None
    from_state: str | None = None
    to_state: str | None = None
    reason: str | None = None
    data: str = "{}"


def stored_data(data: dict[str, object]) -> str:
    """The canonical text of an event's data: sorted keys, no spaces, characters as they are."""
    return _SORTED.encode(data)


def genesis(subject: str) -> bytes:
    """What the first event of a chain names as its predecessor: different for every subject."""
    return hashlib.sha256(f"desk:{subject}".encode()).digest()


def event_hash(previous: bytes, seq: int, event: Happening) -> bytes:
    """The 32 bytes that bind an event to its predecessor and to its place. Source: RELIABILITY I23."""
    form = _AS_GIVEN.encode(
        [
            previous.hex(), event.subject, seq, event.kind, event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            event.actor, event.role, event.site_id, event.request_id, event.step, event.from_state, event.to_state,
            event.reason, event.data,
        ]
    )  # fmt: skip
    return hashlib.sha256(form.encode()).digest()


def digest(text: str) -> str:
    """What the chain keeps of a text, so that a changed one is noticed and none is repeated there."""
    return hashlib.sha256(text.encode()).hexdigest()
