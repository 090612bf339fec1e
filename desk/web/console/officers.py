"""Staff as the admin sees it: added, given roles, passwords and tokens, deprived of them. One's own account is `account`.

A password or token is on the page that made it and never again.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from desk.actions.officers import (
    Post,
    add_officer,
    change_roles,
    disable_officer,
    issue_token,
    reset_factor,
    reset_password,
    revoke_tokens,
)
from desk.domain.claim import Language
from desk.domain.errors import BadInput, DeskError, NotFound
from desk.domain.policy import Act, Role, require
from desk.ports import Desk
from desk.reads.officers import officer_list
from desk.reads.sites import site_list
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import TheDesk
from desk.web.lane import Lane
from desk.web.pages import reader_language
from desk.web.refused import fields_at_fault, said, status_of
from desk.wording.catalogue import text

router = APIRouter(prefix="/desk/officers", include_in_schema=False)

HERE = "/desk/officers"
_AT = "@"
_OWN_WORDS: Mapping[tuple[str, str], str] = MappingProxyType(
    {("/roles", "missing"): "console.officers.roles.missing", ("/name", "taken"): "console.officers.name.taken"}
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows once: whose it is, and the secrets made for them."""

    name: str
    token: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One form as it came: the officer it is about, the roles ticked, all fields, and how to run an action once for its key."""

    desk: Desk
    lane: Lane
    name: str
    posts: tuple[Post, ...]
    typed: Mapping[str, str]
    run: Callable[..., Awaitable[Any]]

    async def hashed(self) -> tuple[str, str]:
        """A new password and its hash, made in the lane for slow hashes."""
        password = self.desk.kit.lots.password()
        return password, await self.lane.run(self.desk.kit.sealer.password_hash, password)


@router.get("")
async def officers_page(request: Request, desk: TheDesk, session: SignedIn) -> Response:
    """Everybody, the disabled ones included. Raises Forbidden for anybody but an admin."""
    return await _page(request, desk, session)


@router.post("/{act}")
async def change_staff(request: Request, act: str, desk: TheDesk, session: SignedIn) -> Response:
    """Do what the form says. What was made is shown once; a refusal shows the page again with what was typed."""
    typed = await typed_in(request, session)
    require(session.viewer, Act.MANAGE_OFFICERS, 0)
    change = CHANGES.get(act)
    if change is None:
        raise NotFound

    async def run(action: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401 - whatever the action gives
        return await acted(request, session, typed[KEY], action, *args)

    try:
        name = typed.get("name", "")
        posts = tuple(_post(each) for each in (await request.form()).getlist("post"))
        shown = await change(Asked(desk, request.app.state.password_lane, name, posts, typed, run))
    except DeskError as refusal:
        return await _page(request, desk, session, act=act, typed=typed, refusal=refusal)
    return await _page(request, desk, session, shown=shown) if shown else led_on(request, HERE, act)


async def _add(asked: Asked) -> Shown | None:
    if not asked.posts:
        raise BadInput("/roles", "missing")
    password, hashed = await asked.hashed()
    added = await asked.run(add_officer, asked.name, asked.posts, hashed)
    return Shown(asked.name, added.token, password) if added else None


async def _roles(asked: Asked) -> None:
    await asked.run(change_roles, asked.name, asked.posts)


async def _disable(asked: Asked) -> None:
    await asked.run(disable_officer, asked.name)


async def _token(asked: Asked) -> Shown | None:
    issued = await asked.run(issue_token, asked.name)
    return Shown(asked.name, token=issued) if issued else None


async def _revoke(asked: Asked) -> None:
    await asked.run(revoke_tokens, asked.name, asked.typed.get("prefix") or None)


async def _password(asked: Asked) -> Shown | None:
    password, hashed = await asked.hashed()
    # The marker tells a first run from a second press, whose password was never stored.
    return Shown(asked.name, password=password) if await asked.run(_reset_password, asked.name, hashed) else None


def _reset_password(*args: Any) -> bool:  # noqa: ANN401 - as `reset_password`
    reset_password(*args)
    return True


async def _factor(asked: Asked) -> None:
    await asked.run(reset_factor, asked.name)


CHANGES: Mapping[str, Callable[[Asked], Awaitable[Shown | None]]] = MappingProxyType(
    {
        "add": _add, "roles": _roles, "disable": _disable, "token": _token, "revoke": _revoke, "password": _password,
        "factor": _factor,
    }
)  # fmt: skip
"""Every form of the page and what it does."""


def _post(value: object) -> Post:
    """A ticked box, as `intake@huangshan` or `admin`. Raises BadInput for anything else."""
    role, _, site = str(value).partition(_AT)
    if role not in tuple(Role):
        raise BadInput("/roles", "not_one_of")
    return Post(Role(role), site or None)


def _said(refusal: DeskError, language: str) -> str:
    """What a refusal says of the form of a new officer: which box to tick, which name is taken."""
    own = _OWN_WORDS.get((refusal.field, refusal.problem)) if isinstance(refusal, BadInput) else None
    return text(own, language) if own else said(refusal, language)


async def _page(
    request: Request, desk: Desk, session: Session, *, act: str = "", typed: Mapping[str, str] | None = None,
    refusal: DeskError | None = None, shown: Shown | None = None,
) -> Response:  # fmt: skip
    officers = await desk.read(officer_list, session.viewer)
    sites = await desk.read(site_list, session.viewer)
    language = reader_language(request)
    failed = _said(refusal, language) if refusal else ""
    names = {site.slug: site.name if language == Language.ZH_CN else site.name_en for site in sites}
    return staff_page(
        request, session, "console/officers.html", status_of(refusal) if refusal else 200, address=HERE, officers=officers,
        sites=sites, names=names, roles=[role.value for role in Role if role is not Role.ADMIN], shown=shown, failed=failed,
        act=act, typed=typed or {}, ticked=set((await request.form()).getlist("post")) if typed else set(),
        wrong=fields_at_fault(refusal) if refusal else (),
    )  # fmt: skip
