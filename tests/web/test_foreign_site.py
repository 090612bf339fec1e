"""Every route, nine callers, one's own site and a foreign one: each cell follows from the rights table, none is left open."""

from collections.abc import Mapping

import httpx
import pytest

from desk.domain.claim import State
from desk.domain.policy import READABLE, RIGHTS, Role
from tests.builders import lodging
from tests.postgres import LATER
from tests.returns import Goods
from tests.web.front import Front, Slip
from tests.web.probes import CLAIM, KEY, PLAIN, PROBES, Probe, api_routes

ABSENT = "0000000000"
ROLES: Mapping[str, Role | None] = {
    "nobody": None, "olga": Role.INTAKE, "chen": Role.CASHIER, "mei": Role.MEDIATOR, "ma": Role.MANAGER, "ada": Role.AUDITOR,
    "anton": Role.ADMIN, "vera": None, "mona": None,
}  # fmt: skip
"""Who calls. Vera sends her token as if it were an officer's; Mona is manager of the other site, a stranger to this one."""

ON_CLAIMS = {where: probe for where, probe in PLAIN.items() if where[1].startswith(CLAIM)}
DOORS = {where: probe for where, probe in PLAIN.items() if probe.act == KEY and probe.state != "refund_sent"}
STARTING = ("POST", "/api/v1/returns")
"""Names its claim in the body; who may ask is told by `test_steps_returns`."""
AT_SITES = {where: probe for where, probe in PLAIN.items() if where not in ON_CLAIMS and where != STARTING and probe.act != KEY}
Where = tuple[str, str]


def expected(by: str, probe: Probe) -> int:
    """What a caller is answered at Huangshan, by SPEC 8; 200 stands for every success."""
    role = ROLES[by]
    if by in ("nobody", "vera"):
        return 401
    if role is None or role is Role.ADMIN:
        return 404
    assert probe.act != KEY
    if role not in RIGHTS[probe.act]:  # type: ignore[index] # an Act, as the line above says
        return 403
    at_site = "site" in (probe.body or probe.query)
    return probe.meets if at_site or State(probe.state) in READABLE[role] else 404


async def asked(
    front: Front, where: Where, by: str, reference: str, *, other: str = ABSENT, site: str = "huangshan"
) -> httpx.Response:
    """Send the route's probe as this caller, about this claim or this site."""
    method, path = where
    probe, version = PROBES[where], None
    headers = {"Authorization": f"Bearer {(await front.slip(other)).token}"} if by == "vera" else {}
    if method == "PUT":
        version = (await front.claim(reference)).version if by in ROLES and reference != ABSENT else 1
    body, query = probe.json(other), dict(probe.query)
    if body and "site" in body:
        body |= {"site": site, "spot": None}
    if query:
        query["site"] = site
    address = path.format(reference=reference, clock="mediation")
    return await front.call(
        method, address, by if by in front.house.cast.tokens else None, json=body, params=query,
        version=version, headers=headers,
    )  # fmt: skip


