"""A visitor is written to: row and job with the event, one letter, what came of it, and what staff do where nothing did."""

from collections.abc import AsyncIterator, Sequence
from datetime import time
from typing import Any

import pytest
from sqlalchemy import select, text, update

from desk.actions.checks import Checked
from desk.actions.deliveries import begin_delivery, end_delivery
from desk.actions.jobs import lease_jobs
from desk.actions.notifications import NOTIFY, notify
from desk.domain.notification import MOST_TRIES, RETRIES, Carrier, Fate, News, QuietHours
from desk.domain.retry import SPREAD
from desk.ports import CourierTerms, Delivery, Lease, LeaseLost, Letter, Work
from desk.reads.verify import verify
from desk.store import claims, sites
from desk.store.tables import metadata
from desk.wording.catalogue import LANGUAGES
from desk.wording.letters import mail, sms
from desk.worker.jobs import HANDLERS, Means
from tests.builders import open_house
from tests.cast import VISITOR_NAME, Cast
from tests.till import Till
from tests.web.console import form_in, seat
from tests.web.front import CLAIMS, Front, opened_front, problem

NOTIFICATION, JOB, EVENT, NOTICE, PERSON = (
    metadata.tables[name] for name in ("notification", "job", "event", "notice", "person")
)  # fmt: skip
BOTH = CourierTerms(frozenset({Carrier.SMS, Carrier.MAIL}), QuietHours(time(22), time(8)))
SENT, LATER, REFUSED = Delivery(Fate.SENT), Delivery(Fate.LATER, "timeout"), Delivery(Fate.REFUSED, "status_550")
PHONE, EMAIL = "+8613800138000", "vera@example.org"


@pytest.fixture
async def at(till_of_ones_own: tuple[str, Cast]) -> AsyncIterator[Front]:
    """A desk that can send text messages and e-mails: on SQLite before each landing, on PostgreSQL in the gate."""
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast, courier=BOTH) as house, opened_front(house) as opened:
        yield opened


class Postman:
    """A courier that does what it is told, and keeps the letters."""

    def __init__(self, *words: Delivery) -> None:
        self.words, self.letters = list(words), list[Letter]()

    async def deliver(self, letter: Letter) -> Delivery:
        """The next word; the last one for ever."""
        self.letters.append(letter)
        return self.words.pop(0) if len(self.words) > 1 else self.words[0]


