"""The officer behind a staff page: the cookie, the session it names, and the keys of that session's forms.

Decides no right: an officer found here still has to pass `policy.require`.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.requests import Request
from starlette.responses import Response

from desk.actions.signing import Begun, hash_of, touch_session
from desk.domain.policy import Role, Viewer
from desk.domain.session import ABSOLUTE
from desk.ports import Desk
from desk.reads.sessions import SessionRead, sessions_by_token
from desk.web.options import WebOptions
from desk.web.problems import request_id_of

_CLAIMS = (Role.INTAKE, Role.CASHIER, Role.MEDIATOR, Role.MANAGER, Role.AUDITOR)
_MONEY = (Role.CASHIER, Role.MANAGER, Role.AUDITOR)
ROOMS: Sequence[tuple[str, str, tuple[Role, ...]]] = (
    ("queue", "/desk", _CLAIMS),
    ("new", "/desk/claims/new", (Role.INTAKE, Role.MANAGER)),
    ("pay", "/desk/pay", _MONEY),
    ("approvals", "/desk/approvals", (Role.CASHIER, Role.MANAGER)),
    ("notices", "/desk/notices", (Role.MANAGER, Role.AUDITOR)),
    ("reminders", "/desk/reminders", (Role.INTAKE, Role.CASHIER, Role.MEDIATOR, Role.MANAGER)),
    ("docket", "/desk/docket", (Role.INTAKE, Role.MEDIATOR, Role.MANAGER, Role.AUDITOR)),
    ("alerts", "/desk/alerts", (Role.INTAKE, Role.MANAGER, Role.AUDITOR)),
    ("incidents", "/desk/incidents", (Role.INTAKE, Role.MANAGER, Role.AUDITOR)),
    ("handoffs", "/desk/handoffs", (Role.INTAKE, Role.MANAGER, Role.AUDITOR)),
    ("fund", "/desk/fund", _MONEY),
    ("close", "/desk/close", _MONEY),
    ("digests", "/desk/digests", (Role.MANAGER, Role.AUDITOR)),
    ("promises", "/desk/promises", (Role.MANAGER, Role.AUDITOR)),
    ("recoveries", "/desk/recoveries", (Role.MANAGER, Role.AUDITOR)),
    ("pledges", "/desk/pledges", (Role.INTAKE, Role.MANAGER, Role.AUDITOR)),
    ("officers", "/desk/officers", (Role.ADMIN,)),
)
"""The parts of the console, those of all day first, and whom each is offered. What is allowed there `policy` alone decides."""
NEAR = 8
"""How many parts stand side by side; whoever has more finds the others under one word."""


class FormOfBefore(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """A form that was opened before its officer signed in again: what it holds is shown, and sent with one press."""

    def __init__(self, session: "Session") -> None:
        super().__init__()
        self.session = session


class SignInFirst(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """Nobody is signed in here, or not any more. The page that was meant is in the request."""


@dataclass(frozen=True, slots=True)
class Session:
    """An officer signed in on this browser."""

    id: int
    viewer: Viewer
    has_factor: bool
    _signer: URLSafeTimedSerializer

    def form_key(self) -> str:
        """A fresh key for one form of this session, signed, so that no other site can make one."""
        return self._signer.dumps([self.id, secrets.token_urlsafe(16)])

    def is_own_form(self, key: str, seconds: float = ABSOLUTE.total_seconds()) -> bool:
        """Whether a form of this very session carried the key, made not longer ago than that."""
        return _session_behind(self._signer, key, seconds) == self.id

    def rooms(self) -> list[tuple[str, str]]:
        """The parts of the console that are of use to this officer: name and address, in the order of the navigation."""
        return [(name, address) for name, address, roles in ROOMS if self.holds(*roles)]

    def near_and_further(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The same, those that stand side by side apart from the rest."""
        rooms = self.rooms()
        return rooms[:NEAR], rooms[NEAR:]

    def holds(self, *roles: Role) -> bool:
        """Whether the officer is one of these anywhere; for what a page offers, never for what it allows."""
        return any(not held.isdisjoint(roles) for held in self.viewer.roles.values())


async def signed_in(request: Request) -> Session:
    """The session of this browser. Raises SignInFirst without one, or before its second factor was shown."""
    found = await session_of(request)
    if found is None or found.life.passed_at is None:
        raise SignInFirst
    request.state.session = session_for(request, found)  # a refusal further on keeps the officer's own frame
    return request.state.session  # type: ignore[no-any-return] # set just now


async def half_signed_in(request: Request) -> Session:
    """The session that waits for its second factor. Raises SignInFirst for any other."""
    found = await session_of(request)
    if found is None or found.life.passed_at is not None:
        raise SignInFirst
    return session_for(request, found)


async def session_of(request: Request) -> SessionRead | None:
    """What the browser's cookie opens, None once it is over."""
    token = request.cookies.get(cookie_name(request), "")
    desk: Desk = request.app.state.desk
    found = await desk.lookup(sessions_by_token, hash_of(token)) if token else None
    now, options = desk.kit.clock.now(), request.app.state.options
    if found is None or not found.life.lasts(now, options.session_idle):
        return None
    if found.life.passed_at is not None and found.life.is_due(now):
        await desk.write(touch_session, found.id)
    return found


def session_for(request: Request, found: SessionRead) -> Session:
    """The session as endpoints use it."""
    return Session(found.id, found.officer.under(request_id_of(request.scope)), found.has_factor, _signer(request))


def is_form_of_ours(request: Request, key: str) -> bool:
    """Whether a page of ours carried the key, in whatever session, not longer ago than a session lasts."""
    return _session_behind(_signer(request), key, ABSOLUTE.total_seconds()) is not None


def _signer(request: Request) -> URLSafeTimedSerializer:
    desk: Desk = request.app.state.desk
    return URLSafeTimedSerializer(desk.kit.sealer.tag("cookie", "console"), salt="desk.console")


def _session_behind(signer: URLSafeTimedSerializer, key: str, seconds: float) -> int | None:
    """The id of the session whose form carried the key; None for a forged or an old one."""
    try:
        session_id, _ = signer.loads(key, max_age=int(seconds))
    except (BadData, ValueError, TypeError):
        return None
    return session_id if isinstance(session_id, int) else None


def remember(request: Request, answer: Response, begun: Begun) -> Response:
    """Let this browser keep the session until it is closed; nobody else's page can send it along with a form."""
    options: WebOptions = request.app.state.options
    answer.set_cookie(cookie_name(request), begun.token, path="/", httponly=True, samesite="lax", secure=options.secure)
    return answer


def forget(request: Request, answer: Response) -> Response:
    """Take the session from this browser."""
    options: WebOptions = request.app.state.options
    answer.delete_cookie(cookie_name(request), path="/", httponly=True, samesite="lax", secure=options.secure)
    return answer


def token_in(request: Request) -> str | None:
    """The token that the browser holds, whatever it is worth."""
    return request.cookies.get(cookie_name(request))


def cookie_name(request: Request) -> str:
    """`__Host-` binds a cookie to this very host by https; browsers refuse the prefix without https."""
    options: WebOptions = request.app.state.options
    return "__Host-desk" if options.secure else "desk_session"


SignedIn = Annotated[Session, Depends(signed_in)]
HalfSignedIn = Annotated[Session, Depends(half_signed_in)]
