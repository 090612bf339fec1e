"""A claim that a partner hands in: lodged as any other, once for the partner's own number."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from desk.actions.codes import slip_for
from desk.actions.intake import Lodging, lodge_claim, shown_clock
from desk.domain.claim import State
from desk.domain.clocks import ClockState
from desk.domain.errors import BadInput, NotFound
from desk.domain.policy import Viewer
from desk.ports import Attempt, Insertion, Kit, Row, Rows, Work
from desk.store import claims, clocks, idempotency, sites
from desk.store.handoffs import HandingIn, KnownBefore, ask


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What a partner is answered: for a number that it handed in before, the claim as it stands."""

    reference: str
    access_code: str
    status_url: str
    state: State
    clocks: tuple[Mapping[str, str], ...]
    known: bool


def hand_in(
    kit: Kit, viewer: Viewer, told: Lodging, number: str, attempt: Attempt
) -> Insertion[HandingIn, KnownBefore, HandedIn]:  # fmt: skip
    """Register a dispute under the partner's own number; the same matter under the same number again adds nothing.

    The insertion raises BadInput for a site that is not the partner's and for a number that another matter has, whose visitor's
    code is nobody else's; and as `lodge_claim` does. Source: SPEC 4.7.
    """
    lodging, matter = lodge_claim(kit, viewer, told, attempt), _fingerprint(kit, told)

    def build(work: Work, known: KnownBefore) -> tuple[Rows, HandedIn]:
        if known.claim_id is not None and known.lodging.given is None:
            if known.fingerprint != matter:
                raise BadInput("/number", "number_used")
            found = _as_it_stands(work, known.claim_id)
            return {"idempotency_key": [_remembered(work, attempt, found, known.claim_id)]}, found
        try:
            rows, lodged = lodging.build(work, known.lodging)
        except NotFound:
            raise BadInput("/site", "unknown_site") from None
        answer = HandedIn(
            lodged.reference, lodged.access_code, lodged.status_url, _state_then(known), lodged.clocks, known=lodged.replayed
        )
        if lodged.replayed:
            return rows, answer
        came = {
            "id": work.kit.lots.number(), "partner_id": viewer.id, "claim_id": rows["claim"][0]["id"], "number": number,
            "fingerprint": matter, "received_at": work.now,
        }  # fmt: skip
        return {**rows, "handed_in": [came]}, answer

    return Insertion(HandingIn(lodging.question, viewer.id or 0, number), ask, build)


def _fingerprint(kit: Kit, told: Lodging) -> bytes:
    """By what a matter is told from another one under the same number: whom it is about and what happened, as a keyed hash."""
    contact = sorted((name, value) for name, value in told.visitor.items() if value)
    return kit.sealer.tag("handed-in", json.dumps([contact, told.facts], ensure_ascii=False))


def _as_it_stands(work: Work, claim_id: int) -> HandedIn:
    """The claim of a number; the code is the one that was given then, worthless where the visitor got another slip since."""
    claim = claims.read_by_id(work.conn, claim_id)
    site, (code, url) = sites.get(work.conn, claim.site_id), slip_for(work.kit, claim.reference, claim_id, 1)
    running = [clock for clock in clocks.of_claim(work.conn, claim_id).values() if clock.state is ClockState.RUNNING]
    shown = tuple(shown_clock(clock, site) for clock in running)
    return HandedIn(claim.reference, code, url, State(claim.state), shown, known=True)


def _remembered(work: Work, attempt: Attempt, found: HandedIn, claim_id: int) -> Row:
    """The answer as a lodging keeps its own, with the state that the claim had."""
    shown = {
        "reference": found.reference, "claim_id": claim_id, "clocks": found.clocks, "duplicates": [], "state": found.state
    }  # fmt: skip
    return idempotency.row_of(work, attempt, json.dumps(shown))


def _state_then(known: KnownBefore) -> State:
    """The state that was answered under this key before; a new claim is received."""
    given = known.lodging.given
    return State(json.loads(given.answer).get("state", State.RECEIVED)) if given else State.RECEIVED
