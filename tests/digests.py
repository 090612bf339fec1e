"""Short ways to digests on a test house: the worker's planning and making, letters handed to a postman, somebody on duty."""

from datetime import date, timedelta
from itertools import count

from sqlalchemy import Connection, select

from desk.actions.checks import Checked
from desk.actions.digests import DIGEST, LETTER, plan_digests
from desk.actions.jobs import lease_jobs
from desk.actions.roster import OnDuty, add_duty, change_mail
from desk.domain.policy import Viewer
from desk.ports import Courier, Work
from desk.store import digests, sites
from desk.store.digest_counts import figures_of
from desk.store.tables import DigestLetterRow, DigestRow, metadata
from desk.worker.jobs import HANDLERS, Means
from tests.builders import House
from tests.cast import HOME

DAYS = count(1)
DIGESTS, LETTERS = metadata.tables["digest"], metadata.tables["digest_letter"]


async def worked(house: House, courier: Courier | None = None, *, letters: bool = True) -> int:
    """Plan what is due and do every job about digests, as a worker does; how many there were."""
    means, done = Means(house.desk, None, lambda: Checked(0, ()), courier), 0
    await house.desk.write(plan_digests)
    kinds = (DIGEST, LETTER) if letters else (DIGEST,)
    while leases := [one for one in await house.desk.write(lease_jobs, "test", 16) if one.kind in kinds]:
        for lease in leases:
            await HANDLERS[lease.kind](means, lease)
        done += len(leases)
    return done


async def all_digests(house: House, site: str = HOME) -> list[DigestRow]:
    """Every digest of a site, oldest first."""
    return await house.desk.read(_digests, house.cast.sites[site])


async def all_letters(house: House) -> list[DigestLetterRow]:
    """Every letter, oldest first."""
    return await house.desk.read(_letters)


async def put_on(house: House, name: str = "Olga", on: date | None = None, by: Viewer | None = None, site: str = HOME) -> OnDuty:
    """Put somebody on duty; without a day on another one each time."""
    day = on or date(2026, 9, 10) + timedelta(days=next(DAYS) % 300)
    return await house.desk.write(add_duty, by or house.cast.ma, site, day, name)


async def reached_at(house: House, viewer: Viewer, address: str) -> None:
    """Let an officer enter their mail address."""
    await house.desk.write(change_mail, viewer, address)


async def kept(house: House, site: str = HOME) -> int:
    """The id of a digest of some time before today, without any worker."""
    return await house.desk.write(_keep, house.cast.sites[site])


def _keep(work: Work, site_id: int) -> int:
    site, number = sites.get(work.conn, site_id), work.kit.lots.number()
    figures = figures_of(work.conn, site, work.now.date(), work.now, work.kit.shelf.calendar)
    due = work.now - timedelta(days=400, minutes=next(DAYS))
    row = {
        "id": number, "site_id": site_id, "due_at": due, "made_at": work.now, "told": "managers", "quiet": False,
        "figures": figures.kept(),
    }  # fmt: skip
    digests.add(work, row, [])
    return number


def _digests(conn: Connection, site_id: int) -> list[DigestRow]:
    mine = select(DIGESTS).where(DIGESTS.c.site_id == site_id).order_by(DIGESTS.c.due_at)
    return [DigestRow(**row) for row in conn.execute(mine).mappings()]


def _letters(conn: Connection) -> list[DigestLetterRow]:
    return [DigestLetterRow(**row) for row in conn.execute(select(LETTERS).order_by(LETTERS.c.id)).mappings()]
