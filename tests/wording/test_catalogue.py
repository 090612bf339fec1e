"""The catalogues and the choice of a language."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.wording.catalogue import LANGUAGES, best_language, entries, text, variant


def _names(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_catalogues_say_the_same_things() -> None:
    zh, en = (entries(language) for language in LANGUAGES)
    assert list(zh) == list(en)
    assert {key: _names(zh[key]) for key in zh} == {key: _names(en[key]) for key in en}


def test_an_unknown_id_a_missing_name_or_an_unknown_language_is_an_error() -> None:
    for key, language in (("no.such.text", "en"), ("say.of", "en"), ("say.ask", "fr")):
        with pytest.raises(KeyError):
            text(key, language)


def test_what_a_person_wrote_is_never_read_as_a_template() -> None:
    assert text("say.of", "zh-CN", money="{ask} {0}") == "{ask} {0}"


def test_a_variant_is_chosen_only_by_a_value_that_is_there() -> None:
    assert variant("say.ask", "en", phone=None) == "ask at the desk"
    assert variant("say.ask", "en", phone="0559 1234") == "ask at the desk or call 0559 1234"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh-CN"), ("", "zh-CN"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("zh-TW", "zh-CN"), ("ZH-hant-hk", "zh-CN"),
        ("fr", "zh-CN"), ("fr, en;q=0.3", "en"), ("en;q=0.3, zh;q=0.7", "zh-CN"), ("en, zh", "en"), ("zh, en", "zh-CN"),
        ("*", "zh-CN"), ("en;q=0, *", "zh-CN"), ("zh;q=0, *", "en"), ("zh;q=0", "en"), ("en;q=nan, zh;q=0.1", "zh-CN"),
        ("en ; q=1.000", "en"), ("en;q=1.5", "zh-CN"), ("*;q=0.5, en;q=0.4", "zh-CN"), ("fr;q=1, *;q=0.5, en;q=0.6", "en"),
        (",,;;q=,", "zh-CN"), ("english", "zh-CN"), (", ".join(["fr"] * 40) + ", en", "zh-CN"),
    ],
)  # fmt: skip
def test_the_reader_is_answered_in_the_language_they_weigh_most(header: str | None, language: str) -> None:
    assert best_language(header) == language


@given(st.one_of(st.none(), st.text(), st.text(alphabet="zhen-*;q=0.19, ")))
def test_no_header_breaks_the_choice(header: str | None) -> None:
    assert best_language(header) in LANGUAGES
