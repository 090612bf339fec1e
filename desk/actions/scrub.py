"""Prose that goes into records without what must not stand there: the claim's own codes, and the visitor's contact.

Codes and tokens are stored nowhere (SPEC 6), and what stands in a chain can never be erased (SPEC 8).
"""

import re
from collections.abc import Iterator

from sqlalchemy import select

from desk.actions.codes import slip_for
from desk.domain.reference import LENGTH
from desk.ports import SealedPerson, Work
from desk.store.tables import ClaimRow, metadata

HIDDEN = "••••••••"
PERSON = metadata.tables["person"]
_SHORTEST_NAME = 2
_TAIL = 9
_CHINA = "86"


def scrubbed(work: Work, claim: ClaimRow, text: str | None) -> str | None:
    """The text with every code and token the claim ever had, and the visitor's name, phone and e-mail, hidden.

    A name of one character is left: it would hide that character in every word.
    """
    if not text:
        return text
    for pattern in (*_keys(work, claim), *_contact(work, claim)):
        text = re.sub(pattern, HIDDEN, text, flags=re.IGNORECASE)
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
    plain = work.kit.sealer.open(claim.id, SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment))
    name, phone, email = plain.get("name"), plain.get("phone"), plain.get("email")
    if name and len(name) >= _SHORTEST_NAME:
        yield re.escape(name)
    if email:
        yield re.escape(email)
    if phone:
        yield _spoken(phone)


def _spoken(phone: str) -> str:
    """A number as people write it: with or without its country, with spaces or hyphens between the digits."""
    digits = phone.lstrip("+")
    national = digits.removeprefix(_CHINA) if digits.startswith(_CHINA) else digits[-_TAIL:]
    return r"(?:\+?86[\s-]*)?" + r"[\s-]*".join(national)
