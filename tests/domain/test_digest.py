"""Digests: due times across days and clock changes, the day told, and the sentence for each kind of figures."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk.domain.digest import (
    MOST_TIMES,
    TIMES,
    Counted,
    Figures,
    FundStands,
    Need,
    clauses,
    day_told,
    half_within,
    last_due,
    next_due,
    read_times,
)  # fmt: skip
from desk.domain.notice import NoticeKind
from desk.domain.roster import flaw_in_day

SHANGHAI, URUMQI, BERLIN = (ZoneInfo(name) for name in ("Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin"))


def at(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    """A local time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def figures(*needs: Need, alerts: tuple[tuple[str, int], ...] = (), **told: Any) -> Figures:  # noqa: ANN401
    """Figures of a day on which nothing happened at a site with money, or whatever is told."""
    counted: dict[str, Any] = {"lodged": 0, "lodged_before": None, "refunded": 0, "paid": 0, "median": None, "missed": 0}
    fund: dict[str, Any] = {"currency": "CNY", "available": 100, "put_in": 100, "lasts": None, "pace_days": 7}
    of_day, of_fund = ({**base, **{key: told[key] for key in base if key in told}} for base in (counted, fund))
    waits = tuple((need, 1) for need in needs)
    return Figures(date(2026, 10, 1), Counted(**of_day), FundStands(**of_fund), 0, waits, alerts, None)


@pytest.mark.parametrize(
    ("now", "last", "following"),
    [
        ("2026-10-01T14:00:00", "2026-10-01T14:00", "2026-10-01T22:00"),
        ("2026-10-01T13:59:59", "2026-10-01T06:00", "2026-10-01T14:00"),
        ("2026-10-01T00:00:00", "2026-09-30T22:00", "2026-10-01T06:00"),
        ("2026-10-01T05:59:59", "2026-09-30T22:00", "2026-10-01T06:00"),
        ("2026-12-31T23:00:00", "2026-12-31T22:00", "2027-01-01T06:00"),
    ],
)
def test_the_last_and_the_next_due_time_are_the_sites_own(now: str, last: str, following: str) -> None:
    for zone in (SHANGHAI, URUMQI, BERLIN):
        assert last_due(at(now, zone), zone, TIMES) == at(last, zone)
        assert next_due(at(now, zone), zone, TIMES) == at(following, zone)


def test_a_site_in_another_zone_has_its_own_two_o_clock() -> None:
    moment = at("2026-10-01T14:30")
    assert last_due(moment, SHANGHAI, TIMES) == at("2026-10-01T14:00")
    assert last_due(moment, URUMQI, TIMES) == at("2026-10-01T06:00", URUMQI)


def test_a_time_that_the_clocks_jump_over_comes_with_the_jump_and_once() -> None:
    times = (time(2, 30), time(14))
    due = last_due(at("2026-03-29T03:31", BERLIN), BERLIN, times)
    assert due == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert last_due(datetime(2026, 3, 29, 1, 29, tzinfo=UTC), BERLIN, times) == at("2026-03-28T14:00", BERLIN)
    assert next_due(due, BERLIN, times) == at("2026-03-29T14:00", BERLIN)


def test_a_time_that_the_clocks_show_twice_comes_the_first_time_alone() -> None:
    times = (time(2, 30), time(14))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for minutes in (0, 30, 60, 90, 120):
        assert last_due(first + timedelta(minutes=minutes), BERLIN, times) == first
    assert next_due(first, BERLIN, times) == at("2026-10-25T14:00", BERLIN)


def test_days_of_23_and_25_hours_have_three_digests() -> None:
    for day in ("2026-03-29", "2026-10-25"):
        now, found = at(f"{day}T00:00", BERLIN), []
        while (due := next_due(now, BERLIN, TIMES)) is not None and due <= at(f"{day}T23:59", BERLIN):
            found.append(due.astimezone(BERLIN).time())
            now = due
        assert found == list(TIMES)


def test_without_times_nothing_is_due() -> None:
    assert (last_due(at("2026-10-01T14:00"), SHANGHAI, ()), next_due(at("2026-10-01T14:00"), SHANGHAI, ())) == (None, None)


