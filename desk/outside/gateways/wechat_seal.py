"""Our signature on what WeChat Pay is told, theirs on what they answer, and names that they alone can read. Calls nobody.

The library `wechatpayv3` signs, checks and encrypts; its own client does not check what a refusal says, follows redirects and
takes proxies from the environment, so the calls are made elsewhere. Answers are checked with WeChat Pay's public key
(微信支付公钥), not with platform certificates.
Source: https://pay.weixin.qq.com/wiki/doc/apiv3/wechatpay/wechatpay4_0.shtml, 4_1 and 4_3.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from wechatpayv3.utils import build_authorization, rsa_encrypt, rsa_verify

from desk.outside.gateways.calls import Answer
from desk.outside.gateways.key_files import private_key, public_key

SIGNED_WITHIN = timedelta(minutes=5)
"""How old a signature may be; theirs is repeated by nobody later than that."""


@dataclass(frozen=True, slots=True)
class WechatAccount:
    """The merchant: its numbers as WeChat Pay's merchant pages show them, and where its own and WeChat Pay's key lie."""

    app_id: str
    merchant_id: str
    key_serial: str
    key_file: Path
    platform_key_id: str
    platform_key_file: Path


class WechatSeal:
    """The two keys at work. Raises KeyTrouble for files that cannot be used."""

    def __init__(self, account: WechatAccount) -> None:
        self.account = account
        self._ours, self._theirs = private_key(account.key_file), public_key(account.platform_key_file)

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """What tells who asks; `target` is path and query as they are sent, `body` the document, empty where there is none."""
        account = self.account
        signed = build_authorization(target, method, account.merchant_id, account.key_serial, self._ours, data=body)
        return {"Authorization": signed, "Wechatpay-Serial": account.platform_key_id, "Content-Type": "application/json"}

    def for_them(self, text: str) -> str:
        """A text that only WeChat Pay can read."""
        return str(rsa_encrypt(text, self._theirs))

    def is_theirs(self, answer: Answer, now: datetime) -> bool:
        """Whether an answer bears WeChat Pay's signature over its bytes, given just now."""
        at, nonce, signature, serial = (
            answer.headers.get(f"Wechatpay-{name}", "") for name in ("Timestamp", "Nonce", "Signature", "Serial")
        )
        if serial != self.account.platform_key_id or not at.isascii() or not at.isdecimal() or len(at) > len("9999999999"):
            return False
        if abs(now.timestamp() - int(at)) > SIGNED_WITHIN.total_seconds():
            return False
        try:
            return bool(rsa_verify(at, nonce, answer.body.decode(), signature, self._theirs))
        except UnicodeDecodeError:
            return False
