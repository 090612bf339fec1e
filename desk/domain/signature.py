"""Signatures on messages between machines, after Standard Webhooks (v1). Receives nothing, sends nothing, reads no clock.

No library: the `standardwebhooks` package asks the machine for the time itself, so that it cannot be tested at an
instant, and takes only base64 secrets.
"""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime, timedelta

PREFIX = "whsec_"
VERSION = "v1"
TOLERANCE = timedelta(minutes=5)
"""How far a signed time may lie before or after ours. Source: RELIABILITY I13."""

# A full stop in an id could move the border between the id and the time without changing what is signed.
_ID = re.compile(r"[!-\-/-~]{1,128}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)


def secret_bytes(text: str) -> bytes:
    """The bytes of a secret as an operator writes it: after `whsec_` base64, anything else as it stands in UTF-8.

    Raises ValueError for one that is empty or no base64; the message does not repeat it.
    """
    try:
        secret = base64.b64decode(text.removeprefix(PREFIX), validate=True) if text.startswith(PREFIX) else text.encode()
    except (binascii.Error, ValueError):
        secret = b""
    if not secret:
        msg = f"a secret is a text, or {PREFIX} and its bytes in base64"
        raise ValueError(msg)
    return secret


def sign(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of a message sent at `timestamp` (seconds since 1970, UTC), as its header says it: `v1,<base64>`.

    Source: Standard Webhooks, HMAC-SHA256 of `id.timestamp.body`.
    """
    return f"{VERSION},{_digest(secret, message_id, str(timestamp), body)}"


def signed_right(
    secret: bytes, message_id: str, timestamp_header: str, signature_header: str, body: bytes, now: datetime
) -> bool:  # fmt: skip
    """Whether one of the signatures in the header (they stand apart by spaces) is ours, and the time it names is near `now`.

    `body` is what arrived, byte for byte; `now` is aware. The fifth minute still counts, on either side. A header that
    cannot be read is a no, never an error. Source: RELIABILITY I13.
    """
    if not _ID.fullmatch(message_id) or not _near(timestamp_header, now):
        return False
    expected = f"{VERSION},{_digest(secret, message_id, timestamp_header, body)}".encode()
    given = signature_header.encode(errors="replace").split(b" ")
    return sum(hmac.compare_digest(expected, each) for each in given) > 0


def _near(timestamp_header: str, now: datetime) -> bool:
    """Whether the signed time lies within the tolerance; only digits are a time."""
    return (
        bool(_SECONDS.fullmatch(timestamp_header)) and abs(now.timestamp() - int(timestamp_header)) <= TOLERANCE.total_seconds()
    )


def _digest(secret: bytes, message_id: str, timestamp: str, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()
