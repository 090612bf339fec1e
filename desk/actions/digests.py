"""Digests of sites: planned at each due time, made once from what is known then, and their letters handed out. Counts nothing.

After downtime only the newest digest of a site is made: whoever comes back to work must know how things stand, and not read one
after the other how they stood. Source: SPEC 4.7; DESIGN 4; UX J7 and C18.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from desk.domain.digest import Figures, Told, day_told, last_due
from desk.domain.notification import MOST_TRIES, Carrier, Fate, NotificationState, is_stale, try_again_in
from desk.domain.retry import lot_of
from desk.ports import Delivery, Lease, Letter, Row, Work
from desk.store import digests, jobs, officers, roster, sites
from desk.store.digest_counts import figures_of
from desk.store.tables import DigestLetterRow, DigestRow, SiteRow
from desk.wording.digests import digest_letter

DIGEST, LETTER = "digest", "digest_letter"
PAPERS = "zh-CN"


def plan_digests(work: Work) -> None:
    """See to it that each site has its digest of the newest due time; the second time nothing happens.

    A site has none of a time before it was there.
    """
    for site in sites.list_all(work.conn):
        zone = ZoneInfo(site.time_zone)
        due = last_due(work.now, zone, work.kit.digest_times)
        if due is not None and due > site.added_at:
            name = f"{DIGEST}:{site.slug}:{due.astimezone(zone):%Y-%m-%dT%H:%M}"
            jobs.add(work, DIGEST, name, {"site": str(site.id), "due_at": due.isoformat()}, due)


def make_digest(work: Work, lease: Lease) -> DigestRow | None:
    """Make the digest that a job stands for, with its letters, and end the job; None where there is none to make.

    There is none where it was made before, or where a newer one is due by now. The site is locked, and the database allows one
    for each site and due time. A clock that was put back before the due time lets the job wait. Raises LeaseLost.
    """
    site = sites.lock_by_id(work.conn, int(lease.payload["site"]))
    due = datetime.fromisoformat(lease.payload["due_at"])
    if due > work.now:
        jobs.again(work, lease, due - work.now)
        return None
    jobs.done(work, lease)
    newest = last_due(work.now, ZoneInfo(site.time_zone), work.kit.digest_times)
    if due != newest or digests.find(work.conn, site.id, due) is not None:
        return None
    return _made(work, site, due)


def begin_letter(work: Work, lease: Lease, number: int) -> Letter | None:
    """Count a try and hand the letter out; None where nothing is to be sent any more.

    One that a newer digest overtakes, which is due by now, is not sent. The address is read now, and so is whether its officer
    still works at the site. A try that ended in a crash is counted and begun again under the same name. Raises LeaseLost.
    """
    row = digests.letter(work.conn, number)
    jobs.keep_hold(work, lease)
    if row.state != NotificationState.WAITING:
        jobs.done(work, lease)
        return None
    digest = digests.get(work.conn, row.digest_id)
    site = sites.get(work.conn, digest.site_id)
    zone = ZoneInfo(site.time_zone)
    address = _address(work, row.officer_id, site)
    if why := _hopeless(work, row, digest, zone, address):
        _end(work, lease, row, NotificationState.GIVEN_UP if row.tries else NotificationState.DROPPED, why)
        return None
    digests.change_letter(work.conn, row, tries=row.tries + 1, tried_at=work.now)
    words = digest_letter(
        Figures.read(digest.figures), site.name, site.name_en, digest.due_at.astimezone(zone),
        f"{work.kit.public_url}/desk/digests/{site.slug}",
    )  # fmt: skip
    return Letter(f"desk-{row.id}", Carrier(row.channel), PAPERS, address or "", words.subject, words.text)


def end_letter(work: Work, lease: Lease, number: int, word: Delivery) -> None:
    """Write down what came of a try: sent, once more later, or given up. Raises LeaseLost."""
    row = digests.letter(work.conn, number)
    if row.state != NotificationState.WAITING:
        jobs.done(work, lease)
    elif word.fate is Fate.SENT:
        _end(work, lease, row, NotificationState.SENT, None)
    elif word.fate is Fate.REFUSED or (wait := try_again_in(row.tries, lot_of(work.kit.lots.number()))) is None:
        _end(work, lease, row, NotificationState.GIVEN_UP, word.why)
    else:
        digests.change_letter(work.conn, row, why=word.why)
        jobs.again(work, lease, wait)


def _made(work: Work, site: SiteRow, due: datetime) -> DigestRow:
    zone, times = ZoneInfo(site.time_zone), work.kit.digest_times
    figures = figures_of(work.conn, site, day_told(due, zone, times), work.now, work.kit.shelf.calendar)
    on_duty = roster.on_duty(work.conn, site.id, due.astimezone(zone).date())
    row: Row = {
        "id": work.kit.lots.number(), "site_id": site.id, "due_at": due, "made_at": work.now,
        "told": (Told.ROSTER if on_duty else Told.MANAGERS).value, "quiet": figures.quiet, "figures": figures.kept(),
    }  # fmt: skip
    whom = [] if figures.quiet else on_duty or roster.managers(work.conn, site.id)
    letters = [_letter(work, row["id"], officer) for officer in whom]
    if not figures.quiet and Carrier.HOOK in _open_to(work):
        letters.append(_letter(work, row["id"], None))
    digests.add(work, row, letters)
    for letter in letters:
        if letter["state"] == NotificationState.WAITING:
            jobs.add(work, LETTER, f"{LETTER}:{letter['id']}", {"letter": str(letter["id"])})
    return DigestRow(**row)


def _letter(work: Work, digest_id: int, officer: int | None) -> Row:
    """A letter to an officer, or to the hook; one that cannot go is kept too, so that the page says who was not written to."""
    carrier = Carrier.HOOK if officer is None else Carrier.MAIL
    why = None if carrier in _open_to(work) else "no_channel"
    if why is None and officer is not None and not roster.has_mail(work.conn, officer):
        why = "no_address"
    state = NotificationState.DROPPED if why else NotificationState.WAITING
    return {
        "id": work.kit.lots.number(), "digest_id": digest_id, "officer_id": officer, "channel": carrier.value,
        "state": state.value, "tries": 0, "why": why, "tried_at": None, "ended_at": work.now if why else None,
    }  # fmt: skip


def _address(work: Work, officer: int | None, site: SiteRow) -> str | None:
    """Where a letter goes: the hook by the site's slug, an officer to their address as long as they work at the site."""
    if officer is None:
        return site.slug
    return roster.mail_of(work.conn, officer, work.kit.sealer) if officers.roles_at(work.conn, officer, site.id) else None


def _hopeless(work: Work, row: DigestLetterRow, digest: DigestRow, zone: ZoneInfo, address: str | None) -> str | None:
    """Why a letter is not sent any more, None while it is."""
    if Carrier(row.channel) not in _open_to(work):
        return "no_channel"
    if not address:
        return "no_address"
    newest = last_due(work.now, zone, work.kit.digest_times)
    if newest is not None and newest > digest.due_at:
        return row.why or "told_by_later"
    if is_stale(digest.due_at, work.now):
        return row.why or "too_late"
    return (row.why or "no_end") if row.tries >= MOST_TRIES else None


def _open_to(work: Work) -> frozenset[Carrier]:
    return work.kit.courier.open_to if work.kit.courier else frozenset()


def _end(work: Work, lease: Lease, row: DigestLetterRow, state: NotificationState, why: str | None) -> None:
    ended: dict[str, Any] = {"state": state.value, "why": why, "ended_at": work.now}
    digests.change_letter(work.conn, row, **ended)
    jobs.done(work, lease)
