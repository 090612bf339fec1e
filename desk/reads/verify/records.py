"""Nothing by halves: I18. Every claim has its rows, every row its claim or payout and its event, every case number its place."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, String, cast, exists, func, literal, select

from desk.domain.audit import EventKind
from desk.domain.claim import State
from desk.domain.follow_up import MOST_TRIES, RATED, TRIES, Kind
from desk.domain.lifecycle import Step
from desk.domain.payout import VERDICTS, PayoutStep
from desk.reads.verify.decisions import ROUTED
from desk.reads.verify.dossier import Dossier
from desk.store.columns import FOREVER
from desk.store.tables import metadata

CLAIM = metadata.tables["claim"]
EVENT = metadata.tables["event"]
PAYOUT = metadata.tables["payout"]
NOTICE = metadata.tables["notice"]
ENTRY = metadata.tables["docket_entry"]
COUNTER = metadata.tables["counter"]
OF_A_CLAIM = (
    "person", "claim_item", "clock", "assessment", "verdict", "message", "note", "evidence", "docket_entry",
    "duplicate_tag", "claim_link", "payout", "notice", "clock_breach", "clock_reminder", "recovery", "follow_up", "goods_return",
    "notification", "handoff", "handed_in",
)  # fmt: skip
OF_A_PAYOUT = (
    "payout_tag", "fund_entry", "notice", "gateway_event", "recovery", "recovery_demand", "recovery_instalment",
    "recovery_decision",
)  # fmt: skip
ON_DOCKET = frozenset({State.DOCKETED, State.SETTLED})
NAMED = 20
_UNSAYING = frozenset({PayoutStep.SEND_AGAIN, *VERDICTS.values()})
PAGE = 5_000


def i18_claim_is_whole(dossier: Dossier) -> Iterator[str]:
    """No claim without the event that lodged it, its sealed person and its clocks."""
    if not dossier.events:
        yield f"{dossier.name}: has no audit event"
    elif dossier.events[0].step != Step.LODGE:
        yield f"{dossier.name}: its chain does not begin with its lodging"
    for table, what in (("person", "person"), ("clock", "clock")):
        if not dossier.rows[table]:
            yield f"{dossier.name}: has no {what}"


def i18_rows_and_events_pair_up(dossier: Dossier) -> Iterator[str]:
    """Every finding, verdict, message, note, link and new slip stands in the chain, and nothing stands there that is not kept."""
    if not dossier.events:
        return
    kept, told = _kept(dossier), _told(dossier)
    for what, number in kept.items():
        if told[what] != number:
            yield f"{dossier.name}: {number} {what} kept, {told[what]} in the chain"
    if dossier.claim.assessed is not bool(dossier.rows["assessment"]):
        yield f"{dossier.name}: the row's assessed is not what its findings say"


def i18_docket_holds_who_is_on_it(dossier: Dossier) -> Iterator[str]:
    """A claim in mediation has exactly one open place on its own site's docket, in order of departure; any other has none."""
    claim, entries = dossier.claim, dossier.rows["docket_entry"]
    places = [entry for entry in entries if entry.closed_at is None]
    if len(places) != (claim.state in ON_DOCKET):
        yield f"{dossier.name}: {len(places)} open places on the docket while {claim.state}"
    if any(entry.site_id != claim.site_id or entry.leaves_at != (claim.departs_at or FOREVER) for entry in entries):
        yield f"{dossier.name}: its place on the docket has another site or departure"


def i18_notices_were_told(dossier: Dossier) -> Iterator[str]:
    """Every notice for the manager was told when it was opened, and belongs to the claim's own site."""
    told = sorted(
        str(dossier.told(event).get("notice")) for event in dossier.events if event.kind == EventKind.NOTICE_OPENED
    )  # fmt: skip
    if told != sorted(row.kind for row in dossier.rows["notice"]):
        yield f"{dossier.name}: its notices are not those its chain tells of"
    if any(row.site_id != dossier.claim.site_id for row in (*dossier.rows["notice"], *dossier.rows["payout"])):
        yield f"{dossier.name}: a notice or a payout of it is another site's"


