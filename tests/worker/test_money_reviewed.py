"""What a hostile reader found in the paying, each as a test: words that contradict, stale evidence, payouts left alone."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, select

from desk.actions import payout_words
from desk.actions.facts import COMPLETABLE
from desk.actions.jobs import drop_job
from desk.actions.officers import disable_officer
from desk.actions.payout_words import Message, hear_message
from desk.actions.payouts import SEND
from desk.domain.claim import Answer, State
from desk.domain.errors import PayoutExists, SecondOfficerNeeded
from desk.domain.payout import Heard
from desk.ports import Word
from desk.reads.verify import verify
from desk.store.tables import metadata
from desk.worker.timetable import look_after_payouts
from tests.builders import House, open_house
from tests.cast import OPERATOR
from tests.till import Till, jobs_of

NOTICE = metadata.tables["notice"]


@pytest.fixture
def database(database_later: str) -> str:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    return database_later


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A furnished desk on either engine."""
    async with open_house(database) as opened:
        yield opened


async def open_notices(house: House) -> list[str]:
    """What a manager must look at, by kind."""
    return await house.desk.read(_open)


def _open(conn: Connection) -> list[str]:
    return sorted(conn.execute(select(NOTICE.c.kind).where(NOTICE.c.closed_at.is_(None))).scalars())


async def said(house: House, payout_id: int, kind: str, number: int = 1) -> str:
    """Let a message of the gateway arrive."""
    row = await Till(house).payout(payout_id)
    told = Message(f"msg-{payout_id}-{number}", f"payout.{kind}", row.key, row.amount_minor, row.currency, "gw-9")
    return await house.desk.write(hear_message, told)


