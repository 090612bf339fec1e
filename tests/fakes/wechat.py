"""A fake WeChat Pay that checks the merchant's signature on every request, signs what it says, and keeps books of what it paid.

Behaves as its documentation tells, unless told to fail, hang, lie or forget. Source: the pages named in the adapter.
"""

import asyncio
import base64
import contextlib
import hashlib
import json
import re
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1

from tests.fakes import keys
from tests.fakes.wire import Asked, Manner, Reply, served

APP_ID, MERCHANT, SERIAL, PLATFORM = (
    "wxf636efh567hg4356",
    "1900001109",
    "408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB",
    "PUB_KEY_ID_01",
)
TRANSFERS, REFUNDS = "/v3/fund-app/mch-transfer/transfer-bills", "/v3/refund/domestic/refunds"
SCHEME = re.compile(r"WECHATPAY2-SHA256-RSA2048 (.+)")
FIELD = re.compile(r'([a-z_]+)="([^"]*)"')
NAMED_FROM = 200_000


class Refused(Exception):  # noqa: N818 - named for the condition
    """A request is answered with a status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


@dataclass
class FakeWechat:
    """Books and manner. `moved` has each movement of money as (number, minor units), `payments` what visitors once paid."""

    url: str = ""
    manner: Manner = field(default_factory=Manner)
    bills: dict[str, dict[str, Any]] = field(default_factory=dict)
    refunds: dict[str, dict[str, Any]] = field(default_factory=dict)
    payments: dict[str, int] = field(default_factory=dict)
    moved: list[tuple[str, int]] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    unsigned: int = 0
    names: list[str] = field(default_factory=list)
    files: dict[tuple[str, str, str], bytes] = field(default_factory=dict)
    heard: list[Asked] = field(default_factory=list)

    def settings(self, folder: Path) -> dict[str, str]:
        """What a desk is told that uses it, as `tests.processes.environment` takes it."""
        return {
            "gateway": "wechat", "gateway_url": self.url, "gateway_timeout": "2", "wechat_app_id": APP_ID,
            "wechat_merchant_id": MERCHANT, "wechat_key_serial": SERIAL, "wechat_platform_key_id": PLATFORM,
            "wechat_key_file": str(keys.private_file(folder, "merchant")),
            "wechat_platform_key_file": str(keys.public_file(folder, "platform")),
        }  # fmt: skip

    def paid(self, number: str) -> list[int]:
        """What was paid under a number, each time that it was."""
        return [amount for each, amount in self.moved if each == number]

    def tap(self, told: Mapping[str, str]) -> str:
        """The visitor takes what awaits them, by the page that opens with just these three values; its number."""
        awaited = (each for each in self.bills.values() if each["state"] == "WAIT_USER_CONFIRM")
        opened = {package_of(each["out_bill_no"]): each for each in awaited}
        if (told.get("mchId"), told.get("appId"), len(told)) != (MERCHANT, APP_ID, 3) or told.get("package") not in opened:
            raise Refused(400, "PARAM_ERROR")
        bill = opened[told["package"]]
        self._come_to(bill, "SUCCESS")
        return str(bill["out_bill_no"])

    def lapse(self, number: str) -> None:
        """The visitor lets it go back."""
        self._come_to(self.bills[number], "CANCELLED")

    async def answer(self, asked: Asked) -> Reply | None:
        """What comes back, None where the line is cut."""
        self.heard.append(asked)
        path = urlsplit(asked.target).path
        pays = asked.method == "POST"
        manner = self.manner.at("pay" if pays else "query")
        if path.startswith("/v3/billdownload/"):
            kind, day, which = parse_qs(urlsplit(asked.target).query)["token"][0].split("|")
            return Reply(body=self.files[kind, day, which])
        try:
            told = self._told(asked, path, manner)
        except Refused as refusal:
            return self._signed(refusal.status, {"code": refusal.code, "message": "机密"}, manner)
        if manner.after == "hang":
            await asyncio.sleep(60)
        if manner.after == "cut":
            return None
        if manner.after == "500":
            return Reply(500, b"<html>busy</html>")
        return self._signed(200, {**told, **manner.lies}, manner)

    def _told(self, asked: Asked, path: str, manner: Manner) -> dict[str, Any]:
        self._check(asked)
        pays = asked.method == "POST"
        body = json.loads(asked.body) if pays else {}
        number = str(body.get("out_bill_no") or body.get("out_refund_no") or "") if pays else path.rpartition("/")[2]
        if pays:
            self.asked[number] += 1
        if manner.refuse:
            raise Refused(*manner.refuse)
        if pays:
            return self._transfer(body, manner) if path == TRANSFERS else self._refund(body, manner)
        if path.startswith(f"{TRANSFERS}/out-bill-no/"):
            return _found(self.bills, number, "NOT_FOUND")
        if path.startswith(REFUNDS):
            return _found(self.refunds, number, "RESOURCE_NOT_EXISTS")
        if path.startswith("/v3/bill/"):
            return self._bill(path, asked.target)
        if number not in self.payments or f"mchid={MERCHANT}" not in asked.target:
            raise Refused(404, "ORDER_NOT_EXIST")
        return {"transaction_id": number, "trade_state": "SUCCESS", "amount": {"total": self.payments[number], "currency": "CNY"}}

    def _check(self, asked: Asked) -> None:
        """Refuse whatever the merchant's key has not signed just now."""
        given = SCHEME.fullmatch(asked.headers.get("authorization", ""))
        said = dict(FIELD.findall(given[1])) if given else {}
        lines = [asked.method, asked.target, said.get("timestamp", ""), said.get("nonce_str", ""), asked.body.decode(), ""]
        right = (
            (said.get("mchid"), said.get("serial_no"), asked.headers.get("wechatpay-serial")) == (MERCHANT, SERIAL, PLATFORM)
            and abs(time.time() - int(said["timestamp"])) < 300
            and keys.is_signed("merchant", said["signature"], "\n".join(lines).encode())
        )
        if not right:
            self.unsigned += 1
            raise Refused(401, "SIGN_ERROR")

    def _transfer(self, body: dict[str, Any], manner: Manner) -> dict[str, Any]:
        number, amount = body["out_bill_no"], body["transfer_amount"]
        fits = (
            re.fullmatch(r"[0-9A-Za-z]{1,32}", number) and body["appid"] == APP_ID and body["transfer_scene_id"] == "1011"
            and isinstance(amount, int) and 0 < len(body["transfer_remark"]) <= 32
            and [each["info_type"] for each in body["transfer_scene_report_infos"]] == ["赔付原因"]
            and (amount < NAMED_FROM or "user_name" in body)
        )  # fmt: skip
        if not fits:
            raise Refused(400, "PARAM_ERROR")
        if "user_name" in body:
            oaep = padding.OAEP(mgf=padding.MGF1(SHA1()), algorithm=SHA1(), label=None)  # noqa: S303 - as documented
            self.names.append(keys.key("platform").decrypt(base64.b64decode(body["user_name"]), oaep).decode())
        known = self.bills.get(number)
        if known and (known["transfer_amount"], known["openid"]) != (amount, body["openid"]):
            raise Refused(400, "INVALID_REQUEST")
        if not known:
            known = self.bills[number] = {
                "mch_id": MERCHANT, "out_bill_no": number, "transfer_bill_no": f"133{len(self.bills):037}", "appid": APP_ID,
                "state": "ACCEPTED", "transfer_amount": amount, "openid": body["openid"],
                "transfer_remark": body["transfer_remark"],
            }  # fmt: skip
            self._come_to(known, manner.state or "SUCCESS")
        told = {name: known[name] for name in ("out_bill_no", "transfer_bill_no", "state")}
        return told | ({"package_info": package_of(number)} if known["state"] == "WAIT_USER_CONFIRM" else {})

    def _refund(self, body: dict[str, Any], manner: Manner) -> dict[str, Any]:
        number, payment, amount = body["out_refund_no"], body["transaction_id"], body["amount"]
        if payment not in self.payments:
            raise Refused(404, "RESOURCE_NOT_EXISTS")
        gone = sum(each["amount"]["refund"] for each in self.refunds.values() if each["transaction_id"] == payment)
        known = self.refunds.get(number)
        if not known and (amount["total"] != self.payments[payment] or gone + amount["refund"] > amount["total"]):
            raise Refused(400, "INVALID_REQUEST")
        if not known:
            known = self.refunds[number] = {
                "refund_id": f"503{len(self.refunds):026}", "out_refund_no": number, "transaction_id": payment,
                "out_trade_no": "site-1", "status": manner.state or "SUCCESS", "amount": amount,
            }  # fmt: skip
            if known["status"] == "SUCCESS":
                self.moved.append((number, amount["refund"]))
        return known

    def _bill(self, path: str, target: str) -> dict[str, Any]:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        which = (path.rpartition("/")[2], asked["bill_date"], asked.get("bill_type") or asked["account_type"])
        if which not in self.files:
            raise Refused(400, "NO_STATEMENT_EXIST")
        digest = hashlib.sha1(self.files[which], usedforsecurity=False).hexdigest()
        url = f"{self.url}/v3/billdownload/file?token={'|'.join(which)}"
        return {"hash_type": "SHA1", "hash_value": digest, "download_url": url}

    def _come_to(self, bill: dict[str, Any], state: str) -> None:
        if state == "SUCCESS" and bill["state"] != "SUCCESS":
            self.moved.append((bill["out_bill_no"], bill["transfer_amount"]))
        bill["state"] = state

    def _signed(self, status: int, told: dict[str, Any], manner: Manner) -> Reply:
        body = json.dumps(told, ensure_ascii=False).encode()
        if manner.sign == "none":
            return Reply(status, body)
        at = int(time.time()) - (3600 if manner.sign == "stale" else 0)
        nonce, whose = secrets.token_hex(16), "stranger" if manner.sign == "forged" else "platform"
        message = body + b" " if manner.sign == "other_body" else body
        headers = {
            "Wechatpay-Timestamp": str(at), "Wechatpay-Nonce": nonce, "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Wechatpay-Signature": keys.signed(whose, f"{at}\n{nonce}\n".encode() + message + b"\n"),
            "Wechatpay-Serial": "PUB_KEY_ID_02" if manner.sign == "other_serial" else PLATFORM,
        }  # fmt: skip
        return Reply(status, body, headers)


def package_of(number: str) -> str:
    """What opens the page on which the transfer of this number is taken: told with the answer to an order alone."""
    return f"ABBQO+oYAAAB{base64.b64encode(hashlib.sha256(number.encode()).digest()).decode()}"


def _found(books: dict[str, dict[str, Any]], number: str, unknown: str) -> dict[str, Any]:
    if number not in books:
        raise Refused(404, unknown)
    return books[number]


@contextlib.asynccontextmanager
async def fake_wechat() -> AsyncIterator[FakeWechat]:
    """A fake that listens until the block ends."""
    fake = FakeWechat()
    async with served(fake.answer) as url:
        fake.url = url
        yield fake
