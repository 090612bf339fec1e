"""Filing alone from the poster, by plain forms: one claim, nothing lost on the way, nothing taken from a stranger's page."""

import asyncio
import re
from datetime import date, timedelta

import pytest
import time_machine

from desk.domain.claim import ItemKind
from desk.domain.clocks import ClockState
from desk.domain.throttle import POSTER_LODGINGS
from desk.reads.claims import claim_view
from desk.reads.sites import site_of_poster
from desk.reads.status import status_view
from desk.web.visitor.hours import counter_hours
from tests.builders import MORNING
from tests.cast import POSTER
from tests.web.front import Front, moved
from tests.web.poster import ADDRESS, ANSWERS, WORDS, Poster

PEER = "192.0.2.61"
NASTY = "\"><script>alert(1)</script>'{{7*7}}&lt;"


def poster(front: Front, language: str = "zh-CN", peer: str = PEER) -> Poster:
    """A visitor with a phone."""
    return Poster(front.from_network(peer), language)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
async def test_a_visitor_alone_lodges_one_claim_with_its_event_clocks_and_sentence(front: Front, language: str) -> None:
    visitor = poster(front, language)
    await visitor.walk()
    await visitor.press("send")
    reference = await visitor.receipt()
    claim = await front.claim(reference)
    assert (claim.channel, claim.spot, claim.category, claim.language) == ("poster", "north-gate", "price_labelling", language)
    assert (claim.occurred_on, claim.lodged_by) == (date(2026, 9, 8), None)
    assert claim.departs_at is not None
    assert f"{claim.departs_at:%Y-%m-%d %H:%M}" == "2026-09-09 10:20"
    assert claim.facts.splitlines()[1:] == [WORDS]
    assert moved(await front.events(reference)) == ("moved", "lodge", None, "received", "poster", None)
    assert {kind for kind, state in (await front.clocks(reference)).items() if state is ClockState.RUNNING} == {
        "first_answer", "acceptance"
    }  # fmt: skip
    view = await front.house.desk.read(claim_view, front.house.cast.olga, reference, front.house.kit)
    assert [(item.kind, item.asked_minor) for item in view.items] == [(ItemKind.REFUND, 12800)]
    assert view.respondent is not None
    assert view.respondent.name == "云海茶庄"
    told = await front.house.desk.read(status_view, front.house.cast.olga, reference, language, front.house.kit, on_paper=True)
    assert told.sentence in visitor.text
    assert re.search(r"今天|today", told.sentence) is None


@pytest.mark.parametrize(
    ("at", "typed", "wrong"),
    [
        ("what", {"words": "没有选"}, "tile"),
        ("what", {"tile": "other"}, "words"),
        ("what", {"tile": "price", "words": "长" * 2001}, "words"),
        ("where", {"merchant": "店" * 81}, "merchant"),
        ("where", {"merchant": "a\x01b"}, "merchant"),
        ("when", {"paid": "1,20"}, "paid"),
        ("when", {"occurred_on": "2026-09-09", "paid": "128"}, "occurred_on"),
        ("when", {"occurred_on": "昨天"}, "occurred_on"),
        ("want", {"part": "一点"}, "want"),
        ("want", {"want": "refund_part"}, "part"),
        ("want", {"want": "refund_part", "part": "128.01"}, "part"),
        ("leaving", {"leaving": "later"}, "leaves_on"),
        ("leaving", {"leaving": "later", "leaves_on": "2026-09-07"}, "leaves_on"),
        ("leaving", {"leaving": "later", "leaves_on": "2026-09-10", "leaves_at": "傍晚"}, "leaves_at"),
        ("leaving", {"leaving": "today", "leaves_at": "00:01"}, "leaves_at"),
        ("leaving", {"leaves_at": "15:00"}, "leaving"),
        ("contact", {"phone": "12", "name": "Vera"}, "phone"),
        ("contact", {"email": "vera"}, "email"),
    ],
)
async def test_a_mistake_is_told_at_its_field_and_keeps_what_was_typed(
    sqlite_front: Front, at: str, typed: dict[str, str], wrong: str
) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk(at)
    before = visitor.fields
    await visitor.press(**typed)
    assert (visitor.answer.status_code, visitor.at) == (422, at)
    assert f'href="#{wrong}"' in visitor.text
    assert f'id="{wrong}-wrong"' in visitor.text
    assert visitor.fields | typed == visitor.fields
    assert {name: visitor.fields[name] for name in before if name not in typed} == {
        name: value for name, value in before.items() if name not in typed
    }


