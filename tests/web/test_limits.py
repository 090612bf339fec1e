"""Every limit of SPEC 8 at the limit and one beyond, through the routes and into the columns of both engines."""

from typing import Any

import pytest

from tests.web.front import BODY, CLAIMS, STATUS, Front, flaw, form_key, problem, yuan

ASTRAL = "𠮷"  # one character, two UTF-16 units, four bytes
CAP = 256 * 1024


def item(amount: str) -> dict[str, Any]:
    return {"kind": "refund", "asked": yuan(amount)}


@pytest.mark.parametrize(
    ("within", "beyond", "at"),
    [
        ({"facts": ASTRAL * 4000}, {"facts": ASTRAL * 4001}, ("/facts", "too_long")),
        ({"visitor": {"name": ASTRAL * 80}}, {"visitor": {"name": ASTRAL * 81}}, ("/visitor/name", "too_long")),
        ({"respondent": {"name": ASTRAL * 80}}, {"respondent": {"name": ASTRAL * 81}}, ("/respondent/name", "too_long")),
        ({"order_no": ASTRAL * 80}, {"order_no": ASTRAL * 81}, ("/order_no", "too_long")),
        ({"items": [item("1")] * 20}, {"items": [item("1")] * 21}, ("/items", "too_many")),
        ({"people": 1}, {"people": 0}, ("/people", "too_small")),
        ({"people": 9999}, {"people": 10_000}, ("/people", "too_large")),
        ({"items": [item("10000000.00")]}, {"items": [item("10000000.01")]}, ("/items/0/asked/amount", "bad_amount")),
        ({"items": [item("0.01")]}, {"items": [item("0.00")]}, ("/items/0/asked/amount", "bad_amount")),
        ({"items": [item("5000000.00")] * 2}, {"items": [item("5000000.00"), item("5000000.01")]}, ("/items", "too_large")),
        ({"departs_at": "2100-01-01T00:00:00Z"}, {"departs_at": "2100-01-02T00:00:00Z"}, ("/departs_at", "bad_date")),
        ({"contract_ended_on": "2000-01-01"}, {"contract_ended_on": "1999-12-31"}, ("/contract_ended_on", "bad_date")),
    ],
)
async def test_a_lodging_within_and_beyond_each_limit(
    front: Front, within: dict[str, Any], beyond: dict[str, Any], at: tuple[str, str]
) -> None:
    lodged = await front.lodge(**within)
    assert lodged.status_code == 201
    reference = lodged.json()["reference"]
    assert (await front.get(reference, "olga")).status_code == 200
    assert (await front.get(f"{reference}/triage", "olga")).status_code == 200
    assert (await front.look((await front.slip(reference)).pair)).status_code == 200
    refused = await front.lodge(**beyond)
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), at)
    assert await front.counted("claim") == 1


@pytest.mark.parametrize(
    ("state", "path", "name", "most"),
    [
        ("received", "messages", "text", 2000),
        ("received", "notes", "text", 2000),
        ("awaiting_information", "answers", "text", 2000),
        ("awaiting_information", "no-answer", "reason", 2000),
        ("received", "withdraw", "text", 2000),
        ("withdrawn", "reopen", "text", 2000),
        ("received", "contact-view", "reason", 2000),
        ("received", "slip", "reason", 2000),
        ("received", "contact", "name", 80),
    ],
)
async def test_words_of_officers_within_and_beyond_their_limit(front: Front, state: str, path: str, name: str, most: int) -> None:
    reference = await front.brought_to(state)
    refused = await front.post(f"{reference}/{path}", "ma", {name: ASTRAL * (most + 1)})
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), (f"/{name}", "too_long"))
    assert (await front.post(f"{reference}/{path}", "ma", {name: ASTRAL * most})).status_code == 200


@pytest.mark.parametrize(
    ("state", "act"),
    [("awaiting_information", "answer"), ("fast_refund", "object"), ("docketed", "withdraw"), ("withdrawn", "reopen")],
)
async def test_words_of_visitors_within_and_beyond_their_limit(front: Front, state: str, act: str) -> None:
    slip = await front.slip(await front.brought_to(state))
    refused = await front.visit(slip, act, text=ASTRAL * 2001)
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), ("/text", "too_long"))
    assert (await front.visit(slip, act, text=ASTRAL * 2000)).status_code == 200
    assert (await front.status(slip))["sentence"]


