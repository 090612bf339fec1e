"""Alipay: a transfer to an account, and a refund of the visitor's own payment. Tries nothing twice and decides nothing.

Everything that Alipay says is believed only under its signature, refusals too. After a call that got lost, code 20000 or
SYSTEM_ERROR the order is asked for, and sent again unchanged only where Alipay does not know it: so these are unclear, and so is
every code that is not listed here as final. An empty account is not final: the same number is paid once there is money.
Source: https://opendocs.alipay.com/apis/api_28/alipay.fund.trans.uni.transfer, api_28/alipay.fund.trans.common.query,
api_1/alipay.trade.refund and api_1/alipay.trade.fastpay.refund.query.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

import msgspec

from desk.domain.money import text_of
from desk.domain.payout import Heard, Method
from desk.outside.gateways.alipay_seal import AlipaySeal
from desk.outside.gateways.calls import PAYOUT_BYTES, Caller, Label, NoAnswer, read
from desk.outside.gateways.order_numbers import number_of
from desk.ports import OTHER_AMOUNT, GatewayTerms, PayOrder, StatementLine, Word

HOST = "https://openapi.alipay.com/gateway.do"
TERMS = GatewayTerms(honours_keys=True, secret=None, statement_after=None)
"""One out_biz_no or out_request_no is one order for ever, however often it is sent. Nothing is told to the desk unasked.

The bills come as archives from a host of their own, and a refund's row does not bear its own number in each of their forms: a
statement read from them would stop refunds over its own mistakes.
"""

TRANSFERS: Mapping[str, Heard] = MappingProxyType(
    {
        "SUCCESS": Heard.SETTLED,
        "WAIT_PAY": Heard.UNCLEAR,  # the merchant has still to pay it, not the visitor to take it
        "CLOSED": Heard.FAILED,  # not paid in time
        "FAIL": Heard.FAILED,
        "DEALING": Heard.UNCLEAR,
        "REFUND": Heard.FAILED,  # the bank sent it back
    }
)

REFUND_DONE = "REFUND_SUCCESS"
MONEY_MOVED = "Y"
"""A refund is done where its answer says that money moved by it, or a query says REFUND_SUCCESS.

No money moved also by a refund that is repeated, so that alone says nothing. A query that names no refund knows none under the
number: it may be sent again under the same.
"""

REFUSALS: Mapping[str, Heard] = MappingProxyType(
    {
        "PAYEE_NOT_EXIST": Heard.FAILED,  # nobody has that account
        "PAYEE_USER_INFO_ERROR": Heard.FAILED,  # another name belongs to it
        "PAYEE_ACC_OCUPIED": Heard.FAILED,  # several persons sign in with it, and none is chosen
        "PERMIT_NON_BANK_LIMIT_PAYEE": Heard.FAILED,  # its owner may receive nothing
        "ACQ.TRADE_NOT_EXIST": Heard.FAILED,  # there is no such payment to refund
        "ACQ.TRADE_HAS_FINISHED": Heard.FAILED,  # too old for a refund: trying again never succeeds
        "ACQ.REASON_TRADE_REFUND_FEE_ERR": Heard.FAILED,  # more than was paid
        "ACQ.SELLER_BALANCE_NOT_ENOUGH": Heard.UNCLEAR,
        "ACQ.SYSTEM_ERROR": Heard.UNCLEAR,
        "ORDER_NOT_EXIST": Heard.UNCLEAR,
        "PAYER_BALANCE_NOT_ENOUGH": Heard.UNCLEAR,
        "PAYMENT_INFO_INCONSISTENCY": Heard.UNCLEAR,  # the number is known with other contents
        "SYSTEM_ERROR": Heard.UNCLEAR,
    }
)
"""What a refused order comes to; whatever is not named here is unclear, as `other_code`.

It is sent only the first time, or after half a minute of "never seen", so a final refusal is about an order that was not paid.
"""

UNKNOWN_THERE: Final = {Method.TRANSFER: "ORDER_NOT_EXIST", Method.ORIGINAL_ROUTE: "ACQ.TRADE_NOT_EXIST"}
DONE = "10000"

LEAST = 10
"""A transfer is of 0.10 CNY at least. Source: https://developer.aliyun.com/article/711101."""

