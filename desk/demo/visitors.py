"""Three visitors of the demo: lodged at the counter over HTTP and brought to three different stages, as officers would."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

CNY = "CNY"
_FISH = "The bill named fish by weight; we never saw it weighed."


@dataclass(frozen=True, slots=True)
class Slip:
    """What a visitor holds in hand."""

    told: str
    reference: str
    access_code: str
    status_url: str


@dataclass(frozen=True, slots=True)
class Story:
    """A visitor's matter: what is lodged, what the officer finds, and the route they confirm, None while nothing is decided."""

    told: str
    lodging: Mapping[str, Any]
    findings: Mapping[str, Any] | None
    route: str | None


def stories(now: datetime) -> Sequence[Story]:
    """A price that was not the one on the label, a bill that two sides tell differently, and a purchase not looked at yet."""
    clear = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}
    leaving = {"departs_at": (now + timedelta(hours=20)).isoformat(timespec="seconds")}
    tea = _lodging("north-gate", "王", "云海茶庄", "price_labelling", "标价 128 元一盒，结账收了 256 元。", "128.00")
    dinner = _lodging("tangkou-town", "Anna", "汤口徽味楼", "restaurant_overcharge", _FISH, "1860.00", "en")
    goods = _lodging("south-gate", "李", "迎客松山货店", "goods_quality_return", "香菇打开后有霉点，店家说已拆封不退。", "86.00")
    return (
        Story("tea at twice its label, refund agreed", tea | leaving, {**clear, "note": "小票与价签照片一致"}, "fast_refund"),
        Story(
            "a dinner whose bill is disputed, in mediation",
            dinner | leaving,
            {**clear, "facts_clear": "no", "note": "双方说法不一"},
            "docket",
        ),
        Story("mountain goods of doubtful quality, just registered", goods, None, None),
    )


def lodge_three(url: str, token: str) -> list[Slip]:
    """Lodge the three stories with an intake officer's token and bring each to its stage. Raises HTTPStatusError."""
    with httpx.Client(
        base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=10, trust_env=False
    ) as client:
        return [_live(client, number, story) for number, story in enumerate(stories(datetime.now(UTC)), 1)]


def _live(client: httpx.Client, number: int, story: Story) -> Slip:
    lodged = _done(client.post("/claims", json=dict(story.lodging), headers={"Idempotency-Key": f"demo-lodge-{number}"})).json()
    path = f"/claims/{lodged['reference']}"
    if story.findings:
        version = _done(client.get(path)).headers["ETag"]
        _done(client.put(f"{path}/assessment", json=dict(story.findings), headers={"If-Match": version}))
    if story.route:
        _done(client.post(f"{path}/triage", json={"confirm": story.route}, headers={"Idempotency-Key": f"demo-triage-{number}"}))
    return Slip(story.told, lodged["reference"], lodged["access_code"], lodged["status_url"])


def _done(answer: httpx.Response) -> httpx.Response:
    answer.raise_for_status()
    return answer


def _lodging(
    spot: str, name: str, merchant: str, category: str, facts: str, asked: str, language: str = "zh-CN"
) -> dict[str, Any]:  # fmt: skip
    return {
        "site": "huangshan", "spot": spot, "channel": "counter", "category": category, "facts": facts,
        "visitor": {"name": name, "phone": None, "email": None, "language": language},
        "respondent": {"name": merchant}, "items": [{"kind": "refund", "asked": {"amount": asked, "currency": CNY}}],
    }  # fmt: skip
