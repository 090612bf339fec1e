"""Workers and the gateway in the money model: jobs in hand and lost, calls, questions, messages. No officer acts here."""

from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from sqlalchemy import text

from desk.actions import payout_words, payouts
from desk.actions.jobs import lease_jobs
from desk.actions.payout_rescue import look_after_payout, payouts_left_alone
from desk.actions.payout_words import Message
from desk.domain.payout import Heard
from desk.ports import Lease, LeaseLost, Word, Work
from tests.worker.model_books import WORKED_ON
from tests.worker.model_desk import Lot, OnADesk

VERDICTS = {
    "sending": {"settled", "failed", "awaiting_visitor"},
    "unknown": {"settled", "failed", "awaiting_visitor"},
    "awaiting_visitor": {"settled", "failed"},
}
"""The words that move a payout, by the state they find."""

NONSENSE: tuple[dict[str, Any], ...] = (
    {"amount_minor": 1_000_000_000}, {"currency": "USD"}, {"key": "payout-1"}, {"type": "payout.refunded"}
)  # fmt: skip
"""What makes a message one that nobody can act on."""


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

    def a_worker_dies(self, lot: Lot) -> None:
        """The lease runs out; its call may have been made and may still come to an end."""
        hand = lot.of(self.hands)
        self.hands.remove(hand)
        self.leased_until("2020", hand.lease.id)
        if hand.word:
            self.ghosts.append(hand)

    def it_was_only_slow(self, lot: Lot) -> None:
        """What it wants to write down counts only while nobody else has taken the job."""
        hand = lot.of(self.ghosts)
        self.ghosts.remove(hand)
        job = self.seen.jobs[hand.lease.id]
        self.end(hand, LeaseLost if job.done_at or job.attempt != hand.lease.attempt else None)

    def a_worker_goes_on(self, lot: Lot) -> None:
        """It calls, its call ends, and so on; what must hold does so after each of them."""
        number = lot.of(self.out()).id
        for _ in range(lot.steps):
            if self.seen.payouts[number].state in WORKED_ON:
                self.work_on(number, lot)
                self.wait(lot.wait)
                self.everything_holds()

    def a_worker_makes_its_round(self, _lot: Lot) -> None:
        """It looks after payouts that are left alone or unknown for long: the manager is told, and no payout moves."""
        for number in self.run(self.house.desk.read(payouts_left_alone, self.house.kit)):
            self.run(self.house.desk.write(look_after_payout, number))
        assert self.look().payouts == self.seen.payouts

    def the_visitor_comes_for_it_or_not(self, lot: Lot) -> None:
        """What awaits them is taken, or goes back; the desk does not hear of it."""
        self.world.collect(lot.of(self.awaited()).key, taken=lot.really)

    def the_gateway_tells(self, lot: Lot) -> None:
        """The truth as it is, or as it was while the visitor had not come yet."""
        payout = lot.of(self.known())
        kept = self.world.kept[payout.key]
        said = Heard.AWAITING_VISITOR if kept.awaited and not lot.really else kept.outcome
        moves = said in VERDICTS.get(payout.state, ())
        assert self.hear(self.message(payout, said)) == ("moved" if moves else "late")
        assert self.state(payout.id) == (said if moves else payout.state)

    def the_gateway_repeats_itself(self, lot: Lot) -> None:
        """The same message once more changes nothing at all."""
        assert self.hear(lot.of(self.told)) == "late"
        assert self.look() == self.seen

    def the_gateway_contradicts_what_has_ended(self, lot: Lot) -> None:
        """A word against it comes late; what is reserved for the same claim is looked at by a second officer from then on."""
        said, payout = Heard.FAILED if lot.really else Heard.SETTLED, lot.of(self.payouts("settled", "failed", gateway=True))
        assert self.hear(self.message(payout, said)) == "late"
        assert not self.put_back(payout) or (payout.state, said) == ("failed", Heard.SETTLED)

    def the_gateway_talks_nonsense(self, lot: Lot) -> None:
        """A message that nobody can act on is parked; one of another amount than the books deny is a doubt as well."""
        said, payout = Heard.SETTLED if lot.really else Heard.FAILED, lot.of(self.payouts())
        changed = NONSENSE[lot.pick % len(NONSENSE)]
        assert self.hear(replace(self.message(payout, said), **changed)) == "parked"
        assert not self.put_back(payout) or (said, changed.keys() & {"key", "type"}) == (Heard.SETTLED, set())

    def put_back(self, payout: Any) -> bool:  # noqa: ANN401 - a row
        """Whether a doubt about a payout put one of its claim before a second officer; nothing else may have moved."""
        after = self.look().payouts
        moved = [row for row in self.seen.payouts.values() if after[row.id] != row]
        for row in moved:
            now = after[row.id]
            assert (row.claim_id, row.state, now.state, now.needs_second) == (
                payout.claim_id, "reserved", "awaiting_approval", True,
            )  # fmt: skip
        return bool(moved)

    def work_on(self, payout_id: int, lot: Lot) -> None:
        """A worker makes the call that is due about a payout, waiting for it, or hears how it ended.

        What the gateway does, it does while it is called; and to a question it answers, or does not, or wrongly.
        """
        hand = next((hand for hand in self.hands if hand.payout_id == payout_id), None) or self.take(payout_id)
        if hand.word:
            self.hands.remove(hand)
            self.end(hand)
            return
        before = self.seen.payouts[payout_id]
        begin = payout_words.begin_send if hand.lease.kind == payouts.SEND else payout_words.begin_query
        order = self.run(self.house.desk.write(begin, hand.lease, payout_id))
        if order is None:
            self.hands.remove(hand)
            never_left = before.state == "sending" and not before.calling and before.unknown_since is None
            if never_left and (self.stopped or self.doubts(before)):
                assert self.state(payout_id) == ("awaiting_approval" if self.doubts(before) else "reserved")
        elif hand.lease.kind == payouts.SEND:
            assert not self.stopped
            assert not self.doubts(before)
            hand.word = self.world.call(order.key, lot.how, self.now)
        else:
            hand.word = self.world.find(order.key, lot.answer, self.now)

    def take(self, payout_id: int) -> Hand:
        """Wait until a payout's job is due, and take it with all others that are due by then; leases last until somebody dies."""
        held = {hand.lease.id for hand in self.hands}
        jobs = [job for job in self.seen.jobs.values() if job.done_at is None and job.id not in held]
        self.house.clock.at = max(self.now, min(job.due_at for job in jobs if job.payload["payout"] == str(payout_id)))
        leases = self.run(self.house.desk.write(lease_jobs, "model", 64))
        assert {lease.id for lease in leases} == {job.id for job in jobs if job.due_at <= self.now}
        self.hands += [Hand(lease) for lease in sorted(leases, key=lambda lease: lease.id)]
        self.leased_until("2999", *(lease.id for lease in leases))
        return next(hand for hand in self.hands if hand.payout_id == payout_id)

    def end(self, hand: Hand, refusal: type[Exception] | None = None) -> None:
        """Write down how a call ended."""
        assert hand.word
        ending = payout_words.end_send if hand.lease.kind == payouts.SEND else payout_words.end_query
        self.act(self.house.desk.write(ending, hand.lease, hand.payout_id, hand.word), refusal)

    def out(self) -> list[Any]:
        """Payouts that wait for the gateway."""
        return self.payouts(*WORKED_ON, gateway=True)

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


def _leased_until(work: Work, until: str, jobs: tuple[int, ...]) -> None:
    for job in jobs:
        work.conn.execute(text("UPDATE job SET leased_until = :until WHERE id = :job"), {"until": until, "job": job})
