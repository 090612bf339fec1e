"""`desk calendar`: which years' holidays are known, and publishing a new one."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.store.calendar import PublishedYear

group = typer.Typer(help="The working-day calendar.")
SATURDAY = 5
KEYS = {"year", "source", "rest", "makeup"}


@group.command("list")
def list_years(as_json: Json = False) -> None:
    """List the published years, where each was announced, and how many days it moves.

    Example: desk calendar list --json
    """
    from desk.actions.calendar import YearRead, published_years
    from desk.ports import Desk

    async def job(desk: Desk) -> list[YearRead]:
        return await desk.read(published_years, session.operator())

    found = session.with_desk(job)
    if as_json:
        showing.document(found)
    else:
        rows = [(each.year, each.rest_days, each.makeup_days, each.source) for each in found]
        showing.table(("year", "rest days", "make-up days", "source"), rows)


@group.command("publish")
def publish(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="TOML: year, source, rest = [dates], makeup = [dates].")
    ],
    as_json: Json = False,
) -> None:
    """Publish a year's holidays and count every provisional deadline anew. The same file twice changes nothing.

    Rest days that fall on a weekend and make-up days on a weekday change nothing and may be listed.

    Example: desk calendar publish 2027.toml
    """
    from desk.actions.calendar import publish_year
    from desk.ports import Desk
    from desk.worker.housekeeping import recount_all

    year = _read(file)

    async def job(desk: Desk) -> int:
        await desk.write(publish_year, session.operator(), year)
        return await recount_all(desk)

    recounted = session.with_desk(job)
    if as_json:
        showing.document({"year": year.year, "days": len(year.days), "recounted": recounted})
    else:
        showing.say(f"{year.year} is published; {recounted} claims with provisional deadlines were counted anew")


def _read(file: Path) -> "PublishedYear":
    import tomllib

    from desk.store.calendar import PublishedYear

    try:
        table: dict[str, Any] = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise Failure(Exit.USAGE, f"{file.name}: is not TOML: {' '.join(str(problem).split())}") from None
    if table.keys() != KEYS or type(table["year"]) is not int or not isinstance(table["source"], str):
        raise Failure(Exit.USAGE, f"{file.name}: must hold year (a number), source (text), rest and makeup (lists of dates)")
    rests, works = _days(file, table["rest"]), _days(file, table["makeup"])
    if both := sorted(rests & works):
        raise Failure(Exit.USAGE, f"{file.name}: {both[0]} cannot both rest and work")
    days = {day: False for day in rests if day.weekday() < SATURDAY} | {day: True for day in works if day.weekday() >= SATURDAY}
    return PublishedYear(table["year"], table["source"], days)


def _days(file: Path, listed: object) -> set[date]:
    if not isinstance(listed, list) or any(type(day) is not date for day in listed):
        raise Failure(Exit.USAGE, f"{file.name}: rest and makeup are lists of dates such as 2027-01-01")
    return set(listed)
