"""A refund through the shipped processes and a wallet that checks signatures: from claim to tap, and on the bill."""

import asyncio
import html
import json
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest

from tests.fakes.alipay import FakeAlipay, fake_alipay
from tests.fakes.wechat import FakeWechat, fake_wechat
from tests.fakes.wechat_bills import MOVES, TRADES, bill, move, refund
from tests.fakes.wire import Manner
from tests.gate.paying import Slip, Staff, fresh, told, yuan
from tests.gate.places import HOME, Place
from tests.gate.wire import CLAIMS, Wire, by
from tests.processes import Served, environment, free_port, run

pytestmark = pytest.mark.slow

OPENID, PAYMENT = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o", "4200000991202103266853086457"
USER, TRADE = "2088123412341234", "2026112922001419121412730660"
AGO = timedelta(days=5)
"""How far back the desk's day is, so that the bills of it are made by now."""

SILENT = Manner(after="hang")
"""It pays and never answers."""


class Counter:
    """A seeded desk before a wallet, served on a day that is over by the machine's clock."""

    def __init__(self, folder: Path, wallet: Mapping[str, str]) -> None:
        self._clock, self.wallet = folder / "clock", wallet
        self.set_clock(-AGO)
        data, address = folder / "data", f"sqlite:///{folder}/data/desk.db"
        data.mkdir()
        seeded = run("seed", "--json", env=environment(data, address, clock_file=str(self._clock)))
        assert seeded.returncode == 0, seeded.stderr
        self.officers = json.loads(seeded.stdout)["officers"]
        self.place = Place(data, address, self.officers)

    def set_clock(self, shift: timedelta) -> None:
        """How far the desk's clock is from the machine's."""
        self._clock.write_text(str(shift.total_seconds()))

    @contextmanager
    def open(self) -> Iterator[Served]:
        """Serve the desk with its worker."""
        with self.place.serve(port=free_port(), clock_file=str(self._clock), **self.wallet) as served:
            yield served

    async def reconcile(self) -> tuple[int, Any, str]:
        """What `desk reconcile` says today while the wallet answers: exit code, document, and the line for persons."""
        env = environment(self.place.data, self.place.database, **self.wallet)
        done = await asyncio.to_thread(partial(run, "reconcile", "--json", env=env))
        return done.returncode, json.loads(done.stdout or "null"), done.stderr

    async def page(self, wire: Wire, path: str) -> str:
        """A page of the console as the cashier reads it, in English."""
        cashier = next(one for one in self.officers if (one["role"], one["site"]) == ("cashier", HOME))
        form = urlencode({"name": cashier["name"], "password": cashier["password"]}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://desk.example"}
        entered = await wire.ask("POST", "/desk/sign-in", form, headers)
        assert entered.status == 303, entered.body
        cookie = entered.headers["set-cookie"].partition(";")[0]
        return html.unescape((await wire.ask("GET", path, headers={"Cookie": cookie, "Accept-Language": "en"})).body.decode())


@asynccontextmanager
async def staffed(counter: Counter) -> AsyncIterator[Staff]:
    """The staff of a desk that is served."""
    with counter.open() as served:
        async with Wire.open(served.url) as wire:
            yield Staff(counter.place, wire)


async def sent(staff: Staff, amount: str, method: str, account: str) -> tuple[Slip, str]:
    """A claim, and the number of its payout, which the cashier has just sent to this account."""
    slip = await staff.agreed(amount, occurred_on=f"{datetime.now(UTC) - AGO - timedelta(days=1):%Y-%m-%d}")
    body = json.dumps({"method": method, "payee": {"account": account, "name": "王小薇"}}).encode()
    proposed = await staff.wire.post(f"{CLAIMS}/{slip.reference}/payouts", body, by(staff.place.token("cashier"), fresh()))
    payout = told(proposed, 201)
    assert payout["state"] == "reserved"
    assert told(await staff.step(payout["id"], "send"))["state"] == "sending"
    return slip, str(payout["id"])


async def came(staff: Staff, slip: Slip, number: str, amount: str) -> datetime:
    """Expect the visitor to be told that all of it has come; when it settled."""
    settled = await staff.until(number, "settled")
    shown = await staff.status(slip)
    assert (shown["state"], shown["stage"], shown["amounts"]["agreed"]) == ("closed", "closed_refunded", yuan(amount))
    return datetime.fromisoformat(settled["settled_at"])


def in_beijing(moment: datetime) -> tuple[str, str]:
    """The day of a bill and the time on it."""
    local = moment.astimezone(ZoneInfo("Asia/Shanghai"))
    return f"{local:%Y-%m-%d}", f"{local:%Y-%m-%d %H:%M:%S}"


async def test_a_wechat_transfer_waits_for_the_tap_settles_by_it_and_stands_on_the_bill(tmp_path: Path) -> None:
    async with fake_wechat() as fake:
        counter = Counter(tmp_path, fake.settings(tmp_path / "keys"))
        fake.payments[PAYMENT] = 50_000
        fake.manner = Manner(state="WAIT_USER_CONFIRM")
        async with staffed(counter) as staff:
            slip, waiting = await sent(staff, "128.00", "transfer", OPENID)
            await staff.until(waiting, "awaiting_visitor")
            assert fake.moved == []
            opening = await _told_to_wait(counter, staff, slip, waiting)
            assert fake.tap(opening) == f"payout{waiting}"
            counter.set_clock(timedelta(minutes=1, seconds=1) - AGO)
            tapped_at = await came(staff, slip, waiting, "128.00")
            assert ((await staff.status(slip))["take"], _kept(counter, opening["package"])) == (None, 0)
            back_at, back = await _refund_that_hangs(staff, fake)
            fund = await staff.fund()
        assert fake.moved == [(f"payout{waiting}", 12_800), (f"payout{back}", 9_900)]
        assert (fake.asked[f"payout{waiting}"], fake.asked[f"payout{back}"], fake.unsigned) == (1, 1, 0)
        assert (fund["in_transit"], fund["reserved"], fund["paid"]) == (0, 0, 22_700)
        _put_on_the_bills(fake, waiting, tapped_at, back, back_at)
        code, document, said = await counter.reconcile()
        assert (code, document["ok"], document["breaks"], document["days"] > 0) == (0, True, [], True), said
        counter.place.check()


async def _told_to_wait(counter: Counter, staff: Staff, slip: Slip, number: str) -> dict[str, str]:
    """Expect visitor and cashier to read that the money waits to be taken, and the cashier not to be able to sign for it.

    Returns what the visitor's app tells WeChat to open the page of the tap.
    """
    shown = await staff.status(slip)
    assert shown["stage"] == "refund_sent"
    assert "sent and waiting for you. Take it on your status page in WeChat, within 24 hours." in shown["sentence"]
    page = await counter.page(staff.wire, f"/desk/payouts/{number}")
    assert "The money waits for the visitor, who takes it in WeChat on their status page, " in page
    assert told(await staff.step(number, "received"), 409)["code"] == "wrong_moment"
    take = shown["take"]
    assert (take["app"], _kept(counter, take["package"]), "package" in await staff.payout(number)) == ("wechat", 1, False)
    return {"mchId": take["merchant"], "appId": take["app_id"], "package": take["package"]}


def _kept(counter: Counter, package: str) -> int:
    """In how many payouts the package stands; expects it nowhere else in the database, and in nothing that `desk verify` says."""
    assert package not in counter.place.desk("verify", "--json").stdout
    with closing(sqlite3.connect(counter.place.file)) as connection:
        found = [line for line in connection.iterdump() if package in line]
    assert all(line.startswith('INSERT INTO "payout"') for line in found)
    return len(found)


async def _refund_that_hangs(staff: Staff, fake: FakeWechat) -> tuple[datetime, str]:
    """A refund whose answer never comes: unknown, asked for, found; when it settled, and its number."""
    fake.manner = SILENT
    slip, number = await sent(staff, "99.00", "original_route", PAYMENT)
    await staff.until(number, "unknown")
    assert (await staff.status(slip))["stage"] == "refund_being_confirmed"
    return await came(staff, slip, number, "99.00"), number


def _put_on_the_bills(fake: FakeWechat, transfer: str, tapped_at: datetime, back: str, back_at: datetime) -> None:
    """What WeChat Pay writes down of the day, somebody else's refund besides."""
    day, at = in_beijing(tapped_at)
    theirs = fake.bills[f"payout{transfer}"]["transfer_bill_no"]
    fake.files["fundflowbill", day, "OPERATION"] = bill(MOVES, move(f"payout{transfer}", "128.00", at, theirs=theirs))
    day, at = in_beijing(back_at)
    row = {**refund(f"payout{back}", "99.00", at), "微信退款单号": fake.refunds[f"payout{back}"]["refund_id"]}
    fake.files["tradebill", day, "REFUND"] = bill(TRADES, row, refund("shop7", "9.00", at))


async def test_alipay_pays_and_refunds_once_and_has_no_statement_to_match(tmp_path: Path) -> None:
    async with fake_alipay() as fake:
        counter = Counter(tmp_path, fake.settings(tmp_path / "keys"))
        fake.payments[TRADE] = Decimal("500.00")
        async with staffed(counter) as staff:
            slip, given = await sent(staff, "128.00", "transfer", USER)
            await came(staff, slip, given, "128.00")
            fake.manner = SILENT
            slip, back = await sent(staff, "99.00", "original_route", TRADE)
            await staff.until(back, "unknown")
            await came(staff, slip, back, "99.00")
            fake.manner = Manner(refuse=(40004, "PAYEE_NOT_EXIST"))
            slip, refused = await sent(staff, "77.00", "transfer", "2088000000000000")
            await staff.until(refused, "failed")
            assert (await staff.status(slip))["stage"] == "refund_agreed"
            fund = await staff.fund()
        _paid_once(fake, given, back)
        assert (fund["in_transit"], fund["reserved"], fund["paid"]) == (0, 0, 22_700)
        code, _, said = await counter.reconcile()
        assert (code, "a statement is not available from this gateway" in said) == (1, True)
        counter.place.check()


def _paid_once(fake: FakeAlipay, given: str, back: str) -> None:
    """Expect Alipay's own books to hold both payments once, each asked for once, and nothing that was not signed."""
    assert fake.moved == [(f"payout{given}", "128.00"), (f"payout{back}", "99.00")]
    assert (fake.asked[f"payout{given}"], fake.asked[f"payout{back}"], fake.unsigned) == (1, 1, 0)
