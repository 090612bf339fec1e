"""The evidence of a claim as its officers and its visitor see it, and what is needed to open one file. Opens no file."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from desk.domain.claim import OPEN_STATES, State
from desk.domain.errors import NotFound
from desk.domain.evidence import MOST_FILES, FileKind
from desk.domain.policy import Act, Kind, Viewer, require
from desk.ports import Kit, SealedPerson
from desk.reads.seen import claim_seen
from desk.store import claims, evidence, people, sites
from desk.store.tables import ClaimRow, SiteRow, metadata

CLAIM, EVIDENCE, OFFICER = (metadata.tables[name] for name in ("claim", "evidence", "officer"))


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One file. `name` is None once the visitor is erased; `by` is an officer's name, which only officers are told."""

    file_id: str
    name: str | None
    kind: FileKind
    shows: str
    scan: str
    size: int
    width: int | None
    height: int | None
    pages: int | None
    from_visitor: bool
    by: str | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """A claim's files, oldest first; `duplicates` are the site's other claims with one of the same files, for officers.

    `takes_more`: the viewer may add another one now.
    """

    reference: str
    site: SiteRow
    files: Sequence[Exhibit]
    duplicates: Sequence[str]
    takes_more: bool


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that the viewer may open: whose key opens it, what it is, and what it is called."""

    claim_id: int
    person: SealedPerson
    kind: FileKind
    name: str
    scan: str


def evidence_of(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> EvidenceView:
    """The files of a claim that the viewer may see. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    person, officer = _person(conn, claim.id), viewer.kind is Kind.OFFICER
    query = (
        select(EVIDENCE, OFFICER.c.name.label("officer"))
        .outerjoin(OFFICER, OFFICER.c.id == EVIDENCE.c.officer_id)
        .where(EVIDENCE.c.claim_id == claim.id)
        .order_by(EVIDENCE.c.id)
    )
    files = [_exhibit(row, _name(kit, row, person), named=officer) for row in conn.execute(query)]
    readable = viewer.readable_at(claim.site_id) if officer and files else ()
    alike = evidence.same_file_at(conn, claim.site_id, claim.id, evidence.tags_of(conn, claim.id), readable) if readable else []
    takes_more = viewer.may(Act.ADD_EVIDENCE, claim.site_id) and _is_open(claim, person) and len(files) < MOST_FILES
    return EvidenceView(claim.reference, sites.get(conn, claim.site_id), files, alike, takes_more)


def see_whether_files_may_be_added(conn: Connection, viewer: Viewer, reference: str) -> None:
    """Whether an officer may add files to a claim, before a large form is read. Raises NotFound, Forbidden."""
    claim = claims.get(conn, reference, viewer.sites, lock=False)
    require(viewer, Act.ADD_EVIDENCE, claim.site_id, claim.id)
    claim_seen(conn, viewer, reference)


def exhibit_seen(conn: Connection, viewer: Viewer, file_id: str, kit: Kit) -> Sealed:
    """What opens a file of a claim that the viewer may see. Raises NotFound for any other, and once the visitor is erased."""
    query = select(EVIDENCE, CLAIM.c.reference).join(CLAIM, CLAIM.c.id == EVIDENCE.c.claim_id)
    row = conn.execute(query.where(EVIDENCE.c.file_id == file_id)).first()
    if row is None:
        raise NotFound
    claim = claim_seen(conn, viewer, row.reference)
    person = people.get(conn, claim.id)
    return Sealed(claim.id, person, FileKind(row.kind), _name(kit, row, person) or "", row.scan)


def _person(conn: Connection, claim_id: int) -> SealedPerson | None:
    with suppress(NotFound):
        return people.get(conn, claim_id)
    return None


def _is_open(claim: ClaimRow, person: SealedPerson | None) -> bool:
    return State(claim.state) in OPEN_STATES and person is not None


def _name(kit: Kit, row: Row[Any], person: SealedPerson | None) -> str | None:
    if person is None:
        return None
    mine = SealedPerson(person.wrapped_key, person.key_id, row.sealed, row.commitment)
    return kit.sealer.open(row.claim_id, mine)["name"]


def _exhibit(row: Row[Any], name: str | None, *, named: bool) -> Exhibit:
    return Exhibit(
        file_id=row.file_id, name=name, kind=FileKind(row.kind), shows=row.shows, scan=row.scan, size=row.size,
        width=row.width, height=row.height, pages=row.pages, from_visitor=row.officer_id is None,
        by=row.officer if named else None, added_at=row.added_at,
    )  # fmt: skip
