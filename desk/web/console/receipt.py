"""The receipt of a payout, for printing: the visitor signs it when the money is handed over. Says nothing that moves money."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from desk.domain.errors import NotHandedOver
from desk.domain.money import Money
from desk.reads.receipts import receipt
from desk.web.console.forms import staff_page
from desk.web.console.payouts import sheet_page
from desk.web.console.session import SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed
from desk.wording.capitals import capitals
from desk.wording.catalogue import text
from desk.wording.labels import label

router = APIRouter(prefix="/desk/payouts", include_in_schema=False)

SIZES = ("80", "a5")
USUAL_SIZE = "80"


@router.get("/{payout_id}/receipt")
async def receipt_page(
    request: Request, payout_id: str, desk: TheDesk, session: SignedIn, size: str = USUAL_SIZE
) -> Response:  # fmt: skip
    """The paper, in Chinese and in the visitor's language; before the money was handed over the payout, which says why."""
    number = row_id(payout_id)
    try:
        found = await desk.read(receipt, session.viewer, number, desk.kit)
    except NotHandedOver as refusal:
        return await sheet_page(request, desk, session, number, Failed.of(request, "receipt", refusal, {}))
    payout = found.sheet.view.payout
    at = payout.sent_at if payout.method == "cash" else payout.settled_at
    assert at is not None
    return staff_page(
        request, session, "console/receipt.html", here="pay", found=found, payout=payout, at=at.astimezone(found.sheet.view.zone),
        amount=Money(payout.amount_minor, payout.currency), home=f"/desk/payouts/{number}", sizes=SIZES,
        size=size if size in SIZES else USUAL_SIZE, say=text, named=label,
        capitals=capitals(payout.amount_minor) if payout.currency == "CNY" else None,
    )  # fmt: skip
