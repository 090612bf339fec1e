"""A mail server on loopback that keeps what it was given, and may refuse, hang or cut the line at any point of the talk."""

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default


@dataclass(frozen=True)
class Mail:
    """One message that was taken: envelope, and whether the line was under TLS."""

    sender: str
    to: str
    message: EmailMessage
    tls: bool

    @property
    def text(self) -> str:
        """The plain text."""
        return str(self.message.get_content()).replace("\r\n", "\n")


@dataclass
class FakeSmtp:
    """The running server. `refuse` has the line that answers a verb; `stall` and `cut` name the verb at which it does so.

    `slow` has the seconds that it takes to answer a verb. `data-end` stands for the end of the message. `users` are those who
    may sign in, by name.
    """

    port: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    stall: str = ""
    slow: dict[str, float] = field(default_factory=dict)
    cut: str = ""
    users: dict[str, str] = field(default_factory=dict)
    mails: list[Mail] = field(default_factory=list)
    verbs: list[str] = field(default_factory=list)
    tls: ssl.SSLContext | None = None


@contextlib.asynccontextmanager
async def fake_smtp(tls: ssl.SSLContext | None = None, *, at_once: bool = False, port: int = 0) -> AsyncIterator[FakeSmtp]:
    """A server at a free port until the block ends; with `tls` it offers STARTTLS, or speaks TLS `at_once`."""
    fake, talks = FakeSmtp(tls=None if at_once else tls), set[asyncio.Task[None]]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        talks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
                await _Talk(fake, reader, writer, tls=at_once).hold()
        finally:
            talks.discard(task)
            writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", port, ssl=tls if at_once else None)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for task in list(talks):
            task.cancel()
        await asyncio.gather(*talks, return_exceptions=True)
        await server.wait_closed()


class _Talk:
    def __init__(self, fake: FakeSmtp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, tls: bool) -> None:
        self.fake, self.reader, self.writer, self.tls = fake, reader, writer, tls
        self.sender = self.to = ""

    async def hold(self) -> None:
        await self.say("greeting", "220 here")
        while line := await self.reader.readline():
            verb, _, rest = line.decode("ascii").strip().partition(" ")
            if await self.answer(verb.upper(), rest):
                return

    async def answer(self, verb: str, rest: str) -> bool:
        """Answer one command; True at the end of the talk."""
        self.fake.verbs.append(verb)
        if verb == "EHLO":
            offers = ["250-here", *(["250-STARTTLS"] if self.fake.tls and not self.tls else [])]
            await self.say(verb, "\r\n".join([*offers, "250 AUTH PLAIN"]))
        elif verb == "STARTTLS":
            await self.say(verb, "220 go on")
            assert self.fake.tls
            await self.writer.start_tls(self.fake.tls)
            self.tls = True
        elif verb == "AUTH":
            _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
            await self.say(verb, "235 come in" if self.fake.users.get(user) == password else "535 no")
        elif verb == "DATA":
            await self.take(verb)
        else:
            self.note(verb, rest)
            await self.say(verb, "221 bye" if verb == "QUIT" else "250 ok")
        return verb == "QUIT"

    def note(self, verb: str, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if verb == "MAIL":
            self.sender = address
        elif verb == "RCPT":
            self.to = address

    async def take(self, verb: str) -> None:
        if not await self.say(verb, "354 go on"):
            return
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        message = message_from_bytes(raw[:-3], policy=default)
        assert isinstance(message, EmailMessage)
        mail = Mail(self.sender, self.to, message, self.tls)
        if "data-end" not in self.fake.refuse:
            self.fake.mails.append(mail)
        await self.say("data-end", "250 taken")

    async def say(self, verb: str, line: str) -> bool:
        """Say it, or what is to be said or done instead; whether it was said."""
        if self.fake.stall == verb:
            await asyncio.sleep(3600)
        await asyncio.sleep(self.fake.slow.get(verb, 0))
        if self.fake.cut == verb:
            raise ConnectionResetError
        refusal = self.fake.refuse.get(verb)
        self.writer.write(f"{refusal or line}\r\n".encode())
        await self.writer.drain()
        return refusal is None
