"""Past claims asked again from the shell: what changes, what money that moves, what the fund would have paid; read only."""

import csv
import io
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import date
from typing import Any

import pytest
from sqlalchemy import update

from desk.domain.claim import Route
from desk.domain.errors import Forbidden, NotFound
from desk.domain.policy import Viewer
from desk.domain.replaying import FundDay, Replay, Sum
from desk.domain.what_if import imagined
from desk.packs.cases import load_published_cases
from desk.ports import Work
from desk.reads import past_verdicts as reading
from desk.reads.past_verdicts import Window, claims_to_pass, past_verdicts
from desk.store import metadata
from tests.builders import PACKS, House, open_house
from tests.cast import OPERATOR
from tests.cli.conftest import Ran, Shell
from tests.cli.test_import import FILE
from tests.till import Till

FIRST, SECOND = date(2026, 9, 8), date(2026, 9, 9)
LOWER = imagined(PACKS.by_version("cn-2026"), {"fast_limit": "300.00"})
SIMULATE = ("simulate", "--what-if", "fast_limit=300.00")


async def paid(till: Till, reference: str) -> None:
    """Paid in cash, by two persons where that is due."""
    payout = (await till.propose(reference)).payout
    if payout.needs_second:
        await till.approve(payout.id)
    await till.send(payout.id)
    await till.receive(payout.id)


async def two_days(house: House) -> dict[str, str]:
    """On the first day 560.00 paid, 128.00 agreed, 5000.00 docketed, one lodged; on the second 299.99 proposed, 128.00 paid."""
    till, oskar = Till(house), house.cast.staff["oskar"]
    large, small = await till.agreed(asked="560.00"), await till.agreed()
    await paid(till, large)
    docketed, bare = await house.docketed(), (await house.lodge()).reference
    house.clock.go(hours=15)  # past midnight at the sites, not in UTC
    proposed = (await house.lodge(oskar, asked="299.99", site="gulangyu")).reference
    await house.assess(proposed, oskar)
    await house.propose(proposed, oskar)
    await paid(till, small)
    await house.override(docketed, Route.REFUSE)
    return {"large": large, "small": small, "docketed": docketed, "bare": bare, "proposed": proposed}


async def run(house: House, window: Window, viewer: Viewer = OPERATOR) -> tuple[Replay, int]:
    """A run with the limit at 300.00, page by page, and how many claims had no verdict."""
    replay, undecided, last = Replay(), 0, None
    while True:
        page = await house.desk.read(past_verdicts, viewer, window, last)
        for past in page.verdicts:
            replay.judge(past, LOWER)
        for one in page.paid:
            replay.pay(one.currency, one.on, one.minor)
        undecided, last = undecided + page.undecided, page.last
        if last is None:
            return replay, undecided


