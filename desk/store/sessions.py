"""Sessions of officers and their second factors: begun, seen, ended. Decides no lifetime and checks no code."""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from desk.ports import Work
from desk.store.tables import OfficerFactorRow, metadata

SESSION = metadata.tables["officer_session"]
FACTOR = metadata.tables["officer_factor"]


def begin(work: Work, officer_id: int, token_hash: str, *, passed: bool) -> None:
    """Store a new session."""
    row = {
        "id": work.kit.lots.number(), "officer_id": officer_id, "token_hash": token_hash, "begun_at": work.now,
        "seen_at": work.now, "passed_at": work.now if passed else None,
    }  # fmt: skip
    work.conn.execute(insert(SESSION), row)


def touch(work: Work, session_id: int) -> None:
    """Remember that the session was seen now."""
    work.conn.execute(update(SESSION).where(SESSION.c.id == session_id).values(seen_at=work.now))


def end(conn: Connection, session_id: int) -> bool:
    """End one session; False when it had ended before."""
    return conn.execute(delete(SESSION).where(SESSION.c.id == session_id)).rowcount > 0


def end_all(conn: Connection, officer_id: int, but: int | None = None) -> int:
    """End every session of an officer, but for the one named; returns how many."""
    theirs = SESSION.c.officer_id == officer_id
    return conn.execute(delete(SESSION).where(theirs if but is None else theirs & (SESSION.c.id != but))).rowcount


def end_older(conn: Connection, begun_before: datetime) -> None:
    """End the sessions that began before an instant: nobody can use them any more."""
    conn.execute(delete(SESSION).where(SESSION.c.begun_at < begun_before))


def factor_of(conn: Connection, officer_id: int) -> OfficerFactorRow | None:
    """An officer's second factor, locked until the transaction ends; None without one."""
    row = conn.execute(select(FACTOR).where(FACTOR.c.officer_id == officer_id).with_for_update()).mappings().first()
    return OfficerFactorRow(**row) if row else None


def put_factor(work: Work, officer_id: int, sealed: bytes) -> None:
    """Store a second factor that still has to be confirmed, in place of any other."""
    drop_factor(work.conn, officer_id)
    row = {"officer_id": officer_id, "sealed": sealed, "key_id": work.kit.sealer.key_id, "made_at": work.now}
    work.conn.execute(insert(FACTOR), row | {"confirmed_at": None, "last_step": None})


def use_factor(work: Work, factor: OfficerFactorRow, step: int) -> None:
    """Remember the step of the code that was right; the first one confirms the factor."""
    confirmed = factor.confirmed_at or work.now
    row = update(FACTOR).where(FACTOR.c.officer_id == factor.officer_id)
    work.conn.execute(row.values(last_step=step, confirmed_at=confirmed))


def drop_factor(conn: Connection, officer_id: int) -> bool:
    """Take an officer's second factor away; False when there was none."""
    return conn.execute(delete(FACTOR).where(FACTOR.c.officer_id == officer_id)).rowcount > 0


def end_by_hash(conn: Connection, token_hash: str) -> None:
    """End the session of a token, if there is one."""
    conn.execute(delete(SESSION).where(SESSION.c.token_hash == token_hash))
