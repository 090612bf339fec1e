"""The demo as somebody meets it: it comes up, its first slip can be followed, its seats taken, Ctrl-C leaves nothing behind."""

import os
import re
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from tests.processes import Served, environment, free_port, run, started
from tests.worker.test_processes import eventually

PATIENCE = 60.0
"""Two sites and fifteen passwords take seven seconds, and more on a machine that has other work."""

SLIP = re.compile(r"08:\d\d  The first visitor's slip: (?P<reference>[0-9A-Z]{10})  code (?P<code>[0-9]{8})\n +(?P<link>http\S+)")


@pytest.mark.slow
def test_the_demo_is_alive_at_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    env = {**environment(tmp_path), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
    with started(
        tmp_path, "demo", "--port", str(port), "--speed", "600", url=f"http://127.0.0.1:{port}", env=env, afresh=True
    ) as demo:
        assert eventually(lambda: SLIP.search(demo.output) is not None or demo.process.poll() is not None, PATIENCE), demo.output
        slip = SLIP.search(demo.output)
        assert slip, demo.output
        _follow(demo.url, slip["reference"], slip["code"], slip["link"])
        _sit_down(demo.url)
        assert f"A visitor's poster:  {demo.url}/q/huangshan/north-gate" in demo.output

        os.killpg(demo.process.pid, signal.SIGINT)
        time.sleep(0.2)
        os.killpg(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(20) == 0
        _nothing_left(demo, tmp_path, temporary)


@pytest.mark.slow
def test_a_demo_that_is_killed_takes_its_processes_with_it(tmp_path: Path) -> None:
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    env = {**environment(tmp_path), "TMPDIR": str(temporary), "LC_ALL": "C.UTF-8"}
    with started(
        tmp_path, "demo", "--port", str(port), "--speed", "600", url=f"http://127.0.0.1:{port}", env=env, afresh=True
    ) as demo:
        assert eventually(lambda: SLIP.search(demo.output) is not None or demo.process.poll() is not None, PATIENCE), demo.output
        assert sum(said.rstrip().endswith("--tied") for said in of_this_test(tmp_path).values()) == 3
        demo.process.kill()
        demo.process.wait()
        assert eventually(lambda: of_this_test(tmp_path) == {}, PATIENCE), of_this_test(tmp_path)


def test_a_port_that_is_taken_is_told_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("demo", "--port", str(taken.getsockname()[1]), env={**environment(tmp_path), "TMPDIR": str(tmp_path)})
    assert (ended.returncode, ended.stdout, ended.stderr.count("\n")) == (6, "", 1)
    assert list(tmp_path.iterdir()) == []


def _follow(url: str, reference: str, code: str, link: str) -> None:
    """The slip opens the claim by code, by link, and by no other code; the desk's day is the demo's."""
    key = {"reference": reference, "access_code": code}
    answer = httpx.post(f"{url}/api/v1/status", json=key, headers={"Accept-Language": "en"}, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert answer.json()["history"][-1]["at"].startswith("2026-10-01T08:")
    wrong = httpx.post(f"{url}/api/v1/status", json={**key, "access_code": "00000000"}, trust_env=False)
    assert wrong.status_code == 404
    assert httpx.get(link, trust_env=False).headers["location"] == "/status"


def _sit_down(url: str) -> None:
    """One press, and the queue is there with its claims under the banner."""
    with httpx.Client(base_url=url, headers={"Accept": "text/html", "Accept-Language": "zh"}, trust_env=False) as browser:
        taken = browser.post("/demo/seat", data={"seat": "clerk"})
        assert (taken.status_code, taken.headers["location"]) == (303, "/desk")
        page = browser.get("/desk").text
        assert "演示" in page
        assert "2026年10月1日" in page
        assert "/desk/claims/" in page


def _nothing_left(demo: Served, tmp_path: Path, temporary: Path) -> None:
    assert "The demo has ended" in demo.output
    assert "Traceback" not in demo.output
    assert list(temporary.iterdir()) == []
    assert of_this_test(tmp_path) == {}


def of_this_test(tmp_path: Path) -> dict[int, str]:
    """Id and command of processes whose environment names this test's folder; none where the system does not show them."""
    mine, found = str(tmp_path).encode(), {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            if mine in (each / "environ").read_bytes():
                found[int(each.name)] = (each / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return found
