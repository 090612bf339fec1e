"""What a clerk typed into the form of a new claim, read into a lodging or into what is wrong with it. Stores nothing.

The typed texts are kept as they came, so that the page shows them again exactly.
"""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, ValidationError

from desk.actions.intake import Lodging, WrittenRespondent
from desk.domain.claim import Channel, Elsewhere, Flags, Item, ItemKind, Language
from desk.domain.filing import Leaving, leaves_at
from desk.domain.money import Money, largest_minor, text_of
from desk.domain.opening import local
from desk.domain.tiles import Tile, category_of
from desk.domain.typed import read_amount, read_day, read_hour
from desk.reads.board import Workplace
from desk.web.api.shapes import EARLIEST, LATEST, Email, Facts, Name, Phone
from desk.web.validation import flaws_of
from desk.wording.catalogue import text
from desk.wording.refusals import problem

FIELDS = (
    "tile", "merchant", "amount", "facts", "name", "contact", "language", "spot", "leaves_on", "leaves_at", "occurred_on",
    "order_no", "item_kind", "elsewhere", "people", "purchased_on", "contract_ended_on", "channel",
)  # fmt: skip
"""The fields that can be wrong, in the order in which they stand on the page."""

REST = frozenset(FIELDS[FIELDS.index("order_no") :])
"""The fields that the page folds away."""

CHIPS = ("50", "100", "120", "200")
UNKNOWN = "unknown"
COUNTER_CHANNELS = tuple(one for one in Channel if one not in (Channel.POSTER, Channel.API))
ITEM_KINDS = tuple(ItemKind)
_OWN_WORDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("tile", "missing"): "lodge.tile.missing",
        ("amount", "missing"): "lodge.amount.missing",
        ("facts", "missing"): "lodge.facts.missing",
        ("leaves_on", "missing"): "lodge.leaves_on.missing",
        ("leaves_at", "bad_time"): "lodge.leaves_at.wrong",
    }
)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_FACTS: TypeAdapter[str] = TypeAdapter(Facts)
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_PEOPLE: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=9999)])

