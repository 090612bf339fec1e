"""Leasing jobs and letting them go: the worker's own bookkeeping, each a transaction. What a job does stands elsewhere."""

from datetime import timedelta

from sqlalchemy import Connection

from desk.actions.digests import LETTER
from desk.actions.handoffs import HANDOFF
from desk.actions.notifications import NOTIFY
from desk.actions.steps import event_by
from desk.domain.audit import EventKind
from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit, Lease, Work
from desk.store import events, jobs

BATCH = 50
PATIENT = frozenset({NOTIFY, LETTER, HANDOFF})
"""Kinds of jobs that call servers of whom nobody knows how long they take: money waits for none of them."""


def something_due(conn: Connection, kit: Kit) -> bool:
    """Whether a job may be due now."""
    return jobs.any_due(conn, kit.clock.now())


def lease_jobs(work: Work, worker: str, most: int, letters: int | None = None) -> list[Lease]:
    """Take up to `most` due jobs that nobody holds, and no more than `letters` of those that are patient."""
    return jobs.lease(work, worker, most, PATIENT, most if letters is None else letters)


def keep_in_hand(work: Work, leases: list[Lease]) -> None:
    """Keep leased jobs a while longer."""
    jobs.renew(work, leases)


def put_back(work: Work, lease: Lease, after: timedelta) -> None:
    """Let a job wait: it cannot be done now. Raises LeaseLost."""
    jobs.again(work, lease, after)


def give_up(work: Work, lease: Lease, why: str) -> None:
    """End an attempt that a mistake of ours ended; after eight the job is set aside for a person."""
    jobs.failed(work, lease, why)


def drop_job(work: Work, lease: Lease) -> None:
    """Set a job of a kind that this desk does not know aside at once."""
    jobs.set_aside(work, lease, "unknown_kind")


def retry_job(work: Work, viewer: Viewer, job_id: int) -> None:
    """Give a job that was set aside back to the worker, as if it had never failed; who did that stays in the audit.

    Raises Forbidden, NotFound for a job that is not there, WrongMoment for one that was not set aside.
    """
    require(viewer, Act.MANAGE_JOBS, 0)
    why = jobs.take_up_again(work, job_id)
    event = event_by(viewer, "jobs", None, EventKind.JOB_RETRIED, work.now, {"job": str(job_id), "last_error": why})
    events.append(work.conn, work.kit.lots.number(), event)
