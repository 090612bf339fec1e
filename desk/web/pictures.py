"""Pictures that a page carries in itself, as data addresses: QR codes. Stores nothing and asks nobody."""

import pyotp
import segno


def qr_picture(text: str) -> str:
    """A QR code as the address of an image."""
    return str(segno.make(text, error="m").svg_data_uri(scale=4, border=2, dark="#000", light="#fff"))


def factor_picture(secret: str, name: str) -> str:
    """What a phone's authenticator scans."""
    return qr_picture(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="desk"))
