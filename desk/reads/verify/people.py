"""Persons and their keys: I24, I29 and I35. Opens what is sealed only to compare it; nothing plain leaves this file.

Words of the parties and of officers (facts, messages, notes, reasons) are free text: codes, tokens, phone numbers and
e-mail addresses are looked for where a rule can decide, names only in what the desk itself wrote.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from desk.domain.audit import EventKind
from desk.ports import Kit
from desk.reads.verify.dossier import Dossier

_COMMITS = frozenset({EventKind.MOVED, EventKind.CONTACT_CHANGED})
_PERSONAL = frozenset({"name", "phone", "email", "payee", "account", "id_number"})
_OFFICER_TOKEN = re.compile(r"desk_[0-9A-HJKMNP-TV-Z]{32}")
# What the desk itself writes into a chain or an answer: codes, numbers, times, hashes. No name is looked for in them.
_CODE = re.compile(r"[a-z0-9_+.:/-]*|[0-9T:.+Z-]*|[0-9A-Z]{10}")
_SHORTEST_NUMBER = 7
_COMPARED_DIGITS = 10

Fields = Mapping[str, str | None]


def i24_chain_commits_to_the_person(dossier: Dossier) -> Iterator[str]:
    """The last commitment in the chain is the one the person's row carries; it needs no key, so it outlives an erasure."""
    person = dossier.person
    committed = [
        data["person"] for event in dossier.events if event.kind in _COMMITS and "person" in (data := dossier.told(event))
    ]
    if person is not None and dossier.events and committed[-1:] != [person.commitment]:
        yield f"{dossier.name}: the chain commits to another person"


def i24_seal_holds_what_was_committed(dossier: Dossier) -> Iterator[str]:
    """What is sealed gives, with its salt, the commitment of the row."""
    if dossier.sealed and dossier.contact is not None:
        again = dossier.books.kit.sealer.commitment(dossier.claim.id, dossier.sealed)
        if again != dossier.sealed.commitment:
            yield f"{dossier.name}: what is sealed is not what was committed to"


def i24_chain_commits_to_the_payees(dossier: Dossier) -> Iterator[str]:
    """Every payout carries the commitment to its payee that its proposal told; it needs no key, so it outlives an erasure."""
    for payment in dossier.payments:
        committed = payment.row.payee_commitment
        if (committed is None) is not (payment.row.payee_sealed is None):
            yield f"{dossier.name} payout {payment.row.id}: a payee without a commitment, or the reverse"
        elif payment.moves and dossier.told(payment.moves[0]).get("payee_commitment") != committed:
            yield f"{dossier.name} payout {payment.row.id}: the chain commits to another payee"


def i24_payee_is_the_one_committed(dossier: Dossier) -> Iterator[str]:
    """What is sealed of a payee gives, with its salt, the commitment of the payout."""
    for payout in dossier.rows["payout"]:
        sealed = dossier.sealed_payee(payout) if payout.payee_commitment and payout.id in dossier.payees else None
        if sealed and dossier.books.kit.sealer.commitment(dossier.claim.id, sealed) != payout.payee_commitment:
            yield f"{dossier.name} payout {payout.id}: the payee is not the one committed to"


def i35_person_opens_for_this_claim(dossier: Dossier) -> Iterator[str]:
    """Personal fields are ciphertext that opens under the recorded key, with this claim as associated data."""
    if dossier.sealed and dossier.contact is None:
        yield f"{dossier.name}: the person does not open under the recorded key for this claim"


def i35_payees_open_for_this_claim(dossier: Dossier) -> Iterator[str]:
    """Whom a payout pays is ciphertext that opens under the visitor's key, with this claim as associated data."""
    for payout in dossier.rows["payout"]:
        if dossier.contact is not None and dossier.sealed_payee(payout) and payout.id not in dossier.payees:
            yield f"{dossier.name} payout {payout.id}: the payee does not open under the visitor's key"


def i35_chain_names_nobody(dossier: Dossier) -> Iterator[str]:
    """No entry of the chain holds the visitor's name or contact, and none from its proposal on a payee's name or account."""
    payees = [
        (payment.moves[0].seq if payment.moves else 0, dossier.payees[payment.row.id])
        for payment in dossier.payments
        if payment.row.id in dossier.payees
    ]
    for event in dossier.events:
        leaves = list(_leaves(dossier.told(event)))
        named = any(key in _PERSONAL and value for key, value in leaves)
        words = [value for _, value in leaves]
        known = [dossier.contact, *(payee for since, payee in payees if event.seq >= since)]
        if named or tells_of(known, words, prose=[event.reason or ""]):
            yield f"{dossier.name} event {event.seq}: holds a personal field in plain"


def i29_no_text_opens_the_claim(dossier: Dossier) -> Iterator[str]:
    """No stored text holds the access code or the token that opens this claim: both are derived when they are needed."""
    secrets, texts = keys_to(dossier.books.kit, dossier.claim), list(_texts(dossier))
    if opens(secrets, "\n".join(text for _, text in texts)):
        for place, text in texts:
            if opens(secrets, text):
                yield f"{dossier.name} {place}: holds an access code or a token"


