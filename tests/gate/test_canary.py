"""Planted personal fields and secrets, sent to a real server in every way we know, are found nowhere afterwards."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gate.places import Place
from tests.gate.wire import CLAIMS, STATUS, claim_body

PHONE, NATIONAL = "+8613912345678", "13912345678"
NAME, EMAIL = "金丝雀柳氏", "canary.liu@birds.example"
ACCOUNT, SECRET = "6222029876543210987", "canary-gateway-secret"
CANARIES = (NATIONAL, NAME, EMAIL, ACCOUNT)
PAYEE = {"method": "transfer", "payee": {"account": ACCOUNT, "name": NAME}}


def planted(**told: object) -> dict[str, Any]:
    """API.md's body with the canaries in it."""
    visitor = {"name": NAME, "phone": PHONE, "email": EMAIL, "language": "zh-CN"}
    body: dict[str, Any] = json.loads(claim_body(**{"visitor": visitor, **told}))
    return body


def keyed(token: str) -> dict[str, str]:
    """An officer's headers with a fresh key."""
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": secrets.token_hex(16)}


def lodged(client: httpx.Client, token: str) -> dict[str, Any]:
    """A claim with the canaries, whose contact was changed to another set of them."""
    claim: dict[str, Any] = client.post(CLAIMS, json=planted(), headers=keyed(token)).raise_for_status().json()
    changed = {"token": claim["status_url"].rpartition("/")[2], "phone": PHONE, "email": EMAIL}
    client.post(f"{STATUS}/contact", json=changed).raise_for_status()
    client.post(f"{CLAIMS}/{claim['reference']}/slip", json={"reason": "凭证遗失"}, headers=keyed(token)).raise_for_status()
    client.post(CLAIMS, json=planted(channel="poster"), headers={"Idempotency-Key": secrets.token_hex(16)}).raise_for_status()
    return claim


def paid(client: httpx.Client, place: Place) -> str:
    """A payout to the planted account, sent to a gateway that nobody reaches; its path."""
    manager, intake, cashier = (place.token(role) for role in ("manager", "intake", "cashier"))
    reference = client.post(CLAIMS, json=planted(), headers=keyed(intake)).raise_for_status().json()["reference"]
    claim = f"{CLAIMS}/{reference}"
    version = client.get(claim, headers=keyed(intake)).headers["ETag"]
    met = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}
    client.put(f"{claim}/assessment", json=met, headers=keyed(intake) | {"If-Match": version}).raise_for_status()
    client.post(f"{claim}/triage", json={"confirm": "fast_refund"}, headers=keyed(manager)).raise_for_status()
    payout = client.post(f"{claim}/payouts", json=PAYEE, headers=keyed(cashier)).raise_for_status().json()
    path = f"/api/v1/payouts/{payout['id']}"
    if payout["state"] == "awaiting_approval":
        client.post(f"{path}/approve", json={}, headers=keyed(place.token("cashier", place=1))).raise_for_status()
    client.post(f"{path}/send", json={}, headers=keyed(cashier)).raise_for_status()
    for show in (path, f"{claim}/payouts", "/api/v1/sites/huangshan/fund/entries.csv", claim):
        answer = client.get(show, headers=keyed(manager)).raise_for_status()
        assert not any(bird in answer.text for bird in (ACCOUNT, NAME, NATIONAL)), show
    return path


def bad_payments(client: httpx.Client, place: Place, path: str, reference: str) -> Iterator[httpx.Response]:
    """Each way to be refused while one says whom to pay; the answers."""
    cashier, claim = keyed(place.token("cashier")), f"{CLAIMS}/{reference}/payouts"
    for wrong in (
        PAYEE, {**PAYEE, "method": ACCOUNT}, {**PAYEE, ACCOUNT: 1}, {**PAYEE, "payee": ACCOUNT}, {**PAYEE, "amount": ACCOUNT},
        {**PAYEE, "payee": {"account": f"{ACCOUNT}\0", "name": NAME * 80}}, {**PAYEE, "payee": {ACCOUNT: NAME}},
    ):  # fmt: skip
        yield client.post(claim, json=wrong, headers=cashier)
    yield client.post(claim, content=json.dumps(PAYEE)[:-1], headers=cashier | {"Content-Type": "application/json"})
    yield client.post(f"{path}/resolve", json={"outcome": "settled", "evidence": f"{NAME} {ACCOUNT}"}, headers=cashier)
    yield client.get(f"/api/v1/payouts/{ACCOUNT}", headers=cashier)
    yield client.post("/api/v1/gateway/events", json={"type": "payout.settled", "key": ACCOUNT, "gateway_id": NAME})
    yield client.post("/api/v1/gateway/events", content=ACCOUNT, headers={"webhook-id": ACCOUNT, "webhook-signature": SECRET})


