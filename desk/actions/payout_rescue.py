"""Payouts whose money is out and that no job sees to: found once a minute and seen to again. Pays nothing itself."""

from sqlalchemy import Connection

from desk.actions.payout_moves import hold_for_desk
from desk.actions.payout_words import QUERY, lose_track, tell_manager
from desk.domain.payout import UNKNOWN_IS_LATE, Method, PayoutState
from desk.ports import Kit, Work
from desk.store import jobs, payouts


def payouts_left_alone(conn: Connection, kit: Kit) -> list[int]:
    """Gateway payouts that are out with no open job, as after one was set aside, and those unknown for too long."""
    return payouts.left_alone(conn, kit.clock.now() - UNKNOWN_IS_LATE)


def look_after_payout(work: Work, payout_id: int) -> None:
    """Ask the gateway for a payout that nobody asks for any more; nobody knows what became of one that was being sent.

    Tells the manager of one that has been unknown for too long, also where no gateway can be asked. Source: SPEC 5.5.
    """
    paying = hold_for_desk(work, payout_id)
    if paying.payout.method == Method.CASH:
        return
    alone = not jobs.has_open(work.conn, payout_id)
    if alone and paying.state is PayoutState.SENDING:
        lose_track(work, paying, "left_alone")
    elif alone and paying.state in (PayoutState.UNKNOWN, PayoutState.AWAITING_VISITOR):
        name = f"{QUERY}:{payout_id}:{paying.payout.turn}:{work.kit.lots.number()}"
        jobs.add(work, QUERY, name, {"payout": str(payout_id)})
    if paying.state is PayoutState.UNKNOWN and paying.payout.unknown_since is not None:
        tell_manager(work, paying, work.now - paying.payout.unknown_since)
