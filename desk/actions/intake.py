"""Lodging a claim. Judges nothing: the rule is asked later.

A lodging only adds rows, so it is an insertion: it says what it must know, then builds its rows from the answers.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from desk.actions.codes import slip_for
from desk.actions.notifications import rows_of_lodging
from desk.actions.steps import earliest, event_by, windows_of
from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.claim import PRINCIPAL_KINDS, Category, Channel, Elsewhere, Flags, Item, RespondentKind, State
from desk.domain.clocks import Clock, ClockState
from desk.domain.errors import BadInput, KeyReused, NotFound
from desk.domain.lifecycle import Step, move_for
from desk.domain.money import largest_minor, text_of
from desk.domain.policy import Act, Kind, Viewer, require
from desk.domain.promises import EFFECTS, Counting
from desk.domain.respondent import derived_id, normalised
from desk.domain.tally import all_of, tallied
from desk.ports import Attempt, Insertion, Kit, Row, Rows, Work
from desk.store import clocks as clock_rows
from desk.store import events, idempotency, promises
from desk.store.lodging import Known, Question, Tags, ask
from desk.store.tables import SiteRow


@dataclass(frozen=True, slots=True)
class WrittenRespondent:
    """A respondent as the claim names it: by id, or by a written name."""

    id: int | None = None
    name: str | None = None
    kind: RespondentKind = RespondentKind.OTHER


@dataclass(frozen=True, slots=True)
class Lodging:
    """A dispute as told. `visitor` holds name, phone and e-mail, each optional; they are sealed before they are stored.

    `received_on` and `source_key` are for claims that were made elsewhere before: they decide pack and lateness, and
    keep a second import from adding a twin.
    """

    site: str
    channel: Channel
    visitor: Mapping[str, str | None]
    language: str
    category: Category
    facts: str
    items: tuple[Item, ...] = ()
    respondent: WrittenRespondent | None = None
    spot: str | None = None
    occurred_on: date | None = None
    purchased_on: date | None = None
    contract_ended_on: date | None = None
    departs_at: datetime | None = None
    order_no: str | None = None
    already_elsewhere: Elsewhere = Elsewhere.NONE
    people: int = 1
    flags: Flags = field(default_factory=Flags)
    received_on: date | None = None
    source_key: str | None = None


@dataclass(frozen=True, slots=True)
class Lodged:
    """What the visitor is handed. The code and the address are derived each time and stored nowhere (SPEC 6)."""

    reference: str
    access_code: str
    status_url: str
    clocks: tuple[Mapping[str, str], ...]
    duplicates: tuple[Mapping[str, str], ...]
    replayed: bool = False


def lodge_claim(kit: Kit, viewer: Viewer, told: Lodging, attempt: Attempt | None = None) -> Insertion[Question, Known, Lodged]:
    """Register a dispute: claim, sealed visitor, items, clocks, first link of its audit chain, all or nothing.

    The insertion raises NotFound for a foreign or absent site, Forbidden without the right, BadInput for what
    contradicts the site, KeyReused for a key that came with another body. Source: SPEC 4.1, API "Lodge".
    """
    respondent_id = told.respondent.id if told.respondent else None
    name = normalised(told.respondent.name) if told.respondent and told.respondent.name else None
    question = Question(told.site, attempt, respondent_id, name, lambda whom: _tags(kit, told, whom))
    return Insertion(question, ask, lambda work, known: _build(work, viewer, told, attempt, known))


def _build(work: Work, viewer: Viewer, told: Lodging, attempt: Attempt | None, known: Known) -> tuple[Rows, Lodged]:
    if attempt and known.given:
        return {}, _given_before(work.kit, attempt, known.given)
    site = _site_for(viewer, known)
    _check(work, told, site, known)
    claim_id, reference = work.kit.lots.number(), work.kit.lots.reference()
    running = _running(work, told, site)
    respondent = respondent_row(work, told.respondent, site, known)
    claim = _claim_row(work, viewer, told, site, running) | {
        "id": claim_id, "reference": reference, "respondent_id": respondent_id(respondent, known)
    }  # fmt: skip
    shown = {
        "reference": reference, "claim_id": claim_id,
        "clocks": running.shown,
        "duplicates": [{"reference": found, "why": why} for found, why in _visible_duplicates(viewer, known)],
    }  # fmt: skip
    rows = _rows(work, viewer, told, claim, running, known.tags) | {"respondent": [respondent] if respondent else []}
    if told.source_key is None:  # what was lodged elsewhere long ago is no news to its visitor
        rows |= rows_of_lodging(work, claim, site, rows["event"][0]["id"], told.visitor)
    if attempt:
        rows["idempotency_key"] = [idempotency.row_of(work, attempt, json.dumps(shown))]
    return rows, _lodged(work.kit, shown)


def _given_before(kit: Kit, attempt: Attempt, given: idempotency.Given) -> Lodged:
    if given.fingerprint != attempt.fingerprint:
        raise KeyReused
    return replace(_lodged(kit, json.loads(given.answer)), replayed=True)


def _lodged(kit: Kit, shown: dict[str, Any]) -> Lodged:
    code, url = slip_for(kit, shown["reference"], shown["claim_id"], 1)
    return Lodged(shown["reference"], code, url, tuple(shown["clocks"]), tuple(shown["duplicates"]))


def shown_clock(clock: Clock, site: SiteRow) -> dict[str, str]:
    """A clock as the API names it, its deadline at the site's own offset."""
    due_at = clock.due_at.astimezone(ZoneInfo(site.time_zone))
    return {"id": clock.kind, "due_at": due_at.isoformat(timespec="seconds"), "state": clock.state}


