"""What an officer just did, told in one line on the page they come to. Knows no form, and no address can call it up.

The code travels in a cookie of a minute, for what stands in an address anybody could have written there.
"""

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

DONE = frozenset(
    {
        "message", "question", "note", "answer", "silence", "assess", "facts", "decide", "part", "override", "link",
        "contact", "extend", "withdraw", "reopen", "evidence", "top_up", "close", "stop", "resume", "withdrawal",
        "withdrawal_approved", "withdrawal_refused", "propose", "refuse", "approve", "send", "received", "cancel", "resolve",
        "resolve_break", "dismiss_message", "returned", "roles", "disable", "revoke", "factor", "factor_on", "recovery_demand",
        "recovery_accept", "recovery_contest", "recovery_upheld", "recovery_proposed", "recovery_instalments",
        "recovery_payments", "recovery_deposit", "recovery_approve", "recovery_refuse", "deposit_in", "deposit_back",
        "explain", "follow_up", "resend", "told",
        "incident_open", "incident_people", "incident_first_report", "incident_arrival", "incident_report", "incident_file",
        "incident_plan", "incident_close", "member_join", "member_leave", "member_yes", "member_no", "representatives",
        "settlement", "settlement_submit", "settlement_withdraw",
        "rectification_serve", "rectification_answer", "rectification_confirm",
        "handoff", "handoff-taken", "handoff-working", "handoff-done", "handoff-returned", "handoff-replay", "partner-hook",
        "partner-disable",
        "pledge", "pledge_withdrawn", "return", "return-answer", "return-back", "return-refuse",
        "duty", "duty_removed", "mail", "mail_none",
    }
)  # fmt: skip
"""Every act that is told; its text is `done.` and its name."""
_DECIDED = frozenset({"part", "override"})
"""Acts that are told as a decision is."""

COOKIE, PATH, SECONDS = "desk_done", "/desk", 60


def led_on(request: Request, address: str, what: str) -> Response:
    """Lead on to a page after an act, which is told there; an act without a text is told by the page itself."""
    answer = RedirectResponse(address, 303)
    if what in DONE:
        secure = request.app.state.options.secure
        answer.set_cookie(COOKIE, what, max_age=SECONDS, path=PATH, httponly=True, samesite="lax", secure=secure)
    return answer


def just_done(request: Request) -> str | None:
    """The text of what was done on the page before this one."""
    what = request.cookies.get(COOKIE)
    return f"done.{'decide' if what in _DECIDED else what}" if what in DONE else None


def told(request: Request, answer: Response) -> Response:
    """Tell it once: the page after this one says nothing of it any more."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax", secure=request.app.state.options.secure)
    return answer
