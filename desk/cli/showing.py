"""How commands show things: one JSON document, lines of CSV or a table for people on stdout; all else goes to stderr."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Csv = Annotated[bool, typer.Option("--csv", help="Print lines for a spreadsheet on stdout.")]
WIDE = 240


def document(data: object) -> None:
    """Print one JSON document."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=_plain) + "\n")


def say(line: str) -> None:
    """Tell the person at the shell something that is no result."""
    sys.stderr.write(f"{line}\n")


def result(line: str) -> None:
    """A result that is one sentence, or stands above a table."""
    sys.stdout.write(f"{line}\n")


def lines(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Lines for a spreadsheet, the columns' names first; no cell of them is ever a formula."""
    from desk.web.csv import csv_line

    for row in (columns, *rows):
        sys.stdout.write(csv_line(row))


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for people: in colour in a terminal unless NO_COLOR is set, plain when piped."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDE).print(shown)


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever JSON does not know
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, frozenset | set):
        return sorted(value)
    msg = f"{type(value).__name__} cannot be shown"
    raise TypeError(msg)
