"""Sites, staff, calendar and packs from the shell: JSON on stdout, everything audited, tokens shown once."""

import json
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

import anyio
import pytest
from sqlalchemy import Connection, select

from desk import wiring
from desk.actions.day_close import close_day
from desk.actions.officers import token_hash
from desk.domain.day_close import Count
from desk.domain.payout import Method
from desk.domain.policy import Role
from desk.ports import Desk, Kit
from desk.reads.day_closes import open_tills
from desk.reads.officers import officers_by_token
from desk.reads.verify import verify
from desk.store import metadata
from tests.builders import HandClock, HandShelf, House
from tests.builders import officer as staff
from tests.cast import HOME, Cast
from tests.cli.conftest import Shell
from tests.statements import line_of, told
from tests.till import Till

T = TypeVar("T")
EVENT, OFFICER = metadata.tables["event"], metadata.tables["officer"]


def behind(shell: Shell, token: str) -> tuple[str, dict[int, frozenset[Role]]] | None:
    """Whom a token opens the desk for: name and roles."""

    async def ask(desk: Desk) -> tuple[str, dict[int, frozenset[Role]]] | None:
        viewer = await desk.lookup(officers_by_token, token_hash(token))
        return (viewer.name, dict(viewer.roles)) if viewer else None

    return opened(shell, ask)


def opened(shell: Shell, job: Callable[[Desk], Awaitable[T]]) -> T:
    """Run a job on the shell's desk."""

    async def inside() -> T:
        async with wiring.opened(shell.settings) as desk:
            return await job(desk)

    return anyio.run(inside)


def events(shell: Shell, subject: str) -> list[str]:
    """The kinds of events in the chains whose subject begins so."""

    def read(conn: Connection) -> list[str]:
        query = select(EVENT.c.kind).where(EVENT.c.subject.startswith(subject)).order_by(EVENT.c.subject, EVENT.c.seq)
        return list(conn.execute(query).scalars())

    kinds: list[str] = opened(shell, lambda desk: desk.read(read))
    return kinds


def holds(shell: Shell) -> bool:
    """Whether every invariant holds."""

    def read(conn: Connection, kit: Kit) -> bool:
        return verify(conn, kit).ok

    ok: bool = opened(shell, lambda desk: desk.read(read, desk.kit))
    return ok


async def a_close(desk: Desk) -> None:
    """A refund in cash at the seeded desk, handed over, signed for, and counted with a difference."""
    house = House(desk, HandClock(), HandShelf(), await desk.read(seeded_cast))
    payout = await Till(house).brought_to("settled")
    assert payout
    (till,) = await desk.read(open_tills, house.cast.chen, HOME)
    counted = (HOME, Method.CASH, Count(10_000, "CNY"), "=少一张单", till.seen)
    await desk.write(close_day, house.cast.chen, *counted)


def seeded_cast(conn: Connection) -> Cast:
    """Those of the seeded staff who refund a claim, under the names of the cast."""
    held, site = metadata.tables["officer_role"], metadata.tables["site"]
    query = select(OFFICER.c.id, OFFICER.c.name, held.c.role, held.c.site_id).join(held, held.c.officer_id == OFFICER.c.id)
    home = conn.execute(select(site.c.id).where(site.c.slug == HOME)).scalar_one()
    found = conn.execute(query.where(held.c.site_id == home).order_by(OFFICER.c.id)).all()
    viewers = [staff(row.id, row.name, Role(row.role), home) for row in found]
    parts = {"olga": Role.INTAKE, "otto": Role.INTAKE, "chen": Role.CASHIER}
    of = {role: [viewer for viewer in viewers if role in viewer.roles_at(home)] for role in parts.values()}
    return Cast({name: of[role].pop() for name, role in parts.items()}, {}, {HOME: home})


