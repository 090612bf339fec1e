"""The stop switch of a site: whether its refunds leave, stopped and resumed by the manager."""

from datetime import datetime

from fastapi import APIRouter, Request, Response

from desk.actions.sends import Sends, resume_sends, stop_sends
from desk.domain.reconciliation import StopCause
from desk.reads.sends import Stopped, stop_at, stopped
from desk.web.api.fund import Site
from desk.web.api.shapes import In, Out, Prose
from desk.web.deps import Officer, RequiredKey, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1/sites/{site}/sends", tags=["fund"])


class StopIn(In):
    """Why no refund may leave."""

    reason: Prose


class StopOut(Out):
    """A stop that holds. `by` is an officer's name, null where it was said at a shell or, as a kind of break, by nobody."""

    at: datetime
    by: str | None
    reason: str
    cause: StopCause


class SendsOut(Out):
    """`stop` is null while refunds leave."""

    stop: StopOut | None

    @classmethod
    def of(cls, stop: Stopped | None) -> "SendsOut":
        """The shape of it."""
        return cls(stop=StopOut(at=stop.at, by=stop.by, reason=stop.reason, cause=stop.cause) if stop else None)


@router.get("", name="sends_get", responses=for_staff(), summary="Whether refunds leave")
async def get_sends(site: Site, desk: TheDesk, officer: Officer) -> SendsOut:
    """Null, or since when, by whom and why nothing leaves."""
    return SendsOut.of(await desk.read(stop_at, officer, site))


@router.post(
    "/stop",
    response_model=SendsOut,
    name="sends_stop",
    responses=for_step("idempotency_key_missing"),
    summary="Let no refund leave",
)
async def post_stop(
    request: Request, site: Site, body: StopIn, desk: TheDesk, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """By a manager; holds for cash, for the gateway, and for what waits to be sent. Stopped already, it stays as it is."""
    return await answer_once(request, desk, officer, key, _after, stop_sends, site, body.reason)


@router.post(
    "/resume",
    response_model=SendsOut,
    name="sends_resume",
    responses=for_step("breaks_open", "idempotency_key_missing"),
    summary="Let refunds leave again",
)
async def post_resume(request: Request, site: Site, desk: TheDesk, officer: Officer, key: RequiredKey) -> Response:
    """By a manager, once every break with the gateway's statement is resolved.

    What had not left is `reserved` again, to be sent anew or cancelled.
    """
    return await answer_once(request, desk, officer, key, _after, resume_sends, site)


def _after(done: Sends) -> SendsOut:
    return SendsOut.of(stopped(done.site, done.stop, done.by))
