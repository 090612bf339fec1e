"""`desk officers`: staff, their roles, passwords and tokens. A token or password is printed once, when it is made."""

from typing import Annotated

import typer

from desk.cli import session, showing
from desk.cli.showing import Json
from desk.domain.policy import Role

group = typer.Typer(help="Staff: add, list, disable; roles, passwords, second factors, tokens.")
Name = Annotated[str, typer.Argument(help="The officer's name, unique on this desk.")]
_NOBODY = "there is no active officer called {}: `desk officers list` shows them"


@group.command("add")
def add(
    name: Name,
    role: Annotated[list[Role], typer.Option(help="May be given several times.")],
    site: Annotated[str | None, typer.Option(help="The site's slug; an admin has none.")] = None,
    as_json: Json = False,
) -> None:
    """Add a member of staff; prints their first token and a password, once.

    Example: desk officers add 王芳 --role intake --site huangshan
    """
    from desk.actions.officers import Added, Post, add_officer
    from desk.ports import Desk

    async def job(desk: Desk) -> tuple[Added, str]:
        password = desk.kit.lots.password()
        hashed = desk.kit.sealer.password_hash(password)
        posts = [Post(each, site) for each in dict.fromkeys(role)]
        return await desk.write(add_officer, session.operator(), name, posts, hashed), password

    added, password = session.with_desk(job, absent=f"there is no site {site}: `desk sites list` shows them")
    if as_json:
        showing.document(
            {"name": name, "roles": [each.value for each in role], "site": site, "token": added.token, "password": password}
        )
    else:
        showing.say(f"{name} is added. Token and password are shown this once:")
        showing.table(("token", "password"), [(added.token, password)])


@group.command("list")
def list_officers(as_json: Json = False) -> None:
    """List all staff with their roles and the first characters of their live tokens.

    Example: desk officers list --json
    """
    from desk.ports import Desk
    from desk.reads.officers import OfficerRead, officer_list

    async def job(desk: Desk) -> list[OfficerRead]:
        return await desk.read(officer_list, session.operator())

    found = session.with_desk(job)
    if as_json:
        showing.document([_as_json(officer) for officer in found])
        return
    rows = [
        (each.name, ", ".join(f"{role} {site or ''}".strip() for role, site in each.roles), " ".join(each.tokens),
         "disabled" if each.disabled_at else "")
        for each in found
    ]  # fmt: skip
    showing.table(("name", "roles", "tokens", ""), rows)


@group.command("disable")
def disable(name: Name) -> None:
    """Shut an officer out; their tokens are refused from the next request on.

    Example: desk officers disable 王芳
    """
    from desk.actions.officers import disable_officer
    from desk.ports import Desk

    async def job(desk: Desk) -> None:
        await desk.write(disable_officer, session.operator(), name)

    session.with_desk(job, absent=_NOBODY.format(name))
    showing.say(f"{name} is disabled")


@group.command("roles")
def roles(
    name: Name,
    role: Annotated[list[Role], typer.Option(help="Replaces every role held; may be given several times.")],
    site: Annotated[str | None, typer.Option(help="The site's slug; an admin has none.")] = None,
) -> None:
    """Replace an officer's roles; they have to sign in anew.

    Example: desk officers roles 王芳 --role intake --role mediator --site huangshan
    """
    from desk.actions.officers import Post, change_roles
    from desk.ports import Desk

    async def job(desk: Desk) -> None:
        posts = [Post(each, site) for each in dict.fromkeys(role)]
        await desk.write(change_roles, session.operator(), name, posts)

    session.with_desk(job, absent=f"there is no active officer called {name}, or no site {site}")
    showing.say(f"{name} is {', '.join(each.value for each in dict.fromkeys(role))}{f' at {site}' if site else ''}")


@group.command("password")
def password(name: Name, as_json: Json = False) -> None:
    """Give an officer another password; it is printed once, and they have to sign in anew.

    Example: desk officers password 王芳
    """
    from desk.actions.officers import reset_password
    from desk.ports import Desk

    async def job(desk: Desk) -> str:
        fresh = desk.kit.lots.password()
        await desk.write(reset_password, session.operator(), name, desk.kit.sealer.password_hash(fresh))
        return fresh

    fresh = session.with_desk(job, absent=_NOBODY.format(name))
    if as_json:
        showing.document({"name": name, "password": fresh})
    else:
        showing.say("The password is shown this once:")
        showing.table(("password",), [(fresh,)])


@group.command("factor")
def factor(name: Name) -> None:
    """Take an officer's second factor away whose phone was lost; they set up another when they sign in.

    Example: desk officers factor 王芳
    """
    from desk.actions.officers import reset_factor
    from desk.ports import Desk

    async def job(desk: Desk) -> None:
        await desk.write(reset_factor, session.operator(), name)

    session.with_desk(job, absent=f"{name} has no second factor")
    showing.say(f"{name} has no second factor any more")


@group.command("token")
def token(name: Name, as_json: Json = False) -> None:
    """Give an officer one more token; it is printed once.

    Example: desk officers token 王芳
    """
    from desk.actions.officers import issue_token
    from desk.ports import Desk

    async def job(desk: Desk) -> str:
        return await desk.write(issue_token, session.operator(), name)

    issued = session.with_desk(job, absent=_NOBODY.format(name))
    if as_json:
        showing.document({"name": name, "token": issued})
    else:
        showing.say("The token is shown this once:")
        showing.table(("token",), [(issued,)])


@group.command("revoke")
def revoke(
    name: Name,
    prefix: Annotated[str | None, typer.Option(help="Only the token that begins so, as `desk officers list` shows it.")] = None,
) -> None:
    """Make an officer's tokens worthless, or the one that begins with a prefix.

    Example: desk officers revoke 王芳 --prefix desk_7Q4K92M
    """
    from desk.actions.officers import revoke_tokens
    from desk.ports import Desk

    async def job(desk: Desk) -> int:
        return await desk.write(revoke_tokens, session.operator(), name, prefix)

    count = session.with_desk(job, absent=f"{name} has no such live token: `desk officers list` shows them")
    showing.say(f"{count} token{'s' if count > 1 else ''} of {name} revoked")


def _as_json(officer: object) -> dict[str, object]:
    from dataclasses import asdict

    from desk.reads.officers import OfficerRead

    assert isinstance(officer, OfficerRead)
    roles = [{"role": role, "site": site} for role, site in officer.roles]
    return {**asdict(officer), "roles": roles, "tokens": list(officer.tokens)}