def bad_requests(client: httpx.Client, token: str, claim: dict[str, Any]) -> Iterator[httpx.Response]:
    """Each way to be refused while one says something personal; the answers."""
    text, visit = json.dumps(planted(), ensure_ascii=False), claim["status_url"].rpartition("/")[2]
    as_json = {"Content-Type": "application/json"}
    for broken in (text[:-1], text.replace("{", "[", 1), f'"{PHONE}"', text.encode("utf-16")):
        yield client.post(CLAIMS, content=broken, headers=keyed(token) | as_json)
    for wrong in (
        planted(site=NAME), planted(channel=PHONE), planted(people=PHONE), planted(category=EMAIL), planted(facts=""),
        planted(**{NATIONAL: 1}), planted(order_no=f"{PHONE}\0"), planted(visitor={"phone": f"{PHONE}x{EMAIL}", NAME: NAME}),
        planted(visitor={"email": f"{NAME} {NATIONAL}"}), planted(items=[{"kind": NATIONAL, "asked": {"amount": NATIONAL}}]),
    ):  # fmt: skip
        yield client.post(CLAIMS, json=wrong, headers=keyed(token))
    yield client.post(CLAIMS, data=planted(), headers=keyed(token))
    yield client.post(CLAIMS, json=planted(), headers=keyed(token) | {"Idempotency-Key": NATIONAL * 20})
    yield client.post(CLAIMS, json=planted(), headers=keyed(f"desk_{NATIONAL}"))
    yield client.get(CLAIMS, params={NATIONAL: EMAIL, "cursor": PHONE}, headers=keyed(token))
    yield client.get(f"{CLAIMS}/{NATIONAL}", headers=keyed(token))
    yield client.get(f"/{EMAIL}")
    yield client.post(STATUS, json={"reference": NATIONAL, "access_code": claim["access_code"]})
    yield client.post(STATUS, json={"token": f"{visit}x", NATIONAL: EMAIL})
    yield client.post(STATUS, content=f'{{"token": "{visit}')
    yield client.post(f"{STATUS}/answer", json={"token": visit, "text": NAME * 2_000})
    yield client.get(f"/s/{visit[:-1]}!")
    yield client.post("/s", data={"reference": "", "access_code": claim["access_code"]})
    yield client.post("/status/answer", data={"text": NAME}, headers={"Origin": f"https://{EMAIL}"})


def everything_kept(place: Place) -> dict[str, bytes]:
    """What stays on disk or was printed: the database file with its log, on PostgreSQL every row, and all other files."""
    kept = {str(path): path.read_bytes() for path in Path(place.data).rglob("*") if path.is_file()}
    if not place.is_sqlite:
        tables = place.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        kept |= {name: str(place.rows(f'SELECT t::text FROM "{name}" t')).encode() for (name,) in tables}
    return kept


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_what_is_planted_is_found_nowhere(place_on: Callable[[str], Place], engine: str) -> None:
    place = place_on(engine)
    token = place.token("manager")
    with (
        place.serve(gateway_url="http://127.0.0.1:9", gateway_secret=SECRET) as served,
        httpx.Client(base_url=served.url, trust_env=False) as client,
    ):
        claim = lodged(client, token)
        secret = (claim["access_code"], claim["status_url"].rpartition("/")[2][10:], token, SECRET)
        payments = bad_payments(client, place, paid(client, place), claim["reference"])
        for refused in (*bad_requests(client, token, claim), *payments):
            assert 303 <= refused.status_code < 500, refused.request.content
            said = refused.text + str(refused.headers)
            assert [bird for bird in (*CANARIES, *secret) if bird in said] == [], refused.request.url
        counted = client.get("/metrics").text
        kept = everything_kept(place)
    kept |= everything_kept(place) | {"log": served.output.encode(), "metrics": counted.encode()}
    assert claim["reference"].encode() in b"".join(kept.values()), "the search finds what is there"
    found = {(bird, where) for where, bytes_ in kept.items() for bird in (*CANARIES, *secret) if holds(bytes_, bird)}
    assert found == set()


def holds(kept: bytes, bird: str) -> bool:
    """Whether a text is there, as it is or as JSON escapes it."""
    return any(form in kept for form in {bird.encode(), json.dumps(bird)[1:-1].encode(), bird.encode("utf-16-le")})
