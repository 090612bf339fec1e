"""What WeChat Pay's bills come to as a statement of a UTC day, and that a bill that makes no sense is trouble as a whole."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from desk.domain.reconciliation import day_over
from desk.outside.gateways import wechat
from desk.outside.gateways.wechat import WechatGateway
from desk.outside.gateways.wechat_seal import WechatAccount, WechatSeal
from desk.ports import StatementLine
from tests.fakes import keys
from tests.fakes.wechat import APP_ID, MERCHANT, PLATFORM, SERIAL, FakeWechat, fake_wechat
from tests.fakes.wechat_bills import MOVES, TRADES, bill, move, refund
from tests.fakes.wire import Manner

SECONDS = 2.0
DAY = date(2026, 10, 2)
LATER = datetime(2026, 10, 5, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> WechatSeal:
    """The merchant's keys."""
    folder = tmp_path_factory.mktemp("keys")
    ours, theirs = keys.private_file(folder, "merchant"), keys.public_file(folder, "platform")
    return WechatSeal(WechatAccount(APP_ID, MERCHANT, SERIAL, ours, PLATFORM, theirs))


@pytest.fixture
async def fake() -> AsyncIterator[FakeWechat]:
    """The other side."""
    async with fake_wechat() as playing:
        yield playing


@pytest.fixture
async def late(fake: FakeWechat, own: WechatSeal) -> AsyncIterator[WechatGateway]:
    """The adapter at the hour when the bills are made; the fake signs by the machine's clock."""
    times = iter((LATER,))
    async with WechatGateway(fake.url, SECONDS, own, lambda: next(times, datetime.now(UTC))) as opened:
        yield opened


async def test_the_statement_is_the_days_refunds_and_transfers_of_ours(late: WechatGateway, fake: FakeWechat) -> None:
    fake.files = {
        ("tradebill", "2026-10-02", "REFUND"): bill(
            TRADES, refund("payout1", "0.02", "2026-10-02 08:00:00"), refund("payout2", "3.00", "2026-10-02 07:59:59"),
            refund("shop7", "9.00", "2026-10-02 12:00:00"), refund("payout3", "9.00", "2026-10-02 12:00:00", "FAIL"),
        ),
        ("tradebill", "2026-10-03", "REFUND"): bill(TRADES, refund("payout4", "128.00", "2026-10-03 07:59:59", "PROCESSING")),
        ("fundflowbill", "2026-10-02", "BASIC"): bill(
            MOVES, move("payout1", "0.02", "2026-10-02 08:00:00", name="交易退款"), move("shop8", "1.00", "2026-10-02 12:00:00")
        ),
        ("fundflowbill", "2026-10-02", "OPERATION"): bill(
            MOVES, move("payout5", "50.00", "2026-10-02 09:00:00"), move("payout6", "60.00", "2026-10-02 09:30:00"),
            move("payout6", "60.00", "2026-10-02 19:30:00", "收入"),
        ),
        ("fundflowbill", "2026-10-03", "OPERATION"): bill(
            MOVES, move("payout8", "80.00", "2026-10-03 07:59:58"), move("payout7", "70.00", "2026-10-03 08:00:00")
        ),
        ("fundflowbill", "2026-10-04", "OPERATION"): bill(MOVES, move("payout8", "80.00", "2026-10-04 08:00:07", "收入")),
    }  # fmt: skip
    assert await late.statement(DAY) == [
        StatementLine("payout-1", "503-payout1", 2, "CNY", datetime(2026, 10, 2, 0, 0, tzinfo=UTC)),
        StatementLine("payout-5", "133-payout5", 5_000, "CNY", datetime(2026, 10, 2, 1, 0, tzinfo=UTC)),
        StatementLine("payout-4", "503-payout4", 12_800, "CNY", datetime(2026, 10, 2, 23, 59, 59, tzinfo=UTC), final=False),
    ]
    asked = [each.target for each in fake.heard if each.target.startswith("/v3/bill/")]
    assert len(asked) == 9
    assert fake.unsigned == 0


@pytest.mark.parametrize("unsaid", ["", "0", None])
async def test_a_refund_whose_bill_does_not_say_when_it_was_asked_for_stands_where_its_row_does(
    late: WechatGateway, fake: FakeWechat, unsaid: str | None
) -> None:
    row = {**refund("payout1", "0.02", "2026-10-02 12:00:00"), "交易时间": "2026-10-02 08:00:01"}
    columns = TRADES if unsaid is not None else TRADES.replace("退款申请时间,退款成功时间,", "")
    fake.files = {("tradebill", "2026-10-02", "REFUND"): bill(columns, {**row, "退款申请时间": unsaid or ""})}
    (line,) = await late.statement(DAY)
    assert (line.at, line.final) == (datetime(2026, 10, 2, 0, 0, 1, tzinfo=UTC), True)


