"""How a deadline was counted, one line a day or stretch, in the reader's language. Counts nothing."""

from datetime import tzinfo

from desk.domain.clocks import Line
from desk.domain.pack import PAUSE_REASONS
from desk.wording import figures
from desk.wording.catalogue import text
from desk.wording.labels import label


def line_text(line: Line, language: str, *, zone: tzinfo) -> str:
    """One line of a working, as `Friday 2 October 2026 · 1 · working day`."""
    parts = [figures.day(line.day, language)]
    if line.from_at and line.to_at:
        parts.append(f"{line.from_at.astimezone(zone):%H:%M:%S}–{line.to_at.astimezone(zone):%H:%M:%S}")
    if line.number is not None:
        parts.append(text("working.minutes" if line.from_at else "working.number", language, number=line.number))
    parts.append(label("day", line.kind, language))
    if line.note:
        parts.append(label("pause" if line.note in PAUSE_REASONS else "note", line.note, language))
    return " · ".join(parts)
