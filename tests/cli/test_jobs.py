"""`desk jobs` and `desk claims clocks`: what the worker could not do, and how a deadline was counted."""

import json

import anyio
from sqlalchemy import text

from desk import wiring
from desk.actions.seed import STAFF
from desk.domain.policy import Role
from desk.ports import Lease, Work
from desk.store import jobs
from desk.store.engines import plain_engine
from tests.cast import HOME
from tests.cli.conftest import Shell

INTAKE = next(name for name, post in STAFF.items() if (post.site, post.role) == (HOME, Role.INTAKE))


def poisoned(shell: Shell) -> str:
    """A job of a kind nobody knows, set aside as the worker does; its id."""

    def leave(work: Work) -> str:
        jobs.add(work, "nonsense", "nonsense:1", {})
        (lease,) = [Lease(**row) for row in work.conn.execute(text(_TAKE)).mappings()]
        jobs.set_aside(work, lease, "unknown_kind")
        return str(lease.id)

    async def inside() -> str:
        async with wiring.opened(shell.settings) as desk:
            return await desk.write(leave)

    return anyio.run(inside)


_TAKE = "UPDATE job SET attempt = 1 WHERE kind = 'nonsense' RETURNING id, kind, payload, attempt, failures"


def test_a_job_that_was_set_aside_is_listed_and_can_be_tried_again(shell: Shell) -> None:
    shell.seed()
    assert shell("jobs", "list", "--json").document == []
    assert "nothing waits" in shell("jobs", "list").err
    number = poisoned(shell)
    (line,) = shell("jobs", "list", "--json").document
    assert (line["id"], line["kind"], line["last_error"]) == (number, "nonsense", "unknown_kind")
    assert line["set_aside_at"]
    assert "set aside" in shell("jobs", "list").out
    assert shell("jobs", "retry", number).code == 0
    (line,) = shell("jobs", "list", "--json").document
    assert (line["set_aside_at"], line["failures"]) == (None, 0)
    with plain_engine(shell.database).connect() as conn:
        (event,) = conn.execute(text("SELECT actor, data FROM event WHERE kind = 'job_retried'"))
    assert (event.actor, json.loads(event.data)) == ("operator", {"job": number, "last_error": "unknown_kind"})
    assert shell("verify", "--json").document["ok"]


def test_what_is_not_there_or_was_not_set_aside_is_not_tried_again(shell: Shell) -> None:
    shell.seed()
    number = poisoned(shell)
    assert shell("jobs", "retry", "1").code == 3
    assert shell("jobs", "retry", number).code == 0
    twice = shell("jobs", "retry", number)
    assert (twice.code, "was not set aside" in twice.err) == (4, True)


def test_each_deadline_shows_how_it_was_counted_day_by_day(shell: Shell) -> None:
    shell.seed()
    done = shell("claims", "import", "desk/packs/published_cases.jsonl", "--site", HOME, "--json")
    assert done.code == 0
    (first, *_) = shell("claims", "list", "--as", INTAKE, "--json").document["claims"]
    told = shell("claims", "clocks", first["reference"], "--as", INTAKE)
    assert told.code == 0
    assert told.out.count("\n  ") > 2
    listed = shell("claims", "clocks", first["reference"], "--as", INTAKE, "--json").document
    assert {"acceptance", "first_answer"} <= {one["id"] for one in listed}
    assert all(one["lines"] for one in listed)
    assert shell("claims", "clocks", "0000000000", "--as", INTAKE).code == 3