def test_seed_prints_sites_and_staff_whose_tokens_open_the_desk(shell: Shell) -> None:
    seeded = shell("seed", "--json")
    told = seeded.document
    assert (seeded.code, told["sites"]) == (0, ["huangshan", "gulangyu"])
    assert {tuple(sorted(officer)) for officer in told["officers"]} == {("name", "password", "role", "site", "token")}
    posts = sorted((officer["site"] or "", officer["role"]) for officer in told["officers"])
    at_site = ["auditor", "cashier", "cashier", "intake", "intake", "manager", "mediator"]
    assert posts == [("", "admin"), *(("gulangyu", role) for role in at_site), *(("huangshan", role) for role in at_site)]
    for field in ("name", "token", "password"):
        assert len({officer[field] for officer in told["officers"]}) == 15
    for officer in (told["officers"][0], told["officers"][-1]):
        name, roles = behind(shell, officer["token"]) or ("", {})
        assert name == officer["name"]
        assert list(roles.values()) == [frozenset({Role(officer["role"])})]
    assert 0 in (behind(shell, told["officers"][-1]["token"]) or ("", {}))[1]
    sites = shell("sites", "list", "--json").document
    assert {site["slug"]: (site["time_zone"], site["currency"]) for site in sites} == {
        "gulangyu": ("Asia/Shanghai", "CNY"), "huangshan": ("Asia/Shanghai", "CNY")
    }  # fmt: skip
    assert holds(shell)


def test_each_seeded_site_has_three_respondents(quick_shell: Shell) -> None:
    quick_shell.seed()
    respondent, site = metadata.tables["respondent"], metadata.tables["site"]

    def read(conn: Connection) -> list[tuple[str, str]]:
        query = select(site.c.slug, respondent.c.name).join(site, site.c.id == respondent.c.site_id)
        return [(row.slug, row.name) for row in conn.execute(query)]

    found: list[tuple[str, str]] = opened(quick_shell, lambda desk: desk.read(read))
    assert [len({name for slug, name in found if slug == each}) for each in ("huangshan", "gulangyu")] == [3, 3]


@pytest.mark.slow
def test_a_second_seed_is_a_conflict_and_changes_nothing(shell: Shell) -> None:
    shell.seed()
    before = shell("officers", "list", "--json").document
    again = shell("seed", "--json")
    assert (again.code, again.out, again.err.count("\n")) == (4, "", 1)
    assert shell("officers", "list", "--json").document == before


