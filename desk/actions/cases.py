"""Published cases brought in as claims: what a source says becomes a lodging and findings. Decides no route by itself.

The label of a case is read to compare a verdict with, and for nothing else; the clocks of an imported claim run from its import.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desk.actions.intake import Lodging, WrittenRespondent
from desk.actions.triage import assess_claim, propose_verdict
from desk.domain.claim import Answer, Assessment, Basis, Category, Channel, Elsewhere, Item, ItemKind, Language, Route, Scope
from desk.domain.errors import NotFound
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer, require
from desk.packs.cases import Asks, CaseScope, Ground, PublishedCase, load_published_cases
from desk.ports import Kit, Work
from desk.store import claims, sites
from desk.wording.labels import label

__all__ = ["Judged", "disagreement", "judge_case", "known_cases", "load_published_cases", "lodging_of", "site_day", "source_key"]

LATE_BY = timedelta(days=91)
NOBODY = {"name": None, "phone": None, "email": None}
_ELSEWHERE = {CaseScope.COURT: Elsewhere.COURT, CaseScope.AGENCY: Elsewhere.AGENCY}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule said of an imported case: the proposed route and the codes of its reasons, heaviest first."""

    reference: str
    route: Route
    reasons: tuple[str, ...]


def source_key(case: PublishedCase) -> str:
    """The name by which a second import knows the claim again."""
    return f"published:{case.id}"


def received_on(case: PublishedCase, today: date) -> date:
    """The day a case counts as received: its publication, its first day where only a year or month is known, else today."""
    return case.published_on or today


def lodging_of(case: PublishedCase, site: str, today: date) -> Lodging:
    """The dispute of a case as told at a site; `today` is a date there. Names no visitor: sources do not. Source: issue 2."""
    received = received_on(case, today)
    named = label("respondent_kind", case.respondent_kind, Language.ZH_CN)
    return Lodging(
        site=site,
        channel=Channel.API,
        visitor=NOBODY,
        language=Language.ZH_CN,
        category=Category(case.category),
        facts=case.facts_zh,
        items=_items(case.asks, case.asked),
        respondent=WrittenRespondent(name=named, kind=case.respondent_kind),
        contract_ended_on=received - LATE_BY if case.scope is CaseScope.LATE else None,
        already_elsewhere=_ELSEWHERE.get(case.scope, Elsewhere.NONE),
        people=case.complainants or 1,
        received_on=received,
        source_key=source_key(case),
    )


def findings_of(case: PublishedCase) -> Assessment:
    """The four tests and the scope as the source tells them; what it does not say is unknown. Source: issue 2."""
    basis = {Ground.NAMED: Basis.TOURISM_LAW_54, Ground.ABSENT: Basis.NONE, Ground.UNKNOWN: None}[case.ground]
    return Assessment(
        not_at_fault=_answer(None if case.visitor_at_fault is None else not case.visitor_at_fault),
        facts_clear=_answer(case.facts_clear),
        evidence_sufficient=_answer(case.evidence_sufficient),
        basis=basis,
        scope=Scope.OTHER_REMIT if case.scope is CaseScope.OTHER_REMIT else Scope.IN_SCOPE,
        ground=case.basis if basis is Basis.TOURISM_LAW_54 else None,
    )


def known_cases(conn: Connection, viewer: Viewer, site: str, cases: Sequence[PublishedCase]) -> frozenset[str]:
    """The source keys of those cases that were lodged at the site before. Raises NotFound for a foreign or absent site."""
    found = sites.find(conn, site)
    if found is None:
        raise NotFound
    require(viewer, Act.LODGE, found.id)
    return frozenset(claims.by_source(conn, found.id, [source_key(case) for case in cases]))


def site_day(conn: Connection, site: str, kit: Kit) -> date:
    """The date at the site now. Raises NotFound for an absent one."""
    found = sites.find(conn, site)
    if found is None:
        raise NotFound
    return kit.clock.now().astimezone(ZoneInfo(found.time_zone)).date()


def judge_case(work: Work, viewer: Viewer, site: str, case: PublishedCase) -> Judged:
    """Assess a lodged case and keep the proposed verdict; the claim stays received.

    What an earlier import did is left as it is and given back, so that an interrupted import can be run again.
    """
    found = sites.find(work.conn, site)
    if found is None:
        raise NotFound
    require(viewer, Act.ASSESS, found.id)
    reference = claims.by_source(work.conn, found.id, [source_key(case)]).get(source_key(case))
    if reference is None:
        raise NotFound
    claim = claims.get(work.conn, reference, (found.id,))
    if kept := claims.first_proposal(work.conn, claim.id):
        return Judged(reference, Route(kept.rule_route), tuple(reason["code"] for reason in kept.reasons))
    if not claim.assessed:
        assess_claim(work, viewer, reference, findings_of(case), None, claim.version)
    verdict = propose_verdict(work, viewer, reference)
    return Judged(reference, verdict.route, tuple(reason.code for reason in verdict.reasons))


def disagreement(case: PublishedCase, judged: Judged) -> dict[str, Any] | None:
    """How a verdict differs from the case's label, None when they agree. Source: API, `desk claims import`."""
    if case.expected.agrees_with(judged.route):
        return None
    return {"id": case.id, "expected": case.expected.route.value, "got": judged.route.value, "reasons": list(judged.reasons)}


def _items(asks: Asks, asked: Money | None) -> tuple[Item, ...]:
    """A sum, or the merchant's offer, is asked back; nothing asked is no item at all."""
    return () if asks is Asks.NOTHING else (Item(ItemKind.REFUND, asked),)


def _answer(said: bool | None) -> Answer:  # noqa: FBT001 - the source's own three answers
    return Answer.UNKNOWN if said is None else Answer.YES if said else Answer.NO
