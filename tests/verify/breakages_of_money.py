"""What can be done to the books, the payouts and the statement by hand, each with the one invariant that it breaks."""

from desk.domain.audit import EventKind
from desk.domain.lifecycle import Step
from desk.domain.payout import PayoutStep
from desk.domain.recovery import RecoveryStep
from tests.till import ACCOUNT
from tests.verify import breaking_money as till
from tests.verify.breaking import Breakage, after, answer_with, at, by, code_in, forged, twice, without
from tests.verify.breaking_money import AWAY, HOME, THE_LINE, TOP_UP, acted_by, answered, in_dollars, stands, unchecked
from tests.verify.story import TOLD_AT

OTHER = "ab" * 32
SETTLED_ENTRY = "UPDATE fund_entry SET payout_id = {other} WHERE payout_id = {{paid_payout}} AND kind = 'payout_settled'"
RESERVING_LINE = "entry_id = (SELECT id FROM fund_entry WHERE payout_id = {reserved_payout})"
FIRST_TOP_UP = f"SELECT min(id) FROM fund_entry WHERE {HOME}"
NOT_CLOSED = """UPDATE claim SET state = 'fast_refund', outcome = NULL,
    moved_at = (SELECT max(at) FROM event WHERE subject = 'claim:{paid_id}' AND kind = 'moved') WHERE id = {paid_id}"""
ON_THE_STATEMENT = """INSERT INTO statement_line (id, gateway_id, key, amount_minor, currency, paid_at, final)
SELECT 7, 'gw-7', key, amount_minor, currency, settled_at, true FROM payout WHERE id = """
PAYEE_OF_ANOTHER = """UPDATE payout SET payee_sealed = (SELECT payee_sealed FROM payout WHERE id = {gateway_payout})
    WHERE id = {resent_payout}"""
MA, CHEN = ("(SELECT id FROM officer WHERE name = 'Ma')", "(SELECT id FROM officer WHERE name = 'Chen')")

Table = list[tuple[str, str, Breakage]]

BOOKS: Table = [
    ("I01", "debited in yuan, credited in dollars", in_dollars("debit")),
    ("I02", "in the books of another currency", in_dollars("debit", "credit")),
    ("I02", "an entry without a line", after(
        by(f"DELETE FROM fund_posting WHERE {THE_LINE}"), stands("- 500000", "available", "source:government"))),
    ("I02", "a line of nothing", after(
        unchecked("fund_posting", "ck_fund_posting_amount_above_zero"), stands("- 500000", "available", "source:government"),
        by(f"UPDATE fund_posting SET amount_minor = 0 WHERE {THE_LINE}"))),
    ("I02", "the lines of another kind", by(f"UPDATE fund_entry SET kind = 'deposit_paid_in' WHERE {TOP_UP}")),
    ("I02", "a line numbered otherwise", by(f"UPDATE fund_posting SET position = 1 WHERE {THE_LINE}")),
    ("I02", "a line without its entry", by(f"DELETE FROM fund_entry WHERE {TOP_UP}")),
    ("I03", "a fen more", stands("+ 1", "available")),
    ("I03", "a fen more, and somebody's", stands("+ 1", "available", "source:site")),
    ("I03", "a line of a fen more", by(f"UPDATE fund_posting SET amount_minor = amount_minor + 1 WHERE {THE_LINE}")),
    ("I03", "an account under another's id", by(
        f"UPDATE fund_posting SET credit_id = 5 WHERE {THE_LINE}",
        "UPDATE fund_account SET id = 5 WHERE name = 'source:government'")),
    ("I03", "more given out than there was", after(
        unchecked("fund_account", "ck_fund_account_floor"), stands("- 9999999", "available", "source:site"),
        by(f"UPDATE fund_posting SET amount_minor = amount_minor - 9999999 WHERE entry_id = ({FIRST_TOP_UP})"),
        stands("- 499999", "available", "source:government"),
        by(f"UPDATE fund_posting SET amount_minor = amount_minor - 499999 WHERE {THE_LINE}"))),
    ("I04", "a correction of nothing", by(f"UPDATE fund_entry SET corrects_id = 7 WHERE {TOP_UP}")),
    ("I04", "a correction of itself", by(f"UPDATE fund_entry SET corrects_id = id WHERE {TOP_UP}")),
    ("I04", "a correction of another site's entry", by(
        f"UPDATE fund_entry SET corrects_id = (SELECT min(id) FROM fund_entry WHERE {AWAY}) WHERE {TOP_UP}")),
    ("I04", "one entry corrected twice", after(
        without("fund_entry", "uq_fund_entry_corrects_id"),
        by(f"UPDATE fund_entry SET corrects_id = ({FIRST_TOP_UP}) WHERE {TOP_UP} OR kind = 'withdrawal'"))),
]  # fmt: skip

