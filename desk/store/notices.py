"""Notices for a manager: opened once while their reason lasts, closed when it ends. Decides no reason."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select, update

from desk.domain.notice import NoticeKind
from desk.ports import Work
from desk.store.tables import ClaimRow, metadata

NOTICE = metadata.tables["notice"]


def open_once(work: Work, claim: ClaimRow, kind: NoticeKind, payout_id: int | None = None) -> bool:
    """Open a notice about a claim that is locked, unless one of its kind is open already; True when it is new."""
    if _is_open(work.conn, claim.id, kind):
        return False
    work.conn.execute(
        insert(NOTICE),
        {
            "id": work.kit.lots.number(), "site_id": claim.site_id, "claim_id": claim.id, "payout_id": payout_id,
            "kind": kind.value, "opened_at": work.now, "closed_at": None,
        },
    )  # fmt: skip
    return True


def close(work: Work, claim_id: int, kinds: Iterable[NoticeKind]) -> None:
    """Close the open notices of these kinds about a claim."""
    mine = (NOTICE.c.claim_id == claim_id) & NOTICE.c.closed_at.is_(None) & NOTICE.c.kind.in_([kind.value for kind in kinds])
    work.conn.execute(update(NOTICE).where(mine).values(closed_at=work.now))


def _is_open(conn: Connection, claim_id: int, kind: NoticeKind) -> bool:
    mine = (NOTICE.c.claim_id == claim_id) & (NOTICE.c.kind == kind.value) & NOTICE.c.closed_at.is_(None)
    return conn.execute(select(NOTICE.c.id).where(mine)).first() is not None
