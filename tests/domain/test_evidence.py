"""Which files are evidence: kinds by content, figures at the limit and one beyond, names that are safe to show and to save."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain import evidence
from desk.domain.errors import BadInput
from desk.domain.evidence import MEGABYTE, NAME_LENGTH, FileKind, kind_of, safe_name
from tests import exhibits


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (exhibits.picture(), FileKind.JPEG), (exhibits.picture("PNG"), FileKind.PNG), (exhibits.picture("WEBP"), FileKind.WEBP),
        (exhibits.heic(), FileKind.HEIC), (exhibits.pdf(), FileKind.PDF), (exhibits.picture() + exhibits.pdf(), FileKind.JPEG),
        (b"\0\0\0\x18ftypmif1\0\0\0\0heicmif1", FileKind.HEIC),
    ],
)  # fmt: skip
def test_a_file_is_what_its_first_bytes_say(content: bytes, kind: FileKind) -> None:
    assert kind_of(content) is kind
    assert kind.media_type.split("/")[0] in ("image", "application")
    assert evidence.has_view(kind) is (kind is not FileKind.PDF)


@given(st.binary(min_size=1, max_size=64))
def test_no_bytes_are_mistaken_for_a_file(content: bytes) -> None:
    with pytest.raises(BadInput, match="bad_input"):
        kind_of(b"?" + content)
    assert kind_of(b"%PDF-" + content) is FileKind.PDF


@pytest.mark.parametrize(
    ("at_limit", "beyond", "problem"),
    [
        (lambda: evidence.check_size(15 * MEGABYTE), lambda: evidence.check_size(15 * MEGABYTE + 1), "file_too_large"),
        (lambda: evidence.check_room(19, 0, 1), lambda: evidence.check_room(20, 0, 1), "too_many_files"),
        (
            lambda: evidence.check_room(1, 59 * MEGABYTE, MEGABYTE), lambda: evidence.check_room(1, 59 * MEGABYTE, MEGABYTE + 1),
            "claim_full",
        ),
        (lambda: evidence.check_pixels(8_000, 5_000), lambda: evidence.check_pixels(40_000_001, 1), "too_many_pixels"),
        (lambda: evidence.check_pages(50), lambda: evidence.check_pages(51), "too_many_pages"),
    ],
)  # fmt: skip
def test_each_figure_holds_at_its_limit_and_not_one_beyond(
    at_limit: Callable[[], None], beyond: Callable[[], None], problem: str
) -> None:
    at_limit()
    with pytest.raises(BadInput) as refused:
        beyond()
    assert (refused.value.field, refused.value.problem) == ("/file", problem)
    assert refused.value.params["limit"] in (15, 20, 60, 40, 50)


@pytest.mark.parametrize(
    ("given_name", "kind", "shown"),
    [
        ("小票 1.JPG", FileKind.JPEG, "小票 1.jpg"),
        ("../../etc/passwd", FileKind.PNG, "passwd.png"),
        ("..\\..\\windows\\system.ini", FileKind.PDF, "system.pdf"),
        ("/", FileKind.PDF, "file.pdf"),
        ("", FileKind.HEIC, "file.heic"),
        (".htaccess", FileKind.PNG, "file.png"),
        ("...", FileKind.WEBP, "file.webp"),
        ("invoice.pdf.exe", FileKind.JPEG, "invoice.pdf.jpg"),
        ("a\r\nSet-Cookie: x.png", FileKind.PNG, "aSet-Cookie x.png"),
        ("photo\u202egpj.exe", FileKind.JPEG, "photogpj.jpg"),
        ('a"b;c%41<d>.png', FileKind.PNG, "a b c 41 d.png"),
        ("x" * 200 + ".jpg", FileKind.JPEG, "x" * 76 + ".jpg"),
        ("\ud800.png", FileKind.PNG, "file.png"),
    ],
)
def test_a_name_is_made_safe(given_name: str, kind: FileKind, shown: str) -> None:
    assert safe_name(given_name, kind) == shown


@given(st.text(max_size=300), st.sampled_from(FileKind))
def test_no_name_leads_anywhere_hides_anything_or_ends_otherwise(name: str, kind: FileKind) -> None:
    shown = safe_name(name, kind)
    assert len(shown) <= NAME_LENGTH
    assert shown.endswith(kind.ending)
    assert not set(shown) & set('/\\\0\r\n"<>:|?*;%\u202e')
    assert not shown.startswith(".")
    assert safe_name(shown, kind) == shown
