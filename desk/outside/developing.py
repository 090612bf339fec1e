"""A process of its own that looks into one file: `python -m desk.outside.developing KIND`, file on stdin, findings on stdout.

It opens what strangers made, so it holds no key, may write no file, and has an end to its memory and time. Decoding begins
only after the header told a size within the limits; nothing in a PDF is ever run or drawn.
"""

import io
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

from desk.domain.errors import BadInput
from desk.domain.evidence import FILE, LONG_SIDE, FileKind, check_pages, check_pixels

if TYPE_CHECKING:
    from PIL import Image

MEMORY_BYTES = 1536 * 1024 * 1024
"""Enough for 40 megapixels decoded, turned and laid on white; a header that asks for more meets a wall."""

SECONDS = 10
QUALITY = 85
_MOVING = frozenset({FileKind.PNG, FileKind.WEBP})
"""Kinds that can be films. A JPEG's or HEIC's further pictures are previews and depth maps: only the first is shown."""


def main() -> None:
    """Say what was found in one line of JSON; the copy's bytes follow it."""
    kind, original = FileKind(sys.argv[1]), sys.stdin.buffer.read()
    _wall_in()
    found: dict[str, Any]
    try:
        found, copy = _counted(original) if kind is FileKind.PDF else _developed(original, kind)
    except BadInput as refusal:
        found, copy = {"problem": refusal.problem, "params": {"limit": refusal.params.get("limit")}}, b""
    except Exception:  # noqa: BLE001 - libraries stumble over broken files in every way there is
        found, copy = {"problem": "unreadable_file", "params": {}}, b""
    sys.stdout.buffer.write(json.dumps(found).encode() + b"\n" + copy)


def _wall_in() -> None:
    os.nice(10)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _counted(original: bytes) -> tuple[dict[str, int], bytes]:
    """The pages of a PDF; one that is locked or whose pages cannot be counted is refused."""
    from pypdf import PdfReader  # noqa: PLC0415 - a picture needs no PDF library

    reader = PdfReader(io.BytesIO(original))
    if reader.is_encrypted:
        raise BadInput(FILE, "locked_file")
    pages = 0
    for pages, _ in enumerate(reader.pages, 1):
        check_pages(pages)
    if not pages:
        raise BadInput(FILE, "unreadable_file")
    return {"pages": pages}, b""


def _developed(original: bytes, kind: FileKind) -> tuple[dict[str, int], bytes]:
    """A picture's size, and its copy: upright, at most `LONG_SIDE`, JPEG, with nothing but the picture in it."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - a PDF needs no picture library

    if kind is FileKind.HEIC:
        from pillow_heif import register_heif_opener  # noqa: PLC0415 - only one kind needs it

        register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # the limit is ours, and told as ours
    if kind is FileKind.WEBP:
        check_pixels(*_webp_size(original))  # its library makes room for the whole picture as soon as it is opened
    with Image.open(io.BytesIO(original), formats=["HEIF" if kind is FileKind.HEIC else kind.upper()]) as picture:
        width, height = picture.size
        check_pixels(width, height)
        if kind in _MOVING and getattr(picture, "n_frames", 1) > 1:
            raise BadInput(FILE, "moving_picture")
        picture.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
        upright = ImageOps.exif_transpose(picture)
        copy = io.BytesIO()
        _flat(upright).save(copy, "JPEG", quality=QUALITY, optimize=True)
    return {"width": width, "height": height}, copy.getvalue()


def _webp_size(original: bytes) -> tuple[int, int]:
    """Width and height as the first chunk tells them. Source: RFC 9649, 2.5 to 2.7."""
    form, head = original[12:16], original[20:30]
    if form == b"VP8X":
        return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(head[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF


def _flat(picture: "Image.Image") -> "Image.Image":
    """The bare picture in red, green and blue on white: what is saved of it carries no words, places or profiles."""
    from PIL import Image  # noqa: PLC0415 - as above

    if picture.mode not in ("RGB", "L"):
        clear = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear).convert("RGB")
    bare = Image.new("RGB", picture.size)
    bare.paste(picture.convert("RGB"))
    return bare


if __name__ == "__main__":
    main()
