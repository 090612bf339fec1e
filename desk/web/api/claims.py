"""Lodging a claim, listing claims, one claim in full."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StrictBool, StrictInt

from desk.actions.access import count_poster_lodging
from desk.actions.intake import Lodged, Lodging, WrittenRespondent, lodge_claim
from desk.domain.claim import Category, Channel, Elsewhere, Flags, Item, ItemKind, RespondentKind, Route, State
from desk.domain.errors import SignInNeeded
from desk.domain.policy import Kind, Viewer
from desk.ports import Attempt, Desk
from desk.reads.claims import claim_view
from desk.reads.pages import LARGEST_PAGE, Page
from desk.reads.queues import Filters, claims_page
from desk.web.api.claim_shapes import ClaimOut, ClaimsOut
from desk.web.api.shapes import ClockOut, Code, Day, Email, Facts, In, LanguageTag, Moment, MoneyIn, Name, Out, Phone, RowId
from desk.web.deps import AnyViewer, Officer, Reference, RequiredKey, TheDesk
from desk.web.network import network_of
from desk.web.once import attempt_of, one_at_a_time
from desk.web.openapi import for_staff

router = APIRouter(prefix="/api/v1/claims", tags=["claims"])


class VisitorIn(In):
    """The person who complains; everything is optional but the language, and sealed before it is stored."""

    name: Name | None = None
    phone: Phone | None = Field(default=None, examples=["+8613800138000"])
    email: Email | None = None
    language: LanguageTag = "zh-CN"


class RespondentIn(In):
    """The merchant complained of: by id, or by the name as written."""

    id: RowId | None = None
    name: Name | None = None
    kind: RespondentKind = RespondentKind.OTHER

    def written(self) -> WrittenRespondent | None:
        """The respondent as the actions take it; None for "not sure", that is neither id nor name."""
        if self.id is None and self.name is None:
            return None
        known = int(self.id) if self.id else None
        return WrittenRespondent(known, None if known else self.name, self.kind)


class ItemIn(In):
    """One thing asked for; `asked` null while the sum is not known."""

    kind: ItemKind
    asked: MoneyIn | None = None


class FlagsIn(In):
    """Circumstances that change the route or who must be told."""

    injury: StrictBool = False
    minor: StrictBool = False
    foreign_related: StrictBool = False
    needs_appraisal: StrictBool = False
    crime_suspected: StrictBool = False

    def told(self) -> Flags:
        """The circumstances as the action takes them."""
        return Flags(self.injury, self.minor, self.foreign_related, self.needs_appraisal, self.crime_suspected)


class DisputeIn(In):
    """A dispute as it is told, by whatever channel."""

    site: Code = Field(examples=["huangshan"])
    spot: Code | None = None
    visitor: VisitorIn = VisitorIn()
    respondent: RespondentIn | None = None
    category: Category
    facts: Facts
    occurred_on: Day | None = None
    purchased_on: Day | None = None
    contract_ended_on: Day | None = None
    departs_at: Moment | None = None
    items: Annotated[list[ItemIn], Field(max_length=20)] = Field(default_factory=list)
    order_no: Name | None = None
    already_elsewhere: Elsewhere = Elsewhere.NONE
    people: Annotated[StrictInt, Field(ge=1, le=9999)] = 1
    flags: FlagsIn = FlagsIn()

    def told_by(self, channel: Channel) -> Lodging:
        """The dispute as the action takes it. Raises BadInput for an amount that is none."""
        return Lodging(
            site=self.site, channel=channel, language=self.visitor.language, category=self.category, facts=self.facts,
            visitor={"name": self.visitor.name, "phone": self.visitor.phone, "email": self.visitor.email},
            items=tuple(
                Item(item.kind, item.asked.money(f"/items/{place}/asked") if item.asked else None)
                for place, item in enumerate(self.items)
            ),
            respondent=self.respondent.written() if self.respondent else None, spot=self.spot,
            occurred_on=self.occurred_on, purchased_on=self.purchased_on, contract_ended_on=self.contract_ended_on,
            departs_at=self.departs_at, order_no=self.order_no,
            already_elsewhere=self.already_elsewhere, people=self.people, flags=self.flags.told(),
        )  # fmt: skip


class ClaimIn(DisputeIn):
    """A dispute as told at the counter, on the phone, or by the visitor alone."""

    channel: Channel

    def told(self) -> Lodging:
        """The dispute as the action takes it. Raises BadInput for an amount that is none."""
        return self.told_by(self.channel)


class DuplicateOut(Out):
    """A claim that may be the same matter, and why; for officers only."""

    reference: str
    why: str


class LodgedOut(Out):
    """What is handed to the visitor. The code is shown here and can be derived again, never looked up."""

    reference: str = Field(examples=["7Q4K92MDXT"])
    access_code: str = Field(examples=["48213907"])
    status_url: str
    state: State
    clocks: list[ClockOut]
    duplicates: list[DuplicateOut]


LODGE_RESPONSES = for_staff(
    "too_many_tries", "idempotency_key_missing", "idempotency_key_in_flight", "idempotency_key_reused", "unsupported_media_type"
)  # fmt: skip


@router.post(
    "", status_code=201, response_model=LodgedOut, name="claims_lodge", responses=LODGE_RESPONSES, summary="Lodge a claim"
)
async def post_claim(
    request: Request, body: ClaimIn, desk: TheDesk, viewer: AnyViewer, key: RequiredKey
) -> Response:  # fmt: skip
    """Register a dispute. With an officer's token, or without one where `channel` is `poster`."""
    return await answer_lodging(request, desk, viewer, body, key)


