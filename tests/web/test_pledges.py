"""The register of pledges, by its routes and on its page: signed, withdrawn, kept, in the site's chain, or not at all."""

import json
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.store.tables import metadata
from tests.builders import all_of
from tests.returns import Goods
from tests.web.console import seat
from tests.web.front import Front, flaw, problem

EVENT = metadata.tables["event"]
PLEDGES = "/api/v1/sites/huangshan/pledges"
PAGE = "/desk/pledges/huangshan"
ALL = ["custom_made", "altered", "damaged_in_transport", "no_invoice"]
XSS = '<img src=x onerror="alert(1)">'


async def signed(front: Front, by: str = "ma", **told: Any) -> Any:  # noqa: ANN401 - an answer
    """Ask for a pledge to be entered."""
    return await front.call("POST", PLEDGES, by, json=told)


async def listed(front: Front, by: str = "ma") -> list[dict[str, Any]]:
    """The register, the newest first."""
    found: list[dict[str, Any]] = (await front.call("GET", PLEDGES, by)).json()["pledges"]
    return found


def told_of(conn: Connection, number: str) -> list[tuple[str, str, dict[str, Any]]]:
    """What the site's chain says of a pledge: (kind, role, data)."""
    kinds = EVENT.c.kind.in_(["pledge_signed", "pledge_withdrawn"])
    rows = conn.execute(select(EVENT).where(EVENT.c.subject.like("site:%"), kinds).order_by(EVENT.c.seq))
    return [(row.kind, row.role, told) for row in rows if (told := json.loads(row.data))["pledge"] == number]


async def test_a_merchants_pledge_has_the_days_of_the_pack_and_excepts_what_can_be(front: Front) -> None:
    answer = await signed(front, respondent={"name": "云海茶庄"})
    pledge = answer.json()
    assert (answer.status_code, pledge["days"], pledge["exclusions"]) == (201, 30, ALL)
    assert (pledge["respondent"]["name"], pledge["signed_on"], pledge["withdrawn_on"]) == ("云海茶庄", "2026-09-08", None)
    assert await listed(front, "olga") == [pledge]
    ((kind, role, said),) = await front.house.desk.read(told_of, pledge["id"])
    assert (kind, role, said["days"], said["signed_on"]) == ("pledge_signed", "manager", 30, "2026-09-08")


async def test_the_sites_own_pledge_stands_beside_a_merchants_and_both_are_withdrawn_for_themselves(front: Front) -> None:
    own = (await signed(front, days=7, exclusions=["no_invoice"], signed_on="2026-01-01")).json()
    shop = await signed(front, respondent={"id": (await signed(front, respondent={"name": "新店"})).json()["respondent"]["id"]})
    assert (own["respondent"], problem(shop)) == (None, (409, "wrong_moment"))
    answer = await front.call("POST", f"{PLEDGES}/{own['id']}/withdraw", "ma", json={})
    assert (answer.status_code, answer.json()["withdrawn_on"]) == (200, "2026-09-08")
    again = await front.call("POST", f"{PLEDGES}/{own['id']}/withdraw", "ma", json={})
    assert problem(again) == (409, "wrong_moment")
    another = (await signed(front, days=14)).json()
    newest, *_ = await listed(front)
    assert (newest["id"], newest["withdrawn_on"]) == (another["id"], None)
    assert [line["withdrawn_on"] for line in await listed(front) if line["id"] == own["id"]] == ["2026-09-08"]
    assert [kind for kind, *_ in await front.house.desk.read(told_of, own["id"])] == ["pledge_signed", "pledge_withdrawn"]


@pytest.mark.parametrize(
    ("told", "where", "code"),
    [
        ({"days": 0}, "/days", "too_small"), ({"days": 366}, "/days", "too_large"),
        ({"days": "30"}, "/days", "wrong_type"),
        ({"exclusions": ["out_of_taste"]}, "/exclusions/0", "not_one_of"),
        ({"signed_on": "2026-09-09"}, "/signed_on", "in_future"),
        ({"signed_on": "gestern"}, "/signed_on", "bad_date"), ({"respondent": {}}, "/respondent/name", "missing"),
        ({"respondent": {"id": "7"}}, "/respondent/id", "not_at_this_site"),
        ({"respondent": {"name": "x" * 81}}, "/respondent/name", "too_long"),
    ],
)  # fmt: skip
async def test_what_is_no_pledge_is_refused_and_leaves_nothing(front: Front, told: dict[str, Any], where: str, code: str) -> None:
    before = [await front.counted(table) for table in ("pledge", "event", "respondent")]
    answer = await signed(front, **told)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), (where, code))
    assert [await front.counted(table) for table in ("pledge", "event", "respondent")] == before


@pytest.mark.parametrize("days", [1, 365])
async def test_the_shortest_and_the_longest_pledge(front: Front, days: int) -> None:
    assert (await signed(front, days=days)).json()["days"] == days


