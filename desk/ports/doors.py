"""The doors through which everything reaches the database, and what an action is handed there. Implemented in `store`."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from desk.domain.digest import TIMES
from desk.ports.courier import CourierTerms
from desk.ports.gateway import GatewayTerms
from desk.ports.outside import Clock, Darkroom, Files, Lots, RuleBook, Sealer, Shelf

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that must take effect once: its actor, route and key, and the fingerprint of its body."""

    actor: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything an action may use beside the database. `public_url` has no trailing slash.

    `gateway` and `courier` are None without one. `digest_times` are those of a site's day, none where digests are off.
    `on_loopback`: partners' systems may stand on this very machine.
    """

    clock: Clock
    lots: Lots
    sealer: Sealer
    packs: RuleBook
    shelf: Shelf
    public_url: str
    gateway: GatewayTerms | None = None
    courier: CourierTerms | None = None
    digest_times: tuple[time, ...] = TIMES
    on_loopback: bool = False
    files: Files = field(kw_only=True)
    darkroom: Darkroom = field(kw_only=True)


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of work: a transaction, the one instant at which it happens, and the kit.

    The insertions of a batch are one unit of work: `shared` holds what one of them worked out for this instant and all may use.
    """

    conn: Connection
    now: datetime
    kit: Kit
    shared: dict[Any, Any] = field(default_factory=dict, compare=False)


class LeaseLost(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """Another worker has taken the job over meanwhile: what this one did must not count."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in one worker's hands. `attempt` tells this lease from every other one of the job."""

    id: int
    kind: str
    payload: dict[str, Any]
    attempt: int
    failures: int


@dataclass(frozen=True, slots=True)
class Insertion(Generic[Q, A, R]):
    """What an action that only inserts asks first and then adds, so that the rows of many callers can share a statement.

    `ask` answers the questions of a whole batch in their order; `build` may refuse for its own caller alone and may
    be called again with fresh lots when two callers collided.
    """

    question: Q
    ask: Callable[[Connection, Sequence[Q]], Sequence[A]]
    build: Callable[[Work, A], tuple[Rows, R]]


class Desk(Protocol):
    """The doors. Every answer leaves after its commit."""

    @property
    def kit(self) -> Kit:
        """The kit that the doors hand to actions."""
        ...

    @property
    def writes(self) -> Hashable | None:
        """Differs once something was written: what a reader kept is stale then. None while nobody can tell: keep nothing.

        This process's own writes and, on SQLite, those of every process are seen at once; on PostgreSQL another's some
        milliseconds later, and two seconds later at most, for then it is None.
        """
        ...

    async def write(self, action: Callable[Concatenate[Work, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run one action in one transaction of its own."""
        ...

    async def append(self, insertion: Insertion[Any, Any, T]) -> T:
        """Run an inserting action together with others of its kind, under one commit."""
        ...

    async def read(self, query: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a read-only query; all its statements see one moment."""
        ...

    async def lookup(self, query: Callable[[Connection, Sequence[K]], Mapping[K, V]], key: K) -> V | None:
        """One key of a query that answers many; the lookups of one moment may share a statement."""
        ...
