"""The order that a gateway is called with, its payee opened only for the call. Calls nobody."""

from desk.actions.payout_moves import Paying
from desk.domain.payout import Method
from desk.ports import PayOrder, SealedPerson, Work
from desk.store import people


def order_of(work: Work, paying: Paying) -> PayOrder:
    """What the gateway is told to pay, or asked after."""
    payout = paying.payout
    payee, memo = _payee(work, paying), paying.held.claim.reference
    return PayOrder(payout.key, payout.amount_minor, payout.currency, payee, memo, Method(payout.method))


def _payee(work: Work, paying: Paying) -> dict[str, str | None]:
    """Whom to pay, opened only for the call."""
    payout = paying.payout
    person = people.get(work.conn, payout.claim_id)
    if payout.payee_sealed is None or payout.payee_commitment is None:
        raise AssertionError
    sealed = SealedPerson(person.wrapped_key, person.key_id, payout.payee_sealed, payout.payee_commitment)
    return work.kit.sealer.open(payout.claim_id, sealed)
