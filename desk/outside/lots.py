"""Ids, references, tokens and passwords drawn from the operating system's randomness."""

import secrets
import time

from desk.domain.reference import ALPHABET, BITS, reference_of

_EPOCH_MS = 1_735_689_600_000  # 2025-01-01T00:00:00Z
_LOW_BITS = 22
_PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 - an alphabet: nothing that looks like something else


class SystemLots:
    """`ports.Lots`. Ids are milliseconds since 2025 and 22 bits below: a random start each millisecond, then counted up."""

    def __init__(self) -> None:
        self._last = 0

    def number(self) -> int:
        """A new id, higher than every one this process gave before."""
        first = (time.time_ns() // 1_000_000 - _EPOCH_MS) << _LOW_BITS
        self._last = first | secrets.randbits(_LOW_BITS - 1) if first > self._last else self._last + 1
        return self._last

    def reference(self) -> str:
        """A new claim reference."""
        return reference_of(secrets.randbits(BITS))

    def token(self) -> str:
        """A new officer's token: `desk_` and 32 characters of 5 bits."""
        return "desk_" + "".join(secrets.choice(ALPHABET) for _ in range(32))

    def password(self) -> str:
        """A new password: four groups of five letters or digits, about 99 bits."""
        return "-".join("".join(secrets.choice(_PASSWORD_LETTERS) for _ in range(5)) for _ in range(4))

    def file_id(self) -> str:
        """A new name for a file."""
        return secrets.token_hex(16)
