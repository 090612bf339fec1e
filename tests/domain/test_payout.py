"""A payout's life, written out by hand from SPEC 5.5: every (state, step), every word in every state, every edge in time."""

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from desk.domain import payout
from desk.domain.audit import EventKind
from desk.domain.errors import WrongMoment
from desk.domain.fund import EntryKind
from desk.domain.payout import (
    CAME_TO_NOTHING,
    CANCELLABLE,
    MESSAGES,
    OUT,
    PAID,
    PAYOUT_LIFE,
    UNDER_WAY,
    Doubt,
    Hands,
    Heard,
    Method,
    PayoutState,
    PayoutStep,
    Trace,
    after_query,
    after_send,
    approval_of,
    ask_again_in,
    contradicts,
    has_receipt,
    is_second,
    is_unseen,
    payout_move,
    word_moves,
)

NOON = datetime(2026, 9, 8, 4, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TICK = timedelta(microseconds=1)

# (from, step) → (to, entry)
EXPECTED: dict[tuple[str | None, str], tuple[str, str | None]] = {
    (None, "propose"): ("reserved", "payout_proposed"),
    (None, "propose_for_approval"): ("awaiting_approval", "payout_proposed"),
    ("awaiting_approval", "approve"): ("reserved", None),
    ("awaiting_approval", "cancel"): ("cancelled", "payout_cancelled"),
    ("reserved", "send"): ("sending", "payout_sent"),
    ("reserved", "cancel"): ("cancelled", "payout_cancelled"),
    ("reserved", "lapse"): ("awaiting_approval", None),
    ("sending", "hear_settled"): ("settled", "payout_settled"),
    ("sending", "hear_awaiting"): ("awaiting_visitor", None),
    ("sending", "hear_failed"): ("failed", "payout_failed"),
    ("sending", "lose_track"): ("unknown", None),
    ("sending", "never_left"): ("reserved", "payout_never_left"),
    ("awaiting_visitor", "hear_settled"): ("settled", "payout_settled"),
    ("awaiting_visitor", "hear_failed"): ("failed", "payout_failed"),
    ("unknown", "hear_settled"): ("settled", "payout_settled"),
    ("unknown", "hear_awaiting"): ("awaiting_visitor", None),
    ("unknown", "hear_failed"): ("failed", "payout_failed"),
    ("unknown", "send_again"): ("sending", None),
}
# The edges of SPEC 5.5 as they are drawn there, whatever the step is called.
EDGES = {
    "awaiting_approval": "reserved cancelled",
    "reserved": "sending cancelled awaiting_approval",
    "sending": "settled awaiting_visitor unknown failed reserved",
    "awaiting_visitor": "settled failed",
    "unknown": "settled awaiting_visitor failed sending",
    "settled": "",
    "failed": "",
    "cancelled": "",
}
# The step that a gateway's word is, by the state it finds; a word that is not here comes late.
WORDS: dict[tuple[str, str], str] = {
    ("sending", "settled"): "hear_settled",
    ("sending", "awaiting_visitor"): "hear_awaiting",
    ("sending", "failed"): "hear_failed",
    ("unknown", "settled"): "hear_settled",
    ("unknown", "awaiting_visitor"): "hear_awaiting",
    ("unknown", "failed"): "hear_failed",
    ("awaiting_visitor", "settled"): "hear_settled",
    ("awaiting_visitor", "failed"): "hear_failed",
}


@pytest.mark.parametrize("state", [None, *PayoutState])
def test_every_state_and_step_is_as_the_spec_says(state: PayoutState | None) -> None:
    for step in PayoutStep:
        if (state, step) in EXPECTED:
            move = payout_move(state, step)
            assert (move.to, move.entry) == EXPECTED[state, step]
        else:
            with pytest.raises(WrongMoment):
                payout_move(state, step)


def test_the_table_draws_the_edges_of_the_spec_and_no_other() -> None:
    drawn = {(state, to) for state, reached in EDGES.items() for to in reached.split()}
    assert {(state, move.to) for (state, _), move in PAYOUT_LIFE.items() if state} == drawn
    assert set(EDGES) == set(PayoutState)
    assert set(PAYOUT_LIFE) == set(EXPECTED)
    assert {step for _, step in EXPECTED} == set(PayoutStep)


def test_what_has_ended_is_moved_by_nothing_and_everything_else_is() -> None:
    left = {state for state, _ in PAYOUT_LIFE}
    assert set(PayoutState) - left == {PayoutState.SETTLED, PayoutState.FAILED, PayoutState.CANCELLED}


@pytest.mark.parametrize(("state", "step"), list(EXPECTED))
def test_each_move_takes_the_money_where_its_state_keeps_it(state: str | None, step: str) -> None:
    kept = {
        None: "available", "awaiting_approval": "reserved", "reserved": "reserved", "sending": "in_transit",
        "awaiting_visitor": "in_transit", "unknown": "in_transit", "settled": "receivable", "failed": "available",
        "cancelled": "available",
    }  # fmt: skip
    entries = {
        ("available", "reserved"): "payout_proposed", ("reserved", "available"): "payout_cancelled",
        ("reserved", "in_transit"): "payout_sent", ("in_transit", "reserved"): "payout_never_left",
        ("in_transit", "receivable"): "payout_settled", ("in_transit", "available"): "payout_failed",
    }  # fmt: skip
    to, entry = EXPECTED[state, step]
    assert entry == entries.get((kept[state], kept[to]))
    assert entry is None or EntryKind(entry)


@pytest.mark.parametrize(
    ("name", "states", "expected"),
    [
        ("under way", UNDER_WAY, "awaiting_approval reserved sending awaiting_visitor unknown"),
        ("cancellable", CANCELLABLE, "awaiting_approval reserved"),
        ("paid", PAID, "awaiting_visitor settled"),
        ("came to nothing", CAME_TO_NOTHING, "failed cancelled"),
        ("out", OUT, "sending unknown"),
    ],
)
def test_the_groups_of_states_are_those_of_the_spec(name: str, states: frozenset[PayoutState], expected: str) -> None:
    assert states == set(expected.split()), name


def test_a_word_moves_only_what_is_still_open() -> None:
    moved = {(state, heard): word_moves(state, heard) for state, heard in product(PayoutState, Heard)}
    assert {at: step for at, step in moved.items() if step} == WORDS


def test_no_word_downgrades_what_was_settled_nor_raises_what_failed() -> None:
    ended = (PayoutState.SETTLED, PayoutState.FAILED, PayoutState.CANCELLED)
    assert not any(word_moves(state, heard) for state, heard in product(ended, Heard))


def test_the_gateway_speaks_by_itself_in_four_kinds_of_message_and_no_other() -> None:
    assert {kind: heard.value for kind, heard in MESSAGES.items()} == {
        "payout.settled": "settled", "payout.awaiting_visitor": "awaiting_visitor", "payout.failed": "failed",
        "payout.returned": "returned",
    }  # fmt: skip


def test_the_doubts_are_called_as_the_inbox_has_always_called_them() -> None:
    assert [doubt.value for doubt in Doubt] == ["unknown_type", "unknown_key", "wrong_amount", "contradicts"]


_OPENED = (EventKind.NOTICE_OPENED, {"notice": "gateway_contradicts", "payout": "1"})
_OTHER = (EventKind.NOTICE_OPENED, {"notice": "fund_short"})
_APPROVED = (EventKind.PAYOUT_MOVED, {"payout": "2", "step": "approve"})
_ANOTHERS = (EventKind.PAYOUT_MOVED, {"payout": "1", "step": "approve"})
_SETTLED, _WAITS, _BY_ANSWER = (
    (EventKind.PAYOUT_WORD_PARKED, {"payout": "1", "why": "contradicts", "said": said})
    for said in ("payout.settled", "payout.awaiting_visitor", "answer.settled")
)
_STRANGE = (EventKind.PAYOUT_WORD_PARKED, {"payout": "1", "why": "wrong_amount"})


@pytest.mark.parametrize(
    ("chain", "unseen"),
    [
        ([], True), ([_OPENED, _SETTLED], True), ([_OPENED, _SETTLED, _APPROVED], False), ([_APPROVED, _OPENED, _SETTLED], True),
        ([_OPENED, _SETTLED, _APPROVED, _SETTLED], False), ([_OPENED, _SETTLED, _APPROVED, _BY_ANSWER], False),
        ([_OPENED, _WAITS, _APPROVED, _SETTLED], True), ([_OPENED, _WAITS, _SETTLED, _APPROVED, _WAITS], False),
        ([_OPENED, _SETTLED, _APPROVED, _OPENED, _SETTLED], True), ([_OPENED, _SETTLED, _ANOTHERS], True),
        ([_OPENED, _SETTLED, _APPROVED, _OTHER], False), ([_OPENED, _SETTLED, _APPROVED, _STRANGE], False),
    ],
)  # fmt: skip
def test_a_new_contradiction_is_one_that_the_approval_did_not_know(
    chain: list[tuple[EventKind, dict[str, str]]], unseen: bool
) -> None:  # fmt: skip
    assert is_unseen(chain, "2") is unseen


# The visitor signs for cash once it was handed over, for all else once it settled, and for nothing that came back.
RECEIPTS = {(state, method) for state in ("settled",) for method in Method} | {("awaiting_visitor", "cash")}


def test_the_visitor_signs_for_what_they_have() -> None:
    every = set(product(PayoutState, Method))
    assert {(state, method) for state, method in every if has_receipt(state, method, returned=False)} == RECEIPTS
    assert not any(has_receipt(state, method, returned=True) for state, method in every)


def test_an_approval_is_of_this_amount_in_this_currency_this_way_to_this_payee() -> None:
    looked_at = (12_800, "CNY", "transfer", "张三的账户")
    others = [
        (12_801, *looked_at[1:]),
        (12_800, "JPY", *looked_at[2:]),
        (12_800, "CNY", "cash", looked_at[3]),
        (*looked_at[:3], None),
    ]
    approved = approval_of(*looked_at)
    assert len({approved, *(approval_of(*other) for other in others)}) == 5
    # What was approved before an upgrade is approved after it.
    assert approved == hashlib.sha256('[12800, "CNY", "transfer", "张三的账户"]'.encode()).hexdigest()


# Words that say the money went where the books say it did not, or the reverse.
CONTRADICTIONS = {
    ("settled", "failed"), ("failed", "settled"), ("failed", "awaiting_visitor"), ("cancelled", "settled"),
    ("cancelled", "awaiting_visitor"), ("reserved", "settled"), ("reserved", "awaiting_visitor"),
    ("awaiting_approval", "settled"), ("awaiting_approval", "awaiting_visitor"),
    *((state, "returned") for state in ("awaiting_approval", "reserved", "failed", "cancelled")),
}  # fmt: skip


def test_a_word_against_the_books_is_told_and_no_other() -> None:
    assert {(state, heard) for state, heard in product(PayoutState, Heard) if contradicts(state, heard)} == CONTRADICTIONS


EARLY, LATE = ["0", "14:59.999999"], ["15:00", "15:00.000001", "600:00"]


@pytest.mark.parametrize(
    ("heard", "after", "left_before", "step"),
    [
        *[("settled", after, left, "hear_settled") for after in EARLY + LATE for left in (False, True)],
        *[("awaiting_visitor", after, left, "hear_awaiting") for after in EARLY + LATE for left in (False, True)],
        *[("failed", after, left, "hear_failed") for after in EARLY + LATE for left in (False, True)],
        *[("unclear", after, left, "lose_track") for after in EARLY + LATE for left in (False, True)],
        *[("never_seen", after, left, "lose_track") for after in EARLY + LATE for left in (False, True)],
        *[("never_left", after, left, None) for after in EARLY for left in (False, True)],
        *[("never_left", after, False, "never_left") for after in LATE],
        # An earlier send of the same key may have paid: a refused connection proves nothing then.
        *[("never_left", after, True, "lose_track") for after in LATE],
    ],
)
def test_a_send_ends_as_it_was_answered(heard: str, after: str, left_before: bool, step: str | None) -> None:
    minutes, _, seconds = after.partition(":")
    sending_for = timedelta(minutes=int(minutes), seconds=float(seconds or 0))
    assert after_send(Heard(heard), sending_for, left_before=left_before) == step


@pytest.mark.parametrize("never_seen_for", [None, timedelta(0), 30 * SECOND, HOUR])
@pytest.mark.parametrize("honours_keys", [True, False])
@pytest.mark.parametrize(
    ("heard", "step"), [("settled", "hear_settled"), ("awaiting_visitor", "hear_awaiting"), ("failed", "hear_failed")]
)
def test_a_verdict_is_taken_at_any_time(heard: str, step: str, honours_keys: bool, never_seen_for: timedelta | None) -> None:
    trace = Trace(NOON - 48 * HOUR, None if never_seen_for is None else NOON - never_seen_for)
    assert after_query(Heard(heard), trace, NOON, honours_keys=honours_keys) == step


@pytest.mark.parametrize(
    ("never_seen_for", "first_sent", "honours_keys", "again"),
    [
        (None, MINUTE, True, False),
        (timedelta(0), MINUTE, True, False),
        (29 * SECOND, MINUTE, True, False),
        (30 * SECOND - TICK, MINUTE, True, False),
        (30 * SECOND, MINUTE, True, True),
        (31 * SECOND, MINUTE, True, True),
        (30 * SECOND, MINUTE, False, False),
        (23 * HOUR, 24 * HOUR, False, False),
        (30 * SECOND, 24 * HOUR - SECOND, True, True),
        (30 * SECOND, 24 * HOUR - TICK, True, True),
        (30 * SECOND, 24 * HOUR, True, False),
        (30 * SECOND, 24 * HOUR + SECOND, True, False),
        (29 * SECOND, 24 * HOUR - SECOND, True, False),
    ],
)
def test_the_same_key_goes_again_after_30_s_unseen_and_within_24_h(
    never_seen_for: timedelta | None, first_sent: timedelta, honours_keys: bool, again: bool
) -> None:
    trace = Trace(NOON - first_sent, None if never_seen_for is None else NOON - never_seen_for)
    found = after_query(Heard.NEVER_SEEN, trace, NOON, honours_keys=honours_keys)
    assert found == (PayoutStep.SEND_AGAIN if again else None)


@pytest.mark.parametrize("heard", [Heard.UNCLEAR, Heard.NEVER_LEFT])
def test_an_answer_that_says_nothing_never_sends_again(heard: Heard) -> None:
    assert after_query(heard, Trace(NOON - MINUTE, NOON - MINUTE), NOON, honours_keys=True) is None


@pytest.mark.parametrize(
    ("unknown_for", "wait"),
    [
        (timedelta(0), 2 * SECOND),
        (59 * SECOND, 2 * SECOND),
        (MINUTE - TICK, 2 * SECOND),
        (MINUTE, 10 * SECOND),
        (10 * MINUTE - TICK, 10 * SECOND),
        (10 * MINUTE, MINUTE),
        (48 * HOUR, MINUTE),
    ],
)
def test_the_gateway_is_asked_less_often_the_longer_it_takes(unknown_for: timedelta, wait: timedelta) -> None:
    assert ask_again_in(unknown_for) == wait


LODGER, CONFIRMER, OTHER_CONFIRMER, PROPOSER, SOMEBODY = 1, 2, 3, 4, 5


@pytest.mark.parametrize(
    ("lodged_by", "confirmed_by", "officer", "second"),
    [
        (LODGER, {CONFIRMER}, SOMEBODY, True),
        (LODGER, {CONFIRMER}, LODGER, False),
        (LODGER, {CONFIRMER}, CONFIRMER, False),
        (LODGER, {CONFIRMER}, PROPOSER, False),
        (LODGER, {CONFIRMER, OTHER_CONFIRMER}, OTHER_CONFIRMER, False),
        (LODGER, set(), CONFIRMER, True),
        (None, {CONFIRMER}, LODGER, True),
        (None, set(), PROPOSER, False),
        (LODGER, {LODGER}, LODGER, False),
        (PROPOSER, {PROPOSER}, SOMEBODY, True),
    ],
)
def test_the_second_person_had_no_hand_in_it_before(
    lodged_by: int | None, confirmed_by: set[int], officer: int, second: bool
) -> None:
    assert is_second(Hands(lodged_by, frozenset(confirmed_by), PROPOSER), officer) is second


def test_the_ways_to_pay_are_called_as_the_books_have_always_called_them() -> None:
    assert [method.value for method in Method] == ["cash", "original_route", "transfer"]


def test_the_waits_are_those_of_the_spec() -> None:
    assert (timedelta(hours=24), timedelta(hours=24)) == (payout.APPROVAL_HOLDS, payout.UNKNOWN_IS_ALARMING)
    assert timedelta(minutes=15) == payout.UNKNOWN_IS_LATE
