"""The reference on a visitor's slip: ten Crockford base32 characters, the last one a check. Draws no lots itself."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 10
BITS = 45
_VALUE = {char: index for index, char in enumerate(ALPHABET)}
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_FULL_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: 0x20}


def _times(left: int, right: int) -> int:
    """Multiply in the field of 32 elements (x⁵ + x² + 1)."""
    product = 0
    while right:
        product ^= left if right & 1 else 0
        left = (left << 1) ^ (0b100101 if left & 0b10000 else 0)
        right >>= 1
    return product


def _weights() -> tuple[int, ...]:
    weights = [2]
    while len(weights) < LENGTH - 1:
        weights.append(_times(weights[-1], 2))
    return tuple(weights)


_TIMES = tuple(tuple(_times(weight, value) for value in range(32)) for weight in _weights())


def _check(body: str) -> str:
    """The check character: a weighted sum with different weights, so one wrong or two swapped neighbours always show."""
    total = 0
    for table, char in zip(_TIMES, body, strict=True):
        total ^= table[_VALUE[char]]
    return ALPHABET[total]


def reference_of(number: int) -> str:
    """The reference that carries `number`, 0 ≤ number < 2⁴⁵. Source: SPEC 6."""
    body = "".join(ALPHABET[(number >> shift) & 31] for shift in range(BITS - 5, -1, -5))
    return body + _check(body)


def read_reference(text: str) -> str | None:
    """The reference a person meant, or None. Case, spaces, hyphens, full width, O for 0 and I or L for 1 are forgiven."""
    plain = text.translate(_FULL_WIDTH).upper().translate(_READ_AS) if len(text) <= 4 * LENGTH else ""
    if len(plain) != LENGTH or any(char not in _VALUE for char in plain):
        return None
    return plain if _check(plain[:-1]) == plain[-1] else None
