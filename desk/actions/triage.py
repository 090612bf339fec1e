"""Assessing a claim and deciding its route: the rule proposes, a named officer confirms or overrides (PIPL Art. 24)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from desk.actions.payout_moves import refuse_while_paying, void_approval
from desk.actions.scrub import scrubbed
from desk.actions.steps import Held, hold, officer_id, record, take
from desk.domain.audit import EventKind
from desk.domain.claim import Assessment, ClaimFacts, Route, State
from desk.domain.errors import AmountAboveDecided, BadInput, PayoutExists, VerdictChanged, WrongMoment
from desk.domain.judged import facts_as_json, findings_as_json, reason_as_json
from desk.domain.lifecycle import CONFIRM, OVERRIDE
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer, require
from desk.domain.triage import Verdict, has_principal, principal, principal_known, triage
from desk.ports import Work
from desk.store import claims, evidence, payouts

ASSESSABLE = frozenset({State.RECEIVED, State.AWAITING_INFORMATION, State.FAST_REFUND, State.DOCKETED})


@dataclass(frozen=True, slots=True)
class Choice:
    """What the officer decides: confirm the rule's route, or override it with a reason; `amount` is the sum decided."""

    route: Route
    override: bool = False
    reason: str | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class Assessed:
    """The claim's new version after its findings were written."""

    version: int


def assess_claim(
    work: Work, viewer: Viewer, reference: str, found: Assessment, note: str | None, version: int, relied_on: Sequence[str] = ()
) -> Assessed:  # fmt: skip
    """Write an officer's findings beside the earlier ones; the latest count. Moves no state, but voids a payout's approval.

    `relied_on` are ids of the claim's own evidence. Raises BadInput for any other, StaleVersion when the claim changed since
    `version`, WrongMoment once it has ended. Source: SPEC 4.2.
    """
    held = hold(work, viewer, Act.ASSESS, reference, version)
    if State(held.claim.state) not in ASSESSABLE:
        raise WrongMoment
    found, note = replace(found, ground=scrubbed(work, held.claim, found.ground)), scrubbed(work, held.claim, note)
    relied = _relied_on(work, held, relied_on)
    seq = claims.next_seq(work.conn, "assessment", held.claim.id)
    claims.add(work.conn, "assessment", _assessment_row(work, held, found, note, seq) | {"evidence": relied})
    changed = replace(held, claim=claims.change(work.conn, held.claim, assessed=True))
    record(work, changed, EventKind.ASSESSED, {"seq": seq, **findings_as_json(found), "evidence": relied})
    return Assessed(void_approval(work, changed).claim.version)


def confirm_triage(work: Work, viewer: Viewer, reference: str, choice: Choice, version: int | None = None) -> Held:
    """Confirm the verdict of the rule as it stands now, or override it with a reason, and move the claim.

    Raises StaleVersion when the claim changed since a `version` that was given, WrongMoment where a payout is under way,
    PayoutExists for a refund of what was refunded already, VerdictChanged when
    the confirmed route is no longer the verdict, BadInput for an override without a reason, a confirmation with one, or an
    amount where none can be, AmountAboveDecided for more than is asked or not under `fast_limit`, Forbidden for an override
    into fast_refund by anybody but a manager. Source: SPEC 4.2 and 4.3.
    """
    held = hold(work, viewer, Act.OVERRIDE if choice.override else Act.CONFIRM, reference, version)
    choice = replace(choice, reason=scrubbed(work, held.claim, choice.reason))
    facts, verdict = judge(work, held)
    if choice.override:
        _check_override(held, choice)
        refuse_while_paying(held)
    elif choice.reason is not None:
        raise BadInput("/reason", "not_allowed_here")
    elif State(held.claim.state) is not State.RECEIVED:
        raise WrongMoment
    elif verdict.route is not choice.route:
        raise VerdictChanged
    if choice.route is Route.FAST_REFUND and payouts.stands(work.conn, held.claim.id):
        raise PayoutExists
    decided = _decided(work, held, facts, choice)
    seq = keep_verdict(work, held, facts, verdict, choice=choice, decided=decided)
    step = (OVERRIDE if choice.override else CONFIRM)[choice.route]
    said = {"verdict": seq, "rule": verdict.route, "decided_minor": decided.minor if decided else None}
    moved = take(
        work, held, step, reason=choice.reason, data=said,
        route=choice.route.value, decided_minor=decided.minor if decided else None,
    )  # fmt: skip
    _follow_up(work, moved, choice, verdict)
    return moved


