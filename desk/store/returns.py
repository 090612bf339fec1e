"""Pledges and returns as rows: found, added, changed unless somebody else was first. Judges none: `domain.returns` does."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select, update

from desk.domain.claim import Answer
from desk.domain.errors import WrongMoment
from desk.domain.returns import Findings, Pledge, ReturnFacts, ReturnReason, covering
from desk.ports import Row
from desk.store import claims
from desk.store.tables import ClaimRow, GoodsReturnRow, PledgeRow, metadata

PLEDGE, RETURN = metadata.tables["pledge"], metadata.tables["goods_return"]


def pledges_for(conn: Connection, site_id: int, respondent_id: int | None) -> list[Pledge]:
    """Every pledge of the site itself and of one merchant, withdrawn ones too."""
    own = PLEDGE.c.respondent_id.is_(None) | (PLEDGE.c.respondent_id == respondent_id)
    rows = conn.execute(select(PLEDGE).where(PLEDGE.c.site_id == site_id, own).order_by(PLEDGE.c.id)).mappings()
    return [pledge_of(PledgeRow(**row)) for row in rows]


def pledge_of(row: PledgeRow) -> Pledge:
    """A pledge as the domain knows it."""
    excepted = frozenset(ReturnReason(code) for code in row.exclusions)
    return Pledge(row.id, row.respondent_id, row.days, excepted, row.signed_on, row.withdrawn_on)


def find_pledge(conn: Connection, site_id: int, pledge_id: int) -> PledgeRow | None:
    """A pledge of a site, None for a foreign or absent one."""
    mine = (PLEDGE.c.id == pledge_id) & (PLEDGE.c.site_id == site_id)
    row = conn.execute(select(PLEDGE).where(mine)).mappings().first()
    return PledgeRow(**row) if row else None


def stands(conn: Connection, site_id: int, respondent_id: int | None) -> bool:
    """Whether the merchant, or without one the site itself, has a pledge that was not withdrawn."""
    whose = PLEDGE.c.respondent_id.is_(None) if respondent_id is None else PLEDGE.c.respondent_id == respondent_id
    mine = (PLEDGE.c.site_id == site_id) & whose & PLEDGE.c.withdrawn_at.is_(None)
    return conn.execute(select(PLEDGE.c.id).where(mine)).first() is not None


def add_pledge(conn: Connection, row: Row) -> PledgeRow:
    """Insert a pledge; the database allows one that stands for each merchant, and one for the site itself."""
    conn.execute(insert(PLEDGE), row)
    return PledgeRow(**row)


def withdraw_pledge(conn: Connection, pledge: PledgeRow, **values: Any) -> PledgeRow:  # noqa: ANN401 - column values
    """Write who withdrew a pledge. Raises WrongMoment where somebody did before."""
    mine = (PLEDGE.c.id == pledge.id) & PLEDGE.c.withdrawn_at.is_(None)
    if conn.execute(update(PLEDGE).where(mine).values(**values)).rowcount != 1:
        raise WrongMoment
    return PledgeRow(**{**pledge.model_dump(), **values})


def latest(conn: Connection, claim_id: int) -> GoodsReturnRow | None:
    """The claim's newest return, None where none was ever asked for."""
    query = select(RETURN).where(RETURN.c.claim_id == claim_id).order_by(RETURN.c.id.desc()).limit(1)
    row = conn.execute(query).mappings().first()
    return GoodsReturnRow(**row) if row else None


def open_one(conn: Connection, claim_id: int) -> GoodsReturnRow:
    """The return that a claim in `returning` is about. Raises WrongMoment without one."""
    found = latest(conn, claim_id)
    if found is None or found.closed_at is not None:
        raise WrongMoment
    return found


def findings_of(row: GoodsReturnRow) -> Findings:
    """What was seen of the goods."""
    return Findings(Answer(row.custom_made), Answer(row.altered), Answer(row.damaged_in_transport))


def add(conn: Connection, row: Row) -> GoodsReturnRow:
    """Insert a return; the database allows one open for a claim."""
    conn.execute(insert(RETURN), row)
    return GoodsReturnRow(**row)


def change(conn: Connection, row: GoodsReturnRow, **values: Any) -> GoodsReturnRow:  # noqa: ANN401 - column values
    """Write new column values of an open return; its claim is locked, so that nobody else does. Raises WrongMoment."""
    mine = (RETURN.c.id == row.id) & RETURN.c.closed_at.is_(None)
    if conn.execute(update(RETURN).where(mine).values(**values)).rowcount != 1:
        raise WrongMoment
    return GoodsReturnRow(**{**row.model_dump(), **values})


def close(conn: Connection, claim_id: int, **values: Any) -> None:  # noqa: ANN401 - column values
    """End the claim's open return, if it has one."""
    conn.execute(update(RETURN).where(RETURN.c.claim_id == claim_id, RETURN.c.closed_at.is_(None)).values(**values))


def hands(conn: Connection, claim_id: int) -> frozenset[int]:
    """The officers who ever took goods of this claim back, or said that they are: they decided what is refunded."""
    rows: Sequence[Any] = conn.execute(
        select(RETURN.c.answered_by, RETURN.c.goods_back_by).where(RETURN.c.claim_id == claim_id, RETURN.c.pledge_id.is_not(None))
    ).all()
    return frozenset(one for row in rows for one in row if one is not None)


def facts_of(conn: Connection, claim: ClaimRow, row: GoodsReturnRow, zone: ZoneInfo) -> ReturnFacts:
    """What the rule looks at, as it stands in the database now; days at the site."""
    respondent = claims.respondent_of(conn, claim)
    return ReturnFacts(
        requested_on=row.requested_at.astimezone(zone).date(), purchased_on=row.purchased_on,
        has_invoice=row.invoice_no is not None, respondent=respondent.id if respondent else None,
        licensed=respondent is not None and respondent.in_reach, findings=findings_of(row),
    )  # fmt: skip


def pledge_relied_on(conn: Connection, row: GoodsReturnRow, facts: ReturnFacts, site_id: int) -> Pledge | None:
    """The pledge on which the goods were taken back, else the one that covers them now."""
    known = pledges_for(conn, site_id, facts.respondent)
    if row.pledge_id is not None:
        return next((pledge for pledge in known if pledge.id == row.pledge_id), None)
    return covering(known, facts)
