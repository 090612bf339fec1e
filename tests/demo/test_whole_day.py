"""A whole day of the demo through the shipped processes, counted from the other side: bare SQL and the gateway's own books."""

import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desk.demo.day import plan
from tests.demo.test_demo import of_this_test
from tests.processes import Served, environment, free_port, started
from tests.worker.test_processes import eventually

pytestmark = pytest.mark.slow

SEED, PATIENCE = 7, 180.0

CLAIMS = """SELECT category, channel, language, spot, facts, injury, people, route, state, outcome, decided_minor
    FROM claim ORDER BY lodged_at"""
PAYOUTS = """SELECT claim.facts, payout.method, payout.amount_minor, payout.state, payout.review, payout.unknown_since IS NOT NULL
    FROM payout JOIN claim ON claim.id = payout.claim_id ORDER BY payout.proposed_at"""
CHAINS = """SELECT claim.lodged_at, event.seq, event.kind, event.step, event.role
    FROM event JOIN claim ON event.subject = 'claim:' || claim.id
    WHERE event.kind NOT IN ('clock_breached') ORDER BY claim.lodged_at, event.seq"""
POSTED = """SELECT kind, sum(amount_minor), count(*) FROM fund_posting JOIN fund_entry ON fund_entry.id = fund_posting.entry_id
    GROUP BY kind ORDER BY kind"""


@dataclass(frozen=True)
class Books:
    """The two sides of a day: the desk's database and the gateway's own ledger."""

    folder: Path

    def rows(self, query: str, file: str = "desk.db") -> list[Any]:
        """What a connection of its own reads."""
        with closing(sqlite3.connect(f"file:{self.folder / file}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def story(self) -> list[Any]:
        """All that must be the same when the same day comes again; lots and moments are not."""
        chains = [(kind, step, role) for _, _, kind, step, role in self.rows(CHAINS)]
        return [self.rows(CLAIMS), self.rows(PAYOUTS), chains, self.rows(POSTED)]


@contextmanager
def lived(folder: Path) -> Iterator[tuple[Served, Books]]:
    """A day of the seed at top speed, over and its desk still open."""
    temporary = folder / "temporary"
    temporary.mkdir(parents=True)
    env = {**environment(folder), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
    arguments = ("demo", "--port", str(free_port()), "--speed", "3600", "--seed", str(SEED))
    with started(folder, *arguments, url="", env=env, afresh=True) as demo:
        assert eventually(lambda: "Time goes on" in demo.output or demo.process.poll() is not None, PATIENCE), demo.output
        assert demo.process.poll() is None, demo.output
        yield demo, Books(next(temporary.iterdir()))
        os.kill(demo.process.pid, signal.SIGTERM)
        assert demo.process.wait(20) == 0
        assert list(temporary.iterdir()) == []
        assert of_this_test(folder) == {}


def test_a_day_adds_up_on_both_sides_and_comes_again_from_the_same_seed(tmp_path: Path) -> None:
    with lived(tmp_path / "first") as (demo, books):
        _every_act_was_done(demo, books)
        _both_sides_agree(demo, books)
        first = books.story()
    with lived(tmp_path / "second") as (_, books):
        assert books.story() == first


def test_a_process_that_dies_is_told_with_its_last_words_and_the_others_end_with_it(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    env = {**environment(tmp_path), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
    with started(tmp_path, "demo", "--port", str(free_port()), url="", env=env, afresh=True) as demo:
        assert eventually(lambda: "The gates open" in demo.output or demo.process.poll() is not None, PATIENCE), demo.output
        os.kill(next(pid for pid, said in of_this_test(tmp_path).items() if "gateway-sandbox" in said), signal.SIGKILL)
        assert demo.process.wait(20) == 6
        assert "`desk gateway-sandbox` ended with -9" in demo.output
        assert list(temporary.iterdir()) == []
        assert of_this_test(tmp_path) == {}


def _every_act_was_done(demo: Served, books: Books) -> None:
    day = plan(SEED)
    assert len(books.rows(CLAIMS)) == len(day.claims)
    assert "Somebody in a seat was faster" not in demo.output
    assert re.search(r"desk verify: all \d+ checks hold", demo.output), demo.output
    notices = books.rows("SELECT kind FROM notice")
    assert ("fund_short",) in notices
    silent = books.rows("SELECT count(*) FROM clock WHERE kind = 'fast_payment' AND stopped_at > due_at")
    assert silent == [(1,)]


def _both_sides_agree(demo: Served, books: Books) -> None:
    """Each payout is paid at most once, the unknown one was settled once, the sums are equal, on the day itself."""
    settled = books.rows("SELECT key, amount_minor, method FROM payout WHERE state = 'settled'")
    by_gateway = {(key, amount) for key, amount, method in settled if method != "cash"}
    ledger = books.rows("SELECT key, amount_minor, state, at FROM payment", "gateway.db")
    assert Counter(key for key, *_ in ledger).most_common(1)[0][1] == 1
    assert {(key, amount) for key, amount, *_ in ledger} == by_gateway
    assert {(state, at[:10]) for *_, state, at in ledger} == {("settled", "2026-10-01")}
    assert {times for (times,) in books.rows("SELECT times FROM asked", "gateway.db")} == {1}
    assert len({method for *_, method in settled}) == 2

    unknown = books.rows("SELECT state, claim_id FROM payout WHERE unknown_since IS NOT NULL")
    assert [state for state, _ in unknown] == ["settled"]
    kinds = f"SELECT count(*) FROM event WHERE subject = 'claim:{unknown[0][1]}' AND data LIKE '%hear_settled%'"
    assert books.rows(kinds) == [(1,)]

    paid = sum(amount for _, amount, _ in settled)
    assert re.search(rf"paid +CNY {paid // 100:,}\.{paid % 100:02d}\n", demo.output)
    entries = (
        "SELECT sum(amount_minor) FROM fund_posting JOIN fund_entry ON fund_entry.id = entry_id WHERE kind = 'payout_settled'"
    )
    assert books.rows(entries) == [(paid,)]
