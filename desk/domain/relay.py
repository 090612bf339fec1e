"""Where messages leave the desk: addresses of a mail server, a hook, a partner's system, read and judged. Calls nobody."""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import unquote, urlsplit

MAILBOX = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)*[A-Za-z0-9-]{1,63}"
"""A bare address that is fit for a header and an envelope: no spaces, no brackets, no second address."""

_PORTS = {"smtp": 587, "smtps": 465}
_NAT64 = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NAME = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.ASCII)
_INSIDE = frozenset({"localhost", "local", "internal", "lan", "home", "arpa"})
"""Last parts of names that nobody outside can have."""


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server: `tls_at_once` for smtps, else TLS is asked for once connected, but not on this very machine."""

    host: str
    port: int
    tls_at_once: bool
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def on_this_machine(self) -> bool:
        """Whether nothing leaves the machine on the way to it."""
        return is_loopback(self.host)


def read_relay(url: str) -> Relay:
    """The server that `smtp://user:password@host:port` or `smtps://…` names. Raises ValueError, which repeats nothing of it."""
    msg = "must be an address like smtps://user:password@mail.example, or smtp://… for STARTTLS"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(msg) from None
    rest = parts.path.rstrip("/") or parts.query or parts.fragment
    if parts.scheme not in _PORTS or not parts.hostname or rest or port == 0 or (parts.password and not parts.username):
        raise ValueError(msg)
    user, password = (unquote(part) if part else None for part in (parts.username, parts.password))
    return Relay(parts.hostname, port or _PORTS[parts.scheme], parts.scheme == "smtps", user, password)


def is_mailbox(text: str) -> bool:
    """Whether a text is one bare e-mail address."""
    return re.fullmatch(MAILBOX, text) is not None


def is_named_exactly(host: str) -> bool:
    """Whether a host is an address itself and no name that somebody else could let stand for another one."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost"
    return True


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def is_safe_hook(url: str) -> bool:
    """Whether phone numbers may travel there: under TLS, or to an address inside that the operator named exactly."""
    parts = urlsplit(url)
    if parts.scheme == "https":
        return True
    host = parts.hostname or ""
    return is_loopback(host) or (is_named_exactly(host) and ip_address(host).is_private)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is anybody's to call, also where it is one of another kind in disguise."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inside is not None:
            return is_public(inside)
        # What lies outside of it is nobody's yet, or a way of writing an address of another kind, some unknown to `is_global`.
        if address not in _GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast


def is_fit_for_partner(url: str, *, on_loopback: bool) -> bool:
    """Whether a partner's system may be called there: https to a public host; `on_loopback` also anything on this machine.

    A name that only looks public is found out when it is resolved, at each call. Source: RELIABILITY I41.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        return False
    if not (url.isascii() and url.isprintable()) or " " in url or not host or port == 0 or parts.fragment or "@" in parts.netloc:
        return False
    if on_loopback and is_loopback(host):
        return parts.scheme in ("http", "https")
    if parts.scheme != "https":
        return False
    try:
        return is_public(ip_address(host))
    except ValueError:
        return _NAME.fullmatch(host) is not None and host.rpartition(".")[2] not in _INSIDE


def host_of(url: str | None) -> str | None:
    """The host of an address, with its port: the rest of one may be a secret of its owner's."""
    return urlsplit(url).netloc if url else None
