"""Text messages through the operator's own HTTP hook, signed after Standard Webhooks. Knows no provider of text messages.

A name is resolved once for each call, checked, and the call goes to what was checked: an address inside the operator's network
is called only where the setting names that very address. Source: RELIABILITY I41.
"""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpx
import msgspec

from desk.domain.notification import Fate
from desk.domain.relay import is_named_exactly
from desk.domain.signature import sign
from desk.outside.gateways.calls import Caller, NoAnswer, status
from desk.ports import Delivery, Letter

ANSWER_BYTES = 64 * 1024
NEVER = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.GONE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)  # fmt: skip
"""Answers about this very message that no second try would change; any other one may be about the hook itself."""

_NAT64 = IPv6Network("64:ff9b::/96")


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
            answer = await self._fetch(request, ANSWER_BYTES, also_refusals=True)
        except NoAnswer as trouble:
            return Delivery(Fate.LATER, trouble.why)
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return Delivery(Fate.SENT)
        return Delivery(Fate.REFUSED if answer.status in NEVER else Fate.LATER, status(answer.status))

    async def _checked(self) -> tuple[httpx.URL, dict[str, Any]]:
        """Where to call: the address as it was named, or the one its name stands for now. Raises NoAnswer for a private one."""
        if is_named_exactly(self._url.host):
            return self._url, {}
        port = self._url.port or 443
        try:
            async with asyncio.timeout(self._seconds):
                found = await asyncio.get_running_loop().getaddrinfo(self._url.host, port, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError):
            raise NoAnswer("not_reached", left=False) from None
        addresses = [ip_address(each[4][0]) for each in found]
        if not addresses or not all(map(is_public, addresses)):
            raise NoAnswer("private_address", left=False)
        asked = {"headers": {"Host": self._url.netloc.decode("ascii")}, "extensions": {"sni_hostname": self._url.host}}
        return self._url.copy_with(host=str(addresses[0])), asked


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anybody's to call, also where it is one of another kind in disguise."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inside is not None:
            return is_public(inside)
    return address.is_global and not address.is_multicast
