"""Each invariant against raw damage: exactly the one that is broken turns red, on both engines."""

from typing import Any

import pytest

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from tests.builders import KEYS
from tests.verify import breaking
from tests.verify.breakages_of_alerts import OF_ALERTS
from tests.verify.breakages_of_digests import OF_DIGESTS
from tests.verify.breakages_of_handoffs import OF_HANDOFFS
from tests.verify.breakages_of_incidents import OF_INCIDENTS
from tests.verify.breakages_of_money import OF_MONEY
from tests.verify.breakages_of_returns import OF_RETURNS
from tests.verify.breaking import Breakage, answer_has, answer_with, at, by, code_in, code_of_keyed, forged, token_of_keyed, twice
from tests.verify.story import NAME, PHONE, Story

REOPENED_PLACE = "closed_at = NULL, due_at = (SELECT due_at FROM claim WHERE reference = '{withdrawn}')"
COUNTED_ON = "UPDATE counter SET value = value + 1 WHERE site_id = (SELECT site_id FROM claim WHERE reference = '{away}')"
ANOTHER_TIME = "at = (SELECT moved_at FROM claim WHERE reference = '{fast}')"
COPIED_NOTE = """INSERT INTO note (id, claim_id, officer_id, text, written_at)
    SELECT 5, {fast_id}, officer_id, text, written_at FROM note"""
COPIED_TRY = """INSERT INTO follow_up (id, claim_id, site_id, ended_at, kind, officer_id, month, written_at)
    SELECT 5, claim_id, site_id, ended_at, kind, officer_id, month, written_at FROM follow_up WHERE claim_id = {refused_id}"""
SEALED_WRONGLY = "sealed = (SELECT wrapped_key FROM person WHERE claim_id = {pictured_id})"
MOVED, ASSESSED = EventKind.MOVED, EventKind.ASSESSED

DECISIONS: list[tuple[str, str, Breakage]] = [
    ("I06", "the row owes more", at("claim", "fast", "decided_minor = 12900")),
    ("I06", "the row owes nothing", at("claim", "fast", "decided_minor = NULL")),
    ("I06", "the row owes on the docket", at("claim", "docketed", "decided_minor = 1")),
    ("I06", "decided at the limit", at("verdict", "overridden", "decided_minor = 500000", "made = 'overridden'")),
    ("I06", "decided above the principal", at("verdict", "fast", "decided_minor = 12801")),
    ("I06", "decided on a docket", at("verdict", "docketed", "decided_minor = 5")),
    ("I06", "another pack", at("verdict", "fast", "pack = 'cn-1999'")),
    ("I06", "another route of the rule", at("verdict", "fast", "rule_route = 'docket'")),
    ("I06", "a confirmed route that is not the rule's", at("verdict", "imported", "route = 'transfer'")),
    ("I06", "other facts", at("verdict", "refused", "facts = '{{}}'")),
    ("I06", "a figure of a reason", at("verdict", "docketed", "reasons = '[]'")),
    ("I06", "another sum asked", at("claim_item", "received", "asked_minor = 1")),
    ("I06", "another sum completed", at("claim_item", "completed", "asked_minor = 1")),
    ("I06", "a completed sum lost", at("claim_item", "completed", "asked_minor = NULL")),
    ("I06", "another respondent than was named", at("claim", "completed", "respondent_id = NULL")),
    ("I06", "an item lost", by("DELETE FROM claim_item WHERE claim_id = {received_id}")),
    ("I06", "its verdict elsewhere", at("verdict", "fast", "seq = seq + 7")),
]  # fmt: skip

ANSWERS: list[tuple[str, str, Breakage]] = [
    ("I15", "no JSON", answer_has("answer = 'ok'")),
    ("I15", "a claim that is not there", answer_has("answer = replace(answer, '{keyed_id}', '99')")),
    ("I15", "half a fingerprint", answer_has("fingerprint = substr(fingerprint, 1, 8)")),
    ("I15", "a key that nobody could send", answer_has("key = 'zwei Wörter'")),
    ("I15", "answered twice", twice("idempotency_key", "uq_idempotency_key_key_actor_route", "key = 'key-0001'")),
]  # fmt: skip

