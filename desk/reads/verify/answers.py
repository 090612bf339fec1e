"""Answers remembered for idempotency keys: I15, I16, and what they must not hold (I29, I35). Gives no answer itself."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select, text

from desk.domain.reference import read_reference
from desk.ports import Kit, SealedPerson
from desk.reads.verify.people import Fields, keys_to, leaves_of, opens, tells_of
from desk.store.tables import metadata

PAGE = 500
KEY = metadata.tables["idempotency_key"]
CLAIM = metadata.tables["claim"]
PERSON = metadata.tables["person"]
PAYOUT = metadata.tables["payout"]
_REFERENCE = re.compile(r"(?<![0-9A-Z])[0-9A-HJKMNP-TV-Z]{10}(?![0-9A-Z])")
_VISIBLE = re.compile(r"[!-~]{1,128}")
_SHORTEST_FINGERPRINT = 16
NAMED = 20
_IN_A_MINUTE = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+60 seconds')", "postgresql": "clock_timestamp() + interval '60 seconds'"
}  # fmt: skip
_HOLDER = select(
    CLAIM.c.id, CLAIM.c.reference, CLAIM.c.generation, PERSON.c.wrapped_key, PERSON.c.key_id, PERSON.c.sealed, PERSON.c.commitment
).outerjoin(PERSON, PERSON.c.claim_id == CLAIM.c.id)


@dataclass(frozen=True, slots=True)
class Remembered:
    """One stored answer, read as JSON (None when it is none), the claims that it or its route names, and their sealed payees."""

    row: Row[Any]
    answer: Any
    claims: tuple[Row[Any], ...]
    payees: tuple[tuple[Row[Any], bytes], ...]

    @property
    def name(self) -> str:
        """How a finding names it."""
        return f"idempotency key {self.row.id}"


def remembered(conn: Connection) -> Iterator[list[Remembered]]:
    """Every stored answer, a page at a time."""
    last = -1
    while page := conn.execute(select(KEY).where(KEY.c.id > last).order_by(KEY.c.id).limit(PAGE)).all():
        named = {row.id: _references(f"{row.route} {row.answer}") for row in page}
        holders = _holders(conn, sorted(set().union(*named.values())))
        payees = _payees(conn, sorted(holder.id for holder in holders.values()))
        yield [_remembered(row, [holders[ref] for ref in named[row.id] if ref in holders], payees) for row in page]
        last = page[-1].id


def i15_one_answer_a_key(conn: Connection) -> Iterator[str]:
    """The same actor, route and key was answered once."""
    columns = (KEY.c.actor, KEY.c.route, KEY.c.key)
    twice = select(func.min(KEY.c.id)).group_by(*columns).having(func.count() > 1)
    for row_id in conn.execute(twice).scalars():
        yield f"idempotency key {row_id}: answered more than once"


def i15_answer_can_be_given_again(kept: Remembered) -> Iterator[str]:
    """An answer is whole: who asked where for what, and a body that can be shown again, of a claim that is there."""
    row = kept.row
    if not (row.actor and row.route and _VISIBLE.fullmatch(row.key) and len(row.fingerprint) >= _SHORTEST_FINGERPRINT):
        yield f"{kept.name}: actor, route, key or fingerprint is missing or too short"
    if not isinstance(kept.answer, dict):
        yield f"{kept.name}: its answer is no JSON object"
    elif "claim_id" in kept.answer:
        known = {(claim.id, claim.reference) for claim in kept.claims}
        if (kept.answer["claim_id"], kept.answer.get("reference")) not in known:
            yield f"{kept.name}: answers with a claim that is not there"


def i16_what_was_answered_was_done_once(conn: Connection, page: Sequence[Remembered], seen: set[int]) -> Iterator[str]:
    """What an answer about money names is there, and no entry in the books was answered to two keys; `seen` are those so far."""
    for kept in page:
        for table, number in _effects(kept):
            own = metadata.tables[table].c.id
            if conn.execute(select(own).where(own == number)).first() is None:
                yield f"{kept.name}: answers with a {table} that is not there"
            if table == "fund_entry" and number in seen:
                yield f"{kept.name}: answers with an entry that was answered to another key"
            seen |= {number} if table == "fund_entry" else set()


def i16_nothing_is_held_for_long(conn: Connection) -> Iterator[str]:
    """A job whose worker died is free again within 60 s: no lease reaches further. A key is held by nobody, only answered."""
    job, limit = metadata.tables["job"], text(_IN_A_MINUTE[conn.dialect.name])
    held = select(job.c.id).where(job.c.done_at.is_(None), job.c.set_aside_at.is_(None), job.c.leased_until > limit).limit(NAMED)
    yield from (f"job {number}: is held for longer than a minute" for number in conn.execute(held).scalars())


def i29_answer_opens_nothing(kept: Remembered, kit: Kit) -> Iterator[str]:
    """An answer holds no access code and no token of the claims it names: a replay derives them anew."""
    text = json.dumps(kept.answer, ensure_ascii=False) if kept.answer is not None else kept.row.answer
    if any(opens(keys_to(kit, claim), text) for claim in kept.claims):
        yield f"{kept.name}: holds an access code or a token"


def i35_answer_names_nobody(kept: Remembered, kit: Kit) -> Iterator[str]:
    """An answer holds neither name nor contact of the visitors of the claims it names, nor name or account of whom they pay."""
    people = [_opened(kit, claim, claim.sealed) for claim in kept.claims]
    people += [_opened(kit, claim, sealed) for claim, sealed in kept.payees]
    if tells_of(people, leaves_of(kept.answer)):
        yield f"{kept.name}: holds a personal field in plain"


def _effects(kept: Remembered) -> Iterator[tuple[str, int]]:
    """The rows that an answer says its act made or moved."""
    told, route = kept.answer if isinstance(kept.answer, dict) else {}, kept.row.route
    named = {
        "fund_entry": told.get("entry"),
        "payout": told.get("id") if "/payouts" in route else None,
        "withdrawal": told.get("id") if "/withdrawals" in route else None,
    }
    yield from ((table, int(str(number))) for table, number in named.items() if str(number).isdecimal())


def _opened(kit: Kit, claim: Row[Any], sealed: bytes) -> Fields | None:
    """What is sealed under the key of a claim's visitor; whether it opens at all is checked with the claim."""
    if claim.wrapped_key is None:
        return None
    try:
        return kit.sealer.open(claim.id, SealedPerson(claim.wrapped_key, claim.key_id, sealed, ""))
    except ValueError:
        return None


