"""What hostile readers of the pages found, each once more."""

import json
from typing import Any

import pytest

from tests.web.console import COOKIE, Seat, browser, form_in, seat
from tests.web.front import Front

SIGN_IN, NEW = "/desk/sign-in", "/desk/claims/new"


def multipart(charset: str, **fields: str) -> dict[str, Any]:
    """A form that names its own spelling."""
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items())
    headers = {"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"}
    return {"content": f"{parts}--x--\r\n".encode(), "headers": headers}


@pytest.mark.parametrize("charset", ["punycode", "undefined", "unicode_escape", '"idna"', "utf-7"])
@pytest.mark.parametrize("path", ["/q/huangshan", SIGN_IN, "/s", "/api/v1/status/evidence", "/status/add_evidence"])
async def test_no_form_chooses_how_it_is_spelled(sqlite_front: Front, path: str, charset: str) -> None:
    answer = await browser(sqlite_front).post(path, **multipart(charset, words="\\ud800", name="x" * 5_000))
    assert answer.status_code == 415


@pytest.mark.parametrize("origin", ["http://[", "::", "x y"])
@pytest.mark.parametrize("path", [SIGN_IN, "/s", "/q/huangshan", "/status/leave"])
async def test_an_origin_that_is_none_is_a_foreign_one(sqlite_front: Front, path: str, origin: str) -> None:
    answer = await browser(sqlite_front).post(path, data={"x": "y"}, headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/q/%00", "/q/huangshan/%00", "/desk?site=%00", "/desk/docket?site=%00", "/desk/claims/new?site=%00", "/desk/fund/%00"],
)
async def test_a_nul_in_an_address_leads_nowhere(front: Front, path: str) -> None:
    assert (await (await seat(front, "ma")).get(path)).status_code == 404


async def test_what_another_site_typed_is_carried_through_no_door(sqlite_front: Front) -> None:
    fields = {"amount": "1000", "source": "site", "key": "made up"}
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    client = browser(sqlite_front)
    assert (await client.post("/desk/fund/huangshan/top-ups", data=fields, headers=foreign)).status_code == 403
    own = await client.post("/desk/fund/huangshan/top-ups", data=fields)
    assert own.status_code == 401
    assert "carried" not in form_in(own.text, SIGN_IN)


async def test_a_form_from_before_signing_in_again_is_sent_with_one_press(front: Front) -> None:
    before, after = await seat(front, "olga"), await seat(front, "olga")
    reference = (await front.house.lodge()).reference
    path = f"/desk/claims/{reference}"
    typed = form_in((await before.get(path)).text, f"{path}/note") | {"text": "The stall closes at six."}
    shown = await after.post(f"{path}/note", typed)
    assert shown.status_code == 403
    again = form_in(shown.text, f"{path}/note")
    assert again["text"] == typed["text"]
    assert await front.counted("note") == 0
    assert (await after.post(f"{path}/note", again)).status_code == 303
    assert await front.counted("note") == 1


async def test_repeated_fields_go_through_the_door_together(sqlite_front: Front) -> None:
    anton = await seat(sqlite_front, "anton")
    key = form_in((await anton.get("/desk/officers")).text, "/desk/officers/roles")["key"]
    posts = ["intake@huangshan", "cashier@huangshan"]
    door = await browser(sqlite_front).post("/desk/officers/roles", data={"key": key, "name": "Otto", "post": posts})
    carried = json.loads(form_in(door.text, SIGN_IN)["carried"])
    assert [value for name, value in carried if name == "post"] == posts


async def test_a_contact_and_a_code_are_shown_for_the_act_that_was_recorded_only(front: Front) -> None:
    olga, reference = await seat(front, "olga"), (await front.house.lodge()).reference
    path = f"/desk/claims/{reference}"
    form = form_in((await olga.get(path)).text, f"{path}/contact-view") | {"reason": "calling"}
    assert "+8613800138000" in (await olga.post(f"{path}/contact-view", form)).text
    repeated = await olga.post(f"{path}/contact-view", form)
    assert (repeated.status_code, "+8613800138000" in repeated.text) == (303, False)


@pytest.mark.parametrize("posts", [["admin", "cashier@huangshan"], ["manager@huangshan"]])
async def test_an_admin_gives_themselves_nothing_and_nobody_is_admin_and_more(till: Front, posts: list[str]) -> None:
    anton: Seat = await seat(till, "anton")
    form = form_in((await anton.get("/desk/officers")).text, "/desk/officers/roles") | {"name": "Anton"}
    own = await anton.client.post("/desk/officers/roles", data={**form, "post": posts})
    assert own.status_code == 409
    if "admin" in posts:
        mixed = await anton.client.post("/desk/officers/roles", data={**form, "name": "Otto", "post": posts})
        assert mixed.status_code == 422


async def test_a_strangers_large_body_is_not_received(sqlite_front: Front) -> None:
    reference = (await sqlite_front.house.lodge()).reference
    client = browser(sqlite_front)
    for path in (f"/api/v1/claims/{reference}/evidence", f"/desk/claims/{reference}/evidence", "/status/add_evidence"):
        answer = await client.post(path, content=b"x" * 300_000, headers={"Content-Type": "multipart/form-data; boundary=x"})
        assert answer.status_code == 401, path
    assert COOKIE not in client.cookies
