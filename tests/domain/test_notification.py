"""What is news to a visitor, by which channel, when it may be sent, how often it is tried. Tables on paper."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from desk.domain.notification import (
    NEWS_OF_STEP,
    RETRIES,
    WORTH_TELLING,
    Carrier,
    News,
    QuietHours,
    carrier_for,
    due_at,
    is_stale,
    news_of,
    news_of_payout,
    try_again_in,
)
from desk.domain.payout import Method, PayoutState
from desk.domain.retry import SPREAD

SHANGHAI = ZoneInfo("Asia/Shanghai")
NIGHT = QuietHours(time(22), time(8))
SIESTA = QuietHours(time(12), time(14))
BOTH = frozenset({Carrier.SMS, Carrier.MAIL})


def at(text: str) -> datetime:
    """A moment at Huangshan."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def test_every_step_was_thought_about() -> None:
    assert set(NEWS_OF_STEP) == set(Step)
    assert {news for news in NEWS_OF_STEP.values() if news} | {News.WRITTEN, News.RETURN_ANSWERED, News.SENT} == set(News)


@pytest.mark.parametrize(
    ("kind", "step", "by_visitor", "news"),
    [
        (EventKind.MOVED, Step.LODGE, False, News.LODGED),
        (EventKind.MOVED, Step.LODGE, True, News.LODGED),
        (EventKind.MOVED, Step.CONFIRM_NEEDS_INFORMATION, False, News.ASKED),
        (EventKind.QUESTION_ASKED, None, False, News.ASKED),
        (EventKind.MESSAGE_SENT, None, False, News.WRITTEN),
        (EventKind.MOVED, Step.CONFIRM_FAST_REFUND, False, News.AGREED),
        (EventKind.MOVED, Step.OVERRIDE_DOCKET, False, News.IN_MEDIATION),
        (EventKind.MOVED, Step.OBJECT, True, None),
        (EventKind.MOVED, Step.CONTEST, False, News.IN_MEDIATION),
        (EventKind.MOVED, Step.CONFIRM_REFUSE, False, News.REFUSED),
        (EventKind.MOVED, Step.PAYOUT_SETTLED, False, News.REFUNDED),
        (EventKind.MOVED, Step.BANK_RETURN, False, News.CAME_BACK),
        (EventKind.MOVED, Step.WITHDRAW, False, News.WITHDRAWN),
        (EventKind.MOVED, Step.WITHDRAW, True, None),
        (EventKind.MOVED, Step.REOPEN, True, None),
        (EventKind.MOVED, Step.ARCHIVE, False, None),
        (EventKind.ACCEPTED, None, False, None),
        (EventKind.NOTE_WRITTEN, None, False, None),
        (EventKind.PAYOUT_MOVED, None, False, None),
        (EventKind.RETURN_ANSWERED, None, False, News.RETURN_ANSWERED),
    ],
)
def test_what_is_news_to_a_visitor(kind: EventKind, step: Step | None, by_visitor: bool, news: News | None) -> None:
    assert news_of(kind, step, by_visitor=by_visitor) is news


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize("to", PayoutState)
def test_of_a_payout_only_money_that_waits_elsewhere_is_news(to: PayoutState, method: Method) -> None:
    waits = to is PayoutState.AWAITING_VISITOR and method is not Method.CASH
    assert news_of_payout(to, method) is (News.SENT if waits else None)


@pytest.mark.parametrize(
    ("phone", "email", "open_to", "carrier"),
    [
        ("+86138", "v@example.org", BOTH, Carrier.SMS),
        ("+86138", "v@example.org", {Carrier.MAIL}, Carrier.MAIL),
        ("+86138", None, {Carrier.MAIL}, Carrier.SLIP),
        (None, "v@example.org", BOTH, Carrier.MAIL),
        ("", "", BOTH, Carrier.SLIP),
        (None, None, BOTH, Carrier.SLIP),
        ("+86138", "v@example.org", (), Carrier.SLIP),
    ],
)
def test_the_contact_left_names_the_channel(phone: str, email: str, open_to: frozenset[Carrier], carrier: Carrier) -> None:
    assert carrier_for({"phone": phone, "email": email}, frozenset(open_to)) is carrier


@pytest.mark.parametrize(
    ("quiet", "now", "over"),
    [
        (NIGHT, "2026-10-02T21:59:59.999999", None),
        (NIGHT, "2026-10-02T22:00:00", "2026-10-03T08:00:00"),
        (NIGHT, "2026-10-02T23:59:59", "2026-10-03T08:00:00"),
        (NIGHT, "2026-10-03T00:00:00", "2026-10-03T08:00:00"),
        (NIGHT, "2026-10-03T07:59:59.999999", "2026-10-03T08:00:00"),
        (NIGHT, "2026-10-03T08:00:00", None),
        (SIESTA, "2026-10-03T11:59:59", None),
        (SIESTA, "2026-10-03T12:00:00", "2026-10-03T14:00:00"),
        (SIESTA, "2026-10-03T14:00:00", None),
    ],
)
def test_quiet_hours_begin_and_end_to_the_second_at_the_site(quiet: QuietHours, now: str, over: str | None) -> None:
    expected = at(over) if over else at(now)
    assert quiet.over_at(at(now).astimezone(UTC), SHANGHAI) == (at(over) if over else None)
    assert due_at(News.REFUSED, at(now).astimezone(UTC), SHANGHAI, quiet, None) == expected
    assert due_at(News.REFUSED, at(now), SHANGHAI, None, None) == at(now)


@pytest.mark.parametrize(
    ("news", "leaves_at", "waits"),
    [
        (News.LODGED, None, False),
        (News.ASKED, None, True),
        (News.ASKED, "2026-10-03T07:30:00", False),
        (News.ASKED, "2026-10-03T08:00:00", False),
        (News.ASKED, "2026-10-03T08:00:01", True),
        (News.ASKED, "2026-10-02T20:00:00", True),
    ],
)
def test_only_what_cannot_wait_is_sent_in_quiet_hours(news: News, leaves_at: str | None, waits: bool) -> None:
    now = at("2026-10-02T23:00:00")
    due = due_at(news, now, SHANGHAI, NIGHT, at(leaves_at) if leaves_at else None)
    assert due == (at("2026-10-03T08:00:00") if waits else now)


def test_quiet_hours_end_by_the_clock_of_the_site_when_its_clocks_are_changed() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 10, 24, 23, tzinfo=berlin)
    over = NIGHT.over_at(before, berlin)
    assert over is not None
    assert over.isoformat() == "2026-10-25T08:00:00+01:00"


@pytest.mark.parametrize("lot", [0.0, 0.5, 0.999999])
def test_each_wait_is_longer_than_the_one_before_and_within_its_spread(lot: float) -> None:
    waits = [try_again_in(tries, lot) for tries in range(1, len(RETRIES) + 1)]
    for planned, wait in zip(RETRIES, waits, strict=True):
        assert wait is not None
        assert planned * (1 - SPREAD) <= wait <= planned * (1 + SPREAD)
    assert waits == sorted(wait for wait in waits if wait)
    assert try_again_in(1, 0.5) == RETRIES[0]
    assert try_again_in(len(RETRIES) + 1, lot) is None
    assert try_again_in(0, lot) is None


def test_all_tries_fit_into_the_day_in_which_it_is_worth_telling() -> None:
    assert sum(RETRIES, timedelta()) * (1 + SPREAD) < WORTH_TELLING
    due = at("2026-10-03T08:00:00")
    assert not is_stale(due, due + WORTH_TELLING - timedelta(microseconds=1))
    assert is_stale(due, due + WORTH_TELLING)
