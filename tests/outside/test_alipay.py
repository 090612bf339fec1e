"""What the desk hears of Alipay at its best and at its worst, asked of a fake that checks the real signatures."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from desk.domain.payout import Heard, Method
from desk.outside.gateways import alipay
from desk.outside.gateways.alipay import AlipayGateway
from desk.outside.gateways.alipay_seal import AlipayAccount, AlipaySeal
from desk.outside.gateways.order_numbers import number_of
from desk.outside.keys import KeyTrouble
from desk.ports import PayOrder, Word
from tests.fakes import keys
from tests.fakes.alipay import APP_ID, FakeAlipay, fake_alipay, merchant_files
from tests.fakes.wire import Manner
from tests.outside.wire import answer, saying
from tests.processes import free_port

SECONDS = 2.0
USER, PAYMENT = "2088123412341234", "2026112922001419121412730660"
WAYS = [Method.TRANSFER, Method.ORIGINAL_ROUTE]
_numbers = count(1)

STATES = {
    "SUCCESS": Heard.SETTLED, "WAIT_PAY": Heard.UNCLEAR, "CLOSED": Heard.FAILED, "FAIL": Heard.FAILED,
    "DEALING": Heard.UNCLEAR, "REFUND": Heard.FAILED,
}  # fmt: skip

FINAL = [
    "PAYEE_NOT_EXIST", "PAYEE_USER_INFO_ERROR", "PAYEE_ACC_OCUPIED", "PERMIT_NON_BANK_LIMIT_PAYEE", "ACQ.TRADE_NOT_EXIST",
    "ACQ.TRADE_HAS_FINISHED", "ACQ.REASON_TRADE_REFUND_FEE_ERR",
]  # fmt: skip
OPEN = [
    "ACQ.SELLER_BALANCE_NOT_ENOUGH", "ACQ.SYSTEM_ERROR", "ORDER_NOT_EXIST", "PAYER_BALANCE_NOT_ENOUGH",
    "PAYMENT_INFO_INCONSISTENCY", "SYSTEM_ERROR",
]  # fmt: skip


def order(method: Method = Method.TRANSFER, amount: int = 12_800, **changed: Any) -> PayOrder:  # noqa: ANN401 - fields
    """An order under a key of its own."""
    account = USER if method is Method.TRANSFER else PAYMENT
    made = PayOrder(
        f"payout-{next(_numbers)}", amount, "CNY", {"account": account, "name": "王小明"}, "7Q4K92MDXT", method
    )  # fmt: skip
    return replace(made, **changed)


def seal(folder: Path, **otherwise: Path) -> AlipaySeal:
    """The app's keys, with other files where they are named by field."""
    files = {name.removeprefix("alipay_"): path for name, path in merchant_files(folder).items()}
    return AlipaySeal(AlipayAccount(APP_ID, **{**files, **otherwise}))


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> AlipaySeal:
    """The app's keys."""
    return seal(tmp_path_factory.mktemp("keys"))


@pytest.fixture
async def fake() -> AsyncIterator[FakeAlipay]:
    """The other side, where the visitor once paid 500.00."""
    async with fake_alipay() as playing:
        playing.payments[PAYMENT] = Decimal("500.00")
        yield playing


@pytest.fixture
async def gateway(fake: FakeAlipay, own: AlipaySeal) -> AsyncIterator[AlipayGateway]:
    """The adapter, set up as the worker's is."""
    async with AlipayGateway(fake.url, SECONDS, own, lambda: datetime.now(UTC)) as opened:
        yield opened


def theirs(fake: FakeAlipay, asked: PayOrder) -> str:
    """What the desk keeps as the gateway's number of a payment."""
    number = number_of(asked.key)
    return str(fake.transfers[number]["order_id"]) if asked.method is Method.TRANSFER else f"{PAYMENT}/{number}"


def test_every_state_and_every_named_refusal_of_theirs_has_its_word() -> None:
    assert dict(alipay.TRANSFERS) == STATES
    assert dict(alipay.REFUSALS) == {**dict.fromkeys(FINAL, Heard.FAILED), **dict.fromkeys(OPEN, Heard.UNCLEAR)}


