"""Short ways to take goods back on a test house: pledges, returns brought to a phase. Through the real actions."""

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any

from desk.actions import pledges, returns
from desk.actions.intake import WrittenRespondent
from desk.domain.claim import Answer
from desk.domain.errors import WrongMoment
from desk.domain.policy import Viewer
from desk.domain.returns import EXCLUSIONS, ReturnReason
from desk.store import returns as rows
from desk.store.tables import GoodsReturnRow
from tests.builders import Given, House, yuan
from tests.cast import HOME, VISITOR_NAME

ITEM = "毛峰茶一盒，未拆封"
SOUND = returns.Looked(custom_made=Answer.NO, altered=Answer.NO, damaged_in_transport=Answer.NO)
SHOP = "云海茶庄"
_numbers = count(1)
BOUGHT = date(2026, 9, 1)
"""A week before the morning of the tests."""


@dataclass
class Goods:
    """A house's returns. Acts without `by` are Olga's, pledges the manager's."""

    house: House

    async def pledge(
        self, merchant: str | None = SHOP, by: Viewer | None = None, *, site: str = HOME, **told: Given
    ) -> pledges.Pledged:  # fmt: skip
        """A pledge of a merchant, or with None of the site itself."""
        promise = pledges.Promise(
            WrittenRespondent(name=merchant) if merchant else None, told.get("days"), told.get("exclusions", EXCLUSIONS),
            told.get("signed_on", date(2026, 1, 1)),
        )  # fmt: skip
        return await self.house.desk.write(pledges.sign_pledge, by or self.house.cast.ma, site, promise)

    async def withdraw(self, pledge: pledges.Pledged, by: Viewer | None = None) -> pledges.Pledged:
        """A pledge withdrawn."""
        return await self.house.desk.write(pledges.withdraw_pledge, by or self.house.cast.ma, pledge.site.slug, pledge.row.id)

    async def pledged(self, site: str = HOME, by: Viewer | None = None) -> None:
        """The site has a pledge of its own, signed now or before."""
        try:
            await self.pledge(None, by, site=site)
        except WrongMoment:
            return

    async def start(self, reference: str, by: Viewer | None = None, **looked: Given) -> returns.Returning:
        """Ask for goods to go back."""
        asked = returns.Asked(ITEM, returns.Looked(**looked))
        return await self.house.desk.write(returns.start_return, by or self.house.cast.olga, reference, asked)

    async def answer(self, reference: str, by: Viewer | None = None, note: str | None = None) -> returns.Returning:
        """Agree to take them back."""
        told = (reference, returns.Looked(), note)
        return await self.house.desk.write(returns.answer_return, by or self.house.cast.olga, *told)

    async def back(
        self, reference: str, by: Viewer | None = None, *, amount: str | None = None, looked: returns.Looked = SOUND
    ) -> returns.Returning:  # fmt: skip
        """The goods are at the counter."""
        told = (reference, "包装完好", looked, yuan(amount))
        return await self.house.desk.write(returns.take_goods_back, by or self.house.cast.olga, *told)

    async def refuse(
        self, reference: str, code: str = "altered", by: Viewer | None = None, note: str | None = "盒子已拆，少了两包"
    ) -> returns.Returning:  # fmt: skip
        """Not taken back."""
        return await self.house.desk.write(
            returns.refuse_return, by or self.house.cast.olga, reference, ReturnReason(code), note
        )  # fmt: skip

    async def lodged(self, by: Viewer | None = None, **told: Given) -> str:
        """A received claim about goods bought a week ago, with a receipt and a phone of its own."""
        number = next(_numbers)
        visitor = {"name": VISITOR_NAME, "phone": f"+86137{number:08}", "email": None}
        given: dict[str, Any] = {"purchased_on": BOUGHT, "order_no": f"XP-{number:04}", "visitor": visitor, **told}
        return (await self.house.lodge(by, **given)).reference

    async def brought_to(self, phase: str, **told: Given) -> str:
        """The reference of a claim whose return has come so far, under a pledge of the site."""
        await self.pledged()
        reference = await self.lodged(**told)
        await self.start(reference)
        if phase in ("goods_awaited", "goods_back"):
            await self.answer(reference)
        if phase == "goods_back":
            await self.back(reference, self.house.cast.otto)
        return reference

    async def row(self, reference: str) -> GoodsReturnRow:
        """The newest return of a claim."""
        found = await self.house.desk.read(rows.latest, (await self.house.claim(reference)).id)
        assert found
        return found