RECORDS: list[tuple[str, str, Breakage]] = [
    ("I18", "no audit event", by("DELETE FROM event WHERE subject = 'claim:{received_id}'")),
    ("I18", "no person", by("DELETE FROM person WHERE claim_id = {received_id}")),
    ("I18", "rows without their claim", by("DELETE FROM claim WHERE reference = '{silent}'")),
    ("I18", "no place on the docket", at("docket_entry", "docketed", "closed_at = docketed_at")),
    ("I18", "still on the docket", at("docket_entry", "withdrawn", REOPENED_PLACE)),
    ("I18", "its place is another site's", at("docket_entry", "docketed", "leaves_at = docketed_at")),
    ("I18", "a case number skipped", at("docket_entry", "docketed", "case_no = '2026-00077'")),
    ("I18", "the counter elsewhere", by(COUNTED_ON)),
    ("I18", "a note without its event", by(COPIED_NOTE)),
    ("I18", "an event without its note", by("DELETE FROM note WHERE claim_id = {noted_id}")),
    ("I18", "a message lost", by("DELETE FROM message WHERE claim_id = {asked_id} AND kind = 'question'")),
    ("I18", "an answer lost", by("DELETE FROM message WHERE claim_id = {answered_id}")),
    ("I18", "findings lost", by("DELETE FROM assessment WHERE claim_id = {transferred_id}")),
    ("I18", "findings denied", at("claim", "fast", "assessed = (1 = 0)")),
    ("I18", "a link lost", by("DELETE FROM claim_link")),
    ("I18", "a rating lost", by("DELETE FROM follow_up WHERE claim_id = {transferred_id}")),
    ("I18", "another rating than was given", at("follow_up", "transferred", "rating = 1")),
    ("I18", "a try of no end", at("follow_up", "refused", "ended_at = written_at")),
    ("I18", "a try that was not told", by(COPIED_TRY)),
    ("I18", "a slip that nobody issued", at("claim", "fast", "generation = 2")),
]  # fmt: skip

CHAINS: list[tuple[str, str, Breakage]] = [
    ("I22", "the row is elsewhere", at("claim", "refused", "state = 'transferred'")),
    ("I22", "the row moved at another time", at("claim", "refused", "moved_at = lodged_at")),
    ("I22", "the row's route", at("claim", "docketed", "route = 'refuse'")),
    ("I22", "a move outside the table", forged("received", MOVED, to_state="docketed")),
    ("I22", "a move from nowhere", forged("received", MOVED, from_state="closed")),
    ("I22", "an override without a reason", forged("overridden", Step.OVERRIDE_FAST_REFUND, reason=None)),
    ("I22", "a withdrawal by an officer without a reason", forged("reopened", Step.WITHDRAW, reason=" ")),
    ("I22", "no actor", forged("received", MOVED, actor="")),
    ("I22", "an officer who never was", forged("received", MOVED, actor="officer:12")),
    ("I22", "no role", forged("noted", EventKind.NOTE_WRITTEN, role="")),
    ("I22", "a role that may not", forged("received", MOVED, role="cashier")),
    ("I22", "no request", forged("noted", EventKind.NOTE_WRITTEN, request_id="")),
    ("I22", "no site", forged("noted", EventKind.NOTE_WRITTEN, site_id=None)),
    ("I23", "a word changed", at("event", "noted", "request_id = 'other'", "seq = 2")),
    ("I23", "a hash changed", at("event", "fast", "hash = prev_hash", "seq = 2")),
    ("I23", "an officer's chain changed", by("UPDATE event SET data = '{{}}' WHERE kind = 'token_issued'")),
    ("I23", "the calendar of a site changed", by("UPDATE event SET request_id = 'x' WHERE kind = 'site_added'")),
    ("I23", "a gap", at("event", "received", "seq = seq + 1", "seq = 2")),
    ("I23", "a chain that begins elsewhere", at("event", "received", "prev_hash = substr(hash, 1, 31)", "seq = 1")),
    ("I23", "another time", at("event", "noted", ANOTHER_TIME, "kind = 'note_written'")),
]  # fmt: skip

