"""Messages of the gateway that need a person: looked at by a manager, who says what they found. Moves no money.

Nothing is deleted: a message that was looked at keeps what it said, by whom it was looked at, and why. Source: SPEC 5.5.
"""

from dataclasses import dataclass

from desk.actions.payout_moves import Paying, hold_payout
from desk.actions.scrub import scrubbed
from desk.actions.sends import check_reason
from desk.actions.steps import event_by, record
from desk.domain.audit import EventKind
from desk.domain.errors import NotFound, WrongMoment
from desk.domain.notice import NoticeKind
from desk.domain.payout import Doubt
from desk.domain.policy import Act, Viewer, require
from desk.ports import Work
from desk.store import events, notices, sites
from desk.store import gateway_messages as messages
from desk.store.tables import GatewayEventRow, SiteRow


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A message after it was looked at, the site whose manager did, the payout it names if it names one, and their name."""

    row: GatewayEventRow
    site: SiteRow
    paying: Paying | None
    by: str


def dismiss_message(work: Work, viewer: Viewer, number: int, reason: str) -> Dismissed:
    """Say what was found about a message; with the last contradiction of a claim its notice is closed.

    Raises NotFound for an absent one and for one of a foreign site, Forbidden, WrongMoment for one that was looked at already,
    BadInput for a reason that is empty, above 2 000 characters or holds control characters.
    """
    row = messages.find(work.conn, number)
    if row is None:
        raise NotFound
    paying = hold_payout(work, viewer, Act.DISMISS_MESSAGE, row.payout_id) if row.payout_id else None
    site = paying.held.site if paying else _hold_site(work, viewer)
    check_reason(reason)
    kept = (scrubbed(work, paying.held.claim, reason) if paying else reason) or reason
    row = messages.dismiss(work.conn, number, dismissed_by=viewer.id, dismissed_at=work.now, dismissal=kept)
    if row is None:
        raise WrongMoment
    said = {"message": row.id, "why": row.why, "reason": kept}
    if paying is None:
        event = event_by(viewer, f"site:{site.id}", site.id, EventKind.GATEWAY_MESSAGE_SEEN, work.now, said)
        events.append(work.conn, work.kit.lots.number(), event)
    else:
        record(work, paying.held, EventKind.GATEWAY_MESSAGE_SEEN, {"payout": str(paying.payout.id), **said})
        if row.why == Doubt.CONTRADICTS and not messages.any_contradiction(work.conn, paying.held.claim.id):
            notices.close(work, paying.held.claim.id, {NoticeKind.GATEWAY_CONTRADICTS})
    return Dismissed(row, site, paying, viewer.name)


def _hold_site(work: Work, viewer: Viewer) -> SiteRow:
    """A site of the viewer's that a message of no payout concerns, locked for its chain. Raises NotFound, Forbidden."""
    concerned = messages.sites_of_nobodys(work.conn)
    mine = [site_id for site_id in viewer.sites if concerned is None or site_id in concerned]
    if not mine:
        raise NotFound
    site_id = next((each for each in mine if viewer.may(Act.DISMISS_MESSAGE, each)), mine[0])
    require(viewer, Act.DISMISS_MESSAGE, site_id)
    return sites.lock_by_id(work.conn, site_id)