@dataclass(frozen=True, slots=True)
class Secrets:
    """What opens a claim, now or before its slip was issued again."""

    codes: tuple[str, ...]
    tokens: tuple[str, ...]


def keys_to(kit: Kit, claim: Row[Any]) -> Secrets:
    """The keys to a claim; needs its id, reference and generation. Of a token only the secret part counts."""
    generations = range(1, claim.generation + 1)
    tokens = (kit.sealer.visit_token(claim.reference, claim.id, number) for number in generations)
    return Secrets(
        tuple(kit.sealer.access_code(claim.id, number) for number in generations),
        tuple(token.removeprefix(claim.reference) for token in tokens),
    )


def opens(secrets: Secrets, text: str) -> bool:
    """Whether a text holds a key to the claim, the code as a number of its own, or the token of any officer."""
    if any(token in text for token in secrets.tokens) or ("desk_" in text and _OFFICER_TOKEN.search(text)):
        return True
    return any(code in text and re.search(rf"(?<!\d){code}(?!\d)", text) for code in secrets.codes)


def tells_of(known: Sequence[Fields | None], written: Iterable[str], prose: Iterable[str] = ()) -> bool:
    """Whether the desk's own words hold somebody's name or contact, or an officer's prose their phone, e-mail or account."""
    people = [fields for fields in known if fields]
    if not people:
        return False
    told = list(written)
    words = [text for text in told if not _CODE.fullmatch(text)]
    reached = any(_reaches(fields, text) for text in (*words, *prose) if text for fields in people)
    named = any(_names(fields, text) for text in words for fields in people)
    # A bare number looks like a code of the desk's own, unless it is exactly somebody's.
    return reached or named or not _numbers(people).isdisjoint(told)


def _numbers(people: Iterable[Fields]) -> set[str]:
    numbers = (fields.get(key) or "" for fields in people for key in ("phone", "account"))
    return {number for number in numbers if len(number) >= _SHORTEST_NUMBER}


def _reaches(fields: Fields, text: str) -> bool:
    digits, email = re.sub(r"\D", "", fields.get("phone") or ""), (fields.get("email") or "").lower()
    number = digits[-_COMPARED_DIGITS:]
    if len(number) >= _SHORTEST_NUMBER and number in text and re.search(rf"{number}(?!\d)", text):
        return True
    return ("@" in email and email in text.lower()) or _holds_account(fields.get("account") or "", text)


def _holds_account(account: str, text: str) -> bool:
    """The account as it was written, or without its gaps; a short one is as often another number."""
    closed = re.sub(r"[\s-]", "", account)
    return len(closed) >= _SHORTEST_NUMBER and (account in text or closed in text)


def _names(fields: Fields, text: str) -> bool:
    """The name as a whole word; a single character is a word of the language as often as a name."""
    name = (fields.get("name") or "").strip()
    if len(name) < 2 or name not in text or not any(char.isalpha() for char in name):  # noqa: PLR2004 - see above
        return False
    return not name.isascii() or re.search(rf"(?<![A-Za-z]){re.escape(name)}(?![A-Za-z])", text) is not None


def _leaves(value: Any, key: str = "") -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Every text in a JSON value with the key it stands under."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        for inner, item in value.items():
            yield from _leaves(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, key if key in _PERSONAL else "")


def leaves_of(value: Any) -> list[str]:  # noqa: ANN401 - any JSON
    """Every text in a JSON value."""
    return [text for _, text in _leaves(value)]


_PROSE: Mapping[str, tuple[str, Sequence[str]]] = {
    "message": ("id", ("text",)), "note": ("id", ("text",)), "follow_up": ("id", ("comment",)),
    "clock_breach": ("id", ("reason",)), "assessment": ("seq", ("note", "ground")), "verdict": ("seq", ("reason",)),
    "payout": ("id", ("resolve_evidence",)), "goods_return": ("id", ("item", "condition", "invoice_no")),
    "bank_return": ("payout_id", ("evidence",)), "handoff": ("id", ("asked", "reason")), "handed_in": ("id", ("number",)),
    "incident": ("id", ("opened_why", "reported_to", "plan", "closed_why")),
    "incident_report": ("id", ("happened", "measures", "cause")), "settlement": ("id", ("note",)),
}  # fmt: skip
"""Where people's words about a claim stand: its tables, what names their rows, and the columns."""


def _texts(dossier: Dossier) -> Iterator[tuple[str, str]]:
    """Everything stored about a claim that is text, by where it stands."""
    claim = dossier.claim
    yield "row", "\n".join((claim.facts, claim.order_no or "", claim.source_key or ""))
    for event in dossier.events:
        yield f"event {event.seq}", f"{event.reason or ''}\n{event.data}\n{event.request_id}"
    for table, (number, columns) in _PROSE.items():
        for row in dossier.rows[table]:
            yield f"{table} {getattr(row, number)}", "\n".join(getattr(row, column) or "" for column in columns)
