"""An officer's own account: password, second factor, and where the desk writes to them. Anybody else's belong to `officers`."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.roster import change_mail
from desk.actions.signing import change_password, confirm_factor, count_present, forgive_present, make_factor
from desk.domain.errors import BadInput, DeskError
from desk.domain.password import LONGEST, SHORTEST, flaw_in
from desk.ports import Desk
from desk.reads.roster import own_mail
from desk.reads.sessions import factor_secret, password_hash_of
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.session import Session, SignedIn, forget
from desk.web.deps import TheDesk
from desk.web.lane import Lane
from desk.web.pictures import factor_picture
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/account", include_in_schema=False)


@router.get("")
async def account_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Password and second factor of whoever is signed in."""
    return await _page(request, desk, session)


@router.post("/password")
async def post_password(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Take another password, if the present one was given. Every session ends, this one too."""
    typed = await typed_in(request, session)
    try:
        seen = await _present(request, desk, session, typed.get("present", ""), "present")
        if flaw := flaw_in(typed.get("chosen", ""), session.viewer.name):
            raise BadInput("/chosen", flaw, limit=SHORTEST if flaw == "too_short" else LONGEST)
        if typed.get("again") != typed["chosen"]:
            raise BadInput("/again", "not_the_same")
        lane: Lane = request.app.state.password_lane
        await desk.write(change_password, session.viewer, seen, await lane.run(desk.kit.sealer.password_hash, typed["chosen"]))
    except DeskError as refusal:
        return await _page(request, desk, session, refusal)
    return forget(request, RedirectResponse("/desk/sign-in", 303))


@router.post("/mail")
async def post_mail(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Take another mail address, or none, for what the desk writes to this officer, if the password was given."""
    typed = await typed_in(request, session)
    address = typed.get("mail", "").strip()
    try:
        await _present(request, desk, session, typed.get("mail_password", ""), "mail_password")
        await acted(request, session, typed[KEY], change_mail, address)
    except DeskError as refusal:
        return await _page(request, desk, session, refusal, typed)
    return led_on(request, "/desk/account", "mail" if address else "mail_none")


@router.post("/factor")
async def post_factor(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Prepare a second factor, if the password was given; it counts once a code of it was shown."""
    typed = await typed_in(request, session)
    try:
        await _present(request, desk, session, typed.get("confirm_password", ""), "confirm_password")
        await desk.write(make_factor, session.viewer)
    except DeskError as refusal:
        return await _page(request, desk, session, refusal)
    return RedirectResponse("/desk/account", 303)


@router.post("/factor/confirm")
async def post_factor_confirm(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Let the second factor count, if the code is right."""
    typed = await typed_in(request, session)
    try:
        if not await desk.write(confirm_factor, session.viewer, typed.get("code", "")[:20]):
            raise BadInput("/code", "wrong_code")
    except DeskError as refusal:
        return await _page(request, desk, session, refusal)
    return led_on(request, "/desk/account", "factor_on")


async def _present(request: Request, desk: Desk, session: Session, password: str, field: str) -> str:
    """The hash of the officer's present password, which was just given. Raises BadInput for a wrong one, TooManyTries."""
    lane: Lane = request.app.state.password_lane
    await desk.write(count_present, session.viewer)
    seen = await desk.read(password_hash_of, session.viewer)
    if not await lane.run(desk.kit.sealer.password_matches, password[:LONGEST], seen):
        raise BadInput(f"/{field}", "wrong_password")
    await desk.write(forgive_present, session.viewer)
    return seen


async def _page(
    request: Request, desk: Desk, session: Session, refusal: DeskError | None = None,
    typed: Mapping[str, str] = MappingProxyType({}),
) -> Response:  # fmt: skip
    failed = Failed.of(request, "account", refusal, typed) if refusal else None
    secret = await desk.read(factor_secret, session.viewer, desk.kit)
    return staff_page(
        request, session, "console/account.html", failed.status if failed else 200, address="/desk/account",
        failed=failed, secret=secret, mail=typed.get("mail", await desk.read(own_mail, session.viewer, desk.kit) or ""),
        picture=factor_picture(secret, session.viewer.name) if secret else "",
        roles=sorted(frozenset().union(*session.viewer.roles.values())),
    )  # fmt: skip
