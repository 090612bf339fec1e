"""Filing alone from the poster: a landing page, six short questions, a page to check, and one claim however often it is sent.

Every answer travels on inside the form, so that nothing is kept on the phone or here before the claim is lodged, and
neither another language nor a mistake loses a word.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from desk.actions.access import count_poster_lodging
from desk.actions.intake import Lodged, lodge_claim
from desk.domain.errors import BadInput, DeskError, KeyInFlight, KeyReused, NotFound
from desk.domain.filing import Leaving, Remark, Want
from desk.domain.money import largest_minor, text_of
from desk.domain.policy import Kind, Viewer
from desk.domain.tiles import Tile
from desk.ports import Attempt, Desk, Insertion
from desk.reads.sites import SiteRow, site_of_poster
from desk.web.deps import Network, RequestId, TheDesk
from desk.web.once import attempt_of, one_at_a_time
from desk.web.pages import page, reader_language, same_site
from desk.web.problems import RETRY_AFTER, STATUS
from desk.web.visitor.hours import counter_hours
from desk.web.visitor.reading import BEYOND, FIELDS, QUESTIONS, Wrong, lodging_of
from desk.web.visitor.receipt import has_receipt, remember_receipt
from desk.web.visitor.turning import CHECK, PAGES, Sheet, Shown, turned
from desk.wording import reasons, refusals
from desk.wording.catalogue import text

router = APIRouter(include_in_schema=False)

_SAID: Mapping[tuple[str, str], str] = {
    ("tile", "missing"): "page.file.tile.missing",
    ("words", "missing"): "page.file.words.missing",
    ("want", "missing"): "page.file.want.missing",
    ("part", "missing"): "page.file.part.missing",
    ("part", "above_paid"): "page.file.part.more",
    ("leaving", "missing"): "page.file.leaving.missing",
    ("leaves_on", "missing"): "page.file.leaves_on.missing",
    ("leaves_at", "bad_hour"): "page.file.leaves_at.bad",
}
"""What a field says of its own where the general sentence would be too general."""
_ISO_DAY, _ISO_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII), re.compile(r"[0-9]{2}:[0-9]{2}", re.ASCII)
_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between looks at a first tap that is still being answered."""
_CHOICES = {"tile": tuple(Tile), "want": tuple(Want), "leaving": tuple(Leaving)}


@router.get("/q/{site}")
@router.get("/q/{site}/{spot}")
async def landing(request: Request, site: str, desk: TheDesk, request_id: RequestId, spot: str = "") -> Response:
    """What the poster's code opens: what it takes, and where help is right now."""
    found = await _site(desk, site, request_id)
    if found is None or (spot and spot not in found.spots):
        return _absent(request)
    return page(
        request, "visitor/landing.html", site=found, spot=spot, receipt=await has_receipt(request, desk),
        hours=counter_hours(found, desk.kit.clock.now(), reader_language(request)),
    )  # fmt: skip


@router.post("/q/{site}")
async def file_claim(request: Request, site: str, desk: TheDesk, network: Network, request_id: RequestId) -> Response:
    """Turn one page of the form; from the last one, lodge the claim and show its receipt."""
    same_site(request)
    found = await _site(desk, site, request_id)
    if found is None:
        return _absent(request)
    await request.body()  # kept from here on, for the key's fingerprint is taken over it
    sheet = Sheet.of(found, desk.kit.clock.now(), await request.form())
    shown = turned(sheet, desk.kit.packs.for_claim(sheet.today, found.overlay))
    if shown is not None:
        return _page(request, sheet, shown)
    return await _lodged(request, desk, sheet, Viewer(Kind.POSTER, request_id=request_id), network)


async def _site(desk: Desk, slug: str, request_id: str) -> SiteRow | None:
    try:
        return await desk.read(site_of_poster, Viewer(Kind.POSTER, request_id=request_id), slug)
    except NotFound:
        return None


def _absent(request: Request) -> Response:
    return page(request, "visitor/absent.html", 404)


