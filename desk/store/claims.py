"""Claims loaded for change, and the guarded changes of their row. Shows nothing: lists and views are `reads`."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from desk.domain.claim import Answer, Assessment, Basis, ClaimFacts, Elsewhere, Flags, Item, ItemKind, RespondentFacts, Scope
from desk.domain.errors import NotFound, StaleVersion
from desk.domain.money import Money
from desk.ports import Row
from desk.store.insertions import insert_rows
from desk.store.tables import AssessmentRow, ClaimItemRow, ClaimRow, RespondentRow, VerdictRow, metadata

CLAIM = metadata.tables["claim"]
ITEM = metadata.tables["claim_item"]
ASSESSMENT = metadata.tables["assessment"]
RESPONDENT = metadata.tables["respondent"]
VERDICT = metadata.tables["verdict"]


def get(conn: Connection, reference: str, sites: Iterable[int] | None, *, lock: bool = True) -> ClaimRow:
    """Load a claim of these sites, locked until the transaction ends unless it is only read; None means any site.

    Raises NotFound for an absent claim and for one of another site alike.
    """
    query = select(CLAIM).where(CLAIM.c.reference == reference)
    if sites is not None:
        query = query.where(CLAIM.c.site_id.in_(tuple(sites)))
    row = conn.execute(query.with_for_update() if lock else query).mappings().first()
    if row is None:
        raise NotFound
    return ClaimRow(**row)


def by_references(conn: Connection, references: Iterable[str], site_id: int) -> list[ClaimRow]:
    """The claims of a site that have one of these references, not locked; an unknown one is left out."""
    mine = CLAIM.c.reference.in_(list(references)) & (CLAIM.c.site_id == site_id)
    return [ClaimRow(**row) for row in conn.execute(select(CLAIM).where(mine)).mappings()]


def id_of(conn: Connection, reference: str) -> int | None:
    """The id behind a reference, None without one. Locks nothing."""
    return conn.execute(select(CLAIM.c.id).where(CLAIM.c.reference == reference)).scalar()


def get_by_id(conn: Connection, claim_id: int) -> ClaimRow:
    """Load and lock the claim of an id that a foreign key vouches for."""
    return ClaimRow(**conn.execute(select(CLAIM).where(CLAIM.c.id == claim_id).with_for_update()).mappings().one())


def read_by_id(conn: Connection, claim_id: int) -> ClaimRow:
    """The same for reading alone."""
    return ClaimRow(**conn.execute(select(CLAIM).where(CLAIM.c.id == claim_id)).mappings().one())


def change(conn: Connection, claim: ClaimRow, **values: Any) -> ClaimRow:  # noqa: ANN401 - column values
    """Write new column values and raise the version, unless the row is no longer the one that was loaded.

    Raises StaleVersion then.
    """
    values["version"] = claim.version + 1
    done = conn.execute(
        update(CLAIM)
        .where(CLAIM.c.id == claim.id, CLAIM.c.version == claim.version, CLAIM.c.state == claim.state)
        .values(**values)
    )
    if done.rowcount != 1:
        raise StaleVersion
    return ClaimRow(**{**claim.model_dump(), **values})


def items_of(conn: Connection, claim_id: int) -> list[ClaimItemRow]:
    """What is asked for, in the order it was written."""
    rows = conn.execute(select(ITEM).where(ITEM.c.claim_id == claim_id).order_by(ITEM.c.position)).mappings()
    return [ClaimItemRow(**row) for row in rows]


def complete_item(conn: Connection, claim_id: int, position: int, minor: int) -> None:
    """Write the amount of an item that has none. Raises StaleVersion when there is no such item, or no longer."""
    mine = (ITEM.c.claim_id == claim_id) & (ITEM.c.position == position) & ITEM.c.asked_minor.is_(None)
    if conn.execute(update(ITEM).where(mine).values(asked_minor=minor)).rowcount != 1:
        raise StaleVersion


def add_respondent(conn: Connection, row: Row) -> None:
    """Insert a respondent, unless the one of this derived id is there already."""
    insert_rows(conn, [{"respondent": [row]}])


def respondent_of(conn: Connection, claim: ClaimRow) -> RespondentRow | None:
    """The claim's respondent, None while it is missing."""
    if claim.respondent_id is None:
        return None
    return RespondentRow(**conn.execute(select(RESPONDENT).where(RESPONDENT.c.id == claim.respondent_id)).mappings().one())


def latest_assessment(conn: Connection, claim_id: int) -> AssessmentRow | None:
    """The findings that count, None before the first assessment."""
    query = select(ASSESSMENT).where(ASSESSMENT.c.claim_id == claim_id).order_by(ASSESSMENT.c.seq.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return AssessmentRow(**row) if row else None


def next_seq(conn: Connection, table: str, claim_id: int) -> int:
    """The next number in a claim's own series of rows of `table`; the claim is locked, so nobody else takes it."""
    rows = metadata.tables[table]
    last = conn.execute(select(func.max(rows.c.seq)).where(rows.c.claim_id == claim_id)).scalar()
    return (last or 0) + 1


def add(conn: Connection, table: str, row: Row) -> None:
    """Insert one row."""
    conn.execute(insert(metadata.tables[table]), row)


def facts_of(conn: Connection, claim: ClaimRow, received_on: Any) -> ClaimFacts:  # noqa: ANN401 - a date at the site
    """Everything the rule looks at, as it stands in the database now; `received_on` is the day at the site."""
    respondent, found = respondent_of(conn, claim), latest_assessment(conn, claim.id)
    return ClaimFacts(
        received_on=received_on,
        currency=claim.currency,
        items=tuple(_item(row, claim.currency) for row in items_of(conn, claim.id)),
        respondent=RespondentFacts(respondent.in_reach) if respondent else None,
        assessment=_assessment(found) if found else Assessment(),
        flags=Flags(claim.injury, claim.minor, claim.foreign_related, claim.needs_appraisal, claim.crime_suspected),
        already_elsewhere=Elsewhere(claim.already_elsewhere),
        contract_ended_on=claim.contract_ended_on,
    )


def _item(row: ClaimItemRow, currency: str) -> Item:
    return Item(ItemKind(row.kind), Money(row.asked_minor, currency) if row.asked_minor else None)


def _assessment(row: AssessmentRow) -> Assessment:
    return Assessment(
        not_at_fault=Answer(row.not_at_fault),
        facts_clear=Answer(row.facts_clear),
        evidence_sufficient=Answer(row.evidence_sufficient),
        basis=Basis(row.basis) if row.basis else None,
        scope=Scope(row.scope),
        ground=row.ground,
    )


def by_source(conn: Connection, site_id: int, keys: Iterable[str]) -> dict[str, str]:
    """The references of the site's imported claims with these source keys."""
    query = select(CLAIM.c.source_key, CLAIM.c.reference).where(CLAIM.c.site_id == site_id, CLAIM.c.source_key.in_(tuple(keys)))
    return {row.source_key: row.reference for row in conn.execute(query)}


def first_proposal(conn: Connection, claim_id: int) -> VerdictRow | None:
    """The first verdict that was only proposed, None when there is none."""
    mine = (VERDICT.c.claim_id == claim_id) & (VERDICT.c.made == "proposed")
    row = conn.execute(select(VERDICT).where(mine).order_by(VERDICT.c.seq).limit(1)).mappings().first()
    return VerdictRow(**row) if row else None
