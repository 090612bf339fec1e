"""The acts of a visitor by the plain forms of the status page: each takes effect once, and only for whoever opened it."""

import httpx
import pytest

from tests.web.front import Front, form_key, moved

PEER = "192.0.2.88"
ACTS = [
    ("awaiting_information", "answer", {"text": "共付 128 元。"}, "received"),
    ("fast_refund", "object", {"text": "金额不对。", "sure": "1"}, "docketed"),
    ("docketed", "withdraw", {"text": ""}, "withdrawn"),
    ("withdrawn", "reopen", {"text": "有新票据。"}, "received"),
]


async def opened(front: Front, state: str) -> tuple[str, httpx.AsyncClient]:
    """A claim in this state, and a browser that has its page open."""
    reference = await front.brought_to(state)
    client = front.from_network(PEER)
    assert (await client.get(f"/s/{(await front.slip(reference)).token}")).status_code == 303
    return reference, client


@pytest.mark.parametrize(("state", "act", "fields", "to"), ACTS)
async def test_a_form_acts_once_however_often_it_is_sent(
    front: Front, state: str, act: str, fields: dict[str, str], to: str
) -> None:
    reference, client = await opened(front, state)
    key = form_key((await client.get("/status")).text, act)
    for _ in range(2):
        answer = await client.post(f"/status/{act}", data={**fields, "key": key})
        assert (answer.status_code, answer.headers["location"]) == (303, "/status?done=answer" if act == "answer" else "/status")
    assert (await front.claim(reference)).state == to
    assert moved(await front.events(reference)) == ("moved", act, state, to, "visitor", None)
    assert len(await front.messages(reference)) == bool(fields["text"])


@pytest.mark.parametrize(
    ("act", "to", "instead"), [("object", "docketed", "Mediation, to be ended by"), ("withdraw", "withdrawn", "The claim ends")]
)
async def test_an_agreed_refund_is_given_up_only_by_who_was_told_and_asked(
    sqlite_front: Front, act: str, to: str, instead: str
) -> None:  # fmt: skip
    reference, client = await opened(sqlite_front, "fast_refund")
    shown = (await client.get("/status?lang=en")).text
    assert "This gives up the agreed CNY 128.00." in shown
    key = form_key(shown, act)
    asked = await client.post(f"/status/{act}?lang=en", data={"text": "“金额”", "key": key})
    assert asked.status_code == 200
    assert all(words in asked.text for words in ("CNY 128.00, to be paid", instead, 'value="“金额”"', key))
    assert (await sqlite_front.claim(reference)).state == "fast_refund"
    assert (await client.post(f"/status/{act}", data={"text": "“金额”", "key": key, "sure": "1"})).status_code == 303
    assert (await sqlite_front.claim(reference)).state == to


async def test_the_page_asks_the_open_question_beside_its_answer_and_thanks_for_it(sqlite_front: Front) -> None:
    reference, client = await opened(sqlite_front, "received")
    await sqlite_front.house.message(reference, "请问<小票>还在吗？", question=True)
    page = (await client.get("/status?lang=en")).text
    assert "<blockquote>请问&lt;小票&gt;还在吗？</blockquote>" in page
    answer = await client.post("/status/answer?lang=en", data={"text": "在。", "key": form_key(page, "answer")})
    assert answer.headers["location"] == "/status?done=answer&lang=en"
    page = (await client.get(answer.headers["location"])).text
    assert "Your answer was sent." in page
    assert "Thank you, your answer is here." in page
    assert "<blockquote>" not in page


async def test_the_page_shows_the_business_and_only_a_visitors_own_words(sqlite_front: Front) -> None:
    _, client = await opened(sqlite_front, "received")
    page = (await client.get("/status?lang=en")).text
    assert "云海茶庄" in page
    assert "What you told us" not in page


