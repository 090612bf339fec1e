"""What respondents owe: I03, I09, I18, I22 and I32 of recoveries. Posts nothing and puts no balance right."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Row, func, select

from desk.domain.audit import EventKind
from desk.domain.fund import NOBODY_NAMED, RECEIVABLE, EntryKind, kind_of
from desk.domain.payout import PayoutState
from desk.domain.recovery import ENDED, OF_A_RECOVERY, RECOVERY_LIFE, RecoveryState, RecoveryStep
from desk.reads.verify.dossier import Dossier
from desk.store.fund import account_id
from desk.store.tables import metadata

RECOVERY, DEMAND, DECISION, ENTRY, POSTING, ACCOUNT = (
    metadata.tables[name]
    for name in ("recovery", "recovery_demand", "recovery_decision", "fund_entry", "fund_posting", "fund_account")
)
_OPEN = RECOVERY.c.amount_minor - RECOVERY.c.recovered_minor - RECOVERY.c.written_off_minor - RECOVERY.c.returned_minor


def i03_parts_are_those_of_the_entries(dossier: Dossier) -> Iterator[str]:
    """What a recovery says came back, was written off or returned is the sum of its entries; it ended when nothing is open."""
    for row in dossier.rows["recovery"]:
        entered = _entered(dossier, row.payout_id)
        paid = entered[EntryKind.RECOVERED] + entered[EntryKind.RECOVERED_AFTER_WRITE_OFF]
        paid += entered[EntryKind.DEPOSIT_USED] // 2  # two lines of the same amount, one of them is the recovery
        back = entered[EntryKind.PAYOUT_RETURNED]
        written = 0 if back else entered[EntryKind.WRITTEN_OFF] - entered[EntryKind.RECOVERED_AFTER_WRITE_OFF]
        if (row.recovered_minor, row.written_off_minor, row.returned_minor) != (paid, written, back - paid if back else 0):
            yield f"{dossier.name} recovery {row.payout_id}: its parts are not those of its entries"
        elif (row.state in ENDED) != (row.amount_minor == paid + written + row.returned_minor):
            yield f"{dossier.name} recovery {row.payout_id}: is {row.state}, which is not what its open part says"


def i03_receivables_are_what_is_open(conn: Connection) -> Iterator[str]:
    """What stands on a respondent's receivable is the sum of the open parts of their recoveries."""
    columns = (RECOVERY.c.site_id, RECOVERY.c.currency, RECOVERY.c.respondent_id)
    opened = conn.execute(select(*columns, func.sum(_OPEN).label("minor")).group_by(*columns))
    due = {
        account_id(row.site_id, row.currency, f"{RECEIVABLE}:{row.respondent_id or NOBODY_NAMED}"): int(row.minor)
        for row in opened
    }
    for account in conn.execute(select(ACCOUNT).where(ACCOUNT.c.name.like(f"{RECEIVABLE}:%"))):
        if kind_of(account.name) == RECEIVABLE and account.balance_minor != due.pop(account.id, 0):
            yield f"site {account.site_id}, {account.name}: is not what the recoveries have open"
    yield from (f"account {name}: is not there, and recoveries are open" for name, minor in due.items() if minor)


def i09_settled_payouts_are_recovered(dossier: Dossier) -> Iterator[str]:
    """Each payout that settled has one recovery of its amount, from that moment; it is returned when the payout is."""
    found = {row.payout_id: row for row in dossier.rows["recovery"]}
    for payment in dossier.payments:
        payout, row = payment.row, found.pop(payment.row.id, None)
        if (row is not None) != (payout.state == PayoutState.SETTLED):
            yield f"{dossier.name} payout {payout.id}: is {payout.state} and has {'a' if row else 'no'} recovery"
        elif row is not None:
            same = ("site_id", "currency", "amount_minor")
            if any(getattr(row, name) != getattr(payout, name) for name in same) or row.opened_at != payout.settled_at:
                yield f"{dossier.name} recovery {payout.id}: is not of its payout's site, amount or moment"
            if (row.state == RecoveryState.RETURNED) != (payout.returned_at is not None):
                yield f"{dossier.name} recovery {payout.id}: was returned otherwise than its payout"


def i18_demands_were_kept(conn: Connection) -> Iterator[str]:
    """The letters of a recovery are numbered from 1 without a gap, and the last one is when it was last demanded."""
    last = func.max(DEMAND.c.demanded_at, type_=DEMAND.c.demanded_at.type)
    told = (func.count(DEMAND.c.id), func.coalesce(func.max(DEMAND.c.number), 0), last)
    columns = (RECOVERY.c.payout_id, RECOVERY.c.demanded_at)
    joined = select(*columns, *told).outerjoin(DEMAND, DEMAND.c.payout_id == RECOVERY.c.payout_id).group_by(*columns)
    for payout_id, demanded_at, count, number, at in conn.execute(joined):
        if count != number or at != demanded_at:
            yield f"recovery {payout_id}: its letters are not those of its demands"


def i22_recoveries_went_by_the_table(dossier: Dossier) -> Iterator[str]:
    """Posting every move of a recovery in order, each one allowed by the table, gives it as its row stands."""
    moves = defaultdict[str, list[Row[Any]]](list)
    for event in dossier.events:
        if event.kind == EventKind.RECOVERY_MOVED:
            moves[str(dossier.told(event).get("recovery"))].append(event)
    for row in dossier.rows["recovery"]:
        state, demanded_at = RecoveryState.OPENED, None
        for event in moves[str(row.payout_id)]:
            step = RecoveryStep(dossier.told(event)["step"])
            move = RECOVERY_LIFE.get((state, step))
            left = {move.to or state, move.ends or state} | {RecoveryState.RECOVERED} if move else set[RecoveryState]()
            if event.from_state != state or event.to_state not in left:
                yield f"{dossier.name} event {event.seq}: a recovery went from {event.from_state} to {event.to_state} by {step}"
                break
            state = RecoveryState(event.to_state)
            demanded_at = event.at if step is RecoveryStep.DEMAND else demanded_at
        else:
            if (row.state, row.demanded_at) != (state, demanded_at):
                yield f"{dossier.name} recovery {row.payout_id}: its row is not what its events say"


def i32_written_off_by_two(conn: Connection) -> Iterator[str]:
    """Each amount written off is one that a second person agreed to: another than the one who asked, and the one who posted."""
    entries = (
        select(ENTRY.c.payout_id, ENTRY.c.officer_id, POSTING.c.amount_minor)
        .join(POSTING, POSTING.c.entry_id == ENTRY.c.id)
        .where(ENTRY.c.kind == EntryKind.WRITTEN_OFF.value)
    )
    posted = Counter((row.payout_id, row.officer_id, row.amount_minor) for row in conn.execute(entries))
    for row in conn.execute(select(DECISION).where(DECISION.c.approved_at.is_not(None))):
        if row.approved_by in (None, row.proposed_by):
            yield f"recovery {row.payout_id}: decision {row.id} was agreed to by no second person"
        posted[row.payout_id, row.approved_by, row.amount_minor] -= 1
    for payout_id in {payout_id for (payout_id, *_), number in posted.items() if number}:
        yield f"recovery {payout_id}: what was written off is not what two persons decided"


def _entered(dossier: Dossier, payout_id: int) -> Counter[str]:
    """The sum of the lines of each kind of entry about a recovery."""
    sums = Counter[str]()
    for entry in dossier.entries.get(payout_id, ()):
        if entry.kind in OF_A_RECOVERY or entry.kind == EntryKind.PAYOUT_RETURNED:
            sums[entry.kind] += int(entry.minor or 0)
    return sums
