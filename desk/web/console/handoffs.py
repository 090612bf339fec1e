"""Hand-offs on a page: who was offered what, who has it and since when, and the partners of the site with their forms.

A partner's keys are on the page that made them and never again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from desk.actions.handoffs import move_handoff, replay_handoff
from desk.actions.partners import Partnered, add_partner, change_hook, change_keys, disable_partner, keys_of
from desk.domain.errors import BadInput, DeskError, Forbidden, NotFound
from desk.domain.handoff import HandoffState, PartnerKind
from desk.domain.policy import Act
from desk.ports import Desk
from desk.reads.board import sites_at_work
from desk.reads.handoffs import handoffs_page
from desk.reads.pages import LARGEST_PAGE
from desk.reads.partners import partners_at
from desk.web.api.handoffs import ReturnedIn
from desk.web.api.partners import HookIn, PartnerIn
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, filled, staff_page, typed_in
from desk.web.console.fund import Cursor, Slug
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk, row_id
from desk.web.refused import Failed

router = APIRouter(prefix="/desk/handoffs", include_in_schema=False)

LINES = 50
STEPS = tuple(state.value for state in HandoffState if state is not HandoffState.OFFERED)
CHANGES: Mapping[str, Callable[..., Partnered]] = {"hook": change_hook, "keys": change_keys, "disable": disable_partner}


@dataclass(frozen=True, slots=True)
class Keyed:
    """The keys of a partner that were made just now."""

    name: str
    hook: bool
    token: str
    secret: str


@router.get("")
async def own_handoffs(desk: TheDesk, session: SignedIn) -> Response:
    """The hand-offs of the officer's first site. Raises Forbidden for who reads none."""
    sites = await desk.read(sites_at_work, session.viewer, Act.READ_HANDOFFS)
    if not sites:
        raise Forbidden
    return RedirectResponse(f"/desk/handoffs/{sites[0].slug}", 303)


@router.get("/{site}")
async def handoffs(request: Request, site: Slug, desk: TheDesk, session: SignedIn, cursor: Cursor = "") -> Response:
    """A site's open hand-offs, the longest offered first, its partners, and below them the history, the newest first."""
    return await _page(request, desk, session, site, cursor)


@router.post("/{site}/partners")
async def post_partner(request: Request, site: Slug, desk: TheDesk, session: SignedIn) -> Response:
    """Add a partner and show its keys once; refused, the page again with what was typed."""
    typed = await typed_in(request, session)
    try:
        told = PartnerIn(**_given(typed, "kind", "name", "hook_url"))
        made = await acted(request, session, typed[KEY], add_partner, site, told.kind, told.name, told.hook_url)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, "partner", refusal, typed))
    return await _page(request, desk, session, site, "", keyed=_keyed(desk, made))


@router.post("/{site}/partners/{partner_id}/{what}")
async def post_change(
    request: Request, site: Slug, partner_id: str, what: str, desk: TheDesk, session: SignedIn
) -> Response:  # fmt: skip
    """Give a partner another address or other keys, or shut it out."""
    typed, number = await typed_in(request, session), row_id(partner_id)
    if what not in CHANGES:
        raise NotFound
    try:
        told = (HookIn(hook_url=filled(typed, "hook_url").get("hook_url")).hook_url,) if what == "hook" else ()
        made = await acted(request, session, typed[KEY], CHANGES[what], number, *told)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, f"partner-{number}", refusal, typed))
    if what == "keys":
        return await _page(request, desk, session, site, "", keyed=_keyed(desk, made))
    return led_on(request, f"/desk/handoffs/{site}", f"partner-{what}")


@router.post("/{site}/{handoff_id}/{step}")
async def post_step(request: Request, site: Slug, handoff_id: str, step: str, desk: TheDesk, session: SignedIn) -> Response:
    """Lead a hand-off on for a partner who phoned, or have its system told again; a colleague may have been faster."""
    typed, number = await typed_in(request, session), row_id(handoff_id)
    if step not in (*STEPS, "replay"):
        raise NotFound
    try:
        if step == "replay":
            await acted(request, session, typed[KEY], replay_handoff, number)
        else:
            words = (_reason(typed),) if step == HandoffState.RETURNED else ()
            await acted(request, session, typed[KEY], move_handoff, number, HandoffState(step), *words)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, site, "", Failed.of(request, f"handoff-{number}", refusal, typed))
    return led_on(request, f"/desk/handoffs/{site}", f"handoff-{step}")


def _given(typed: Mapping[str, str], *names: str) -> dict[str, Any]:
    given: dict[str, Any] = filled(typed, *names)
    if "name" not in given:
        raise BadInput("/name", "missing")
    return given


def _reason(typed: Mapping[str, str]) -> str:
    """Why a hand-off comes back. Raises BadInput, ValidationError."""
    if not filled(typed, "reason"):
        raise BadInput("/reason", "missing")
    return ReturnedIn(**filled(typed, "reason")).reason


def _keyed(desk: Desk, made: Partnered | None) -> Keyed | None:
    """The keys to show; None for a form that was sent twice."""
    if made is None:
        return None
    keys = keys_of(desk.kit, made.row.id, made.row.generation)
    return Keyed(made.row.name, made.row.hook_url is not None, keys.token, keys.secret)


async def _page(
    request: Request, desk: Desk, session: Session, site: str, cursor: str, failed: Failed | None = None,
    keyed: Keyed | None = None,
) -> Response:  # fmt: skip
    viewer, address = session.viewer, f"/desk/handoffs/{site}"
    now = await desk.read(handoffs_page, viewer, site, LARGEST_PAGE, None, open_only=True)
    past = await desk.read(handoffs_page, viewer, site, LINES, cursor or None)
    places = await desk.read(sites_at_work, viewer, Act.READ_HANDOFFS)
    here = next(each for each in places if each.slug == site)
    may = {act: viewer.may(act, here.id) for act in (Act.HAND_OFF, Act.MANAGE_PARTNERS)}
    return staff_page(
        request, session, "console/handoffs.html", failed.status if failed else 200, here="handoffs", address=address, site=here,
        places=places, open_ones=now.lines, open_more=now.next is not None, past=past.lines, may=may, failed=failed, keyed=keyed,
        partners=await desk.read(partners_at, viewer, site), kinds=[kind.value for kind in PartnerKind],
        next_address=f"{address}?{urlencode({'cursor': past.next})}" if past.next else None,
    )  # fmt: skip