@pytest.mark.parametrize("state", STATES)
async def test_each_state_is_heard_when_paying_and_when_asking(gateway: AlipayGateway, fake: FakeAlipay, state: str) -> None:
    asked = order()
    fake.manner = Manner(state=state)
    said, found = await gateway.pay(asked), await gateway.find(asked)
    heard = STATES[state]
    assert said == found == Word(heard, theirs(fake, asked), why=state.lower() if heard is Heard.UNCLEAR else "")
    assert fake.paid(number_of(asked.key)) == (["128.00"] if state == "SUCCESS" else [])


async def test_a_refund_is_done_where_money_moved_and_a_repeated_one_is_asked_for(
    gateway: AlipayGateway, fake: FakeAlipay
) -> None:
    asked = order(Method.ORIGINAL_ROUTE)
    fake.manner = Manner(state="N")
    assert await gateway.pay(asked) == Word(Heard.UNCLEAR, why="nothing_moved")
    assert await gateway.find(asked) == Word(Heard.NEVER_SEEN, why="no_refund")
    fake.manner = Manner()
    done = Word(Heard.SETTLED, theirs(fake, asked))
    assert await gateway.pay(asked) == await gateway.find(asked) == done
    assert await gateway.pay(asked) == Word(Heard.UNCLEAR, why="nothing_moved")
    assert (await gateway.find(asked), fake.paid(number_of(asked.key))) == (done, ["128.00"])


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize("code", [*FINAL, *OPEN, "A.NEW-ONE", "isv.invalid-signature"])
async def test_only_refusals_named_as_final_fail_an_order(
    gateway: AlipayGateway, fake: FakeAlipay, method: Method, code: str
) -> None:
    asked = order(method)
    fake.manner = Manner(refuse=(40004, code))
    why = code.lower().removeprefix("acq.") if code in FINAL + OPEN else "other_code"
    assert await gateway.pay(asked) == Word(Heard.FAILED if code in FINAL else Heard.UNCLEAR, why=why)
    fake.manner = Manner(refuse=(40004, code), sign="forged")
    assert await gateway.pay(asked) == Word(Heard.UNCLEAR, why="not_signed")
    assert fake.moved == []


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize(
    ("manner", "why"),
    [
        (Manner(after="hang"), "timeout"),
        (Manner(after="cut"), "cut_off"),
        (Manner(after="500"), "status_500"),
        (Manner(sign="none"), "not_signed"),
        (Manner(sign="forged"), "not_signed"),
        (Manner(sign="other_body"), "not_signed"),
        (Manner(sign="other_node"), "not_signed"),
        (Manner(sign="garbled"), "not_signed"),
        (Manner(lies={"code": "20000", "sub_code": "isp.unknow-error"}), "other_code"),
        (Manner(lies={"code": "10003"}), "other_code"),
        (Manner(lies={"out_biz_no": "payout0", "trade_no": "1"}), "other_key"),
        (Manner(lies={"trans_amount": "128.01", "refund_fee": "127.99"}), "other_amount"),
        (Manner(lies={"trans_amount": "NaN", "refund_fee": "NaN"}), "other_shape"),
        (Manner(lies={"trans_amount": "sNaN", "refund_fee": "sNaN"}), "other_shape"),
        (Manner(lies={"status": 1, "fund_change": 1}), "other_shape"),
    ],
    ids=count(),
)
async def test_whatever_goes_wrong_is_unclear_and_asking_finds_the_truth(
    gateway: AlipayGateway, fake: FakeAlipay, method: Method, manner: Manner, why: str
) -> None:
    asked = order(method)
    fake.manner = manner
    with capture_logs() as logs:
        assert await gateway.pay(asked) == Word(Heard.UNCLEAR, why=why)
    assert re.fullmatch(r"[a-z]+_[a-z_]+|[a-z]+|status_\d{3}", why)
    fake.manner = Manner()
    assert await gateway.find(asked) == Word(Heard.SETTLED, theirs(fake, asked))
    assert (fake.paid(number_of(asked.key)), fake.asked[number_of(asked.key)]) == (["128.00"], 1)
    told = [{name: each[name] for name in ("event", "provider", "status")} for each in logs]
    unsigned = [{"event": "gateway_answer_not_signed", "provider": "alipay", "status": 200}]
    assert told == (unsigned if manner.sign != "right" else [])
    assert USER not in repr(logs)