async def lodged(front: Front, phone: str | None = PHONE, email: str | None = None, **more: Any) -> str:  # noqa: ANN401 - JSON
    """Lodge by the route; returns the reference."""
    visitor = {"name": "王小薇", "phone": phone, "email": email, "language": more.pop("language", "zh-CN")}
    answer = await front.lodge(visitor=visitor, **more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def outbox(front: Front) -> list[Any]:
    """The outbox, oldest first."""
    return list(await rows(front, select(NOTIFICATION).order_by(NOTIFICATION.c.id)))


async def rows(front: Front, query: Any) -> Sequence[Any]:  # noqa: ANN401 - a Core query
    """What the database holds."""
    found: Sequence[Any] = await front.house.desk.read(lambda conn: conn.execute(query).all())
    return found


async def work(front: Front, postman: Postman) -> int:
    """Do every notification that is due, as a worker does; how many."""
    means = Means(front.house.desk, None, lambda: Checked(0, ()), postman)
    done = 0
    while leases := await leased(front):
        for lease in leases:
            await HANDLERS[NOTIFY](means, lease)
        done += len(leases)
    return done


async def leased(front: Front) -> list[Lease]:
    """The notifications that are due, in hand."""
    return [one for one in await front.house.desk.write(lease_jobs, "test", 16) if one.kind == NOTIFY]


async def red(front: Front) -> dict[str, str]:
    """The invariants that do not hold; sessions are put there by hand (I34)."""
    report = await front.house.desk.read(verify, front.house.kit)
    return {finding.id: finding.detail for finding in report.invariants if not finding.ok and finding.id != "I34"}


async def listed(front: Front, reference: str) -> Any:  # noqa: ANN401 - the JSON
    """What the API says the visitor was told."""
    answer = await front.call("GET", f"{CLAIMS}/{reference}/notifications", "olga")
    assert answer.status_code == 200
    return answer.json()


async def test_a_lodging_is_written_to_its_visitor_once(at: Front) -> None:
    reference, postman = await lodged(at, email=EMAIL), Postman(SENT)
    (row,) = await outbox(at)
    (job,) = await rows(at, select(JOB).where(JOB.c.kind == NOTIFY))
    (event,) = await rows(at, select(EVENT).where(EVENT.c.id == row.event_id))
    assert (row.news, row.channel, row.state, row.tries, event.step) == ("lodged", "sms", "waiting", 0, "lodge")
    assert (job.payload, job.due_at) == ({"notification": str(row.id)}, row.due_at)
    assert await work(at, postman) == 1
    (letter,) = postman.letters
    assert (letter.name, letter.carrier, letter.to, letter.language) == (f"desk-{row.id}", Carrier.SMS, PHONE, "zh-CN")
    assert letter.text == f"您的诉求已登记。编号 {reference}。查进度：https://desk.example/s（用凭条上的查询码）"
    (told,) = (await listed(at, reference))["notifications"]
    assert (told["news"], told["channel"], told["state"], told["tries"], told["why"]) == ("lodged", "sms", "sent", 1, None)
    assert await work(at, postman) == 0
    assert await red(at) == {}


async def test_a_repeated_lodging_is_told_once(at: Front) -> None:
    for _ in range(2):
        assert (await at.lodge(key="one")).status_code == 201
    assert len(await outbox(at)) == 1


@pytest.mark.parametrize(
    ("phone", "email", "channel", "by"),
    [(None, EMAIL, ["mail"], "mail"), (None, None, [], "slip"), (PHONE, EMAIL, ["sms"], "sms")],
)
async def test_the_contact_names_the_channel_and_without_one_nothing_is_queued(
    at: Front, phone: str | None, email: str | None, channel: list[str], by: str
) -> None:
    reference = await lodged(at, phone, email)
    assert [row.channel for row in await outbox(at)] == channel
    assert (await listed(at, reference))["by"] == by


async def test_each_step_that_is_news_is_told_and_no_other(at: Front) -> None:
    house = at.house
    reference = await lodged(at, items=[{"kind": "refund", "asked": {"amount": "5000.00", "currency": "CNY"}}])
    for path, body in (
        ("messages", {"text": "在看。"}),
        ("messages", {"text": "几点？", "question": True}),
        ("notes", {"text": "记。"}),
    ):
        assert (await at.post(f"{reference}/{path}", "olga", body)).status_code == 200
    await house.answer(reference)
    assert (await at.post(f"{reference}/triage", "olga", {"confirm": "docket"})).status_code == 200
    await house.withdraw(reference)
    assert (await at.post(f"{reference}/reopen", "ma", {"text": "有新票据"})).status_code == 200
    assert [row.news for row in await outbox(at)] == ["lodged", "written", "asked", "in_mediation", "reopened"]
    assert await red(at) == {}


@pytest.mark.parametrize(("method", "news"), [("cash", []), ("original_route", ["sent"])])
async def test_a_refund_is_told_when_it_is_agreed_waits_and_is_complete(at: Front, method: str, news: list[str]) -> None:
    till = Till(at.house)
    payout_id = (await till.propose(await till.agreed(), method=method)).payout.id
    await till.send(payout_id)
    if method == "cash":
        await till.receive(payout_id)
    else:
        await till.called(payout_id, "awaiting_visitor")
        at.house.clock.go(minutes=30)
        await till.asked(payout_id, "settled")
    assert [row.news for row in await outbox(at)] == ["lodged", "agreed", *news, "refunded"]
    assert await red(at) == {}


async def test_an_imported_claim_is_no_news_to_its_visitor(at: Front) -> None:
    await at.house.lodge(source_key="2024-0001")
    assert await outbox(at) == []


async def test_a_desk_without_channels_queues_nothing_and_says_so(till_of_ones_own: tuple[str, Cast]) -> None:
    database, cast = till_of_ones_own
    async with open_house(database, cast=cast) as house, opened_front(house) as front:
        reference = await lodged(front)
        page = (await (await seat(front, "olga")).get(f"/desk/claims/{reference}")).text
        assert "The visitor is told by slip and status page only." in page
        assert (await outbox(front), await rows(front, select(JOB).where(JOB.c.kind == NOTIFY))) == ([], [])


async def test_what_falls_into_the_night_is_sent_in_the_morning(at: Front) -> None:
    postman = Postman(SENT)
    at.house.clock.go(hours=13)  # 22:30 at the site
    reference = await lodged(at, departs_at="2026-09-12T18:00:00+08:00")
    await at.house.message(reference)
    assert await work(at, postman) == 1
    first, second = await outbox(at)
    assert (first.state, second.state, second.due_at.isoformat()) == ("sent", "waiting", "2026-09-09T00:00:00+00:00")
    at.house.clock.go(hours=9.49)
    assert await work(at, postman) == 0
    at.house.clock.go(minutes=1)
    assert await work(at, postman) == 1
    assert [letter.text[:8] for letter in postman.letters] == ["您的诉求已登记。", "工作人员给您留了"]


async def test_a_visitor_who_leaves_before_morning_is_told_at_night(at: Front) -> None:
    at.house.clock.go(hours=13)
    reference = await lodged(at, departs_at="2026-09-09T06:10:00+08:00")
    await at.house.message(reference, question=True)
    assert await work(at, Postman(SENT)) == 2


async def test_a_try_that_fails_late_at_night_is_repeated_in_the_morning(at: Front) -> None:
    reference = await lodged(at)
    await work(at, Postman(SENT))
    at.house.clock.go(hours=12, minutes=29)  # 21:59
    await at.house.message(reference)
    assert await work(at, Postman(LATER)) == 1
    at.house.clock.go(minutes=2)
    later = Postman(SENT)
    await work(at, later)
    assert later.letters == []
    at.house.clock.go(hours=10)
    await work(at, later)
    assert len(later.letters) == 1


async def test_failures_are_tried_again_under_the_same_name_and_then_given_up(at: Front) -> None:
    reference, postman = await lodged(at), Postman(LATER)
    (row,) = await outbox(at)
    for tries, wait in enumerate(RETRIES, 1):
        assert await work(at, postman) == 1
        assert (await outbox(at))[0].tries == tries
        at.house.clock.go(seconds=wait.total_seconds() * (1 - SPREAD) - 1)
        assert await work(at, postman) == 0
        at.house.clock.go(seconds=wait.total_seconds() * 2 * SPREAD + 2)
    assert await work(at, postman) == 1
    assert {letter.name for letter in postman.letters} == {f"desk-{row.id}"}
    assert len(postman.letters) == MOST_TRIES
    (given_up,) = await outbox(at)
    assert (given_up.state, given_up.why) == ("given_up", "timeout")
    (notice,) = (await at.call("GET", "/api/v1/sites/huangshan/notices", "ma")).json()["notices"]
    assert (notice["kind"], notice["reference"]) == ("visitor_not_reached", reference)
    assert await red(at) == {}


async def test_what_was_overtaken_by_newer_news_is_not_sent_after_it(at: Front) -> None:
    reference, late = await lodged(at), Postman(SENT)
    assert await work(at, Postman(LATER)) == 1
    await at.house.message(reference)
    assert await work(at, Postman(SENT)) == 1
    at.house.clock.go(minutes=5)
    assert await work(at, late) == 1
    assert late.letters == []
    assert [(row.state, row.why) for row in await outbox(at)] == [("told", "told_by_later"), ("sent", None)]
    assert await red(at) == {}


async def test_what_is_refused_for_good_is_given_up_at_once_and_told_by_an_officer(at: Front) -> None:
    reference = await lodged(at, None, EMAIL)
    await work(at, Postman(REFUSED))
    page = await (await seat(at, "olga")).get(f"/desk/claims/{reference}")
    assert "A message did not reach the visitor." in page.text
    olga = await seat(at, "olga")
    form = form_in((await olga.get(f"/desk/claims/{reference}")).text, f"/desk/claims/{reference}/told")
    answer = await olga.post(f"/desk/claims/{reference}/told", form | {"reason": "打了电话"})
    assert answer.status_code == 303
    assert (await outbox(at))[0].state == "told"
    (closed,) = await rows(at, select(EVENT).where(EVENT.c.kind == "notice_closed"))
    assert (closed.reason, closed.role) == ("打了电话", "intake")
    assert await rows(at, select(NOTICE).where(NOTICE.c.closed_at.is_(None))) == []
    assert problem(await at.post(f"{reference}/notifications/told", "olga", {"reason": "x"})) == (409, "wrong_moment")
    assert await red(at) == {}


async def test_given_up_messages_are_sent_again_to_the_corrected_contact(at: Front) -> None:
    reference = await lodged(at)
    await at.house.message(reference)
    await work(at, Postman(REFUSED))
    assert {row.state for row in await outbox(at)} == {"given_up"}
    assert (await at.post(f"{reference}/contact", "olga", {"phone": None, "email": EMAIL})).status_code == 200
    assert (await at.post(f"{reference}/notifications/resend", "olga")).status_code == 200
    postman = Postman(SENT)
    assert await work(at, postman) == 1
    assert [(letter.carrier, letter.to) for letter in postman.letters] == [(Carrier.MAIL, EMAIL)]
    assert [(row.news, row.state, row.turn) for row in await outbox(at)] == [("lodged", "told", 1), ("written", "sent", 2)]
    assert await red(at) == {}


async def test_without_a_contact_nothing_can_be_sent_again(at: Front) -> None:
    reference = await lodged(at)
    await work(at, Postman(REFUSED))
    await at.house.change_contact(reference, phone=None)
    assert problem(await at.post(f"{reference}/notifications/resend", "olga")) == (409, "wrong_moment")


async def test_a_later_message_that_arrives_ends_the_task(at: Front) -> None:
    reference = await lodged(at)
    await work(at, Postman(REFUSED))
    await at.house.message(reference)
    await work(at, Postman(SENT))
    assert await rows(at, select(NOTICE).where(NOTICE.c.closed_at.is_(None))) == []
    assert await red(at) == {}


async def test_a_worker_that_died_after_sending_sends_the_same_letter_again_and_books_it_once(at: Front) -> None:
    await lodged(at)
    (lease,) = await leased(at)
    write, number = at.house.desk.write, int(lease.payload["notification"])
    first = await write(begin_delivery, lease, number)
    await write(_run_out)
    (taken_over,) = await leased(at)
    second = await write(begin_delivery, taken_over, number)
    assert first is not None
    assert first == second
    with pytest.raises(LeaseLost):
        await write(end_delivery, lease, number, SENT)
    await write(end_delivery, taken_over, number, SENT)
    (row,) = await outbox(at)
    assert (row.state, row.tries) == ("sent", 2)
    assert await red(at) == {}


async def test_a_worker_that_dies_over_and_over_does_not_write_for_ever(at: Front) -> None:
    await lodged(at)
    handed_out = 0
    while leases := await leased(at):
        handed_out += await at.house.desk.write(begin_delivery, leases[0], int(leases[0].payload["notification"])) is not None
        await at.house.desk.write(_run_out)
    assert handed_out == MOST_TRIES
    assert [(row.state, row.why) for row in await outbox(at)] == [("given_up", "no_end")]


@pytest.mark.parametrize("change", ["erased", "no_address"])
async def test_whoever_is_erased_or_left_no_contact_meanwhile_gets_nothing(at: Front, change: str) -> None:
    reference, postman = await lodged(at), Postman(SENT)
    if change == "erased":
        await at.house.desk.write(_erase)
    else:
        await at.house.change_contact(reference, phone=None)
    await work(at, postman)
    assert postman.letters == []
    assert [(row.state, row.why) for row in await outbox(at)] == [("dropped", change)]
    await at.house.desk.write(_note_in_chain, reference)
    assert len(await outbox(at)) == 1


async def test_what_lay_about_for_a_day_is_not_sent_any_more(at: Front) -> None:
    await lodged(at)
    at.house.clock.go(hours=24)
    postman = Postman(SENT)
    await work(at, postman)
    assert postman.letters == []
    assert [(row.state, row.why) for row in await outbox(at)] == [("given_up", "too_late")]


async def test_the_outbox_keeps_neither_address_nor_text(at: Front) -> None:
    await lodged(at, email=EMAIL)
    await work(at, Postman(LATER))
    kept = str([*await outbox(at), *await rows(at, select(JOB)), *await rows(at, select(EVENT))])
    assert [part for part in (PHONE, PHONE[3:], EMAIL, VISITOR_NAME, "https://") if part in kept] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("news", News)
def test_a_letter_holds_reference_and_address_and_no_figure_besides(news: News, language: str) -> None:
    words = [
        sms(news, "7Q4K92MDXT", "https://desk.example/s", language),
        mail(news, "7Q4K92MDXT", "https://desk.example/s", language),
    ]
    assert words[0].subject == ""
    for each in words:
        assert (each.text.count("7Q4K92MDXT"), each.text.count("https://desk.example/s")) == (1, 1)
        rest = (each.subject + each.text).replace("7Q4K92MDXT", "").replace("https://desk.example/s", "")
        assert not any(letter.isdigit() for letter in rest)
    assert "\n" not in words[1].subject
    assert len(words[0].text) <= 160


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        ("DELETE FROM job WHERE kind = 'notify'", "nobody will send"),
        ("UPDATE notification SET news = 'refunded'", "not what its event was"),
        ("UPDATE notification SET state = 'given_up', ended_at = due_at", "nobody was asked"),
        ("UPDATE notification SET site_id = (SELECT id FROM site WHERE slug = 'gulangyu')", "not what its event was"),
        ("UPDATE notification SET state = 'sent', tries = 1, ended_at = due_at", "its job goes on"),
        ("UPDATE job SET set_aside_at = due_at WHERE kind = 'notify'", "waits, and nobody will send it"),
    ],
)
async def test_verify_sees_a_broken_outbox(at: Front, break_it: str, found: str) -> None:
    await lodged(at)
    assert await red(at) == {}
    await at.house.desk.write(_run, break_it)
    assert found in (await red(at))["I18"]