async def answer_lodging(request: Request, desk: Desk, viewer: Viewer, body: ClaimIn, key: str) -> Response:
    """Lodge what was read and checked; the thin shell of `lodging` ends here too."""
    viewer = _lodger(viewer, body.channel)
    attempt = await attempt_of(request, viewer, key)
    if viewer.kind is Kind.POSTER:
        await desk.write(count_poster_lodging, network_of(request.scope), attempt)
    lodged = await _lodge(request, desk, viewer, body.told(), attempt)
    headers = {"Idempotent-Replayed": "true"} if lodged.replayed else None
    return Response(_bytes_of(lodged), 201, headers, "application/json")


async def _lodge(request: Request, desk: Desk, viewer: Viewer, told: Lodging, attempt: Attempt) -> Lodged:
    async with one_at_a_time(request, attempt):
        return await desk.append(lodge_claim(desk.kit, viewer, told, attempt))


def _lodger(viewer: Viewer, channel: Channel) -> Viewer:
    """The officer, or the poster itself for a visitor who files alone. Raises SignInNeeded for any other channel."""
    if viewer.kind is not Kind.OFFICER and channel is not Channel.POSTER:
        raise SignInNeeded
    return viewer


def _bytes_of(lodged: Lodged) -> bytes:
    return msgspec.json.encode(
        {
            "reference": lodged.reference, "access_code": lodged.access_code, "status_url": lodged.status_url,
            "state": State.RECEIVED.value, "clocks": lodged.clocks, "duplicates": lodged.duplicates,
        }
    )  # fmt: skip


class ClaimsQuery(In):
    """Which claims, how many, and from where on."""

    site: Code | None = None
    state: State | None = None
    route: Route | None = None
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


@router.get("", name="claims_list", responses=for_staff(), summary="List claims by deadline")
async def list_claims(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[ClaimsQuery, Query()]
) -> ClaimsOut:  # fmt: skip
    """Claims of the officer's sites that their role may read, nearest deadline first."""
    filters = Filters(query.site, frozenset({query.state} if query.state else State), query.route)
    page = await desk.read(claims_page, officer, filters, query.limit, query.cursor)
    link_next(request, response, page)
    return ClaimsOut.of(page)


@router.get("/{reference}", name="claims_get", responses=for_staff(), summary="One claim in full")
async def get_claim(response: Response, reference: Reference, desk: TheDesk, officer: Officer) -> ClaimOut:
    """The claim with what hangs on it, contacts masked. Its `ETag` is what `If-Match` wants."""
    view = await desk.read(claim_view, officer, reference, desk.kit)
    response.headers["ETag"] = f'"{view.claim.version}"'
    return ClaimOut.of(view)


def link_next(request: Request, response: Response, page: Page[Any]) -> None:
    """Point to the next page (RFC 8288)."""
    if page.next:
        response.headers["Link"] = f'<{request.url.include_query_params(cursor=page.next)}>; rel="next"'