@pytest.mark.parametrize("method", WAYS)
@pytest.mark.parametrize(
    ("manner", "heard", "why"),
    [
        (Manner(refuse=(40004, "ORDER_NOT_EXIST"), on="query"), {Method.TRANSFER: Heard.NEVER_SEEN}, "order_not_exist"),
        (Manner(refuse=(40004, "ACQ.TRADE_NOT_EXIST"), on="query"), {Method.ORIGINAL_ROUTE: Heard.NEVER_SEEN}, "trade_not_exist"),
        (Manner(refuse=(40004, "ORDER_NOT_EXIST"), sign="forged", on="query"), {}, "not_signed"),
        (Manner(refuse=(40004, "ACQ.TRADE_NOT_EXIST"), sign="none", on="query"), {}, "not_signed"),
        (Manner(refuse=(40004, "PAYEE_NOT_EXIST"), on="query"), {}, "payee_not_exist"),
        (Manner(refuse=(20000, "isp.unknow-error"), on="query"), {}, "other_code"),
        (Manner(refuse=(40004, "SYSTEM_ERROR"), on="query"), {}, "system_error"),
        (Manner(after="500", on="query"), {}, "status_500"),
        (Manner(after="cut", on="query"), {}, "cut_off"),
        (Manner(after="hang", on="query"), {}, "timeout"),
        (Manner(sign="forged", on="query"), {}, "not_signed"),
        (Manner(sign="none", on="query"), {}, "not_signed"),
        (Manner(lies={"trans_amount": "128.01", "refund_amount": "128.01"}, on="query"), {}, "other_amount"),
        (Manner(lies={"out_biz_no": "payout0", "out_request_no": "payout0"}, on="query"), {}, "other_key"),
        (Manner(lies={"status": "NEW", "refund_status": "NEW"}, on="query"), {}, "unknown_state"),
        (Manner(lies={"trans_amount": "x", "refund_amount": "x"}, on="query"), {}, "other_shape"),
        (Manner(lies={"trans_amount": "sNaN", "refund_amount": "sNaN"}, on="query"), {}, "other_shape"),
    ],
    ids=count(),
)
async def test_only_a_signed_answer_that_knows_none_means_never_seen(
    gateway: AlipayGateway, fake: FakeAlipay, method: Method, manner: Manner, heard: dict[Method, Heard], why: str
) -> None:
    asked = order(method)
    assert (await gateway.pay(asked)).heard is Heard.SETTLED
    fake.manner = manner
    found = await gateway.find(asked)
    assert (found.heard, found.why) == (heard.get(method, Heard.UNCLEAR), why)
    assert fake.paid(number_of(asked.key)) == ["128.00"]


@pytest.mark.parametrize("method", WAYS)
async def test_a_number_is_paid_once_however_often_it_is_asked(gateway: AlipayGateway, fake: FakeAlipay, method: Method) -> None:
    asked = order(method)
    words = await asyncio.gather(*(gateway.pay(asked) for _ in range(5)))
    assert sum(word.heard is Heard.SETTLED for word in words) == (5 if method is Method.TRANSFER else 1)
    assert (await gateway.find(asked)).heard is Heard.SETTLED
    assert (fake.paid(number_of(asked.key)), fake.asked[number_of(asked.key)]) == (["128.00"], 5)


