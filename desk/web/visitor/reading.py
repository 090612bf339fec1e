"""What a visitor typed on the poster's pages, read into values and into what is wrong with it. Stores and decides nothing.

The typed texts themselves are kept as they came, so that a page shows them again exactly.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from desk.actions.intake import Lodging, WrittenRespondent
from desk.domain.claim import Channel, Item
from desk.domain.filing import Leaving, Want, items_for, leaves_at
from desk.domain.money import Money
from desk.domain.tiles import Tile, category_of
from desk.domain.typed import read_amount, read_day, read_hour
from desk.reads.sites import SiteRow
from desk.web.api.shapes import EARLIEST, LATEST, Email, Name, Phone, Prose
from desk.web.validation import flaws_of
from desk.wording import figures
from desk.wording.catalogue import text
from desk.wording.labels import label

QUESTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "what": ("tile", "words"),
        "where": ("spot", "merchant"),
        "when": ("occurred_on", "paid"),
        "want": ("want", "part"),
        "leaving": ("leaving", "leaves_on", "leaves_at"),
        "contact": ("name", "phone", "email"),
    }
)
"""The questions in their order, and the fields each asks for. Source: UX J2."""

FIELDS = tuple(name for names in QUESTIONS.values() for name in names)
BEYOND = "beyond"
"""The problem of an amount that is none of this desk's business: told on a page of its own, never at the field."""

_Code = TypeVar("_Code", bound=StrEnum)
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Wrong:
    """One field that cannot be used: its problem, and our own figures that its sentence names."""

    name: str
    problem: str
    params: Mapping[str, object] = field(default_factory=dict)


