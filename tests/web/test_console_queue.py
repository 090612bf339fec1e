"""The queue and the docket as officers read them: views by address, only what the role may read, a page at a time."""

import html
import re
from datetime import timedelta

import pytest

from desk.actions.intake import WrittenRespondent
from desk.actions.officers import Post, add_officer
from desk.domain.policy import Kind, Role, Viewer
from desk.web.console import docket, queue
from tests.cast import AWAY, HOME, OPERATOR
from tests.web.console import Seat, seat
from tests.web.front import Front

SCRIPT = '<script>alert("x")</script>'


def rows(page: str) -> list[str]:
    """The references of the claims on a page, in order."""
    return re.findall(r'href="/desk/claims/([0-9A-Z]{10})"', page)


def views(page: str) -> list[str]:
    """The views that a page offers."""
    return re.findall(r'href="/desk\?view=(\w+)', page.partition('class="views"')[2].partition("</nav>")[0])


async def seen(officer: Seat, address: str = "/desk", language: str = "en") -> str:
    """A page that opens."""
    answer = await officer.get(address, language)
    assert answer.status_code == 200, address
    return answer.text


async def test_the_first_day_offers_to_log_the_first_claim(front: Front) -> None:
    olga = await seat(front, "olga")
    page = await seen(olga)
    assert ("No claims yet." in page, "Log the first" in page) == (True, True)
    assert "还没有诉求。" in await seen(olga, language="zh-CN")
    assert "Log the first" not in await seen(await seat(front, "ada"))


async def test_each_view_holds_its_claims_by_deadline(front: Front) -> None:
    received, waiting, fast, docketed = [
        await front.brought_to(state) for state in ("received", "awaiting_information", "fast_refund", "docketed")
    ]
    withdrawn = await front.brought_to("withdrawn")
    olga = await seat(front, "olga")
    held = {view: set(rows(await seen(olga, f"/desk?view={view}"))) for view in queue.VIEWS}
    assert held["open"] == {received, waiting, fast, docketed}
    assert held["all"] == held["open"] | {withdrawn}
    assert (held["received"], held["visitor"], held["fast"], held["docket"]) == ({received}, {waiting}, {fast}, {docketed})
    due = [(await front.claim(reference)).due_at for reference in rows(await seen(olga))]
    assert due == sorted(due)


