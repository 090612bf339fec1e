"""What the databases are told when they are opened, where a wrong word would only show months later."""

import anyio
import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

from desk.ports import Attempt, Work
from desk.store.engines import postgres_writer
from desk.store.idempotency import remember
from desk.store.lodging import _before
from tests.builders import open_house


async def test_a_lookup_by_key_reads_no_whole_table_even_while_that_is_empty(postgresql_database: str) -> None:
    asked = text("EXPLAIN SELECT 1 FROM claim WHERE reference = ANY(ARRAY['0000000000', '1111111111'])")
    async with open_house(postgresql_database) as house:
        read = await house.desk.read(lambda conn: [str(row[0]) for row in conn.execute(asked)])
        written = await house.desk.write(lambda work: [str(row[0]) for row in work.conn.execute(asked)])
        assert await house.desk.read(lambda conn: conn.execute(text("SHOW jit")).scalar_one()) == "off"
    for plan in (read, written):
        assert any("Index" in line for line in plan)
        assert not any("Seq Scan" in line for line in plan)


async def test_what_a_lodging_must_know_is_found_by_its_keys_from_the_first_day_on(postgresql_database: str) -> None:
    asked = _before(arrays=True).compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call] # SQLAlchemy's own
    values = {**asked.params, "keys": ["one", "two"], "tags": [b"1" * 16, b"2" * 16]}
    async with open_house(postgresql_database) as house:
        plan = await house.desk.write(
            lambda work: "\n".join(row[0] for row in work.conn.exec_driver_sql(f"EXPLAIN {asked}", values))
        )
    assert "ix_duplicate_tag_tag" in plan
    assert "uq_idempotency_key_key_actor_route" in plan
    assert "Backward" not in plan, "walks the whole table to spare itself the sorting"


async def test_a_key_whose_owner_fell_silent_is_free_again_within_a_minute(postgresql_database: str) -> None:
    attempt, engine = Attempt("officer:1", "POST /x", "a-key", b"0" * 16), postgres_writer(postgresql_database, 1)
    async with open_house(postgresql_database) as house, engine.connect() as silent:
        waits = await silent.execute(
            text("SELECT setting::int FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")
        )
        assert 0 < waits.scalar_one() <= 60_000
        await silent.execute(text("SET idle_in_transaction_session_timeout = 300"))
        kit, now = house.kit, house.clock.now()
        await silent.run_sync(lambda conn: remember(Work(conn, now, kit), attempt, "{}"))
        await anyio.sleep(0.6)
        with anyio.fail_after(5):
            await house.desk.write(remember, attempt, '{"by": "the next"}')
        with pytest.raises(DBAPIError):
            await silent.execute(text("SELECT 1"))
        await silent.invalidate()
    await engine.dispose()
