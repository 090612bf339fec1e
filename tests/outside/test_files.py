"""Files in their folder: whole or not there, mode 0600, found again when nobody claims them."""

import errno
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import pytest

from desk.domain.errors import StorageFull
from desk.outside.files import FolderFiles
from tests.exhibits import standing_on

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def test_a_file_is_kept_read_and_dropped(tmp_path: Path) -> None:
    files, folder = FolderFiles(tmp_path / "evidence"), tmp_path / "evidence"
    assert (files.size("a"), files.untouched(0, LONG_AGO)) == (None, [])
    files.keep("a", b"content")
    assert (files.fetch("a"), files.size("a")) == (b"content", 7)
    assert ((folder / "a").stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert standing_on(folder) == {"a"}
    for _ in range(2):
        files.drop("a")
    with pytest.raises(FileNotFoundError):
        files.fetch("a")


@pytest.mark.parametrize("failing", ["fsync", "write", "rename", "folder"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT])
def test_a_full_or_failing_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, code: int
) -> None:
    files = FolderFiles(tmp_path)

    def fail(*_: object, **__: object) -> NoReturn:
        raise OSError(code, os.strerror(code))

    where = {"fsync": "os.fsync", "write": "desk.outside.files._write", "folder": "desk.outside.files._sync_folder"}
    monkeypatch.setattr(where[failing], fail) if failing in where else monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(StorageFull):
        files.keep("a", b"content")
    assert standing_on(tmp_path) == set()


def test_a_disk_that_is_really_full_is_told(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "a.part").symlink_to(full)
    with pytest.raises(StorageFull):
        FolderFiles(tmp_path).keep("a", b"content")
    assert standing_on(tmp_path) == set()


def test_names_are_listed_once_nobody_touched_them_for_a_while_but_not_those_from_before(tmp_path: Path) -> None:
    files, now = FolderFiles(tmp_path), time.time()
    for name, age in (("old", 7_200), ("young", 60), ("ancient", 900_000), ("old.part", 7_200)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (now - age, now - age))
    assert files.untouched(3_600, datetime.now(UTC) - timedelta(days=1)) == ["old", "old.part"]
    assert files.untouched(3_600, LONG_AGO) == ["ancient", "old", "old.part"]
