"""When the worker does what, and how it stops: between two pieces of work, never in the middle of a transaction."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from random import SystemRandom

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.actions.alert_watch import look_after_alerts, sites_to_alert
from desk.actions.checks import plan_check
from desk.actions.clocks import claims_with_clocks_due, see_to_clocks
from desk.actions.digests import plan_digests
from desk.actions.fund_watch import funds_to_look_at, look_after_fund
from desk.actions.incident_clocks import incidents_with_clocks_due, see_to_incident
from desk.actions.incident_watch import look_after_incidents, sites_with_incidents
from desk.actions.payout_rescue import look_after_payout, payouts_left_alone
from desk.actions.promises import fold_counts
from desk.actions.statements import plan_reconcile
from desk.domain.errors import DeskError
from desk.ports import Desk
from desk.worker.housekeeping import keep_house
from desk.worker.jobs import HEARTBEAT_SECONDS, POLL_SECONDS, Bench, Means

HOUSE_SECONDS, AGAIN_SECONDS = 3_600.0, 60.0
CLOCKS_SECONDS = 5.0
PLAN_SECONDS = 60.0
DIGEST_SECONDS = 15.0
FUND_SECONDS = 30.0
COUNTS_SECONDS = 30.0
_TROUBLE = (DeskError, OSError, SQLAlchemyError)
"""Trouble with the database, which the next turn may not have."""
_DICE = SystemRandom()
TOGETHER = 16
"""How many claims are seen to at once: on SQLite they share a commit, on PostgreSQL the waiting."""
LAST_SECONDS = 4.0


async def work_until(stopping: asyncio.Event, means: Means, fold_log: Callable[[], None]) -> None:
    """Run jobs, see to clocks that are due, and go the hourly round, until asked to stop; each in its own rhythm."""
    bench = Bench(means)
    await asyncio.gather(
        _again_and_again(stopping, lambda: _round(means.desk, fold_log), HOUSE_SECONDS),
        _again_and_again(stopping, lambda: see_to_all_clocks(means.desk), CLOCKS_SECONDS),
        _again_and_again(stopping, lambda: see_to_all_incidents(means.desk), CLOCKS_SECONDS),
        _again_and_again(stopping, lambda: means.desk.write(plan_check), PLAN_SECONDS),
        _again_and_again(stopping, lambda: means.desk.write(plan_reconcile), PLAN_SECONDS),
        _again_and_again(stopping, lambda: means.desk.write(plan_digests), DIGEST_SECONDS),
        _again_and_again(stopping, lambda: look_after_payouts(means.desk), PLAN_SECONDS),
        _again_and_again(stopping, lambda: look_after_funds(means.desk), FUND_SECONDS),
        _again_and_again(stopping, lambda: fold_all_counts(means.desk), COUNTS_SECONDS),
        _again_and_again(stopping, lambda: look_around(means.desk), means.watch_seconds),
        _again_and_again(stopping, bench.keep, HEARTBEAT_SECONDS),
        _take_jobs(stopping, bench),
    )
    await bench.finish(LAST_SECONDS)
    structlog.get_logger().info("worker_ended")


async def work_through(means: Means) -> int:
    """Run every job that is due now, and those that they make due at once; how many turns there were."""
    bench, turns = Bench(means), 0
    await means.desk.write(plan_check)
    await means.desk.write(plan_reconcile)
    await see_to_all_clocks(means.desk)
    await see_to_all_incidents(means.desk)
    await look_after_payouts(means.desk)
    await look_after_funds(means.desk)
    await fold_all_counts(means.desk)
    await look_around(means.desk)
    await means.desk.write(plan_digests)
    done = asyncio.Event()
    keeping = asyncio.create_task(_again_and_again(done, bench.keep, HEARTBEAT_SECONDS))
    try:
        while await bench.take():
            turns += 1
            await bench.finish(HOUSE_SECONDS)
    finally:
        done.set()
        await keeping
    return turns


async def look_after_payouts(desk: Desk) -> None:
    """See to payouts that no job sees to any more, and tell the manager of those that are unknown for too long."""
    for payout_id in await desk.read(payouts_left_alone, desk.kit):
        await desk.write(look_after_payout, payout_id)


async def look_after_funds(desk: Desk) -> None:
    """Tell the managers whose fund runs low, and take it back where it does not any more."""
    for site_id in await desk.read(funds_to_look_at, desk.kit):
        await desk.write(look_after_fund, site_id)


async def look_after_all_alerts(desk: Desk) -> int:
    """Let the levels of sites and merchants rise and fall; how many changed."""
    return sum([await desk.write(look_after_alerts, site_id) for site_id in await desk.read(sites_to_alert, desk.kit)])


async def look_after_all_incidents(desk: Desk) -> int:
    """Bring claims of one cause together, open incidents and let them rise; how many changed."""
    return sum([await desk.write(look_after_incidents, site_id) for site_id in await desk.read(sites_with_incidents, desk.kit)])


async def look_around(desk: Desk) -> None:
    """See what is an incident, and then at which levels sites and merchants stand: those know of incidents."""
    await look_after_all_incidents(desk)
    await look_after_all_alerts(desk)


async def see_to_all_incidents(desk: Desk) -> int:
    """See to every clock of an incident that is due by now; how many incidents had one."""
    found, passed_over = 0, set[int]()
    while waiting := await desk.read(incidents_with_clocks_due, desk.kit.clock.now(), passed_over):
        for incident_id in waiting:
            try:
                await desk.write(see_to_incident, incident_id)
            except _TROUBLE:
                raise
            except Exception as mistake:  # noqa: BLE001 - one incident stops no other
                structlog.get_logger().error("incident_not_seen_to", incident=incident_id, exc_info=mistake)
        passed_over.update(waiting)  # once a round
        found += len(waiting)
    return found


async def fold_all_counts(desk: Desk) -> int:
    """Fold what was appended to the counts of promises into the rows by day; how much there was."""
    folded = 0
    while piece := await desk.write(fold_counts):
        folded += piece
    return folded


async def see_to_all_clocks(desk: Desk) -> int:
    """See to every clock that is due by now; how many claims had one.

    A claim that cannot be seen to is told to the operator and passed over until the next round, so that it stops no other.
    """
    found, passed_over = 0, set[int]()
    while waiting := await desk.read(claims_with_clocks_due, desk.kit.clock.now(), passed_over):
        _DICE.shuffle(waiting)  # another worker goes through the same list: in another order they meet less often
        for at in range(0, len(waiting), TOGETHER):
            some = waiting[at : at + TOGETHER]
            ends = await asyncio.gather(*(desk.write(see_to_clocks, claim_id) for claim_id in some), return_exceptions=True)
            for claim_id, end in zip(some, ends, strict=True):
                if isinstance(end, _TROUBLE) or (isinstance(end, BaseException) and not isinstance(end, Exception)):
                    raise end
                if isinstance(end, Exception):
                    passed_over.add(claim_id)
                    structlog.get_logger().error("clocks_not_seen_to", claim=claim_id, exc_info=end)
        found += len(waiting)
    return found


async def _take_jobs(stopping: asyncio.Event, bench: Bench) -> None:
    while not stopping.is_set():
        took = False
        with _told("jobs_not_taken"):
            took = await bench.take()
        await _wait(stopping, 0 if took else POLL_SECONDS)


async def _again_and_again(stopping: asyncio.Event, what: Callable[[], Awaitable[object]], seconds: float) -> None:
    """Do it at once and then every so often; after trouble with the database, again in a minute at the latest."""
    while not stopping.is_set():
        pause = min(seconds, AGAIN_SECONDS)
        with _told("round_failed"):
            await what()
            pause = seconds
        await _wait(stopping, pause)


async def _round(desk: Desk, fold_log: Callable[[], None]) -> None:
    done = await keep_house(desk, fold_log)
    structlog.get_logger().info(
        "round_done", tags=done.tags, answers=done.answers, recounted=done.recounted, archived=done.archived
    )


async def _wait(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), seconds)


@contextlib.contextmanager
def _told(event: str) -> Iterator[None]:
    """Trouble with the database ends one turn, not the worker."""
    try:
        yield
    except _TROUBLE:
        structlog.get_logger().warning(event, exc_info=True)
