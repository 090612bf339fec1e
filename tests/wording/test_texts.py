"""All other texts: each code has its words in both languages, and the words keep the rules of UX (b)."""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

import pytest

import desk
from desk.domain import audit, calendar, claim, clocks, fund, lifecycle, limits, pack, payout, policy, recovery, triage
from desk.domain import stage as stages_of_domain
from desk.domain.alerts import Cause
from desk.domain.money import Money
from desk.wording import catalogue, figures, history, reasons, refusals
from desk.wording.alerts import reason_text, reasons_text
from desk.wording.labels import CLOCKS, FAMILIES, label
from tests.wording.sentences import (
    NOW,
    ZONE,
    explanations,
    half_width_marks,
    longest_clause,
    longest_sentence,
    refusal_codes,
    statuses,
)  # fmt: skip

IN_NO_LABEL = {claim.Language, payout.PayoutStep, payout.Heard}
PAGES = {".py", ".html", ".jinja", ".j2"}


def _enums() -> Iterator[type[StrEnum]]:
    for module in (claim, stages_of_domain, payout, recovery, fund, limits, clocks, calendar):
        found = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, StrEnum)]
        yield from (one for one in found if one.__module__ == module.__name__ and one not in IN_NO_LABEL)


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_code_has_a_label(language: str) -> None:
    labels = [(family, code, label(family, code, language)) for family, codes in FAMILIES.items() for code in codes]
    assert all(text for *_, text in labels)
    for family in ("state", "public_state", "stage", "route", "category", "payout", "clock", "role"):
        said = [text for one, _, text in labels if one == family]
        assert len(set(said)) == len(said), family


def test_every_enum_a_person_meets_is_a_family() -> None:
    named = [set(codes) for codes in FAMILIES.values()]
    assert [enum.__name__ for enum in _enums() if not any({*enum} <= codes for codes in named)] == []
    assert set(FAMILIES["role"]) >= set(policy.Role)


def test_every_rule_of_a_pack_has_a_name() -> None:
    assert set(CLOCKS) == pack.OVERLAY_CLOCK_IDS | pack.LIMIT_IDS | pack.COUNT_IDS


def test_the_reasons_are_those_of_the_rule() -> None:
    source = Path(triage.__file__).read_text(encoding="utf-8")
    given = re.findall(r'Reason\("(\w+)"|_late\(facts, pack, "(\w+)"|_reason\("(\w+)"|lacking, code.*|"(\w+_unknown)"', source)
    assert {code for groups in given for code in groups if code} == set(reasons.REASONS)


@pytest.mark.parametrize("language", catalogue.LANGUAGES)
def test_every_cause_of_an_alert_tells_what_was_counted(language: str) -> None:
    told = [reason_text(cause, 7, 5, language) for cause in Cause]
    assert len(set(told)) == len(told)
    assert all("7" in each and "5" in each for each in told)
    assert reasons_text([["claims", 7, 5], ["injury", 1, 1]], language).count("24") == 2


@pytest.mark.parametrize(
    ("code", "figure", "limit", "zh", "en"),
    [
        (
            "at_or_above_fast_limit", "5000.00 CNY", "5000.00 CNY",
            "诉求人民币 5,000.00 元。先行赔付要低于人民币 5,000.00 元。",
            "The claim is CNY 5,000.00. A fast refund must be under CNY 5,000.00.",
        ),
        (
            "late_filing", "2026-10-02", "2026-10-01",
            "可以受理到2026年10月1日星期四。这件事登记于2026年10月2日星期五。",
            "The desk could take this until Thursday 1 October 2026. It was registered on Friday 2 October 2026.",
        ),
        ("injury", None, None, "有人受伤，赔偿要当面商定。", "Someone was hurt, so the compensation needs a hearing."),
    ],
)  # fmt: skip
def test_a_reason_is_told_with_its_figure_and_limit(code: str, figure: str | None, limit: str | None, zh: str, en: str) -> None:
    assert reasons.reason_text(code, "zh-CN", figure=figure, limit=limit) == zh
    assert reasons.reason_text(code, "en", figure=figure, limit=limit) == en


def test_what_is_missing_is_told_apart_by_who_can_bring_it() -> None:
    names = ("respondent", "not_at_fault", "evidence_sufficient", "basis")
    assert reasons.still_missing(names, "en") == (
        "Still missing: the business and proof (a receipt, a photo). "
        "Our staff are checking: who is responsible and the ground for paying."
    )
    assert reasons.still_missing(("basis",), "zh-CN") == "工作人员还在核实：赔付的依据。"


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("这家店不归我们管", "这家店不归我们管。"),
        ("Not ours", "Not ours."),
        ("Mr Li of 云海茶庄 asks for the roll", "Mr Li of 云海茶庄 asks for the roll."),
        ("Ask at 云海茶庄", "Ask at 云海茶庄。"),
        ("真的？", "真的？"),
        ("写着“不退”", "写着“不退”。"),
        ("“完。”", "“完。”"),
    ],
)
def test_what_an_officer_wrote_is_told_as_a_whole_sentence(written: str, told: str) -> None:
    assert reasons.because([written], "en") == f"Why: {told}"


