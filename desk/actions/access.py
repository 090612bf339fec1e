"""Opening a claim's own door: by reference and code, or by token. Only failed tries count, and a stranger cannot lock it."""

import hmac
import unicodedata
from dataclasses import dataclass

from desk.domain.errors import NotFound, TooManyTries
from desk.domain.policy import Kind, Viewer
from desk.domain.reference import LENGTH, read_reference
from desk.domain.throttle import POSTER_LODGINGS, STATUS_TRIES, Allowance
from desk.ports import Attempt, Kit, Work
from desk.store import idempotency, tries
from desk.store.keyholders import Keyholder, find_many


@dataclass(frozen=True, slots=True)
class Knock:
    """Somebody at the door with a reference and a code; `network` is where they come from."""

    reference: str
    code: str
    network: str


def open_by_code(work: Work, knock: Knock) -> Keyholder | None:
    """The claim's key check, if reference and code belong together and not too many tries have failed.

    Both buckets are filled before the code is looked at and emptied again when it is right, so that parallel guesses
    are never judged beyond the allowance. None for a wrong code, so that the failed try is kept. Raises NotFound when
    the tries are used up. Source: SPEC 6.
    """
    reference = read_reference(knock.reference)
    found = find_many(work.conn, [reference]).get(reference) if reference else None
    buckets = _buckets(work.kit, knock, found)
    if not all(tries.take(work.conn, name, STATUS_TRIES, work.now) for name in buckets):
        raise NotFound
    holder = found or Keyholder(0, "", 1)
    expected = work.kit.sealer.access_code(holder.claim_id, holder.generation)
    right = hmac.compare_digest(expected.encode(), _digits(knock.code).encode())
    if not (right and found and not found.erased):
        return None
    for name in buckets:
        tries.give_back(work.conn, name, STATUS_TRIES)
    return found


def opens_by_token(kit: Kit, token: str, holder: Keyholder | None) -> bool:
    """Whether a token is the one of its claim now. 128 bits cannot be guessed, so no try is counted against the claim."""
    known = holder or Keyholder(0, "0" * LENGTH, 1, erased=False)
    expected = kit.sealer.visit_token(known.reference, known.claim_id, known.generation)
    return hmac.compare_digest(expected.encode(), token.encode()) and holder is not None and not holder.erased


def visitor_of(holder: Keyholder) -> Viewer:
    """The visitor who holds the key to one claim."""
    return Viewer(Kind.VISITOR, claim_id=holder.claim_id)


def count_failed_token(work: Work, network: str) -> None:
    """Count a wrong token against its network, as a wrong code would be; a full bucket stays full."""
    tries.take(work.conn, tries.network(work.kit.sealer.tag("network", network)), STATUS_TRIES, work.now)


def count_poster_lodging(work: Work, network: str, attempt: Attempt) -> None:
    """Count a filing without account, but not one that was answered before. Raises TooManyTries beyond the allowance."""
    if idempotency.find_many(work.conn, [attempt]):
        return
    _take_or_refuse(work, tries.network(work.kit.sealer.tag("lodge", network)), POSTER_LODGINGS)


def _digits(code: str) -> str:
    """The code as it was meant: full-width digits and spaces are forgiven."""
    return "".join(unicodedata.normalize("NFKC", code).split())


def _take_or_refuse(work: Work, name: str, allowance: Allowance) -> None:
    if not tries.take(work.conn, f"lodge-{name}", allowance, work.now):
        raise TooManyTries(retry_after=allowance.each_us // 1_000_000)


def _buckets(kit: Kit, knock: Knock, found: Keyholder | None) -> tuple[str, str]:
    """The claim's own bucket or a shared one for a reference that does not exist, then the network's."""
    tag = kit.sealer.tag("reference", knock.reference.strip().upper())
    own = f"claim:{found.claim_id}" if found else tries.unreal(tag)
    return own, tries.network(kit.sealer.tag("network", knock.network))
