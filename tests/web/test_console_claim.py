"""The claim's page: each form through its route leaves row, event, clock and sentence; nothing typed is lost; on both engines."""

import re
from typing import Any

import pytest

from tests.web.console import Seat, form_in, seat
from tests.web.front import Front, last, moved

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
FINDINGS = {"not_at_fault": "yes", "facts_clear": "yes", "evidence_sufficient": "yes", "basis": "tourism_law_54"}


def at(reference: str) -> str:
    """The address of a claim's page."""
    return f"/desk/claims/{reference}"


async def send(who: Seat, reference: str, act: str, **typed: str) -> Any:  # noqa: ANN401 - the answer
    """Fill the form of an act on the claim's page and send it."""
    return await who.submit(at(reference), f"{at(reference)}/{act}", **typed)


async def test_from_findings_to_a_refund_agreed_as_the_visitor_reads_it(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    page = (await olga.get(at(reference))).text
    assert "The rule says: Ask" in page or "The rule says" in page
    assert page.count('class="line line-unknown"') == 4
    assert (await send(olga, reference, "assess", **FINDINGS)).status_code == 303
    page = (await olga.get(at(reference))).text
    assert page.count('class="line line-yes"') == 12
    assert "Agree to refund CNY 128.00" in page
    assert (await send(olga, reference, "decide")).status_code == 303
    assert (await front.claim(reference)).decided_minor == 12_800
    page = (await olga.get(at(reference))).text
    assert "Fast refund · CNY 128.00" in page.partition("history-heading")[2]
    assert moved(await front.events(reference))[1:4] == ("confirm_fast_refund", "received", "fast_refund")
    assert (await front.clocks(reference))["fast_payment"] == "running"
    assert (await front.status(await front.slip(reference)))["stage"] == "refund_agreed"


async def test_a_part_is_agreed_by_typing_it(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    await send(olga, reference, "assess", **FINDINGS)
    for typed, status in (("128.01", 409), ("", 422), ("all", 422)):
        refused = await send(olga, reference, "part", amount=typed)
        assert refused.status_code == status, typed
        assert form_in(refused.text, f"{at(reference)}/part")["amount"] == typed
    assert (await send(olga, reference, "part", amount="８０元")).status_code == 303
    assert (await front.claim(reference)).decided_minor == 8_000


async def test_a_message_reaches_the_visitor_and_a_note_never_does(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    assert (await send(olga, reference, "message", text="We are looking at it.")).status_code == 303
    assert (await send(olga, reference, "note", text="The stall did this before.")).status_code == 303
    assert (await front.clocks(reference))["first_answer"] == "stopped"
    shown = str(await front.status(await front.slip(reference)))
    assert "We are looking at it." in shown
    assert "did this before" not in shown
    page = (await olga.get(at(reference))).text
    talk, _, rest = page.partition('id="notes"')
    assert "We are looking at it." in talk
    assert "did this before" in rest
    assert [event.kind for event in await front.events(reference)][-2:] == ["message_sent", "note_written"]


async def test_a_question_is_asked_and_its_answer_written_down(front: Front) -> None:
    olga, reference = await seat(front, "olga"), await front.house.waiting()
    assert (await send(olga, reference, "message", text="How much was it?", question="1")).status_code == 303
    assert (await send(olga, reference, "answer", text="About 128.")).status_code == 303
    assert (await front.claim(reference)).state == "received"
    assert ("question", "How much was it?") in await front.messages(reference)


async def test_the_first_of_two_clerks_wins_and_the_second_sees_both_texts(front: Front) -> None:
    olga, otto, reference = await seat(front, "olga"), await seat(front, "otto"), (await front.house.lodge()).reference
    mine = form_in((await otto.get(at(reference))).text, f"{at(reference)}/assess")
    assert (await send(olga, reference, "assess", **FINDINGS, note="The label says 28.")).status_code == 303
    refused = await otto.post(f"{at(reference)}/assess", mine | {"not_at_fault": "no", "note": "He says he broke it."})
    assert refused.status_code == 412
    assert "The claim changed since you opened it" in refused.text
    assert "Olga" in refused.text.partition("conflict-heading")[2].partition("</section>")[0]
    assert "The label says 28." in refused.text
    again = form_in(refused.text, f"{at(reference)}/assess")
    assert (again["note"], again["not_at_fault"]) == ("He says he broke it.", "no")
    assert again["version"] != mine["version"]
    assert (await otto.post(f"{at(reference)}/assess", again)).status_code == 303
    assert (await otto.get(at(reference))).text.count("He says he broke it.") >= 1


async def test_a_decision_on_a_claim_that_changed_is_not_taken(front: Front) -> None:
    olga, otto, reference = await seat(front, "olga"), await seat(front, "otto"), (await front.house.lodge()).reference
    await send(olga, reference, "assess", **FINDINGS)
    mine = form_in((await otto.get(at(reference))).text, f"{at(reference)}/override")
    await send(olga, reference, "message", text="x")
    refused = await otto.post(f"{at(reference)}/override", mine | {"route": "docket", "reason": "Both must be heard."})
    assert refused.status_code == 412
    assert (await front.claim(reference)).state == "received"
    again = form_in(refused.text, f"{at(reference)}/override")
    assert (again["route"], again["reason"]) == ("docket", "Both must be heard.")
    assert (await otto.post(f"{at(reference)}/override", again)).status_code == 303
    assert (await front.claim(reference)).state == "docketed"


@pytest.mark.parametrize(
    ("act", "typed", "words"),
    [("override", {"route": "docket", "reason": "Both must be heard."}, "Both must be heard."),
     ("assess", {"note": "He says he broke it."}, "He says he broke it."),
     ("withdraw", {"text": "They settled it."}, "They settled it.")],
)  # fmt: skip
async def test_words_for_a_form_that_a_colleague_made_impossible_are_shown(
    front: Front, act: str, typed: dict[str, str], words: str
) -> None:
    olga, otto, reference = await seat(front, "olga"), await seat(front, "otto"), (await front.house.lodge()).reference
    mine = form_in((await otto.get(at(reference))).text, f"{at(reference)}/{act}")
    assert (await send(olga, reference, "withdraw", text="The visitor left.")).status_code == 303
    before = len(await front.events(reference))
    refused = await otto.post(f"{at(reference)}/{act}", mine | typed)
    assert refused.status_code in (409, 412)
    assert f'action="{at(reference)}/{act}"' not in refused.text
    conflict = refused.text.partition("conflict-heading")[2].partition('id="yours-heading"')
    assert "Olga" in conflict[0]
    assert words in conflict[2].partition("</section>")[0]
    assert len(await front.events(reference)) == before


async def test_an_answer_recorded_twice_says_what_the_colleague_wrote(front: Front) -> None:
    olga, otto, reference = await seat(front, "olga"), await seat(front, "otto"), await front.house.waiting()
    mine = form_in((await otto.get(at(reference))).text, f"{at(reference)}/answer")
    assert (await send(olga, reference, "answer", text="About 128.")).status_code == 303
    refused = await otto.post(f"{at(reference)}/answer", mine | {"text": "It was 130."})
    assert refused.status_code == 409
    assert "It was 130." in refused.text
    assert "Olga" in refused.text.partition("conflict-heading")[2].partition("</section>")[0]
    assert "About 128." in refused.text.partition("conflict-heading")[2].partition("</section>")[0]


async def test_a_double_press_acts_once(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    form = form_in((await olga.get(at(reference))).text, f"{at(reference)}/message") | {"text": "Once."}
    assert [(await olga.post(f"{at(reference)}/message", form)).status_code for _ in range(2)] == [303, 303]
    assert await front.messages(reference) == [("message", "Once.")]


@pytest.mark.parametrize(
    ("act", "typed", "status"),
    [("message", {"text": " "}, 422), ("message", {"text": "x" * 2001}, 422), ("note", {"text": ""}, 422),
     ("override", {"route": "docket", "reason": ""}, 422), ("override", {"route": "nowhere", "reason": "x"}, 422),
     ("contact", {"phone": "123"}, 422), ("contact", {}, 422), ("link", {"reference": "x"}, 422),
     ("decide", {"amount": "a lot"}, 422), ("assess", {"not_at_fault": "perhaps"}, 422), ("assess", {"version": "x"}, 422),
     ("withdraw", {"text": "x" * 2001}, 422), ("reopen", {"text": "x"}, 403), ("facts", {}, 422)],
)  # fmt: skip
async def test_what_cannot_be_is_refused_and_changes_nothing(
    sqlite_front: Front, act: str, typed: dict[str, str], status: int
) -> None:
    olga, reference = await seat(sqlite_front, "olga"), (await sqlite_front.house.lodge()).reference
    key = form_in((await olga.get(at(reference))).text, f"{at(reference)}/message")
    before = (await sqlite_front.claim(reference)).model_dump()
    answer = await olga.post(f"{at(reference)}/{act}", {**key, **typed})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text or status == 403
    assert (await sqlite_front.claim(reference)).model_dump() == before
    for name, value in typed.items():
        if name == "text" and act != "reopen":
            assert form_in(answer.text, f"{at(reference)}/{act}")["text"] == value


async def test_the_contact_is_masked_until_somebody_says_why(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    assert "138****8000" in (await olga.get(at(reference))).text
    shown = await send(olga, reference, "contact-view", reason="calling back")
    assert (shown.status_code, "+8613800138000" in shown.text) == (200, True)
    assert last(await front.events(reference))[0] == "contact_viewed"
    assert "+8613800138000" not in (await olga.get(at(reference))).text
    assert (await send(olga, reference, "contact", phone="+44 7700 900123")).status_code == 303
    assert last(await front.events(reference))[0] == "contact_changed"


async def test_what_is_missing_is_completed(front: Front) -> None:
    olga = await seat(front, "olga")
    reference = (await front.lodge(items=[{"kind": "refund", "asked": None}], respondent=None)).json()["reference"]
    assert (await send(olga, reference, "facts", amount0="96.50", name="云海茶庄", kind="shop")).status_code == 303
    page = (await olga.get(at(reference))).text
    assert "CNY 96.50" in page
    assert "云海茶庄" in page
    assert 'action="/desk/claims/' + reference + '/facts"' not in page


async def test_withdrawing_and_reopening(front: Front) -> None:
    olga, ma, reference = await seat(front, "olga"), await seat(front, "ma"), (await front.house.lodge()).reference
    assert (await send(olga, reference, "withdraw", text="They settled it.")).status_code == 303
    assert (await front.claim(reference)).state == "withdrawn"
    assert f"{at(reference)}/reopen" not in (await olga.get(at(reference))).text
    assert (await send(ma, reference, "reopen", text="It was not paid.")).status_code == 303
    assert moved(await front.events(reference))[1:4] == ("reopen", "withdrawn", "received")


async def test_only_a_manager_is_offered_the_way_into_a_fast_refund(front: Front) -> None:
    reference = await front.house.docketed()
    olga, ma = [(await (await seat(front, by)).get(at(reference))).text for by in ("olga", "ma")]
    assert '<option value="fast_refund"' not in olga
    assert '<option value="fast_refund"' in ma


async def test_auditor_and_mediator_read_and_are_offered_nothing_to_press(front: Front) -> None:
    reference = await front.house.docketed()
    for by in ("ada", "mei"):
        page = (await (await seat(front, by)).get(at(reference))).text
        forms = re.findall(rf'action="{at(reference)}/([a-z-]+)"', page)
        assert set(forms) <= {"contact-view"}, by
        assert reference in page


async def test_hostile_text_is_text_everywhere(sqlite_front: Front) -> None:
    told: dict[str, Any] = {
        "facts": XSS, "respondent": {"name": XSS[:80], "kind": "shop"}, "order_no": XSS[:80],
        "visitor": {"name": XSS[:80], "phone": None, "email": None, "language": "en"},
    }  # fmt: skip
    reference = (await sqlite_front.lodge(**told)).json()["reference"]
    olga = await seat(sqlite_front, "olga")
    for act, field in (("message", "text"), ("note", "text")):
        await send(olga, reference, act, **{field: XSS})
    await send(olga, reference, "assess", **FINDINGS, ground=XSS, note=XSS)
    await send(olga, reference, "override", route="docket", reason=XSS)
    refused = await send(olga, reference, "message", text=XSS * 50)
    for page in (await olga.get(at(reference)), await olga.get("/desk?view=all"), await olga.get("/desk/docket"), refused):
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
    assert "&lt;script&gt;" in (await olga.get(at(reference))).text


async def test_a_form_from_elsewhere_acts_on_nothing(front: Front) -> None:
    olga, otto, reference = await seat(front, "olga"), await seat(front, "otto"), (await front.house.lodge()).reference
    path = f"{at(reference)}/message"
    form = form_in((await olga.get(at(reference))).text, path) | {"text": "Sent by somebody else."}
    before = len(await front.events(reference))
    for refused in (
        await olga.post(path, form | {"key": ""}),
        await olga.post(path, form, Origin="https://evil.example"),
        await olga.post(path, form, **{"Sec-Fetch-Site": "same-site"}),
        await otto.post(path, form),
    ):
        assert refused.status_code == 403
    assert len(await front.events(reference)) == before
