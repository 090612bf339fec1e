"""Withdrawals of before find their entry in the chain, and the merchant they gave back to where one is certain."""

from typing import Any

import pytest
from sqlalchemy import text

from desk.actions import fund
from desk.domain.fund import Source
from desk.domain.money import Money
from desk.ports import Work
from desk.reads.verify import verify
from desk.store.migrations import current, head
from desk.store.tables import WithdrawalRow
from tests.builders import House, open_house
from tests.house.test_messages_migration import moved, shown
from tests.till import Till

KEPT = "SELECT id, payer, amount_minor, approved_by, entry_id, respondent_id FROM withdrawal ORDER BY id"
UNTOLD = "UPDATE withdrawal SET note = 'x'"


async def given_back(house: House) -> None:
    """One withdrawal to the site that was agreed to, one that waits, and one that waits to go back to a merchant."""
    write, cast = house.desk.write, house.cast
    await Till(house).brought_to("settled")
    await write(_paid_in_error)
    done = await write(fund.propose_withdrawal, cast.ma, "huangshan", Money(500, "CNY"), Source.SITE, "退回景区")
    await write(fund.approve_withdrawal, cast.chen, "huangshan", done.row.id)
    await write(fund.propose_withdrawal, cast.ma, "huangshan", Money(600, "CNY"), Source.SITE, "待复核")
    named = text("SELECT id FROM respondent WHERE name = '云海茶庄'")
    merchant = await house.desk.read(lambda conn: conn.execute(named).scalar_one())
    back = (Money(100, "CNY"), Source.RECOVERED_IN_ERROR, "退还云海茶庄", merchant)
    await write(fund.propose_withdrawal, cast.ma, "huangshan", *back)


def _paid_in_error(work: Work) -> None:
    changes = "state = 'returned', recovered_minor = 100, returned_minor = amount_minor - 100, ended_at = opened_at"
    work.conn.execute(text(f"UPDATE recovery SET {changes}"))


async def test_withdrawals_outlast_the_way_there_and_back_with_entry_and_merchant(database: str) -> None:
    async with open_house(database) as house:
        await given_back(house)
    before = shown(database, KEPT)
    assert [(row[1], row[4] is not None, row[5] is not None) for row in before] == [
        ("site", True, False), ("site", False, False), ("recovered_in_error", False, True),
    ]  # fmt: skip
    moved(database, "downgrade", "0015")
    moved(database, "upgrade", "head")
    assert (shown(database, KEPT), current(database)) == (before, head())
    async with open_house(database, furnish=False) as house:
        report = await house.desk.read(verify, house.kit)
    assert {finding.id for finding in report.invariants if not finding.ok}.isdisjoint({"I04", "I32"})


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain as it was before this revision: it names no merchant."""
    full = fund._told

    def without(row: WithdrawalRow) -> dict[str, Any]:
        return {name: said for name, said in full(row).items() if name != "respondent"}

    monkeypatch.setattr(fund, "_told", without)


@pytest.mark.usefixtures("untold")
async def test_the_merchant_whom_no_chain_names_is_the_only_one_who_had_paid(database: str) -> None:
    async with open_house(database) as house:
        await given_back(house)
    before = shown(database, KEPT)
    moved(database, "downgrade", "0015", UNTOLD)
    moved(database, "upgrade", "head")
    assert shown(database, KEPT) == before


@pytest.mark.usefixtures("untold")
async def test_where_nothing_names_the_merchant_the_upgrade_stops_and_the_note_helps(database: str) -> None:
    async with open_house(database) as house:
        await given_back(house)
    moved(database, "downgrade", "0015", UNTOLD)
    another = "SELECT 7, site_id, '丝绸店', '丝绸店', kind, in_reach, added_at FROM respondent WHERE name = '云海茶庄'"
    for change in ("UPDATE recovery SET respondent_id = NULL", f"INSERT INTO respondent {another}"):
        moved(database, "downgrade", "0015", change)
    with pytest.raises(RuntimeError, match="write the merchant's name into its note"):
        moved(database, "upgrade", "head")
    assert current(database) == "0015"
    moved(database, "downgrade", "0015", "UPDATE withdrawal SET note = '退给丝绸店'")
    moved(database, "upgrade", "head")
    assert [row[5] for row in shown(database, KEPT)] == [None, None, 7]
