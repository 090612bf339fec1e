"""The reference on a slip: every single error and every swap of neighbours shows, and honest spellings are forgiven."""

from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.reference import ALPHABET, BITS, LENGTH, read_reference, reference_of

numbers = st.integers(0, 2**BITS - 1)
SAMPLES = [reference_of(number) for number in (0, 1, 31, 2**44 + 7, 0x1234_5678_9ABC % 2**BITS, 2**BITS - 1)]


def full_width(text: str) -> str:
    return "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text)


def swapped(text: str, place: int) -> str:
    return text[:place] + text[place + 1] + text[place] + text[place + 2 :]


@given(numbers)
def test_a_reference_is_ten_characters_that_read_as_themselves(number: int) -> None:
    reference = reference_of(number)
    assert len(reference) == LENGTH
    assert set(reference) <= set(ALPHABET)
    assert read_reference(reference) == reference
    assert sum(ALPHABET.index(char) << 5 * place for place, char in enumerate(reversed(reference[:-1]))) == number


@given(numbers)
def test_every_wrong_character_shows(number: int) -> None:
    reference = reference_of(number)
    for place, right in enumerate(reference):
        others = [reference[:place] + char + reference[place + 1 :] for char in ALPHABET if char != right]
        assert [other for other in others if read_reference(other)] == []


@given(numbers)
def test_every_swap_of_neighbours_shows(number: int) -> None:
    reference = reference_of(number)
    for place, (left, right) in enumerate(pairwise(reference)):
        assert (read_reference(swapped(reference, place)) is None) is (left != right)


@pytest.mark.parametrize("place", range(LENGTH - 2))
def test_every_pair_of_neighbours_at_every_place_shows_when_it_is_swapped(place: int) -> None:
    shift = 5 * (LENGTH - 3 - place)
    pairs = [(ALPHABET.index(left) << 5 | ALPHABET.index(right)) << shift for left, right in permutations(ALPHABET, 2)]
    assert [number for number in pairs if read_reference(swapped(reference_of(number), place))] == []


@pytest.mark.parametrize("reference", SAMPLES)
@pytest.mark.parametrize(
    "written",
    [
        str.lower,
        full_width,
        lambda text: full_width(text.lower()),
        lambda text: text.replace("0", "o").replace("1", "l"),
        lambda text: text.replace("0", "O").replace("1", "I"),
        lambda text: text.replace("1", "i"),
        lambda text: f"{text[:5]}-{text[5:]}",
        lambda text: f"{text[:5]}\uff0d{text[5:]}",
        lambda text: f" {text[:3]} {text[3:6]} {text[6:]} ",
        lambda text: f"\u3000{text}\u3000",
        "-".join,
    ],
)
def test_an_honest_spelling_is_forgiven(reference: str, written: object) -> None:
    assert callable(written)
    assert read_reference(written(reference)) == reference


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        SAMPLES[3][:-1],
        SAMPLES[3] + "0",
        "U" * 10,
        "1" * 41,
        "é" * 10,
        "\0" * 10,
        "７Ｑ４Ｋ９２ＭＤＸ",
        "\ud800" * 10,
        "-" * 10,
    ],
)
def test_what_is_no_reference_is_none(text: str) -> None:
    assert read_reference(text) is None
