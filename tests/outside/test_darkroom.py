"""Looking into files: each figure at its limit and one beyond, hostile files, and what the copy no longer holds."""

import io
from time import monotonic

import pytest
from PIL import Image

from desk.domain.errors import BadInput
from desk.domain.evidence import LONG_SIDE, FileKind, kind_of
from desk.outside import darkroom, developing
from desk.outside.darkroom import ProcessDarkroom
from desk.ports import Developed
from tests import exhibits
from tests.exhibits import BLUE, GPS, MAKE, RED, picture


def developed(content: bytes) -> Developed:
    return ProcessDarkroom().develop(content, kind_of(content))


def problem_with(content: bytes) -> str:
    with pytest.raises(BadInput) as refused:
        developed(content)
    return refused.value.problem


def shown(found: Developed) -> Image.Image:
    assert found.copy is not None
    return Image.open(io.BytesIO(found.copy))


@pytest.mark.parametrize("name", exhibits.hostile())
def test_a_hostile_file_is_refused_soon_and_for_its_own_reason(name: str) -> None:
    content, problem = exhibits.hostile()[name]
    began = monotonic()
    assert problem_with(content) == problem
    assert monotonic() - began < 10


@pytest.mark.parametrize(
    "content",
    [
        picture(), picture("PNG"), picture("PNG", mode="1"), picture("PNG", mode="LA"), picture("PNG", mode="P"),
        picture("PNG", mode="I;16"), picture("JPEG", mode="L"), picture("JPEG", mode="CMYK"), picture("WEBP"),
        picture("WEBP", mode="RGBA"), exhibits.heic(),
    ],
)  # fmt: skip
def test_every_kind_of_picture_is_shown_as_a_plain_jpeg(content: bytes) -> None:
    found = developed(content)
    assert (found.width, found.height, found.pages) == (64, 48, None)
    copy = shown(found)
    assert (copy.format, copy.mode, copy.size) == ("JPEG", "RGB", (64, 48))


def test_place_device_words_and_profiles_are_gone_and_the_picture_stands_upright() -> None:
    original = exhibits.from_a_phone()
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(GPS)
    found = developed(original)
    copy = shown(found)
    assert not copy.getexif()
    assert not {"exif", "comment", "icc_profile", "xmp"} & set(copy.info)
    assert found.copy is not None
    for word in (b"Exif", exhibits.PHONE_MAKE.encode(), b"Wang", b"private", b"http"):
        assert word not in found.copy
    assert ((found.width, found.height), copy.size) == ((640, 480), (480, 640))
    for place, colour in (((240, 40), BLUE), ((240, 600), RED)):
        dot = copy.convert("RGB").getpixel(place)
        assert isinstance(dot, tuple)
        assert all(abs(one - other) < 12 for one, other in zip(dot, colour, strict=True))
    assert MAKE not in copy.getexif()


@pytest.mark.parametrize(("size", "fits"), [((8_000, 5_000), True), ((8_001, 5_000), False), ((40_000_001, 1), False)])
def test_a_picture_of_40_megapixels_is_taken_and_one_pixel_more_is_not(size: tuple[int, int], fits: bool) -> None:
    content = exhibits.png_of(*size)
    if not fits:
        assert problem_with(content) == "too_many_pixels"
        return
    found = developed(content)
    assert (found.width, found.height) == size
    assert max(shown(found).size) == LONG_SIDE


@pytest.mark.parametrize(("pages", "fits"), [(50, True), (51, False)])
def test_a_pdf_of_50_pages_is_taken_and_one_of_51_is_not(pages: int, fits: bool) -> None:
    if fits:
        assert developed(exhibits.pdf(pages)) == Developed(None, None, pages, None)
    else:
        assert problem_with(exhibits.pdf(pages)) == "too_many_pages"


@pytest.mark.parametrize("behind", [b"<script>alert(1)</script>", exhibits.pdf(), b"PK\x03\x04"])
def test_what_hides_behind_a_picture_does_not_reach_its_copy(behind: bytes) -> None:
    found = developed(picture() + behind)
    assert found.copy is not None
    assert behind not in found.copy


def test_a_file_that_takes_too_long_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(darkroom, "SECONDS", 0.001)
    assert problem_with(picture()) == "unreadable_file"


def test_the_process_that_looks_has_an_end_to_its_memory_and_time() -> None:
    assert developing.MEMORY_BYTES <= 2 * 1024**3
    assert developing.SECONDS < darkroom.SECONDS
    assert FileKind.PDF.media_type == "application/pdf"
