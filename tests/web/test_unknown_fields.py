"""Nothing that the desk does not know is silently dropped: no field, no query parameter, on any route."""

from typing import Any

import pytest

from tests.web.front import Front, flaw, problem
from tests.web.probes import KEY, PLAIN, PROBES

WITH_BODY = [where for where, probe in PLAIN.items() if probe.body is not None and probe.state != "refund_sent"]
Where = tuple[str, str]


@pytest.mark.parametrize("where", WITH_BODY, ids=" ".join)
async def test_every_route_that_changes_something_refuses_a_field_it_does_not_know(sqlite_front: Front, where: Where) -> None:
    front, (method, path), probe = sqlite_front, where, PROBES[where]
    reference, other = await front.brought_to(probe.state), (await front.house.lodge()).reference
    before = await front.claim(reference)
    body = {**(probe.json(other) or {}), "surplus": 1}
    if probe.act == KEY:
        body |= {"token": (await front.slip(reference)).token}
    answer = await front.call(
        method, path.format(reference=reference, clock="mediation"), "ma", json=body, version=before.version
    )
    assert (problem(answer), flaw(answer)[1]) == ((422, "bad_input"), "unknown_field")
    assert "surplus" in str(answer.json()["errors"]) or flaw(answer)[0] == ""
    assert (await front.claim(reference)).version == before.version


@pytest.mark.parametrize("part", ["visitor", "respondent", "flags", "item", "money"])
async def test_nor_does_any_part_of_a_lodging(sqlite_front: Front, part: str) -> None:
    money = {"amount": "1.00", "currency": "CNY"}
    item = {"kind": "refund", "asked": money | ({"surplus": 1} if part == "money" else {})}
    told: dict[str, Any] = {"items": [item | ({"surplus": 1} if part == "item" else {})]}
    if part in ("visitor", "respondent", "flags"):
        told = {part: {"surplus": 1}}
    answer = await sqlite_front.lodge(**told)
    assert (problem(answer), flaw(answer)[1]) == ((422, "bad_input"), "unknown_field")


@pytest.mark.parametrize("where", [where for where, probe in PLAIN.items() if probe.act != KEY], ids=" ".join)
async def test_every_route_of_the_officers_refuses_a_parameter_it_does_not_know(sqlite_front: Front, where: Where) -> None:
    front, (method, path), probe = sqlite_front, where, PROBES[where]
    reference = await front.brought_to(probe.state)
    answer = await front.call(
        method,
        path.format(reference=reference, clock="mediation"),
        "ma",
        json=probe.json(reference),
        params={**probe.query, "surplus": "1"},
        version=1,
    )
    assert (problem(answer), flaw(answer)) == ((400, "bad_input"), ("/surplus", "unknown_parameter"))