PAYOUTS: Table = [
    ("I05", "two payouts at once", till.a_second_payout),
    ("I05", "instead of one that never came back", by(
        "UPDATE payout SET replaces_id = {given_up_payout} WHERE id = {retried_payout}")),
    ("I05", "not named by the one after it", after(
        unchecked("payout", "ck_payout_returned_after_settling"), till.returned("given_up"))),
    ("I06", "more decided than was", at("payout", "reserved", "decided_minor = decided_minor + 1")),
    ("I06", "less paid than was proposed", at("payout", "reserved", "amount_minor = amount_minor - 1")),
    ("I06", "paid in dollars", at("payout", "reserved", "currency = 'USD'")),
    ("I07", "another key", at("payout", "reserved", "key = 'payout-7'")),
    ("I07", "another key proposed", forged("reserved", PayoutStep.PROPOSE, {"key": "payout-7"})),
    ("I08", "sent again too early", forged("resent", PayoutStep.SEND_AGAIN, {"never_seen_since": TOLD_AT.isoformat()})),
    ("I08", "sent again too late", forged("resent", PayoutStep.SEND_AGAIN, {"first_sent_at": "2026-09-01T00:00:00+00:00"})),
    ("I08", "sent at another time", at("payout", "resent", "first_sent_at = proposed_at")),
    ("I08", "sent anew after it was lost", till.sent_anew_after_it_was_lost),
    ("I09", "sent through another gateway", at("payout", "sending", "gateway = 'wechat:9'")),
    ("I09", "the row is elsewhere", at("payout", "reserved", "state = 'sending'")),
    ("I09", "a move outside the table", forged("reserved", PayoutStep.PROPOSE, to_state="sending")),
    ("I09", "a move from nowhere", forged("failed", PayoutStep.SEND, from_state="unknown")),
    ("I09", "settled at another time", at("payout", "paid", "settled_at = sent_at")),
    ("I09", "handed over at another time", at("payout", "paid", "sent_at = settled_at")),
    ("I09", "another way to pay", at("payout", "gateway", "method = 'transfer'")),
    ("I09", "an entry of no payout", by(SETTLED_ENTRY.format(other="NULL"))),
    ("I09", "an entry of another payout", by(SETTLED_ENTRY.format(other="{reserved_payout}"))),
    ("I09", "an entry of a fen more", after(
        by(f"UPDATE fund_posting SET amount_minor = amount_minor + 1 WHERE {RESERVING_LINE}"), stands("+ 1", "reserved"),
        stands("- 1", "available"))),
    ("I09", "returned without an entry", at("payout", "paid", "returned_at = settled_at")),
    ("I09", "settled, and the claim still open", by(
        "DELETE FROM event WHERE subject = 'claim:{paid_id}' AND step = 'payout_settled'", NOT_CLOSED)),
    ("I09", "came back at another time", at("payout", "came_back", "returned_at = settled_at")),
    ("I10", "nobody asked", at("payout", "lost", "queried_at = NULL")),
    ("I10", "no manager told", at("notice", "lost", "closed_at = opened_at", "kind = 'payout_lost'")),
    ("I10", "unknown since never", at("payout", "lost", "unknown_since = NULL")),
    ("I32", "needs nobody", at("payout", "approved", "needs_second = (1 = 0)")),
    ("I32", "no limit named", at("payout", "approved", "review = '[]'")),
    ("I32", "no limit named when it was proposed", forged("approved", PayoutStep.PROPOSE_FOR_APPROVAL, {"review": []})),
    ("I32", "approved by somebody else", at("payout", "approved", f"approved_by = {MA}")),
    ("I32", "approved by the confirmer", till.approved_by_the_confirmer),
    ("I32", "approved by the lodger", acted_by("lapsed", PayoutStep.APPROVE, "olga")),
    ("I32", "proposed by the confirmer", acted_by("reserved", PayoutStep.PROPOSE, "otto")),
    ("I32", "released a day too late", till.released_without_approval),
    ("I32", "one officer twice", acted_by("resolved", EventKind.RESOLUTION_AGREED, "cai")),
    ("I32", "agreed to by the confirmer", acted_by("resolved", EventKind.RESOLUTION_AGREED, "otto")),
    ("I32", "said one thing and agreed to another", forged("resolved", EventKind.RESOLUTION_AGREED, {"as": "settled"})),
    ("I32", "a return said twice by one officer", acted_by("came_back", EventKind.PAYOUT_RETURN_SAID, "ma")),
    ("I32", "a return booked by who proposed", acted_by("came_back", EventKind.PAYOUT_RETURNED, "chen")),
    ("I32", "a return that nobody had said", acted_by("bounced", EventKind.PAYOUT_RETURNED, "ma")),
    ("I33", "an approval of another amount or payee", forged("approved", PayoutStep.APPROVE, {"of": OTHER})),
    ("I32", "an officer's word for the gateway's", acted_by("gateway", PayoutStep.HEAR_SETTLED, "chen")),
]  # fmt: skip

