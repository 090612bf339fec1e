"""The receipt of a claim filed alone: a page that the same device shows again for a day, and that prints."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from desk.actions.codes import slip_for
from desk.ports import Desk
from desk.reads.status import status_view
from desk.reads.visitors import keyholders
from desk.web.deps import RequestId, TheDesk
from desk.web.pages import page, reader_language
from desk.web.pictures import qr_picture
from desk.web.visitor.hours import counter_hours
from desk.web.visitor.visit import RECEIPT, holder_kept, over, remember
from desk.web.visits import visitor_for

router = APIRouter(include_in_schema=False)


@router.get("/receipt")
async def receipt_page(request: Request, desk: TheDesk, request_id: RequestId) -> Response:
    """Reference, code and QR of the claim that this device filed within the last day; else where a claim is found."""
    holder = await holder_kept(request, desk, RECEIPT)
    if holder is None:
        return over(request)
    language, kit = reader_language(request), desk.kit
    viewer = visitor_for(holder, request_id)
    view = await desk.read(status_view, viewer, holder.reference, language, kit, on_paper=True)
    code, address = slip_for(kit, holder.reference, holder.claim_id, holder.generation)
    return page(
        request, "visitor/receipt.html", view=view, code=code,
        follow=address.removeprefix(kit.public_url),
        found_at=f"{kit.public_url}/s", qr=qr_picture(address),
        hours=counter_hours(view.site, kit.clock.now(), language),
    )  # fmt: skip


async def has_receipt(request: Request, desk: Desk) -> bool:
    """Whether this device filed a claim within the last day."""
    return await holder_kept(request, desk, RECEIPT) is not None


async def remember_receipt(request: Request, answer: Response, desk: Desk, reference: str) -> Response:
    """Let this device show the receipt again for a day."""
    holder = await desk.lookup(keyholders, reference)
    assert holder is not None
    return remember(answer, desk, holder, RECEIPT, secure=request.app.state.options.secure)
