"""The PEM files with which a wallet's merchant signs and checks, read once at the start. Tells which, never what is in it."""

from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from desk.outside.keys import KeyTrouble


def text(path: Path) -> str:
    """What a file holds. Raises KeyTrouble."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        msg = f"{path} cannot be read: name a PEM file that the desk may read"
        raise KeyTrouble(msg) from None


def private_key(path: Path) -> rsa.RSAPrivateKey:
    """An RSA key without a password, in a file that nobody else can read. Raises KeyTrouble."""
    pem = text(path).encode()
    if path.stat().st_mode & 0o077:
        msg = f"{path} can be read by others: chmod 600 it"
        raise KeyTrouble(msg)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = f"{path} holds no RSA private key in PEM without a password"
        raise KeyTrouble(msg)
    return key


def public_key(path: Path) -> rsa.RSAPublicKey:
    """An RSA key, bare. Raises KeyTrouble."""
    try:
        key = load_pem_public_key(text(path).encode())
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        msg = f"{path} holds no RSA public key in PEM"
        raise KeyTrouble(msg)
    return key


def certified_key(path: Path) -> rsa.RSAPublicKey:
    """The RSA key of a certificate. Raises KeyTrouble."""
    try:
        key = x509.load_pem_x509_certificate(text(path).encode()).public_key()
    except ValueError:
        key = None
    if not isinstance(key, rsa.RSAPublicKey):
        msg = f"{path} holds no certificate of an RSA key in PEM"
        raise KeyTrouble(msg)
    return key


def signed(key: rsa.RSAPublicKey, signature: bytes, message: bytes) -> bool:
    """Whether this is the key's owner's signature: PKCS #1 v1.5 with SHA-256, as both wallets sign."""
    try:
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    except InvalidSignature:
        return False
    return True
