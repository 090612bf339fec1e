"""Completing what was not known at the lodging: amounts and the respondent, once each, until a decision rests on them."""

from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from desk.actions.access import visitor_of
from desk.domain.claim import State
from desk.reads.told import told_of
from desk.reads.visitors import keyholders
from desk.store.tables import metadata
from tests.builders import all_of
from tests.web.front import BODY, Front, flaw, last, problem, yuan

ITEM = metadata.tables["claim_item"]
OPEN: dict[str, Any] = {"respondent": None, "items": [{"kind": "refund", "asked": None}, {"kind": "apology"}]}
NEW = {"name": "新安茶行", "kind": "shop"}
SHOP = {"name": "云海茶庄", "kind": "shop"}
COMPLETABLE = {"received", "awaiting_information", "docketed", "returning"}


def amounts(**by_place: str) -> list[dict[str, Any]]:
    """`_0="128.00"`: what the item at place 0 asks for."""
    return [{"item": int(place[1:]), "asked": yuan(amount)} for place, amount in by_place.items()]


async def opened(front: Front, **told: Any) -> str:  # noqa: ANN401
    """The reference of a claim lodged without amount and respondent."""
    return str((await front.lodge(**{**OPEN, **told})).json()["reference"])


async def complete(front: Front, reference: str, by: str = "olga", version: int | None = None, **body: Any) -> httpx.Response:  # noqa: ANN401
    """Complete the facts under the claim's version now, or under another one."""
    version = version or (await front.claim(reference)).version
    return await front.call("PUT", f"/api/v1/claims/{reference}/facts", by, json=body, version=version)


async def missing(front: Front, reference: str) -> list[str]:
    """What the rule says is missing."""
    return list((await front.get(f"{reference}/triage", "olga")).json()["missing"])


async def asked(front: Front, reference: str) -> list[int | None]:
    """The amounts of the claim's items, in order."""
    claim = await front.claim(reference)

    def rows(conn: Connection) -> list[int | None]:
        query = select(ITEM.c.asked_minor).where(ITEM.c.claim_id == claim.id).order_by(ITEM.c.position)
        return list(conn.execute(query).scalars())

    return await front.house.desk.read(rows)


async def test_what_was_missing_is_completed_and_the_refund_confirmed(front: Front) -> None:
    reference = await opened(front)
    assert {"amount", "respondent"} <= set(await missing(front, reference))
    done = await complete(front, reference, amounts=amounts(_0="128.00"), respondent=SHOP)
    assert (done.status_code, done.json(), done.headers["etag"]) == (200, {"reference": reference, "version": 2}, '"2"')
    assert not {"amount", "respondent"} & set(await missing(front, reference))
    claim, events = await front.claim(reference), await front.events(reference)
    assert (claim.state, claim.version, await asked(front, reference)) == ("received", 2, [12_800, None])
    assert last(events) == ("facts_completed", None, None, None, "intake", None)
    assert events[-1].data == f'{{"items":[[0,12800]],"respondent":{claim.respondent_id}}}'
    await front.house.assess(reference)
    answer = await front.post(f"{reference}/triage", "olga", {"confirm": "fast_refund"})
    assert (answer.status_code, (await front.claim(reference)).decided_minor) == (200, 12_800)
    slip = await front.slip(reference)
    assert "facts_completed" not in str(await front.status(slip))


async def test_a_question_that_was_answered_leads_on(front: Front) -> None:
    reference = await opened(front)
    await front.house.assess(reference)
    assert await missing(front, reference) == ["amount", "respondent"]
    assert (await front.post(f"{reference}/triage", "olga", {"confirm": "needs_information"})).status_code == 200
    assert (await front.visit(await front.slip(reference), "answer", text="云海茶庄，128 元")).status_code == 200
    assert (await complete(front, reference, "ma", amounts=amounts(_0="128.00"))).status_code == 200
    assert await missing(front, reference) == ["respondent"]
    assert (await complete(front, reference, respondent=SHOP)).status_code == 200
    assert (await front.post(f"{reference}/triage", "olga", {"confirm": "fast_refund"})).status_code == 200


async def test_a_respondent_is_found_by_name_and_by_id_and_added_once(front: Front) -> None:
    first, second, third = [await opened(front) for _ in range(3)]
    before = await front.counted("respondent")
    assert (await complete(front, first, respondent=NEW)).status_code == 200
    assert (await complete(front, second, respondent={"name": " 新安 茶行 "})).status_code == 200
    known = (await front.claim(first)).respondent_id
    assert (await complete(front, third, respondent={"id": str(known)})).status_code == 200
    assert {(await front.claim(each)).respondent_id for each in (first, second, third)} == {known}
    assert await front.counted("respondent") == before + 1


async def test_vera_reads_who_she_named_and_not_who_staff_found_out(front: Front) -> None:
    async def shown(reference: str) -> str | None:
        holder = await front.house.desk.lookup(keyholders, reference)
        assert holder
        return (await front.house.desk.read(told_of, visitor_of(holder), reference)).merchant

    found_out, named = await opened(front), str((await front.lodge()).json()["reference"])
    assert (await complete(front, found_out, respondent=NEW)).status_code == 200
    assert await shown(named) == BODY["respondent"]["name"]
    assert await shown(found_out) is None


