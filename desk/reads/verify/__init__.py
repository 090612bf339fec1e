"""`desk verify`: every invariant of RELIABILITY (b) that what is built so far can break, checked in one snapshot.

Only reads, and keeps no table in memory. An invariant that is not in these tables is not claimed to hold.
"""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Connection, func, select

from desk.domain.audit import EventKind
from desk.domain.payout import PayoutState
from desk.ports import Kit
from desk.reads.verify import (
    alerts,
    answers,
    approvals,
    chains,
    closes,
    deadlines,
    decisions,
    exhibits,
    handoffs,
    incidents,
    ledger,
    messages,
    notifications,
    payouts,
    people,
    promises,
    records,
    recoveries,
    returns,
    roster,
    settlements,
    staff,
    statement,
    stops,
    withdrawals,
)
from desk.reads.verify.answers import Remembered
from desk.reads.verify.books import Books, open_books
from desk.reads.verify.dossier import Dossier, dossiers
from desk.reads.verify.ledger import Accounts
from desk.reads.verify.report import Finding, Report, Tally
from desk.store import installation
from desk.store.tables import metadata

__all__ = ["Finding", "Report", "verify"]

OF_A_CLAIM: Final[tuple[tuple[str, Callable[[Dossier], Iterator[str]]], ...]] = (
    ("I03", recoveries.i03_parts_are_those_of_the_entries),
    ("I05", payouts.i05_one_payout_at_a_time),
    ("I05", payouts.i05_payout_after_a_return_names_it),
    ("I06", decisions.i06_row_holds_what_was_decided),
    ("I06", decisions.i06_items_are_those_lodged),
    ("I06", decisions.i06_respondent_is_the_one_completed),
    ("I06", decisions.i06_decided_within_bounds),
    ("I06", decisions.i06_events_decide_what_verdicts_say),
    ("I06", decisions.i06_verdicts_follow_from_their_facts),
    ("I06", decisions.i06_payouts_pay_what_was_decided),
    ("I06", returns.i06_goods_are_refunded_at_their_price_at_most),
    ("I06", returns.i06_refunds_of_goods_are_owed_on_the_pledge),
    ("I07", payouts.i07_key_is_the_one_proposed),
    ("I08", payouts.i08_sent_again_by_the_rule),
    ("I08", payouts.i08_the_unknown_never_comes_back),
    ("I09", payouts.i09_moves_lead_to_the_row),
    ("I09", payouts.i09_entries_are_those_of_the_moves),
    ("I09", payouts.i09_settling_closes_the_claim),
    ("I09", payouts.i09_returns_are_told),
    ("I09", recoveries.i09_settled_payouts_are_recovered),
    ("I10", payouts.i10_unknown_payouts_are_asked_for),
    ("I14", payouts.i14_calls_were_begun),
    ("I18", records.i18_claim_is_whole),
    ("I18", records.i18_rows_and_events_pair_up),
    ("I18", records.i18_docket_holds_who_is_on_it),
    ("I18", records.i18_follow_ups_were_told),
    ("I18", records.i18_notices_were_told),
    ("I18", notifications.i18_visitors_are_told_what_happened),
    ("I18", notifications.i18_who_was_not_reached_is_seen_to),
    ("I18", returns.i18_returns_are_what_the_chain_tells),
    ("I18", handoffs.i18_handoffs_are_what_the_chain_tells),
    ("I18", handoffs.i18_handed_in_by_its_partner),
    ("I18", exhibits.i18_files_are_there),
    ("I18", exhibits.i18_evidence_was_told),
    ("I22", chains.i22_moves_lead_to_the_row),
    ("I22", chains.i22_events_name_who_and_why),
    ("I22", recoveries.i22_recoveries_went_by_the_table),
    ("I23", chains.i23_chain_of_a_claim),
    ("I24", people.i24_chain_commits_to_the_person),
    ("I24", people.i24_seal_holds_what_was_committed),
    ("I24", people.i24_chain_commits_to_the_payees),
    ("I24", people.i24_payee_is_the_one_committed),
    ("I24", exhibits.i24_chain_commits_to_the_evidence),
    ("I24", exhibits.i24_evidence_is_what_was_committed),
    ("I25", deadlines.i25_clocks_are_those_of_the_moves),
    ("I25", deadlines.i25_missed_promises_were_missed),
    ("I25", deadlines.i25_each_clock_will_be_seen_to),
    ("I25", deadlines.i25_nobody_was_told_early),
    ("I26", deadlines.i26_deadlines_can_be_counted_again),
    ("I26", deadlines.i26_rules_are_those_of_the_pack),
    ("I26", deadlines.i26_claim_shows_its_next_deadline),
    ("I29", people.i29_no_text_opens_the_claim),
    ("I32", approvals.i32_released_with_a_second_pair_of_eyes),
    ("I32", approvals.i32_row_waits_for_whom_its_limits_name),
    ("I32", approvals.i32_limits_that_hold_always_were_named),
    ("I32", approvals.i32_the_unknown_is_resolved_by_two),
    ("I32", approvals.i32_a_return_is_booked_by_two),
    ("I33", approvals.i33_approved_is_what_was_proposed),
    ("I35", people.i35_person_opens_for_this_claim),
    ("I35", people.i35_payees_open_for_this_claim),
    ("I35", exhibits.i35_names_of_files_open_for_this_claim),
    ("I35", people.i35_chain_names_nobody),
    ("I39", exhibits.i39_pictures_are_shown_as_copies),
)
OF_AN_ANSWER: Final[tuple[tuple[str, Callable[[Remembered, Kit], Iterator[str]]], ...]] = (
    ("I15", lambda kept, _: answers.i15_answer_can_be_given_again(kept)),
    ("I29", answers.i29_answer_opens_nothing),
    ("I35", answers.i35_answer_names_nobody),
)
OF_THE_ACCOUNTS: Final[tuple[tuple[str, Callable[[Accounts], Iterator[str]]], ...]] = (
    ("I01", ledger.i01_debits_equal_credits),
    ("I03", ledger.i03_balances_are_their_postings),
    ("I03", ledger.i03_all_money_is_somebodys),
)
OF_ALL_RECORDS: Final[tuple[tuple[str, Callable[[Connection], Iterator[str]]], ...]] = (
    ("I02", ledger.i02_entries_have_the_lines_of_their_kind),
    ("I02", ledger.i02_lines_stay_in_their_fund),
    ("I02", ledger.i02_amounts_are_whole),
    ("I03", recoveries.i03_receivables_are_what_is_open),
    ("I03", withdrawals.i03_nobody_got_back_more_than_they_paid),
    ("I03", closes.i03_closes_count_their_payouts),
    ("I03", closes.i03_closes_hold_their_own_cashiers_payouts),
    ("I03", closes.i03_no_payout_is_counted_twice),
    ("I03", closes.i03_differences_are_explained),
    ("I03", closes.i03_closes_are_what_the_chain_tells),
    ("I04", ledger.i04_books_are_guarded),
    ("I04", ledger.i04_corrections_correct_something_once),
    ("I11", statement.i11_statement_and_books_pair),
    ("I11", statement.i11_breaks_were_told),
    ("I12", stops.i12_nothing_leaves_while_stopped),
    ("I12", stops.i12_stops_were_told),
    ("I12", stops.i12_open_breaks_hold_their_sites),
    ("I13", messages.i13_messages_moved_what_they_spoke_of),
    ("I13", messages.i13_messages_looked_at_were_told),
    ("I13", messages.i13_contradictions_wait_with_their_notice),
    ("I16", answers.i16_nothing_is_held_for_long),
    ("I18", notifications.i18_notifications_wait_with_their_jobs),
    ("I18", recoveries.i18_demands_were_kept),
    ("I25", promises.i25_counts_are_the_clocks),
    ("I25", promises.i25_misses_are_of_their_clocks),
    ("I25", promises.i25_reasons_were_told),
    ("I18", returns.i18_returns_rest_on_a_pledge),
    ("I18", returns.i18_pledges_were_told),
    ("I18", handoffs.i18_partners_are_what_the_chain_tells),
    ("I18", handoffs.i18_offers_wait_with_their_jobs),
    ("I18", alerts.i18_alerts_are_what_the_chain_tells),
    ("I18", alerts.i18_alerts_are_of_their_site),
    ("I18", incidents.i18_incidents_are_what_the_chain_tells),
    ("I18", incidents.i18_members_were_found_as_the_chain_tells),
    ("I18", incidents.i18_reports_are_what_the_chain_tells),
    ("I18", settlements.i18_members_took_part_as_their_chains_tell),
    ("I18", settlements.i18_votes_are_those_of_the_members),
    ("I18", settlements.i18_settlements_are_what_the_chain_tells),
    ("I09", settlements.i09_rows_of_a_batch_paid_their_own_claims),
    ("I25", incidents.i25_incidents_have_their_clocks),
    ("I25", incidents.i25_misses_of_incidents_were_missed),
    ("I25", incidents.i25_reminders_of_incidents_stand_while_they_run),
    ("I18", alerts.i18_rectifications_are_what_the_chain_tells),
    ("I18", roster.i18_duties_are_what_the_chain_tells),
    ("I18", roster.i18_addresses_were_entered_by_their_officers),
    ("I32", recoveries.i32_written_off_by_two),
    ("I32", withdrawals.i32_what_left_was_agreed_to),
    ("I32", withdrawals.i32_what_was_agreed_to_left),
    ("I32", withdrawals.i32_withdrawals_are_what_the_chain_tells),
    ("I34", staff.i34_no_session_outlives_what_ends_it),
    ("I34", staff.i34_sessions_follow_a_sign_in),
    ("I18", records.i18_no_orphans),
    ("I18", records.i18_notices_about_a_site_were_told),
    ("I18", records.i18_case_numbers_have_no_gaps),
)
COUNTED: Final[tuple[tuple[str, str, Callable[[Dossier], int]], ...]] = (
    *(
        (invariant, "payouts", lambda dossier: len(dossier.rows["payout"]))
        for invariant in ("I05", "I07", "I09", "I14", "I32", "I33")
    ),
    ("I03", "recoveries", lambda dossier: len(dossier.rows["recovery"])),
    ("I06", "verdicts", lambda dossier: len(dossier.rows["verdict"])),
    ("I08", "payouts sent again", lambda dossier: _moves(dossier, PayoutState.UNKNOWN, PayoutState.SENDING)),
    ("I10", "payouts lost from sight", lambda dossier: _moves(dossier, PayoutState.SENDING, PayoutState.UNKNOWN)),
    ("I18", "claims", lambda _: 1),
    ("I18", "returns", lambda dossier: len(dossier.rows["goods_return"])),
    ("I22", "moves", lambda dossier: len(dossier.moves)),
    ("I23", "events", lambda dossier: len(dossier.events)),
    ("I24", "persons", lambda dossier: len(dossier.rows["person"])),
    ("I25", "clocks", lambda dossier: len(dossier.rows["clock"])),
    ("I26", "deadlines", lambda dossier: len(dossier.rows["clock"])),
    ("I29", "claims", lambda _: 1),
    ("I39", "files", lambda dossier: len(dossier.rows["evidence"])),
    ("I35", "persons with a key", lambda dossier: int(dossier.sealed is not None)),
    ("I35", "persons erased", lambda dossier: int(dossier.person is not None and dossier.sealed is None)),
)
SIZES: Final = (
    ("I02", "entries", "fund_entry"), ("I03", "closes", "day_close"), ("I04", "entries", "fund_entry"),
    ("I11", "statement lines", "statement_line"), ("I11", "breaks", "statement_break"), ("I12", "stops", "send_stop"),
    ("I13", "messages", "gateway_event"), ("I16", "jobs", "job"), ("I18", "alerts", "alert"),
    ("I32", "withdrawals", "withdrawal"),
    ("I34", "sessions", "officer_session"),
)  # fmt: skip
IDS: Final = frozenset({invariant for invariant, _ in (*OF_A_CLAIM, *OF_AN_ANSWER, *OF_THE_ACCOUNTS, *OF_ALL_RECORDS)})