def test_an_unknown_reason_is_an_error() -> None:
    with pytest.raises(KeyError):
        reasons.reason_text("because", "en")


def test_every_refusal_says_what_to_do_in_both_languages() -> None:
    for language in catalogue.LANGUAGES:
        for code in refusal_codes():
            assert refusals.title(code, language) != refusals.detail(code, language)
    assert {"bad_input", "busy", "storage_full", "not_found", "refused"} <= refusal_codes()


def test_a_refusal_speaks_our_own_figures_and_never_the_input() -> None:
    assert refusals.detail("too_many_tries", "en", {"retry_after": 90}) == "Wait 2 minutes and try again, or come to the desk."
    assert refusals.problem("too_long", "zh-CN", {"limit": 4000}) == "请写短一些，最多 4000 个字符。"
    assert refusals.problem("not_one_of", "en", {"allowed": ("yes", "no")}) == "Choose one of these: yes or no."
    assert refusals.problem("bad_phone", "en", {"value": "110101199001011234"}).endswith("like 138 0013 8000 or +44 7700 900123.")


def test_a_visitor_sees_every_move_and_nothing_internal() -> None:
    assert {step for kind, step in history.VISITOR_EVENTS if kind == "moved"} == set(lifecycle.Step)
    others = {kind for kind, step in history.VISITOR_EVENTS if step is None}
    assert others <= set(audit.EventKind)
    assert not others & {"note_written", "linked", "contact_viewed", "handoff_due", "verdict_proposed", "facts_completed"}


def test_history_tells_what_was_agreed_and_what_was_said() -> None:
    agreed = history.line("moved", "confirm_fast_refund", "zh-CN", amount=Money(12800, "CNY"))
    assert agreed == "已受理，同意退款人民币 128.00 元。"
    assert (
        history.line("question_asked", None, "en", said="Do you have {a} receipt?") == "Our staff asked: Do you have {a} receipt?"
    )
    with pytest.raises(KeyError):
        history.line("linked", None, "en")


def test_chinese_texts_have_short_clauses_and_full_width_punctuation() -> None:
    for said in explanations("zh-CN"):
        assert longest_clause(said) <= 20, said
        assert half_width_marks(said) == [], said


def test_english_texts_are_short() -> None:
    for said in explanations("en"):
        assert longest_sentence(said) <= 15, said


def test_english_neither_begs_nor_blames() -> None:
    words = re.compile(r"\b(please|sorry|invalid|illegal|forbidden|failed to|rejected)\b", re.IGNORECASE)
    assert [key for key, said in catalogue.entries("en").items() if words.search(said)] == []


def test_nobody_is_judged_by_the_desk() -> None:
    for language, words in (("zh-CN", ("判决", "裁决", "判定")), ("en", ("judgment", "verdict", "complainant"))):
        assert [said for said in catalogue.entries(language).values() if any(word in said for word in words)] == []


class _Recorder(Mapping[str, str]):
    """A catalogue that remembers which of its texts were asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        self.used: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.used.add(key)
        return self.texts[key]

    def __contains__(self, key: object) -> bool:
        return key in self.texts

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    def __len__(self) -> int:
        return len(self.texts)


def _all_figures() -> None:
    for seconds in (-90_000, -60, -1, 1, 90_000):
        figures.relative(NOW + timedelta(seconds=seconds), "en", now=NOW)
    midnight = NOW.astimezone(ZONE).replace(hour=0, minute=0)
    for days in (-20, -1, 0, 1, 2, 20):
        figures.at(NOW + timedelta(days=days), "en", zone=ZONE, now=NOW)
        figures.by(midnight + timedelta(days=days), "en", zone=ZONE, now=NOW)
    figures.money(Money(1, "HKD"), "en")
    figures.money(Money(1, "CNY"), "en")


def test_no_text_lies_unused(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = _Recorder(catalogue.entries("en"))
    monkeypatch.setattr(catalogue, "entries", lambda _language: recorder)
    assert len([*statuses("en"), *explanations("en")]) > 500
    assert all(label(family, code, "en") for family, codes in FAMILIES.items() for code in codes)
    _all_figures()
    unused = set(recorder.texts) - recorder.used
    # Texts of these families are put together in the templates, from a code.
    written = "\n".join(path.read_text(encoding="utf-8") for path in Path(desk.__path__[0]).rglob("*") if path.suffix in PAGES)
    families = (
        "alert.reason.", "breaks.do.", "claim.confirm.", "claim.language.", "console.nav.", "done.",
        "handoff.",
        "claim.told.by.", "collective.", "letter.", "merchant.", "pledges.", "recovery.", "return.",
        "demo.board.", "demo.line.", "demo.seat.", "demo.story.", "demo.word.", "digest.", "fund.", "messages.do.",
        "messages.fate.",
        "promise.", "rating.", "promises.col.", "promises.counted.",
        "notice.", "page.act.", "page.done.", "page.step.", "page.sure.",
        "page.together.", "panel.", "payout.at.", "payout.mine.", "queue.view.",
        "slip.",
    )  # fmt: skip
    assert {key for key in unused if f'"{key}"' not in written and not key.startswith(families)} == set()
