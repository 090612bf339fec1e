"""Evidence and its files: I18, I24, I35 and I39. Looks whether files lie there whole; opens none of them, for they are many.

That a file is what was sealed is told by its seal whenever it is opened.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Row

from desk.domain.audit import EventKind
from desk.domain.evidence import FileKind, has_view, id_in, original_of, view_of
from desk.ports import Kit
from desk.reads.verify.dossier import Dossier
from desk.store import evidence, installation

SEAL_BYTES = 28
"""What sealing adds to a file: nonce and tag of AES-256-GCM."""

SWEPT_BY = timedelta(days=1)
"""By then every file without a row is gone, wherever a worker runs: it goes round every hour."""

_UNGUESSABLE = re.compile(r"[0-9a-f]{32}")
NAMED, PIECE = 20, 500


def i18_files_are_there(dossier: Dossier) -> Iterator[str]:
    """Every row of evidence has its original, whole."""
    for row in dossier.rows["evidence"]:
        if dossier.books.kit.files.size(original_of(row.file_id)) != row.size + SEAL_BYTES:
            yield f"{dossier.name} evidence {row.id}: its file is gone or is not whole"


def i18_evidence_was_told(dossier: Dossier) -> Iterator[str]:
    """Every row of evidence stands in the chain, by its id, kind and size, and nothing stands there that is not kept."""
    told = [dossier.told(event) for event in dossier.events if event.kind == EventKind.EVIDENCE_ADDED]
    kept = [(row.id, row.kind, row.size) for row in dossier.rows["evidence"]]
    if sorted(kept) != sorted((one["evidence"], one["kind"], one["size"]) for one in told):
        yield f"{dossier.name}: its evidence is not what its chain tells of"


def i18_no_file_without_a_row(conn: Connection, kit: Kit) -> Iterator[str]:
    """No file lies there for a day that belongs to no row."""
    made = installation.find(conn)
    lying = kit.files.untouched(SWEPT_BY.total_seconds(), made.made_at) if made else []
    lost = 0
    for piece in (lying[at : at + PIECE] for at in range(0, len(lying), PIECE)):
        known = evidence.known(conn, sorted({id_in(name) for name in piece}))
        lost += sum(id_in(name) not in known for name in piece)
    if lost:
        yield f"evidence folder: {lost} files belong to no row"


def i24_chain_commits_to_the_evidence(dossier: Dossier) -> Iterator[str]:
    """Every row carries the commitment to name and content that its event told; it needs no key, so it outlives an erasure."""
    told = {
        told["evidence"]: told["commitment"]
        for event in dossier.events
        if event.kind == EventKind.EVIDENCE_ADDED and (told := dossier.told(event))
    }
    for row in dossier.rows["evidence"]:
        if told.get(row.id, row.commitment) != row.commitment:
            yield f"{dossier.name} evidence {row.id}: the chain commits to another file"


def i24_evidence_is_what_was_committed(dossier: Dossier) -> Iterator[str]:
    """What is sealed of a file gives, with its salt, the commitment of its row."""
    for row in dossier.rows["evidence"]:
        sealed = dossier.sealed_name(row) if row.id in dossier.names else None
        if sealed and dossier.books.kit.sealer.commitment(dossier.claim.id, sealed) != row.commitment:
            yield f"{dossier.name} evidence {row.id}: the file is not the one committed to"


def i35_names_of_files_open_for_this_claim(dossier: Dossier) -> Iterator[str]:
    """What a file is called is ciphertext that opens under the visitor's key, with this claim as associated data."""
    for row in dossier.rows["evidence"]:
        if dossier.contact is not None and row.id not in dossier.names:
            yield f"{dossier.name} evidence {row.id}: its name does not open under the visitor's key"


def i39_pictures_are_shown_as_copies(dossier: Dossier) -> Iterator[str]:
    """Every picture has a copy to be shown in its place, a PDF has none, and no id can be guessed."""
    for row in dossier.rows["evidence"]:
        if not _UNGUESSABLE.fullmatch(row.file_id):
            yield f"{dossier.name} evidence {row.id}: its id can be guessed"
        elif _has_copy(dossier.books.kit, row) is not has_view(FileKind(row.kind)):
            yield f"{dossier.name} evidence {row.id}: a picture without a copy to show, or a PDF with one"


def _has_copy(kit: Kit, row: Row[Any]) -> bool:
    return (kit.files.size(view_of(row.file_id)) or 0) > SEAL_BYTES
