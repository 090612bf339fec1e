"""A fake Alipay that checks the app's signature on every request, signs what it says, and keeps books of what it paid.

Behaves as its documentation tells, unless told to fail, hang, lie or forget. Source: the pages named in the adapter.
"""

import asyncio
import contextlib
import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from tests.fakes import keys
from tests.fakes.wire import Asked, Manner, Reply, served

APP_ID, BEIJING = "2021001122334455", ZoneInfo("Asia/Shanghai")
TRANSFER, TRANSFER_QUERY = "alipay.fund.trans.uni.transfer", "alipay.fund.trans.common.query"
REFUND, REFUND_QUERY = "alipay.trade.refund", "alipay.trade.fastpay.refund.query"
PAYS = (TRANSFER, REFUND)


class Refused(Exception):  # noqa: N818 - named for the condition
    """A request is answered with a code and a sub_code."""

    def __init__(self, code: str, sub_code: str) -> None:
        super().__init__(sub_code)
        self.code, self.sub_code = code, sub_code


@dataclass
class FakeAlipay:
    """Books and manner. `moved` has each movement of money as (number, yuan), `payments` what visitors once paid, in yuan."""

    url: str = ""
    manner: Manner = field(default_factory=Manner)
    transfers: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    payments: dict[str, Decimal] = field(default_factory=dict)
    moved: list[tuple[str, str]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    unsigned: int = 0
    heard: list[Asked] = field(default_factory=list)

    def settings(self, folder: Path) -> dict[str, str]:
        """What a desk is told that uses it, as `tests.processes.environment` takes it."""
        files = {name: str(path) for name, path in merchant_files(folder).items()}
        return {"gateway": "alipay", "gateway_url": self.url, "gateway_timeout": "2", "alipay_app_id": APP_ID, **files}

    def paid(self, number: str) -> list[str]:
        """What was paid under a number, each time that it was."""
        return [amount for each, amount in self.moved if each == number]

    async def answer(self, asked: Asked) -> Reply | None:
        """What comes back, None where the line is cut."""
        self.heard.append(asked)
        parts = urlsplit(asked.target)
        said = dict(parse_qsl(f"{parts.query}&{asked.body.decode()}", keep_blank_values=True))
        method = said.get("method", "")
        manner = self.manner.at("pay" if method in PAYS else "query")
        try:
            self._check(asked, parts.path, said)
            told = self._told(method, json.loads(said["biz_content"]), manner)
        except Refused as refusal:
            told = {"code": refusal.code, "msg": "Business Failed", "sub_code": refusal.sub_code, "sub_msg": "机密 }"}
            return _signed(method, told, manner)
        if manner.after == "hang":
            await asyncio.sleep(60)
        if manner.after == "cut":
            return None
        if manner.after == "500":
            return Reply(500, b"<html>busy</html>")
        return _signed(method, {"code": "10000", "msg": "Success", **told, **manner.lies}, manner)

    def _told(self, method: str, business: dict[str, Any], manner: Manner) -> dict[str, Any]:
        number = str(business.get("out_biz_no") or business.get("out_request_no"))
        if method in PAYS:
            self.asked[number] += 1
        if manner.refuse:
            raise Refused(str(manner.refuse[0]), manner.refuse[1])
        if method == TRANSFER:
            return self._transfer(number, business, manner)
        if method == REFUND:
            return self._refund(number, business, manner)
        if method == TRANSFER_QUERY:
            if number not in self.transfers:
                raise Refused("40004", "ORDER_NOT_EXIST")
            return self.transfers[number]
        if business["trade_no"] not in self.payments:
            raise Refused("40004", "ACQ.TRADE_NOT_EXIST")
        return self.refunds.get(number, {})

    def _check(self, asked: Asked, path: str, said: dict[str, str]) -> None:
        """Refuse whatever the app's key has not signed just now, or comes otherwise than in a form."""
        lines = "&".join(f"{name}={value}" for name, value in sorted(said.items()) if name != "sign")
        at = datetime.strptime(said["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
        names = (said.get("app_cert_sn"), said.get("alipay_root_cert_sn"))
        right = (
            (asked.method, path, said.get("app_id"), said.get("sign_type")) == ("POST", "/gateway.do", APP_ID, "RSA2")
            and asked.headers.get("content-type") == "application/x-www-form-urlencoded;charset=utf-8"
            and "biz_content" not in asked.target
            and names == (serial_of(app_certificate()), "_".join(serial_of(each) for each in root_certificates()))
            and abs(datetime.now(BEIJING) - at) < timedelta(minutes=5)
            and keys.is_signed("app", said.get("sign", ""), lines.encode())
        )
        if not right:
            self.unsigned += 1
            raise Refused("40002", "isv.invalid-signature")

    def _transfer(self, number: str, business: dict[str, Any], manner: Manner) -> dict[str, Any]:
        payee, amount = business["payee_info"], business["trans_amount"]
        by_id = payee["identity_type"] == "ALIPAY_USER_ID"
        fits = (
            (business["product_code"], business["biz_scene"]) == ("TRANS_ACCOUNT_NO_PWD", "DIRECT_TRANSFER")
            and re.fullmatch(r"[0-9]+\.[0-9]{2}", amount) and Decimal(amount) >= Decimal("0.1")
            and (by_id == payee["identity"].startswith("2088")) and (by_id or payee.get("name")) and business["order_title"]
        )  # fmt: skip
        if not fits:
            raise Refused("40004", "INVALID_PARAMETER")
        known = self.transfers.get(number)
        if known and known["trans_amount"] != amount:
            raise Refused("40004", "PAYMENT_INFO_INCONSISTENCY")
        if not known:
            known = self.transfers[number] = {
                "out_biz_no": number, "order_id": f"2026{len(self.transfers):028}", "pay_fund_order_id": "1",
                "status": manner.state or "SUCCESS", "trans_amount": amount,
            }  # fmt: skip
            if known["status"] == "SUCCESS":
                self.moved.append((number, amount))
        return {name: known[name] for name in ("out_biz_no", "order_id", "pay_fund_order_id", "status")}

    def _refund(self, number: str, business: dict[str, Any], manner: Manner) -> dict[str, Any]:
        payment, amount = business["trade_no"], Decimal(business["refund_amount"])
        if payment not in self.payments:
            raise Refused("40004", "ACQ.TRADE_NOT_EXIST")
        gone = sum((Decimal(each["refund_amount"]) for each in self.refunds.values() if each["trade_no"] == payment), Decimal(0))
        known = number in self.refunds
        if not known and gone + amount > self.payments[payment]:
            raise Refused("40004", "ACQ.REASON_TRADE_REFUND_FEE_ERR")
        if not known and manner.state != "N":
            self.refunds[number] = {
                "trade_no": payment, "out_trade_no": "site-1", "out_request_no": number, "refund_amount": str(amount),
                "refund_status": "REFUND_SUCCESS",
            }  # fmt: skip
            self.moved.append((number, str(amount)))
            gone += amount
        change = "N" if known or manner.state == "N" else "Y"
        return {"trade_no": payment, "out_trade_no": "site-1", "fund_change": change, "refund_fee": str(max(gone, amount))}


def app_certificate() -> keys.Certificate:
    """The app's certificate."""
    return keys.certificate("app", "intermediate")


def root_certificates() -> tuple[keys.Certificate, keys.Certificate]:
    """The two roots."""
    return keys.certificate("root", "root"), keys.certificate("intermediate", "root")


def merchant_files(folder: Path) -> dict[str, Path]:
    """The files of a merchant, by setting."""
    return {
        "alipay_key_file": keys.private_file(folder, "app"),
        "alipay_app_cert_file": keys.certificate_file(folder, "app", app_certificate()),
        "alipay_cert_file": keys.certificate_file(folder, "alipay", keys.certificate("alipay", "intermediate")),
        "alipay_root_cert_file": keys.certificate_file(folder, "root", *root_certificates()),
    }


def serial_of(certificate: keys.Certificate) -> str:
    """A certificate's name as Alipay makes it."""
    return hashlib.md5(f"{certificate.issuer}{certificate.serial}".encode(), usedforsecurity=False).hexdigest()


def _signed(method: str, told: dict[str, Any], manner: Manner) -> Reply:
    node = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    name = f"{method.replace('.', '_')}_response" if manner.sign != "other_node" else "error_response"
    whose = "stranger" if manner.sign == "forged" else "alipay"
    sign = keys.signed(whose, (node + " " if manner.sign == "other_body" else node).encode())
    tail = "" if manner.sign == "none" else f',"alipay_cert_sn":"1","sign":"{sign if manner.sign != "garbled" else "%%"}"'
    return Reply(200, f'{{"{name}":{node}{tail}}}'.encode())


@contextlib.asynccontextmanager
async def fake_alipay() -> AsyncIterator[FakeAlipay]:
    """A fake that listens until the block ends."""
    fake = FakeAlipay()
    async with served(fake.answer) as url:
        fake.url = f"{url}/gateway.do"
        yield fake
