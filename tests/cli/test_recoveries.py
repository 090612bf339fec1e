"""`desk recoveries`: what is owed, listed and shown in an officer's name; nothing there is an empty list."""

import anyio

from desk import wiring
from desk.actions.seed import STAFF
from desk.domain.policy import Kind, Role, Viewer
from desk.reads.officers import officer_named
from tests.builders import HandClock, HandShelf, House
from tests.cast import HOME, Cast
from tests.cli.conftest import Shell
from tests.till import Till

PARTS = {"olga": Role.INTAKE, "otto": Role.MANAGER, "chen": Role.CASHIER, "ma": Role.MANAGER}
BY_ROLE = {post.role: name for name, post in STAFF.items() if post.site == HOME}
MANAGER, INTAKE = BY_ROLE[Role.MANAGER], BY_ROLE[Role.INTAKE]


def settled(shell: Shell) -> str:
    """A payout of 128.00 CNY that settled at the seeded desk; its id."""

    async def inside() -> str:
        async with wiring.opened(shell.settings) as desk:
            operator = Viewer(Kind.OPERATOR, request_id="test")
            found = {part: await desk.read(officer_named, operator, BY_ROLE[role]) for part, role in PARTS.items()}
            staff = {part: viewer for part, viewer in found.items() if viewer}
            house = House(desk, HandClock(), HandShelf(), Cast(staff, {}, {}))
            return str(await Till(house).brought_to("settled"))

    return anyio.run(inside)


def test_what_is_owed_is_listed_and_shown(shell: Shell) -> None:
    shell.seed()
    empty = shell("recoveries", "list", "--site", HOME, "--as", MANAGER, "--json").document
    assert (empty["recoveries"], empty["next"], [one["count"] for one in empty["ageing"]]) == ([], None, [0, 0, 0, 0])
    number = settled(shell)
    (line,) = shell("recoveries", "list", "--site", HOME, "--as", MANAGER, "--json").document["recoveries"]
    assert (line["id"], line["open"]["amount"], line["state"]) == (number, "128.00", "opened")
    told = shell("recoveries", "list", "--site", HOME, "--as", MANAGER)
    assert (told.code, number in told.out, "0-30: 128.00 CNY (1)" in told.err) == (0, True, True)
    assert shell("recoveries", "list", "--site", HOME, "--as", MANAGER, "--age", "over-90", "--json").document["recoveries"] == []
    shown = shell("recoveries", "show", number, "--as", MANAGER, "--json").document
    assert (shown["reference"], shown["demands"]) == (line["reference"], [])
    assert "云海茶庄" in shell("recoveries", "show", number, "--as", MANAGER).out


def test_what_is_not_there_is_told_in_one_line(quick_shell: Shell) -> None:
    quick_shell.seed()
    for arguments in (("show", "7", "--as", MANAGER), ("list", "--site", "nowhere", "--as", MANAGER)):
        ended = quick_shell("recoveries", *arguments)
        assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    refused = quick_shell("recoveries", "list", "--site", HOME, "--as", INTAKE)
    assert (refused.code != 0, refused.out) == (True, "")
