"""Which page of the filing form follows which. Knows no words and no templates, and lodges nothing."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from desk.domain.filing import Remark, is_large, is_long_ago
from desk.domain.pack import RulePack
from desk.reads.sites import SiteRow
from desk.web.visitor.reading import BEYOND, QUESTIONS, Told, Wrong, told_by, values_of

CHECK = "check"
PAGES = (*QUESTIONS, CHECK)
_KEY = re.compile(r"[\w-]{16,64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sheet:
    """The form as it came back: which page it was, what was pressed, what was typed, and what that means.

    `checked`: the visitor has been at the page to check, and goes back there from every correction.
    """

    site: SiteRow
    now: datetime
    at: str
    pressed: str
    key: str
    checked: bool
    typed: Mapping[str, str]
    told: Told

    @classmethod
    def of(cls, site: SiteRow, now: datetime, form: Mapping[str, Any]) -> Self:
        """Whatever came, made into a page of ours; the key of the claim is minted where the form begins."""
        typed = values_of(form)
        at, key = str(form.get("page", "")), str(form.get("key", ""))
        key = key if _KEY.fullmatch(key) else secrets.token_urlsafe(24)
        pressed, checked = str(form.get("go", "next")), bool(form.get("checked"))
        return cls(site, now, at if at in PAGES else "", pressed, key, checked, typed, told_by(typed, site, now))

    @property
    def zone(self) -> ZoneInfo:
        """The site's own."""
        return ZoneInfo(self.site.time_zone)

    @property
    def today(self) -> date:
        """The day at the site."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class Shown:
    """A page to show: whether it says what is wrong, or what the visitor is told before going on."""

    page: str
    faulty: bool = False
    remark: Remark | None = None


def turned(sheet: Sheet, pack: RulePack) -> Shown | None:
    """The page that what was pressed leads to; None where everything is told and the claim is to be lodged."""
    verb, _, where = sheet.pressed.partition(":")
    if not sheet.at:
        return Shown(PAGES[0])
    if verb in ("stay", "again"):
        return Shown(sheet.at, faulty=verb == "again")
    if verb == "to" and where in QUESTIONS:
        return Shown(where)
    if verb == "back":
        return Shown(_before(sheet))
    return _first_fault(sheet.told) if sheet.at == CHECK else _onwards(sheet, None if verb == "anyway" else pack)


def _onwards(sheet: Sheet, pack: RulePack | None) -> Shown:
    """The next page, unless something is wrong with this one, or the visitor should hear something first."""
    if wrongs := sheet.told.wrongs_on(sheet.at):
        return _telling(sheet.at, wrongs)
    remark = _remark(sheet, pack) if pack else None
    return Shown(sheet.at, remark=remark) if remark else Shown(_after(sheet))


def _before(sheet: Sheet) -> str:
    if sheet.checked and sheet.at != CHECK:
        return CHECK
    return PAGES[max(PAGES.index(sheet.at) - 1, 0)]


def _after(sheet: Sheet) -> str:
    return CHECK if sheet.checked else PAGES[PAGES.index(sheet.at) + 1]


def _first_fault(told: Told) -> Shown | None:
    """The first question whose answer cannot be used, None without one."""
    return next((_telling(at, wrongs) for at in QUESTIONS if (wrongs := told.wrongs_on(at))), None)


def _telling(at: str, wrongs: tuple[Wrong, ...]) -> Shown:
    """What is beyond this desk is explained, what is mistyped is marked."""
    if all(wrong.problem == BEYOND for wrong in wrongs):
        return Shown(at, remark=Remark.BEYOND)
    return Shown(at, faulty=True)


def _remark(sheet: Sheet, pack: RulePack) -> Remark | None:
    """What the rule knows already and the visitor should hear before going on."""
    if sheet.at == "when" and is_long_ago(sheet.told.occurred_on, sheet.today, pack):
        return Remark.LATE
    if sheet.at == "want" and is_large(sheet.told.items, pack):
        return Remark.LARGE
    return None