async def _lodged(request: Request, desk: Desk, sheet: Sheet, poster: Viewer, network: str) -> Response:
    """Lodge once under the form's key, as the API does; refused, the page to check stays with every answer."""
    attempt = await attempt_of(request, poster, sheet.key)
    told = lodging_of(sheet.told, sheet.site, reader_language(request))
    try:
        lodged = await _once(request, desk, attempt, network, lodge_claim(desk.kit, poster, told, attempt))
    except KeyReused:
        return page(request, "visitor/sent_before.html", 409, site=sheet.site, receipt=await has_receipt(request, desk))
    except DeskError as refusal:
        return _refused(request, sheet, refusal)
    answer = RedirectResponse(f"/receipt?lang={reader_language(request)}", 303)
    return await remember_receipt(request, answer, desk, lodged.reference)


async def _once(request: Request, desk: Desk, attempt: Attempt, network: str, lodging: Insertion[Any, Any, Lodged]) -> Lodged:
    """A second tap waits for the first one and is answered as it was. Raises KeyInFlight where that takes too long."""
    for seconds in _WAITS:
        try:
            async with one_at_a_time(request, attempt):
                await desk.write(count_poster_lodging, network, attempt)
                return await desk.append(lodging)
        except KeyInFlight:
            await asyncio.sleep(seconds)
    raise KeyInFlight(retry_after=1)


def _refused(request: Request, sheet: Sheet, refusal: DeskError) -> Response:
    """Nothing was lodged: say why above the answers, and when to try again."""
    language = reader_language(request)
    if isinstance(refusal, BadInput):
        said = refusals.problem(refusal.problem, language, refusal.params)
    else:
        said = refusals.whole(refusal.code, language, refusal.params)
    answer = _page(request, sheet, Shown(CHECK), STATUS[refusal.code], said=said)
    wait = refusal.params.get("retry_after", RETRY_AFTER.get(refusal.code))
    if wait is not None:
        answer.headers["Retry-After"] = str(wait)
    return answer


def _page(request: Request, sheet: Sheet, shown: Shown, status: int = 200, *, said: str | None = None) -> Response:
    """One page of the form, with every answer in it: those it asks for in its fields, the others hidden."""
    language, asked = reader_language(request), () if shown.remark else QUESTIONS.get(shown.page, ())
    wrong = {each.name: _says(each, language, sheet.site) for each in sheet.told.wrongs_on(shown.page)} if shown.faulty else {}
    answer = page(
        request, f"visitor/{'notice' if shown.remark else 'ask_' + shown.page}.html", 422 if wrong else status,
        sheet=sheet, site=sheet.site, at=shown.page, remark=shown.remark, checked=sheet.checked or shown.page == CHECK,
        typed=sheet.typed, told=sheet.told, wrong=wrong, said=said, can_go_on=shown.remark is not Remark.BEYOND,
        carried=[(name, sheet.typed[name]) for name in FIELDS if name in sheet.typed and name not in asked],
        step=PAGES.index(shown.page) + 1, steps=len(PAGES), choices=_CHOICES, doors=reasons.other_doors(language),
        kind_of=_kinds(sheet),
    )  # fmt: skip
    # Kept by the browser alone and whatever cookie it gets meanwhile: its own Back shows the page again, not a warning.
    answer.headers.update({"Cache-Control": "private, no-cache", "Vary": "Accept-Language"})
    return answer


def _kinds(sheet: Sheet) -> dict[str, str]:
    """The browser's own field for a day or an hour, unless it would drop what was typed."""
    shapes = {"occurred_on": ("date", _ISO_DAY), "leaves_on": ("date", _ISO_DAY), "leaves_at": ("time", _ISO_HOUR)}
    typed = {name: sheet.typed.get(name, "").strip() for name in shapes}
    return {name: kind if not typed[name] or shape.fullmatch(typed[name]) else "text" for name, (kind, shape) in shapes.items()}


def _says(wrong: Wrong, language: str, site: SiteRow) -> str:
    """What to do about a wrong field, without repeating what was typed."""
    if key := _SAID.get((wrong.name, wrong.problem)):
        return text(key, language)
    if wrong.problem == BEYOND:
        return refusals.problem("too_large", language, {"limit": text_of(largest_minor(site.currency), site.currency)})
    return refusals.problem(wrong.problem, language, wrong.params)
