"""Digests on a real database: each due time once by whatever worker, only the newest after downtime, to those on duty."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import IntegrityError

from desk.actions.digests import DIGEST, LETTER, make_digest, plan_digests
from desk.actions.jobs import lease_jobs
from desk.actions.officers import Post, change_roles, disable_officer
from desk.domain.digest import Figures, Need
from desk.domain.notification import Carrier, Fate
from desk.domain.policy import Role
from desk.domain.relay import Relay
from desk.outside.couriers.routes import Ways, open_couriers
from desk.ports import CourierTerms, Delivery, Lease, LeaseLost, Letter, Work
from desk.reads.digests import digest_now
from desk.reads.verify import verify
from desk.store import digests, jobs
from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_clocks
from tests.alarms import busy, looked
from tests.builders import House, open_house
from tests.cast import AWAY, HOME, OPERATOR
from tests.crowds import opened
from tests.digests import all_digests, all_letters, put_on, reached_at, worked
from tests.fakes.smtp import fake_smtp
from tests.hands import led, lost, offered, partner
from tests.statements import puzzled
from tests.till import Till

JOB = metadata.tables["job"]
ADD: Callable[..., None] = jobs.add
TODAY = date(2026, 9, 8)
BOTH = CourierTerms(frozenset({Carrier.MAIL, Carrier.HOOK}))
MAIL_ALONE = CourierTerms(frozenset({Carrier.MAIL}))
SENT, LATER = Delivery(Fate.SENT), Delivery(Fate.LATER, "timeout")


class Postman:
    """A courier that does what it is told, and keeps the letters."""

    def __init__(self, *words: Delivery) -> None:
        self.words, self.letters = list(words), list[Letter]()

    async def deliver(self, letter: Letter) -> Delivery:
        """The next word; the last one for ever."""
        self.letters.append(letter)
        return self.words.pop(0) if len(self.words) > 1 else self.words[0]


@pytest.fixture
async def house(database_later: str) -> AsyncIterator[House]:
    """A desk that can send mail: on SQLite before each landing, on PostgreSQL in the gate. Its records agree afterwards."""
    async with open_house(database_later, courier=MAIL_ALONE) as opened:
        yield opened
        report = await opened.desk.read(verify, opened.kit)
        assert [(finding.id, finding.detail) for finding in report.invariants if not finding.ok and finding.id != "I34"] == []


def go_to(house: House, hour: int, minute: int = 0, *, days: int = 0) -> None:
    """Move the clock to a time of the sites' own day (UTC+8)."""
    house.clock.at = datetime(2026, 9, 8, tzinfo=UTC) + timedelta(days=days, hours=hour - 8, minutes=minute)


def due_at(hour: int, *, days: int = 0) -> datetime:
    """A due time of the sites' own day."""
    return datetime(2026, 9, 8, tzinfo=UTC) + timedelta(days=days, hours=hour - 8)


def _jobs(conn: Connection) -> list[Any]:
    return list(conn.execute(select(JOB).where(JOB.c.kind.in_([DIGEST, LETTER])).order_by(JOB.c.id)).all())


async def test_at_two_and_at_ten_each_site_has_its_digest_and_once(house: House) -> None:
    go_to(house, 13, 59)
    assert await worked(house) == 0
    await house.lodge()
    go_to(house, 14)
    assert await worked(house) == 2
    assert await worked(house) == 0
    (made,) = await all_digests(house)
    assert (made.due_at, made.told, made.quiet) == (due_at(14), "managers", False)
    assert made.made_at - made.due_at < timedelta(minutes=1)
    figures = Figures.read(made.figures)
    assert (figures.on, figures.counted.lodged, figures.counted.refunded) == (TODAY, 1, 0)
    go_to(house, 22, 0)
    assert await worked(house) == 2
    assert [row.due_at for row in await all_digests(house)] == [due_at(14), due_at(22)]
    assert [row.quiet for row in await all_digests(house, AWAY)] == [True, True]


