"""The hash that binds an event to the one before it: every field counts, and so does the place."""

import hashlib
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from desk.domain.audit import EventKind, Happening, event_hash, genesis, stored_data

AT = datetime(2026, 9, 8, 1, 30, 0, 5, tzinfo=UTC)
EVENT = Happening(
    subject="claim:1", kind=EventKind.MOVED, at=AT, actor="officer:7", role="intake", site_id=3, request_id="r-1",
    step="lodge", from_state=None, to_state="received", reason=None, data='{"channel":"counter"}',
)  # fmt: skip
OTHERWISE: dict[str, object] = {
    "subject": "claim:2", "kind": EventKind.ASSESSED, "at": AT + timedelta(microseconds=1), "actor": "officer:8",
    "role": "manager", "site_id": 4, "request_id": "r-2", "step": "reopen", "from_state": "closed", "to_state": "closed",
    "reason": "票据", "data": "{}",
}  # fmt: skip


def test_the_table_of_changes_names_every_field() -> None:
    assert set(OTHERWISE) == {field.name for field in fields(Happening)}


@pytest.mark.parametrize("name", OTHERWISE)
def test_a_change_of_any_field_changes_the_hash(name: str) -> None:
    changed = replace(EVENT, **{name: OTHERWISE[name]})  # type: ignore[arg-type] # each value fits its own field
    assert event_hash(genesis("claim:1"), 1, changed) != event_hash(genesis("claim:1"), 1, EVENT)


def test_place_and_predecessor_are_bound_too() -> None:
    first = event_hash(genesis("claim:1"), 1, EVENT)
    assert len({first, event_hash(genesis("claim:1"), 2, EVENT), event_hash(genesis("claim:2"), 1, EVENT)}) == 3
    assert event_hash(first, 2, EVENT) != event_hash(genesis("claim:1"), 2, EVENT)


def test_the_hash_is_taken_over_the_instant_whatever_its_zone() -> None:
    there = replace(EVENT, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert event_hash(genesis("claim:1"), 1, there) == event_hash(genesis("claim:1"), 1, EVENT)


def test_nothing_and_an_empty_text_are_not_the_same() -> None:
    assert event_hash(b"", 1, replace(EVENT, reason="")) != event_hash(b"", 1, EVENT)


def test_texts_cannot_run_over_into_their_neighbours() -> None:
    moved = replace(EVENT, actor='officer:7","intake', role="")
    assert event_hash(b"", 1, moved) != event_hash(b"", 1, replace(EVENT, role='intake",""'))


def test_the_form_is_the_one_that_stored_chains_were_made_with() -> None:
    form = (
        '["00","claim:1",1,"moved","2026-09-08T01:30:00.000005+00:00","officer:7","intake",3,"r-1","lodge",null,'
        '"received",null,"{\\"channel\\":\\"counter\\"}"]'
    )
    assert event_hash(b"\0", 1, EVENT) == hashlib.sha256(form.encode()).digest()
    assert genesis("claim:1") == hashlib.sha256(b"desk:claim:1").digest()


def test_data_has_one_form() -> None:
    assert stored_data({"b": 1, "a": ["退款", None]}) == '{"a":["退款",null],"b":1}'
