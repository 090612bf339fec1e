"""Every table. Rows are dumb: what must hold stands in NOT NULL, CHECK, UNIQUE and foreign keys.

Times are UTC instants (`_at`), days are calendar days at the site (`_on`), amounts are minor units (`_minor`).
"""

from desk.store.tables.naming import metadata  # isort: skip - names constraints before any table is made
from desk.store.tables.claims import (
    ClaimItemRow,
    ClaimLinkRow,
    ClaimRow,
    ClockRow,
    DocketEntryRow,
    DuplicateTagRow,
    MessageRow,
    NoteRow,
    PersonRow,
)
from desk.store.tables.decisions import AssessmentRow, VerdictRow
from desk.store.tables.records import EventRow, IdempotencyKeyRow, TryBucketRow
from desk.store.tables.sites import (
    CalendarDayRow,
    CalendarEditionRow,
    CalendarYearRow,
    CounterRow,
    InstallationRow,
    OfficerRoleRow,
    OfficerRow,
    OfficerTokenRow,
    RespondentRow,
    SiteRow,
)

__all__ = [
    "AssessmentRow",
    "CalendarDayRow",
    "CalendarEditionRow",
    "CalendarYearRow",
    "ClaimItemRow",
    "ClaimLinkRow",
    "ClaimRow",
    "ClockRow",
    "CounterRow",
    "DocketEntryRow",
    "DuplicateTagRow",
    "EventRow",
    "IdempotencyKeyRow",
    "InstallationRow",
    "MessageRow",
    "NoteRow",
    "OfficerRoleRow",
    "OfficerRow",
    "OfficerTokenRow",
    "PersonRow",
    "RespondentRow",
    "SiteRow",
    "TryBucketRow",
    "VerdictRow",
    "metadata",
]