_USER_ID = re.compile(r"2088[0-9]{12}", re.ASCII)
_SIGN_IN_NAME = re.compile(r"[^@\s]{1,64}@[^@\s]{1,64}|\+?[0-9-]{8,20}", re.ASCII)
_PAYMENT_NO = re.compile(r"[0-9]{16,64}", re.ASCII)


class _Result(msgspec.Struct):
    """What every answer says; `sub_code` tells why it is none."""

    code: str
    sub_code: str | None = None


class _WithSum(msgspec.Struct):
    """An answer with a sum in yuan, which is a number: one that is none could not even be compared."""

    def __post_init__(self) -> None:
        if any(isinstance(value, Decimal) and not value.is_finite() for value in msgspec.structs.astuple(self)):
            msg = "no sum"
            raise ValueError(msg)


class _Transfer(_WithSum):
    out_biz_no: str
    status: str
    order_id: Label | None = None
    trans_amount: Decimal | None = None


class _Refund(_WithSum):
    """`refund_fee` is all that was ever refunded of the payment, this refund included."""

    trade_no: str
    refund_fee: Decimal
    fund_change: str | None = None


class _RefundFound(_WithSum):
    """All of it is missing where no refund has the number."""

    trade_no: str | None = None
    out_request_no: str | None = None
    refund_amount: Decimal | None = None
    refund_status: str | None = None


_RESULT, _TRANSFER = msgspec.json.Decoder(_Result), msgspec.json.Decoder(_Transfer)
_REFUND, _REFUND_FOUND = msgspec.json.Decoder(_Refund), msgspec.json.Decoder(_RefundFound)


class AlipayGateway(Caller):
    """`ports.Gateway` at Alipay or, for trying out, at another `base`. `now` is the machine's own clock."""

    def __init__(self, base: str, seconds: float, seal: AlipaySeal, now: Callable[[], datetime]) -> None:
        super().__init__(seconds)
        self._base, self._seal, self._now = base, seal, now

    async def pay(self, order: PayOrder) -> Word:
        """Ask for the transfer or the refund once. What can never be one fails without a call."""
        if why := _hopeless(order):
            return Word(Heard.FAILED, why=why)
        try:
            return await (self._refund(order) if order.method is Method.ORIGINAL_ROUTE else self._transfer(order))
        except NoAnswer as trouble:
            if not trouble.left:
                return Word(Heard.NEVER_LEFT, why=trouble.why)
            return Word(_FINAL.get(trouble.why, Heard.UNCLEAR), why=trouble.why)

    async def find(self, order: PayOrder) -> Word:
        """Ask after the order's number; only a signed answer that knows none means that they never saw it."""
        try:
            return await (self._refund_found(order) if order.method is Method.ORIGINAL_ROUTE else self._transfer_found(order))
        except NoAnswer as trouble:
            unseen = trouble.why == _coded(UNKNOWN_THERE[order.method])
            return Word(Heard.NEVER_SEEN if unseen else Heard.UNCLEAR, why=trouble.why)

    async def statement(self, day: date) -> list[StatementLine]:
        """Raises NoAnswer, an OSError: this gateway tells no statement that could be matched one to one."""
        del day
        raise NoAnswer("not_available_here", left=False)

    async def _transfer(self, order: PayOrder) -> Word:
        account = order.payee["account"] or ""
        payee = {"identity": account, "identity_type": "ALIPAY_USER_ID" if _USER_ID.fullmatch(account) else "ALIPAY_LOGON_ID"}
        if name := order.payee.get("name"):
            payee["name"] = name
        told = {
            **_named(order), "trans_amount": text_of(order.amount_minor, order.currency), "order_title": order.memo,
            "payee_info": payee,
        }  # fmt: skip
        return _transferred(read(await self._ask("alipay.fund.trans.uni.transfer", told), _TRANSFER), order)

    async def _transfer_found(self, order: PayOrder) -> Word:
        return _transferred(read(await self._ask("alipay.fund.trans.common.query", _named(order)), _TRANSFER), order)

    async def _refund(self, order: PayOrder) -> Word:
        told = {
            "trade_no": order.payee["account"], "out_request_no": number_of(order.key), "refund_reason": order.memo,
            "refund_amount": text_of(order.amount_minor, order.currency),
        }  # fmt: skip
        said = read(await self._ask("alipay.trade.refund", told), _REFUND)
        if said.trade_no != order.payee["account"]:
            raise NoAnswer("other_key")
        if said.refund_fee < _yuan(order):
            raise NoAnswer(OTHER_AMOUNT)
        if said.fund_change != MONEY_MOVED:
            raise NoAnswer("nothing_moved")
        return Word(Heard.SETTLED, _refund_id(order))

    async def _refund_found(self, order: PayOrder) -> Word:
        told = {"trade_no": order.payee.get("account"), "out_request_no": number_of(order.key)}
        said = read(await self._ask("alipay.trade.fastpay.refund.query", told), _REFUND_FOUND)
        if said.refund_status is None and said.refund_amount is None:
            return Word(Heard.NEVER_SEEN, why="no_refund")
        if (said.trade_no, said.out_request_no) != (told["trade_no"], told["out_request_no"]):
            raise NoAnswer("other_key")
        if said.refund_amount != _yuan(order):
            raise NoAnswer(OTHER_AMOUNT)
        if said.refund_status != REFUND_DONE:
            raise NoAnswer("unknown_state")
        return Word(Heard.SETTLED, _refund_id(order))

    async def _ask(self, method: str, business: dict[str, Any]) -> msgspec.Raw:
        """The signed part of an answer that says 10000. Raises NoAnswer with the code of a signed refusal, or why none."""
        query, form = self._seal.told(method, business, self._now())
        headers = {"Content-Type": "application/x-www-form-urlencoded;charset=utf-8"}
        request = self._request("POST", f"{self._base}?{query}", content=form.encode(), headers=headers)
        node = self._seal.heard(method, await self._fetch(request, PAYOUT_BYTES))
        result = read(node, _RESULT)
        if result.code != DONE:
            raise NoAnswer(_coded(result.sub_code) if result.sub_code in REFUSALS else "other_code")
        return node


