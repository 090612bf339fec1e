"""How many failed tries are too many. Counts nothing itself: the store keeps one number a bucket."""

from dataclasses import dataclass

HOUR_US = 3_600_000_000


@dataclass(frozen=True, slots=True)
class Allowance:
    """`burst` tries at once, then `per_hour` an hour, evenly spaced."""

    burst: int
    per_hour: int

    @property
    def each_us(self) -> int:
        """How long one try weighs, in microseconds."""
        return HOUR_US // self.per_hour

    @property
    def full_us(self) -> int:
        """How far ahead of now a bucket may be filled."""
        return self.burst * self.each_us


STATUS_TRIES = Allowance(burst=5, per_hour=10)
"""Failed looks at a claim, per reference and per network. Source: SPEC 6."""

POSTER_LODGINGS = Allowance(burst=30, per_hour=120)
"""Claims filed without an account, per network; wide, for a site's visitors share its Wi-Fi."""

SIGN_IN_TRIES = Allowance(burst=5, per_hour=20)
"""Failed sign-ins of one name from one network."""

NAME_TRIES = Allowance(burst=60, per_hour=120)
"""Failed sign-ins of one name from everywhere: wide, so that strangers cannot lock an officer out (ASVS 6.3.1)."""

STAFF_NETWORK_TRIES = Allowance(burst=30, per_hour=120)
"""Failed sign-ins from one network, whatever the name: a counter's officers share an address."""

FACTOR_TRIES = Allowance(burst=5, per_hour=10)
"""Wrong codes of one officer's second factor after the right password, and wrong present passwords on their own page."""
