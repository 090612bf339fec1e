"""The wall clock, and one that a test can move by a file."""

from datetime import UTC, datetime, timedelta
from pathlib import Path


class WallClock:
    """The machine's clock, in UTC."""

    def now(self) -> datetime:
        """The time now."""
        return datetime.now(UTC)

    def machine_now(self) -> datetime:
        """The same time."""
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock plus the seconds written in a file, read anew each time. Never in production (settings refuse it)."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def now(self) -> datetime:
        """The shifted time; an absent or unreadable file shifts nothing."""
        try:
            seconds = float(self._file.read_text().strip() or 0)
        except (OSError, ValueError):
            seconds = 0.0
        return datetime.now(UTC) + timedelta(seconds=seconds)

    def machine_now(self) -> datetime:
        """The machine's time without the shift."""
        return datetime.now(UTC)
