"""Completing what a lodging left open."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field, StrictInt

from desk.actions.facts import complete_facts
from desk.actions.steps import Held
from desk.domain.errors import BadInput
from desk.domain.money import Money
from desk.web.api.claims import RespondentIn
from desk.web.api.shapes import In, MoneyIn, Out
from desk.web.deps import IfMatch, Officer, Reference, TheDesk
from desk.web.openapi import for_staff

router = APIRouter(prefix="/api/v1/claims", tags=["claims"])


class AmountIn(In):
    """What an item asks for. `item` is its place in the claim, from 0."""

    item: Annotated[StrictInt, Field(ge=0, le=19)]
    asked: MoneyIn


class FactsIn(In):
    """Amounts of items that have none yet, and the respondent where none is named yet."""

    amounts: Annotated[list[AmountIn], Field(max_length=20)] = Field(default_factory=list)
    respondent: RespondentIn | None = None

    def by_item(self) -> dict[int, Money]:
        """The amounts by the place of their item. Raises BadInput for an amount that is none and for an item named twice."""
        found: dict[int, Money] = {}
        for place, amount in enumerate(self.amounts):
            if amount.item in found:
                raise BadInput(f"/amounts/{place}/item", "contradicts")
            found[amount.item] = amount.asked.money(f"/amounts/{place}/asked")
        return found


class CompletedOut(Out):
    """The claim's new version."""

    reference: str
    version: int


@router.put(
    "/{reference}/facts",
    name="facts_complete",
    responses=for_staff("stale_version", "version_missing", "wrong_moment", "unsupported_media_type"),
    summary="Complete missing amounts and the respondent",
)
async def put_facts(
    response: Response, reference: Reference, body: FactsIn, desk: TheDesk, officer: Officer, version: IfMatch
) -> CompletedOut:  # fmt: skip
    """What is known already is refused, never replaced. 428 without `If-Match`, 412 when the claim changed meanwhile."""
    respondent = body.respondent.written() if body.respondent else None
    done: Held = await desk.write(complete_facts, officer, reference, body.by_item(), respondent, version)
    response.headers["ETag"] = f'"{done.claim.version}"'
    return CompletedOut(reference=reference, version=done.claim.version)
