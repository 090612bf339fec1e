"""`desk promises`: what became of them, shown and listed in an officer's name."""

import csv
import io

import anyio

from desk import wiring
from desk.actions.messages import send_message
from desk.actions.seed import STAFF
from desk.domain.policy import Kind, Role, Viewer
from desk.reads.officers import officer_named
from tests.builders import HandClock, HandShelf, House
from tests.cast import HOME, Cast
from tests.cli.conftest import Shell

BY_ROLE = {post.role: name for name, post in STAFF.items() if post.site == HOME}
MANAGER, INTAKE, CASHIER = BY_ROLE[Role.MANAGER], BY_ROLE[Role.INTAKE], BY_ROLE[Role.CASHIER]


def answered(shell: Shell) -> None:
    """A claim that was answered at the seeded desk."""

    async def inside() -> None:
        async with wiring.opened(shell.settings) as desk:
            olga = await desk.read(officer_named, Viewer(Kind.OPERATOR, request_id="test"), INTAKE)
            assert olga
            house = House(desk, HandClock(), HandShelf(), Cast({"olga": olga}, {}, {}))
            await desk.write(send_message, olga, (await house.lodge()).reference, "请稍候。")

    anyio.run(inside)


def test_promises_are_shown_as_a_table_as_json_and_day_by_day(shell: Shell) -> None:
    shell.seed()
    answered(shell)
    told = shell("promises", "show", "--site", HOME, "--as", MANAGER, "--json").document
    found = {one["id"]: (one["made"], one["kept"], one["missed"]) for one in told["promises"]}
    assert found["first_answer"] == (1, 1, 0)
    assert (told["site"], list(told)[:3]) == (HOME, ["site", "from", "to"])
    table = shell("promises", "show", "--site", HOME, "--as", MANAGER)
    assert (table.code, "first_answer" in table.out, "2 hour" in table.out, "promises made from" in table.err) == (
        0,
        True,
        True,
        True,
    )
    days = shell("promises", "show", "--site", HOME, "--as", MANAGER, "--csv")
    lines = list(csv.DictReader(io.StringIO(days.out)))
    assert {line["promise"] for line in lines} == {"auto_receipt", "first_answer", "acceptance"}
    before = shell("promises", "show", "--site", HOME, "--as", MANAGER, "--to", "2020-01-31", "--json").document
    assert (before["from"], before["to"], sum(one["made"] for one in before["promises"])) == ("2020-01-02", "2020-01-31", 0)
    none = shell("promises", "missed", "--site", HOME, "--as", INTAKE, "--json").document
    assert none == {"missed": [], "next": None}
    assert shell("promises", "missed", "--site", HOME, "--as", MANAGER).code == 0


def test_who_may_not_read_them_is_told_so_in_one_line(quick_shell: Shell) -> None:
    quick_shell.seed()
    absent = quick_shell("promises", "show", "--site", "nowhere", "--as", MANAGER)
    assert (absent.code, absent.out, absent.err.count("\n")) == (3, "", 1)
    refused = quick_shell("promises", "show", "--site", HOME, "--as", CASHIER)
    assert (refused.code != 0, refused.out) == (True, "")
    turned = quick_shell("promises", "missed", "--site", HOME, "--as", MANAGER, "--from", "2026-09-02", "--to", "2026-09-01")
    assert (turned.code, turned.err.count("\n")) == (2, 1)
