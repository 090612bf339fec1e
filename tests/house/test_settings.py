"""Every setting is explained to operators, and nothing is explained that does not exist."""

import re

from tests.house import tree

# Names that the tests read; the product does not know them.
OF_THE_TESTS = re.compile(r"DESK_(TEST|REQUIRE)_[A-Z_]+")


def settings() -> set[str]:
    """The names of all `DESK_*` variables that the product reads."""
    from desk.settings import Settings

    return {f"DESK_{field.upper()}" for field in Settings.model_fields}


def documented() -> set[str]:
    """The `DESK_*` names that operators can read about."""
    pages = [path for path in tree.files() if path.name in ("README.md", "OPERATING.md")]
    return {name for path in pages for name in re.findall(r"\bDESK_[A-Z][A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8"))}


def test_every_setting_is_documented() -> None:
    assert settings() - documented() == set()


def test_every_documented_setting_exists() -> None:
    assert {name for name in documented() - settings() if not OF_THE_TESTS.fullmatch(name)} == set()
