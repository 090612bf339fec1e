"""What the terminal shows of the day: a line for each event of interest, and counters drawn in place. Counts nothing itself.

Where no terminal is, the counters are a line an hour.
"""

import io
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

import segno
from rich import box
from rich.console import Console
from rich.live import Live
from rich.table import Table

from desk.demo.clock import clock_time
from desk.demo.counters import Figures
from desk.domain.money import text_of
from desk.wording import figures
from desk.wording.catalogue import text

REDRAW_SECONDS = 0.7
A_ROW = 3
WHITE_ON_BLACK, PLAIN = "\x1b[97;40m", "\x1b[0m"
DRAWN = ("time", "lodged", "paid", "decided", "refunds", "available", "docketed", "overdue", "missed")
SAID = ("lodged", "decided", "refunds", "paid", "docketed", "overdue", "missed", "available")
"""The figures row by row as they are drawn, the wide ones in one column, and in a line."""


class Board:
    """The terminal while the day goes on."""

    def __init__(self, language: str, count: Callable[[], tuple[datetime, Figures]]) -> None:
        self._language, self._count = language, count
        self._console = Console(highlight=False, markup=False, soft_wrap=True)
        self._live: Live | None = None
        self._next, self._hour = 0.0, -1

    @contextmanager
    def drawn(self) -> Iterator[None]:
        """The counters stand below the lines while the block runs."""
        if not self._console.is_terminal:
            yield
            return
        with Live(console=self._console, auto_refresh=False) as self._live:
            yield
        self._live = None

    def tell(self, seconds: int, key: str, **params: object) -> None:
        """One thing that happened, at its own time."""
        self._console.print(f"{clock_time(seconds)}  {text(f'demo.line.{key}', self._language, **params)}")

    def refresh(self) -> None:
        """Count and draw again, unless that was done a moment ago."""
        if time.monotonic() < self._next:
            return
        now, found = self._count()
        cells = {"time": f"{now:%H:%M}", **cells_of(found, self._language)}
        if self._live:
            self._live.update(self._table(cells), refresh=True)
        elif now.hour != self._hour:
            self._hour = now.hour
            said = ", ".join(f"{self._head(name)} {cells[name]}" for name in SAID)
            self._console.print(f"{cells['time']}  [{said}]")
        self._next = time.monotonic() + REDRAW_SECONDS

    def _table(self, cells: Mapping[str, str]) -> Table:
        """Three figures a row, so that it fits the narrowest terminal in every language."""
        table = Table(box=box.ROUNDED, show_header=False, title=text("demo.board", self._language), title_justify="left")
        for column in range(2 * A_ROW):
            table.add_column(justify="right" if column % 2 else "left", style="bold" if column % 2 else "dim", no_wrap=True)
        said = [part for name in DRAWN for part in (self._head(name), cells[name])]
        for start in range(0, len(said), 2 * A_ROW):
            table.add_row(*said[start : start + 2 * A_ROW])
        return table

    def _head(self, name: str) -> str:
        return text(f"demo.board.{name}", self._language)


def cells_of(found: Figures, language: str) -> dict[str, str]:
    """The figures as they are read, by name."""
    sums = {"paid": found.paid, "available": found.available}
    counts = {name: str(getattr(found, name)) for name in SAID if name not in sums}
    return {**counts, **{name: money(minor, language) for name, minor in sums.items()}}


def money(minor: int, language: str) -> str:
    """A sum of yuan, which may be zero."""
    return figures.figure(text_of(minor, "CNY"), "CNY", language)


def qr_blocks(address: str) -> str:
    """An address as a QR code made of a terminal's blocks, for a phone's camera."""
    drawn = io.StringIO()
    segno.make(address, error="m").terminal(out=drawn, compact=True)
    if not sys.stdout.isatty():
        return drawn.getvalue()
    # Light on dark whatever the terminal's own colours: cameras read no negative.
    return "\n".join(f"{WHITE_ON_BLACK}{line}{PLAIN}" for line in drawn.getvalue().splitlines())


def say(line: str) -> None:
    """One line, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
