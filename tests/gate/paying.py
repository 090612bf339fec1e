"""The staff of a served desk paying over HTTP: claims agreed to be refunded, payouts proposed and taken on. Judges nothing."""

import asyncio
import json
import secrets
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from tests.gate.places import HOME, Place
from tests.gate.wire import CLAIMS, STATUS, Answer, Wire, by, claim_body
from tests.processes import Served, free_port
from tests.sandbox import Sandbox, sandbox

T = TypeVar("T")

PAYOUTS, FUND = "/api/v1/payouts", f"/api/v1/sites/{HOME}/fund"
FOUND = {
    "not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54", "note": "发票为证",
}  # fmt: skip
_visitors = count(1)

STANDINGS = """
SELECT a.name, a.balance_minor,
       (SELECT coalesce(sum(p.amount_minor), 0) FROM fund_posting p WHERE p.debit_id = a.id)
       - (SELECT coalesce(sum(p.amount_minor), 0) FROM fund_posting p WHERE p.credit_id = a.id)
FROM fund_account a JOIN site s ON s.id = a.site_id WHERE s.slug = '"""


@dataclass(frozen=True)
class Slip:
    """A claim, and what its visitor follows it by."""

    reference: str
    token: str


@dataclass
class Staff:
    """The staff of the home site, on one kept-alive connection; what must succeed raises AssertionError where it does not."""

    place: Place
    wire: Wire

    async def agreed(self, amount: str, **otherwise: object) -> Slip:
        """A claim of a visitor whom nobody has met: lodged by one officer, assessed, confirmed by another.

        `otherwise` are fields of the lodging.
        """
        number, officer = next(_visitors), self.place.token()
        visitor = {"name": "王小薇", "phone": f"+86137{number:08}", "email": None, "language": "en"}
        items = [{"kind": "refund", "asked": yuan(amount)}]
        body = claim_body(visitor=visitor, items=items, order_no=f"HS-{number}", **otherwise)
        lodged = told(await self.wire.post(CLAIMS, body, by(officer, fresh())), 201)
        path = f"{CLAIMS}/{lodged['reference']}"
        seen = await self.wire.ask("GET", path, headers=by(officer))
        headers = {**by(officer), "If-Match": seen.headers["etag"], "Content-Type": "application/json"}
        told(await self.wire.ask("PUT", f"{path}/assessment", json.dumps(FOUND).encode(), headers))
        other = by(self.place.token(place=1), fresh())
        told(await self.wire.post(f"{path}/triage", json.dumps({"confirm": "fast_refund"}).encode(), other))
        return Slip(lodged["reference"], lodged["status_url"].rpartition("/")[2])

    async def propose(self, reference: str, method: str = "original_route", cashier: int = 0) -> Answer:
        """A cashier proposes; a gateway's payout gets an account of its own."""
        payee = {"account": f"6222-{reference}", "name": "王小薇"}
        body = {"method": method, **({} if method == "cash" else {"payee": payee})}
        token = self.place.token("cashier", place=cashier)
        return await self.wire.post(f"{CLAIMS}/{reference}/payouts", json.dumps(body).encode(), by(token, fresh()))

    async def step(self, payout: str, name: str, *, role: str = "cashier", place: int = 0, key: str | None = None) -> Answer:
        """One of the staff takes a step of a payout, under a key of its own unless one is given."""
        headers = by(self.place.token(role, place=place), key or fresh())
        return await self.wire.post(f"{PAYOUTS}/{payout}/{name}", b"", headers)

    async def payout(self, number: str) -> dict[str, Any]:
        """A payout as a cashier sees it."""
        shown: dict[str, Any] = told(await self.wire.ask("GET", f"{PAYOUTS}/{number}", headers=by(self.place.token("cashier"))))
        return shown

    async def fund(self) -> dict[str, int]:
        """The fund as the manager sees it, in minor units."""
        shown = told(await self.wire.ask("GET", FUND, headers=by(self.place.token("manager"))))
        return {name: minor(money) for name, money in shown.items()}

    async def status(self, slip: Slip) -> dict[str, Any]:
        """What the visitor sees."""
        body = json.dumps({"token": slip.token}).encode()
        shown: dict[str, Any] = told(await self.wire.post(STATUS, body, {"Accept-Language": "en"}))
        return shown

    async def until(self, number: str, *states: str, seconds: float = 10) -> dict[str, Any]:
        """The payout as soon as it stands in one of the states; raises TimeoutError when it does not come there."""
        deadline = time.monotonic() + seconds
        while (shown := await self.payout(number))["state"] not in states:
            if time.monotonic() > deadline:
                raise TimeoutError(shown["state"])
            await asyncio.sleep(0.05)
        return shown

    async def ready(self, amount: str, cashier: int = 0) -> str:
        """A gateway payout that waits to be sent, approved by the manager where a limit asks for it; its number."""
        payout = told(await self.propose((await self.agreed(amount)).reference, cashier=cashier), 201)
        if payout["state"] == "awaiting_approval":
            payout = told(await self.step(payout["id"], "approve", role="manager"))
        assert payout["state"] == "reserved"
        return str(payout["id"])


