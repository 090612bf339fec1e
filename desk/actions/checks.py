"""The hourly check of every invariant: asked for by a job an hour, its result kept. The checking is `reads.verify`."""

from dataclasses import dataclass
from datetime import UTC

from desk.ports import Lease, Work
from desk.store import checks, jobs

VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: how long it took, and the ids of the invariants that do not hold."""

    took_ms: int
    failing: tuple[str, ...]


def plan_check(work: Work) -> None:
    """See to it that this hour has its check; the second time in an hour nothing happens."""
    hour = work.now.astimezone(UTC).strftime("%Y-%m-%dT%H")
    jobs.add(work, VERIFY, f"{VERIFY}:{hour}", {})


def keep_check(work: Work, lease: Lease, found: Checked) -> None:
    """Keep what the check found, together with the end of its job. Raises LeaseLost."""
    checks.add(work, found.took_ms, list(found.failing))
    jobs.done(work, lease)
