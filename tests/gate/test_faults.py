"""Every statement of every deed that moves money fails, and the process dies at it: all of the deed is there, or nothing is.

Where every row is as before, whatever held before holds; where something was written, `desk verify` is asked.
"""

import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from desk.reads.verify import verify
from desk.worker.timetable import look_after_payouts
from tests.builders import HandClock, HandShelf, kit_on, open_house
from tests.cast import Cast
from tests.conftest import DEEP
from tests.gate.deeds import DEEDS, let_go
from tests.gate.faulty import Picture, Trouble, Watch, die, failing, no_room_past, picture, watching
from tests.gate.mortal import DONE, FAILED, Death, Ledger, Life, Nursery, Scene, attempted, opened, work_off
from tests.till import Till

pytestmark = pytest.mark.slow

ON_FILES = (Trouble.IO_ERROR, Trouble.FULL, Trouble.INTERRUPTED)
"""In which ways a statement fails on a file: by turns, from one statement to the next, and in `make deep` each in all ways."""

FEWEST = 13
"""Points of the shortest deed: twelve of them are the 150 that RELIABILITY asks for, and more."""

PAGE, TORN = 4096 + 24, 2_000
ROUNDS, WHOLE = 8, 100_000_00


class Scenes:
    """The moments before each deed, each on a file that nobody writes to; and what the deed comes to where nothing fails."""

    def __init__(self, folder: Path, furnished: Path, cast: Cast) -> None:
        self.folder, self._furnished, self._cast = folder, furnished, cast
        self._numbers = count(1)
        self._checked = ""
        self._engine = create_engine("sqlite://", creator=lambda: sqlite3.connect(self._checked), poolclass=NullPool)

    async def of(self, name: str) -> Scene:
        """The moment before a deed."""
        file = shutil.copyfile(self._furnished, self.folder / f"{name.replace(' ', '-')}.db")
        return await prepared(name, f"sqlite:///{file}", self._cast)

    def copy(self, scene: Scene) -> str:
        """The same moment on a file of its own."""
        path = Path(scene.database.removeprefix("sqlite:///"))
        return f"sqlite:///{shutil.copyfile(path, self.folder / f'{path.stem}-{next(self._numbers)}.db')}"

    async def clean(self, scene: Scene) -> tuple[Watch, Picture]:
        """The deed where nothing fails: how many statements and commits it takes, and what is there after it."""
        database = self.copy(scene)
        async with opened(scene, database) as front:
            with watching(front.house.desk, Watch(0, die)) as watch:
                assert await attempted(scene, front) == DONE
            return watch, picture(database)

    def holds(self, scene: Scene, database: str) -> None:
        """Expect every invariant to hold; one engine checks all files, so that its statements are compiled once."""
        self._checked = database.removeprefix("sqlite:///")
        with self._engine.connect() as conn:
            report = verify(conn, kit_on(HandClock(scene.deed.at), HandShelf()))
        assert [finding for finding in report.invariants if not finding.ok] == []


