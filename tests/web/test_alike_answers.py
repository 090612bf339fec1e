"""Unknown, wrong, mistyped, erased, throttled, foreign: one answer to the byte, so that nobody learns which it was."""

import httpx
import pytest
from sqlalchemy import text

from desk.ports import Work
from tests.web.front import CLAIMS, ELSEWHERE, STATUS, Front, Slip

UNKNOWN, MISTYPED = "0000000000", "0000000001"


def seen(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a client is told, without the one header that names the request."""
    return answer.status_code, answer.content, sorted(item for item in answer.headers.items() if item[0] != "x-request-id")


async def erased(front: Front, reference: str) -> Slip:
    slip = await front.slip(reference)
    await front.house.desk.write(_erase, (await front.claim(reference)).id)
    return slip


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_every_wrong_key_to_a_status_has_one_answer(front: Front, language: str) -> None:
    slip, gone = (
        await front.slip((await front.house.lodge()).reference),
        await erased(front, (await front.house.lodge()).reference),
    )
    old = await front.slip((await front.house.lodge()).reference)
    await front.house.reissue(old.reference)
    bodies = [
        {"reference": UNKNOWN, "access_code": slip.code},
        {"reference": MISTYPED, "access_code": slip.code},
        {"reference": "", "access_code": ""},
        {"reference": slip.reference, "access_code": old.code},
        gone.pair,
        old.pair,
        {"token": gone.token},
        {"token": old.token},
        {"token": UNKNOWN + slip.token[10:]},
        {"token": slip.token[:-1] + "."},
        {"token": ""},
        {"token": "é" * 32},
    ]
    answers = [
        await front.call("POST", STATUS, json=body, peer=f"203.0.113.{place}", language=language)
        for place, body in enumerate(bodies)
    ]  # fmt: skip
    for _ in range(6):
        await front.look({"reference": slip.reference, "access_code": "1"}, ELSEWHERE)
    answers.append(await front.call("POST", STATUS, json=slip.pair, peer="203.0.113.99", language=language))
    first, *others = [seen(answer) for answer in answers]
    assert first[0] == 404
    assert others == [first] * len(others)


async def test_the_form_answers_every_wrong_pair_with_the_same_page(front: Front) -> None:
    slip, gone = (
        await front.slip((await front.house.lodge()).reference),
        await erased(front, (await front.house.lodge()).reference),
    )
    pairs = [(UNKNOWN, "1"), (MISTYPED, "1"), (slip.reference, "1"), gone.pair.values()]
    pages = []
    for place, (reference, code) in enumerate(pairs):
        client = front.from_network(f"203.0.113.{place}")
        answer = await client.post("/s", data={"reference": reference, "access_code": code})
        pages.append((answer.status_code, answer.text.replace(reference, "…")))
    assert pages[0][0] == 404
    assert pages[1:] == pages[:1] * 3
    assert seen(await front.from_network(ELSEWHERE).get(f"/s/{gone.token}")) == seen(
        await front.from_network(ELSEWHERE).get(f"/s/{UNKNOWN}{slip.token[10:]}")
    )


async def test_an_officer_is_told_alike_of_absent_mistyped_foreign_and_unreadable_claims(front: Front) -> None:
    away = (await front.house.lodge(front.house.cast.oskar, site="gulangyu")).reference
    received = (await front.house.lodge()).reference
    for by, references in (("olga", (UNKNOWN, MISTYPED, away, "x", "%00", "'--")), ("chen", (UNKNOWN, away, received))):
        for path in ("", "/triage", "/clocks"):
            first, *others = [seen(await front.call("GET", f"{CLAIMS}/{each}{path}", by)) for each in references]
            assert first[0] == 404
            assert others == [first] * len(others)


async def test_a_wrong_token_of_an_officer_is_told_alike_whatever_is_wrong_with_it(sqlite_front: Front) -> None:
    front, known = sqlite_front, sqlite_front.house.cast.tokens["olga"]
    headers = [
        {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer desk_x"}, {"Authorization": f"Basic {known}"},
        {"Authorization": f"Bearer {known}x"}, {"Authorization": f"Bearer {known} {known}"},
        {"Authorization": "Bearer " + "x" * 257},
    ]  # fmt: skip
    answers = [await front.call("GET", CLAIMS, headers=each) for each in headers]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="desk"'}
    assert len({str({**answer.json(), "trace_id": ""}) for answer in answers}) == 1
    assert (await front.call("GET", CLAIMS, headers={"Authorization": f"bearer   {known}"})).status_code == 200


def _erase(work: Work, claim_id: int) -> None:
    """What destroying a person's key leaves behind."""
    when = "2026-09-08T00:00:00.000000Z"
    work.conn.execute(
        text("UPDATE person SET wrapped_key = NULL, erased_at = :at WHERE claim_id = :id"), {"at": when, "id": claim_id}
    )