async def test_signed_by_two_managers_at_once_one_stands(front: Front) -> None:
    goods = Goods(front.house)
    done = await all_of(*(goods.pledge(merchant) for merchant in ("云海茶庄", None) * 4))
    assert sorted(type(one).__name__ for one in done) == ["Pledged"] * 2 + ["WrongMoment"] * 6
    assert await front.counted("pledge") == 2


async def test_withdrawn_it_covers_what_was_bought_before_and_nothing_after(front: Front) -> None:
    goods = Goods(front.house)
    pledge = await goods.pledge()
    before = await goods.lodged(purchased_on=date(2026, 9, 8))
    await goods.withdraw(pledge)
    front.house.clock.go(days=1)
    after = await goods.lodged(purchased_on=date(2026, 9, 9))
    found = {}
    for name, reference in (("before", before), ("after", after)):
        await goods.start(reference)
        found[name] = (await front.get(f"{reference}/return", "olga")).json()["reasons"]
    assert (found["before"], [reason["code"] for reason in found["after"]]) == ([], ["seller_not_covered"])


async def test_the_register_as_a_file_is_no_formula(front: Front) -> None:
    await Goods(front.house).pledge("=HYPERLINK(1)")
    await Goods(front.house).withdraw(await Goods(front.house).pledge(None, days=7))
    answer = await front.call("GET", f"{PLEDGES}.csv", "ada")
    head, newest, oldest = answer.text.splitlines()
    assert head == "id,respondent,days,exclusions,signed_on,added_at,added_by,withdrawn_on,withdrawn_at,withdrawn_by"
    assert newest.split(",")[1:5] == ["", "7", "custom_made altered damaged_in_transport no_invoice", "2026-01-01"]
    assert newest.endswith(",Ma")
    assert ",'=HYPERLINK(1),30," in oldest


async def test_the_page_begins_empty_takes_a_pledge_and_withdraws_it(sqlite_front: Front) -> None:
    ma, olga = await seat(sqlite_front, "ma"), await seat(sqlite_front, "olga")
    assert "No pledge yet. Enter the first one" in (await ma.get(PAGE)).text
    assert "No pledge yet. The manager enters them." in (await olga.get(PAGE)).text
    assert (await ma.get("/desk/pledges")).headers["location"] == PAGE
    typed = {"whose": "merchant", "name": f"茶 {XSS}", "days": "１５ 天", "custom_made": "1", "signed_on": "2026-09-01"}
    answer = await ma.submit(PAGE, PAGE, **typed)
    assert (answer.status_code, answer.headers["location"]) == (303, PAGE)
    shown = (await ma.get(PAGE)).text
    assert "The pledge is entered." in shown
    assert XSS not in shown
    assert all(
        part in shown
        for part in ("Within 15 days of the purchase", "In force", "Signed on Tuesday 1 September 2026, entered by Ma")
    )
    (pledge,) = await listed(sqlite_front)
    assert (pledge["days"], pledge["signed_on"]) == (15, "2026-09-01")
    assert 'action="/desk/pledges/huangshan' not in (await olga.get(PAGE)).text
    address = f"{PAGE}/{pledge['id']}/withdraw"
    done = await ma.submit(PAGE, address)
    assert done.headers["location"] == PAGE
    shown = (await ma.get(PAGE)).text
    assert "The pledge is withdrawn." in shown
    assert "Withdrawn on Tuesday 8 September 2026 by Ma." in shown
    assert address not in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"whose": "merchant", "name": ""}, "Fill this in."),
        ({"whose": "", "name": "茶"}, "Fill this in."),
        ({"whose": "site", "days": "viele"}, "365"),
        ({"whose": "site", "days": "366"}, "365"),
        ({"whose": "site", "signed_on": "2026-09-09"}, "Enter today or an earlier date."),
        ({"whose": "merchant", "name": "云海茶庄", "days": "20"}, "They have a pledge in force already."),
    ],
)
async def test_a_refused_form_keeps_what_was_typed(sqlite_front: Front, typed: dict[str, str], said: str) -> None:
    await Goods(sqlite_front.house).pledge()
    ma = await seat(sqlite_front, "ma")
    answer = await ma.submit(PAGE, PAGE, **typed)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    for name in ("name", "days", "signed_on"):
        assert not typed.get(name) or f'value="{typed[name]}"' in answer.text
    assert await sqlite_front.counted("pledge") == 1


async def test_a_pledge_withdrawn_by_a_colleague_meanwhile_is_said_so(sqlite_front: Front) -> None:
    pledge = await Goods(sqlite_front.house).pledge()
    ma = await seat(sqlite_front, "ma")
    address, opened = f"{PAGE}/{pledge.row.id}/withdraw", (await ma.get(PAGE)).text
    await Goods(sqlite_front.house).withdraw(pledge)
    key = opened.partition(address)[2].partition('value="')[2].partition('"')[0]
    answer = await ma.post(address, {"key": key})
    assert answer.status_code == 409
    assert "Withdrawn on Tuesday 8 September 2026 by Ma." in answer.text
