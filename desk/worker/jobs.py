"""Running jobs: leased, kept in hand by a heartbeat, their calls made with nothing open. Decides no effect: actions do.

A job that ends in a mistake of ours is tried again and set aside after eight; one whose lease was lost counts for nothing.
"""

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

import structlog

from desk.actions.breaks import end_reconcile
from desk.actions.checks import VERIFY, Checked, keep_check
from desk.actions.deliveries import begin_delivery, end_delivery
from desk.actions.digests import DIGEST, LETTER, begin_letter, end_letter, make_digest
from desk.actions.handoff_posts import begin_post, end_post
from desk.actions.handoffs import HANDOFF
from desk.actions.jobs import PATIENT, drop_job, give_up, keep_in_hand, lease_jobs, put_back, something_due
from desk.actions.notifications import NOTIFY
from desk.actions.payout_words import QUERY, begin_query, begin_send, end_query, end_send
from desk.actions.payouts import SEND
from desk.actions.statements import RECONCILE, days_to_fetch, keep_statement
from desk.domain.notification import Fate
from desk.ports import Courier, Delivery, Desk, Gateway, Lease, LeaseLost, Poster

AT_ONCE, LETTERS_AT_ONCE = 16, 4
"""Of what is in hand at once no more than a quarter is written to visitors and partners: their servers may hang as they like."""
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 2.5
WITHOUT_GATEWAY = timedelta(minutes=1)
STATEMENT_AGAIN = timedelta(minutes=5)
"""How soon a gateway that gave no statement is asked for it once more."""


@dataclass
class Means:
    """What a worker works with: the doors, gateway, courier and poster if there are any, and the check of all, which blocks."""

    desk: Desk
    gateway: Gateway | None
    check: Callable[[], Checked]
    courier: Courier | None = None
    poster: Poster | None = None
    watch_seconds: float = 60
    name: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")


async def _send(means: Means, lease: Lease) -> None:
    """Pay through the gateway: the call begins and ends in transactions of its own, with nothing open between them."""
    if means.gateway is None:
        await means.desk.write(put_back, lease, WITHOUT_GATEWAY)
        return
    payout_id = int(lease.payload["payout"])
    order = await means.desk.write(begin_send, lease, payout_id)
    if order is not None:
        word = await means.gateway.pay(order)
        await means.desk.write(end_send, lease, payout_id, word)


async def _query(means: Means, lease: Lease) -> None:
    """Ask the gateway what became of a payout."""
    if means.gateway is None:
        await means.desk.write(put_back, lease, WITHOUT_GATEWAY)
        return
    payout_id = int(lease.payload["payout"])
    order = await means.desk.write(begin_query, lease, payout_id)
    if order is not None:
        word = await means.gateway.find(order)
        await means.desk.write(end_query, lease, payout_id, word)


async def _verify(means: Means, lease: Lease) -> None:
    """Check every invariant, in a thread of its own so that heartbeats go on."""
    await means.desk.write(keep_check, lease, await asyncio.to_thread(means.check))


async def _reconcile(means: Means, lease: Lease) -> None:
    """Fetch the statement of each day that is over; each is kept and matched in one transaction, with nothing open between."""
    if means.gateway is None:
        await means.desk.write(put_back, lease, WITHOUT_GATEWAY)
        return
    for day in await means.desk.read(days_to_fetch, means.desk.kit):
        try:
            lines = await means.gateway.statement(day)
        except OSError as trouble:
            structlog.get_logger().warning("statement_not_had", day=day.isoformat(), why=str(trouble))
            await means.desk.write(put_back, lease, STATEMENT_AGAIN)
            return
        await means.desk.write(keep_statement, day, lines)
    await means.desk.write(end_reconcile, lease)


