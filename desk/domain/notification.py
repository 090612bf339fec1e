"""Writing to a visitor outside the desk: what of a claim is news to them, by which channel, when, how often, and when to stop.

Holds no words, no address and no transport; what the news says stands in `wording`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from desk.domain.payout import Method, PayoutState
from desk.domain.retry import spread

_HOUR = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


class News(StrEnum):
    """What happened to a claim, as coarsely as a stranger may read it over the visitor's shoulder."""

    LODGED = "lodged"
    ASKED = "asked"
    WRITTEN = "written"
    AGREED = "agreed"
    SENT = "sent"
    REFUNDED = "refunded"
    CAME_BACK = "came_back"
    IN_MEDIATION = "in_mediation"
    AGREEMENT = "agreement"
    PERFORMED = "performed"
    TERMINATED = "terminated"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    RETURN_ANSWERED = "return_answered"
    RETURN_REFUSED = "return_refused"
    WITHDRAWN = "withdrawn"
    REOPENED = "reopened"


class Carrier(StrEnum):
    """By what a visitor is told: a text message or an e-mail, or only by the slip they were handed and the status page.

    By the hook go digests alone, to a system of the operator's own.
    """

    SMS = "sms"
    MAIL = "mail"
    SLIP = "slip"
    HOOK = "hook"


class NotificationState(StrEnum):
    """How one notification stands. `dropped`: there was nobody to write to any more; `told`: given up, then told by a person."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"
    TOLD = "told"


class Fate(StrEnum):
    """What became of one try. `later` is everything that is not sure, a send that may have arrived included."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"


NEWS_OF_STEP: Mapping[Step, News | None] = MappingProxyType(
    {
        Step.LODGE: News.LODGED,
        Step.CONFIRM_NEEDS_INFORMATION: News.ASKED,
        Step.OVERRIDE_NEEDS_INFORMATION: News.ASKED,
        Step.ANSWER: None,
        Step.NO_ANSWER: None,
        Step.CONFIRM_FAST_REFUND: News.AGREED,
        Step.OVERRIDE_FAST_REFUND: News.AGREED,
        Step.CONFIRM_DOCKET: News.IN_MEDIATION,
        Step.OVERRIDE_DOCKET: News.IN_MEDIATION,
        Step.CONTEST: News.IN_MEDIATION,
        Step.DEFAULT: News.IN_MEDIATION,
        Step.OBJECT: None,
        Step.CONFIRM_REFUSE: News.REFUSED,
        Step.OVERRIDE_REFUSE: News.REFUSED,
        Step.CONFIRM_TRANSFER: News.TRANSFERRED,
        Step.OVERRIDE_TRANSFER: News.TRANSFERRED,
        Step.PAYOUT_SETTLED: News.REFUNDED,
        Step.RETURN_REFUNDED: News.REFUNDED,
        Step.BANK_RETURN: News.CAME_BACK,
        Step.RESPONDENT_PAID: News.PERFORMED,
        Step.PERFORMED: News.PERFORMED,
        Step.START_RETURN: None,
        Step.RETURN_REFUSED: News.RETURN_REFUSED,
        Step.AGREE: News.AGREEMENT,
        Step.TERMINATE: News.TERMINATED,
        Step.WITHDRAW: News.WITHDRAWN,
        Step.REOPEN: News.REOPENED,
        Step.ARCHIVE: None,
    }
)
"""What each step is to the visitor; None where they took it themselves, or nothing changes for them."""

NEWS_OF_EVENT: Mapping[EventKind, News] = MappingProxyType(
    {
        EventKind.QUESTION_ASKED: News.ASKED,
        EventKind.MESSAGE_SENT: News.WRITTEN,
        EventKind.RETURN_ANSWERED: News.RETURN_ANSWERED,
    }
)
"""What moves no state and is news all the same."""

AT_ONCE = frozenset({News.LODGED})
"""Answers what the visitor just did themselves: they are awake, and may stand at the counter."""

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 20, 60, 180, 360))
"""How long to wait after the first try, the second, and so on; after the last of them nobody tries again by itself."""

MOST_TRIES = len(RETRIES) + 1
"""A process that dies over and over while it sends must not write to a visitor for ever."""

WORTH_TELLING = timedelta(hours=24)
"""How long after it was due a notification is still sent; later it would tell of yesterday as if it were today."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours of the site's day in which visitors are not written to: from `begins` until just before `ends`."""

    begins: time
    ends: time

    def over_at(self, moment: datetime, zone: ZoneInfo) -> datetime | None:
        """When the quiet hours that hold a moment end, None outside them. Aware, at the site's offset."""
        local = moment.astimezone(zone)
        at, over_night = local.time(), self.begins > self.ends
        if not (at >= self.begins or at < self.ends if over_night else self.begins <= at < self.ends):
            return None
        on = local.date() + timedelta(days=over_night and at >= self.begins)
        return datetime.combine(on, self.ends, zone)


def read_quiet_hours(text: str) -> QuietHours | None:
    """The hours that `22:00-08:00` names, None for `none`. Raises ValueError, which does not repeat it."""
    if text == "none":
        return None
    begins, _, ends = text.partition("-")
    if not all(_HOUR.fullmatch(each) for each in (begins, ends)) or begins == ends:
        msg = "must be hours of the site's day like 22:00-08:00, or none"
        raise ValueError(msg)
    return QuietHours(time.fromisoformat(begins), time.fromisoformat(ends))


def news_of(kind: EventKind, step: Step | None, *, by_visitor: bool) -> News | None:
    """What an event of a claim is to its visitor, None for nothing; of what they did themselves only the lodging is told."""
    if by_visitor and step is not Step.LODGE:
        return None
    return NEWS_OF_STEP[step] if kind is EventKind.MOVED and step is not None else NEWS_OF_EVENT.get(kind)


def news_of_payout(to: PayoutState, method: Method) -> News | None:
    """What a payout's move is to the visitor: money waits for them. Cash is handed over, and the end is the claim's own step."""
    return News.SENT if to is PayoutState.AWAITING_VISITOR and method is not Method.CASH else None


def carrier_for(contact: Mapping[str, str | None], open_to: frozenset[Carrier]) -> Carrier:
    """By what a visitor is written to: the phone they left, else the e-mail, of what the desk can send; else the slip."""
    ways = ((Carrier.SMS, "phone"), (Carrier.MAIL, "email"))
    return next((way for way, field in ways if way in open_to and contact.get(field)), Carrier.SLIP)


def due_at(news: News, now: datetime, zone: ZoneInfo, quiet: QuietHours | None, leaves_at: datetime | None) -> datetime:
    """When news may be sent: now, or at the end of the site's quiet hours.

    What cannot wait goes at once: the answer to a lodging, and whatever the visitor would learn only after they have left.
    """
    over = quiet.over_at(now, zone) if quiet else None
    if over is None or news in AT_ONCE or (leaves_at is not None and now < leaves_at <= over):
        return now
    return over


def try_again_in(tries: int, lot: float) -> timedelta | None:
    """How long to wait after so many tries, None when that was the last. `lot` is drawn from 0 up to 1."""
    if not 0 < tries <= len(RETRIES):
        return None
    return spread(RETRIES[tries - 1], lot)


def is_stale(due: datetime, now: datetime) -> bool:
    """Whether it is too late to send what was due then."""
    return now - due >= WORTH_TELLING
