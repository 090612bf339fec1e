"""A new claim at the counter: one page, one form, sent once. What was typed stays whatever is wrong with it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.intake import Lodged, Lodging, lodge_claim
from desk.domain.claim import Elsewhere, Flags, Language
from desk.domain.errors import BadInput, DeskError, Forbidden, KeyReused, NotFound
from desk.domain.policy import Act
from desk.domain.tiles import KEYS
from desk.ports import Desk
from desk.reads.board import Workplace, sites_at_work
from desk.reads.counter import merchants_at
from desk.web.console.forms import KEY, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.console.slip import is_fresh, slip_shown
from desk.web.console.telling import CHIPS, COUNTER_CHANNELS, FIELDS, ITEM_KINDS, REST, UNKNOWN, Wrong, read_form
from desk.web.deps import TheDesk
from desk.web.once import attempt_of, one_at_a_time
from desk.web.pages import reader_language
from desk.web.refused import fields_at_fault, said, status_of
from desk.wording import figures
from desk.wording.catalogue import text
from desk.wording.labels import label

router = APIRouter(prefix="/desk/claims/new", include_in_schema=False)

DAYS_AHEAD = 14
LANGUAGE_NAMES: Mapping[str, str] = {Language.ZH_CN: "lodge.language.zh", Language.EN: "lodge.language.en"}


@dataclass(frozen=True, slots=True)
class Place:
    """The counter a form is for: its site, all sites of the officer, and the merchants the site knows."""

    site: Workplace
    sites: Sequence[Workplace]
    merchants: Sequence[str]


@router.get("")
async def new_claim_page(request: Request, desk: TheDesk, session: SignedIn, site: str = "") -> Response:
    """The empty form of one site."""
    place, now = await _place(desk, session, site), desk.kit.clock.now()
    today = now.astimezone(ZoneInfo(place.site.time_zone)).date()
    return _page(request, session, place, {"occurred_on": today.isoformat()})


@router.post("")
async def post_new_claim(request: Request, desk: TheDesk, session: SignedIn, then: str = "") -> Response:
    """Lodge the claim and show its slip, or the claim itself where `then` says so; refused, the form with all it held."""
    typed = await typed_in(request, session)
    place = await _place(desk, session, typed.get("site", ""))
    told = read_form(typed, place.site, desk.kit.clock.now())
    if told.lodging is None:
        return _page(request, session, place, typed, told.wrongs)
    try:
        lodged = await _lodge(request, desk, session, told.lodging, typed[KEY])
    except (Forbidden, NotFound):
        raise
    except DeskError as refusal:
        return _page(request, session, place, typed, _wrongs_of(refusal), refusal)
    shown = RedirectResponse(f"/desk/claims/{lodged.reference}" + ("" if then == "claim" else "/slip"), 303)
    if lodged.replayed and not is_fresh(session, typed[KEY]):
        return shown
    return slip_shown(request, shown, session, lodged.reference, 1)


async def _lodge(request: Request, desk: Desk, session: Session, told: Lodging, key: str) -> Lodged:
    """The same door as the API's, under the form's own key."""
    attempt = await attempt_of(request, session.viewer, key[:128])
    async with one_at_a_time(request, attempt):
        return await desk.append(lodge_claim(desk.kit, session.viewer, told, attempt))


async def _place(desk: Desk, session: Session, slug: str) -> Place:
    """The site meant, the officer's first one without a word. Raises Forbidden for who lodges nowhere, NotFound elsewhere."""
    sites = await desk.read(sites_at_work, session.viewer, Act.LODGE)
    if not sites:
        raise Forbidden
    site = next((site for site in sites if site.slug == (slug or site.slug)), None)
    if site is None:
        raise NotFound
    return Place(site, sites, await desk.read(merchants_at, site.id))


def _wrongs_of(refusal: DeskError) -> tuple[Wrong, ...]:
    """The field of ours that a refusal of the action speaks of, if it is one."""
    if not isinstance(refusal, BadInput):
        return ()
    place = next(iter(fields_at_fault(refusal)), "")
    name = "amount" if place.startswith("items") else place
    return (Wrong(name, refusal.problem, refusal.params),) if name in FIELDS else ()


def _page(
    request: Request, session: Session, place: Place, typed: Mapping[str, str], wrongs: Sequence[Wrong] = (),
    refusal: DeskError | None = None,
) -> Response:  # fmt: skip
    """The form with what was typed. `refusal` is what the action itself objected to."""
    language, desk = reader_language(request), request.app.state.desk
    errors = {wrong.at: wrong.said(language) for wrong in wrongs}
    refused = refusal or (BadInput(f"/{wrongs[0].at}", wrongs[0].problem) if wrongs else None)
    return staff_page(
        request, session, "console/new_claim.html", status_of(refused) if refused else 200,
        address=f"/desk/claims/new?site={place.site.slug}", here="new", place=place, typed=typed,
        errors=dict.fromkeys(FIELDS) | errors, lines=_summary(language, errors, refusal), rest_open=not REST.isdisjoint(errors),
        tiles=KEYS, chips=CHIPS, unknown=UNKNOWN, flags=tuple(Flags.__dataclass_fields__),
        **_choices(language, place.site, desk.kit.clock.now()),
    )  # fmt: skip


def _summary(language: str, errors: Mapping[str, str], refusal: DeskError | None) -> list[tuple[str | None, str]]:
    """The lines above the form: a field and what to enter there, or what was objected to as a whole."""
    if errors or refusal is None:
        names = {name: text(f"lodge.{name}", language) for name in errors}
        return [(name, text("lodge.wrong", language, field=names[name], said=words)) for name, words in errors.items()]
    return [(None, text("lodge.sent_before", language) if isinstance(refusal, KeyReused) else said(refusal, language))]


def _choices(language: str, site: Workplace, now: datetime) -> dict[str, Any]:
    """What the form's lists offer, each as (value, words)."""
    return {
        "languages_spoken": [(code, text(key, language)) for code, key in LANGUAGE_NAMES.items()],
        "spots": [("", text("lodge.spot.none", language)), *((spot, spot) for spot in site.spots)],
        "days": _days(language, site, now),
        "item_kinds": [(kind.value, label("item_kind", kind, language)) for kind in ITEM_KINDS],
        "elsewhere": [(one.value, label("elsewhere", one, language)) for one in Elsewhere],
        "channels": [(one.value, label("channel", one, language)) for one in COUNTER_CHANNELS],
    }


def _days(language: str, site: Workplace, now: datetime) -> list[tuple[str, str]]:
    """Not known, today, tomorrow, and the days of the next two weeks."""
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    near = [(today, text("time.today", language)), (today + timedelta(days=1), text("time.tomorrow", language))]
    later = [(on, figures.day(on, language)) for on in (today + timedelta(days=ahead) for ahead in range(2, DAYS_AHEAD))]
    return [("", text("lodge.leaves_on.unsure", language)), *((on.isoformat(), words) for on, words in (*near, *later))]
