"""WeChat Pay's bills as they are downloaded: the two headers, their rows, and the totals at the end."""

TRADES = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,"
    "代金券金额,退款申请时间,退款成功时间,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
MOVES = (
    "记账时间,微信支付业务单号,资金流水单号,业务名称,业务类型,收支类型,收支金额(元),账户结余(元),资金变更提交申请人,备注,"
    "业务凭证号"
)
PAID_AT = "2026-09-24 16:16:25"
"""When the visitor once paid what is refunded: a row of the bill of refunds names that first."""

TOTALS = "总数\r\n`1.0,`0.02\r\n"


def bill(header: str, *rows: dict[str, str]) -> bytes:
    """A bill as it is downloaded: what a row does not name is empty."""
    lines = ["`" + ",`".join(row.get(column, "") for column in header.split(",")) for row in rows]
    return "\r\n".join(["\ufeff" + header, *lines, TOTALS]).encode()


def refund(number: str, yuan: str, at: str, status: str = "SUCCESS") -> dict[str, str]:
    """A row of the bill of refunds, asked for `at` then; times are Beijing's. The payment was long before."""
    return {
        "交易时间": PAID_AT, "退款申请时间": at, "退款成功时间": at if status == "SUCCESS" else "0", "货币种类": "CNY",
        "微信退款单号": f"503-{number}", "商户退款单号": number, "申请退款金额": yuan, "退款状态": status,
        "商品名称": "索道票, 双程",
    }  # fmt: skip


def move(number: str, yuan: str, at: str, kind: str = "支出", name: str = "商家转账", theirs: str = "") -> dict[str, str]:
    """A row of the bill of the account's moves."""
    return {
        "记账时间": at, "微信支付业务单号": theirs or f"133-{number}", "收支类型": kind, "收支金额(元)": yuan, "业务名称": name,
        "业务凭证号": number,
    }  # fmt: skip
