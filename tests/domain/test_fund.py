"""The posting table of SPEC 5.2, written out by hand, and the identity of 5.3 that no entry can break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.fund import (
    NOBODY_NAMED,
    OWED,
    POSTINGS,
    UNFLOORED,
    EntryKind,
    Payer,
    Posting,
    changes,
    fits,
    kind_of,
    out_of_balance,
    postings,
)

EXPECTED: dict[str, list[str]] = {
    "top_up": ["available < source:site"],
    "withdrawal": ["source:site < available"],
    "payout_proposed": ["reserved < available"],
    "payout_cancelled": ["available < reserved"],
    "payout_sent": ["in_transit < reserved"],
    "payout_never_left": ["reserved < in_transit"],
    "payout_settled": ["receivable:17 < in_transit"],
    "payout_failed": ["available < in_transit"],
    "recovered": ["available < receivable:17"],
    "recovered_after_write_off": ["available < written_off"],
    "deposit_paid_in": ["deposit_held < deposit:17"],
    "deposit_paid_back": ["deposit:17 < deposit_held"],
    "deposit_used": ["deposit:17 < deposit_held", "available < receivable:17"],
    "written_off": ["written_off < receivable:17"],
}
"""Each line as debit < credit: the money goes from the right to the left. A bank return has parts and stands alone below."""

RETURNED = ["available < receivable", "available < source:recovered_in_error", "available < written_off"]
WHOLE = [kind for kind in EntryKind if kind is not EntryKind.PAYOUT_RETURNED]
AMOUNTS = st.integers(1, 1_000_000_000)


def of_kind(kind: EntryKind, amount: int = 12_800) -> tuple[Posting, ...]:
    return postings(kind, amount, payer=Payer.SITE, respondent=17)


@st.composite
def entries(draw: st.DrawFn) -> tuple[EntryKind, tuple[Posting, ...]]:
    """Any entry there can be, of any payer and respondent; a bank return in any of its parts."""
    kind, respondent = draw(st.sampled_from(EntryKind)), draw(st.integers(0, 3))
    if kind is not EntryKind.PAYOUT_RETURNED:
        return kind, postings(kind, draw(AMOUNTS), payer=draw(st.sampled_from(Payer)), respondent=respondent)
    parts = draw(st.lists(st.sampled_from(POSTINGS[kind]), min_size=1, max_size=3, unique=True))
    credits_of = {"receivable": f"receivable:{respondent}"}
    return kind, tuple(Posting(debit, credits_of.get(credit, credit), draw(AMOUNTS)) for debit, credit in parts)


def test_the_table_has_every_entry_and_no_other() -> None:
    assert {*EXPECTED, "payout_returned"} == {*EntryKind} == {*POSTINGS}


@pytest.mark.parametrize("kind", WHOLE)
def test_each_entry_moves_what_the_spec_says_from_where_to_where(kind: EntryKind) -> None:
    lines = of_kind(kind)
    assert [f"{line.debit} < {line.credit}" for line in lines] == EXPECTED[kind]
    assert {line.amount for line in lines} == {12_800}


def test_a_bank_return_takes_back_what_is_open_recovered_and_written_off() -> None:
    assert [f"{debit} < {credit}" for debit, credit in POSTINGS[EntryKind.PAYOUT_RETURNED]] == RETURNED
    with pytest.raises(ValueError, match="one by one"):
        of_kind(EntryKind.PAYOUT_RETURNED)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("top_up", {"available": 5, "source:site": 5}),
        ("withdrawal", {"available": -5, "source:site": -5}),
        ("payout_proposed", {"available": -5, "reserved": 5}),
        ("payout_settled", {"in_transit": -5, "receivable:17": 5}),
        ("recovered_after_write_off", {"available": 5, "written_off": -5}),
        ("deposit_paid_in", {"deposit:17": 5, "deposit_held": 5}),
        ("deposit_used", {"available": 5, "deposit:17": -5, "deposit_held": -5, "receivable:17": -5}),
        ("written_off", {"receivable:17": -5, "written_off": 5}),
    ],
)
def test_a_balance_grows_on_the_side_of_its_account(kind: str, changed: dict[str, int]) -> None:
    assert changes(of_kind(EntryKind(kind), 5)) == changed


def test_accounts_are_changed_in_the_order_of_their_names_so_that_posters_never_block_each_other() -> None:
    assert all(list(changes(of_kind(kind))) == sorted(changes(of_kind(kind))) for kind in WHOLE)


@pytest.mark.parametrize("amount", [0, -1, 1.0, True, "1", None])
def test_a_line_moves_a_whole_number_of_minor_units_above_zero(amount: object) -> None:
    with pytest.raises(ValueError, match="whole number"):
        Posting("available", "reserved", amount)  # type: ignore[arg-type] # what a careless caller might pass


@pytest.mark.parametrize("kind", [kind for kind in WHOLE if ":" in "".join(EXPECTED[kind])])
def test_an_entry_on_somebodys_account_names_whose_it_is(kind: EntryKind) -> None:
    with pytest.raises(ValueError, match="names whose it is"):
        postings(kind, 1)
    assert not kind.startswith("payout_") or kind is EntryKind.PAYOUT_SETTLED


def test_only_what_the_spec_leaves_without_a_floor_has_none() -> None:
    every = {kind_of(account) for lines in POSTINGS.values() for line in lines for account in line}
    floored = {"available", "reserved", "in_transit", "deposit_held", "receivable", "deposit"}
    assert every - UNFLOORED == floored
    assert {"source", "deposit"} == OWED


@given(entries())
def test_every_entry_fits_the_table_and_leaves_the_identity_at_zero(entry: tuple[EntryKind, tuple[Posting, ...]]) -> None:
    kind, lines = entry
    assert out_of_balance(changes(lines)) == 0
    assert all(fits(kind, line.debit, line.credit) and not fits(kind, line.credit, line.debit) for line in lines)


@given(st.lists(entries(), max_size=30))
def test_the_identity_holds_after_any_entries_in_any_order(booked: list[tuple[EntryKind, tuple[Posting, ...]]]) -> None:
    balances: dict[str, int] = {}
    for _, lines in booked:
        for account, change in changes(lines).items():
            balances[account] = balances.get(account, 0) + change
        assert out_of_balance(balances) == 0
    theirs = sum(balance for account, balance in balances.items() if account.startswith(("source:", "deposit:")))
    assert sum(balances.values()) - theirs == theirs


@given(entries(), st.integers(1, 100))
def test_money_that_came_from_nowhere_breaks_the_identity(entry: tuple[EntryKind, tuple[Posting, ...]], surplus: int) -> None:
    balances = changes(entry[1])
    for account, balance in balances.items():
        assert out_of_balance({**balances, account: balance + surplus}) in (surplus, -surplus)


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        ("top_up", "source:site", "available"), ("top_up", "available", "receivable:17"), ("recovered", "", ""),
        ("withdrawal", "available", "source:site"), ("payout_settled", "receivable:17", "reserved"),
        ("deposit_used", "deposit:17", "receivable:17"),
    ],
)  # fmt: skip
def test_a_line_that_the_table_does_not_have_fits_no_entry_of_its_kind(kind: str, debit: str, credit: str) -> None:
    assert not fits(EntryKind(kind), debit, credit)


def test_who_puts_money_in_and_whom_nobody_named_are_called_as_the_books_have_always_called_them() -> None:
    assert [payer.value for payer in Payer] == ["government", "site", "insurance", "penalty"]
    assert NOBODY_NAMED == 0


def test_money_that_is_nobodys_is_above_zero_and_money_that_is_missing_below() -> None:
    assert out_of_balance({"available": 300, "source:site": 200}) == 100
    assert out_of_balance({"available": 200, "source:site": 300}) == -100
