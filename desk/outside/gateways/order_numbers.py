"""The merchant's number under which a wallet knows a payout for ever. Stores nothing: number and key follow from each other.

It is the key without its hyphen: WeChat Pay takes at most 32 digits and letters
(https://pay.weixin.qq.com/doc/v3/merchant/4012716434), Alipay 64; a key is `payout-` and a number of at most 19 digits.
"""

import re

_KEY = re.compile(r"payout-([0-9]{1,19})", re.ASCII)
_NUMBER = re.compile(r"payout([0-9]{1,19})", re.ASCII)


def number_of(key: str) -> str:
    """The number for a key. Raises ValueError for what is no key of a payout."""
    found = _KEY.fullmatch(key)
    if found is None:
        msg = "not the key of a payout"
        raise ValueError(msg)
    return f"payout{found[1]}"


def key_of(number: str) -> str | None:
    """The key that a number stands for, None for a number that the desk did not give."""
    found = _NUMBER.fullmatch(number)
    return f"payout-{found[1]}" if found else None
