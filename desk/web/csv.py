"""CSV for people who open it in a spreadsheet: no cell of it is ever a formula. Knows no list."""

import csv
import io
from collections.abc import Iterable

LEADS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Source: RELIABILITY I40."""


def csv_line(cells: Iterable[object]) -> str:
    """One row, RFC 4180; None is an empty cell, and a text that a spreadsheet would calculate is marked as text."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(LEADS_FORMULA) else text