async def test_each_claim_counts_once_on_the_day_of_its_last_verdict(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PAGE", 2)
    async with open_house(database) as house:
        told = await two_days(house)
        replay, undecided = await run(house, Window())
        (change,) = replay.changes
        assert (change.reference, change.on, change.made, change.after) == (told["large"], FIRST, "confirmed", Route.DOCKET)
        assert (replay.looked_at, undecided) == (4, 1)
        first = FundDay(Sum(2, 68_800), Sum(1, 12_800), Sum(1, 56_000))
        second = FundDay(Sum(1, 29_999), Sum(1, 29_999), Sum(1, 12_800))
        assert replay.days == {("CNY", FIRST): first, ("CNY", SECOND): second}

        assert (await run(house, Window(first=FIRST, last=FIRST)))[0].days == {("CNY", FIRST): first}
        later, none = await run(house, Window(first=SECOND))
        assert (later.looked_at, none, later.days) == (2, 0, {("CNY", SECOND): second})
        assert (await run(house, Window(first=date.min, last=date.max)))[0].looked_at == 4
        assert (await run(house, Window(last=date(2026, 9, 7))))[0] == Replay()

        away, none = await run(house, Window("gulangyu"))
        assert (away.looked_at, none, away.total("CNY").after, away.total("CNY").paid) == (1, 0, Sum(1, 29_999), Sum())
        ada, cast = house.cast.ada, house.cast
        assert (await run(house, Window(), ada))[0].looked_at == 3
        for viewer, window, refusal in ((ada, "gulangyu", NotFound), (OPERATOR, "emei", NotFound), (cast.olga, None, Forbidden)):
            with pytest.raises(refusal):
                await house.desk.read(claims_to_pass, viewer, Window(window))

        await house.desk.write(_all_come_back)
        assert (await run(house, Window()))[0].total("CNY").paid == Sum()


def _all_come_back(work: Work) -> None:
    payout = metadata.tables["payout"]
    work.conn.execute(update(payout).values(returned_at=payout.c.settled_at))


def dump(shell: Shell) -> list[str]:
    """Everything the database holds."""
    with closing(sqlite3.connect(shell.database.removeprefix("sqlite:///"))) as conn:
        return list(conn.iterdump())


def spoil(shell: Shell, assignment: str) -> None:
    """Change the verdict that stands for a fast refund of 844.00, past every rule."""
    with closing(sqlite3.connect(shell.database.removeprefix("sqlite:///"))) as conn, conn:
        conn.execute(f"UPDATE verdict SET {assignment} WHERE json_extract(facts, '$.items[0][1]') = 84400")


def rows_of(ran: Ran) -> list[dict[str, str]]:
    """The lines of CSV by column."""
    return list(csv.DictReader(io.StringIO(ran.out)))


def test_published_cases_are_replayed_and_simulated_and_nothing_is_written(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick_shell.seed()
    quick_shell("claims", "import", str(FILE), "--site", "huangshan")
    before = dump(quick_shell)
    fast = [case.asked.minor for case in load_published_cases() if case.expected.agrees_with(Route.FAST_REFUND) and case.asked]
    out = [minor for minor in fast if minor >= 30_000]
    assert (len(fast), sum(fast), len(out), sum(out)) == (9, 440_380, 4, 395_300)

    ran = quick_shell(*SIMULATE, "--json")
    told = ran.document
    assert (ran.code, ran.err, told["looked_at"], told["no_verdict"], told["unreadable"]) == (0, "", 106, 0, 0)
    none, four = {"number": 0, "amount": "0.00"}, {"number": 4, "amount": "3953.00"}
    assert told["moved"] == [{"currency": "CNY", "net": "-3953.00", "into_fast": none, "out_of_fast": four}]
    whole = {"before": {"number": 9, "amount": "4403.80"}, "after": {"number": 5, "amount": "450.80"}, "paid": none}
    (of_currency,) = told["currencies"]
    assert (of_currency["currency"], of_currency["total"]) == ("CNY", {**whole, "difference": "-3953.00"})
    assert [{**day, "day": ""} for day in of_currency["days"]] == [{"day": "", **of_currency["total"]}]
    check_changes(told["changes"], told["changed_route"], told["changed_reasons"])

    page = quick_shell(*SIMULATE).out
    assert "The claim is CNY 844.00. A fast refund must be under CNY 300.00." in page
    assert "Looked at 106: 8 would take another route, 7 only have other reasons." in page
    assert "not what officers confirmed" in page
    assert [line.split() for line in page.splitlines() if line.startswith("total")] == [
        ["total", "9", "4403.80", "5", "450.80", "-3953.00", "0", "0.00"]
    ]
    (line,) = rows_of(quick_shell(*SIMULATE, "--csv"))
    assert (line["before_amount"], line["after_amount"], line["paid_number"]) == ("4403.80", "450.80", "0")

    check_replays(quick_shell)
    assert dump(quick_shell) == before
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    page = quick_shell(*SIMULATE).out
    assert "不是接诉员的确认" in page
    assert "看过 106 件：8 件改道" in page
    check_damage(quick_shell)


def check_changes(changes: list[dict[str, Any]], rerouted: int, reasons: int) -> None:
    """Each change names a claim and no person, and one of 844.00 is told to the cent."""
    named = {"reference", "site", "day", "made", "pack", "before", "after", "gained", "lost", "moved"}
    assert all(set(change) == named for change in changes)
    assert (rerouted, reasons) == (8, 7) == (sum(one["before"] != one["after"] for one in changes), len(changes) - rerouted)
    (change,) = [one for one in changes if one["moved"]["amount"] == "-844.00"]
    assert (change["before"], change["after"], change["made"], change["site"]) == (
        "fast_refund", "docket", "proposed", "huangshan"
    )  # fmt: skip
    assert change["gained"] == [
        {"code": "at_or_above_fast_limit", "figure": "844.00 CNY", "limit": "300.00 CNY", "source": "what if"}
    ]
    assert [reason["code"] for reason in change["lost"]] == ["under_fast_limit", "four_tests_met"]


def check_replays(shell: Shell) -> None:
    """Under the pack of 2026 the one late case of 2012 would be heard; under that of 2010 nothing changes."""
    told = shell("replay", "--pack", "cn-2026+cn-henan", "--json").document
    (change,) = told["changes"]
    assert (told["pack"], told["changed_route"], told["moved"]) == ("cn-2026+cn-henan", 1, [])
    assert (change["pack"], change["before"], change["after"]) == ("cn-2010", "refuse", "docket")
    (line,) = rows_of(shell("replay", "--pack", "cn-2026", "--csv"))
    assert line["lost"] == "late_filing (2012-01-01 / 2011-12-31)"
    assert (line["into_fast"], line["out_of_fast"], line["currency"]) == ("0.00", "0.00", "CNY")
    assert shell("replay", "--pack", "cn-2010").out.startswith("Nothing changes.\n")
    for window in (("--from", "2019-01-01", "--to", "2019-12-31"), ("--site", "gulangyu")):
        assert shell("replay", "--pack", "cn-2026", *window, "--json").document["looked_at"] == 0
    assert shell("replay", "--pack", "cn-2026", "--as", "林雅婷").code == 1


def check_damage(shell: Shell) -> None:
    """What cannot be read or judged is said, and fails the command."""
    spoil(shell, "pack = 'cn-1949'")
    assert shell("replay", "--pack", "cn-2010").code == 0
    ran = shell(*SIMULATE, "--json")
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    spoil(shell, "reasons = '[{}]'")
    ran = shell("replay", "--pack", "cn-2010", "--json")
    assert (ran.code, ran.document["looked_at"], ran.document["unreadable"], "desk verify" in ran.err) == (1, 105, 1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("replay", "--pack", "cn-1949"), 3, "`desk packs list` shows them"),
        (("replay", "--pack", "cn-2026", "--site", "emei"), 3, "`desk sites list` shows them"),
        (("replay", "--pack", "cn-2026", "--from", "2026-10-02", "--to", "2026-10-01"), 2, "--to is before --from"),
        (("replay", "--pack", "cn-2026", "--json", "--csv"), 2, "one of --json and --csv"),
        (("simulate", "--what-if", "fast_limit=12x"), 2, "fast_limit: Enter an amount, like 120 or 120.50."),
        (("simulate", "--what-if", "late_filing=4000"), 2, "late_filing: Enter 3660 or less."),
        (("simulate", "--what-if", "fast_limt=300"), 2, "did you mean fast_limit?"),
        (("simulate", "--what-if", "tea_break=300"), 2, "fast_limit, late_filing, or late_filing_refuses"),
        (("simulate", "--what-if", "solo_limit=300"), 2, "solo_limit decides no route"),
        (("simulate", "--what-if", "collective_window=3"), 2, "collective_window decides no route"),
        (("simulate", "--what-if", "fast_limit"), 2, "write each figure once"),
        ((*SIMULATE, "--what-if", "fast_limit=400"), 2, "write each figure once"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused_in_one_line(
    quick_shell: Shell, arguments: tuple[str, ...], code: int, said: str
) -> None:
    if "--site" in arguments:
        quick_shell.seed()
    ran = quick_shell(*arguments)
    assert (ran.code, ran.out, ran.err.count("\n")) == (code, "", 1)
    assert said in ran.err
    assert not any(value in ran.err for value in ("12x", "4000", "fast_limt", "tea_break"))


def changed(document: Any) -> Mapping[str, Any]:  # noqa: ANN401 - the command's document
    """The changes of a comparison, by figure."""
    return {change["id"]: change for change in document["changes"]}


def test_two_packs_are_compared_in_both_languages(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    told = changed(quick_shell("packs", "diff", "cn-2010", "cn-2026+cn-henan", "--json").document)
    assert told["acceptance"]["fields"][0] == {"field": "length", "before": 5, "after": 2}
    assert {"field": "pauses", "before": None, "after": []} in told["pass_on"]["fields"]
    assert told["pack"]["fields"][-1] == {"field": "late_filing_refuses", "before": True, "after": False}
    page = quick_shell("packs", "diff", "cn-2010", "cn-2026").out
    assert [line.split()[-4:] for line in page.splitlines() if " unit " in line] == [["unit", "days", "working", "days"]]
    same = quick_shell("packs", "diff", "cn-2026", "cn-2026")
    assert (same.code, same.out) == (0, "cn-2026 and cn-2026 do not differ in any figure.\n")
    assert quick_shell("packs", "diff", "cn-2026", "cn-2026", "--json").document["changes"] == []
    absent = quick_shell("packs", "diff", "cn-2026", "cn-1949")
    assert (absent.code, absent.out, "desk packs list" in absent.err) == (3, "", True)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert (
        "转交有权处理的单位  新增  单位          –         工作日"
        in quick_shell("packs", "diff", "cn-2026", "cn-2026+cn-shandong").out
    )
