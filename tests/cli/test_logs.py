"""What is logged: one JSON line an event, errors by kind and place, never by message, libraries included."""

import json
import subprocess
import sys
from typing import Any

import pytest

SCRIPT = """
import logging, structlog
from desk import wiring
wiring.start_logs({options})
log = structlog.get_logger()
log.info("claim_lodged", reference="7Q4K92MDXT")
try:
    raise ValueError("13800138000 is no phone")
except ValueError:
    log.exception("lodging_failed")
    logging.getLogger("somebody.else").exception("went wrong")
log.debug("not told")
logging.getLogger("uvicorn.error").info("Started")
logging.getLogger("httpx").info("POST https://13800138000@gateway.example")
"""


def said(options: str = "") -> str:
    """What a process says on stderr."""
    script = SCRIPT.replace("{options}", options)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    return done.stderr


def lines(text: str) -> list[dict[str, Any]]:
    """One document a line."""
    return [json.loads(line) for line in text.splitlines()]


def test_each_event_is_one_json_line_with_its_time_and_level() -> None:
    told = lines(said())
    assert [(line["event"], line["level"]) for line in told] == [
        ("claim_lodged", "info"), ("lodging_failed", "error"), ("went wrong", "error"), ("Started", "info")
    ]  # fmt: skip
    assert all(line["at"].endswith("Z") for line in told)
    assert told[0]["reference"] == "7Q4K92MDXT"


@pytest.mark.slow
def test_an_error_is_told_by_kind_and_place_and_never_by_its_message() -> None:
    for options in ("", "readable=True"):
        assert "13800138000" not in said(options)
    failed = lines(said())[1:3]
    assert {line["error"] for line in failed} == {"builtins.ValueError"}
    assert all(line["where"][0].startswith("<string>:") for line in failed)


@pytest.mark.slow
def test_a_quiet_process_tells_only_what_went_wrong() -> None:
    assert [line["event"] for line in lines(said("quiet=True"))] == ["lodging_failed", "went wrong"]


@pytest.mark.slow
def test_readable_logs_have_no_colour_where_nobody_watches() -> None:
    assert "\x1b" not in said("readable=True")
    assert "claim_lodged" in said("readable=True")