async def test_a_claim_is_near_its_deadline_then_past_it(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    olga = await seat(front, "olga")
    near, past = "/desk?view=due", "/desk?view=overdue"
    assert (rows(await seen(olga, near)), rows(await seen(olga, past))) == ([], [])
    front.house.clock.at = (await front.claim(reference)).due_at - timedelta(minutes=5)
    olga = await seat(front, "olga")
    assert (rows(await seen(olga, near)), rows(await seen(olga, past))) == ([reference], [])
    front.house.clock.go(minutes=6)
    assert (rows(await seen(olga, near)), rows(await seen(olga, past))) == ([], [reference])
    assert "left-past" in await seen(olga, past)


async def test_a_row_tells_what_matters_in_both_languages(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    olga = await seat(front, "olga")
    zh, en = await seen(olga, language="zh-CN"), await seen(olga)
    assert rows(zh) == rows(en) == [reference]
    assert all(said in zh for said in ("云海茶庄", "人民币 128.00 元", "还有", "前</time>"))
    assert all(said in en for said in ("云海茶庄", "CNY 128.00", "left", "by "))


async def test_a_sum_and_a_merchant_that_nobody_knows_are_said_to_be_unknown(sqlite_front: Front) -> None:
    await sqlite_front.house.lodge(asked=None, respondent=None)
    page = await seen(await seat(sqlite_front, "olga"))
    assert ("Sum not known" in page, "Not known" in page) == (True, True)


@pytest.mark.parametrize(
    ("officer", "offered", "read"),
    [
        ("olga", [*queue.VIEWS], {"received", "fast_refund", "docketed"}),
        ("chen", ["open", "due", "overdue"], {"fast_refund"}),
        ("mei", ["open", "due", "overdue", "docket", "all"], {"docketed"}),
        ("ada", [*queue.VIEWS], {"received", "fast_refund", "docketed"}),
        ("oskar", [*queue.VIEWS], set()),
    ],
)
async def test_a_role_is_shown_what_it_may_read(front: Front, officer: str, offered: list[str], read: set[str]) -> None:
    states = {await front.brought_to(state): state for state in ("received", "fast_refund", "docketed")}
    page = await seen(await seat(front, officer))
    assert views(page) == offered
    assert {states[reference] for reference in rows(page)} == read


async def test_whoever_reads_no_claims_is_led_elsewhere_and_reads_none(sqlite_front: Front) -> None:
    answer = await (await seat(sqlite_front, "anton")).get("/desk?view=all")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk/officers")
    assert (await (await seat(sqlite_front, "anton")).get("/desk/docket")).status_code == 403


async def test_a_foreign_site_is_not_found_like_an_absent_one(front: Front) -> None:
    here = (await front.house.lodge()).reference
    olga = await seat(front, "olga")
    for address in ("/desk?site={}", "/desk/docket?site={}"):
        answers = [await olga.get(address.format(site)) for site in ("gulangyu", "nowhere")]
        assert [answer.status_code for answer in answers] == [404, 404]
    assert rows(await seen(olga, "/desk?site=huangshan")) == [here]
    assert 'class="switch"' not in await seen(olga)


async def test_an_officer_of_two_sites_switches_between_them(till: Front) -> None:
    house = till.house
    here, there = (await house.lodge()).reference, (await house.lodge(house.cast.oskar, site=AWAY)).reference
    posts = [Post(Role.INTAKE, HOME), Post(Role.INTAKE, AWAY)]
    added = await house.desk.write(add_officer, OPERATOR, "Rosa", posts, "no password")
    rosa = await seat(till, Viewer(Kind.OFFICER, added.id, "Rosa"))
    both = await seen(rosa)
    assert set(rows(both)) == {here, there}
    addresses = re.findall(r'href="([^"]+)"', both.partition('class="switch"')[2].partition("</nav>")[0])
    assert [rows(await seen(rosa, html.unescape(address))) for address in addresses[1:]] == [[there], [here]]


async def test_pages_follow_each_other_without_gap_or_twin(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "LINES", 2)
    lodged = [(await front.house.lodge(respondent=None)).reference for _ in range(5)]
    olga = await seat(front, "olga")
    found, address = [], "/desk?view=received"
    while address:
        page = await seen(olga, address)
        found.append(rows(page))
        more = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert [len(page) for page in found] == [2, 2, 1]
    assert [reference for page in found for reference in page] == lodged
    assert (await olga.get("/desk?cursor=nonsense")).status_code == 422


async def test_a_reference_opens_its_claim_and_a_wrong_one_stays_in_the_box(front: Front) -> None:
    lodged = (await front.house.lodge()).reference
    olga = await seat(front, "olga")
    answer = await olga.submit("/desk", "/desk/find", reference=f" {lodged.lower()} ")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/claims/{lodged}")
    wrong = await olga.submit("/desk/find", "/desk/find", reference='"><b>X')
    assert (wrong.status_code, 'value="&#34;&gt;&lt;b&gt;X"' in wrong.text) == (422, True)
    assert 'href="#reference"' in wrong.text


async def test_a_claim_one_may_not_read_is_found_no_more_than_an_absent_one(front: Front) -> None:
    lodged = (await front.house.lodge()).reference
    for officer in ("chen", "mei", "oskar", "anton"):
        away = await seat(front, officer)
        answer = await away.submit("/desk/find", "/desk/find", reference=lodged)
        assert (officer, answer.status_code) == (officer, 422)


async def test_the_docket_lists_who_leaves_first(front: Front) -> None:
    house = front.house
    late = await house.docketed(departs_at=house.clock.at + timedelta(days=3))
    never = await house.docketed()
    soon = await house.docketed(departs_at=house.clock.at + timedelta(hours=5))
    for officer in ("olga", "mei", "ma", "ada"):
        assert rows(await seen(await seat(front, officer), "/desk/docket")) == [soon, late, never]
    page = await seen(await seat(front, "mei"), "/desk/docket")
    assert all(said in page for said in ("Docket", "云海茶庄", "today at"))
    assert (await (await seat(front, "chen")).get("/desk/docket")).status_code == 403


async def test_the_docket_is_cut_into_pages_and_says_when_it_is_empty(
    sqlite_front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(docket, "LINES", 1)
    mei = await seat(sqlite_front, "mei")
    assert "没有等待调解的诉求。" in await seen(mei, "/desk/docket", "zh-CN")
    cases = [await sqlite_front.house.docketed() for _ in range(2)]
    page = await seen(mei, "/desk/docket")
    more = re.search(r'rel="next" href="([^"]+)"', page)
    assert more
    assert [rows(page), rows(await seen(mei, html.unescape(more[1])))] == [[cases[0]], [cases[1]]]


async def test_what_people_wrote_is_shown_as_text(sqlite_front: Front) -> None:
    await sqlite_front.house.docketed(respondent=WrittenRespondent(name=SCRIPT), asked="6000.00")
    for officer, address in (("olga", "/desk"), ("mei", "/desk/docket")):
        page = await seen(await seat(sqlite_front, officer), address)
        assert (SCRIPT in page, "&lt;script&gt;" in page) == (False, True)


async def test_whoever_is_not_signed_in_is_sent_to_the_door(sqlite_front: Front) -> None:
    stranger = sqlite_front.from_network("192.0.2.201")
    for address in ("/desk", "/desk/find", "/desk/docket", "/desk/claims/new", "/desk/claims/0000000000/slip"):
        answer = await stranger.get(address)
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")