async def test_the_morning_tells_of_the_whole_day_before(house: House) -> None:
    go_to(house, 23)
    await house.lodge()
    go_to(house, 5, days=1)
    await house.lodge()
    go_to(house, 6, days=1)
    await worked(house)
    go_to(house, 14, days=1)
    await worked(house)
    told = [Figures.read(row.figures) for row in await all_digests(house)]
    assert [(each.on, each.counted.lodged) for each in told] == [(TODAY, 1), (TODAY + timedelta(days=1), 1)]


async def test_what_was_known_stays_as_it_was(house: House) -> None:
    await house.lodge()
    go_to(house, 14)
    await worked(house)
    before = (await all_digests(house))[0].figures
    await busy(house, 3)
    go_to(house, 22)
    await worked(house)
    first, second = await all_digests(house)
    assert first.figures == before
    assert Figures.read(second.figures).counted.lodged == 4


async def test_refunds_are_counted_with_their_median_and_what_waits_is_told(house: House) -> None:
    till, house.clock.tick = Till(house), timedelta(seconds=2)
    for state in ("settled", "settled", "awaiting_approval"):
        await till.brought_to(state)
    await busy(house, 3)
    await looked(house)
    go_to(house, 14)
    await see_to_all_clocks(house.desk)
    await worked(house)
    told = Figures.read((await all_digests(house))[0].figures)
    assert (told.counted.refunded, told.counted.paid) == (2, 2 * 12_800)
    assert told.counted.median is not None
    assert 0 < told.counted.median < 600
    assert told.counted.missed > 0
    needs = dict(told.needs)
    assert needs[Need.APPROVALS] == 1
    assert needs[Need.OVERDUE] > 0
    assert told.fund.lasts is not None
    assert (told.alerts, told.own) == ((("yellow", 1),), None)


async def test_a_lost_hand_off_an_open_incident_and_messages_of_the_gateway_wait_until_they_are_seen_to(house: House) -> None:
    till, number = Till(house), await offered(house, await partner(house, hook_url="https://p.example/a"))
    await offered(house, await partner(house))
    payout_id = await till.brought_to("arrived")
    await puzzled(house, payout_id)
    await puzzled(house)
    await house.desk.write(lost, number)
    await opened(house)
    new = {Need.HANDOFFS_LOST, Need.INCIDENTS_OPEN, Need.GATEWAY_MESSAGES}
    told = (await house.desk.read(digest_now, house.cast.ma, HOME, house.kit)).figures
    assert [need for need in told.needs if need[0] in new] == [
        (Need.HANDOFFS_LOST, 1), (Need.INCIDENTS_OPEN, 1), (Need.GATEWAY_MESSAGES, 2),
    ]  # fmt: skip
    away = (await house.desk.read(digest_now, house.cast.mona, AWAY, house.kit)).figures
    assert not new & dict(away.needs).keys()
    await led(house, number, "taken")
    told = (await house.desk.read(digest_now, house.cast.ma, HOME, house.kit)).figures
    assert Need.HANDOFFS_LOST not in dict(told.needs)


async def test_messages_of_no_payout_are_every_sites_while_none_pays_through_the_gateway(house: House) -> None:
    await puzzled(house)
    for viewer, site in ((house.cast.ma, HOME), (house.cast.mona, AWAY)):
        told = (await house.desk.read(digest_now, viewer, site, house.kit)).figures
        assert told.needs == ((Need.GATEWAY_MESSAGES, 1),)


async def test_after_downtime_only_the_newest_is_made(house: House) -> None:
    await house.lodge()
    go_to(house, 14)
    await house.desk.write(plan_digests)
    go_to(house, 15, days=3)
    await worked(house)
    assert [row.due_at for row in await all_digests(house)] == [due_at(14, days=3)]
    assert all(row.done_at for row in await house.desk.read(_jobs) if row.kind == DIGEST)


async def test_two_workers_at_once_make_it_once(house: House) -> None:
    await house.lodge()
    go_to(house, 22)
    await asyncio.gather(*(worked(house) for _ in range(4)))
    assert (len(await all_digests(house)), len(await all_digests(house, AWAY))) == (1, 1)
    assert len([row for row in await house.desk.read(_jobs) if row.kind == DIGEST]) == 2


