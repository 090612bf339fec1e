"""The desk's web application on a test house, called without sockets: by the cast's officers, by visitors, by strangers.

Set-up goes through `House`, the step under test through its route.
"""

import contextlib
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

import httpx
from fastapi import FastAPI
from sqlalchemy import Connection, select, text, update

from desk.domain.claim import Elsewhere, Route, Scope
from desk.domain.clocks import ClockState
from desk.ports import Desk, Work
from desk.store import clocks
from desk.store.migrations import head
from desk.store.tables import ClaimRow, metadata
from desk.web.app import create_app
from desk.web.options import WebOptions
from tests.builders import House
from tests.returns import Goods

CLAIM, EVENT, MESSAGE = (metadata.tables[name] for name in ("claim", "event", "message"))
PEER, ELSEWHERE = "192.0.2.7", "198.51.100.9"
CLAIMS, STATUS = "/api/v1/claims", "/api/v1/status"
ANY = Any

BODY: Mapping[str, Any] = {
    "site": "huangshan", "spot": "north-gate", "channel": "counter",
    "visitor": {"name": "王小薇", "phone": "+8613800138000", "email": None, "language": "zh-CN"},
    "respondent": {"name": "云海茶庄", "kind": "shop"}, "category": "price_labelling", "facts": "标价 28 元，结账收取 156 元。",
    "occurred_on": "2026-09-08", "departs_at": "2026-09-09T18:20:00+08:00",
    "items": [{"kind": "refund", "asked": {"amount": "128.00", "currency": "CNY"}}],
}  # fmt: skip
MET: Mapping[str, Any] = {
    "not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"
}  # fmt: skip


@dataclass(frozen=True)
class Slip:
    """What the visitor of a claim holds."""

    reference: str
    code: str
    token: str

    @property
    def pair(self) -> dict[str, str]:
        """Reference and code, as the status route takes them."""
        return {"reference": self.reference, "access_code": self.code}


