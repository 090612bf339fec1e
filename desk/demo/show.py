"""The demo from its first line to its last: seed, published cases, serve, three visitors to follow, and nothing left behind."""

import importlib.resources
import json
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from desk.demo.processes import DemoTrouble, environment, refuse_taken, result_of, serving
from desk.demo.visitors import Slip, lodge_three

__all__ = ["DemoTrouble", "run_demo"]


def run_demo(port: int) -> None:
    """Show a desk until Ctrl-C, then remove every trace of it. Raises DemoTrouble when it cannot be shown."""
    refuse_taken(port)
    with _until_interrupted(), _folder() as folder:
        env = environment(folder, port)
        _say("Setting up two sites and their staff …")
        seeded = json.loads(result_of("seed", "--json", env=env))
        _say("Bringing in the published cases …")
        with importlib.resources.as_file(importlib.resources.files("desk.packs") / "published_cases.jsonl") as cases:
            result_of("claims", "import", str(cases), "--site", "huangshan", env=env)
        with serving(port, folder, env) as process:
            slips = lodge_three(f"http://127.0.0.1:{port}", _token(seeded["officers"], "intake", "huangshan"))
            _say(_poster(port, seeded["officers"], slips))
            _watch(process)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="desk-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C and a polite kill end the block without a word; a second one does not disturb the tidying up."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        _say("\nThe demo has ended; its folder is removed.")
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _watch(process: subprocess.Popen[bytes]) -> None:
    code = process.wait()
    message = f"the desk ended by itself with {code}"
    raise DemoTrouble(message)


def _token(officers: Sequence[dict[str, Any]], role: str, site: str) -> str:
    return next(str(each["token"]) for each in officers if each["role"] == role and each["site"] == site)


def _poster(port: int, officers: Sequence[dict[str, Any]], slips: Sequence[Slip]) -> str:
    """What the person at the terminal needs: address, staff, three references."""
    url = f"http://127.0.0.1:{port}"
    staff = [
        f"  {each['role']:<9} {each['site'] or 'all sites':<10} {each['password']}  {each['token']}  {each['name']}"
        for each in officers
    ]
    follow = [f"  {slip.reference}  code {slip.access_code}  {slip.told}\n    {slip.status_url}" for slip in slips]
    lines = [
        "", f"The desk is open:   {url}", f"A visitor's poster: {url}/q/huangshan/north-gate", f"Staff sign in:      {url}/desk",
        f"Its API:            {url}/openapi.json", "",
        "Follow a claim as its visitor would:", *follow, "",
        "Staff: role, site, password, API token (Authorization: Bearer …), name to sign in with:", *staff, "",
        "Ctrl-C ends it and removes everything.",
    ]  # fmt: skip
    return "\n".join(lines)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
