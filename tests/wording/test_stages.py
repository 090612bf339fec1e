"""The status sentence: every stage, audience and language has one, and it keeps the wording rules of UX (b)."""

from datetime import timedelta
from itertools import product

import pytest

from desk.domain.lifecycle import LIFECYCLE, By, Step
from desk.domain.pack import CLOCK_IDS
from desk.domain.payout import Method
from desk.domain.policy import VISITOR_ACTS, Act
from desk.domain.stage import PublicState, Stage, public_state
from desk.wording.catalogue import LANGUAGES, entries
from desk.wording.reasons import reason_text
from desk.wording.stages import TABLE, Audience, Said, Turn, Who, due_of, say
from tests.wording.sentences import (
    LONG_DUE,
    MONEY,
    NOW,
    PHONE,
    ZONE,
    half_width_marks,
    longest_clause,
    longest_sentence,
    statuses,
)

DUE = NOW + timedelta(minutes=12)


def _visitor(stage: Stage, language: str = "zh-CN", **told: object) -> Said:
    given: dict[str, object] = {"due_at": None, "zone": ZONE, "now": NOW, **told}
    return say(stage, Audience.VISITOR, language, **given)  # type: ignore[arg-type] # each value is of its own kind


def test_every_stage_and_audience_has_exactly_one_row_and_one_sentence() -> None:
    assert set(TABLE) == set(product(Stage, Audience))
    assert len({row.key for row in TABLE.values()}) == len(TABLE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_exists_for_every_moment_its_row_can_have(language: str) -> None:
    keys = {key: row for row in TABLE.values() for key in (row.key, *(f"{row.key}.{turn}" for turn in row.turns))}
    wanted = {f"{key}.{when}" for key, row in keys.items() for when in (("open", "due", "overdue") if row.clocks else ("open",))}
    found = {key for key in entries(language) if key.startswith(("say.visitor.", "say.officer.")) and ".reopen" not in key}
    assert found == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_whole(language: str) -> None:
    ending = "。" if language == "zh-CN" else "."
    for key, said in statuses(language):
        assert said.sentence.endswith(ending), key
        assert "{" not in said.sentence, key
        assert "  " not in said.sentence, key
        assert "None" not in said.sentence, key


def test_chinese_sentences_have_short_clauses_and_full_width_punctuation() -> None:
    for key, said in statuses("zh-CN"):
        assert longest_clause(said.sentence) <= 20, (key, said.sentence)
        assert half_width_marks(said.sentence) == [], (key, said.sentence)


def test_english_sentences_are_short() -> None:
    for key, said in statuses("en"):
        assert longest_sentence(said.sentence) <= 15, (key, said.sentence)


REGISTERED = {
    "zh-CN": "已登记。工作人员今天 14:35 前答复您。您可以修改联系方式或撤回诉求。",
    "en": "Registered. Our staff will answer you today by 14:35. You can change your contact details or withdraw.",
}
REFUND_LATE = {
    "zh-CN": "已同意退款人民币 5,000,000.00 元，还在等工作人员付款。已超过承诺的时间：今天 14:17。"
    "想了解情况，请到服务台，或致电 +86 559 2586 1234。领现金还是退回账户，工作人员会和您说好。"
    "您可以申请调解、修改联系方式或撤回诉求。",
    "en": "Refund of CNY 5,000,000.00 agreed, and our staff still have to pay it. "
    "The promised time has passed: today at 14:17. For news, ask at the desk or call +86 559 2586 1234. "
    "In cash or back to your account: our staff settle that with you. "
    "You can object and ask for mediation, change your contact details, or withdraw.",
}
REFUSED = {
    "zh-CN": "已结束，这件事服务台不能受理。这件事归别的部门管。您可以找 12315（消费）或 12345（政府热线）。"
    "有新情况，2027年1月13日星期三 18:45 前可以要求重新处理。",
    "en": "Closed: this is not a matter the desk can take. This belongs to another office. "
    "You can turn to 12315 (consumer) or 12345 (city hotline). "
    "Something new? Tell us by 18:45 on Wednesday 13 January 2027 to have this reopened.",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_sentence_says_where_it_stands_who_acts_by_when_and_what_you_can_do(language: str) -> None:
    assert _visitor(Stage.REGISTERED, language, due_at=DUE).sentence == REGISTERED[language]
    late = {"due_at": NOW - timedelta(minutes=6), "overdue": True, "amount": MONEY, "site_phone": PHONE}
    assert _visitor(Stage.REFUND_AGREED, language, **late).sentence == REFUND_LATE[language]
    ended = {"may_reopen": True, "reopen_until": LONG_DUE, "because": reason_text("other_remit", language)}
    assert _visitor(Stage.CLOSED_REFUSED, language, **ended).sentence == REFUSED[language]


def test_a_deadline_at_which_nobody_is_there_is_told_as_the_opening_also_once_it_has_passed() -> None:
    opens = NOW + timedelta(hours=16)
    for due, overdue in ((DUE, False), (NOW - timedelta(minutes=6), True)):
        for language, told in (("zh-CN", "工作人员明天 06:23 开门后答复您"), ("en", "answer you once we open tomorrow at 06:23")):
            said = _visitor(Stage.REGISTERED, language, due_at=due, overdue=overdue, opens_at=opens)
            assert told in said.sentence
            assert said.next_due_at == due
    bank = _visitor(Stage.REFUND_BEING_CONFIRMED, "en", due_at=DUE, opens_at=opens)
    assert "today by 14:35" in bank.sentence


def test_a_paper_names_its_days_by_their_dates() -> None:
    assert "12月30日星期三 14:35 前" in _visitor(Stage.REGISTERED, due_at=DUE, on_paper=True).sentence
    assert "by 14:35 on Wednesday 30 December" in _visitor(Stage.REGISTERED, "en", due_at=DUE, on_paper=True).sentence


def test_who_answered_is_thanked_and_told_the_deadline() -> None:
    assert _visitor(Stage.REGISTERED, due_at=DUE, turn=Turn.ANSWERED).sentence.startswith(
        "谢谢，您的回答已收到。工作人员正在核实，今天 14:35 前答复您。"
    )
    assert _visitor(Stage.IN_MEDIATION, turn=Turn.ANSWERED).sentence == _visitor(Stage.IN_MEDIATION).sentence


def test_how_the_money_comes_is_told_by_how_it_is_paid() -> None:
    assert "请带凭条或回执到服务台领现金。" in _visitor(Stage.REFUND_AGREED, method=Method.CASH).sentence
    assert "back the way you paid" in _visitor(Stage.REFUND_AGREED, "en", method=Method.ORIGINAL_ROUTE).sentence
    handed = _visitor(Stage.REFUND_SENT, amount=MONEY, turn=Turn.CASH)
    assert handed.sentence.startswith("现金人民币 5,000,000.00 元已交给您。请点清签收。")
    assert handed.next_who == "visitor"


def test_who_has_said_that_the_money_came_is_thanked_and_waits_for_the_desk() -> None:
    said = _visitor(Stage.REFUND_SENT, "en", amount=MONEY, turn=Turn.SAID_RECEIVED)
    assert said.sentence.startswith("Thank you, you told us that the refund of CNY 5,000,000.00 arrived. The desk checks")
    assert (said.next_who, said.acts) == ("desk", ("add_evidence", "change_contact"))


def test_a_deadline_is_told_only_where_a_clock_of_the_row_sets_one() -> None:
    assert _visitor(Stage.REGISTERED, due_at=DUE).next_due_at == DUE
    assert _visitor(Stage.WAITING_FOR_YOU, due_at=DUE).next_due_at is None
    assert _visitor(Stage.REGISTERED).next_due_at is None


def test_the_deadline_is_that_of_the_first_clock_of_the_row_that_runs() -> None:
    running = {"acceptance": LONG_DUE, "first_answer": DUE, "fast_payment": NOW}
    assert due_of(Stage.REGISTERED, running) == DUE
    assert due_of(Stage.REGISTERED, {"acceptance": LONG_DUE}) == LONG_DUE
    assert due_of(Stage.REFUND_AGREED, running) == NOW
    assert due_of(Stage.WAITING_FOR_YOU, running) is None
    assert {clock for row in TABLE.values() for clock in row.clocks} <= CLOCK_IDS


def test_both_audiences_wait_for_the_same_clock_and_person() -> None:
    for stage in Stage:
        visitor, officer = (TABLE[stage, audience] for audience in Audience)
        assert (visitor.clocks, visitor.next) == (officer.clocks, officer.next)


STAGES_OF = {
    Step.ANSWER: {Stage.WAITING_FOR_YOU},
    Step.OBJECT: {Stage.REFUND_AGREED},
    Step.WITHDRAW: {
        Stage.REGISTERED, Stage.BEING_CHECKED, Stage.WAITING_FOR_YOU, Stage.REFUND_AGREED, Stage.IN_MEDIATION,
        Stage.RETURN_IN_PROGRESS,
    },
    Step.REOPEN: {stage for stage in Stage if public_state(stage) is PublicState.CLOSED},
}  # fmt: skip


@pytest.mark.parametrize("step", STAGES_OF)
def test_the_visitors_acts_are_those_of_the_lifecycle_table(step: Step) -> None:
    assert {by for (_, one), move in LIFECYCLE.items() if one is step for by in move.by} >= {By.VISITOR}
    assert {stage for stage in Stage if Act(step) in TABLE[stage, Audience.VISITOR].acts} == STAGES_OF[step]


def test_contacts_can_be_changed_while_a_claim_is_open_and_only_then() -> None:
    offered = {stage for stage in Stage if Act.CHANGE_CONTACT in TABLE[stage, Audience.VISITOR].acts}
    assert offered == {stage for stage in Stage if public_state(stage) is not PublicState.CLOSED}


def test_a_file_can_be_added_wherever_contacts_can_be_changed_and_is_offered_beside_the_sentence() -> None:
    for stage in Stage:
        for audience in Audience:
            acts = TABLE[stage, audience].acts
            assert (Act.ADD_EVIDENCE in acts) is (Act.CHANGE_CONTACT in acts)
    assert _visitor(Stage.REGISTERED, "en").sentence.endswith("You can change your contact details or withdraw.")


def test_a_visitor_is_offered_only_what_a_visitor_may_do() -> None:
    assert {act for stage in Stage for act in TABLE[stage, Audience.VISITOR].acts} <= VISITOR_ACTS


def test_reopening_is_offered_only_inside_the_window() -> None:
    assert _visitor(Stage.CLOSED_WITHDRAWN, may_reopen=True).acts == ("reopen",)
    closed = _visitor(Stage.CLOSED_WITHDRAWN)
    assert closed.acts == ()
    assert closed.sentence == "已结束，诉求已撤回。您不用再做什么。"


def test_a_payout_under_way_takes_away_the_objection_but_not_the_withdrawal() -> None:
    assert _visitor(Stage.REFUND_AGREED, payout_under_way=True).acts == ("add_evidence", "change_contact", "withdraw")
    assert _visitor(Stage.REFUND_BEING_CONFIRMED).acts == ("add_evidence", "change_contact")


def test_every_open_stage_names_who_acts_next() -> None:
    nobody = {stage for stage in Stage if TABLE[stage, Audience.VISITOR].next is Who.NOBODY}
    assert {public_state(stage) for stage in nobody} == {PublicState.CLOSED}
