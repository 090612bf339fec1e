"""What a desk for trying things out starts with: two sites, their staff, their merchants. Never in production."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time

from desk.actions.fund import start_fund
from desk.actions.officers import Post, add_officer
from desk.actions.sites import NewSite, add_site
from desk.domain.claim import RespondentKind
from desk.domain.errors import BadInput
from desk.domain.money import Money
from desk.domain.policy import Act, Role, Viewer, require
from desk.ports import Work
from desk.store import installation, sites

SITES = (
    NewSite(
        slug="huangshan",
        name="黄山风景区",
        name_en="Huangshan Scenic Area",
        phone="+86 559 5580001",
        spots=("south-gate", "north-gate", "yuping-cableway", "yungu-cableway", "bright-summit", "tangkou-town"),
        opens=(((time(6), time(17, 30)),),) * 7,
        respondents={
            "云海茶庄": RespondentKind.SHOP,
            "迎客松山货店": RespondentKind.SHOP,
            "汤口徽味楼": RespondentKind.RESTAURANT,
        },
    ),
    NewSite(
        slug="gulangyu",
        name="鼓浪屿风景名胜区",
        name_en="Gulangyu Scenic Area",
        phone="+86 592 2060001",
        spots=("sanqiutian-pier", "neicuoao-pier", "longtou-road", "sunlight-rock", "shuzhuang-garden", "piano-museum"),
        opens=(((time(7, 30), time(20)),),) * 7,
        respondents={
            "海角八号馅饼店": RespondentKind.SHOP,
            "龙头路海鲜大排档": RespondentKind.RESTAURANT,
            "屿见旅拍": RespondentKind.PHOTOGRAPHER,
        },
    ),
)

FUND = Money(10_000_000, "CNY")
"""What each site's fund starts with. Source: API "Seed"."""

_ROLES = (Role.INTAKE, Role.INTAKE, Role.CASHIER, Role.CASHIER, Role.MEDIATOR, Role.MANAGER, Role.AUDITOR)
_NAMES: Mapping[str, Sequence[str]] = {
    "huangshan": ("陈晓雯", "李志强", "赵丽", "孙伟", "周敏", "吴建国", "郑洁"),
    "gulangyu": ("林雅婷", "黄文杰", "许淑珍", "蔡明辉", "洪美玲", "叶志明", "苏慧"),
}

STAFF: Mapping[str, Post] = {
    **{
        name: Post(role, slug)
        for slug, names in _NAMES.items()
        for name, role in zip(names, _ROLES, strict=True)
    },
    "何永平": Post(Role.ADMIN),
}  # fmt: skip
"""Everybody's post by name; the last one is the admin of all sites. Source: API "Seed"."""


@dataclass(frozen=True, slots=True)
class SeededOfficer:
    """One of the seeded staff with their first token, shown this once."""

    name: str
    role: str
    site: str | None
    token: str


def seed_desk(work: Work, viewer: Viewer, password_hashes: Mapping[str, str]) -> list[SeededOfficer]:
    """Add the sites and the staff, all or nothing; `password_hashes` by officer's name.

    Raises BadInput where there is a site already: tokens are shown once, so a second seed could not print them again.
    """
    require(viewer, Act.MANAGE_SITES, 0)
    installation.lock(work.conn)
    if sites.list_all(work.conn):
        raise BadInput("/sites", "taken")
    for site in SITES:
        site_id = add_site(work, viewer, site)
        start_fund(work, viewer, sites.get(work.conn, site_id), FUND)
    return [
        SeededOfficer(name, post.role.value, post.site, add_officer(work, viewer, name, [post], password_hashes[name]).token)
        for name, post in STAFF.items()
    ]
