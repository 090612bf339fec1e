"""What the status route takes and gives, for the API description; the route itself encodes without them."""

from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from desk.web.api.shapes import In, MoneyOut, Out

TEXT, NOTHING = {"type": "string"}, {"type": "null"}
EITHER_KEY: dict[str, Any] = {
    "oneOf": [
        {"required": ["token"], "properties": {"token": TEXT, "reference": NOTHING, "access_code": NOTHING}},
        {"required": ["reference", "access_code"], "properties": {"reference": TEXT, "access_code": TEXT, "token": NOTHING}},
    ]
}
"""A token alone, or reference and code: what both shapes of a key add to their schema."""


class KeyShape(In):
    """Either reference and code, or the token of the QR code."""

    model_config = ConfigDict(json_schema_extra=EITHER_KEY)

    reference: str | None = Field(default=None, max_length=80, examples=["7Q4K92MDXT"])
    access_code: str | None = Field(default=None, max_length=80, examples=["48213907"])
    token: str | None = Field(default=None, max_length=80)


class NextShape(Out):
    """Who acts next, and by when where a clock binds them."""

    who: str
    due_at: datetime | None


class AmountsShape(Out):
    """What was asked, agreed, sent and received."""

    asked: MoneyOut | None
    agreed: MoneyOut | None
    sent_at: datetime | None
    received_at: datetime | None


class HistoryShape(Out):
    """One thing that happened."""

    at: datetime
    text: str


class TakeShape(Out):
    """What the visitor's app needs to take the money: in WeChat `requestMerchantTransfer` with merchant, app_id and package."""

    app: Literal["wechat"]
    merchant: str
    app_id: str
    package: str


class StatusShape(Out):
    """A claim as its visitor sees it, in the language of `Accept-Language`; `take` only while the money waits to be taken."""

    reference: str
    state: str
    stage: str
    sentence: str
    next: NextShape
    amounts: AmountsShape
    history: list[HistoryShape]
    acts: list[str]
    take: TakeShape | None
