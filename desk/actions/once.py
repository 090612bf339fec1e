"""Running an action at most once for a client's key. Stores answers, never refusals: a refused request may be tried again."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from desk.domain.errors import DeskError, KeyReused
from desk.ports import Attempt, Work
from desk.store import idempotency


@dataclass(frozen=True, slots=True)
class Once:
    """The encoded answer, and whether it was given before."""

    body: str
    replayed: bool


def once(work: Work, attempt: Attempt, encode: Callable[[Any], str], action: Callable[..., Any], *args: Any) -> Once:  # noqa: ANN401
    """Run `action(work, *args)` and remember its encoded answer in the same transaction, or give the earlier answer.

    Raises KeyReused when the key came with another body. Source: API, Idempotency-Key; RELIABILITY I15.
    """
    if given := given_before(work, attempt):
        return given
    try:
        body = encode(action(work, *args))
    except DeskError:
        # A twin in another process may have acted while this one waited for the claim: then its answer is ours.
        if given := given_before(work, attempt):
            return given
        raise
    idempotency.remember(work, attempt, body)
    return Once(body, replayed=False)


def given_before(work: Work, attempt: Attempt) -> Once | None:
    """The answer given before under the same key, None for a new one. Raises KeyReused when it came with another body."""
    given = idempotency.find_many(work.conn, [attempt]).get((attempt.actor, attempt.route, attempt.key))
    if given is None:
        return None
    if given.fingerprint != attempt.fingerprint:
        raise KeyReused
    return Once(given.answer, replayed=True)