def propose_verdict(work: Work, viewer: Viewer, reference: str) -> Verdict:
    """Store what the rule says of a claim without deciding anything; the claim stays where it is."""
    held = hold(work, viewer, Act.CONFIRM, reference)
    facts, verdict = judge(work, held)
    seq = keep_verdict(work, held, facts, verdict)
    record(work, held, EventKind.VERDICT_PROPOSED, {"verdict": seq, "route": verdict.route, "pack": verdict.pack})
    claims.change(work.conn, held.claim)
    return verdict


def judge(work: Work, held: Held) -> tuple[ClaimFacts, Verdict]:
    """The facts as they stand and the verdict of the rule under the claim's own pack."""
    facts = claims.facts_of(work.conn, held.claim, received_on(held))
    return facts, triage(facts, work.kit.packs.by_version(held.claim.pack))


def received_on(held: Held) -> date:
    """The day at the site on which the claim was received."""
    return held.claim.received_at.astimezone(held.zone).date()


def keep_verdict(
    work: Work, held: Held, facts: ClaimFacts, verdict: Verdict, *, choice: Choice | None = None, decided: Money | None = None
) -> int:
    """Store the verdict with the facts it judged, so that it can be derived again; returns its number in the claim."""
    seq = claims.next_seq(work.conn, "verdict", held.claim.id)
    made = "proposed" if choice is None else ("overridden" if choice.override else "confirmed")
    claims.add(
        work.conn, "verdict",
        {
            "id": work.kit.lots.number(), "claim_id": held.claim.id, "seq": seq, "made": made,
            "route": (choice.route if choice else verdict.route).value, "rule_route": verdict.route.value,
            "reasons": [reason_as_json(reason) for reason in verdict.reasons], "missing": list(verdict.missing),
            "facts": facts_as_json(facts), "pack": verdict.pack, "decided_minor": decided.minor if decided else None,
            "reason": choice.reason if choice else None, "officer_id": officer_id(held.viewer), "made_at": work.now,
        },
    )  # fmt: skip
    return seq


def _check_override(held: Held, choice: Choice) -> None:
    if not (choice.reason or "").strip():
        raise BadInput("/reason", "missing")
    if choice.route is Route.FAST_REFUND:
        require(held.viewer, Act.OVERRIDE_INTO_FAST, held.site.id)


def _decided(work: Work, held: Held, facts: ClaimFacts, choice: Choice) -> Money | None:
    """The amount a fast refund decides: the one named, else the principal; never above it, always under the limit."""
    if choice.route is not Route.FAST_REFUND:
        if choice.amount:
            raise BadInput("/amount", "nothing_to_do")
        return None
    if choice.override and facts.assessment.basis_explicit != "yes":
        raise BadInput("/override", "needs_basis")
    if choice.amount and choice.amount.currency != held.claim.currency:
        raise BadInput("/amount/currency", "wrong_currency", currency=held.claim.currency)
    if not has_principal(facts):
        raise AmountAboveDecided
    asked, known = principal(facts), principal_known(facts)
    if choice.amount is None and not known:
        raise BadInput("/amount", "missing")
    decided = choice.amount or Money(asked, held.claim.currency)
    limit = work.kit.packs.by_version(held.claim.pack).limits["fast_limit"].amount
    if decided.minor >= limit.minor or (known and decided.minor > asked):
        raise AmountAboveDecided
    return decided


def _follow_up(work: Work, moved: Held, choice: Choice, verdict: Verdict) -> None:
    """What else a decision writes: that a fast refund accepts the claim, and who else must be told."""
    if choice.route is Route.FAST_REFUND and not choice.override:
        record(work, moved, EventKind.ACCEPTED)
    for hand_off in verdict.hand_offs:
        record(work, moved, EventKind.HANDOFF_DUE, {"to": hand_off})


def _relied_on(work: Work, held: Held, ids: Sequence[str]) -> list[str]:
    """Each id once. Source: SPEC 4.2, "the evidence relied on"."""
    own = evidence.of_claim(work.conn, held.claim.id)
    for place, file_id in enumerate(ids):
        if file_id not in own:
            raise BadInput(f"/evidence/{place}", "not_found")
    return list(dict.fromkeys(ids))


def _assessment_row(work: Work, held: Held, found: Assessment, note: str | None, seq: int) -> dict[str, Any]:
    return {
        "id": work.kit.lots.number(), "claim_id": held.claim.id, "seq": seq, **findings_as_json(found), "note": note,
        "officer_id": officer_id(held.viewer), "assessed_at": work.now,
    }  # fmt: skip
