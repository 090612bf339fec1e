"""The worker's jobs as an operator sees them: what waits too long, and what was set aside for a person. Runs none."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit
from desk.store.tables import metadata

JOB = metadata.tables["job"]


@dataclass(frozen=True, slots=True)
class JobLine:
    """One open job. Times are UTC; `set_aside_at` is None while the worker sees to it; `last_error` names its last failure."""

    id: int
    kind: str
    about: str
    due_at: datetime
    attempt: int
    failures: int
    last_error: str | None
    set_aside_at: datetime | None


def open_jobs(conn: Connection, viewer: Viewer, kit: Kit, most: int) -> list[JobLine]:
    """Jobs that were set aside, then those that are due, each the oldest first; at most so many. Raises Forbidden."""
    require(viewer, Act.MANAGE_JOBS, 0)
    aside = select(JOB).where(JOB.c.set_aside_at.is_not(None)).order_by(JOB.c.set_aside_at, JOB.c.id).limit(most)
    due = (
        select(JOB)
        .where(JOB.c.done_at.is_(None), JOB.c.set_aside_at.is_(None), JOB.c.due_at <= kit.clock.now())
        .order_by(JOB.c.due_at, JOB.c.id)
        .limit(most)
    )
    return [_line(row) for query in (aside, due) for row in conn.execute(query)][:most]


def _line(row: Any) -> JobLine:  # noqa: ANN401 - a row of the job table
    return JobLine(
        row.id, row.kind, row.dedupe, row.due_at, row.attempt, row.failures, row.last_error, row.set_aside_at
    )  # fmt: skip
