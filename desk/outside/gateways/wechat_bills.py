"""WeChat Pay's bills of a day read into the lines of a UTC day. Fetches nothing.

Refunds stand in the bill of trades on the day they were asked for (交易账单, REFUND), transfers in the bill of the account's own
moves (资金账单), each with the merchant's number; numbers that the desk did not give are somebody else's and left out. A bill is
of a day in Beijing, and made by ten in the morning after. Every value of a row is led by a grave accent.
A refund's state stays in its bill as it was when that was made, and no later bill tells of it again: one in process by then is a
line that may still come to nothing. Its row names the time of the payment first (交易时间), and its own beside it (退款申请时间).
Source: https://pay.weixin.qq.com/docs/merchant/products/bill-download/format-trade.html and format-fundflow.html.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, takewhile
from zoneinfo import ZoneInfo

from desk.domain.money import minor_of
from desk.outside.gateways.calls import NoAnswer
from desk.outside.gateways.order_numbers import key_of
from desk.ports import StatementLine

Row = Mapping[str, str]

BEIJING = ZoneInfo("Asia/Shanghai")
MADE_AFTER = timedelta(hours=50)
"""How long after the end of a UTC day the last of its three bills is made: at ten in the morning in Beijing."""

REFUNDED, REFUND_FAILED = "SUCCESS", "FAIL"
ASKED_AT, TRADED_AT = "退款申请时间", "交易时间"
NO_TIME = frozenset({"", "0"})
"""How a bill leaves a time out."""

PAID_OUT, CAME_IN = "支出", "收入"
OF_A_REFUND = "退款"


def days_of(day: date) -> tuple[date, date, date]:
    """The two days in Beijing on which a UTC day lies, and the one on which what nobody took within 24 hours comes back."""
    return day, day + timedelta(days=1), day + timedelta(days=2)


def made_at(day: date) -> datetime:
    """When the bills of all of them are made; UTC."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) + MADE_AFTER


def rows_of(body: bytes, hash_type: str, hash_value: str) -> list[Row]:
    """The rows of a bill by column, without its totals. Raises NoAnswer where it is not the file whose hash was signed."""
    if hash_type != "SHA1" or hashlib.sha1(body, usedforsecurity=False).hexdigest() != hash_value.lower():
        raise NoAnswer("other_content")
    try:
        # Not `splitlines`, which also breaks at letters that a shop may have written into its own rows.
        header, *lines = body.decode("utf-8-sig").replace("\r\n", "\n").split("\n")
    except ValueError:
        raise NoAnswer("other_shape") from None
    if not header:
        raise NoAnswer("other_shape")
    columns = header.split(",")
    return [_row(columns, line) for line in takewhile(lambda line: line.startswith("`"), lines)]


def lines_of(day: date, refunds: Iterable[Row], moves: Iterable[Row]) -> list[StatementLine]:
    """The payments of a UTC day, oldest first. Raises NoAnswer for a row that makes no sense."""
    try:
        found = [*_refunds(refunds), *_transfers(moves)]
    except (KeyError, ValueError):
        raise NoAnswer("other_shape") from None
    return sorted((line for line in found if line.at.date() == day), key=lambda line: (line.at, line.gateway_id))


def _row(columns: Sequence[str], line: str) -> Row:
    values = line.removeprefix("`").split(",`")
    if len(values) != len(columns):
        raise NoAnswer("other_shape")
    return dict(zip(columns, values, strict=True))


def _refunds(rows: Iterable[Row]) -> Iterable[StatementLine]:
    for row in rows:
        key = key_of(row["商户退款单号"])
        if key and row["退款状态"] != REFUND_FAILED:
            amount = minor_of(row["申请退款金额"], row["货币种类"])
            final = row["退款状态"] == REFUNDED
            yield StatementLine(key, row["微信退款单号"], amount, row["货币种类"], _asked_at(row), final)


def _transfers(rows: Iterable[Row]) -> Iterable[StatementLine]:
    """One line for each of their numbers under a key whose money has not all come back; the account is in yuan."""
    paid, back = defaultdict[str, dict[str, StatementLine]](dict), defaultdict[str, int](int)
    for row in rows:
        key = key_of(row["业务凭证号"])
        if key is None:
            continue
        amount, kind = minor_of(row["收支金额(元)"], "CNY"), row["收支类型"]
        if kind == CAME_IN:
            back[key] += amount
        elif kind == PAID_OUT and OF_A_REFUND not in row["业务名称"]:
            number = row["微信支付业务单号"]
            paid[key][number] = StatementLine(key, number, amount, "CNY", _utc(row["记账时间"]))
    left = (lines.values() for key, lines in paid.items() if back[key] != sum(line.amount_minor for line in lines.values()))
    return chain.from_iterable(left)


def _asked_at(row: Row) -> datetime:
    """When a refund was asked for; where a bill does not say it, the first time of the row, as in a bill of all trades."""
    asked_at = row.get(ASKED_AT, "")
    return _utc(row[TRADED_AT] if asked_at in NO_TIME else asked_at)


def _utc(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING).astimezone(UTC)
