"""The receipt slip: reference, code and QR code, for printing or for the visitor's phone.

Whoever lodged the claim, or issued its slip again, sees it for a quarter of an hour in that very session. Later nobody
reads a code here: it is issued again, an audited act with a reason.
"""

from dataclasses import dataclass
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer
from pydantic import BaseModel, ValidationError

from desk.actions.codes import slip_for
from desk.actions.once import Once, once
from desk.actions.slips import Slip, reissue_slip
from desk.domain.errors import DeskError, Forbidden, NotFound
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.counter import SlipView, slip_view
from desk.web.api.shapes import Prose
from desk.web.console.forms import KEY, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import Reference, TheDesk
from desk.web.once import attempt_of, one_at_a_time
from desk.web.pages import reader_language
from desk.web.pictures import qr_picture
from desk.web.refused import said, status_of
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk/claims", include_in_schema=False)

COOKIE, MINUTES = "desk_slip", 15
SIZES = ("58", "80", "a6", "a4")
USUAL_SIZE = "80"


class ReasonForm(BaseModel):
    """Why the slip is issued again."""

    reason: Prose


@dataclass(frozen=True, slots=True)
class Code:
    """What opens the status page: the eight digits in two groups, the address as a picture, and where both are typed in."""

    digits: str
    picture: str
    door: str


@router.get("/{reference}/slip")
async def slip_page(
    request: Request, session: SignedIn, reference: Reference, desk: TheDesk, size: str = USUAL_SIZE
) -> Response:  # fmt: skip
    """The slip, with its code while this session may still see it."""
    return await _page(request, desk, session, reference, size=size)


@router.post("/{reference}/slip")
async def post_slip(request: Request, reference: Reference, desk: TheDesk, session: SignedIn) -> Response:
    """Issue the slip again to the visitor who stands at the desk; the old code and address are worthless from now on."""
    typed = await typed_in(request, session)
    try:
        form = ReasonForm(reason=typed.get("reason", ""))
        given = await _reissued(request, desk, session, reference, form.reason, typed[KEY])
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, reference, refusal=refusal, reason=typed.get("reason", ""))
    answer = RedirectResponse(f"/desk/claims/{reference}/slip", 303)
    if given.replayed and not is_fresh(session, typed[KEY]):
        return answer
    return slip_shown(request, answer, session, reference, int(given.body))


def is_fresh(session: Session, key: str) -> bool:
    """Whether a form was opened so lately that sending it twice may show its slip twice: later that would be a way to codes."""
    return session.is_own_form(key, MINUTES * 60)


def slip_shown(request: Request, answer: Response, session: Session, reference: str, generation: int) -> Response:
    """Let this session see this very slip for a while, and no other one: the note goes to the slip's own address only."""
    note = _signer(request.app.state.desk).dumps([session.id, reference, generation])
    answer.set_cookie(
        COOKIE, note, max_age=MINUTES * 60, path=f"/desk/claims/{reference}/slip", httponly=True, samesite="strict",
        secure=request.app.state.options.secure,
    )  # fmt: skip
    return answer


def _may_see(request: Request, session: Session, view: SlipView) -> bool:
    """Whether this session was handed this slip just now, and no other one was issued since."""
    signer = _signer(request.app.state.desk)
    try:
        told = signer.loads(request.cookies.get(COOKIE, ""), max_age=MINUTES * 60)
    except BadData:
        return False
    return bool(told == [session.id, view.claim.reference, view.claim.generation])


async def _reissued(request: Request, desk: Desk, session: Session, reference: str, reason: str, key: str) -> Once:
    """The generation of the new slip, the same one however often the form is sent."""
    attempt = await attempt_of(request, session.viewer, key[:128])
    async with one_at_a_time(request, attempt):
        given: Once = await desk.write(once, attempt, _generation, reissue_slip, session.viewer, reference, reason)
    return given


def _generation(slip: Slip) -> str:
    return str(slip.generation)


async def _page(
    request: Request, desk: Desk, session: Session, reference: str, *, size: str = USUAL_SIZE,
    refusal: Exception | None = None, reason: str = "",
) -> Response:  # fmt: skip
    view = await desk.read(slip_view, session.viewer, reference, desk.kit)
    address = f"/desk/claims/{reference}/slip"
    return staff_page(
        request, session, "console/slip.html", status_of(refusal) if refusal else 200, address=address,
        view=view, size=size if size in SIZES else USUAL_SIZE, sizes=SIZES, home=address, say=partial(_say, view.language),
        code=_code(desk, view) if _may_see(request, session, view) and refusal is None else None,
        may_reissue=session.viewer.may(Act.REISSUE_SLIP, view.claim.site_id), reason=reason,
        failed=said(refusal, reader_language(request)) if refusal else None,
    )  # fmt: skip


def _say(language: str, key: str, **params: object) -> str:
    """A text in the visitor's language, whatever the officer reads."""
    return text(key, language, **params)


def _code(desk: Desk, view: SlipView) -> Code:
    digits, address = slip_for(desk.kit, view.claim.reference, view.claim.id, view.claim.generation)
    return Code(f"{digits[:4]} {digits[4:]}", qr_picture(address), desk.kit.public_url.partition("://")[2] + "/s")


def _signer(desk: Desk) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(desk.kit.sealer.tag("cookie", "slip"), salt="desk.slip")
