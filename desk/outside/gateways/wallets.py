"""Opening a wallet's adapter by its name. Its library is an extra and is loaded here alone, when the wallet is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from desk.ports import GatewayTerms, TakingApp

if TYPE_CHECKING:
    from desk.outside.gateways.alipay import AlipayGateway
    from desk.outside.gateways.wechat import WechatGateway

Wallet = Literal["wechat", "alipay"]
Own = Mapping[str, str | Path | None]
"""What `WechatAccount` or `AlipayAccount` consists of, by field."""


class LibraryMissing(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The extra of a wallet is not installed; the message says how to get it."""

    def __init__(self, wallet: str) -> None:
        super().__init__(f"DESK_GATEWAY is {wallet}, whose library is not installed: pip install 'desk[{wallet}]'")


def open_wallet(
    wallet: Wallet, own: Own, base: str | None, seconds: float, now: Callable[[], datetime]
) -> "WechatGateway | AlipayGateway":
    """The adapter, at the wallet's own address unless another is named. Raises LibraryMissing, KeyTrouble."""
    module, seal = _loaded(wallet, own)
    adapter = module.WechatGateway if wallet == "wechat" else module.AlipayGateway
    opened: WechatGateway | AlipayGateway = adapter(base or module.HOST, seconds, seal, now)
    return opened


def terms_of(wallet: Wallet, own: Own) -> GatewayTerms:
    """What the desk must know of the wallet beforehand; its key files are looked into. Raises LibraryMissing, KeyTrouble."""
    module, _ = _loaded(wallet, own)
    terms: GatewayTerms = module.TERMS
    app_id = str(own["app_id"])
    if wallet == "alipay":
        return replace(terms, name=f"alipay:{app_id}")
    merchant = str(own["merchant_id"])
    return replace(terms, name=f"wechat:{merchant}", taken_in=TakingApp("wechat", merchant, app_id))


def _loaded(wallet: Wallet, own: Mapping[str, Any]) -> tuple[Any, Any]:
    """The wallet's module, and its keys."""
    try:
        if wallet == "wechat":
            from desk.outside.gateways import wechat, wechat_seal  # noqa: PLC0415 - an extra

            return wechat, wechat_seal.WechatSeal(wechat_seal.WechatAccount(**own))
        from desk.outside.gateways import alipay, alipay_seal  # noqa: PLC0415 - the same
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] in ("wechatpayv3", "alipay"):
            raise LibraryMissing(wallet) from None
        raise
    return alipay, alipay_seal.AlipaySeal(alipay_seal.AlipayAccount(**own))
