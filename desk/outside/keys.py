"""Keys that live outside the database: made once with mode 0600, never printed, never stored with what they protect."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

MASTER = "master.key"
PEPPER = "pepper.key"
_BYTES = 32


class KeyTrouble(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """A key file cannot be used; the message says which and what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """The master key that wraps every person's key, and the pepper from which codes and keyed hashes are derived."""

    master: bytes
    pepper: bytes

    @property
    def master_id(self) -> str:
        """Names the master key without telling it."""
        return name_of(self.master)

    @property
    def pepper_id(self) -> str:
        """Names the pepper without telling it."""
        return name_of(self.pepper)


def name_of(key: bytes) -> str:
    """Sixteen hexadecimal digits that follow from a key and lead nowhere back."""
    return hashlib.sha256(b"desk key name:" + key).hexdigest()[:16]


def load_keys(folder: Path) -> Keys:
    """Read both keys, making those that are missing. Raises KeyTrouble for a file that others can read or that is damaged."""
    folder.mkdir(parents=True, exist_ok=True)
    return Keys(_load(folder / MASTER), _load(folder / PEPPER))


def _load(path: Path) -> bytes:
    if not path.exists():
        _make(path)
    if path.stat().st_mode & 0o077:
        msg = f"{path} can be read by others: chmod 600 it"
        raise KeyTrouble(msg)
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        msg = f"{path} is damaged: put it back from the backup of your keys"
        raise KeyTrouble(msg)
    return key


def _make(path: Path) -> None:
    """Write a new key aside and link it into place, so that two processes starting at once agree on one."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(aside, path)
    except FileExistsError:
        pass
    finally:
        aside.unlink()
