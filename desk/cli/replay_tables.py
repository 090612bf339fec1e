"""How a run through past verdicts is shown: each change, the money moved, the fund's days; as tables, JSON and CSV lines.

Names no person: a claim is told by its reference, an officer not at all.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from desk.cli import exits, showing
from desk.cli.replaying import Ran
from desk.domain.money import text_of

if TYPE_CHECKING:
    from desk.domain.replaying import Change, FundDay, Replay, Sum
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
    return {
        "site": window.site, "from": window.first, "to": window.last,
        "looked_at": ran.replay.looked_at,
        "changed_route": sum(change.rerouted for change in changes),
        "changed_reasons": sum(not change.rerouted for change in changes),
        "no_verdict": ran.undecided, "unreadable": len(ran.unreadable),
        "moved": [
            {
                "currency": currency, "net": text_of(sums.net_minor, currency),
                "into_fast": _sum(sums.into_fast, currency), "out_of_fast": _sum(sums.out_of_fast, currency),
            }
            for currency, sums in moved(changes).items()
        ],
        "changes": [_change_as_json(change) for change in changes],
    }  # fmt: skip


def days_as_json(replay: "Replay") -> list[dict[str, object]]:
    """By currency: each day's fast refunds as they were, as they would be, and what was paid; then the total."""
    return [
        {
            "currency": currency,
            "days": [{"day": on, **_day(day, currency)} for on, day in _days(replay, currency)],
            "total": _day(replay.total(currency), currency),
        }
        for currency in _currencies(replay)
    ]


def change_lines(replay: "Replay") -> None:
    """CSV, a line a change. Money is never negative there: a spreadsheet would take the sign for a formula."""
    showing.lines(CHANGE_COLUMNS, (_change_line(change) for change in in_order(replay)))


def day_lines(replay: "Replay") -> None:
    """CSV, a line a day and currency."""
    rows = [
        (
            on,
            currency,
            *(each for sums in (day.before, day.after, day.paid) for each in (sums.number, text_of(sums.minor, currency))),
        )
        for currency in _currencies(replay)
        for on, day in _days(replay, currency)
    ]
    showing.lines(DAY_COLUMNS, rows)


def show_changes(ran: Ran) -> None:
    """Tables for people: the changes, the money they move, and how many verdicts were looked at."""
    from desk.domain.replaying import moved
    from desk.wording.catalogue import text
    from desk.wording.labels import label
    from desk.wording.reasons import figure_text

    spoken, changes = exits.language(), in_order(ran.replay)

    def named(*keys: str) -> list[str]:
        return [text(f"replay.{key}", spoken) for key in keys]

    def money(minor: int, currency: str) -> str:
        return figure_text(f"{text_of(minor, currency)} {currency}", spoken)

    if changes:
        rows = [
            (
                change.reference, change.site, change.on, label("route", change.before, spoken),
                label("route", change.after, spoken), _why(change, spoken),
                money(change.moved_minor, change.currency) if change.moved_minor else None,
            )
            for change in changes
        ]  # fmt: skip
        showing.table(named("reference", "site", "day", "before", "after", "why", "moves"), rows)
    else:
        showing.result(text("replay.nothing", spoken))
    if sums := moved(changes):
        showing.result("")
        told = [
            (
                currency, one.into_fast.number, money(one.into_fast.minor, currency), one.out_of_fast.number,
                money(one.out_of_fast.minor, currency), money(one.net_minor, currency),
            )
            for currency, one in sums.items()
        ]  # fmt: skip
        showing.table(named("currency", "into_number", "into_sum", "out_number", "out_sum", "net"), told)
    rerouted = sum(change.rerouted for change in changes)
    counts = (ran.replay.looked_at, rerouted, len(changes) - rerouted, ran.undecided)
    showing.result("")
    showing.result(
        text("replay.counted", spoken, **dict(zip(("looked_at", "rerouted", "reasons", "undecided"), counts, strict=True)))
    )


def show_days(replay: "Replay") -> None:
    """Tables for people, one a currency: the fund's days as they were and as they would be, and a line for all of them."""
    from desk.wording.catalogue import text

    spoken = exits.language()
    keys = ("day", "before_number", "before_sum", "after_number", "after_sum", "difference", "paid_number", "paid_sum")
    for currency in _currencies(replay):
        columns = [f"{text(f'simulate.{key}', spoken)}" for key in keys]
        rows = [_day_row(str(on), day, currency) for on, day in _days(replay, currency)]
        rows.append(_day_row(text("simulate.total", spoken), replay.total(currency), currency))
        showing.result(f"\n{currency}")
        showing.table(columns, rows)


def in_order(replay: "Replay") -> list["Change"]:
    """The changes by day, then reference."""
    return sorted(replay.changes, key=lambda change: (change.on, change.reference))


def _why(change: "Change", language: str) -> str:
    from desk.wording.reasons import reason_text

    signed = [("+", reason) for reason in change.gained] + [("−", reason) for reason in change.lost]
    told = (f"{sign} {reason_text(one.code, language, figure=one.figure, limit=one.limit)}" for sign, one in signed)
    return "\n".join(told)


def _change_as_json(change: "Change") -> dict[str, object]:
    from desk.domain.judged import reason_as_json

    return {
        "reference": change.reference, "site": change.site, "day": change.on, "made": change.made, "pack": change.pack,
        "before": change.before.value, "after": change.after.value,
        "gained": [reason_as_json(reason) for reason in change.gained],
        "lost": [reason_as_json(reason) for reason in change.lost],
        "moved": {"amount": text_of(change.moved_minor, change.currency), "currency": change.currency},
    }  # fmt: skip


def _change_line(change: "Change") -> tuple[object, ...]:
    into, out = max(change.moved_minor, 0), max(-change.moved_minor, 0)
    return (
        change.reference, change.site, change.on, change.made, change.pack, change.before, change.after,
        "; ".join(map(_compared, change.gained)), "; ".join(map(_compared, change.lost)),
        text_of(into, change.currency), text_of(out, change.currency), change.currency,
    )  # fmt: skip


def _compared(reason: "Reason") -> str:
    return f"{reason.code} ({reason.figure} / {reason.limit})" if reason.figure else reason.code


def _currencies(replay: "Replay") -> list[str]:
    return sorted({currency for currency, _ in replay.days})


def _days(replay: "Replay", currency: str) -> Iterator[tuple[date, "FundDay"]]:
    return ((on, replay.days[each, on]) for each, on in sorted(replay.days) if each == currency)


def _day(day: "FundDay", currency: str) -> dict[str, object]:
    sums = {name: _sum(each, currency) for name, each in (("before", day.before), ("after", day.after), ("paid", day.paid))}
    return {**sums, "difference": text_of(day.after.minor - day.before.minor, currency)}


def _day_row(name: str, day: "FundDay", currency: str) -> tuple[object, ...]:
    difference = text_of(day.after.minor - day.before.minor, currency)
    before, after, paid = (text_of(sums.minor, currency) for sums in (day.before, day.after, day.paid))
    return name, day.before.number, before, day.after.number, after, difference, day.paid.number, paid


def _sum(sums: "Sum", currency: str) -> dict[str, object]:
    return {"number": sums.number, "amount": text_of(sums.minor, currency)}
