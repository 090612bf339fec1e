"""When the worker goes round, and how it stops: between two pieces of work, never in the middle of a transaction."""

import asyncio
import contextlib
from collections.abc import Callable

import structlog
from sqlalchemy.exc import SQLAlchemyError

from desk.domain.errors import DeskError
from desk.ports import Desk
from desk.worker.housekeeping import keep_house

EVERY_SECONDS = 3_600.0
AGAIN_SECONDS = 60.0


async def work_until(stopping: asyncio.Event, desk: Desk, fold_log: Callable[[], None]) -> None:
    """Go round at once and then every hour until asked to stop; after a failed round, again in a minute."""
    while not stopping.is_set():
        pause = await _one_round(desk, fold_log)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), pause)
    structlog.get_logger().info("worker_ended")


async def _one_round(desk: Desk, fold_log: Callable[[], None]) -> float:
    log = structlog.get_logger()
    try:
        done = await keep_house(desk, fold_log)
    except (DeskError, OSError, SQLAlchemyError):
        log.warning("round_failed", exc_info=True)
        return AGAIN_SECONDS
    log.info("round_done", tags=done.tags, answers=done.answers, recounted=done.recounted)
    return EVERY_SECONDS
