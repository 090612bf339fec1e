"""E-mail through the operator's own server by SMTP. One message a connection; nothing is tried twice.

A password or a visitor's address travels under TLS, except to a server on this very machine.
"""

import asyncio
import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from http import HTTPStatus

from desk.domain.notification import Fate
from desk.domain.relay import Relay, is_mailbox
from desk.outside.gateways.calls import status
from desk.ports import Delivery, Letter

_FOR_GOOD = HTTPStatus.INTERNAL_SERVER_ERROR
"""SMTP too counts from 500 what no second try would mend."""


class _Line:
    """The socket of one talk, so that whoever waits for too long can end it."""

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.is_cut = False

    def goes_on(self, client: smtplib.SMTP) -> None:
        """What the talk runs on now: TLS puts another socket in place of the first. Raises TimeoutError where nobody waits."""
        self.sock = client.sock
        if self.is_cut:
            raise TimeoutError

    def cut(self) -> None:
        self.is_cut = True
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class SmtpCourier:
    """`ports.Courier` for e-mail; `sender` is the bare address that stands in From."""

    def __init__(self, relay: Relay, sender: str, seconds: float, now: Callable[[], datetime]) -> None:
        self._relay, self._sender, self._seconds, self._now = relay, sender, seconds, now
        self._domain = sender.rpartition("@")[2]
        self._tls = ssl.create_default_context()

    async def deliver(self, letter: Letter) -> Delivery:
        """Hand it to the server within so many seconds; its Message-ID is the same for every try."""
        if not is_mailbox(letter.to):
            return Delivery(Fate.REFUSED, "bad_address")
        line, loop = _Line(), asyncio.get_running_loop()
        word: asyncio.Future[Delivery] = loop.create_future()

        def talk() -> None:
            came = self._talk(letter, line)
            with contextlib.suppress(RuntimeError):  # the loop is closed by now: nobody waits any more
                loop.call_soon_threadsafe(_tell, word, came)

        # Not the loop's own threads: a server that hangs must not keep the worker from ending.
        threading.Thread(target=talk, name="smtp", daemon=True).start()
        try:
            async with asyncio.timeout(self._seconds):
                return await word
        except TimeoutError:
            return Delivery(Fate.LATER, "timeout")
        finally:
            line.cut()

    def _talk(self, letter: Letter, line: _Line) -> Delivery:
        """One talk with the server, in a thread of its own. Nothing it says is repeated but its three figures."""
        client: smtplib.SMTP | None = None
        try:
            client = self._connect()
            line.goes_on(client)
            self._enter(client)
            line.goes_on(client)
            client.send_message(self._message(letter), self._sender, [letter.to])
        except (OSError, ValueError) as trouble:
            return _came_of(trouble, connected=client is not None)
        else:
            with contextlib.suppress(OSError):  # it is theirs by now, however the talk ends
                client.quit()
            return Delivery(Fate.SENT)
        finally:
            if client is not None:
                client.close()

    def _connect(self) -> smtplib.SMTP:
        relay, seconds = self._relay, self._seconds
        if relay.tls_at_once:
            return smtplib.SMTP_SSL(relay.host, relay.port, self._domain, timeout=seconds, context=self._tls)
        return smtplib.SMTP(relay.host, relay.port, self._domain, timeout=seconds)

    def _enter(self, client: smtplib.SMTP) -> None:
        """Go over to TLS, where the server is not this machine, and sign in."""
        if not self._relay.tls_at_once and not self._relay.on_this_machine:
            client.starttls(context=self._tls)
        if self._relay.user is not None:
            client.login(self._relay.user, self._relay.password or "")

    def _message(self, letter: Letter) -> EmailMessage:
        """Plain text with the few headers it needs; a header with a line break is refused by the library."""
        made = EmailMessage(policy=SMTP)
        made["From"], made["To"], made["Subject"] = self._sender, letter.to, letter.subject
        made["Date"], made["Message-ID"] = format_datetime(self._now()), f"<{letter.name}@{self._domain}>"
        made["Auto-Submitted"], made["Content-Language"] = "auto-generated", letter.language
        made.set_content(letter.text, charset="utf-8", cte="base64")
        return made


def _tell(word: asyncio.Future[Delivery], came: Delivery) -> None:
    if not word.done():
        word.set_result(came)


_CODES: tuple[tuple[type[Exception], str], ...] = (
    (smtplib.SMTPAuthenticationError, "not_signed_in"),
    (smtplib.SMTPNotSupportedError, "no_tls"),
    (ssl.SSLError, "bad_certificate"),
    (TimeoutError, "timeout"),
)
"""What can be told of a talk that failed, besides that it was cut off."""


def _came_of(trouble: Exception, *, connected: bool) -> Delivery:
    """What a talk that failed came to. Only a refusal of this address or message is for good; all else may be the server's."""
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        return _refused(int(next(iter(trouble.recipients.values()))[0]))
    if isinstance(trouble, smtplib.SMTPDataError):
        return _refused(int(trouble.smtp_code))
    told = next((code for kind, code in _CODES if isinstance(trouble, kind)), None)
    if told is None and isinstance(trouble, smtplib.SMTPResponseException):
        told = status(int(trouble.smtp_code))
    if not connected and told != "bad_certificate":
        told = "not_reached"
    return Delivery(Fate.LATER, told or "cut_off")


def _refused(code: int) -> Delivery:
    return Delivery(Fate.REFUSED if code >= _FOR_GOOD else Fate.LATER, status(code))