_Code = TypeVar("_Code", bound=StrEnum)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field that cannot be used: its problem, and our own figures that its sentence names."""

    at: str
    problem: str
    params: Mapping[str, object] = field(default_factory=dict)

    def said(self, language: str) -> str:
        """What to enter instead."""
        own = _OWN_WORDS.get((self.at, self.problem))
        return text(own, language) if own else problem(self.problem, language, self.params)


@dataclass(frozen=True, slots=True)
class Told:
    """What a form told: a lodging, or what is wrong, in the order of the fields."""

    lodging: Lodging | None
    wrongs: tuple[Wrong, ...] = ()


def read_form(typed: Mapping[str, str], site: Workplace, now: datetime) -> Told:
    """The dispute that a clerk typed in at a moment, for a site."""
    return _Form(typed, site, now).told()


class _Form:
    """The form while it is read; `wrongs` gathers what cannot be used."""

    def __init__(self, typed: Mapping[str, str], site: Workplace, now: datetime) -> None:
        self.typed, self.site, self.now, self.zone = typed, site, now, ZoneInfo(site.time_zone)
        self.wrongs: dict[str, Wrong] = {}

    def told(self) -> Told:
        tile, facts, items = self.chosen("tile", Tile), self.checked("facts", _FACTS), self.items()
        if tile is None or facts is None:
            for name in (name for name, value in (("tile", tile), ("facts", facts)) if value is None):
                self.blame(name, "missing")
        rest = self.rest()
        if self.wrongs or tile is None or facts is None:
            return Told(None, tuple(sorted(self.wrongs.values(), key=lambda wrong: FIELDS.index(wrong.at))))
        return Told(Lodging(site=self.site.slug, category=category_of(tile), facts=facts, items=items, **rest))

    def rest(self) -> dict[str, Any]:
        """Everything that is not needed, but the items."""
        merchant = self.checked("merchant", _NAME)
        return {
            "channel": self.chosen("channel", Channel) or Channel.COUNTER,
            "language": (self.chosen("language", Language) or Language.ZH_CN).value,
            "visitor": {"name": self.checked("name", _NAME), **self.contact()},
            "respondent": WrittenRespondent(name=merchant) if merchant else None, "spot": self.said("spot") or None,
            "occurred_on": self.day("occurred_on"), "purchased_on": self.day("purchased_on"),
            "contract_ended_on": self.day("contract_ended_on"), "departs_at": self.departure(),
            "order_no": self.checked("order_no", _NAME),
            "already_elsewhere": self.chosen("elsewhere", Elsewhere) or Elsewhere.NONE, "people": self.people(),
            "flags": Flags(**{name: name in self.typed for name in Flags.__dataclass_fields__}),
        }  # fmt: skip

    def items(self) -> tuple[Item, ...]:
        """The one thing asked for; the written amount goes before the picked one, for a pick cannot be taken back."""
        kind = self.chosen("item_kind", ItemKind) or ItemKind.REFUND
        written = self.said("amount") or self.said("chip")
        if not written and kind is not ItemKind.APOLOGY:
            self.blame("amount", "missing")
        return (Item(kind, self.amount(written) if written and written != UNKNOWN else None),)

    def amount(self, written: str) -> Money | None:
        currency = self.site.currency
        try:
            return read_amount(written, currency)
        except OverflowError:
            self.blame("amount", "too_large", limit=text_of(largest_minor(currency), currency))
        except ValueError:
            self.blame("amount", "bad_amount")
        return None

    def contact(self) -> dict[str, str | None]:
        """One field takes a phone or an e-mail: only the latter has an @."""
        mail = "@" in unicodedata.normalize("NFKC", self.said("contact"))
        return {
            "phone": None if mail else self.checked("contact", _PHONE), "email": self.checked("contact", _EMAIL) if mail else None
        }  # fmt: skip

    def departure(self) -> datetime | None:
        """When the visitor leaves: a picked day, with a time of day if it is known."""
        on, at = self.day("leaves_on"), self.read("leaves_at", read_hour, "bad_time")
        if on is None:
            if at is not None and "leaves_on" not in self.wrongs:
                self.blame("leaves_on", "missing")
            return None
        today = self.now.astimezone(self.zone).date()
        leaving = Leaving.TODAY if on == today and at is None else Leaving.LATER
        leaves = local(on, at, self.zone) if at else leaves_at(leaving, self.now, self.zone, on)
        if leaves is not None and leaves < self.now:
            self.blame("leaves_at" if on == today else "leaves_on", "in_past")
        return leaves

    def day(self, name: str) -> date | None:
        on = self.read(name, read_day, "bad_date")
        if on is not None and not EARLIEST <= on <= LATEST:
            self.blame(name, "bad_date")
        return on

    def people(self) -> int:
        written = unicodedata.normalize("NFKC", self.said("people"))
        return (self.checked_text("people", written, _PEOPLE) if written else 1) or 1

    def chosen(self, name: str, codes: type[_Code]) -> _Code | None:
        """The code picked, None for none."""
        return self.read(name, codes, "not_one_of")

    def checked(self, name: str, shape: TypeAdapter[_Value]) -> _Value | None:
        """A text that keeps its limits, None for an empty one."""
        written = self.said(name)
        return self.checked_text(name, written, shape) if written else None

    def checked_text(self, name: str, written: str, shape: TypeAdapter[_Value]) -> _Value | None:
        try:
            return shape.validate_python(written)
        except ValidationError as refused:
            errors = [{**error, "loc": ("body", name)} for error in refused.errors(include_input=False)]
            flaw = flaws_of(errors, {})[0]
            self.blame(name, flaw.code, **flaw.params)
        return None

    def read(self, name: str, how: Callable[[str], _Value], problem_code: str) -> _Value | None:
        """A field read by a function that raises ValueError, None for an empty one."""
        written = self.said(name)
        try:
            return how(written) if written else None
        except ValueError:
            self.blame(name, problem_code)
        return None

    def said(self, name: str) -> str:
        return self.typed.get(name, "").strip()

    def blame(self, name: str, problem_code: str, **params: object) -> None:
        self.wrongs.setdefault(name, Wrong(name, problem_code, params))
