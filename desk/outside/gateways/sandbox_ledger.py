"""The sandbox's own books: what was asked of it and what it paid, in a SQLite file that outlives kill -9. Holds no payee."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

_SCHEMA = """
CREATE TABLE IF NOT EXISTS asked (key TEXT PRIMARY KEY, times INTEGER NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS payment (
  gateway_id TEXT PRIMARY KEY,
  key TEXT NOT NULL REFERENCES asked,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('settled', 'awaiting_visitor', 'failed', 'returned')),
  at TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS payment_key ON payment (key);
"""
_PAYMENT = "SELECT key, gateway_id, amount_minor, currency, state, at, times FROM payment JOIN asked USING (key)"


class Payment(NamedTuple):
    """One payment; `at` is when it came into its state, RFC 3339 in UTC; `times_asked` counts its key."""

    key: str
    gateway_id: str
    amount_minor: int
    currency: str
    state: str
    at: str
    times_asked: int


class OtherAmount(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The key was used for another amount."""


def wall_clock() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """The books; every entry is on the disk before the method returns."""

    def __init__(self, file: Path, clock: Callable[[], datetime] = wall_clock) -> None:
        self._clock = clock
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._conn = sqlite3.connect(file, isolation_level=None)
        self._conn.execute("PRAGMA journal_mode = WAL")
        self._conn.execute("PRAGMA synchronous = FULL")
        self._conn.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._conn.close()

    def now(self) -> str:
        """This moment by the gateway's own clock, RFC 3339 in UTC."""
        return self._clock().isoformat().replace("+00:00", "Z")

    def note(self, key: str) -> None:
        """Count that the key was asked for, whether or not it will be paid."""
        self._conn.execute("INSERT INTO asked VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET times = times + 1", (key,))

    def pay(self, wanted: Payment, *, again: bool = False) -> tuple[Payment, bool]:
        """The payment of a noted key, and whether it is new: made once for ever, or `again` each time.

        Raises OtherAmount when the key was paid with another one.
        """
        with self._writing():
            made = None if again else self.find(wanted.key)
            if made is None:
                self._conn.execute("INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?)", _row(wanted))
                return self._one("WHERE gateway_id = ?", wanted.gateway_id), True
        if (made.amount_minor, made.currency) != (wanted.amount_minor, wanted.currency):
            raise OtherAmount
        return made, False

    def find(self, key: str) -> Payment | None:
        """The newest payment under the key."""
        return next(self._some("WHERE key = ? ORDER BY payment.rowid DESC", key), None)

    def collect(self, key: str, state: str) -> Payment | None:
        """Move what awaits the visitor under the key to `state`; None where nothing awaits them."""
        changed = self._conn.execute(
            "UPDATE payment SET state = ?, at = ? WHERE key = ? AND state = 'awaiting_visitor'", (state, self.now(), key)
        )
        return self.find(key) if changed.rowcount else None

    def send_back(self, key: str) -> Payment | None:
        """Let the bank return what was settled under the key; None where nothing was. Its day on the statement stays."""
        changed = self._conn.execute("UPDATE payment SET state = 'returned' WHERE key = ? AND state = 'settled'", (key,))
        return self.find(key) if changed.rowcount else None

    def settled_on(self, day: date) -> list[Payment]:
        """What was settled on a UTC day, returned since or not, in the order in which it was begun."""
        paid = "WHERE state IN ('settled', 'returned') AND substr(at, 1, 10) = ? ORDER BY payment.rowid"
        return list(self._some(paid, day.isoformat()))

    def payments(self) -> list[Payment]:
        """Everything ever paid or refused."""
        return list(self._some("ORDER BY payment.rowid"))

    def asked(self) -> dict[str, int]:
        """Every key that was ever asked for, and how often."""
        with closing(self._conn.execute("SELECT key, times FROM asked ORDER BY rowid")) as rows:
            return dict(rows)

    def _one(self, where: str, value: str) -> Payment:
        return next(self._some(where, value))

    def _some(self, where: str, *values: str) -> Iterator[Payment]:
        with closing(self._conn.execute(f"{_PAYMENT} {where}", values)) as rows:
            yield from map(Payment._make, rows.fetchall())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")


def _row(payment: Payment) -> tuple[str, str, int, str, str, str]:
    return payment.gateway_id, payment.key, payment.amount_minor, payment.currency, payment.state, payment.at
