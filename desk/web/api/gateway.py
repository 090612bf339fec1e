"""What the gateway tells us by itself: signed messages, verified over the raw bytes and kept before the answer leaves."""

import contextlib
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from desk.actions.payout_words import Message, hear_message
from desk.domain.errors import NotFound, SignatureWrong
from desk.domain.payout import MESSAGES
from desk.domain.signature import signed_right
from desk.web.api.shapes import Clean, Out
from desk.web.deps import TheDesk
from desk.web.openapi import problems

router = APIRouter(prefix="/api/v1/gateway", tags=["pay"])

Text = Annotated[str, StringConstraints(min_length=1, max_length=128), Clean]


Kind = Annotated[str, StringConstraints(min_length=1, max_length=128), Clean]


class KindIn(BaseModel):
    """What every message has, whatever it tells of."""

    model_config = ConfigDict(strict=True)

    type: Kind


class MessageIn(BaseModel):
    """What a message says; fields that the desk does not know are left alone, for the gateway may add some."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Kind
    key: Text
    amount_minor: Annotated[int, Field(ge=0, lt=2**63)]
    currency: Annotated[str, StringConstraints(min_length=3, max_length=3), Clean]
    gateway_id: Text | None = None


class HeardOut(Out):
    """What became of the message: it moved its payout, came late, or is parked for a person."""

    fate: str


_BODY = {"required": True, "content": {"application/json": {"schema": MessageIn.model_json_schema()}}}


@router.post(
    "/events", name="gateway_events", responses=problems("signature_wrong", "not_found"), openapi_extra={"requestBody": _BODY},
    summary="A signed message of the gateway",
)  # fmt: skip
async def post_event(request: Request, desk: TheDesk) -> HeardOut:
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`. The same id again changes nothing."""
    terms, body = desk.kit.gateway, await request.body()
    if terms is None or terms.secret is None:
        raise NotFound
    own_id, timestamp, signature = (request.headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
    if not signed_right(terms.secret, own_id, timestamp, signature, body, desk.kit.clock.machine_now()):
        raise SignatureWrong
    return HeardOut(fate=await desk.write(hear_message, _message(own_id, body)))


def _message(message_id: str, body: bytes) -> Message:
    """The message in the body; one of a kind that the desk does not know may say whatever it likes.

    Raises RequestValidationError with the places that are wrong.
    """
    try:
        told = MessageIn.model_validate_json(body)
    except ValidationError as invalid:
        with contextlib.suppress(ValidationError):
            if (kind := KindIn.model_validate_json(body).type) not in MESSAGES:
                return Message(message_id, kind)
        errors = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors(include_url=False, include_input=False)]
        raise RequestValidationError(errors) from None
    return Message(message_id, told.type, told.key, told.amount_minor, told.currency, told.gateway_id)
