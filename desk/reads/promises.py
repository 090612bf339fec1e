"""What became of a site's promises over some days: counts and times by promise and by day, and every miss with its reason.

Adds up what the counts hold and counts no claim. Names places and promises, never a person.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from desk.domain.errors import BadInput
from desk.domain.opening import midnight, windows_at
from desk.domain.pack import ClockRule
from desk.domain.policy import Act, Viewer
from desk.domain.promises import PROMISED, REPORTED
from desk.domain.tally import BY_TIME, PAID_FAST, Fate, Tallied, within
from desk.ports import Kit
from desk.reads.pages import Page, after, page_of, sites_of
from desk.store import promises, sites
from desk.store.tables import SiteRow, metadata

BREACH, CLAIM = metadata.tables["clock_breach"], metadata.tables["claim"]
_ORDER = (BREACH.c.base_at, BREACH.c.id)
DAYS, MONTH, MOST_DAYS = 30, 31, 366
ENOUGH_DAYS = 5
"""Below this many days nothing is said of shares and medians. Source: UX J7."""
_HALF, _NINE_TENTHS = 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Span:
    """Days at a site, the first and the last included."""

    site: SiteRow
    first: date
    last: date

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.site.time_zone)


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took in seconds, for half and for nine in ten of `count`; None without any."""

    count: int
    median: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Promise:
    """What became of the promises of one kind and figure that were made on some days.

    `counted` is how its time runs at the site: `open_hours`, `without_pauses` or `elapsed`. `received` is there for the one
    promise that has two times.
    """

    rule: ClockRule
    counted: str
    made: int
    kept: int
    missed: int
    void: int
    took: Times
    received: Times | None

    @property
    def running(self) -> int:
        """Those of which nothing can be said yet."""
        return self.made - self.kept - self.missed - self.void

    @property
    def share(self) -> float | None:
        """The part that was kept of those that were kept or missed."""
        judged = self.kept + self.missed
        return self.kept / judged if judged else None


@dataclass(frozen=True, slots=True)
class Report:
    """The promises of some days. `days` is on how many days the site ever made one, counted to five."""

    span: Span
    promises: Sequence[Promise]
    days: int

    @property
    def enough(self) -> bool:
        """Whether there are days enough to speak of shares and medians."""
        return self.days >= ENOUGH_DAYS


@dataclass(frozen=True, slots=True)
class Miss:
    """A promise that was missed; times are at the site's own offset. `reason` is why, None while nobody said.

    `reference` is its claim's, None where it is of an `incident`.
    """

    id: int
    reference: str | None
    incident: int | None
    kind: str
    made_at: datetime
    due_at: datetime
    recorded_at: datetime
    reason: str | None
    explained_at: datetime | None


def report(conn: Connection, viewer: Viewer, slug: str, first: date | None, last: date | None, kit: Kit) -> Report:
    """What became of the promises made from the first to the last day; of the last thirty where none is named.

    Raises NotFound for a foreign site, Forbidden, BadInput for days in the wrong order or more than 366.
    """
    span = _span(conn, viewer, slug, (first, last), kit, Act.READ_PROMISES)
    found = _by_rule(promises.counts(conn, span.site.id, span.first, span.last), kit)
    known = {rule.id for rule in found}
    now = kit.packs.for_claim(kit.clock.now().astimezone(span.zone).date(), span.site.overlay)
    rules = [*found, *(now.clocks[kind] for kind in PROMISED if kind not in known)]
    shown = [_promise(rule, span.site, found.get(rule, Counter())) for rule in sorted(rules, key=_place)]
    return Report(span, shown, promises.days_known(conn, span.site.id, ENOUGH_DAYS))


def report_by_day(
    conn: Connection, viewer: Viewer, slug: str, first: date | None, last: date | None, kit: Kit, kind: str | None = None
) -> tuple[Span, list[tuple[date, Promise]]]:  # fmt: skip
    """The same by day, the newest first, at most a month of it; days without a promise are left out. Raises as `report` does.

    The span ends with the last day asked for and begins with the first that was looked at: what lies before is asked for next.
    """
    span = _span(conn, viewer, slug, (first, last), kit, Act.READ_PROMISES)
    span = replace(span, first=max(span.first, span.last - timedelta(days=MONTH - 1)))
    days = defaultdict[date, Counter[Tallied]](Counter)
    for one, number in promises.counts(conn, span.site.id, span.first, span.last, by_day=True).items():
        if kind is None or one.kind == kind:
            days[one.on][one] += number
    lines = [(on, rule, counts) for on in sorted(days, reverse=True) for rule, counts in _by_rule(days[on], kit).items()]
    return span, [(on, _promise(rule, span.site, counts)) for on, rule, counts in lines]