def told(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """Everything but the request's own id."""
    return answer.status_code, answer.content, sorted(each for each in answer.headers.items() if each[0] != "x-request-id")


async def abroad(front: Front, state: str) -> str:
    """A claim of Gulangyu in this state."""
    oskar, mona = front.house.cast.oskar, front.house.cast.mona
    reference = (await front.house.lodge(oskar, site="gulangyu")).reference
    await front.house.assess(reference, oskar)
    if state == "returning":
        await Goods(front.house).start(reference, oskar)
    elif state == "fast_refund":
        await front.house.confirm(reference, "fast_refund", oskar)
    elif state == "withdrawn":
        await front.house.withdraw(reference)
    elif state == "refused":
        await front.house.override(reference, "refuse", mona)
    elif state != "received":
        route = {"docketed": "docket", "awaiting_information": "needs_information"}[state]
        await front.house.override(reference, route, mona)
    return reference


@pytest.fixture(params=["sqlite", LATER])
def day(request: pytest.FixtureRequest) -> Front:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    opened: Front = request.getfixturevalue(f"{request.param}_day")
    return opened


async def test_every_route_of_the_api_is_entered(sqlite_front: Front) -> None:
    assert api_routes(sqlite_front.app) == set(PROBES)


@pytest.mark.parametrize("where", ON_CLAIMS, ids=" ".join)
async def test_each_caller_is_answered_as_the_rights_table_says(front: Front, where: Where) -> None:
    other = (await front.house.lodge()).reference
    reference, cells = await front.brought_to(PROBES[where].state), {}
    for by in ROLES:
        answer = await asked(front, where, by, reference, other=other)
        cells[by] = 200 if answer.is_success else answer.status_code
        if answer.is_success and where[0] != "GET":
            reference = await front.brought_to(PROBES[where].state)
    assert cells == {by: expected(by, PROBES[where]) for by in ROLES}


@pytest.mark.parametrize("where", ON_CLAIMS, ids=" ".join)
async def test_a_claim_of_a_foreign_site_is_answered_as_one_that_is_not_there(front: Front, where: Where) -> None:
    own, foreign = (await front.house.lodge()).reference, await abroad(front, PROBES[where].state)
    before = (await front.claim(foreign)).model_dump()
    for by in ("olga", "chen", "mei", "ma", "ada", "anton", "nobody", "vera"):
        there, nowhere = [await asked(front, where, by, each, other=own) for each in (foreign, ABSENT)]
        if by in ("nobody", "vera"):
            assert there.status_code == nowhere.status_code == 401
        else:
            assert (by, there.status_code) == (by, 404)
            assert told(there) == told(nowhere)
    assert (await front.claim(foreign)).model_dump() == before


@pytest.mark.parametrize("where", AT_SITES, ids=" ".join)
async def test_a_foreign_site_is_answered_as_one_that_is_not_there(front: Front, where: Where) -> None:
    slip = (await front.house.lodge()).reference
    cells = {by: await asked(front, where, by, "", other=slip) for by in ROLES}
    assert {by: 200 if answer.is_success else answer.status_code for by, answer in cells.items()} == {
        by: expected(by, PROBES[where]) for by in ROLES
    }
    for by in ("olga", "chen", "mei", "ma", "ada", "anton"):
        foreign, absent = [await asked(front, where, by, "", other=slip, site=site) for site in ("gulangyu", "atlantis")]
        assert (by, foreign.status_code) == (by, 404)
        assert told(foreign) == told(absent)


@pytest.mark.parametrize("where", DOORS, ids=" ".join)
async def test_at_a_visitors_door_only_the_claims_own_key_counts(front: Front, where: Where) -> None:
    probe, (method, path) = PROBES[where], where
    strange = await front.slip((await front.house.lodge()).reference)
    for by in (None, "olga", "ma", "mona", "anton"):
        own = await front.slip(await front.brought_to(probe.state))
        forged = Slip(own.reference, own.code, own.reference + strange.token[10:])
        wrong = await front.call(method, path, by, json={"token": forged.token, **(probe.body or {})})
        nowhere = await front.call(method, path, by, json={"token": ABSENT + strange.token[10:], **(probe.body or {})})
        assert (wrong.status_code, told(wrong)) == (404, told(nowhere))
        right = await front.call(method, path, by, json={"token": own.token, **(probe.body or {})})
        assert right.status_code == 200


async def test_no_list_shows_a_row_of_a_foreign_site(front: Front) -> None:
    foreign = [await abroad(front, state) for state in ("received", "docketed", "fast_refund")]
    here = [(await front.house.lodge()).reference, await front.house.docketed()]
    for by in ("olga", "chen", "mei", "ma", "ada"):
        for path in ("/api/v1/claims", "/api/v1/docket"):
            answer = await front.call("GET", path, by)
            assert not any(reference in answer.text for reference in foreign)
    everything = (await front.call("GET", "/api/v1/claims", "olga")).text
    assert all(reference in everything for reference in here)
    assert lodging().site not in (await front.call("GET", "/api/v1/claims", "mona")).text
