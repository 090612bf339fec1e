"""After a claim has ended: its visitor rates it, the desk tries three times at most, and the calendar puts the file away."""

import csv
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions import recovery
from desk.actions.recovery_decisions import approve_decision, propose_decision
from desk.domain.recovery import DecisionKind
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.housekeeping import archive_all
from tests.builders import MORNING, all_of, open_house
from tests.cast import VISITOR_NAME, Cast
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, Slip, last, moved, opened_front, problem
from tests.web.test_steps_visitor import LAST_SECOND

SITE = "/api/v1/sites/huangshan"
PAGE = "/desk/follow-ups/huangshan"
WORDS = "处理很快，谢谢。"
FOLLOW_UP = metadata.tables["follow_up"]


@pytest.fixture
async def at(till_of_ones_own: tuple[str, Cast]) -> AsyncIterator[Front]:
    """The running application on a desk of its own: on SQLite before each landing, on PostgreSQL in the gate."""
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast) as house, opened_front(house) as opened:
        yield opened


async def ended(front: Front, state: str = "refused") -> Slip:
    """The slip of a claim that has ended this way, by the real steps."""
    if state == "closed":
        payout = await Till(front.house).payout(await Till(front.house).brought_to("settled"))
        reference = str((await front.call("GET", f"/api/v1/payouts/{payout.id}", "ma")).json()["reference"])
        return await front.slip(reference)
    return await front.slip(await front.brought_to(state))


def _rows(conn: Connection) -> Any:  # noqa: ANN401 - Core rows
    return conn.execute(select(FOLLOW_UP).order_by(FOLLOW_UP.c.id)).all()


async def red(front: Front) -> dict[str, str]:
    """The invariants that do not hold; sessions are put there by hand (I34)."""
    report = await front.house.desk.read(verify, front.house.kit)
    return {finding.id: finding.detail for finding in report.invariants if not finding.ok and finding.id != "I34"}


async def said(front: Front, by: str = "ma") -> Any:  # noqa: ANN401 - the JSON
    return (await front.call("GET", f"{SITE}/follow-ups", by)).json()


@pytest.mark.parametrize("state", ["closed", "refused", "transferred"])
async def test_a_visitor_rates_how_their_claim_was_handled(at: Front, state: str) -> None:
    slip = await ended(at, state)
    assert (await at.status(slip))["acts"] == ["reopen", "rate"]
    answer = await at.visit(slip, "rate", rating=5, text=WORDS)
    assert (answer.status_code, answer.json()["state"]) == (200, "closed")
    (row,) = await at.house.desk.read(_rows)
    assert (row.kind, row.rating, row.comment, row.officer_id, row.month) == ("rating", 5, WORDS, None, "2026-09")
    assert last(await at.events(slip.reference)) == ("rated", None, None, None, "visitor", None)
    assert (await at.status(slip))["history"][0]["text"] == "You rated how we handled this."
    assert (await at.status(slip, "zh-CN"))["history"][0]["text"] == "您给这次处理打了分。"
    assert WORDS not in str([event.data for event in await at.events(slip.reference)])
    assert await red(at) == {}


@pytest.mark.parametrize("state", ["received", "fast_refund", "docketed", "withdrawn"])
async def test_nobody_is_asked_before_the_end_or_after_their_own(at: Front, state: str) -> None:
    slip = await at.slip(await at.brought_to(state))
    assert "rate" not in (await at.status(slip))["acts"]
    assert problem(await at.visit(slip, "rate", rating=5)) == (409, "wrong_moment")
    assert problem(await at.post(f"{slip.reference}/follow-up", "olga", {"outcome": "reached"})) == (409, "wrong_moment")
    assert await at.house.desk.read(_rows) == []


@pytest.mark.parametrize(("rating", "status"), [(1, 200), (5, 200), (0, 422), (6, 422), ("5", 422), (True, 422), (None, 422)])
async def test_a_rating_is_a_whole_number_from_one_to_five(at: Front, rating: object, status: int) -> None:
    assert (await at.visit(await ended(at), "rate", rating=rating)).status_code == status


async def test_words_are_bounded_and_scrubbed(at: Front) -> None:
    slip = await ended(at)
    for length, status in ((2000, 200), (2001, 422)):
        assert (await at.visit(slip, "rate", rating=3, text="话" * length)).status_code == status
    await at.visit(slip, "rate", rating=3, text=f"我是{VISITOR_NAME}，电话13800138000，查询码{slip.code}。")
    kept = (await at.house.desk.read(_rows))[-1].comment
    assert not [secret for secret in (VISITOR_NAME, "13800138000", slip.code) if secret in kept], kept
    assert await red(at) == {}


