"""Incidents: claims of one cause that are proposed as a collective claim, and what is done about an incident, step by step."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from desk.actions.incidents import (
    Handled,
    close_incident,
    count_people,
    file_report,
    log_arrival,
    open_incident,
    plan_settlement,
    report_incident,
    report_upward,
    save_report,
)
from desk.reads.incidents import incident_view, incidents_page
from desk.web.api.claims import link_next
from desk.web.api.incident_shapes import (
    CloseIn,
    CountIn,
    IncidentFullOut,
    IncidentOut,
    IncidentsOut,
    IncidentsQuery,
    IncidentStepOut,
    OpenIn,
    PlanIn,
    ReportIn,
    SeenIn,
    UpwardIn,
)
from desk.web.deps import IfMatch, Officer, OptionalKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/incidents", tags=["incidents"])


@router.get("", name="incidents_list", responses=for_staff(), summary="Collective claims that are proposed, and incidents")
async def list_incidents(
    request: Request, response: Response, desk: TheDesk, officer: Officer, query: Annotated[IncidentsQuery, Query()]
) -> IncidentsOut:  # fmt: skip
    """Those that are not closed, or with `state=all` every one; the newest first."""
    page = await desk.read(
        incidents_page, officer, query.site, query.limit, query.cursor, which=query.state
    )  # fmt: skip
    link_next(request, response, page)
    return IncidentsOut(incidents=[IncidentOut.of(line) for line in page.lines], next=page.next)


@router.post(
    "", status_code=201, response_model=IncidentStepOut, name="incidents_report", responses=for_step(),
    summary="Open an incident that few claims tell of yet",
)  # fmt: skip
async def post_incident(request: Request, body: SeenIn, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """A collective claim that is proposed of the same cause becomes it. Below the first level it takes a manager."""
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, report_incident, body.seen(), status=201)


@router.get("/{incident_id}", name="incidents_get", responses=for_staff(), summary="An incident in full")
async def get_incident(response: Response, incident_id: str, desk: TheDesk, officer: Officer) -> IncidentFullOut:
    """With its claims, its clocks, the history of its levels and the written report, whose version the `ETag` is."""
    full = IncidentFullOut.whole(await desk.read(incident_view, officer, row_id(incident_id), desk.kit))
    response.headers["ETag"] = f'"{full.report.version if full.report else 0}"'
    return full


@router.post(
    "/{incident_id}/open", response_model=IncidentStepOut, name="incidents_open", responses=for_step(),
    summary="Make an incident of a collective claim",
)  # fmt: skip
async def post_open(
    request: Request, incident_id: str, body: OpenIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """Its four clocks begin. Below the first level it takes a manager."""
    shape, number = IncidentStepOut.of, row_id(incident_id)
    return await answer_once(request, desk, officer, key, shape, open_incident, number, body.why, body.people)


@router.post(
    "/{incident_id}/people", response_model=IncidentStepOut, name="incidents_count", responses=for_step(),
    summary="Log how many people were counted on the scene",
)  # fmt: skip
async def post_people(
    request: Request, incident_id: str, body: CountIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """The level may rise; it never falls."""
    return await answer_once(
        request, desk, officer, key, IncidentStepOut.of, count_people, row_id(incident_id), body.people
    )  # fmt: skip


@router.post(
    "/{incident_id}/first-report", response_model=IncidentStepOut, name="incidents_first_report", responses=for_step(),
    summary="Log the first report upward",
)  # fmt: skip
async def post_first_report(
    request: Request, incident_id: str, body: UpwardIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """`incident_first_report` stops."""
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, report_upward, row_id(incident_id), body.to)


@router.post(
    "/{incident_id}/arrival", response_model=IncidentStepOut, name="incidents_arrival", responses=for_step(),
    summary="Log the arrival on the scene",
)  # fmt: skip
async def post_arrival(
    request: Request, incident_id: str, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """Whoever logs it is the responsible officer; `incident_on_scene` stops."""
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, log_arrival, row_id(incident_id))


@router.put(
    "/{incident_id}/report", name="incidents_save_report", responses=for_step("stale_version", "version_missing"),
    summary="Save the written report as it is",
)  # fmt: skip
async def put_report(
    response: Response, incident_id: str, body: ReportIn, desk: TheDesk, officer: Officer, version: IfMatch
) -> IncidentStepOut:  # fmt: skip
    """Whole or not; every version is kept. `If-Match` is the version that was read, `"0"` before the first."""
    done = await desk.write(save_report, officer, row_id(incident_id), body.report(), version)
    return _saved(response, done)


@router.post(
    "/{incident_id}/report/file", name="incidents_file_report", responses=for_step("stale_version", "version_missing"),
    summary="File the written report",
)  # fmt: skip
async def post_report(
    response: Response, incident_id: str, body: ReportIn, desk: TheDesk, officer: Officer, version: IfMatch
) -> IncidentStepOut:  # fmt: skip
    """Whole; `incident_report` stops. A corrected one is filed again with the version of the last."""
    done = await desk.write(file_report, officer, row_id(incident_id), body.report(), version)
    return _saved(response, done)


@router.post(
    "/{incident_id}/plan", response_model=IncidentStepOut, name="incidents_plan", responses=for_step(),
    summary="Write the settlement plan",
)  # fmt: skip
async def post_plan(
    request: Request, incident_id: str, body: PlanIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """`incident_plan` stops."""
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, plan_settlement, row_id(incident_id), body.plan)


@router.post(
    "/{incident_id}/close", response_model=IncidentStepOut, name="incidents_close", responses=for_step(),
    summary="Close an incident, or dismiss what was proposed",
)  # fmt: skip
async def post_close(
    request: Request, incident_id: str, body: CloseIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """By a manager. No claim joins it any more, and clocks that still run no longer apply."""
    return await answer_once(request, desk, officer, key, IncidentStepOut.of, close_incident, row_id(incident_id), body.why)


def _saved(response: Response, done: Handled) -> IncidentStepOut:
    out = IncidentStepOut.of(done)
    response.headers["ETag"] = f'"{out.report_version}"'
    return out
