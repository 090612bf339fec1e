"""One claim with everything that hangs on it, read block by block so that no table has to fit into memory. Judges nothing."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row, func, select

from desk.domain.audit import EventKind
from desk.domain.clocks import Clock
from desk.ports import SealedPerson
from desk.reads.verify.books import Books
from desk.store import clocks as clock_rows
from desk.store.tables import metadata

BLOCK = 500
CLAIM = metadata.tables["claim"]
EVENT = metadata.tables["event"]
LINK = metadata.tables["claim_link"]
MEMBER = metadata.tables["incident_member"]
PAYOUT, ENTRY, POSTING = (metadata.tables[name] for name in ("payout", "fund_entry", "fund_posting"))
_ORDERS = {
    "person": "claim_id", "claim_item": "position", "clock": "id", "assessment": "seq", "verdict": "seq", "message": "id",
    "note": "id", "evidence": "id", "docket_entry": "id", "payout": "id", "bank_return": "id", "recovery": "payout_id",
    "notice": "id", "clock_breach": "id", "clock_reminder": "id", "follow_up": "id", "goods_return": "id",
    "notification": "id", "handoff": "id", "handed_in": "id",
}  # fmt: skip

_OF_INCIDENT = {"incident": "id", "incident_report": "incident_id", "settlement": "incident_id"}
"""Tables about the collective dispute that a claim is in, and the column that names it."""

Rows = Mapping[str, Sequence[Row[Any]]]


@dataclass(frozen=True)
class Unreadable:
    """A claim of which some row holds what no column should."""

    claim_id: int


@dataclass(frozen=True, slots=True)
class Payment:
    """A payout's row, its moves as the chain tells them, and its entries in the books with the sum of their lines, in order."""

    row: Row[Any]
    moves: Sequence[Row[Any]]
    entries: Sequence[Row[Any]]


@dataclass(frozen=True)
class Dossier:
    """A claim's row, the rows that hang on it by table, its audit chain in order, how many links it has, its payouts' entries."""

    books: Books
    claim: Row[Any]
    rows: Rows
    events: Sequence[Row[Any]]
    links: int
    entries: Mapping[int, Sequence[Row[Any]]]
    _told: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How a finding names the claim."""
        return str(self.claim.reference)

    @cached_property
    def person(self) -> Row[Any] | None:
        """The sealed visitor."""
        return next(iter(self.rows["person"]), None)

    @cached_property
    def moves(self) -> list[Row[Any]]:
        """The steps of its life, in order."""
        return [event for event in self.events if event.kind == EventKind.MOVED]

    @cached_property
    def clocks(self) -> list[Clock]:
        """Its clocks as the domain knows them. Raises ValueError for a row that is no clock."""
        rows: Sequence[Any] = self.rows["clock"]
        return [clock_rows.clock_of(row) for row in rows]

    @cached_property
    def sealed(self) -> SealedPerson | None:
        """What was sealed, None once the key is destroyed."""
        row = self.person
        if row is None or row.wrapped_key is None:
            return None
        return SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment)

    @cached_property
    def contact(self) -> dict[str, str | None] | None:
        """The visitor's fields, None when they are erased or do not open. They never leave the checks."""
        try:
            return self.books.kit.sealer.open(self.claim.id, self.sealed) if self.sealed else None
        except ValueError:
            return None

    @cached_property
    def paths(self) -> Mapping[str, Sequence[Row[Any]]]:
        """The moves of every payout that the chain tells of, by the payout's id as the chain writes it."""
        grouped = defaultdict[str, list[Row[Any]]](list)
        for event in self.events:
            if event.kind == EventKind.PAYOUT_MOVED:
                grouped[str(self.told(event).get("payout"))].append(event)
        return dict(grouped)

    @cached_property
    def payments(self) -> list[Payment]:
        """Its payouts, oldest first."""
        return [Payment(row, self.paths.get(str(row.id), ()), self.entries.get(row.id, ())) for row in self.rows["payout"]]

    def sealed_payee(self, payout: Row[Any]) -> SealedPerson | None:
        """Whom a payout pays, sealed under the visitor's key; None for cash without a name, and once the key is destroyed."""
        person = self.person
        if person is None or person.wrapped_key is None or payout.payee_sealed is None:
            return None
        return SealedPerson(person.wrapped_key, person.key_id, payout.payee_sealed, payout.payee_commitment or "")

    @cached_property
    def payees(self) -> Mapping[int, dict[str, str | None]]:
        """The fields of every payee that opens, by payout. They never leave the checks."""
        opened: dict[int, dict[str, str | None]] = {}
        for payout in self.rows["payout"]:
            if sealed := self.sealed_payee(payout):
                with suppress(ValueError):
                    opened[payout.id] = self.books.kit.sealer.open(self.claim.id, sealed)
        return opened

    def sealed_name(self, exhibit: Row[Any]) -> SealedPerson | None:
        """What a file is called and its hash, sealed under the visitor's key; None once the key is destroyed."""
        person = self.sealed
        return SealedPerson(person.wrapped_key, person.key_id, exhibit.sealed, exhibit.commitment) if person else None

    @cached_property
    def names(self) -> Mapping[int, dict[str, str | None]]:
        """Name and hash of every file whose seal opens, by the row's id. They never leave the checks."""
        opened: dict[int, dict[str, str | None]] = {}
        for exhibit in self.rows["evidence"]:
            if sealed := self.sealed_name(exhibit):
                with suppress(ValueError):
                    opened[exhibit.id] = self.books.kit.sealer.open(self.claim.id, sealed)
        return opened

    def told(self, event: Row[Any]) -> dict[str, Any]:
        """What an event's data says; read once. Raises ValueError for data that is no JSON."""
        if event.seq not in self._told:
            self._told[event.seq] = json.loads(event.data)
        return self._told[event.seq]