def verify(conn: Connection, kit: Kit) -> Report:
    """Check everything in the snapshot of `conn`; a pure read, as long as the database is large."""
    books, tally = open_books(conn, kit), Tally(IDS)
    tally.faults("I35", _foreign_keys(conn, kit))
    seen = _check_claims(conn, books, tally)
    _check_other_chains(conn, books, tally)
    _check_answers(conn, kit, tally)
    tally.faults("I18", records.i18_no_orphan_chains(conn, seen))
    tally.faults("I18", exhibits.i18_no_file_without_a_row(conn, kit))
    _check_books(conn, tally)
    return tally.report()


def _check_claims(conn: Connection, books: Books, tally: Tally) -> int:
    """Check each claim; returns how many events they have."""
    events = 0
    for dossier in dossiers(conn, books):
        if not isinstance(dossier, Dossier):
            tally.faults("I18", [f"claim {dossier.claim_id}: a row of it cannot be read"])
            continue
        events += len(dossier.events)
        for invariant, unit, size in COUNTED:
            tally.checked(invariant, unit, size(dossier))
        for invariant, check in OF_A_CLAIM:
            tally.faults(invariant, _guarded(dossier.name, check(dossier)))
    return events


def _check_books(conn: Connection, tally: Tally) -> None:
    """Check what is of no one claim: the fund's accounts and entries, the statement, what hangs on nothing."""
    accounts = ledger.accounts(conn)
    for invariant in ("I01", "I03"):
        tally.checked(invariant, "accounts", len(accounts))
    for invariant, unit, name in SIZES:
        tally.checked(invariant, unit, conn.execute(select(func.count()).select_from(metadata.tables[name])).scalar_one())
    for invariant, of_accounts in OF_THE_ACCOUNTS:
        tally.faults(invariant, _guarded("the books", of_accounts(accounts)))
    for invariant, of_all in OF_ALL_RECORDS:
        tally.faults(invariant, _guarded("the books", of_all(conn)))