async def test_a_rating_is_changed_inside_the_window_and_the_newest_counts(at: Front) -> None:
    slip = await ended(at)
    await at.visit(slip, "rate", rating=2, text="太慢")
    at.house.clock.at, at.house.clock.tick = LAST_SECOND, timedelta(0)
    assert (await at.visit(slip, "rate", rating=4)).status_code == 200
    at.house.clock.go(milliseconds=1)
    assert problem(await at.visit(slip, "rate", rating=5)) == (409, "wrong_moment")
    assert "rate" not in (await at.status(slip))["acts"]
    assert [row.rating for row in await at.house.desk.read(_rows)] == [2, 4]
    found = await said(at)
    assert [(one["rating"], one["text"]) for one in found["said"]] == [(4, None)]
    assert found["months"] == [{"month": "2026-09", "ratings": [0, 0, 0, 1, 0], "count": 1, "mean": 4.0}]
    late = await ended(at)
    at.house.clock.go(days=20)
    assert "rate" in (await at.status(late))["acts"]
    assert (await at.visit(late, "rate", rating=1)).status_code == 200


async def test_a_claim_that_ends_again_is_rated_again(at: Front) -> None:
    slip = await ended(at)
    await at.visit(slip, "rate", rating=1)
    await at.house.reopen(slip.reference)
    assert "rate" not in (await at.status(slip))["acts"]
    at.house.clock.go(minutes=5)
    await at.house.override(slip.reference, "transfer")
    await at.visit(slip, "rate", rating=5)
    assert sorted(one["rating"] for one in (await said(at))["said"]) == [1, 5]
    assert await red(at) == {}


async def test_a_key_rates_once_and_a_double_tap_at_one_instant_is_two_rows_at_most(at: Front) -> None:
    slip = await ended(at)
    told = {"token": slip.token, "rating": 4}
    first, again = [await at.call("POST", "/api/v1/status/rate", json=told, key="rate-key") for _ in range(2)]
    assert (first.content, again.headers.get("idempotent-replayed")) == (again.content, "true")
    assert len(await at.house.desk.read(_rows)) == 1
    await all_of(*(at.visit(slip, "rate", rating=rating) for rating in (1, 2, 3)))
    assert (await said(at))["months"][0]["count"] == 1
    assert await red(at) == {}


async def test_the_desk_tries_three_times_at_most_and_the_visitor_ends_it(at: Front) -> None:
    slip = await ended(at)
    path = f"{slip.reference}/follow-up"
    for number, by in ((1, "olga"), (2, "ma"), (3, "otto")):
        answer = await at.post(path, by, {"outcome": "not_reached"})
        assert (answer.status_code, answer.json()["tries"], answer.json()["left"]) == (200, number, 3 - number)
    assert problem(await at.post(path, "olga", {"outcome": "reached"})) == (409, "wrong_moment")
    assert last(await at.events(slip.reference)) == ("followed_up", None, None, None, "intake", None)
    assert all("followed" not in line["text"].lower() for line in (await at.status(slip))["history"])
    other = await ended(at, "transferred")
    assert (await at.post(f"{other.reference}/follow-up", "olga", {"outcome": "declined"})).json()["left"] == 0
    assert problem(await at.post(f"{other.reference}/follow-up", "olga", {"outcome": "reached"})) == (409, "wrong_moment")
    rated = await ended(at)
    await at.visit(rated, "rate", rating=3)
    assert problem(await at.post(f"{rated.reference}/follow-up", "ma", {"outcome": "reached"})) == (409, "wrong_moment")
    assert (await at.post(f"{rated.reference}/follow-up", "ma", {"outcome": "rating"})).status_code == 422
    assert await red(at) == {}


