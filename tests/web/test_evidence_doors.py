"""Who may add, list and open files: every role, a foreign site, a visitor of another claim, and whoever guesses."""

import secrets
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from desk.domain.claim import State
from desk.domain.policy import READABLE, RIGHTS, Act, Role
from tests import exhibits
from tests.exhibits import picture
from tests.postgres import LATER
from tests.web.console import browser, seat
from tests.web.console import form_in as fields_in
from tests.web.front import CLAIMS, STATUS, Front, flaw, problem
from tests.web.test_foreign_site import ABSENT, ROLES, told

READ = "/api/v1/evidence"
STATES = ("received", "fast_refund", "docketed")
OFFICERS = [by for by, role in ROLES.items() if role is not None]


def form_in(page: str, action: str) -> dict[str, str]:
    """The fields of a form as they were served, but for the file: that is what the test brings."""
    return {name: value for name, value in fields_in(page, action).items() if name != "file"}


async def claim_with_file(front: Front, state: str = "received") -> tuple[str, str]:
    """A claim of Huangshan in this state, and the id of its file."""
    reference = await front.brought_to(state)
    return reference, await front.house.add_file(reference, picture())


async def claim_abroad(front: Front) -> tuple[str, str]:
    """A claim of Gulangyu, and the id of its file."""
    oskar = front.house.cast.oskar
    reference = (await front.house.lodge(oskar, site="gulangyu")).reference
    return reference, await front.house.add_file(reference, picture(), oskar)


async def add(front: Front, by: str | None, reference: str, **more: Any) -> httpx.Response:  # noqa: ANN401 - as `call` takes them
    return await front.call("POST", f"{CLAIMS}/{reference}/evidence", by, files={"file": ("a.jpg", picture())}, **more)


def expected(role: Role, act: Act, state: str) -> int:
    """What SPEC 8 says, 200 for every success."""
    if role is Role.ADMIN:
        return 404
    if role not in RIGHTS[act]:
        return 403
    return 200 if State(state) in READABLE[role] else 404


def cell(answer: httpx.Response) -> int:
    return 200 if answer.is_success else answer.status_code


@pytest.fixture(params=["sqlite", LATER])
def day(request: pytest.FixtureRequest) -> Front:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    opened: Front = request.getfixturevalue(f"{request.param}_day")
    return opened


@pytest.mark.parametrize("state", STATES)
async def test_each_officer_is_answered_as_the_rights_table_says(front: Front, state: str) -> None:
    reference, file_id = await claim_with_file(front, state)
    for by in OFFICERS:
        role = ROLES[by]
        assert role is not None
        reading, adding = expected(role, Act.READ_CLAIM, state), expected(role, Act.ADD_EVIDENCE, state)
        assert (by, cell(await front.get(f"{reference}/evidence", by))) == (by, reading)
        assert (by, cell(await front.call("GET", f"{READ}/{file_id}", by))) == (by, reading)
        assert (by, cell(await add(front, by, reference))) == (by, adding)


