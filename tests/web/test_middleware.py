"""What every answer carries, what is written down about it, and how large and how slow a request may be."""

import asyncio
import io
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from typing import Any

import pytest
import structlog
from fastapi import APIRouter, Request, Response
from starlette.responses import StreamingResponse
from structlog.testing import capture_logs

from desk.outside.logs import start_logs
from desk.web import metrics
from desk.web.headers import CSP
from desk.web.middleware import Limits
from desk.web.network import UNKNOWN, network_of
from desk.web.options import JSON_BYTES, WebOptions
from tests.web.shell import PHONE, calling, shell

PROXY = ip_network("10.0.0.0/8")
HEX = "0123456789abcdef0123456789abcdef"
router = APIRouter()


@router.get("/api/things/{token}")
async def things_get(token: str) -> dict[str, int]:
    return {"length": len(token)}


@router.post("/api/things")
async def things_add(request: Request) -> dict[str, int]:
    return {"length": len(await request.body())}


@router.get("/api/kept")
async def things_kept() -> Response:
    return Response("x", headers={"Cache-Control": "max-age=60", "Referrer-Policy": "same-origin"})


@router.get("/api/bug")
async def things_bug() -> None:
    msg = f"could not read {PHONE}"
    raise RuntimeError(msg)


@router.get("/api/cut")
async def things_cut() -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        raise RuntimeError(PHONE)

    return StreamingResponse(pieces())


@pytest.fixture
def lines() -> Iterator[list[Any]]:
    """The log lines of the test."""
    with capture_logs() as captured:
        yield captured


@pytest.mark.parametrize("path", ["/api/things/1", "/api/nowhere", "/api/bug", "/healthz", "/openapi.json"])
async def test_every_answer_carries_the_security_headers(path: str, lines: list[Any]) -> None:
    async with calling(shell(router)) as client:
        answer = await client.get(path)
    assert answer.headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert len(answer.headers["x-request-id"]) == 32
    assert "strict-transport-security" not in answer.headers


async def test_https_is_remembered_only_where_visitors_come_by_https() -> None:
    async with calling(shell(public_url="https://desk.test")) as client:
        assert (await client.get("/healthz")).headers["strict-transport-security"] == "max-age=31536000"


async def test_a_header_that_the_route_set_stays() -> None:
    async with calling(shell(router)) as client:
        answer = await client.get("/api/kept")
    assert answer.headers.get_list("cache-control") == ["max-age=60"]
    assert answer.headers.get_list("referrer-policy") == ["same-origin"]
    assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("peer", "given", "kept"),
    [("10.1.2.3", HEX, True), ("192.0.2.7", HEX, False), ("10.1.2.3", PHONE, False), ("10.1.2.3", "a b\r\n", False)],
)
async def test_only_a_trusted_proxy_names_the_request_and_only_sanely(peer: str, given: str, kept: bool) -> None:
    async with calling(shell(trusted_proxies=(PROXY,)), peer) as client:
        answer = await client.get("/healthz", headers={"X-Request-Id": given.strip()})
    assert (answer.headers["x-request-id"] == given) is kept


async def test_head_answers_like_get_without_a_body() -> None:
    async with calling(shell(router)) as client:
        got, head = await client.get("/api/things/1"), await client.head("/api/things/1")
        lost = await client.head("/api/nowhere")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"]
    assert (lost.status_code, lost.content) == (404, b"")


async def test_a_read_that_succeeds_is_not_logged_and_all_else_is(lines: list[Any]) -> None:
    async with calling(shell(router)) as client:
        await client.get("/api/things/1")
        await client.post("/api/things", content=b"{}")
        await client.get("/api/nowhere?q=1")
    told = [(line["method"], line["route"], line["status"]) for line in lines if line["event"] == "request"]
    assert told == [("POST", "/api/things", 200), ("GET", "unmatched", 404)]
    assert all(len(line["request_id"]) == 32 and line["ms"] >= 0 for line in lines)


async def test_a_planted_phone_reaches_no_log_line_no_error_and_no_metric(lines: list[Any]) -> None:
    headers = {"X-Request-Id": PHONE, "X-Forwarded-For": PHONE, "User-Agent": PHONE, "Idempotency-Key": PHONE}
    async with calling(shell(router, trusted_proxies=(PROXY,)), "10.0.0.1") as client:
        answers = [
            await client.get(f"/{PHONE}?phone={PHONE}", headers=headers),
            await client.get(f"/api/things/1?{PHONE}={PHONE}", headers=headers),
            await client.put(f"/api/things/{PHONE}", headers=headers, json={PHONE: PHONE}),
            await client.request(PHONE, f"/api/things/{PHONE}"),
            await client.get("/api/bug", headers=headers),
        ]
    assert [answer.status_code for answer in answers] == [404, 400, 405, 405, 500]
    assert all(PHONE not in answer.text and PHONE not in str(answer.headers) for answer in answers)
    shown = [{name: value for name, value in line.items() if name != "exc_info"} for line in lines]
    assert len(shown) == 6
    assert PHONE not in str(shown)
    assert PHONE not in metrics.exposition().decode()


async def test_the_real_log_tells_a_bug_by_kind_and_place_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    level = logging.getLogger().level
    try:
        start_logs(readable=False)
        async with calling(shell(router)) as client:
            await client.get("/api/bug")
    finally:
        structlog.reset_defaults()
        logging.getLogger().setLevel(level)
    written = stream.buffer.getvalue().decode()
    assert "RuntimeError" in written
    assert "things_bug" in written
    assert PHONE not in written


