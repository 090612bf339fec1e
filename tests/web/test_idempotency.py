"""The same key and body give the same answer to the byte, once; anything else is refused."""

import asyncio
import hashlib
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, text

from tests.web.front import BODY, CLAIMS, STATUS, Front, flaw, problem, yuan

OTHER_BODY = {**BODY, "people": 2}


async def test_a_lodging_sent_again_gives_the_same_bytes_code_included(front: Front) -> None:
    first = await front.lodge(key="k-1")
    front.house.clock.go(days=2)
    again = await front.lodge(key="k-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.json()["access_code"] == (await front.slip(first.json()["reference"])).code
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    assert await front.counted("claim") == await front.counted("idempotency_key") == 1


async def test_the_poster_can_send_again_too(front: Front) -> None:
    first, again = [await front.lodge(None, channel="poster", key="k-1") for _ in range(2)]
    assert first.content == again.content
    assert await front.counted("claim") == 1


async def test_a_key_belongs_to_one_actor(front: Front) -> None:
    references = {(await front.lodge(by, key="k-1")).json()["reference"] for by in ("olga", "otto", "ma")}
    assert len(references) == 3


async def test_a_key_used_with_another_body_is_refused(front: Front) -> None:
    await front.lodge(key="k-1")
    assert problem(await front.call("POST", CLAIMS, "olga", json=OTHER_BODY, key="k-1")) == (422, "idempotency_key_reused")
    reference = await front.house.fast()
    assert (await front.post(f"{reference}/notes", "olga", {"text": "one"}, key="k-2")).status_code == 200
    assert problem(await front.post(f"{reference}/notes", "olga", {"text": "two"}, key="k-2")) == (422, "idempotency_key_reused")
    other = await front.house.fast()
    assert problem(await front.post(f"{other}/notes", "olga", {"text": "one"}, key="k-2")) == (422, "idempotency_key_reused")


async def test_a_key_is_needed_where_claims_are_lodged_and_decided(sqlite_front: Front) -> None:
    front = sqlite_front
    assert problem(await front.lodge(key=None)) == (400, "idempotency_key_missing")
    reference = (await front.lodge()).json()["reference"]
    answer = await front.post(f"{reference}/triage", "olga", {"confirm": "docket"}, key=None)
    assert problem(answer) == (400, "idempotency_key_missing")
    assert (await front.post(f"{reference}/notes", "olga", {"text": "x"}, key=None)).status_code == 200


@pytest.mark.parametrize(
    ("key", "kept"), [("k" * 128, True), ("!~", True), ("k" * 129, False), ("a b", False), ("", False), ("ä", False)]
)
async def test_a_key_is_up_to_128_visible_characters(front: Front, key: str, kept: bool) -> None:
    answer = await front.call(
        "POST", CLAIMS, "olga", json=dict(BODY), key=None, headers={"Idempotency-Key": key.encode("latin-1")}
    )
    if kept:
        assert answer.status_code == 201
    else:
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/Idempotency-Key", "bad_key"))


ROUTES: list[tuple[str, str, dict[str, Any]]] = [
    ("received", "triage", {"override": "docket", "reason": "x"}),
    ("received", "messages", {"text": "x", "question": True}),
    ("received", "notes", {"text": "x"}),
    ("received", "contact", {"phone": None}),
    ("awaiting_information", "answers", {"text": "x"}),
    ("awaiting_information", "no-answer", {"reason": "x"}),
    ("docketed", "withdraw", {"text": "x"}),
    ("withdrawn", "reopen", {"text": "x"}),
    ("docketed", "triage", {"override": "refuse", "reason": "x"}),
]


@pytest.mark.parametrize(("state", "route", "body"), ROUTES)
async def test_every_act_of_an_officer_takes_effect_once(front: Front, state: str, route: str, body: dict[str, Any]) -> None:
    reference = await front.brought_to(state)
    first, again = [await front.post(f"{reference}/{route}", "ma", body, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)
    assert (first.headers.get("idempotent-replayed"), again.headers.get("idempotent-replayed")) == (None, "true")
    assert first.json()["version"] == (await front.claim(reference)).version
    assert (
        len({event.request_id for event in await front.events(reference) if event.request_id == first.headers["x-request-id"]})
        == 1
    )
    assert again.headers["x-request-id"] not in {event.request_id for event in await front.events(reference)}


@pytest.mark.parametrize(
    ("state", "act"),
    [("awaiting_information", "answer"), ("fast_refund", "object"), ("docketed", "withdraw"), ("withdrawn", "reopen")],
)
async def test_every_act_of_a_visitor_takes_effect_once(front: Front, state: str, act: str) -> None:
    slip = await front.slip(await front.brought_to(state))
    body = {"token": slip.token, "text": "x"}
    first, again = [await front.call("POST", f"{STATUS}/{act}", json=body, key="k-1") for _ in range(2)]
    assert (first.status_code, again.status_code, first.content) == (200, 200, again.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(await front.messages(slip.reference)) == 1


async def test_a_link_sent_again_is_the_same_link(front: Front) -> None:
    one, other = [(await front.house.lodge()).reference for _ in range(2)]
    first, again = [await front.post(f"{one}/links", "olga", {"reference": other}, key="k-1") for _ in range(2)]
    assert (first.status_code, first.content) == (200, again.content)


async def test_a_refusal_is_not_remembered_so_that_the_same_request_can_succeed_later(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    body = {"confirm": "fast_refund", "amount": yuan("100.00")}
    assert problem(await front.post(f"{reference}/triage", "olga", body, key="k-1")) == (409, "verdict_changed")
    await front.house.assess(reference)
    assert (await front.post(f"{reference}/triage", "olga", body, key="k-1")).status_code == 200


async def test_a_replay_shows_the_old_answer_even_when_the_claim_has_moved_on(front: Front) -> None:
    reference = await front.house.docketed()
    first = await front.post(f"{reference}/withdraw", "ma", {"text": "x"}, key="k-1")
    await front.house.reopen(reference)
    assert (await front.post(f"{reference}/withdraw", "ma", {"text": "x"}, key="k-1")).content == first.content
    assert (await front.claim(reference)).state == "received"


async def test_while_the_first_is_in_flight_a_second_is_told_to_wait(front: Front) -> None:
    answers = await asyncio.gather(*(front.lodge(key="k-1") for _ in range(8)))
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len(done) + len(waiting) == 8
    assert {answer.content for answer in done} == {done[0].content}
    assert {problem(answer) for answer in waiting} == {(409, "idempotency_key_in_flight")}
    assert {answer.headers["retry-after"] for answer in waiting} == {"1"}
    assert await front.counted("claim") == 1
    assert (await front.lodge(key="k-1")).content == done[0].content


async def test_eight_different_keys_lodge_eight_claims_at_once(front: Front) -> None:
    answers = await asyncio.gather(*(front.lodge(key=f"k-{place}") for place in range(8)))
    assert len({answer.json()["reference"] for answer in answers}) == 8


async def test_a_slip_issued_again_under_one_key_is_one_slip_and_its_code_is_stored_nowhere(front: Front) -> None:
    reference = await front.house.fast()
    old = await front.slip(reference)
    first, again = [await front.post(f"{reference}/slip", "olga", {"reason": "lost"}, key="k-1") for _ in range(2)]
    assert first.content == again.content
    assert again.headers["idempotent-replayed"] == "true"
    assert first.json()["access_code"] == (await front.slip(reference)).code != old.code
    assert [event.kind for event in await front.events(reference)].count("slip_reissued") == 1


async def test_a_contact_seen_again_under_one_key_is_one_view(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    first, again = [await front.post(f"{reference}/contact-view", "olga", {"reason": "call back"}, key="k-1") for _ in range(2)]
    assert first.content == again.content
    assert first.json()["phone"] == BODY["visitor"]["phone"]
    assert [event.kind for event in await front.events(reference)].count("contact_viewed") == 1


async def test_what_is_kept_of_a_request_does_not_give_its_access_code_away(front: Front) -> None:
    slip = await front.slip(await front.house.fast())
    body = {"reference": slip.reference, "access_code": slip.code, "text": "x"}
    await front.call("POST", f"{STATUS}/withdraw", json=body, key="k-1")
    with_code = hashlib.sha256(f"{STATUS}/withdraw\n".encode() + httpx.Request("POST", "http://t", json=body).content).digest()
    kept = await front.house.desk.read(_fingerprints)
    assert len(kept) == 1
    assert with_code not in kept


def _fingerprints(conn: Connection) -> list[bytes]:
    return list(conn.execute(text("SELECT fingerprint FROM idempotency_key")).scalars())
