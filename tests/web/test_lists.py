"""The queue and the docket: what each role finds there, in which order, page by page."""

from datetime import timedelta
from typing import Any

import pytest

from tests.builders import MORNING
from tests.web.front import CLAIMS, Front, flaw, problem

DOCKET = "/api/v1/docket"


async def listed(front: Front, by: str, **query: Any) -> list[str]:  # noqa: ANN401 - parameters of the route
    answer = await front.call("GET", CLAIMS, by, params=query)
    assert answer.status_code == 200
    return [line["reference"] for line in answer.json()["claims"]]


async def test_the_docket_is_ordered_by_departure_then_by_deadline(front: Front) -> None:
    unknown = [await front.house.docketed() for _ in range(2)]
    late = await front.house.docketed(departs_at=MORNING + timedelta(days=5))
    soon = await front.house.docketed(departs_at=MORNING + timedelta(hours=5))
    front.house.clock.go(days=2)
    same_train = await front.house.docketed(departs_at=MORNING + timedelta(hours=5))
    told = (await front.call("GET", DOCKET, "mei")).json()
    assert [case["reference"] for case in told["cases"]] == [soon, same_train, late, *unknown]
    assert [case["case_no"] for case in told["cases"]] == ["2026-00004", "2026-00005", "2026-00003", "2026-00001", "2026-00002"]
    assert [case["leaves_at"] for case in told["cases"]][2:] == ["2026-09-13T09:30:00+08:00", None, None]
    assert told["next"] is None


async def test_the_docket_goes_page_by_page_while_cases_come_and_go(front: Front) -> None:
    cases = [await front.house.docketed(departs_at=MORNING + timedelta(hours=hours)) for hours in (4, 1, 3, 2, 5)]
    in_order = [cases[1], cases[3], cases[2], cases[0], cases[4]]
    found, cursor = [], None
    for place in range(3):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = await front.call("GET", DOCKET, "mei", params=query)
        found += [case["reference"] for case in answer.json()["cases"]]
        cursor = answer.json()["next"]
        assert ("next" in answer.links) is (cursor is not None)
        if place == 0:
            await front.house.docketed(departs_at=MORNING + timedelta(minutes=1))
            await front.house.withdraw(in_order[0])
    assert (found, cursor) == (in_order, None)


async def test_case_numbers_are_one_series_a_site_and_year(front: Front) -> None:
    await front.house.docketed()
    away = (await front.house.lodge(front.house.cast.oskar, site="gulangyu", asked="9000.00")).reference
    await front.house.confirm(away, "docket", front.house.cast.oskar)
    front.house.clock.at = MORNING.replace(year=2027)
    await front.house.docketed()
    here = (await front.call("GET", DOCKET, "mei")).json()["cases"]
    there = (await front.call("GET", DOCKET, "milo")).json()["cases"]
    assert [case["case_no"] for case in here] == ["2026-00001", "2027-00001"]
    assert [case["case_no"] for case in there] == ["2026-00001"]


async def test_a_cashier_finds_only_claims_to_pay_and_a_mediator_only_the_docket(front: Front) -> None:
    states = ["received", "awaiting_information", "fast_refund", "docketed", "refused", "transferred", "withdrawn"]
    by_state = {state: await front.brought_to(state) for state in states}
    for by in ("olga", "ma", "ada"):
        assert set(await listed(front, by)) == set(by_state.values())
    assert await listed(front, "chen") == [by_state["fast_refund"]]
    assert await listed(front, "mei") == [by_state["docketed"]]
    assert await listed(front, "chen", state="received") == await listed(front, "mona") == []
    for by, readable in (("chen", "fast_refund"), ("mei", "docketed")):
        for state, reference in by_state.items():
            for path in (reference, f"{reference}/triage", f"{reference}/clocks"):
                expected = 200 if state == readable else 404
                assert (by, state, (await front.get(path, by)).status_code) == (by, state, expected)


