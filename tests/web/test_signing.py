"""The staff door: who gets in, for how long, and what ends a session at once; on both engines."""

from datetime import timedelta
from typing import Any

import httpx
import pyotp
import pytest

from desk.actions.officers import Post, change_roles, disable_officer, reset_factor, reset_password
from desk.domain.policy import Role
from desk.domain.session import ABSOLUTE, HALF_WAY, IDLE, STEP_SECONDS
from desk.ports import Work
from desk.reads.sessions import factor_secret
from desk.store import officers
from desk.web.options import WebOptions
from tests.cast import HOME, OPERATOR
from tests.web.console import COOKIE, browser, form_in, seat
from tests.web.front import ELSEWHERE, Front

PASSWORD, OTHER = "seven quiet lanterns", "nine loud umbrellas"
WRONG = "Check name and password"
SIGN_IN, FACTOR, ACCOUNT = "/desk/sign-in", "/desk/sign-in/factor", "/desk/account"


@pytest.fixture
async def door(till: Front) -> Front:
    """A desk of one's own, whose Olga and Chen have a password that the tests know."""
    hashed = till.house.kit.sealer.password_hash(PASSWORD)
    for viewer in (till.house.cast.olga, till.house.cast.chen):
        await till.house.desk.write(_set, viewer.id, hashed)
    return till


@pytest.fixture
def production(door: Front) -> Front:
    """The same desk where DESK_ENV is production."""
    options: WebOptions = door.app.state.options
    door.app.state.options = WebOptions(options.public_url, options.expected_schema, "production")
    return door


def _set(work: Work, officer_id: int | None, hashed: str) -> None:
    assert officer_id is not None
    officers.set_password(work.conn, officer_id, hashed)


async def enter(client: httpx.AsyncClient, name: str = "Olga", password: str = PASSWORD, **more: str) -> httpx.Response:
    """Send the sign-in form."""
    return await client.post(SIGN_IN, data={"name": name, "password": password, **more}, headers={"Accept-Language": "en"})


async def entered(front: Front, name: str = "Olga") -> httpx.AsyncClient:
    """A browser that is signed in."""
    client = browser(front)
    assert (await enter(client, name)).status_code == 303
    return client


async def is_in(client: httpx.AsyncClient) -> bool:
    """Whether the browser opens a page for the signed-in only."""
    answer = await client.get(ACCOUNT)
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


async def secret_of(front: Front, officer: str) -> str:
    """What the officer's phone holds."""
    found = await front.house.desk.read(factor_secret, getattr(front.house.cast, officer), front.house.kit)
    assert found
    return found


def code_of(front: Front, phone: pyotp.TOTP) -> str:
    """What the phone shows now: it knows the machine's time."""
    return str(phone.at(front.house.clock.machine_now()))


async def test_the_right_pair_opens_the_desk_and_signing_out_shuts_it(door: Front) -> None:
    client = browser(door)
    answer = await enter(client, next="/desk/account?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/account?lang=en")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=desk_")
    assert {"HttpOnly", "Path=/", "SameSite=lax", "Secure"} <= set(cookie.split("; "))
    assert not {"Max-Age", "Domain", "expires"} & {part.partition("=")[0] for part in cookie.split("; ")}
    page, stolen = await client.get(ACCOUNT), client.cookies[COOKIE]
    left = await client.post("/desk/sign-out", data=form_in(page.text, "/desk/sign-out"))
    assert (left.status_code, left.headers["location"]) == (303, SIGN_IN)
    assert not await is_in(browser(door, cookies={COOKIE: stolen}))
    assert (await door.chain("olga"))[-2:] == ["signed_in", "signed_out"]


async def test_each_sign_in_has_a_session_of_its_own_and_the_one_before_is_over(door: Front) -> None:
    client = browser(door, cookies={COOKIE: "desk_planted_by_somebody"})
    await enter(client)
    first = client.cookies[COOKIE]
    assert first != "desk_planted_by_somebody"
    await client.get(ACCOUNT)
    await enter(client)
    assert client.cookies[COOKIE] != first
    assert await is_in(client)
    assert not await is_in(browser(door, cookies={COOKIE: first}))


@pytest.mark.parametrize(("name", "password"), [("Olga", "x"), ("Olga", ""), ("Nobody", PASSWORD), ("", ""), ("olga\0", "x")])
async def test_every_wrong_pair_reads_the_same_and_keeps_the_name(door: Front, name: str, password: str) -> None:
    client = browser(door)
    answer = await enter(client, name, password)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert f'value="{name}"' in answer.text or "\0" in name
    assert COOKIE not in client.cookies
    assert not password or f'value="{password}"' not in answer.text


async def test_a_name_is_guessed_at_five_times_from_one_network_and_still_opens_from_another(door: Front) -> None:
    guesser = browser(door, ELSEWHERE)
    assert [(await enter(guesser, password=f"guess {n}")).status_code for n in range(6)] == [401] * 5 + [429]
    full = await enter(guesser)
    assert full.status_code == 429
    assert int(full.headers["retry-after"]) > 0
    assert (await enter(browser(door))).status_code == 303
    door.house.clock.go(hours=1)
    assert (await enter(guesser)).status_code == 303


