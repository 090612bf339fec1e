"""What was decided and what was paid on it, and whether the rule said so: I06.

Judges with the domain's own rule and the packs that were in force; whether a payout went its way is `payouts`.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Row

from desk.domain.audit import EventKind
from desk.domain.claim import Route
from desk.domain.judged import facts_from_json
from desk.domain.lifecycle import CONFIRM, OVERRIDE, Step
from desk.domain.triage import Reason, has_principal, principal, principal_known, triage
from desk.reads.verify.dossier import Dossier

ROUTED = {**{step: route for route, step in CONFIRM.items()}, **{step: route for route, step in OVERRIDE.items()}}


def decision_of(dossier: Dossier, before: int | None = None) -> tuple[str | None, int | None]:
    """The route and the amount that stand after all events, or after those before event `before`, as they say themselves.

    Goods that are back decide an amount without a route.
    """
    route: str | None = None
    decided: int | None = None
    for event in dossier.events:
        if before is not None and event.seq >= before:
            break
        if event.kind == EventKind.RETURN_GOODS_BACK:
            decided = dossier.told(event)["decided_minor"]
        elif event.kind != EventKind.MOVED:
            continue
        elif Step(event.step) in ROUTED:
            route, decided = ROUTED[Step(event.step)], dossier.told(event).get("decided_minor")
        elif event.step == Step.OBJECT:
            route, decided = Route.DOCKET, None
        elif event.step == Step.REOPEN:
            route, decided = None, None
        elif event.step == Step.RETURN_REFUSED:
            decided = None
    return route, decided


def i06_row_holds_what_was_decided(dossier: Dossier) -> Iterator[str]:
    """The claim's row owes exactly the amount of the decision that stands: of a fast refund, or of goods that are back."""
    claim = dossier.claim
    _, decided = decision_of(dossier)
    by_return = any(event.kind == EventKind.RETURN_GOODS_BACK for event in dossier.events)
    owes = claim.decided_minor is not None
    if claim.decided_minor != decided or (owes is not (claim.route == Route.FAST_REFUND) and not (owes and by_return)):
        yield f"{dossier.name}: the amount decided is not the one of its decision"


def i06_items_are_those_lodged(dossier: Dossier) -> Iterator[str]:
    """What is asked for is, line by line, what was lodged, with the amounts that were completed since."""
    for event in dossier.moves[:1]:
        lodged = [tuple(item) for item in dossier.told(event).get("items", [])]
        for position, minor in _completed(dossier):
            if position < len(lodged) and lodged[position][1] is None:
                lodged[position] = (lodged[position][0], minor)
        if lodged != [(item.kind, item.asked_minor) for item in dossier.rows["claim_item"]]:
            yield f"{dossier.name}: the items are not those that were lodged"


def i06_respondent_is_the_one_completed(dossier: Dossier) -> Iterator[str]:
    """A respondent that was missing and then named is the one the claim has."""
    for event in dossier.events:
        named = dossier.told(event).get("respondent") if event.kind == EventKind.FACTS_COMPLETED else None
        if named is not None and named != dossier.claim.respondent_id:
            yield f"{dossier.name} event {event.seq}: the claim has another respondent than the one that was named"


def _completed(dossier: Dossier) -> Iterator[tuple[int, int]]:
    """The amounts written after the lodging, as (position, minor units), in order."""
    for event in dossier.events:
        if event.kind == EventKind.FACTS_COMPLETED:
            yield from (tuple(item) for item in dossier.told(event)["items"])


def i06_decided_within_bounds(dossier: Dossier) -> Iterator[str]:
    """Every amount decided is at most the principal asked, where that is known, and under the fast limit of its own pack."""
    for verdict in dossier.rows["verdict"]:
        into_fast = verdict.made != "proposed" and verdict.route == Route.FAST_REFUND
        if into_fast is not (verdict.decided_minor is not None):
            yield f"{dossier.name} verdict {verdict.seq}: decides an amount on a route that has none, or none where one is due"
        elif into_fast:
            facts = facts_from_json(verdict.facts)
            limit = dossier.books.kit.packs.by_version(verdict.pack).limits["fast_limit"].amount
            asked = principal(facts) if principal_known(facts) or not has_principal(facts) else limit.minor
            if verdict.decided_minor >= limit.minor or verdict.decided_minor > asked:
                yield f"{dossier.name} verdict {verdict.seq}: decides more than was asked or than the fast limit allows"


def i06_events_decide_what_verdicts_say(dossier: Dossier) -> Iterator[str]:
    """Every move to a route rests on the verdict it names: same route, same amount."""
    verdicts = {verdict.seq: verdict for verdict in dossier.rows["verdict"]}
    for event in dossier.moves:
        if Step(event.step) not in ROUTED:
            continue
        told, route = dossier.told(event), ROUTED[Step(event.step)]
        verdict = verdicts.get(told.get("verdict", 0))
        if verdict is None or (verdict.route, verdict.decided_minor) != (route, told.get("decided_minor")):
            yield f"{dossier.name} event {event.seq}: its verdict is missing or says something else"


def i06_payouts_pay_what_was_decided(dossier: Dossier) -> Iterator[str]:
    """Every payout is of the amount it was proposed with, at most what stood decided then, in the claim's currency."""
    for payment in dossier.payments:
        payout = payment.row
        for proposal in payment.moves[:1]:
            _, decided = decision_of(dossier, proposal.seq)
            within = payout.decided_minor == decided and 0 < payout.amount_minor <= payout.decided_minor
            told = dossier.told(proposal).get("amount_minor"), dossier.claim.currency
            if not within or told != (payout.amount_minor, payout.currency):
                yield f"{dossier.name} payout {payout.id}: pays more than was decided, or something else than was proposed"


def i06_verdicts_follow_from_their_facts(dossier: Dossier) -> Iterator[str]:
    """Asked again with the stored facts and the stored pack, the rule says what it said then; who confirms agrees with it."""
    for verdict in dossier.rows["verdict"]:
        if not _follows(dossier, verdict):
            yield f"{dossier.name} verdict {verdict.seq}: does not follow from its facts under {verdict.pack}"
        if verdict.made != "overridden" and verdict.route != verdict.rule_route:
            yield f"{dossier.name} verdict {verdict.seq}: was {verdict.made}, yet is not the rule's route"


def _follows(dossier: Dossier, verdict: Row[Any]) -> bool:
    again = triage(facts_from_json(verdict.facts), dossier.books.kit.packs.by_version(verdict.pack))
    reasons = [_figures(reason) for reason in again.reasons]
    stored = [(reason["code"], reason["figure"], reason["limit"]) for reason in verdict.reasons]
    return (again.route, list(again.missing), reasons) == (verdict.rule_route, verdict.missing, stored)


def _figures(reason: Reason) -> tuple[str, str | None, str | None]:
    """A reason without its source: a clause may be cited in better words without another verdict."""
    return reason.code, reason.figure, reason.limit
