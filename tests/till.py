"""Short ways to pay on a test house: claims agreed to be refunded, payouts brought to a state. Through the real actions."""

from dataclasses import dataclass
from itertools import count as count_up
from typing import Any

from sqlalchemy import Connection, select, text

from desk.actions import payout_resolution, payout_words, payouts
from desk.actions.jobs import lease_jobs
from desk.actions.payout_moves import Paying
from desk.domain.payout import Heard, Method
from desk.domain.policy import Viewer
from desk.ports import Lease, Word, Work
from desk.store import fund as books
from desk.store import payouts as payout_rows
from desk.store.tables import PayoutRow, metadata
from tests.builders import Given, House, yuan
from tests.cast import VISITOR_NAME

ACCOUNT = "6222021234567890123"
_phones = count_up(1)
PAYOUT, JOB = metadata.tables["payout"], metadata.tables["job"]


@dataclass
class Till:
    """A house's cashier's desk. Acts without `by` are Chen's; approvals are the manager's."""

    house: House

    async def agreed(self, **told: Given) -> str:
        """A claim that is agreed to be refunded: lodged by Olga for a visitor with a phone of their own, confirmed by Otto."""
        house = self.house
        told.setdefault("visitor", {"name": VISITOR_NAME, "phone": f"+86139{next(_phones):08}", "email": None})
        reference = (await house.lodge(**told)).reference
        await house.assess(reference)
        await house.confirm(reference, "fast_refund", house.cast.otto)
        return reference

    async def propose(
        self, reference: str, by: Viewer | None = None, *, method: str = "cash", amount: str | None = None,
        account: str | None = None,
    ) -> Paying:  # fmt: skip
        """Propose a payout; a gateway's gets an account of its own unless one is named."""
        account = account or (None if method == "cash" else f"{ACCOUNT}-{reference}")
        proposal = payouts.Proposal(Method(method), yuan(amount), account, "王小薇" if account else None)
        return await self.house.desk.write(payouts.propose_payout, by or self.house.cast.chen, reference, proposal)

    async def approve(self, payout_id: int, by: Viewer | None = None) -> Paying:
        """Approve as the second officer."""
        return await self.house.desk.write(payouts.approve_payout, by or self.house.cast.ma, payout_id)

    async def send(self, payout_id: int, by: Viewer | None = None) -> Paying:
        """Hand over or send."""
        return await self.house.desk.write(payouts.send_payout, by or self.house.cast.chen, payout_id)

    async def receive(self, payout_id: int, by: Viewer | None = None) -> Paying:
        """The visitor signs."""
        return await self.house.desk.write(payouts.receive_payout, by or self.house.cast.chen, payout_id)

    async def cancel(self, payout_id: int, by: Viewer | None = None) -> Paying:
        """Cancel, or take cash back."""
        return await self.house.desk.write(payouts.cancel_payout, by or self.house.cast.chen, payout_id)

    async def resolve(self, payout_id: int, outcome: str, by: Viewer) -> Paying:
        """Say what became of an unknown payout."""
        write = self.house.desk.write
        return await write(payout_resolution.resolve_payout, by, payout_id, Heard(outcome), "网关记录截图")

    async def lease(self, kind: str) -> Lease:
        """Take the one due job of this kind, as a worker would."""
        (found,) = [one for one in await self.house.desk.write(lease_jobs, "test", 16) if one.kind == kind]
        return found

    async def called(self, payout_id: int, heard: str, gateway_id: str = "gw-1", take: str | None = None) -> None:
        """Let a send go out and come to this end."""
        held, write = await self.lease(payouts.SEND), self.house.desk.write
        assert await write(payout_words.begin_send, held, payout_id) is not None
        await self.heard(held, payout_id, heard, gateway_id, take)

    async def heard(
        self, held: Lease, payout_id: int, heard: str, gateway_id: str = "gw-1", take: str | None = None
    ) -> None:  # fmt: skip
        """Let a call that has begun come to this end."""
        word = Word(Heard(heard), gateway_id, "test", take=take)
        await self.house.desk.write(payout_words.end_send, held, payout_id, word)

    async def asked(
        self, payout_id: int, heard: str, gateway_id: str = "gw-1", amount_minor: int | None = None, currency: str | None = None,
        take: str | None = None,
    ) -> None:  # fmt: skip
        """Let the gateway be asked, and answer this."""
        held, write = await self.lease(payout_words.QUERY), self.house.desk.write
        assert await write(payout_words.begin_query, held, payout_id) is not None
        word = Word(Heard(heard), gateway_id, "test", amount_minor, currency, take)
        await write(payout_words.end_query, held, payout_id, word)

    async def brought_to(self, state: str, by: Viewer | None = None, **told: Given) -> int:
        """A payout that went its way to this state; unknown and sending ones go through the gateway, others are cash.

        `arrived` is settled by the gateway.
        """
        method = "original_route" if state in ("sending", "unknown", "arrived") else "cash"
        asked = told.pop("asked", "200.00" if state == "awaiting_approval" else "128.00")
        payout_id = (await self.propose(await self.agreed(asked=asked, **told), by, method=method)).payout.id
        if state in ("awaiting_approval", "reserved"):
            return payout_id
        if state == "cancelled":
            await self.cancel(payout_id)
            return payout_id
        await self.send(payout_id)
        if state == "unknown":
            await self.called(payout_id, "unclear")
        elif state == "arrived":
            await self.called(payout_id, "settled")
        elif state == "settled":
            await self.receive(payout_id)
        elif state == "failed":
            await self.cancel(payout_id)
        return payout_id

    async def payout(self, payout_id: int) -> PayoutRow:
        """The payout's row."""
        return await self.house.desk.read(payout_rows.get, payout_id)

    async def balances(self) -> dict[str, int]:
        """What stands on Huangshan's accounts, by name."""
        return await self.house.desk.read(books.balances, self.house.cast.sites["huangshan"], "CNY")

    async def top_down(self, left: str) -> None:
        """Take money out of Huangshan's fund, past every rule, until so much is available."""
        await self.house.desk.write(_top_down, self.house.cast.sites["huangshan"], yuan(left))


