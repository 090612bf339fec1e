"""Setting up a new database: its keys' names and its first calendar. Makes no schema and no site."""

from desk.actions.calendar import seed_calendar
from desk.ports import Work
from desk.store import installation


def install(work: Work) -> None:
    """Bind a new database to the keys in use and seed its calendar; on one that is set up already, nothing changes."""
    installation.lock(work.conn)
    if installation.find(work.conn) is None:
        installation.add(work)
    seed_calendar(work)
