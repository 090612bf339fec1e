"""Files of a claim for staff: their page, adding one, looking at one. What a file may be is not decided here."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from desk.domain.errors import DeskError, Forbidden, NotFound
from desk.domain.evidence import Shows
from desk.reads.evidence import evidence_of, see_whether_files_may_be_added
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import Reference, TheDesk, the_desk
from desk.web.evidence import add_once, handed_out, upload_in
from desk.web.pages import reader_language
from desk.web.refused import said, status_of

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("/claims/{reference}/evidence")
async def evidence_page(request: Request, session: SignedIn, reference: Reference) -> Response:
    """A claim's files."""
    return await _page(request, session, reference)


@router.post("/claims/{reference}/evidence")
async def post_evidence(request: Request, reference: Reference, session: SignedIn) -> Response:
    """Add a file, then show the claim; refused, the page of its files says why."""
    desk = await the_desk(request)
    await desk.read(see_whether_files_may_be_added, session.viewer, reference)
    try:
        upload, _ = await upload_in(request, (KEY,))
        typed = await typed_in(request, session)
        await add_once(request, session.viewer, reference, upload, typed[KEY][:128])
    except (NotFound, Forbidden):
        raise
    except DeskError as refusal:
        return await _page(request, session, reference, refusal)
    return led_on(request, f"/desk/claims/{reference}#evidence", "evidence")


@router.get("/evidence/{file_id}")
async def look_at(
    file_id: str, desk: TheDesk, session: SignedIn, original: Annotated[bool, Query()] = False  # noqa: FBT002 - a query parameter
) -> Response:  # fmt: skip
    """One file: to look at, or its original to save."""
    return await handed_out(desk, session.viewer, file_id, original=original)


async def _page(request: Request, session: Session, reference: str, refusal: DeskError | None = None) -> Response:
    desk = await the_desk(request)
    view = await desk.read(evidence_of, session.viewer, reference, desk.kit)
    return staff_page(
        request, session, "console/evidence.html", status_of(refusal) if refusal else 200, view=view, shows=list(Shows),
        failed=said(refusal, reader_language(request)) if refusal else "",
    )  # fmt: skip