async def test_right_pairs_use_up_no_tries(door: Front) -> None:
    assert {(await enter(browser(door))).status_code for _ in range(8)} == {303}


async def test_a_session_ends_after_half_an_hour_of_silence_and_after_twelve_hours_at_most(door: Front) -> None:
    client = await entered(door)
    for _ in range(3):
        door.house.clock.at += IDLE - timedelta(seconds=1)
        assert await is_in(client)
    door.house.clock.at += IDLE
    assert not await is_in(client)
    client, began = await entered(door), door.house.clock.at
    while door.house.clock.at + IDLE / 2 < began + ABSOLUTE:
        door.house.clock.at += IDLE / 2
        assert await is_in(client)
    door.house.clock.at = began + ABSOLUTE + timedelta(seconds=1)
    assert not await is_in(client)


async def test_a_clock_that_jumps_back_lets_no_session_live_longer(door: Front) -> None:
    client = await entered(door)
    door.house.clock.at -= timedelta(hours=13)
    assert not await is_in(client)


async def test_disabling_a_change_of_roles_and_another_password_end_every_session_at_once(door: Front) -> None:
    write, name = door.house.desk.write, "Olga"
    changes: list[tuple[Any, ...]] = [
        (change_roles, OPERATOR, name, [Post(Role.INTAKE, HOME), Post(Role.MEDIATOR, HOME)]),
        (reset_password, OPERATOR, name, door.house.kit.sealer.password_hash(PASSWORD)),
        (disable_officer, OPERATOR, name),
    ]
    for change in changes:
        here, there = await entered(door), await entered(door)
        await write(*change)
        assert [await is_in(here), await is_in(there)] == [False, False]
    assert (await enter(browser(door))).status_code == 401
    assert [kind for kind in await door.chain("olga") if kind in ("roles_changed", "password_changed", "officer_disabled")] == [
        "roles_changed", "password_changed", "officer_disabled"
    ]  # fmt: skip


async def test_the_same_roles_again_end_nothing(door: Front) -> None:
    client = await entered(door)
    await door.house.desk.write(change_roles, OPERATOR, "Olga", [Post(Role.INTAKE, HOME)])
    assert await is_in(client)


async def test_ones_own_password_is_changed_by_giving_the_present_one(door: Front) -> None:
    client = await entered(door)
    page = await client.get(ACCOUNT)
    form = form_in(page.text, "/desk/account/password")
    refused = {
        ("wrong one", OTHER, OTHER): "Enter the present password",
        (PASSWORD, "short", "short"): "12",
        (PASSWORD, "passwordpassword", "passwordpassword"): "harder to guess",
        (PASSWORD, OTHER, OTHER + "!"): "Type the same new password twice",
    }
    for (present, chosen, again), told in refused.items():
        sent = form | {"present": present, "chosen": chosen, "again": again}
        answer = await client.post("/desk/account/password", data=sent, headers={"Accept-Language": "en"})
        assert (answer.status_code, told in answer.text) == (422, True), told
        assert chosen not in answer.text
    done = await client.post("/desk/account/password", data=form | {"present": PASSWORD, "chosen": OTHER, "again": OTHER})
    assert (done.status_code, done.headers["location"]) == (303, SIGN_IN)
    assert not await is_in(client)
    assert (await enter(browser(door))).status_code == 401
    assert (await enter(browser(door), password=OTHER)).status_code == 303


async def test_in_production_a_cashier_needs_a_phone_and_an_intake_officer_does_not(production: Front) -> None:
    assert await is_in(await entered(production))
    client = browser(production)
    first = await enter(client, "Chen")
    assert first.status_code == 200
    assert "data:image/svg+xml" in first.text
    assert not await is_in(client)
    waiting, phone = client.cookies[COOKIE], pyotp.TOTP(await secret_of(production, "chen"))
    form = form_in(first.text, FACTOR)
    wrong = await client.post(FACTOR, data=form | {"code": "000000"}, headers={"Accept-Language": "en"})
    assert (wrong.status_code, "Not accepted" in wrong.text) == (401, True)
    right = await client.post(FACTOR, data=form | {"code": code_of(production, phone)})
    assert right.status_code == 303
    assert client.cookies[COOKIE] != waiting
    assert await is_in(client)
    assert not await is_in(browser(production, cookies={COOKIE: waiting}))


async def test_a_code_works_once_and_five_wrong_ones_shut_the_second_step(production: Front) -> None:
    client = browser(production)
    form = form_in((await enter(client, "Chen")).text, FACTOR)
    phone = pyotp.TOTP(await secret_of(production, "chen"))
    used = code_of(production, phone)
    await client.post(FACTOR, data=form | {"code": used})
    again = browser(production)
    form = form_in((await enter(again, "Chen")).text, FACTOR)
    said = [(await again.post(FACTOR, data=form | {"code": code})).status_code for code in (used, *["000000"] * 4, used)]
    assert said == [401] * 5 + [429]
    assert not await is_in(again)


