"""While the gateway is being called, the desk holds no transaction and no lock: whoever else wants to write, writes (I14)."""

import sqlite3
from contextlib import closing
from datetime import date
from typing import Any

import psycopg
from sqlalchemy import make_url

from desk.actions.checks import Checked
from desk.actions.payout_words import QUERY
from desk.actions.payouts import SEND
from desk.actions.statements import RECONCILE, plan_reconcile
from desk.domain.payout import Heard
from desk.ports import StatementLine, Word
from desk.store.engines import is_sqlite, sqlite_path
from desk.worker.jobs import HANDLERS, Means
from tests.builders import open_house
from tests.till import Till

OPEN = "SELECT state, query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"


class Watching:
    """A gateway that looks at the desk's database from outside whenever it is called."""

    def __init__(self, database: str, word: str) -> None:
        self.database, self.word, self.called = database, Heard(word), list[str]()

    def look(self, what: str) -> None:
        """Nobody has begun to write and not ended; a writer need not wait for anybody."""
        self.called.append(what)
        if is_sqlite(self.database):
            with closing(sqlite3.connect(sqlite_path(self.database), timeout=0, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                other.execute("ROLLBACK")
            return
        address = make_url(self.database).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as other:
            assert other.execute(OPEN).fetchall() == []

    async def pay(self, _order: Any) -> Word:  # noqa: ANN401 - a PayOrder
        self.look("pay")
        return Word(self.word, "gw-1")

    async def find(self, _order: Any) -> Word:  # noqa: ANN401 - a PayOrder
        self.look("find")
        return Word(Heard.SETTLED, "gw-1")

    async def statement(self, _day: date) -> list[StatementLine]:
        self.look("statement")
        return []


async def test_nothing_is_open_while_the_gateway_is_called(database: str) -> None:
    gateway = Watching(database, "unclear")
    async with open_house(database) as house:
        till, means = Till(house), Means(house.desk, gateway, lambda: Checked(0, ()))
        payout_id = await till.brought_to("sending")
        await HANDLERS[SEND](means, await till.lease(SEND))
        assert (await till.payout(payout_id)).state == "unknown"
        house.clock.go(seconds=5)
        await HANDLERS[QUERY](means, await till.lease(QUERY))
        assert (await till.payout(payout_id)).state == "settled"
        house.clock.go(days=1)
        await house.desk.write(plan_reconcile)
        await HANDLERS[RECONCILE](means, await till.lease(RECONCILE))
    assert gateway.called == ["pay", "find", "statement"]
