"""The worker and the gateway in the money model: jobs in hand and lost, calls, questions and messages. Officers do not act here."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy import text

from desk.actions import payout_words, payouts
from desk.actions.jobs import lease_jobs
from desk.actions.payout_words import Message
from desk.domain.payout import Heard
from desk.ports import Lease, LeaseLost, Word, Work
from tests.worker.model_desk import OnADesk, one, picks
from tests.worker.model_world import CALLS

VERDICTS = {
    "sending": {"settled", "failed", "awaiting_visitor"},
    "unknown": {"settled", "failed", "awaiting_visitor"},
    "awaiting_visitor": {"settled", "failed"},
}
"""The words that move a payout, by the state they find."""


@dataclass
class Hand:
    """A job in a worker's hand; `word` once the call was made and its end is not written down yet."""

    lease: Lease
    word: Word | None = None

    @property
    def payout_id(self) -> int:
        """The payout that the job is about."""
        return int(self.lease.payload["payout"])


class WithGateway(OnADesk):
    """Workers that take jobs, call, and die; a gateway that tells of itself."""

    def __init__(self) -> None:
        super().__init__()
        self.hands: list[Hand] = []
        self.ghosts: list[Hand] = []
        self.told: list[Message] = []
        self.message_numbers = count(1)

    @precondition(lambda self: self.due())
    @rule()
    def a_worker_takes_what_is_due(self) -> None:
        leases = self.run(self.house.desk.write(lease_jobs, "model", 64))
        assert {lease.id for lease in leases} == set(self.due())
        self.hands += [Hand(lease) for lease in sorted(leases, key=lambda lease: lease.id)]
        self.leased_until("2999", *(lease.id for lease in leases))

    @precondition(lambda self: any(hand.word is None for hand in self.hands))
    @rule(pick=picks, how=st.sampled_from(CALLS), clear=st.booleans())
    def it_calls(self, pick: int, how: str, clear: bool) -> None:
        """What the gateway does happens now; the desk hears of it when the call ends."""
        hand, write = one([hand for hand in self.hands if hand.word is None], pick), self.house.desk.write
        if hand.lease.kind == payouts.SEND:
            order = self.run(write(payout_words.begin_send, hand.lease, hand.payout_id))
            hand.word = self.world.call(order.key, how, self.now) if order else None
        else:
            key = self.run(write(payout_words.begin_query, hand.lease, hand.payout_id))
            hand.word = (self.world.find(key, self.now) if clear else Word(Heard.UNCLEAR)) if key else None
        if hand.word is None:
            self.hands.remove(hand)

    @precondition(lambda self: any(hand.word for hand in self.hands))
    @rule(pick=picks)
    def its_call_ends(self, pick: int) -> None:
        hand = one([hand for hand in self.hands if hand.word], pick)
        self.hands.remove(hand)
        self.end(hand)

    @precondition(lambda self: self.hands)
    @rule(pick=picks)
    def it_dies(self, pick: int) -> None:
        """The lease runs out; its call may have been made and may still come to an end."""
        hand = one(self.hands, pick)
        self.hands.remove(hand)
        self.leased_until("2020", hand.lease.id)
        if hand.word:
            self.ghosts.append(hand)

    @precondition(lambda self: self.ghosts)
    @rule(pick=picks)
    def it_was_only_slow(self, pick: int) -> None:
        """What it wants to write down counts only while nobody else has taken the job."""
        hand = one(self.ghosts, pick)
        self.ghosts.remove(hand)
        job = self.seen.jobs[hand.lease.id]
        self.end(hand, LeaseLost if job.done_at or job.attempt != hand.lease.attempt else None)

    @precondition(lambda self: self.awaited())
    @rule(pick=picks, taken=st.booleans())
    def the_visitor_takes_it_or_lets_it_go_back(self, pick: int, taken: bool) -> None:
        self.world.collect(one(self.awaited(), pick).key, taken=taken)

    @precondition(lambda self: self.known())
    @rule(pick=picks, stale=st.booleans())
    def the_gateway_tells(self, pick: int, stale: bool) -> None:
        """The truth as it is, or as it was while the visitor had not come yet."""
        payout = one(self.known(), pick)
        kept = self.world.kept[payout.key]
        said = Heard.AWAITING_VISITOR if stale and kept.awaited else kept.outcome
        moves = said in VERDICTS.get(payout.state, ())
        assert self.hear(self.message(payout, said)) == ("moved" if moves else "late")
        assert self.state(payout.id) == (said if moves else payout.state)

    @precondition(lambda self: self.told)
    @rule(pick=picks)
    def it_repeats_itself(self, pick: int) -> None:
        assert self.hear(one(self.told, pick)) == "late"
        assert self.look() == self.seen

    @precondition(lambda self: self.payouts())
    @rule(
        pick=picks,
        said=st.sampled_from(["settled", "failed", "awaiting_visitor"]),
        wrong=st.sampled_from(["amount", "currency", "key", "type"]),
    )
    def it_tells_what_nobody_can_act_on(self, pick: int, said: str, wrong: str) -> None:
        payout = one(self.payouts(), pick)
        other = {
            "amount": {"amount_minor": payout.amount_minor + 1}, "currency": {"currency": "USD"}, "key": {"key": "payout-1"},
            "type": {"type": "payout.refunded"},
        }[wrong]  # fmt: skip
        assert self.hear(replace(self.message(payout, Heard(said)), **other)) == "parked"
        assert self.state(payout.id) == payout.state

    @precondition(lambda self: self.payouts("settled", "failed", gateway=True))
    @rule(pick=picks, said=st.sampled_from(["settled", "failed", "awaiting_visitor"]))
    def it_contradicts_what_has_ended(self, pick: int, said: str) -> None:
        payout = one(self.payouts("settled", "failed", gateway=True), pick)
        assert self.hear(self.message(payout, Heard(said))) == "late"
        assert self.state(payout.id) == payout.state

    def end(self, hand: Hand, refusal: type[Exception] | None = None) -> None:
        """Write down how a call ended."""
        assert hand.word
        ending = payout_words.end_send if hand.lease.kind == payouts.SEND else payout_words.end_query
        self.act(self.house.desk.write(ending, hand.lease, hand.payout_id, hand.word), refusal)

    def due(self) -> list[int]:
        """Jobs that are due and in no living hand."""
        held = {hand.lease.id for hand in self.hands}
        jobs = self.seen.jobs.values()
        return [job.id for job in jobs if job.done_at is None and job.due_at <= self.now and job.id not in held]

    def known(self) -> list[Any]:
        """Payouts that the gateway knows."""
        return [row for row in self.payouts(gateway=True) if row.key in self.world.kept]

    def awaited(self) -> list[Any]:
        """Payouts that the visitor may take from the gateway."""
        return [row for row in self.payouts() if self.world.awaits(row.key)]

    def message(self, payout: Any, said: Heard) -> Message:  # noqa: ANN401 - a row
        """A message of the gateway under an id of its own."""
        number = f"event-{next(self.message_numbers)}"
        return Message(number, f"payout.{said.value}", payout.key, payout.amount_minor, payout.currency, f"gw-{payout.key}")

    def hear(self, message: Message) -> str:
        """Let the desk hear a message whose signature is right."""
        self.told.append(message)
        return self.run(self.house.desk.write(payout_words.hear_message, message))

    def leased_until(self, year: str, *jobs: int) -> None:
        """Let leases last, or run out: the database measures them by its own time, which no test can move."""
        self.run(self.house.desk.write(_leased_until, f"{year}-01-01T00:00:00.000000Z", jobs))

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.house.clock.at += timedelta(seconds=seconds)


def _leased_until(work: Work, until: str, jobs: tuple[int, ...]) -> None:
    for job in jobs:
        work.conn.execute(text("UPDATE job SET leased_until = :until WHERE id = :job"), {"until": until, "job": job})
