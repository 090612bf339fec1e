"""Messages to visitors on the wire: a mail server and a signed hook at their worst. What is heard becomes one word each time."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from desk.domain import relay as relays
from desk.domain.notification import Carrier, Fate
from desk.domain.relay import Relay, is_public, read_relay
from desk.domain.signature import signed_right
from desk.outside.couriers.hook import HookCourier
from desk.outside.couriers.routes import Ways, open_couriers
from desk.outside.couriers.smtp import SmtpCourier
from desk.ports import Delivery, Letter
from tests.fakes.smtp import fake_smtp
from tests.fakes.wire import Asked, Reply, served
from tests.processes import free_port

NOW = datetime(2026, 9, 8, 1, 30, tzinfo=UTC)
SECONDS = 1.0
LETTER = Letter(
    "desk-17",
    Carrier.MAIL,
    "zh-CN",
    "vera@example.org",
    "编号 7Q4K92MDXT：已登记",
    "您的诉求已登记。\n查进度：https://desk.example/s\n",
)
TEXT = replace(LETTER, carrier=Carrier.SMS, to="+8613800138000", subject="")
SECRET = b"a secret of the tests"
SENT = Delivery(Fate.SENT)


def mailer(port: int, **more: str | bool) -> SmtpCourier:
    """A courier to a server on this machine."""
    relay = Relay("127.0.0.1", port, tls_at_once=bool(more.pop("tls_at_once", False)), **more)  # type: ignore[arg-type]
    return SmtpCourier(relay, "desk@site.example", SECONDS, lambda: NOW)


async def test_a_mail_is_taken_whole_with_a_name_of_its_own() -> None:
    async with fake_smtp() as server:
        assert await mailer(server.port).deliver(LETTER) == SENT
    (mail,) = server.mails
    assert (mail.sender, mail.to, mail.text) == ("desk@site.example", "vera@example.org", LETTER.text)
    assert {name: mail.message[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted", "Date")} == {
        "From": "desk@site.example", "To": "vera@example.org", "Subject": LETTER.subject, "Message-ID": "<desk-17@site.example>",
        "Auto-Submitted": "auto-generated", "Date": "Tue, 08 Sep 2026 01:30:00 +0000",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("refuse", "word"),
    [
        ({"RCPT": "550 nobody here"}, Delivery(Fate.REFUSED, "status_550")),
        ({"RCPT": "450 busy"}, Delivery(Fate.LATER, "status_450")),
        ({"MAIL": "550 not you"}, Delivery(Fate.LATER, "status_550")),
        ({"DATA": "554 no"}, Delivery(Fate.REFUSED, "status_554")),
        ({"data-end": "552 too much"}, Delivery(Fate.REFUSED, "status_552")),
        ({"data-end": "451 later"}, Delivery(Fate.LATER, "status_451")),
        ({"greeting": "554 go away"}, Delivery(Fate.LATER, "not_reached")),
        ({"QUIT": "500 what"}, SENT),
    ],
)
async def test_only_a_refusal_of_this_address_or_message_is_for_good(refuse: dict[str, str], word: Delivery) -> None:
    async with fake_smtp() as server:
        server.refuse = refuse
        assert await mailer(server.port).deliver(LETTER) == word
    assert len(server.mails) == (word == SENT)


@pytest.mark.parametrize(("verb", "arrived"), [("greeting", 0), ("EHLO", 0), ("RCPT", 0), ("data-end", 1)])
async def test_a_server_that_hangs_or_hangs_up_is_tried_again_also_where_it_took_the_message(verb: str, arrived: int) -> None:
    async with fake_smtp() as server:
        server.stall = verb
        began = time.monotonic()
        assert (await mailer(server.port).deliver(LETTER)).fate is Fate.LATER
        assert time.monotonic() - began < SECONDS + 1
        server.stall, server.cut = "", verb
        assert (await mailer(server.port).deliver(LETTER)).fate is Fate.LATER
        assert len(server.mails) == 2 * arrived
        server.cut = ""
        assert await mailer(server.port).deliver(LETTER) == SENT
    assert {mail.message["Message-ID"] for mail in server.mails} == {"<desk-17@site.example>"}


async def test_a_mail_that_nobody_waits_for_any_more_does_not_leave() -> None:
    async with fake_smtp() as server:
        server.slow = {"greeting": 0.7 * SECONDS, "EHLO": 0.7 * SECONDS}
        assert await mailer(server.port).deliver(LETTER) == Delivery(Fate.LATER, "timeout")
        await asyncio.sleep(SECONDS)
        assert server.mails == []


async def test_where_nobody_listens_nothing_is_lost() -> None:
    assert await mailer(free_port()).deliver(LETTER) == Delivery(Fate.LATER, "not_reached")


@pytest.mark.parametrize("to", ["vera@e.org\r\nBcc: all@e.org", "vera@e.org, sam@e.org", "<v@e.org>", "维@e.org", "v"])
async def test_an_address_that_is_more_than_an_address_never_reaches_the_wire(to: str) -> None:
    async with fake_smtp() as server:
        assert await mailer(server.port).deliver(replace(LETTER, to=to)) == Delivery(Fate.REFUSED, "bad_address")
    assert server.verbs == []


async def test_a_subject_with_a_line_break_adds_no_header() -> None:
    async with fake_smtp() as server:
        word = await mailer(server.port).deliver(replace(LETTER, subject="x\r\nBcc: all@example.org"))
    assert (word.fate, server.mails) == (Fate.LATER, [])


@pytest.mark.parametrize(("password", "word"), [("geheim", SENT), ("other", Delivery(Fate.LATER, "not_signed_in"))])
async def test_it_signs_in(password: str, word: Delivery) -> None:
    async with fake_smtp() as server:
        server.users = {"desk": "geheim"}
        assert await mailer(server.port, user="desk", password=password).deliver(LETTER) == word


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("trusted", [True, False])
async def test_elsewhere_it_speaks_under_tls_to_whom_it_trusts_and_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, at_once: bool, trusted: bool
) -> None:
    monkeypatch.setattr(relays, "is_loopback", lambda _host: False)
    context, certificate = own_certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with fake_smtp(context, at_once=at_once) as server:
        server.users = {"desk": "geheim"}
        word = await mailer(server.port, tls_at_once=at_once, user="desk", password="geheim").deliver(LETTER)
    assert word == (SENT if trusted else Delivery(Fate.LATER, "bad_certificate"))
    assert [mail.tls for mail in server.mails] == [True] * trusted
    assert trusted or "AUTH" not in server.verbs


async def test_elsewhere_nothing_is_said_to_a_server_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "is_loopback", lambda _host: False)
    async with fake_smtp() as server:
        word = await mailer(server.port, user="desk", password="geheim").deliver(LETTER)
    assert word == Delivery(Fate.LATER, "no_tls")
    assert set(server.verbs) <= {"EHLO", "QUIT"}


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://127.0.0.1:2525", Relay("127.0.0.1", 2525, tls_at_once=False)),
        ("smtp://mail.example", Relay("mail.example", 587, tls_at_once=False)),
        ("smtps://de%40sk:g%2Fh@mail.example/", Relay("mail.example", 465, tls_at_once=True, user="de@sk", password="g/h")),
    ],
)
def test_a_mail_server_is_read_from_its_address(url: str, relay: Relay) -> None:
    assert read_relay(url) == relay
    assert "g/h" not in repr(relay)


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://:geheim@mail.example", "smtp://m:x", "smtp://m/geheim"]
)
def test_what_names_no_mail_server_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="must be an address like smtps") as refused:
        read_relay(url)
    assert "geheim" not in str(refused.value)


@asynccontextmanager
async def hooked(*replies: Reply | float | None) -> AsyncIterator[tuple[str, list[Asked]]]:
    """A hook that gives these answers in turn, the last one for ever: None cuts the line, a number waits so long."""
    asked, turns = list[Asked](), list(replies)

    async def handle(request: Asked) -> Reply | None:
        asked.append(request)
        reply = turns.pop(0) if len(turns) > 1 else turns[0]
        if isinstance(reply, int | float):
            await asyncio.sleep(reply)
            return Reply(204)
        return reply

    async with served(handle) as address:
        yield f"{address}/sms", asked


async def hook(url: str, letter: Letter = TEXT) -> Delivery:
    """One try through a hook."""
    async with HookCourier(url, SECRET, SECONDS, lambda: NOW) as courier:
        return await courier.deliver(letter)


async def test_the_hook_gets_a_signed_message_under_the_same_id_each_time() -> None:
    async with hooked(Reply(500), None, Reply(202)) as (url, asked):
        assert [(await hook(url)).fate for _ in range(3)] == [Fate.LATER, Fate.LATER, Fate.SENT]
    assert {each.headers["webhook-id"] for each in asked} == {"desk-17"}
    for each in asked:
        number, at, signature = (each.headers[f"webhook-{name}"] for name in ("id", "timestamp", "signature"))
        assert signed_right(SECRET, number, at, signature, each.body, NOW)
        assert not signed_right(b"another", number, at, signature, each.body, NOW)
        assert json.loads(each.body) == {
            "id": "desk-17", "channel": "sms", "to": "+8613800138000", "language": "zh-CN", "text": TEXT.text
        }  # fmt: skip


@pytest.mark.parametrize(
    ("reply", "word"),
    [
        (Reply(200, b"{}"), SENT),
        (Reply(204), SENT),
        (Reply(400), Delivery(Fate.REFUSED, "status_400")),
        (Reply(410), Delivery(Fate.REFUSED, "status_410")),
        (Reply(422), Delivery(Fate.REFUSED, "status_422")),
        (Reply(401), Delivery(Fate.LATER, "status_401")),
        (Reply(404), Delivery(Fate.LATER, "status_404")),
        (Reply(429), Delivery(Fate.LATER, "status_429")),
        (Reply(503), Delivery(Fate.LATER, "status_503")),
        (Reply(302, headers={"Location": "http://127.0.0.1:1/"}), Delivery(Fate.LATER, "status_302")),
        (None, Delivery(Fate.LATER, "cut_off")),
        (30.0, Delivery(Fate.LATER, "timeout")),
    ],
)
async def test_each_answer_of_the_hook_has_its_word(reply: Reply | float | None, word: Delivery) -> None:
    async with hooked(reply) as (url, asked):
        assert await hook(url) == word
    assert len(asked) == 1


async def test_a_name_that_leads_inside_is_not_called_but_an_address_named_exactly_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hooked(Reply(204)) as (url, asked):
        port = url.rpartition(":")[2]

        async def inside(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(2, 1, 6, "", ("127.0.0.1", int(port.partition("/")[0])))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
        assert await hook(f"http://sms.example:{port}") == Delivery(Fate.LATER, "private_address")
        assert asked == []
        assert await hook(url) == SENT


async def test_a_name_is_called_at_the_address_that_was_checked_and_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async with hooked(Reply(204)) as (url, asked):
        port = int(url.rpartition(":")[2].partition("/")[0])

        async def once(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(2, 1, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr("desk.outside.couriers.hook.is_public", lambda _address: True)
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", once)
        assert await hook(f"http://sms.example:{port}/sms") == SENT
    assert asked[0].headers["host"] == f"sms.example:{port}"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True), ("2606:2800:220:1::1", True), ("10.0.0.5", False), ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False), ("224.0.0.1", False), ("::1", False), ("fd00::1", False), ("fe80::1", False),
        ("::ffff:10.0.0.5", False), ("::ffff:93.184.216.34", True), ("64:ff9b::a9fe:a9fe", False), ("2002:0a00:0005::1", False),
        ("64:ff9b::5db8:d822", True), ("64:ff9b:1::a9fe:a9fe", False), ("64:ff9b:1::5db8:d822", False),
        ("::ffff:0:169.254.169.254", False), ("::ffff:0:93.184.216.34", False), ("::169.254.169.254", False),
        ("::93.184.216.34", False), ("fec0::1", False), ("2002:5db8:d822::1", True), ("4000::1", False), ("ff0e::1", False),
        ("2001:0:5db8:d822::f5ff:fffa", False), ("2001:0:5db8:d822::a247:27dd", True),
    ],
)  # fmt: skip
def test_addresses_inside_are_told_from_public_ones_in_disguise_too(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def test_each_channel_has_its_courier_and_without_any_there_is_none() -> None:
    async with fake_smtp() as server, hooked(Reply(204)) as (url, asked):
        ways = Ways((Relay("127.0.0.1", server.port, tls_at_once=False), "desk@site.example"), (url, SECRET), SECONDS)
        async with open_couriers(ways, lambda: NOW) as courier:
            assert courier is not None
            assert [await courier.deliver(letter) for letter in (LETTER, TEXT)] == [SENT, SENT]
        async with open_couriers(replace(ways, hook=None), lambda: NOW) as courier:
            assert courier is not None
            assert await courier.deliver(TEXT) == Delivery(Fate.LATER, "no_channel")
        async with open_couriers(Ways(), lambda: NOW) as courier:
            assert courier is None
    assert (len(server.mails), len(asked)) == (1, 1)
    assert SECRET.decode() not in repr(ways)


def test_a_letter_shows_neither_address_nor_text() -> None:
    assert "vera" not in repr(LETTER)
    assert "7Q4K92MDXT" not in repr(LETTER)


def own_certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, Path]:
    """A server's context under a certificate of its own for this machine and these hosts, and the file that trusts it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1")), *map(x509.DNSName, names)]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "mail.pem", folder / "mail.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, private)
    return context, certificate
