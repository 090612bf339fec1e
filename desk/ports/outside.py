"""What lies outside, as protocols: clock, lots, keys, rule packs, calendar. Implemented in `outside` and `packs`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from desk.domain.calendar import WorkingCalendar
from desk.domain.evidence import FileKind
from desk.domain.pack import RulePack


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

    def file_id(self) -> str:
        """A new name for a file: 128 random bits in 32 hexadecimal digits."""
        ...


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

    def seal_file(self, claim_id: int, person: SealedPerson, name: str, content: bytes) -> bytes:
        """Seal a file under the person's key, bound to the claim and to its name: it is erased with that key."""
        ...

    def open_file(self, claim_id: int, person: SealedPerson, name: str, sealed: bytes) -> bytes:
        """A file's content. Raises ValueError when key, claim or name are not those it was sealed under."""
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
class Developed:
    """What a look into a file found: a picture's pixels or a PDF's pages, and a picture's copy to show, as JPEG."""

    width: int | None
    height: int | None
    pages: int | None
    copy: bytes | None


class Darkroom(Protocol):
    """Looks into files that strangers sent. Blocks for as long as that takes: never call it in the event loop."""

    def develop(self, original: bytes, kind: FileKind) -> Developed:
        """Size or pages of a file, and the copy to show. Raises BadInput for one that cannot be read, or is beyond a limit."""
        ...


class Files(Protocol):
    """Where sealed files lie, outside the database. Names are the desk's own; every call may block."""

    def keep(self, name: str, content: bytes) -> None:
        """Store under a new name, on the disk itself before this returns. Raises StorageFull; then nothing is left."""
        ...

    def fetch(self, name: str) -> bytes:
        """What was stored. Raises FileNotFoundError."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes stored under a name, None when it is not there."""
        ...

    def drop(self, name: str) -> None:
        """Delete; twice is no trouble."""
        ...

    def untouched(self, seconds: float, since: datetime) -> list[str]:
        """Names whose files were last written longer ago than `seconds`, but not before `since`, in order."""
        ...
