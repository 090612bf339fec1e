"""What officers and visitors write to each other, and the notes that no party ever sees."""

from dataclasses import replace
from typing import Literal

from desk.actions.scrub import scrubbed
from desk.actions.steps import Held, earliest, hold, keep_clocks, officer_id, record, take
from desk.domain import clocks
from desk.domain.audit import EventKind
from desk.domain.claim import OPEN_STATES, State
from desk.domain.clocks import Clock
from desk.domain.errors import WrongMoment
from desk.domain.lifecycle import Step
from desk.domain.policy import Act, Viewer
from desk.ports import Work
from desk.store import claims
from desk.store import clocks as clock_rows


def send_message(work: Work, viewer: Viewer, reference: str, text: str, kind: Literal["message", "question"] = "message") -> Held:
    """Write to the visitor, on the status page; the first one stops `first_answer`. Moves no state.

    Raises WrongMoment for a question about a claim that has ended. Source: SPEC 4.1.
    """
    held, question = hold(work, viewer, Act.MESSAGE, reference), kind == "question"
    if question and State(held.claim.state) not in OPEN_STATES:
        raise WrongMoment
    _write(work, held, kind, text)
    known = clock_rows.of_claim(work.conn, held.claim.id)
    stopped = tuple(clocks.stop(clock, work.now) for clock in known.values() if _answers_first(clock))
    standing = keep_clocks(work, held, known, stopped)
    record(work, held, EventKind.QUESTION_ASKED if question else EventKind.MESSAGE_SENT)
    values = {"open_questions": held.claim.open_questions + 1} if question else {}
    return replace(held, claim=claims.change(work.conn, held.claim, due_at=earliest(standing), **values), clocks=tuple(standing))


def write_note(work: Work, viewer: Viewer, reference: str, text: str) -> Held:
    """Keep an internal note; no party's view reads it. The chain records that there is one, not what it says."""
    held = hold(work, viewer, Act.NOTE, reference)
    claims.add(
        work.conn, "note",
        {
            "id": work.kit.lots.number(), "claim_id": held.claim.id, "officer_id": officer_id(viewer),
            "text": scrubbed(work, held.claim, text), "written_at": work.now,
        },
    )  # fmt: skip
    record(work, held, EventKind.NOTE_WRITTEN)
    return replace(held, claim=claims.change(work.conn, held.claim))


def answer_questions(work: Work, viewer: Viewer, reference: str, text: str) -> Held:
    """The visitor answers, or an officer writes down what the visitor answered; a claim that waited is received again.

    Raises WrongMoment when nothing was asked. Source: SPEC 4, step `answer`.
    """
    held = hold(work, viewer, Act.ANSWER, reference)
    if State(held.claim.state) not in OPEN_STATES:
        raise WrongMoment
    _write(work, held, "answer", text)
    if State(held.claim.state) is State.AWAITING_INFORMATION:
        return take(work, held, Step.ANSWER, open_questions=0)
    if not held.claim.open_questions:
        raise WrongMoment
    record(work, held, EventKind.ANSWERED)
    return replace(held, claim=claims.change(work.conn, held.claim, open_questions=0))


def record_silence(work: Work, viewer: Viewer, reference: str, reason: str) -> Held:
    """An officer records that no answer came; the claim is judged on what is there. Source: SPEC 4, step `no_answer`."""
    held = hold(work, viewer, Act.ASSESS, reference)
    return take(work, held, Step.NO_ANSWER, reason=reason, open_questions=0)


def _answers_first(clock: Clock) -> bool:
    return clock.kind == "first_answer" and clock.stopped_at is None


def _write(work: Work, held: Held, kind: str, text: str) -> None:
    claims.add(
        work.conn, "message",
        {
            "id": work.kit.lots.number(), "claim_id": held.claim.id, "kind": kind, "officer_id": held.viewer.id,
            "text": scrubbed(work, held.claim, text), "written_at": work.now,
        },
    )  # fmt: skip


def statement(work: Work, held: Held, text: str) -> None:
    """Keep a visitor's own words with a step they take."""
    _write(work, held, "statement", text)
