"""Who comes to the desk on the demo's day, and with what: published cases, and a site's everyday matters. Acts nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random
from types import MappingProxyType
from typing import Any

from desk.domain.claim import Category, RespondentKind
from desk.domain.money import Money
from desk.packs.cases import Asks, CaseScope, ExpectedRoute, Ground, PublishedCase, load_published_cases
from desk.wording.catalogue import text
from desk.wording.labels import label

ZH, EN = "zh-CN", "en"
CLEAR: Mapping[str, Any] = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}
DISPUTED: Mapping[str, Any] = {**CLEAR, "facts_clear": "no"}
UNPROVEN: Mapping[str, Any] = {**CLEAR, "evidence_sufficient": "unknown"}
FAST, DOCKET, ASK, REFUSE = "fast_refund", "docket", "needs_information", "refuse"

FROM_ABROAD, WITH_PHONE, BY_POSTER, LEAVING_SOON = 0.25, 0.4, 0.45, 0.6
"""Of all visitors, how many."""

_FAMILY_NAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林高罗"
_FOREIGN_NAMES = ("Anna", "Tom", "Marie", "Kenji", "Olu", "Lena", "Priya", "Marco", "Ines", "Sam")
_TEAHOUSE, _INN = ("云海茶庄", RespondentKind.SHOP), ("汤口徽味楼", RespondentKind.RESTAURANT)
_SCENIC = RespondentKind.SCENIC_SITE


@dataclass(frozen=True, slots=True)
class Story:
    """An everyday matter of the site: against whom, where, for how many yuan, what officers find, and the route of it."""

    category: Category
    respondent: tuple[str, RespondentKind]
    spots: Sequence[str]
    yuan: Sequence[int]
    findings: Mapping[str, Any] = field(default_factory=lambda: CLEAR)
    route: str = FAST
    injury: bool = False
    people: int = 1


STORIES: Mapping[str, Story] = MappingProxyType(
    {
        "tea": Story(Category.PRICE_LABELLING, _TEAHOUSE, ("north-gate", "south-gate"), (68, 98, 128, 168, 268, 398)),
        "goods": Story(Category.GOODS_QUALITY_RETURN, ("迎客松山货店", RespondentKind.SHOP), ("south-gate",), (56, 86, 118)),
        "queue": Story(Category.TICKET_AND_RIDE, ("玉屏索道", _SCENIC), ("yuping-cableway",), (90, 180, 270, 360)),
        "rain": Story(
            Category.TICKET_AND_RIDE, ("云谷索道", _SCENIC), ("yungu-cableway", "bright-summit"), (80, 160, 240, 320), people=2
        ),
        "raincoat": Story(Category.PRICE_LABELLING, ("光明顶小卖部", RespondentKind.SHOP), ("bright-summit",), (20, 40, 60)),
        "lunch": Story(Category.RESTAURANT_OVERCHARGE, _INN, ("tangkou-town",), (48, 96, 156, 238)),
        "fish": Story(Category.RESTAURANT_OVERCHARGE, _INN, ("tangkou-town",), (1260, 1860, 2380), DISPUTED, DOCKET),
        "photo": Story(Category.PHOTOGRAPHY, ("光明顶快照", RespondentKind.PHOTOGRAPHER), ("bright-summit",), (60, 120, 180)),
        "porter": Story(
            Category.TRANSPORT_RENTAL, ("轿夫服务队", RespondentKind.TRANSPORT), ("bright-summit", "south-gate"), (150, 300),
            UNPROVEN, ASK,
        ),
        "homestay": Story(Category.LODGING_CANCELLATION, ("云栖民宿", RespondentKind.HOMESTAY), ("tangkou-town",), (3600,)),
        "tour": Story(
            Category.FORCED_SHOPPING, ("顺风旅行社", RespondentKind.TRAVEL_AGENCY), ("south-gate",), (6800,), CLEAR, DOCKET
        ),
        "feast": Story(Category.RESTAURANT_OVERCHARGE, ("光明顶餐厅", RespondentKind.RESTAURANT), ("bright-summit",), (398,)),
        "fall": Story(Category.INJURY_SAFETY, ("黄山风景区", _SCENIC), ("bright-summit",), (1200,), CLEAR, DOCKET, injury=True),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Matter:
    """A dispute as it is told: facts by language, what officers find, the route the rule will say. `asked` in minor units.

    `whole` is what they find once the visitor has answered their question.
    """

    name: str
    category: str
    respondent: tuple[str, str]
    facts: Mapping[str, str]
    asked: int | None
    findings: Mapping[str, Any]
    route: str
    spot: str | None = None
    whole: Mapping[str, Any] | None = None
    items: bool = True
    elsewhere: str = "none"
    people: int = 1
    injury: bool = False


@dataclass(frozen=True, slots=True)
class Filed:
    """A claim of the day: its number, when it is lodged, where, by whom, with what."""

    number: int
    at: int
    channel: str
    language: str
    name: str
    phone: str | None
    departs_at: str | None
    matter: Matter

    def lodging(self) -> dict[str, Any]:
        """The body of its lodging, as API.md words it."""
        told, (name, kind) = self.matter, self.matter.respondent
        asked = {"amount": Money(told.asked, "CNY").text, "currency": "CNY"} if told.asked else None
        return {
            "site": "huangshan", "spot": told.spot, "channel": self.channel, "category": told.category,
            "facts": told.facts[self.language], "occurred_on": "2026-10-01", "departs_at": self.departs_at,
            "visitor": {"name": self.name, "phone": self.phone, "email": None, "language": self.language},
            "respondent": {"name": name, "kind": kind}, "items": [{"kind": "refund", "asked": asked}] if told.items else [],
            "already_elsewhere": told.elsewhere, "people": told.people, "flags": {"injury": told.injury},
        }  # fmt: skip


def everyday(name: str, rng: Random) -> Matter:
    """One of the site's own matters, its sum and spot drawn."""
    story = STORIES[name]
    yuan, spot = rng.choice(story.yuan), rng.choice(story.spots)
    merchant, kind = story.respondent
    facts = {each: text(f"demo.story.{name}", each, asked=yuan, paid=2 * yuan) for each in (ZH, EN)}
    return Matter(
        name, story.category.value, (merchant, kind.value), facts, 100 * yuan, story.findings, story.route, spot,
        whole=CLEAR if story.route == ASK else None, injury=story.injury, people=story.people,
    )  # fmt: skip


