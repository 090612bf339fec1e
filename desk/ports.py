"""What lies outside, as protocols, and the doors through which everything reaches the database.

Holds no implementation: `outside` keeps the clocks, lots and keys, `store` keeps the doors, `wiring` joins them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection

from desk.domain.calendar import WorkingCalendar
from desk.domain.pack import RulePack
from desk.domain.payout import Heard

P = ParamSpec("P")
T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")
Q = TypeVar("Q")
A = TypeVar("A")
R = TypeVar("R")

Row = dict[str, Any]
Rows = Mapping[str, Sequence[Row]]


class Clock(Protocol):
    """The wall clock, in UTC."""

    def now(self) -> datetime:
        """The time, aware, in UTC, to the microsecond."""
        ...

    def machine_now(self) -> datetime:
        """The machine's own time, which no test has moved: what other machines sign their messages with. UTC."""
        ...


class Lots(Protocol):
    """Randomness from the operating system."""

    def number(self) -> int:
        """A new row id: 63 bits, rising with time, never given twice."""
        ...

    def reference(self) -> str:
        """A new claim reference with its check character."""
        ...

    def token(self) -> str:
        """A new officer's token, prefixed `desk_`, at least 160 random bits."""
        ...

    def password(self) -> str:
        """A new password that a person can type, at least 80 random bits."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request that must take effect once: its actor, route and key, and the fingerprint of its body."""

    actor: str
    route: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True)
class SealedPerson:
    """A person's fields as ciphertext under a key of their own, and that key wrapped by the master key `key_id`.

    `commitment` binds the plain fields to the audit chain by a salt that is sealed with them: without the person's key
    it says nothing. Source: SPEC 8, RELIABILITY I24 and I35.
    """

    wrapped_key: bytes
    key_id: str
    sealed: bytes
    commitment: str


class Sealer(Protocol):
    """Keys that never enter the database: sealing personal fields, deriving codes, keyed hashes, passwords."""

    @property
    def key_id(self) -> str:
        """Names the master key in use."""
        ...

    @property
    def pepper_id(self) -> str:
        """Names the pepper in use."""
        ...

    def seal(self, claim_id: int, fields: Mapping[str, str | None]) -> SealedPerson:
        """Seal a person's fields under a new key, with the claim as associated data."""
        ...

    def reseal(self, claim_id: int, person: SealedPerson, fields: Mapping[str, str | None]) -> SealedPerson:
        """Seal other fields under the person's same key, with a new salt and commitment."""
        ...

    def open(self, claim_id: int, person: SealedPerson) -> dict[str, str | None]:
        """The plain fields. Raises ValueError when the key or the claim is not the one they were sealed under."""
        ...

    def commitment(self, claim_id: int, person: SealedPerson) -> str:
        """The commitment recomputed from what is sealed; equal to the chained one unless something was changed."""
        ...

    def access_code(self, claim_id: int, generation: int) -> str:
        """Eight digits, derived; raising the generation makes the old code worthless."""
        ...

    def visit_token(self, reference: str, claim_id: int, generation: int) -> str:
        """The QR token: the reference and 128 derived bits."""
        ...

    def tag(self, purpose: str, text: str) -> bytes:
        """A keyed hash, 16 bytes, so that equal texts can be found without being stored."""
        ...

    def password_hash(self, password: str) -> str:
        """A slow hash of a password (Argon2id)."""
        ...

    def password_matches(self, password: str, password_hash: str | None) -> bool:
        """Whether a password has this hash. Without one it takes as long and is False."""
        ...

    def new_factor(self) -> str:
        """A new secret for a second factor (TOTP), 160 bits in base 32."""
        ...

    def seal_secret(self, purpose: str, plain: str) -> bytes:
        """Seal a secret of the desk's own under the master key, bound to its purpose."""
        ...

    def open_secret(self, purpose: str, sealed: bytes) -> str:
        """The secret again. Raises ValueError when it was sealed under another key or for another purpose."""
        ...


class RuleBook(Protocol):
    """The rule packs shipped with the desk."""

    def for_claim(self, received_on: date, overlay: str | None) -> RulePack:
        """The pack in force on that day at the site, with the site's overlay."""
        ...

    def by_version(self, version: str) -> RulePack:
        """The pack a claim was pinned to. Raises KeyError for an unknown version."""
        ...


class Shelf(Protocol):
    """Holds the working-day calendar as it stands in the database now."""

    @property
    def calendar(self) -> WorkingCalendar:
        """The calendar last read."""
        ...


@dataclass(frozen=True, slots=True)
class PayOrder:
    """What a gateway is told to pay: the payout's key, the amount in minor units, whom, and a line for the statement."""

    key: str
    amount_minor: int
    currency: str
    payee: Mapping[str, str | None]
    memo: str


@dataclass(frozen=True, slots=True)
class Word:
    """What a gateway said, or that it said nothing one can rely on. `why` is a code for the log and holds no value of theirs."""

    heard: Heard
    gateway_id: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One payment that the gateway says it made; `at` is UTC."""

    key: str
    gateway_id: str
    amount_minor: int
    currency: str
    at: datetime


class Gateway(Protocol):
    """Who moves money for the desk. Never called while a transaction is open."""

    async def pay(self, order: PayOrder) -> Word:
        """Ask for a payment under its key. Whatever goes wrong is a Word too: NEVER_LEFT when nothing was sent, else UNCLEAR."""
        ...

    async def find(self, key: str) -> Word:
        """Ask what became of a key: the gateway's word, NEVER_SEEN, or UNCLEAR."""
        ...

    async def statement(self, day: date) -> list[StatementLine]:
        """Every payment of a UTC day. Raises OSError when the gateway cannot be reached or makes no sense."""
        ...


@dataclass(frozen=True, slots=True)
class GatewayTerms:
    """What the desk must know of its gateway beforehand: whether it pays a repeated key only once, and the webhooks' secret."""

    honours_keys: bool
    secret: bytes


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything an action may use beside the database. `public_url` has no trailing slash; `gateway` is None without one."""

    clock: Clock
    lots: Lots
    sealer: Sealer
    packs: RuleBook
    shelf: Shelf
    public_url: str
    gateway: GatewayTerms | None = None


@dataclass(frozen=True, slots=True)
class Work:
    """One unit of work: a transaction, the one instant at which it happens, and the kit."""

    conn: Connection
    now: datetime
    kit: Kit


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
    def writes(self) -> int:
        """A number that differs once this process has run an action; what a reader keeps is stale then.

        On SQLite it differs after any commit of any process as well.
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