async def test_a_link_that_opens_nothing_and_an_address_that_leads_nowhere_say_so(sqlite_front: Front) -> None:
    client = sqlite_front.from_network(PEER)
    link = await client.get("/s/nothing?lang=en", headers={"Accept": "text/html"})
    nowhere = await client.get("/nothing?lang=en", headers={"Accept": "text/html"})
    assert (link.status_code, nowhere.status_code) == (404, 404)
    assert "This link opens no claim." in link.text
    assert "No such page" in nowhere.text
    assert "access code" not in nowhere.text


async def test_a_contact_is_changed_by_its_form(front: Front) -> None:
    reference, client = await opened(front, "received")
    key = form_key((await client.get("/status")).text, "change_contact")
    answer = await client.post("/status/change_contact", data={"phone": "139 0000 1111", "email": "", "key": key})
    assert answer.status_code == 303
    view = await front.post(f"{reference}/contact-view", "olga", {"reason": "核对"})
    assert view.json()["phone"] == "+8613900001111"


async def test_a_form_that_is_refused_shows_again_what_was_typed(sqlite_front: Front) -> None:
    _, client = await opened(sqlite_front, "received")
    key = form_key((await client.get("/status")).text, "change_contact")
    answer = await client.post("/status/change_contact", data={"phone": "12x", "email": "v@example.com", "key": key})
    assert answer.status_code == 422
    assert ('value="12x"' in answer.text, 'value="v@example.com"' in answer.text) == (True, True)
    late = await client.post("/status/object", data={"text": "x", "key": form_key(answer.text, "change_contact")})
    assert late.status_code == 409


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_of_another_site_does_not_act(sqlite_front: Front, headers: dict[str, str]) -> None:
    reference, client = await opened(sqlite_front, "received")
    key = form_key((await client.get("/status")).text, "withdraw")
    answer = await client.post("/status/withdraw", data={"key": key}, headers=headers)
    assert answer.status_code == 403
    assert (await sqlite_front.claim(reference)).state == "received"


async def test_a_proxy_that_hides_the_host_does_not_stop_the_forms(sqlite_front: Front) -> None:
    reference, client = await opened(sqlite_front, "received")
    key = form_key((await client.get("/status")).text, "withdraw")
    public = sqlite_front.app.state.options.public_url
    answer = await client.post("/status/withdraw", data={"key": key}, headers={"Origin": public, "Host": "10.0.0.5:8000"})
    assert answer.status_code == 303
    assert (await sqlite_front.claim(reference)).state == "withdrawn"


@pytest.mark.parametrize("key", ["", "k", "another claim's"])
async def test_a_form_without_a_key_of_this_page_does_not_act(sqlite_front: Front, key: str) -> None:
    _, other = await opened(sqlite_front, "received")
    reference, client = await opened(sqlite_front, "received")
    if key == "another claim's":
        key = form_key((await other.get("/status")).text, "withdraw")
        reference, client = await opened(sqlite_front, "received")
    answer = await client.post("/status/withdraw", data={"key": key})
    assert answer.status_code == 403
    assert (await sqlite_front.claim(reference)).state == "received"


async def test_whoever_has_not_opened_a_claim_is_sent_to_its_door(sqlite_front: Front) -> None:
    client = sqlite_front.from_network("192.0.2.200")
    for act in ("answer", "withdraw", "fly"):
        answer = await client.post(f"/status/{act}", data={"text": "x", "key": "k"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/s?why=over")


async def test_the_bare_address_leads_to_where_a_claim_is_followed(sqlite_front: Front) -> None:
    answer = await sqlite_front.from_network("192.0.2.200").get("/?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/s?lang=en")


async def test_what_cannot_be_done_now_says_why(sqlite_front: Front) -> None:
    _, client = await opened(sqlite_front, "received")
    page = (await client.get("/status?lang=en")).text
    for why in ("No question is open.", "There is no refund decision to object to.", "The claim has not ended"):
        assert why in page
    assert "The claim has ended." not in page
    assert 'href="tel:120"' in page