async def test_of_two_claims_each_visitor_reads_their_own_reference(at: Front) -> None:
    first, second = await lodged(at), await lodged(at, "+8613900001111", language="en")
    postman = Postman(SENT)
    await work(at, postman)
    assert [(letter.to, first in letter.text, second in letter.text) for letter in postman.letters] == [
        (PHONE, True, False), ("+8613900001111", False, True),
    ]  # fmt: skip
    assert postman.letters[1].text.startswith("Your claim is registered.")


async def test_stranger_and_foreign_officer_learn_of_no_notification(at: Front) -> None:
    reference = await lodged(at)
    for by, status in (("oskar", 404), ("anton", 404), (None, 401)):
        assert (await at.call("GET", f"{CLAIMS}/{reference}/notifications", by)).status_code == status
        told = await at.post(f"{reference}/notifications/told", by, {"reason": "x"})
        assert told.status_code in (status, 403)


def _run_out(work: Work) -> None:
    work.conn.execute(update(JOB).values(leased_until=None))


def _erase(work: Work) -> None:
    work.conn.execute(update(PERSON).values(wrapped_key=None, erased_at=work.now))


def _run(work: Work, statement: str) -> None:
    work.conn.execute(text(statement))


def _note_in_chain(work: Work, reference: str) -> None:
    claim = claims.get(work.conn, reference, None)
    event = work.conn.execute(select(EVENT.c.id).order_by(EVENT.c.id.desc()).limit(1)).scalar_one()
    notify(work, claim, sites.get(work.conn, claim.site_id), event, News.WRITTEN)
