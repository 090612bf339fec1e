"""What became of promises: counted with each change, shown by promise and day, every miss with its reason; never a person."""

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from desk.actions.clocks import see_to_clocks
from desk.actions.promises import explain_miss, fold_counts
from desk.domain.policy import RIGHTS, Role
from desk.ports import Work
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import fold_all_counts, see_to_all_clocks
from tests.builders import MORNING, all_of, open_house
from tests.cast import Cast
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import Front, flaw, opened_front, problem
from tests.web.probes import REPORTS

SITE, AWAY = "/api/v1/sites/huangshan", "/api/v1/sites/gulangyu"
PAGE = "/desk/promises"
WHY = "值班的人都在处理索道停运。"
BREACH, COUNT, DELTA, SITE_ROW = (metadata.tables[name] for name in ("clock_breach", "promise_count", "promise_delta", "site"))


@pytest.fixture
async def at(till_of_ones_own: tuple[str, Cast]) -> AsyncIterator[Front]:
    """The running application on a desk of its own: on SQLite before each landing, on PostgreSQL in the gate."""
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast) as house, opened_front(house) as opened:
        yield opened


async def told(front: Front, by: str = "ma", site: str = SITE, **query: str) -> Any:  # noqa: ANN401 - the JSON
    """The report, its promises by id."""
    answer = await front.call("GET", f"{site}/promises", by, params=query)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return found | {"promises": {one["id"]: one for one in found["promises"]}}


def numbers(one: dict[str, Any]) -> tuple[int, ...]:
    """Made, kept, missed, running, void."""
    return tuple(one[name] for name in ("made", "kept", "missed", "running", "void"))


