"""Every table. Rows are dumb: what must hold stands in NOT NULL, CHECK, UNIQUE and foreign keys.

Times are UTC instants (`_at`), days are calendar days at the site (`_on`), amounts are minor units (`_minor`).
"""

from desk.store.tables.naming import metadata  # isort: skip - names constraints before any table is made
from desk.store.tables.access import OfficerFactorRow, OfficerSessionRow
from desk.store.tables.alerts import AlertRow, RectificationAnswerRow, RectificationRow
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
from desk.store.tables.digests import DigestLetterRow, DigestRow, DutyRow, OfficerMailRow
from desk.store.tables.evidence import EvidenceRow
from desk.store.tables.follow_up import FollowUpRow
from desk.store.tables.handoffs import HandedInRow, HandoffRow, PartnerRow
from desk.store.tables.incidents import IncidentClockRow, IncidentMemberRow, IncidentReportRow, IncidentRow
from desk.store.tables.jobs import ClockBreachRow, ClockReminderRow, JobRow, NoticeRow, VerificationRow
from desk.store.tables.money import (
    BankReturnRow,
    DayCloseLineRow,
    DayCloseRow,
    FundAccountRow,
    FundEntryRow,
    FundPostingRow,
    GatewayEventRow,
    PayoutRow,
    PayoutTagRow,
    SendStopRow,
    StatementBreakRow,
    StatementDayRow,
    StatementLineRow,
    WithdrawalRow,
)
from desk.store.tables.notifications import NotificationRow
from desk.store.tables.promises import PromiseCountRow, PromiseDeltaRow
from desk.store.tables.records import EventRow, IdempotencyKeyRow, TryBucketRow
from desk.store.tables.recovery import RecoveryDecisionRow, RecoveryDemandRow, RecoveryInstalmentRow, RecoveryRow
from desk.store.tables.returns import GoodsReturnRow, PledgeRow
from desk.store.tables.settlements import SettlementLineRow, SettlementRow
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
    "AlertRow",
    "AssessmentRow",
    "BankReturnRow",
    "CalendarDayRow",
    "CalendarEditionRow",
    "CalendarYearRow",
    "ClaimItemRow",
    "ClaimLinkRow",
    "ClaimRow",
    "ClockBreachRow",
    "ClockReminderRow",
    "ClockRow",
    "CounterRow",
    "DayCloseLineRow",
    "DayCloseRow",
    "DigestLetterRow",
    "DigestRow",
    "DocketEntryRow",
    "DuplicateTagRow",
    "DutyRow",
    "EventRow",
    "EvidenceRow",
    "FollowUpRow",
    "FundAccountRow",
    "FundEntryRow",
    "FundPostingRow",
    "GatewayEventRow",
    "GoodsReturnRow",
    "HandedInRow",
    "HandoffRow",
    "IdempotencyKeyRow",
    "IncidentClockRow",
    "IncidentMemberRow",
    "IncidentReportRow",
    "IncidentRow",
    "InstallationRow",
    "JobRow",
    "MessageRow",
    "NoteRow",
    "NoticeRow",
    "NotificationRow",
    "OfficerFactorRow",
    "OfficerMailRow",
    "OfficerRoleRow",
    "OfficerRow",
    "OfficerSessionRow",
    "OfficerTokenRow",
    "PartnerRow",
    "PayoutRow",
    "PayoutTagRow",
    "PersonRow",
    "PledgeRow",
    "PromiseCountRow",
    "PromiseDeltaRow",
    "RecoveryDecisionRow",
    "RecoveryDemandRow",
    "RecoveryInstalmentRow",
    "RecoveryRow",
    "RectificationAnswerRow",
    "RectificationRow",
    "RespondentRow",
    "SendStopRow",
    "SettlementLineRow",
    "SettlementRow",
    "SiteRow",
    "StatementBreakRow",
    "StatementDayRow",
    "StatementLineRow",
    "TryBucketRow",
    "VerdictRow",
    "VerificationRow",
    "WithdrawalRow",
    "metadata",
]
