"""The gateway an operator sets, and the one they can only try out."""

from pathlib import Path

import anyio
import pytest

from desk import wiring
from desk.domain.calendar import WorkingCalendar
from desk.domain.payout import Method
from desk.ports import GatewayTerms, PayOrder
from tests.cli.conftest import Shell
from tests.processes import environment, free_port, run
from tests.sandbox import SECRET, sandbox

CALENDAR = WorkingCalendar("0-unread", frozenset(), {})


def test_the_sandbox_is_refused_in_production(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_ENV", "production")
    refused = quick_shell("gateway-sandbox", "--port", str(free_port()))
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "refused where DESK_ENV is production" in refused.err
    assert not quick_shell.data.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--events-url", "http://127.0.0.1:1/"), "DESK_GATEWAY_SECRET"),
        (("--events-url", "127.0.0.1:1", "--secret", "geheim"), "an address like"),
        (("--events-url", "http://127.0.0.1:1/", "--secret", "whsec_geheim!"), "--secret: a secret is"),
    ],
)
def test_events_without_what_they_need_are_refused_in_one_line(quick_shell: Shell, arguments: tuple[str, ...], said: str) -> None:
    refused = quick_shell("gateway-sandbox", *arguments)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert said in refused.err
    assert "geheim" not in refused.err


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with sandbox(tmp_path) as playing:
        second = run("gateway-sandbox", "--port", playing.url.rpartition(":")[2], env=environment(tmp_path))
    assert (second.returncode, second.stdout, second.stderr.count("\n")) == (6, "", 1)
    assert "try --port" in second.stderr


def test_a_gateway_without_its_secret_stops_the_desk_in_one_line(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_GATEWAY_URL", "https://geheim@gateway.example")
    refused = quick_shell("work", "--once")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "DESK_GATEWAY_URL needs DESK_GATEWAY_SECRET" in refused.err
    assert "geheim" not in refused.err


def test_a_desk_without_a_gateway_knows_none(quick_shell: Shell) -> None:
    async def inside() -> bool:
        async with wiring.gateway(quick_shell.settings) as gateway:
            return gateway is None

    assert anyio.run(inside)
    assert wiring.build_kit(quick_shell.settings, CALENDAR).gateway is None


@pytest.mark.parametrize(("declared", "honours"), [(None, True), ("true", True), ("false", False)])
def test_the_desk_knows_the_terms_of_its_gateway(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, declared: str | None, honours: bool
) -> None:
    monkeypatch.setenv("DESK_GATEWAY_URL", "https://gateway.example/v2/")
    monkeypatch.setenv("DESK_GATEWAY_SECRET", SECRET)
    if declared:
        monkeypatch.setenv("DESK_GATEWAY_HONOURS_KEYS", declared)
    terms = wiring.build_kit(quick_shell.settings, CALENDAR).gateway
    assert terms == GatewayTerms(honours_keys=honours, secret=b"sandbox secret of the tests!")


def test_the_worker_calls_the_gateway_that_is_set(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with sandbox(tmp_path / "sandbox") as playing:
        for name, value in playing.settings.items():
            monkeypatch.setenv(f"DESK_{name.upper()}", value)

        async def inside() -> str:
            async with wiring.gateway(quick_shell.settings) as gateway:
                assert gateway
                return (await gateway.find(PayOrder("k", 1, "CNY", {}, "", Method.TRANSFER))).heard

        assert anyio.run(inside) == "never_seen"


def test_reconciling_without_a_gateway_says_what_to_set(shell: Shell) -> None:
    shell.seed()
    refused = shell("reconcile")
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "set DESK_GATEWAY_URL" in refused.err


def test_a_desk_that_has_sent_nothing_matches(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shell.seed()
    with sandbox(tmp_path / "sandbox") as playing:
        for name, value in playing.settings.items():
            monkeypatch.setenv(f"DESK_{name.upper()}", value)
        told = shell("reconcile")
        assert (told.code, told.out) == (0, "")
        assert told.err == "no day has ended since the last statement; all payments of its statements match\n"
        assert shell("reconcile", "--json").document == {"days": 0, "ok": True, "breaks": [], "unasked": {}}
