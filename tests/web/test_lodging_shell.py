"""The thin shell before lodging and the ordinary route behind it take and refuse the same: one contract, both asked."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from starlette.routing import Match

from desk.web.api.lodging import route
from tests.web.front import BODY, CLAIMS, Front, yuan

USUAL, UNUSUAL = "application/json", "application/json; charset=utf-8"
"""With a parameter the shell lets a request pass to the route behind it."""

OF_ITS_OWN = ("reference", "access_code", "status_url")
NOBODY: Mapping[str, str] = {}


def told(**changed: Any) -> bytes:  # noqa: ANN401 - JSON
    """The usual body with some fields changed."""
    return json.dumps({**BODY, **changed}).encode()


def without(field: str) -> bytes:
    """The usual body, a field short."""
    return json.dumps({name: value for name, value in BODY.items() if name != field}).encode()


def asking(*items: Any) -> bytes:  # noqa: ANN401 - JSON
    """The usual body with other items."""
    return told(items=list(items))


BODIES: Mapping[str, bytes] = {
    "usual": told(),
    "few words": json.dumps({"site": "huangshan", "channel": "counter", "category": "other", "facts": "x"}).encode(),
    "respondent not sure": told(respondent=None),
    "respondent empty": told(respondent={}),
    "respondent by unknown id": told(respondent={"id": "123456789"}),
    "respondent id beyond the column": told(respondent={"id": str(2**63)}),
    "foreign site": told(site="gulangyu"),
    "absent site": told(site="nowhere"),
    "site of capitals": told(site="HUANGSHAN"),
    "unknown spot": told(spot="moon"),
    "poster": told(channel="poster"),
    "unknown channel": told(channel="pigeon"),
    "unknown category": told(category="magic"),
    "facts at the limit": told(facts="是" * 4000),
    "facts beyond the limit": told(facts="是" * 4001),
    "facts with NUL": told(facts="a\0b"),
    "facts empty": told(facts=""),
    "facts of blanks": told(facts="   "),
    "facts a number": told(facts=7),
    "lone surrogate": told().replace(b"north-gate", b"north-gate", 1).replace(b'"facts": "', b'"facts": "\\ud800', 1),
    "twenty items": asking(*[{"kind": "refund", "asked": None}] * 20),
    "twenty-one items": asking(*[{"kind": "refund", "asked": None}] * 21),
    "largest amount": asking({"kind": "refund", "asked": yuan("10000000.00")}),
    "amount too large": asking({"kind": "refund", "asked": yuan("10000000.01")}),
    "amount a number": asking({"kind": "refund", "asked": {"amount": 1.5, "currency": "CNY"}}),
    "amount of three places": asking({"kind": "refund", "asked": yuan("1.005")}),
    "amount not a number": asking({"kind": "refund", "asked": yuan("NaN")}),
    "another currency": asking({"kind": "refund", "asked": {"amount": "1.00", "currency": "USD"}}),
    "items an object": told(items={}),
    "people a text": told(people="3"),
    "people none": told(people=0),
    "people a truth": told(people=True),
    "flag a number": told(flags={"injury": 1}),
    "date no date": told(occurred_on="2026-02-30"),
    "date with a time": told(occurred_on="2026-02-03T00:00:00"),
    "departure without offset": told(departs_at="2026-09-09T18:20:00"),
    "departure a number": told(departs_at=1789000000),
    "phone no phone": told(visitor={"phone": "abc"}),
    "language unknown": told(visitor={"language": "xx-very-long-tag-that-is-none"}),
    "surplus field": told(surplus=1),
    "surplus inside": told(visitor={"surplus": 1}),
    "no site": without("site"),
    "no facts": without("facts"),
    "empty": b"",
    "blank": b"  ",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"text"',
    "a number": b"1",
    "half": b'{"site": ',
    "two": told() + told(),
    "single quotes": b"{'site': 1}",
    "not UTF-8": b'{"site": "\xff"}',
    "UTF-16": told().decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + told(),
    "NaN": told().replace(b'"north-gate"', b"NaN"),
    "field twice": told()[:-1] + b', "site": "gulangyu"}',
    "very deep": b"[" * 100_000,
    "a long number": told().replace(b'"north-gate"', b"9" * 5000),
}  # fmt: skip


@pytest.mark.parametrize("by", ["olga", "chen", None])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_shell_and_ordinary_route_answer_alike(sqlite_front: Front, body: bytes, by: str | None) -> None:
    thin, full = [await lodged(sqlite_front, body, by, kind) for kind in (USUAL, UNUSUAL)]
    assert thin == full
    assert thin[0] in (201, 400, 401, 403, 404, 422)


@pytest.mark.parametrize("headers", [
    {"Idempotency-Key": ""}, {"Idempotency-Key": "k" * 128}, {"Idempotency-Key": "k" * 129}, {"Idempotency-Key": "a b"},
    {"Authorization": "Bearer "}, {"Authorization": "Bearer desk_wrong"}, {"Authorization": "Basic b2xnYQ=="},
    {"Authorization": ""},
    {"Accept-Language": "zh-CN"}, {"Accept-Language": "tlh"},
], ids=str)  # fmt: skip
async def test_so_they_do_for_headers_that_are_not_as_they_should_be(sqlite_front: Front, headers: Mapping[str, str]) -> None:
    thin, full = [await lodged(sqlite_front, told(), "olga", kind, headers) for kind in (USUAL, UNUSUAL)]
    assert thin == full


@pytest.mark.parametrize("body", ["usual", "empty", "null", "half", "no site"])
async def test_so_they_do_in_the_order_in_which_they_look(sqlite_front: Front, body: str) -> None:
    nobody = {"Authorization": "Bearer desk_wrong", "Idempotency-Key": "a b"}
    thin, full = [await lodged(sqlite_front, BODIES[body], None, kind, nobody) for kind in (USUAL, UNUSUAL)]
    assert thin == full


async def test_without_a_key_both_ask_for_one(sqlite_front: Front) -> None:
    kinds = [{"Content-Type": USUAL}, {"Content-Type": UNUSUAL}]
    answers = [await sqlite_front.call("POST", CLAIMS, "olga", headers=kind, content=told(), key=None) for kind in kinds]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(400, "idempotency_key_missing")}


async def test_what_one_has_answered_the_other_replays_to_the_byte(front: Front) -> None:
    kinds = [{"Content-Type": USUAL}, {"Content-Type": UNUSUAL}]
    first, again = [await front.call("POST", CLAIMS, "olga", headers=kind, content=told(), key="the-same") for kind in kinds]
    assert (first.status_code, again.status_code, again.headers["idempotent-replayed"]) == (201, 201, "true")
    assert again.content == first.content
    assert await front.counted("claim") == 1


@pytest.mark.parametrize(("kinds", "query", "taken"), [
    ([USUAL], b"", True), ([UNUSUAL], b"", False), ([], b"", False), ([USUAL, USUAL], b"", False), ([USUAL], b"a=1", False),
    (["text/plain"], b"", False),
])  # fmt: skip
def test_the_shell_takes_only_what_is_usual(kinds: list[str], query: bytes, taken: bool) -> None:
    headers = [(b"content-type", kind.encode()) for kind in kinds]
    scope = {"type": "http", "method": "POST", "path": CLAIMS, "root_path": "", "headers": headers, "query_string": query}
    assert route.matches(scope)[0] is (Match.FULL if taken else Match.NONE)


async def lodged(front: Front, body: bytes, by: str | None, kind: str, headers: Mapping[str, str] = NOBODY) -> Any:  # noqa: ANN401
    """Status, headers and body of an answer, without what is each claim's own."""
    sent = {"Content-Type": kind, **headers}
    answer = await front.call("POST", CLAIMS, by, content=body, key=None if "Idempotency-Key" in headers else "new", headers=sent)
    found = answer.json()
    if answer.status_code == 201:
        assert all(found.pop(field) for field in OF_ITS_OWN)
        found.pop("duplicates")
    found.pop("trace_id", None)
    return answer.status_code, answer.headers["content-type"], answer.headers.get("retry-after"), found
