"""Adding evidence to a claim: the file is looked into and lies sealed first, then its row makes it evidence.

So a crash in between leaves files without a row, which the sweeper takes away, and never a row without its file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection

from desk.actions.once import Once, given_before
from desk.actions.steps import Held, hold, record
from desk.domain.audit import EventKind
from desk.domain.claim import OPEN_STATES, State
from desk.domain.errors import WrongMoment
from desk.domain.evidence import FileKind, Scan, Shows, check_room, check_size, id_in, kind_of, original_of, safe_name, view_of
from desk.domain.policy import Act, Kind, Viewer
from desk.ports import Attempt, Kit, SealedPerson, Work
from desk.store import claims, evidence, installation, people

ORPHAN_AGE = timedelta(hours=1)
"""How long a file may lie without a row before the sweeper takes it away."""


@dataclass(frozen=True, slots=True)
class Door:
    """A claim that takes one more file: whose key seals it, and what the claim holds already."""

    claim_id: int
    person: SealedPerson
    files: int
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came. `name` is what the sender calls it and decides nothing; `sha256` is in hexadecimal."""

    content: bytes
    name: str
    shows: Shows
    sha256: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that was looked into and lies sealed under `file_id`, before a row makes it evidence. `size` in bytes."""

    file_id: str
    kind: FileKind
    shows: Shows
    name: str
    sha256: str
    size: int
    width: int | None
    height: int | None
    pages: int | None


@dataclass(frozen=True, slots=True)
class Added:
    """What was added, and the site's other claims that have the same file; a visitor learns of no other claim."""

    file_id: str
    shows: Shows
    size: int
    duplicates: tuple[str, ...]


def open_door(work: Work, viewer: Viewer, reference: str, attempt: Attempt) -> Door | Once:
    """See whether the viewer may add a file to the claim at all, before anything is looked into; or the answer given before.

    Raises NotFound, Forbidden, WrongMoment once the claim has ended. Source: SPEC 8, the rights table.
    """
    if given := given_before(work, attempt):
        return given
    claim = _open_claim(work, viewer, reference).claim
    return Door(claim.id, people.get(work.conn, claim.id), *evidence.held(work.conn, claim.id))


def take_file(kit: Kit, door: Door, upload: Upload) -> Taken:
    """Look into a file and store it sealed, with a picture's copy beside it. Blocks, for seconds where the file is large.

    Raises BadInput for a file of a kind or size that the desk does not take, StorageFull. Source: SPEC 4.1 and 8.
    """
    size, kind = len(upload.content), kind_of(upload.content)
    check_size(size)
    check_room(door.files, door.size, size)
    found, file_id = kit.darkroom.develop(upload.content, kind), kit.lots.file_id()
    taken = Taken(
        file_id, kind, upload.shows, safe_name(upload.name, kind), upload.sha256, size, found.width, found.height, found.pages
    )  # fmt: skip
    try:
        _store(kit, door, original_of(file_id), upload.content)
        if found.copy is not None:
            _store(kit, door, view_of(file_id), found.copy)
    except BaseException:
        put_away(kit, file_id)
        raise
    return taken


def put_away(kit: Kit, file_id: str) -> None:
    """Delete the files of something that did not become evidence."""
    for name in (original_of(file_id), view_of(file_id)):
        kit.files.drop(name)


def add_evidence(work: Work, viewer: Viewer, reference: str, taken: Taken) -> Added:
    """Make a stored file evidence of the claim. Moves no state; the chain keeps a salted commitment to name and content.

    Raises WrongMoment once the claim has ended, BadInput when it is full. Source: SPEC 4 and 4.1.
    """
    held = _open_claim(work, viewer, reference)
    claim = held.claim
    check_room(*evidence.held(work.conn, claim.id), taken.size)
    named = {"name": taken.name, "sha256": taken.sha256}
    sealed = work.kit.sealer.reseal(claim.id, people.get(work.conn, claim.id), named)
    row = {
        "id": work.kit.lots.number(), "file_id": taken.file_id, "claim_id": claim.id,
        "officer_id": viewer.id if viewer.kind is Kind.OFFICER else None, "kind": taken.kind.value, "shows": taken.shows.value,
        "scan": Scan.UNSCANNED.value, "size": taken.size, "width": taken.width, "height": taken.height, "pages": taken.pages,
        "sealed": sealed.sealed, "commitment": sealed.commitment, "added_at": work.now,
    }  # fmt: skip
    tag = work.kit.sealer.tag("file", f"{held.site.id}:{taken.sha256}")
    alike = evidence.same_file_at(work.conn, held.site.id, claim.id, [tag])
    evidence.add(work, row, held.site.id, tag)
    told = {name: row[name] for name in ("kind", "shows", "size", "commitment")}
    record(work, held, EventKind.EVIDENCE_ADDED, {"evidence": row["id"], **told})
    claims.change(work.conn, claim)
    return Added(taken.file_id, taken.shows, taken.size, tuple(alike) if viewer.kind is Kind.OFFICER else ())


def orphans(conn: Connection, names: Sequence[str]) -> list[str]:
    """Those of the stored names that belong to no row."""
    known = evidence.known(conn, sorted({id_in(name) for name in names}))
    return [name for name in names if id_in(name) not in known]


def made_at(conn: Connection) -> datetime:
    """When this database was made, UTC: files from before then are another database's, and are left alone."""
    made = installation.find(conn)
    return made.made_at if made else datetime.max.replace(tzinfo=UTC)


def _open_claim(work: Work, viewer: Viewer, reference: str) -> Held:
    held = hold(work, viewer, Act.ADD_EVIDENCE, reference)
    if State(held.claim.state) not in OPEN_STATES:
        raise WrongMoment
    return held


def _store(kit: Kit, door: Door, name: str, content: bytes) -> None:
    kit.files.keep(name, kit.sealer.seal_file(door.claim_id, door.person, name, content))
