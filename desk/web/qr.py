"""A QR code as part of a page: drawn here, as SVG, so that nobody else learns of the address in it."""

import segno
from markupsafe import Markup


def qr_of(address: str) -> Markup:
    """The address as a QR code on white, with its quiet zone; its size is the stylesheet's."""
    drawn = segno.make(address, error="m", micro=False)
    return Markup(drawn.svg_inline(scale=4, border=4, light="#fff", omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704