def _coded(sub_code: str | None) -> str:
    """A refusal as log and chain tell it."""
    return (sub_code or "").lower().removeprefix("acq.")


_FINAL: Mapping[str, Heard] = {_coded(code): heard for code, heard in REFUSALS.items()}


def _named(order: PayOrder) -> dict[str, Any]:
    """What names a transfer, when it is made and when it is asked for."""
    return {"out_biz_no": number_of(order.key), "product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}


def _hopeless(order: PayOrder) -> str | None:
    """Why an order can never be paid here, known before anything is sent; the payee of a payout never changes."""
    account = order.payee.get("account") or ""
    if order.currency != "CNY":
        return "other_currency"
    if order.method is Method.ORIGINAL_ROUTE:
        return None if _PAYMENT_NO.fullmatch(account) else "other_payee"
    if order.amount_minor < LEAST:
        return "too_small"
    if _USER_ID.fullmatch(account):
        return None
    if not _SIGN_IN_NAME.fullmatch(account):
        return "other_payee"
    return None if order.payee.get("name") else "name_missing"


def _transferred(told: _Transfer, order: PayOrder) -> Word:
    """What is said of a transfer. Raises NoAnswer where it is another one, or its state is none of theirs."""
    if told.out_biz_no != number_of(order.key):
        raise NoAnswer("other_key")
    if told.trans_amount not in (None, _yuan(order)):
        raise NoAnswer(OTHER_AMOUNT)
    if told.status not in TRANSFERS:
        raise NoAnswer("unknown_state")
    heard = TRANSFERS[told.status]
    return Word(heard, told.order_id, why=told.status.lower() if heard is Heard.UNCLEAR else "")


def _yuan(order: PayOrder) -> Decimal:
    return Decimal(text_of(order.amount_minor, order.currency))


def _refund_id(order: PayOrder) -> str:
    """A refund has no number of its own at Alipay: the payment's and ours together name it."""
    return f"{order.payee['account']}/{number_of(order.key)}"
