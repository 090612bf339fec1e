"""Forgetting in time: what must not be kept for ever, found by reading and dropped in small pieces. Touches no claim."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from desk.ports import Kit, Work
from desk.store import checks, sessions, upkeep

TAGS_KEPT = timedelta(days=90)
"""Keyed hashes by which a duplicate, or an order or payee paid before, shows. Source: SPEC 5.6."""

CHECKS_KEPT = timedelta(days=30)
JOBS_KEPT = timedelta(days=30)
"""Jobs that are done; those set aside stay until a person has looked."""

LODGINGS_KEPT = timedelta(days=30)
"""How long a repeated lodging still gets its first answer: a poster's phone may come back from the mountains late."""

ANSWERS_KEPT = timedelta(days=7)
"""The same for every other route that moves no money; answers of money routes are kept."""

SESSIONS_KEPT = timedelta(days=1)
"""Sessions of officers; none is of use for longer than 12 hours."""

LODGING_ROUTE = "POST /api/v1/claims"
MONEY_ROUTES = (
    "/payouts", "/fund", "/recoveries", "/deposits", "/day-closes", "/close", "/breaks", "/sends", "/triage", "/gateway-messages",
    "/returns", "/return/", "/pledges", "/settlements",
)  # fmt: skip
"""Parts of the routes that move money, decide about it or let it leave: what was done under a key once is never done again."""

PIECE = 500


def tags_to_drop(conn: Connection, kit: Kit) -> list[int]:
    """Ids of duplicate tags older than 90 days, a piece at a time."""
    return upkeep.old_tags(conn, "duplicate_tag", kit.clock.now() - TAGS_KEPT, PIECE)


def payout_tags_to_drop(conn: Connection, kit: Kit) -> list[int]:
    """Ids of tags of payouts older than 90 days, a piece at a time."""
    return upkeep.old_tags(conn, "payout_tag", kit.clock.now() - TAGS_KEPT, PIECE)


def jobs_to_drop(conn: Connection, kit: Kit) -> list[int]:
    """Ids of jobs that were done long ago, a piece at a time."""
    return upkeep.old_jobs(conn, kit.clock.now() - JOBS_KEPT, PIECE)


def answers_to_drop(conn: Connection, kit: Kit) -> list[int]:
    """Ids of remembered answers that nobody will ask for again, a piece at a time."""
    now = kit.clock.now()
    return upkeep.old_keys(conn, now - LODGINGS_KEPT, now - ANSWERS_KEPT, LODGING_ROUTE, MONEY_ROUTES, PIECE)


def drop_tags(work: Work, ids: Sequence[int]) -> None:
    """Forget these duplicate tags. Twice changes nothing."""
    upkeep.drop(work.conn, "duplicate_tag", ids)


def drop_payout_tags(work: Work, ids: Sequence[int]) -> None:
    """Forget these tags of payouts. Twice changes nothing."""
    upkeep.drop(work.conn, "payout_tag", ids)


def drop_jobs(work: Work, ids: Sequence[int]) -> None:
    """Forget these jobs. Twice changes nothing."""
    upkeep.drop(work.conn, "job", ids)


def drop_checks(work: Work) -> None:
    """Forget results of checks that nobody asks for any more."""
    checks.forget(work.conn, work.now - CHECKS_KEPT)


def drop_sessions(work: Work) -> None:
    """Forget sessions that are over."""
    sessions.end_older(work.conn, work.now - SESSIONS_KEPT)


def drop_answers(work: Work, ids: Sequence[int]) -> None:
    """Forget these answers. Twice changes nothing."""
    upkeep.drop(work.conn, "idempotency_key", ids)


def drop_empty_buckets(work: Work) -> None:
    """Forget counters of failed tries that count nothing any more."""
    upkeep.drop_empty_buckets(work.conn, work.now)
