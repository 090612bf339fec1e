"""Evidence through the routes: what a file leaves behind, each figure at its limit and one beyond, what is handed out again."""

import asyncio
import hashlib
import io
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select, text

from desk.domain.claim import State
from desk.domain.evidence import MEGABYTE, MOST_BYTES
from desk.store.tables import metadata
from tests import exhibits
from tests.builders import FOLDER
from tests.exhibits import picture, standing_on
from tests.postgres import LATER
from tests.web.console import form_in, seat
from tests.web.front import CLAIMS, STATUS, Front, flaw, last, problem

EVIDENCE = metadata.tables["evidence"]
READ = "/api/v1/evidence"


async def added(
    front: Front, reference: str, content: bytes | None = None, by: str = "olga", *, name: str = "小票 1.jpg",
    kind: str | None = None, type_: str = "image/jpeg", **more: Any,  # noqa: ANN401
) -> httpx.Response:  # fmt: skip
    """Add a file as an officer."""
    files = {"file": (name, picture() if content is None else content, type_)}
    data = {"kind": kind} if kind else {}
    return await front.call("POST", f"{CLAIMS}/{reference}/evidence", by, files=files, data=data, **more)


async def rows(front: Front, reference: str) -> list[Any]:
    claim = await front.claim(reference)
    query = select(EVIDENCE).where(EVIDENCE.c.claim_id == claim.id).order_by(EVIDENCE.c.id)
    return list(await front.house.desk.read(lambda conn: conn.execute(query).all()))


def lying(file_id: str) -> list[bytes]:
    """What lies in the folder for a file."""
    return [path.read_bytes() for path in sorted(FOLDER.glob(f"{file_id}.*"))]


async def lodged(front: Front) -> str:
    return (await front.house.lodge()).reference


@pytest.fixture(params=["sqlite", LATER])
def day(request: pytest.FixtureRequest) -> Front:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    opened: Front = request.getfixturevalue(f"{request.param}_day")
    return opened


async def test_a_file_leaves_a_row_two_sealed_files_an_event_and_a_line(front: Front) -> None:
    reference, before = await lodged(front), standing_on(FOLDER)
    version = (await front.claim(reference)).version
    answer = await added(front, reference, kind="receipt")
    assert answer.status_code == 201
    told = answer.json()
    assert told == {
        "id": told["id"], "sha256": hashlib.sha256(picture()).hexdigest(), "kind": "receipt", "bytes": len(picture()),
        "duplicates": [],
    }  # fmt: skip
    (row,) = await rows(front, reference)
    assert (row.file_id, row.kind, row.shows, row.scan, row.size, row.width, row.height, row.pages, row.officer_id) == (
        told["id"], "jpeg", "receipt", "unscanned", len(picture()), 64, 48, None, front.house.cast.olga.id
    )  # fmt: skip
    assert standing_on(FOLDER) - before == {f"{told['id']}.original", f"{told['id']}.view"}
    assert [b"JFIF" in content for content in lying(told["id"])] == [False, False]
    events = await front.events(reference)
    assert last(events) == ("evidence_added", None, None, None, "intake", None)
    assert told["sha256"] not in events[-1].data
    assert (await front.claim(reference)).state == State.RECEIVED
    assert (await front.claim(reference)).version == version + 1
    slip = await front.slip(reference)
    for language, line in (("zh-CN", "收到一份材料。"), ("en", "A file was added.")):
        assert (await front.status(slip, language))["history"][0]["text"] == line


async def test_the_list_names_every_file_and_who_added_it(front: Front) -> None:
    reference = await lodged(front)
    await added(front, reference, kind="receipt")
    await added(front, reference, exhibits.pdf(3), by="ma", name="合同.PDF", type_="text/html")
    slip = await front.slip(reference)
    given = await front.call(
        "POST", f"{STATUS}/evidence", files={"file": ("x.heic", exhibits.heic())}, data={"token": slip.token, "kind": "photo"}
    )
    assert (given.status_code, given.json()["duplicates"]) == (201, [])
    shown = (await front.get(f"{reference}/evidence", "ada")).json()
    assert [(one["name"], one["kind"], one["media_type"], one["pages"], one["by"]) for one in shown["evidence"]] == [
        ("小票 1.jpg", "receipt", "image/jpeg", None, "Olga"),
        ("合同.pdf", "other", "application/pdf", 3, "Ma"),
        ("x.heic", "photo", "image/heic", None, None),
    ]
    assert {one["scan"] for one in shown["evidence"]} == {"unscanned"}
    assert shown["duplicates"] == []


