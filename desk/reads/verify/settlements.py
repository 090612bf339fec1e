"""Collective claims against their chains: who joined, left and voted, what was offered, and the payouts of a batch: I18, I09."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind, digest
from desk.domain.incident import MemberState, Vote
from desk.store.tables import metadata

EVENT, MEMBER, PLAN, LINE, PAYOUT, INCIDENT = (
    metadata.tables[name] for name in ("event", "incident_member", "settlement", "settlement_line", "payout", "incident")
)
_OF_CLAIMS = (EventKind.MEMBER_JOINED, EventKind.MEMBER_LEFT, EventKind.MEMBER_VOTED)
_OF_PLANS = (EventKind.SETTLEMENT_MADE, EventKind.SETTLEMENT_WITHDRAWN, EventKind.SETTLEMENT_SUBMITTED)


def i18_members_took_part_as_their_chains_tell(conn: Connection) -> Iterator[str]:
    """Every member joined and left when the claim's own chain says, by whom it says; representatives are members who joined."""
    due: dict[int, dict[str, Any]] = defaultdict(dict)
    for event in _events(conn, _OF_CLAIMS):
        claim_id, by = int(event.subject.partition(":")[2]), _officer(event)
        if event.kind == EventKind.MEMBER_JOINED:
            due[claim_id] |= {"state": MemberState.JOINED.value, "joined_at": event.at, "joined_by": by}
        elif event.kind == EventKind.MEMBER_LEFT:
            due[claim_id] |= {"state": MemberState.LEFT.value, "left_at": event.at, "left_by": by}
    for row in conn.execute(select(MEMBER).order_by(MEMBER.c.id)):
        told = {"state": MemberState.FOUND.value, "joined_at": None, "left_at": None} | due.pop(row.claim_id, {})
        if any(getattr(row, name) != value for name, value in told.items()):
            yield f"claim {row.claim_id}: takes part in a collective claim otherwise than its chain tells"
    yield from (f"claim {claim_id}: took part in a collective claim in its chain alone" for claim_id in due)


def i18_votes_are_those_of_the_members(conn: Connection) -> Iterator[str]:
    """Every vote is the last that the claim's own chain tells of its plan; who left said no."""
    said: dict[tuple[int, str], tuple[str, object]] = {}
    left: dict[int, object] = {}
    for event in _events(conn, _OF_CLAIMS):
        claim_id, data = int(event.subject.partition(":")[2]), json.loads(event.data)
        if event.kind == EventKind.MEMBER_VOTED:
            said[claim_id, data["settlement"]] = (data["vote"], event.at)
        elif event.kind == EventKind.MEMBER_LEFT:
            left[claim_id] = event.at
    for line in conn.execute(select(LINE).order_by(LINE.c.id)):
        due = said.pop((line.claim_id, str(line.settlement_id)), (None, None))
        stands = (line.vote, line.voted_at)
        if stands not in (due, (Vote.NO.value, left.get(line.claim_id))):
            yield f"claim {line.claim_id}: its vote is not the one in its chain"
    yield from (f"claim {claim_id}: voted on a plan that offers it nothing" for claim_id, _ in said)


def i18_settlements_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Every plan was made, taken back and handed in as its site's chain tells, with these amounts for these claims."""
    offers = defaultdict[int, list[list[object]]](list)
    for line in conn.execute(select(LINE)):
        offers[line.settlement_id].append([str(line.claim_id), line.amount_minor])
    told = defaultdict[str, dict[str, Any]](dict)
    for event in _events(conn, _OF_PLANS):
        data, by = json.loads(event.data), _officer(event)
        plan = told[data["settlement"]]
        if event.kind == EventKind.SETTLEMENT_MADE:
            plan |= {"made": (event.at, by, data["incident"], data["lines"], data["text"])}
        elif event.kind == EventKind.SETTLEMENT_WITHDRAWN:
            plan |= {"withdrawn": (event.at, by)}
        else:
            plan |= {"submitted": (event.at, by)}
    for row in conn.execute(select(PLAN).order_by(PLAN.c.id)):
        lines = sorted(offers[row.id], key=lambda line: int(str(line[0])))
        due: dict[str, tuple[Any, ...]] = {"made": (row.made_at, row.made_by, str(row.incident_id), lines, digest(row.note))}
        due |= {"withdrawn": (row.withdrawn_at, row.withdrawn_by)} if row.withdrawn_at else {}
        due |= {"submitted": (row.submitted_at, row.submitted_by)} if row.submitted_at else {}
        if told.pop(str(row.id), {}) != due:
            yield f"settlement {row.id}: its row is not what the chain tells"
    yield from (f"settlement {number}: is in the chain alone" for number in told)


def i09_rows_of_a_batch_paid_their_own_claims(conn: Connection) -> Iterator[str]:
    """A row's payout is of its own claim, of the amount that was agreed to, and was proposed once the batch was handed in."""
    query = (
        select(
            LINE, PLAN.c.submitted_at, PAYOUT.c.claim_id.label("paid"), PAYOUT.c.amount_minor.label("sum"),
            PAYOUT.c.proposed_at,
        )
        .join(PLAN, PLAN.c.id == LINE.c.settlement_id)
        .join(PAYOUT, PAYOUT.c.id == LINE.c.payout_id)
    )  # fmt: skip
    for row in conn.execute(query):
        whole = (row.paid, row.sum) == (row.claim_id, row.amount_minor)
        if not whole or row.submitted_at is None or row.proposed_at < row.submitted_at:
            yield f"settlement {row.settlement_id}: claim {row.claim_id} was paid otherwise than it agreed to"


def _officer(event: Any) -> int | None:  # noqa: ANN401 - a row
    return int(event.actor.partition(":")[2] or 0) or None


def _events(conn: Connection, kinds: tuple[EventKind, ...]) -> Any:  # noqa: ANN401 - rows of events, each chain in its order
    named = EVENT.c.kind.in_([kind.value for kind in kinds])
    return conn.execute(select(EVENT).where(named).order_by(EVENT.c.subject, EVENT.c.seq))