async def test_no_more_is_refunded_than_was_paid(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    first, second = order(Method.ORIGINAL_ROUTE, 30_000), order(Method.ORIGINAL_ROUTE, 30_000)
    assert (await gateway.pay(first)).heard is Heard.SETTLED
    assert await gateway.pay(second) == Word(Heard.FAILED, why="reason_trade_refund_fee_err")
    assert fake.moved == [(number_of(first.key), "300.00")]


async def test_the_account_may_be_a_sign_in_name_with_the_name_of_its_owner(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    for account in ("vera@example.com", "13900000001", USER):
        assert (await gateway.pay(order(payee={"account": account, "name": "王小明"}))).heard is Heard.SETTLED
    assert (await gateway.pay(order(payee={"account": USER, "name": None}))).heard is Heard.SETTLED
    assert not any("2088" in each.target or "vera" in each.target for each in fake.heard), "addresses are written into logs"


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (order(currency="HKD"), "other_currency"),
        (order(amount=9), "too_small"),
        (order(payee={"account": "nobody", "name": "王小明"}), "other_payee"),
        (order(payee={"account": None, "name": None}), "other_payee"),
        (order(payee={"account": "vera@example.com", "name": None}), "name_missing"),
        (order(Method.ORIGINAL_ROUTE, payee={"account": "vera@example.com", "name": None}), "other_payee"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_can_never_be_paid_fails_without_a_call(
    gateway: AlipayGateway, fake: FakeAlipay, asked: PayOrder, why: str
) -> None:
    assert await gateway.pay(asked) == Word(Heard.FAILED, why=why)
    assert fake.heard == []


async def test_a_stranger_who_signs_is_refused_and_nothing_is_paid(fake: FakeAlipay, tmp_path: Path) -> None:
    strange = seal(tmp_path, key_file=keys.private_file(tmp_path, "stranger"))
    async with AlipayGateway(fake.url, SECONDS, strange, lambda: datetime.now(UTC)) as gateway:
        assert await gateway.pay(order()) == Word(Heard.UNCLEAR, why="other_code")
        assert await gateway.find(order()) == Word(Heard.UNCLEAR, why="other_code")
    assert (fake.unsigned, fake.moved) == (2, [])


async def test_where_nobody_listens_nothing_left(own: AlipaySeal) -> None:
    async with AlipayGateway(f"http://127.0.0.1:{free_port()}", SECONDS, own, lambda: datetime.now(UTC)) as gateway:
        for method in WAYS:
            assert await gateway.pay(order(method)) == Word(Heard.NEVER_LEFT, why="not_reached")
            assert await gateway.find(order(method)) == Word(Heard.UNCLEAR, why="not_reached")


async def test_nobody_is_followed_elsewhere(fake: FakeAlipay, own: AlipaySeal) -> None:
    moved = answer(b"", "307 Temporary Redirect", f"Location: {fake.url}")
    async with saying(moved) as parrot, AlipayGateway(parrot.url, SECONDS, own, lambda: datetime.now(UTC)) as gateway:
        assert await gateway.pay(order()) == Word(Heard.UNCLEAR, why="status_307")
    assert fake.heard == []


async def test_a_statement_is_not_available_here(gateway: AlipayGateway, fake: FakeAlipay) -> None:
    with pytest.raises(OSError, match="not_available_here"):
        await gateway.statement(date(2026, 10, 2))
    assert (fake.heard, alipay.TERMS.statement_after) == ([], None)


@pytest.mark.parametrize("field", ["key_file", "app_cert_file", "cert_file", "root_cert_file"])
def test_a_file_that_is_no_key_is_named_and_not_told(tmp_path: Path, field: str) -> None:
    wrong = tmp_path / "wrong.pem"
    wrong.touch(mode=0o600)
    wrong.write_text("geheim")
    with pytest.raises(KeyTrouble, match=re.escape(str(wrong))) as trouble:
        seal(tmp_path, **{field: wrong})
    assert "geheim" not in str(trouble.value)
    with pytest.raises(KeyTrouble, match="cannot be read"):
        seal(tmp_path, **{field: tmp_path / "none.pem"})


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    keys.private_file(tmp_path, "app").chmod(0o640)
    with pytest.raises(KeyTrouble, match=r"app\.key\.pem can be read by others: chmod 600 it"):
        seal(tmp_path)