async def test_what_is_known_already_stays(front: Front) -> None:
    reference = str((await front.lodge()).json()["reference"])
    before = (await front.claim(reference)).model_dump()
    for body, pointer in (
        ({"amounts": amounts(_0="1.00")}, "/amounts/0/asked"),
        ({"respondent": {"name": "别家"}}, "/respondent"),
        ({"respondent": SHOP}, "/respondent"),
    ):
        answer = await complete(front, reference, **body)
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), (pointer, "not_allowed_here"))
    assert ((await front.claim(reference)).model_dump(), await asked(front, reference)) == (before, [12_800])


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({}, ("", "nothing_to_do")),
        ({"amounts": [], "respondent": None}, ("", "nothing_to_do")),
        ({"respondent": {}}, ("", "nothing_to_do")),
        ({"amounts": amounts(_2="1.00")}, ("/amounts/0/item", "not_found")),
        ({"amounts": amounts(_0="1.00") * 2}, ("/amounts/1/item", "contradicts")),
        ({"amounts": amounts(_1="1.00", _0="0.00")}, ("/amounts/1/asked/amount", "bad_amount")),
        (
            {"amounts": [{"item": 0, "asked": {"amount": "1", "currency": "USD"}}]},
            ("/amounts/0/asked/currency", "wrong_currency"),
        ),
        ({"amounts": amounts(_0="10000000.00", _1="0.01")}, ("/amounts", "too_large")),
        ({"amounts": [{"item": True, "asked": yuan("1")}]}, ("/amounts/0/item", "wrong_type")),
        ({"amounts": [{"item": 0, "asked": yuan("1"), "surplus": 1}]}, ("/amounts/0/surplus", "unknown_field")),
        ({"amounts": amounts(_0="1.00"), "respondent": {"id": "9"}}, ("/respondent/id", "not_at_this_site")),
        ({"respondent": {"id": "9" * 19}}, ("/respondent/id", "not_at_this_site")),
    ],
)
async def test_facts_that_cannot_be_are_refused_and_nothing_is_kept(
    front: Front, body: dict[str, Any], at: tuple[str, str]
) -> None:
    reference = await opened(front)
    answer = await complete(front, reference, **body)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), at)
    claim = await front.claim(reference)
    assert (claim.version, claim.respondent_id, await asked(front, reference)) == (1, None, [None, None])


async def test_a_respondent_of_another_site_is_none(front: Front) -> None:
    house = front.house
    foreign = (await house.lodge(house.cast.oskar, site="gulangyu")).reference
    reference = await opened(front)
    answer = await complete(front, reference, respondent={"id": str((await front.claim(foreign)).respondent_id)})
    assert flaw(answer) == ("/respondent/id", "not_at_this_site")


@pytest.mark.parametrize("state", list(State))
async def test_facts_are_completed_until_a_decision_rests_on_them(front: Front, state: State) -> None:
    reference = await opened(front)
    await front.put(reference, state)
    answer = await complete(front, reference, "ma", amounts=amounts(_0="128.00"), respondent=SHOP)
    if state in COMPLETABLE:
        assert (answer.status_code, (await front.claim(reference)).state) == (200, state)
    else:
        assert problem(answer) == (409, "wrong_moment")
        assert await asked(front, reference) == [None, None]


@pytest.mark.parametrize(
    ("by", "status"), [("chen", 403), ("mei", 403), ("ada", 403), ("mona", 404), ("anton", 404), ("ma", 200)]
)
async def test_the_counter_completes_and_nobody_else(front: Front, by: str, status: int) -> None:
    reference = await opened(front)
    assert (await complete(front, reference, by, respondent=SHOP)).status_code == status


async def test_facts_are_written_under_the_version_that_was_read(front: Front) -> None:
    reference = await opened(front)
    path, body = f"/api/v1/claims/{reference}/facts", dict[str, Any](amounts=amounts(_0="1.00"))
    assert problem(await front.call("PUT", path, "olga", json=body)) == (428, "version_missing")
    both = await all_of(complete(front, reference, version=1, **body), complete(front, reference, "ma", version=1, **body))
    assert sorted(answer.status_code for answer in both) == [200, 412]
    stale = next(answer for answer in both if answer.status_code == 412)
    assert (problem(stale), (await front.claim(reference)).version) == ((412, "stale_version"), 2)
    assert [event.kind for event in await front.events(reference)].count("facts_completed") == 1


async def test_two_officers_who_name_the_same_new_merchant_at_once_name_one(front: Front) -> None:
    first, second = await opened(front), await opened(front)
    before = await front.counted("respondent")
    both = await all_of(complete(front, first, respondent=NEW), complete(front, second, "ma", respondent=NEW))
    assert [answer.status_code for answer in both] == [200, 200]
    assert (await front.claim(first)).respondent_id == (await front.claim(second)).respondent_id is not None
    assert await front.counted("respondent") == before + 1
