"""Our signature on what Alipay is told, and theirs on what they answer, each under a certificate. Calls nobody.

Transfers are open to merchants with certificates only, so there is no other way here. The library `python-alipay-sdk` names the
certificates and signs; its own client sends names and accounts in the address, and gives up on a refusal before it has looked
at its signature, so the calls are made and the answers checked elsewhere. Source: https://opendocs.alipay.com/common/02mse7.
"""

import base64
import binascii
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from alipay import DCAliPay

from desk.outside.gateways.calls import Answer, not_signed, read
from desk.outside.gateways.key_files import certified_key, private_key, signed, text
from desk.outside.keys import KeyTrouble

BEIJING: Final = ZoneInfo("Asia/Shanghai")
OF_BUSINESS = "biz_content="

_NODES = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class AlipayAccount:
    """The app: its id, and where its key, its certificate, Alipay's and the root above it lie."""

    app_id: str
    key_file: Path
    app_cert_file: Path
    cert_file: Path
    root_cert_file: Path


class AlipaySeal:
    """The keys at work. Raises KeyTrouble for files that cannot be used."""

    def __init__(self, account: AlipayAccount) -> None:
        private_key(account.key_file)
        certified_key(account.app_cert_file)
        self._theirs = certified_key(account.cert_file)
        root = text(account.root_cert_file)
        try:
            self._ours = _named(account, root)
        except Exception:  # noqa: BLE001 - the library lets through whatever its own libraries raise
            self._ours = None
        if self._ours is None:
            msg = f"{account.root_cert_file} holds no root certificates of RSA keys in PEM"
            raise KeyTrouble(msg)

    def told(self, method: str, business: dict[str, Any], now: datetime) -> tuple[str, str]:
        """What is sent: the query of the address, and the form in which everything about persons travels."""
        stamp = f"{now.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
        parts = self._ours.client_api(method, biz_content=business, timestamp=stamp).split("&")
        form = [part for part in parts if part.startswith(OF_BUSINESS)]
        return "&".join(part for part in parts if part not in form), "&".join(form)

    def heard(self, method: str, answer: Answer) -> msgspec.Raw:
        """The part of an answer that bears Alipay's signature, byte for byte. Raises NoAnswer where none does."""
        nodes = read(answer.body, _NODES)
        node, sign = nodes.get(f"{method.replace('.', '_')}_response"), nodes.get("sign")
        if node is None or sign is None:
            raise not_signed("alipay", answer)
        try:
            signature = base64.b64decode(read(sign, _TEXT), validate=True)
        except (binascii.Error, ValueError):
            raise not_signed("alipay", answer) from None
        if not signed(self._theirs, signature, bytes(node)):
            raise not_signed("alipay", answer)
        return node


def _named(account: AlipayAccount, root: str) -> Any:  # noqa: ANN401 - the library has no types
    """The library's own signer, None where it finds no name for a certificate. Raises whatever it likes."""
    with warnings.catch_warnings():
        # It reads certificates by a way that pyOpenSSL means to give up; both are pinned.
        warnings.simplefilter("ignore", DeprecationWarning)
        signer = DCAliPay(
            appid=account.app_id,
            app_private_key_string=text(account.key_file),
            app_public_key_cert_string=text(account.app_cert_file),
            alipay_public_key_cert_string=text(account.cert_file),
            alipay_root_cert_string=root,
        )
        # Asked for here once, since each is worked out at the first time it is asked for.
        return signer if signer.app_cert_sn and signer.alipay_root_cert_sn else None
