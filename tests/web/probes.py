"""One sound request for every route of the API, with the right it needs: for tests that go through all routes.

A new route must be entered here; `test_foreign_site` says so.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from desk.domain.policy import Act
from tests.web.front import BODY

SIGNED = "signed"
"""Guards the gateway's door: only its signature counts there."""

TOKEN = "token"
"""Guards a partner's own door: only its token counts there."""

KEY = "key"
"""Guards a visitor's door: neither a role nor a site counts there, only the claim's own key."""


@dataclass(frozen=True)
class Probe:
    """How to ask one route: the right it needs (or `KEY`), a claim's state that suits it, body and parameters.

    `meets` is what somebody with the right is answered; 200 stands for every success.
    """

    act: Act | str
    state: str = "received"
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    meets: int = 200

    def json(self, other: str) -> dict[str, Any] | None:
        """The body; `OTHER` stands for the reference of another claim."""
        if self.body is None:
            return None
        return {name: other if value == "OTHER" else value for name, value in self.body.items()}


CLAIM = "/api/v1/claims/{reference}"
SITE, PAYOUT = "/api/v1/sites/{site}", "/api/v1/payouts/{payout}"
RECOVERY, RESPONDENT, LATER_ON = "/api/v1/recoveries/{recovery}", f"{SITE}/respondents/{{respondent}}", "2026-10-30"
WORDS, REASON = {"text": "x"}, {"reason": "x"}
LONGER = {"more": 1, "reason": "no rule of the national pack allows it"}
NOTHING = {"amount": "0", "currency": "CNY"}
ONE_YUAN = {"amount": "1.00", "currency": "CNY"}
MONEY: Mapping[tuple[str, str], "Probe"] = {
    ("POST", f"{CLAIM}/payouts"): Probe(Act.PROPOSE_PAYOUT, "fast_refund", {"method": "cash"}),
    ("GET", f"{CLAIM}/payouts"): Probe(Act.READ_PAYOUT, "fast_refund"),
    ("GET", "/api/v1/payouts"): Probe(Act.READ_PAYOUT, query={"site": "huangshan"}),
    ("GET", PAYOUT): Probe(Act.READ_PAYOUT, "reserved"),
    ("POST", f"{PAYOUT}/approve"): Probe(Act.APPROVE_PAYOUT, "awaiting_approval", {}),
    ("POST", f"{PAYOUT}/send"): Probe(Act.SEND_PAYOUT, "reserved", {}),
    ("POST", f"{PAYOUT}/received"): Probe(Act.SEND_PAYOUT, "awaiting_visitor", {}),
    ("POST", f"{PAYOUT}/cancel"): Probe(Act.CANCEL_PAYOUT, "reserved", {}),
    ("POST", f"{PAYOUT}/returned"): Probe(Act.RESOLVE_PAYOUT, "arrived", {"evidence": "x"}),
    ("POST", f"{PAYOUT}/resolve"): Probe(Act.RESOLVE_PAYOUT, "unknown", {"outcome": "settled", "evidence": "x"}),
    ("GET", f"{SITE}/notices"): Probe(Act.READ_NOTICES),
    ("GET", f"{SITE}/sends"): Probe(Act.READ_FUND),
    ("POST", f"{SITE}/sends/stop"): Probe(Act.STOP_SENDS, body=REASON),
    ("POST", f"{SITE}/sends/resume"): Probe(Act.STOP_SENDS, body={}),
    ("GET", f"{SITE}/recoveries"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/recoveries.csv"): Probe(Act.EXPORT_FUND),
    ("GET", RECOVERY): Probe(Act.READ_FUND, "opened"),
    ("POST", f"{RECOVERY}/demand"): Probe(Act.RECOVER, "opened", {"pay_by": LATER_ON}),
    ("POST", f"{RECOVERY}/accept"): Probe(Act.RECOVER, "demanded", {"note": "x"}),
    ("POST", f"{RECOVERY}/contest"): Probe(Act.RECOVER, "demanded", {"words": "x"}),
    ("POST", f"{RECOVERY}/review"): Probe(Act.RECOVER, "contested", {"outcome": "upheld", **REASON}),
    ("POST", f"{RECOVERY}/instalments"): Probe(
        Act.RECOVER, "accepted", {"instalments": [{"due_on": LATER_ON, "amount": {"amount": "128.00", "currency": "CNY"}}]}
    ),
    ("POST", f"{RECOVERY}/payments"): Probe(Act.RECOVER, "opened", {"amount": ONE_YUAN, "how": "cash"}),
    ("POST", f"{RECOVERY}/deposit"): Probe(Act.RECOVER, "demanded", {"amount": ONE_YUAN}),
    ("POST", f"{RECOVERY}/write-off"): Probe(Act.RECOVER, "opened", REASON),
    ("POST", f"{RECOVERY}/approve"): Probe(Act.APPROVE_RECOVERY, "proposed", {"decision": "DECISION"}),
    ("POST", f"{RECOVERY}/refuse"): Probe(Act.APPROVE_RECOVERY, "proposed", {"decision": "DECISION", **REASON}),
    ("POST", f"{RESPONDENT}/deposits"): Probe(Act.RECOVER, body={"amount": ONE_YUAN}),
    ("POST", f"{RESPONDENT}/deposits/pay-back"): Probe(Act.RECOVER, body={"amount": ONE_YUAN}),
    ("GET", f"{RESPONDENT}/statement"): Probe(Act.READ_FUND),
    ("GET", f"{RESPONDENT}/statement.csv"): Probe(Act.EXPORT_FUND),
    ("GET", f"{SITE}/day-closes"): Probe(Act.READ_PAYOUT),
    ("GET", f"{SITE}/day-closes.csv"): Probe(Act.READ_PAYOUT),
    ("GET", f"{SITE}/day-closes/open"): Probe(Act.READ_PAYOUT),
    ("POST", f"{SITE}/day-closes"): Probe(
        Act.CLOSE_DAY, body={"method": "cash", "counted": NOTHING, "seen": "OTHER", "reason": "x"}
    ),
    ("GET", f"{SITE}/breaks"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/breaks.csv"): Probe(Act.EXPORT_FUND),
    ("POST", "/api/v1/breaks/{break}/resolve"): Probe(Act.RESOLVE_BREAK, body=REASON),
    ("GET", f"{SITE}/gateway-messages"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/gateway-messages.csv"): Probe(Act.EXPORT_FUND),
    ("POST", "/api/v1/gateway-messages/{message}/dismiss"): Probe(Act.DISMISS_MESSAGE, body=REASON),
    ("GET", f"{SITE}/pledges"): Probe(Act.READ_PLEDGES),
    ("GET", f"{SITE}/pledges.csv"): Probe(Act.EXPORT_FUND),
    ("POST", f"{SITE}/pledges"): Probe(Act.MANAGE_PLEDGES, body={"respondent": {"name": "新安茶行"}}),
    ("POST", f"{SITE}/pledges/{{pledge}}/withdraw"): Probe(Act.MANAGE_PLEDGES, body={}),
    ("GET", f"{SITE}/fund"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/fund/runway"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/fund/entries"): Probe(Act.READ_FUND),
    ("GET", f"{SITE}/fund/entries.csv"): Probe(Act.EXPORT_FUND),
    ("GET", f"{SITE}/fund/withdrawals"): Probe(Act.READ_FUND),
    ("POST", f"{SITE}/fund/top-ups"): Probe(Act.TOP_UP, body={"amount": ONE_YUAN, "source": "site"}),
    ("POST", f"{SITE}/fund/withdrawals"): Probe(Act.WITHDRAW_FUND, body={"amount": ONE_YUAN, "source": "site", "note": "x"}),
    ("POST", f"{SITE}/fund/withdrawals/{{withdrawal}}/approve"): Probe(Act.APPROVE_WITHDRAWAL, body={}),
    ("POST", f"{SITE}/fund/withdrawals/{{withdrawal}}/refuse"): Probe(Act.APPROVE_WITHDRAWAL, body=REASON),
}
"""Routes about money: what they write stays, so their tests have desks of their own."""

EVIDENCE: Mapping[tuple[str, str], "Probe"] = {
    ("POST", f"{CLAIM}/evidence"): Probe(Act.ADD_EVIDENCE, body={}),
    ("GET", f"{CLAIM}/evidence"): Probe(Act.READ_CLAIM, "fast_refund"),
    ("GET", "/api/v1/evidence/{evidence}"): Probe(Act.READ_CLAIM),
    ("POST", "/api/v1/status/evidence"): Probe(KEY, body={}),
}
"""Routes about files: their bodies are no JSON, so their tests are `test_evidence_doors`."""

REPORTS: Mapping[tuple[str, str], "Probe"] = {
    ("GET", f"{SITE}/promises"): Probe(Act.READ_PROMISES),
    ("GET", f"{SITE}/promises.csv"): Probe(Act.READ_PROMISES),
    ("GET", f"{SITE}/promises/missed"): Probe(Act.READ_MISSES),
    ("GET", f"{SITE}/promises/missed.csv"): Probe(Act.READ_MISSES),
    ("POST", "/api/v1/promises/missed/{miss}/reason"): Probe(Act.EXPLAIN_MISS, body=REASON),
    ("GET", f"{SITE}/follow-ups"): Probe(Act.READ_FOLLOW_UPS),
    ("GET", f"{SITE}/follow-ups.csv"): Probe(Act.READ_FOLLOW_UPS),
}
"""Routes about a site's days: their path names the site or a row of its report, so their tests are `test_promises`."""

ALERTS: Mapping[tuple[str, str], "Probe"] = {
    ("GET", "/api/v1/alerts"): Probe(Act.READ_ALERTS, query={"site": "huangshan"}),
    ("GET", f"{SITE}/alerts.csv"): Probe(Act.READ_ALERTS),
    ("POST", "/api/v1/alerts/{alert}/rectification"): Probe(Act.RECTIFY, body={"demands": "x"}),
    ("GET", "/api/v1/rectifications"): Probe(Act.READ_ALERTS, query={"site": "huangshan"}),
    ("POST", "/api/v1/rectifications/{rectification}/answers"): Probe(Act.ANSWER_RECTIFICATION, body=WORDS),
    ("POST", "/api/v1/rectifications/{rectification}/confirm"): Probe(Act.RECTIFY, body={}),
}
"""Routes about alerts: their path names a row that the worker or a manager makes first, so their tests are `test_alerts`."""

DIGESTS: Mapping[tuple[str, str], "Probe"] = {
    ("GET", "/api/v1/digests"): Probe(Act.READ_DIGESTS, query={"site": "huangshan"}),
    ("GET", f"{SITE}/digests.csv"): Probe(Act.READ_DIGESTS),
    ("GET", f"{SITE}/roster"): Probe(Act.READ_DIGESTS),
    ("POST", f"{SITE}/roster"): Probe(Act.MANAGE_ROSTER, body={"day": "2026-09-30", "officer": "Olga"}),
    ("POST", f"{SITE}/roster/{{duty}}/remove"): Probe(Act.MANAGE_ROSTER, body={}),
}
"""Routes about a site's digests and its roster: tested in `test_digests`."""
HANDOFF, HANDED = "/api/v1/handoffs/{handoff}", Act.HAND_OFF
HANDOFFS: Mapping[tuple[str, str], "Probe"] = {
    ("GET", f"{SITE}/partners"): Probe(Act.READ_HANDOFFS),
    ("POST", f"{SITE}/partners"): Probe(Act.MANAGE_PARTNERS, body={"kind": "police_110", "name": "OTHER"}),
    ("POST", "/api/v1/partners/{partner}/hook"): Probe(Act.MANAGE_PARTNERS, body={"hook_url": None}),
    ("POST", "/api/v1/partners/{partner}/keys"): Probe(Act.MANAGE_PARTNERS, body={}),
    ("POST", "/api/v1/partners/{partner}/disable"): Probe(Act.MANAGE_PARTNERS, body={}),
    ("POST", f"{CLAIM}/handoffs"): Probe(HANDED, body={"partner": "OTHER", "asked": "x"}),
    ("GET", "/api/v1/handoffs"): Probe(Act.READ_HANDOFFS, query={"site": "huangshan"}),
    ("GET", HANDOFF): Probe(Act.READ_HANDOFFS),
    ("POST", f"{HANDOFF}/{{step}}"): Probe(HANDED, body={}),
    ("POST", f"{HANDOFF}/returned"): Probe(HANDED, body=REASON),
    ("POST", f"{HANDOFF}/replay"): Probe(Act.MANAGE_PARTNERS, body={}),
    ("POST", "/api/v1/handoffs"): Probe(TOKEN, body={}),
}
"""Routes about hand-offs: their path names a partner or a hand-off, so their tests are `test_handoffs`."""

INCIDENT = "/api/v1/incidents/{incident}"
SEEN = {"site": "huangshan", "category": "other", "people": 12, "why": "x", "spot": "north-gate"}
WRITTEN = {"happened": "x", "people": 12, "injured": 0, "measures": "x", "cause": "x"}
INCIDENTS: Mapping[tuple[str, str], "Probe"] = {
    ("GET", "/api/v1/incidents"): Probe(Act.READ_INCIDENTS, query={"site": "huangshan"}),
    ("POST", "/api/v1/incidents"): Probe(Act.HANDLE_INCIDENT, body=SEEN),
    ("GET", INCIDENT): Probe(Act.READ_INCIDENTS),
    ("POST", f"{INCIDENT}/open"): Probe(Act.HANDLE_INCIDENT, body={"why": "x", "people": 12}),
    ("POST", f"{INCIDENT}/people"): Probe(Act.HANDLE_INCIDENT, body={"people": 12}),
    ("POST", f"{INCIDENT}/first-report"): Probe(Act.HANDLE_INCIDENT, body={"to": "x"}),
    ("POST", f"{INCIDENT}/arrival"): Probe(Act.HANDLE_INCIDENT, body={}),
    ("PUT", f"{INCIDENT}/report"): Probe(Act.HANDLE_INCIDENT, body=WRITTEN),
    ("POST", f"{INCIDENT}/report/file"): Probe(Act.HANDLE_INCIDENT, body=WRITTEN),
    ("POST", f"{INCIDENT}/plan"): Probe(Act.HANDLE_INCIDENT, body={"plan": "x"}),
    ("POST", f"{INCIDENT}/close"): Probe(Act.LEAD_INCIDENT, body={"why": "x"}),
}
"""Routes about incidents: their path names one that the worker opened first, so their tests are `test_incidents`."""

SETTLEMENT = "/api/v1/settlements/{settlement}"
TOGETHER: Mapping[tuple[str, str], "Probe"] = {
    ("POST", "/api/v1/collective/join"): Probe(Act.TAKE_PART, body={"reference": "OTHER"}),
    ("POST", "/api/v1/collective/leave"): Probe(Act.TAKE_PART, body={"reference": "OTHER"}),
    ("POST", "/api/v1/collective/vote"): Probe(Act.TAKE_PART, body={"reference": "OTHER", "settlement": "PLAN", "vote": "yes"}),
    ("POST", f"{INCIDENT}/representatives"): Probe(Act.HANDLE_INCIDENT, body={"references": ["OTHER"]}),
    ("POST", f"{INCIDENT}/settlements"): Probe(
        Act.HANDLE_INCIDENT, body={"lines": [{"reference": "OTHER", "amount": ONE_YUAN}], "note": "x"}
    ),
    ("GET", SETTLEMENT): Probe(Act.READ_SETTLEMENTS),
    ("POST", f"{SETTLEMENT}/withdraw"): Probe(Act.HANDLE_INCIDENT, body={}),
    ("POST", f"{SETTLEMENT}/submit"): Probe(Act.PROPOSE_PAYOUT, body={"method": "cash"}),
    ("POST", "/api/v1/status/together"): Probe(KEY, body={}),
    ("POST", "/api/v1/status/join"): Probe(KEY, body={}),
    ("POST", "/api/v1/status/go-alone"): Probe(KEY, body={}),
    ("POST", "/api/v1/status/vote"): Probe(KEY, body={"settlement": "1", "vote": "yes"}),
}
"""Routes about collective claims: they need one with members, so their tests are `test_settlements`."""

PROBES: Mapping[tuple[str, str], Probe] = {
    ("POST", "/api/v1/claims"): Probe(Act.LODGE, body=BODY),
    ("GET", "/api/v1/claims"): Probe(Act.READ_CLAIM, query={"site": "huangshan"}),
    ("GET", "/api/v1/docket"): Probe(Act.READ_DOCKET, query={"site": "huangshan"}),
    ("GET", CLAIM): Probe(Act.READ_CLAIM, "fast_refund"),
    ("GET", f"{CLAIM}/triage"): Probe(Act.READ_CLAIM, "docketed"),
    ("GET", f"{CLAIM}/clocks"): Probe(Act.READ_CLAIM, "docketed"),
    ("PUT", f"{CLAIM}/assessment"): Probe(Act.ASSESS, body={"not_at_fault": "yes"}),
    ("PUT", f"{CLAIM}/facts"): Probe(
        Act.COMPLETE_FACTS, "awaiting_information", {"amounts": [{"item": 0, "asked": {"amount": "1.00", "currency": "CNY"}}]}
    ),
    ("POST", f"{CLAIM}/triage"): Probe(Act.OVERRIDE, body={"override": "docket", "reason": "x"}),
    ("POST", f"{CLAIM}/messages"): Probe(Act.MESSAGE, body=WORDS),
    ("GET", f"{CLAIM}/notifications"): Probe(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/notifications/resend"): Probe(Act.MESSAGE, meets=409),
    ("POST", f"{CLAIM}/notifications/told"): Probe(Act.MESSAGE, body=REASON, meets=409),
    ("POST", f"{CLAIM}/notes"): Probe(Act.NOTE, body=WORDS),
    ("POST", f"{CLAIM}/answers"): Probe(Act.ANSWER, "awaiting_information", WORDS),
    ("POST", f"{CLAIM}/no-answer"): Probe(Act.ASSESS, "awaiting_information", REASON),
    ("POST", f"{CLAIM}/links"): Probe(Act.LINK, body={"reference": "OTHER"}),
    ("POST", f"{CLAIM}/contact"): Probe(Act.CHANGE_CONTACT, body={"phone": "+8613900001111"}),
    ("POST", f"{CLAIM}/contact-view"): Probe(Act.VIEW_CONTACT, "fast_refund", REASON),
    ("POST", f"{CLAIM}/slip"): Probe(Act.REISSUE_SLIP, body=REASON),
    ("POST", f"{CLAIM}/clocks/{{clock}}/extend"): Probe(Act.EXTEND_CLOCK, "docketed", LONGER, meets=409),
    ("GET", "/api/v1/reminders"): Probe(Act.READ_REMINDERS, query={"site": "huangshan"}),
    ("POST", f"{CLAIM}/withdraw"): Probe(Act.WITHDRAW, body=WORDS),
    ("POST", f"{CLAIM}/reopen"): Probe(Act.REOPEN, "withdrawn", WORDS),
    ("POST", f"{CLAIM}/follow-up"): Probe(Act.FOLLOW_UP, "refused", {"outcome": "not_reached"}),
    ("POST", "/api/v1/returns"): Probe(Act.START_RETURN, body={"reference": "OTHER", "item": "x"}),
    ("GET", f"{CLAIM}/return"): Probe(Act.READ_CLAIM, "returning"),
    ("POST", f"{CLAIM}/return/answer"): Probe(Act.HANDLE_RETURN, "returning", {"note": "x"}),
    ("POST", f"{CLAIM}/return/goods-back"): Probe(Act.HANDLE_RETURN, "returning", {"condition": "x"}),
    ("POST", f"{CLAIM}/return/refuse"): Probe(Act.HANDLE_RETURN, "returning", {"reason": "altered", "note": "x"}),
    **MONEY,
    **EVIDENCE,
    **REPORTS,
    **ALERTS,
    **DIGESTS,
    **HANDOFFS,
    **INCIDENTS,
    **TOGETHER,
    ("POST", "/api/v1/gateway/events"): Probe(SIGNED),
    ("POST", "/api/v1/status"): Probe(KEY, body={}),
    ("POST", "/api/v1/status/answer"): Probe(KEY, "awaiting_information", WORDS),
    ("POST", "/api/v1/status/object"): Probe(KEY, "fast_refund", WORDS),
    ("POST", "/api/v1/status/withdraw"): Probe(KEY, body=WORDS),
    ("POST", "/api/v1/status/reopen"): Probe(KEY, "withdrawn", WORDS),
    ("POST", "/api/v1/status/rate"): Probe(KEY, "refused", {"rating": 4}),
    ("POST", "/api/v1/status/return"): Probe(KEY, body={"item": "x"}),
    ("POST", "/api/v1/status/received"): Probe(KEY, "refund_sent", {}),
    ("POST", "/api/v1/status/contact"): Probe(KEY, body={"phone": "+8613900001111"}),
}


_OWN = {*MONEY, *EVIDENCE, *REPORTS, *ALERTS, *DIGESTS, *HANDOFFS, *INCIDENTS, *TOGETHER}
PLAIN = {where: probe for where, probe in PROBES.items() if where not in _OWN and probe.act != SIGNED}
"""Routes that need no payout, no file and no signature."""


def api_routes(app: FastAPI) -> set[tuple[str, str]]:
    """Method and path template of every route of the API that the application serves."""
    found = set()
    for one in iter_route_contexts(app.routes):
        if str(one.path_format).startswith("/api/"):
            found |= {
                (method, re.sub(r"_id\}", "}", str(one.path_format)))
                for method in one.methods or ()
                if method not in ("HEAD", "OPTIONS")
            }
    return found
