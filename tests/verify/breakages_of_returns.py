"""What can be done to returns and pledges by hand, each with the one invariant that it breaks."""

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from tests.verify.breaking import Breakage, after, at, by, code_in, forged
from tests.verify.breaking_money import acted_by, unchecked

Table = list[tuple[str, str, Breakage]]

OF_SHOP = "respondent_id = (SELECT respondent_id FROM claim WHERE id = {ret_back_id}) AND withdrawn_at IS NULL"
OPENED_AGAIN = after(
    unchecked("goods_return", "ck_goods_return_refused_with_reason"), unchecked("goods_return", "ck_goods_return_closed_whole"),
    by("UPDATE goods_return SET closed_at = NULL, outcome = NULL WHERE claim_id = {ret_paid_id}"),
)  # fmt: skip

OF_RETURNS: Table = [
    ("I06", "the claim owes more than was decided for the goods", at("claim", "ret_back", "decided_minor = 7000")),
    ("I06", "a refused return still owes", at("claim", "ret_refused", "decided_minor = 10000")),
    ("I06", "owed on another ground than the pledge", at("recovery", "ret_paid", "basis = 'tourism_law_54'")),
    ("I18", "a return under way without its row", by("DELETE FROM goods_return WHERE claim_id = {ret_asked_id}")),
    ("I18", "a refunded return that is open", OPENED_AGAIN),
    ("I18", "refused for another reason", at("goods_return", "ret_refused", "reason = 'no_invoice'", "reason = 'altered'")),
    ("I18", "answered at another time", at("goods_return", "ret_awaited", "answered_at = requested_at")),
    ("I18", "more decided than was told", at("goods_return", "ret_back", "decided_minor = 1")),
    ("I18", "bought on another day", at("goods_return", "ret_back", "purchased_on = '2026-09-02'")),
    ("I18", "seen otherwise", at("goods_return", "ret_back", "altered = 'yes'")),
    ("I18", "asked for in the chain alone", forged("ret_awaited", Step.START_RETURN, {"return": "7"})),
    ("I18", "on the pledge of another merchant", by(
        "UPDATE pledge SET respondent_id = (SELECT id FROM respondent WHERE name = '新安茶行') WHERE id = "
        "(SELECT pledge_id FROM goods_return WHERE claim_id = {ret_back_id})")),
    ("I18", "a pledge for longer than was told", by(f"UPDATE pledge SET days = 90 WHERE {OF_SHOP}")),
    ("I18", "a pledge withdrawn otherwise", by(
        "UPDATE pledge SET withdrawn_on = signed_on WHERE withdrawn_at IS NOT NULL")),
    ("I29", "the code among the goods", code_in("goods_return", "item", "ret_back")),
    ("I32", "approved by who took the goods back", acted_by("ret_second", EventKind.RETURN_GOODS_BACK, "cai")),
]  # fmt: skip