STATEMENT: Table = [
    ("I11", "another amount", by("UPDATE statement_line SET amount_minor = 1 WHERE gateway_id = 'gw-gateway'")),
    ("I11", "another currency", by("UPDATE statement_line SET currency = 'USD' WHERE gateway_id = 'gw-gateway'")),
    ("I11", "another number there", at("payout", "gateway", "gateway_id = 'gw-9'")),
    ("I11", "a key that nobody knows", by("UPDATE statement_line SET key = 'payout-7' WHERE gateway_id = 'gw-gateway'")),
    ("I11", "a line lost", by("DELETE FROM statement_line WHERE gateway_id = 'gw-resent'")),
    ("I11", "paid twice", by(ON_THE_STATEMENT + "{gateway_payout}")),
    ("I11", "cash on the statement", by(ON_THE_STATEMENT + "{paid_payout}")),
    ("I11", "a break that nobody remembers", by("DELETE FROM statement_break")),
    ("I11", "a break of another payment", by("UPDATE statement_break SET gateway_id = 'gw-7'")),
    ("I11", "a break of another gateway's line", by("UPDATE statement_break SET gateway = 'another'")),
    ("I11", "a break found at another time", by("UPDATE statement_break SET found_at = resolved_at")),
    ("I11", "a break resolved in other words", by("UPDATE statement_break SET resolution = '无误'")),
    ("I11", "a break resolved by somebody else", by(f"UPDATE statement_break SET resolved_by = {CHEN}")),
]  # fmt: skip

STOPS: Table = [
    ("I12", "another reason for a stop", by("UPDATE send_stop SET reason = '例行检查'")),
    ("I12", "a stop that nobody remembers", by("DELETE FROM send_stop")),
    ("I12", "a stop without its end", by("UPDATE send_stop SET resumed_at = NULL, resumed_by = NULL WHERE cause = 'manager'")),
    ("I12", "a stop of another cause", by("UPDATE send_stop SET cause = 'manager'")),
    ("I12", "a stop begun at another time", by("UPDATE send_stop SET stopped_at = resumed_at")),
]  # fmt: skip