@pytest.mark.parametrize(
    ("due", "times", "day"),
    [
        ("2026-10-01T06:00", TIMES, 30),
        ("2026-10-01T14:00", TIMES, 1),
        ("2026-10-01T22:00", TIMES, 1),
        ("2026-10-01T11:59", (time(11, 59),), 30),
        ("2026-10-01T12:00", (time(12),), 1),
        ("2026-10-01T09:00", (time(6), time(9)), 1),
    ],
)
def test_the_first_of_a_morning_tells_of_the_day_before(due: str, times: tuple[time, ...], day: int) -> None:
    assert day_told(at(due), SHANGHAI, times).day == day


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("06:00,14:00,22:00", TIMES), ("22:00, 06:00 ,14:00", TIMES), ("08:30", (time(8, 30),)), ("06:00,06:00", (time(6),)),
        ("none", ()),
    ],
)  # fmt: skip
def test_times_are_read_in_any_order_and_once(text: str, found: tuple[time, ...]) -> None:
    assert read_times(text) == found


BAD_TIMES = ("", "6:00", "24:00", "06:60", "06:00,", "06:00;14:00", "None", "٠٦:٠٠", ",".join(["06:00"] * (MOST_TIMES + 1)))


@pytest.mark.parametrize("text", BAD_TIMES)
def test_what_names_no_times_is_refused_in_words_of_our_own(text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be times of the site's day like 06:00,14:00,22:00, or none$"):
        read_times(text)


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, ["nothing", "fund_still"]),
        (
            {"lodged": 8, "refunded": 6, "median": 60, "missed": 3, "lasts": 9},
            ["lodged", "refunded_half", "missed", "fund_lasts"],
        ),
        ({"lodged": 1, "lasts": 0}, ["lodged", "refunded_none", "missed_none", "fund_short"]),
        ({"refunded": 2, "lasts": 1}, ["lodged_none", "refunded", "missed_none", "fund_lasts"]),
        ({"missed": 1, "available": 0, "put_in": 0}, ["lodged_none", "refunded_none", "missed", "fund_none"]),
        ({"available": 0}, ["nothing", "fund_none"]),
        ({"available": 0, "lasts": 0}, ["nothing", "fund_none"]),
        ({"lasts": 0, "pace_days": 1}, ["nothing", "fund_short_day"]),
        ({"lasts": 1, "pace_days": 1}, ["nothing", "fund_lasts_day"]),
    ],
)
def test_the_sentence_says_what_is_known_and_no_more(told: dict[str, Any], said: list[str]) -> None:
    assert [clause.code for clause in clauses(figures(**told))] == said


def test_the_sentence_has_the_figures_that_were_counted() -> None:
    told = figures(lodged=87, refunded=61, median=1080, missed=3, lasts=9)
    assert [dict(clause.figures) for clause in clauses(told)] == [
        {"number": 87}, {"number": 61, "seconds": 1080}, {"number": 3}, {"pace": 7, "days": 9},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "half"), [([], None), ([5], 5), ([9, 1], 1), ([3, 1, 2], 2), ([4, 3, 2, 1], 2)]
)  # fmt: skip
def test_half_of_them_ended_within_the_nearest_rank(seconds: list[int], half: int | None) -> None:
    assert half_within(seconds) == half


def test_it_is_quiet_only_where_nothing_happened_and_nothing_waits() -> None:
    assert figures(lasts=3).quiet
    assert not any(each.quiet for each in (figures(lodged=1), figures(refunded=1), figures(missed=1)))
    assert not figures(Need.APPROVALS).quiet
    assert not figures(alerts=(("blue", 1),)).quiet


def test_figures_are_read_as_they_were_kept() -> None:
    told = figures(Need.FUND_LOW, Need.OVERDUE, alerts=(("red", 1), ("blue", 2)), lodged=5, median=61, lasts=0)
    assert Figures.read(told.kept()) == told


def test_every_notice_is_a_need() -> None:
    assert {kind.value for kind in NoticeKind} <= {need.value for need in Need}


@pytest.mark.parametrize(
    ("on", "flaw"),
    [(date(2026, 9, 30), "in_past"), (date(2026, 10, 1), None), (date(2027, 10, 2), None), (date(2027, 10, 3), "too_far")],
)
def test_somebody_is_put_on_duty_from_today_for_a_year(on: date, flaw: str | None) -> None:
    assert flaw_in_day(on, date(2026, 10, 1)) == flaw
