"""Completing what a lodging left open: amounts and the respondent. Changes nothing that is known already, and judges nothing."""

from collections.abc import Mapping
from dataclasses import replace

from desk.actions.intake import WrittenRespondent, check_respondent, check_total, respondent_id, respondent_row
from desk.actions.steps import Held, hold, record
from desk.domain.audit import EventKind
from desk.domain.claim import State
from desk.domain.errors import BadInput, WrongMoment
from desk.domain.money import Money
from desk.domain.policy import Act, Viewer
from desk.ports import Work
from desk.store import claims
from desk.store.lodging import Question, ask

COMPLETABLE = frozenset({State.RECEIVED, State.AWAITING_INFORMATION, State.DOCKETED, State.RETURNING})
"""A decided amount must not move under its decision, nor an ended claim after its end."""


def complete_facts(
    work: Work, viewer: Viewer, reference: str, amounts: Mapping[int, Money], respondent: WrittenRespondent | None, version: int
) -> Held:  # fmt: skip
    """Write amounts by the position of their item, and the respondent, where each is still missing. Moves no state.

    Raises StaleVersion when the claim changed since `version`, WrongMoment once an amount is decided and once the claim
    has ended, BadInput for nothing at all, what is known already, and what contradicts the site. Source: SPEC 4.2, rule 3.
    """
    held = hold(work, viewer, Act.COMPLETE_FACTS, reference, version)
    if State(held.claim.state) not in COMPLETABLE or held.claim.decided_minor is not None:
        raise WrongMoment
    if not amounts and respondent is None:
        raise BadInput("", "nothing_to_do")
    _check_amounts(work, held, amounts)
    named = _named(work, held, respondent) if respondent else None
    for position, asked in amounts.items():
        claims.complete_item(work.conn, held.claim.id, position, asked.minor)
    changed = claims.change(work.conn, held.claim, **({"respondent_id": named} if respondent else {}))
    items = [[position, asked.minor] for position, asked in sorted(amounts.items())]
    record(work, held, EventKind.FACTS_COMPLETED, {"items": items, "respondent": named})
    return replace(held, claim=changed)


def _check_amounts(work: Work, held: Held, amounts: Mapping[int, Money]) -> None:
    """Pointers count the amounts in the order in which they were given."""
    known = {item.position: item.asked_minor for item in claims.items_of(work.conn, held.claim.id)}
    for place, (position, asked) in enumerate(amounts.items()):
        if position not in known:
            raise BadInput(f"/amounts/{place}/item", "not_found")
        if known[position] is not None:
            raise BadInput(f"/amounts/{place}/asked", "not_allowed_here")
        if asked.currency != held.claim.currency:
            raise BadInput(f"/amounts/{place}/asked/currency", "wrong_currency", currency=held.claim.currency)
    total = (*(asked.minor for asked in amounts.values()), *(minor for minor in known.values() if minor is not None))
    check_total("/amounts", total, held.claim.currency)


def _named(work: Work, held: Held, written: WrittenRespondent) -> int | None:
    """The id of the respondent; a name written for the first time gets its row."""
    if held.claim.respondent_id is not None:
        raise BadInput("/respondent", "not_allowed_here")
    (known,) = ask(work.conn, [Question(held.site.slug, None, written.id, None, lambda _: ())])
    check_respondent(written, known)
    row = respondent_row(work, written, held.site, known)
    if row:
        claims.add_respondent(work.conn, row)
    return respondent_id(row, known)
