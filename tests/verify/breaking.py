"""Breaking a database behind the desk's back, with its guards taken down, and asking `verify` what it sees."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, insert, select, text, update

from desk.domain import clocks
from desk.domain.audit import EventKind, Happening, event_hash, stored_data
from desk.domain.lifecycle import Step
from desk.domain.payout import PayoutStep
from desk.domain.recovery import RecoveryStep
from desk.packs.workdays import calendar_from
from desk.ports import SealedPerson
from desk.reads.verify import Report, verify
from desk.store import calendar
from desk.store import clocks as clock_rows
from desk.store.engines import is_sqlite, plain_engine
from desk.store.tables import metadata
from tests.builders import FOLDER, HandClock, HandShelf, kit_on
from tests.verify.story import TOLD_AT, Story

Breakage = Callable[[Connection, Story], None]
AFTERWARDS: list[Callable[[], object]] = []
"""What puts files back once verify has looked: no transaction does."""

KIT = kit_on(HandClock(TOLD_AT), HandShelf())
EVENT, CLOCK, PERSON, KEY = (metadata.tables[name] for name in ("event", "clock", "person", "idempotency_key"))
CLAIM, REMINDER = metadata.tables["claim"], metadata.tables["clock_reminder"]


def checked(url: str) -> Report:
    """What verify says of a database, on a connection of its own."""
    engine = plain_engine(url)
    try:
        with engine.connect() as conn:
            report = verify(conn, KIT)
            conn.rollback()
            return report
    finally:
        engine.dispose()


def red(report: Report) -> dict[str, str]:
    """The invariants that do not hold, with what is said of them."""
    return {finding.id: finding.detail for finding in report.invariants if not finding.ok}


@contextmanager
def unguarded(url: str) -> Iterator[Connection]:
    """A connection for which neither triggers nor foreign keys hold; for others they hold again afterwards."""
    engine = plain_engine(url)
    with engine.connect() as conn:
        if is_sqlite(url):
            conn.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with conn.begin(), _guards_down(conn):
            yield conn
    engine.dispose()


def broken(url: str, story: Story, damage: Breakage) -> Report:
    """What verify says of a database while it is damaged; the damage is undone, so that the database serves for the next one."""
    engine = _compiled_once(url)
    with engine.connect() as conn:
        if is_sqlite(url):
            conn.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        with conn.begin() as undone:
            with _guards_down(conn):
                damage(conn, story)
            try:
                report = verify(conn, KIT)
            finally:
                while AFTERWARDS:
                    AFTERWARDS.pop()()
            undone.rollback()
    engine.dispose()
    return report


@cache
def _compiled_once(url: str) -> Engine:
    """An engine that all breakages of a database share: it keeps no connection, but what its statements were compiled to."""
    return plain_engine(url)


@contextmanager
def _guards_down(conn: Connection) -> Iterator[None]:
    sqlite = conn.dialect.name == "sqlite"
    listed = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    guards = {row.name: row.sql for row in conn.execute(text(listed))} if sqlite else {}
    for statement in [f"DROP TRIGGER {name}" for name in guards] or ["SET session_replication_role = replica"]:
        conn.exec_driver_sql(statement)
    yield
    for statement in guards.values():
        conn.exec_driver_sql(statement)


def by(*statements: str) -> Breakage:
    """Break with SQL; `{fast}` and `{fast_id}` are the reference and the id of the story's claim called fast."""

    def run(conn: Connection, story: Story) -> None:
        for statement in statements:
            done = conn.exec_driver_sql(story.fill(statement))
            assert done.rowcount, statement

    return run


def at(table: str, claim: str, change: str, also: str = "1 = 1") -> Breakage:
    """Change the rows of a table that belong to one claim of the story, `also` narrowing them."""
    mine = {"claim": f"id = {{{claim}_id}}", "event": f"subject = 'claim:{{{claim}_id}}'"}
    return by(f"UPDATE {table} SET {change} WHERE {mine.get(table, f'claim_id = {{{claim}_id}}')} AND {also}")


def answer_has(change: str) -> Breakage:
    """Change the answer that was remembered for the keyed lodging."""
    return by(f"UPDATE idempotency_key SET {change} WHERE key = 'key-0001'")


def forged(
    claim: str, which: EventKind | Step | PayoutStep | RecoveryStep, data: dict[str, Any] | None = None, /,
    **columns: Any,  # noqa: ANN401 - columns
) -> Breakage:  # fmt: skip
    """Change the claim's first event of a kind or step and seal the whole chain again, as somebody with the code could."""

    def run(conn: Connection, story: Story) -> None:
        chain = conn.execute(
            select(EVENT).where(EVENT.c.subject == f"claim:{story.ids[claim]}").order_by(EVENT.c.seq)
        ).all()  # fmt: skip
        seq = next(event.seq for event in chain if which in (event.kind, event.step, json.loads(event.data).get("step")))
        previous = chain[0].prev_hash
        for event in chain:
            values = _filled(story, dict(event._mapping), columns if event.seq == seq else {}, data if event.seq == seq else None)
            values |= {"prev_hash": previous, "hash": event_hash(previous, event.seq, _happening(values))}
            conn.execute(update(EVENT).where(EVENT.c.id == event.id).values(**values))
            previous = values["hash"]

    return run


