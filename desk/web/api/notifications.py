"""What the visitor of a claim was written outside the desk's pages, and what staff do where it did not arrive."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Request, Response

from desk.actions.deliveries import resend, tell_otherwise
from desk.reads.notifications import NotificationView, notified
from desk.web.api.correspondence import DoneOut, ReasonIn, done_out
from desk.web.api.shapes import Out
from desk.web.deps import Officer, OptionalKey, Reference, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/claims", tags=["notifications"])


class NotificationOut(Out):
    """One message: what it tells, by what, and how far it came. `why` is the code of the last try that failed."""

    id: str
    news: str
    channel: Literal["sms", "mail"]
    state: Literal["waiting", "sent", "given_up", "dropped", "told"]
    tries: int
    why: str | None
    made_at: datetime
    due_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, view: NotificationView) -> "NotificationOut":
        """The shape of it."""
        return cls.model_validate({name: getattr(view, name) for name in cls.model_fields} | {"id": str(view.id)})


class NotifiedOut(Out):
    """By what the visitor is told now, `slip` where nothing can be sent, and the messages so far, the newest first."""

    by: Literal["sms", "mail", "slip"]
    notifications: list[NotificationOut]


@router.get(
    "/{reference}/notifications", name="notifications_list", responses=for_staff(), summary="What the visitor was written"
)
async def list_notifications(reference: Reference, desk: TheDesk, officer: Officer) -> NotifiedOut:
    """No address and no text: the one is read and the other made when a message is sent."""
    found = await desk.read(notified, officer, reference, desk.kit)
    return NotifiedOut(by=found.by.value, notifications=[NotificationOut.of(line) for line in found.lines])


@router.post(
    "/{reference}/notifications/resend", response_model=DoneOut, name="notifications_resend", responses=for_step(),
    summary="Send what was given up once more",
)  # fmt: skip
async def post_resend(
    request: Request, reference: Reference, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """The newest message that did not arrive, by the contact as it is now."""
    return await answer_once(request, desk, officer, key, done_out, resend, reference)


@router.post(
    "/{reference}/notifications/told", response_model=DoneOut, name="notifications_told", responses=for_step(),
    summary="Record that the visitor was told by other means",
)  # fmt: skip
async def post_told(
    request: Request, reference: Reference, body: ReasonIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """`reason` says how; it stands in the claim's chain."""
    return await answer_once(request, desk, officer, key, done_out, tell_otherwise, reference, body.reason)
