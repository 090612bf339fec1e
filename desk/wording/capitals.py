"""An amount of yuan in the capital characters of papers that are signed (大写金额), which nobody alters with a pen.

Source: 支付结算办法, annex 1 (正确填写票据和结算凭证的基本规定), rules 1 to 3. Other currencies are written in figures alone.
"""

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("仟", "佰", "拾", "")
_GROUPS = ("亿", "万", "")
_GROUP, _LARGEST = 10_000, 10**14
_HUNDRED, _THOUSAND = 100, 1_000


def capitals(minor: int) -> str:
    """So many fen: `capitals(140950)` is 人民币壹仟肆佰零玖元伍角.

    整 stands after yuan alone, 零 where figures are left out in between. Raises ValueError unless it is above zero and below
    a thousand billion yuan.
    """
    if not 0 < minor < _LARGEST:
        msg = "an amount on paper is above zero and below a thousand billion yuan"
        raise ValueError(msg)
    yuan, fen = divmod(minor, _HUNDRED)
    return f"人民币{_yuan(yuan)}{_small(fen, after_yuan=yuan > 0, after_ten=yuan % 10 == 0)}"


def _yuan(yuan: int) -> str:
    """Whole yuan in groups of four figures; nothing for none."""
    groups = (yuan // _GROUP**2, yuan // _GROUP % _GROUP, yuan % _GROUP)
    written, left_out = "", False
    for group, name in zip(groups, _GROUPS, strict=True):
        if not group:
            left_out = bool(written)
            continue
        between = _DIGITS[0] if written and (left_out or group < _THOUSAND) else ""
        written, left_out = f"{written}{between}{_group(group)}{name}", False
    return f"{written}元" if written else ""


def _group(group: int) -> str:
    """One to four figures; however many noughts stand in between are one 零, those at the end none."""
    written, left_out = "", False
    for figure, place in zip(map(int, f"{group:04}"), _PLACES, strict=True):
        if figure:
            written += (_DIGITS[0] if left_out else "") + _DIGITS[figure] + place
        left_out = not figure and bool(written)
    return written


def _small(fen: int, *, after_yuan: bool, after_ten: bool) -> str:
    """Jiao and fen. 零 takes the place of no jiao, and parts jiao from yuan that end in a nought."""
    jiao, fen = divmod(fen, 10)
    if not jiao and not fen:
        return "整"
    between = _DIGITS[0] if after_yuan and (after_ten or not jiao) else ""
    return between + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[fen]}分" if fen else "")
