"""Messages of the gateway that need a person: listed, as CSV, looked at by the manager. Where they arrive is `gateway`."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.gateway_messages import Dismissed, dismiss_message
from desk.domain.money import text_of
from desk.domain.payout import Doubt
from desk.domain.policy import Act, Viewer
from desk.ports import Desk
from desk.reads.gateway_messages import MessageView, messages_page, view_of
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import link_next
from desk.web.api.fund import FundQuery, Site, money_out
from desk.web.api.shapes import In, MoneyOut, Out, Prose
from desk.web.csv import csv_file
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["fund"])


class GatewayMessageOut(Out):
    """A message. `message` is the gateway's own id of it, `told` what it says, `booked` what the payout has that it names.

    What was the answer to a call of the desk's has a type like `answer.settled`. `why` is what a person has to look at;
    `reference`, `payout` and `booked` are null where no payout has the key, `key` for a message kept by an older program.
    """

    id: str
    message: str
    type: str
    key: str | None
    gateway_id: str | None
    reference: str | None
    payout: str | None
    told: MoneyOut | None
    booked: MoneyOut | None
    fate: Literal["late", "parked"]
    why: Doubt
    received_at: datetime
    dismissed_at: datetime | None
    dismissed_by: str | None
    reason: str | None

    @classmethod
    def of(cls, view: MessageView) -> "GatewayMessageOut":
        """The shape of a message."""
        row = view.row
        return cls(
            id=str(row.number), message=row.id, type=row.kind, key=row.key, gateway_id=row.gateway_id, reference=view.reference,
            payout=str(row.payout_id) if row.payout_id else None, told=MoneyOut.of(row.amount_minor, row.currency or ""),
            booked=money_out(*view.booked) if view.booked else None, fate="late" if row.fate == "late" else "parked",
            why=view.why, received_at=view.received_at, dismissed_at=view.dismissed_at, dismissed_by=view.dismissed_by,
            reason=row.dismissal,
        )  # fmt: skip


class GatewayMessagesOut(Out):
    """A page of messages: those nobody looked at first, then the newest."""

    messages: list[GatewayMessageOut]
    next: str | None = Field(description="cursor of the next page")


class DismissIn(In):
    """What was found."""

    reason: Prose


@router.get(
    "/sites/{site}/gateway-messages", name="gateway_messages_list", responses=for_staff(),
    summary="Messages of the gateway that need a person",
)  # fmt: skip
async def list_messages(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> GatewayMessagesOut:  # fmt: skip
    """Those about the site's payouts, and those that name no payout of the desk; the ones nobody looked at first."""
    page = await desk.read(messages_page, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    return GatewayMessagesOut(messages=[GatewayMessageOut.of(view) for view in page.lines], next=page.next)


@router.get(
    "/sites/{site}/gateway-messages.csv", name="gateway_messages_csv",
    responses=for_staff() | {200: {"content": {"text/csv": {}}}}, response_class=StreamingResponse,
    summary="Messages of the gateway that need a person as CSV",
)  # fmt: skip
async def get_messages_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a message, the ones nobody looked at first, every message that ever needed a person."""
    return await csv_answer(desk, officer, site)


@router.post(
    "/gateway-messages/{message_id}/dismiss", response_model=GatewayMessageOut, name="gateway_messages_dismiss",
    responses=for_step("idempotency_key_missing"), summary="Say that a message was looked at",
)  # fmt: skip
async def post_dismiss(
    request: Request, message_id: str, body: DismissIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager. Only records it: nothing is deleted, and money is put right by the ordinary acts."""
    return await answer_once(request, desk, officer, key, _after, dismiss_message, row_id(message_id), body.reason)


async def csv_answer(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The messages as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"gateway-messages-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(messages_page, officer, site, LARGEST_PAGE, cursor, Act.EXPORT_FUND),
    )  # fmt: skip


COLUMNS = (
    "id", "message", "type", "key", "gateway_id", "reference", "payout", "told", "told_currency", "booked", "booked_currency",
    "fate", "why", "received_at", "dismissed_at", "dismissed_by", "reason",
)  # fmt: skip


def _cells(view: MessageView) -> tuple[object, ...]:
    row = view.row
    told, booked = (_plain(*each) for each in ((row.amount_minor, row.currency), view.booked or (None, None)))
    return (
        row.number, row.id, row.kind, row.key, row.gateway_id, view.reference, row.payout_id,
        told, row.currency, booked, view.booked[1] if view.booked else None, row.fate, row.why,
        view.received_at.isoformat(), view.dismissed_at.isoformat() if view.dismissed_at else None, view.dismissed_by,
        row.dismissal,
    )  # fmt: skip


def _plain(minor: int | None, currency: str | None) -> str | None:
    return text_of(minor, currency) if minor is not None and currency else None


def _after(done: Dismissed) -> GatewayMessageOut:
    paying = done.paying
    reference = paying.held.claim.reference if paying else None
    booked = (paying.payout.amount_minor, paying.payout.currency) if paying else None
    return GatewayMessageOut.of(view_of(done.row, reference, booked, done.by, ZoneInfo(done.site.time_zone)))
