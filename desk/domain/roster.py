"""The duty roster of a site: for which days somebody can be put on it. Knows no officer."""

from datetime import date, timedelta

SHOWN_DAYS = 14
"""How many days the page shows, from today on."""
MOST_DAYS = 31
"""How many days one answer tells of."""
FURTHEST = timedelta(days=366)


def flaw_in_day(on: date, today: date) -> str | None:
    """What is wrong with putting somebody on duty that day, None where nothing is. Days are the site's."""
    if on < today:
        return "in_past"
    return "too_far" if on - today > FURTHEST else None
