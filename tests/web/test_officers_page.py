"""The admin's page of staff: every form through its route on both engines, and nobody else's."""

import httpx
import pytest

from desk.actions.officers import Post, change_roles, disable_officer, token_hash
from desk.domain.errors import AdminNeeded
from desk.domain.policy import Role
from desk.reads.officers import officer_list, officers_by_token
from tests.cast import OPERATOR
from tests.web.console import Seat, browser, form_in, seat
from tests.web.front import Front

HERE = "/desk/officers"


@pytest.fixture
async def anton(till: Front) -> Seat:
    """The admin at their browser, on a desk of one's own."""
    return await seat(till, "anton")


async def roles_of(front: Front, name: str) -> set[tuple[str, str | None]]:
    """What an officer is, by role and site."""
    found = await front.house.desk.read(officer_list, OPERATOR)
    return set(next(each.roles for each in found if each.name == name))


async def send(anton: Seat, act: str, name: str, posts: tuple[str, ...] = (), **more: str) -> httpx.Response:
    """Fill the form of an act and send it, ticked boxes and all."""
    form = form_in((await anton.get(HERE)).text, f"{HERE}/{act}") | {"name": name} | more
    return await anton.client.post(f"{HERE}/{act}", data=form | {"post": list(posts)}, headers={"Accept-Language": "en"})


async def test_an_officer_is_added_and_their_password_and_token_are_shown_once(till: Front, anton: Seat) -> None:
    answer = await send(anton, "add", "Nora", ("intake@huangshan", "mediator@gulangyu"))
    assert answer.status_code == 200
    assert await roles_of(till, "Nora") == {("intake", "huangshan"), ("mediator", "gulangyu")}
    password, token = (answer.text.split('<dd class="reference">')[n].partition("<")[0] for n in (1, 2))
    found = await till.house.desk.lookup(officers_by_token, token_hash(token))
    assert found
    assert found.name == "Nora"
    client = browser(till)
    assert (await client.post("/desk/sign-in", data={"name": "Nora", "password": password})).status_code == 303
    again = (await anton.get(HERE)).text
    assert password not in again
    assert token not in again


async def test_a_second_press_adds_nobody_twice(till: Front, anton: Seat) -> None:
    form = form_in((await anton.get(HERE)).text, f"{HERE}/add") | {"name": "Nora", "post": "intake@huangshan"}
    first, second = [await anton.post(f"{HERE}/add", form) for _ in range(2)]
    assert (first.status_code, second.status_code) == (200, 303)
    assert len([each for each in await till.house.desk.read(officer_list, OPERATOR) if each.name == "Nora"]) == 1


@pytest.mark.parametrize(
    ("name", "posts", "status"),
    [("Olga", ("intake@huangshan",), 422), (" ", ("intake@huangshan",), 422), ("N", (), 422), ("N", ("boss@huangshan",), 422),
     ("N", ("intake@nowhere",), 404), ("N", ("admin@huangshan",), 422), ("N" * 81, ("intake@huangshan",), 422)],
)  # fmt: skip
async def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    till: Front, anton: Seat, name: str, posts: tuple[str, ...], status: int
) -> None:
    before = len(await till.house.desk.read(officer_list, OPERATOR))
    answer = await send(anton, "add", name, posts)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert form_in(answer.text, f"{HERE}/add")["name"] == name
    assert all(post not in answer.text or f'value="{post}" checked' in answer.text for post in posts)
    assert len(await till.house.desk.read(officer_list, OPERATOR)) == before


async def test_roles_tokens_passwords_and_the_end(till: Front, anton: Seat) -> None:
    otto = await seat(till, "otto")
    assert (await send(anton, "roles", "Otto", ("cashier@huangshan",))).status_code == 303
    assert await roles_of(till, "Otto") == {("cashier", "huangshan")}
    assert (await otto.get("/desk/account")).status_code == 303
    issued = await send(anton, "token", "Otto")
    assert "desk_" in issued.text
    prefix = next(each for each in await till.house.desk.read(officer_list, OPERATOR) if each.name == "Otto").tokens[-1]
    assert (await send(anton, "revoke", "Otto", prefix=prefix)).status_code == 303
    reset = await send(anton, "password", "Otto")
    password = reset.text.split('<dd class="reference">')[1].partition("<")[0]
    assert (await browser(till).post("/desk/sign-in", data={"name": "Otto", "password": password})).status_code == 303
    assert (await send(anton, "disable", "Otto")).status_code == 303
    assert (await browser(till).post("/desk/sign-in", data={"name": "Otto", "password": password})).status_code == 401
    assert (await till.chain("otto"))[-5:] == [
        "token_issued",
        "token_revoked",
        "password_changed",
        "signed_in",
        "officer_disabled",
    ]


async def test_nobody_shuts_themselves_out_and_the_last_admin_stays(till: Front, anton: Seat) -> None:
    page = (await anton.get(HERE)).text
    assert "This is you" in page
    for act, posts in (("disable", ()), ("roles", ("intake@huangshan",))):
        refused = await send(anton, act, "Anton", posts)
        assert (refused.status_code, "One administrator must stay" in refused.text) == (409, True), act
    desk = till.house.desk
    for last in ((disable_officer, OPERATOR, "Anton"), (change_roles, OPERATOR, "Anton", [Post(Role.INTAKE, "huangshan")])):
        with pytest.raises(AdminNeeded):
            await desk.write(*last)
    await send(anton, "add", "Ada Two", ("admin",))
    await desk.write(disable_officer, OPERATOR, "Anton")
    with pytest.raises(AdminNeeded):
        await desk.write(disable_officer, OPERATOR, "Ada Two")
    assert (await anton.get(HERE)).status_code == 303


async def test_a_new_officer_without_a_role_or_with_a_taken_name_is_told_at_the_field(anton: Seat) -> None:
    without, taken = (await send(anton, "add", "Nora")).text, (await send(anton, "add", "Olga", ("intake@huangshan",))).text
    assert 'href="#roles">Tick at least one role' in without
    assert 'id="roles-wrong">Tick at least one role' in without
    assert 'href="#name">An officer has this name already' in taken
    assert 'id="name-wrong">An officer has this name already' in taken


@pytest.mark.parametrize("officer", ["olga", "chen", "mei", "ma", "ada"])
async def test_nobody_but_an_admin_sees_or_changes_staff(till: Front, officer: str) -> None:
    other = await seat(till, officer)
    assert (await other.get(HERE)).status_code == 403
    key = form_in((await other.get("/desk/account")).text, "/desk/sign-out")
    for act in ("add", "roles", "disable", "token", "revoke", "password", "factor"):
        answer = await other.post(f"{HERE}/{act}", key | {"name": "Otto", "post": "admin"})
        assert answer.status_code == 403, act
    assert await roles_of(till, "Otto") == {("intake", "huangshan")}
