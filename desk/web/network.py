"""Where a request comes from. Believes `X-Forwarded-For` only as far as the proxies that the operator named wrote it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]

UNKNOWN = "unknown"
_GROUP = 64
_MOST_HOPS = 32


def network_of(scope: Scope, trusted_proxies: Networks | None = None) -> str:
    """The network a client is counted under: an IPv4 address, or the /64 that one IPv6 household shares.

    Without `trusted_proxies`, those the running application was told.
    """
    known = scope["app"].state.options.trusted_proxies if trusted_proxies is None else trusted_proxies
    address = address_of(scope, known)
    if isinstance(address, IPv6Address):
        return str(ip_network((address, _GROUP), strict=False))
    return str(address) if address else UNKNOWN


def address_of(scope: Scope, trusted_proxies: Networks) -> Address | None:
    """The client's address: the peer, or right to left the first hop that no trusted proxy stands for.

    A hop that cannot be read ends the search: what lies left of it was written by nobody we know.
    """
    address = _peer(scope)
    for hop in _hops(scope) if address and trusts(address, trusted_proxies) else ():
        named = _read(hop)
        if named is None:
            break
        address = named
        if not trusts(address, trusted_proxies):
            break
    return address


def from_trusted_proxy(scope: Scope, trusted_proxies: Networks) -> bool:
    """Whether the peer itself is a proxy that the operator named."""
    peer = _peer(scope) if trusted_proxies else None
    return peer is not None and trusts(peer, trusted_proxies)


def is_internal(scope: Scope, trusted_proxies: Networks) -> bool:
    """Whether the request began on this machine or on a trusted one, and was not handed on by somebody else's proxy."""
    address = address_of(scope, trusted_proxies)
    if address is None or (_forwarded(scope) and not from_trusted_proxy(scope, trusted_proxies)):
        return False
    return address.is_loopback or trusts(address, trusted_proxies)


def trusts(address: Address, trusted_proxies: Networks) -> bool:
    """Whether an address is among the trusted networks."""
    return any(address in network for network in trusted_proxies)


def _peer(scope: Scope) -> Address | None:
    client = scope.get("client")
    return _read(client[0]) if client else None


def _hops(scope: Scope) -> list[str]:
    """The hops of all `X-Forwarded-For` lines, nearest first."""
    lines = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    return [hop.strip() for hop in reversed(",".join(lines).split(","))][:_MOST_HOPS] if lines else []


def _forwarded(scope: Scope) -> bool:
    return any(name in (b"x-forwarded-for", b"forwarded", b"via", b"x-real-ip") for name, _ in scope["headers"])


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    """An address as proxies write it: bare, `[v6]`, `[v6]:port`, `v4:port`."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