async def listed(front: Front, by: str = "ma", **query: str) -> Any:  # noqa: ANN401 - the JSON
    answer = await front.call("GET", f"{SITE}/promises/missed", by, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()["missed"]


async def missed(front: Front) -> int:
    """A promise of a first answer that was missed; its number. The clock is put back, so that sessions go on."""
    reference, began = (await front.house.lodge()).reference, front.house.clock.at
    front.house.clock.go(hours=3)
    await front.house.message(reference)
    front.house.clock.at = began
    return int((await front.house.desk.read(_rows, BREACH))[-1].id)


async def red(front: Front) -> dict[str, str]:
    """The invariants that do not hold; sessions are put there by hand (I34)."""
    report = await front.house.desk.read(verify, front.house.kit)
    return {finding.id: finding.detail for finding in report.invariants if not finding.ok and finding.id != "I34"}


def _rows(conn: Connection, table: Any) -> Any:  # noqa: ANN401 - Core pieces
    return conn.execute(select(table).order_by(table.c.id)).all()


async def test_promises_are_counted_as_they_are_made_kept_missed_and_lifted(at: Front) -> None:
    house = at.house
    quick, slow, lifted, still = [(await house.lodge()).reference for _ in range(4)]
    house.clock.go(minutes=10)
    await house.message(quick)
    await house.withdraw(lifted)
    house.clock.go(hours=2)
    await house.message(slow)
    before = await told(at)
    assert (before["from"], before["to"], before["enough_days"]) == ("2026-08-10", "2026-09-08", False)
    assert {kind: numbers(one) for kind, one in before["promises"].items()} == {
        "auto_receipt": (4, 4, 0, 0, 0), "first_answer": (4, 1, 1, 1, 1), "acceptance": (4, 0, 0, 3, 1),
        "fast_payment": (0, 0, 0, 0, 0), "mediation": (0, 0, 0, 0, 0),
        "return_answer": (0, 0, 0, 0, 0), "return_close": (0, 0, 0, 0, 0),
    }  # fmt: skip
    first = before["promises"]["first_answer"]
    assert (first["length"], first["unit"], first["confirmed"], first["counted"]) == (2, "hour", False, "elapsed")
    assert (first["share_kept"], first["took"]["count"], first["received"]) == (0.5, 2, None)
    assert 600 <= first["took"]["median"] <= 600 * 33 / 32 + 1
    assert 7_800 <= first["took"]["p90"] <= 7_800 * 33 / 32 + 1
    assert first["definition"] == "From lodging until an officer's first message or decision."

    assert await fold_all_counts(house.desk) > 0
    assert await house.desk.read(_rows, DELTA) == []
    assert await told(at) == before
    await see_to_all_clocks(house.desk)
    assert numbers((await told(at))["promises"]["first_answer"]) == (4, 1, 2, 0, 1)
    await house.message(still)
    assert (await told(at))["promises"]["first_answer"]["took"]["count"] == 3
    assert await red(at) == {}


async def test_a_refund_has_two_times_sent_and_received(at: Front) -> None:
    till = Till(at.house)
    payout = (await till.propose(await till.agreed())).payout.id
    at.house.clock.go(minutes=12)
    await till.send(payout)
    sent = (await told(at))["promises"]["fast_payment"]
    assert (numbers(sent), sent["took"]["count"], sent["received"]["count"]) == ((1, 1, 0, 0, 0), 1, 0)
    at.house.clock.go(minutes=28)
    answer = await at.call("POST", f"/api/v1/payouts/{payout}/received", "chen", json={})
    assert answer.status_code == 200
    there = (await told(at))["promises"]["fast_payment"]
    assert (numbers(there), there["counted"]) == ((1, 1, 0, 0, 0), "without_pauses")
    assert 720 <= there["took"]["median"] <= 745
    assert 2_400 <= there["received"]["median"] <= 2_476
    assert await red(at) == {}


async def test_a_promise_that_was_missed_stays_missed_when_it_is_lifted_also_while_no_worker_runs(at: Front) -> None:
    reference = (await at.house.lodge()).reference
    at.house.clock.go(hours=3)
    await at.house.withdraw(reference)
    assert numbers((await told(at))["promises"]["first_answer"]) == (1, 0, 1, 0, 0)
    (miss,) = await listed(at)
    assert (miss["reference"], miss["promise"], miss["reason"]) == (reference, "first_answer", None)
    assert miss["made_at"].startswith("2026-09-08T09:30:00")
    assert await red(at) == {}


async def test_a_refund_that_the_bank_sent_back_is_promised_and_counted_again(at: Front) -> None:
    till = Till(at.house)
    payout = await till.brought_to("arrived")
    for by in ("chen", "ma"):
        await at.call("POST", f"/api/v1/payouts/{payout}/returned", by, json={"evidence": "银行退汇单"})
    again = (await told(at))["promises"]["fast_payment"]
    assert (numbers(again), again["received"]["count"]) == ((2, 1, 0, 1, 0), 1)
    assert await red(at) == {}


async def test_why_a_promise_was_missed_is_said_by_the_counter_and_kept(at: Front) -> None:
    number = await missed(at)
    path = f"/api/v1/promises/missed/{number}/reason"
    first = await at.call("POST", path, "olga", json={"reason": f"{WHY}游客的电话13800138000打不通。"})
    assert first.status_code == 200
    kept = first.json()["reason"]
    assert kept.startswith(WHY)
    assert "13800138000" not in kept
    assert (await at.call("POST", path, "ma", json={"reason": WHY})).json()["reason"] == WHY
    (miss,) = await listed(at, "ada")
    assert (miss["id"], miss["reason"]) == (str(number), WHY)
    chain = [event for event in await at.events(miss["reference"]) if event.kind == "miss_explained"]
    assert [(event.role, event.reason == WHY) for event in chain] == [("intake", False), ("manager", True)]
    assert await red(at) == {}
    status = await at.status(await at.slip(miss["reference"]))
    assert WHY not in str(status)


async def test_a_reason_is_given_with_a_key_once_and_refused_when_there_is_none(at: Front) -> None:
    path = f"/api/v1/promises/missed/{await missed(at)}/reason"
    first, again = [await at.call("POST", path, "ma", json={"reason": WHY}, key="why-key") for _ in range(2)]
    assert first.content == again.content
    refused = await at.call("POST", path, "ma", json={"reason": "  "})
    assert (problem(refused), flaw(refused)) == ((422, "bad_input"), ("/reason", "missing"))
    for reason, status in (("x" * 2000, 200), ("x" * 2001, 422)):
        assert (await at.call("POST", path, "ma", json={"reason": reason})).status_code == status
    assert problem(await at.call("POST", "/api/v1/promises/missed/7/reason", "ma", json={"reason": WHY})) == (404, "not_found")


async def test_days_are_those_of_the_site_and_both_ends_count(at: Front) -> None:
    house = at.house
    house.clock.at = MORNING.replace(hour=15, minute=59, second=58)
    await house.lodge()
    house.clock.go(seconds=3)
    await house.lodge()
    for days, made in ((("2026-09-08",) * 2, 1), (("2026-09-09",) * 2, 1), (("2026-09-08", "2026-09-09"), 2)):
        found = await told(at, **{"from": days[0], "to": days[1]})
        assert (found["from"], found["to"], found["promises"]["acceptance"]["made"]) == (*days, made)
    reversed_days = await at.call("GET", f"{SITE}/promises", "ma", params={"from": "2026-09-09", "to": "2026-09-08"})
    assert (problem(reversed_days), flaw(reversed_days)[1]) == ((422, "bad_input"), "days_reversed")
    for first, status in (("2025-09-09", 200), ("2025-09-08", 422)):
        query = {"from": first, "to": "2026-09-09"}
        assert (await at.call("GET", f"{SITE}/promises", "ma", params=query)).status_code == status


async def test_both_files_hold_rows_and_never_a_formula(at: Front) -> None:
    number = await missed(at)
    await at.house.desk.write(explain_miss, at.house.cast.ma, number, "=HYPERLINK(1)")
    days = await at.call("GET", f"{SITE}/promises.csv", "ada")
    assert days.headers["content-disposition"] == 'attachment; filename="promises-huangshan-2026-08-10-2026-09-08.csv"'
    lines = list(csv.DictReader(io.StringIO(days.text)))
    assert {line["promise"]: (line["day"], line["made"], line["missed"]) for line in lines} == {
        "auto_receipt": ("2026-09-08", "1", "0"), "first_answer": ("2026-09-08", "1", "1"),
        "acceptance": ("2026-09-08", "1", "0"),
    }  # fmt: skip
    misses = list(csv.DictReader(io.StringIO((await at.call("GET", f"{SITE}/promises/missed.csv", "ada")).text)))
    assert [(line["miss"], line["reason"]) for line in misses] == [(str(number), "'=HYPERLINK(1)")]


async def test_a_long_list_of_misses_goes_page_by_page_and_by_promise(at: Front) -> None:
    found = [await missed(at) for _ in range(5)]
    at.house.clock.go(days=5)
    await see_to_all_clocks(at.house.desk)
    asked, seen = {"promise": "first_answer", "limit": "2"}, []
    while True:
        page = (await at.call("GET", f"{SITE}/promises/missed", "ma", params=asked)).json()
        seen += [int(miss["id"]) for miss in page["missed"]]
        if page["next"] is None:
            break
        asked["cursor"] = page["next"]
    assert seen == found[::-1]
    assert len(await listed(at)) == 10
    assert {miss["promise"] for miss in await listed(at, promise="acceptance")} == {"acceptance"}


async def test_two_workers_fold_every_count_exactly_once(at: Front) -> None:
    for _ in range(30):
        await at.house.lodge()
    before = await told(at)
    folded = await all_of(*(at.house.desk.write(fold_counts) for _ in range(6)))
    assert sum(folded) == 30
    assert await told(at) == before
    rows = {(row.kind, row.what): row.number for row in await at.house.desk.read(_rows, COUNT)}
    assert rows["auto_receipt", "kept"] == 30
    assert await red(at) == {}


async def test_the_sweep_counts_a_miss_once_however_often_it_looks(at: Front) -> None:
    reference = (await at.house.lodge()).reference
    at.house.clock.go(hours=3)
    claim = await at.claim(reference)
    await all_of(*(at.house.desk.write(see_to_clocks, claim.id) for _ in range(4)))
    assert numbers((await told(at))["promises"]["first_answer"]) == (1, 0, 1, 0, 0)
    assert await red(at) == {}


async def test_hours_in_which_the_site_is_closed_take_no_time(at: Front) -> None:
    always = [[["08:00", "12:00"], ["14:00", "18:00"]]] * 7
    await at.house.desk.write(_hours, {"clocks": always})
    at.house.clock.at = MORNING.replace(hour=3, minute=50)
    reference = (await at.house.lodge()).reference
    at.house.clock.go(hours=2, minutes=20)
    await at.house.message(reference)
    first = (await told(at))["promises"]["first_answer"]
    assert (numbers(first), first["counted"]) == ((1, 1, 0, 0, 0), "open_hours")
    assert 1_200 <= first["took"]["median"] <= 1_240
    assert await red(at) == {}


def _hours(work: Work, hours: dict[str, Any]) -> None:
    work.conn.execute(update(SITE_ROW).where(SITE_ROW.c.slug == "huangshan").values(hours=hours))


@pytest.mark.parametrize("where", REPORTS, ids=" ".join)
async def test_reports_are_for_manager_and_auditor_of_the_site_alone(till: Front, where: tuple[str, str]) -> None:
    method, path = where
    probe, number = REPORTS[where], str(await missed(till))
    cast = {"olga": Role.INTAKE, "chen": Role.CASHIER, "mei": Role.MEDIATOR, "ma": Role.MANAGER, "ada": Role.AUDITOR}
    for by, role in cast.items():
        answer = await till.call(method, path.format(site="huangshan", miss=number), by, json=probe.body)
        assert (by, answer.status_code) == (by, 200 if role in RIGHTS[probe.act] else 403)  # type: ignore[index] # an Act
    for by in ("mona", "oskar", "anton"):
        there, nowhere = [
            await till.call(method, path.format(site=site, miss=miss), by, json=probe.body)
            for site, miss in (("huangshan", number), ("atlantis", "7"))
        ]
        assert (by, there.status_code, there.content) == (by, 404, nowhere.content)
    assert (await till.call(method, path.format(site="huangshan", miss=number), json=probe.body)).status_code == 401
    surplus = await till.call(method, path.format(site="huangshan", miss=number), "ma", json=probe.body, params={"surplus": "1"})
    assert problem(surplus) == (400, "bad_input")


async def test_the_page_says_it_in_a_sentence_and_every_number_leads_to_its_rows(at: Front) -> None:
    ma = await seat(at, "ma")
    empty = (await ma.get(PAGE)).text
    assert "no promise was made." in empty
    assert "Not enough days yet" in empty
    number = await missed(at)
    for _ in range(4):
        at.house.clock.go(days=1)
        await at.house.lodge()
    ma = await seat(at, "ma")
    page = (await ma.get(PAGE)).text
    assert "15 promises made, 5 kept, 1 missed, 9 still running." in page
    assert "Not enough days yet" not in page
    assert "source not confirmed" in page
    rows = f"{PAGE}/huangshan/missed?promise=first_answer&amp;from=2026-08-14&amp;to=2026-09-12"
    assert f'href="{rows}"' in page
    assert f'id="miss-{number}"' in (await ma.get(rows.replace("&amp;", "&"))).text
    days = (await ma.get(f"{PAGE}/huangshan/days?promise=first_answer")).text
    assert "Tuesday 8 September 2026" in days
    for language, heading in (("zh-CN", "承诺兑现"), ("en", "Promises kept")):
        assert heading in (await ma.get(PAGE, language)).text
    wrong = await ma.get(f"{PAGE}?from=2026-09-09&to=2026-09-08")
    assert (wrong.status_code, "The first day must not be after the last." in wrong.text) == (422, True)
    assert (await ma.get(f"{PAGE}?from=soon")).status_code == 422
    assert (await ma.get(f"{PAGE}?site=gulangyu")).status_code == 404


async def test_the_reason_is_typed_into_the_page_and_a_refused_one_stays(at: Front) -> None:
    number = await missed(at)
    olga = await seat(at, "olga")
    page, action = f"{PAGE}/huangshan/missed", f"{PAGE}/huangshan/missed/{number}"
    refused = await olga.submit(page, action, reason="  ")
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    long = await olga.submit(page, action, reason="x" * 2001)
    assert (long.status_code, "x" * 2001 in long.text) == (422, True)
    done = await olga.submit(page, action, reason=WHY)
    assert (done.status_code, done.headers["location"].partition("?")[0]) == (303, page)
    after = (await olga.get(done.headers["location"])).text
    assert WHY in after
    assert "The reason is recorded." in after
    assert form_in(after, action)
    ada = await seat(at, "ada")
    assert f'action="{action}"' not in (await ada.get(page)).text


async def test_the_counter_reaches_a_miss_from_its_claim(at: Front) -> None:
    number = await missed(at)
    (miss,) = await listed(at)
    olga = await seat(at, "olga")
    page = (await olga.get(f"/desk/claims/{miss['reference']}")).text
    rows = f"{PAGE}/huangshan/missed?promise=first_answer&amp;from=2026-09-08&amp;to=2026-09-08"
    assert page.count(f'href="{rows}"') == 1
    assert f'id="miss-{number}"' in (await olga.get(rows.replace("&amp;", "&"))).text


async def test_a_long_time_is_told_by_day_a_month_at_a_time(at: Front) -> None:
    for _ in range(3):
        await at.house.lodge()
        at.house.clock.go(days=31)
    asked = {"from": "2026-09-08", "to": "2026-12-10"}
    lines = list(csv.DictReader(io.StringIO((await at.call("GET", f"{SITE}/promises.csv", "ma", params=asked)).text)))
    assert sorted({line["day"] for line in lines}) == ["2026-09-08", "2026-10-09", "2026-11-09"]
    ma, seen, address = await seat(at, "ma"), 0, f"{PAGE}/huangshan/days?promise=auto_receipt&from=2026-09-08&to=2026-12-10"
    while True:
        page = (await ma.get(address)).text
        seen += page.count('<th scope="row">')
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        if onward is None:
            break
        address = html.unescape(onward[1])
    assert seen == 3


async def test_a_report_names_no_officer_and_no_visitor(at: Front) -> None:
    await missed(at)
    await see_to_all_clocks(at.house.desk)
    ma = await seat(at, "ma")
    shown = [(await ma.get(f"{PAGE}{rest}")).text.partition("<main")[2] for rest in ("", "/huangshan/days", "/huangshan/missed")]
    answers = [
        (await at.call("GET", f"{SITE}/{rest}", "ma")).text for rest in ("promises", "promises.csv", "promises/missed.csv")
    ]
    for text in (*shown, *answers):
        assert not any(name in text for name in ("王小薇", "Olga", "Otto", "13800138000"))


async def test_an_hour_without_folding_shows_the_same_on_the_next_day(at: Front) -> None:
    await at.house.lodge()
    at.house.clock.go(days=1)
    await at.house.lodge()
    await at.house.desk.write(fold_counts)
    await at.house.lodge()
    assert (await told(at))["promises"]["auto_receipt"]["made"] == 3
    at.house.clock.at += timedelta(days=40)
    assert (await told(at))["promises"]["auto_receipt"]["made"] == 0