def _visible_duplicates(viewer: Viewer, known: Known) -> tuple[tuple[str, str], ...]:
    """Look-alikes are a hint for officers; a stranger at the poster learns of no other claim."""
    return known.duplicates if viewer.kind is Kind.OFFICER else ()


def _site_for(viewer: Viewer, known: Known) -> SiteRow:
    if known.site is None:
        raise NotFound
    require(viewer, Act.LODGE, known.site.id)
    return known.site


def _check(work: Work, told: Lodging, site: SiteRow, known: Known) -> None:
    """Combined fields must agree with each other and with the site."""
    if told.spot is not None and told.spot not in site.spots:
        raise BadInput("/spot", "not_at_this_site")
    check_respondent(told.respondent, known)
    for place, item in enumerate(told.items):
        if item.asked and item.asked.currency != site.currency:
            raise BadInput(f"/items/{place}/asked/currency", "wrong_currency", currency=site.currency)
    check_total("/items", (item.asked.minor for item in told.items if item.asked), site.currency)
    today = work.now.astimezone(ZoneInfo(site.time_zone)).date()
    for name, on_day in (("occurred_on", told.occurred_on), ("purchased_on", told.purchased_on)):
        if on_day and on_day > today:
            raise BadInput(f"/{name}", "in_future")


def check_respondent(written: WrittenRespondent | None, known: Known) -> None:
    """A respondent named by id is one of this site. Raises BadInput for any other."""
    if written and written.id is not None and known.respondent is None:
        raise BadInput("/respondent/id", "not_at_this_site")


def check_total(pointer: str, asked: Iterable[int], currency: str) -> None:
    """All that is asked, in minor units, is within the limit of one amount. Raises BadInput at `pointer`. Source: SPEC 8."""
    largest = largest_minor(currency)
    if sum(asked) > largest:
        raise BadInput(pointer, "too_large", limit=text_of(largest, currency))


@dataclass(frozen=True, slots=True)
class Running:
    """The clocks of a lodging, the rows of them that still lack id and claim, and those that run as the API names them.

    `counted` is the row that adds them to the counts of promises, still without its id.
    """

    clocks: tuple[Clock, ...]
    rows: tuple[Row, ...]
    counted: Row
    shown: tuple[dict[str, str], ...]

    @property
    def pack(self) -> str:
        """The rule pack that the claim is pinned to."""
        return self.clocks[0].pack


def _running(work: Work, told: Lodging, site: SiteRow) -> Running:
    """The clocks of a lodging, worked out once for all that are received at one site in this instant."""
    name = ("running", site.id, told.received_on)
    if name not in work.shared:
        started = tuple(_clocks(work, told, site))
        shown = tuple(shown_clock(clock, site) for clock in started if clock.state is ClockState.RUNNING)
        counted = all_of(tallied(clock, ZoneInfo(site.time_zone), ()) for clock in started)
        rows = tuple(clock_rows.row_of(0, 0, clock) for clock in started)
        work.shared[name] = Running(started, rows, promises.row_of(0, site.id, counted), shown)
    found: Running = work.shared[name]
    return found


def _clocks(work: Work, told: Lodging, site: SiteRow) -> list[Clock]:
    """The clocks of a lodging; the receipt is stored in this very transaction, so its clock stops where it starts."""
    zone = ZoneInfo(site.time_zone)
    received_on = told.received_on or work.now.astimezone(zone).date()
    pack = work.kit.packs.for_claim(received_on, site.overlay)
    counting = Counting(pack, zone, work.kit.shelf.calendar, windows_of(site))
    started = [counting.start(kind, work.now) for kind in EFFECTS[Step.LODGE].starts]
    return [clocks.stop(clock, work.now) if clock.kind == "auto_receipt" else clock for clock in started]


