"""Notices for a manager: opened once while their reason lasts, closed when it ends. Decides no reason."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from desk.domain.notice import NoticeKind
from desk.ports import Work
from desk.store.tables import ClaimRow, metadata

NOTICE = metadata.tables["notice"]


def open_once(work: Work, claim: ClaimRow, kind: NoticeKind, payout_id: int | None = None) -> bool:
    """Open a notice about a claim that is locked, unless one of its kind is open already; True when it is new."""
    if is_open(work.conn, claim.id, kind):
        return False
    work.conn.execute(
        insert(NOTICE),
        {
            "id": work.kit.lots.number(), "site_id": claim.site_id, "claim_id": claim.id, "payout_id": payout_id,
            "kind": kind.value, "opened_at": work.now, "closed_at": None,
        },
    )  # fmt: skip
    return True


def open_at_site(conn: Connection, site_id: int, kind: NoticeKind) -> int | None:
    """The id of the open notice about a site itself, None without one."""
    mine = (
        (NOTICE.c.site_id == site_id) & NOTICE.c.claim_id.is_(None) & (NOTICE.c.kind == kind.value) & NOTICE.c.closed_at.is_(None)
    )
    found = conn.execute(select(NOTICE.c.id).where(mine)).scalar()
    return int(found) if found is not None else None


def add_at_site(work: Work, site_id: int, kind: NoticeKind) -> int:
    """Open a notice about a site that is locked; its id. The database allows one at a time."""
    number = work.kit.lots.number()
    work.conn.execute(
        insert(NOTICE),
        {
            "id": number, "site_id": site_id, "claim_id": None, "payout_id": None, "kind": kind.value, "opened_at": work.now,
            "closed_at": None,
        },
    )  # fmt: skip
    return number


def end(work: Work, notice_id: int) -> None:
    """Close a notice."""
    work.conn.execute(update(NOTICE).where(NOTICE.c.id == notice_id).values(closed_at=work.now))


def close(work: Work, claim_id: int, kinds: Iterable[NoticeKind]) -> None:
    """Close the open notices of these kinds about a claim."""
    mine = (NOTICE.c.claim_id == claim_id) & NOTICE.c.closed_at.is_(None) & NOTICE.c.kind.in_([kind.value for kind in kinds])
    work.conn.execute(update(NOTICE).where(mine).values(closed_at=work.now))


def is_open(conn: Connection, claim_id: int, kind: NoticeKind) -> bool:
    """Whether a notice of this kind about a claim is open."""
    return opened_at(conn, claim_id, kind) is not None


def opened_at(conn: Connection, claim_id: int, kind: NoticeKind) -> datetime | None:
    """Since when a notice of this kind about a claim is open, None where none is."""
    mine = (NOTICE.c.claim_id == claim_id) & (NOTICE.c.kind == kind.value) & NOTICE.c.closed_at.is_(None)
    return conn.execute(select(NOTICE.c.opened_at).where(mine)).scalar()