PERSONS: list[tuple[str, str, Breakage]] = [
    ("I24", "another commitment in the row", at("person", "fast", "commitment = 'ab'")),
    ("I24", "another commitment of an erased person", at("person", "erased", "commitment = 'ab'")),
    ("I24", "another commitment in the chain", forged("noted", EventKind.CONTACT_CHANGED, {"person": "ab"})),
    ("I24", "another name under the same key", breaking.sealed_otherwise),
    ("I24", "another person", breaking.committed_otherwise),
    ("I35", "the person of another claim", breaking.sealed_for_another),
    ("I35", "one bit", breaking.one_bit_of_the_seal),
    ("I35", "another master key's id", at("person", "fast", "key_id = '0123456789abcdef'")),
    ("I35", "plain text in the seal's place", at("person", "fast", "sealed = wrapped_key")),
    ("I35", "the keys of another desk", by("UPDATE installation SET pepper_id = '0123456789abcdef'")),
    ("I35", "a phone number in a reason", forged("fast", ASSESSED, reason=f"已致电 {PHONE[3:]} 核实")),
    ("I35", "an e-mail address in a reason", forged("fast", ASSESSED, reason="写信给 Mingyue@Example.com 核实")),
    ("I35", "a name in the chain", forged("fast", ASSESSED, {"said": f"{NAME}本人到场"})),
    ("I35", "a field of a person in the chain", forged("fast", ASSESSED, {"phone": "unknown"})),
    ("I35", "a name in an answer", answer_with(lambda _: f"尊敬的{NAME}")),
    ("I35", "a phone number in an answer", answer_with(lambda _: f"tel {PHONE}")),
]  # fmt: skip

FILES: list[tuple[str, str, Breakage]] = [
    ("I18", "a row without its file", at("evidence", "papered", "file_id = '0123456789abcdef0123456789abcdef'")),
    ("I18", "a file that was cut short", at("evidence", "papered", "size = size + 1")),
    ("I18", "evidence that nobody added", at("evidence", "pictured", "kind = 'png'")),
    ("I18", "evidence lost", by("DELETE FROM evidence WHERE claim_id = {pictured_id}")),
    ("I18", "a file deleted", breaking.without_file("papered", ".original")),
    ("I18", "a file truncated", breaking.with_file("papered", ".original", b"x" * 40)),
    ("I18", "a file that has lain for days without a row", breaking.forgotten_file),
    ("I24", "another commitment of a file", at("evidence", "pictured", "commitment = 'ab'")),
    ("I24", "another commitment of an erased visitor's file", at("evidence", "erased", "commitment = 'ab'")),
    ("I24", "another file in the chain", forged("papered", EventKind.EVIDENCE_ADDED, {"commitment": "ab"})),
    ("I35", "a name that does not open", at("evidence", "pictured", SEALED_WRONGLY)),
    ("I39", "a picture without its copy", breaking.without_file("pictured", ".view")),
    ("I39", "a PDF with something to show", breaking.with_file("papered", ".view", b"x" * 40)),
]  # fmt: skip