async def test_a_visitor_adds_by_code_and_a_wrong_code_is_not_found(front: Front) -> None:
    slip = await front.slip(await lodged(front))
    files = {"file": ("a.png", picture("PNG"))}
    right = await front.call("POST", f"{STATUS}/evidence", files=files, data=slip.pair)
    assert right.status_code == 201
    wrong = await front.call("POST", f"{STATUS}/evidence", files=files, data=slip.pair | {"access_code": "1"})
    assert problem(wrong) == (404, "not_found")
    assert [row.officer_id for row in await rows(front, slip.reference)] == [None]
    assert last(await front.events(slip.reference))[4] == "visitor"


async def test_a_key_adds_a_file_once_whatever_the_boundary(front: Front) -> None:
    reference, before = await lodged(front), len(standing_on(FOLDER))
    first = await added(front, reference, key="once")
    again = await added(front, reference, key="once", headers={})
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert problem(await added(front, reference, picture("PNG"), key="once")) == (422, "idempotency_key_reused")
    assert problem(await added(front, reference, key=None)) == (400, "idempotency_key_missing")
    both = await asyncio.gather(*(added(front, reference, exhibits.pdf(), key="twice") for _ in range(2)))
    assert sorted(answer.status_code for answer in both) in ([201, 201], [201, 409])
    assert len(await rows(front, reference)) == 2
    assert len(standing_on(FOLDER)) == before + 3


async def test_the_same_file_elsewhere_at_the_site_is_a_hint_to_officers_only(front: Front) -> None:
    first, second = await lodged(front), await lodged(front)
    away = (await front.house.lodge(front.house.cast.oskar, site="gulangyu")).reference
    for reference, by in ((first, "olga"), (away, "oskar")):
        assert (await added(front, reference, by=by)).json()["duplicates"] == []
    alike = [{"reference": first, "why": "same_file"}]
    assert (await added(front, second, name="other.jpg")).json()["duplicates"] == alike
    assert (await front.get(f"{second}/evidence", "olga")).json()["duplicates"] == alike
    assert (await front.get(f"{first}/evidence", "olga")).json()["duplicates"] == [{"reference": second, "why": "same_file"}]
    slip = await front.slip(await lodged(front))
    given = await front.call("POST", f"{STATUS}/evidence", files={"file": ("x", picture())}, data={"token": slip.token})
    assert given.json()["duplicates"] == []


@pytest.mark.parametrize("name", ["svg", "png bomb", "apng", "locked pdf", "nothing"])
async def test_a_hostile_file_is_refused_with_its_reason_and_leaves_nothing(front: Front, name: str) -> None:
    content, why = exhibits.hostile()[name]
    reference, before = await lodged(front), standing_on(FOLDER)
    answer = await added(front, reference, content, name="photo.jpg", type_="image/jpeg")
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/file", why))
    assert (await rows(front, reference), standing_on(FOLDER)) == ([], before)
    assert last(await front.events(reference))[0] == "moved"


async def test_a_file_of_15_mb_is_taken_and_one_byte_more_is_not(sqlite_front: Front) -> None:
    reference = await lodged(sqlite_front)
    assert (await added(sqlite_front, reference, exhibits.jpeg_of_bytes(MOST_BYTES))).status_code == 201
    answer = await added(sqlite_front, reference, exhibits.jpeg_of_bytes(MOST_BYTES + 1))
    assert (problem(answer), flaw(answer)) == ((422, "bad_input"), ("/file", "file_too_large"))
    assert "15" in answer.json()["errors"][0]["detail"]
    beyond = await added(sqlite_front, reference, bytes(16 * MEGABYTE))
    assert problem(beyond) == (413, "body_too_large")


async def test_a_claim_takes_60_mb_and_not_one_byte_more(front: Front) -> None:
    reference = await lodged(front)
    await added(front, reference)
    filled = 60 * MEGABYTE - len(picture())
    await front.house.desk.write(lambda work: work.conn.execute(text("UPDATE evidence SET size = 15728640")))
    claim = await front.claim(reference)
    (row,) = await rows(front, reference)
    await front.house.desk.write(_copies, row, [15 * MEGABYTE] * 2 + [filled - 45 * MEGABYTE])
    assert sum(one.size for one in await rows(front, claim.reference)) == filled
    answer = await added(front, reference, exhibits.jpeg_of_bytes(len(picture()) + 1))
    assert flaw(answer) == ("/file", "claim_full")
    assert (await added(front, reference)).status_code == 201


