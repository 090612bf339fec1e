"""The acts of a visitor by the plain forms of the status page: each takes effect once, and only for whoever opened it."""

import httpx
import pytest

from tests.web.front import Front, form_key, moved

PEER = "192.0.2.88"
ACTS = [
    ("awaiting_information", "answer", {"text": "共付 128 元。"}, "received"),
    ("fast_refund", "object", {"text": "金额不对。"}, "docketed"),
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
        assert (answer.status_code, answer.headers["location"]) == (303, "/status")
    assert (await front.claim(reference)).state == to
    assert moved(await front.events(reference)) == ("moved", act, state, to, "visitor", None)
    assert len(await front.messages(reference)) == bool(fields["text"])


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
        assert (answer.status_code, answer.headers["location"]) == (303, "/s")


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