BACK, DENIED = "id = 'evt-back'", "kind = 'gateway_contradicts'"
MESSAGES: Table = [
    ("I13", "a message of another amount moved a payout", by(f"UPDATE gateway_event SET amount_minor = 1 WHERE {BACK}")),
    ("I13", "a message in another currency moved a payout", by(f"UPDATE gateway_event SET currency = 'USD' WHERE {BACK}")),
    ("I13", "a message of an unknown kind moved a payout", by(f"UPDATE gateway_event SET kind = 'payout.refunded' WHERE {BACK}")),
    ("I13", "a message moved a payout at another time", by(
        f"UPDATE gateway_event SET received_at = (SELECT min(at) FROM event) WHERE {BACK}")),
    ("I13", "a message moved another payout", by(f"UPDATE gateway_event SET payout_id = {{came_back_payout}} WHERE {BACK}")),
    ("I13", "a message moved cash", by(f"UPDATE gateway_event SET payout_id = {{paid_payout}} WHERE {BACK}")),
    ("I13", "a message looked at by somebody else", by(f"UPDATE gateway_event SET dismissed_by = {CHEN} WHERE id = 'evt-0'")),
    ("I13", "a message looked at in other words", by("UPDATE gateway_event SET dismissal = '无误' WHERE id = 'evt-0'")),
    ("I13", "a message that nobody looked at", by(
        "UPDATE gateway_event SET dismissed_by = NULL, dismissed_at = NULL, dismissal = NULL WHERE id = 'evt-0'")),
    ("I13", "a contradiction whose notice is gone", by(f"UPDATE notice SET closed_at = opened_at WHERE {DENIED}")),
    ("I13", "a notice that nobody can end", by("UPDATE gateway_event SET payout_id = NULL WHERE id = 'evt-1'")),
    ("I13", "a message moved nothing that is there", by(f"UPDATE gateway_event SET payout_id = NULL WHERE {BACK}")),
    ("I14", "a call about what has settled", at("payout", "gateway", "calling = (1 = 1)")),
    ("I14", "a call that nobody began", by("UPDATE payout SET calling = (1 = 1) WHERE id = {sending_payout}")),
    ("I14", "a call about cash", by("UPDATE payout SET calling = (1 = 1) WHERE id = {reserved_payout}")),
    ("I16", "a job held for years", by("UPDATE job SET leased_until = '2099-01-01T00:00:00.000000Z' WHERE done_at IS NULL")),
    ("I16", "answered with a payout that is not there", answered("/api/v1/claims/{{reference}}/payouts", "id", "5")),
    ("I16", "answered with an entry that is not there", answered("/api/v1/sites/{{site}}/fund/top-ups", "entry", "5")),
    ("I16", "answered with a withdrawal that is not there", answered("/api/v1/sites/{{site}}/fund/withdrawals", "id", "5")),
    ("I16", "one entry answered to two keys", after(
        answered("/api/v1/sites/{{site}}/fund/top-ups", "entry", f"' || ({FIRST_TOP_UP}) || '"),
        answered("/api/v1/sites/{{site}}/fund/top-ups", "entry", f"' || ({FIRST_TOP_UP}) || '", 6))),
]  # fmt: skip

RECOVERIES: Table = [
    ("I03", "a fen more recovered", at("recovery", "lapsed", "recovered_minor = recovered_minor + 1, "
                                      "written_off_minor = written_off_minor - 1")),
    ("I03", "owed by nobody", at("recovery", "resent", "respondent_id = NULL")),
    ("I09", "owed from another moment", at("recovery", "paid", "opened_at = lapses_at")),
    ("I18", "a letter lost", by("DELETE FROM recovery_demand WHERE payout_id = {lapsed_payout}")),
    ("I18", "a plan of no payout", by(
        "INSERT INTO recovery_instalment VALUES (5, 5, 1, 0, '2026-12-01', 100)")),
    ("I22", "a recovery elsewhere", at("recovery", "resent", "state = 'accepted'")),
    ("I22", "contested before it was demanded", forged("resent", RecoveryStep.DEMAND, {"step": "contest"})),
    ("I32", "written off by one person", after(
        unchecked("recovery_decision", "ck_recovery_decision_two_persons"),
        by("UPDATE recovery_decision SET approved_by = proposed_by"))),
    ("I32", "written off by nobody's decision", by("DELETE FROM recovery_decision")),
]  # fmt: skip

