"""Hand-offs, partners and claims that they handed in, against what the chains tell of them and the jobs that go on: I18."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from desk.domain.audit import EventKind, digest
from desk.domain.handoff import HandoffState, Post
from desk.domain.relay import host_of
from desk.reads.verify.dossier import Dossier
from desk.store.tables import metadata

PARTNER, HANDOFF, JOB, EVENT = (metadata.tables[name] for name in ("partner", "handoff", "job", "event"))
_KIND = "handoff"
_STEPS = {EventKind(f"handoff_{state.value}"): state for state in HandoffState}
_PARTNERS = (EventKind.PARTNER_ADDED, EventKind.PARTNER_CHANGED)


def i18_handoffs_are_what_the_chain_tells(dossier: Dossier) -> Iterator[str]:
    """Told again from the start, the steps of hand-offs give every row as it stands, at the claim's own site."""
    due: dict[str, dict[str, Any]] = {}
    for event in dossier.events:
        if event.kind in _STEPS:
            _step(due, event, dossier.told(event))
        elif event.kind == EventKind.HANDOFF_REPLAYED:
            said = dossier.told(event)
            due.setdefault(said["handoff"], {})["turn"] = said["turn"]
    kept = {str(row.id): _row(row) for row in dossier.rows["handoff"]}
    for number in sorted(due.keys() | kept.keys()):
        if due.get(number) != kept.get(number):
            yield f"{dossier.name}: hand-off {number} is not what the chain tells"
    if any(row.site_id != dossier.claim.site_id for row in dossier.rows["handoff"]):
        yield f"{dossier.name}: a hand-off of it is another site's"


def i18_handed_in_by_its_partner(dossier: Dossier) -> Iterator[str]:
    """A claim that a partner lodged has that partner's number, and no other claim has one."""
    lodged = [event.actor for event in dossier.events[:1] if event.role == "partner"]
    if lodged != [f"partner:{row.partner_id}" for row in dossier.rows["handed_in"]]:
        yield f"{dossier.name}: the number of the partner who handed it in is missing, or another one's"


def i18_partners_are_what_the_chain_tells(conn: Connection) -> Iterator[str]:
    """Told again from the start, the site's chain gives every partner with its host, its keys' generation and its end."""
    due: dict[str, dict[str, Any]] = {}
    named = EVENT.c.kind.in_([kind.value for kind in _PARTNERS])
    for event in conn.execute(select(EVENT).where(named).order_by(EVENT.c.subject, EVENT.c.seq)):
        said = json.loads(event.data)
        partner = due.setdefault(said["partner"], {"site_id": event.site_id, "generation": 1, "off": None, "disabled": None})
        if event.kind == EventKind.PARTNER_ADDED:
            partner |= {name: said[name] for name in ("kind", "name", "hook")}
        elif said["what"] == "hook":
            partner |= {"hook": said["hook"], "off": None}
        elif said["what"] == "keys":
            partner["generation"] += 1
        else:
            partner[said["what"]] = event.at
    kept = {
        str(row.id): {
            "site_id": row.site_id, "generation": row.generation, "off": row.hook_off_at, "disabled": row.disabled_at,
            "kind": row.kind, "name": row.name, "hook": host_of(row.hook_url),
        }
        for row in conn.execute(select(PARTNER))
    }  # fmt: skip
    for number in sorted(due.keys() | kept.keys()):
        if due.get(number) != kept.get(number):
            yield f"partner {number}: is not what its site's chain tells"


def i18_offers_wait_with_their_jobs(conn: Connection) -> Iterator[str]:
    """An offer that a partner's system is still to be told of has the open job of its turn, and no other one has any."""
    waiting = select(HANDOFF.c.id, HANDOFF.c.turn).where(HANDOFF.c.post == Post.WAITING.value)
    rows = {f"{_KIND}:{row.id}:{row.turn}" for row in conn.execute(waiting)}
    going_on = (JOB.c.done_at.is_(None), JOB.c.set_aside_at.is_(None))
    jobs = set(conn.execute(select(JOB.c.dedupe).where(JOB.c.kind == _KIND, *going_on)).scalars())
    yield from (f"{name}: waits, and nobody will be told" for name in sorted(rows - jobs))
    yield from (f"{name}: is told no more, and its job goes on" for name in sorted(jobs - rows))


def _step(due: dict[str, dict[str, Any]], event: Any, said: dict[str, Any]) -> None:  # noqa: ANN401 - a row of the chain
    state, handoff = _STEPS[event.kind], due.setdefault(said["handoff"], {})
    handoff["state"] = state.value
    if state is HandoffState.OFFERED:
        handoff |= {
            "partner_id": said["partner"], "asked": said["asked"], "offered_at": event.at, "by": event.actor, "turn": 1,
            "taken_at": None, "working_at": None, "ended_at": None, "reason": None, "overtaken": False,
        }  # fmt: skip
    elif state in (HandoffState.TAKEN, HandoffState.WORKING):
        handoff[f"{state.value}_at"] = event.at
    else:
        handoff |= {"ended_at": event.at, "reason": said.get("reason"), "overtaken": "overtaken_by" in said}


def _row(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of hand-offs
    return {
        "state": row.state, "partner_id": str(row.partner_id), "asked": digest(row.asked), "offered_at": row.offered_at,
        "by": f"officer:{row.offered_by}", "turn": row.turn, "taken_at": row.taken_at, "working_at": row.working_at,
        "ended_at": row.ended_at, "reason": digest(row.reason) if row.reason else None, "overtaken": bool(row.overtaken),
    }  # fmt: skip