def respondent_row(work: Work, written: WrittenRespondent | None, site: SiteRow, known: Known) -> Row | None:
    """The row a written name needs; the store leaves it out where the name is known already."""
    if written is None or known.respondent or not written.name:
        return None
    name = written.name.strip()
    return {
        "id": derived_id(site.id, name), "site_id": site.id, "name": name, "name_normalised": normalised(name),
        "kind": written.kind.value, "in_reach": True, "added_at": work.now,
    }  # fmt: skip


def respondent_id(row: Row | None, known: Known) -> int | None:
    """The respondent that was found, else the one that the new row describes, else none."""
    if known.respondent:
        return known.respondent.id
    return int(row["id"]) if row else None


def _claim_row(work: Work, viewer: Viewer, told: Lodging, site: SiteRow, running: Running) -> Row:
    received_at = datetime.combine(told.received_on, time(), ZoneInfo(site.time_zone)) if told.received_on else work.now
    return {
        "site_id": site.id, "spot": told.spot, "channel": told.channel.value,
        "language": told.language, "state": move_for(None, Step.LODGE).to.value, "outcome": None, "ended_as": None,
        "route": None, "version": 1, "generation": 1, "category": told.category.value, "facts": told.facts,
        "occurred_on": told.occurred_on, "purchased_on": told.purchased_on, "contract_ended_on": told.contract_ended_on,
        "departs_at": told.departs_at, "order_no": told.order_no, "already_elsewhere": told.already_elsewhere.value,
        "people": told.people, "injury": told.flags.injury, "minor": told.flags.minor,
        "foreign_related": told.flags.foreign_related, "needs_appraisal": told.flags.needs_appraisal,
        "crime_suspected": told.flags.crime_suspected, "currency": site.currency, "decided_minor": None, "assessed": False,
        "open_questions": 0, "pack": running.pack, "received_at": received_at, "lodged_at": work.now,
        "moved_at": work.now, "due_at": earliest(running.clocks), "source_key": told.source_key,
        "lodged_by": viewer.id if viewer.kind is Kind.OFFICER else None,
    }  # fmt: skip


def _rows(
    work: Work, viewer: Viewer, told: Lodging, claim: Row, running: Running, tags: Tags
) -> dict[str, list[Row]]:  # fmt: skip
    """The rows that hang on the claim, and the first link of its chain."""
    claim_id, site_id, number = claim["id"], claim["site_id"], work.kit.lots.number
    person = work.kit.sealer.seal(claim_id, told.visitor)
    event = replace(
        event_by(viewer, f"claim:{claim_id}", site_id, EventKind.MOVED, work.now, _told_in_chain(told, claim, person.commitment)),
        step=Step.LODGE, to_state=State.RECEIVED,
    )  # fmt: skip
    return {
        "claim": [claim],
        "person": [
            {"claim_id": claim_id, "wrapped_key": person.wrapped_key, "key_id": person.key_id, "sealed": person.sealed,
             "commitment": person.commitment, "erased_at": None}
        ],
        "claim_item": [
            {"id": number(), "claim_id": claim_id, "position": place, "kind": item.kind.value,
             "asked_minor": item.asked.minor if item.asked else None}
            for place, item in enumerate(told.items)
        ],
        "duplicate_tag": [
            {"id": number(), "claim_id": claim_id, "site_id": site_id, "why": why, "tag": tag, "tagged_at": work.now}
            for why, tag in tags
        ],
        "clock": [{**row, "id": number(), "claim_id": claim_id} for row in running.rows],
        "promise_delta": [{**running.counted, "id": number()}],
        "event": [events.first_of_chain(number(), event)],
    }  # fmt: skip


def _told_in_chain(told: Lodging, claim: Row, commitment: str) -> dict[str, Any]:
    """What the chain keeps of the lodging: no personal field, only the salted commitment to them."""
    return {
        "channel": told.channel.value, "category": told.category.value, "pack": claim["pack"], "person": commitment,
        "items": [[item.kind.value, item.asked.minor if item.asked else None] for item in told.items],
    }  # fmt: skip


def _tags(kit: Kit, told: Lodging, name: str) -> Tags:
    """The keyed hashes by which the same matter with the respondent of this normalised name shows again. Source: SPEC 4.1."""
    whom, tags = f"{told.site}:{name}", []
    if told.order_no:
        tags.append(("same_order", kit.sealer.tag("order", f"{whom}:{normalised(told.order_no)}")))
    asked = sum(item.asked.minor for item in told.items if item.asked and item.kind in PRINCIPAL_KINDS)
    if asked and told.occurred_on:
        tags.append(("same_sum_and_day", kit.sealer.tag("sum", f"{whom}:{asked}:{told.occurred_on}")))
    return tuple(tags)