class _Texts(BaseModel):
    """The fields that are taken as they are written."""

    words: Prose | None = None
    merchant: Name | None = None
    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """What was told so far. `wrongs` stand in the order of the fields."""

    tile: Tile | None
    spot: str | None
    occurred_on: date | None
    paid: Money | None
    part: Money | None
    want: Want | None
    leaving: Leaving | None
    departs_at: datetime | None
    texts: _Texts
    wrongs: tuple[Wrong, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """What is asked for, as far as it is known."""
        return items_for(self.want, self.paid, self.part) if self.want else ()

    def wrongs_on(self, question: str) -> tuple[Wrong, ...]:
        """What is wrong with the answers to one question."""
        return tuple(wrong for wrong in self.wrongs if wrong.name in QUESTIONS.get(question, ()))


def told_by(typed: Mapping[str, str], site: SiteRow, now: datetime) -> Told:
    """Everything that was typed, read at the site's own day."""
    return _Reader(typed, site, now).told()


class _Reader:
    """Reads the fields one by one and notes what is wrong."""

    def __init__(self, typed: Mapping[str, str], site: SiteRow, now: datetime) -> None:
        self._typed = {name: value.strip() for name, value in typed.items()}
        self._site, self._now, self._zone = site, now, ZoneInfo(site.time_zone)
        self._today = now.astimezone(self._zone).date()
        self._wrongs: list[Wrong] = []

    def told(self) -> Told:
        tile, want = self._chosen("tile", Tile, needed=True), self._chosen("want", Want, needed=True)
        texts = self._texts()
        if tile is Tile.OTHER and not self._typed.get("words"):
            self._note("words", "missing")
        leaving = self._leaving()
        departs_at = self._departure(leaving)
        spot, occurred_on, paid, part = self._spot(), self._occurred_on(), self._amount("paid"), self._amount("part")
        if want is Want.REFUND_PART:
            self._check_part(paid, part)
        told = Told(tile, spot, occurred_on, paid, part, want, leaving, departs_at, texts, ())
        return replace(told, wrongs=tuple(sorted(self._wrongs, key=lambda wrong: FIELDS.index(wrong.name))))

    def _note(self, name: str, problem: str, **params: object) -> None:
        self._wrongs.append(Wrong(name, problem, params))

    def _chosen(self, name: str, kind: type[_Code], *, needed: bool = False) -> _Code | None:
        given = self._typed.get(name, "")
        if given in set(kind):
            return kind(given)
        if needed or given:
            self._note(name, "missing")
        return None

    def _texts(self) -> _Texts:
        """The texts that can be used; each other one is noted and left out."""
        given = {name: self._typed[name] for name in _Texts.model_fields if self._typed.get(name)}
        try:
            return _Texts(**given)
        except ValidationError as invalid:
            found = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors(include_input=False)]
            flaws = {flaw.pointer.removeprefix("/"): flaw for flaw in flaws_of(found, given)}
            for name, flaw in flaws.items():
                self._note(name, flaw.code, **flaw.params)
            return _Texts(**{name: value for name, value in given.items() if name not in flaws})

    def _spot(self) -> str | None:
        spot = self._typed.get("spot") or None
        if spot and spot not in self._site.spots:
            self._note("spot", "not_at_this_site")
            return None
        return spot

    def _read(self, name: str, reader: Callable[[str], _Value], problem: str) -> _Value | None:
        if not self._typed.get(name):
            return None
        try:
            return reader(self._typed[name])
        except OverflowError:
            self._note(name, BEYOND)
        except ValueError:
            self._note(name, problem)
        return None

    def _amount(self, name: str) -> Money | None:
        return self._read(name, lambda typed: read_amount(typed, self._site.currency), "bad_amount")

    def _check_part(self, paid: Money | None, part: Money | None) -> None:
        """A part of the money is named, and is not more than was paid."""
        if not self._typed.get("part"):
            self._note("part", "missing")
        elif paid and part and part.minor > paid.minor:
            self._note("part", "above_paid")

    def _day(self, name: str) -> date | None:
        on = self._read(name, read_day, "bad_date")
        if on and not EARLIEST <= on <= LATEST:
            self._note(name, "bad_date")
            return None
        return on

    def _occurred_on(self) -> date | None:
        on = self._day("occurred_on")
        if on and on > self._today:
            self._note("occurred_on", "in_future")
            return None
        return on

    def _leaving(self) -> Leaving | None:
        """What was chosen; who wrote a day chose another day, and an hour alone belongs to none."""
        chosen = self._chosen("leaving", Leaving)
        if chosen is None and self._typed.get("leaves_on"):
            return Leaving.LATER
        if chosen is None and self._typed.get("leaves_at") and not self._typed.get("leaving"):
            self._note("leaving", "missing")
        return chosen

    def _departure(self, leaving: Leaving | None) -> datetime | None:
        """The departure, at its hour where one was written; the day counts only where another day was chosen."""
        if leaving in (None, Leaving.UNSURE):
            return None
        at, on = self._read("leaves_at", read_hour, "bad_hour"), None
        if leaving is Leaving.LATER:
            on = self._day("leaves_on")
            if not self._typed.get("leaves_on"):
                self._note("leaves_on", "missing")
            elif on and on < self._today:
                self._note("leaves_on", "in_past")
        leaves = leaves_at(leaving, self._now, self._zone, on, at)
        if at and leaves and leaves <= self._now and (on is None or on == self._today):
            self._note("leaves_at", "in_past")
        return leaves


def lodging_of(told: Told, site: SiteRow, language: str) -> Lodging:
    """The claim as the action takes it, lodged at the poster. Only for what has nothing wrong."""
    assert told.tile is not None
    texts = told.texts
    return Lodging(
        site=site.slug, channel=Channel.POSTER, language=language, category=category_of(told.tile),
        facts="\n".join(_facts(told, language)), visitor={"name": texts.name, "phone": texts.phone, "email": texts.email},
        items=told.items, respondent=WrittenRespondent(name=texts.merchant) if texts.merchant else None, spot=told.spot,
        occurred_on=told.occurred_on, departs_at=told.departs_at,
    )  # fmt: skip


def _facts(told: Told, language: str) -> Iterator[str]:
    """The tile and the visitor's own words; below them what no other field of a claim holds."""
    assert told.tile is not None
    yield label("tile", told.tile, language)
    if told.texts.words:
        yield told.texts.words
    if told.paid and told.want is not Want.REFUND_ALL:
        yield text("page.file.facts.paid", language, amount=figures.money(told.paid, language))
    if told.want in (Want.SWAP, Want.OTHER):
        yield text("page.file.facts.want", language, want=label("want", told.want, language))


def values_of(form: Mapping[str, Any]) -> dict[str, str]:
    """The answers among the fields of a form, as typed."""
    return {name: str(form[name]) for name in FIELDS if isinstance(form.get(name), str)}