async def test_whoever_has_no_right_to_a_list_is_told_so(sqlite_front: Front) -> None:
    assert problem(await sqlite_front.call("GET", CLAIMS, "anton")) == (403, "not_allowed")
    assert problem(await sqlite_front.call("GET", DOCKET, "anton")) == (403, "not_allowed")
    assert problem(await sqlite_front.call("GET", DOCKET, "chen")) == (403, "not_allowed")


async def test_claims_are_found_by_state_route_and_site(front: Front) -> None:
    fast, docketed, received = [await front.brought_to(state) for state in ("fast_refund", "docketed", "received")]
    assert await listed(front, "olga", state="docketed") == [docketed]
    assert await listed(front, "olga", route="fast_refund") == [fast]
    assert await listed(front, "olga", route="docket", state="received") == []
    assert set(await listed(front, "olga", site="huangshan")) == {fast, docketed, received}
    lines = (await front.call("GET", CLAIMS, "olga", params={"state": "fast_refund"})).json()["claims"]
    assert (lines[0]["respondent"], lines[0]["route"], lines[0]["assessed"], lines[0]["site"]) == (
        "云海茶庄", "fast_refund", True, "huangshan"
    )  # fmt: skip
    assert lines[0]["due_at"].endswith("+08:00")


async def test_the_queue_is_ordered_by_the_nearest_deadline(front: Front) -> None:
    first = (await front.house.lodge()).reference
    front.house.clock.go(minutes=90)
    second = (await front.house.lodge()).reference
    fast = await front.house.fast()
    withdrawn = await front.brought_to("withdrawn")
    assert await listed(front, "olga") == [first, fast, second, withdrawn]


async def test_a_page_goes_on_where_the_last_one_ended_while_claims_come_in(front: Front) -> None:
    claims = []
    for _ in range(6):
        claims.append((await front.house.lodge()).reference)
        front.house.clock.go(minutes=1)
    ended = await front.brought_to("withdrawn")
    answer = await front.call("GET", CLAIMS, "olga", params={"limit": 3})
    await front.house.confirm(claims[0], "needs_information")
    await front.house.lodge()
    rest = await front.call("GET", CLAIMS, "olga", params={"limit": 3, "cursor": answer.json()["next"]})
    tail = await front.call("GET", CLAIMS, "olga", params={"cursor": rest.json()["next"]})
    found = [line["reference"] for page in (answer, rest, tail) for line in page.json()["claims"]]
    assert found[:6] == claims
    assert ended in found
    assert len(set(found[1:])) == len(found[1:])
    assert answer.links["next"]["url"].startswith("https://desk.example/api/v1/claims?limit=3&cursor=")


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "%", "fDE", "MjAyNi0wOS0wOHwx", "OTk5OS0xMi0zMVQyMzo1OTo1OS05OTo5OXwx", "é", "A" * 200,
        "MDAwMS0wMS0wMVQwMDowMDowMCswMTowMHwx", "OTk5OS0xMi0zMVQyMzo1OTo1OS0wMTowMHwx",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", [CLAIMS, DOCKET])
async def test_a_cursor_that_nobody_gave_is_refused_or_read_as_a_place(front: Front, path: str, cursor: str) -> None:
    answer = await front.call("GET", path, "olga", params={"cursor": cursor})
    assert answer.status_code == 200 or (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/cursor", "bad_cursor"))


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ({"limit": "0"}, (422, "bad_input")),
        ({"limit": "101"}, (422, "bad_input")),
        ({"limit": "many"}, (422, "bad_input")),
        ({"state": "lost"}, (422, "bad_input")),
        ({"cursor": "A" * 301}, (422, "bad_input")),
        ({"colour": "red"}, (400, "bad_input")),
        ({"site": "atlantis"}, (404, "not_found")),
        ({"site": "gulangyu"}, (404, "not_found")),
        ({"site": "huang\0shan"}, (422, "bad_input")),
    ],
)
async def test_a_list_is_asked_for_within_its_limits(
    sqlite_front: Front, query: dict[str, str], refused: tuple[int, str]
) -> None:
    answer = await sqlite_front.call("GET", CLAIMS, "olga", params=query)
    assert problem(answer) == refused
    assert (await sqlite_front.call("GET", CLAIMS, "olga", params={"limit": "100"})).status_code == 200
