"""Lodging through its route: by an officer, by the poster, and everything that keeps a claim from being lodged."""

from typing import Any

import pytest

from desk.store import lodging
from tests.web.front import BODY, CLAIMS, Front, Slip, flaw, last, problem, yuan


async def test_olga_lodges_and_hands_over_reference_code_address_state_and_clocks(front: Front) -> None:
    answer = await front.lodge()
    told = answer.json()
    assert answer.status_code == 201
    assert set(told) == {"reference", "access_code", "status_url", "state", "clocks", "duplicates"}
    assert (told["state"], told["duplicates"]) == ("received", [])
    assert [(clock["id"], clock["due_at"], clock["state"]) for clock in told["clocks"]] == [
        ("first_answer", "2026-09-08T11:30:00+08:00", "running"),
        ("acceptance", "2026-09-10T23:59:59+08:00", "running"),
    ]
    slip = await front.slip(told["reference"])
    assert (told["access_code"], told["status_url"]) == (slip.code, f"https://desk.example/s/{slip.token}")


async def test_a_lodging_leaves_its_row_event_clocks_and_sentence(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    claim, events = await front.claim(reference), await front.events(reference)
    assert (claim.state, claim.version, claim.pack, claim.channel) == ("received", 1, "cn-2026", "counter")
    assert claim.lodged_by == front.house.cast.olga.id
    assert [last(events)] == [("moved", "lodge", None, "received", "intake", None)]
    assert "王小薇" not in str(events)
    assert await front.clocks(reference) == {"auto_receipt": "stopped", "first_answer": "running", "acceptance": "running"}
    seen = await front.status(await front.slip(reference))
    assert (seen["state"], seen["stage"], seen["next"]["who"]) == ("registered", "registered", "desk")
    assert seen["next"]["due_at"].startswith("2026-09-08T11:30:00")
    assert seen["amounts"]["asked"] == yuan("128.00")


async def test_a_visitor_files_alone_from_the_poster(front: Front) -> None:
    answer = await front.lodge(None, channel="poster")
    reference = answer.json()["reference"]
    assert (answer.status_code, (await front.claim(reference)).lodged_by) == (201, None)
    (event,) = await front.events(reference)
    assert (event.actor, event.role) == ("poster", "poster")


async def test_without_a_token_only_the_poster_may_file(sqlite_front: Front) -> None:
    channels = ["counter", "hotline_12345", "police_110", "site_security", "consumer_12315", "api"]
    answers = [await sqlite_front.lodge(None, channel=channel) for channel in channels]
    assert {problem(answer) for answer in answers} == {(401, "sign_in_needed")}
    assert await sqlite_front.counted("claim") == 0


async def test_a_wrong_token_is_no_poster(sqlite_front: Front) -> None:
    headers = {"Authorization": "Bearer desk_wrong"}
    answer = await sqlite_front.call("POST", CLAIMS, json={**BODY, "channel": "poster"}, headers=headers)
    assert problem(answer) == (401, "sign_in_needed")


@pytest.mark.parametrize(
    ("by", "refused"),
    [("chen", (403, "not_allowed")), ("mei", (403, "not_allowed")), ("ada", (403, "not_allowed")), ("mona", (404, "not_found"))],
)
async def test_only_intake_and_manager_of_the_site_lodge(sqlite_front: Front, by: str, refused: tuple[int, str]) -> None:
    assert problem(await sqlite_front.lodge(by)) == refused
    assert (await sqlite_front.lodge("ma")).status_code == 201


@pytest.mark.parametrize(
    ("told", "at"),
    [
        ({"spot": "sanqiutian-pier"}, ("/spot", "not_at_this_site")),
        ({"respondent": {"id": "7"}}, ("/respondent/id", "not_at_this_site")),
        ({"respondent": {"id": "9999999999999999999"}}, ("/respondent/id", "not_at_this_site")),
        (
            {"items": [{"kind": "refund", "asked": {"amount": "1", "currency": "USD"}}]},
            ("/items/0/asked/currency", "wrong_currency"),
        ),
        ({"items": [{"kind": "refund", "asked": yuan("5000000.01")}] * 2}, ("/items", "too_large")),
        ({"occurred_on": "2026-09-09"}, ("/occurred_on", "in_future")),
        ({"purchased_on": "2026-09-09"}, ("/purchased_on", "in_future")),
        ({"departs_at": "2026-09-09T18:20:00"}, ("/departs_at", "bad_time")),
        ({"occurred_on": "1999-12-31"}, ("/occurred_on", "bad_date")),
        ({"visitor": {"phone": "12"}}, ("/visitor/phone", "bad_phone")),
        ({"visitor": {"email": "vera"}}, ("/visitor/email", "bad_email")),
        ({"facts": " \n "}, ("/facts", "missing")),
        ({"items": [{"kind": "refund", "asked": {"amount": 128, "currency": "CNY"}}]}, ("/items/0/asked/amount", "wrong_type")),
    ],
)
async def test_what_contradicts_the_site_or_the_day_is_refused_where_it_stands(
    front: Front, told: dict[str, Any], at: tuple[str, str]
) -> None:
    answer = await front.lodge(**told)
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), at)
    assert await front.counted("claim") == await front.counted("person") == 0


