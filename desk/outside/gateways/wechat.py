"""WeChat Pay, APIv3: a transfer that the visitor takes with a tap, a refund of the visitor's own payment, and the bills of a day.

Tries nothing twice and decides nothing about a payout. Everything that WeChat Pay says is believed only under its signature,
refusals too. Its refusals speak of one request and not of the order, and after one of them no other number may be tried until
a query says that the order failed: so no refusal fails a payout, an empty account (`NOT_ENOUGH`) no more than an unknown code.
Source: https://pay.weixin.qq.com/doc/v3/merchant/4012716434 (transfer), 4013071031 (refund).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import httpx
import msgspec

from desk.domain.payout import Heard, Method
from desk.outside.gateways import wechat_bills as bills
from desk.outside.gateways.calls import (
    PAYOUT_BYTES,
    STATEMENT_BYTES,
    STATEMENT_SECONDS,
    Caller,
    Label,
    NoAnswer,
    not_signed,
    read,
)
from desk.outside.gateways.order_numbers import number_of
from desk.outside.gateways.wechat_seal import WechatSeal
from desk.ports import OTHER_AMOUNT, GatewayTerms, PayOrder, StatementLine, Word

HOST = "https://api.mch.weixin.qq.com"
TERMS = GatewayTerms(honours_keys=True, secret=None, statement_after=bills.MADE_AFTER)
"""One out_bill_no or out_refund_no is one order for ever, however often it is sent. Nothing is told to the desk unasked."""

TRANSFERS: Mapping[str, Heard] = MappingProxyType(
    {
        "ACCEPTED": Heard.UNCLEAR,  # taken in; it may be sent again under its number
        "PROCESSING": Heard.UNCLEAR,  # the money is being set aside, and stays so where the account is empty
        "WAIT_USER_CONFIRM": Heard.AWAITING_VISITOR,  # the visitor has 24 hours to tap
        "TRANSFERING": Heard.UNCLEAR,  # tapped, and the end is open
        "SUCCESS": Heard.SETTLED,
        "FAIL": Heard.FAILED,
        "CANCELING": Heard.UNCLEAR,  # being taken back, and not yet
        "CANCELLED": Heard.FAILED,  # taken back, or not taken in time
    }
)
"""Source: https://pay.weixin.qq.com/docs/merchant/apis/mch-trans/transfer-bill/get-transfer-bill-by-out-no.html."""

REFUNDS: Mapping[str, Heard] = MappingProxyType(
    {
        "SUCCESS": Heard.SETTLED,
        "CLOSED": Heard.FAILED,  # seven days without money for it; another refund needs another number
        "PROCESSING": Heard.UNCLEAR,  # a bank takes one to three working days
        "ABNORMAL": Heard.UNCLEAR,  # the visitor's card is gone and somebody must say where to: it may still succeed
    }
)
"""Source: https://pay.weixin.qq.com/doc/v3/merchant/4013071031."""

NEVER_SEEN: Final = {Method.TRANSFER: "NOT_FOUND", Method.ORIGINAL_ROUTE: "RESOURCE_NOT_EXISTS"}
"""What a query answers for a number that WeChat Pay does not know."""

KNOWN_CODES: Final = frozenset(
    {
        "ACCOUNT_ERROR", "ALREADY_EXISTS", "FREQUENCY_LIMITED", "INVALID_REQUEST", "MCH_NOT_EXISTS", "NOT_ENOUGH", "NOT_FOUND",
        "NO_AUTH", "NO_STATEMENT_EXIST", "ORDER_NOT_EXIST", "PARAM_ERROR", "RATELIMIT_EXCEEDED", "REQUEST_BLOCKED",
        "RESOURCE_NOT_EXISTS", "SIGN_ERROR", "STATEMENT_CREATING", "SYSTEM_ERROR", "USER_ACCOUNT_ABNORMAL",
    }
)  # fmt: skip
"""Refusals that are told by name in log and chain; any other is `other_code`."""

SCENE: Final = {"transfer_scene_id": "1011", "user_recv_perception": "退款"}
REPORTED: Final = {"info_type": "赔付原因", "info_content": "旅游消费纠纷退款"}
"""The scene for compensation by a merchant (企业赔付). Source: https://pay.weixin.qq.com/doc/v3/merchant/4013774589."""

NAMED_FROM = 200_000
"""From 2000.00 CNY on a transfer must bear the payee's name. Source: the first of the pages above."""

_OPENID = re.compile(r"o[A-Za-z0-9_-]{19,63}", re.ASCII)
_PAYMENT_NO = re.compile(r"[0-9]{20,32}", re.ASCII)
_PACKAGE = re.compile(r"[!-~]{1,1024}", re.ASCII)
"""What opens the page of the tap. Source: https://pay.weixin.qq.com/doc/v3/merchant/4012716430."""


