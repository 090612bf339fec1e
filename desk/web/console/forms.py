"""What every staff page and form does alike: render, take a form of one's own session, act once.

Knows no form's fields.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response

from desk.actions.once import once
from desk.domain.errors import BadInput, Forbidden
from desk.ports import Desk
from desk.web.console.done import just_done, told
from desk.web.console.session import FormOfBefore, Session, is_form_of_ours
from desk.web.once import attempt_of, one_at_a_time
from desk.web.pages import page, same_site

KEY = "key"
"""The hidden field that carries a form's key."""


def staff_page(
    request: Request, session: Session, template: str, status: int = 200, *, address: str | None = None, **values: Any  # noqa: ANN401
) -> Response:  # fmt: skip
    """A page for a signed-in officer. `address` is where the same page is read again, if it is not this request's own."""
    desk: Desk = request.app.state.desk
    done = just_done(request) if status < HTTPStatus.BAD_REQUEST else None
    shown = page(request, template, status, address=address, session=session, now=desk.kit.clock.now(), done=done, **values)
    return told(request, shown)


async def typed_in(request: Request, session: Session) -> dict[str, str]:
    """What was typed into a form of this session, by field. Raises Forbidden for a form that another page made up.

    One opened before signing in again raises FormOfBefore. No keyboard makes a NUL, and no database takes it: BadInput.
    """
    same_site(request)
    await request.body()  # kept from here on, for the form's fingerprint is taken over it
    typed = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    if any("\0" in value for value in typed.values()):
        raise BadInput("", "bad_characters")
    if not session.is_own_form(typed.get(KEY, "")):
        raise FormOfBefore(session) if is_form_of_ours(request, typed.get(KEY, "")) else Forbidden
    return typed


async def acted(request: Request, session: Session, key: str, action: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
    """Run `action(work, viewer, *args)` at most once for the form's key, and return what it gave; None the second time."""
    desk: Desk = request.app.state.desk
    attempt, given = await attempt_of(request, session.viewer, key[:128]), []

    def keep(result: object) -> str:
        given.append(result)
        return "{}"

    async with one_at_a_time(request, attempt):
        await desk.write(once, attempt, keep, action, session.viewer, *args)
    return given[-1] if given else None


def filled(typed: Mapping[str, str], *names: str) -> dict[str, str]:
    """The named fields that hold something, stripped; with no names all but the key."""
    wanted = names or tuple(name for name in typed if name != KEY)
    return {name: typed[name].strip() for name in wanted if typed.get(name, "").strip()}
