"""Settlement plans as rows: offers, votes, what became of each payout. Judges nothing."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select, update

from desk.domain.errors import NotFound, WrongMoment
from desk.domain.incident import LineState, Vote
from desk.ports import Row, Work
from desk.store.payouts import PAYOUT, STANDS
from desk.store.tables import SettlementLineRow, SettlementRow, metadata

PLAN, LINE = metadata.tables["settlement"], metadata.tables["settlement_line"]


def get(conn: Connection, settlement_id: int) -> SettlementRow:
    """A plan by its id. Raises NotFound."""
    return _plan(conn, select(PLAN).where(PLAN.c.id == settlement_id))


def lock(conn: Connection, settlement_id: int) -> SettlementRow:
    """The same, locked until the transaction ends: votes, leaving and paying go one after the other."""
    return _plan(conn, select(PLAN).where(PLAN.c.id == settlement_id).with_for_update())


def standing(conn: Connection, incident_id: int) -> SettlementRow | None:
    """The plan of a collective claim that was neither withdrawn nor handed in, None without one."""
    plan = newest(conn, incident_id)
    return plan if plan and plan.submitted_at is None else None


def newest(conn: Connection, incident_id: int) -> SettlementRow | None:
    """The newest plan of a collective claim that was not withdrawn, None without one."""
    mine = select(PLAN).where(PLAN.c.incident_id == incident_id, PLAN.c.withdrawn_at.is_(None))
    row = conn.execute(mine.order_by(PLAN.c.made_at.desc(), PLAN.c.id.desc()).limit(1)).mappings().first()
    return SettlementRow(**row) if row else None


def add(work: Work, row: Row, amounts: Mapping[int, int]) -> SettlementRow:
    """Insert a plan with what each claim is offered in minor units; the database allows one that stands."""
    work.conn.execute(insert(PLAN), row)
    lines: list[Row] = [
        {
            "id": work.kit.lots.number(), "settlement_id": row["id"], "claim_id": claim_id, "amount_minor": minor, "vote": None,
            "voted_at": None, "voted_by": None, "state": LineState.WAITING.value, "why": None, "tried_at": None,
            "tried_by": None, "payout_id": None,
        }
        for claim_id, minor in amounts.items()
    ]  # fmt: skip
    work.conn.execute(insert(LINE), lines)
    return SettlementRow(**row)


def change(conn: Connection, plan: SettlementRow, **values: Any) -> SettlementRow:  # noqa: ANN401 - columns
    """Write columns of a plan that is locked."""
    conn.execute(update(PLAN).where(PLAN.c.id == plan.id).values(**values))
    return SettlementRow(**{**plan.model_dump(), **values})


def lines(conn: Connection, settlement_id: int) -> list[SettlementLineRow]:
    """What each claim is offered, in one order."""
    mine = select(LINE).where(LINE.c.settlement_id == settlement_id).order_by(LINE.c.id)
    return [SettlementLineRow(**row) for row in conn.execute(mine).mappings()]


def offers(conn: Connection, claim_id: int) -> list[SettlementLineRow]:
    """What a claim is offered by plans that were not withdrawn, the newest first: only the newest can be agreed to or paid."""
    mine = (
        select(LINE)
        .join(PLAN, PLAN.c.id == LINE.c.settlement_id)
        .where(LINE.c.claim_id == claim_id, PLAN.c.withdrawn_at.is_(None))
        .order_by(PLAN.c.made_at.desc(), LINE.c.id.desc())
    )
    return [SettlementLineRow(**row) for row in conn.execute(mine).mappings()]


def offered(conn: Connection, claim_id: int) -> SettlementLineRow | None:
    """What a claim is offered by the newest plan that offers it anything and was not withdrawn, None without one."""
    return next(iter(offers(conn, claim_id)), None)


def is_paying(conn: Connection, line: SettlementLineRow) -> bool:
    """Whether a row has its payout: under way, or settled and not returned. One that was cancelled or failed is none."""
    if line.payout_id is None:
        return False
    return conn.execute(select(PAYOUT.c.id).where(PAYOUT.c.id == line.payout_id, STANDS)).first() is not None


def paid_claims(conn: Connection, incident_id: int) -> set[int]:
    """The claims of which a row of some plan has its payout: no other plan offers them anything."""
    mine = (
        select(LINE.c.claim_id)
        .join(PLAN, PLAN.c.id == LINE.c.settlement_id)
        .join(PAYOUT, PAYOUT.c.id == LINE.c.payout_id)
        .where(PLAN.c.incident_id == incident_id, STANDS)
    )
    return set(conn.execute(mine).scalars())


def vote(work: Work, line: SettlementLineRow, said: Vote, by: int | None) -> None:
    """Write what a member said; the plan is locked."""
    values = {"vote": said.value, "voted_at": work.now, "voted_by": by}
    work.conn.execute(update(LINE).where(LINE.c.id == line.id).values(**values))


def leave(work: Work, line: SettlementLineRow, by: int | None) -> None:
    """A member who goes on alone said no, and a payout that came to nothing is not the row's any more; the plan is locked."""
    said: dict[str, Any] = {"vote": Vote.NO.value, "voted_at": work.now, "voted_by": by}
    if line.payout_id is not None:
        said |= {"state": LineState.REFUSED.value, "why": WrongMoment.code, "payout_id": None}
    work.conn.execute(update(LINE).where(LINE.c.id == line.id).values(**said))


def proposed(work: Work, line: SettlementLineRow, payout_id: int, by: int) -> None:
    """A row has its payout."""
    values = {"state": LineState.PROPOSED.value, "payout_id": payout_id, "why": None, "tried_at": work.now, "tried_by": by}
    work.conn.execute(update(LINE).where(LINE.c.id == line.id).values(**values))


def refused(work: Work, line: SettlementLineRow, why: str, by: int) -> None:
    """A row got no payout, and why; it may be tried again."""
    values = {"state": LineState.REFUSED.value, "why": why, "payout_id": None, "tried_at": work.now, "tried_by": by}
    work.conn.execute(update(LINE).where(LINE.c.id == line.id).values(**values))


def _plan(conn: Connection, query: Any) -> SettlementRow:  # noqa: ANN401 - a select
    row = conn.execute(query).mappings().first()
    if row is None:
        raise NotFound
    return SettlementRow(**row)
