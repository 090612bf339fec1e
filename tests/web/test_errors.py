"""Every error is a problem of ours: stable code, the reader's language, a pointer to what is wrong, never the input."""

import hashlib
import json
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any

import httpx
import msgspec
import pytest
from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from desk.domain import errors
from desk.domain.policy import Kind, Viewer
from desk.web.deps import AnyViewer, IfMatch, Network, Officer, OptionalKey, ReaderLanguage, Reference, RequiredKey
from desk.web.hot import HotDocs, HotRoute
from desk.web.problems import MOST_FLAWS, STATUS
from desk.wording.refusals import PROBLEMS, WEB_REFUSALS
from tests.house.test_refusals import every_refusal
from tests.web.shell import PHONE, Doors, calling, shell

router = APIRouter(prefix="/api/v1/things", tags=["things"])


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


def _plain(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("bad_characters", "NUL")
    return text


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ByName(Strict):
    name: Annotated[str, Field(max_length=5), AfterValidator(_plain)]


class ById(Strict):
    id: Annotated[int, Field(le=10)]


class Thing(Strict):
    colour: Colour = Colour.RED
    who: ById | ByName | None = None
    many: Annotated[list[int], Field(max_length=2)] = []
    must: bool


class Wanted(Strict):
    limit: Annotated[int, Field(ge=1, le=100)] = 50


@router.get("", name="things_list")
async def list_things(wanted: Annotated[Wanted, Query()]) -> int:
    return wanted.limit


@router.post("", name="things_add")
async def add_thing(thing: Thing, key: RequiredKey) -> str:
    return key


@router.put("/{reference}", name="things_change")
async def change_thing(reference: Reference, version: IfMatch) -> Any:  # noqa: ANN401
    return {"reference": reference, "version": version}


@router.post("/visit", name="things_visit")
async def visit(viewer: AnyViewer, key: OptionalKey, network: Network, language: ReaderLanguage) -> Any:  # noqa: ANN401
    return {"kind": viewer.kind, "request": viewer.request_id, "key": key, "network": network, "language": language}


@router.get("/me/{number}", name="things_me")
async def me(number: int, officer: Officer) -> str:
    return officer.name


REFUSALS: dict[str, Callable[[], Exception]] = {
    "stale": lambda: errors.StaleVersion(etag='"7"'),
    "throttled": lambda: errors.TooManyTries(retry_after=90),
    "in-flight": errors.KeyInFlight,
    "busy": errors.Busy,
    "full": errors.StorageFull,
    "field": lambda: errors.BadInput("/items/0/asked", "too_large", limit="10"),
    "query": lambda: errors.BadInput("?cursor", "bad_cursor"),
    "teapot": lambda: HTTPException(418, PHONE),
    "gone": lambda: HTTPException(503, PHONE),
    "struct": lambda: msgspec.DecodeError(PHONE),
}


@router.delete("/{name}", name="things_refuse")
async def refuse(name: str) -> None:
    refusal = REFUSALS[name]()
    raise refusal


class Key(msgspec.Struct, forbid_unknown_fields=True):
    token: Annotated[str, msgspec.Meta(max_length=5)]


async def hot(request: Request) -> Response:
    token = msgspec.json.decode(await request.body(), type=Key).token
    if token == "bug":
        raise ArithmeticError
    return JSONResponse(token)


class Answer(BaseModel):
    token: str


HOT = HotRoute("/api/v1/hot", hot, method="POST", name="hot_read", docs=HotDocs("Hot", gives=Answer, takes=Key))


async def ask(method: str, path: str, doors: Doors | None = None, **request: Any) -> httpx.Response:  # noqa: ANN401
    async with calling(shell(router, hot=[HOT], doors=doors)) as client:
        answer = await client.request(method, f"/api/v1{path}", **request)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        told = answer.json()
        assert told["status"] == answer.status_code
        assert told["type"] == f"/problems/{told['code']}"
        # What is not found answers the same bytes each time (RELIABILITY I28): its id stands in the header alone.
        assert told.get("trace_id") == (None if told["code"] == "not_found" else answer.headers["x-request-id"])
        assert told["title"]
        assert told["detail"]
        assert PHONE not in answer.text
    return answer


async def add(body: Any) -> httpx.Response:  # noqa: ANN401
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await ask("POST", "/things", content=raw, headers={"Content-Type": "application/json", "Idempotency-Key": "k"})


def flaws(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(one["pointer"], one["code"]) for one in answer.json()["errors"]}


def test_every_refusal_has_a_status_and_every_status_a_refusal() -> None:
    codes = {kind.code for kind in every_refusal()} | {errors.DeskError.code} | set(WEB_REFUSALS)
    assert codes == set(STATUS)
    assert all(400 <= status < 600 for status in STATUS.values())


@pytest.mark.parametrize(
    ("name", "status", "code", "header"),
    [
        ("stale", 412, "stale_version", ("etag", '"7"')),
        ("throttled", 429, "too_many_tries", ("retry-after", "90")),
        ("in-flight", 409, "idempotency_key_in_flight", ("retry-after", "1")),
        ("busy", 503, "busy", ("retry-after", "2")),
        ("full", 507, "storage_full", ("retry-after", "60")),
        ("teapot", 418, "refused", ("content-language", "en")),
        ("gone", 503, "unavailable", ("retry-after", "5")),
        ("struct", 400, "malformed_json", ("content-language", "en")),
    ],
)
async def test_a_refusal_has_its_code_status_and_header(name: str, status: int, code: str, header: tuple[str, str]) -> None:
    answer = await ask("DELETE", f"/things/{name}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers[header[0]] == header[1]


async def test_a_refusal_of_a_field_points_to_it() -> None:
    told = (await ask("DELETE", "/things/field")).json()["errors"]
    assert told == [{"in": "body", "pointer": "/items/0/asked", "code": "too_large", "detail": "Enter 10 or less."}]
    told = (await ask("DELETE", "/things/query")).json()["errors"]
    assert [(one["in"], one["pointer"]) for one in told] == [("query", "/cursor")]


async def test_title_and_detail_follow_the_reader() -> None:
    english = await ask("GET", "/nowhere")
    chinese = await ask("GET", "/nowhere", headers={"Accept-Language": "zh-TW"})
    assert (english.headers["content-language"], chinese.headers["content-language"]) == ("en", "zh-CN")
    assert english.json()["title"] != chinese.json()["title"]


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ({}, {("/must", "missing")}),
        ({"must": True, "extra": PHONE}, {("/extra", "unknown_field")}),
        ({"must": True, PHONE: 1}, {("", "unknown_field")}),
        ({"must": True, "colour": PHONE}, {("/colour", "not_one_of")}),
        ({"must": True, "many": [1, 2, 3]}, {("/many", "too_many")}),
        ({"must": True, "many": [1, PHONE + "x"]}, {("/many/1", "wrong_type")}),
        (
            {"must": True, "who": {"name": PHONE}},
            {("/who/id", "missing"), ("/who/name", "unknown_field"), ("/who/name", "too_long")},
        ),
        ({"must": True, "who": {"id": 11}}, {("/who/id", "too_large"), ("/who/name", "missing"), ("/who/id", "unknown_field")}),
        ([], {("", "wrong_type")}),
    ],
)
async def test_a_wrong_body_is_told_by_pointer_and_never_repeated(body: object, found: set[tuple[str, str]]) -> None:
    answer = await add(body)
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_input")
    assert flaws(answer) == found
    assert all(one["code"] in PROBLEMS and one["in"] == "body" for one in answer.json()["errors"])


