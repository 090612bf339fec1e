"""A claim logged by the counter's form: what it leaves behind, what it keeps when refused, and who may see its slip."""

import html
from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import Connection, select

from desk.domain.clocks import ClockState
from desk.reads.status import status_view
from desk.store.tables import metadata
from tests.web.console import Seat, form_in, seat
from tests.web.front import Front, last

NEW = "/desk/claims/new"
ITEM, RESPONDENT = metadata.tables["claim_item"], metadata.tables["respondent"]
FILLED: Mapping[str, str] = {
    "tile": "price", "merchant": "云海茶庄", "amount": "￥１２８．００", "facts": "标价 28 元，结账收取 156 元。",
    "name": "王小薇", "contact": "１３８ ００１３ ８０００", "occurred_on": "2026-09-08", "spot": "north-gate",
}  # fmt: skip
SCRIPT = '"><script>alert(1)</script>'


async def lodged(officer: Seat, **typed: str) -> str:
    """Log a claim by the form; the reference that its answer leads to."""
    answer = await officer.submit(NEW, NEW, **{**FILLED, **typed})
    assert answer.status_code == 303, answer.text
    return reference_in(answer)


def reference_in(answer: httpx.Response) -> str:
    """The claim that an answer leads to."""
    return answer.headers["location"].split("/")[3]


async def slip_of(officer: Seat, reference: str, language: str = "en") -> str:
    """The page of a slip."""
    answer = await officer.get(f"/desk/claims/{reference}/slip", language)
    assert answer.status_code == 200
    return answer.text


def shows(page: str, code: str) -> bool:
    """Whether a page shows a code as a slip prints it."""
    return f"{code[:4]} {code[4:]}" in page


def note_of(officer: Seat) -> str:
    """The cookie by which an officer may see the slip that was handed out last."""
    return str(next(cookie.value for cookie in officer.client.cookies.jar if cookie.name == "desk_slip"))


async def test_a_claim_from_the_form_is_the_claim_that_the_api_would_have_made(front: Front) -> None:
    reference = await lodged(await seat(front, "olga"))
    claim = await front.claim(reference)
    assert (claim.state, claim.channel, claim.category, claim.spot) == ("received", "counter", "price_labelling", "north-gate")
    assert (claim.facts, str(claim.occurred_on), claim.lodged_by) == (FILLED["facts"], "2026-09-08", front.house.cast.olga.id)
    assert last(await front.events(reference)) == ("moved", "lodge", None, "received", "intake", None)
    assert (await front.clocks(reference))["first_answer"] is ClockState.RUNNING
    rows = await front.house.desk.read(_hanging, claim.id)
    assert rows == [("refund", 12800, "云海茶庄")]
    view = await front.post(f"{reference}/contact-view", "olga", {"reason": "核对"})
    assert (view.json()["name"], view.json()["phone"], view.json()["email"]) == ("王小薇", "+8613800138000", None)
    status = await front.status(await front.slip(reference), "zh-CN")
    assert (status["state"], status["amounts"]["asked"]["amount"]) == ("registered", "128.00")


async def test_the_slip_tells_the_visitor_everything_in_their_own_language(front: Front) -> None:
    olga = await seat(front, "olga")
    for language, sentence in (("zh-CN", "请保管好凭条"), ("en", "Keep this slip")):
        reference = await lodged(olga, language=language, order_no=f"N-{language}")
        slip, page = await front.slip(reference), await slip_of(olga, reference)
        assert shows(page, slip.code)
        house = front.house
        told = await house.desk.read(status_view, house.cast.olga, reference, language, house.kit, on_paper=True)
        assert all(html.escape(said) in page for said in (reference, sentence, told.sentence, "data:image/svg+xml"))
        assert f'lang="{language}" aria-label' in page
        assert slip.token not in page  # the address stands in the picture only


