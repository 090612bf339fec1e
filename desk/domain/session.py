"""How long a sign-in lasts, and who must show a second factor. Keeps no session and knows no cookie."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import pyotp

from desk.domain.policy import Role

IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
"""How long a session lasts without a request, and at most. Source: issue 4, ASVS 7.3."""

HALF_WAY: Final = timedelta(minutes=5)
"""How long the second factor may take after the password was right."""

SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last request is remembered: a write for every page read would buy nothing."""

GUARDED: Final = frozenset({Role.CASHIER, Role.MANAGER, Role.ADMIN})
"""Roles that need a second factor in production. Source: SPEC 8."""

STEP_SECONDS: Final = 30
_NEIGHBOURS: Final = (-1, 0, 1)
"""A phone's clock may be half a minute off."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """When a session began and was last seen, UTC; `passed_at` is None until the second factor was shown or not needed."""

    begun_at: datetime
    seen_at: datetime
    passed_at: datetime | None

    def lasts(self, now: datetime, idle: timedelta = IDLE) -> bool:
        """Whether it still stands, `idle` without a request at most.

        A clock that jumped back makes no session older and none younger than its limits.
        """
        if self.passed_at is None:
            return abs(now - self.begun_at) < HALF_WAY
        return abs(now - self.seen_at) < idle and abs(now - self.begun_at) < ABSOLUTE

    def is_due(self, now: datetime) -> bool:
        """Whether the last request is worth remembering anew."""
        return abs(now - self.seen_at) >= SEEN_EVERY


def must_show_factor(roles: Iterable[Role], *, in_production: bool) -> bool:
    """Whether an officer of these roles may not sign in by password alone. Source: SPEC 8."""
    return in_production and not GUARDED.isdisjoint(roles)


def factor_step(secret: str, code: str, at: datetime, used: int | None) -> int | None:
    """The time step that a six-digit code belongs to, None when it is wrong, too old, or of a step that was `used` before.

    A step is 30 seconds, counted from 1970 in UTC; one step before and after count too. Source: RFC 6238.
    """
    made, digits = pyotp.TOTP(secret), "".join(code.split())
    now = int(at.timestamp()) // STEP_SECONDS
    right = [now + off for off in _NEIGHBOURS if pyotp.utils.strings_equal(made.generate_otp(now + off), digits)]
    fresh = [step for step in right if used is None or step > used]
    return fresh[0] if fresh else None
