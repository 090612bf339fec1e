"""Alerts of sites and merchants, those that stand and their history, and the rectification notices served on merchants."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from desk.actions.rectifications import Rectified, answer_rectification, confirm_rectification, serve_rectification
from desk.domain.alerts import Cause, Level, Task
from desk.domain.policy import Role, Viewer
from desk.ports import Desk
from desk.reads.alerts import AlertView, RectificationView, alerts_page, rectifications_page
from desk.reads.pages import LARGEST_PAGE
from desk.web.api.claims import link_next
from desk.web.api.fund import Site
from desk.web.api.shapes import Code, In, Out, Prose, WhoOut
from desk.web.csv import csv_file
from desk.web.deps import Officer, OptionalKey, ReaderLanguage, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step
from desk.wording.alerts import reason_text

router = APIRouter(prefix="/api/v1", tags=["alerts"])


class AlertReasonOut(Out):
    """Why: what was counted, and the threshold of the level. Of `growth` they are the claims of this week and the one before."""

    code: Cause
    text: str
    figure: int
    limit: int


class AlertOut(Out):
    """A level of a site, or of one of its merchants. `respondent` is null for the site's own.

    `reasons` are those with which it began. `due_at` is by when `task` is due, null where the level fell to this one; `until` is
    null while it stands. `told`: it was told to a role of yours. `rectification` is the notice served for it.
    """

    id: str
    site: str
    respondent: WhoOut | None
    level: Level
    rose: bool
    reasons: list[AlertReasonOut]
    tells: list[Role]
    told: bool
    task: Task
    since: datetime
    due_at: datetime | None
    overdue: bool
    until: datetime | None
    pack: str
    rectification: str | None

    @classmethod
    def of(cls, view: AlertView, language: str) -> "AlertOut":
        """The shape of an alert."""
        row = view.row
        reasons = [
            AlertReasonOut(code=Cause(code), text=reason_text(code, figure, limit, language), figure=figure, limit=limit)
            for code, figure, limit in row.reasons
        ]
        whom = WhoOut(id=str(row.respondent_id), name=view.respondent) if view.respondent is not None else None
        return cls(
            id=str(row.id), site=view.site, respondent=whom, level=Level(row.level), rose=row.rose, reasons=reasons,
            tells=[Role(role) for role in row.tells], told=view.told, task=Task(row.task), since=view.since, due_at=view.due_at,
            overdue=view.overdue, until=view.until, pack=row.pack,
            rectification=str(view.notice) if view.notice is not None else None,
        )  # fmt: skip


class AlertsOut(Out):
    """A page of alerts, the newest first."""

    alerts: list[AlertOut]
    next: str | None = Field(description="cursor of the next page")


class AlertsQuery(In):
    """Of which site, those that stand now or all there were, how many, and from where on."""

    site: Code | None = None
    state: Literal["now", "all"] = "now"
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class RectificationsQuery(In):
    """Of which site, those that are open or all there were, how many, and from where on."""

    site: Code | None = None
    state: Literal["open", "all"] = "open"
    limit: int = Field(default=50, ge=1, le=LARGEST_PAGE)
    cursor: Annotated[str, Field(max_length=200)] | None = None


class RectificationAnswerOut(Out):
    """What a merchant answered in writing, and who entered it."""

    text: str
    at: datetime
    by: str


class RectificationOut(Out):
    """A rectification notice with its answers, oldest first. `overdue`: it was not confirmed by `due_at`."""

    id: str
    site: str
    respondent: WhoOut
    alert: str
    number: str = Field(examples=["2026-3"])
    demands: str
    served_at: datetime
    served_by: str
    due_at: datetime
    overdue: bool
    answers: list[RectificationAnswerOut]
    confirmed_at: datetime | None
    confirmed_by: str | None

    @classmethod
    def of(cls, view: RectificationView) -> "RectificationOut":
        """The shape of a notice."""
        row = view.row
        return cls(
            id=str(row.id), site=view.site.slug, respondent=WhoOut(id=str(row.respondent_id), name=view.respondent),
            alert=str(row.alert_id), number=f"{row.year}-{row.number}", demands=row.demands, served_at=view.served_at,
            served_by=view.served_by, due_at=view.due_at, overdue=view.overdue,
            answers=[RectificationAnswerOut(text=each.text, at=each.at, by=each.by) for each in view.answers],
            confirmed_at=view.confirmed_at, confirmed_by=view.confirmed_by,
        )  # fmt: skip


class RectificationsOut(Out):
    """A page of notices: open ones with the nearest deadline first, all of them with the newest first."""

    rectifications: list[RectificationOut]
    next: str | None = Field(description="cursor of the next page")


class RectificationStepOut(Out):
    """A notice after a step."""

    id: str
    served_at: datetime
    due_at: datetime
    confirmed_at: datetime | None

    @classmethod
    def of(cls, done: Rectified) -> "RectificationStepOut":
        """The shape of it."""
        row, zone = done.row, ZoneInfo(done.site.time_zone)
        confirmed_at = row.confirmed_at.astimezone(zone) if row.confirmed_at else None
        return cls(
            id=str(row.id), served_at=row.served_at.astimezone(zone), due_at=row.due_at.astimezone(zone),
            confirmed_at=confirmed_at,
        )  # fmt: skip


class ServeIn(In):
    """What the merchant must put right."""

    demands: Prose


class AnsweredIn(In):
    """What the merchant answered in writing."""

    text: Prose


@router.get("/alerts", name="alerts_list", responses=for_staff(), summary="Alerts of sites and merchants")
async def list_alerts(
    request: Request, response: Response, desk: TheDesk, officer: Officer, language: ReaderLanguage,
    query: Annotated[AlertsQuery, Query()],
) -> AlertsOut:  # fmt: skip
    """Those that stand now, or with `state=all` the history too; the newest first."""
    page = await desk.read(
        alerts_page, officer, query.site, query.limit, query.cursor, desk.kit, standing=query.state == "now"
    )  # fmt: skip
    link_next(request, response, page)
    return AlertsOut(alerts=[AlertOut.of(view, language) for view in page.lines], next=page.next)


@router.get(
    "/sites/{site}/alerts.csv", name="alerts_csv", responses=for_staff() | {200: {"content": {"text/csv": {}}}},
    response_class=StreamingResponse, summary="The alerts of a site as CSV",
)  # fmt: skip
async def get_alerts_csv(site: Site, desk: TheDesk, officer: Officer) -> StreamingResponse:
    """One row for each time at a level, the newest first, the whole history."""
    return await alerts_csv(desk, officer, site)


@router.post(
    "/alerts/{alert_id}/rectification", status_code=201, response_model=RectificationStepOut, name="rectifications_serve",
    responses=for_step(), summary="Serve a rectification notice on a merchant",
)  # fmt: skip
async def post_rectification(
    request: Request, alert_id: str, body: ServeIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """By a manager, while the merchant's alert stands at orange or red. Its clock begins; one is open a merchant at a time."""
    shape, number = RectificationStepOut.of, row_id(alert_id)
    return await answer_once(request, desk, officer, key, shape, serve_rectification, number, body.demands, status=201)


