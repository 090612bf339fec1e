"""The duty roster: who is told of a site's digests on which day, put on and taken off again; and an officer's own address."""

from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

from desk.actions.steps import event_by, officer_id
from desk.domain.audit import EventKind
from desk.domain.errors import BadInput, NotFound, WrongMoment
from desk.domain.policy import Act, Viewer, require
from desk.domain.relay import is_mailbox
from desk.domain.roster import flaw_in_day
from desk.ports import Work
from desk.store import events, officers, roster, sites
from desk.store.tables import DutyRow, SiteRow

LONGEST_MAIL = 254


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A row of the roster after an act, its site, and the officer's name."""

    row: DutyRow
    site: SiteRow
    officer: str


def add_duty(work: Work, viewer: Viewer, slug: str, on: date, name: str) -> OnDuty:
    """Put an officer of the site on duty for one of its days.

    Raises NotFound for a foreign site, Forbidden, BadInput for a day that is over or more than a year ahead and for somebody who
    is gone or of another site, WrongMoment where they are on duty that day already. Source: SPEC 8.
    """
    site = _site(work, viewer, slug)
    if flaw := flaw_in_day(on, _today(work, site)):
        raise BadInput("/day", flaw)
    officer = officers.find(work.conn, " ".join(name.split()))
    if officer is None or not officers.roles_at(work.conn, officer.id, site.id):
        raise BadInput("/officer", "not_at_this_site")
    if roster.standing(work.conn, site.id, on, officer.id) is not None:
        raise WrongMoment
    row = roster.add(
        work,
        {
            "id": work.kit.lots.number(), "site_id": site.id, "on_day": on, "officer_id": officer.id,
            "added_by": officer_id(viewer), "added_at": work.now, "removed_by": None, "removed_at": None,
        },
    )  # fmt: skip
    _record(work, viewer, row, EventKind.DUTY_ADDED)
    return OnDuty(row, site, officer.name)


def remove_duty(work: Work, viewer: Viewer, slug: str, duty_id: int) -> OnDuty:
    """Take somebody off duty again; putting them on anew is the way back.

    Raises NotFound for a foreign site or a row that is not there, Forbidden, WrongMoment for one that was taken off before or
    whose day is over: who was on duty then is history.
    """
    site = _site(work, viewer, slug)
    found = roster.find(work.conn, site.id, duty_id)
    if found is None:
        raise NotFound
    if found.removed_at is not None or found.on_day < _today(work, site):
        raise WrongMoment
    row = roster.remove(work, found, officer_id(viewer))
    _record(work, viewer, row, EventKind.DUTY_REMOVED)
    return OnDuty(row, site, officers.name_of(work.conn, row.officer_id))


def change_mail(work: Work, viewer: Viewer, address: str) -> None:
    """Let the desk write to the officer at this address, or nowhere where it is empty. Raises BadInput for what is no address."""
    typed = address.strip()
    if typed and (len(typed) > LONGEST_MAIL or not is_mailbox(typed)):
        raise BadInput("/mail", "bad_email")
    number = officer_id(viewer)
    if roster.mail_of(work.conn, number, work.kit.sealer) == (typed or None):
        return
    roster.put_mail(work, number, typed or None)
    event = event_by(viewer, f"officer:{number}", None, EventKind.MAIL_CHANGED, work.now, {"has_mail": bool(typed)})
    # Somebody with roles at sites alone has none beside them, where this happens.
    event = replace(event, role=event.role or ",".join(sorted(frozenset().union(*viewer.roles.values()))))
    events.append(work.conn, work.kit.lots.number(), event)


def _site(work: Work, viewer: Viewer, slug: str) -> SiteRow:
    """The site, locked: two managers that change the roster do so one after the other."""
    site = sites.lock(work.conn, slug)
    if site is None:
        raise NotFound
    require(viewer, Act.MANAGE_ROSTER, site.id)
    return site


def _today(work: Work, site: SiteRow) -> date:
    return work.now.astimezone(ZoneInfo(site.time_zone)).date()


def _record(work: Work, viewer: Viewer, row: DutyRow, kind: EventKind) -> None:
    said = {"duty": str(row.id), "officer": str(row.officer_id), "on": row.on_day.isoformat()}
    told = event_by(viewer, f"site:{row.site_id}", row.site_id, kind, work.now, said)
    events.append(work.conn, work.kit.lots.number(), told)
