"""What each step does to the clocks of its claim, written out by hand from SPEC 3 and 4."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from desk.domain.audit import EventKind
from desk.domain.calendar import WorkingCalendar
from desk.domain.clocks import Clock, ClockState
from desk.domain.lifecycle import Step
from desk.domain.pack import CLOCK_IDS
from desk.domain.promises import BY_EVENT, EFFECTS, WAITING_FOR_GOODS, WAITING_FOR_VISITOR, Counting, after, after_step
from desk.packs.loader import load_packs

NINE = datetime(2026, 9, 8, 1, 0, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
COUNTING = Counting(load_packs().by_version("cn-2026"), ZoneInfo("Asia/Shanghai"), WorkingCalendar("1", frozenset({2026}), {}))
ALL = ("first_answer", "acceptance", "fast_payment", "mediation")
RUNS, STOPPED, VOID, PAUSED = ClockState.RUNNING, ClockState.STOPPED, ClockState.VOID, ClockState.PAUSED

# step → (what becomes of a running first_answer, acceptance, fast_payment, mediation; what it starts)
ASKED = (STOPPED, PAUSED, VOID, VOID), ()
INTO_FAST = (STOPPED, STOPPED, RUNS, VOID), ("fast_payment",)
INTO_DOCKET = (STOPPED, STOPPED, VOID, RUNS), ("mediation",)
DECIDED = (STOPPED, STOPPED, VOID, VOID), ()
UNTOUCHED = (RUNS, RUNS, RUNS, RUNS), ()
EXPECTED: dict[str, tuple[tuple[ClockState, ...], tuple[str, ...]]] = {
    "lodge": ((RUNS, RUNS, RUNS, RUNS), ("auto_receipt", "first_answer", "acceptance")),
    "confirm_needs_information": ASKED,
    "override_needs_information": ASKED,
    "answer": UNTOUCHED,
    "no_answer": UNTOUCHED,
    "confirm_fast_refund": INTO_FAST,
    "override_fast_refund": INTO_FAST,
    "confirm_docket": INTO_DOCKET,
    "override_docket": INTO_DOCKET,
    "object": INTO_DOCKET,
    "confirm_refuse": DECIDED,
    "override_refuse": DECIDED,
    "confirm_transfer": DECIDED,
    "override_transfer": DECIDED,
    "payout_settled": ((RUNS, RUNS, STOPPED, RUNS), ()),
    "bank_return": ((RUNS, RUNS, RUNS, RUNS), ("fast_payment",)),
    "start_return": ((RUNS, RUNS, RUNS, RUNS), ("return_answer", "return_close")),
    "return_refunded": ((STOPPED, STOPPED, RUNS, RUNS), ()),
    "return_refused": ((STOPPED, RUNS, RUNS, RUNS), ()),
    "withdraw": ((VOID, VOID, VOID, VOID), ()),
    "reopen": ((RUNS, RUNS, RUNS, RUNS), ("first_answer", "acceptance")),
    "archive": UNTOUCHED,
}


def running() -> list[Clock]:
    return [COUNTING.start(kind, NINE) for kind in ALL]


def told(step: Step, clocks: list[Clock]) -> tuple[list[Clock], list[Clock]]:
    """The clocks as they stand after the step at ten, and those that it started."""
    after = after_step(step, clocks, TEN, COUNTING)
    started = [clock for clock in after if clock.base_at == TEN]
    changed = {clock.kind: clock for clock in after if clock.base_at == NINE}
    return [changed.get(clock.kind, clock) for clock in clocks], started


def test_every_effect_is_told_here_and_names_clocks_of_the_packs() -> None:
    assert set(EFFECTS) == set(EXPECTED)
    assert all({*effect.starts, *effect.stops, *effect.voids} <= CLOCK_IDS for effect in EFFECTS.values())


@pytest.mark.parametrize("step", [Step(step) for step in EXPECTED])
def test_each_step_stops_pauses_voids_and_starts_what_the_spec_says(step: Step) -> None:
    states, starts = EXPECTED[step]
    standing, started = told(step, running())
    assert dict(zip(ALL, [clock.state for clock in standing], strict=True)) == dict(zip(ALL, states, strict=True))
    assert [(clock.kind, clock.state, clock.base_at) for clock in started] == [(kind, RUNS, TEN) for kind in starts]
    assert all(clock.stopped_at == TEN for clock in standing if clock.state in (STOPPED, VOID))


@pytest.mark.parametrize("step", [Step(step) for step in EXPECTED])
def test_a_clock_that_has_ended_is_left_alone(step: Step) -> None:
    ended = [clock.ended(NINE, state) for clock in running() for state in (STOPPED, VOID)]
    assert [clock for clock in after_step(step, ended, TEN, COUNTING) if clock.base_at == NINE] == []


@pytest.mark.parametrize("answer", [Step.ANSWER, Step.NO_ANSWER])
def test_an_answer_lets_acceptance_run_on_and_the_day_of_waiting_does_not_count(answer: Step) -> None:
    asked, _ = told(Step.CONFIRM_NEEDS_INFORMATION, running())
    acceptance = next(clock for clock in asked if clock.kind == "acceptance")
    assert acceptance.segments[-1].kind == WAITING_FOR_VISITOR
    (resumed,) = after_step(answer, [acceptance], TEN + timedelta(days=1), COUNTING)
    assert resumed.state is RUNS
    assert resumed.due_at > acceptance.due_at


def test_nothing_but_an_officer_stops_the_first_answer_and_nothing_pauses_it() -> None:
    stops = {step for step, effect in EFFECTS.items() if "first_answer" in effect.stops}
    assert {step.partition("_")[0] for step in stops} == {"confirm", "override", "object", "return"}
    (asked, *_), _ = told(Step.CONFIRM_NEEDS_INFORMATION, running())
    assert (asked.kind, asked.state) == ("first_answer", STOPPED)


@pytest.mark.parametrize("step", [Step.WITHDRAW, Step.CONFIRM_NEEDS_INFORMATION])
def test_a_paused_clock_ends_like_a_running_one(step: Step) -> None:
    asked, _ = told(Step.CONFIRM_NEEDS_INFORMATION, running())
    again, _ = told(step, asked)
    acceptance = next(clock for clock in again if clock.kind == "acceptance")
    assert acceptance.state is (VOID if step is Step.WITHDRAW else PAUSED)


def test_a_clock_counts_by_the_pack_of_its_claim() -> None:
    old = Counting(load_packs().by_version("cn-2010"), COUNTING.zone, COUNTING.calendar)
    assert (COUNTING.start("acceptance", NINE).length, old.start("acceptance", NINE).length) == (2, 5)
    assert old.start("acceptance", NINE).pack == "cn-2010"


def returning() -> dict[str, Clock]:
    """The clocks of a claim whose return was asked for at nine."""
    kinds = ("first_answer", "acceptance", "return_answer", "return_close")
    return {kind: COUNTING.start(kind, NINE) for kind in kinds}


def after_event(kind: EventKind, clocks: dict[str, Clock], at: datetime) -> dict[str, Clock]:
    return clocks | {clock.kind: clock for clock in after(BY_EVENT[kind], clocks.values(), at, COUNTING)}


def test_a_return_that_is_agreed_to_is_answered_and_waits_for_the_goods() -> None:
    agreed = after_event(EventKind.RETURN_ANSWERED, returning(), TEN)
    states = {kind: clock.state for kind, clock in agreed.items()}
    assert states == {"first_answer": STOPPED, "acceptance": STOPPED, "return_answer": STOPPED, "return_close": PAUSED}
    assert agreed["return_close"].segments[-1].kind == WAITING_FOR_GOODS


def test_the_time_until_the_goods_come_is_given_back_to_the_second() -> None:
    agreed = after_event(EventKind.RETURN_ANSWERED, returning(), TEN)
    back = after_event(EventKind.RETURN_GOODS_BACK, agreed, TEN + timedelta(days=3, seconds=7))
    assert back["return_close"].state is RUNS
    assert back["return_close"].due_at == NINE + timedelta(days=4, seconds=7)


def test_goods_brought_along_answer_the_request_and_nothing_waits() -> None:
    back = after_event(EventKind.RETURN_GOODS_BACK, returning(), TEN)
    states = {kind: clock.state for kind, clock in back.items()}
    assert states == {"first_answer": STOPPED, "acceptance": STOPPED, "return_answer": STOPPED, "return_close": RUNS}
    assert back["return_close"].due_at == NINE + timedelta(days=1)


def test_a_claim_whose_return_is_refused_at_once_is_still_to_be_accepted_within_its_first_deadline() -> None:
    clocks = returning()
    refused = {clock.kind: clock for clock in after_step(Step.RETURN_REFUSED, clocks.values(), TEN, COUNTING)}
    assert {kind: clock.state for kind, clock in refused.items()} == {
        "first_answer": STOPPED, "return_answer": STOPPED, "return_close": STOPPED,
    }  # fmt: skip


def test_one_whose_goods_were_awaited_is_to_be_accepted_anew() -> None:
    agreed = after_event(EventKind.RETURN_ANSWERED, returning(), TEN)
    later = TEN + timedelta(days=3)
    refused = after_step(Step.RETURN_REFUSED, agreed.values(), later, COUNTING)
    assert [(clock.kind, clock.state, clock.base_at) for clock in refused] == [
        ("return_close", STOPPED, NINE), ("acceptance", RUNS, later)
    ]  # fmt: skip


@pytest.mark.parametrize("step", [Step.RETURN_REFUNDED, Step.WITHDRAW])
def test_a_return_that_ends_leaves_no_clock_of_it(step: Step) -> None:
    ended = after_step(step, returning().values(), TEN, COUNTING)
    assert {clock.state for clock in ended} == {VOID if step is Step.WITHDRAW else STOPPED}
    assert {clock.kind for clock in ended} == set(returning())
