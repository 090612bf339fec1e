"""What the bench asks of the desk: whole HTTP requests with places that each one fills anew. Sends nothing.

`@KEY@` is 128 fresh random bits in hexadecimal, `@SUM@` a random amount, `@TOKEN@` a line of the file of tokens; each has one
fixed width, so that the length of the body is known.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

WIDTHS = {b"@KEY@": 32, b"@SUM@": 8, b"@TOKEN@": 32}
LODGE, STATUS, PAYOUTS = "/api/v1/claims", "/api/v1/status", "/api/v1/payouts"


@dataclass(frozen=True)
class Target:
    """Where to send which request: `request` holds the template, `tokens` the lines to draw from."""

    host: str
    port: int
    request: Path
    tokens: Path | None = None

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://{self.host}:{self.port}"


def lodging() -> dict[str, object]:
    """The body of API.md, with days around today and a sum of its own each time: equal ones would all be look-alikes."""
    today = datetime.now(UTC).date()
    return {
        "site": "huangshan", "spot": "north-gate", "channel": "counter",
        "visitor": {"name": "王", "phone": "+8613800138000", "email": None, "language": "zh-CN"},
        "respondent": {"name": "云海茶庄", "kind": "shop"},
        "category": "price_labelling",
        "facts": "在北门内的店里买了两盒毛峰，货架标价 98 元一盒，结账时收了 226 元，问起来说标签是上个月的，不肯退差价。",
        "occurred_on": str(today - timedelta(days=1)), "purchased_on": None, "contract_ended_on": None,
        "departs_at": f"{today + timedelta(days=2)}T18:20:00+08:00",
        "items": [{"kind": "refund", "asked": {"amount": "@SUM@", "currency": "CNY"}}],
        "order_no": None, "already_elsewhere": "none", "people": 1,
        "flags": {
            "injury": False, "minor": False, "foreign_related": False, "needs_appraisal": False, "crime_suspected": False,
        },
    }  # fmt: skip


def lodge_request(token: str) -> bytes:
    """An officer lodges a claim under a key of its own."""
    return _request(LODGE, lodging(), {"Authorization": f"Bearer {token}", "Idempotency-Key": "@KEY@"})


def status_request() -> bytes:
    """A visitor follows a claim by the token of the QR code."""
    return _request(STATUS, {"token": "@TOKEN@"}, {})


def queue_request(token: str) -> bytes:
    """An officer opens the first page of the queue."""
    return f"GET {LODGE}?limit=50 HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def step_request(payout: str, step: str, token: str) -> bytes:
    """A cashier takes a step of a payout under a key of its own."""
    return _request(f"{PAYOUTS}/{payout}/{step}", {}, {"Authorization": f"Bearer {token}", "Idempotency-Key": "@KEY@"})


def _request(path: str, document: dict[str, object], headers: dict[str, str]) -> bytes:
    body = json.dumps(document, ensure_ascii=False).encode()
    length = len(body) + sum(body.count(place) * (width - len(place)) for place, width in WIDTHS.items())
    lines = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(length), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
