"""What operators and their machines ask: is it alive, is it ready, what has it counted. Shows no secret and no claim."""

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from desk.domain.errors import DeskError, NotFound
from desk.ports import Desk
from desk.reads.readiness import Readiness, Upkeep, readiness, upkeep
from desk.web.metrics import exposition, worker_lines
from desk.web.network import is_internal
from desk.web.options import WebOptions
from desk.web.problems import problem

DATABASE_SECONDS = 3.0

router = APIRouter(tags=["operations"], include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """This process answers. Asks nothing else, so that a database out of reach restarts no healthy process."""
    return JSONResponse({"status": "ok"})


@router.get("/readyz")
async def readyz(request: Request) -> Response:
    """Whether requests can be served: database reached, schema at the newest revision, keys its own. 503 names what is not.

    How the worker keeps up stands beside it and makes nothing unready: a late job is no reason to send visitors away.
    """
    checks = await _checks(request.app.state.desk, request.app.state.expected_schema)
    if all(result == "ok" for result in checks.values()):
        return JSONResponse({"status": "ok", "checks": checks, "worker": await _worker(request.app.state.desk)})
    return problem(request, "unavailable", more={"checks": checks})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters for Prometheus. In production only for this machine and the trusted proxies themselves.

    What a proxy hands on for somebody else is answered as an address that does not exist (ASVS 13.4.5).
    """
    options: WebOptions = request.app.state.options
    if options.in_production and not is_internal(request.scope, options.trusted_proxies):
        raise NotFound
    found = await _upkeep(request.app.state.desk)
    return Response(exposition() + worker_lines(found), headers={"Content-Type": CONTENT_TYPE_LATEST})


async def _checks(desk: Desk, expected_schema: str) -> Mapping[str, str]:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            found = await desk.read(readiness)
    except (SQLAlchemyError, DeskError, OSError):
        return {"database": "out of reach"}
    return {"database": "ok", "schema": _schema(found, expected_schema), "keys": _keys(found, desk)}


async def _worker(desk: Desk) -> Mapping[str, Any]:
    found = await _upkeep(desk)
    if found is None:
        return {"queue": "out of reach"}
    checked_at = found.checked_at.isoformat(timespec="seconds") if found.checked_at else None
    return {
        "queue_seconds": found.queue_seconds, "set_aside": found.set_aside,
        "verify": {"at": checked_at, "failing": list(found.failing)},
    }  # fmt: skip


async def _upkeep(desk: Desk) -> Upkeep | None:
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            return await desk.read(upkeep, desk.kit)
    except (SQLAlchemyError, DeskError, OSError):
        return None


def _schema(found: Readiness, expected: str) -> str:
    if found.schema == expected:
        return "ok"
    return "missing" if found.schema is None else "not the revision this desk was built for"


def _keys(found: Readiness, desk: Desk) -> str:
    ours = (desk.kit.sealer.key_id, desk.kit.sealer.pepper_id)
    return "ok" if (found.master_key_id, found.pepper_id) == ours else "not the keys of this database"
