"""The published cases: all read, the expected route apart, and a bad line refused by line and key."""

from datetime import date
from pathlib import Path

import pytest

from desk.domain.claim import Category, Route
from desk.packs.cases import CaseError, load_published_cases
from tests.packs.test_loader import SHIPPED, Edit, swap

CASES = load_published_cases()


def test_all_published_cases_are_read() -> None:
    assert len(CASES) == len({case.id for case in CASES}) == 106
    assert {case.category for case in CASES} == set(Category)
    assert sum(case.asked is not None for case in CASES) == 56


def test_the_expected_route_shows_up_nowhere_but_in_the_comparison() -> None:
    fish = CASES[0]
    assert "docket" not in repr(fish)
    assert fish.expected.agrees_with(Route.DOCKET)
    assert not fish.expected.agrees_with(Route.FAST_REFUND)
    refused = next(case for case in CASES if case.expected.route == "refuse_out_of_scope")
    assert [refused.expected.agrees_with(route) for route in (Route.REFUSE, Route.TRANSFER, Route.DOCKET)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "day"), [("2016-02-15", date(2016, 2, 15)), ("2018-10", date(2018, 10, 1)), ("2013", date(2013, 1, 1)), (None, None)]
)
def test_a_year_or_a_month_alone_is_its_first_day(text: str | None, day: date | None, tmp_path: Path) -> None:
    published = "null" if text is None else f'"{text}"'
    assert (
        load_published_cases(case_file(tmp_path, swap('"published": "2016-02-15"', f'"published": {published}')))[0].published_on
        == day
    )


def case_file(folder: Path, edit: Edit) -> Path:
    first = (SHIPPED / "published_cases.jsonl").read_text("utf-8").split("\n")[0]
    file = folder / "cases.jsonl"
    file.write_text(edit(first) + "\n", "utf-8")
    return file


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (swap('"place"', '"plaice"'), "place: is missing"),
        (swap('"published": "2016-02-15"', '"published": "2016-13"'), "published: must be YYYY"),
        (swap('"facts_clear": false', '"facts_clear": "no"'), "facts_clear: must be of type bool or null"),
        (swap('"complainants": 20', '"complainants": true'), "complainants: must be of type int or null"),
        (swap('"asked_cny": null', '"asked_cny": "-5"'), "asked_cny: not an amount"),
        (swap('"scope": "in_scope"', '"scope": "moon"'), "scope: must be one of in_scope"),
        (swap('"id": "C001"', '"id": ""'), "id: is empty"),
        (lambda text: text[:-1], "JSON: "),
        (lambda text: f"[{text}]", "JSON: is not an object"),
        (lambda text: f"{text}\n\n{text}", "line 3: id: comes twice"),
    ],
)
def test_a_bad_case_names_its_line_and_key(tmp_path: Path, edit: Edit, problem: str) -> None:
    with pytest.raises(CaseError, match=problem) as refused:
        load_published_cases(case_file(tmp_path, edit))
    assert str(refused.value).startswith("cases.jsonl: line ")
    assert "\n" not in str(refused.value)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_bytes("{“".encode("gb18030"))
    with pytest.raises(CaseError, match="UTF-8"):
        load_published_cases(file)