async def test_not_sure_who_it_was_is_a_missing_respondent(front: Front) -> None:
    for unsure in (None, {}, {"kind": "shop"}):
        reference = (await front.lodge(respondent=unsure)).json()["reference"]
        verdict = (await front.get(f"{reference}/triage", "olga")).json()
        assert "respondent" in verdict["missing"]


async def test_two_spellings_of_a_merchant_are_one(front: Front) -> None:
    for name in ("云海茶庄", " 云海 茶庄 ", "云海\u3000茶庄"):
        await front.lodge(respondent={"name": name})
    (known, *_) = [(await front.get(reference, "olga")).json()["respondent"] for reference in await _references(front)]
    by_id = (await front.lodge(respondent={"id": known["id"]})).json()["reference"]
    assert (await front.get(by_id, "olga")).json()["respondent"] == {**known, "name": "云海茶庄"}
    assert await front.counted("respondent") == 6


async def test_look_alikes_are_hinted_to_officers_and_never_to_the_poster(front: Front) -> None:
    first = (await front.lodge(order_no="A 1")).json()["reference"]
    again = (await front.lodge(order_no="a1", occurred_on=None)).json()
    assert again["duplicates"] == [{"reference": first, "why": "same_order"}]
    same_day = (await front.lodge()).json()
    assert {"reference": first, "why": "same_sum_and_day"} in same_day["duplicates"]
    assert (await front.lodge(None, channel="poster", order_no="A1")).json()["duplicates"] == []
    away = await front.call("POST", CLAIMS, "oskar", json={**BODY, "site": "gulangyu", "spot": None, "order_no": "A 1"})
    assert away.json()["duplicates"] == []


async def test_a_reason_that_many_share_hides_no_other_look_alike(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lodging, "MOST_ALIKE", 1)
    lodging._before.cache_clear()
    first = (await front.lodge(order_no="A 1", occurred_on=None)).json()["reference"]
    shared = [(await front.lodge()).json()["reference"] for _ in range(3)]
    told = (await front.lodge(order_no="a1")).json()["duplicates"]
    lodging._before.cache_clear()
    assert {(each["reference"], each["why"]) for each in told} == {(first, "same_order"), (shared[-1], "same_sum_and_day")}


async def test_a_filing_without_account_is_throttled_by_network_and_only_there(sqlite_front: Front) -> None:
    answers = [await sqlite_front.lodge(None, channel="poster") for _ in range(31)]
    assert [answer.status_code for answer in answers] == [*[201] * 30, 429]
    assert (problem(answers[-1]), answers[-1].headers["retry-after"]) == ((429, "too_many_tries"), "30")
    assert (await sqlite_front.lodge("olga", channel="poster")).status_code == 201
    other = await sqlite_front.call("POST", CLAIMS, json={**BODY, "channel": "poster"}, peer="203.0.113.5")
    assert other.status_code == 201


async def test_the_slip_opens_its_claim_and_no_other(front: Front) -> None:
    one, other = [await front.slip((await front.lodge()).json()["reference"]) for _ in range(2)]
    assert (await front.look(one.pair)).json()["reference"] == one.reference
    assert (await front.look({"reference": one.reference, "access_code": other.code})).status_code == 404
    mixed = Slip(one.reference, one.code, one.reference + other.token[10:])
    assert (await front.look({"token": mixed.token})).status_code == 404


async def _references(front: Front) -> list[str]:
    listed = await front.call("GET", CLAIMS, "olga")
    return [line["reference"] for line in listed.json()["claims"]]