@dataclass
class Front:
    """The application of a house and its callers. Without `by` a stranger calls; officers are called by first name."""

    house: House
    app: FastAPI
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    _numbers: "count[int]" = field(default_factory=count)

    async def call(
        self, method: str, path: str, by: str | None = None, *, json: Any = None, key: str | None = "new",  # noqa: ANN401
        version: int | None = None, peer: str = PEER, language: str = "en", **more: Any,  # noqa: ANN401
    ) -> httpx.Response:  # fmt: skip
        """Send one request; a POST gets a fresh key unless `key` says otherwise."""
        headers = {"Accept-Language": language, **more.pop("headers", {})}
        headers |= {"Authorization": f"Bearer {self.house.cast.tokens[by]}"} if by else {}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        if key is not None and method == "POST":
            headers["Idempotency-Key"] = f"key-{next(self._numbers)}" if key == "new" else key
        return await self.from_network(peer).request(method, path, json=json, headers=headers, **more)

    async def post(self, path: str, by: str | None = None, json: Any = None, **more: Any) -> httpx.Response:  # noqa: ANN401
        """POST under the claims: `front.post(f"{reference}/triage", "olga", {...})`."""
        return await self.call("POST", f"{CLAIMS}/{path}", by, json={} if json is None else json, **more)

    async def get(self, path: str, by: str | None = None, **more: Any) -> httpx.Response:  # noqa: ANN401
        """GET under the claims."""
        return await self.call("GET", f"{CLAIMS}/{path}", by, **more)

    async def lodge(self, by: str | None = "olga", **told: Any) -> httpx.Response:  # noqa: ANN401
        """Lodge through the route, with `told` in place of the usual fields."""
        key = told.pop("key", "new")
        return await self.call("POST", CLAIMS, by, json={**BODY, **told}, key=key)

    async def visit(self, slip: Slip, act: str, **told: Any) -> httpx.Response:  # noqa: ANN401
        """Act as the visitor, by token."""
        return await self.call("POST", f"{STATUS}/{act}", json={"token": slip.token, **told})

    async def status(self, slip: Slip, language: str = "en") -> Any:  # noqa: ANN401 - the JSON
        """What the visitor sees, by token."""
        answer = await self.call("POST", STATUS, json={"token": slip.token}, language=language)
        assert answer.status_code == 200
        return answer.json()

    async def look(self, body: Mapping[str, Any], peer: str = PEER) -> httpx.Response:
        """Ask for the status with any key."""
        return await self.call("POST", STATUS, json=dict(body), peer=peer, key=None)

    async def slip(self, reference: str) -> Slip:
        """The slip of a claim, derived again."""
        claim, sealer = await self.house.claim(reference), self.house.kit.sealer
        token = sealer.visit_token(reference, claim.id, claim.generation)
        return Slip(reference, sealer.access_code(claim.id, claim.generation), token)

    async def brought_to(self, state: str) -> str:
        """The reference of a claim that went its way to this state; of states that no route leads to yet, put there by hand."""
        house = self.house
        if state == "awaiting_information":
            return await house.waiting()
        if state == "fast_refund":
            return await house.fast()
        if state == "docketed":
            return await house.docketed()
        elsewhere = Elsewhere.COURT if state == "refused" else Elsewhere.NONE
        reference = (await house.lodge(already_elsewhere=elsewhere)).reference
        if state == "refused":
            await house.confirm(reference, Route.REFUSE)
        elif state == "transferred":
            await house.assess(reference, scope=Scope.OTHER_REMIT)
            await house.confirm(reference, Route.TRANSFER)
        elif state == "withdrawn":
            await house.withdraw(reference)
        elif state == "returning":
            return await Goods(house).brought_to("asked")
        elif state != "received":
            await self.put(reference, state)
        return reference

    async def put(self, reference: str, state: str, outcome: str | None = None) -> None:
        """Write a state into the row, past every rule."""
        outcome = outcome or ("refunded" if state in ("closed", "archived") else None)
        values = {"state": state, "outcome": outcome, "ended_as": "closed" if state == "archived" else None}
        await self.house.desk.write(_set, reference, values | {"version": CLAIM.c.version + 1})

    async def claim(self, reference: str) -> ClaimRow:
        """The claim's row."""
        return await self.house.claim(reference)

    async def events(self, reference: str) -> list[Any]:
        """The claim's chain, oldest first."""
        claim = await self.claim(reference)
        return list(await self.house.desk.read(_rows, select(EVENT).where(EVENT.c.subject == f"claim:{claim.id}"), EVENT.c.seq))

    async def chain(self, officer: str) -> list[str]:
        """What was written into an officer's chain, oldest first: the kinds of events."""
        subject = f"officer:{getattr(self.house.cast, officer).id}"
        rows = await self.house.desk.read(_rows, select(EVENT).where(EVENT.c.subject == subject), EVENT.c.seq)
        return [str(row.kind) for row in rows]

    async def messages(self, reference: str) -> list[tuple[str, str]]:
        """What was written to and by the visitor: (kind, text)."""
        claim = await self.claim(reference)
        rows = await self.house.desk.read(_rows, select(MESSAGE).where(MESSAGE.c.claim_id == claim.id), MESSAGE.c.written_at)
        return [(row.kind, row.text) for row in rows]

    async def clocks(self, reference: str) -> dict[str, ClockState]:
        """The state of each clock by kind; of several of a kind the last one started."""
        claim = await self.claim(reference)
        found = await self.house.desk.read(clocks.of_claim, claim.id)
        return {clock.kind: clock.state for clock in found.values()}

    async def counted(self, table: str) -> int:
        """How many rows a table has."""
        return int(await self.house.desk.read(_count, table))

    def from_network(self, peer: str) -> httpx.AsyncClient:
        """A client at this address."""
        if peer not in self._clients:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=True, client=(peer, 40_000))
            self._clients[peer] = httpx.AsyncClient(transport=transport, base_url="https://desk.example")
        return self._clients[peer]


@contextlib.asynccontextmanager
async def opened_front(
    house: House, environment: Literal["development", "demo", "production"] = "development"
) -> AsyncIterator[Front]:
    """The application over the doors of a house, started."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Desk]:
        yield house.desk

    app = create_app(opened, WebOptions("https://desk.example", head(), environment))
    async with app.router.lifespan_context(app):
        yield Front(house, app)


def last(events: list[Any]) -> tuple[Any, ...]:
    """The newest event as (kind, step, from, to, role, reason)."""
    row = events[-1]
    return row.kind, row.step, row.from_state, row.to_state, row.role, row.reason


def moved(events: list[Any]) -> tuple[Any, ...]:
    """The newest move, in the same form."""
    return last([event for event in events if event.kind == "moved"])


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, str(answer.json()["code"])


def flaw(answer: httpx.Response) -> tuple[str, str]:
    """Place and code of the first flaw of a refused request."""
    (first, *_) = answer.json()["errors"]
    return first["pointer"], first["code"]


def yuan(amount: str) -> dict[str, str]:
    """Money as the API takes it."""
    return {"amount": amount, "currency": "CNY"}


def _set(work: Work, reference: str, values: Mapping[str, Any]) -> None:
    work.conn.execute(update(CLAIM).where(CLAIM.c.reference == reference).values(**values))


def _rows(conn: Connection, query: Any, order: Any) -> Any:  # noqa: ANN401 - Core pieces
    return conn.execute(query.order_by(order)).all()


def _count(conn: Connection, table: str) -> int:
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def form_key(page: str, act: str) -> str:
    """The key that the act's form carries."""
    form = page.partition(f'action="/status/{act}')[2]
    found = re.search(r'name="key" value="([^"]+)"', form)
    assert found
    return found[1]
