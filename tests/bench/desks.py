"""A desk to load: seeded, served, some claims lodged, its yardstick's database beside it. Measures nothing."""

import json
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

import httpx

from desk.store.engines import plain_engine
from tests.bench import raw_sqlite
from tests.bench.asked import LODGE, STATUS, Target, lodge_request, lodging, queue_request, status_request
from tests.bench.paying import Payment, captured
from tests.bench.rows import Added, added, counts, stored
from tests.gate.places import Place
from tests.postgres import PgServer
from tests.processes import Served, environment, run, serving


@dataclass(frozen=True)
class LoadedDesk:
    """A running desk, the copy of its database that the yardstick fills, and what one lodging and one payment wrote."""

    served: Served
    place: Place
    yard: str
    rows: list[Added]
    payment: Payment

    @property
    def folder(self) -> Path:
        """Where the desk keeps its files."""
        return self.place.data

    @property
    def token(self) -> str:
        """An intake officer's."""
        return self.place.token()

    def claims(self) -> int:
        """How many claims are stored."""
        return counts(self.place.database)["claim"]

    def lodging(self) -> Target:
        """Where and how claims are lodged."""
        return self._target(LODGE, lodge_request(self.token))

    def status(self, tokens: list[str]) -> Target:
        """Where and how claims are followed, a token at random each time."""
        file = self.folder / "tokens"
        file.write_text("\n".join(tokens))
        return self._target(STATUS, status_request(), file)

    def queue(self) -> Target:
        """Where and how the queue is opened."""
        return self._target("queue", queue_request(self.token))

    def lodge(self, number: int) -> list[str]:
        """Lodge so many claims and return their visitors' tokens."""
        with httpx.Client(base_url=self.served.url, trust_env=False) as client:
            return [lodged(client, self.token, 100 + place)["status_url"].split("/s/")[1] for place in range(number)]

    def read_all(self, tokens: list[str]) -> float:
        """Read the status of each claim once, one after another; returns the mean in milliseconds."""
        with httpx.Client(base_url=self.served.url, trust_env=False) as client:
            began = perf_counter()
            for token in tokens:
                client.post(STATUS, json={"token": token}).raise_for_status()
            return (perf_counter() - began) / len(tokens) * 1000

    def shown(self, token: str) -> bytes:
        """The status of a claim."""
        return httpx.post(f"{self.served.url}{STATUS}", json={"token": token}, trust_env=False).raise_for_status().content

    def _target(self, path: str, request: bytes, tokens: Path | None = None) -> Target:
        file = self.folder / f"{path.rpartition('/')[2]}.http"
        file.write_bytes(request)
        address = urlsplit(self.served.url)
        return Target(str(address.hostname), address.port or 80, file, tokens)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[LoadedDesk]:
    """A desk on a file."""
    folder.mkdir(parents=True, exist_ok=True)
    place = _seeded(folder, f"sqlite:///{folder / 'desk.db'}")
    wrote = _captured(place)
    yard = raw_sqlite.copy(place.file, folder / "yard.db")
    with _served(place) as served:
        yield LoadedDesk(served, place, f"sqlite:///{yard}", *wrote)


@contextmanager
def on_postgres(folder: Path, server: PgServer, name: str = "bench", workers: int = 1) -> Iterator[LoadedDesk]:
    """A desk on a server, with so many web processes."""
    place = _seeded(folder, server.create_database(f"{name}_desk"))
    wrote = _captured(place)
    yard = server.create_database(f"{name}_yard", template=f"{name}_desk")
    try:
        with _served(place, "--workers", str(workers)) as served:
            yield LoadedDesk(served, place, yard, *wrote)
    finally:
        server.drop_database(f"{name}_yard")
        server.drop_database(f"{name}_desk")


def lodged(client: httpx.Client, token: str, amount: int) -> dict[str, str]:
    """Lodge one claim, as the load does."""
    body = json.dumps(lodging(), ensure_ascii=False).replace("@SUM@", f"{amount}.00")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": os.urandom(16).hex(), "Content-Type": "application/json"}
    answer = client.post(LODGE, content=body.encode(), headers=headers)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    found: dict[str, str] = answer.json()
    return found


def durability(database: str) -> str:
    """What a server says of its own flushing."""
    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes")
    engine = plain_engine(database)
    with engine.connect() as conn:
        told = [f"{name} {conn.exec_driver_sql(f'SHOW {name}').scalar_one()}" for name in names]
    engine.dispose()
    return ", ".join(told)


def _seeded(folder: Path, database: str) -> Place:
    done = run("seed", "--json", env=environment(folder, database))
    assert done.returncode == 0, done.stderr
    return Place(folder, database, json.loads(done.stdout)["officers"])


def _served(place: Place, *options: str) -> AbstractContextManager[Served]:
    return serving(place.data, place.database, "--no-worker", *options)


def _captured(place: Place) -> tuple[list[Added], Payment]:
    """What one lodging and one payment wrote, before anybody loads the desk: its yard is copied while it is not served."""
    with _served(place) as served:
        return _one_lodging(served, place), captured(place, served.url)


def _one_lodging(served: Served, place: Place) -> list[Added]:
    """What the second claim wrote: the first may leave things behind that later ones find."""
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        lodged(client, place.token(), 1_000_001)
        before = stored(place.database)
        lodged(client, place.token(), 1_000_002)
    return added(before, stored(place.database))
