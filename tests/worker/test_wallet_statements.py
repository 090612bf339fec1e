"""What WeChat Pay's bills say of refunds against the books: one in process when its bill was made, one long after its payment."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, select

from desk.actions.breaks import match_statements
from desk.actions.statements import keep_statement
from desk.outside.gateways.wechat import WechatGateway
from desk.outside.gateways.wechat_seal import WechatAccount, WechatSeal
from desk.ports import StatementLine
from desk.reads.verify import verify
from desk.store.tables import metadata
from tests.builders import House, open_house
from tests.fakes import keys
from tests.fakes.wechat import APP_ID, MERCHANT, PLATFORM, SERIAL, FakeWechat, fake_wechat
from tests.fakes.wechat_bills import TRADES, bill, refund
from tests.statements import today
from tests.till import Till

BREAK = metadata.tables["statement_break"]
LATER = datetime(2026, 10, 5, tzinfo=UTC)
BEIJING = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def house(database_later: str) -> AsyncIterator[House]:
    """A furnished desk: on SQLite before each landing, on PostgreSQL in the gate."""
    async with open_house(database_later) as opened:
        yield opened


@pytest.fixture
async def fake() -> AsyncIterator[FakeWechat]:
    """The other side."""
    async with fake_wechat() as playing:
        yield playing


async def refunded(house: House, heard: str) -> int:
    """A refund by the original route of which WeChat Pay said this when it was asked for."""
    payout_id = await Till(house).brought_to("sending")
    await Till(house).called(payout_id, heard, f"503-payout{payout_id}")
    return payout_id


async def fetched(house: House, fake: FakeWechat, folder: Path, payout_id: int, state: str) -> int:
    """Keep what the bills of the day say, in which the refund stands in this state; how many breaks are new."""
    asked_at, day = house.clock.at.astimezone(BEIJING), today(house)
    row = refund(f"payout{payout_id}", "128.00", f"{asked_at:%Y-%m-%d %H:%M:%S}", state)
    fake.files = {("tradebill", day.isoformat(), "REFUND"): bill(TRADES, row)}
    lines = await statement(fake, folder, day)
    assert [line.key for line in lines] == [f"payout-{payout_id}"]
    house.clock.go(hours=80)
    return int(await house.desk.write(keep_statement, day, lines))


async def statement(fake: FakeWechat, folder: Path, day: date) -> list[StatementLine]:
    """The adapter's statement of a day, at an hour when its bills are made; the fake signs by the machine's clock."""
    ours, theirs = keys.private_file(folder, "merchant"), keys.public_file(folder, "platform")
    seal = WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, ours, PLATFORM, theirs))
    times = iter((LATER,))
    async with WechatGateway(fake.url, 2.0, seal, lambda: next(times, datetime.now(UTC))) as gateway:
        return await gateway.statement(day)


def kinds(conn: Connection) -> list[str]:
    """The kinds of all breaks."""
    return list(conn.scalars(select(BREAK.c.kind).order_by(BREAK.c.id)))


async def is_whole(house: House) -> bool:
    """Whether books and statement pair, as `desk verify` sees it."""
    report = await house.desk.read(verify, house.kit)
    return all(each.ok for each in report.invariants if each.id in ("I09", "I11"))


@pytest.mark.parametrize("end", ["settled", "failed"])
async def test_a_refund_that_ends_after_its_bill_was_made_is_no_break_whichever_way_it_ends(
    house: House, fake: FakeWechat, tmp_path: Path, end: str
) -> None:
    payout_id = await refunded(house, "unclear")
    assert await fetched(house, fake, tmp_path, payout_id, "PROCESSING") == 0
    house.clock.go(days=7)
    await Till(house).asked(payout_id, end, f"503-payout{payout_id}")
    assert (await Till(house).payout(payout_id)).state == end
    assert await house.desk.write(match_statements) == 0
    assert await is_whole(house)


async def test_a_refund_that_failed_before_its_bill_said_so_is_no_break(house: House, fake: FakeWechat, tmp_path: Path) -> None:
    payout_id = await refunded(house, "failed")
    assert await fetched(house, fake, tmp_path, payout_id, "PROCESSING") == 0
    assert await is_whole(house)


async def test_one_that_succeeded_and_failed_with_us_is_a_break(house: House, fake: FakeWechat, tmp_path: Path) -> None:
    payout_id = await refunded(house, "failed")
    assert await fetched(house, fake, tmp_path, payout_id, "SUCCESS") == 1
    assert await house.desk.read(kinds) == ["missing_in_books"]


async def test_one_in_process_that_officers_gave_up_is_a_break_for_it_may_still_be_paid(
    house: House, fake: FakeWechat, tmp_path: Path
) -> None:
    payout_id = await refunded(house, "unclear")
    for officer in (house.cast.cai, house.cast.ma):
        await Till(house).resolve(payout_id, "failed", officer)
    assert await fetched(house, fake, tmp_path, payout_id, "PROCESSING") == 1
    assert await house.desk.read(kinds) == ["missing_in_books"]


async def test_a_refund_of_a_payment_made_weeks_before_pairs_with_its_row(house: House, fake: FakeWechat, tmp_path: Path) -> None:
    payout_id = await refunded(house, "settled")
    assert await fetched(house, fake, tmp_path, payout_id, "SUCCESS") == 0
    assert await is_whole(house)