async def _notify(means: Means, lease: Lease) -> None:
    """Write to a visitor: one try, begun and ended in transactions of its own, with nothing open between them."""
    number = int(lease.payload["notification"])
    letter = await means.desk.write(begin_delivery, lease, number)
    if letter is not None:
        courier = means.courier
        word = await courier.deliver(letter) if courier else Delivery(Fate.LATER, "no_channel")
        structlog.get_logger().info("visitor_written_to", channel=letter.carrier.value, fate=word.fate.value, why=word.why)
        await means.desk.write(end_delivery, lease, number, word)


async def _digest(means: Means, lease: Lease) -> None:
    """Make a site's digest; its letters are jobs of their own."""
    await means.desk.write(make_digest, lease)


async def _letter(means: Means, lease: Lease) -> None:
    """Hand a digest to one who is told of it: one try, begun and ended in transactions of its own."""
    number = int(lease.payload["letter"])
    letter = await means.desk.write(begin_letter, lease, number)
    if letter is not None:
        courier = means.courier
        word = await courier.deliver(letter) if courier else Delivery(Fate.LATER, "no_channel")
        structlog.get_logger().info("digest_sent", channel=letter.carrier.value, fate=word.fate.value, why=word.why)
        await means.desk.write(end_letter, lease, number, word)


async def _hand_off(means: Means, lease: Lease) -> None:
    """Tell a partner's system of an offer: one try, begun and ended in transactions of its own, with nothing open between."""
    number = int(lease.payload["handoff"])
    posting = await means.desk.write(begin_post, lease, number)
    if posting is not None:
        word = await means.poster.post(posting) if means.poster else Delivery(Fate.LATER, "no_poster")
        structlog.get_logger().info("partner_told", handoff=posting.name, fate=word.fate.value, why=word.why)
        await means.desk.write(end_post, lease, number, word, posting.url)


HANDLERS: Mapping[str, Callable[[Means, Lease], Awaitable[None]]] = MappingProxyType(
    {
        SEND: _send,
        QUERY: _query,
        VERIFY: _verify,
        RECONCILE: _reconcile,
        NOTIFY: _notify,
        DIGEST: _digest,
        LETTER: _letter,
        HANDOFF: _hand_off,
    }
)
"""What each kind of job does."""


class Bench:
    """The jobs that one worker has in hand."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._held: dict[asyncio.Task[None], Lease] = {}

    async def take(self) -> bool:
        """Lease what is due and there is room for, and start on it; whether there was anything."""
        free = AT_ONCE - len(self._held)
        if free <= 0 or not await self._means.desk.read(something_due, self._means.desk.kit):
            return False
        letters = LETTERS_AT_ONCE - sum(lease.kind in PATIENT for lease in self._held.values())
        leases = await self._means.desk.write(lease_jobs, self._means.name, free, letters)
        for lease in leases:
            task = asyncio.create_task(self._run(lease))
            self._held[task] = lease
            task.add_done_callback(self._held.pop)
        return bool(leases)

    async def keep(self) -> None:
        """Keep what is in hand a while longer."""
        if leases := list(self._held.values()):
            await self._means.desk.write(keep_in_hand, leases)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way; what is not done by then is left to the next worker, as after a crash."""
        if self._held:
            _, late = await asyncio.wait(set(self._held), timeout=seconds)
            for task in late:
                task.cancel()

    async def _run(self, lease: Lease) -> None:
        log = structlog.get_logger().bind(job=lease.kind, attempt=lease.attempt)
        handler = HANDLERS.get(lease.kind)
        try:
            if handler is None:
                await self._means.desk.write(drop_job, lease)
            else:
                await handler(self._means, lease)
        except LeaseLost:
            log.warning("lease_lost")
        except Exception as mistake:
            log.warning("job_failed", exc_info=True)
            await self._give_up(lease, type(mistake).__name__)

    async def _give_up(self, lease: Lease, why: str) -> None:
        try:
            await self._means.desk.write(give_up, lease, why)
        except Exception:  # noqa: BLE001 - then the lease runs out, and the job is taken once more
            structlog.get_logger().warning("job_not_given_up", exc_info=True)
