"""Telling a partner's system of a hand-off: one signed POST after Standard Webhooks. Tries nothing twice, reads no answer.

Whatever a manager typed as the address, only public hosts are called: the name is resolved for each call, every address that
it stands for is checked, and the call goes to one that was. Source: RELIABILITY I41.
"""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address

import httpx

from desk.domain.notification import Fate
from desk.domain.relay import is_fit_for_partner, is_public
from desk.domain.signature import sign
from desk.outside.couriers.hook import addresses_of, pinned
from desk.outside.gateways.calls import Caller, NoAnswer, status
from desk.ports import Delivery, Posting

SECONDS = 15.0


class PartnerHook(Caller):
    """`ports.Poster`. With `on_loopback`, which no desk in use has, this very machine may be called too."""

    def __init__(self, now: Callable[[], datetime], *, on_loopback: bool = False, seconds: float = SECONDS) -> None:
        super().__init__(seconds, kept=0)
        self._now, self._on_loopback = now, on_loopback

    async def post(self, posting: Posting) -> Delivery:
        """Any 2xx means that they have it; 410 that they want nothing any more; everything else, a redirect too, is not sure.

        The status line decides; whatever follows it is not read.
        """
        at = int(self._now().timestamp())
        signed = {
            "Content-Type": "application/json", "webhook-id": posting.name, "webhook-timestamp": str(at),
            "webhook-signature": sign(posting.secret, posting.name, at, posting.body),
        }  # fmt: skip
        try:
            url, more = await self._checked(posting.url)
            request = self._request("POST", url, content=posting.body, headers=signed | more.pop("headers"), **more)
            answer = await self._status(request)
        except NoAnswer as trouble:
            return Delivery(Fate.LATER, trouble.why)
        if HTTPStatus.OK <= answer < HTTPStatus.MULTIPLE_CHOICES:
            return Delivery(Fate.SENT)
        return Delivery(Fate.REFUSED if answer == HTTPStatus.GONE else Fate.LATER, status(answer))

    async def _checked(self, told: str) -> tuple[httpx.URL, dict[str, dict[str, str]]]:
        """Where to call. Raises NoAnswer for an address that could not be set today, and for one that leads inside."""
        if not is_fit_for_partner(told, on_loopback=self._on_loopback):
            raise NoAnswer("unfit_address", left=False)
        try:
            url = httpx.URL(told)
        except httpx.InvalidURL:
            raise NoAnswer("unfit_address", left=False) from None
        addresses = await addresses_of(url, self._seconds)
        if not all(map(self._may_be_called, addresses)):
            raise NoAnswer("private_address", left=False)
        return pinned(url, addresses[0])

    def _may_be_called(self, address: IPv4Address | IPv6Address) -> bool:
        return is_public(address) or (self._on_loopback and address.is_loopback)
