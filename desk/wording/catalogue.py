"""The texts by id and language, read from `.po` files at first use. Knows no stage, no reason and no figure.

An id that is not there is a bug and is raised as one: a reader never sees a raw id.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from babel.messages.pofile import read_po

from desk.domain.claim import Language

LANGUAGES = tuple(language.value for language in Language)
DEFAULT = Language.ZH_CN.value
LOCALES: Mapping[str, str] = MappingProxyType({Language.ZH_CN: "zh_CN", Language.EN: "en"})
"""The name each language goes by in Babel and in the folder of catalogues."""

_FOLDER = Path(__file__).parent / "catalogues"
_RANGE = re.compile(
    r"\s*(?P<tag>\*|[a-z]{1,8}(?:-[a-z0-9]{1,8})*)\s*(?:;\s*q\s*=\s*(?P<q>0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?",
    re.ASCII | re.IGNORECASE,
)
_MOST_RANGES = 32


@cache
def entries(language: str) -> Mapping[str, str]:
    """Every text of one language by its id. Raises KeyError for a language the desk does not speak."""
    with (_FOLDER / f"{LOCALES[language]}.po").open("rb") as file:
        messages = read_po(file, locale=LOCALES[language])
    return MappingProxyType({str(one.id): str(one.string) for one in messages if one.id and one.string})


def text(key: str, language: str, /, **params: object) -> str:
    """The text of `key` with its `{names}` filled in; params it does not name are ignored.

    Values are data and are never read as a template. Raises KeyError for an unknown id or language, or a name left
    unfilled.
    """
    return entries(language)[key].format_map(params)


def variant(key: str, language: str, /, **params: object) -> str:
    """The text of `key` that says the most: `key.name` where a param of that name is given and such a text exists."""
    known = entries(language)
    given = {name: value for name, value in params.items() if value is not None}
    chosen = next((f"{key}.{name}" for name in given if f"{key}.{name}" in known), key)
    return text(chosen, language, **given)


def best_language(accept_language_header: str | None) -> str:
    """The language to answer in, by the reader's own weights; any Chinese is zh-CN, and so is an unknown wish.

    Never raises, whatever the header holds. Source: RFC 9110, 12.5.4.
    """
    wishes = _wishes(accept_language_header or "")
    weights = {language: _weight(language, wishes) for language in LANGUAGES}
    wanted = [language for language in LANGUAGES if (weights[language] or (0.0,))[0] > 0]
    if wanted:
        return max(wanted, key=lambda language: weights[language] or (0.0, 0))
    return next((language for language in LANGUAGES if weights[language] is None), DEFAULT)


def _wishes(header: str) -> list[tuple[str, float]]:
    """The language ranges of a header with their weights, as written; whatever is not a range is skipped."""
    found = [_RANGE.fullmatch(part) for part in header.split(",", _MOST_RANGES)[:_MOST_RANGES]]
    return [(one["tag"].lower().partition("-")[0], float(one["q"] or 1)) for one in found if one]


def _weight(language: str, wishes: list[tuple[str, float]]) -> tuple[float, int] | None:
    """The highest weight given to a language and how early it was named; None where no range speaks of it."""
    primary = language.partition("-")[0]
    named = [(q, -place) for place, (tag, q) in enumerate(wishes) if tag == primary]
    anything = [(q, -place) for place, (tag, q) in enumerate(wishes) if tag == "*"]
    return max(named or anything, default=None)
