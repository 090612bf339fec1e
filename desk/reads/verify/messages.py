"""What the gateway told by itself, over the whole database: I13. Hears nothing and moves nothing.

That a signature was right when a message came cannot be seen any more: what is not signed right is not kept.
"""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, String, cast, exists, literal, select

from desk.domain.audit import EventKind
from desk.domain.notice import NoticeKind
from desk.domain.payout import MESSAGES, Doubt, Method
from desk.store.tables import metadata

MESSAGE, PAYOUT, EVENT, NOTICE = (metadata.tables[name] for name in ("gateway_event", "payout", "event", "notice"))
_TOLD = (EventKind.PAYOUT_MOVED.value, EventKind.PAYOUT_RETURNED.value)


def i13_messages_moved_what_they_spoke_of(conn: Connection) -> Iterator[str]:
    """A message that moved something is of a kind the desk knows and of its gateway payout's amount, and the chain tells it."""
    its_own = EVENT.c.subject == literal("claim:") + cast(PAYOUT.c.claim_id, String)
    told = exists().where(its_own, EVENT.c.kind.in_(_TOLD), EVENT.c.at == MESSAGE.c.received_at)
    columns = (PAYOUT.c.amount_minor.label("minor"), PAYOUT.c.currency.label("booked"), PAYOUT.c.method, told.label("told"))
    moved = select(MESSAGE, *columns).outerjoin(PAYOUT, PAYOUT.c.id == MESSAGE.c.payout_id).where(MESSAGE.c.fate == "moved")
    for row in conn.execute(moved.order_by(MESSAGE.c.received_at)):
        if not _may_move(row):
            yield f"message of {row.received_at.isoformat()}: moved a payout that it could not move"


def _may_move(row: Row[Any]) -> bool:
    agrees = (row.amount_minor, row.currency) == (row.minor, row.booked)
    return row.kind in MESSAGES and agrees and row.method != Method.CASH and bool(row.told)


def i13_messages_looked_at_were_told(conn: Connection) -> Iterator[str]:
    """Who looked at a message, when, and what they found stands in the chain once, as the row has it; nothing else does."""
    looked = select(MESSAGE).where(MESSAGE.c.dismissed_at.is_not(None)).order_by(MESSAGE.c.number)
    rows = Counter(
        (row.id, row.dismissed_at, f"officer:{row.dismissed_by}", row.why, row.dismissal) for row in conn.execute(looked)
    )  # fmt: skip
    seen = select(EVENT).where(EVENT.c.kind == EventKind.GATEWAY_MESSAGE_SEEN).order_by(EVENT.c.id)
    told = Counter(_told(event, json.loads(event.data)) for event in conn.execute(seen))
    for _, at, *_ in (rows - told) + (told - rows):
        yield f"message looked at {at.isoformat()}: row and chain tell it otherwise"


def i13_contradictions_wait_with_their_notice(conn: Connection) -> Iterator[str]:
    """A claim's notice of contradictions is open while one of them waits to be looked at, and no longer: somebody can end it."""
    mine = PAYOUT.c.id == MESSAGE.c.payout_id
    waiting = (
        select(PAYOUT.c.claim_id).join(MESSAGE, mine).where(MESSAGE.c.why == Doubt.CONTRADICTS, MESSAGE.c.dismissed_at.is_(None))
    )
    told = select(NOTICE.c.claim_id).where(NOTICE.c.kind == NoticeKind.GATEWAY_CONTRADICTS, NOTICE.c.closed_at.is_(None))
    for claim_id in sorted({*conn.execute(waiting).scalars()} ^ {*conn.execute(told).scalars()}):
        yield f"claim {claim_id}: its contradictions and its notice of them do not wait together"


def _told(event: Row[Any], said: dict[str, Any]) -> tuple[Any, ...]:
    return said.get("message"), event.at, event.actor, said.get("why"), said.get("reason")
