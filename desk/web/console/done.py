"""What an officer just did, told in one line on the page they come to. Knows no form, and no address can call it up.

The code travels in a cookie of a minute, for what stands in an address anybody could have written there.
"""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import Request
from fastapi.responses import RedirectResponse, Response

DONE: Mapping[str, str] = MappingProxyType(
    {
        "message": "done.message", "question": "done.question", "note": "done.note", "answer": "done.answer",
        "silence": "done.silence", "assess": "done.assess", "facts": "done.facts", "decide": "done.decide",
        "part": "done.decide", "override": "done.decide", "link": "done.link", "contact": "done.contact",
        "withdraw": "done.withdraw", "reopen": "done.reopen", "evidence": "done.evidence", "top_up": "done.top_up",
        "withdrawal": "done.withdrawal", "withdrawal_approved": "done.withdrawal_approved",
        "propose": "done.propose", "refuse": "done.refuse",
        "approve": "done.approve", "send": "done.send", "received": "done.received", "cancel": "done.cancel",
        "resolve": "done.resolve", "roles": "done.roles", "disable": "done.disable", "revoke": "done.revoke",
        "factor": "done.factor", "factor_on": "done.factor_on",
    }
)  # fmt: skip
"""Every act that is told, and its text."""

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
    return DONE.get(request.cookies.get(COOKIE, ""))


def told(request: Request, answer: Response) -> Response:
    """Tell it once: the page after this one says nothing of it any more."""
    if COOKIE in request.cookies:
        answer.delete_cookie(COOKIE, path=PATH, httponly=True, samesite="lax", secure=request.app.state.options.secure)
    return answer
