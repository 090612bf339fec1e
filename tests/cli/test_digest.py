"""`desk digest`: the one that was kept, the one that nobody made yet, and how things stand now."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest

from desk import wiring
from desk.actions.seed import STAFF
from desk.domain.policy import Kind, Role, Viewer
from desk.reads.officers import officer_named
from tests.builders import HandClock, HandShelf, House
from tests.cast import HOME, Cast
from tests.cli.conftest import Shell
from tests.digests import worked

INTAKE = next(name for name, post in STAFF.items() if post.site == HOME and post.role is Role.INTAKE)
NOON = datetime(2026, 10, 1, 4, tzinfo=UTC)


def clock_at(monkeypatch: pytest.MonkeyPatch, folder: Path, at: datetime) -> None:
    """Move the desk's clock to a moment."""
    file = folder / "clock"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str((at - datetime.now(UTC)).total_seconds()))
    monkeypatch.setenv("DESK_CLOCK_FILE", str(file))


def lodged(shell: Shell, *, work: bool = False) -> None:
    """A claim at the seeded desk; and the worker's digests, where it is to work."""

    async def inside() -> None:
        async with wiring.opened(shell.settings) as desk:
            olga = await desk.read(officer_named, Viewer(Kind.OPERATOR, request_id="test"), INTAKE)
            assert olga
            house = House(desk, HandClock(), HandShelf(), Cast({"olga": olga}, {}, {}))
            await house.lodge()
            if work:
                await worked(house)

    anyio.run(inside)


def test_the_kept_one_is_shown_as_it_was_and_the_newest_is_made_up_where_nobody_made_it(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock_at(monkeypatch, shell.data, NOON)
    shell.seed()
    lodged(shell)
    clock_at(monkeypatch, shell.data, NOON + timedelta(hours=2, minutes=5))
    waiting = shell("digest", "--at", "2026-10-01T14:00", "--site", HOME, "--json").document
    assert (waiting["id"], waiting["due_at"], waiting["figures"]["lodged"]) == (None, "2026-10-01T14:00:00+08:00", 1)
    lodged(shell, work=True)
    clock_at(monkeypatch, shell.data, NOON + timedelta(hours=11))
    lodged(shell)
    told = shell("digest", "--at", "2026-10-01T21:59", "--site", HOME, "--json").document
    assert (told["id"] is not None, told["due_at"], told["figures"]["lodged"]) == (True, "2026-10-01T14:00:00+08:00", 2)
    assert told["sentence"].startswith("Claims lodged today: 2, ")
    page = shell("digest", "--at", "2026-10-01T14:00", "--site", HOME)
    assert (page.code, page.out.splitlines()[0]) == (0, told["sentence"])
    assert page.err.startswith("due 2026-10-01 14:00, made 2026-10-01 14:05")
    now = shell("digest", "--site", HOME)
    assert ("Claims lodged today: 3" in now.out, "kept nowhere" in now.err) == (True, True)
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert shell("digest", "--site", HOME).out.startswith("今天登记 3 件")


def test_what_is_not_there_is_said_in_one_line(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    clock_at(monkeypatch, quick_shell.data, NOON)
    quick_shell.seed()
    for at, site, code in (
        ("2026-10-01T06:00", "nowhere", 3), ("2026-09-01T14:00", HOME, 3), ("2026-10-02T06:00", HOME, 2), ("tomorrow", HOME, 2),
    ):  # fmt: skip
        ran = quick_shell("digest", "--at", at, "--site", site)
        assert (ran.code, ran.out, "Traceback" in ran.err) == (code, "", False), (at, ran.err)
    assert os.environ["DESK_CLOCK_FILE"]
