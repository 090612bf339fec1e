"""Every staff page, eight callers, one's own site and a foreign one: each cell follows from the rights table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from fastapi.routing import iter_route_contexts

from desk.domain.claim import State
from desk.domain.policy import READABLE, RIGHTS, Act, Role
from tests.web.console import Seat, browser, form_in, seat
from tests.web.front import Front

ABSENT = "0000000000"
ROLES: Mapping[str, Role | None] = {
    "olga": Role.INTAKE, "chen": Role.CASHIER, "mei": Role.MEDIATOR, "ma": Role.MANAGER, "ada": Role.AUDITOR,
    "anton": Role.ADMIN, "mona": None,
}  # fmt: skip
"""Who calls. Mona is manager of the other site, a stranger to this one."""

OPEN, REFUSED, ABSENT_HERE = "open", 403, 404


@dataclass(frozen=True)
class Door:
    """A page or form: the right it needs (None: any officer), a state that suits it, what is typed, who is led elsewhere."""

    act: Act | None
    state: str = "received"
    fields: Mapping[str, str] = field(default_factory=dict)
    led_on: frozenset[Role] = frozenset()


CLAIM = "/desk/claims/{reference}"
DOORS: Mapping[tuple[str, str], Door] = {
    ("GET", "/desk"): Door(Act.READ_CLAIM, led_on=frozenset({Role.ADMIN})),
    ("GET", "/desk/find"): Door(None),
    ("POST", "/desk/find"): Door(None, fields={"reference": "x"}),
    ("GET", "/desk/docket"): Door(Act.READ_DOCKET),
    ("GET", "/desk/claims/new"): Door(Act.LODGE),
    ("POST", "/desk/claims/new"): Door(Act.LODGE),
    ("GET", f"{CLAIM}/evidence"): Door(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/evidence"): Door(Act.ADD_EVIDENCE),
    ("GET", f"{CLAIM}/slip"): Door(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/slip"): Door(Act.REISSUE_SLIP, fields={"reason": "lost"}),
    ("GET", "/desk/account"): Door(None),
    ("POST", "/desk/account/password"): Door(None),
    ("POST", "/desk/account/factor"): Door(None),
    ("POST", "/desk/account/factor/confirm"): Door(None),
    ("POST", "/desk/sign-out"): Door(None),
    ("GET", "/desk/officers"): Door(Act.MANAGE_OFFICERS),
    ("POST", "/desk/officers/{act}"): Door(Act.MANAGE_OFFICERS, fields={"name": "Otto"}),
}
"""Every address of the console but the door itself."""

OF_FILES = {("GET", "/desk/evidence/{file_id}")}
"""Asked by every role in `test_evidence_doors`."""

AT_THE_DOOR = {
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("GET", "/desk/sign-in/factor"),
    ("POST", "/desk/sign-in/factor"),
}


def pages(front: Front) -> set[tuple[str, str]]:
    """Method and path template of every staff page that the application serves."""
    return {
        (method, str(one.path_format))
        for one in iter_route_contexts(front.app.routes)
        if str(one.path_format).startswith("/desk")
        for method in one.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def expected(by: str, where: tuple[str, str]) -> str | int:
    """What a caller meets, by SPEC 8."""
    role, door = ROLES[by], DOORS[where]
    if door.act is None or role in door.led_on:
        return OPEN
    if "{reference}" not in where[1]:
        held = Role.MANAGER if role is None else role
        return OPEN if held in RIGHTS[door.act] else REFUSED
    if role is None or role is Role.ADMIN:
        return ABSENT_HERE
    if role not in RIGHTS[door.act]:
        return REFUSED
    return OPEN if State(door.state) in READABLE[role] else ABSENT_HERE


async def met(at: Seat, where: tuple[str, str], reference: str) -> str | int:
    """What one caller meets at one door."""
    method, path = where
    address = path.format(reference=reference, act="token")
    if method == "GET":
        answer = await at.get(address)
    else:
        key = form_in((await at.get("/desk/account")).text, "/desk/sign-out")
        answer = await at.post(address, {**key, **DOORS[where].fields})
    assert answer.status_code < 500
    assert "sign-in" not in answer.headers.get("location", "") or path == "/desk/sign-out"
    return answer.status_code if answer.status_code in (401, 403, 404, 405) else OPEN


async def test_every_staff_page_is_entered(sqlite_front: Front) -> None:
    assert pages(sqlite_front) - AT_THE_DOOR - OF_FILES == set(DOORS)


@pytest.mark.parametrize("where", DOORS, ids=" ".join)
async def test_each_officer_meets_what_the_rights_table_says(sqlite_front: Front, where: tuple[str, str]) -> None:
    reference = await sqlite_front.brought_to(DOORS[where].state)
    cells = {by: await met(await seat(sqlite_front, by), where, reference) for by in ROLES}
    assert cells == {by: expected(by, where) for by in ROLES}


@pytest.mark.parametrize("where", DOORS, ids=" ".join)
async def test_nobody_gets_past_the_door(sqlite_front: Front, where: tuple[str, str]) -> None:
    reference = await sqlite_front.brought_to(DOORS[where].state)
    method, path = where
    before = (await sqlite_front.claim(reference)).model_dump()
    answer = await browser(sqlite_front).request(method, path.format(reference=reference, act="add"), data=DOORS[where].fields)
    if method == "GET":
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")
    else:
        assert answer.status_code == 401
    assert reference not in answer.text or method == "POST"
    assert (await sqlite_front.claim(reference)).model_dump() == before


@pytest.mark.parametrize("where", [where for where in DOORS if "{reference}" in where[1]], ids=" ".join)
async def test_a_claim_of_a_foreign_site_reads_as_one_that_is_not_there(sqlite_front: Front, where: tuple[str, str]) -> None:
    oskar = sqlite_front.house.cast.oskar
    foreign = (await sqlite_front.house.lodge(oskar, site="gulangyu")).reference
    before = (await sqlite_front.claim(foreign)).model_dump()
    for by in ("olga", "chen", "mei", "ma", "ada", "anton"):
        at = await seat(sqlite_front, by)
        assert [await met(at, where, each) for each in (foreign, ABSENT)] == [ABSENT_HERE] * 2, by
    assert (await sqlite_front.claim(foreign)).model_dump() == before
