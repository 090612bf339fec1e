"""What `/metrics` counts about requests. Labels are a method, a route template and a status class, never a path.

With several workers each writes its counts into files of a folder that `share_between_workers` names, and whichever
worker is asked answers for all of them; a single worker counts in memory.
"""

import os
from collections.abc import Callable
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from desk.reads.readiness import Upkeep

REQUESTS = Counter("desk_http_requests", "Requests answered.", ("method", "route", "status"))
SECONDS = Histogram(
    "desk_http_request_seconds",
    "Time from the request's headers to the end of its answer.",
    ("method", "route"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
SLOW_SENDERS = Counter("desk_http_slow_senders", "Connections closed because a request did not arrive in time.", ("part",))

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SHARED = "PROMETHEUS_MULTIPROC_DIR"
_Seen = tuple[Callable[[], None], Callable[[float], None]]
_seen: dict[tuple[str, str, int], _Seen] = {}


def observe(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request; `route` is a template, `status` 0 where the client left before an answer."""
    kind = (method, route, status // 100)
    count, measure = _seen.get(kind) or _first(kind)
    count()
    measure(seconds)


def exposition() -> bytes:
    """Everything counted so far, as Prometheus reads it."""
    if _SHARED not in os.environ:
        return generate_latest()
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def worker_lines(found: Upkeep | None) -> bytes:
    """How the worker keeps up, as Prometheus reads it: the same whichever web process is asked, for the database tells it."""
    if found is None:
        return b""
    registry = CollectorRegistry()
    told = {
        "desk_queue_age_seconds": ("How long the oldest due job waits.", found.queue_seconds),
        "desk_jobs_set_aside": ("Jobs that a person must look at.", found.set_aside),
        "desk_verify_failing": ("Invariants that did not hold at the last hourly check.", len(found.failing)),
        "desk_verify_timestamp_seconds": ("When the last check ran.", found.checked_at.timestamp() if found.checked_at else 0),
    }
    for name, (what, value) in told.items():
        Gauge(name, what, registry=registry).set(value)
    return generate_latest(registry)


def share_between_workers(folder: Path) -> None:
    """Let the workers started from here count together in `folder`, emptied of what earlier ones left."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[_SHARED] = str(folder)


def _first(kind: tuple[str, str, int]) -> _Seen:
    """The counters of a kind of request not seen before; kinds are few, for routes and methods are."""
    method, route, hundreds = kind
    known = method if method in _METHODS else "other"
    status = f"{hundreds}xx" if hundreds else "none"
    counters = (REQUESTS.labels(known, route, status).inc, SECONDS.labels(known, route).observe)
    if known == method:
        _seen[kind] = counters
    return counters