def i18_follow_ups_were_told(dossier: Dossier) -> Iterator[str]:
    """Every rating and try stands in the chain as its row has it, about an end the claim came to; at most three tries an end."""
    told, kinds = {}, (EventKind.RATED, EventKind.FOLLOWED_UP)
    for event in (event for event in dossier.events if event.kind in kinds):
        said = dossier.told(event)
        told[str(said.get("follow_up"))] = (said.get("outcome", Kind.RATING), said.get("rating"), event.actor, event.at)
    rows = dossier.rows["follow_up"]
    kept = {str(row.id): (row.kind, row.rating, _who(row.officer_id), row.written_at) for row in rows}
    if kept != told:
        yield f"{dossier.name}: its follow-ups are not those its chain tells of"
    ends = {event.at for event in dossier.moves if event.to_state in RATED}
    if any(row.ended_at not in ends or row.site_id != dossier.claim.site_id for row in rows):
        yield f"{dossier.name}: a follow-up is of no end of it, or of another site"
    tries = Counter(row.ended_at for row in rows if row.kind in TRIES)
    if any(number > MOST_TRIES for number in tries.values()):
        yield f"{dossier.name}: was followed up more than {MOST_TRIES} times"


def _who(officer_id: int | None) -> str:
    return f"officer:{officer_id}" if officer_id else "visitor"


def i18_notices_about_a_site_were_told(conn: Connection) -> Iterator[str]:
    """A notice about a site stands in its chain when it was opened, and again when it was closed; nothing else does."""
    rows = {}
    for row in conn.execute(select(NOTICE).where(NOTICE.c.claim_id.is_(None))):
        rows[EventKind.NOTICE_OPENED, str(row.id)] = (row.site_id, row.opened_at, row.kind)
        if row.closed_at is not None:
            rows[EventKind.NOTICE_CLOSED, str(row.id)] = (row.site_id, row.closed_at, row.kind)
    kinds = EVENT.c.kind.in_([EventKind.NOTICE_OPENED, EventKind.NOTICE_CLOSED])
    for event in conn.execute(select(EVENT).where(kinds, EVENT.c.subject.like("site:%"))):
        said = json.loads(event.data)
        name = (EventKind(event.kind), str(said.get("id")))
        if rows.pop(name, None) != (event.site_id, event.at, said.get("notice")):
            yield f"notice {said.get('id')}: the chain tells {event.kind} otherwise than the row, or twice"
    yield from (f"notice {notice}: {kind} is not in the chain" for kind, notice in rows)


def i18_no_orphans(conn: Connection) -> Iterator[str]:
    """No row hangs on a claim or on a payout that is not there."""
    for names, parent, what in ((OF_A_CLAIM, CLAIM, "claim"), (OF_A_PAYOUT, PAYOUT, "payout")):
        for table in (metadata.tables[name] for name in names):
            key, owner = next(iter(table.primary_key.columns)), table.c[f"{what}_id"]
            lost = select(key).where(owner.is_not(None), ~exists().where(parent.c.id == owner)).limit(NAMED)
            yield from (f"{table.name} {row_id}: its {what} is not there" for row_id in conn.execute(lost).scalars())


def i18_no_orphan_chains(conn: Connection, seen: int) -> Iterator[str]:
    """No chain tells of a claim that is not there. `seen` is how many events the claims that are there have."""
    of_claims = EVENT.c.subject.like("claim:%")
    if conn.execute(select(func.count()).where(of_claims)).scalar_one() == seen:
        return
    subject = literal("claim:") + cast(CLAIM.c.id, String)
    lost = select(EVENT.c.subject).where(of_claims, ~exists().where(subject == EVENT.c.subject)).distinct().limit(NAMED)
    yield from (f"chain {name}: its claim is not there" for name in conn.execute(lost).scalars())


@dataclass(slots=True)
class _Series:
    """The case numbers of one site and year, added up: 1 to n without gap or twin has sum n(n+1)/2."""

    count: int = 0
    largest: int = 0
    total: int = 0
    odd: list[int] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        return self.count == self.largest and self.total == self.count * (self.count + 1) // 2


