"""A command's own session with the desk: settings read, doors opened, one piece of work done, doors closed."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from desk.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from desk.domain.policy import Viewer
    from desk.ports import Desk
    from desk.settings import Settings

T = TypeVar("T")


def settings_of_shell() -> "Settings":
    """The settings, with logging set up so that only warnings reach the shell."""
    from desk import wiring

    settings = wiring.load_settings()
    wiring.start_logs(quiet=True)
    return settings


def with_desk(
    job: "Callable[[Desk], Awaitable[T]]", settings: "Settings | None" = None, *, absent: str | None = None
) -> T:  # fmt: skip
    """Open the desk, do one job, close it. `absent` is what to say when the thing named is not there."""
    from desk import wiring
    from desk.domain.errors import NotFound

    chosen = settings or settings_of_shell()

    async def inside() -> T:
        async with wiring.opened(chosen) as desk:
            return await job(desk)

    try:
        return asyncio.run(inside())
    except NotFound:
        if absent is None:
            raise
        raise Failure(Exit.NOT_FOUND, absent) from None


def operator() -> "Viewer":
    """Whoever holds a shell on this machine."""
    from desk.domain.policy import Kind, Viewer

    return Viewer(Kind.OPERATOR, request_id=f"cli-{secrets.token_hex(8)}")


async def acting_as(desk: "Desk", name: str) -> "Viewer":
    """The officer in whose name the command acts. Fails with 3 for an unknown or disabled one."""
    from desk.reads.officers import officer_named

    asking = operator()
    viewer = await desk.read(officer_named, asking, name)
    if viewer is None:
        raise Failure(Exit.NOT_FOUND, f"there is no active officer called {name}: `desk officers list` shows them")
    return viewer.under(asking.request_id)