TAKEN = "(SELECT entry_id FROM withdrawal WHERE note = '退回景区')"
WAITS = "approved_at IS NULL AND refused_at IS NULL"
WITHDRAWALS: Table = [
    ("I32", "money taken out that nobody agreed to", after(
        by(f"INSERT INTO fund_entry SELECT 5, site_id, currency, kind, payout_id, corrects_id, officer_id, note, posted_at "
           f"FROM fund_entry WHERE id = {TAKEN}",
           f"INSERT INTO fund_posting SELECT 5, 5, position, debit_id, credit_id, amount_minor "
           f"FROM fund_posting WHERE entry_id = {TAKEN}"),
        stands("- 70000", "available", "source:site"))),
    ("I32", "a fen more taken out than was agreed to", after(
        by(f"UPDATE fund_posting SET amount_minor = amount_minor + 1 WHERE entry_id = {TAKEN}"),
        stands("- 1", "available", "source:site"))),
    ("I32", "agreed to, and taken out of another source", by(
        "UPDATE withdrawal SET payer = 'government' WHERE note = '退回景区'")),
    ("I32", "agreed to at another time", by("UPDATE withdrawal SET approved_at = proposed_at WHERE note = '退还商家'")),
    ("I32", "agreed to, and no money taken out", by(
        f"UPDATE withdrawal SET approved_at = proposed_at, approved_by = {CHEN}, entry_id = ({FIRST_TOP_UP}) WHERE {WAITS}")),
    ("I32", "the second person forgotten", by(
        "UPDATE withdrawal SET approved_at = NULL, approved_by = NULL, entry_id = NULL WHERE note = '退回景区'")),
    ("I32", "agreed to by who had asked", after(
        unchecked("withdrawal", "ck_withdrawal_two_persons"),
        by("UPDATE withdrawal SET approved_by = proposed_by WHERE note = '退回景区'"))),
    ("I32", "asked for by somebody else", by(f"UPDATE withdrawal SET proposed_by = {CHEN} WHERE note = '退回景区'")),
    ("I03", "more given back than was paid in error", by(
        "UPDATE recovery SET recovered_minor = recovered_minor - 700, returned_minor = returned_minor + 700 "
        "WHERE payout_id = {bounced_payout}")),
]  # fmt: skip

CLOSES: Table = [
    ("I03", "a fen more expected", by("UPDATE day_close SET expected_minor = expected_minor + 1")),
    ("I03", "another count", by("UPDATE day_close SET counted_minor = counted_minor - 1")),
    ("I03", "another reason for a difference", by("UPDATE day_close SET reason = '找零有误'")),
    ("I03", "a difference without a reason", after(
        unchecked("day_close", "ck_day_close_difference_explained"),
        by("UPDATE day_close SET reason = NULL WHERE closed_by = officer_id"))),
    ("I03", "a payout that nobody counted any more", by("DELETE FROM day_close_line WHERE payout_id = {counted_payout}")),
    ("I03", "another cashier's payout counted", by(
        "UPDATE day_close_line SET payout_id = {paid_payout} WHERE payout_id = {counted_payout}")),
    ("I03", "a payout counted before it settled", by(
        "UPDATE day_close_line SET payout_id = {reserved_payout} WHERE payout_id = {counted_payout}")),
    ("I03", "a payout counted twice", twice(
        "day_close_line", "uq_day_close_line_payout_id", "payout_id = {counted_payout}")),
    ("I03", "a close by another cashier", by(f"UPDATE day_close SET officer_id = {MA}")),
    ("I03", "closed by somebody else", by(f"UPDATE day_close SET closed_by = {CHEN} WHERE closed_by = {MA}")),
    ("I03", "another cashier's till that a manager closed", by(
        f"UPDATE day_close SET officer_id = {CHEN} WHERE closed_by = {MA}",
        f"UPDATE payout SET sent_by = {CHEN} WHERE id = {{left_payout}}")),
    ("I03", "closed for another without a reason", after(
        unchecked("day_close", "ck_day_close_anothers_explained"),
        by(f"UPDATE day_close SET reason = ' ' WHERE closed_by = {MA}"))),
    ("I03", "a close of another method", by("UPDATE day_close SET method = 'transfer'")),
    ("I03", "a close at another site", by(f"UPDATE day_close SET {AWAY}")),
    ("I03", "a close that nobody remembers", by("DELETE FROM day_close_line", "DELETE FROM day_close")),
    ("I03", "a span of another day", by("UPDATE day_close SET from_at = until_at")),
]  # fmt: skip