def without_file(claim: str, ending: str) -> Breakage:
    """Take a file of the claim's evidence away."""

    def run(conn: Connection, story: Story) -> None:
        path = _file(conn, story, claim, ending)
        content = path.read_bytes()
        AFTERWARDS.append(lambda: path.write_bytes(content))
        path.unlink()

    return run


def with_file(claim: str, ending: str, content: bytes) -> Breakage:
    """Put something else in the place of a file of the claim's evidence, or where none should be."""

    def run(conn: Connection, story: Story) -> None:
        path = _file(conn, story, claim, ending)
        before = path.read_bytes() if path.exists() else None
        AFTERWARDS.append(path.unlink if before is None else partial(path.write_bytes, before))
        path.write_bytes(content)

    return run


def forgotten_file(_conn: Connection, _story: Story) -> None:
    """A file that belongs to no row and that no worker swept away."""
    path = FOLDER / f"{'0' * 32}.original"
    path.write_bytes(b"x")
    long_ago = time.time() - 2 * 86_400
    os.utime(path, (long_ago, long_ago))
    AFTERWARDS.append(path.unlink)


def _file(conn: Connection, story: Story, claim: str, ending: str) -> Path:
    query = text("SELECT file_id FROM evidence WHERE claim_id = :id")
    return FOLDER / f"{conn.execute(query, {'id': story.ids[claim]}).scalar_one()}{ending}"


def stop_moved(conn: Connection, story: Story) -> None:
    """A stop that came a minute earlier than its move."""
    row = _clock(conn, story.ids["fast"], "first_answer")
    earlier = row.stopped_at.replace(minute=row.stopped_at.minute - 1 if row.stopped_at.minute else 0)
    segments = [*row.segments[:-1], row.segments[-1] | {"end": earlier.isoformat()}]
    conn.execute(update(CLOCK).where(CLOCK.c.id == row.id).values(stopped_at=earlier, segments=segments))


def clock_too_many(conn: Connection, story: Story) -> None:
    """A clock, well counted, that no move started."""
    row: Any = _clock(conn, story.ids["fast"], "first_answer")
    known = clock_rows.clock_of(row)
    base = known.base_at.replace(second=59)
    days = calendar_from(calendar.exceptions(conn), calendar.years(conn))
    rule = KIT.packs.by_version(row.pack).clocks["first_answer"]
    clock = clocks.stop(clocks.start(rule, base, row.pack, ZoneInfo("Asia/Shanghai"), days), base)
    conn.execute(insert(CLOCK), clock_rows.row_of(1, story.ids["fast"], clock, base))


def told_early(conn: Connection, story: Story, minutes: int = 0) -> None:
    """An officer told of the receipt's promise a second before its deadline."""
    row: Any = _clock(conn, story.ids["received"], "acceptance")
    site = conn.execute(select(CLAIM.c.site_id).where(CLAIM.c.id == row.claim_id)).scalar_one()
    told = {
        "id": 1 + minutes, "site_id": site, "claim_id": row.claim_id, "kind": row.kind, "due_at": row.due_at, "minutes": minutes,
        "role": "intake", "told_at": row.due_at + timedelta(minutes=minutes), "ended_at": None,
    }  # fmt: skip
    conn.execute(insert(REMINDER), told)


def told_twice(conn: Connection, story: Story) -> None:
    """Two reminders of one clock, neither of which is over."""
    for minutes in (1, 2):
        told_early(conn, story, minutes)
    conn.execute(update(REMINDER).values(told_at=datetime(2099, 1, 1, tzinfo=UTC)))


def longer_by_itself(conn: Connection, story: Story) -> None:
    """A clock lengthened behind the desk's back, counted rightly."""
    row: Any = _clock(conn, story.ids["received"], "acceptance")
    days = calendar_from(calendar.exceptions(conn), calendar.years(conn))
    longer = clocks.extend(clock_rows.clock_of(row), 1, ZoneInfo("Asia/Shanghai"), days)
    stored = clock_rows.row_of(row.id, row.claim_id, longer, TOLD_AT)
    conn.execute(update(CLOCK).where(CLOCK.c.id == row.id).values(stored))


def sealed_otherwise(conn: Connection, story: Story) -> None:
    """Another name under the right key, without telling the chain."""
    claim_id, row = story.ids["fast"], _person(conn, story.ids["fast"])
    other = KIT.sealer.reseal(claim_id, SealedPerson(row.wrapped_key, row.key_id, row.sealed, row.commitment), {"name": "李四"})
    conn.execute(update(PERSON).where(PERSON.c.claim_id == claim_id).values(sealed=other.sealed))


