"""Answers already given, by who asked where with which key."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from desk.ports import Attempt, Row, Work
from desk.store.among import Among
from desk.store.tables import metadata

KEY = metadata.tables["idempotency_key"]
_BY_KEY = Among(select(KEY.c.actor, KEY.c.route, KEY.c.key, KEY.c.fingerprint, KEY.c.answer), KEY.c.key)


@dataclass(frozen=True, slots=True)
class Given:
    """What was asked before under the same key, and what was answered."""

    fingerprint: bytes
    answer: str


def find_many(conn: Connection, attempts: Sequence[Attempt]) -> dict[tuple[str, str, str], Given]:
    """The answers given before to any of these attempts, by (actor, route, key)."""
    if not attempts:
        return {}
    rows = _BY_KEY.rows(conn, {attempt.key for attempt in attempts})
    return {(row.actor, row.route, row.key): Given(row.fingerprint, row.answer) for row in rows}


def row_of(work: Work, attempt: Attempt, answer: str) -> Row:
    """The row that remembers an answer."""
    return {
        "id": work.kit.lots.number(), "actor": attempt.actor, "route": attempt.route, "key": attempt.key,
        "fingerprint": attempt.fingerprint, "answer": answer, "answered_at": work.now,
    }  # fmt: skip


def remember(work: Work, attempt: Attempt, answer: str) -> None:
    """Store the answer in the transaction of its effect."""
    work.conn.execute(insert(KEY), row_of(work, attempt, answer))
