"""Nothing is acknowledged before it is committed: the order on both engines, a COMMIT that fails, a disk that is full."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import IntegrityError, OperationalError

from desk.domain.errors import NotFound, StorageFull
from desk.ports import Work
from desk.store.engines import is_sqlite, plain_engine, sqlite_reader
from tests.builders import open_house
from tests.web.front import BODY, CLAIMS, MET, Front, Slip, opened_front, problem

PATIENCE = 5.0
TABLES = ("claim", "event", "clock", "message", "idempotency_key")
NO_SPACE = """
CREATE FUNCTION no_space() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$;
CREATE CONSTRAINT TRIGGER no_space AFTER INSERT ON event DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW EXECUTE FUNCTION no_space()
"""


@pytest.fixture
async def front(database: str) -> AsyncIterator[Front]:
    """The application on either engine."""
    async with open_house(database) as house, opened_front(house) as opened:
        yield opened


@pytest.fixture
async def sqlite_front(sqlite_database: str) -> AsyncIterator[Front]:
    """The application on SQLite."""
    async with open_house(sqlite_database) as house, opened_front(house) as opened:
        yield opened


@contextmanager
def on_commit(front: Front, hook: Callable[[Any], None]) -> Iterator[None]:
    """Let the hook run each time SQLite's writer is about to commit."""
    engine = front.house.desk._writer._engine  # type: ignore[attr-defined] # the desk on SQLite has one
    event.listen(engine, "commit", hook)
    try:
        yield
    finally:
        event.remove(engine, "commit", hook)


@contextmanager
def failing_commits(front: Front, database: str) -> Iterator[None]:
    """Let every COMMIT find the disk full: by a deferred trigger on PostgreSQL, before it is sent on SQLite."""
    if is_sqlite(database):
        with on_commit(front, _refuse_for_space):
            yield
        return
    with plain_engine(database).begin() as conn:
        conn.exec_driver_sql(NO_SPACE)
    yield
    with plain_engine(database).begin() as conn:
        conn.exec_driver_sql("DROP TRIGGER no_space ON event")


Act = Callable[[Front, str, Slip], Awaitable[httpx.Response]]
ACTS: dict[str, tuple[str, Act]] = {
    "lodge": ("received", lambda front, _, __: front.call("POST", CLAIMS, "olga", json=BODY)),
    "poster": ("received", lambda front, _, __: front.lodge(None, channel="poster")),
    "assess": ("received", lambda front, of, __: front.call("PUT", f"{CLAIMS}/{of}/assessment", "olga", json=MET, version=1)),
    "decide": ("received", lambda front, of, __: front.post(f"{of}/triage", "olga", {"override": "docket", "reason": "x"})),
    "message": ("received", lambda front, of, __: front.post(f"{of}/messages", "olga", {"text": "x"}, key=None)),
    "answer": ("awaiting_information", lambda front, _, slip: front.visit(slip, "answer", text="x")),
    "slip": ("received", lambda front, of, __: front.post(f"{of}/slip", "olga", {"reason": "x"})),
}


@pytest.mark.parametrize("act", ACTS)
async def test_whatever_is_acknowledged_is_already_there_for_everybody_else(front: Front, database: str, act: str) -> None:
    state, do = ACTS[act]
    reference = await front.brought_to(state)
    slip, before, seen = await front.slip(reference), _events(database), list[tuple[int, int]]()
    front.app = _watched(front.app, lambda status: seen.append((status, _events(database))))
    front._clients.clear()
    answer = await do(front, reference, slip)
    assert answer.is_success
    assert seen == [(answer.status_code, before + 1)]


@pytest.mark.parametrize("act", ACTS)
async def test_where_the_commit_fails_nobody_is_told_that_it_worked(front: Front, database: str, act: str) -> None:
    state, do = ACTS[act]
    reference = await front.brought_to(state)
    slip, before = await front.slip(reference), (await front.claim(reference)).model_dump()
    counts = [await front.counted(table) for table in TABLES]
    with failing_commits(front, database):
        answer = await do(front, reference, slip)
    assert problem(answer) == (507, "storage_full")
    assert answer.headers["retry-after"] == "60"
    assert (await front.claim(reference)).model_dump() == before
    assert [await front.counted(table) for table in TABLES] == counts
    assert (await do(front, reference, slip)).is_success


async def test_a_commit_that_sqlite_itself_refuses_harms_nobody_else(sqlite_front: Front) -> None:
    house = sqlite_front.house
    async with _held_up(sqlite_front) as release:
        tasks = [
            asyncio.create_task(each) for each in (house.desk.write(_noted, "one"), house.desk.write(_orphan), house.lodge())
        ]
        await asyncio.sleep(0.05)
        release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, IntegrityError) for outcome in outcomes] == [False, True, False]
    assert (await house.desk.read(_names), await sqlite_front.counted("claim")) == (["one"], 1)
    assert (await sqlite_front.lodge()).status_code == 201


async def test_a_slow_commit_keeps_every_member_of_its_batch_waiting(sqlite_front: Front) -> None:
    front, begun, go_on = sqlite_front, threading.Event(), threading.Event()

    def slow(_: Any) -> None:  # noqa: ANN401 - a connection
        begun.set()
        go_on.wait(PATIENCE)

    with on_commit(front, slow):
        lodgings = [asyncio.create_task(front.lodge()) for _ in range(6)]
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        await asyncio.sleep(0.05)
        assert not any(lodging.done() for lodging in lodgings)
        assert await front.counted("claim") == 0
        go_on.set()
        answers = await asyncio.gather(*lodgings)
    assert {answer.status_code for answer in answers} == {201}


