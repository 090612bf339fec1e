"""A day at the desk that leaves every kind of row behind: each way a claim can go, told once, copied for every test.

The names of the story's claims stand in `{braces}` in the breakages. What money did that day is `story_of_money`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time

from sqlalchemy import text

from desk.actions.follow_up import Rating, rate_claim, record_try
from desk.actions.seed import SITES
from desk.actions.signing import StaffKnock, begin_session
from desk.domain.claim import Answer, Elsewhere, Flags, Route, Scope
from desk.domain.follow_up import Kind
from desk.domain.policy import Viewer
from desk.ports import Work
from desk.store import officers
from tests import exhibits
from tests.builders import House, add_place, open_house
from tests.cast import POSTER
from tests.verify.story_of_alerts import alerts_day
from tests.verify.story_of_digests import digests_day
from tests.verify.story_of_handoffs import handoffs_day
from tests.verify.story_of_incidents import incidents_day
from tests.verify.story_of_money import money_day
from tests.verify.story_of_returns import returns_day

TOLD_AT = datetime(2026, 9, 18, 4, tzinfo=UTC)
"""When the day has been told: later than everything in it."""

ERASED = ("erased", "forgotten")
NAME, PHONE, EMAIL = "欧阳明月", "+8613911112222", "mingyue@example.com"


@dataclass(frozen=True)
class Story:
    """References and ids of the claims, and ids of the payouts, by their part in the story."""

    references: Mapping[str, str]
    ids: Mapping[str, int]
    payouts: Mapping[str, int]

    def fill(self, sql: str) -> str:
        """SQL with `{fast}` as the reference and `{fast_id}` as the id of the claim called fast, `{paid_payout}` of a payout."""
        named = {f"{name}_id": number for name, number in self.ids.items()}
        return sql.format(**self.references, **named, **{f"{name}_payout": number for name, number in self.payouts.items()})


def _sign_in(work: Work, officer: Viewer) -> None:
    """An officer at their browser, past the password."""
    row = officers.get(work.conn, officer.name)
    begin_session(
        work, StaffKnock(officer.name, "192.0.2.7"), officer.under("story"), row.password_hash, None, in_production=False
    )


async def tell(database: str) -> Story:
    """Let the day happen on a freshly migrated database."""
    async with open_house(database) as house:
        told = {
            **await _at_the_counter(house),
            **await _decided(house),
            **await _ended(house),
            **await _from_elsewhere(house),
        }
        returned, sent_back = await returns_day(house)
        paid, payouts = await money_day(house)
        told |= paid | returned | await alerts_day(house)
        await digests_day(house)
        told |= await handoffs_day(house) | await incidents_day(house)
        payouts |= sent_back
        ids = {name: (await house.claim(reference)).id for name, reference in told.items()}
        for name in ERASED:
            await house.desk.write(_erase, ids[name])
        await house.desk.write(_sign_in, house.cast.olga)
        assert house.clock.at < TOLD_AT
        return Story(told, ids, payouts)


async def _at_the_counter(house: House) -> dict[str, str]:
    keyed = await house.lodge(key="key-0001", visitor={"name": NAME, "phone": PHONE, "email": EMAIL}, order_no="20261008")
    again = await house.lodge(key="key-0002", order_no="20261008")
    received = await house.lodge(order_no="A-1")
    asked = await house.lodge(asked="66.50")
    await house.message(asked.reference, "请问有小票吗？", question=True)
    await house.answer(asked.reference)
    noted = await house.lodge()
    await house.note(noted.reference)
    await house.message(noted.reference)
    await house.change_contact(noted.reference, phone="+8613700001111")
    await house.reissue(noted.reference)
    await house.link(noted.reference, received.reference)
    pictured = await house.lodge(visitor={"name": NAME, "phone": PHONE, "email": EMAIL})
    await house.add_file(pictured.reference, exhibits.from_a_phone(), await house.vera(pictured.reference), name=f"{NAME}.jpg")
    papered = await house.lodge()
    await house.add_file(papered.reference, exhibits.pdf(2), name="合同.pdf")
    erased = await house.lodge(visitor={"name": "张三丰", "phone": None, "email": None})
    await house.add_file(erased.reference, exhibits.picture(), name="张三丰.jpg")
    return {
        "keyed": keyed.reference, "again": again.reference, "received": received.reference, "asked": asked.reference,
        "noted": noted.reference, "pictured": pictured.reference, "papered": papered.reference, "erased": erased.reference,
    }  # fmt: skip


async def _decided(house: House) -> dict[str, str]:
    fast = await house.fast(visitor={"name": NAME, "phone": PHONE, "email": EMAIL})
    house.clock.go(hours=1)
    less = (await house.lodge(asked="4999.99")).reference
    await house.assess(less)
    await house.confirm(less, Route.FAST_REFUND, amount="1200.00")
    docketed = await house.docketed(departs_at=house.clock.at.replace(day=20))
    overridden = await house.docketed(asked="4999.99", flags=Flags(needs_appraisal=True))
    await house.assess(overridden)
    await house.override(overridden, Route.FAST_REFUND, amount="300.00")
    objected = await house.fast()
    await house.object_to(objected)
    waiting = await house.waiting()
    answered = await house.waiting()
    house.clock.go(days=1, hours=3)
    await house.answer(answered)
    silent = await house.waiting()
    house.clock.go(days=2)
    await house.silence(silent)
    completed = await house.waiting(respondent=None)
    await house.complete(completed, "128.00", respondent="新安茶行")
    return {
        "fast": fast, "less": less, "docketed": docketed, "overridden": overridden, "objected": objected, "waiting": waiting,
        "answered": answered, "silent": silent, "completed": completed,
    }  # fmt: skip


async def _ended(house: House) -> dict[str, str]:
    refused = (await house.lodge(already_elsewhere=Elsewhere.COURT)).reference
    await house.confirm(refused, Route.REFUSE)
    transferred = (await house.lodge()).reference
    await house.assess(transferred, scope=Scope.OTHER_REMIT)
    await house.confirm(transferred, Route.TRANSFER)
    await house.desk.write(rate_claim, await house.vera(transferred), transferred, Rating(4, "态度很好。"))
    await house.desk.write(record_try, house.cast.olga, refused, Kind.NOT_REACHED)
    withdrawn = await house.docketed()
    await house.withdraw(withdrawn, "已与商家和解。")
    reopened = (await house.lodge()).reference
    await house.withdraw(reopened, "访客来电撤回", by=house.cast.otto)
    await house.reopen(reopened)
    return {"refused": refused, "transferred": transferred, "withdrawn": withdrawn, "reopened": reopened}


async def _from_elsewhere(house: House) -> dict[str, str]:
    poster = (await house.lodge(POSTER)).reference
    away = (await house.lodge(house.cast.oskar, site="gulangyu", asked="9000.00")).reference
    await house.confirm(away, Route.DOCKET, house.cast.oskar)
    imported = (await house.lodge(received_on=date(2024, 5, 1), source_key="published:1")).reference
    await house.assess(imported, not_at_fault=Answer.UNKNOWN)
    await house.propose(imported)
    windows = (((time(8), time(11, 30)), (time(13), time(17))),) * 5 + ((),) * 2
    laoshan = replace(SITES[0], slug="laoshan", opens=windows, clocks_keep_hours=True, overlay="cn-shandong", respondents={})
    windowed = (await house.lodge(await add_place(house, laoshan, "lin"), site="laoshan")).reference
    return {"poster": poster, "away": away, "imported": imported, "windowed": windowed}


def _erase(work: Work, claim_id: int) -> None:
    """What destroying a person's key leaves behind."""
    statement = text("UPDATE person SET wrapped_key = NULL, erased_at = :now WHERE claim_id = :id")
    now = work.now.isoformat(timespec="microseconds").replace("+00:00", "Z")
    work.conn.execute(statement, {"now": now if work.conn.dialect.name == "sqlite" else work.now, "id": claim_id})