@pytest.fixture(scope="module")
def scenes(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Scenes:
    """A furnished desk, and what stands on copies of it."""
    folder = tmp_path_factory.mktemp("faults")
    furnished = Path(shutil.copyfile(sqlite_template, folder / "furnished.db"))

    async def furnish() -> Cast:
        async with open_house(f"sqlite:///{furnished}") as house:
            return house.cast

    return Scenes(folder, furnished, anyio.run(furnish))


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where processes come from that shall die."""
    bearing = Nursery()
    yield bearing
    bearing.close()


def length(file: str) -> int:
    """How many bytes it has."""
    return Path(file).stat().st_size


async def prepared(name: str, database: str, cast: Cast | None) -> Scene:
    """Bring a database to the moment before a deed."""
    async with open_house(database, cast=cast) as house:
        return Scene(name, database, house.cast, await DEEDS[name].prepare(Till(house)))


async def fails_everywhere(scene: Scene, database: str, troubles: Sequence[Trouble]) -> tuple[int, Picture]:
    """Let one statement after the other fail, by turns or each in all these ways, until the deed runs clean.

    Every failure is told, and leaves nothing. Returns how many there were, and what is there in the end.
    """
    before, points = picture(database), 0
    async with opened(scene, database) as front:
        for number in count(1):
            for trouble in troubles if DEEP else troubles[number % len(troubles) :][:1]:
                with watching(front.house.desk, Watch(number, failing(trouble))) as watch:
                    outcome = await attempted(scene, front)
                if not watch.struck:
                    assert outcome == DONE
                    return points, await once_only(scene, front, database)
                assert outcome == FAILED, (number, trouble)
                assert picture(database) == before, (number, trouble)
                points += 1
    raise AssertionError


async def once_only(scene: Scene, front: Any, database: str) -> Picture:  # noqa: ANN401 - Front
    """Make the attempt once more, under its key: nothing changes. What is there."""
    after = picture(database)
    await attempted(scene, front)
    assert picture(database) == after
    return after


@pytest.mark.parametrize("name", DEEDS)
async def test_a_deed_whose_statement_fails_is_told_so_leaves_nothing_and_takes_effect_once_when_tried_again(
    scenes: Scenes, name: str, say: Callable[[str], None]
) -> None:
    scene = await scenes.of(name)
    watch, after = await scenes.clean(scene)
    database = scenes.copy(scene)
    scenes.holds(scene, database)
    points, found = await fails_everywhere(scene, database, ON_FILES)
    assert found.standing == after.standing
    scenes.holds(scene, database)
    assert points == watch.seen * (len(ON_FILES) if DEEP else 1)
    assert points >= FEWEST
    say(f"{name}: {watch.seen} statements failed at {points} points")


@pytest.mark.parametrize("name", DEEDS)
async def test_a_disk_that_takes_no_further_page_takes_all_of_a_deed_or_nothing(
    scenes: Scenes, name: str, say: Callable[[str], None]
) -> None:
    scene = await scenes.of(name)
    _, after = await scenes.clean(scene)
    database = scenes.copy(scene)
    before = picture(database)
    async with opened(scene, database) as front:
        start = length(f"{database.removeprefix('sqlite:///')}-wal")
        for pages in count():
            with no_room_past(start + pages * PAGE + TORN):
                outcome = await attempted(scene, front)
            if outcome == DONE:
                break
            assert picture(database) == before, pages
        found = await once_only(scene, front, database)
    assert pages > 3
    assert found.standing == after.standing
    scenes.holds(scene, database)
    say(f"{name}: the kernel refused {pages} pages one after the other")


@pytest.mark.parametrize("name", DEEDS)
async def test_a_process_that_dies_leaves_all_of_a_deed_or_nothing_and_it_takes_effect_once(
    scenes: Scenes, nursery: Nursery, name: str, say: Callable[[str], None]
) -> None:
    scene = await scenes.of(name)
    before, (watch, after) = picture(scene.database), await scenes.clean(scene)
    assert watch.commits == 1
    deaths = deaths_of(watch)
    for life in die_all(nursery, scenes, scene, deaths):
        death, database = life.death, life.database
        found = picture(database)
        if death.after_commit:
            assert found.standing == after.standing
        else:
            assert found == before, death
        async with opened(scene, database) as front:
            outcome = await attempted(scene, front)
            assert death.after_commit or outcome == DONE
            assert (await once_only(scene, front, database)).standing == after.standing, death
        if death in deaths[-2:]:
            scenes.holds(scene, database)
    say(f"{name}: killed at {len(deaths)} points")


def deaths_of(watch: Watch) -> list[Death]:
    """Before each statement that writes, and after each COMMIT; the last two are those around the last COMMIT."""
    return [*map(Death, watch.writes), *(Death(at, after_commit=True) for at in range(1, watch.commits + 1))]


def die_all(nursery: Nursery, scenes: Scenes, scene: Scene, deaths: Sequence[Death]) -> list[Life]:
    """Let a process of its own die each of these deaths on a copy of the scene."""
    lives = [Life(scene, scenes.copy(scene), death) for death in deaths]
    assert nursery.live(lives) == [signal.SIGKILL] * len(lives)
    return lives


async def test_a_worker_that_dies_or_fails_anywhere_in_its_round_pays_once(
    scenes: Scenes, nursery: Nursery, say: Callable[[str], None]
) -> None:
    scene = await scenes.of("webhook")
    watch = await round_of(scenes, scene)
    deaths = deaths_of(watch)
    lives = [
        Life(scene, copy := scenes.copy(scene), death, Path(f"{copy.removeprefix('sqlite:///')}.ledger"))
        for death in (*deaths, Death(gateway="before"), Death(gateway="after"))
    ]
    assert nursery.live(lives) == [signal.SIGKILL] * len(lives)
    for life in lives:
        await comes_right(scenes, life)
    say(f"a worker's round: killed at {len(lives)} points, paid once each")


async def round_of(scenes: Scenes, scene: Scene) -> Watch:
    """A worker's round where nothing fails: how many statements and commits it takes."""
    database = scenes.copy(scene)
    ledger = Ledger(Path(f"{database.removeprefix('sqlite:///')}.ledger"))
    async with opened(scene, database) as front:
        with watching(front.house.desk, Watch(0, die)) as watch:
            await work_off(front.house.desk, ledger)
        assert (await Till(front.house).payout(scene.on["payout"])).state == "settled"
    return watch


async def comes_right(scenes: Scenes, life: Life) -> None:
    """Let the next worker go on until the payout is settled: it was paid once."""
    assert life.ledger
    ledger, payout = Ledger(life.ledger), life.scene.on["payout"]
    scenes.holds(life.scene, life.database)
    async with opened(life.scene, life.database) as front:
        house = front.house
        await house.desk.write(let_go)
        for _ in range(ROUNDS):
            await look_after_payouts(house.desk)
            await work_off(house.desk, ledger)
            house.clock.go(seconds=31)
        assert (await Till(house).payout(payout)).state == "settled", life.death
        assert ledger.paid() == [f"payout-{payout}"], life.death
        balances = await Till(house).balances()
        assert (balances["reserved"], balances["in_transit"], balances["available"]) == (0, 0, WHOLE - 12_800)
    scenes.holds(life.scene, life.database)


@pytest.mark.parametrize("name", ["reserve", "approve", "send", "record an answer", "webhook"])
async def test_a_deed_whose_session_postgresql_ends_leaves_nothing_and_takes_effect_once(
    postgresql_database: str, name: str, say: Callable[[str], None]
) -> None:
    scene = await prepared(name, postgresql_database, None)
    points, _ = await fails_everywhere(scene, postgresql_database, [Trouble.CUT])
    async with opened(scene, postgresql_database) as front:
        report = await front.house.desk.read(verify, front.house.kit)
    assert [finding for finding in report.invariants if not finding.ok] == []
    say(f"{name}: PostgreSQL ended the session at {points} points")