async def test_a_token_in_a_path_is_logged_as_its_template(lines: list[Any]) -> None:
    async with calling(shell(router)) as client:
        await client.delete(f"/api/things/{HEX}")
    assert lines[0]["route"] == "/api/things/{token}"
    assert HEX not in str(lines)


async def test_requests_are_counted_by_template_and_status_class() -> None:
    before = _count("/api/things/{token}", "2xx")
    async with calling(shell(router)) as client:
        await client.get("/api/things/1")
        await client.get("/api/things/2")
    assert _count("/api/things/{token}", "2xx") == before + 2


async def test_a_bug_is_answered_and_logged_once_with_its_place(lines: list[Any]) -> None:
    async with calling(shell(router)) as client:
        answer = await client.get("/api/bug")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (500, "internal_error")
    assert problem["trace_id"] == answer.headers["x-request-id"] == lines[0]["request_id"]
    assert [line["event"] for line in lines] == ["bug", "request"]
    assert isinstance(lines[0]["exc_info"], RuntimeError)


async def test_an_answer_that_breaks_off_is_left_broken_off(lines: list[Any]) -> None:
    app, sent = shell(router), list[Any]()
    async with calling(app):
        await app(_scope("GET", "/api/cut"), _staying, _keeping(sent))
    assert [message.get("body") for message in sent[1:]] == [b"one"]
    assert lines[0]["event"] == "bug"


@pytest.mark.parametrize(("size", "status"), [(JSON_BYTES, 200), (JSON_BYTES + 1, 413)])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_may_be_as_long_as_the_limit_and_not_a_byte_longer(size: int, status: int, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, size, 1000):
            yield b"x" * min(1000, size - start)

    async with calling(shell(router)) as client:
        answer = await client.post("/api/things", content=pieces() if chunked else b"x" * size)
    assert answer.status_code == status
    assert answer.json() == {"length": size} if status == 200 else answer.json()["code"] == "body_too_large"
    assert answer.headers["content-type"] == ("application/json" if status == 200 else "application/problem+json")


async def test_a_path_may_have_a_limit_of_its_own() -> None:
    async with calling(shell(router, body_caps=(("/api/th", 10),))) as client:
        assert (await client.post("/api/things", content=b"x" * 10)).status_code == 200
        assert (await client.post("/api/things", content=b"x" * 11)).status_code == 413


async def test_a_body_that_does_not_arrive_in_time_is_answered_and_cut() -> None:
    sent: list[Any] = []
    limits = Limits(_never_called, WebOptions("http://desk.test", "head", body_seconds=0.05))
    await limits(_scope("POST", "/api/things", (b"content-length", b"10")), _trickle, _keeping(sent))
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b'"request_timeout"' in sent[1]["body"]
    current = asyncio.current_task()
    assert current is not None
    assert current.cancelling() == 0


async def test_a_request_that_somebody_else_cancels_is_not_answered_as_late() -> None:
    sent: list[Any] = []
    limits = Limits(_never_called, WebOptions("http://desk.test", "head", body_seconds=5))
    task = asyncio.create_task(limits(_scope("POST", "/x"), _trickle, _keeping(sent)))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert sent == []


async def test_a_client_that_leaves_before_its_body_ends_is_left_alone() -> None:
    sent: list[Any] = []
    messages = iter([{"type": "http.request", "body": b"x", "more_body": True}, {"type": "http.disconnect"}])

    async def receive() -> Any:  # noqa: ANN401
        return next(messages)

    limits = Limits(_never_called, WebOptions("http://desk.test", "head"))
    await limits(_scope("POST", "/x", (b"content-length", b"10")), receive, _keeping(sent))
    assert sent == []


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"-1")],
        [(b"content-length", b"1" * 20)],
        [(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")],
        [(b"idempotency-key", b"a"), (b"idempotency-key", b"b")],
        [(b"host", b"a"), (b"host", b"b")],
    ],
)
async def test_headers_that_contradict_each_other_are_refused(headers: list[tuple[bytes, bytes]]) -> None:
    sent: list[Any] = []
    limits = Limits(_never_called, WebOptions("http://desk.test", "head"))
    await limits(_scope("POST", "/x", *headers), _nothing, _keeping(sent))
    assert sent[0]["status"] == 400
    assert b'"in":"header"' in sent[1]["body"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "10.0.0.9, 10.0.0.2", "10.0.0.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("2001:db8:1:2:3::4", None, "2001:db8:1:2::/64"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", None, "192.0.2.7"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fe80::1%eth0", None, "fe80::/64"),
        (None, "198.51.100.1", UNKNOWN),
    ],
)
def test_the_network_is_read_from_right_to_left_behind_trusted_peers_only(
    peer: str | None, forwarded: str | None, network: str
) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "client": (peer, 1) if peer else None, "headers": headers}
    assert network_of(scope, (PROXY,)) == network


def _count(route: str, status: str) -> float:
    return float(metrics.REQUESTS.labels("GET", route, status)._value.get())


def _scope(method: str, path: str, *headers: tuple[bytes, bytes]) -> dict[str, Any]:
    return {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "headers": list(headers), "client": ("192.0.2.7", 1), "scheme": "http", "server": ("desk.test", 80),
    }  # fmt: skip


def _keeping(sent: list[Any]) -> Any:  # noqa: ANN401
    async def send(message: Any) -> None:  # noqa: ANN401
        sent.append(message)

    return send


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _staying() -> dict[str, Any]:
    await asyncio.Event().wait()
    return {"type": "http.disconnect"}


async def _trickle() -> dict[str, Any]:
    await asyncio.sleep(0.01)
    return {"type": "http.request", "body": b"", "more_body": True}


async def _never_called(*_: Any) -> None:  # noqa: ANN401
    pytest.fail("the request went through")
