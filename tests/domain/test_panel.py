"""The rule line by line agrees with the rule itself, on any facts."""

from hypothesis import given
from hypothesis import strategies as st

from desk.domain.claim import Answer, ClaimFacts, Route
from desk.domain.pack import RulePack
from desk.domain.panel import panel
from desk.domain.triage import triage
from tests.domain.test_triage_properties import PACKS, claims, quick


@quick
@given(claims, st.sampled_from(PACKS))
def test_a_fast_refund_is_where_every_line_is_met(facts: ClaimFacts, pack: RulePack) -> None:
    lines = panel(facts, pack)
    assert (triage(facts, pack).route is Route.FAST_REFUND) == all(line.answer is Answer.YES for line in lines)
    assert len({line.code for line in lines}) == len(lines)


@quick
@given(claims, st.sampled_from(PACKS))
def test_more_information_is_asked_for_where_nothing_fails_and_something_is_unknown(facts: ClaimFacts, pack: RulePack) -> None:
    found = {line.answer for line in panel(facts, pack)}
    assert (triage(facts, pack).route is Route.NEEDS_INFORMATION) == (Answer.NO not in found and Answer.UNKNOWN in found)
