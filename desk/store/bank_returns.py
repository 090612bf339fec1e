"""What officers say of refunds that the bank sent back, as rows; a gateway's own word needs none. Books nothing."""

from sqlalchemy import Connection, delete, insert, select, update

from desk.ports import Row, Work
from desk.store.tables import BankReturnRow, PayoutRow, metadata

RETURN = metadata.tables["bank_return"]


def find(conn: Connection, payout_id: int) -> BankReturnRow | None:
    """What was said of a payout, None while nobody said anything."""
    row = conn.execute(select(RETURN).where(RETURN.c.payout_id == payout_id)).mappings().first()
    return BankReturnRow(**row) if row else None


def say(work: Work, payout: PayoutRow, officer: int, evidence: str) -> None:
    """Keep a first officer's word, in place of one whose giver may no longer give it."""
    work.conn.execute(delete(RETURN).where(RETURN.c.payout_id == payout.id))
    row: Row = {
        "id": work.kit.lots.number(), "claim_id": payout.claim_id, "payout_id": payout.id, "said_by": officer,
        "said_at": work.now, "evidence": evidence, "agreed_by": None, "agreed_at": None,
    }  # fmt: skip
    work.conn.execute(insert(RETURN), row)


def agree(work: Work, said: BankReturnRow, officer: int) -> None:
    """Write who agreed."""
    agreed = {"agreed_by": officer, "agreed_at": work.now}
    work.conn.execute(update(RETURN).where(RETURN.c.id == said.id).values(**agreed))
