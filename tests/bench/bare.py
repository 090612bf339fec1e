"""The yardstick of reading: one bare Starlette route that takes JSON and answers JSON, on the desk's own server and settings.

`python -m tests.bench.bare PORT FILE` answers every POST with the document in FILE.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from desk.web.server import SERVER
from tests.processes import Served, free_port


def application(document: object) -> Starlette:
    """Reads the body as JSON, encodes the answer each time."""

    async def answer(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse(document)

    async def ready(request: Request) -> JSONResponse:
        return JSONResponse("ready")

    return Starlette(routes=[Route("/api/v1/status", answer, methods=["POST"]), Route("/readyz", ready)])


@contextmanager
def serving(folder: Path, document: bytes) -> Iterator[Served]:
    """The route in a process of its own, ready, and ended after the block."""
    port, answer, log = free_port(), folder / "answer.json", folder / "bare.log"
    answer.write_bytes(document)
    with log.open("wb") as out:
        command = [sys.executable, "-m", "tests.bench.bare", str(port), str(answer)]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    served = Served(process, f"http://127.0.0.1:{port}", log)
    try:
        served.wait_ready()
        probe = httpx.post(f"{served.url}/api/v1/status", json={}, trust_env=False)
        assert len(probe.content) == len(document), "the yardstick must answer as many bytes as the desk"
        yield served
    finally:
        served.close()


if __name__ == "__main__":
    app = application(json.loads(Path(sys.argv[2]).read_bytes()))
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", **SERVER)