def i18_case_numbers_have_no_gaps(conn: Connection) -> Iterator[str]:
    """The case numbers of a site and year count from 1 without gap or twin, as far as its counter stands."""
    series = _case_numbers(conn)
    stored = select(COUNTER.c.site_id, COUNTER.c.name, COUNTER.c.value).where(COUNTER.c.name.like("case:%"))
    counters = {(row.site_id, row.name.removeprefix("case:")): row.value for row in conn.execute(stored)}
    for place in sorted(series.keys() | counters.keys()):
        found = series.get(place, _Series())
        if not found.whole or found.largest != counters.get(place, 0):
            yield f"site {place[0]}, year {place[1]}: case numbers have a gap or a twin, or the counter stands elsewhere"


def _case_numbers(conn: Connection) -> dict[tuple[int, str], _Series]:
    series: dict[tuple[int, str], _Series] = {}
    last = -1
    columns = (ENTRY.c.id, ENTRY.c.site_id, ENTRY.c.case_no)
    while page := conn.execute(select(*columns).where(ENTRY.c.id > last).order_by(ENTRY.c.id).limit(PAGE)).all():
        for row in page:
            year, _, digits = row.case_no.partition("-")
            number, one = int(digits) if digits.isdecimal() else 0, series.setdefault((row.site_id, year), _Series())
            one.count, one.largest, one.total = one.count + 1, max(one.largest, number), one.total + number
        last = page[-1].id
    return series


def _kept(dossier: Dossier) -> dict[str, int]:
    rows, written = dossier.rows, [row.kind for row in dossier.rows["message"]]
    return {
        "assessments": len(rows["assessment"]), "verdicts": len(rows["verdict"]), "notes": len(rows["note"]),
        "messages": written.count("message"), "questions": written.count("question"), "answers": written.count("answer"),
        "links": dossier.links, "slips": dossier.claim.generation - 1, "payouts": len(rows["payout"]),
        "words of receipt": sum(row.said_received_at is not None for row in rows["payout"]),
        "payouts said to have come back": len(rows["bank_return"]),
        "payouts said to have ended": sum(row.resolve_by is not None for row in rows["payout"]),
    }  # fmt: skip


def _told(dossier: Dossier) -> dict[str, int]:
    kinds = [event.kind for event in dossier.events]
    steps = [Step(event.step) for event in dossier.moves]
    decided = sum(step in ROUTED for step in steps)
    return {
        "assessments": kinds.count(EventKind.ASSESSED), "verdicts": kinds.count(EventKind.VERDICT_PROPOSED) + decided,
        "notes": kinds.count(EventKind.NOTE_WRITTEN), "messages": kinds.count(EventKind.MESSAGE_SENT),
        "questions": kinds.count(EventKind.QUESTION_ASKED),
        "answers": kinds.count(EventKind.ANSWERED) + steps.count(Step.ANSWER),
        "links": kinds.count(EventKind.LINKED), "slips": kinds.count(EventKind.SLIP_REISSUED), "payouts": len(dossier.paths),
        "words of receipt": kinds.count(EventKind.PAYOUT_SAID_RECEIVED),
        "payouts said to have come back": len(_said_to_have_come_back(dossier)),
        "payouts said to have ended": len(_said_to_have_ended(dossier)),
    }  # fmt: skip


def _said_to_have_come_back(dossier: Dossier) -> set[object]:
    return {dossier.told(event).get("payout") for event in dossier.events if event.kind == EventKind.PAYOUT_RETURN_SAID}


def _said_to_have_ended(dossier: Dossier) -> set[object]:
    """The payouts of which an officer said what became of them, and two agreed or the gateway still says nothing."""
    said, agreed = set[object](), set[object]()
    for event in dossier.events:
        payout = dossier.told(event).get("payout")
        if event.kind == EventKind.RESOLUTION_PROPOSED:
            said.add(payout)
        elif event.kind == EventKind.RESOLUTION_AGREED:
            agreed.add(payout)
        elif event.kind == EventKind.PAYOUT_MOVED and dossier.told(event).get("step") in _UNSAYING:
            said -= {payout} - agreed
    return said
