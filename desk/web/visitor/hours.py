"""When somebody is at the service counter, in one honest sentence."""

from datetime import datetime
from zoneinfo import ZoneInfo

from desk.domain.opening import next_span, windows_at
from desk.reads.sites import SiteRow
from desk.wording import figures
from desk.wording.catalogue import text


def counter_hours(site: SiteRow, now: datetime, language: str) -> str:
    """Open until when, or closed and opening when, at the site's own time."""
    windows, zone = windows_at(site.hours, "open"), ZoneInfo(site.time_zone)
    if not windows:
        return text("page.hours.always", language)
    opens, closes = next_span(now, windows, zone)
    if opens <= now:
        return text("page.hours.open", language, until=figures.at(closes, language, zone=zone, now=now))
    return text("page.hours.closed", language, opens=figures.at(opens, language, zone=zone, now=now))
