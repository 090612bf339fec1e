"""The hourly round: forget what is too old, keep the log short, count deadlines with the newest calendar.

Every piece is small and harmless when it is done twice, so that two workers may go round at once.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from desk.actions.clocks import claims_to_recount, recount_provisional
from desk.actions.evidence import ORPHAN_AGE, made_at, orphans
from desk.actions.follow_up import archive_claim, claims_to_archive
from desk.actions.housekeeping import (
    PIECE,
    answers_to_drop,
    drop_answers,
    drop_checks,
    drop_empty_buckets,
    drop_jobs,
    drop_payout_tags,
    drop_sessions,
    drop_tags,
    jobs_to_drop,
    payout_tags_to_drop,
    tags_to_drop,
)
from desk.ports import Desk, Kit, Work


@dataclass(frozen=True, slots=True)
class Round:
    """What one round did."""

    tags: int
    answers: int
    recounted: int
    archived: int = 0


async def keep_house(desk: Desk, fold_log: Callable[[], None]) -> Round:
    """Go round once. `fold_log` shortens the database's log; it blocks, so it runs in a thread."""
    tags = await _drop(desk, tags_to_drop, drop_tags) + await _drop(desk, payout_tags_to_drop, drop_payout_tags)
    await _drop(desk, jobs_to_drop, drop_jobs)
    await desk.write(drop_checks)
    await desk.write(drop_sessions)
    answers = await _drop(desk, answers_to_drop, drop_answers)
    await desk.write(drop_empty_buckets)
    await sweep_files(desk)
    recounted = await recount_all(desk)
    archived = await archive_all(desk)
    await asyncio.to_thread(fold_log)
    return Round(tags, answers, recounted, archived)


async def sweep_files(desk: Desk) -> int:
    """Take away files that an hour ago should have become evidence and did not; how many there were. Source: RELIABILITY I18."""
    since, swept = await desk.read(made_at), 0
    lying = await asyncio.to_thread(desk.kit.files.untouched, ORPHAN_AGE.total_seconds(), since)
    for piece in (lying[at : at + PIECE] for at in range(0, len(lying), PIECE)):
        for name in await desk.read(orphans, piece):
            await asyncio.to_thread(desk.kit.files.drop, name)
            swept += 1
    return swept


async def recount_all(desk: Desk) -> int:
    """Count every provisional deadline with the calendar as it is now; how many claims were looked at."""
    looked_at = 0
    while waiting := await desk.read(claims_to_recount):
        for claim_id in waiting:
            await desk.write(recount_provisional, claim_id)
        looked_at += len(waiting)
    return looked_at


async def archive_all(desk: Desk) -> int:
    """Put away every ended claim whose follow-up and window are over and that nothing holds open; how many there were."""
    archived, after = 0, None
    while True:
        ready, after = await desk.read(claims_to_archive, desk.kit, after)
        for claim_id in ready:
            archived += await desk.write(archive_claim, claim_id)
        if after is None:
            return archived


async def _drop(
    desk: Desk, find: Callable[[Connection, Kit], list[int]], drop: Callable[[Work, Sequence[int]], None]
) -> int:  # fmt: skip
    dropped = 0
    while found := await desk.read(find, desk.kit):
        await desk.write(drop, found)
        dropped += len(found)
    return dropped
