"""The server's HTTP protocol with an end to patience: a request's head must arrive whole, soon, and within a size.

uvicorn itself waits for ever (RELIABILITY (g): 60 half-sent requests, all open after 40 s). Bodies are timed in
`middleware.Limits`, where the answer can be a proper one; idle connections by uvicorn's own `timeout_keep_alive`.
"""

import asyncio
from http import HTTPStatus
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from desk.web.headers import Dress, new_request_id
from desk.web.metrics import SLOW_SENDERS
from desk.web.problems import MEDIA_TYPE, body_of, language_of

_dress = Dress(secure=False)


class TooMuchHead(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """Raised inside the parser, which hands it to uvicorn as a request that cannot be read."""


class PatientOnce(HttpToolsProtocol):
    """uvicorn's protocol; `head_seconds` from the connection, or from the first byte of a later request, to a whole head."""

    head_seconds: ClassVar[float] = 10.0
    head_bytes: ClassVar[int] = 32 * 1024
    head_lines: ClassVar[int] = 100

    _deadline: asyncio.TimerHandle | None = None
    _in_head = False
    _head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody called: the clock runs."""
        super().connection_made(transport)
        self._start_clock()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._stop_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse, then see whether a head is still owed. The clock is not wound up again by a trickle."""
        super().data_received(data)
        if self._in_head:
            self._head_size += len(data)
            if self._head_size > self.head_bytes and not self.transport.is_closing():
                self.send_400_response("")
        if self._waiting():
            self._start_clock()
        else:
            self._stop_clock()

    def on_message_begin(self) -> None:
        """The first byte of a head."""
        super().on_message_begin()
        self._in_head, self._head_size = True, 0

    def on_url(self, url: bytes) -> None:
        """A piece of the address."""
        self._weigh(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head."""
        self._weigh(len(name) + len(value))
        super().on_header(name, value)
        if len(self.headers) > self.head_lines:
            self._head_size = self.head_bytes + 1
            raise TooMuchHead

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn hands its own text
        """Answer what could not be read as a problem, not as uvicorn's plain text."""
        too_much = self._head_size > self.head_bytes
        status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if too_much else HTTPStatus.BAD_REQUEST
        self._dismiss(status, "body_too_large" if too_much else "bad_input")

    def _weigh(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self.head_bytes:
            raise TooMuchHead

    def _waiting(self) -> bool:
        """Whether it is the client's turn: in a head, before the first one, or with the last request answered."""
        return self._in_head or not self._answering()

    def _answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _start_clock(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self._out_of_patience)

    def _stop_clock(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _out_of_patience(self) -> None:
        self._deadline = None
        if self.transport.is_closing():
            return
        if self._answering():
            # A request before this one is still being answered; it must not lose its answer.
            self._start_clock()
            return
        SLOW_SENDERS.labels("head").inc()
        if self._in_head:
            self._dismiss(HTTPStatus.REQUEST_TIMEOUT, "request_timeout")
        else:
            self.transport.close()

    def _dismiss(self, status: HTTPStatus, code: str) -> None:
        """Write an answer past the application, which never heard of this request, and close."""
        language, request_id = language_of({"headers": self.headers or ()}), new_request_id()
        body = body_of(code, status, language, request_id)
        given = [
            (b"content-type", MEDIA_TYPE.encode()), (b"content-language", language.encode()),
            (b"content-length", b"%d" % len(body)), (b"connection", b"close"),
        ]  # fmt: skip
        lines = [b"%s: %s\r\n" % header for header in _dress(given, request_id)]
        self.transport.write(b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (status, status.phrase.encode(), b"".join(lines), body))
        self.transport.close()