async def test_reason_and_findings_within_and_beyond_their_limit(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    path = f"{CLAIMS}/{reference}/assessment"
    for name, most in (("note", 2000), ("ground", 400)):
        refused = await front.call("PUT", path, "olga", json={name: ASTRAL * (most + 1)}, version=1)
        assert (problem(refused), flaw(refused)) == ((422, "bad_input"), (f"/{name}", "too_long"))
    body = {"note": ASTRAL * 2000, "ground": ASTRAL * 400}
    assert (await front.call("PUT", path, "olga", json=body, version=1)).status_code == 200
    for length, status in ((2001, 422), (2000, 200)):
        answer = await front.post(f"{reference}/triage", "olga", {"override": "docket", "reason": ASTRAL * length})
        assert answer.status_code == status


async def test_words_of_the_page_within_and_beyond_their_limit(front: Front) -> None:
    slip = await front.slip(await front.house.docketed())
    client = front.from_network("192.0.2.88")
    await client.get(f"/s/{slip.token}")
    key = form_key((await client.get("/status")).text, "withdraw")
    for text in (ASTRAL * 2001, "a\0b"):
        assert (await client.post("/status/withdraw", data={"text": text, "key": key})).status_code == 422
    assert (await client.post("/status/withdraw", data={"text": ASTRAL * 2000, "key": key})).status_code == 303
    assert (await front.claim(slip.reference)).state == "withdrawn"


@pytest.mark.parametrize(("size", "status"), [(CAP, 422), (CAP + 1, 413)])
@pytest.mark.parametrize("path", [CLAIMS, STATUS])
async def test_a_body_is_256_kilobytes_at_most(sqlite_front: Front, path: str, size: int, status: int) -> None:
    bare = b'{"facts":""}' if path == CLAIMS else b'{"token":""}'
    content = bare[:-2] + b"x" * (size - len(bare)) + bare[-2:]
    headers = {"Content-Type": "application/json"}
    answer = await sqlite_front.call("POST", path, "olga", headers=headers, content=content)
    assert (len(content), answer.status_code) == (size, status)
    assert problem(answer)[1] == ("bad_input" if status == 422 else "body_too_large")
    assert len(answer.content) < 5000


RAW = [b'"a\\u0000b"', b'"a\\ud800b"', b'"\\udc00"', b'"a\\u0007b"']


@pytest.mark.parametrize("raw", RAW)
@pytest.mark.parametrize("field", ["facts", "order_no", "spot", "visitor", "respondent"])
async def test_nul_and_lone_surrogates_are_refused_in_every_text(sqlite_front: Front, field: str, raw: bytes) -> None:
    inner = b'{"name":%s}' % raw if field in ("visitor", "respondent") else raw
    body = {name: value for name, value in BODY.items() if name != field}
    content = sqlite_front.from_network("192.0.2.7").build_request("POST", CLAIMS, json=body).content
    sent = content[:-1] + b',"%s":%s}' % (field.encode(), inner)
    answer = await sqlite_front.call("POST", CLAIMS, "olga", headers={"Content-Type": "application/json"}, content=sent)
    pointer = f"/{field}/name" if field in ("visitor", "respondent") else f"/{field}"
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), (pointer, "bad_characters"))


@pytest.mark.parametrize("raw", RAW)
@pytest.mark.parametrize("path", ["messages", "notes", "withdraw", "triage", "links", "answers", "slip", "status", "answer"])
async def test_nul_and_lone_surrogates_are_refused_on_every_route(sqlite_front: Front, path: str, raw: bytes) -> None:
    front = sqlite_front
    reference = await front.house.waiting()
    name = {"links": b"reference", "slip": b"reason", "triage": b"reason", "status": b"token"}.get(path, b"text")
    sent = b"{%s%s:%s}" % (b'"override":"docket",' if path == "triage" else b"", b'"%s"' % name, raw)
    where = {"status": STATUS, "answer": f"{STATUS}/answer"}.get(path, f"{CLAIMS}/{reference}/{path}")
    answer = await front.call("POST", where, "ma", headers={"Content-Type": "application/json"}, content=sent)
    assert answer.status_code in ((400, 404, 422) if path == "status" else (422,))
    assert (await front.claim(reference)).version == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"a":1}{"b":2}', b"NaN", b"[" * 100_000])
@pytest.mark.parametrize("path", [CLAIMS, STATUS, f"{STATUS}/answer"])
async def test_what_is_no_json_object_is_refused(sqlite_front: Front, path: str, content: bytes) -> None:
    answer = await sqlite_front.call("POST", path, "olga", headers={"Content-Type": "application/json"}, content=content)
    assert problem(answer) in ((400, "malformed_json"), (422, "bad_input"))
