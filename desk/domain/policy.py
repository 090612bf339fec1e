"""Who may do what: roles, acts and the rights table, and the one check that every read and action passes.

Holds no persons and no passwords; the two-person rules of money are about persons and stand with the payout.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Self

from desk.domain.claim import State
from desk.domain.errors import Forbidden, NotFound, SignInNeeded


class Role(StrEnum):
    """What an officer is at a site. Source: SPEC 1."""

    INTAKE = "intake"
    CASHIER = "cashier"
    MEDIATOR = "mediator"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Kind(StrEnum):
    """Who is asking: staff, a party to one claim, the poster's form, a partner's system, the desk or its calendar, a shell."""

    OFFICER = "officer"
    VISITOR = "visitor"
    POSTER = "poster"
    PARTNER = "partner"
    CALENDAR = "calendar"
    DESK = "desk"
    OPERATOR = "operator"


class Act(StrEnum):
    """Everything a viewer can be asked permission for."""

    LODGE = "lodge"
    ADD_EVIDENCE = "add_evidence"
    MESSAGE = "message"
    NOTE = "note"
    LINK = "link"
    ASSESS = "assess"
    COMPLETE_FACTS = "complete_facts"
    CONFIRM = "confirm"
    OVERRIDE = "override"
    OVERRIDE_INTO_FAST = "override_into_fast"
    ANSWER = "answer"
    OBJECT = "object"
    CHANGE_CONTACT = "change_contact"
    WITHDRAW = "withdraw"
    REOPEN = "reopen"
    EXTEND_CLOCK = "extend_clock"
    READ_REMINDERS = "read_reminders"
    START_RETURN = "start_return"
    HANDLE_RETURN = "handle_return"
    READ_PLEDGES = "read_pledges"
    MANAGE_PLEDGES = "manage_pledges"
    REISSUE_SLIP = "reissue_slip"
    PROPOSE_PAYOUT = "propose_payout"
    APPROVE_PAYOUT = "approve_payout"
    SEND_PAYOUT = "send_payout"
    CANCEL_PAYOUT = "cancel_payout"
    RESOLVE_PAYOUT = "resolve_payout"
    READ_PAYOUT = "read_payout"
    TOP_UP = "top_up"
    WITHDRAW_FUND = "withdraw_fund"
    APPROVE_WITHDRAWAL = "approve_withdrawal"
    STOP_SENDS = "stop_sends"
    RECOVER = "recover"
    APPROVE_RECOVERY = "approve_recovery"
    CLOSE_DAY = "close_day"
    CLOSE_LEFT_TILL = "close_left_till"
    READ_CLOSES = "read_closes"
    RESOLVE_BREAK = "resolve_break"
    DISMISS_MESSAGE = "dismiss_message"
    READ_FUND = "read_fund"
    EXPORT_FUND = "export_fund"
    READ_NOTICES = "read_notices"
    SAY_RECEIVED = "say_received"
    RATE = "rate"
    FOLLOW_UP = "follow_up"
    READ_FOLLOW_UPS = "read_follow_ups"
    READ_CLAIM = "read_claim"
    VIEW_CONTACT = "view_contact"
    READ_DOCKET = "read_docket"
    FOLLOW = "follow"
    VERIFY = "verify"
    READ_PROMISES = "read_promises"
    READ_MISSES = "read_misses"
    EXPLAIN_MISS = "explain_miss"
    READ_ALERTS = "read_alerts"
    ANSWER_RECTIFICATION = "answer_rectification"
    RECTIFY = "rectify"
    READ_DIGESTS = "read_digests"
    MANAGE_ROSTER = "manage_roster"
    HAND_OFF = "hand_off"
    READ_HANDOFFS = "read_handoffs"
    MANAGE_PARTNERS = "manage_partners"
    READ_INCIDENTS = "read_incidents"
    HANDLE_INCIDENT = "handle_incident"
    LEAD_INCIDENT = "lead_incident"
    TAKE_PART = "take_part"
    READ_SETTLEMENTS = "read_settlements"
    MANAGE_JOBS = "manage_jobs"
    MANAGE_OFFICERS = "manage_officers"
    MANAGE_SITES = "manage_sites"
    MANAGE_CALENDAR = "manage_calendar"


_COUNTER = frozenset({Role.INTAKE, Role.MANAGER})
_TILL = frozenset({Role.CASHIER})
_MONEY = frozenset({Role.CASHIER, Role.MANAGER})
_READERS = frozenset({Role.INTAKE, Role.CASHIER, Role.MEDIATOR, Role.MANAGER, Role.AUDITOR})

RIGHTS: Mapping[Act, frozenset[Role]] = MappingProxyType(
    {
        Act.LODGE: _COUNTER,
        Act.ADD_EVIDENCE: _COUNTER,
        Act.MESSAGE: _COUNTER,
        Act.NOTE: _COUNTER,
        Act.LINK: _COUNTER,
        Act.ASSESS: _COUNTER,
        Act.COMPLETE_FACTS: _COUNTER,
        Act.CONFIRM: _COUNTER,
        Act.OVERRIDE: _COUNTER,
        Act.OVERRIDE_INTO_FAST: frozenset({Role.MANAGER}),
        Act.ANSWER: _COUNTER,
        Act.OBJECT: frozenset(),
        Act.CHANGE_CONTACT: _COUNTER,
        Act.WITHDRAW: _COUNTER,
        Act.REOPEN: frozenset({Role.MANAGER}),
        Act.EXTEND_CLOCK: frozenset({Role.MANAGER}),
        Act.READ_REMINDERS: frozenset({Role.INTAKE, Role.CASHIER, Role.MEDIATOR, Role.MANAGER}),
        Act.START_RETURN: frozenset({Role.INTAKE}),
        Act.HANDLE_RETURN: _COUNTER,
        Act.READ_PLEDGES: _COUNTER | {Role.AUDITOR},
        Act.MANAGE_PLEDGES: frozenset({Role.MANAGER}),
        Act.REISSUE_SLIP: _COUNTER,
        Act.PROPOSE_PAYOUT: _TILL,
        Act.APPROVE_PAYOUT: _MONEY,
        Act.SEND_PAYOUT: _TILL,
        Act.CANCEL_PAYOUT: _MONEY,
        Act.RESOLVE_PAYOUT: _MONEY,
        Act.READ_PAYOUT: _MONEY | {Role.AUDITOR},
        Act.TOP_UP: frozenset({Role.MANAGER}),
        Act.WITHDRAW_FUND: frozenset({Role.MANAGER}),
        Act.APPROVE_WITHDRAWAL: _MONEY,
        Act.STOP_SENDS: frozenset({Role.MANAGER}),
        Act.RECOVER: frozenset({Role.MANAGER}),
        Act.APPROVE_RECOVERY: _MONEY,
        Act.CLOSE_DAY: _TILL,
        Act.CLOSE_LEFT_TILL: frozenset({Role.MANAGER}),
        Act.READ_CLOSES: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.RESOLVE_BREAK: frozenset({Role.MANAGER}),
        Act.DISMISS_MESSAGE: frozenset({Role.MANAGER}),
        Act.READ_FUND: _MONEY | {Role.AUDITOR},
        Act.EXPORT_FUND: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.READ_NOTICES: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.SAY_RECEIVED: frozenset(),
        Act.RATE: frozenset(),
        Act.FOLLOW_UP: _COUNTER,
        Act.READ_FOLLOW_UPS: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.READ_CLAIM: _READERS,
        Act.VIEW_CONTACT: _READERS,
        Act.READ_DOCKET: frozenset({Role.INTAKE, Role.MEDIATOR, Role.MANAGER, Role.AUDITOR}),
        Act.FOLLOW: frozenset(),
        Act.VERIFY: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.READ_PROMISES: frozenset({Role.MANAGER, Role.AUDITOR}),
        Act.READ_MISSES: _COUNTER | {Role.AUDITOR},
        Act.EXPLAIN_MISS: _COUNTER,
        Act.READ_ALERTS: _COUNTER | {Role.AUDITOR},
        Act.ANSWER_RECTIFICATION: _COUNTER,
        Act.RECTIFY: frozenset({Role.MANAGER}),
        Act.READ_DIGESTS: _READERS,
        Act.MANAGE_ROSTER: frozenset({Role.MANAGER}),
        Act.HAND_OFF: _COUNTER,
        Act.READ_HANDOFFS: _COUNTER | {Role.AUDITOR},
        Act.MANAGE_PARTNERS: frozenset({Role.MANAGER}),
        Act.READ_INCIDENTS: _COUNTER | {Role.AUDITOR},
        Act.HANDLE_INCIDENT: _COUNTER,
        Act.LEAD_INCIDENT: frozenset({Role.MANAGER}),
        Act.TAKE_PART: _COUNTER,
        Act.READ_SETTLEMENTS: _COUNTER | _TILL | {Role.AUDITOR},
        Act.MANAGE_JOBS: frozenset(),
        Act.MANAGE_OFFICERS: frozenset({Role.ADMIN}),
        Act.MANAGE_SITES: frozenset({Role.ADMIN}),
        Act.MANAGE_CALENDAR: frozenset({Role.ADMIN}),
    }
)
"""Which roles of a site carry which right. Source: SPEC 8, the rights table."""

READABLE: Mapping[Role, frozenset[State]] = MappingProxyType(
    {
        Role.INTAKE: frozenset(State),
        Role.CASHIER: frozenset({State.FAST_REFUND}),
        Role.MEDIATOR: frozenset({State.DOCKETED, State.SETTLED, State.TERMINATED}),
        Role.MANAGER: frozenset(State),
        Role.AUDITOR: frozenset(State),
        Role.ADMIN: frozenset(),
    }
)
"""Which claims of the site a role may read at all: a cashier those to pay, a mediator those on the docket. Source: SPEC 8."""

VISITOR_ACTS = frozenset(
    {
        Act.FOLLOW, Act.ADD_EVIDENCE, Act.ANSWER, Act.OBJECT, Act.CHANGE_CONTACT, Act.WITHDRAW, Act.REOPEN, Act.SAY_RECEIVED,
        Act.RATE,
        Act.START_RETURN, Act.TAKE_PART,
    }
)  # fmt: skip
"""What a visitor may do to their own claim, by code or token. Source: SPEC 4 and 6."""

POSTER_ACTS = frozenset({Act.LODGE})
PARTNER_ACTS = frozenset({Act.LODGE, Act.HAND_OFF})
"""What a partner's token is for: claims handed in at its own site, and steps of the hand-offs that were offered to it alone."""
OPERATOR_ACTS = frozenset(
    {
        Act.MANAGE_OFFICERS, Act.MANAGE_SITES, Act.MANAGE_CALENDAR, Act.MANAGE_JOBS, Act.VERIFY, Act.STOP_SENDS,
        Act.READ_DIGESTS,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. `roles` are an officer's roles by site id; `claim_id` is the one claim a visitor holds the code of.

    A partner holds no role at its site. An admin's roles stand under site 0: they belong to none and hold no right over claims
    or money.
    """

    kind: Kind
    id: int | None = None
    name: str = ""
    roles: Mapping[int, frozenset[Role]] = field(default_factory=dict)
    claim_id: int | None = None
    request_id: str = ""

    @property
    def sites(self) -> tuple[int, ...]:
        """The sites whose rows this viewer may touch at all, ascending."""
        return tuple(sorted(site for site in self.roles if site))

    def under(self, request_id: str) -> Self:
        """The same viewer, asking in this request."""
        return replace(self, request_id=request_id)

    def roles_at(self, site_id: int) -> frozenset[Role]:
        """The roles held at one site; empty for a foreign one."""
        return self.roles.get(site_id, frozenset())

    def readable_at(self, site_id: int) -> frozenset[State]:
        """The states of claims that this viewer may read at one site; none at a foreign one."""
        return frozenset().union(*(READABLE[role] for role in self.roles_at(site_id)))

    def may(self, act: Act, site_id: int) -> bool:
        """Whether the viewer carries the right at this site."""
        if self.kind is Kind.OFFICER:
            return bool(RIGHTS[act] & (self.roles_at(site_id) | self.roles.get(0, frozenset())))
        fixed = {
            Kind.VISITOR: VISITOR_ACTS, Kind.POSTER: POSTER_ACTS, Kind.PARTNER: PARTNER_ACTS, Kind.OPERATOR: OPERATOR_ACTS
        }  # fmt: skip
        return act in fixed.get(self.kind, frozenset())


def require(viewer: Viewer | None, act: Act, site_id: int, claim_id: int | None = None) -> Viewer:
    """The one door: give the viewer back if they may do `act` at the site (and to the claim), else refuse.

    Raises SignInNeeded without a viewer, NotFound for a foreign site or somebody else's claim (exactly as for an
    absent one), Forbidden where the site is theirs but the right is not. Source: SPEC 8.
    """
    if viewer is None:
        raise SignInNeeded
    if viewer.kind is Kind.VISITOR and (claim_id is None or claim_id != viewer.claim_id):
        raise NotFound
    if viewer.kind in (Kind.OFFICER, Kind.PARTNER) and site_id and site_id not in viewer.roles:
        raise NotFound
    if not viewer.may(act, site_id):
        raise Forbidden
    return viewer
