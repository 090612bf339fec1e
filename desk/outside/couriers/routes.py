"""Which courier carries which channel, as the operator's settings say. Writes no text and tries nothing twice."""

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from desk.domain.notification import Carrier, Fate
from desk.domain.relay import Relay
from desk.outside.couriers.hook import HookCourier
from desk.outside.couriers.smtp import SmtpCourier
from desk.ports import Courier, Delivery, Letter

SECONDS = 15.0
"""How long a mail server or a hook may take for one message."""


@dataclass(frozen=True, slots=True)
class Ways:
    """What the operator set: a mail server with the address in From, hooks with their secrets; each None where it is not.

    `hook` carries text messages to visitors, `digest_hook` the digests of sites.
    """

    mail: tuple[Relay, str] | None = None
    hook: tuple[str, bytes] | None = field(default=None, repr=False)
    seconds: float = SECONDS
    digest_hook: tuple[str, bytes] | None = field(default=None, repr=False)

    @property
    def open_to(self) -> frozenset[Carrier]:
        """The channels that carry."""
        set_up = {Carrier.MAIL: self.mail, Carrier.SMS: self.hook, Carrier.HOOK: self.digest_hook}
        return frozenset(carrier for carrier, way in set_up.items() if way)


class Couriers:
    """`ports.Courier` for every channel that is set."""

    def __init__(self, by_channel: Mapping[Carrier, Courier]) -> None:
        self._by_channel = by_channel

    async def deliver(self, letter: Letter) -> Delivery:
        """Hand it to the courier of its channel."""
        courier = self._by_channel.get(letter.carrier)
        return await courier.deliver(letter) if courier else Delivery(Fate.LATER, "no_channel")


@contextlib.asynccontextmanager
async def open_couriers(ways: Ways, now: Callable[[], datetime]) -> AsyncIterator[Courier | None]:
    """The couriers of all channels while the block runs, None without any. `now` is the machine's own time."""
    found = dict[Carrier, Courier]()
    async with contextlib.AsyncExitStack() as stack:
        if ways.mail:
            found[Carrier.MAIL] = SmtpCourier(*ways.mail, ways.seconds, now)
        for carrier, hook in ((Carrier.SMS, ways.hook), (Carrier.HOOK, ways.digest_hook)):
            if hook:
                found[carrier] = await stack.enter_async_context(HookCourier(*hook, ways.seconds, now))
        yield Couriers(found) if found else None
