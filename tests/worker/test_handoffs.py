"""A partner's system is told of an offer by the worker: signed, once in our books, for days, and never inside."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from desk.actions.checks import Checked
from desk.actions.handoffs import replay_handoff
from desk.actions.partners import change_hook, disable_partner, switch_off
from desk.actions.steps import DESK
from desk.domain.errors import WrongMoment
from desk.domain.handoff import MOST_TRIES
from desk.domain.notification import Fate
from desk.domain.signature import secret_bytes, signed_right
from desk.outside.couriers.partner import PartnerHook
from desk.ports import Delivery, Posting, Work
from desk.reads.handoffs import handoff_view
from desk.reads.verify import verify
from desk.store import partners
from desk.store.tables import metadata
from desk.worker.jobs import Means
from desk.worker.timetable import work_through
from tests.builders import House, open_house
from tests.fakes.wire import Asked, Reply, served
from tests.hands import ASKED, Hand, led, offered, partner
from tests.worker.test_jobs import let_go

HANDOFF, EVENT, JOB, PARTNER = (metadata.tables[name] for name in ("handoff", "event", "job", "partner"))
SECONDS = 0.5
PRIVATE = {"type": "handoff.offered", "asked": ASKED, "site": "huangshan", "category": "price_labelling"}


class Receiver:
    """A partner's system: what it was told, and how it answers from now on: a reply, None (cuts the line), seconds to wait."""

    def __init__(self) -> None:
        self.asked = list[Asked]()
        self.reply: Reply | float | None = Reply(204)
        self.url = ""

    async def handle(self, request: Asked) -> Reply | None:
        """Keep what came and answer."""
        self.asked.append(request)
        if isinstance(self.reply, int | float):
            await asyncio.sleep(self.reply)
            return Reply(204)
        return self.reply


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver at work on this machine."""
    receiver = Receiver()
    async with served(receiver.handle) as address:
        receiver.url = f"{address}/desk"
        yield receiver


@pytest.fixture
async def house(database_later: str) -> AsyncIterator[House]:
    """A desk whose partners may stand on this machine, and whose rows agree with its chains and jobs afterwards."""
    async with open_house(database_later, on_loopback=True) as opened:
        yield opened
        report = await opened.desk.read(verify, opened.kit)
        assert [finding.detail for finding in report.invariants if not finding.ok] == []


async def worked(house: House, *, on_loopback: bool = True) -> None:
    """Let the worker do what is due."""
    async with PartnerHook(house.clock.machine_now, on_loopback=on_loopback, seconds=SECONDS) as poster:
        await work_through(Means(house.desk, None, _no_check, poster=poster))


def _no_check() -> Checked:
    return Checked(0, ())


def _row(conn: Connection, number: int) -> Any:  # noqa: ANN401 - a row
    return conn.execute(select(HANDOFF).where(HANDOFF.c.id == number)).one()


async def posted(house: House, number: int) -> tuple[str, int, str | None]:
    """How telling of a hand-off stands: what became of it, tries, why."""
    row = await house.desk.read(_row, number)
    return row.post, row.tries, row.why


async def test_the_message_is_signed_names_the_claim_and_nobody_and_is_sent_once(house: House) -> None:
    async with receiving() as receiver:
        hand = await partner(house, hook_url=receiver.url)
        reference = (await house.lodge()).reference
        number = await offered(house, hand, reference)
        await worked(house)
        await worked(house)
    (asked,) = receiver.asked
    told = json.loads(asked.body)
    assert told == PRIVATE | {
        "id": str(number), "reference": reference, "offered_at": told["offered_at"],
        "link": f"{house.kit.public_url}/api/v1/handoffs/{number}",
    }  # fmt: skip
    name, at, signature = (asked.headers[f"webhook-{part}"] for part in ("id", "timestamp", "signature"))
    now = datetime.fromtimestamp(int(at), UTC)
    assert (name, signed_right(secret_bytes(hand.secret), name, at, signature, asked.body, now)) == (f"handoff-{number}", True)
    assert not signed_right(b"another", name, at, signature, asked.body, now)
    assert await posted(house, number) == ("sent", 1, None)
    assert (await house.desk.read(_row, number)).state == "offered"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply(500), "status_500"), (Reply(404), "status_404"), (None, "cut_off"), (30.0, "timeout"),
        (Reply(500, b"x" * 20_000), "status_500"), (Reply(307, headers={"Location": "/elsewhere"}), "status_307"),
    ],
    ids=["fails", "not_there", "cuts", "hangs", "fails_at_length", "redirects"],
)  # fmt: skip
async def test_what_is_not_sure_is_tried_again_under_the_same_name(house: House, reply: Reply | float | None, why: str) -> None:
    async with receiving() as receiver:
        receiver.reply = reply
        number = await offered(house, await partner(house, hook_url=receiver.url))
        await worked(house)
        assert await posted(house, number) == ("waiting", 1, why)
        await worked(house)
        assert len(receiver.asked) == 1
        receiver.reply = Reply(204)
        house.clock.go(seconds=40)
        await worked(house)
    assert await posted(house, number) == ("sent", 2, None)
    assert {each.headers["webhook-id"] for each in receiver.asked} == {f"handoff-{number}"}
    assert {each.target for each in receiver.asked} == {"/desk"}


async def test_an_answer_that_claims_a_step_moves_nothing(house: House) -> None:
    async with receiving() as receiver:
        receiver.reply = Reply(200, b'{"state": "done", "type": "handoff.done"}')
        number = await offered(house, await partner(house, hook_url=receiver.url))
        await worked(house)
    row = await house.desk.read(_row, number)
    assert (row.state, row.post) == ("offered", "sent")


async def test_after_days_it_is_given_up_and_a_manager_has_it_told_again_by_the_same_name(house: House) -> None:
    async with receiving() as receiver:
        receiver.reply = Reply(503)
        number = await offered(house, await partner(house, hook_url=receiver.url))
        began = house.clock.at
        for _ in range(MOST_TRIES):
            await worked(house)
            house.clock.go(hours=15)
        assert await posted(house, number) == ("given_up", MOST_TRIES, "status_503")
        assert house.clock.at - began > timedelta(days=3)
        receiver.reply = Reply(204)
        await house.desk.write(replay_handoff, house.cast.ma, number)
        await worked(house)
        assert await posted(house, number) == ("sent", 1, None)
        await house.desk.write(replay_handoff, house.cast.ma, number)
        await worked(house)
    assert len(receiver.asked) == MOST_TRIES + 2
    assert {each.headers["webhook-id"] for each in receiver.asked} == {f"handoff-{number}"}
    await led(house, number, "taken")
    with pytest.raises(WrongMoment):
        await house.desk.write(replay_handoff, house.cast.ma, number)


async def test_410_switches_the_address_off_until_a_manager_saves_one(house: House) -> None:
    async with receiving() as receiver:
        receiver.reply = Reply(410)
        hand = await partner(house, hook_url=receiver.url)
        number = await offered(house, hand)
        await worked(house)
        assert await posted(house, number) == ("given_up", 1, "status_410")
        next_one = await offered(house, hand)
        assert await posted(house, next_one) == ("phone", 0, None)
        with pytest.raises(WrongMoment):
            await house.desk.write(replay_handoff, house.cast.ma, number)
        receiver.reply = Reply(204)
        await house.desk.write(change_hook, house.cast.ma, hand.id, receiver.url)
        for each in (number, next_one):
            await house.desk.write(replay_handoff, house.cast.ma, each)
        await worked(house)
        assert [await posted(house, each) for each in (number, next_one)] == [("sent", 1, None)] * 2


@pytest.mark.parametrize("now", ["other", "none", "disabled", "off"])
async def test_a_late_410_of_an_address_that_is_not_used_any_more_switches_nothing_off(house: House, now: str) -> None:
    async with receiving() as receiver:
        hand = await partner(house, hook_url="https://old.example/desk")
        number = await offered(house, hand)
        ma, other = house.cast.ma, receiver.url if now == "other" else None

        class Late:
            async def post(self, posting: Posting) -> Delivery:
                if now == "disabled":
                    await house.desk.write(disable_partner, ma, hand.id)
                elif now == "off":
                    await house.desk.write(_switched_off, hand)
                else:
                    await house.desk.write(change_hook, ma, hand.id, other)
                return Delivery(Fate.REFUSED, posting.name and "status_410")

        await work_through(Means(house.desk, None, _no_check, poster=Late()))
        assert await posted(house, number) == ("waiting", 1, "status_410")
        house.clock.go(seconds=40)
        await worked(house)
        told = ("sent", 2, None) if now == "other" else ("given_up", 1, "status_410")
        assert (await posted(house, number), len(receiver.asked)) == (told, now == "other")
    row = await house.desk.read(_partner, hand)
    assert (row.hook_url, row.hook_off_at is None) == (
        other if now in ("other", "none") else "https://old.example/desk",
        now != "off",
    )


def _switched_off(work: Work, hand: Hand) -> None:
    switch_off(work, DESK, partners.get(work.conn, hand.id))


def _partner(conn: Connection, hand: Hand) -> Any:  # noqa: ANN401 - a row
    return conn.execute(select(PARTNER).where(PARTNER.c.id == hand.id)).one()


async def test_nobody_is_told_of_an_offer_that_is_none_any_more(house: House) -> None:
    async with receiving() as receiver:
        receiver.reply = Reply(500)
        number = await offered(house, await partner(house, hook_url=receiver.url))
        await worked(house)
        await led(house, number, "taken")
        house.clock.go(hours=1)
        await worked(house)
    assert (await posted(house, number), len(receiver.asked)) == (("dropped", 1, None), 1)


async def test_a_claim_that_was_withdrawn_is_told_to_nobody_and_taken_by_nobody(house: House) -> None:
    async with receiving() as receiver:
        hand, reference = await partner(house, hook_url=receiver.url), (await house.lodge()).reference
        number = await offered(house, hand, reference)
        held = await offered(house, hand)
        await led(house, held, "taken")
        for each in (reference, (await house.desk.read(handoff_view, house.cast.olga, held)).reference):
            await house.withdraw(each)
        await worked(house)
    assert (await posted(house, number), receiver.asked) == (("dropped", 0, None), [])
    with pytest.raises(WrongMoment):
        await led(house, number, "taken")
    with pytest.raises(WrongMoment):
        await house.desk.write(replay_handoff, house.cast.ma, number)
    assert (await house.desk.read(_row, number)).state == "offered"
    await led(house, number, "returned")
    await led(house, held, "working", "done")


async def test_a_worker_that_dies_while_it_tells_is_followed_by_one_that_tells_again(house: House) -> None:
    async with receiving() as receiver:
        number = await offered(house, await partner(house, hook_url=receiver.url))

        class Dying:
            async def post(self, posting: Posting) -> Delivery:
                raise asyncio.CancelledError(posting.name)

        await work_through(Means(house.desk, None, _no_check, poster=Dying()))
        assert (await posted(house, number))[:2] == ("waiting", 1)
        await let_go(house)
        await worked(house)
    assert (await posted(house, number), len(receiver.asked)) == (("sent", 2, None), 1)


async def test_nothing_of_the_database_is_held_while_the_partner_keeps_us_waiting(house: House) -> None:
    held = asyncio.Event()

    class Patient:
        async def post(self, posting: Posting) -> Delivery:
            held.set()
            await asyncio.sleep(0.2)
            return Delivery(Fate.SENT, posting.name and "")

    hand = await partner(house, hook_url="https://p.example/a")
    number = await offered(house, hand)
    working = asyncio.create_task(work_through(Means(house.desk, None, _no_check, poster=Patient())))
    await asyncio.wait_for(held.wait(), 5)
    await led(house, number, "taken")
    await house.lodge()
    assert not working.done()
    await working
    assert (await posted(house, number))[0] == "sent"


async def test_an_address_that_leads_inside_is_not_called_at_the_moment_of_sending_either(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with receiving() as receiver:
        loopback = await offered(house, await partner(house, hook_url=receiver.url))
        named = await offered(house, await partner(house, hook_url=f"https://p.example:{receiver.url.split(':')[2]}"))
        forced = await offered(house, bad := await partner(house, hook_url="https://p.example/a"))
        await house.desk.write(_forced, bad, "https://169.254.169.254/meta")

        async def inside(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
            return [(2, 1, 6, "", ("93.184.216.34", port)), (2, 1, 6, "", ("10.0.0.5" if host == "p.example" else host, port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", inside)
        await worked(house, on_loopback=False)
        await house.desk.write(_forced, bad, "https://p.example/a")
    assert receiver.asked == []
    assert [(await posted(house, each))[1:] for each in (loopback, named, forced)] == [
        (1, "unfit_address"), (1, "private_address"), (1, "unfit_address"),
    ]  # fmt: skip


def _forced(work: Work, hand: Hand, url: str) -> None:
    work.conn.execute(update(PARTNER).where(PARTNER.c.id == hand.id).values(hook_url=url))