def _check_other_chains(conn: Connection, books: Books, tally: Tally) -> None:
    for subject in chains.other_chains(conn):
        tally.checked("I23", "chains of others", 1)
        tally.faults("I23", _guarded(subject, chains.i23_chain_of_a_subject(conn, subject)))
        tally.faults("I22", _guarded(subject, chains.i22_subject_names_who(conn, books, subject)))


def _check_answers(conn: Connection, kit: Kit, tally: Tally) -> None:
    tally.faults("I15", answers.i15_one_answer_a_key(conn))
    entries: set[int] = set()
    for page in answers.remembered(conn):
        for invariant in ("I15", "I16", "I29", "I35"):
            tally.checked(invariant, "stored answers", len(page))
        tally.faults("I16", answers.i16_what_was_answered_was_done_once(conn, page, entries))
        for kept in page:
            for invariant, check in OF_AN_ANSWER:
                tally.faults(invariant, _guarded(kept.name, check(kept, kit)))


def _moves(dossier: Dossier, before: PayoutState, after: PayoutState) -> int:
    """How often payouts of a claim went from one state to another."""
    return sum(
        event.kind == EventKind.PAYOUT_MOVED and (event.from_state, event.to_state) == (before, after) for event in dossier.events
    )


def _guarded(name: str, found: Iterator[str]) -> Iterator[str]:
    """A row so damaged that a check stumbles is a finding too; what it stumbled over is not told, it may be personal."""
    try:
        yield from found
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as stumble:
        yield f"{name}: cannot be checked ({type(stumble).__name__})"


def _foreign_keys(conn: Connection, kit: Kit) -> Iterator[str]:
    """The keys in use are those this database was set up with."""
    row = installation.find(conn)
    if row and (row.master_key_id, row.pepper_id) != (kit.sealer.key_id, kit.sealer.pepper_id):
        yield "installation: another master key or pepper is in use than this database was set up with"
