"""Text messages through the operator's own HTTP hook, signed after Standard Webhooks. Knows no provider of text messages.

A name is resolved once for each call, checked, and the call goes to what was checked: an address inside the operator's network
is called only where the setting names that very address. Source: RELIABILITY I41.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import httpx
import msgspec

from desk.domain.notification import Fate
from desk.domain.relay import is_named_exactly, is_public
from desk.domain.signature import sign
from desk.outside.gateways.calls import Caller, NoAnswer, status
from desk.ports import Delivery, Letter

NEVER = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)  # fmt: skip
"""Answers about this very message that no second try would change; any other one may be about the hook itself."""


class HookCourier(Caller):
    """`ports.Courier` for text messages: one POST to one address."""

    def __init__(self, url: str, secret: bytes, seconds: float, now: Callable[[], datetime]) -> None:
        super().__init__(seconds)
        self._url, self._secret, self._now = httpx.URL(url), secret, now

    async def deliver(self, letter: Letter) -> Delivery:
        """Any 2xx means that the hook has it; the `webhook-id` is the same for every try, so that it can tell."""
        told = {
            "id": letter.name, "channel": letter.carrier.value, "to": letter.to, "language": letter.language, "text": letter.text
        }  # fmt: skip
        body, at = msgspec.json.encode(told), int(self._now().timestamp())
        headers = {
            "Content-Type": "application/json", "webhook-id": letter.name, "webhook-timestamp": str(at),
            "webhook-signature": sign(self._secret, letter.name, at, body),
        }  # fmt: skip
        try:
            url, more = await self._checked()
            request = self._request("POST", url, content=body, headers=headers | more.pop("headers", {}), **more)
            answer = await self._status(request)
        except NoAnswer as trouble:
            return Delivery(Fate.LATER, trouble.why)
        if HTTPStatus.OK <= answer < HTTPStatus.MULTIPLE_CHOICES:
            return Delivery(Fate.SENT)
        return Delivery(Fate.REFUSED if answer in NEVER else Fate.LATER, status(answer))

    async def _checked(self) -> tuple[httpx.URL, dict[str, Any]]:
        """Where to call: the address as it was named, or the one its name stands for now. Raises NoAnswer for a private one."""
        if is_named_exactly(self._url.host):
            return self._url, {}
        addresses = await addresses_of(self._url, self._seconds)
        if not all(map(is_public, addresses)):
            raise NoAnswer("private_address", left=False)
        return pinned(self._url, addresses[0])


async def addresses_of(url: httpx.URL, seconds: float) -> list[IPv4Address | IPv6Address]:
    """What the host of an address stands for now, one at least. Raises NoAnswer."""
    try:
        async with asyncio.timeout(seconds):
            found = await asyncio.get_running_loop().getaddrinfo(url.host, url.port or 443, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        raise NoAnswer("not_reached", left=False) from None
    if not found:
        raise NoAnswer("not_reached", left=False)
    return [ip_address(each[4][0]) for each in found]


def pinned(url: httpx.URL, address: IPv4Address | IPv6Address) -> tuple[httpx.URL, dict[str, Any]]:
    """The same request to the address that was checked, by the host's own name."""
    asked = {"headers": {"Host": url.netloc.decode("ascii")}, "extensions": {"sni_hostname": url.host}}
    return url.copy_with(host=str(address)), asked