async def test_of_a_batch_a_failing_member_is_rolled_back_alone(sqlite_front: Front) -> None:
    house, commits = sqlite_front.house, list[Any]()
    outcomes: list[Any] = []
    async with _held_up(sqlite_front) as release:
        with on_commit(sqlite_front, commits.append):
            tasks = [
                asyncio.create_task(each)
                for each in (
                    house.desk.write(_noted, "one"), house.desk.write(_noted, "bug", RuntimeError("a bug")), house.lodge(),
                    house.desk.write(_noted, "two"), house.desk.write(_noted, "refusal", NotFound()),
                    house.lodge(site="atlantis"), house.desk.write(_noted, "one"), house.lodge(),
                )
            ]  # fmt: skip
            await asyncio.sleep(0.05)
            release()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert len(commits) == 2
    kinds = [type(outcome) if isinstance(outcome, Exception) else None for outcome in outcomes]
    assert kinds == [None, RuntimeError, None, None, NotFound, NotFound, IntegrityError, None]
    assert await house.desk.read(_names) == ["one", "two"]
    assert await sqlite_front.counted("claim") == 2


async def test_a_member_that_fills_the_disk_takes_no_other_with_it(sqlite_front: Front) -> None:
    house = sqlite_front.house
    await _leave(sqlite_front, pages=30)
    async with _held_up(sqlite_front) as release:
        tasks = [
            asyncio.create_task(each)
            for each in (house.desk.write(_noted, "one"), house.desk.write(_huge), house.desk.write(_noted, "two"), house.lodge())
        ]
        await asyncio.sleep(0.05)
        release()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, StorageFull) for outcome in outcomes] == [False, True, False, False]
    assert await house.desk.read(_names) == ["one", "two"]


async def test_on_a_full_disk_writes_say_so_reads_go_on_and_no_restart_is_needed(sqlite_front: Front) -> None:
    front = sqlite_front
    furniture = await front.counted("event")
    reference = (await front.lodge()).json()["reference"]
    slip = await front.slip(reference)
    await _leave(front, pages=0)
    answers: list[httpx.Response] = []
    while not answers or answers[-1].status_code == 201:
        answers.append(await front.lodge())
        assert len(answers) < 300
    assert problem(answers[-1]) == (507, "storage_full")
    assert answers[-1].headers["retry-after"] == "60"
    assert (
        await front.counted("claim") == await front.counted("person") == await front.counted("event") - furniture == len(answers)
    )
    big = await front.post(f"{reference}/notes", "olga", {"text": "长" * 2000})
    assert big.status_code in (200, 507)
    reads = [await front.get(path, "olga") for path in (reference, f"{reference}/triage", f"{reference}/clocks", "")]
    assert [read.status_code for read in reads] == [200, 200, 200, 404]
    assert (await front.call("GET", CLAIMS, "olga")).status_code == 200
    assert (await front.status(slip))["stage"] == "registered"
    assert (await front.call("GET", "/readyz")).status_code == 200
    await _leave(front, pages=1_000_000)
    assert (await front.lodge()).status_code == 201


def _watched(app: Any, sent: Callable[[int], None]) -> Any:  # noqa: ANN401 - ASGI
    """The application with an ear at its door: `sent` hears each status as it leaves."""

    async def watched(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        async def telling(message: Any) -> None:  # noqa: ANN401 - ASGI
            if message["type"] == "http.response.start":
                sent(message["status"])
            await send(message)

        await app(scope, receive, telling)

    return watched


def _events(database: str) -> int:
    """How many events another connection sees."""
    engine = sqlite_reader(database) if is_sqlite(database) else plain_engine(database)
    with engine.connect() as conn:
        return int(conn.execute(text("SELECT count(*) FROM event")).scalar_one())


def _refuse_for_space(_: Connection) -> None:
    """What the driver says when there is no room left."""
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OperationalError("COMMIT", None, full)


@asynccontextmanager
async def _held_up(front: Front) -> AsyncIterator[Callable[[], None]]:
    """Keep the writer busy, so that what is queued meanwhile becomes one batch; gives what lets it go on."""
    begun, go_on = threading.Event(), threading.Event()

    def wait(_: Work) -> None:
        begun.set()
        go_on.wait(PATIENCE)

    busy = asyncio.create_task(front.house.desk.write(wait))
    assert await asyncio.to_thread(begun.wait, PATIENCE)
    try:
        yield go_on.set
    finally:
        go_on.set()
        await busy


def _noted(work: Work, name: str, failure: Exception | None = None) -> None:
    """Leave a mark that can be left only once, then fail where a failure is given."""
    statement = text("INSERT INTO counter (id, site_id, name, value) SELECT :id, min(id), :name, 1 FROM site")
    work.conn.execute(statement, {"id": work.kit.lots.number(), "name": name})
    if failure:
        raise failure


def _names(conn: Connection) -> list[str]:
    return list(conn.execute(text("SELECT name FROM counter ORDER BY name")).scalars())


def _orphan(work: Work) -> None:
    """A row whose site does not exist, which SQLite is told to notice at the COMMIT only."""
    work.conn.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    work.conn.exec_driver_sql("INSERT INTO counter (id, site_id, name, value) VALUES (1, 1, 'orphan', 1)")


def _huge(work: Work) -> None:
    work.conn.execute(text("INSERT INTO calendar_year (year, source) VALUES (1, zeroblob(8000000))"))


async def _leave(front: Front, pages: int) -> None:
    """Let the database grow by so many pages from here on and no further."""

    def limit(work: Work) -> None:
        count = work.conn.execute(text("PRAGMA page_count")).scalar_one()
        work.conn.execute(text(f"PRAGMA max_page_count = {count + pages}"))

    await front.house.desk.write(limit)
