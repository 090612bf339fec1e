"""`desk sites`: the scenic sites of this desk."""

from datetime import time
from typing import Annotated

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

group = typer.Typer(help="The scenic sites of this desk.")


@group.command("add")
def add(
    slug: Annotated[str, typer.Argument(help="Small letters, digits and hyphens, such as huangshan.")],
    name: Annotated[str, typer.Option(help="The name in Chinese.")],
    name_en: Annotated[str, typer.Option(help="The name in English.")],
    phone: Annotated[str, typer.Option(help="The desk's phone, such as '+86 559 5580001'.")],
    spot: Annotated[list[str] | None, typer.Option(help="A place of the site, by slug; several times.")] = None,
    hours: Annotated[str, typer.Option(help="Opening hours of every day, several windows by commas.")] = "08:00-18:00",
    zone: Annotated[str, typer.Option(help="The time zone.")] = "Asia/Shanghai",
    currency: Annotated[str, typer.Option(help="What the site's claims are counted in.")] = "CNY",
    overlay: Annotated[
        str | None, typer.Option(help="A province's own figures, such as cn-henan: see `desk packs list`.")
    ] = None,
    clocks_keep_hours: Annotated[
        bool, typer.Option("--clocks-keep-hours", help="Minute and hour clocks run only in opening hours.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Add a site.

    Example: desk sites add huangshan --name 黄山风景区 --name-en Huangshan --phone "+86 559 5580001" --spot north-gate
    """
    from desk.actions.sites import NewSite, add_site
    from desk.ports import Desk

    new = NewSite(
        slug=slug, name=name, name_en=name_en, phone=phone, spots=tuple(spot or ()), opens=(_windows(hours),) * 7,
        time_zone=zone, currency=currency, overlay=overlay, clocks_keep_hours=clocks_keep_hours,
    )  # fmt: skip

    async def job(desk: Desk) -> None:
        await desk.write(add_site, session.operator(), new)

    session.with_desk(job)
    if as_json:
        showing.document({"slug": slug})
    else:
        showing.say(f"{slug} is added")


@group.command("list")
def list_sites(as_json: Json = False) -> None:
    """List the sites.

    Example: desk sites list --json
    """
    from desk.ports import Desk
    from desk.reads.sites import site_list
    from desk.store.tables import SiteRow

    async def job(desk: Desk) -> list[SiteRow]:
        return await desk.read(site_list, session.operator())

    found = session.with_desk(job)
    if as_json:
        showing.document([site.model_dump(exclude={"id", "caps"}) for site in found])
    else:
        rows = [(site.slug, site.name, site.name_en, site.phone, site.time_zone, site.overlay) for site in found]
        showing.table(("slug", "name", "in English", "phone", "zone", "overlay"), rows)


def _windows(text: str) -> tuple[tuple[time, time], ...]:
    try:
        pairs = [part.strip().split("-") for part in text.split(",")]
        return tuple((time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip())) for opens, closes in pairs)
    except ValueError:
        raise Failure(Exit.USAGE, "--hours is written like 08:00-18:00 or 08:00-12:00,13:30-20:00") from None
