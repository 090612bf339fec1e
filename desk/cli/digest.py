"""`desk digest`: how a site stood when a digest was due, or stands now. Shows no person, changes and sends nothing."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session, showing
from desk.cli.exits import language
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.digests import DigestView

Site = Annotated[str, typer.Option(help="The site's slug.")]
At = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M"], help="Site time: the digest due last by then; left out, as things stand now."),
]


def digest(site: Site, at: At = None, as_json: Json = False) -> None:
    """Show the digest of a site that was due last at a time of its own clock, as it was kept, or how the site stands now.

    The newest one that no worker has made yet is put together from what is known now; `id` is null then.

    Example: desk digest --site huangshan --at 2026-10-01T14:00
    """
    from desk.web.api.digests import DigestOut

    async def job(desk: "Desk") -> "DigestView":
        from desk.reads.digests import digest_at, digest_now

        if at is None:
            return await desk.read(digest_now, session.operator(), site, desk.kit)
        return await desk.read(digest_at, session.operator(), site, at, desk.kit)

    absent = f"there is no site {site}, or no digest of it was made then: `desk sites list` shows the sites"
    view = session.with_desk(job, absent=absent)
    if as_json:
        showing.document(DigestOut.of(view, language()).model_dump(mode="json"))
        return
    for line in _lines(view):
        showing.result(line)
    showing.say(_told(view, kept_at_due=at is not None))


def _lines(view: "DigestView") -> list[str]:
    from desk.wording.catalogue import text
    from desk.wording.digests import alerts_line, figure_lines, needs_lines, sentence

    spoken, known = language(), view.figures
    needs = [f"- {line}" for _, line in needs_lines(known, spoken)] or [text("digest.needs.none", spoken)]
    shown = [f"{name}{text('page.colon', spoken)}{value}" for name, value in figure_lines(known, spoken)]
    return [
        sentence(known, view.due_at.date(), spoken), "", text("digest.needs", spoken), *needs, "", alerts_line(known, spoken), "",
        *shown,
    ]  # fmt: skip


def _told(view: "DigestView", *, kept_at_due: bool) -> str:
    if view.id is not None:
        return f"due {view.due_at:%Y-%m-%d %H:%M}, made {view.made_at:%Y-%m-%d %H:%M}, site time"
    if kept_at_due:
        return f"due {view.due_at:%Y-%m-%d %H:%M} site time; no worker has made it yet, this is as things stand now"
    return f"as things stand now, {view.due_at:%Y-%m-%d %H:%M} site time; kept nowhere"
