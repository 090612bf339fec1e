"""The demo's clock: the day at a pace, by the file that every process of the desk reads. Never runs backwards, waits for acts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 10, 1, tzinfo=ZONE)
"""The first day of Golden Week. What happens in it is told in seconds since this midnight."""

STEP_SECONDS = 0.1


def clock_time(seconds: int) -> str:
    """`14:02` of seconds since midnight."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}"


class Pace:
    """Moves the clock. Between two rewritings of the file the desk's time goes on as the machine's does."""

    def __init__(self, file: Path, speed: float) -> None:
        self._file, self._speed = file, speed
        self._offset = timedelta(days=-36_500)
        self._began, self._from = 0.0, DAY

    def put(self, seconds: int) -> None:
        """The time is at least this now."""
        self._at_least(DAY + timedelta(seconds=seconds))

    def begin(self, seconds: int) -> None:
        """From here on the day runs at its pace."""
        self.put(seconds)
        self._began, self._from = time.monotonic(), DAY + timedelta(seconds=seconds)

    def is_running(self) -> bool:
        """Whether the day has begun."""
        return self._began > 0

    def until(self, seconds: int) -> Iterator[None]:
        """Let time pass until then, a moment of the machine's at a time. A day that is late runs no further than this either."""
        aim = DAY + timedelta(seconds=seconds)
        while (ideal := self._ideal()) < aim:
            self._at_least(ideal)
            yield
            time.sleep(min(STEP_SECONDS, (aim - ideal).total_seconds() / self._speed))
        self._at_least(aim)

    def now(self) -> datetime:
        """The desk's time, at the site."""
        return (datetime.now(UTC) + self._offset).astimezone(ZONE)

    def _ideal(self) -> datetime:
        return self._from + timedelta(seconds=(time.monotonic() - self._began) * self._speed)

    def _at_least(self, moment: datetime) -> None:
        offset = moment - datetime.now(UTC)
        if offset > self._offset:
            self._offset = offset
            fresh = self._file.with_suffix(".new")
            fresh.write_text(f"{offset.total_seconds():.6f}", encoding="ascii")
            fresh.replace(self._file)
