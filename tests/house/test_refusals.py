"""Every refusal has a code of its own. Status and wording of each code are tested where they live, in web and wording."""

import re
from collections import Counter

from desk.domain import errors


def every_refusal(of: type[errors.DeskError] = errors.DeskError) -> list[type[errors.DeskError]]:
    """All refusals, grandchildren included."""
    return [kind for child in of.__subclasses__() for kind in (child, *every_refusal(child))]


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = Counter(kind.code for kind in every_refusal())
    assert len(codes) > 1
    assert errors.DeskError.code not in codes
    assert [code for code, count in codes.items() if count > 1] == []


def test_codes_are_words_in_snake_case() -> None:
    assert [kind.code for kind in every_refusal() if not re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", kind.code)] == []
