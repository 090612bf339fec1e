"""A run through past verdicts for people: each change, the money moved, the fund's days, in the operator's language."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from desk.cli import exits, showing
from desk.cli.replay_documents import currencies, days_of, in_order
from desk.cli.replaying import Ran
from desk.domain.money import text_of

if TYPE_CHECKING:
    from desk.domain.replaying import Change, FundDay, Moved, Replay

_CHANGES = ("replay.reference", "replay.site", "replay.day", "replay.before", "replay.after", "replay.why", "replay.moves")
_MONEY = (
    "replay.currency", "replay.into_number", "replay.into_sum", "replay.out_number", "replay.out_sum", "replay.net"
)  # fmt: skip
_DAYS = (
    "simulate.day", "simulate.before_number", "simulate.before_sum", "simulate.after_number", "simulate.after_sum",
    "simulate.difference", "simulate.paid_number", "simulate.paid_sum",
)  # fmt: skip


def show_changes(ran: Ran) -> None:
    """The changes, the money they move, and how many verdicts were looked at."""
    from desk.domain.replaying import moved
    from desk.wording.catalogue import text

    spoken, changes = exits.language(), in_order(ran.replay)
    if changes:
        showing.table(_named(_CHANGES), [_change_row(change, spoken) for change in changes])
    else:
        showing.result(text("replay.nothing", spoken))
    if sums := moved(changes):
        showing.result("")
        showing.table(_named(_MONEY), [_moved_row(currency, each) for currency, each in sums.items()])
    rerouted = sum(change.rerouted for change in changes)
    counted = text(
        "replay.counted", spoken, looked_at=ran.replay.looked_at, rerouted=rerouted, reasons=len(changes) - rerouted,
        undecided=ran.undecided,
    )  # fmt: skip
    showing.result(f"\n{counted}")


def show_days(replay: "Replay") -> None:
    """The fund's days as they were and as they would be, a table for each currency, and a line for all days together."""
    from desk.wording.catalogue import text

    for currency in currencies(replay):
        rows = [_day_row(str(on), day, currency) for on, day in days_of(replay, currency)]
        rows.append(_day_row(text("simulate.total", exits.language()), replay.total(currency), currency))
        showing.result(f"\n{currency}")
        showing.table(_named(_DAYS), rows)


def _named(columns: Sequence[str]) -> list[str]:
    from desk.wording.catalogue import text

    return [text(key, exits.language()) for key in columns]


def _change_row(change: "Change", language: str) -> tuple[object, ...]:
    from desk.wording.labels import label
    from desk.wording.reasons import figure_text

    sum_moved = f"{text_of(change.moved_minor, change.currency)} {change.currency}"
    return (
        change.reference, change.site, change.on, label("route", change.before, language), label("route", change.after, language),
        _why(change, language), figure_text(sum_moved, language) if change.moved_minor else None,
    )  # fmt: skip


def _why(change: "Change", language: str) -> str:
    from desk.wording.reasons import reason_text

    signed = [("+", reason) for reason in change.gained] + [("−", reason) for reason in change.lost]
    told = (f"{sign} {reason_text(one.code, language, figure=one.figure, limit=one.limit)}" for sign, one in signed)
    return "\n".join(told)


def _moved_row(currency: str, sums: "Moved") -> tuple[object, ...]:
    into, out, net = (text_of(minor, currency) for minor in (sums.into_fast.minor, sums.out_of_fast.minor, sums.net_minor))
    return currency, sums.into_fast.number, into, sums.out_of_fast.number, out, net


def _day_row(name: str, day: "FundDay", currency: str) -> tuple[object, ...]:
    before, after, paid = (text_of(sums.minor, currency) for sums in (day.before, day.after, day.paid))
    difference = text_of(day.difference_minor, currency)
    return name, day.before.number, before, day.after.number, after, difference, day.paid.number, paid
