"""The ways in which the sandbox can be told to misbehave, and for how long. Misbehaves nowhere itself."""

from enum import StrEnum
from typing import Annotated

import msgspec


class Manner(StrEnum):
    """How a call is answered. Unless its name says otherwise a payment is made, and written down, before anything goes wrong."""

    NORMAL = "normal"
    SLOW = "slow"
    SILENT_AFTER_PAYING = "silent_after_paying"
    FORGETFUL = "forgetful"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER_PAYING = "error_after_paying"
    REFUSING = "refusing"
    AWAITING = "awaiting"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"
    RESET = "reset"
    RESET_BEFORE = "reset_before"
    WRONG_AMOUNT = "wrong_amount"


PAYS_NOTHING = frozenset({Manner.ERROR_BEFORE, Manner.RESET_BEFORE})


class Call(StrEnum):
    """What the desk asks of a gateway."""

    PAY = "pay"
    QUERY = "query"
    STATEMENT = "statement"
    ALL = "all"


class EventManner(StrEnum):
    """How the sandbox tells the desk of a change: once and soon, or not so."""

    NORMAL = "normal"
    NONE = "none"
    DUPLICATE = "duplicate"
    LATE = "late"
    FORGED = "forged"
    WRONG_AMOUNT = "wrong_amount"


class Mode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instruction: the manner, the calls it is for (by default payments; forgetting, all), and how many of them.

    `seconds` is how late a slow answer or a late event comes, and how long silence lasts until the line is dropped.
    """

    mode: Manner = Manner.NORMAL
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None
    seconds: Annotated[float, msgspec.Meta(ge=0, le=600)] = 30.0
    on: Call | None = None
    events: EventManner = EventManner.NORMAL

    def concerns(self, call: Call) -> bool:
        """Whether it is about such a call."""
        usual = Call.ALL if self.mode is Manner.FORGETFUL else Call.PAY
        return (self.on or usual) in (call, Call.ALL)


class Switch:
    """The mode in force; one that is for so many calls gives way to `normal` after them. Forgotten when the process ends."""

    def __init__(self) -> None:
        self.mode, self._left = Mode(), 0

    def turn(self, mode: Mode) -> None:
        """From now on like this."""
        self.mode, self._left = mode, mode.times or 0

    def take(self, call: Call) -> Mode:
        """How to answer this call."""
        taken = self.mode
        if not taken.concerns(call):
            return Mode()
        if taken.times is not None:
            self._left -= 1
            if self._left <= 0:
                self.turn(Mode())
        return taken