async def test_the_second_step_waits_five_minutes_and_is_no_session_before(production: Front) -> None:
    client = browser(production)
    form = form_in((await enter(client, "Chen")).text, FACTOR)
    for path in ("/desk/officers", ACCOUNT):
        assert (await client.get(path)).headers["location"].startswith(SIGN_IN)
    production.house.clock.at += HALF_WAY
    late = await client.post(FACTOR, data=form | {"code": code_of(production, pyotp.TOTP(await secret_of(production, "chen")))})
    assert late.status_code == 401
    assert not await is_in(client)


async def test_a_lost_phone_is_taken_away_by_the_admin_and_ends_the_sessions(production: Front) -> None:
    client = browser(production)
    form = form_in((await enter(client, "Chen")).text, FACTOR)
    secret = await secret_of(production, "chen")
    await client.post(FACTOR, data=form | {"code": code_of(production, pyotp.TOTP(secret))})
    await production.house.desk.write(reset_factor, OPERATOR, "Chen")
    assert not await is_in(client)
    assert "data:image/svg+xml" in (await enter(browser(production), "Chen")).text
    assert await secret_of(production, "chen") != secret


async def test_whoever_wants_a_second_step_gets_one_and_is_asked_from_then_on(door: Front) -> None:
    client = await entered(door)
    page = await client.get(ACCOUNT)
    form = form_in(page.text, "/desk/account/factor")
    assert (await client.post("/desk/account/factor", data=form | {"confirm_password": "x"})).status_code == 422
    assert (await client.post("/desk/account/factor", data=form | {"confirm_password": PASSWORD})).status_code == 303
    phone = pyotp.TOTP(await secret_of(door, "olga"))
    assert (await enter(browser(door))).status_code == 303, "not confirmed yet: it does not count"
    form = form_in((await client.get(ACCOUNT)).text, "/desk/account/factor/confirm")
    assert (await client.post("/desk/account/factor/confirm", data=form | {"code": "12"})).status_code == 422
    assert (await client.post("/desk/account/factor/confirm", data=form | {"code": code_of(door, phone)})).status_code == 303
    asked = await enter(browser(door))
    assert asked.status_code == 200
    assert "data:image" not in asked.text
    assert phone.secret not in asked.text


async def test_the_secret_of_a_phone_is_sealed_in_the_database(production: Front) -> None:
    await enter(browser(production), "Chen")
    secret = await secret_of(production, "chen")
    row = await production.house.desk.read(lambda conn: conn.exec_driver_sql("SELECT sealed FROM officer_factor").one())
    assert secret.encode() not in bytes(row.sealed)
    assert len(secret) * 5 >= 160
    assert STEP_SECONDS == 30


async def test_a_form_of_another_site_or_another_session_does_nothing(door: Front) -> None:
    olga = await seat(door, "olga")
    form = form_in((await olga.get(ACCOUNT)).text, "/desk/sign-out")
    foreign = ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"})
    pair = {"name": "Olga", "password": PASSWORD}
    for headers in foreign:
        assert (await olga.post("/desk/sign-out", form, **headers)).status_code == 403, headers
        assert (await browser(door).post(SIGN_IN, data=pair, headers=headers)).status_code == 403
    stranger = form_in((await (await seat(door, "chen")).get(ACCOUNT)).text, "/desk/sign-out")
    for key in (stranger["key"], "", form["key"][:-2]):
        assert (await olga.post("/desk/sign-out", {"key": key})).status_code == 403
    assert await is_in(olga.client)


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/desk/../s", "/desk\\evil", "/deskevil", "/s"])
async def test_signing_in_leads_nowhere_but_into_the_desk(door: Front, elsewhere: str) -> None:
    answer = await enter(browser(door), next=elsewhere)
    assert answer.headers["location"] in ("/desk", "/desk/../s")
    assert answer.headers["location"].startswith("/desk")


async def test_what_was_typed_into_a_form_survives_an_ended_session(door: Front) -> None:
    page = (await (await seat(door, "olga")).get(ACCOUNT)).text
    key = form_in(page, "/desk/account/factor")["key"]
    typed = {"text": "He said <b>no</b>\nand left.", "version": "3", "key": key, "password": "never", "mail_password": "never"}
    door_again = await browser(door).post("/desk/account/factor", data=typed, headers={"Accept-Language": "en"})
    assert door_again.status_code == 401
    assert "What you wrote is kept" in door_again.text
    client = browser(door)
    resumed = await enter(client, **form_in(door_again.text, SIGN_IN) | {"name": "Olga", "password": PASSWORD})
    assert resumed.status_code == 200
    again = form_in(resumed.text, "/desk/account/factor")
    assert again["text"] == typed["text"]
    assert again["version"] == "3"
    assert again["key"] not in ("", key)
    assert "never" not in resumed.text
    assert "<b>no" not in resumed.text