async def test_every_answer_survives_every_page_and_another_language_on_each(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.start()
    told: dict[str, str] = {"spot": "north-gate"}
    for at, answers in ANSWERS.items():
        for language in ("en", "zh-CN"):
            await visitor.press("stay", language, **answers)
            assert (visitor.at, visitor.answer.headers["content-language"]) == (at, language)
            assert visitor.fields | told | answers == visitor.fields
        told |= answers
        await visitor.press()
    await visitor.press("stay", "en")
    assert (visitor.at, visitor.fields | told) == ("check", visitor.fields)
    for _ in ANSWERS:
        await visitor.press("back")
        assert visitor.fields | told == visitor.fields


async def test_what_was_sent_twice_is_one_claim_and_one_receipt(front: Front) -> None:
    visitor = poster(front)
    await visitor.walk()
    form = {**visitor.fields, "go": "send"}
    shown = []
    for _ in range(2):
        await visitor.post(form)
        shown.append(await visitor.receipt())
    assert shown[0] == shown[1]
    assert await front.counted("claim") == 1


async def test_two_taps_at_once_are_one_claim_and_both_see_its_receipt(front: Front) -> None:
    visitor = poster(front)
    await visitor.walk()
    form = {**visitor.fields, "go": "send"}
    answers = await asyncio.gather(*(visitor.client.post(f"{ADDRESS}?lang=en", data=form) for _ in range(4)))
    assert [(each.status_code, each.headers.get("location")) for each in answers] == [(303, "/receipt?lang=en")] * 4
    assert await front.counted("claim") == 1


async def test_a_form_that_was_changed_after_it_was_sent_makes_no_second_claim(front: Front) -> None:
    visitor = poster(front)
    await visitor.walk()
    form = {**visitor.fields, "go": "send"}
    await visitor.post(form)
    await visitor.receipt()
    await visitor.post({**form, "words": "另外，服务员态度很差。"})
    assert visitor.answer.status_code == 409
    assert "/receipt?lang=" in visitor.text
    assert await front.counted("claim") == 1


async def test_a_throttled_visitor_keeps_every_answer_and_may_send_later(front: Front) -> None:
    for number in range(POSTER_LODGINGS.burst):
        other = poster(front)
        await other.start()
        await other.post(
            {**other.fields, "page": "check", "go": "send", "tile": "price", "want": "apology", "words": str(number)}
        )
        assert other.answer.status_code == 303
    visitor = poster(front)
    await visitor.walk()
    before = visitor.fields
    await visitor.press("send")
    assert (visitor.answer.status_code, visitor.fields) == (429, before)
    assert int(visitor.answer.headers["retry-after"]) > 0
    assert 'role="alert"' in visitor.text
    front.house.clock.go(hours=1)
    await visitor.press("send")
    assert (await front.claim(await visitor.receipt())).facts.endswith(WORDS)


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
async def test_a_form_of_another_site_lodges_nothing(sqlite_front: Front, headers: dict[str, str]) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk()
    await visitor.post({**visitor.fields, "go": "send"}, headers=headers)
    assert visitor.answer.status_code == 403
    assert await sqlite_front.counted("claim") == 0


async def test_markup_in_any_field_is_shown_as_text_on_every_page(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk(words=NASTY, merchant=NASTY, name=NASTY)
    for go in ("stay", "to:what", "next", "to:where", "next", "to:contact", "next"):
        await visitor.press(go)
        assert "<script" not in visitor.text
        assert visitor.fields | {"words": NASTY, "merchant": NASTY, "name": NASTY} == visitor.fields
    await visitor.press(phone=NASTY, email=NASTY, paid=NASTY, part=NASTY, tile=NASTY, spot=NASTY, key=NASTY, page=NASTY)
    assert "<script" not in visitor.text
    await visitor.walk(words=NASTY, merchant=NASTY, name=NASTY)
    await visitor.press("send")
    reference = await visitor.receipt()
    assert "<script" not in visitor.text
    assert (await sqlite_front.claim(reference)).facts.endswith(NASTY)


async def test_what_happened_long_ago_is_explained_and_can_still_be_sent(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk("when")
    await visitor.press(occurred_on="2026-06-09", paid="128")
    assert (visitor.answer.status_code, "12315" in visitor.text, 'role="alert"' in visitor.text) == (200, True, False)
    await visitor.press("anyway")
    assert visitor.at == "want"


async def test_a_large_amount_is_explained_and_goes_on_to_a_mediation(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk("want", paid="5,000")
    await visitor.press(want="refund_all")
    assert (visitor.at, "调解" in visitor.text) == ("want", True)
    await visitor.press("anyway")
    assert visitor.at == "leaving"


@pytest.mark.parametrize("told", [{"leaving": "tomorrow"}, {"leaves_on": "2026-09-10"}, {"leaving": "today"}])
async def test_the_hour_of_leaving_counts_however_the_day_was_told(sqlite_front: Front, told: dict[str, str]) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk("leaving")
    await visitor.press(**{"leaving": "", "leaves_on": "", "leaves_at": "15:05"} | told)
    assert visitor.at == "contact"
    await visitor.press(**ANSWERS["contact"])
    assert (visitor.at, "15:05" in visitor.text) == ("check", True)
    await visitor.press("send")
    claim = await sqlite_front.claim(await visitor.receipt())
    assert f"{claim.departs_at:%H:%M}" == "07:05"


async def test_an_amount_beyond_the_desk_is_explained_and_cannot_be_sent(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk("when")
    await visitor.press(paid="20000000")
    assert (visitor.answer.status_code, "12345" in visitor.text, 'value="anyway"' in visitor.text) == (200, True, False)
    await visitor.press("anyway")
    assert visitor.at == "when"
    await visitor.post({**visitor.fields, "page": "check", "go": "send", "want": "refund_all"})
    assert visitor.at == "when"
    assert await sqlite_front.counted("claim") == 0


async def test_what_a_claim_has_no_field_for_stands_in_its_facts(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front, "en")
    await visitor.walk(want="swap", paid="300")
    await visitor.press("send")
    claim = await sqlite_front.claim(await visitor.receipt())
    assert claim.facts.splitlines() == ["Wrong price", WORDS, "Paid: CNY 300.00", "Wanted: Swap the goods"]


@pytest.mark.parametrize(
    "form",
    [
        {}, {"page": "check", "go": "send"}, {"page": "check", "go": "to:nowhere"}, {"page": "what", "go": "back"},
        {"page": "what", "tile": "murder"}, {"page": "where", "spot": "mars"}, {"page": "/etc", "key": "x" * 500},
        {"page": "check", "go": "send", "tile": "price", "want": "swap", "words": "\0"},
    ],
)  # fmt: skip
async def test_a_form_that_no_page_of_ours_made_lodges_nothing_and_breaks_nothing(
    sqlite_front: Front, form: dict[str, str]
) -> None:
    visitor = poster(sqlite_front)
    await visitor.post(form)
    assert visitor.answer.status_code in (200, 422)
    assert visitor.at
    assert await sqlite_front.counted("claim") == 0


@pytest.mark.parametrize("path", ["/q/nowhere", "/q/huangshan/mars", "/q/gulangyu/north-gate"])
async def test_a_poster_of_nowhere_is_told_so(sqlite_front: Front, path: str) -> None:
    answer = await sqlite_front.from_network(PEER).get(path, headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "No such place" in answer.text
    assert (await sqlite_front.from_network(PEER).post("/q/nowhere", data={})).status_code == 404


async def test_the_landing_page_says_honestly_whether_somebody_is_there(sqlite_front: Front) -> None:
    client, clock = sqlite_front.from_network(PEER), sqlite_front.house.clock
    open_now = (await client.get(f"{ADDRESS}?lang=en")).text
    clock.at += timedelta(hours=14)
    closed = (await client.get(f"{ADDRESS}?lang=en")).text
    assert "The counter is open now, until today at" in open_now
    assert "The counter is closed now and opens tomorrow at" in closed
    for page in (open_now, closed):
        assert 'href="tel:110"' in page
        assert 'href="tel:120"' in page


async def test_the_receipt_is_shown_on_this_device_for_a_day_and_nowhere_else(sqlite_front: Front) -> None:
    visitor, stranger = poster(sqlite_front), poster(sqlite_front, peer="192.0.2.62")
    await visitor.walk()
    await visitor.press("send")
    reference = await visitor.receipt()
    slip = await sqlite_front.slip(reference)
    assert f"{slip.code[:4]}&nbsp;{slip.code[4:]}" in visitor.text
    assert (await stranger.client.get("/receipt")).headers["location"] == "/s?why=over"
    kept = {"Cookie": f"desk_receipt={visitor.client.cookies['desk_receipt']}"}
    for passed, status in ((timedelta(hours=23, minutes=59), 200), (timedelta(hours=24, minutes=1), 303)):
        with time_machine.travel(passed):
            assert (await stranger.client.get("/receipt", headers=kept)).status_code == status
    await sqlite_front.house.reissue(reference)
    assert (await stranger.client.get("/receipt", headers=kept)).status_code == 303


async def test_leaving_forgets_the_receipt_too(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk()
    await visitor.press("send")
    await visitor.receipt()
    await visitor.client.post("/status/leave")
    assert (await visitor.client.get("/receipt")).status_code == 303


async def test_nothing_personal_stands_in_an_address_or_a_cookie(sqlite_front: Front) -> None:
    visitor = poster(sqlite_front)
    await visitor.walk()
    assert {cookie.name for cookie in visitor.client.cookies.jar} <= {"desk_language"}
    assert str(visitor.answer.request.url) == f"https://desk.example{ADDRESS}?lang=zh-CN"
    await visitor.press("send")
    assert visitor.answer.headers["location"] == "/receipt?lang=zh-CN"
    kept = " ".join(visitor.answer.headers.get_list("set-cookie"))
    assert "HttpOnly" in kept
    assert not any(told in kept for told in ("138", "王小薇"))


@pytest.mark.parametrize(("language", "always"), [("zh-CN", "服务台全天有人。"), ("en", "The counter is open day and night.")])
async def test_a_counter_that_never_closes_says_so(sqlite_front: Front, language: str, always: str) -> None:
    site = await sqlite_front.house.desk.read(site_of_poster, POSTER, "huangshan")
    assert counter_hours(site.model_copy(update={"hours": {"open": []}}), MORNING, language) == always