class _Transfer(msgspec.Struct):
    """A transfer; whom and how much only a query says, and the package only the answer to an order, while the visitor may tap."""

    out_bill_no: str
    transfer_bill_no: Label
    state: str
    transfer_amount: int | None = None
    openid: str | None = None
    package_info: object = None


class _Amount(msgspec.Struct):
    refund: int
    currency: str


class _Refund(msgspec.Struct):
    out_refund_no: str
    refund_id: Label
    transaction_id: str
    status: str
    amount: _Amount


class _Total(msgspec.Struct):
    total: int


class _Payment(msgspec.Struct):
    """What the visitor once paid; a refund must say how much that was."""

    transaction_id: str
    amount: _Total


class _Bill(msgspec.Struct):
    hash_type: str
    hash_value: str
    download_url: str


class _Refusal(msgspec.Struct):
    code: str


_TRANSFER, _REFUND = msgspec.json.Decoder(_Transfer), msgspec.json.Decoder(_Refund)
_PAYMENT, _BILL, _REFUSAL = msgspec.json.Decoder(_Payment), msgspec.json.Decoder(_Bill), msgspec.json.Decoder(_Refusal)


class WechatGateway(Caller):
    """`ports.Gateway` at WeChat Pay or, for trying out, at another `base`. `now` is the machine's own clock."""

    def __init__(self, base: str, seconds: float, seal: WechatSeal, now: Callable[[], datetime]) -> None:
        super().__init__(seconds)
        self._base, self._seal, self._now = base, seal, now

    async def pay(self, order: PayOrder) -> Word:
        """Ask for the transfer or the refund once. What can never be one fails without a call."""
        if why := _hopeless(order):
            return Word(Heard.FAILED, why=why)
        try:
            return await (self._refund(order) if order.method is Method.ORIGINAL_ROUTE else self._transfer(order))
        except NoAnswer as trouble:
            return Word(Heard.UNCLEAR if trouble.left else Heard.NEVER_LEFT, why=trouble.why)

    async def find(self, order: PayOrder) -> Word:
        """Ask after the order's number; only the signed code for an unknown number means that they never saw it."""
        number = number_of(order.key)
        try:
            if order.method is Method.ORIGINAL_ROUTE:
                return _refunded(read(await self._ask("GET", f"/v3/refund/domestic/refunds/{number}"), _REFUND), order)
            found = await self._ask("GET", f"/v3/fund-app/mch-transfer/transfer-bills/out-bill-no/{number}")
            return _transferred(read(found, _TRANSFER), order)
        except NoAnswer as trouble:
            unseen = trouble.why == NEVER_SEEN[order.method].lower()
            return Word(Heard.NEVER_SEEN if unseen else Heard.UNCLEAR, why=trouble.why)

    async def statement(self, day: date) -> list[StatementLine]:
        """What the bills of three days in Beijing say of a UTC day. Raises NoAnswer, an OSError, also before they are made."""
        if self._now() < bills.made_at(day):
            raise NoAnswer("not_yet", left=False)
        refunds, moves = list[bills.Row](), list[bills.Row]()
        for bill_date in bills.days_of(day):
            refunds += await self._bill("tradebill", bill_date=bill_date.isoformat(), bill_type="REFUND")
            for account in ("BASIC", "OPERATION"):
                moves += await self._bill("fundflowbill", bill_date=bill_date.isoformat(), account_type=account)
        return bills.lines_of(day, refunds, moves)

    async def _transfer(self, order: PayOrder) -> Word:
        told = {
            "appid": self._seal.account.app_id, "out_bill_no": number_of(order.key), "openid": order.payee["account"],
            "transfer_amount": order.amount_minor, "transfer_remark": order.memo, **SCENE,
            "transfer_scene_report_infos": [REPORTED],
        }  # fmt: skip
        name = order.payee.get("name")
        if name and order.amount_minor >= NAMED_FROM:
            told["user_name"] = self._seal.for_them(name)
        return _transferred(read(await self._ask("POST", "/v3/fund-app/mch-transfer/transfer-bills", told), _TRANSFER), order)

    async def _refund(self, order: PayOrder) -> Word:
        payment_no = order.payee["account"]
        try:
            asked = await self._ask(
                "GET", f"/v3/pay/transactions/id/{payment_no}", params={"mchid": self._seal.account.merchant_id}
            )
            payment = read(asked, _PAYMENT)
        except NoAnswer as trouble:
            # A question moves no money: whatever went wrong with it, the refund itself has not left.
            raise NoAnswer(trouble.why, left=False) from None
        if payment.transaction_id != payment_no:
            raise NoAnswer("other_payment", left=False)
        if payment.amount.total < order.amount_minor:
            return Word(Heard.FAILED, why="above_payment")
        amount = {"refund": order.amount_minor, "total": payment.amount.total, "currency": order.currency}
        told = {
            "transaction_id": payment_no, "out_refund_no": number_of(order.key), "reason": order.memo, "amount": amount
        }  # fmt: skip
        return _refunded(read(await self._ask("POST", "/v3/refund/domestic/refunds", told), _REFUND), order)

    async def _bill(self, kind: str, **params: str) -> list[bills.Row]:
        """The rows of a bill, none where there was nothing to tell."""
        try:
            told = read(await self._ask("GET", f"/v3/bill/{kind}", params=params), _BILL)
        except NoAnswer as trouble:
            if trouble.why == "no_statement_exist":
                return []
            raise
        try:
            url, base = httpx.URL(told.download_url), httpx.URL(self._base)
        except httpx.InvalidURL:
            raise NoAnswer("other_host", left=False) from None
        if (url.scheme, url.host, url.port) != (base.scheme, base.host, base.port):
            raise NoAnswer("other_host", left=False)
        request = self._request("GET", url)
        request.headers.update(self._seal.headers("GET", request.url.raw_path.decode(), ""))
        answer = await self._fetch(request, STATEMENT_BYTES, STATEMENT_SECONDS)
        return bills.rows_of(answer.body, told.hash_type, told.hash_value)

    async def _ask(self, method: str, path: str, told: object = None, *, params: Mapping[str, str] | None = None) -> bytes:
        """The signed body of a 200. Raises NoAnswer with the code of a signed refusal, or with why nothing can be relied on."""
        body = "" if told is None else msgspec.json.encode(told).decode()
        parts: dict[str, Any] = {"params": params} if params else {}
        request = self._request(method, f"{self._base}{path}", content=body.encode() or None, **parts)
        request.headers.update(self._seal.headers(method, request.url.raw_path.decode(), body))
        answer = await self._fetch(request, PAYOUT_BYTES, also_refusals=True)
        if not self._seal.is_theirs(answer, self._now()):
            raise not_signed("wechat", answer)
        if answer.status != HTTPStatus.OK:
            code = read(answer.body, _REFUSAL).code
            raise NoAnswer(code.lower() if code in KNOWN_CODES else "other_code")
        return answer.body


