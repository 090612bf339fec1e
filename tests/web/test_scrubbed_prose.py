"""What people type never carries a claim's codes, the visitor's contact or a payee's account into the records."""

import pytest
from sqlalchemy import Connection, text

from desk.actions.scrub import HIDDEN
from desk.reads.verify import verify
from tests.till import ACCOUNT, Till
from tests.web.front import BODY, CLAIMS, MET, Front

PHONE, NAME = BODY["visitor"]["phone"], BODY["visitor"]["name"]
SPOKEN = ["+8613800138000", "13800138000", "138 0013 8000", "138-0013-8000", "8613800138000"]


async def kept(front: Front) -> str:
    """Every event, message, note, assessment and verdict, as the database holds them."""

    def read(conn: Connection) -> str:
        queries = ("SELECT reason, data FROM event", "SELECT text FROM message", "SELECT text FROM note",
                   "SELECT ground, note FROM assessment", "SELECT reason FROM verdict",
                   "SELECT resolve_evidence FROM payout")  # fmt: skip
        return "\n".join(str(tuple(row)) for query in queries for row in conn.execute(text(query)))

    return await front.house.desk.read(read)


async def sealed(front: Front) -> bool:
    """What verify says of codes and personal fields; the other checks see the events of earlier tests."""
    report = await front.house.desk.read(verify, front.house.kit)
    return all(finding.ok for finding in report.invariants if finding.id in ("I29", "I35"))


async def test_a_visitor_who_quotes_an_old_code_does_not_store_it(front: Front) -> None:
    reference = await front.house.waiting()
    old = await front.slip(reference)
    await front.house.reissue(reference)
    new = await front.slip(reference)
    said = f"my old code {old.code} and {old.token} do not work, only {new.code}"
    assert (await front.visit(new, "answer", text=said)).status_code == 200
    stored = await kept(front)
    assert not [secret for secret in (old.code, new.code, old.token[10:]) if secret in stored]
    assert HIDDEN in stored
    assert await sealed(front)


@pytest.mark.parametrize("spoken", SPOKEN)
async def test_an_officers_reason_keeps_no_phone_and_no_name(front: Front, spoken: str) -> None:
    reference = (await front.lodge()).json()["reference"]
    reason = f"called {NAME} at {spoken}, agreed"
    found = {**MET, "ground": reason, "note": reason}
    await front.call("PUT", f"{CLAIMS}/{reference}/assessment", "olga", json=found, version=1)
    await front.post(f"{reference}/notes", "olga", {"text": reason})
    answer = await front.post(f"{reference}/triage", "olga", {"override": "docket", "reason": reason})
    assert answer.status_code == 200
    await front.post(f"{reference}/withdraw", "olga", {"text": reason})
    stored = await kept(front)
    assert not [field for field in (spoken, NAME, PHONE) if field in stored]
    assert "agreed" in stored
    assert await sealed(front)


@pytest.mark.parametrize("written", [ACCOUNT, "6222 0212 3456 7890 123", "6222-0212-3456-7890-123"])
async def test_evidence_of_what_became_of_a_payout_names_no_payee_and_no_code(till: Front, written: str) -> None:
    drawer = Till(till.house)
    reference = await drawer.agreed()
    slip = await till.slip(reference)
    payout_id = (await drawer.propose(reference, method="transfer", account=ACCOUNT)).payout.id
    await drawer.send(payout_id)
    await drawer.called(payout_id, "unclear")
    body = {"outcome": "failed", "evidence": f"银行回单：{written} 王小薇 未入账，查询码 {slip.code}"}
    for officer in ("cai", "ma"):
        assert (await till.call("POST", f"/api/v1/payouts/{payout_id}/resolve", officer, json=body)).status_code == 200
    stored = await kept(till)
    assert not [field for field in (written, ACCOUNT, "王小薇", slip.code) if field in stored]
    assert stored.count("银行回单") == 3
    assert await sealed(till)


async def test_a_hidden_name_makes_no_text_longer_than_its_limit(front: Front) -> None:
    reference = (await front.lodge(visitor=dict(BODY["visitor"]) | {"name": "王五"})).json()["reference"]
    answer = await front.post(f"{reference}/notes", "olga", {"text": "王五" * 1000})
    assert answer.status_code == 200, answer.text
    assert "王五" not in await kept(front)
