"""Watching sites and merchants: levels rise at once and fall by the same rule, each told once. The worker looks each minute.

A lodging does not look: it would count for everybody who waits, and lock its site. Source: SPEC 4.6.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.actions.steps import DESK, event_by
from desk.domain.alerts import LATELY, WEEK, WEEK_DAYS, Alarm, Counts, Level, Rules, alarm, is_risk
from desk.domain.audit import EventKind
from desk.domain.pack import RulePack
from desk.ports import Kit, Work
from desk.store import alerts, events, incidents, sites
from desk.store.alerts import Lately, Subject
from desk.store.tables import AlertRow, SiteRow

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Watched:
    """A site with the pack whose thresholds hold there today."""

    site: SiteRow
    pack: RulePack


def sites_to_alert(conn: Connection, kit: Kit) -> list[int]:
    """Sites where a level is not the one that was counted, and those whose merchants' are not."""
    found, now = _alarms(conn, kit, kit.clock.now()), alerts.standing(conn)
    differ = {subject.site_id for subject in found.keys() | now.keys() if _differs(now.get(subject), found.get(subject))}
    return sorted(differ)


def look_after_alerts(work: Work, site_id: int) -> int:
    """Bring the levels of a site and its merchants to what is counted now; how many changed.

    The site is locked, so that of two workers that look at once the later one finds nothing left to raise.
    """
    site = sites.lock_by_id(work.conn, site_id)
    watched = watched_at(work.kit, site, work.now)
    found, now = _alarms(work.conn, work.kit, work.now), alerts.standing(work.conn, site_id)
    here = {subject: told for subject, told in found.items() if subject.site_id == site_id}
    changed = [each for each in sorted(here.keys() | now.keys(), key=_order) if _differs(now.get(each), here.get(each))]
    for subject in changed:
        _change(work, watched, subject, now.get(subject), here.get(subject))
    return len(changed)


def _change(work: Work, watched: Watched, subject: Subject, before: AlertRow | None, now: Alarm | None) -> None:
    """End what stood, begin what stands now, and say so in the site's chain. A clock put back ends nothing before it began."""
    at = max(work.now, before.since) if before else work.now
    rises = now is not None and (before is None or now.level.rank > Level(before.level).rank)
    if before:
        alerts.end(work, before, at)
    begun = None
    if now:
        reasons = [[reason.cause.value, reason.figure, reason.limit] for reason in now.reasons]
        told = {"since": at, "rose": rises, "reasons": reasons, "pack": watched.pack.version}
        begun = alerts.begin(work, subject, watched.pack.alerts[now.level], told)
    said = {
        "respondent": str(subject.respondent_id) if subject.respondent_id is not None else None,
        "ended": str(before.id) if before else None, "alert": str(begun.id) if begun else None,
        "level": begun.level if begun else None, "reasons": begun.reasons if begun else [], "tells": begun.tells if begun else [],
        "at": at.isoformat(),
    }  # fmt: skip
    kind = EventKind.ALERT_ROSE if rises else EventKind.ALERT_FELL
    site_id = subject.site_id
    events.append(work.conn, work.kit.lots.number(), event_by(DESK, f"site:{site_id}", site_id, kind, work.now, said))


def _differs(before: AlertRow | None, now: Alarm | None) -> bool:
    return (before.level if before else None) != (now.level.value if now else None)


def _order(subject: Subject) -> tuple[int, int]:
    """The site itself first."""
    return subject.site_id, subject.respondent_id or 0


def _alarms(conn: Connection, kit: Kit, now: datetime) -> dict[Subject, Alarm]:
    """Every site and merchant that reaches a level now, at all sites: a cause may be the same at two."""
    places = {site.id: watched_at(kit, site, now) for site in sites.list_all(conn)}
    counted = _counted(conn, places, now)
    rules: Mapping[int, Rules] = {site_id: place.pack.alerts for site_id, place in places.items()}
    found = {subject: alarm(counts, rules[subject.site_id]) for subject, counts in counted.items()}
    return {subject: told for subject, told in found.items() if told is not None}


