"""Messages, notes, links, contact and slips through the routes: what moves no state, and who gets to see it."""

import pytest

from tests.web.front import Front, Slip, last, problem

NOTE = "同行者已报警，勿外传"
PHONE, EMAIL = "+8613800138000", "vera@example.com"


@pytest.mark.parametrize(("question", "kind"), [(False, "message"), (True, "question")])
async def test_the_first_word_to_vera_stops_the_first_answer(front: Front, question: bool, kind: str) -> None:
    reference = (await front.house.lodge()).reference
    slip = await front.slip(reference)
    assert (await front.status(slip))["next"]["due_at"].startswith("2026-09-08T11:30:00")
    answer = await front.post(f"{reference}/messages", "olga", {"text": "请稍候。", "question": question})
    assert (answer.status_code, answer.json()) == (200, {"reference": reference, "state": "received", "version": 2})
    assert await front.clocks(reference) == {"auto_receipt": "stopped", "first_answer": "stopped", "acceptance": "running"}
    assert last(await front.events(reference))[0] == ("question_asked" if question else "message_sent")
    assert await front.messages(reference) == [(kind, "请稍候。")]
    seen = await front.status(slip)
    assert seen["next"]["due_at"].startswith("2026-09-10T23:59:59")
    assert "请稍候。" in seen["history"][0]["text"]
    assert ("answer" in seen["acts"]) is question