async def test_a_key_that_may_have_left_is_not_sent_once_the_gateway_has_forgotten_it(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    for _ in range(2):
        house.clock.go(seconds=31)
        await till.asked(payout_id, "never_seen")
    assert (await till.payout(payout_id)).state == "sending"
    house.clock.go(hours=60)
    assert await house.desk.write(payout_words.begin_send, await till.lease(SEND), payout_id) is None
    assert (await till.payout(payout_id)).state == "unknown"


async def test_what_an_officer_said_before_a_new_send_counts_for_nothing(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    await till.resolve(payout_id, "failed", house.cast.ma)
    for _ in range(2):
        house.clock.go(seconds=31)
        await till.asked(payout_id, "never_seen")
    report = await house.desk.read(verify, house.kit)
    assert next(finding for finding in report.invariants if finding.id == "I18").ok
    await till.called(payout_id, "unclear")
    assert (await till.resolve(payout_id, "failed", house.cast.cai)).state == "unknown"
    assert (await till.resolve(payout_id, "failed", house.cast.ma)).state == "failed"


async def test_nor_does_the_word_of_one_who_may_no_longer_give_it(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    await till.resolve(payout_id, "settled", house.cast.cai)
    await house.desk.write(disable_officer, OPERATOR, "Cai")
    assert (await till.resolve(payout_id, "settled", house.cast.ma)).state == "unknown"


async def test_an_answer_that_contradicts_a_message_is_not_thrown_away(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    held = await till.lease(SEND)
    assert await house.desk.write(payout_words.begin_send, held, payout_id)
    assert await said(house, payout_id, "failed") == "moved"
    await house.desk.write(payout_words.end_send, held, payout_id, Word(Heard.SETTLED, "gw-1"))
    assert ((await till.payout(payout_id)).state, await open_notices(house)) == ("failed", ["gateway_contradicts"])


@pytest.mark.parametrize("state", ["cancelled", "failed"])
async def test_a_message_of_money_that_the_books_say_never_left_is_told_the_manager(house: House, state: str) -> None:
    till = Till(house)
    reference = await till.agreed()
    payout_id = (await till.propose(reference, method="transfer")).payout.id
    if state == "cancelled":
        await till.cancel(payout_id)
    else:
        await till.send(payout_id)
        await till.called(payout_id, "failed")
    assert await said(house, payout_id, "settled") == "late"
    assert ((await till.payout(payout_id)).state, await open_notices(house)) == (state, ["gateway_contradicts"])


async def test_an_answer_may_still_go_further_than_a_message_did(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    held = await till.lease(SEND)
    assert await house.desk.write(payout_words.begin_send, held, payout_id)
    assert await said(house, payout_id, "awaiting_visitor") == "moved"
    await house.desk.write(payout_words.end_send, held, payout_id, Word(Heard.SETTLED, "gw-1"))
    assert ((await till.payout(payout_id)).state, await open_notices(house)) == ("settled", [])


async def test_new_findings_void_an_approval(house: House) -> None:
    till = Till(house)
    reference = await till.agreed(asked="300.00")
    payout_id = (await till.propose(reference)).payout.id
    await till.approve(payout_id)
    version = await house.assess(reference, not_at_fault=Answer.NO)
    assert version == (await house.claim(reference)).version
    row = await till.payout(payout_id)
    assert (row.state, row.approved_by) == ("awaiting_approval", None)
    with pytest.raises(SecondOfficerNeeded):
        await till.send(payout_id)


async def test_what_was_refunded_is_not_agreed_to_be_refunded_again(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("settled")
    reference = (await house.desk.read(_reference, payout_id)) or ""
    await house.reopen(reference)
    await house.assess(reference)
    with pytest.raises(PayoutExists):
        await house.confirm(reference, "fast_refund")
    assert State((await house.claim(reference)).state) in COMPLETABLE


def _reference(conn: Connection, payout_id: int) -> str | None:
    claim, payout = metadata.tables["claim"], metadata.tables["payout"]
    joined = select(claim.c.reference).join(payout, payout.c.claim_id == claim.c.id)
    return conn.execute(joined.where(payout.c.id == payout_id)).scalar()


async def test_a_payout_whose_job_was_set_aside_is_asked_for_again(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    await house.desk.write(drop_job, await till.lease(SEND))
    await look_after_payouts(house.desk)
    assert (await till.payout(payout_id)).state == "unknown"
    house.clock.go(seconds=3)
    held = await till.lease(payout_words.QUERY)
    await house.desk.write(drop_job, held)
    for _ in range(2):
        await look_after_payouts(house.desk)
    assert [kind for kind, done in await house.desk.read(jobs_of) if not done].count("query_payout") == 2, "one aside, one new"
    await till.asked(payout_id, "settled")
    assert (await till.payout(payout_id)).state == "settled"


async def test_the_manager_is_told_of_an_unknown_payout_though_nobody_can_ask(house: House) -> None:
    payout_id = await Till(house).brought_to("unknown")
    house.clock.go(minutes=16)
    await look_after_payouts(house.desk)
    assert await open_notices(house) == ["payout_unknown"]
    assert (await Till(house).payout(payout_id)).state == "unknown"


async def test_a_notice_ends_with_what_it_told_of(house: House) -> None:
    till = Till(house)
    payout_id = await till.brought_to("sending")
    house.clock.go(minutes=16)
    await till.called(payout_id, "never_left")
    assert await open_notices(house) == ["payout_stuck"]
    await till.send(payout_id)
    await till.called(payout_id, "failed")
    assert await open_notices(house) == []


@pytest.mark.parametrize(("minor", "currency"), [(12_801, "CNY"), (12_799, None), (None, "USD"), (1, "CNY")])
async def test_an_answer_about_another_amount_settles_nothing(house: House, minor: int | None, currency: str | None) -> None:
    till = Till(house)
    payout_id = await till.brought_to("unknown")
    for heard in ("settled", "failed", "awaiting_visitor"):
        house.clock.go(seconds=61)
        await till.asked(payout_id, heard, amount_minor=minor, currency=currency)
        assert (await till.payout(payout_id)).state == "unknown"
    assert (await till.balances())["in_transit"] == 12_800
    house.clock.go(minutes=15)
    await till.asked(payout_id, "settled", amount_minor=minor, currency=currency)
    assert await open_notices(house) == ["payout_unknown"]
    house.clock.go(seconds=61)
    await till.asked(payout_id, "settled", amount_minor=12_800, currency="CNY")
    assert ((await till.payout(payout_id)).state, await open_notices(house)) == ("settled", [])
