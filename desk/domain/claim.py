"""The words of a claim and the facts the rule judges. Holds no personal field: names and contacts are sealed elsewhere."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from desk.domain.money import Money


class State(StrEnum):
    """Where a claim stands inside the desk. Source: SPEC 4."""

    RECEIVED = "received"
    AWAITING_INFORMATION = "awaiting_information"
    FAST_REFUND = "fast_refund"
    DOCKETED = "docketed"
    RETURNING = "returning"
    SETTLED = "settled"
    CLOSED = "closed"
    REFUSED = "refused"
    TRANSFERRED = "transferred"
    TERMINATED = "terminated"
    WITHDRAWN = "withdrawn"
    ARCHIVED = "archived"


OPEN_STATES = frozenset(
    {State.RECEIVED, State.AWAITING_INFORMATION, State.FAST_REFUND, State.DOCKETED, State.RETURNING, State.SETTLED}
)

PAYABLE = frozenset({State.FAST_REFUND, State.RETURNING})
"""States in which an amount that was decided is paid: a fast refund, and a return whose goods are back. Source: SPEC 4.3, 4.5."""


class Outcome(StrEnum):
    """How a closed claim ended."""

    REFUNDED = "refunded"
    PERFORMED = "performed"


class Route(StrEnum):
    """What the rule may say of a claim. Source: SPEC 4.2."""

    FAST_REFUND = "fast_refund"
    DOCKET = "docket"
    NEEDS_INFORMATION = "needs_information"
    REFUSE = "refuse"
    TRANSFER = "transfer"


class Channel(StrEnum):
    """How a claim reached the desk. Source: SPEC 4.1."""

    COUNTER = "counter"
    POSTER = "poster"
    HOTLINE_12345 = "hotline_12345"
    POLICE_110 = "police_110"
    SITE_SECURITY = "site_security"
    CONSUMER_12315 = "consumer_12315"
    API = "api"


class Category(StrEnum):
    """What the dispute is about; the codes of the published cases."""

    AGENCY_CONTRACT = "agency_contract"
    INJURY_SAFETY = "injury_safety"
    LODGING_CANCELLATION = "lodging_cancellation"
    RESTAURANT_OVERCHARGE = "restaurant_overcharge"
    TICKET_AND_RIDE = "ticket_and_ride"
    GOODS_QUALITY_RETURN = "goods_quality_return"
    FORCE_MAJEURE = "force_majeure"
    VISITOR_CONDUCT = "visitor_conduct"
    TRANSPORT_RENTAL = "transport_rental"
    GUIDE_MISCONDUCT = "guide_misconduct"
    FORCED_SHOPPING = "forced_shopping"
    DAY_TOUR = "day_tour"
    PRICE_LABELLING = "price_labelling"
    PLATFORM = "platform"
    LUGGAGE_PROPERTY = "luggage_property"
    PHOTOGRAPHY = "photography"
    INSURANCE = "insurance"
    LODGING_QUALITY = "lodging_quality"
    OTHER = "other"


class RespondentKind(StrEnum):
    """What trade a respondent is in; the codes of the published cases."""

    SCENIC_SITE = "scenic_site"
    TRAVEL_AGENCY = "travel_agency"
    HOTEL = "hotel"
    HOMESTAY = "homestay"
    RESTAURANT = "restaurant"
    SHOP = "shop"
    GUIDE = "guide"
    TRANSPORT = "transport"
    PHOTOGRAPHER = "photographer"
    PLATFORM = "platform"
    INSURER = "insurer"
    OTHER = "other"


class ItemKind(StrEnum):
    """What a visitor asks for."""

    REFUND = "refund"
    DAMAGE = "damage"
    PUNITIVE = "punitive"
    APOLOGY = "apology"
    OTHER = "other"


PRINCIPAL_KINDS = frozenset({ItemKind.REFUND, ItemKind.DAMAGE, ItemKind.OTHER})


class Elsewhere(StrEnum):
    """Who already has the same dispute."""

    NONE = "none"
    COURT = "court"
    ARBITRATION = "arbitration"
    AGENCY = "agency"
    MEDIATOR = "mediator"


class Answer(StrEnum):
    """An officer's answer to one of the tests of liability."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Basis(StrEnum):
    """The ground on which the fund may pay first and recover afterwards; `none`: there is no ground. Source: SPEC 5.4."""

    TOURISM_LAW_54 = "tourism_law_54"
    CONSUMER_LAW_40 = "consumer_law_40"
    CONSUMER_LAW_43 = "consumer_law_43"
    CONSUMER_LAW_44 = "consumer_law_44"
    UNDERTAKING = "undertaking"
    ASSIGNMENT = "assignment"
    NONE = "none"


class Scope(StrEnum):
    """Whether the dispute is one for this desk at all."""

    IN_SCOPE = "in_scope"
    HANDLED_BEFORE = "handled_before"
    OTHER_REMIT = "other_remit"


class Language(StrEnum):
    """Languages a visitor may be written to in; the complete catalogues."""

    ZH_CN = "zh-CN"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Item:
    """One thing asked for. `asked` is None while the sum is not known yet."""

    kind: ItemKind
    asked: Money | None = None


@dataclass(frozen=True, slots=True)
class Flags:
    """Circumstances that change the route or who must be told."""

    injury: bool = False
    minor: bool = False
    foreign_related: bool = False
    needs_appraisal: bool = False
    crime_suspected: bool = False


@dataclass(frozen=True, slots=True)
class Assessment:
    """An officer's findings: the four tests of liability and the scope. The fourth test is `basis_explicit`.

    Source: SPEC 4.2.
    """

    not_at_fault: Answer = Answer.UNKNOWN
    facts_clear: Answer = Answer.UNKNOWN
    evidence_sufficient: Answer = Answer.UNKNOWN
    basis: Basis | None = None
    scope: Scope = Scope.IN_SCOPE
    ground: str | None = None

    @property
    def basis_explicit(self) -> Answer:
        """Yes when a ground is named, no when there is none, unknown while nobody has looked."""
        if self.basis is None:
            return Answer.UNKNOWN
        return Answer.NO if self.basis is Basis.NONE else Answer.YES


@dataclass(frozen=True, slots=True)
class RespondentFacts:
    """What the rule needs of a respondent: whether the fund may pay for it and recover from it."""

    in_reach: bool = True


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """Everything the rule looks at, and nothing about the visitor. Dates are calendar days at the site.

    `respondent` is None while it is missing ("not sure").
    """

    received_on: date
    currency: str
    items: tuple[Item, ...]
    respondent: RespondentFacts | None
    assessment: Assessment = field(default_factory=Assessment)
    flags: Flags = field(default_factory=Flags)
    already_elsewhere: Elsewhere = Elsewhere.NONE
    contract_ended_on: date | None = None
