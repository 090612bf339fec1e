"""Files as people send them, sound and hostile, made when they are asked for."""

import io
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pillow_heif
from PIL import Image
from pypdf import PdfWriter

GPS, MAKE, ORIENTATION = 0x8825, 0x010F, 0x0112
PHONE_MAKE = "Secretphone 9"
RED, BLUE = (200, 30, 30), (30, 30, 200)


@cache
def picture(form: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    """A picture of one colour in a format that Pillow writes."""
    return _saved(Image.new(mode, size, 90 if mode in ("L", "1") else "olive"), form)


@cache
def from_a_phone(size: tuple[int, int] = (640, 480)) -> bytes:
    """A JPEG held sideways: stored lying with blue on its left, to be shown standing with blue above; with place and make."""
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (0, 0, size[0] // 2, size[1]))
    notes = Image.Exif()
    notes[ORIENTATION], notes[MAKE] = 6, PHONE_MAKE
    notes.get_ifd(GPS).update({1: "N", 2: (30.0, 7.0, 51.5), 3: "E", 4: (118.0, 10.0, 3.1)})
    return _saved(image, "JPEG", exif=notes.tobytes(), comment=b"by Wang Xiaowei", icc_profile=b"private" * 30)


@cache
def heic(size: tuple[int, int] = (64, 48)) -> bytes:
    """A picture as an iPhone keeps it."""
    held = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", size, "olive")).save(held)
    return held.getvalue()


@cache
def pdf(pages: int = 1, password: str = "") -> bytes:
    """A PDF of empty pages, locked where a password is given."""
    writer, held = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(72, 72)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(held)
    return held.getvalue()


@cache
def moving(form: str) -> bytes:
    """A film of three frames that calls itself a picture."""
    frames = [Image.new("RGB", (16, 16), (shade, 0, 0)) for shade in (0, 120, 240)]
    return _saved(frames[0], form, save_all=True, append_images=frames[1:])


@cache
def png_of(width: int, height: int) -> bytes:
    """An honest PNG of one bit a pixel: 20 KB hold 169 megapixels."""
    rows = zlib.compressobj(9)
    row = b"\0" + bytes((width + 7) // 8)
    packed = b"".join(rows.compress(row) for _ in range(height)) + rows.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def jpeg_of_bytes(size: int) -> bytes:
    """A JPEG that is exactly so long; what follows its end is nothing to a reader."""
    start = picture()
    return start + bytes(size - len(start))


@cache
def circular_pdf() -> bytes:
    """A PDF whose tree of pages bites its own tail."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


@cache
def lying_pdf() -> bytes:
    """A PDF of 51 pages that says it has one."""
    return pdf(51).replace(b"/Count 51", b"/Count 01")


def hostile() -> Mapping[str, tuple[bytes, str]]:
    """Files that must be refused, by name, with the problem each is refused for."""
    jpeg = picture(size=(640, 480))
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    webp = bytearray(picture("WEBP"))
    webp[12:30] = b"VP8X\x0a\0\0\0\0\0\0\0" + (16_383).to_bytes(3, "little") * 2
    return {
        "nothing": (b"", "empty_file"),
        "one byte": (b"\xff", "file_kind_unknown"),
        "svg": (svg, "file_kind_unknown"),
        "html": (b"<!doctype html><script>alert(1)</script>", "file_kind_unknown"),
        "gif": (picture("GIF"), "file_kind_unknown"),
        "gif and html": (b"GIF89a=1;/*<script>alert(1)</script>*/", "file_kind_unknown"),
        "bmp": (picture("BMP"), "file_kind_unknown"),
        "tiff": (picture("TIFF"), "file_kind_unknown"),
        "avif": (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(64), "file_kind_unknown"),
        "film": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(64), "file_kind_unknown"),
        "zip": (b"PK\x03\x04" + bytes(64), "file_kind_unknown"),
        "program": (b"MZ" + bytes(64), "file_kind_unknown"),
        "script": (b"#!/bin/sh\nrm -rf /\n", "file_kind_unknown"),
        "pdf behind words": (b"<script>\n" + pdf(), "file_kind_unknown"),
        "jpeg in name only": (b"\xff\xd8\xff\xe0 nothing more", "unreadable_file"),
        "png in name only": (b"\x89PNG\r\n\x1a\n" + bytes(40), "unreadable_file"),
        "webp in name only": (b"RIFF\0\0\0\0WEBP" + bytes(40), "unreadable_file"),
        "heic in name only": (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40), "unreadable_file"),
        "pdf in name only": (b"%PDF-1.7\n%%EOF", "unreadable_file"),
        "half a jpeg": (jpeg[: len(jpeg) // 2], "unreadable_file"),
        "half a png": (picture("PNG", (640, 480))[:120], "unreadable_file"),
        "half a pdf": (pdf(3)[:200], "unreadable_file"),
        "png bomb": (png_of(13_000, 13_000), "too_many_pixels"),
        "webp bomb": (bytes(webp), "too_many_pixels"),
        "apng": (moving("PNG"), "moving_picture"),
        "moving webp": (moving("WEBP"), "moving_picture"),
        "circular pdf": (circular_pdf(), "unreadable_file"),
        "pdf that lies about its pages": (lying_pdf(), "too_many_pages"),
        "locked pdf": (pdf(1, "secret"), "locked_file"),
    }


def standing_on(folder: Path) -> set[str]:
    """The names of all files in a folder."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _saved(image: Image.Image, form: str, **how: object) -> bytes:
    held = io.BytesIO()
    image.save(held, form, **how)
    return held.getvalue()
