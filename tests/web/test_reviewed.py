"""What a hostile reader found, each once: the answers that were wrong, now right."""

import asyncio

from desk.actions.endings import withdraw_claim
from desk.actions.once import once
from desk.domain.respondent import derived_id, normalised
from desk.domain.throttle import POSTER_LODGINGS
from tests.web.front import ANY, BODY, Front, problem, yuan


async def test_no_refund_is_decided_where_no_money_is_asked(front: Front) -> None:
    reference = (await front.lodge(items=[{"kind": "apology"}])).json()["reference"]
    await front.house.assess(reference)
    choice = {"override": "fast_refund", "reason": "goodwill", "amount": yuan("4999.99")}
    assert problem(await front.post(f"{reference}/triage", "ma", choice)) == (409, "amount_above_decided")


async def test_an_ended_claim_takes_no_answer(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    await front.house.message(reference, question=True)
    await front.house.withdraw(reference)
    slip = await front.slip(reference)
    assert problem(await front.visit(slip, "answer", text="x")) == (409, "wrong_moment")
    assert [kind for kind, _ in await front.messages(reference)] == ["question"]


async def test_a_visitor_reads_what_the_officer_asked_for_and_not_what_the_rule_would_have(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    await front.post(f"{reference}/triage", "olga", {"override": "needs_information", "reason": "A photo of the price board."})
    sentence = (await front.status(await front.slip(reference)))["sentence"]
    assert "A photo of the price board." in sentence
    assert "Still missing" not in sentence


async def test_a_merchant_named_by_id_is_the_one_named_in_writing(front: Front) -> None:
    first = (await front.lodge(order_no="A-1")).json()["reference"]
    site = (await front.claim(first)).site_id
    known = {"id": str(derived_id(site, BODY["respondent"]["name"]))}
    assert normalised(BODY["respondent"]["name"]) == BODY["respondent"]["name"]
    again = await front.lodge(order_no="a 1".replace(" ", "-"), respondent=known)
    assert [each["reference"] for each in again.json()["duplicates"]] == [first]


async def test_a_poster_that_lost_its_answer_gets_it_even_when_its_network_is_full(front: Front) -> None:
    first = await front.lodge(None, channel="poster", key="k-0")
    for number in range(1, POSTER_LODGINGS.burst):
        assert (await front.lodge(None, channel="poster", key=f"k-{number}")).status_code == 201
    assert problem(await front.lodge(None, channel="poster", key="k-more")) == (429, "too_many_tries")
    assert (await front.lodge(None, channel="poster", key="k-0")).content == first.content


async def test_twins_that_meet_at_the_claims_lock_get_one_answer(front: Front) -> None:
    """Two processes are imitated by two calls past the edge's own guard."""
    house = front.house
    reference = (await front.lodge()).json()["reference"]
    vera, attempt = await house.vera(reference), house.attempt("k-1")

    async def withdraw() -> ANY:
        return await house.desk.write(once, attempt, lambda held: held.claim.state, withdraw_claim, vera, reference, None)

    answers = await asyncio.gather(*(withdraw() for _ in range(6)))
    assert {answer.body for answer in answers} == {"withdrawn"}
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 5
