"""What the edge is told when it is made. Reads no environment: wiring fills it from the settings."""

import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network
from typing import Literal

from desk.domain.session import ABSOLUTE, IDLE

JSON_BYTES = 256 * 1024
"""How long a body may be. Source: SPEC 8."""

UPLOAD_BYTES = 16 * 1024 * 1024
"""How long a body may be that brings a file of at most 15 MB, its other fields included."""

UPLOAD_BY_CODE = "/api/v1/status/evidence"
"""The one address for files where the key is in the form itself."""

UPLOADS = re.compile(r"/api/v1/claims/[^/]+/evidence|/api/v1/status/evidence|/desk/claims/[^/]+/evidence|/status/add_evidence")
"""The paths that take files."""


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`expected_schema` is the newest revision this program knows; `body_caps` are (path prefix, bytes), first match wins.

    A file may take `upload_seconds` to arrive, 2 Mbit/s for the largest; `uploads_at_once` of them may be held in memory.
    """

    public_url: str
    expected_schema: str
    environment: Literal["development", "demo", "production"] = "development"
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    body_bytes: int = JSON_BYTES
    body_seconds: float = 10.0
    body_caps: tuple[tuple[str, int], ...] = ()
    upload_seconds: float = 60.0
    uploads_at_once: int = 16

    @property
    def secure(self) -> bool:
        """Whether visitors come by https."""
        return self.public_url.startswith("https://")

    @property
    def in_production(self) -> bool:
        """Whether what is only for trying things out must be refused."""
        return self.environment == "production"

    @property
    def is_demo(self) -> bool:
        """Whether everybody may sit down in every seat."""
        return self.environment == "demo"

    @property
    def session_idle(self) -> timedelta:
        """How long a session lasts without a request. A demo's clock runs away with half an hour in half a minute."""
        return ABSOLUTE if self.is_demo else IDLE