@dataclass
class Floor:
    """A desk and its gateway, each in its own processes, at addresses that outlive them."""

    place: Place
    gateway: Sandbox
    port: int
    options: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where the desk is served."""
        return f"http://127.0.0.1:{self.port}"

    def open(self) -> AbstractContextManager[Served]:
        """Serve the desk with its worker."""
        return self.place.serve(*self.options, port=self.port, **{**self.gateway.settings, **self.settings})

    def states(self) -> Counter[str]:
        """How many payouts stand where, as the database says."""
        return Counter(state for (state,) in self.place.rows("SELECT state FROM payout"))

    def paid(self) -> Counter[str]:
        """How often the gateway paid each key, as its own books say."""
        return Counter(each["key"] for each in self.gateway.payments() if each["state"] == "settled")

    def amounts(self) -> dict[str, int]:
        """The amount of every payout in minor units, by its key, as the database says."""
        return dict(self.place.rows("SELECT key, amount_minor FROM payout"))

    def reserved(self) -> list[str]:
        """The payouts that may be sent, by number."""
        return [str(number) for (number,) in self.place.rows("SELECT id FROM payout WHERE state = 'reserved'")]

    def calling(self) -> set[str]:
        """The keys that the gateway is being called with, or was when the desk died."""
        return {key for (key,) in self.place.rows("SELECT key FROM payout WHERE state = 'sending' AND calling")}

    def settled_within(self, seconds: float) -> float:
        """How many seconds it takes until every payout is settled; raises TimeoutError with what is not."""
        began = time.monotonic()
        while set(now := self.states()) != {"settled"}:
            if time.monotonic() - began > seconds:
                raise TimeoutError(now)
            time.sleep(0.2)
        return time.monotonic() - began


@contextmanager
def floor(place: Place, folder: Path, *options: str, **settings: str) -> Iterator[Floor]:
    """A gateway that listens and will tell the desk what it did; the desk is not served yet."""
    port = free_port()
    with sandbox(folder, f"http://127.0.0.1:{port}/api/v1/gateway/events") as playing:
        yield Floor(place, playing, port, options, settings)


async def each_of(staff: Place, url: str, work: Callable[[Staff, int], Awaitable[T]], many: int, hands: int = 8) -> list[T]:
    """Do a piece of work so many times, on a few connections at once; what came of each, in the order of its number."""
    done, numbers = dict[int, T](), iter(range(many))

    async def one() -> None:
        async with Wire.open(url) as wire:
            for number in numbers:
                done[number] = await work(Staff(staff, wire), number)

    await asyncio.gather(*(one() for _ in range(hands)))
    return [done[number] for number in range(many)]


async def at_once(staff: Place, url: str, works: Sequence[Callable[[Staff], Awaitable[T]]]) -> list[T]:
    """Do all of it at the same moment, each on a connection that was open before."""
    async with AsyncExitStack() as lines:
        wires = [await lines.enter_async_context(Wire.open(url)) for _ in works]
        return list(await asyncio.gather(*(work(Staff(staff, wire)) for work, wire in zip(works, wires, strict=True))))


def standings(place: Place) -> dict[str, int]:
    """The home site's balances in minor units, by account; expects each to be what its postings add up to."""
    found = place.rows(f"{STANDINGS}{HOME}'")
    for name, balance, debits_less_credits in found:
        assert balance == (-debits_less_credits if name.startswith("source:") else debits_less_credits), name
    return {name: balance for name, balance, _ in found}


def told(answer: Answer, status: int = 200) -> Any:  # noqa: ANN401 - whatever was answered
    """The document of an answer that must have this status."""
    assert answer.status == status, answer.body
    return answer.document


def yuan(amount: str) -> dict[str, str]:
    """Money as JSON."""
    return {"amount": amount, "currency": "CNY"}


def minor(money: Mapping[str, str]) -> int:
    """Money from JSON, in minor units."""
    return int(money["amount"].replace(".", ""))


def fresh() -> str:
    """A client's key that nobody has used."""
    return secrets.token_hex(16)
