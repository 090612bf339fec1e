"""A run through past verdicts for programs: JSON, and lines of CSV. Tables for people are `replay_tables`.

Names no person: a claim is told by its reference, an officer not at all.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from desk.cli import showing
from desk.cli.replaying import Ran
from desk.domain.money import text_of

if TYPE_CHECKING:
    from desk.domain.replaying import Change, FundDay, Moved, Replay, Sum
    from desk.domain.triage import Reason
    from desk.reads.past_verdicts import Window

CHANGE_COLUMNS = (
    "reference", "site", "day", "made", "pack", "before", "after", "gained", "lost", "into_fast", "out_of_fast", "currency"
)  # fmt: skip
DAY_COLUMNS = (
    "day", "currency", "before_number", "before_amount", "after_number", "after_amount", "paid_number", "paid_amount"
)  # fmt: skip


def run_as_json(ran: Ran, window: "Window") -> dict[str, object]:
    """The window, how many verdicts changed, the money moved by currency, and every change."""
    from desk.domain.replaying import moved

    changes = in_order(ran.replay)
    rerouted = sum(change.rerouted for change in changes)
    return {
        "site": window.site, "from": window.first, "to": window.last,
        "looked_at": ran.replay.looked_at, "changed_route": rerouted, "changed_reasons": len(changes) - rerouted,
        "no_verdict": ran.undecided, "unreadable": len(ran.unreadable),
        "moved": [_moved_as_json(currency, sums) for currency, sums in moved(changes).items()],
        "changes": [_change_as_json(change) for change in changes],
    }  # fmt: skip


def days_as_json(replay: "Replay") -> list[dict[str, object]]:
    """By currency: each day's fast refunds as they were, as they would be, and what was paid; then the total."""
    return [
        {
            "currency": currency,
            "days": [{"day": on, **_day_as_json(day, currency)} for on, day in days_of(replay, currency)],
            "total": _day_as_json(replay.total(currency), currency),
        }
        for currency in currencies(replay)
    ]


def change_lines(replay: "Replay") -> None:
    """CSV, a line a change. Money is never negative there: a spreadsheet would take the sign for a formula."""
    showing.lines(CHANGE_COLUMNS, (_change_line(change) for change in in_order(replay)))


def day_lines(replay: "Replay") -> None:
    """CSV, a line a day and currency."""
    days = ((on, currency, day) for currency in currencies(replay) for on, day in days_of(replay, currency))
    showing.lines(DAY_COLUMNS, (_day_line(on, currency, day) for on, currency, day in days))


def in_order(replay: "Replay") -> list["Change"]:
    """The changes by day, then reference."""
    return sorted(replay.changes, key=lambda change: (change.on, change.reference))


def currencies(replay: "Replay") -> list[str]:
    """Every currency in which something was or would be paid, in order of the codes."""
    return sorted({currency for currency, _ in replay.days})


def days_of(replay: "Replay", currency: str) -> Iterator[tuple[date, "FundDay"]]:
    """The days of a currency, in order; days without money are left out."""
    return ((on, replay.days[each, on]) for each, on in sorted(replay.days) if each == currency)


def _moved_as_json(currency: str, sums: "Moved") -> dict[str, object]:
    into, out = _sum_as_json(sums.into_fast, currency), _sum_as_json(sums.out_of_fast, currency)
    return {"currency": currency, "net": text_of(sums.net_minor, currency), "into_fast": into, "out_of_fast": out}


def _change_as_json(change: "Change") -> dict[str, object]:
    from desk.domain.judged import reason_as_json

    return {
        "reference": change.reference, "site": change.site, "day": change.on, "made": change.made, "pack": change.pack,
        "before": change.before.value, "after": change.after.value,
        "gained": [reason_as_json(reason) for reason in change.gained],
        "lost": [reason_as_json(reason) for reason in change.lost],
        "moved": {"amount": text_of(change.moved_minor, change.currency), "currency": change.currency},
    }  # fmt: skip


def _day_as_json(day: "FundDay", currency: str) -> dict[str, object]:
    before, after, paid = (_sum_as_json(sums, currency) for sums in (day.before, day.after, day.paid))
    return {"before": before, "after": after, "difference": text_of(day.difference_minor, currency), "paid": paid}


def _sum_as_json(sums: "Sum", currency: str) -> dict[str, object]:
    return {"number": sums.number, "amount": text_of(sums.minor, currency)}


def _change_line(change: "Change") -> tuple[object, ...]:
    into, out = max(change.moved_minor, 0), max(-change.moved_minor, 0)
    return (
        change.reference, change.site, change.on, change.made, change.pack, change.before, change.after,
        "; ".join(map(_compared, change.gained)), "; ".join(map(_compared, change.lost)),
        text_of(into, change.currency), text_of(out, change.currency), change.currency,
    )  # fmt: skip


def _day_line(on: date, currency: str, day: "FundDay") -> tuple[object, ...]:
    before, after, paid = (text_of(sums.minor, currency) for sums in (day.before, day.after, day.paid))
    return on, currency, day.before.number, before, day.after.number, after, day.paid.number, paid


def _compared(reason: "Reason") -> str:
    return f"{reason.code} ({reason.figure} / {reason.limit})" if reason.figure else reason.code