async def test_four_tries_at_once_are_three(at: Front) -> None:
    slip = await ended(at)
    answers = await all_of(*(at.post(f"{slip.reference}/follow-up", "olga", {"outcome": "reached"}) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 409, 409]
    assert await red(at) == {}


async def test_what_was_said_is_listed_page_by_page_and_as_a_file_without_formulas(at: Front) -> None:
    for rating, words in ((1, "=1+1"), (2, None), (3, WORDS)):
        await at.visit(await ended(at), "rate", rating=rating, **({"text": words} if words else {}))
    seen, cursor = [], None
    while True:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await at.call("GET", f"{SITE}/follow-ups", "ada", params=asked)).json()
        seen += [one["rating"] for one in answer["said"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == [3, 2, 1]
    rows = list(csv.DictReader(io.StringIO((await at.call("GET", f"{SITE}/follow-ups.csv", "ma")).text)))
    assert [(row["rating"], row["text"]) for row in rows] == [("3", WORDS), ("2", ""), ("1", "'=1+1")]
    ma = await seat(at, "ma")
    page = (await ma.get(PAGE)).text
    assert (WORDS in page, "2026-09" in page, "王小薇" in page.partition("<main")[2]) == (True, True, False)
    assert "No visitor has rated yet." in (await (await seat(at, "mona")).get("/desk/follow-ups/gulangyu")).text


async def test_one_tap_on_the_status_page_rates_without_a_script(at: Front) -> None:
    slip = await ended(at)
    visitor = at.from_network("203.0.113.9")
    opened = await visitor.get(f"/s/{slip.token}")
    assert opened.status_code == 303
    page = (await visitor.get("/status?lang=en")).text
    assert "How did we handle this?" in page
    assert page.count('name="rating"') == 5
    fields = form_in(page, "/status/rate") | {"rating": "4", "text": WORDS}
    headers = {"Sec-Fetch-Site": "same-origin", "Origin": "https://desk.example", "Accept": "text/html"}
    sent = [await visitor.post("/status/rate?lang=en", data=fields, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 303]
    assert len(await at.house.desk.read(_rows)) == 1
    after = (await visitor.get(sent[0].headers["location"])).text
    assert "Thank you, we have noted it." in after
    assert "You gave 4 (Good); you can change it" in after
    assert WORDS in after
    again = form_in(after, "/status/rate") | {"rating": "9", "text": "再说一句"}
    refused = await visitor.post("/status/rate?lang=en", data=again, headers=headers)
    assert (refused.status_code, "再说一句" in refused.text) == (422, True)


async def test_a_try_is_recorded_on_the_claims_page(at: Front) -> None:
    slip = await ended(at)
    page, olga = f"/desk/claims/{slip.reference}", await seat(at, "olga")
    assert "Follow-up (0 of 3 tries made)" in (await olga.get(page)).text
    assert (await olga.submit(page, f"{page}/follow_up")).status_code == 422
    done = await olga.submit(page, f"{page}/follow_up", outcome="not_reached")
    assert done.status_code == 303
    after = (await olga.get(page)).text
    assert ("Follow-up (1 of 3 tries made)" in after, "The try is recorded." in after) == (True, True)


async def test_the_calendar_puts_a_file_away_after_the_window(at: Front) -> None:
    refused, withdrawn = await ended(at), await ended(at, "withdrawn")
    still = await at.slip(await at.brought_to("docketed"))
    at.house.clock.at, at.house.clock.tick = LAST_SECOND, timedelta(0)
    assert await archive_all(at.house.desk) == 0
    at.house.clock.go(seconds=1)
    assert await archive_all(at.house.desk) == 2
    assert await archive_all(at.house.desk) == 0
    for slip, end in ((refused, "refused"), (withdrawn, "withdrawn")):
        claim = await at.claim(slip.reference)
        assert (claim.state, claim.ended_as, claim.outcome) == ("archived", end, None)
        assert moved(await at.events(slip.reference)) == ("moved", "archive", end, "archived", "calendar", None)
        seen = await at.status(slip)
        assert (seen["stage"], seen["acts"]) == (f"closed_{end}", [])
    assert problem(await at.visit(refused, "reopen", text="有新票据")) == (409, "wrong_moment")
    assert problem(await at.visit(refused, "rate", rating=5)) == (409, "wrong_moment")
    assert (await at.claim(still.reference)).state == "docketed"
    assert await red(at) == {}


async def test_a_file_is_not_put_away_while_anything_is_owed_for_it(at: Front) -> None:
    slip = await ended(at, "closed")
    at.house.clock.go(days=30)
    assert await archive_all(at.house.desk) == 0
    number = (await at.call("GET", f"{SITE}/recoveries", "ma")).json()["recoveries"][0]["id"]
    write, cast = at.house.desk.write, at.house.cast
    await write(recovery.demand, cast.ma, int(number), MORNING.date().replace(month=12))
    asked = await write(propose_decision, cast.ma, int(number), DecisionKind.WRITE_OFF, "店已关门。")
    assert await archive_all(at.house.desk) == 0
    assert asked.waiting
    await write(approve_decision, cast.chen, int(number), asked.waiting.row.id)
    assert await archive_all(at.house.desk) == 1
    claim = await at.claim(slip.reference)
    assert (claim.state, claim.ended_as, claim.outcome) == ("archived", "closed", "refunded")
    assert (await at.status(slip))["stage"] == "closed_refunded"
    assert await red(at) == {}


async def test_two_workers_put_each_file_away_once(at: Front) -> None:
    slips = [await ended(at) for _ in range(4)]
    at.house.clock.go(days=9)
    done = await all_of(*(archive_all(at.house.desk) for _ in range(3)))
    assert sum(done) == 4
    for slip in slips:
        steps = [event.step for event in await at.events(slip.reference)]
        assert steps.count("archive") == 1
