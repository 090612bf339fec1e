"""The four seats of a demo: one press, a session like any other; on every other desk the door is not there."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from desk.domain.session import ABSOLUTE, IDLE
from desk.web import seats
from tests.web.console import COOKIE, Seat, browser
from tests.web.front import Front, opened_front

SEAT = "/demo/seat"


@pytest.fixture
async def demo(sqlite_front: Front) -> AsyncIterator[Front]:
    """The same desk as a demo: whoever of its cast comes first by name in a role sits in the seat."""
    async with opened_front(sqlite_front.house, "demo") as opened:
        yield opened


@pytest.mark.parametrize(
    ("seat", "room", "officer"), [("clerk", "/desk", "olga"), ("cashier", "/desk/pay", "cai"), ("manager", "/desk/fund", "ma")]
)
async def test_one_press_signs_a_seeded_officer_in(demo: Front, seat: str, room: str, officer: str) -> None:
    at = Seat(browser(demo))
    taken = await at.post(SEAT, {"seat": seat})
    assert (taken.status_code, taken.headers["location"]) == (303, room)
    assert (await demo.chain(officer))[-1] == "signed_in"
    shown = (await at.get("/desk/account")).text
    assert getattr(demo.house.cast, officer).name in shown
    assert f'class="seat seat-{seat}" aria-current="true"' in shown


async def test_another_seat_ends_the_session_of_the_one_before(demo: Front) -> None:
    at = Seat(browser(demo))
    await at.post(SEAT, {"seat": "clerk"})
    before = at.client.cookies[COOKIE]
    await at.post(SEAT, {"seat": "manager"})
    left = await Seat(browser(demo, cookies={COOKIE: before})).get("/desk/account")
    assert left.headers["location"].startswith("/desk/sign-in")


async def test_the_visitor_opens_the_newest_claim_or_else_the_poster(demo: Front) -> None:
    at = Seat(browser(demo))
    assert (await at.post(SEAT, {"seat": "visitor"})).headers["location"] == "/q/huangshan/north-gate"
    with_refund, _ = await demo.house.fast(), await demo.house.lodge()
    assert (await at.post(SEAT, {"seat": "visitor"})).headers["location"] == "/status"
    assert with_refund in (await at.get("/status")).text


async def test_every_page_of_a_demo_says_so_with_its_own_date(demo: Front) -> None:
    at = Seat(browser(demo))
    await at.post(SEAT, {"seat": "clerk"})
    for path in ("/s", "/q/huangshan", "/desk/sign-in", "/desk", "/desk/claims/new", "/desk/claims/0000000000"):
        page = (await at.client.get(path, follow_redirects=True)).text
        assert page.count('action="/demo/seat"') == 1, path
        assert "8 September 2026" in page or "2026年9月8日" in page, path


async def test_a_session_does_not_end_under_the_hand_of_whoever_watches(demo: Front) -> None:
    at, began = Seat(browser(demo)), demo.house.clock.at
    await at.post(SEAT, {"seat": "clerk"})
    demo.house.clock.at = began + 2 * IDLE
    assert (await at.get("/desk/account")).status_code == 200
    demo.house.clock.at = began + ABSOLUTE + timedelta(minutes=1)
    assert (await at.get("/desk/account")).status_code == 303


async def test_no_other_page_may_press_the_button_and_no_other_seat_is_there(demo: Front) -> None:
    at = Seat(browser(demo))
    assert (await at.post(SEAT, {"seat": "clerk"}, Origin="https://elsewhere.example")).status_code == 403
    assert (await at.post(SEAT, {"seat": "clerk"}, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert [(await at.post(SEAT, fields)).status_code for fields in ({"seat": "admin"}, {}, {"seat": "\0"})] == [404] * 3
    assert (await at.get(SEAT)).status_code == 405
    assert list(at.client.cookies) == []


async def test_a_demo_on_a_desk_that_was_not_seeded_seats_nobody(demo: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seats, "SITE", "nowhere")
    assert (await Seat(browser(demo)).post(SEAT, {"seat": "clerk"})).status_code == 404


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_no_other_desk_has_such_a_door(sqlite_front: Front, environment: str) -> None:
    async with opened_front(sqlite_front.house, environment) as front:  # type: ignore[arg-type] # mypy widens the parameter
        at = Seat(browser(front))
        assert (await at.post(SEAT, {"seat": "clerk"})).status_code == 404
        assert (await at.get(SEAT)).status_code == 404
        for path in ("/s", "/q/huangshan", "/desk/sign-in"):
            page = (await at.get(path)).text
            assert "/demo" not in page
            assert "demo.css" not in page
