"""Telling a partner's system of an offer: what is posted and what came of it. Calls nobody: the worker does, between the two.

The message names the claim by its reference and says what is asked; whoever complained is not in it. Source: RELIABILITY I14.
"""

import json

from desk.actions.handoffs import is_told
from desk.actions.partners import keys_of, switch_off
from desk.actions.steps import DESK
from desk.domain.claim import State
from desk.domain.handoff import MOST_TRIES, OFFERED_FROM, HandoffState, Post, try_again_in
from desk.domain.notification import Fate
from desk.domain.retry import lot_of
from desk.domain.signature import secret_bytes
from desk.ports import Delivery, Lease, Posting, Work
from desk.store import claims, handoffs, jobs, partners, sites
from desk.store.tables import ClaimRow, HandoffRow, PartnerRow


def begin_post(work: Work, lease: Lease, number: int) -> Posting | None:
    """Count a try and hand out what is posted, or None where nothing is to be told any more.

    A try that ended in a crash is counted and begun again under the same name. Raises LeaseLost.
    """
    claim, row = _locked(work, number)
    jobs.keep_hold(work, lease)
    partner = partners.get(work.conn, row.partner_id)
    if row.post != Post.WAITING:
        jobs.done(work, lease)
        return None
    if row.state != HandoffState.OFFERED or State(claim.state) not in OFFERED_FROM:
        _end(work, lease, row, Post.DROPPED, None)
        return None
    if not is_told(partner) or row.tries >= MOST_TRIES:
        _end(work, lease, row, Post.GIVEN_UP, row.why or "no_address")
        return None
    handoffs.change(work.conn, row, tries=row.tries + 1, tried_at=work.now)
    return _posting(work, claim, row, partner)


def end_post(work: Work, lease: Lease, number: int, word: Delivery, url: str) -> None:
    """Write down what came of a try: told, once more later, or given up, which the board shows. Raises LeaseLost.

    An address that wants nothing more is switched off while it is still the partner's; one that a manager replaced meanwhile
    says nothing of the new one, which is told like any other.
    """
    _, row = _locked(work, number)
    if row.post != Post.WAITING:
        jobs.done(work, lease)
    elif word.fate is Fate.SENT:
        _end(work, lease, row, Post.SENT, None)
    elif word.fate is Fate.REFUSED and (partner := _partner_still_at(work, row, url)):
        _end(work, lease, row, Post.GIVEN_UP, word.why)
        switch_off(work, DESK, partner)
    elif (wait := try_again_in(row.tries, lot_of(work.kit.lots.number()))) is None:
        _end(work, lease, row, Post.GIVEN_UP, word.why)
    else:
        handoffs.change(work.conn, row, why=word.why)
        jobs.again(work, lease, wait)


def _locked(work: Work, number: int) -> tuple[ClaimRow, HandoffRow]:
    claim = claims.get_by_id(work.conn, handoffs.get(work.conn, number).claim_id)
    return claim, handoffs.get(work.conn, number)


def _partner_still_at(work: Work, row: HandoffRow, url: str) -> PartnerRow | None:
    """The partner of an offer, its site locked, while the desk still tells it at this address."""
    sites.lock_by_id(work.conn, row.site_id)
    partner = partners.get(work.conn, row.partner_id)
    return partner if is_told(partner) and partner.hook_url == url else None


def _end(work: Work, lease: Lease, row: HandoffRow, post: Post, why: str | None) -> None:
    handoffs.change(work.conn, row, post=post.value, why=why)
    jobs.done(work, lease)


def _posting(work: Work, claim: ClaimRow, row: HandoffRow, partner: PartnerRow) -> Posting:
    told = {
        "type": "handoff.offered", "id": str(row.id), "reference": claim.reference,
        "site": sites.get(work.conn, row.site_id).slug, "category": claim.category, "asked": row.asked,
        "offered_at": row.offered_at.isoformat(), "link": f"{work.kit.public_url}/api/v1/handoffs/{row.id}",
    }  # fmt: skip
    keys = keys_of(work.kit, partner.id, partner.generation)
    body = json.dumps(told, ensure_ascii=False).encode()
    return Posting(f"handoff-{row.id}", partner.hook_url or "", secret_bytes(keys.secret), body)
