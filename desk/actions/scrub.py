"""Prose that goes into records without what must not stand there: the claim's codes, the visitor's contact, payees' accounts.

Codes and tokens are stored nowhere (SPEC 6), and what stands in a chain can never be erased (SPEC 8).
"""

import re
from collections.abc import Iterator, Mapping

from sqlalchemy import select

from desk.actions.codes import slip_for
from desk.domain.reference import LENGTH
from desk.ports import SealedPerson, Work
from desk.store import claims, incidents
from desk.store.tables import ClaimRow, metadata

HIDDEN = "••••••••"
PERSON = metadata.tables["person"]
PAYOUT = metadata.tables["payout"]
_SHORTEST_NAME = 2
_SHORTEST_ACCOUNT = 7
_TAIL = 9
_CHINA = "86"


def scrubbed(work: Work, claim: ClaimRow, text: str | None) -> str | None:
    """The text with every code and token the claim ever had, and name, phone, e-mail and account of visitor and payees, hidden.

    A name of one character is left: it would hide that character in every word. So is an account of less than seven.
    """
    if not text:
        return text
    for pattern in (*_keys(work, claim), *_contact(work, claim)):
        # Never longer than what was written: a limit that the text kept must still hold.
        text = re.sub(pattern, lambda found: HIDDEN[: len(found[0])], text, flags=re.IGNORECASE)
    return text


def scrubbed_of_members(work: Work, incident_id: int, text: str) -> str:
    """The same for every claim that is in a collective dispute: its texts and the chain of its site name none of them."""
    for member in incidents.members(work.conn, incident_id):
        text = scrubbed(work, claims.read_by_id(work.conn, member.claim_id), text) or text
    return text


def _keys(work: Work, claim: ClaimRow) -> Iterator[str]:
    for generation in range(1, claim.generation + 1):
        code, url = slip_for(work.kit, claim.reference, claim.id, generation)
        yield re.escape(url.rpartition("/")[2][LENGTH:])
        yield code


def _contact(work: Work, claim: ClaimRow) -> Iterator[str]:
    row = work.conn.execute(select(PERSON).where(PERSON.c.claim_id == claim.id)).one()
    if row.wrapped_key is None:
        return
    payees = select(PAYOUT.c.payee_sealed).where(PAYOUT.c.claim_id == claim.id, PAYOUT.c.payee_sealed.is_not(None))
    for sealed in (row.sealed, *work.conn.execute(payees).scalars()):
        yield from _told(work.kit.sealer.open(claim.id, SealedPerson(row.wrapped_key, row.key_id, sealed, "")))


def _told(plain: Mapping[str, str | None]) -> Iterator[str]:
    """What finds each field of a person in a text."""
    name, phone, email, account = (plain.get(field) for field in ("name", "phone", "email", "account"))
    if name and len(name) >= _SHORTEST_NAME:
        yield re.escape(name)
    if account and len(digits := re.sub(r"[\s-]", "", account)) >= _SHORTEST_ACCOUNT:
        yield r"[\s-]*".join(map(re.escape, digits))
    if email:
        yield re.escape(email)
    if phone:
        yield _spoken(phone)


def _spoken(phone: str) -> str:
    """A number as people write it: with or without its country, with spaces or hyphens between the digits."""
    digits = phone.lstrip("+")
    national = digits.removeprefix(_CHINA) if digits.startswith(_CHINA) else digits[-_TAIL:]
    return r"(?:\+?86[\s-]*)?" + r"[\s-]*".join(national)
