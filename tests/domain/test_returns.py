"""The rule of returns, written out by hand from SPEC 4.5 and LAW R8: which pledge covers, what speaks against it."""

from dataclasses import replace
from datetime import date

import pytest

from desk.domain.claim import Answer
from desk.domain.returns import (
    EXCLUSIONS,
    Findings,
    Pledge,
    ReturnFacts,
    ReturnPhase,
    ReturnReason,
    covering,
    last_day,
    phase,
    propose,
)
from desk.packs.loader import load_packs

PACK = load_packs().by_version("cn-2026")
SHOP, OTHER = 7, 8
JANUARY, BOUGHT, ASKED = date(2026, 1, 1), date(2026, 9, 1), date(2026, 9, 8)
OF_SHOP = Pledge(1, SHOP, 30, frozenset(EXCLUSIONS), JANUARY)
OF_SITE = Pledge(2, None, 7, frozenset(), JANUARY)
SOUND = Findings(Answer.NO, Answer.NO, Answer.NO)
FACTS = ReturnFacts(ASKED, BOUGHT, has_invoice=True, respondent=SHOP, findings=SOUND)


def told(facts: ReturnFacts, pledge: Pledge | None = OF_SHOP) -> tuple[tuple[str, ...], tuple[str, ...]]:
    proposal = propose(facts, pledge, PACK)
    return proposal.codes, proposal.missing


@pytest.mark.parametrize(
    ("changed", "reasons", "missing"),
    [
        ({}, (), ()),
        ({"has_invoice": False}, ("no_invoice",), ()),
        ({"findings": replace(SOUND, custom_made=Answer.YES)}, ("custom_made",), ()),
        ({"findings": replace(SOUND, altered=Answer.YES)}, ("altered",), ()),
        ({"findings": replace(SOUND, damaged_in_transport=Answer.YES)}, ("damaged_in_transport",), ()),
        ({"findings": replace(SOUND, altered=Answer.UNKNOWN)}, (), ("altered",)),
        ({"findings": Findings()}, (), ("custom_made", "altered", "damaged_in_transport")),
        ({"purchased_on": None}, (), ("purchased_on",)),
        ({"respondent": None}, (), ("respondent",)),
        (
            {"requested_on": date(2026, 10, 2), "has_invoice": False, "findings": Findings(Answer.YES, Answer.YES, Answer.YES)},
            ("out_of_time", "custom_made", "altered", "damaged_in_transport", "no_invoice"),
            (),
        ),
    ],
)
def test_each_fact_brings_its_reason_or_is_missing(
    changed: dict[str, object], reasons: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    assert told(replace(FACTS, **changed)) == (reasons, missing)  # type: ignore[arg-type] # each value is of its own kind


def test_a_seller_without_a_pledge_is_not_covered_and_nothing_else_is_asked() -> None:
    assert told(replace(FACTS, purchased_on=None, findings=Findings()), None) == (("seller_not_covered",), ())


@pytest.mark.parametrize("code", EXCLUSIONS)
def test_what_a_pledge_does_not_except_neither_speaks_against_it_nor_is_missing(code: ReturnReason) -> None:
    bare = replace(OF_SHOP, exclusions=frozenset(EXCLUSIONS) - {code})
    worst = replace(FACTS, has_invoice=False, findings=Findings(Answer.YES, Answer.YES, Answer.YES))
    assert told(worst, bare)[0] == tuple(one for one in EXCLUSIONS if one is not code)
    assert code not in told(replace(FACTS, findings=Findings()), bare)[1]


@pytest.mark.parametrize(
    ("asked", "late"),
    [(date(2026, 9, 1), False), (date(2026, 10, 1), False), (date(2026, 10, 2), True), (date(2026, 8, 1), False)],
)
def test_the_last_day_of_the_window_counts(asked: date, late: bool) -> None:
    assert last_day(OF_SHOP, BOUGHT) == date(2026, 10, 1)
    assert ("out_of_time" in told(replace(FACTS, requested_on=asked))[0]) is late


def test_too_late_is_told_with_the_day_asked_the_last_day_and_the_source_of_the_pack() -> None:
    (reason,) = propose(replace(FACTS, requested_on=date(2026, 10, 2)), OF_SHOP, PACK).reasons
    assert (reason.figure, reason.limit, reason.source) == ("2026-10-02", "2026-10-01", "site pledge")


def test_over_the_end_of_a_leap_february() -> None:
    assert last_day(replace(OF_SHOP, days=1), date(2028, 2, 28)) == date(2028, 2, 29)


@pytest.mark.parametrize(
    ("pledges", "changed", "found"),
    [
        ([OF_SHOP, OF_SITE], {}, OF_SHOP),
        ([OF_SITE], {}, OF_SITE),
        ([OF_SITE], {"licensed": False}, None),
        ([OF_SHOP], {"licensed": False}, OF_SHOP),
        ([OF_SHOP], {"respondent": OTHER}, None),
        ([OF_SHOP, OF_SITE], {"respondent": OTHER}, OF_SITE),
        ([OF_SHOP, OF_SITE], {"respondent": None}, None),
        ([], {}, None),
        ([replace(OF_SHOP, signed_on=date(2026, 9, 2))], {}, None),
        ([replace(OF_SHOP, signed_on=BOUGHT)], {}, replace(OF_SHOP, signed_on=BOUGHT)),
        ([replace(OF_SHOP, withdrawn_on=BOUGHT)], {}, replace(OF_SHOP, withdrawn_on=BOUGHT)),
        ([replace(OF_SHOP, withdrawn_on=date(2026, 8, 31))], {}, None),
        ([replace(OF_SHOP, withdrawn_on=date(2026, 8, 31)), OF_SITE], {}, OF_SITE),
        ([replace(OF_SHOP, withdrawn_on=date(2026, 9, 5))], {"purchased_on": None}, None),
    ],
)
def test_a_pledge_covers_what_was_bought_while_it_stood(
    pledges: list[Pledge], changed: dict[str, object], found: Pledge | None
) -> None:
    assert covering(pledges, replace(FACTS, **changed)) == found  # type: ignore[arg-type] # each value is of its own kind


def test_of_two_of_one_merchant_the_one_signed_last_counts() -> None:
    longer = Pledge(3, SHOP, 60, frozenset(), date(2026, 6, 1))
    ended = replace(OF_SHOP, withdrawn_on=date(2026, 9, 30))
    assert covering([longer, ended], FACTS) == longer == covering([ended, longer], FACTS)


@pytest.mark.parametrize(
    ("answer", "back", "found"),
    [
        (None, False, ReturnPhase.ASKED),
        ("goods_awaited", False, ReturnPhase.GOODS_AWAITED),
        ("goods_awaited", True, ReturnPhase.GOODS_BACK),
    ],
)
def test_how_far_a_return_has_come_is_what_its_row_says(answer: str | None, back: bool, found: ReturnPhase) -> None:
    assert phase(answer, goods_back=back) is found


def test_every_reason_of_the_spec_is_there_and_only_seller_and_days_bind_every_pledge() -> None:
    spec = {"custom_made", "altered", "no_invoice", "out_of_time", "seller_not_covered", "damaged_in_transport"}
    assert set(ReturnReason) == spec
    assert spec - set(EXCLUSIONS) == {"out_of_time", "seller_not_covered"}
