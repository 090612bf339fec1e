"""What visitors were written, against the events it tells of and the jobs that send it: I18. Writes to nobody.

That a message arrived nobody can prove here; that each was caused by one event, and is seen to until it has an end, one can.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from desk.domain.notice import NoticeKind
from desk.domain.notification import News, NotificationState, news_of
from desk.domain.payout import PayoutState
from desk.reads.verify.dossier import Dossier
from desk.store.tables import metadata

NOTIFICATION, JOB = metadata.tables["notification"], metadata.tables["job"]
_KIND = "notify"


def i18_visitors_are_told_what_happened(dossier: Dossier) -> Iterator[str]:
    """Each notification tells of an event of its own claim what that event was, made when it happened."""
    events = {event.id: event for event in dossier.events}
    for row in dossier.rows["notification"]:
        event = events.get(row.event_id)
        whole = event is not None and (row.site_id, row.made_at, row.news) == (dossier.claim.site_id, event.at, _news(event))
        if not whole:
            yield f"{dossier.name}: notification {row.id} is not what its event was"


def i18_who_was_not_reached_is_seen_to(dossier: Dossier) -> Iterator[str]:
    """While something was given up that nobody has seen to, and no longer, a notice asks somebody to."""
    lost = any(row.state == NotificationState.GIVEN_UP for row in dossier.rows["notification"])
    kind = NoticeKind.VISITOR_NOT_REACHED
    asked = any(row.kind == kind and row.closed_at is None for row in dossier.rows["notice"])
    if lost and not asked:
        yield f"{dossier.name}: its visitor was not reached and nobody was asked to see to it"
    if asked and not lost:
        yield f"{dossier.name}: somebody is asked to reach its visitor, of whom nothing was given up"


def i18_notifications_wait_with_their_jobs(conn: Connection) -> Iterator[str]:
    """A notification that waits has the open job of its turn, and no other one has any."""
    waiting = select(NOTIFICATION.c.id, NOTIFICATION.c.turn).where(NOTIFICATION.c.state == NotificationState.WAITING.value)
    rows = {f"{_KIND}:{row.id}:{row.turn}" for row in conn.execute(waiting)}
    going_on = (JOB.c.done_at.is_(None), JOB.c.set_aside_at.is_(None))
    jobs = set(conn.execute(select(JOB.c.dedupe).where(JOB.c.kind == _KIND, *going_on)).scalars())
    yield from (f"{name}: waits, and nobody will send it" for name in sorted(rows - jobs))
    yield from (f"{name}: has ended, and its job goes on" for name in sorted(jobs - rows))


def _news(event: Any) -> News | None:  # noqa: ANN401 - a row of the chain
    if event.kind == EventKind.PAYOUT_MOVED:
        return News.SENT if event.to_state == PayoutState.AWAITING_VISITOR else None
    step = Step(event.step) if event.step else None
    return news_of(EventKind(event.kind), step, by_visitor=event.actor == "visitor")
