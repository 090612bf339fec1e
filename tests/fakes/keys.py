"""RSA keys and certificates for fake providers, made for the run and opening nothing. Written as the PEM files of a merchant."""

import base64
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID


@cache
def key(whose: str) -> rsa.RSAPrivateKey:
    """The key of one party, the same for the whole run."""
    assert whose
    return rsa.generate_private_key(public_exponent=65_537, key_size=2048)


def signed(whose: str, message: bytes) -> str:
    """A party's signature in base64."""
    return base64.b64encode(key(whose).sign(message, padding.PKCS1v15(), SHA256())).decode()


def is_signed(whose: str, signature: str, message: bytes) -> bool:
    """Whether a signature is this party's."""
    try:
        key(whose).public_key().verify(base64.b64decode(signature), message, padding.PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError):
        return False
    return True


def private_file(folder: Path, whose: str) -> Path:
    """A party's private key as it is handed to merchants."""
    pem = key(whose).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _written(folder / f"{whose}.key.pem", pem)


def public_file(folder: Path, whose: str) -> Path:
    """A party's public key."""
    pem = key(whose).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return _written(folder / f"{whose}.pub.pem", pem)


@dataclass(frozen=True)
class Certificate:
    """A certificate, and who issued it as the fake writes that."""

    pem: bytes
    issuer: str
    serial: int


@cache
def certificate(whose: str, by: str) -> Certificate:
    """A party's certificate, issued by another."""
    issuer = _name(by)
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(_name(whose)).issuer_name(issuer).public_key(key(whose).public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    made = builder.not_valid_after(now + timedelta(days=30)).sign(key(by), SHA256())
    parts = f"CN={by},OU=Certification Authority,O=Desk Tests,C=CN"
    return Certificate(made.public_bytes(Encoding.PEM), parts, made.serial_number)


def certificate_file(folder: Path, name: str, *certificates: Certificate) -> Path:
    """Certificates in one file, with an empty line between them."""
    return _written(folder / f"{name}.crt", b"\n".join(each.pem for each in certificates))


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Desk Tests"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Certification Authority"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _written(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
