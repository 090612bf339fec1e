"""A wallet as the desk's gateway: what must be set beside it, and the one line that says what is missing."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from desk import wiring
from desk.domain.calendar import WorkingCalendar
from desk.ports import GatewayTerms, TakingApp
from tests.cli.conftest import Shell
from tests.fakes.alipay import FakeAlipay
from tests.fakes.wechat import APP_ID, MERCHANT, FakeWechat
from tests.processes import environment, free_port

CALENDAR = WorkingCalendar("0-unread", frozenset(), {})
NOWHERE = "http://127.0.0.1:1"
FAKES: dict[str, FakeWechat | FakeAlipay] = {"wechat": FakeWechat(NOWHERE), "alipay": FakeAlipay(f"{NOWHERE}/gateway.do")}
WALLETS = list(FAKES)

WITHOUT_LIBRARIES = "import importlib, sys; sys.modules.update(alipay=None, wechatpayv3=None); [{}]"
"""A program on a machine where neither extra is installed: what is None there cannot be imported."""

DESK = "importlib.import_module('desk.cli').main()"


def set_up(monkeypatch: pytest.MonkeyPatch, folder: Path, wallet: str, **otherwise: str) -> None:
    """The settings of a merchant, some of them otherwise; what is empty is not set."""
    for name, value in {**FAKES[wallet].settings(folder), **otherwise}.items():
        monkeypatch.setenv(f"DESK_{name.upper()}", value)


def alone(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A `desk` command without the extras, to its end."""
    command = [sys.executable, "-c", WITHOUT_LIBRARIES.format(DESK), *arguments]
    env = environment(folder / "data", **settings)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("wallet", WALLETS)
def test_serving_without_the_wallets_library_says_how_to_get_it(tmp_path: Path, wallet: str) -> None:
    refused = alone(tmp_path, "serve", "--port", str(free_port()), **FAKES[wallet].settings(tmp_path))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == f"desk: DESK_GATEWAY is {wallet}, whose library is not installed: pip install 'desk[{wallet}]'\n"


@pytest.mark.slow
def test_everything_else_works_without_the_libraries(tmp_path: Path) -> None:
    walk = "import pkgutil, desk; print(*(each.name for each in pkgutil.walk_packages(desk.__path__, 'desk.')))"
    rooms = subprocess.run([sys.executable, "-c", walk], capture_output=True, text=True, check=True).stdout.split()
    needing = {"desk.outside.gateways." + name for name in ("alipay", "alipay_seal", "wechat", "wechat_seal")}
    assert needing < set(rooms)
    given = [each for each in rooms if each not in needing and not each.endswith("__main__")]
    every = [sys.executable, "-c", WITHOUT_LIBRARIES.format("*map(importlib.import_module, sys.argv[1:])"), *given]
    done = subprocess.run(every, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert alone(tmp_path, "db", "upgrade").returncode == 0


@pytest.mark.parametrize("wallet", WALLETS)
def test_each_setting_of_a_wallet_is_asked_for_by_name(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wallet: str
) -> None:
    own = [name for name in FAKES[wallet].settings(tmp_path) if name.startswith(f"{wallet}_")]
    for name in own:
        set_up(monkeypatch, tmp_path, wallet, **{name: ""})
        refused = quick_shell("serve", "--port", str(free_port()))
        assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
        assert refused.err.endswith(f"DESK_GATEWAY is {wallet}, which needs DESK_{name.upper()}\n")
    set_up(monkeypatch, tmp_path, wallet, **dict.fromkeys(own, ""))
    refused = quick_shell("work", "--once")
    assert set(refused.err.partition("which needs ")[2].strip().split(", ")) == {f"DESK_{name.upper()}" for name in own}


@pytest.mark.parametrize("wallet", WALLETS)
@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (None, 0o600, "cannot be read: name a PEM file that the desk may read"),
        ("", 0o700, "cannot be read: name a PEM file that the desk may read"),
        ("geheim", 0o600, "holds no RSA private key in PEM without a password"),
        ("geheim", 0o644, "can be read by others: chmod 600 it"),
    ],
)
def test_a_key_file_that_cannot_be_used_stops_the_desk_in_one_line(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wallet: str, content: str | None, mode: int, said: str
) -> None:
    path = tmp_path / "given.pem"
    if content:
        path.write_text(content)
        path.chmod(mode)
    elif content is not None:
        path.mkdir(mode)
    set_up(monkeypatch, tmp_path, wallet, **{f"{wallet}_key_file": str(path)})
    refused = quick_shell("serve", "--port", str(free_port()))
    assert (refused.code, refused.out, refused.err) == (1, "", f"desk: {path} {said}\n")


@pytest.mark.parametrize("wallet", WALLETS)
def test_a_wallet_is_reached_by_https_or_on_this_machine(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wallet: str
) -> None:
    set_up(monkeypatch, tmp_path, wallet, gateway_url="http://pay.example")
    refused = quick_shell("work", "--once")
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert "DESK_GATEWAY_URL must be https, or on this machine" in refused.err


@pytest.mark.parametrize(("wallet", "after"), [("wechat", timedelta(hours=50)), ("alipay", None)])
def test_the_desk_knows_the_terms_of_its_wallet(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, wallet: str, after: timedelta | None
) -> None:
    set_up(monkeypatch, tmp_path, wallet, gateway_url="")
    terms = wiring.build_kit(quick_shell.settings, CALENDAR).gateway
    own = quick_shell.settings.wallet["merchant_id" if wallet == "wechat" else "app_id"]
    taken_in = TakingApp("wechat", MERCHANT, APP_ID) if wallet == "wechat" else None
    assert terms == GatewayTerms(honours_keys=True, secret=None, statement_after=after, name=f"{wallet}:{own}", taken_in=taken_in)

    async def inside() -> str:
        async with wiring.gateway(quick_shell.settings) as gateway:
            return type(gateway).__name__

    assert anyio.run(inside) == f"{wallet.title()}Gateway"


def test_reconciling_with_alipay_says_what_to_do_instead(shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    shell.seed()
    set_up(monkeypatch, tmp_path, "alipay")
    refused = shell("reconcile")
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert "a statement is not available from this gateway: compare its own bills" in refused.err


def test_settings_of_a_wallet_that_is_not_the_gateway_change_nothing(
    quick_shell: Shell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    set_up(monkeypatch, tmp_path, "alipay", gateway="", gateway_url="")
    assert wiring.build_kit(quick_shell.settings, CALENDAR).gateway is None