async def test_the_second_button_leads_to_the_claim(front: Front) -> None:
    olga = await seat(front, "olga")
    fields = form_in((await olga.get(NEW)).text, NEW) | dict(FILLED)
    answer = await olga.post(f"{NEW}?then=claim", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/claims/{reference_in(answer)}")
    assert (await front.claim(reference_in(answer))).state == "received"


async def test_a_double_click_logs_one_claim_whichever_button_it_was(front: Front) -> None:
    olga = await seat(front, "olga")
    fields = form_in((await olga.get(NEW)).text, NEW) | dict(FILLED)
    answers = [await olga.post(address, fields) for address in (NEW, NEW, f"{NEW}?then=claim")]
    assert len({reference_in(answer) for answer in answers}) == await front.counted("claim") == 1


async def test_a_form_sent_before_is_not_sent_again_with_other_words_unless_it_is_meant(front: Front) -> None:
    olga = await seat(front, "olga")
    fields = form_in((await olga.get(NEW)).text, NEW) | dict(FILLED)
    await olga.post(NEW, fields)
    answer = await olga.post(NEW, fields | {"facts": "另一件事。"})
    assert ("lodged before" in answer.text, "另一件事。" in answer.text, await front.counted("claim")) == (True, True, 1)
    again = await olga.post(NEW, form_in(answer.text, NEW))
    assert (again.status_code, await front.counted("claim")) == (303, 2)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tile", "", "Choose what happened."),
        ("tile", "murder", "Choose one of the listed"),
        ("facts", " ", "Write a sentence on what happened."),
        ("facts", "x" * 4001, "4000"),
        ("amount", "", "Enter an amount, or choose"),
        ("amount", "a lot", "Enter an amount, like 120"),
        ("amount", "0", "Enter an amount, like 120"),
        ("amount", "10000000.01", "10000000.00"),
        ("merchant", "x" * 81, "80"),
        ("contact", "12x", "phone number"),
        ("contact", "vera＠home", "name@example.com"),
        ("spot", "moon", ""),
        ("language", "xx", "Choose one of the listed"),
        ("leaves_at", "soon", "Write the time like 18:20."),
        ("occurred_on", "2026-09-10", "today or"),
        ("purchased_on", "yesterday", "2026-10-02"),
        ("people", "0", "1"),
        ("people", "many", ""),
        ("elsewhere", "moon", "Choose one of the listed"),
    ],
)
async def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    sqlite_front: Front, field: str, value: str, said: str
) -> None:
    answer = await (await seat(sqlite_front, "olga")).submit(NEW, NEW, **{**FILLED, field: value})
    page = answer.text
    assert (answer.status_code, f'<a href="#{field}">' in page, said in html.unescape(page)) == (422, True, True)
    assert f'id="{field}-wrong"' in page
    kept = form_in(page, NEW)
    assert {name: kept[name] for name in FILLED if name != field} == {name: FILLED[name] for name in FILLED if name != field}
    if field not in ("tile", "spot", "language", "elsewhere"):
        assert kept[field] == value
    assert await sqlite_front.counted("claim") == 0


async def test_a_field_of_the_folded_part_that_is_wrong_is_unfolded(sqlite_front: Front) -> None:
    answer = await (await seat(sqlite_front, "olga")).submit(NEW, NEW, **{**FILLED, "people": "0"})
    assert '<details class="act" open>' in answer.text


@pytest.mark.parametrize(
    ("typed", "asked"), [({"chip": "50", "amount": ""}, 5000), ({"chip": "unknown", "amount": ""}, None), ({"chip": "50"}, 12800)]
)
async def test_an_amount_is_written_or_picked_and_the_written_one_counts(
    front: Front, typed: dict[str, str], asked: int | None
) -> None:  # fmt: skip
    claim = await front.claim(await lodged(await seat(front, "olga"), **typed))
    assert [row[1] for row in await front.house.desk.read(_hanging, claim.id)] == [asked]