AROUND: Table = [
    ("I18", "a payout lost", by("DELETE FROM payout WHERE id = {dropped_payout}")),
    ("I18", "a payout of another site", at("payout", "reserved", AWAY)),
    ("I18", "a tag of no payout", by("UPDATE payout_tag SET payout_id = 5 WHERE payout_id = {reserved_payout}")),
    ("I18", "a word of receipt lost", at("payout", "paid", "said_received_at = NULL")),
    ("I18", "a first officer forgotten", at("payout", "resolved", "resolve_by = NULL")),
    ("I18", "a notice lost", by("DELETE FROM notice WHERE claim_id = {short_id}")),
    ("I18", "a notice of something else", at("notice", "short", "kind = 'payout_stuck'")),
    ("I18", "a notice about a site forgotten", by("DELETE FROM notice WHERE claim_id IS NULL")),
    ("I18", "a notice about a site still open", by("UPDATE notice SET closed_at = NULL WHERE claim_id IS NULL")),
    ("I18", "a notice about another site", by(f"UPDATE notice SET {AWAY} WHERE claim_id IS NULL")),
    ("I18", "a notice of no payout", at("notice", "stuck", "payout_id = 5")),
    ("I22", "the calendar closed a claim", forged("paid", Step.PAYOUT_SETTLED, role="calendar", actor="calendar")),
    ("I24", "another payee in the row", at("payout", "gateway", f"payee_commitment = '{OTHER}'")),
    ("I24", "another payee of an erased person", at("payout", "forgotten", f"payee_commitment = '{OTHER}'")),
    ("I24", "another payee in the chain", forged("gateway", PayoutStep.PROPOSE, {"payee_commitment": OTHER})),
    ("I24", "a payee that was committed to nowhere", at("payout", "gateway", "payee_commitment = NULL")),
    ("I24", "another account under the same key", till.another_payee),
    ("I25", "a missed promise forgotten", by("DELETE FROM clock_breach WHERE claim_id = {late_id}")),
    ("I25", "a promise missed at another time", at("clock_breach", "late", "due_at = recorded_at")),
    ("I25", "a promise recorded missed at another time", at("clock_breach", "late", "recorded_at = due_at")),
    ("I25", "a promise missed twice", twice(
        "clock_breach", "uq_clock_breach_claim_id_kind_due_at", "claim_id = {late_id} AND kind = 'first_answer'")),
    ("I25", "a count too high", by("UPDATE promise_count SET number = number + 1 WHERE what = 'kept'")),
    ("I25", "a time told otherwise", by("UPDATE promise_count SET seconds = 77 WHERE what = 'took' AND kind = 'acceptance'")),
    ("I25", "a count forgotten", by("DELETE FROM promise_count WHERE what = 'missed'")),
    ("I25", "what was not folded yet forgotten", by("DELETE FROM promise_delta")),
    ("I25", "a miss at another site", at("clock_breach", "late", AWAY)),
    ("I25", "a miss of another promise", at("clock_breach", "late", "base_at = due_at")),
    ("I25", "another reason than was told", at("clock_breach", "late", "reason = '没有原因'")),
    ("I25", "a reason lost", at("clock_breach", "late", "reason = NULL, explained_by = NULL, explained_at = NULL")),
    ("I25", "a kept promise called missed", till.a_kept_promise_called_missed),
    ("I25", "a payment that did not count as one", at("clock", "paid", "state = 'void'", "kind = 'fast_payment'")),
    ("I29", "evidence with the code", code_in("payout", "resolve_evidence", "resolved")),
    ("I35", "the payee of another claim", by(PAYEE_OF_ANOTHER)),
    ("I35", "an account in a reason", forged("gateway", PayoutStep.HEAR_SETTLED, reason=f"已转入 {ACCOUNT}-{{gateway}} 账户")),
    ("I35", "an account in a code's place", forged("resolved", EventKind.RESOLUTION_PROPOSED, {"to": ACCOUNT})),
    ("I35", "a payee's name in the chain", forged("gateway", PayoutStep.HEAR_SETTLED, {"said": "王小薇本人收款"})),
    ("I35", "a field of a payee in the chain", forged("gateway", PayoutStep.HEAR_SETTLED, {"account": "unknown"})),
    ("I35", "an account in an answer", answer_with(lambda story: story.fill(f"{{gateway}} {ACCOUNT}-{{gateway}}"))),
]  # fmt: skip

OF_MONEY = [*BOOKS, *PAYOUTS, *STATEMENT, *STOPS, *MESSAGES, *RECOVERIES, *WITHDRAWALS, *CLOSES, *AROUND]
