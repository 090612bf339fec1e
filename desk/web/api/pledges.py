"""The register of pledges: who takes goods back without a reason, for how long, and what is excepted."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.pledges import Pledged, Promise, sign_pledge, withdraw_pledge
from desk.domain.errors import BadInput
from desk.domain.policy import Act, Viewer
from desk.domain.returns import EXCLUSIONS, LONGEST_DAYS, ReturnReason
from desk.ports import Desk
from desk.reads.pages import LARGEST_PAGE
from desk.reads.returns import PledgeView, pledges_page
from desk.web.api.claims import RespondentIn, link_next
from desk.web.api.fund import FundQuery, Site
from desk.web.api.shapes import Day, In, Out, WhoOut
from desk.web.csv import csv_file
from desk.web.deps import Officer, RequiredKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/pledges", tags=["returns"])


class PledgeIn(In):
    """What is pledged. Without `respondent` by the site itself, for all its licensed merchants; without `days` as the pack."""

    respondent: RespondentIn | None = None
    days: int | None = Field(default=None, ge=1, le=LONGEST_DAYS, strict=True)
    exclusions: list[ReturnReason] = Field(default=list(EXCLUSIONS), max_length=len(ReturnReason), examples=[["custom_made"]])
    signed_on: Day | None = None

    def promise(self) -> Promise:
        """As the action takes it. Raises BadInput for a merchant without id and name: it would bind the whole site."""
        if self.respondent and self.respondent.written() is None:
            raise BadInput("/respondent/name", "missing")
        who = self.respondent.written() if self.respondent else None
        return Promise(who, self.days, tuple(self.exclusions), self.signed_on)


class PledgeOut(Out):
    """A pledge. `respondent` is null for the site's own; it covers what is bought from `signed_on` to `withdrawn_on`."""

    id: str
    respondent: WhoOut | None
    days: int
    exclusions: list[ReturnReason]
    signed_on: date
    withdrawn_on: date | None

    @classmethod
    def of(cls, done: Pledged) -> "PledgeOut":
        """The shape of a pledge after an act."""
        return cls.shaped(PledgeView(done.row, done.respondent.name if done.respondent else None, "", None))

    @classmethod
    def shaped(cls, view: PledgeView) -> "PledgeOut":
        """The shape of a line of the register."""
        row = view.row
        who = WhoOut(id=str(row.respondent_id), name=view.respondent or "") if row.respondent_id else None
        return cls(
            id=str(row.id), respondent=who, days=row.days, exclusions=[ReturnReason(code) for code in row.exclusions],
            signed_on=row.signed_on, withdrawn_on=row.withdrawn_on,
        )  # fmt: skip


class PledgesOut(Out):
    """A page of pledges, the newest first."""

    pledges: list[PledgeOut]
    next: str | None = Field(description="cursor of the next page")


@router.get("", name="pledges_list", responses=for_staff(), summary="Who takes goods back without a reason")
async def list_pledges(
    request: Request, response: Response, site: Site, desk: TheDesk, officer: Officer, query: Annotated[FundQuery, Query()]
) -> PledgesOut:  # fmt: skip
    """The register of a site, withdrawn ones too."""
    page = await desk.read(pledges_page, officer, site, query.limit, query.cursor)
    link_next(request, response, page)
    return PledgesOut(pledges=[PledgeOut.shaped(view) for view in page.lines], next=page.next)


@router.post(
    "", status_code=201, response_model=PledgeOut, name="pledges_sign", responses=for_step("idempotency_key_missing"),
    summary="Enter a pledge",
)  # fmt: skip
async def post_pledge(
    request: Request, site: Site, body: PledgeIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager. One that stands has to be withdrawn before another of the same merchant."""
    return await answer_once(request, desk, officer, key, PledgeOut.of, sign_pledge, site, body.promise(), status=201)


@router.post(
    "/{pledge_id}/withdraw", response_model=PledgeOut, name="pledges_withdraw", responses=for_step("idempotency_key_missing"),
    summary="Withdraw a pledge",
)  # fmt: skip
async def post_withdraw(
    request: Request, site: Site, pledge_id: Annotated[str, Path(description="As the register names it.")], desk: TheDesk,
    officer: Officer, key: RequiredKey,
) -> Response:  # fmt: skip
    """By a manager. What was bought until today is still covered."""
    return await answer_once(request, desk, officer, key, PledgeOut.of, withdraw_pledge, site, row_id(pledge_id))


@router.get(
    ".csv", name="pledges_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="The register of pledges as CSV",
)  # fmt: skip
async def get_pledges_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row a pledge, the newest first."""
    return await pledges_csv(desk, officer, site)


COLUMNS = (
    "id", "respondent", "days", "exclusions", "signed_on", "added_at", "added_by", "withdrawn_on", "withdrawn_at",
    "withdrawn_by",
)  # fmt: skip


async def pledges_csv(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The register as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"pledges-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(pledges_page, officer, site, LARGEST_PAGE, cursor, Act.EXPORT_FUND),
    )  # fmt: skip


def _cells(view: PledgeView) -> tuple[date | datetime | str | int | None, ...]:
    row = view.row
    return (
        row.id, view.respondent, row.days, " ".join(row.exclusions), row.signed_on, row.added_at.isoformat(), view.added_by,
        row.withdrawn_on, row.withdrawn_at.isoformat() if row.withdrawn_at else None, view.withdrawn_by,
    )  # fmt: skip
