"""What keeps a payout on its way from being called: a stop, another gateway, or one that contradicts itself about the claim.

Asked once the claim is locked, in the transaction that begins the call. Source: SPEC 5.8; RELIABILITY I09, I12.
"""

from datetime import timedelta

from desk.actions.payout_moves import Paying, is_doubted, look_again, move
from desk.actions.sends import is_stopped
from desk.domain.payout import PayoutStep
from desk.ports import Lease, Work
from desk.store import events, jobs

LOOK_AGAIN = timedelta(minutes=1)


def why_held(work: Work, paying: Paying) -> str | None:
    """Why a payout may not leave now, None where nothing holds it."""
    if is_stopped(work, paying.payout.site_id):
        return "stopped"
    if is_elsewhere(work, paying):
        return "other_gateway"
    return "gateway_contradicts" if is_doubted(work, paying) else None


def is_elsewhere(work: Work, paying: Paying) -> bool:
    """Whether the payout was given to another gateway than the desk has now; of its key this one only knows that it has none."""
    payout, terms = paying.payout, work.kit.gateway
    sent = events.newest_of_payout(work.conn, f"claim:{payout.claim_id}", payout.id, PayoutStep.SEND) or {}
    return terms is not None and sent.get("gateway", terms.name) != terms.name


def hold_back(work: Work, held: Lease, paying: Paying, why: str) -> None:
    """What never left is the cashier's again, to be sent anew or cancelled, once a second officer looked where one must.

    What may have left waits until nothing holds it any more.
    """
    if paying.payout.unknown_since is not None:
        jobs.again(work, held, LOOK_AGAIN)
        return
    look_again(work, move(work, paying, PayoutStep.NEVER_LEFT, {"why": why}, sending_at=None))
    jobs.done(work, held)
