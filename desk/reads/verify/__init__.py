"""`desk verify`: every invariant of RELIABILITY (b) that what is built so far can break, checked in one snapshot.

Only reads, and keeps no table in memory. An invariant that is not in these tables is not claimed to hold.
"""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Connection

from desk.ports import Kit
from desk.reads.verify import answers, chains, deadlines, decisions, people, records
from desk.reads.verify.answers import Remembered
from desk.reads.verify.books import Books, open_books
from desk.reads.verify.dossier import Dossier, dossiers
from desk.reads.verify.report import Finding, Report, Tally
from desk.store import installation

__all__ = ["Finding", "Report", "verify"]

OF_A_CLAIM: Final[tuple[tuple[str, Callable[[Dossier], Iterator[str]]], ...]] = (
    ("I06", decisions.i06_row_holds_what_was_decided),
    ("I06", decisions.i06_items_are_those_lodged),
    ("I06", decisions.i06_respondent_is_the_one_completed),
    ("I06", decisions.i06_decided_within_bounds),
    ("I06", decisions.i06_events_decide_what_verdicts_say),
    ("I06", decisions.i06_verdicts_follow_from_their_facts),
    ("I18", records.i18_claim_is_whole),
    ("I18", records.i18_rows_and_events_pair_up),
    ("I18", records.i18_docket_holds_who_is_on_it),
    ("I22", chains.i22_moves_lead_to_the_row),
    ("I22", chains.i22_events_name_who_and_why),
    ("I23", chains.i23_chain_of_a_claim),
    ("I24", people.i24_chain_commits_to_the_person),
    ("I24", people.i24_seal_holds_what_was_committed),
    ("I25", deadlines.i25_clocks_are_those_of_the_moves),
    ("I26", deadlines.i26_deadlines_can_be_counted_again),
    ("I26", deadlines.i26_rules_are_those_of_the_pack),
    ("I26", deadlines.i26_claim_shows_its_next_deadline),
    ("I29", people.i29_no_text_opens_the_claim),
    ("I35", people.i35_person_opens_for_this_claim),
    ("I35", people.i35_chain_names_nobody),
)
OF_AN_ANSWER: Final[tuple[tuple[str, Callable[[Remembered, Kit], Iterator[str]]], ...]] = (
    ("I15", lambda kept, _: answers.i15_answer_can_be_given_again(kept)),
    ("I29", answers.i29_answer_opens_nothing),
    ("I35", answers.i35_answer_names_nobody),
)
COUNTED: Final[tuple[tuple[str, str, Callable[[Dossier], int]], ...]] = (
    ("I06", "verdicts", lambda dossier: len(dossier.rows["verdict"])),
    ("I18", "claims", lambda _: 1),
    ("I22", "moves", lambda dossier: len(dossier.moves)),
    ("I23", "events", lambda dossier: len(dossier.events)),
    ("I24", "persons", lambda dossier: len(dossier.rows["person"])),
    ("I25", "clocks", lambda dossier: len(dossier.rows["clock"])),
    ("I26", "deadlines", lambda dossier: len(dossier.rows["clock"])),
    ("I29", "claims", lambda _: 1),
    ("I35", "persons with a key", lambda dossier: int(dossier.sealed is not None)),
    ("I35", "persons erased", lambda dossier: int(dossier.person is not None and dossier.sealed is None)),
)
IDS: Final = frozenset({invariant for invariant, _ in (*OF_A_CLAIM, *OF_AN_ANSWER)})


def verify(conn: Connection, kit: Kit) -> Report:
    """Check everything in the snapshot of `conn`; a pure read, as long as the database is large."""
    books, tally = open_books(conn, kit), Tally(IDS)
    tally.faults("I35", _foreign_keys(conn, kit))
    seen = _check_claims(conn, books, tally)
    _check_other_chains(conn, books, tally)
    _check_answers(conn, kit, tally)
    for found in (
        records.i18_no_orphans(conn), records.i18_no_orphan_chains(conn, seen), records.i18_case_numbers_have_no_gaps(conn)
    ):  # fmt: skip
        tally.faults("I18", found)
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


def _check_other_chains(conn: Connection, books: Books, tally: Tally) -> None:
    for subject in chains.other_chains(conn):
        tally.checked("I23", "chains of others", 1)
        tally.faults("I23", _guarded(subject, chains.i23_chain_of_a_subject(conn, subject)))
        tally.faults("I22", _guarded(subject, chains.i22_subject_names_who(conn, books, subject)))


def _check_answers(conn: Connection, kit: Kit, tally: Tally) -> None:
    tally.faults("I15", answers.i15_one_answer_a_key(conn))
    for page in answers.remembered(conn):
        for invariant in ("I15", "I29", "I35"):
            tally.checked(invariant, "stored answers", len(page))
        for kept in page:
            for invariant, check in OF_AN_ANSWER:
                tally.faults(invariant, _guarded(kept.name, check(kept, kit)))


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