async def test_a_claim_takes_20_files_and_no_21st(front: Front) -> None:
    reference = await lodged(front)
    await added(front, reference)
    (row,) = await rows(front, reference)
    await front.house.desk.write(_copies, row, [1] * 18)
    assert (await added(front, reference)).status_code == 201
    assert flaw(await added(front, reference)) == ("/file", "too_many_files")
    shown = await front.get(f"{reference}/evidence", "olga")
    assert len(shown.json()["evidence"]) == 20


async def test_two_files_at_once_do_not_pass_the_limit_together(front: Front) -> None:
    reference, before = await lodged(front), len(standing_on(FOLDER))
    await added(front, reference)
    (row,) = await rows(front, reference)
    await front.house.desk.write(_copies, row, [1] * 18)
    both = await asyncio.gather(*(added(front, reference, picture("PNG")) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [201, 422]
    assert len(await rows(front, reference)) == 20
    assert len(standing_on(FOLDER)) == before + 4


@pytest.mark.parametrize("state", ["withdrawn", "refused", "transferred", "closed"])
async def test_an_ended_claim_takes_no_file_and_still_shows_those_it_has(sqlite_front: Front, state: str) -> None:
    front = sqlite_front
    reference = await lodged(front)
    told = (await added(front, reference)).json()
    await front.put(reference, state)
    assert problem(await added(front, reference)) == (409, "wrong_moment")
    assert (await front.call("GET", f"{READ}/{told['id']}", "olga")).status_code == 200


async def test_a_picture_is_looked_at_as_its_copy_and_saved_as_it_came(front: Front) -> None:
    reference, original = await lodged(front), exhibits.from_a_phone()
    told = (await added(front, reference, original, name='..\\..\\evil"; filename=x.html\r\nX: y.png')).json()
    looked = await front.call("GET", f"{READ}/{told['id']}", "olga")
    assert (looked.status_code, looked.headers["content-type"], looked.headers["content-disposition"]) == (
        200, "image/jpeg", "inline"
    )  # fmt: skip
    assert (looked.headers["x-content-type-options"], looked.headers["content-security-policy"]) == (
        "nosniff", "default-src 'none'; sandbox"
    )  # fmt: skip
    assert looked.headers["cache-control"] == "private, no-store"
    copy = Image.open(io.BytesIO(looked.content))
    assert (copy.size, dict(copy.getexif())) == ((480, 640), {})
    saved = await front.call("GET", f"{READ}/{told['id']}", "olga", params={"original": "true"})
    assert (saved.content, saved.headers["content-type"]) == (original, "image/jpeg")
    how = saved.headers["content-disposition"]
    assert how.startswith("attachment; filename=")
    assert how.endswith(".jpg")
    assert not any(bad in how for bad in ("..", "\\", "\r", "\n", "html;", '";x'))
    assert how.count('"') == 2
    assert "x: y" not in str(saved.headers).lower()


async def test_a_pdf_is_only_ever_saved(sqlite_front: Front) -> None:
    front = sqlite_front
    told = (await added(front, await lodged(front), exhibits.pdf(2), name="合同.pdf")).json()
    for query in ({}, {"original": "true"}):
        answer = await front.call("GET", f"{READ}/{told['id']}", "olga", params=query)
        assert (answer.content, answer.headers["content-type"]) == (exhibits.pdf(2), "application/pdf")
        assert answer.headers["content-disposition"] == "attachment; filename=\"pdf\"; filename*=UTF-8''%E5%90%88%E5%90%8C.pdf"


@pytest.mark.parametrize(
    ("files", "data", "expected"),
    [
        ({"file": ("a.jpg", picture())}, {"surplus": "1"}, ("", "unknown_field")),
        ({"file": ("a.jpg", picture())}, {"kind": "video"}, ("/kind", "not_one_of")),
        ({"file": ("a.jpg", picture())}, {"kind": "re\0"}, ("", "bad_characters")),
        ({"kind": ("a.jpg", picture())}, {}, ("/file", "missing")),
        ({}, {"file": "words"}, ("/file", "missing")),
        ([("file", ("a.jpg", picture())), ("file", ("b.jpg", picture()))], {}, ("/file", "too_many")),
    ],
)  # fmt: skip
async def test_a_form_must_hold_one_file_and_nothing_unknown(
    sqlite_front: Front, files: Any, data: Any, expected: tuple[str, str]  # noqa: ANN401
) -> None:  # fmt: skip
    front = sqlite_front
    reference = await lodged(front)
    if not files:
        files = {"kind": (None, "photo")}
    answer = await front.call("POST", f"{CLAIMS}/{reference}/evidence", "olga", files=files, data=data)
    assert (answer.status_code, flaw(answer)) == (422, expected)


async def test_a_body_that_is_no_form_is_refused(sqlite_front: Front) -> None:
    reference = await lodged(sqlite_front)
    path = f"{CLAIMS}/{reference}/evidence"
    assert problem(await sqlite_front.call("POST", path, "olga", json={})) == (415, "unsupported_media_type")
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = await sqlite_front.call("POST", path, "olga", content=b"no boundary here", headers=broken)
    assert problem(answer) == (422, "bad_input")


async def test_erasing_a_visitor_erases_their_files(front: Front) -> None:
    reference = await lodged(front)
    told = (await added(front, reference)).json()
    claim = await front.claim(reference)
    await front.house.desk.write(
        lambda work: work.conn.execute(
            text("UPDATE person SET wrapped_key = NULL, erased_at = :at WHERE claim_id = :id"),
            {"at": "2026-09-08T00:00:00.000000Z", "id": claim.id},
        )
    )
    assert problem(await front.call("GET", f"{READ}/{told['id']}", "olga")) == (404, "not_found")
    (one,) = (await front.get(f"{reference}/evidence", "olga")).json()["evidence"]
    assert (one["id"], one["name"]) == (told["id"], None)
    assert problem(await added(front, reference)) == (404, "not_found")


async def test_no_place_of_a_photo_and_no_name_of_a_file_lies_in_plain(front: Front) -> None:
    reference = await lodged(front)
    told = (await added(front, reference, exhibits.from_a_phone(), name="欧阳明月的身份证.jpg")).json()
    for content in lying(told["id"]):
        assert not any(word in content for word in (b"Exif", b"Secretphone"))
    kept = await front.house.desk.read(lambda conn: str(conn.execute(text("SELECT * FROM idempotency_key")).all()))
    events = str(await front.events(reference))
    assert not any("欧阳" in plain or told["sha256"] in plain for plain in (kept, events, str(await rows(front, reference))))


def _copies(work: Any, row: Any, sizes: list[int]) -> None:  # noqa: ANN401 - a row
    """More files of the same claim, past every rule."""
    for size in sizes:
        values = dict(row._mapping) | {"id": work.kit.lots.number(), "file_id": work.kit.lots.file_id(), "size": size}
        work.conn.execute(EVIDENCE.insert(), values)


async def test_findings_name_the_evidence_they_rely_on_and_no_other_claims(front: Front) -> None:
    reference, other = await lodged(front), await lodged(front)
    own, foreign = [(await added(front, each)).json()["id"] for each in (reference, other)]
    path, version = f"{CLAIMS}/{reference}/assessment", (await front.claim(reference)).version
    for wrong in ([foreign], [own, "nothing"], ["x" * 65]):
        answer = await front.call("PUT", path, "olga", json={"evidence": wrong}, version=version)
        assert answer.status_code == 422, wrong
    body = {"evidence_sufficient": "yes", "evidence": [own, own]}
    assert (await front.call("PUT", path, "olga", json=body, version=version)).status_code == 200
    assert (await front.get(reference, "olga")).json()["assessment"]["evidence"] == [own]
    olga = await seat(front, "olga")
    page = f"/desk/claims/{reference}"
    assert form_in((await olga.get(page)).text, f"{page}/assess")["relied-1"] == own
    form = {name: value for name, value in form_in((await olga.get(page)).text, f"{page}/assess").items() if name != "relied-1"}
    assert (await olga.post(f"{page}/assess", form)).status_code == 303
    assert (await front.get(reference, "olga")).json()["assessment"]["evidence"] == []
