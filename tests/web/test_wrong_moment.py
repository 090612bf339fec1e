"""Every step that has a route, from every state outside the table: refused with `wrong_moment`, and nothing is changed."""

from typing import Any

import httpx
import pytest

from desk.domain.claim import State
from tests.web.front import Front, problem, yuan

ROUTES = ("fast_refund", "docket", "needs_information", "refuse", "transfer")
OVERRIDDEN = {"received": "", "fast_refund": "fast_refund", "docketed": "docket"}
"""Where a verdict can be overridden, and the one route there that leads nowhere else."""

STEPS: dict[str, set[str]] = {
    **{f"confirm {route}": {"received"} for route in ROUTES},
    **{f"override {route}": {state for state, same in OVERRIDDEN.items() if same != route} for route in ROUTES},
    "answers": {"awaiting_information"},
    "no-answer": {"awaiting_information"},
    "visitor answer": {"awaiting_information"},
    "visitor object": {"fast_refund"},
    "withdraw": {"received", "awaiting_information", "fast_refund", "docketed", "returning"},
    "visitor withdraw": {"received", "awaiting_information", "fast_refund", "docketed", "returning"},
    "reopen": {"refused", "transferred", "terminated", "closed", "withdrawn"},
    "visitor reopen": {"refused", "transferred", "terminated", "closed", "withdrawn"},
}
"""Written out from SPEC 4: the states from which each step may be taken."""


async def attempted(front: Front, reference: str, step: str) -> httpx.Response:
    """Try a step through its route, as somebody who may take it."""
    how, _, what = step.partition(" ")
    if how == "visitor":
        return await front.visit(await front.slip(reference), what, text="x")
    if how == "confirm":
        return await front.post(f"{reference}/triage", "ma", {"confirm": what})
    if how == "override":
        body: dict[str, Any] = {"override": what, "reason": "x"}
        body |= {"amount": yuan("1.00")} if what == "fast_refund" else {}
        return await front.post(f"{reference}/triage", "ma", body)
    return await front.post(f"{reference}/{how}", "ma", {"reason": "x"} if how == "no-answer" else {"text": "x"})


@pytest.mark.parametrize("state", list(State))
async def test_a_step_outside_the_table_is_refused_and_changes_nothing(front: Front, state: State) -> None:
    reference = await front.brought_to("received")
    await front.house.assess(reference)
    await front.put(reference, state)
    before = await front.claim(reference)
    counts = [await front.counted(table) for table in ("event", "message", "verdict", "clock", "docket_entry")]
    for step, allowed in STEPS.items():
        if state not in allowed:
            assert (step, problem(await attempted(front, reference, step))) == (step, (409, "wrong_moment"))
    assert (await front.claim(reference)).model_dump() == before.model_dump()
    assert [await front.counted(table) for table in ("event", "message", "verdict", "clock", "docket_entry")] == counts


ENDED = [State.CLOSED, State.REFUSED, State.TRANSFERRED, State.TERMINATED, State.WITHDRAWN, State.ARCHIVED]


@pytest.mark.parametrize("state", ENDED)
async def test_an_ended_claim_takes_no_question_no_findings_and_no_contact(sqlite_front: Front, state: State) -> None:
    front = sqlite_front
    reference = await front.brought_to("received")
    await front.put(reference, state)
    version = (await front.claim(reference)).version
    tried = [
        await front.post(f"{reference}/messages", "olga", {"text": "x", "question": True}),
        await front.call("PUT", f"/api/v1/claims/{reference}/assessment", "olga", json={}, version=version),
        await front.post(f"{reference}/contact", "olga", {"phone": "+8613900000000"}),
        await front.visit(await front.slip(reference), "contact", phone="+8613900000000"),
    ]
    assert [problem(answer) for answer in tried] == [(409, "wrong_moment")] * 4
    assert (await front.claim(reference)).version == version