async def test_a_worker_whose_lease_was_lost_makes_none(house: House) -> None:
    await house.lodge()
    go_to(house, 22)
    await house.desk.write(plan_digests)
    lease = await _leased(house, "one")
    await house.desk.write(_let_go)
    again = await _leased(house, "two")
    with pytest.raises(LeaseLost):
        await house.desk.write(make_digest, lease)
    assert await all_digests(house) == []
    assert await house.desk.write(make_digest, again) is not None
    assert len(await all_digests(house)) == 1


async def test_the_database_holds_one_for_each_site_and_due_time(house: House) -> None:
    await house.lodge()
    go_to(house, 22)
    await worked(house)
    with pytest.raises(IntegrityError):
        await house.desk.write(_twice, (await all_digests(house))[0].model_dump())
    assert len(await all_digests(house)) == 1


async def test_what_failed_in_the_middle_left_nothing_and_is_made_by_the_next(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    await house.lodge()
    go_to(house, 22)
    with monkeypatch.context() as broken:
        broken.setattr("desk.actions.digests.jobs.add", _fail_letters)
        with pytest.raises(RuntimeError):
            await worked(house)
    assert (await all_digests(house), await all_letters(house)) == ([], [])
    await house.desk.write(_let_go)
    await worked(house)
    assert len(await all_digests(house)) == 1


async def test_a_clock_put_back_lets_the_job_wait_and_it_is_made_then(house: House) -> None:
    await house.lodge()
    go_to(house, 14)
    await house.desk.write(plan_digests)
    lease = await _leased(house, "one")
    go_to(house, 13)
    assert await house.desk.write(make_digest, lease) is None
    go_to(house, 14)
    await worked(house)
    assert [row.due_at for row in await all_digests(house)] == [due_at(14)]


async def test_a_desk_without_times_makes_none(database_later: str) -> None:
    async with open_house(database_later) as house:
        off = replace(house.kit, digest_times=())
        await house.lodge()
        go_to(house, 22)
        await house.desk.write(lambda work: plan_digests(replace(work, kit=off)))
        assert await house.desk.read(_jobs) == []


async def test_those_on_duty_are_told_else_the_managers_and_who_left_no_address_is_named(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    await reached_at(house, house.cast.olga, "olga@site.example")
    await put_on(house, "Olga", TODAY)
    await put_on(house, "Chen", TODAY)
    await house.lodge()
    postman = Postman(SENT)
    go_to(house, 14)
    await worked(house, postman)
    assert [letter.to for letter in postman.letters] == ["olga@site.example"]
    assert [(row.state, row.why) for row in await all_letters(house)] == [("sent", None), ("dropped", "no_address")]
    go_to(house, 14, days=1)
    await house.lodge()
    await worked(house, postman)
    assert [row.told for row in await all_digests(house)] == ["roster", "managers"]
    assert [letter.to for letter in postman.letters] == ["olga@site.example", "ma@site.example"]


@pytest.mark.parametrize("gone", ["disabled", "elsewhere"])
async def test_whoever_is_gone_is_not_told_and_the_managers_are(house: House, gone: str) -> None:
    await put_on(house, "Olga", TODAY)
    await reached_at(house, house.cast.olga, "olga@site.example")
    await reached_at(house, house.cast.ma, "ma@site.example")
    if gone == "disabled":
        await house.desk.write(disable_officer, OPERATOR, "Olga")
    else:
        await house.desk.write(change_roles, OPERATOR, "Olga", [Post(Role.INTAKE, AWAY)])
    await house.lodge(house.cast.otto)
    go_to(house, 14)
    postman = Postman(SENT)
    await worked(house, postman)
    assert [letter.to for letter in postman.letters] == ["ma@site.example"]
    assert (await all_digests(house))[0].told == "managers"


async def test_a_quiet_digest_is_kept_and_goes_to_nobody(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    go_to(house, 14)
    postman = Postman(SENT)
    await worked(house, postman)
    assert ([row.quiet for row in await all_digests(house)], postman.letters) == ([True], [])


async def test_a_letter_is_tried_again_until_a_newer_digest_is_there(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    await house.lodge()
    go_to(house, 14)
    postman = Postman(LATER)
    await worked(house, postman)
    (row,) = await all_letters(house)
    assert (row.state, row.tries, row.why) == ("waiting", 1, "timeout")
    go_to(house, 14, 3)
    await worked(house, postman)
    assert [letter.name for letter in postman.letters] == [f"desk-{row.id}"] * 2
    go_to(house, 22)
    postman.words = [SENT]
    await worked(house, postman)
    old, new = await all_letters(house)
    assert (old.state, old.tries, new.state) == ("given_up", 2, "sent")


async def test_an_address_that_was_taken_back_gets_nothing(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    await house.lodge()
    go_to(house, 14)
    await worked(house, letters=False)
    await reached_at(house, house.cast.ma, "")
    await house.desk.write(_let_go)
    postman = Postman(SENT)
    await worked(house, postman)
    assert ([row.why for row in await all_letters(house)], postman.letters) == (["no_address"], [])


async def test_whoever_left_the_site_since_it_was_made_gets_nothing(house: House) -> None:
    await reached_at(house, house.cast.olga, "olga@site.example")
    await put_on(house, "Olga", TODAY)
    await house.lodge()
    go_to(house, 14)
    await worked(house, letters=False)
    await house.desk.write(change_roles, OPERATOR, "Olga", [Post(Role.INTAKE, AWAY)])
    await house.desk.write(_let_go)
    postman = Postman(SENT)
    await worked(house, postman)
    assert ([(row.state, row.why) for row in await all_letters(house)], postman.letters) == ([("dropped", "no_address")], [])


async def test_the_hook_gets_it_too_where_one_is_set(database_later: str) -> None:
    async with open_house(database_later, courier=BOTH) as house:
        await reached_at(house, house.cast.ma, "ma@site.example")
        await house.lodge()
        go_to(house, 14)
        postman = Postman(SENT)
        await worked(house, postman)
        assert [(letter.carrier, letter.to) for letter in postman.letters] == [
            (Carrier.MAIL, "ma@site.example"), (Carrier.HOOK, HOME),
        ]  # fmt: skip


async def test_a_mail_reaches_the_server_with_sentence_and_address_and_no_visitor(house: House) -> None:
    await reached_at(house, house.cast.ma, "ma@site.example")
    reference = (await house.lodge()).reference
    go_to(house, 14)
    async with fake_smtp() as server:
        ways = Ways((Relay("127.0.0.1", server.port, tls_at_once=False), "desk@site.example"))
        async with open_couriers(ways, lambda: datetime.now(UTC)) as courier:
            await worked(house, courier)
    (mail,) = server.mails
    assert (mail.sender, mail.to) == ("desk@site.example", "ma@site.example")
    assert "简报（Digest）2026年9月8日星期二 14:00" in mail.message["Subject"]
    for said in ("今天登记 1 件", "Claims lodged today: 1", "https://desk.example/desk/digests/huangshan"):
        assert said in mail.text
    for kept_back in ("王小薇", "13800138000", "云海茶庄", reference):
        assert kept_back not in mail.text
    assert [(row.state, row.tries) for row in await all_letters(house)] == [("sent", 1)]


async def _leased(house: House, worker: str) -> Lease:
    """The job of Huangshan's digest, in this worker's hands."""
    taken, mine = await house.desk.write(lease_jobs, worker, 16), str(house.cast.sites[HOME])
    return next(one for one in taken if one.kind == DIGEST and one.payload["site"] == mine)


def _let_go(work: Work) -> None:
    past = "'2020-01-01T00:00:00.000000Z'" if work.conn.dialect.name == "sqlite" else "now() - interval '1 second'"
    work.conn.execute(text(f"UPDATE job SET leased_until = {past} WHERE leased_until IS NOT NULL"))


def _twice(work: Work, row: dict[str, Any]) -> None:
    digests.add(work, {**row, "id": work.kit.lots.number()}, [])


def _fail_letters(*told: object) -> None:
    if told[1] == LETTER:
        raise RuntimeError
    ADD(*told)
