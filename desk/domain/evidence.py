"""Evidence: which files the desk takes, how many and how large, and what a file is called. Looks into no picture.

A file is what its first bytes say; what its name or the sender's Content-Type says decides nothing.
"""

import unicodedata
from enum import StrEnum

from desk.domain.errors import BadInput

MEGABYTE = 1024 * 1024
MOST_FILES = 20
MOST_BYTES = 15 * MEGABYTE
MOST_BYTES_OF_CLAIM = 60 * MEGABYTE
MOST_PIXELS = 40_000_000
MOST_PAGES = 50
"""The figures of evidence: files and bytes a claim, bytes, pixels and PDF pages a file. Source: SPEC 8."""

LONG_SIDE = 2_000
"""Pixels of the longer side of the copy that is shown."""

NAME_LENGTH = 80
FILE = "/file"
"""Where a refusal points to."""


class FileKind(StrEnum):
    """What a file is, by its content. Source: SPEC 4.1."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    HEIC = "heic"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """How HTTP names it."""
        return "application/pdf" if self is FileKind.PDF else f"image/{self}"

    @property
    def ending(self) -> str:
        """How a file name of this kind ends."""
        return {FileKind.JPEG: ".jpg"}.get(self, f".{self}")


class Shows(StrEnum):
    """What a file shows, as whoever adds it says. Source: API, "Evidence"."""

    RECEIPT = "receipt"
    PHOTO = "photo"
    CONTRACT = "contract"
    CHAT = "chat"
    PRICE_BOARD = "price_board"
    OTHER = "other"


class Scan(StrEnum):
    """What a malware scanner said. Nothing scans yet, and every reader of a file is told so."""

    UNSCANNED = "unscanned"
    CLEAN = "clean"
    INFECTED = "infected"


_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"mif1", b"msf1"})


def kind_of(content: bytes) -> FileKind:
    """What the bytes are. Raises BadInput for an empty file and for any other kind. Source: SPEC 4.1."""
    if not content:
        raise BadInput(FILE, "empty_file")
    found = _by_first_bytes(content)
    if found is None:
        raise BadInput(FILE, "file_kind_unknown")
    return found


def _by_first_bytes(content: bytes) -> FileKind | None:
    if content.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return FileKind.WEBP
    if content[4:8] == b"ftyp" and _HEIC_BRANDS & _brands(content):
        return FileKind.HEIC
    return FileKind.PDF if content.startswith(b"%PDF-") else None


def _brands(content: bytes) -> set[bytes]:
    """The major brand of an ISO media file and those it says it is compatible with; AVIF and films have none of ours."""
    length = min(int.from_bytes(content[:4], "big"), 256)
    listed = {content[at : at + 4] for at in range(16, length - 3, 4)}
    return {content[8:12], *listed} if b"avif" not in {content[8:12], *listed} else set()


def check_size(size: int) -> None:
    """One file's bytes are within the limit. Raises BadInput. Source: SPEC 8."""
    if size > MOST_BYTES:
        raise BadInput(FILE, "file_too_large", limit=MOST_BYTES // MEGABYTE)


def check_room(files: int, held: int, size: int) -> None:
    """A claim that holds `files` files of `held` bytes takes one more of `size` bytes. Raises BadInput. Source: SPEC 8."""
    if files >= MOST_FILES:
        raise BadInput(FILE, "too_many_files", limit=MOST_FILES)
    if held + size > MOST_BYTES_OF_CLAIM:
        raise BadInput(FILE, "claim_full", limit=MOST_BYTES_OF_CLAIM // MEGABYTE)


def check_pixels(width: int, height: int) -> None:
    """A picture's size as its header tells it is within the limit. Raises BadInput. Source: SPEC 8."""
    if width * height > MOST_PIXELS:
        raise BadInput(FILE, "too_many_pixels", limit=MOST_PIXELS // 1_000_000)


def check_pages(pages: int) -> None:
    """A PDF's pages are within the limit. Raises BadInput. Source: SPEC 8."""
    if pages > MOST_PAGES:
        raise BadInput(FILE, "too_many_pages", limit=MOST_PAGES)


def safe_name(given: str, kind: FileKind) -> str:
    """A name to show and to save under: no folder, nothing invisible, at most 80 characters, ending as its kind does."""
    last = unicodedata.normalize("NFC", given).replace("\\", "/").rpartition("/")[2]
    plain = "".join(" " if char in '<>:"|?*;%' else char for char in last if unicodedata.category(char)[0] != "C")
    stem, dot, _ = plain.rpartition(".")
    name = " ".join((stem if dot else plain).split()).strip(". ")
    return f"{name[: NAME_LENGTH - len(kind.ending)].rstrip('. ') or 'file'}{kind.ending}"


def original_of(file_id: str) -> str:
    """What the sealed original of a file is called where it lies."""
    return f"{file_id}.original"


def view_of(file_id: str) -> str:
    """What the sealed copy that is shown is called where it lies."""
    return f"{file_id}.view"


def id_in(name: str) -> str:
    """The id of the file that something lying there belongs to."""
    return name.partition(".")[0]


def has_view(kind: FileKind) -> bool:
    """Whether a file has a copy to show; a PDF is only ever handed out as it is, to be saved."""
    return kind is not FileKind.PDF
