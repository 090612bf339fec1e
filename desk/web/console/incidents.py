"""Incidents on pages: what is proposed and open, one in full with the forms of its steps, and its report to print."""

from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from desk.actions.incidents import report_incident
from desk.domain.claim import Category
from desk.domain.errors import DeskError, Forbidden, NotFound, StaleVersion
from desk.domain.incident import IncidentStage, IncidentStep, MemberState
from desk.domain.money import text_of
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.counter import merchants_at
from desk.reads.incidents import IncidentView, incident_view, incidents_page
from desk.reads.pages import LARGEST_PAGE
from desk.reads.settlements import asked_by, newest_settlement, open_to_offers
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.fund import Cursor
from desk.web.console.incident_forms import FORMS, REPORT_FIELDS, seen_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.problems import STATUS
from desk.web.refused import Failed
from desk.wording.catalogue import text
from desk.wording.labels import label

router = APIRouter(prefix="/desk/incidents", include_in_schema=False)

LINES = 50
BY_HAND = "by-hand"


@router.get("")
async def incidents(request: Request, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """Everything that is proposed or open at the officer's sites, and below it the history, the newest first."""
    return await _list(request, desk, session, cursor)


@router.post("")
async def post_by_hand(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Open an incident that few claims tell of yet; refused, the page again with what was typed.

    Below the first level it takes a manager: whoever may open larger ones is told so on the page.
    """
    typed = await typed_in(request, session)
    if not await desk.read(sites_at_work, session.viewer, Act.HANDLE_INCIDENT):
        raise Forbidden
    try:
        done = await acted(request, session, typed[KEY], report_incident, seen_in(typed).seen())
    except NotFound:
        raise
    except (DeskError, ValidationError) as refusal:
        return await _list(request, desk, session, "", Failed.of(request, BY_HAND, refusal, typed))
    return led_on(request, f"/desk/incidents/{done.row.id}" if done else "/desk/incidents", "incident_open")


@router.get("/{incident_id}")
async def incident_page(request: Request, incident_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """One in full: what it waits for and by when, its claims, its report."""
    return await incident_in_full(request, desk, session, incident_id)


@router.get("/{incident_id}/report")
async def report_paper(request: Request, incident_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """The report to print: Chinese, with English beside it; before it is filed it says that it is a draft."""
    view = await desk.read(incident_view, session.viewer, row_id(incident_id), desk.kit)
    if view.report is None:
        raise NotFound
    return staff_page(
        request, session, "console/incident_report.html", here="incidents", view=view, line=view.line,
        report=view.filed or view.report, say=text, named=label, papers=("zh-CN", "en"),
    )  # fmt: skip


@router.post("/{incident_id}/{act}")
async def post_act(request: Request, incident_id: str, act: str, desk: TheDesk, session: SignedIn) -> Response:
    """Take a step; refused, the page again with what was typed. A colleague may have been faster, and the page says so."""
    typed = await typed_in(request, session)
    act = "file" if act == "report" and typed.get("way") == "file" else act
    view = await desk.read(incident_view, session.viewer, row_id(incident_id), desk.kit)
    if not session.viewer.may(Act.HANDLE_INCIDENT, view.line.site.id):
        raise Forbidden
    if act not in FORMS:
        raise NotFound
    number = view.line.row.id
    try:
        await acted(request, session, typed[KEY], FORMS[act].action, number, *FORMS[act].read(typed))
    except NotFound:
        raise
    except (DeskError, ValidationError) as refusal:
        if isinstance(refusal, Forbidden) and act != "open":
            raise
        form = "report" if act == "file" else act
        return await incident_in_full(request, desk, session, incident_id, Failed.of(request, form, refusal, typed))
    return led_on(request, f"/desk/incidents/{number}", f"incident_{act}")


async def _list(
    request: Request, desk: Desk, session: Session, cursor: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    viewer = session.viewer
    standing = await desk.read(incidents_page, viewer, None, LARGEST_PAGE, None, which="now")
    past = await desk.read(incidents_page, viewer, None, LINES, cursor or None, which="past")
    places = await desk.read(sites_at_work, viewer, Act.HANDLE_INCIDENT)
    merchants = {name for place in places for name in await desk.read(merchants_at, place.id)}
    return staff_page(
        request, session, "console/incidents.html", failed.status if failed else 200, here="incidents",
        address="/desk/incidents", past=past.lines,
        standing=sorted(standing.lines, key=lambda line: line.row.opened_at is None), places=places, failed=failed,
        merchants=sorted(merchants), categories=[each.value for each in Category], stages=IncidentStage,
        next_address=f"/desk/incidents?{urlencode({'cursor': past.next})}" if past.next else None,
    )  # fmt: skip


async def incident_in_full(
    request: Request, desk: Desk, session: Session, incident_id: str, failed: Failed | None = None
) -> Response:  # fmt: skip
    """The page of an incident, with the form that was refused as it was typed. Raises NotFound, Forbidden."""
    view = await desk.read(incident_view, session.viewer, row_id(incident_id), desk.kit)
    return staff_page(
        request, session, "console/incident.html", failed.status if failed else 200, here="incidents",
        address=f"/desk/incidents/{view.line.row.id}", moment=datetime.fromisoformat, view=view,
        line=view.line, row=view.line.row, failed=failed,
        offered=offered(session, view), fields=_fields(view, failed), stages=IncidentStage,
        plan=await desk.read(newest_settlement, session.viewer, view.line.row.id, desk.kit), plain=text_of,
        unpaid=await desk.read(open_to_offers, view.line.row.id),
        asked=await desk.read(asked_by, [member.reference for member in view.members if member.state is MemberState.JOINED]),
        overtaken=failed is not None and failed.form == "report" and failed.status == STATUS[StaleVersion.code],
    )  # fmt: skip


def offered(session: Session, view: IncidentView) -> frozenset[str]:
    """The forms that suit an incident as far as it has come; each is checked again when it is sent."""
    row, viewer, site_id = view.line.row, session.viewer, view.line.site.id
    handles, leads = viewer.may(Act.HANDLE_INCIDENT, site_id), viewer.may(Act.LEAD_INCIDENT, site_id)
    is_open = view.line.stage is IncidentStage.OPEN
    joined = any(member.state is MemberState.JOINED for member in view.members)
    may = {
        "open": handles and view.line.stage is IncidentStage.PROPOSED,
        "people": handles and is_open,
        IncidentStep.FIRST_REPORT.value: handles and is_open and row.reported_at is None,
        IncidentStep.ARRIVAL.value: handles and is_open and row.arrived_at is None,
        IncidentStep.REPORT.value: handles and row.opened_at is not None,
        IncidentStep.PLAN.value: handles and is_open and row.planned_at is None,
        "close": leads and row.closed_at is None,
        "representatives": handles and row.closed_at is None and joined,
        "settlement": handles and row.closed_at is None and any(member.representative for member in view.members),
    }
    return frozenset(name for name, allowed in may.items() if allowed)


def _fields(view: IncidentView, failed: Failed | None) -> dict[str, str]:
    """The written report as its form shows it: as it was typed, else as it was saved last."""
    if failed and failed.form == "report":
        return {name: failed.typed.get(name, "") for name in REPORT_FIELDS}
    saved = view.report
    found = {name: getattr(saved, name) for name in REPORT_FIELDS} if saved else {}
    return {name: "" if found.get(name) is None else str(found[name]) for name in REPORT_FIELDS}
