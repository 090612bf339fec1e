"""The rights table of SPEC 8, written out by hand, and the one door that asks it."""

import pytest

from desk.domain.claim import State
from desk.domain.errors import Forbidden, NotFound, SignInNeeded
from desk.domain.policy import Act, Kind, Role, Viewer, require

HERE, THERE = 1, 2
COUNTER = "intake manager"
EXPECTED = {
    "lodge": COUNTER,
    "add_evidence": COUNTER,
    "message": COUNTER,
    "note": COUNTER,
    "link": COUNTER,
    "assess": COUNTER,
    "complete_facts": COUNTER,
    "confirm": COUNTER,
    "override": COUNTER,
    "override_into_fast": "manager",
    "answer": COUNTER,
    "object": "",
    "change_contact": COUNTER,
    "withdraw": COUNTER,
    "reopen": "manager",
    "extend_clock": "manager",
    "read_reminders": "intake cashier mediator manager",
    "start_return": "intake",
    "handle_return": COUNTER,
    "read_pledges": "intake manager auditor",
    "manage_pledges": "manager",
    "reissue_slip": COUNTER,
    "propose_payout": "cashier",
    "approve_payout": "cashier manager",
    "send_payout": "cashier",
    "cancel_payout": "cashier manager",
    "resolve_payout": "cashier manager",
    "read_payout": "cashier manager auditor",
    "top_up": "manager",
    "withdraw_fund": "manager",
    "approve_withdrawal": "cashier manager",
    "stop_sends": "manager",
    "recover": "manager",
    "approve_recovery": "cashier manager",
    "close_day": "cashier",
    "close_left_till": "manager",
    "read_closes": "manager auditor",
    "resolve_break": "manager",
    "dismiss_message": "manager",
    "read_fund": "cashier manager auditor",
    "export_fund": "manager auditor",
    "read_notices": "manager auditor",
    "say_received": "",
    "rate": "",
    "follow_up": COUNTER,
    "read_follow_ups": "manager auditor",
    "read_claim": "intake cashier mediator manager auditor",
    "view_contact": "intake cashier mediator manager auditor",
    "read_docket": "intake mediator manager auditor",
    "follow": "",
    "verify": "manager auditor",
    "read_promises": "manager auditor",
    "read_misses": "intake manager auditor",
    "explain_miss": COUNTER,
    "read_alerts": "intake manager auditor",
    "answer_rectification": "intake manager",
    "rectify": "manager",
    "read_digests": "intake cashier mediator manager auditor",
    "manage_roster": "manager",
    "hand_off": COUNTER,
    "read_handoffs": "intake manager auditor",
    "manage_partners": "manager",
    "read_incidents": "intake manager auditor",
    "handle_incident": "intake manager",
    "lead_incident": "manager",
    "take_part": "intake manager",
    "read_settlements": "intake cashier manager auditor",
    "manage_jobs": "",
    "manage_officers": "admin",
    "manage_sites": "admin",
    "manage_calendar": "admin",
}
OTHERS = {
    Kind.VISITOR: "follow add_evidence answer object change_contact withdraw reopen say_received rate take_part start_return",
    Kind.POSTER: "lodge",
    Kind.OPERATOR: "manage_officers manage_sites manage_calendar manage_jobs verify stop_sends read_digests",
    Kind.CALENDAR: "",
    Kind.DESK: "",
}
OF_A_SITE = [role for role in Role if role is not Role.ADMIN]
DOCKETED = {State.DOCKETED, State.SETTLED, State.TERMINATED}
READS = {
    Role.INTAKE: set(State),
    Role.CASHIER: {State.FAST_REFUND},
    Role.MEDIATOR: DOCKETED,
    Role.MANAGER: set(State),
    Role.AUDITOR: set(State),
    Role.ADMIN: set[State](),
}


def officer(*roles: Role, site: int = HERE) -> Viewer:
    return Viewer(Kind.OFFICER, 7, "Olga", {0 if Role.ADMIN in roles else site: frozenset(roles)})


