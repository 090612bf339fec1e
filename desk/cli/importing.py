"""Bringing a file of published cases in through the desk's own actions, a few at a time, with a bar for whoever watches."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desk.actions.cases import (
    Judged,
    disagreement,
    judge_case,
    known_cases,
    load_published_cases,
    lodging_of,
    site_day,
    source_key,
)
from desk.actions.intake import lodge_claim
from desk.cli.exits import Exit, Failure
from desk.cli.progress import bar
from desk.cli.session import acting_as, operator
from desk.domain.policy import Viewer
from desk.packs.cases import PublishedCase
from desk.ports import Desk
from desk.reads.officers import intake_officer

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to; `added` is how many claims were not there before."""

    claims: int
    agree: int
    added: int
    officer: str
    disagree: list[dict[str, Any]]


async def import_cases(desk: Desk, file: Path, site: str, officer: str | None) -> Imported:
    """Lodge and judge every case of the file that is new, give back what was judged before, and compare with the labels."""
    cases = load_published_cases(file)
    viewer = await acting_as(desk, officer) if officer else await _first_at(desk, site)
    before = await desk.read(known_cases, viewer, site, cases)
    today = await desk.read(site_day, site, desk.kit)
    with bar("cases", len(cases)) as advance:

        async def bring(case: PublishedCase) -> Judged:
            if source_key(case) not in before:
                await desk.append(lodge_claim(desk.kit, viewer, lodging_of(case, site, today)))
            judged = await desk.write(judge_case, viewer, site, case)
            advance(1)
            return judged

        judged = await _a_few_at_a_time(cases, bring)
    disagree = [found for case, one in zip(cases, judged, strict=True) if (found := disagreement(case, one))]
    return Imported(len(cases), len(cases) - len(disagree), len(cases) - len(before), viewer.name, disagree)


async def _first_at(desk: Desk, site: str) -> Viewer:
    asking = operator()
    viewer = await desk.read(intake_officer, asking, site)
    if viewer is None:
        raise Failure(Exit.NOT_FOUND, f"{site} is no site with an intake officer: name one with --as")
    return viewer.under(asking.request_id)


async def _a_few_at_a_time(cases: Sequence[PublishedCase], bring: Callable[[PublishedCase], Awaitable[Judged]]) -> list[Judged]:
    """All cases in their order, sixteen under way at once, so that their rows share commits."""
    judged: list[Judged] = []
    for start in range(0, len(cases), AT_ONCE):
        judged += await asyncio.gather(*(bring(case) for case in cases[start : start + AT_ONCE]))
    return judged
