"""The staff door: name and password, the second factor, signing out. Shares no route with the visitors' door.

Whatever was typed into a form that met an ended session is carried through the door and can be sent again.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.signing import Begun, StaffKnock, begin_session, count_try, forgive_try, hash_of, pass_factor, sign_out
from desk.domain.errors import Busy, DeskError, SignInNeeded
from desk.domain.password import LONGEST
from desk.ports import Desk
from desk.reads.officers import officer_signing_in
from desk.reads.sessions import SessionRead, factor_secret, sessions_by_token
from desk.web.console.forms import KEY, staff_page, typed_in
from desk.web.console.session import (
    FormOfBefore,
    HalfSignedIn,
    Session,
    SignedIn,
    forget,
    is_form_of_ours,
    remember,
    session_for,
    session_of,
    token_in,
)
from desk.web.deps import Network, RequestId, TheDesk
from desk.web.lane import Lane
from desk.web.pages import page, reader_language, same_site
from desk.web.pictures import factor_picture
from desk.web.refused import said, status_of
from desk.wording.catalogue import text

router = APIRouter(include_in_schema=False)

HOME = "/desk"
NEVER_CARRIED = frozenset({KEY, "password", "present", "chosen", "again", "confirm_password", "mail_password", "code"})
MOST_FIELDS = 40
_Typed = Annotated[str, Form(max_length=LONGEST)]
_Address = Annotated[str, Form(max_length=400)]
_Carried = Annotated[str, Form(max_length=64_000)]


@dataclass(frozen=True, slots=True)
class Onward:
    """Where an officer was going: the address, and what they had typed into a form there, as JSON; empty for a page."""

    address: str = HOME
    carried: str = ""

    @classmethod
    def to(cls, address: str, carried: str = "") -> "Onward":
        """Only addresses of the console itself lead onward: any other would send an officer wherever a stranger wants."""
        ours = address.startswith(HOME) and not any(sign in address for sign in "\\\r\n") and address[5:6] in ("", "/", "?")
        return cls(address if ours else HOME, carried if ours else "")

    @property
    def fields(self) -> list[tuple[str, str]]:
        """What was typed, by field; nothing where it cannot be read."""
        try:
            kept = json.loads(self.carried or "[]")
        except ValueError:
            return []
        pairs = [pair for pair in kept if _is_pair(pair)] if isinstance(kept, list) else []
        return [(name, value) for name, value in pairs if name not in NEVER_CARRIED][:MOST_FIELDS]


@router.get("/desk/sign-in")
async def sign_in_page(request: Request, next: str = HOME) -> Response:  # noqa: A002 - the name in the address
    """The form for name and password; who is signed in already goes on."""
    found, onward = await session_of(request), Onward.to(next)
    if found is not None and found.life.passed_at is not None:
        return RedirectResponse(onward.address, 303)
    return _door(request, onward, ended=token_in(request) is not None)


@router.post("/desk/sign-in")
async def sign_in(
    request: Request,
    desk: TheDesk,
    network: Network,
    request_id: RequestId,
    name: _Typed = "",
    password: _Typed = "",
    next: _Address = HOME,  # noqa: A002 - the name of the field
    carried: _Carried = "",
) -> Response:
    """Begin a session for the right pair. Every other pair reads the same, and takes as long."""
    same_site(request)
    knock, onward = StaffKnock(" ".join(name.replace("\0", " ").split()), network), Onward.to(next, carried)
    try:
        begun = await _begin(request, desk, knock, password, request_id)
    except DeskError as refusal:
        structlog.get_logger().warning("sign_in_refused", request_id=request_id, why=refusal.code)
        return _door(request, onward, name=name, refusal=refusal)
    return await _onward(request, desk, begun, onward)


@router.get("/desk/sign-in/factor")
async def factor_page(request: Request, desk: TheDesk, session: HalfSignedIn) -> Response:
    """The form for the code of the second factor, with what a phone needs where one still has to be set up."""
    return await _factor(request, desk, session, Onward())


@router.post("/desk/sign-in/factor")
async def show_factor(request: Request, desk: TheDesk, session: HalfSignedIn) -> Response:
    """Finish signing in. A wrong code shows the form again."""
    typed = await typed_in(request, session)
    onward, language = Onward.to(typed.get("next", HOME), typed.get("carried", "")), reader_language(request)
    try:
        begun = await desk.write(pass_factor, session.viewer, session.id, typed.get("code", "")[:20])
    except DeskError as refusal:
        return await _factor(request, desk, session, onward, said(refusal, language), status_of(refusal))
    if begun is None:
        return await _factor(request, desk, session, onward, text("console.factor.wrong", language), 401)
    return await _onward(request, desk, begun, onward)


@router.post("/desk/sign-out")
async def leave(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """End the session, here and on the server."""
    await typed_in(request, session)
    await desk.write(sign_out, session.viewer, session.id)
    return forget(request, RedirectResponse("/desk/sign-in", 303))


async def sign_in_first(request: Request, _: Exception) -> Response:
    """What somebody reads who is not signed in, or no longer: the door, with what they typed carried along."""
    address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if request.method != "POST":
        return RedirectResponse(f"/desk/sign-in?{urlencode({'next': address})}", 303)
    same_site(request)
    form = await request.form()
    ours = is_form_of_ours(request, str(form.get(KEY, "")))
    # Only what a page of ours asked for is carried: what a stranger's page made up must not come back with a key of ours.
    return _door(request, Onward.to(address, _carried(form.multi_items()) if ours else ""), status=401)


async def send_again(request: Request, before: Exception) -> Response:
    """A form that was opened before its officer signed in again: what it holds, and a button that sends it now."""
    assert isinstance(before, FormOfBefore)
    onward = Onward.to(request.url.path, _carried((await request.form()).multi_items()))
    return staff_page(
        request, before.session, "console/resume.html", 403, address=HOME, next=onward.address, fields=onward.fields
    )  # fmt: skip


def _carried(came: Iterable[tuple[str, object]]) -> str:
    """The fields of a form as the door carries them, the repeated ones too."""
    return json.dumps([pair for pair in came if _is_pair(pair) and pair[0] not in NEVER_CARRIED], ensure_ascii=False)


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list | tuple) and [type(part) for part in pair] == [str, str]


async def _begin(request: Request, desk: Desk, knock: StaffKnock, password: str, request_id: str) -> Begun:
    """Count the try, compare the password in its own lane, begin the session. Raises SignInNeeded for a wrong pair."""
    lane: Lane = request.app.state.password_lane
    given = await desk.write(count_try, knock)
    try:
        right = await lane.run(desk.kit.sealer.password_matches, password, given.password_hash)
    except Busy:
        await desk.write(forgive_try, knock)
        raise
    officer = await desk.read(officer_signing_in, given.officer_id) if right and given.officer_id else None
    if officer is None or given.password_hash is None:
        raise SignInNeeded
    in_production = request.app.state.options.in_production
    return await desk.write(
        begin_session, knock, officer.under(request_id), given.password_hash, token_in(request), in_production=in_production
    )


async def _onward(request: Request, desk: Desk, begun: Begun, onward: Onward) -> Response:
    """The next page: the second factor, what was typed before, or where the officer was going."""
    found: SessionRead | None = await desk.lookup(sessions_by_token, hash_of(begun.token))
    if found is None:
        raise SignInNeeded
    session = session_for(request, found)
    if not begun.passed:
        answer = await _factor(request, desk, session, onward)
    elif onward.carried:
        answer = staff_page(request, session, "console/resume.html", address=HOME, next=onward.address, fields=onward.fields)
    else:
        answer = RedirectResponse(onward.address, 303)
    return remember(request, answer, begun)


async def _factor(
    request: Request, desk: Desk, session: Session, onward: Onward, failed: str = "", status: int = 200
) -> Response:  # fmt: skip
    secret = await desk.read(factor_secret, session.viewer, desk.kit)
    picture = factor_picture(secret, session.viewer.name) if secret else ""
    return staff_page(
        request, session, "console/factor.html", status, address="/desk/sign-in/factor", next=onward.address,
        carried=onward.carried, failed=failed, secret=secret, picture=picture,
    )  # fmt: skip


def _door(
    request: Request, onward: Onward, *, name: str = "", refusal: DeskError | None = None, status: int = 200, ended: bool = False
) -> Response:  # fmt: skip
    """The form, with the name that was typed and one text for every cause but too many tries."""
    failed, language = "", reader_language(request)
    if refusal is not None:
        wrong = isinstance(refusal, SignInNeeded)
        failed, status = text("console.sign_in.wrong", language) if wrong else said(refusal, language), status_of(refusal)
    address = f"/desk/sign-in?{urlencode({'next': onward.address})}"
    answer = page(
        request, "console/sign_in.html", status, address=address, failed=failed, name=name, next=onward.address,
        carried=onward.carried, ended=ended,
    )  # fmt: skip
    if refusal is not None and (wait := refusal.params.get("retry_after")):
        answer.headers["Retry-After"] = str(wait)
    return answer
