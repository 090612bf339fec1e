"""One claim in full, as staff see it: contacts masked, notes included. Lists are `reads.queues`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.clocks import Clock
from desk.domain.mask import masked_contact
from desk.domain.policy import Act, Viewer, require
from desk.ports import Kit, SealedPerson
from desk.reads.seen import claim_seen
from desk.store import claims, clocks, links, sites
from desk.store.tables import AssessmentRow, ClaimItemRow, ClaimRow, RespondentRow, SiteRow, metadata

MESSAGE = metadata.tables["message"]
NOTE = metadata.tables["note"]
OFFICER = metadata.tables["officer"]
PERSON = metadata.tables["person"]
ENTRY = metadata.tables["docket_entry"]


@dataclass(frozen=True, slots=True)
class Written:
    """A message or a note: who wrote it, when, what. `by` is an officer's name, None for the visitor."""

    at: datetime
    by: str | None
    text: str
    kind: str = "note"


@dataclass(frozen=True, slots=True)
class ClaimView:
    """Everything staff see of a claim. `visitor` is masked; `messages` and `notes` are oldest first and never mixed."""

    claim: ClaimRow
    site: SiteRow
    respondent: RespondentRow | None
    visitor: dict[str, str | None]
    items: Sequence[ClaimItemRow]
    assessment: AssessmentRow | None
    clocks: Sequence[Clock]
    messages: Sequence[Written]
    notes: Sequence[Written]
    linked: Sequence[str]
    case_no: str | None


def claim_view(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> ClaimView:
    """The claim as this officer may see it. Raises NotFound as `claim_seen` does."""
    claim = claim_seen(conn, viewer, reference)
    return ClaimView(
        claim=claim,
        site=sites.get(conn, claim.site_id),
        respondent=claims.respondent_of(conn, claim),
        visitor=masked_contact(plain_contact(conn, claim.id, kit)),
        items=claims.items_of(conn, claim.id),
        assessment=claims.latest_assessment(conn, claim.id),
        clocks=list(clocks.of_claim(conn, claim.id).values()),
        messages=_written(conn, MESSAGE, claim.id),
        notes=_written(conn, NOTE, claim.id),
        linked=links.of_claim(conn, claim.id),
        case_no=_case_no(conn, claim.id),
    )


def _case_no(conn: Connection, claim_id: int) -> str | None:
    newest = select(ENTRY.c.case_no).where(ENTRY.c.claim_id == claim_id).order_by(ENTRY.c.id.desc()).limit(1)
    return conn.execute(newest).scalar()


def contact_in_full(conn: Connection, viewer: Viewer, reference: str, kit: Kit) -> dict[str, str | None]:
    """A visitor's name, phone and e-mail as they are; only after `view_contact` has audited why."""
    claim = claim_seen(conn, viewer, reference)
    require(viewer, Act.VIEW_CONTACT, claim.site_id)
    return plain_contact(conn, claim.id, kit)


def plain_contact(conn: Connection, claim_id: int, kit: Kit) -> dict[str, str | None]:
    """The visitor's fields opened, all None once they are erased. For masking and for the visitor's own view only."""
    row = conn.execute(select(PERSON).where(PERSON.c.claim_id == claim_id)).one()
    if row.wrapped_key is None:
        return {"name": None, "phone": None, "email": None}
    return kit.sealer.open(claim_id, SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment))


def _written(conn: Connection, table: Any, claim_id: int) -> list[Written]:  # noqa: ANN401 - a Core table
    kind = [table.c.kind] if "kind" in table.c else []
    query = (
        select(table.c.written_at, OFFICER.c.name, table.c.text, *kind)
        .outerjoin(OFFICER, OFFICER.c.id == table.c.officer_id)
        .where(table.c.claim_id == claim_id)
        .order_by(table.c.written_at, table.c.id)
    )
    return [Written(row.written_at, row.name, row.text, *row[3:]) for row in conn.execute(query)]
