"""Carrying a notification out: what is handed to the courier, what came of it, and what a person does where nothing did.

Calls nobody: the worker does, between two of these actions and with nothing open. Source: RELIABILITY I14.
"""

from dataclasses import replace
from datetime import datetime

from desk.actions.notifications import carrier_now, contact_of, send_later
from desk.actions.steps import DESK, Held, hold, record
from desk.domain.audit import EventKind
from desk.domain.errors import WrongMoment
from desk.domain.notice import NoticeKind
from desk.domain.notification import MOST_TRIES, Carrier, Fate, News, NotificationState, due_at, is_stale, try_again_in
from desk.domain.policy import Act, Viewer
from desk.domain.retry import lot_of
from desk.ports import Delivery, Lease, Letter, Work
from desk.store import claims, jobs, notices, notifications, sites
from desk.store.tables import NotificationRow
from desk.wording.letters import mail, sms

ADDRESS = {Carrier.SMS: "phone", Carrier.MAIL: "email"}
NOT_REACHED = NoticeKind.VISITOR_NOT_REACHED
LATER_CAME = "told_by_later"


def begin_delivery(work: Work, lease: Lease, number: int) -> Letter | None:
    """Count a try and hand out the letter, or None where nothing is to be sent now.

    A try that ended in a crash is counted and begun again under the same name: the other side may get it twice, our books
    hold it once. Raises LeaseLost.
    """
    held, row = _held(work, number)
    jobs.keep_hold(work, lease)
    if row.state != NotificationState.WAITING:
        jobs.done(work, lease)
        return None
    if notifications.is_overtaken(work.conn, row):
        _end(work, lease, row, NotificationState.TOLD, LATER_CAME)
        return None
    if why := _hopeless(work, row):
        _give_up(work, lease, held, row, why)
        return None
    if (due := _due(work, held, row)) > work.now:
        jobs.again(work, lease, due - work.now)
        return None
    contact = contact_of(work, held.claim.id)
    address = contact.get(ADDRESS[Carrier(row.channel)]) if contact else None
    if not address:
        _end(work, lease, row, NotificationState.DROPPED, "no_address" if contact else "erased")
        return None
    notifications.change(work.conn, row, tries=row.tries + 1, tried_at=work.now)
    return _letter(work, held, row, address)


def end_delivery(work: Work, lease: Lease, number: int, word: Delivery) -> None:
    """Write down what came of a try: sent, once more later, or given up, which a person must see to.

    Whoever gets a later message looks at the page, so that what was given up before is told too. Raises LeaseLost.
    """
    held, row = _held(work, number)
    if row.state != NotificationState.WAITING:
        jobs.done(work, lease)
    elif word.fate is Fate.SENT:
        _end(work, lease, row, NotificationState.SENT, None)
        _see_to(work, notifications.given_up(work.conn, held.claim.id), LATER_CAME)
        notices.close(work, held.claim.id, {NOT_REACHED})
    elif word.fate is Fate.REFUSED or (wait := try_again_in(row.tries, lot_of(work.kit.lots.number()))) is None:
        _give_up(work, lease, held, row, word.why)
    else:
        notifications.change(work.conn, row, why=word.why)
        jobs.again(work, lease, wait)


def resend(work: Work, viewer: Viewer, reference: str) -> Held:
    """Send the newest of what was given up once more, by the contact as it is now; those before it are told by it too.

    Raises WrongMoment where nothing was given up, or the visitor left nothing by which to write to them.
    """
    held, lost = _lost(work, viewer, reference)
    carrier, newest = carrier_now(work, held.claim.id), lost[0]
    if carrier is Carrier.SLIP:
        raise WrongMoment
    again = {"state": NotificationState.WAITING.value, "channel": carrier.value, "turn": newest.turn + 1, "tries": 0, "why": None}
    row = notifications.change(work.conn, newest, **again, due_at=_due(work, held, newest), ended_at=None)
    send_later(work, row.model_dump())
    _see_to(work, lost[1:], LATER_CAME)
    return _closed(work, held, "resent", newest)


def tell_otherwise(work: Work, viewer: Viewer, reference: str, how: str) -> Held:
    """Write down that an officer told the visitor by other means, and how. Raises WrongMoment where nothing was given up."""
    held, lost = _lost(work, viewer, reference)
    _see_to(work, lost, None)
    return _closed(work, held, "told", lost[0], how)


def _held(work: Work, number: int) -> tuple[Held, NotificationRow]:
    """A notification and its claim, which is locked for the desk itself."""
    claim = claims.get_by_id(work.conn, notifications.get(work.conn, number).claim_id)
    return Held(claim, sites.get(work.conn, claim.site_id), DESK), notifications.get(work.conn, number)


def _hopeless(work: Work, row: NotificationRow) -> str | None:
    """Why nobody tries any more, None while somebody does."""
    if work.kit.courier is None or Carrier(row.channel) not in work.kit.courier.open_to:
        return "no_channel"
    if is_stale(row.due_at, work.now):
        return row.why or "too_late"
    return (row.why or "no_end") if row.tries >= MOST_TRIES else None


def _due(work: Work, held: Held, row: NotificationRow) -> datetime:
    """When it may be sent, as things are now: the worker may have been away, or a try before this one failed late at night."""
    quiet = work.kit.courier.quiet if work.kit.courier else None
    return due_at(News(row.news), work.now, held.zone, quiet, held.claim.departs_at)


def _lost(work: Work, viewer: Viewer, reference: str) -> tuple[Held, list[NotificationRow]]:
    held = hold(work, viewer, Act.MESSAGE, reference)
    lost = notifications.given_up(work.conn, held.claim.id)
    if not lost:
        raise WrongMoment
    return held, lost


def _closed(work: Work, held: Held, done: str, row: NotificationRow, how: str | None = None) -> Held:
    notices.close(work, held.claim.id, {NOT_REACHED})
    record(work, held, EventKind.NOTICE_CLOSED, {"notice": NOT_REACHED.value, "notification": str(row.id), "done": done}, how)
    return replace(held, claim=claims.change(work.conn, held.claim))


def _see_to(work: Work, rows: list[NotificationRow], why: str | None) -> None:
    for row in rows:
        notifications.change(work.conn, row, state=NotificationState.TOLD.value, why=why or row.why, ended_at=work.now)


def _end(work: Work, lease: Lease, row: NotificationRow, state: NotificationState, why: str | None) -> None:
    notifications.change(work.conn, row, state=state.value, why=why, ended_at=work.now)
    jobs.done(work, lease)


def _give_up(work: Work, lease: Lease, held: Held, row: NotificationRow, why: str) -> None:
    """Nobody was reached: intake is asked to see to it, once for a claim while it lasts."""
    _end(work, lease, row, NotificationState.GIVEN_UP, why)
    if notices.open_once(work, held.claim, NOT_REACHED):
        record(work, held, EventKind.NOTICE_OPENED, {"notice": NOT_REACHED.value, "notification": str(row.id)})


def _letter(work: Work, held: Held, row: NotificationRow, address: str) -> Letter:
    """The message: what happened in general, the claim's reference, and the address of the status page; nothing else."""
    write = mail if row.channel == Carrier.MAIL else sms
    words = write(row.news, held.claim.reference, f"{work.kit.public_url}/s", held.claim.language)
    return Letter(f"desk-{row.id}", Carrier(row.channel), held.claim.language, address, words.subject, words.text)