def _hopeless(order: PayOrder) -> str | None:
    """Why an order can never be paid here, known before anything is sent; the payee of a payout never changes."""
    account = order.payee.get("account") or ""
    if order.currency != "CNY":
        return "other_currency"
    if not (_PAYMENT_NO if order.method is Method.ORIGINAL_ROUTE else _OPENID).fullmatch(account):
        return "other_payee"
    nameless = order.method is Method.TRANSFER and order.amount_minor >= NAMED_FROM and not order.payee.get("name")
    return "name_missing" if nameless else None


def _transferred(told: _Transfer, order: PayOrder) -> Word:
    """What is said of a transfer. Raises NoAnswer where it is another one, or its state is none of theirs."""
    if told.out_bill_no != number_of(order.key):
        raise NoAnswer("other_key")
    if told.transfer_amount not in (None, order.amount_minor):
        raise NoAnswer(OTHER_AMOUNT)
    if told.openid not in (None, order.payee.get("account")):
        raise NoAnswer("other_payee")
    word = _word(TRANSFERS, told.state, told.transfer_bill_no)
    return replace(word, take=_package(told)) if word.heard is Heard.AWAITING_VISITOR else word


def _package(told: _Transfer) -> str | None:
    """The package, unless it is unfit to be kept: the transfer waits all the same, and a visitor without it asks the counter."""
    package = told.package_info
    return package if isinstance(package, str) and _PACKAGE.fullmatch(package) else None


def _refunded(told: _Refund, order: PayOrder) -> Word:
    """What is said of a refund. Raises NoAnswer where it is another one, or its state is none of theirs."""
    if (told.out_refund_no, told.transaction_id) != (number_of(order.key), order.payee.get("account")):
        raise NoAnswer("other_key")
    if (told.amount.refund, told.amount.currency) != (order.amount_minor, order.currency):
        raise NoAnswer(OTHER_AMOUNT)
    return _word(REFUNDS, told.status, told.refund_id)


def _word(states: Mapping[str, Heard], state: str, gateway_id: str) -> Word:
    if state not in states:
        raise NoAnswer("unknown_state")
    heard = states[state]
    return Word(heard, gateway_id, why=state.lower() if heard is Heard.UNCLEAR else "")
