"""Amounts in capital characters: the examples of the rule, and every amount read back as it was."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from desk.wording.capitals import capitals

DIGITS, PLACES = "零壹贰叁肆伍陆柒捌玖", {"仟": 1000, "佰": 100, "拾": 10}
AMOUNTS = st.one_of(st.integers(1, 10**14 - 1), st.integers(1, 10**9), st.integers(1, 10**7).map(lambda yuan: yuan * 100))


@pytest.mark.parametrize(
    ("minor", "written"),
    [
        (140_950, "壹仟肆佰零玖元伍角"), (600_714, "陆仟零柒元壹角肆分"), (168_032, "壹仟陆佰捌拾元零叁角贰分"),
        (10_700_053, "壹拾万柒仟元零伍角叁分"), (1_640_902, "壹万陆仟肆佰零玖元零贰分"), (32_504, "叁佰贰拾伍元零肆分"),
        (12_345, "壹佰贰拾叁元肆角伍分"), (12_800, "壹佰贰拾捌元整"), (1_000, "壹拾元整"), (5, "伍分"), (50, "伍角"),
        (105, "壹元零伍分"), (1_050, "壹拾元零伍角"), (1_000_000_000, "壹仟万元整"), (10_070_000, "壹拾万零柒佰元整"),
        (1_000_000_00, "壹佰万元整"), (100_000_001_00, "壹亿零壹元整"), (100_007_000_00, "壹亿零柒仟元整"),
        (100_010_000_00, "壹亿零壹万元整"), (1_000_500, "壹万零伍元整"), (100_100_00, "壹拾万零壹佰元整"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_the_rule_says(minor: int, written: str) -> None:
    assert capitals(minor) == f"人民币{written}"


@given(AMOUNTS)
@example(10**14 - 1)
def test_every_amount_reads_back_as_it_was(minor: int) -> None:
    assert read(capitals(minor).removeprefix("人民币")) == minor


@given(AMOUNTS)
def test_no_nought_stands_twice_at_the_end_or_before_a_unit(minor: int) -> None:
    written = capitals(minor)
    assert re.search(r"零零|零[元万亿仟佰拾角分整]|零$|币零", written) is None
    assert written.endswith("整") == (minor % 100 == 0)


@pytest.mark.parametrize("minor", [0, -1, 10**14])
def test_what_no_paper_pays_is_refused(minor: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        capitals(minor)


def read(written: str) -> int:
    """The fen that an amount in capitals means."""
    yuan, found, rest = written.rpartition("元")
    groups = re.fullmatch(r"(?:(.+)亿)?(?:(.+)万)?(.*)", yuan)
    assert groups
    assert bool(yuan) == bool(found)
    whole = sum(_four(group or "") * size for group, size in zip(groups.groups(), (10**8, 10**4, 1), strict=True))
    small = re.fullmatch(r"零?(?:(.)角)?(?:(.)分)?整?", rest)
    assert small
    jiao, fen = (DIGITS.index(figure) if figure else 0 for figure in small.groups())
    return whole * 100 + jiao * 10 + fen


def _four(group: str) -> int:
    return sum(DIGITS.index(figure) * PLACES.get(place, 1) for figure, place in re.findall(r"([^零仟佰拾])([仟佰拾]?)", group))