async def test_everything_of_the_folded_part_is_kept(front: Front) -> None:
    olga = await seat(front, "olga")
    reference = await lodged(
        olga, merchant="", contact="vera@example.com", people="４", minor="on", crime_suspected="on", elsewhere="court",
        purchased_on="2026-09-01", contract_ended_on="2026-09-08", order_no="W-17", item_kind="damage", channel="police_110",
        leaves_on="2026-09-09", leaves_at="18：20",
    )  # fmt: skip
    claim = await front.claim(reference)
    assert (claim.people, claim.minor, claim.crime_suspected, claim.injury) == (4, True, True, False)
    assert (claim.already_elsewhere, claim.order_no, claim.channel) == ("court", "W-17", "police_110")
    assert (str(claim.purchased_on), str(claim.contract_ended_on), claim.respondent_id) == ("2026-09-01", "2026-09-08", None)
    assert claim.departs_at is not None
    assert claim.departs_at.isoformat() == "2026-09-09T10:20:00+00:00"


@pytest.mark.parametrize(
    ("typed", "at"),
    [({"leaves_at": "18:20"}, "leaves_on"), ({"leaves_on": "2026-09-08", "leaves_at": "00:01"}, "leaves_at")],
)
async def test_a_departure_needs_its_day_and_lies_ahead(sqlite_front: Front, typed: dict[str, str], at: str) -> None:
    answer = await (await seat(sqlite_front, "olga")).submit(NEW, NEW, **{**FILLED, **typed})
    assert (answer.status_code, f'<a href="#{at}">' in answer.text) == (422, True)


async def test_the_same_matter_is_hinted_at_and_never_refused(front: Front) -> None:
    olga = await seat(front, "olga")
    first = await lodged(olga)
    second = await lodged(olga)
    page = await slip_of(olga, second)
    assert (first in page, "This may be the same matter" in page) == (True, True)
    third = await lodged(olga, amount="5")
    assert "This may be the same matter" not in await slip_of(olga, third)


async def test_a_look_alike_of_another_site_is_not_shown(front: Front) -> None:
    await lodged(await seat(front, "oskar"), spot="")
    olga = await seat(front, "olga")
    assert "This may be the same matter" not in await slip_of(olga, await lodged(olga))


async def test_the_code_is_for_the_session_that_was_handed_it_and_for_a_quarter_of_an_hour(front: Front) -> None:
    olga = await seat(front, "olga")
    reference = await lodged(olga)
    code = (await front.slip(reference)).code
    assert shows(await slip_of(olga, reference), code)
    for other in ("otto", "ma", "ada", "olga"):
        assert not shows(await slip_of(await seat(front, other), reference), code)
    stolen = await seat(front, "otto")
    stolen.client.cookies.set("desk_slip", note_of(olga))
    assert not shows(await slip_of(stolen, reference), code)


async def test_one_slip_opens_no_other(front: Front) -> None:
    olga = await seat(front, "olga")
    mine = await lodged(olga)
    others = (await front.house.lodge(respondent=None)).reference
    olga.client.cookies.set("desk_slip", note_of(olga), path=f"/desk/claims/{others}/slip")
    assert not shows(await slip_of(olga, others), (await front.slip(others)).code)
    assert shows(await slip_of(olga, mine), (await front.slip(mine)).code)