@pytest.mark.parametrize("state", STATES)
async def test_each_officer_opens_a_file_on_a_page_as_the_rights_table_says(sqlite_front: Front, state: str) -> None:
    _, file_id = await claim_with_file(sqlite_front, state)
    for by in OFFICERS:
        role = ROLES[by]
        assert role is not None
        answer = await (await seat(sqlite_front, by)).get(f"/desk/evidence/{file_id}")
        assert (by, cell(answer)) == (by, expected(role, Act.READ_CLAIM, state))
    unsigned = await browser(sqlite_front).get(f"/desk/evidence/{file_id}")
    assert (unsigned.status_code, unsigned.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")


async def test_without_an_officers_token_nothing_opens(front: Front) -> None:
    reference, file_id = await claim_with_file(front)
    slip = await front.slip(reference)
    for headers in ({}, {"Authorization": f"Bearer {slip.token}"}):
        answers = [
            await front.get(f"{reference}/evidence", headers=headers),
            await front.call("GET", f"{READ}/{file_id}", headers=headers),
            await add(front, None, reference, headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [401] * 3


async def test_a_file_of_a_foreign_site_is_answered_as_one_that_is_not_there(front: Front) -> None:
    await claim_with_file(front)
    foreign, file_id = await claim_abroad(front)
    for by in OFFICERS:
        for there, nowhere in ((file_id, secrets.token_hex(16)), (file_id, "x"), (file_id, "0" * 33)):
            pair = [told(await front.call("GET", f"{READ}/{each}", by)) for each in (there, nowhere)]
            assert (by, pair[0][0], pair[0]) == (by, 404, pair[1])
        pair = [told(await front.get(f"{each}/evidence", by)) for each in (foreign, ABSENT)]
        assert (by, pair[0][0], pair[0]) == (by, 404, pair[1])
        pair = [told(await add(front, by, each)) for each in (foreign, ABSENT)]
        assert (by, pair[0][0], pair[0]) == (by, 404, pair[1])


async def test_no_id_of_a_file_tells_another(sqlite_front: Front) -> None:
    reference, first = await claim_with_file(sqlite_front)
    ids = {first, *[await sqlite_front.house.add_file(reference, picture("PNG")) for _ in range(8)]}
    assert len(ids) == 9
    assert all(len(one) == 32 and int(one, 16) for one in ids)
    shares = [sum(a == b for a, b in zip(one, other, strict=True)) for one in ids for other in ids if one < other]
    assert max(shares) < 16
    for near in (f"{int(first, 16) + 1:032x}", first.upper() if first.upper() != first else "A" * 32, first[:31], f"{first}0"):
        assert (await sqlite_front.call("GET", f"{READ}/{near}", "olga")).status_code == 404


@pytest.mark.parametrize("body", [{}, {"token": "x" * 32}, {"reference": ABSENT, "access_code": "1"}, {"reference": ABSENT}])
async def test_at_the_visitors_door_only_the_claims_own_key_counts(front: Front, body: Mapping[str, str]) -> None:
    answer = await front.call("POST", f"{STATUS}/evidence", files={"file": ("a.jpg", picture())}, data=dict(body))
    if "token" in body or "access_code" in body:
        assert problem(answer) == (404, "not_found")
    else:
        assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/reference", "missing"))


async def test_a_visitors_fields_are_bounded_and_all_known(sqlite_front: Front) -> None:
    slip = await sqlite_front.slip((await sqlite_front.house.lodge()).reference)
    files = {"file": ("a.jpg", picture())}
    for data, expected_flaw in (
        ({"token": "x" * 81}, ("/token", "too_long")),
        ({"token": slip.token, "x": "1"}, ("", "unknown_field")),
    ):
        answer = await sqlite_front.call("POST", f"{STATUS}/evidence", files=files, data=data)
        assert (answer.status_code, flaw(answer)) == (422, expected_flaw)


@pytest.mark.parametrize("path", [f"{CLAIMS}/{{reference}}/evidence", f"{READ}/{{file_id}}"])
async def test_a_parameter_that_nobody_knows_is_refused(sqlite_front: Front, path: str) -> None:
    reference, file_id = await claim_with_file(sqlite_front)
    answer = await sqlite_front.call("GET", path.format(reference=reference, file_id=file_id), "olga", params={"surplus": "1"})
    assert (problem(answer), flaw(answer)) == ((400, "bad_input"), ("/surplus", "unknown_parameter"))


async def test_staff_add_and_open_files_on_their_page(front: Front) -> None:
    reference = await front.brought_to("received")
    olga, page = await seat(front, "olga"), f"/desk/claims/{reference}/evidence"
    shown = await olga.get(page)
    assert "No files yet." in shown.text
    fields = form_in(shown.text, page)
    for _ in range(2):  # a double tap adds it once
        answer = await olga.client.post(
            page, data=fields | {"kind": "receipt"}, files={"file": ("小票.jpg", exhibits.from_a_phone())}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, f"/desk/claims/{reference}#evidence")
    assert (await olga.get(f"/desk/claims/{reference}")).text.count('class="exhibit"') == 1
    shown = await olga.get(page)
    assert shown.text.count('class="exhibit"') == 1
    assert all(
        words in shown.text for words in ("小票.jpg", "Receipt or payment record", "Added by Olga", "Not scanned for viruses")
    )
    (one,) = (await front.get(f"{reference}/evidence", "olga")).json()["evidence"]
    looked = await olga.client.get(f"/desk/evidence/{one['id']}")
    assert (looked.headers["content-type"], looked.headers["content-security-policy"]) == (
        "image/jpeg",
        "default-src 'none'; sandbox",
    )
    saved = await olga.client.get(f"/desk/evidence/{one['id']}?original=1")
    assert saved.content == exhibits.from_a_phone()


async def test_a_refused_file_is_told_on_the_page_it_came_from(front: Front) -> None:
    reference = await front.brought_to("received")
    olga, page = await seat(front, "olga"), f"/desk/claims/{reference}/evidence"
    fields = form_in((await olga.get(page)).text, page)
    for files, words in (({"file": ("a.svg", b"<svg/>")}, "Choose a photo"), ({"file": ("", b"")}, "Fill this in.")):
        answer = await olga.client.post(page, data=fields, files=files, headers={"Accept-Language": "en"})
        assert (answer.status_code, words in answer.text, 'href="#file"' in answer.text) == (422, True, True)


async def test_a_page_of_another_site_or_another_session_adds_nothing(sqlite_front: Front) -> None:
    front = sqlite_front
    reference = await front.brought_to("received")
    olga, ma, page = await seat(front, "olga"), await seat(front, "ma"), f"/desk/claims/{reference}/evidence"
    fields, files = form_in((await olga.get(page)).text, page), {"file": ("a.jpg", picture())}
    from_elsewhere = await olga.client.post(page, data=fields, files=files, headers={"Sec-Fetch-Site": "cross-site"})
    of_another = await ma.client.post(page, data=fields, files=files)
    assert (from_elsewhere.status_code, of_another.status_code) == (403, 403)
    assert (await front.get(f"{reference}/evidence", "olga")).json()["evidence"] == []


async def test_a_visitor_adds_and_opens_files_on_the_status_page(front: Front) -> None:
    reference = (await front.house.lodge()).reference
    strange, strange_file = await claim_with_file(front)
    at = browser(front, "192.0.2.99")
    assert (await at.get(f"/s/{(await front.slip(reference)).token}")).status_code == 303
    fields = form_in((await at.get("/status?lang=en")).text, "/status/add_evidence")
    for _ in range(2):
        answer = await at.post("/status/add_evidence?lang=en", data=fields, files={"file": ("IMG_1.heic", exhibits.heic())})
        assert (answer.status_code, answer.headers["location"]) == (303, "/status?done=add_evidence&lang=en")
    page = (await at.get("/status?lang=en")).text
    assert page.count('class="exhibit"') == 1
    assert all(words in page for words in ("IMG_1.heic", "From the visitor", "A file was added."))
    (one,) = (await front.get(f"{reference}/evidence", "olga")).json()["evidence"]
    assert (await at.get(f"/status/evidence/{one['id']}")).headers["content-type"] == "image/jpeg"
    assert (await at.get(f"/status/evidence/{one['id']}?original=1")).content == exhibits.heic()
    assert (await at.get(f"/status/evidence/{strange_file}")).status_code == 404
    assert (await browser(front, "192.0.2.98").get(f"/status/evidence/{one['id']}")).status_code == 404
    assert strange != reference


async def test_a_visitors_refused_file_is_told_on_the_status_page_and_names_no_officer(front: Front) -> None:
    reference, _ = await claim_with_file(front)
    at = browser(front, "192.0.2.97")
    await at.get(f"/s/{(await front.slip(reference)).token}")
    shown = (await at.get("/status?lang=en")).text
    assert "Added by the desk" in shown
    assert "Olga" not in shown
    fields = form_in(shown, "/status/add_evidence")
    answer = await at.post(
        "/status/add_evidence?lang=en", data=fields, files={"file": ("x.jpg", exhibits.png_of(13_000, 13_000))}
    )
    assert (answer.status_code, "It may have 40 megapixels." in answer.text) == (422, True)
    forged = await at.post("/status/add_evidence", data=fields | {"key": "x"}, files={"file": ("x.jpg", picture())})
    assert forged.status_code == 403