async def test_the_limit_and_the_choices_are_ours_and_are_said() -> None:
    told = (await add({"must": True, "colour": "x", "many": [1, 2, 3]})).json()["errors"]
    assert [one["detail"] for one in told] == ["Choose one of these: red or blue.", "Send fewer entries: 2 at most."]


async def test_at_the_limit_a_body_is_taken() -> None:
    body = {"must": True, "colour": "blue", "many": [1, 2], "who": {"id": 10}}
    assert (await add(body)).json() == "k"


@pytest.mark.parametrize(("name", "code"), [("\0", "bad_characters"), ("\ud800", "bad_characters")])
async def test_nul_and_lone_surrogates_are_refused(name: str, code: str) -> None:
    assert ("/who/name", code) in flaws(await add({"must": True, "who": {"name": name}}))


@pytest.mark.parametrize("raw", [b"{", b'{"must": tru}', b"\xff", b"[" * 100_000, b'{"must": ' + b"9" * 5_000 + b"}"])
async def test_what_is_not_json_is_malformed(raw: bytes) -> None:
    answer = await add(raw)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")


async def test_a_body_of_another_kind_is_unsupported() -> None:
    headers = {"Content-Type": "text/plain", "Idempotency-Key": "k"}
    answer = await ask("POST", "/things", content=b'{"must": true}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_body_wrong_in_a_thousand_places_gets_a_short_answer() -> None:
    answer = await add({"must": True, **{f"x{'abcdefghij'[n % 10]}_{'y' * (n // 10)}": PHONE for n in range(1_000)}})
    assert len(answer.json()["errors"]) <= MOST_FLAWS
    assert len(answer.content) < 8_000


@pytest.mark.parametrize(
    ("query", "status", "found"),
    [
        ("limit=100", 200, None),
        ("limit=101", 422, {("/limit", "too_large")}),
        ("limit=0", 422, {("/limit", "too_small")}),
        ("limti=10", 400, {("/limti", "unknown_parameter")}),
        (f"{PHONE}=10", 400, {("", "unknown_parameter")}),
        ("limit=%00", 422, {("/limit", "bad_characters")}),
    ],
)
async def test_parameters_are_bounded_and_known(query: str, status: int, found: set[tuple[str, str]] | None) -> None:
    answer = await ask("GET", f"/things?{query}")
    assert answer.status_code == status
    assert found is None or flaws(answer) == found


async def test_a_method_that_is_not_there_names_all_that_are() -> None:
    answer = await ask("PATCH", "/things")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert (await ask("GET", "/hot")).headers["allow"] == "POST"


async def test_an_id_that_cannot_be_answers_like_one_that_is_not_there() -> None:
    token = {"Authorization": "Bearer t"}
    absent, impossible = await ask("GET", "/nowhere"), await ask("GET", "/things/me/x", officer_doors(), headers=token)
    assert absent.content == impossible.content


@pytest.mark.parametrize(("size", "status"), [(0, 422), (1, 200), (128, 200), (129, 422)])
async def test_a_key_is_1_to_128_visible_characters(size: int, status: int) -> None:
    answer = await ask("POST", "/things", json={"must": True}, headers={"Idempotency-Key": "k" * size})
    assert answer.status_code == status


async def test_a_key_is_needed_where_it_is_needed() -> None:
    answer = await ask("POST", "/things", json={"must": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    bad = await ask("POST", "/things/visit", headers={"Idempotency-Key": "a b"})
    assert bad.json()["errors"][0] == {
        "in": "header", "pointer": "/Idempotency-Key", "code": "bad_key", "detail": "Use 1 to 128 visible ASCII characters.",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("tag", "status"),
    [('"3"', 200), (None, 428), ('W/"3"', 422), ("*", 422), ('"3", "4"', 422), ("3", 422), (f'"{"9" * 19}"', 422)],
)
async def test_a_version_is_one_strong_tag(tag: str | None, status: int) -> None:
    answer = await ask("PUT", "/things/7q4k9-2mdx0", headers={"If-Match": tag} if tag else {})
    assert answer.status_code in (status, 404)
    reference = _with_check("7Q4K92MDX")
    answer = await ask("PUT", f"/things/{reference.lower()}", headers={"If-Match": tag} if tag else {})
    assert answer.status_code == status
    assert status != 200 or answer.json() == {"reference": reference, "version": 3}


async def test_a_reference_whose_check_fails_is_not_found() -> None:
    answer = await ask("PUT", f"/things/{_with_check('7Q4K92MDX', off=1)}", headers={"If-Match": '"1"'})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("given", [None, "Bearer wrong", "Basic t", "Bearer", "Bearer a b", f"Bearer {'t' * 257}"])
async def test_without_a_known_token_sign_in_is_needed(given: str | None) -> None:
    answer = await ask("GET", "/things/me/1", officer_doors(), headers={"Authorization": given} if given else {})
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_needed")
    assert answer.headers["www-authenticate"] == 'Bearer realm="desk"'


async def test_a_known_token_is_its_officer_in_this_request() -> None:
    token = {"Authorization": "bearer t"}
    assert (await ask("GET", "/things/me/1", officer_doors(), headers=token)).json() == "Olga"
    visit = await ask("POST", "/things/visit", officer_doors(), headers=token)
    assert (visit.json()["kind"], visit.json()["request"]) == ("officer", visit.headers["x-request-id"])


async def test_without_a_token_the_poster_asks_but_a_wrong_one_is_still_refused() -> None:
    answer = await ask("POST", "/things/visit")
    assert answer.json() == {
        "kind": "poster", "request": answer.headers["x-request-id"], "key": None, "network": "192.0.2.7", "language": "en",
    }  # fmt: skip
    assert (await ask("POST", "/things/visit", headers={"Authorization": "Bearer x"})).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        (b'{"token": "abcde"}', 200, None),
        (b'{"token": "abcdef"}', 422, {("/token", "too_long")}),
        (b"{}", 422, {("/token", "missing")}),
        (b'{"token": 1}', 422, {("/token", "wrong_type")}),
        (b'{"token": "a", "13800138000": 1}', 422, {("", "unknown_field")}),
        (b'{"token"', 400, None),
        (b'{"token": "bug"}', 500, None),
    ],
)
async def test_a_hot_route_answers_alike_on_its_short_way_and_behind_the_framework(
    body: bytes, status: int, found: set[tuple[str, str]] | None
) -> None:
    short = await ask("POST", "/hot", content=body, headers={"Content-Type": "application/json"})
    behind = await ask("POST", "/hot", content=body, headers={"Content-Type": "application/json; charset=utf-8"})
    for answer in (short, behind):
        assert answer.status_code == status
        assert found is None or flaws(answer) == found
    apart = ("trace_id", "x-request-id")
    assert [name for name in short.headers if name not in apart] == [name for name in behind.headers if name not in apart]
    assert _without(short, apart) == _without(behind, apart)


def _without(answer: httpx.Response, names: tuple[str, ...]) -> object:
    told = answer.json()
    return {name: value for name, value in told.items() if name not in names} if isinstance(told, dict) else told


async def test_the_description_shows_our_errors_and_the_hot_route() -> None:
    async with calling(shell(router, hot=[HOT])) as client:
        told = (await client.get("/openapi.json")).json()
    assert "HTTPValidationError" not in json.dumps(told)
    operations = [one for path in told["paths"].values() for one in path.values()]
    shape = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert all(one["responses"]["422"]["content"] == {"application/problem+json": shape} for one in operations)
    assert told["paths"]["/api/v1/hot"]["post"]["operationId"] == "hot_read"
    assert {"Answer", "Key", "Problem", "FieldProblem"} <= set(told["components"]["schemas"])
    assert told["paths"]["/api/v1/things/visit"]["post"]["security"] == [{}, {"officer": []}]
    assert told["paths"]["/api/v1/things/me/{number}"]["get"]["security"] == [{"officer": []}]
    assert len({one["operationId"] for one in operations}) == len(operations)


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/api/v1/things/"])
async def test_no_page_of_the_framework_and_no_redirect(path: str) -> None:
    async with calling(shell(router)) as client:
        assert (await client.get(path)).status_code == 404


def officer_doors() -> Doors:
    """Doors behind which Olga's token is `t`."""
    doors = Doors()
    doors.viewers[hashlib.sha256(b"t").hexdigest()] = Viewer(Kind.OFFICER, id=1, name="Olga")
    return doors


def _with_check(body: str, off: int = 0) -> str:
    from desk.domain.reference import ALPHABET, _check

    return body + ALPHABET[(ALPHABET.index(_check(body)) + off) % 32]