async def test_a_lost_slip_is_issued_again_once_for_a_reason_and_the_old_one_is_worthless(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    old, address = await front.slip(reference), f"/desk/claims/{reference}/slip"
    otto = await seat(front, "otto")
    fields = form_in(await slip_of(otto, reference), address)
    for _ in range(2):
        answer = await otto.post(address, fields | {"reason": "凭条遗失"})
        assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert last(await front.events(reference)) == ("slip_reissued", None, None, None, "intake", "凭条遗失")
    new = await front.slip(reference)
    assert (await front.claim(reference)).generation == 2
    assert (shows(await slip_of(otto, reference), new.code), (await front.look(old.pair)).status_code) == (True, 404)


async def test_a_slip_is_not_issued_again_without_a_reason_nor_by_who_may_not(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    address = f"/desk/claims/{reference}/slip"
    olga, ada = await seat(front, "olga"), await seat(front, "ada")
    answer = await olga.submit(address, address, reason="  ")
    assert (answer.status_code, 'href="#reason"' in answer.text) == (422, True)
    assert f'action="{address}"' not in await slip_of(ada, reference)
    key = form_in((await ada.get("/desk")).text, "/desk/find")["key"]
    assert (await ada.post(address, {"key": key, "reason": "x"})).status_code == 403
    assert (await front.claim(reference)).generation == 1


async def test_a_slip_of_a_foreign_site_is_not_there(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    for officer in ("oskar", "mona", "chen", "mei"):
        answer = await (await seat(front, officer)).get(f"/desk/claims/{reference}/slip")
        assert (officer, answer.status_code) == (officer, 404)


@pytest.mark.parametrize(
    ("officer", "status"), [("olga", 200), ("ma", 200), ("chen", 403), ("mei", 403), ("ada", 403), ("anton", 403)]
)
async def test_only_the_counter_and_the_manager_log_claims(front: Front, officer: str, status: int) -> None:
    sitting = await seat(front, officer)
    assert (await sitting.get(NEW)).status_code == status
    if status != 200:
        key = form_in((await (await seat(front, "olga")).get(NEW)).text, NEW)["key"]
        assert (await sitting.post(NEW, {**FILLED, "site": "huangshan", "key": key})).status_code == 403
    assert await front.counted("claim") == 0


async def test_a_claim_of_a_foreign_site_is_not_logged(front: Front) -> None:
    olga = await seat(front, "olga")
    for site in ("gulangyu", "nowhere"):
        assert (await olga.get(f"{NEW}?site={site}")).status_code == 404
        assert (await olga.submit(NEW, NEW, **{**FILLED, "site": site})).status_code == 404
    assert await front.counted("claim") == 0


async def test_the_form_of_another_page_logs_nothing(sqlite_front: Front) -> None:
    olga = await seat(sqlite_front, "olga")
    for fields, headers in (
        ({"key": "made up"}, {}),
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Origin": "https://evil.example"}),
    ):
        good = form_in((await olga.get(NEW)).text, NEW) | dict(FILLED)
        assert (await olga.post(NEW, {**good, **fields}, **headers)).status_code == 403
    assert await sqlite_front.counted("claim") == 0


async def test_what_was_typed_is_shown_as_text(sqlite_front: Front) -> None:
    olga = await seat(sqlite_front, "olga")
    hostile = dict.fromkeys(("merchant", "facts", "name", "contact", "amount", "order_no"), SCRIPT)
    page = (await olga.submit(NEW, NEW, **{**FILLED, **hostile})).text
    assert ("<script" in page, form_in(page, NEW)["facts"]) == (False, SCRIPT)
    await lodged(olga, merchant=SCRIPT, facts=SCRIPT, name=SCRIPT)
    assert ("<script" in (await olga.get(NEW)).text, SCRIPT in html.unescape((await olga.get(NEW)).text)) == (False, True)


async def test_the_form_knows_the_merchants_of_its_own_site(front: Front) -> None:
    olga = await seat(front, "olga")
    await lodged(olga, merchant="松风小馆")
    assert '<option value="松风小馆">' in (await olga.get(NEW)).text
    assert "松风小馆" not in (await (await seat(front, "oskar")).get(NEW)).text


def _hanging(conn: Connection, claim_id: int) -> list[tuple[str, int | None, str | None]]:
    claim = metadata.tables["claim"]
    query = (
        select(ITEM.c.kind, ITEM.c.asked_minor, RESPONDENT.c.name)
        .join(claim, claim.c.id == ITEM.c.claim_id)
        .outerjoin(RESPONDENT, RESPONDENT.c.id == claim.c.respondent_id)
        .where(claim.c.id == claim_id)
    )
    return [(row.kind, row.asked_minor, row.name) for row in conn.execute(query)]
