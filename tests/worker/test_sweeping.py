"""Files that did not become evidence: whatever ended the attempt, no row is without its file, and the sweeper takes the rest."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from desk.actions import evidence
from desk.domain.errors import StorageFull, WrongMoment
from desk.domain.evidence import Shows
from desk.outside.files import FolderFiles
from desk.worker.housekeeping import sweep_files
from tests.builders import House, open_house
from tests.exhibits import picture, standing_on
from tests.house import tree


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A desk on either engine."""
    async with open_house(database) as opened:
        yield opened


def aged(folder: Path, seconds: float) -> None:
    """Let every file in the folder be so old."""
    then = time.time() - seconds
    for path in folder.iterdir():
        os.utime(path, (then, then))


async def taken(house: House, files: FolderFiles, reference: str) -> evidence.Taken:
    """A file that was stored and has no row yet."""
    door = await house.desk.write(evidence.open_door, house.cast.olga, reference, house.attempt("file"))
    assert isinstance(door, evidence.Door)
    upload = evidence.Upload(picture(), "a.jpg", Shows.PHOTO, hashlib.sha256(picture()).hexdigest())
    return evidence.take_file(replace(house.kit, files=files), door, upload)


class Sweeper:
    """The doors of a desk whose files lie in a folder of the test's own."""

    def __init__(self, house: House, folder: Path) -> None:
        self.kit = replace(house.kit, files=FolderFiles(folder))
        self.read = house.desk.read
        self.write = house.desk.write


async def test_a_file_without_a_row_is_swept_after_an_hour_and_evidence_is_not(house: House, tmp_path: Path) -> None:
    folder, reference = tmp_path / "evidence", (await house.lodge()).reference
    files = FolderFiles(folder)
    kept, lost = await taken(house, files, reference), await taken(house, files, reference)
    await house.desk.write(evidence.add_evidence, house.cast.olga, reference, kept)
    (folder / f"{'a' * 32}.original.part").write_bytes(b"half")
    aged(folder, 3_000)
    assert await sweep_files(Sweeper(house, folder)) == 0  # type: ignore[arg-type] # the three doors it needs
    aged(folder, 3_700)
    assert await sweep_files(Sweeper(house, folder)) == 3  # type: ignore[arg-type] # the same
    assert standing_on(folder) == {f"{kept.file_id}.original", f"{kept.file_id}.view"}
    assert lost.file_id != kept.file_id


async def test_files_from_before_this_database_are_left_alone(house: House, tmp_path: Path) -> None:
    folder = tmp_path / "evidence"
    FolderFiles(folder).keep(f"{'b' * 32}.original", b"of another database")
    aged(folder, 10 * 365 * 86_400)
    assert await sweep_files(Sweeper(house, folder)) == 0  # type: ignore[arg-type] # the three doors it needs
    assert standing_on(folder) == {f"{'b' * 32}.original"}


async def test_a_disk_that_fills_up_between_original_and_copy_leaves_neither(house: House, tmp_path: Path) -> None:
    folder, reference = tmp_path / "evidence", (await house.lodge()).reference

    class Filling(FolderFiles):
        def keep(self, name: str, content: bytes) -> None:
            if name.endswith(".view"):
                raise StorageFull
            super().keep(name, content)

    with pytest.raises(StorageFull):
        await taken(house, Filling(folder), reference)
    assert standing_on(folder) == set()


async def test_a_claim_that_ends_meanwhile_takes_no_row(house: House, tmp_path: Path) -> None:
    folder, reference = tmp_path / "evidence", (await house.lodge()).reference
    stored = await taken(house, FolderFiles(folder), reference)
    await house.withdraw(reference)
    with pytest.raises(WrongMoment):
        await house.desk.write(evidence.add_evidence, house.cast.olga, reference, stored)
    assert len(standing_on(folder)) == 2


async def test_a_row_that_cannot_be_written_leaves_nothing_but_files_for_the_sweeper(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, reference = tmp_path / "evidence", (await house.lodge()).reference
    stored = await taken(house, FolderFiles(folder), reference)

    def fail(*_: object, **__: object) -> NoReturn:
        raise RuntimeError

    monkeypatch.setattr("desk.actions.evidence.record", fail)
    with pytest.raises(RuntimeError):
        await house.desk.write(evidence.add_evidence, house.cast.olga, reference, stored)
    assert await house.desk.read(evidence.orphans, sorted(standing_on(folder))) == sorted(standing_on(folder))
    aged(folder, 3_700)
    assert await sweep_files(Sweeper(house, folder)) == 2  # type: ignore[arg-type] # the three doors it needs


KILLED = """
import os, signal, sys
from pathlib import Path
from desk.outside import files
folder, moment = Path(sys.argv[1]), sys.argv[2]
real = getattr(os, moment)
def die(*args):
    if moment == "rename" or len(list(folder.iterdir())) >= 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*args)
setattr(os, moment, die)
files.FolderFiles(folder).keep("a" * 32 + ".original", b"x" * 100_000)
"""


@pytest.mark.parametrize("moment", ["fsync", "rename"])
def test_a_kill_while_a_file_is_written_leaves_no_file_of_that_name(tmp_path: Path, moment: str) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path), moment], cwd=tree.ROOT, check=False)
    assert done.returncode == -9
    assert standing_on(tmp_path) == {f"{'a' * 32}.original.part"}
