"""What the visitor reads at every stage a claim can reach, in both languages, through the API."""

import re

import pytest

from desk.domain.claim import Answer
from desk.domain.stage import Stage
from tests.web.front import STATUS, Front

# stage → (state of the claim, public state, who acts next, what the visitor may do)
STAGES: dict[str, tuple[str, str, str, list[str]]] = {
    "registered": ("received", "registered", "desk", ["add_evidence", "change_contact", "withdraw"]),
    "being_checked": ("received", "being_checked", "desk", ["add_evidence", "change_contact", "withdraw"]),
    "waiting_for_you": (
        "awaiting_information",
        "waiting_for_you",
        "visitor",
        ["answer", "add_evidence", "change_contact", "withdraw"],
    ),
    "refund_agreed": ("fast_refund", "refund_agreed", "desk", ["object", "add_evidence", "change_contact", "withdraw"]),
    "in_mediation": ("docketed", "in_mediation", "mediator", ["add_evidence", "change_contact", "withdraw"]),
    "agreement_reached": ("settled", "in_mediation", "respondent", ["add_evidence", "change_contact"]),
    "return_in_progress": ("returning", "being_checked", "desk", ["add_evidence", "change_contact", "withdraw"]),
    "closed_refunded": ("closed", "closed", "nobody", ["reopen", "rate"]),
    "closed_performed": ("closed", "closed", "nobody", ["reopen", "rate"]),
    "closed_terminated": ("terminated", "closed", "nobody", ["reopen", "rate"]),
    "closed_refused": ("refused", "closed", "nobody", ["reopen", "rate"]),
    "closed_transferred": ("transferred", "closed", "agency", ["reopen", "rate"]),
    "closed_withdrawn": ("withdrawn", "closed", "nobody", ["reopen"]),
}
# A refund on its way has no row yet: payouts come with the ledger. Their sentences are tested in tests/wording.
NOT_YET = {"refund_being_confirmed", "refund_sent"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")


async def at_stage(front: Front, stage: str) -> str:
    """The reference of a claim at this stage."""
    reference = await front.brought_to(STAGES[stage][0])
    if stage == "being_checked":
        await front.house.assess(reference, facts_clear=Answer.UNKNOWN)
    if stage == "closed_performed":
        await front.put(reference, "closed", "performed")
    return reference


def test_every_stage_is_told() -> None:
    assert set(STAGES) | NOT_YET == set(Stage)


@pytest.mark.parametrize("stage", STAGES)
async def test_each_stage_has_its_sentence_next_step_and_acts_in_both_languages(front: Front, stage: str) -> None:
    state, public, who, acts = STAGES[stage]
    slip = await front.slip(await at_stage(front, stage))
    assert (await front.claim(slip.reference)).state == state
    told = {language: await front.status(slip, language) for language in ("zh-CN", "en")}
    for language, seen in told.items():
        assert set(seen) == {"reference", "state", "stage", "sentence", "next", "amounts", "history", "acts", "take"}
        assert (seen["reference"], seen["state"], seen["stage"]) == (slip.reference, public, stage)
        assert (seen["next"]["who"], seen["acts"], seen["take"]) == (who, acts, None)
        said = [seen["sentence"], *(line["text"] for line in seen["history"])]
        assert all(bool(CHINESE.search(text)) is (language == "zh-CN") for text in said)
        assert not re.search(r"[{}]|None|say\.|history\.", " ".join(said))
        assert [line["at"] for line in seen["history"]] == sorted((line["at"] for line in seen["history"]), reverse=True)
    assert told["zh-CN"]["history"][-1]["at"] == told["en"]["history"][-1]["at"]


async def test_no_two_stages_are_told_alike(sqlite_front: Front) -> None:
    slips = [await sqlite_front.slip(await at_stage(sqlite_front, stage)) for stage in STAGES]
    for language in ("zh-CN", "en"):
        said = [(await sqlite_front.status(slip, language))["sentence"] for slip in slips]
        assert len(set(said)) == len(STAGES)


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("en", "en"), ("zh-CN", "zh-CN"), ("zh-TW,en;q=0.5", "zh-CN"), ("fr,en;q=0.4,zh;q=0.3", "en"), ("fr", "zh-CN"),
        ("", "zh-CN"), ("en-GB;q=0.9, zh;q=0.8", "en"), ("*", "zh-CN"), ("zh;q=0, *", "en"), (";;;q=9\t", "zh-CN"),
    ],
)  # fmt: skip
async def test_the_language_is_the_readers_wish(sqlite_front: Front, wish: str, language: str) -> None:
    slip = await sqlite_front.slip((await sqlite_front.house.lodge()).reference)
    answer = await sqlite_front.call("POST", STATUS, json={"token": slip.token}, language=wish)
    assert (answer.headers["content-language"], answer.headers["vary"]) == (language, "Accept-Language")
    assert bool(CHINESE.search(answer.json()["sentence"])) is (language == "zh-CN")


