"""`desk jobs`: what the worker could not do, and letting it try once more."""

from typing import TYPE_CHECKING, Annotated

import typer

from desk.cli import session, showing
from desk.cli.exits import Exit, Failure
from desk.cli.showing import Json

if TYPE_CHECKING:
    from desk.ports import Desk
    from desk.reads.jobs import JobLine

group = typer.Typer(help="The worker's jobs that wait, and those it set aside for a person.")
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many.")]


@group.command("list")
def list_jobs(limit: Limit = 50, as_json: Json = False) -> None:
    """List jobs that were set aside after eight failures, then those that are due and wait.

    Example: desk jobs list --json
    """

    async def job(desk: "Desk") -> "list[JobLine]":
        from desk.reads.jobs import open_jobs

        return await desk.read(open_jobs, session.operator(), desk.kit, limit)

    found = session.with_desk(job)
    if as_json:
        showing.document(
            [
                {
                    "id": str(each.id), "kind": each.kind, "about": each.about, "due_at": each.due_at.isoformat(),
                    "attempt": each.attempt, "failures": each.failures, "last_error": each.last_error,
                    "set_aside_at": each.set_aside_at and each.set_aside_at.isoformat(),
                }
                for each in found
            ]
        )  # fmt: skip
    elif found:
        rows = [(each.id, each.about, f"{each.due_at:%Y-%m-%d %H:%M}", _state(each), each.last_error or "") for each in found]
        showing.table(("id", "job", "due (UTC)", "state", "why"), rows)
    else:
        showing.say("nothing waits and nothing was set aside")


@group.command("retry")
def retry(
    number: Annotated[int, typer.Argument(help="The job's id, as `desk jobs list` shows it.")], as_json: Json = False
) -> None:
    """Let the worker try a job again that was set aside. What it did before is not done twice.

    Example: desk jobs retry 254
    """

    async def job(desk: "Desk") -> None:
        from desk.actions.jobs import retry_job

        await desk.write(retry_job, session.operator(), number)

    from desk.domain.errors import WrongMoment

    try:
        session.with_desk(job, absent=f"there is no job {number}: `desk jobs list` shows them")
    except WrongMoment:
        raise Failure(Exit.CONFLICT, f"job {number} was not set aside: the worker sees to it by itself") from None
    if as_json:
        showing.document({"id": str(number)})
    else:
        showing.say(f"job {number} will be tried again")


def _state(line: "JobLine") -> str:
    if line.set_aside_at:
        return f"set aside after {line.failures or 1}"
    return f"tried {line.attempt} times" if line.attempt else "waits"
