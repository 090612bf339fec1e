"""How uvicorn must be set up for this application. Starts nothing."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from desk.web.slow_senders import PatientOnce

KEEP_ALIVE_SECONDS = 15
GRACEFUL_SECONDS = 10
WORKER_SILENT_SECONDS = 60

SERVER: Mapping[str, Any] = MappingProxyType(
    {
        "http": PatientOnce,
        "ws": "none",
        # `network` reads the proxies' headers itself, and believes only the proxies that the operator named.
        "proxy_headers": False,
        "server_header": False,
        # The access log would hold paths, and a path may hold a visitor's token.
        "access_log": False,
        "log_config": None,
        "timeout_keep_alive": KEEP_ALIVE_SECONDS,
        "timeout_graceful_shutdown": GRACEFUL_SECONDS,
        # A worker that is still importing answers no health check: after 5 s, a busy machine would kill its workers for ever.
        "timeout_worker_healthcheck": WORKER_SILENT_SECONDS,
    }
)
"""Keyword arguments for `uvicorn.Config` and `uvicorn.run`."""