def dossiers(conn: Connection, books: Books) -> Iterator[Dossier | Unreadable]:
    """Every claim, in the order of their ids."""
    last = -1
    while True:
        page = select(CLAIM.c.id).where(CLAIM.c.id > last).order_by(CLAIM.c.id).limit(BLOCK)
        ids = list(conn.execute(page).scalars())
        if not ids:
            return
        yield from _readable(conn, books, ids)
        last = ids[-1]


def _readable(conn: Connection, books: Books, ids: list[int]) -> Iterator[Dossier | Unreadable]:
    """Read a block; when a value in it cannot be read, halve it until the claim is found."""
    try:
        block = _block(conn, books, ids)
    except (ValueError, TypeError):
        if len(ids) == 1:
            yield Unreadable(ids[0])
            return
        half = len(ids) // 2
        yield from _readable(conn, books, ids[:half])
        yield from _readable(conn, books, ids[half:])
    else:
        yield from block


def _block(conn: Connection, books: Books, ids: list[int]) -> list[Dossier]:
    first, last = ids[0], ids[-1]
    claims = conn.execute(select(CLAIM).where(CLAIM.c.id.between(first, last)).order_by(CLAIM.c.id)).all()
    hanging = {name: _hanging(conn, name, first, last) for name in _ORDERS}
    hanging |= {name: _of_incident(conn, name, first, last) for name in _OF_INCIDENT}
    events, links, entries = _events(conn, ids), _links(conn, first, last), _entries(conn, first, last)
    return [
        Dossier(
            books, claim, {name: rows[claim.id] for name, rows in hanging.items()}, events[claim.id], links[claim.id],
            entries[claim.id],
        )
        for claim in claims
    ]  # fmt: skip


def _hanging(conn: Connection, name: str, first: int, last: int) -> defaultdict[int, list[Row[Any]]]:
    table, grouped = metadata.tables[name], defaultdict[int, list[Row[Any]]](list)
    query = select(table).where(table.c.claim_id.between(first, last)).order_by(table.c.claim_id, table.c[_ORDERS[name]])
    for row in conn.execute(query):
        grouped[row.claim_id].append(row)
    return grouped


def _of_incident(conn: Connection, name: str, first: int, last: int) -> defaultdict[int, list[Row[Any]]]:
    """Rows of the collective disputes that each claim is in."""
    table, grouped = metadata.tables[name], defaultdict[int, list[Row[Any]]](list)
    query = select(table, MEMBER.c.claim_id).join(MEMBER, MEMBER.c.incident_id == table.c[_OF_INCIDENT[name]])
    for row in conn.execute(query.where(MEMBER.c.claim_id.between(first, last)).order_by(MEMBER.c.claim_id, table.c.id)):
        grouped[row.claim_id].append(row)
    return grouped


def _events(conn: Connection, ids: list[int]) -> defaultdict[int, list[Row[Any]]]:
    subjects = {f"claim:{claim_id}": claim_id for claim_id in ids}
    chains = defaultdict[int, list[Row[Any]]](list)
    for row in conn.execute(select(EVENT).where(EVENT.c.subject.in_(subjects)).order_by(EVENT.c.subject, EVENT.c.seq)):
        chains[subjects[row.subject]].append(row)
    return chains


def _links(conn: Connection, first: int, last: int) -> defaultdict[int, int]:
    counted = defaultdict[int, int](int)
    for side in (LINK.c.claim_id, LINK.c.other_id):
        for claim_id in conn.execute(select(side).where(side.between(first, last))).scalars():
            counted[claim_id] += 1
    return counted


def _entries(conn: Connection, first: int, last: int) -> defaultdict[int, dict[int, list[Row[Any]]]]:
    """The entries about payouts, by claim and payout."""
    columns = [PAYOUT.c.claim_id, ENTRY.c.id, ENTRY.c.payout_id, ENTRY.c.kind, ENTRY.c.site_id, ENTRY.c.currency]
    query = (
        select(*columns, func.sum(POSTING.c.amount_minor).label("minor"))
        .join(ENTRY, ENTRY.c.payout_id == PAYOUT.c.id)
        .outerjoin(POSTING, POSTING.c.entry_id == ENTRY.c.id)
        .where(PAYOUT.c.claim_id.between(first, last))
        .group_by(*columns)
        .order_by(ENTRY.c.id)
    )
    grouped = defaultdict[int, dict[int, list[Row[Any]]]](dict)
    found: Iterable[Any] = conn.execute(query)
    for row in found:
        grouped[row.claim_id].setdefault(row.payout_id, []).append(row)
    return grouped
