"""Sealed files in a folder outside anything that is served. What they are and who may read them is decided elsewhere."""

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from desk.domain.errors import StorageFull

_PART = ".part"


class FolderFiles:
    """`ports.Files`: one file a name, mode 0600, whole or not there at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, name: str, content: bytes) -> None:
        """Store under a new name, on the disk itself before this returns. Raises StorageFull; then nothing is left."""
        part, whole = self._folder / f"{name}{_PART}", self._folder / name
        with _told_as_full():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                _write(part, content)
                part.rename(whole)
                _sync_folder(self._folder)
            except BaseException:
                for left in (part, whole):
                    left.unlink(missing_ok=True)
                raise

    def fetch(self, name: str) -> bytes:
        """What was stored. Raises FileNotFoundError."""
        return (self._folder / name).read_bytes()

    def size(self, name: str) -> int | None:
        """Bytes stored under a name, None when it is not there."""
        try:
            return (self._folder / name).stat().st_size
        except FileNotFoundError:
            return None

    def drop(self, name: str) -> None:
        """Delete; twice is no trouble."""
        (self._folder / name).unlink(missing_ok=True)

    def untouched(self, seconds: float, since: datetime) -> list[str]:
        """Names whose files were last written longer ago than `seconds`, but not before `since`, in order."""
        if not self._folder.is_dir():
            return []
        until = time.time() - seconds
        with os.scandir(self._folder) as entries:
            return sorted(entry.name for entry in entries if since.timestamp() <= entry.stat().st_mtime <= until)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """The name, too, must outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told_as_full() -> Iterator[None]:
    try:
        yield
    except OSError as failure:
        raise StorageFull from failure