def published(expected: ExpectedRoute, rng: Random) -> list[Matter]:
    """The published cases with this label, in a drawn order; only those whose whole matter the API takes."""
    found = [case for case in _cases() if case.expected.route is expected and _is_taken(case)]
    return [_matter(case) for case in rng.sample(found, len(found))]


def visitor(number: int, at: int, matter: Matter, rng: Random) -> Filed:
    """Whoever comes with a matter. Every account and phone is nobody's, and each is its own."""
    language = EN if rng.random() < FROM_ABROAD else ZH
    name = rng.choice(_FOREIGN_NAMES) if language == EN else rng.choice(_FAMILY_NAMES)
    phone = f"+86138001{number:05d}" if rng.random() < WITH_PHONE else None
    leaves = f"2026-10-0{rng.choice((1, 2, 2, 3))}T{rng.choice(('18:40', '20:15', '21:30'))}:00+08:00"
    channel = "poster" if rng.random() < BY_POSTER else "counter"
    return Filed(number, at, channel, language, name, phone, leaves if rng.random() < LEAVING_SOON else None, matter)


@cache
def _cases() -> Sequence[PublishedCase]:
    return load_published_cases()


def _is_taken(case: PublishedCase) -> bool:
    return case.scope in (CaseScope.IN_SCOPE, CaseScope.COURT, CaseScope.AGENCY)


def _matter(case: PublishedCase) -> Matter:
    """A published case as the desk is told it; what its source does not say is unknown here too. Source: SPEC 4.2."""
    basis = {Ground.NAMED: "tourism_law_54", Ground.ABSENT: "none", Ground.UNKNOWN: None}[case.ground]
    findings = {
        "not_at_fault": _answer(None if case.visitor_at_fault is None else not case.visitor_at_fault),
        "facts_clear": _answer(case.facts_clear), "evidence_sufficient": _answer(case.evidence_sufficient),
        "basis": basis, "ground": case.basis if case.ground is Ground.NAMED else None,
    }  # fmt: skip
    route = REFUSE if case.expected.route is ExpectedRoute.REFUSE_OUT_OF_SCOPE else case.expected.route.value
    merchant = label("respondent_kind", case.respondent_kind, ZH)
    return Matter(
        case.id, case.category.value, (merchant, case.respondent_kind.value), {ZH: case.facts_zh, EN: case.facts_en},
        case.asked.minor if case.asked else None, findings, route, items=case.asks is not Asks.NOTHING,
        elsewhere=case.scope.value if case.scope in (CaseScope.COURT, CaseScope.AGENCY) else "none",
        people=case.complainants or 1,
    )  # fmt: skip


def _answer(said: bool | None) -> str:  # noqa: FBT001 - the source's own three answers
    return "unknown" if said is None else "yes" if said else "no"
