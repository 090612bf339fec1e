"""The sandbox's messenger: signed events to the desk, in the background, tried a few times. Remembers nothing after its end."""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Sequence

import httpx
import msgspec
import structlog

from desk.domain.signature import sign
from desk.outside.gateways.sandbox_ledger import Payment
from desk.outside.gateways.sandbox_modes import EventManner, Mode

PAUSES: Sequence[float] = (0.2, 1.0, 5.0)
"""Seconds between two tries of an event that was not taken."""
PATIENCE = 5.0


class Messenger:
    """Tells the desk of every change, as its mode says."""

    def __init__(self, client: httpx.AsyncClient, url: str, secret: bytes) -> None:
        self._client, self._url, self._secret = client, url, secret
        self._under_way: set[asyncio.Task[None]] = set()

    def tell(self, payment: Payment, mode: Mode) -> None:
        """Begin to tell of the payment's state; returns at once."""
        if mode.events is EventManner.NONE:
            return
        secret = secrets.token_bytes(32) if mode.events is EventManner.FORGED else self._secret
        late = mode.seconds if mode.events is EventManner.LATE else 0
        body, event_id = _body(payment, mode), f"evt_{secrets.token_hex(12)}"
        for _ in range(2 if mode.events is EventManner.DUPLICATE else 1):
            task = asyncio.create_task(self._deliver(event_id, body, secret, late))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def stop(self) -> None:
        """Drop what has not been taken yet."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _deliver(self, event_id: str, body: bytes, secret: bytes, late: float) -> None:
        for pause in (late, *PAUSES):
            await asyncio.sleep(pause)
            if await self._taken(event_id, body, secret):
                return
        structlog.get_logger().warning("event_not_taken", event_id=event_id)

    async def _taken(self, event_id: str, body: bytes, secret: bytes) -> bool:
        """Whether one try succeeds; each is signed anew, for its time must be near."""
        signed_at = int(time.time())
        headers = {
            "webhook-id": event_id,
            "webhook-timestamp": str(signed_at),
            "webhook-signature": sign(secret, event_id, signed_at, body),
            "Content-Type": "application/json",
        }
        try:
            return (await self._client.post(self._url, content=body, headers=headers)).is_success
        except httpx.HTTPError:
            return False


@contextlib.asynccontextmanager
async def messenger(url: str | None, secret: bytes) -> AsyncIterator[Messenger | None]:
    """The messenger while the block runs; None where nobody wants to be told."""
    if url is None:
        yield None
        return
    async with httpx.AsyncClient(timeout=PATIENCE, trust_env=False) as client:
        telling = Messenger(client, url, secret)
        try:
            yield telling
        finally:
            await telling.stop()


def _body(payment: Payment, mode: Mode) -> bytes:
    wrong = mode.events is EventManner.WRONG_AMOUNT
    told = {
        "type": f"payout.{payment.state}", "key": payment.key, "amount_minor": payment.amount_minor + wrong,
        "currency": payment.currency, "gateway_id": payment.gateway_id, "at": payment.at,
    }  # fmt: skip
    return msgspec.json.encode(told)