def misses_page(
    conn: Connection, viewer: Viewer, slug: str, first: date | None, last: date | None, kit: Kit, kind: str | None,
    limit: int, cursor: str | None,
) -> tuple[Span, Page[Miss]]:  # fmt: skip
    """What was missed of the promises made on these days, the newest promise first. Raises as `report` does."""
    span = _span(conn, viewer, slug, (first, last), kit, Act.READ_MISSES)
    since, until = midnight(span.first, span.zone), midnight(span.last + timedelta(days=1), span.zone)
    query = (
        select(BREACH, CLAIM.c.reference)
        .outerjoin(CLAIM, CLAIM.c.id == BREACH.c.claim_id)
        .where(BREACH.c.site_id == span.site.id, BREACH.c.base_at >= since, BREACH.c.base_at < until)
        .order_by(*(column.desc() for column in _ORDER))
        .limit(limit + 1)
    )
    if kind is not None:
        query = query.where(BREACH.c.kind == kind)
    if cursor:
        query = query.where(after(_ORDER, cursor, descending=True))
    return span, page_of(
        conn, query, limit, lambda row: miss_of(row, row.reference, span.zone), lambda row: [row.base_at, row.id]
    )


def miss_of(row: object, reference: str | None, zone: ZoneInfo) -> Miss:
    """A missed promise's row as staff see it."""
    told = {name: getattr(row, name) for name in ("base_at", "due_at", "recorded_at", "explained_at")}
    made_at, due_at, recorded_at, explained_at = (at and at.astimezone(zone) for at in told.values())
    found = {name: getattr(row, name) for name in ("id", "kind", "reason")} | {"incident": getattr(row, "incident_id", None)}
    return Miss(reference=reference, made_at=made_at, due_at=due_at, recorded_at=recorded_at, explained_at=explained_at, **found)


def _span(
    conn: Connection, viewer: Viewer, slug: str, days: tuple[date | None, date | None], kit: Kit, act: Act
) -> Span:  # fmt: skip
    (site_id,) = sites_of(conn, viewer, slug, act)
    site = sites.get(conn, site_id)
    last = days[1] or kit.clock.now().astimezone(ZoneInfo(site.time_zone)).date()
    first = days[0] or last - timedelta(days=DAYS - 1)
    if first > last:
        raise BadInput("?from", "days_reversed")
    if (last - first).days >= MOST_DAYS:
        raise BadInput("?from", "days_too_many", limit=MOST_DAYS)
    return Span(site, first, last)


def _by_rule(counts: Counter[Tallied], kit: Kit) -> Mapping[ClockRule, Counter[Tallied]]:
    """Packs that say the same of a promise are one."""
    of_pack = defaultdict[tuple[str, str], Counter[Tallied]](Counter)
    for one, number in counts.items():
        of_pack[one.pack, one.kind][one] = number
    found = defaultdict[ClockRule, Counter[Tallied]](Counter)
    for (pack, kind), of_kind in of_pack.items():
        found[kit.packs.by_version(pack).clocks[kind]].update(of_kind)
    return found


def _promise(rule: ClockRule, site: SiteRow, counts: Counter[Tallied]) -> Promise:
    number, times = Counter[Fate](), defaultdict[Fate, Counter[int]](Counter)
    for one, found in counts.items():
        number[one.what] += found
        times[one.what][one.seconds] += found
    windows = rule.unit in BY_TIME and windows_at(site.hours, "clocks")
    counted = "open_hours" if windows else "without_pauses" if rule.pauses else "elapsed"
    return Promise(
        rule, counted, number[Fate.MADE], number[Fate.KEPT], number[Fate.MISSED], number[Fate.VOID], _times(times[Fate.TOOK]),
        _times(times[Fate.RECEIVED]) if rule.id == PAID_FAST else None,
    )  # fmt: skip


def _times(seconds: Counter[int]) -> Times:
    return Times(seconds.total(), within(seconds, _HALF), within(seconds, _NINE_TENTHS))


def _place(rule: ClockRule) -> tuple[int, int]:
    return REPORTED.index(rule.id), rule.length
