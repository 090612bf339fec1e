"""A recovery's life, written out by hand from SPEC 5.7: every (state, step), every edge of ageing, every plan refused."""

from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.errors import BadInput, WrongMoment
from desk.domain.fund import EntryKind, Posting, fits
from desk.domain.recovery import (
    BANDS,
    ENDED,
    OPEN,
    RECOVERY_LIFE,
    AgeBand,
    Instalment,
    Parts,
    RecoveryState,
    RecoveryStep,
    age_band,
    behind,
    check_plan,
    recovery_move,
    returned_lines,
    state_after,
    still_to_give_back,
)

TODAY = date(2026, 9, 8)

# state → step → (while something is open, when nothing is)
EXPECTED = {
    "opened": {"demand": "demanded", "pay": "opened recovered", "write_off": "opened written_off"},
    "demanded": {
        "demand": "demanded", "accept": "accepted", "contest": "contested", "pay": "demanded recovered",
        "use_deposit": "demanded deposit_used", "write_off": "demanded written_off",
    },
    "accepted": {
        "demand": "accepted", "plan": "instalments", "pay": "accepted recovered", "use_deposit": "accepted deposit_used",
        "write_off": "accepted written_off",
    },
    "contested": {
        "accept": "accepted", "uphold": "demanded", "reduce": "demanded written_off", "void": "contested written_off",
        "pay": "contested recovered",
    },
    "instalments": {
        "demand": "instalments", "plan": "instalments", "pay": "instalments recovered",
        "use_deposit": "instalments deposit_used", "write_off": "instalments written_off",
    },
    "recovered": {},
    "deposit_used": {},
    "written_off": {"pay_late": "written_off recovered"},
    "returned": {},
}  # fmt: skip
ENTRIES = {
    "reduce": "written_off", "void": "written_off", "write_off": "written_off", "pay": "recovered",
    "pay_late": "recovered_after_write_off", "use_deposit": "deposit_used",
}  # fmt: skip


def test_every_step_in_every_state_leads_where_the_specification_says() -> None:
    for state, step in product(RecoveryState, RecoveryStep):
        said = "returned" if step == "return" and state != "returned" else EXPECTED[state].get(step)
        if said is None:
            with pytest.raises(WrongMoment):
                recovery_move(state, step)
            continue
        some, _, none = said.partition(" ")
        late = step == "pay_late"
        left = Parts(100, 40, 60 if late else 0)
        over = Parts(100, 100 if late else 40, 0 if late else 60)
        assert state_after(state, step, left) == some
        assert state_after(state, step, over) == (none or some)
        assert recovery_move(state, step).entry == ENTRIES.get(step)


def test_an_end_is_a_state_in_which_nothing_can_be_asked_for() -> None:
    assert set(OPEN) | ENDED == set(RecoveryState)
    assert not set(OPEN) & ENDED
    assert {state for state, step in RECOVERY_LIFE if step in (RecoveryStep.PAY, RecoveryStep.DEMAND)} == set(OPEN)


STEPS = [step for step in RecoveryStep if step in ENTRIES or step is RecoveryStep.RETURN]


@given(st.integers(1, 10**9), st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 10**9)), max_size=8))
def test_whatever_is_paid_or_given_up_the_parts_add_up_to_the_amount(amount: int, steps: list[tuple[RecoveryStep, int]]) -> None:
    parts = Parts(amount)
    for step, minor in steps:
        room = parts.written_off if step is RecoveryStep.PAY_LATE else parts.open
        if room:
            parts = parts.after(step, min(minor, room))
        assert parts.open + parts.recovered + parts.written_off + parts.returned == amount
        lines = returned_lines(parts, "receivable:7")
        assert sum(line.amount for line in lines) == amount - parts.returned
        assert all(fits(EntryKind.PAYOUT_RETURNED, line.debit, line.credit) for line in lines)


def test_no_more_can_be_paid_than_is_open() -> None:
    with pytest.raises(ValueError, match="below nothing"):
        Parts(100, 60).after(RecoveryStep.PAY, 41)
    with pytest.raises(ValueError, match="below nothing"):
        Parts(100, 60, 10).after(RecoveryStep.PAY_LATE, 11)


def test_a_bank_return_gives_each_part_back_where_it_went() -> None:
    assert returned_lines(Parts(100, 30, 20), "receivable:7") == (
        Posting("available", "receivable:7", 50),
        Posting("available", "source:recovered_in_error", 30),
        Posting("available", "written_off", 20),
    )
    assert returned_lines(Parts(100), "receivable:0") == (Posting("available", "receivable:0", 100),)
    assert Parts(100, 30, 20).after(RecoveryStep.RETURN, 0) == Parts(100, 30, 0, 70)


@pytest.mark.parametrize(
    ("days", "band"),
    [(0, "0-30"), (30, "0-30"), (31, "31-60"), (60, "31-60"), (61, "61-90"), (90, "61-90"), (91, "over-90"), (4000, "over-90")],
)
def test_the_last_day_of_a_band_belongs_to_it(days: int, band: str) -> None:
    assert age_band(days) == band
    first, last = BANDS[AgeBand(band)]
    assert first <= days <= (last or days)


def plan(*told: tuple[int, int]) -> list[Instalment]:
    return [Instalment(date(2026, 9, day), minor) for day, minor in told]


def test_a_plan_pays_exactly_what_is_open_on_later_and_later_days() -> None:
    check_plan(plan((9, 40), (20, 60)), 100, TODAY)


@pytest.mark.parametrize(
    ("told", "where", "what"),
    [
        ([], "/instalments", "missing"),
        ([(9, 100)] * 61, "/instalments", "too_many"),
        ([(8, 100)], "/instalments/0/due_on", "in_past"),
        ([(9, 50), (9, 50)], "/instalments/1/due_on", "not_in_order"),
        ([(20, 50), (10, 50)], "/instalments/1/due_on", "not_in_order"),
        ([(20, 50), (7, 50)], "/instalments/1/due_on", "in_past"),
        ([(9, 40), (20, 59)], "/instalments", "not_the_open_part"),
        ([(9, 40), (20, 61)], "/instalments", "not_the_open_part"),
    ],
)
def test_any_other_plan_is_refused(told: list[tuple[int, int]], where: str, what: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_plan(plan(*told), 100, TODAY)
    assert (refused.value.field, refused.value.problem) == (where, what)


@pytest.mark.parametrize(
    ("day", "open_minor", "late"), [(9, 100, 0), (10, 100, 40), (10, 80, 20), (10, 60, 0), (21, 60, 60), (21, 0, 0)]
)
def test_an_instalment_is_late_the_day_after_and_the_earliest_is_paid_first(day: int, open_minor: int, late: int) -> None:
    assert behind(plan((9, 40), (20, 60)), open_minor, date(2026, 9, day)) == late


@pytest.mark.parametrize(
    ("paid", "given", "left"),
    [
        ({}, {}, 0), ({1: 100}, {}, 100), ({1: 100}, {1: 60}, 40), ({1: 100, 2: 50}, {2: 50}, 100), ({2: 50}, {}, 0),
        ({1: 100, None: 30}, {}, 130), ({1: 100, None: 30}, {2: 30}, 100), ({1: 100, 2: 10, None: 30}, {2: 25}, 115),
        ({None: 30}, {1: 30}, 0),
    ],
)  # fmt: skip
def test_a_merchant_is_given_back_their_own_and_what_nobody_named_had_paid(
    paid: dict[int | None, int], given: dict[int, int], left: int
) -> None:
    assert still_to_give_back(paid, given, 1) == left