def committed_otherwise(conn: Connection, story: Story) -> None:
    """Another person, whole in itself, that the chain never heard of."""
    other = KIT.sealer.seal(story.ids["fast"], {"name": "李四", "phone": None, "email": None})
    values = {"wrapped_key": other.wrapped_key, "sealed": other.sealed, "commitment": other.commitment}
    conn.execute(update(PERSON).where(PERSON.c.claim_id == story.ids["fast"]).values(**values))


def sealed_for_another(conn: Connection, story: Story) -> None:
    """The sealed person of one claim laid into another."""
    row = _person(conn, story.ids["noted"])
    values = {"wrapped_key": row.wrapped_key, "sealed": row.sealed}
    conn.execute(update(PERSON).where(PERSON.c.claim_id == story.ids["fast"]).values(**values))


def one_bit_of_the_seal(conn: Connection, story: Story) -> None:
    """A disk that forgets."""
    row = _person(conn, story.ids["fast"])
    sealed = bytes([*row.sealed[:-1], row.sealed[-1] ^ 1])
    conn.execute(update(PERSON).where(PERSON.c.claim_id == story.ids["fast"]).values(sealed=sealed))


def code_in(table: str, column: str, claim: str, generation: int = 1) -> Breakage:
    """A text that gives the access code away."""

    def run(conn: Connection, story: Story) -> None:
        code = KIT.sealer.access_code(story.ids[claim], generation)
        rows = metadata.tables[table]
        mine = rows.c.id == story.ids[claim] if table == "claim" else rows.c.claim_id == story.ids[claim]
        assert conn.execute(update(rows).where(mine).values({column: f"您的查询码是{code}。"})).rowcount

    return run


def token_in_the_chain(conn: Connection, story: Story) -> None:
    """A step's reason that holds the address of the status page."""
    token = KIT.sealer.visit_token(story.references["overridden"], story.ids["overridden"], 1)
    forged("overridden", EventKind.ASSESSED, reason=f"https://desk.example/s/{token}")(conn, story)


def answer_with(what: Callable[[Story], str]) -> Breakage:
    """A remembered answer with one more field."""

    def run(conn: Connection, story: Story) -> None:
        row = conn.execute(select(KEY).where(KEY.c.key == "key-0001")).one()
        answer = row.answer.removesuffix("}") + f', "more": "{what(story)}"' + "}"
        conn.execute(update(KEY).where(KEY.c.id == row.id).values(answer=answer))

    return run


def code_of_keyed(story: Story) -> str:
    """The access code of the claim that was lodged with a key."""
    return KIT.sealer.access_code(story.ids["keyed"], 1)


def token_of_keyed(story: Story) -> str:
    """Its token."""
    return KIT.sealer.visit_token(story.references["keyed"], story.ids["keyed"], 1)


def twice(table: str, unique: str, other: str) -> Breakage:
    """The first row of a table once more under another id, with its UNIQUE constraint gone."""
    names = ", ".join(f'"{column}"' for column in [one.name for one in metadata.tables[table].columns] if column != "id")
    copy = by(f"INSERT INTO {table} (id, {names}) SELECT 7, {names} FROM {table} WHERE {other}")
    return after(without(table, unique), copy)


def without(table: str, constraint: str) -> Breakage:
    """A constraint gone: by its name on PostgreSQL, with all others of its table on SQLite."""

    def run(conn: Connection, story: Story) -> None:
        if conn.dialect.name == "sqlite":
            conn.exec_driver_sql(f"CREATE TABLE copied AS SELECT * FROM {table}")
            conn.exec_driver_sql(f"DROP TABLE {table}")
            conn.exec_driver_sql(f"ALTER TABLE copied RENAME TO {table}")
        else:
            conn.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")

    return run


def after(*damages: Breakage) -> Breakage:
    """One damage after the other."""

    def run(conn: Connection, story: Story) -> None:
        for damage in damages:
            damage(conn, story)

    return run


def _filled(story: Story, values: dict[str, Any], columns: dict[str, Any], data: dict[str, Any] | None) -> dict[str, Any]:
    filled = {name: story.fill(value) if isinstance(value, str) else value for name, value in columns.items()}
    if data is not None:
        filled["data"] = stored_data(json.loads(values["data"]) | data)
    return values | filled


def _happening(values: dict[str, Any]) -> Happening:
    names = (
        "subject", "kind", "at", "actor", "role", "site_id", "request_id", "step", "from_state", "to_state", "reason", "data"
    )  # fmt: skip
    return Happening(**{name: values[name] for name in names})


def _clock(conn: Connection, claim_id: int, kind: str) -> Row[Any]:
    return conn.execute(select(CLOCK).where(CLOCK.c.claim_id == claim_id, CLOCK.c.kind == kind)).one()


def _person(conn: Connection, claim_id: int) -> Row[Any]:
    return conn.execute(select(PERSON).where(PERSON.c.claim_id == claim_id)).one()
