"""The facts a verdict judged and the reasons it gave, as they are stored with it and read again. Judges nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from desk.domain.claim import Answer, Assessment, Basis, ClaimFacts, Elsewhere, Flags, Item, ItemKind, RespondentFacts, Scope
from desk.domain.money import Money
from desk.domain.triage import Reason


def facts_as_json(facts: ClaimFacts) -> dict[str, Any]:
    """The judged facts as plain values; amounts in minor units, dates as at the site."""
    return {
        "received_on": facts.received_on.isoformat(), "currency": facts.currency,
        "items": [[item.kind, item.asked.minor if item.asked else None] for item in facts.items],
        "respondent": None if facts.respondent is None else {"in_reach": facts.respondent.in_reach},
        "assessment": findings_as_json(facts.assessment),
        "flags": {name: getattr(facts.flags, name) for name in facts.flags.__slots__},
        "already_elsewhere": facts.already_elsewhere,
        "contract_ended_on": facts.contract_ended_on.isoformat() if facts.contract_ended_on else None,
    }  # fmt: skip


def facts_from_json(stored: Mapping[str, Any]) -> ClaimFacts:
    """The facts a verdict judged, as they were stored. Raises ValueError or KeyError for anything else."""
    ended, respondent, currency = stored["contract_ended_on"], stored["respondent"], stored["currency"]
    return ClaimFacts(
        received_on=date.fromisoformat(stored["received_on"]),
        currency=currency,
        items=tuple(Item(ItemKind(kind), Money(minor, currency) if minor else None) for kind, minor in stored["items"]),
        respondent=RespondentFacts(respondent["in_reach"]) if respondent else None,
        assessment=_assessment(stored["assessment"]),
        flags=Flags(**stored["flags"]),
        already_elsewhere=Elsewhere(stored["already_elsewhere"]),
        contract_ended_on=date.fromisoformat(ended) if ended else None,
    )


def findings_as_json(found: Assessment) -> dict[str, Any]:
    """An officer's findings as plain values."""
    return {
        "not_at_fault": found.not_at_fault, "facts_clear": found.facts_clear, "evidence_sufficient": found.evidence_sufficient,
        "basis": found.basis, "scope": found.scope, "ground": found.ground,
    }  # fmt: skip


def reason_as_json(reason: Reason) -> dict[str, str | None]:
    """A reason as it is stored and shown."""
    return {"code": reason.code, "figure": reason.figure, "limit": reason.limit, "source": reason.source}


def reason_from_json(stored: Mapping[str, Any]) -> Reason:
    """A reason as it was stored. Raises KeyError for anything else."""
    return Reason(stored["code"], stored["source"], stored["figure"], stored["limit"])


def _assessment(stored: Mapping[str, Any]) -> Assessment:
    return Assessment(
        not_at_fault=Answer(stored["not_at_fault"]),
        facts_clear=Answer(stored["facts_clear"]),
        evidence_sufficient=Answer(stored["evidence_sufficient"]),
        basis=Basis(stored["basis"]) if stored["basis"] else None,
        scope=Scope(stored["scope"]),
        ground=stored["ground"],
    )