def watched_at(kit: Kit, site: SiteRow, now: datetime) -> Watched:
    """A site with the pack in force there now."""
    today = now.astimezone(ZoneInfo(site.time_zone)).date()
    return Watched(site, kit.packs.for_claim(today, site.overlay))


def _counted(conn: Connection, places: Mapping[int, Watched], now: datetime) -> dict[Subject, Counts]:
    """What is counted of each site, and of each merchant with a claim in the last seven days."""
    merchants = alerts.busy_merchants(conn, now - WEEK)
    latest = alerts.lately(conn, merchants, now - LATELY)
    weeks = alerts.weeks(conn, merchants, now - 2 * WEEK, now - WEEK)
    by_subject = defaultdict[Subject, list[Lately]](list)
    for each in latest:
        by_subject[Subject(each.subject.site_id)].append(each)
        if each.subject.respondent_id is not None:
            by_subject[each.subject].append(each)
    at_sites, crowds = _causes(latest, places), incidents.largest_open(conn)
    found: dict[Subject, Counts] = {}
    for subject in merchants:
        this_week, last_week = weeks.get(subject, (0, 0))
        found[subject] = _of(
            by_subject[subject], places[subject.site_id], at_sites, now, this_week=this_week, last_week=last_week
        )
    for site_id, place in places.items():
        found[Subject(site_id)] = _of_site(conn, by_subject[Subject(site_id)], place, at_sites, now)
    for subject, people in crowds.items():
        found[subject] = replace(found.get(subject, Counts()), people=people)
    return found


def _of_site(
    conn: Connection, latest: Iterable[Lately], place: Watched, at_sites: Mapping[str, set[int]], now: datetime
) -> Counts:  # fmt: skip
    today = now.astimezone(ZoneInfo(place.site.time_zone)).date()
    this_week = alerts.lodged_on(conn, place.site.id, today - (WEEK_DAYS - 1) * _DAY, today)
    last_week = alerts.lodged_on(conn, place.site.id, today - (2 * WEEK_DAYS - 1) * _DAY, today - WEEK_DAYS * _DAY)
    missed = alerts.missed_since(conn, place.site.id, now - LATELY)
    return _of(latest, place, at_sites, now, this_week=this_week, last_week=last_week, missed=missed)


def _of(
    latest: Iterable[Lately], place: Watched, at_sites: Mapping[str, set[int]], now: datetime, *, this_week: int, last_week: int,
    missed: int | None = None,
) -> Counts:  # fmt: skip
    """The counts of one subject; those of a site have `missed`, those of a merchant the claims on it."""
    told = list(latest)
    enough, own = place.pack.alerts[Level.RED].figures["cause_claims"], Counter[str]()
    for each in told:
        if each.subject.respondent_id is not None and each.claims >= enough:
            own[each.category] += 1
    compared = place.site.added_at <= now - 2 * WEEK
    return Counts(
        claims=sum(each.claims for each in told) if missed is None else 0, missed=missed or 0,
        injuries=sum(each.injuries for each in told), risks=sum(each.claims for each in told if is_risk(each.category)),
        this_week=this_week, last_week=last_week if compared else None,
        sites=max((len(at_sites[category]) for category in own), default=0),
    )  # fmt: skip


def _causes(latest: Iterable[Lately], places: Mapping[int, Watched]) -> dict[str, set[int]]:
    """At which sites a category is a cause: where one merchant has enough claims of it."""
    found = defaultdict[str, set[int]](set)
    for each in latest:
        enough = places[each.subject.site_id].pack.alerts[Level.RED].figures["cause_claims"]
        if each.subject.respondent_id is not None and each.claims >= enough:
            found[each.category].add(each.subject.site_id)
    return found