def _remembered(row: Row[Any], claims: list[Row[Any]], payees: dict[int, list[bytes]]) -> Remembered:
    paid = tuple((claim, sealed) for claim in claims for sealed in payees.get(claim.id, ()))
    return Remembered(row, _read(row.answer), tuple(claims), paid)


def _references(text: str) -> set[str]:
    return {found for found in _REFERENCE.findall(text) if read_reference(found) == found}


def _holders(conn: Connection, references: Sequence[str]) -> dict[str, Row[Any]]:
    found: dict[str, Row[Any]] = {}
    for start in range(0, len(references), PAGE):
        rows = conn.execute(_HOLDER.where(CLAIM.c.reference.in_(references[start : start + PAGE])))
        found |= {row.reference: row for row in rows}
    return found


def _payees(conn: Connection, claim_ids: Sequence[int]) -> dict[int, list[bytes]]:
    """Whom the payouts of these claims pay, still sealed."""
    found = defaultdict[int, list[bytes]](list)
    for start in range(0, len(claim_ids), PAGE):
        mine = PAYOUT.c.claim_id.in_(claim_ids[start : start + PAGE]) & PAYOUT.c.payee_sealed.is_not(None)
        for row in conn.execute(select(PAYOUT.c.claim_id, PAYOUT.c.payee_sealed).where(mine)):
            found[row.claim_id].append(row.payee_sealed)
    return found


def _read(answer: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(answer)
    except ValueError:
        return None
