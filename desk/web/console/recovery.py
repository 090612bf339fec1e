"""Recoveries on pages: what is owed by age, one recovery with its forms, its letters. A merchant's statement is `merchants`."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import ValidationError

from desk.domain.errors import DeskError, Forbidden, NotFound
from desk.domain.money import text_of
from desk.domain.policy import Act, Viewer
from desk.domain.recovery import RECOVERY_LIFE, AgeBand, How, RecoveryState, RecoveryStep
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.recovery import Filters, RecoveryFile, ageing, recoveries_page, recovery_file
from desk.web.api.recovery import recoveries_csv
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.recovery_forms import ROWS, STEPS, told_by
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk", include_in_schema=False)

LINES = 50
_FORMS: Mapping[str, RecoveryStep] = {
    "payments": RecoveryStep.PAY, "demand": RecoveryStep.DEMAND, "accept": RecoveryStep.ACCEPT, "contest": RecoveryStep.CONTEST,
    "review": RecoveryStep.UPHOLD, "instalments": RecoveryStep.PLAN, "deposit": RecoveryStep.USE_DEPOSIT,
    "write-off": RecoveryStep.WRITE_OFF,
}  # fmt: skip
Word = Annotated[str, Query(max_length=20)]
Cursor = Annotated[str, Query(max_length=200)]


def offered(viewer: Viewer, file: RecoveryFile) -> list[str]:
    """The forms that suit a recovery as it stands, in the order in which they are shown."""
    row = file.view.row
    if not viewer.may(Act.RECOVER, row.site_id):
        return []
    state = RecoveryState(row.state)
    forms = [form for form, step in _FORMS.items() if (state, step) in RECOVERY_LIFE]
    if state is RecoveryState.WRITTEN_OFF:
        forms = ["payments"]
    if row.respondent_id is None:
        forms = [form for form in forms if form in ("payments", "write-off")]
    return [form for form in forms if form != "write-off" or file.view.decision is None]


@router.get("/recoveries")
async def recoveries(
    request: Request, desk: TheDesk, session: SignedIn, site: Annotated[str, Query(max_length=40)] = "", show: Word = "open",
    state: Word = "", age: Word = "", respondent: Word = "", cursor: Cursor = "",
) -> Response:  # fmt: skip
    """What respondents owe at a site, the most overdue first, and how much is open by age."""
    places = await desk.read(sites_at_work, session.viewer, Act.READ_FUND)
    if not places:
        raise Forbidden
    here = next((each for each in places if each.slug == site), None) if site else places[0]
    if here is None:
        raise NotFound
    chosen = RecoveryState(state) if state in tuple(RecoveryState) else None
    band = AgeBand(age) if age in tuple(AgeBand) else None
    who = row_id(respondent) if respondent else None
    now = desk.kit.clock.now()
    filters = Filters(here.slug, None if chosen or show == "all" else show != "ended", chosen, who, band)
    page = await desk.read(recoveries_page, session.viewer, filters, now, LINES, cursor or None)
    asked = {"site": here.slug, "show": show, "state": state, "age": age, "respondent": respondent}
    asked = {name: value for name, value in asked.items() if value}
    onward = {**asked, "cursor": page.next} if page.next else None
    return staff_page(
        request, session, "console/recoveries.html", here="recoveries", page=page, places=places, site=here, asked=asked,
        ageing=await desk.read(ageing, session.viewer, here.slug, now), plain=text_of,
        states=[each.value for each in RecoveryState], may_export=session.viewer.may(Act.EXPORT_FUND, here.id),
        next_address=f"/desk/recoveries?{urlencode(onward)}" if onward else None,
    )  # fmt: skip


@router.get("/fund/{site}/recoveries.csv")
async def recoveries_file(
    site: Annotated[str, Path(pattern="^[a-z0-9-]{1,40}$")], desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Every recovery as a file, as the API hands it out."""
    return await recoveries_csv(desk, session.viewer, site)


@router.get("/recoveries/{recovery_id}")
async def recovery_page(request: Request, recovery_id: str, desk: TheDesk, session: SignedIn) -> Response:
    """Where one recovery stands, what happened, and what may be done now."""
    return await _page(request, desk, session, row_id(recovery_id))


@router.post("/recoveries/{recovery_id}/{step}")
async def post_step(request: Request, recovery_id: str, step: str, desk: TheDesk, session: SignedIn) -> Response:
    """Take a step; refused, the page again with the reason and what was typed."""
    typed, number = await typed_in(request, session), row_id(recovery_id)
    if step not in STEPS:
        raise NotFound
    try:
        file = await desk.read(recovery_file, session.viewer, number, desk.kit.clock.now())
        action, *told = told_by(step, typed, file.view.row.currency)
        await acted(request, session, typed[KEY], action, number, *told)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, number, Failed.of(request, step, refusal, typed))
    return led_on(request, f"/desk/recoveries/{number}", _done(step, typed))


@router.get("/recoveries/{recovery_id}/demands/{number}")
async def demand_letter(
    request: Request, recovery_id: str, number: Annotated[str, Path(pattern="^[0-9]{1,6}$")], desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """A letter to print: Chinese, with English beside it. Raises NotFound for a number that was not given."""
    file = await desk.read(recovery_file, session.viewer, row_id(recovery_id), desk.kit.clock.now())
    letter = next((each for each in file.demands if each.number == int(number)), None)
    if letter is None:
        raise NotFound
    places = await desk.read(sites_at_work, session.viewer, Act.READ_FUND)
    site = next(each for each in places if each.id == file.view.row.site_id)
    return staff_page(
        request, session, "console/demand.html", here="recoveries", view=file.view, letter=letter, site=site, plain=text_of,
        say=text, papers=("zh-CN", "en"),
    )  # fmt: skip


async def _page(
    request: Request, desk: Desk, session: Session, recovery_id: int, refusal: Failed | None = None
) -> Response:  # fmt: skip
    file = await desk.read(recovery_file, session.viewer, recovery_id, desk.kit.clock.now())
    viewer, row = session.viewer, file.view.row
    return staff_page(
        request, session, "console/recovery.html", refusal.status if refusal else 200, here="recoveries", file=file,
        view=file.view, row=row, forms=offered(viewer, file), failed=refusal, plain=text_of, rows=range(1, ROWS + 1),
        hows=[how.value for how in How], address=f"/desk/recoveries/{recovery_id}",
        may_agree=viewer.may(Act.APPROVE_RECOVERY, row.site_id),
        own=file.view.decision is not None and file.view.decision.proposed_by == viewer.name,
    )  # fmt: skip


def _done(step: str, typed: Mapping[str, str]) -> str:
    if step == "review":
        return "recovery_upheld" if typed.get("outcome") == "upheld" else "recovery_proposed"
    return "recovery_proposed" if step == "write-off" else f"recovery_{step}"