async def test_a_second_word_leaves_the_first_answer_where_it_stopped(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    stops = []
    for _ in range(2):
        await front.post(f"{reference}/messages", "olga", {"text": "请稍候。"})
        workings = (await front.get(f"{reference}/clocks", "olga")).json()
        stops.append(next(clock["stopped_at"] for clock in workings if clock["id"] == "first_answer"))
        front.house.clock.go(minutes=5)
    assert stops[0] == stops[1]


async def test_an_ended_claim_can_still_be_written_to(front: Front) -> None:
    reference = await front.brought_to("withdrawn")
    assert (await front.post(f"{reference}/messages", "olga", {"text": "已退押金。"})).status_code == 200


async def test_notes_are_for_staff_and_appear_in_no_view_of_a_party(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    answer = await front.post(f"{reference}/notes", "olga", {"text": NOTE})
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    (note,) = (await front.get(reference, "ada")).json()["notes"]
    assert (note["text"], note["by"]) == (NOTE, "Olga")
    assert last(await front.events(reference))[:2] == ("note_written", None)
    slip, client = await front.slip(reference), front.from_network("192.0.2.99")
    await front.post(f"{reference}/messages", "olga", {"text": "在哪？", "question": True})
    opened = await client.get(f"/s/{slip.token}")
    page = await client.get("/status")
    acts = [await front.visit(slip, "answer", text="x"), await front.visit(slip, "contact", phone=PHONE)]
    acts += [await front.visit(slip, "withdraw"), await front.visit(slip, "reopen", text="x")]
    seen = [await front.status(slip, language) for language in ("zh-CN", "en")]
    assert (opened.status_code, page.status_code, [act.status_code for act in acts]) == (303, 200, [200] * 4)
    for shown in (opened.text, page.text, str(seen), *(act.text for act in acts)):
        assert NOTE not in shown
        assert "note_written" not in shown
    assert NOTE not in str(await front.events(reference))


async def test_links_are_seen_by_staff_alone(front: Front) -> None:
    one, other = [(await front.house.lodge()).reference for _ in range(2)]
    answer = await front.post(f"{one}/links", "olga", {"reference": other.lower()})
    assert (answer.status_code, answer.json()) == (200, {"reference": one, "state": "received", "version": 2})
    assert [(await front.get(each, "ma")).json()["linked"] for each in (one, other)] == [[other], [one]]
    assert [last(await front.events(each))[0] for each in (one, other)] == ["linked", "linked"]
    again = await front.post(f"{other}/links", "olga", {"reference": one})
    assert (again.status_code, again.json()["version"], await front.counted("claim_link")) == (200, 2, 1)
    assert other not in str(await front.status(await front.slip(one)))


async def test_a_claim_is_not_linked_to_itself_or_to_what_is_not_there(front: Front) -> None:
    one = (await front.house.lodge()).reference
    away = (await front.house.lodge(front.house.cast.oskar, site="gulangyu")).reference
    assert problem(await front.post(f"{one}/links", "olga", {"reference": one})) == (422, "bad_input")
    assert problem(await front.post(f"{one}/links", "olga", {"reference": one[:-1]})) == (422, "bad_input")
    answers = [await front.post(f"{one}/links", "olga", {"reference": other}) for other in (away, "0000000000")]
    assert problem(answers[0]) == (404, "not_found")
    assert answers[0].content == answers[1].content


async def test_a_contact_is_masked_everywhere_but_in_an_audited_view(front: Front) -> None:
    visitor = {"name": "王小薇", "phone": PHONE, "email": EMAIL, "language": "zh-CN"}
    reference = (await front.lodge(visitor=visitor)).json()["reference"]
    masked = {"name": "王**", "phone": "138****8000", "email": "v***@example.com"}
    for by in ("olga", "ma", "ada"):
        assert (await front.get(reference, by)).json()["visitor"] == masked
    listed = await front.call("GET", "/api/v1/claims", "olga")
    assert all(part not in listed.text for part in ("王小薇", PHONE[-8:], EMAIL))
    view = await front.post(f"{reference}/contact-view", "ada", {"reason": "核对付款人"})
    assert view.json() == {"name": "王小薇", "phone": PHONE, "email": EMAIL}
    assert last(await front.events(reference)) == ("contact_viewed", None, None, None, "auditor", "核对付款人")
    await front.post(f"{reference}/contact-view", "olga", {"reason": "回电"})
    assert [event.kind for event in await front.events(reference)].count("contact_viewed") == 2
    for reason in ({}, {"reason": ""}, {"reason": "  "}):
        assert problem(await front.post(f"{reference}/contact-view", "olga", reason)) == (422, "bad_input")


@pytest.mark.parametrize(
    ("by", "state"), [("chen", "received"), ("chen", "docketed"), ("mei", "received"), ("mei", "fast_refund")]
)
async def test_a_contact_is_hidden_from_those_who_may_not_read_the_claim(front: Front, by: str, state: str) -> None:
    reference = await front.brought_to(state)
    assert problem(await front.post(f"{reference}/contact-view", by, {"reason": "x"})) == (404, "not_found")
    assert "contact_viewed" not in [event.kind for event in await front.events(reference)]


async def test_vera_and_olga_change_a_contact_and_only_what_they_name(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    slip = await front.slip(reference)
    assert (await front.visit(slip, "contact", phone="139 0000 1111", email=EMAIL)).status_code == 200
    event = (await front.events(reference))[-1]
    assert (event.kind, event.actor) == ("contact_changed", "visitor")
    assert '"changed":["email","phone"]' in event.data
    assert not {"+8613900001111", EMAIL} & set(str(await front.events(reference)).replace("'", '"').split('"'))
    view = await front.post(f"{reference}/contact-view", "olga", {"reason": "核对"})
    assert view.json() == {"name": "王小薇", "phone": "+8613900001111", "email": EMAIL}
    changed = await front.post(f"{reference}/contact", "olga", {"email": None, "name": "王薇"})
    assert changed.status_code == 200
    assert "薇" not in changed.text
    view = await front.post(f"{reference}/contact-view", "olga", {"reason": "核对"})
    assert view.json() == {"name": "王薇", "phone": "+8613900001111", "email": None}


async def test_a_new_slip_makes_the_old_one_worthless(front: Front) -> None:
    reference = (await front.lodge()).json()["reference"]
    old = await front.slip(reference)
    client = front.from_network("192.0.2.55")
    assert (await client.get(f"/s/{old.token}")).status_code == 303
    assert (await client.get("/status")).status_code == 200
    told = (await front.post(f"{reference}/slip", "olga", {"reason": "凭证遗失"})).json()
    new = Slip(reference, told["access_code"], told["status_url"].rpartition("/")[2])
    assert new == await front.slip(reference)
    assert new.code != old.code
    assert last(await front.events(reference)) == ("slip_reissued", None, None, None, "intake", "凭证遗失")
    assert [(await front.look(key)).status_code for key in (old.pair, {"token": old.token})] == [404, 404]
    assert [(await front.look(key)).status_code for key in (new.pair, {"token": new.token})] == [200, 200]
    assert (await client.get("/status")).status_code == 303
    assert problem(await front.post(f"{reference}/slip", "olga", {})) == (422, "bad_input")


async def test_every_deadline_prints_how_it_was_counted(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    workings = (await front.get(f"{reference}/clocks", "olga", language="en")).json()
    assert [clock["id"] for clock in workings] == ["auto_receipt", "first_answer", "acceptance"]
    assert all(clock["lines"] and clock["source"] and clock["confirmed"] is False for clock in workings)
    acceptance = workings[-1]
    assert (len(acceptance["lines"]), acceptance["late"], acceptance["provisional"]) == (3, False, False)
    front.house.clock.go(days=3)
    assert (await front.get(f"{reference}/clocks", "olga")).json()[-1]["late"] is True
