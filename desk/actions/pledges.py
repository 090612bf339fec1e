"""Pledges to take goods back without a reason: signed by a merchant or by the site itself, and withdrawn. Refunds nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.intake import WrittenRespondent
from desk.actions.merchants import merchant_named
from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, NotFound, WrongMoment
from desk.domain.policy import Act, Viewer, require
from desk.domain.returns import EXCLUSIONS, WINDOW, ReturnReason
from desk.ports import Work
from desk.store import events, returns, sites
from desk.store import recovery as recoveries
from desk.store.tables import PledgeRow, RespondentRow, SiteRow


@dataclass(frozen=True, slots=True)
class Promise:
    """What is pledged. `respondent` None: the site itself; `days` None: those of the pack; `signed_on` None: today."""

    respondent: WrittenRespondent | None = None
    days: int | None = None
    exclusions: Sequence[ReturnReason] = EXCLUSIONS
    signed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Pledged:
    """A pledge after an act, its site, and the merchant whose it is, None for the site's own."""

    row: PledgeRow
    site: SiteRow
    respondent: RespondentRow | None


def sign_pledge(work: Work, viewer: Viewer, slug: str, promise: Promise) -> Pledged:
    """Enter a pledge that a merchant, or the site, signed.

    Raises NotFound for a foreign site, Forbidden, BadInput for a merchant of another site or a day ahead, WrongMoment where one
    of theirs stands: it has to be withdrawn first. Source: SPEC 4.5; LAW R8.
    """
    site = _site(work, viewer, slug)
    today = _today(work, site)
    signed_on = promise.signed_on or today
    if signed_on > today:
        raise BadInput("/signed_on", "in_future")
    merchant = merchant_named(work, site, promise.respondent)
    owner = merchant.id if merchant else None
    if returns.stands(work.conn, site.id, owner):
        raise WrongMoment
    excepted = [code.value for code in EXCLUSIONS if code in promise.exclusions]
    row = returns.add_pledge(
        work.conn,
        {
            "id": work.kit.lots.number(), "site_id": site.id, "respondent_id": owner,
            "days": promise.days or _days(work, site, signed_on), "exclusions": excepted, "signed_on": signed_on,
            "added_by": officer_id(viewer), "added_at": work.now, "withdrawn_on": None, "withdrawn_by": None,
            "withdrawn_at": None,
        },
    )  # fmt: skip
    said = {
        "respondent": str(owner) if owner else None, "days": row.days, "exclusions": excepted,
        "signed_on": signed_on.isoformat(),
    }  # fmt: skip
    _record(work, viewer, row, EventKind.PLEDGE_SIGNED, said)
    return Pledged(row, site, merchant)


def withdraw_pledge(work: Work, viewer: Viewer, slug: str, pledge_id: int) -> Pledged:
    """End a pledge with today: what was bought until then is still covered.

    Raises NotFound for a foreign site or pledge, Forbidden, WrongMoment for one that was withdrawn before.
    """
    site = _site(work, viewer, slug)
    found = returns.find_pledge(work.conn, site.id, pledge_id)
    if found is None:
        raise NotFound
    today = _today(work, site)
    row = returns.withdraw_pledge(
        work.conn, found, withdrawn_on=today, withdrawn_by=officer_id(viewer), withdrawn_at=work.now
    )  # fmt: skip
    _record(work, viewer, row, EventKind.PLEDGE_WITHDRAWN, {"withdrawn_on": today.isoformat()})
    return Pledged(row, site, recoveries.respondent(work.conn, site.id, row.respondent_id))


def _site(work: Work, viewer: Viewer, slug: str) -> SiteRow:
    """The site, locked: two pledges of one merchant are signed one after the other."""
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.MANAGE_PLEDGES, site.id)
    return site


def _days(work: Work, site: SiteRow, on: date) -> int:
    """The window of the pack in force, where a pledge names none."""
    return work.kit.packs.for_claim(on, site.overlay).clocks[WINDOW].length


def _today(work: Work, site: SiteRow) -> date:
    return work.now.astimezone(ZoneInfo(site.time_zone)).date()


def _record(work: Work, viewer: Viewer, row: PledgeRow, kind: EventKind, said: dict[str, Any]) -> None:
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, kind, work.now, {"pledge": str(row.id), **said})
    events.append(work.conn, work.kit.lots.number(), told)
