"""Bodies that bring files: larger and slower than others, but only so many at once, and no file is looked into beyond two."""

import asyncio
from typing import Any, NoReturn

import pytest
from fastapi import APIRouter, Request
from starlette.formparsers import MultiPartParser

from desk.web.evidence import upload_in
from desk.web.lane import Lane
from desk.web.middleware import Limits
from desk.web.options import UPLOAD_BYTES, UPLOADS, WebOptions
from tests.exhibits import picture
from tests.web.front import CLAIMS, Front, problem
from tests.web.shell import calling, shell

router = APIRouter()
PATH = "/api/v1/status/evidence"


@router.post(PATH)
@router.post("/api/v1/status/other")
async def measure(request: Request) -> dict[str, int]:
    """Say how long the body is."""
    return {"length": len(await request.body())}


@router.post("/api/v1/claims/x/evidence")
async def hold(request: Request) -> dict[str, int]:
    """Say how much of the file lies in memory."""
    upload, _ = await upload_in(request)
    return {"length": len(upload.content)}


@pytest.mark.parametrize(("size", "status"), [(UPLOAD_BYTES, 200), (UPLOAD_BYTES + 1, 413)])
async def test_a_body_with_a_file_may_be_16_mb_long_and_not_a_byte_longer(size: int, status: int) -> None:
    async with calling(shell(router)) as client:
        assert (await client.post(PATH, content=b"x" * size)).status_code == status
        assert (await client.post("/api/v1/status/other", content=b"x" * 300_000)).status_code == 413


@pytest.mark.parametrize(
    ("path", "takes"),
    [
        ("/api/v1/claims/7Q4K92MDXT/evidence", True), ("/api/v1/status/evidence", True), ("/status/add_evidence", True),
        ("/desk/claims/7Q4K92MDXT/evidence", True), ("/api/v1/claims", False), ("/api/v1/status", False),
        ("/api/v1/claims/a/b/evidence", False), ("/api/v1/claims/7Q4K92MDXT/evidence/", False), ("/status/answer", False),
    ],
)  # fmt: skip
def test_only_the_routes_that_take_files_take_large_bodies(path: str, takes: bool) -> None:
    assert bool(UPLOADS.fullmatch(path)) is takes


async def test_only_so_many_files_are_received_at_once() -> None:
    waiting, sent = asyncio.Event(), list[Any]()

    async def receive() -> dict[str, Any]:
        await waiting.wait()
        return {"type": "http.request", "body": b"x", "more_body": False}

    async def reached(_scope: object, _receive: object, _send: object) -> None:
        """The application behind the limits."""

    async def send(message: Any) -> None:  # noqa: ANN401 - of ASGI
        sent.append(message)

    limits = Limits(reached, WebOptions("http://desk.test", "head", uploads_at_once=2))
    scope = {
        "type": "http", "method": "POST", "path": PATH, "headers": [(b"content-length", b"400000")], "query_string": b"",
    }  # fmt: skip
    held = [asyncio.create_task(limits(dict(scope), receive, send)) for _ in range(2)]
    await asyncio.sleep(0.01)
    await limits(dict(scope), receive, send)
    assert sent[0]["status"] == 503
    assert b'"busy"' in sent[1]["body"]
    waiting.set()
    await asyncio.gather(*held)
    sent.clear()
    await limits(dict(scope), receive, send)
    assert sent == []


async def test_a_file_has_more_time_to_arrive_than_other_bodies_but_not_for_ever() -> None:
    sent: list[Any] = []

    async def trickle() -> dict[str, Any]:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:  # noqa: ANN401 - of ASGI
        sent.append(message)

    async def never(*_: object) -> NoReturn:
        raise AssertionError

    options = WebOptions("http://desk.test", "head", body_seconds=0.05, upload_seconds=0.3)
    scope = {"type": "http", "method": "POST", "path": PATH, "headers": [(b"content-length", b"400000")]}
    began = asyncio.get_running_loop().time()
    await Limits(never, options)(scope, trickle, send)
    assert sent[0]["status"] == 408
    assert 0.25 < asyncio.get_running_loop().time() - began < 2
    assert WebOptions("http://desk.test", "head").upload_seconds == 60


async def test_a_file_is_never_written_to_a_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> NoReturn:
        raise AssertionError

    async with calling(shell(router)) as client:
        monkeypatch.setattr("tempfile._TemporaryFileArgs", fail, raising=False)
        monkeypatch.setattr("tempfile.TemporaryFile", fail)
        content = picture() + bytes(15 * 1024 * 1024 - len(picture()))
        headers = {"Authorization": "Bearer somebody"}
        answer = await client.post("/api/v1/claims/x/evidence", files={"file": ("a.jpg", content)}, headers=headers)
        assert answer.json() == {"length": len(content)}
    assert MultiPartParser.spool_max_size == UPLOAD_BYTES


async def test_when_too_many_files_wait_to_be_looked_into_the_next_is_told_to_come_back(
    sqlite_front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = sqlite_front
    reference = (await front.house.lodge()).reference
    monkeypatch.setitem(front.app.state._state, "picture_lane", Lane(at_once=1, waiting=1))
    path = f"{CLAIMS}/{reference}/evidence"
    answers = await asyncio.gather(
        *(front.call("POST", path, "olga", files={"file": ("a.jpg", picture())}) for _ in range(4))
    )  # fmt: skip
    assert sorted(answer.status_code for answer in answers) == [201, 201, 503, 503]
    busy = next(answer for answer in answers if answer.status_code == 503)
    assert (problem(busy), busy.headers["retry-after"]) == ((503, "busy"), "2")


async def test_other_requests_are_answered_while_a_file_is_looked_into(sqlite_front: Front) -> None:
    front = sqlite_front
    reference = (await front.house.lodge()).reference
    adding = asyncio.create_task(
        front.call("POST", f"{CLAIMS}/{reference}/evidence", "olga", files={"file": ("a.png", picture("PNG", (3000, 3000)))})
    )
    while not adding.done():
        began = asyncio.get_running_loop().time()
        assert (await front.get(reference, "olga")).status_code == 200
        assert asyncio.get_running_loop().time() - began < 1
        await asyncio.sleep(0.02)
    assert (await adding).status_code == 201
