"""Sealing personal fields, deriving codes and keyed hashes. Stores nothing: what it returns is stored by others.

AES-256-GCM throughout; codes, tokens and tags are HMAC-SHA256 under the pepper, each with a purpose of its own.
"""

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from functools import cached_property

import pyotp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from desk.outside.keys import Keys
from desk.ports import SealedPerson

_SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True)
_NONCE = 12
_SALT = "salt"
CODE_DIGITS = 8
TOKEN_BYTES = 16


class AesSealer:
    """`ports.Sealer` with keys from two files."""

    def __init__(self, keys: Keys, passwords: Argon2Hasher | None = None) -> None:
        """`passwords` is slower than the default where a site wants it so, and cheaper in tests."""
        self._keys = keys
        self._master = AESGCM(keys.master)
        # Copied for each use: unlike `hmac.digest` that neither sets the key up again nor lets go of the interpreter.
        self._peppered = hmac.new(keys.pepper, digestmod=hashlib.sha256)
        self._passwords = PasswordHash((passwords or Argon2Hasher(),))

    @property
    def key_id(self) -> str:
        """Names the master key in use."""
        return self._keys.master_id

    @property
    def pepper_id(self) -> str:
        """Names the pepper in use."""
        return self._keys.pepper_id

    def seal(self, claim_id: int, fields: Mapping[str, str | None]) -> SealedPerson:
        """Seal a person's fields under a new key, with the claim as associated data."""
        key = os.urandom(32)
        return self._sealed(claim_id, key, self._wrap(claim_id, key), fields)

    def reseal(self, claim_id: int, person: SealedPerson, fields: Mapping[str, str | None]) -> SealedPerson:
        """Seal other fields under the same key, with a new salt and commitment."""
        return self._sealed(claim_id, self._unwrap(claim_id, person), person.wrapped_key, fields)

    def open(self, claim_id: int, person: SealedPerson) -> dict[str, str | None]:
        """The plain fields. Raises ValueError when the key or the claim is not the one they were sealed under."""
        fields = self._opened(claim_id, person)
        return {name: value for name, value in fields.items() if name != _SALT}

    def commitment(self, claim_id: int, person: SealedPerson) -> str:
        """The commitment recomputed from what is sealed."""
        fields = self._opened(claim_id, person)
        return _commitment(claim_id, fields)

    def seal_file(self, claim_id: int, person: SealedPerson, name: str, content: bytes) -> bytes:
        """Seal a file under the person's key, with the claim and the file's name as associated data."""
        return _encrypt(AESGCM(self._unwrap(claim_id, person)), content, b"file:%d:%s" % (claim_id, name.encode()))

    def open_file(self, claim_id: int, person: SealedPerson, name: str, sealed: bytes) -> bytes:
        """A file's content. Raises ValueError when key, claim or name are not those it was sealed under."""
        return _decrypt(AESGCM(self._unwrap(claim_id, person)), sealed, b"file:%d:%s" % (claim_id, name.encode()))

    def access_code(self, claim_id: int, generation: int) -> str:
        """Eight digits; the bias of the remainder is below one in 10¹¹."""
        number = int.from_bytes(self._derive("code", f"{claim_id}:{generation}")[:8], "big")
        return str(number % 10**CODE_DIGITS).zfill(CODE_DIGITS)

    def visit_token(self, reference: str, claim_id: int, generation: int) -> str:
        """The reference and 128 derived bits, 32 characters that need no escaping in an address."""
        secret = self._derive("token", f"{claim_id}:{generation}")[:TOKEN_BYTES]
        return reference + base64.urlsafe_b64encode(secret).decode().rstrip("=")

    def tag(self, purpose: str, text: str) -> bytes:
        """A keyed hash of 16 bytes."""
        return self._derive(f"tag:{purpose}", text)[:16]

    def password_hash(self, password: str) -> str:
        """Argon2id; about a tenth of a second, so never on a hot path."""
        return self._passwords.hash(password)

    def password_matches(self, password: str, password_hash: str | None) -> bool:
        """Whether a password has this hash; as slow as `password_hash`, also where there is nothing to compare with."""
        try:
            right = self._passwords.verify(password, password_hash or self._nobody)
        except UnknownHashError:
            # Stored by hand, or by a desk to come: nobody signs in with it, and nothing breaks.
            return False
        return right and password_hash is not None

    def new_factor(self) -> str:
        """32 characters of base 32."""
        return pyotp.random_base32()

    def seal_secret(self, purpose: str, plain: str) -> bytes:
        """Seal a secret under the master key."""
        return _encrypt(self._master, plain.encode(), f"secret:{purpose}".encode())

    def open_secret(self, purpose: str, sealed: bytes) -> str:
        """The secret again."""
        return _decrypt(self._master, sealed, f"secret:{purpose}".encode()).decode()

    @cached_property
    def _nobody(self) -> str:
        """The hash of a password that nobody has."""
        return self._passwords.hash(os.urandom(16).hex())

    def _derive(self, purpose: str, text: str) -> bytes:
        keyed = self._peppered.copy()
        keyed.update(f"desk:{purpose}:{text}".encode())
        return keyed.digest()

    def _sealed(self, claim_id: int, key: bytes, wrapped: bytes, fields: Mapping[str, str | None]) -> SealedPerson:
        salted = {**fields, _SALT: os.urandom(16).hex()}
        plain = _SORTED.encode(salted).encode()
        return SealedPerson(
            wrapped, self.key_id, _encrypt(AESGCM(key), plain, b"person:%d" % claim_id), _commitment(claim_id, salted)
        )

    def _opened(self, claim_id: int, person: SealedPerson) -> dict[str, str | None]:
        plain = _decrypt(AESGCM(self._unwrap(claim_id, person)), person.sealed, b"person:%d" % claim_id)
        fields: dict[str, str | None] = json.loads(plain)
        return fields

    def _wrap(self, claim_id: int, key: bytes) -> bytes:
        return _encrypt(self._master, key, b"key:%d" % claim_id)

    def _unwrap(self, claim_id: int, person: SealedPerson) -> bytes:
        if person.key_id != self.key_id:
            msg = f"sealed under master key {person.key_id}, but {self.key_id} is in use"
            raise ValueError(msg)
        return _decrypt(self._master, person.wrapped_key, b"key:%d" % claim_id)


def _encrypt(cipher: AESGCM, plain: bytes, bound_to: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, bound_to)


def _decrypt(cipher: AESGCM, sealed: bytes, bound_to: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], bound_to)
    except InvalidTag as broken:
        msg = "the sealed text was changed, or sealed under another key or for another claim"
        raise ValueError(msg) from broken


def _commitment(claim_id: int, salted: Mapping[str, str | None]) -> str:
    form = _SORTED.encode([claim_id, dict(salted)])
    return hashlib.sha256(form.encode()).hexdigest()