def test_seed_is_refused_in_production(quick_shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_ENV", "production")
    refused = quick_shell("seed", "--json")
    assert (refused.code, refused.out, refused.err.count("\n")) == (1, "", 1)
    assert not quick_shell.data.exists()


def test_refunds_are_stopped_and_resumed_at_every_site_or_at_one(shell: Shell) -> None:
    shell.seed()
    both = {"sites": ["gulangyu", "huangshan"]}
    assert shell("sends", "stop", "--reason", "金额不符", "--json").document == both
    assert shell("sends", "resume", "--site", "huangshan", "--json").document == {"sites": ["huangshan"], "kept": []}
    told = shell("sends", "stop", "--reason", "金额不符")
    assert (told.code, told.out) == (0, "")
    assert told.err == "gulangyu: stopped: no refund leaves\nhuangshan: stopped: no refund leaves\n"
    stops = shell("sends", "list", "--json").document
    assert [(stop["site"], stop["by"], stop["reason"]) for stop in stops] == [(each, None, "金额不符") for each in both["sites"]]
    assert "gulangyu" in shell("sends", "list").out
    assert shell("sends", "resume", "--json").document == {**both, "kept": []}
    assert (shell("sends", "list", "--json").document, shell("sends", "list").out) == ([], "")
    kinds = [kind for kind in events(shell, "site") if kind.startswith("sends_")]
    assert sorted(kinds) == ["sends_resumed"] * 3 + ["sends_stopped"] * 3
    assert holds(shell)


def test_resuming_every_site_leaves_those_with_an_open_break_and_says_which(shell: Shell) -> None:
    shell.seed()
    added = ("--name", "张家界", "--name-en", "Zhangjiajie", "--phone", "+86 744 5580001")
    assert shell("sites", "add", "zhangjiajie", *added).code == 0
    opened(shell, a_break)
    shell("sends", "stop", "--reason", "金额不符")
    some = shell("sends", "resume", "--json")
    assert (some.code, some.document) == (1, {"sites": ["gulangyu", "zhangjiajie"], "kept": ["huangshan"]})
    assert [stop["site"] for stop in shell("sends", "list", "--json").document] == ["huangshan"]
    again = shell("sends", "resume")
    assert (again.code, again.out, again.err.count("\n")) == (1, "", 3)
    assert "huangshan: still stopped: the gateway's statement does not match: resolve every open break first\n" in again.err
    alone = shell("sends", "resume", "--site", "huangshan")
    assert (alone.code, alone.err.count("\n"), "does not match" in alone.err) == (1, 1, True)


async def a_break(desk: Desk) -> None:
    """A payout in cash that the gateway's statement tells of."""
    house = House(desk, HandClock(), HandShelf(), await desk.read(seeded_cast))
    payout_id = await Till(house).brought_to("settled")
    assert await told(house, await line_of(house, payout_id)) == 1


def test_closes_are_listed_with_their_sums_and_an_unknown_site_is_told(shell: Shell) -> None:
    shell.seed()
    assert shell("closes", "list", "--json").document == []
    assert shell("closes", "list").err == "no day has been closed yet\n"
    assert shell("closes", "list", "--site", "nowhere").code == 3
    opened(shell, a_close)
    (close,) = shell("closes", "list", "--site", "huangshan", "--json").document
    assert (close["site"], close["method"], close["payouts"]) == ("huangshan", "cash", 1)
    assert (close["expected"], close["counted"], close["currency"], close["reason"]) == ("128.00", "100.00", "CNY", "=少一张单")
    head, line = shell("closes", "list", "--csv").out.splitlines()
    assert (head.split(",")[0], "'=少一张单" in line) == ("site", True)
    assert close["cashier"] in shell("closes", "list").out
    assert shell("closes", "list", "--site", "gulangyu", "--json").document == []
    assert holds(shell)


def test_an_officers_life_from_the_first_token_to_the_last(shell: Shell) -> None:
    shell.seed()
    added = shell("officers", "add", "王芳", "--role", "intake", "--role", "cashier", "--site", "huangshan", "--json").document
    first = added["token"]
    assert first.startswith("desk_")
    _, roles = behind(shell, first) or ("", {})
    assert list(roles.values()) == [frozenset({Role.INTAKE, Role.CASHIER})]

    second = shell("officers", "token", "王芳", "--json").document["token"]
    assert shell("officers", "revoke", "王芳", "--prefix", first[:12]).code == 0
    assert behind(shell, first) is None
    assert behind(shell, second)
    listed = next(each for each in shell("officers", "list", "--json").document if each["name"] == "王芳")
    assert (listed["tokens"], listed["disabled_at"]) == ([second[:12]], None)

    assert shell("officers", "roles", "王芳", "--role", "mediator", "--site", "huangshan").code == 0
    _, roles = behind(shell, second) or ("", {})
    assert list(roles.values()) == [frozenset({Role.MEDIATOR})]
    assert len(shell("officers", "password", "王芳", "--json").document["password"]) == 23
    assert shell("officers", "factor", "王芳").code == 3

    assert shell("officers", "disable", "王芳").code == shell("officers", "disable", "王芳").code == 0
    assert behind(shell, second) is None
    assert shell("officers", "token", "王芳").code == 3
    assert shell("officers", "revoke", "王芳").code == 0
    assert shell("officers", "revoke", "王芳").code == 3
    kinds = events(shell, "officer:")
    assert [kinds.count(kind) for kind in ("officer_added", "token_issued", "token_revoked", "officer_disabled")] == [
        16,
        17,
        2,
        1,
    ]
    assert holds(shell)


def test_no_token_and_no_password_is_stored(shell: Shell) -> None:
    shell.seed()
    added = shell("officers", "add", "王芳", "--role", "intake", "--site", "huangshan", "--json").document

    def dump(conn: Connection) -> str:
        return "".join(str(conn.execute(select(table)).all()) for table in metadata.sorted_tables)

    stored: str = opened(shell, lambda desk: desk.read(dump))
    assert added["token"] not in stored
    assert added["password"] not in stored
    assert "$argon2id$" in stored


def test_a_site_is_added_as_it_was_described(shell: Shell) -> None:
    wiring.prepare(shell.settings)
    described = (
        "--name",
        "泰山景区",
        "--name-en",
        "Mount Tai",
        "--phone",
        "+86 538 5360000",
        "--spot",
        "red-gate",
        "--spot",
        "south-gate",
    )
    added = shell(
        "sites",
        "add",
        "taishan",
        *described,
        "--hours",
        "08:00-12:00,13:30-20:00",
        "--overlay",
        "cn-shandong",
        "--clocks-keep-hours",
    )
    site = shell("sites", "list", "--json").document[0]
    assert (added.code, site["slug"], site["name"], site["overlay"]) == (0, "taishan", "泰山景区", "cn-shandong")
    assert site["spots"] == ["red-gate", "south-gate"]
    assert site["hours"]["clocks"] == site["hours"]["open"] == [[["08:00", "12:00"], ["13:30", "20:00"]]] * 7
    assert events(shell, "site:") == ["site_added"]
    for province in ("henan", "shanghai"):
        assert shell("sites", "add", province, *described, "--overlay", f"cn-{province}").code == 0
    assert [site["overlay"] for site in shell("sites", "list", "--json").document] == ["cn-henan", "cn-shanghai", "cn-shandong"]


def test_a_year_is_published_once_and_can_be_corrected(shell: Shell, tmp_path: Path) -> None:
    wiring.prepare(shell.settings)
    file = tmp_path / "2031.toml"
    file.write_text('year = 2031\nsource = "notice"\nrest = [2031-01-01, 2031-01-04]\nmakeup = [2031-01-05]\n', "utf-8")
    for _ in range(2):
        assert shell("calendar", "publish", str(file), "--json").document == {"year": 2031, "days": 2, "recounted": 0}
    assert shell("calendar", "list", "--json").document[-1] == {
        "year": 2031,
        "source": "notice",
        "rest_days": 1,
        "makeup_days": 1,
    }
    assert events(shell, "calendar") == ["calendar_published"]
    file.write_text('year = 2031\nsource = "notice"\nrest = [2031-01-01, 2031-01-02]\nmakeup = []\n', "utf-8")
    shell("calendar", "publish", str(file))
    assert shell("calendar", "list", "--json").document[-1]["rest_days"] == 2
    assert events(shell, "calendar") == ["calendar_published"] * 2
    assert holds(shell)


@pytest.mark.parametrize(
    "text",
    [
        "year = 2031", "not toml",
        'year = "2031"\nsource = "n"\nrest = []\nmakeup = []',
        'year = 2031\nsource = " "\nrest = []\nmakeup = []',
        'year = 2031\nsource = "n"\nrest = ["1 May"]\nmakeup = []',
        'year = 2031\nsource = "n"\nrest = [2032-01-01]\nmakeup = []',
        'year = 2031\nsource = "n"\nrest = [2031-01-01]\nmakeup = [2031-01-01]',
        'year = 1931\nsource = "n"\nrest = []\nmakeup = []',
    ],
)  # fmt: skip
def test_a_bad_year_is_refused_in_one_line(quick_shell: Shell, tmp_path: Path, text: str) -> None:
    wiring.prepare(quick_shell.settings)
    before = quick_shell("calendar", "list", "--json").out
    file = tmp_path / "bad.toml"
    file.write_text(text, "utf-8")
    refused = quick_shell("calendar", "publish", str(file))
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert quick_shell("calendar", "list", "--json").out == before


def test_packs_show_every_figure_with_its_source_and_mark_what_nobody_confirmed(quick_shell: Shell) -> None:
    packs = {pack["version"]: pack for pack in quick_shell("packs", "list", "--json").document}
    provinces = {f"{national}+cn-{name}" for national in ("cn-2010", "cn-2026") for name in ("henan", "shandong", "shanghai")}
    assert set(packs) == {"cn-2010", "cn-2026"} | provinces
    assert packs["cn-2026"]["in_force_from"] == date(2026, 3, 15).isoformat()
    figures = quick_shell("packs", "show", "cn-2026", "--json").document["figures"]
    assert [(each["figure"], each["unit"]) for each in figures if each["id"] == "fast_limit"] == [("5000.00", "CNY")]
    assert all(figure["source"] and isinstance(figure["confirmed"], bool) for figure in figures)
    page = quick_shell("packs", "show", "cn-2026").out
    assert page.count("unconfirmed") == sum(not figure["confirmed"] for figure in figures)


def test_what_is_piped_is_plain(quick_shell: Shell) -> None:
    quick_shell.seed()
    for arguments in (("officers", "list"), ("sites", "list"), ("packs", "list")):
        assert "\x1b" not in quick_shell(*arguments).out


def test_a_table_and_its_document_say_the_same(quick_shell: Shell) -> None:
    quick_shell.seed()
    table, listed = quick_shell("officers", "list").out, json.loads(quick_shell("officers", "list", "--json").out)
    assert all(officer["name"] in table and officer["tokens"][0] in table for officer in listed)
