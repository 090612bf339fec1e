"""The audit chains: I22 and I23. Reads no personal field and mends nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from desk.domain.audit import Happening, event_hash, genesis
from desk.domain.claim import State
from desk.domain.lifecycle import LIFECYCLE, OVERRIDE, By, Move, Step
from desk.reads.verify.books import Books
from desk.reads.verify.decisions import decision_of
from desk.reads.verify.dossier import Dossier
from desk.store.tables import metadata

EVENT = metadata.tables["event"]
PAGE = 1_000
CLAIM_CHAINS = "claim:%"
_GIVEN_WITH_REASON = frozenset({*OVERRIDE.values(), Step.NO_ANSWER})
_OFFICERS_SAY_WHY = frozenset({Step.WITHDRAW, Step.REOPEN})
_STANDS_FOR = {"poster": (By.VISITOR,), "partner": (By.HANDOFF,)}


def i22_moves_lead_to_the_row(dossier: Dossier) -> Iterator[str]:
    """Posting every `moved` event in order, each one allowed by the table, gives the claim as its row stands."""
    state: State | None = None
    move: Move | None = None
    for event in dossier.moves:
        move = LIFECYCLE.get((state, Step(event.step)))
        if event.from_state != state or move is None or event.to_state != move.to:
            yield f"{dossier.name} event {event.seq}: {event.step} from {event.from_state} to {event.to_state} after {state}"
            return
        if not _by(event.role) & move.by:
            yield f"{dossier.name} event {event.seq}: {event.step} is not for {event.role}"
        state = move.to
    if move is not None:
        yield from _row_differs(dossier, move)


def i22_events_name_who_and_why(dossier: Dossier) -> Iterator[str]:
    """Every entry names its actor, role, site and request, and an override, a silence, an officer's ending its reason."""
    for event in dossier.events:
        if not _signed(event, dossier.books) or event.site_id != dossier.claim.site_id:
            yield f"{dossier.name} event {event.seq}: actor, role, site or request is missing or wrong"
        due = event.step in _GIVEN_WITH_REASON or (event.step in _OFFICERS_SAY_WHY and event.actor.startswith("officer:"))
        if due and not (event.reason or "").strip():
            yield f"{dossier.name} event {event.seq}: {event.step} without a reason"


def i23_chain_of_a_claim(dossier: Dossier) -> Iterator[str]:
    """Every entry is numbered without a gap and sealed to the one before it, as it is stored today."""
    yield from _broken_links(f"claim:{dossier.claim.id}", dossier.events, dossier.name)


def other_chains(conn: Connection) -> list[str]:
    """The subjects of all chains that are not a claim's."""
    return sorted(conn.execute(select(EVENT.c.subject).where(EVENT.c.subject.not_like(CLAIM_CHAINS)).distinct()).scalars())


def walk(conn: Connection, subject: str) -> Iterator[Row[Any]]:
    """One chain in its order, page by page."""
    last = -(2**31)
    while page := conn.execute(
        select(EVENT).where(EVENT.c.subject == subject, EVENT.c.seq > last).order_by(EVENT.c.seq).limit(PAGE)
    ).all():
        yield from page
        last = page[-1].seq


def i23_chain_of_a_subject(conn: Connection, subject: str) -> Iterator[str]:
    """The same for sites, officers and the calendar: no gap, no entry changed after the next was sealed to it."""
    yield from _broken_links(subject, walk(conn, subject), subject)


def i22_subject_names_who(conn: Connection, books: Books, subject: str) -> Iterator[str]:
    """Every entry about a site, an officer or the calendar names actor, role and request; only claims are moved."""
    for event in walk(conn, subject):
        if event.step is not None or not _signed(event, books):
            yield f"{subject} event {event.seq}: actor, role or request is missing, or it moves no claim"


def _broken_links(subject: str, events: Iterable[Row[Any]], name: str) -> Iterator[str]:
    """The first broken link; what follows it proves nothing any more."""
    previous = genesis(subject)
    for place, event in enumerate(events, 1):
        if event.seq != place:
            yield f"{name} event {place}: missing, {event.seq} follows"
            return
        if event.prev_hash != previous:
            yield f"{name} event {place}: is not sealed to the one before it"
            return
        if event.hash != event_hash(previous, place, _happening(event)):
            yield f"{name} event {place}: was changed after it was sealed"
            return
        previous = event.hash


def _happening(row: Row[Any]) -> Happening:
    return Happening(
        row.subject, row.kind, row.at, row.actor, row.role, row.site_id, row.request_id, row.step, row.from_state,
        row.to_state, row.reason, row.data,
    )  # fmt: skip


def _row_differs(dossier: Dossier, last: Move) -> Iterator[str]:
    claim, event = dossier.claim, dossier.moves[-1]
    ended_as = event.from_state if last.to is State.ARCHIVED else None
    outcome = claim.outcome if last.to is State.ARCHIVED else last.outcome
    route, _ = decision_of(dossier)
    says = {"state": last.to, "outcome": outcome, "ended_as": ended_as, "route": route, "moved_at": event.at}
    for column, value in says.items():
        if getattr(claim, column) != value:
            yield f"{dossier.name}: the row's {column} is not what its events say"


def _signed(event: Row[Any], books: Books) -> bool:
    kind, _, number = event.actor.partition(":")
    known = kind != "officer" or (number.isdecimal() and int(number) in books.officers)
    return bool(known and event.actor and event.role and event.request_id)


def _by(role: str) -> frozenset[str]:
    """As whom the actor acted, in the table's words."""
    return frozenset(by for part in role.split(",") for by in _STANDS_FOR.get(part, (part,)))
