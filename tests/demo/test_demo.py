"""The demo as somebody meets it: it comes up, its references can be followed, Ctrl-C leaves nothing behind."""

import os
import re
import signal
import socket
from pathlib import Path

import httpx

from tests.processes import environment, free_port, run, started
from tests.worker.test_processes import eventually

PATIENCE = 60.0
"""Two sites, fifteen passwords to hash and 106 cases take ten seconds, and more on a machine that has other work."""

REFERENCE = re.compile(r"^  (?P<reference>[0-9A-Z]{10})  code (?P<code>[0-9]{8})  ", re.MULTILINE)
LINK = re.compile(r"^    (?P<link>http://127\.0\.0\.1:[0-9]+/s/[A-Za-z0-9_-]+)$", re.MULTILINE)


def test_the_demo_shows_three_claims_to_follow_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    env = {**environment(tmp_path), "TMPDIR": str(temporary)}
    with started(tmp_path, "demo", "--port", str(port), url=f"http://127.0.0.1:{port}", env=env) as demo:
        assert eventually(lambda: "Ctrl-C ends it" in demo.output or demo.process.poll() is not None, PATIENCE), demo.output
        slips = REFERENCE.findall(demo.output)
        assert len(slips) == len(LINK.findall(demo.output)) == 3, demo.output
        stages = [_follow(demo.url, reference, code) for reference, code in slips]
        assert stages == ["refund_agreed", "in_mediation", "registered"]
        assert (
            httpx.post(f"{demo.url}/api/v1/status", json={"reference": slips[0][0], "access_code": "00000000"}).status_code == 404
        )
        assert "106 of 106 agree" in demo.output

        os.killpg(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(20) == 0
        assert "Traceback" not in demo.output
        assert list(temporary.iterdir()) == []


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("demo", "--port", str(taken.getsockname()[1]), env={**environment(tmp_path), "TMPDIR": str(tmp_path)})
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (6, "", 1)
    assert list(tmp_path.iterdir()) == []


def _follow(url: str, reference: str, code: str) -> str:
    answer = httpx.post(f"{url}/api/v1/status", json={"reference": reference, "access_code": code})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["stage"])
