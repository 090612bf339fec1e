"""CSV for people who open it in a spreadsheet: no cell of it is ever a formula. Knows no list."""

import csv
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from fastapi.responses import StreamingResponse

from desk.reads.pages import Page

LEADS_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""Source: RELIABILITY I40."""

View = TypeVar("View")


async def csv_file(
    name: str, columns: Iterable[str], cells: Callable[[View], Iterable[object]],
    page_after: Callable[[str | None], Awaitable[Page[View]]],
) -> StreamingResponse:  # fmt: skip
    """A list as a file: a page at a time, so that a long one is never in memory whole and no read is held open.

    The first page is read before the answer begins, so that whatever reading it raises is still an answer of its own.
    """
    first = await page_after(None)

    async def lines() -> AsyncIterator[str]:
        page = first
        yield csv_line(columns) + _lines(page)
        while page.next:
            page = await page_after(page.next)
            yield _lines(page)

    def _lines(page: Page[View]) -> str:
        return "".join(csv_line(cells(view)) for view in page.lines)

    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingResponse(lines(), headers=headers, media_type="text/csv; charset=utf-8")


def csv_line(cells: Iterable[object]) -> str:
    """One row, RFC 4180; None is an empty cell, and a text that a spreadsheet would calculate is marked as text."""
    line = io.StringIO()
    csv.writer(line).writerow([_cell(cell) for cell in cells])
    return line.getvalue()


def _cell(cell: object) -> str:
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(LEADS_FORMULA) else text