def admitted(viewer: Viewer | None, act: Act, site: int = HERE, claim: int | None = None) -> bool:
    try:
        return require(viewer, act, site, claim) is viewer
    except Forbidden:
        return False


def test_the_table_knows_every_act_and_every_role() -> None:
    assert set(EXPECTED) == set(Act)
    assert set(READS) == set(Role)


@pytest.mark.parametrize("act", Act)
def test_each_act_is_for_the_roles_of_the_spec_and_no_others(act: Act) -> None:
    assert {role for role in OF_A_SITE if admitted(officer(role), act)} == set(EXPECTED[act].split()) - {Role.ADMIN}
    both = admitted(officer(Role.CASHIER, Role.INTAKE), act)
    assert both is bool({"cashier", "intake"} & set(EXPECTED[act].split()))


@pytest.mark.parametrize("role", OF_A_SITE)
def test_at_a_foreign_site_everything_is_absent(role: Role) -> None:
    for act in Act:
        with pytest.raises(NotFound):
            require(officer(role), act, THERE)


def test_an_admin_manages_and_touches_no_claim() -> None:
    anton = officer(Role.ADMIN)
    assert {act for act in Act if admitted(anton, act, 0)} == {act for act in Act if EXPECTED[act] == "admin"}
    for act in Act:
        with pytest.raises(NotFound):
            require(anton, act, HERE)
    assert (anton.sites, anton.readable_at(HERE), anton.readable_at(0)) == ((), frozenset(), frozenset())


@pytest.mark.parametrize("kind", OTHERS)
def test_each_party_without_an_account_has_its_few_acts(kind: Kind) -> None:
    viewer = Viewer(kind, claim_id=5 if kind is Kind.VISITOR else None)
    assert {act for act in Act if admitted(viewer, act, HERE, 5)} == set(OTHERS[kind].split())


@pytest.mark.parametrize(("holds", "asked"), [(5, 6), (5, None), (None, 6), (None, None)])
def test_a_visitor_of_another_claim_finds_nothing(holds: int | None, asked: int | None) -> None:
    for act in Act:
        with pytest.raises(NotFound):
            require(Viewer(Kind.VISITOR, claim_id=holds), act, HERE, asked)


def test_a_partner_has_two_acts_at_its_own_site_and_finds_no_other() -> None:
    partner = Viewer(Kind.PARTNER, 7, "12345", {HERE: frozenset()})
    assert {act for act in Act if admitted(partner, act)} == {Act.LODGE, Act.HAND_OFF}
    assert (partner.sites, partner.readable_at(HERE)) == ((HERE,), frozenset())
    for act in Act:
        with pytest.raises(NotFound):
            require(partner, act, THERE)


def test_nobody_may_do_nothing() -> None:
    for act in Act:
        with pytest.raises(SignInNeeded):
            require(None, act, HERE, 5)


@pytest.mark.parametrize("role", Role)
def test_each_role_reads_the_claims_it_works_on(role: Role) -> None:
    viewer = officer(role)
    assert viewer.readable_at(HERE) == READS[role]
    assert viewer.readable_at(THERE) == frozenset()


def test_a_cashier_who_is_a_mediator_too_reads_both() -> None:
    assert officer(Role.CASHIER, Role.MEDIATOR).readable_at(HERE) == DOCKETED | {State.FAST_REFUND}


def test_roles_count_at_their_own_site_only() -> None:
    both = Viewer(Kind.OFFICER, 7, "Olga", {HERE: frozenset({Role.INTAKE}), THERE: frozenset({Role.AUDITOR})})
    assert both.sites == (HERE, THERE)
    assert both.may(Act.LODGE, HERE)
    assert not both.may(Act.LODGE, THERE)
    assert both.under("r-1") == Viewer(Kind.OFFICER, 7, "Olga", both.roles, request_id="r-1")
