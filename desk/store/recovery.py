"""Recoveries as rows: loaded for change, changed unless they moved meanwhile. Decides no state: `domain.recovery` does."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from desk.domain.errors import NotFound, StaleVersion
from desk.domain.recovery import Instalment, Parts, RecoveryState
from desk.ports import Row, Work
from desk.store.tables import RecoveryDecisionRow, RecoveryRow, RespondentRow, metadata

RECOVERY, DEMAND, INSTALMENT, DECISION = (
    metadata.tables[name] for name in ("recovery", "recovery_demand", "recovery_instalment", "recovery_decision")
)
OFFICER, RESPONDENT = metadata.tables["officer"], metadata.tables["respondent"]
WAITS = DECISION.c.approved_at.is_(None) & DECISION.c.refused_at.is_(None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that nobody has agreed to yet, and the name of who proposed it."""

    row: RecoveryDecisionRow
    proposed_by: str


def claim_of(conn: Connection, payout_id: int) -> int:
    """The claim of a recovery. Raises NotFound for a payout that has none."""
    found = conn.execute(select(RECOVERY.c.claim_id).where(RECOVERY.c.payout_id == payout_id)).scalar()
    if found is None:
        raise NotFound
    return int(found)


def get(conn: Connection, payout_id: int) -> RecoveryRow:
    """A recovery whose claim is locked already, so that nobody else moves it."""
    return RecoveryRow(**conn.execute(select(RECOVERY).where(RECOVERY.c.payout_id == payout_id)).mappings().one())


def add(conn: Connection, row: Row) -> None:
    """Insert the recovery of a payout that settled; the database allows one."""
    conn.execute(insert(RECOVERY), row)


def change(conn: Connection, recovery: RecoveryRow, **values: Any) -> RecoveryRow:  # noqa: ANN401 - column values
    """Write new column values, unless state or parts are no longer those that were loaded. Raises StaleVersion then."""
    same = ("payout_id", "state", "recovered_minor", "written_off_minor", "returned_minor")
    mine = [RECOVERY.c[name] == getattr(recovery, name) for name in same]
    if conn.execute(update(RECOVERY).where(*mine).values(**values)).rowcount != 1:
        raise StaleVersion
    return RecoveryRow(**{**recovery.model_dump(), **values})


def parts_of(row: Any) -> Parts:  # noqa: ANN401 - a RecoveryRow, or a row with its columns
    """The parts of a recovery's amount."""
    return Parts(row.amount_minor, row.recovered_minor, row.written_off_minor, row.returned_minor)


def in_error(conn: Connection, site_id: int, currency: str, only: int | None = None) -> dict[int | None, int]:
    """What each merchant of a site, or the `only` one, had paid for refunds that banks returned then, in minor units.

    None is one whom nobody named.
    """
    mine = (RECOVERY.c.site_id == site_id) & (RECOVERY.c.currency == currency) & (RECOVERY.c.recovered_minor > 0)
    if only is not None:
        mine &= RECOVERY.c.respondent_id == only
    added = select(RECOVERY.c.respondent_id, func.sum(RECOVERY.c.recovered_minor).label("minor"))
    rows = conn.execute(added.where(mine, RECOVERY.c.state == RecoveryState.RETURNED.value).group_by(RECOVERY.c.respondent_id))
    return {row.respondent_id: int(row.minor) for row in rows}


def respondent(conn: Connection, site_id: int, respondent_id: int | None) -> RespondentRow | None:
    """A respondent of a site, None for a foreign or absent one and for nobody."""
    mine = (RESPONDENT.c.id == respondent_id) & (RESPONDENT.c.site_id == site_id)
    row = conn.execute(select(RESPONDENT).where(mine)).mappings().first() if respondent_id else None
    return RespondentRow(**row) if row else None


def add_demand(conn: Connection, row: Row) -> None:
    """Keep a letter."""
    conn.execute(insert(DEMAND), row)


def demands(conn: Connection, payout_id: int) -> int:
    """How many letters there are already."""
    return int(conn.execute(select(func.count()).where(DEMAND.c.payout_id == payout_id)).scalar_one())


def add_plan(work: Work, payout_id: int, plan: Sequence[Instalment]) -> int:
    """Keep a plan; it counts from now on. Returns its number."""
    last = select(func.coalesce(func.max(INSTALMENT.c.plan), 0)).where(INSTALMENT.c.payout_id == payout_id)
    number = int(work.conn.execute(last).scalar_one()) + 1
    rows = [
        {
            "id": work.kit.lots.number(), "payout_id": payout_id, "plan": number, "position": place, "due_on": one.due_on,
            "amount_minor": one.minor,
        }
        for place, one in enumerate(plan)
    ]  # fmt: skip
    work.conn.execute(insert(INSTALMENT), rows)
    return number


def waiting(conn: Connection, payout_id: int) -> Waiting | None:
    """The decision about a recovery that waits for its second person, None while there is none."""
    query = (
        select(DECISION, OFFICER.c.name.label("proposer"))
        .join(OFFICER, OFFICER.c.id == DECISION.c.proposed_by)
        .where(DECISION.c.payout_id == payout_id, WAITS)
    )
    row = conn.execute(query).mappings().first()
    if row is None:
        return None
    told = dict(row)
    name = str(told.pop("proposer"))
    return Waiting(RecoveryDecisionRow(**told), name)


def add_decision(conn: Connection, row: Row) -> RecoveryDecisionRow:
    """Keep what somebody wants to be given up; the database allows one that waits for a recovery."""
    conn.execute(insert(DECISION), row)
    return RecoveryDecisionRow(**row)


def end_decision(conn: Connection, decision_id: int, **values: object) -> None:
    """Write who agreed, or who refused."""
    conn.execute(update(DECISION).where(DECISION.c.id == decision_id, WAITS).values(**values))