@pytest.mark.parametrize(("state", "final"), [("SUCCESS", [True]), ("PROCESSING", [False]), ("ABNORMAL", [False]), ("FAIL", [])])
async def test_a_refund_is_final_when_its_row_says_that_it_succeeded_and_no_line_when_it_failed(
    late: WechatGateway, fake: FakeWechat, state: str, final: list[bool]
) -> None:
    row = refund("payout1", "0.02", "2026-10-02 12:00:00", state)
    fake.files = {("tradebill", "2026-10-02", "REFUND"): bill(TRADES, row)}
    assert [line.final for line in await late.statement(DAY)] == final


async def test_a_transfer_that_left_twice_stands_there_twice_and_one_that_came_back_whole_not_at_all(
    late: WechatGateway, fake: FakeWechat
) -> None:
    at, back = "2026-10-02 09:00:00", "2026-10-02 19:00:00"
    fake.files = {
        ("fundflowbill", "2026-10-02", "OPERATION"): bill(
            MOVES,
            *(move("payout1", "50.00", at, theirs=f"133-{number}") for number in (1, 2)),
            *(move("payout2", "60.00", at, theirs=f"144-{number}") for number in (1, 2)),
            *(move("payout2", "60.00", back, "收入", theirs=f"155-{number}") for number in (1, 2)),
            *(move("payout3", "70.00", at, theirs=f"166-{number}") for number in (1, 2)), move("payout3", "70.00", back, "收入"),
        ),
    }  # fmt: skip
    told = [(line.key, line.gateway_id) for line in await late.statement(DAY)]
    assert told == [("payout-1", "133-1"), ("payout-1", "133-2"), ("payout-3", "166-1"), ("payout-3", "166-2")]


@pytest.mark.parametrize("letter", ["\u2028", "\x85", "\x0b", "\x1c"])
async def test_a_row_ends_where_the_file_says_so_and_not_at_what_a_shop_wrote_into_it(
    late: WechatGateway, fake: FakeWechat, letter: str
) -> None:
    shops = {**refund("shop7", "9.00", "2026-10-02 12:00:00"), "商品名称": f"索道票{letter}双程"}
    content = bill(TRADES, shops, refund("payout1", "0.02", "2026-10-02 12:00:00"))
    fake.files = {("tradebill", "2026-10-02", "REFUND"): content}
    assert [line.key for line in await late.statement(DAY)] == ["payout-1"]


async def test_days_on_which_nothing_moved_tell_nothing(late: WechatGateway) -> None:
    assert await late.statement(DAY) == []


async def test_bills_are_not_asked_for_before_they_are_made(fake: FakeWechat, own: WechatSeal) -> None:
    early = LATER - timedelta(seconds=1)
    async with WechatGateway(fake.url, SECONDS, own, lambda: early) as gateway:
        with pytest.raises(OSError, match="not_yet"):
            await gateway.statement(DAY)
    assert fake.heard == []


@pytest.mark.parametrize(
    ("content", "manner", "why"),
    [
        (b"", Manner(refuse=(400, "STATEMENT_CREATING"), on="query"), "statement_creating"),
        (b"", Manner(sign="forged", on="query"), "not_signed"),
        (b"", Manner(lies={"hash_value": "0" * 40}, on="query"), "other_content"),
        (b"", Manner(lies={"hash_type": "MD5"}, on="query"), "other_content"),
        (b"", Manner(lies={"download_url": "http://127.0.0.2:1/file"}, on="query"), "other_host"),
        (b"", Manner(lies={"download_url": "https://a:b:c/file"}, on="query"), "other_host"),
        (b"\xff", Manner(), "other_shape"),
        (b"", Manner(), "other_shape"),
        (bill(TRADES, refund("payout1", "0,02", "2026-10-02 08:00:00")), Manner(), "other_shape"),
        (bill(TRADES, refund("payout1", "1.001", "2026-10-02 08:00:00")), Manner(), "other_shape"),
        (bill(TRADES, refund("payout1", "1.00", "02.10.2026 08:00")), Manner(), "other_shape"),
        (bill("商户退款单号", {"商户退款单号": "payout1"}), Manner(), "other_shape"),
        (f"{TRADES}\r\n`1,`2\r\n".encode(), Manner(), "other_shape"),
    ],
    ids=count(),
)
async def test_a_bill_that_makes_no_sense_is_trouble_as_a_whole(
    late: WechatGateway, fake: FakeWechat, content: bytes, manner: Manner, why: str
) -> None:
    fake.files = {("tradebill", "2026-10-02", "REFUND"): content}
    fake.manner = manner
    with pytest.raises(OSError, match=why):
        await late.statement(DAY)


def test_a_day_is_asked_for_from_the_hour_on_at_which_its_bills_are_made() -> None:
    after = wechat.TERMS.statement_after
    assert after
    assert [day_over(LATER - timedelta(seconds=back), after) for back in (1, 0)] == [DAY - timedelta(days=1), DAY]