LONG_AFTER = "next_at = '2099-01-01T00:00:00.000000Z'"
DEADLINES: list[tuple[str, str, Breakage]] = [
    ("I25", "a clock is missing", by("DELETE FROM clock WHERE claim_id = {fast_id} AND kind = 'auto_receipt'")),
    ("I25", "a clock ended otherwise", at("clock", "fast", "state = 'void'", "kind = 'first_answer'")),
    ("I25", "a clock stopped earlier", breaking.stop_moved),
    ("I25", "a clock too many", breaking.clock_too_many),
    ("I25", "a clock twice", twice("clock", "uq_clock_claim_id_kind_base_at", "claim_id = {fast_id} AND kind = 'auto_receipt'")),
    ("I25", "a running clock that nobody looks at", at("clock", "docketed", "next_at = NULL", "kind = 'mediation'")),
    ("I25", "a running clock looked at too late", at("clock", "docketed", LONG_AFTER, "kind = 'mediation'")),
    ("I25", "somebody told before the time", breaking.told_early),
    ("I25", "two last words on one clock", breaking.told_twice),
    ("I26", "longer than a manager said", breaking.longer_by_itself),
    ("I26", "due at another time", at("clock", "fast", "due_at = base_at", "kind = 'acceptance'")),
    ("I26", "due at another time, void", at("clock", "withdrawn", "due_at = base_at", "kind = 'mediation'")),
    ("I26", "the claim shows another time", at("claim", "received", "due_at = lodged_at")),
    ("I26", "the docket shows another time", at("docket_entry", "docketed", "due_at = docketed_at")),
    ("I26", "said to be provisional", at("clock", "received", "provisional = (1 = 1), next_at = NULL", "kind = 'acceptance'")),
    ("I26", "a calendar that is not kept", at("clock", "fast", "calendar = '2026-000000'")),
    ("I26", "a calendar without a year", at("clock", "fast", "calendar = 'zero'")),
    ("I26", "another pack for a clock", at("clock", "fast", "pack = 'cn-2010'", "kind = 'acceptance'")),
    ("I26", "another pack for the claim", at("claim", "received", "pack = 'cn-2010'")),
    ("I26", "a holiday that was none", by("INSERT INTO calendar_day (id, on_day, works) VALUES (1, '2026-09-10', (1 = 0))")),
    ("I29", "a message with the code", code_in("message", "text", "asked")),
    ("I29", "a note with the code", code_in("note", "text", "noted", 2)),
    ("I29", "a number with the code", code_in("handed_in", "number", "handed_in")),
    ("I29", "a comment with the code", code_in("follow_up", "comment", "transferred")),
    ("I29", "facts with the code", code_in("claim", "facts", "fast")),
    ("I29", "findings with the code", code_in("assessment", "note", "fast")),
    ("I29", "a reason with the token", breaking.token_in_the_chain),
    ("I29", "an answer with the code", answer_with(code_of_keyed)),
    ("I29", "an answer with the token", answer_with(token_of_keyed)),
    ("I29", "an officer's token", answer_with(lambda _: "desk_0123456789ABCDEFGHJKMNPQRSTVWXYZ")),
]  # fmt: skip

SEAT = """INSERT INTO officer_session (id, officer_id, token_hash, begun_at, seen_at, passed_at)
    SELECT 1, id, 'f00d', added_at, added_at, {passed} FROM officer WHERE name = 'Abel'"""
DISABLED = "UPDATE officer SET disabled_at = added_at WHERE name = 'Abel'"
STAFF: list[tuple[str, str, Breakage]] = [
    ("I34", "a session that nobody signed in for", by(SEAT.replace("{passed}", "added_at"))),
    ("I34", "a session of a disabled officer", by(SEAT.replace("{passed}", "NULL"), DISABLED)),
]

OF_PARTS = [*OF_MONEY, *OF_RETURNS, *OF_ALERTS, *OF_DIGESTS, *OF_HANDOFFS, *OF_INCIDENTS]
BREAKAGES = [*STAFF, *DECISIONS, *ANSWERS, *RECORDS, *CHAINS, *PERSONS, *FILES, *DEADLINES, *OF_PARTS]
FIRST = dict(reversed([(invariant, name) for invariant, name, _ in BREAKAGES]))
"""One breakage of each invariant before every landing; all the others in the gate."""


def _seen(invariant: str, name: str, damage: Breakage) -> Any:  # noqa: ANN401 - pytest's own
    marks = [] if FIRST[invariant] == name else [pytest.mark.slow]
    return pytest.param(invariant, damage, id=f"{invariant} {name}", marks=marks)


@pytest.mark.parametrize(("invariant", "damage"), [_seen(*breakage) for breakage in BREAKAGES])
def test_exactly_the_broken_invariant_turns_red(story_kept: tuple[str, Story], invariant: str, damage: Breakage) -> None:
    report = breaking.broken(*story_kept, damage)
    found = breaking.red(report)
    assert set(found) == {invariant}, found
    assert not report.ok
    for plain in (NAME, PHONE, PHONE[3:], "mingyue", KEYS.master.hex()):
        assert plain not in str(report.as_json())


def test_every_invariant_that_is_listed_has_been_seen_red() -> None:
    from desk.reads.verify import IDS

    assert {invariant for invariant, _, _ in BREAKAGES} == IDS
