"""After a claim has ended: the visitor's rating, the desk's tries, and the calendar that puts the file away."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from desk.actions.endings import objection_ends_at
from desk.actions.scrub import scrubbed
from desk.actions.steps import CALENDAR, Held, hold, officer_id, record, take, windows_of
from desk.domain import clocks, follow_up
from desk.domain.audit import EventKind
from desk.domain.claim import State
from desk.domain.errors import WrongMoment
from desk.domain.follow_up import Kind
from desk.domain.lifecycle import Step
from desk.domain.policy import Act, Viewer
from desk.ports import Kit, Work
from desk.store import claims, follow_ups, sites
from desk.store.tables import ClaimRow, FollowUpRow, SiteRow

PIECE = 200
_SOONEST = timedelta(days=1)
Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Rating:
    """What a visitor gives: one of five, and words if they have any."""

    rating: int
    text: str | None = None


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """A claim after somebody followed it up, and everything that followed this end of it, oldest first."""

    held: Held
    rows: Sequence[FollowUpRow]


def rate_claim(work: Work, viewer: Viewer, reference: str, told: Rating) -> Held:
    """The visitor says how it went. A second rating inside the objection window takes the place of the first; both are kept.

    Raises WrongMoment for a claim that has not ended, was withdrawn or put away, and for a change after the window.
    Source: SPEC 4.7.
    """
    held = hold(work, viewer, Act.RATE, reference)
    state, before = State(held.claim.state), follow_ups.of_end(work.conn, held.claim)
    until = objection_ends_at(work, held) if follow_ups.is_ended(state) else None
    if not follow_up.may_rate(state, follow_ups.kinds_of(before), work.now, until):
        raise WrongMoment
    words = scrubbed(work, held.claim, told.text)
    row = follow_ups.add(work, _row(work, held, Kind.RATING, rating=told.rating, comment=words))
    record(work, held, EventKind.RATED, {"follow_up": str(row.id), "rating": told.rating, "words": words is not None})
    return replace(held, claim=claims.change(work.conn, held.claim))


def record_try(work: Work, viewer: Viewer, reference: str, outcome: Kind) -> FollowedUp:
    """Write down that the desk tried to ask how it went, and how that ended: at most three times for an end.

    Raises WrongMoment after an answer, after three tries, and for a claim that has not ended or was withdrawn.
    """
    held = hold(work, viewer, Act.FOLLOW_UP, reference)
    before = follow_ups.of_end(work.conn, held.claim)
    if outcome is Kind.RATING or not follow_up.may_try(State(held.claim.state), follow_ups.kinds_of(before)):
        raise WrongMoment
    row = follow_ups.add(work, _row(work, held, outcome, officer_id=officer_id(viewer)))
    record(work, held, EventKind.FOLLOWED_UP, {"follow_up": str(row.id), "outcome": outcome.value})
    return FollowedUp(replace(held, claim=claims.change(work.conn, held.claim)), (*before, row))


def claims_to_archive(conn: Connection, kit: Kit, after: Place | None) -> tuple[list[int], Place | None]:
    """Of the next 200 ended claims that nothing holds open those that may be put away, and where to look on; None at the end."""
    now = kit.clock.now()
    found = follow_ups.ended(conn, now - _SOONEST, after, PIECE)
    places = {site_id: sites.get(conn, site_id) for site_id in {claim.site_id for claim in found}}
    ready = [claim.id for claim in found if _may_archive(conn, kit, claim, places[claim.site_id], now)]
    return ready, (found[-1].moved_at, found[-1].id) if len(found) == PIECE else None


def archive_claim(work: Work, claim_id: int) -> bool:
    """Put an ended claim away, as the calendar; False where something has come up meanwhile. Its end stays in `ended_as`.

    Source: SPEC 4, step `archive`.
    """
    claim = claims.get_by_id(work.conn, claim_id)
    held = Held(claim, sites.get(work.conn, claim.site_id), CALENDAR)
    if follow_ups.is_held_open(work.conn, claim) or not _may_archive(work.conn, work.kit, claim, held.site, work.now):
        return False
    take(work, held, Step.ARCHIVE, ended_as=claim.state, outcome=claim.outcome)
    return True


def _may_archive(conn: Connection, kit: Kit, claim: ClaimRow, site: SiteRow, now: datetime) -> bool:
    """Whether an ended claim that nothing holds open may be put away by now."""
    state = State(claim.state)
    if not follow_ups.is_ended(state):
        return False
    held = Held(claim, site, CALENDAR)
    pack = kit.packs.by_version(claim.pack)
    window = clocks.start(
        pack.clocks["objection_window"], claim.moved_at, pack.version, held.zone, kit.shelf.calendar, windows_of(site)
    )
    ended_on, today = (at.astimezone(held.zone).date() for at in (claim.moved_at, now))
    over = follow_up.is_over(state, follow_ups.kinds_of(follow_ups.of_end(conn, claim)), ended_on, today)
    return follow_up.may_archive(state, now, window.due_at, follow_up_over=over, open_matters=False)


def _row(work: Work, held: Held, kind: Kind, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - columns
    return {
        "id": work.kit.lots.number(), "claim_id": held.claim.id, "site_id": held.site.id, "ended_at": held.claim.moved_at,
        "kind": kind.value, "rating": None, "comment": None, "officer_id": None,
        "month": f"{work.now.astimezone(held.zone):%Y-%m}", "written_at": work.now, **values,
    }  # fmt: skip