async def test_vera_reads_what_is_missing_and_why_a_claim_is_not_taken(front: Front) -> None:
    slip = await front.slip(await at_stage(front, "waiting_for_you"))
    assert "金额" in (await front.status(slip, "zh-CN"))["sentence"]
    refused = await front.slip(await at_stage(front, "closed_refused"))
    sentence = (await front.status(refused, "en"))["sentence"]
    assert "12315" in sentence or "12345" in sentence
    assert "court" in sentence.lower()


async def test_a_late_promise_is_told_as_late(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    on_time = await front.status(slip)
    front.house.clock.go(hours=2, minutes=1)
    late = await front.status(slip)
    assert late["next"]["due_at"] == on_time["next"]["due_at"]
    assert late["sentence"] != on_time["sentence"]


async def test_a_promise_of_the_night_is_told_as_the_opening_and_is_late_only_after_it(sqlite_front: Front) -> None:
    front, opening = sqlite_front, "will answer you once we open {} at 06:00"
    front.house.clock.go(hours=7, minutes=55)  # 17:25, five minutes before the counter closes
    slip = await front.slip((await front.house.lodge()).reference)
    told = [await front.status(slip)]
    for hours in (1, 4, 7):  # 18:25, 22:25, 05:25; due at 19:25
        front.house.clock.go(hours=hours)
        told.append(await front.status(slip))
    front.house.clock.go(minutes=36)
    told.append(await front.status(slip))
    assert len({view["next"]["due_at"] for view in told}) == 1
    sentences = [view["sentence"] for view in told]
    assert "today by 19:25" in sentences[0]
    assert [opening.format(day) in said for day, said in zip(("tomorrow", "tomorrow", "today"), sentences[1:], strict=False)] == [
        True
    ] * 3
    assert "promised time has passed: yesterday at 19:25" in sentences[4]


async def test_the_words_are_new_as_soon_as_the_claim_changes_or_the_day_does(front: Front) -> None:
    slip = await front.slip((await front.house.lodge()).reference)
    seen = [await front.status(slip)]
    await front.house.message(slip.reference)
    seen.append(await front.status(slip))
    await front.house.withdraw(slip.reference)
    seen.append(await front.status(slip))
    front.house.clock.go(days=8)
    seen.append(await front.status(slip))
    assert len({view["sentence"] for view in seen}) == 4
    assert seen[-1]["acts"] == []


async def test_the_status_names_no_officer_no_merchant_and_no_contact(front: Front) -> None:
    reference = await front.house.fast()
    await front.house.note(reference)
    await front.house.message(reference, "您好")
    slip = await front.slip(reference)
    for language in ("zh-CN", "en"):
        seen = str(await front.status(slip, language))
        assert not any(name in seen for name in ("Olga", "olga", "云海茶庄", "王小薇", "13800138000", "已电话核实", "officer:"))