def _top_down(work: Work, site_id: int, left: Any) -> None:  # noqa: ANN401 - Money
    from desk.actions.steps import event_by
    from desk.domain.audit import EventKind
    from desk.domain.fund import EntryKind, postings
    from desk.domain.policy import Kind, Role
    from desk.store import events, sites

    site = sites.get(work.conn, site_id)
    over = books.balances(work.conn, site_id, "CNY")["available"] - left.minor
    first, second = work.conn.execute(text("SELECT id FROM officer ORDER BY id LIMIT 2")).scalars()
    lines = postings(EntryKind.WITHDRAWAL, over, payer="site")
    entry = books.post(work, site, EntryKind.WITHDRAWAL, lines, books.Booked(officer_id=second))
    row = {
        "id": work.kit.lots.number(), "site_id": site.id, "amount_minor": over, "currency": "CNY", "payer": "site", "note": "-",
        "proposed_by": first, "proposed_at": work.now, "approved_by": second, "approved_at": work.now, "entry_id": entry,
    }  # fmt: skip
    books.add_withdrawal(work.conn, row)
    said = {"withdrawal": str(row["id"]), "amount_minor": over, "payer": "site"}
    steps = ((first, EventKind.WITHDRAWAL_PROPOSED, said), (second, EventKind.WITHDRAWAL_APPROVED, said | {"entry": str(entry)}))
    for actor, kind, told in steps:
        viewer = Viewer(Kind.OFFICER, actor, roles={site_id: frozenset({Role.MANAGER})}, request_id="top-down")
        event = event_by(viewer, f"site:{site_id}", site_id, kind, work.now, told)
        events.append(work.conn, work.kit.lots.number(), event)


def jobs_of(conn: Connection) -> list[tuple[str, bool]]:
    """Every job as (kind, done), oldest first."""
    return [(row.kind, row.done_at is not None) for row in conn.execute(select(JOB).order_by(JOB.c.id))]


def count(conn: Connection, table: str) -> int:
    """How many rows a table has."""
    return int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())
