"""The headers that every answer carries, whatever made it, and the id of a request. Sends nothing itself."""

import random
import re
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

CSP = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
CSP_WITH_OWN_SCRIPTS = f"{CSP}; script-src 'self'"
"""For the one page that must call the app around it, and only while it must."""

_ALWAYS = (
    (b"content-security-policy", CSP.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cache-control", b"no-store"),
)
_HSTS = (b"strict-transport-security", b"max-age=31536000")
# Hexadecimal, UUID or ULID: forms that no phone, account or identity number can have.
_SANE_ID = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-7][0-9A-HJKMNP-TV-Z]{25}")


class Dress:
    """Adds the headers to an answer; one that the route set itself stays as it is."""

    def __init__(self, *, secure: bool) -> None:
        self._ours = (*_ALWAYS, _HSTS) if secure else _ALWAYS
        self._names = frozenset(name for name, _ in self._ours)

    def __call__(self, headers: Iterable[tuple[bytes, bytes]], request_id: str) -> Headers:
        given = list(headers)
        present = {name for name, _ in given}
        if present.isdisjoint(self._names):
            return [*given, *self._ours, (b"x-request-id", request_id.encode())]
        missing = [(name, value) for name, value in self._ours if name not in present]
        return [*given, *missing, (b"x-request-id", request_id.encode())]


def new_request_id() -> str:
    """32 hexadecimal digits, to tell requests apart: no secret, so the system is not asked for each."""
    return f"{random.getrandbits(128):032x}"


def sane_request_id(text: str | None) -> str | None:
    """An id as a proxy makes them, else None."""
    return text if text and _SANE_ID.fullmatch(text) else None
