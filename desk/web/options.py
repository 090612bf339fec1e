"""What the edge is told when it is made. Reads no environment: wiring fills it from the settings."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

JSON_BYTES = 256 * 1024
"""How long a body may be. Source: SPEC 8."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`expected_schema` is the newest revision this program knows; `body_caps` are (path prefix, bytes), first match wins."""

    public_url: str
    expected_schema: str
    environment: Literal["development", "production"] = "development"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    body_bytes: int = JSON_BYTES
    body_seconds: float = 10.0
    body_caps: tuple[tuple[str, int], ...] = ()

    @property
    def secure(self) -> bool:
        """Whether visitors come by https."""
        return self.public_url.startswith("https://")

    @property
    def in_production(self) -> bool:
        """Whether what is only for trying things out must be refused."""
        return self.environment == "production"