@router.get(
    "/rectifications", name="rectifications_list", responses=for_staff(), summary="Rectification notices",
)  # fmt: skip
async def list_rectifications(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[RectificationsQuery, Query()]
) -> RectificationsOut:  # fmt: skip
    """Those that nobody has confirmed yet, or with `state=all` every one."""
    page = await desk.read(
        rectifications_page, officer, query.site, query.limit, query.cursor, desk.kit, open_only=query.state == "open"
    )  # fmt: skip
    link_next(request, response, page)
    return RectificationsOut(rectifications=[RectificationOut.of(view) for view in page.lines], next=page.next)


@router.post(
    "/rectifications/{rectification_id}/answers", status_code=201, response_model=RectificationStepOut,
    name="rectifications_answer", responses=for_step(), summary="Enter what a merchant answered",
)  # fmt: skip
async def post_answer(
    request: Request, rectification_id: str, body: AnsweredIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """One that does not satisfy may be followed by another, until the notice is confirmed."""
    shape, number = RectificationStepOut.of, row_id(rectification_id)
    return await answer_once(request, desk, officer, key, shape, answer_rectification, number, body.text, status=201)


@router.post(
    "/rectifications/{rectification_id}/confirm", response_model=RectificationStepOut, name="rectifications_confirm",
    responses=for_step(), summary="Confirm that it was put right",
)  # fmt: skip
async def post_confirm(
    request: Request, rectification_id: str, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """By a manager, after an answer. The notice is closed."""
    shape, number = RectificationStepOut.of, row_id(rectification_id)
    return await answer_once(request, desk, officer, key, shape, confirm_rectification, number)


COLUMNS = (
    "id", "respondent", "level", "rose", "reasons", "tells", "task", "since", "due_at", "until", "pack", "rectification",
)  # fmt: skip


async def alerts_csv(desk: Desk, officer: Viewer, site: str) -> StreamingResponse:
    """The alerts of a site as a file; the console hands it out too. Raises NotFound for a foreign site, Forbidden."""
    return await csv_file(
        f"alerts-{site}", COLUMNS, _cells,
        lambda cursor: desk.read(alerts_page, officer, site, LARGEST_PAGE, cursor, desk.kit),
    )  # fmt: skip


def _cells(view: AlertView) -> tuple[object, ...]:
    row = view.row
    due_at, until = (moment.isoformat() if moment else None for moment in (view.due_at, view.until))
    reasons = " ".join(f"{code}:{figure}/{limit}" for code, figure, limit in row.reasons)
    return (
        row.id, view.respondent, row.level, "yes" if row.rose else "no", reasons, " ".join(row.tells), row.task,
        view.since.isoformat(), due_at, until, row.pack, view.notice,
    )  # fmt: skip
