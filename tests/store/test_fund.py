"""The books in the database itself: floors, append-only rows, and posters who drain a fund at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from desk.domain.errors import FundInsufficient
from desk.domain.fund import OWED, EntryKind, Posting, kind_of, out_of_balance, postings
from desk.ports import Work
from desk.store import fund, sites
from desk.store.engines import is_sqlite, plain_engine
from desk.store.fund import Booked
from desk.store.tables import SiteRow
from tests.builders import MORNING, House, all_of, open_house

FIRST = 10_000_000
"""What a test house's fund begins with: 100 000.00 CNY from the site."""


@pytest.fixture
def database(database_later: str) -> str:
    """On SQLite before each landing, on PostgreSQL in the gate."""
    return database_later


@pytest.fixture
async def house(database: str) -> AsyncIterator[House]:
    """A desk on either engine."""
    async with open_house(database) as opened:
        yield opened


@contextmanager
def raw(database: str) -> Iterator[Connection]:
    """A connection that knows nothing of our actions, as a careless shell would have."""
    engine = plain_engine(database)
    with engine.begin() as conn:
        yield conn
    engine.dispose()


def posted(work: Work, /, site_id: int, kind: str, amount: int, **whose: Any) -> int:  # noqa: ANN401 - payer or respondent
    """Post an entry of this kind at a site; its id."""
    site, entry = sites.get(work.conn, site_id), EntryKind(kind)
    return fund.post(work, site, entry, postings(entry, amount, **whose))


async def post(house: House, kind: str, amount: int, **whose: Any) -> int:  # noqa: ANN401 - payer or respondent
    """Post at Huangshan, in a transaction of its own."""
    return await house.desk.write(posted, house.cast.sites["huangshan"], kind, amount, **whose)


async def balances(house: House) -> dict[str, int]:
    """What stands on Huangshan's accounts."""
    return await house.desk.read(fund.balances, house.cast.sites["huangshan"], "CNY")


def recomputed(conn: Connection, site_id: int) -> dict[str, int]:
    """The same from the postings alone, with nobody's help."""
    query = text(
        "SELECT a.name, sum(CASE WHEN p.debit_id = a.id THEN p.amount_minor ELSE -p.amount_minor END) AS minor"
        " FROM fund_account a JOIN fund_posting p ON a.id IN (p.debit_id, p.credit_id) WHERE a.site_id = :site GROUP BY a.name"
    )
    rows = conn.execute(query, {"site": site_id})
    return {row.name: int(row.minor) * (-1 if kind_of(row.name) in OWED else 1) for row in rows}


def counted(conn: Connection) -> tuple[int, ...]:
    """How many entries, postings and accounts there are."""
    tables = ("fund_entry", "fund_posting", "fund_account")
    return tuple(int(conn.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()) for table in tables)


async def test_a_whole_year_of_money_stands_as_its_postings_say(house: House) -> None:
    await post(house, "top_up", 5_000, payer="insurance")
    await post(house, "withdrawal", 2_000, payer="site")
    for kind in ("payout_proposed", "payout_sent", "payout_never_left", "payout_sent"):
        await post(house, kind, 900)
    await post(house, "payout_settled", 900, respondent=17)
    await post(house, "recovered", 300, respondent=17)
    await post(house, "deposit_paid_in", 700, respondent=17)
    await post(house, "deposit_used", 250, respondent=17)
    await post(house, "written_off", 350, respondent=17)
    await post(house, "recovered_after_write_off", 50)
    await post(house, "deposit_paid_back", 450, respondent=17)
    stands, site_id = await balances(house), house.cast.sites["huangshan"]
    assert stands == {
        "available": FIRST + 5_000 - 2_000 - 900 + 300 + 250 + 50, "reserved": 0, "in_transit": 0, "written_off": 300,
        "receivable:17": 0, "deposit:17": 0, "deposit_held": 0, "source:site": FIRST - 2_000, "source:insurance": 5_000,
    }  # fmt: skip
    assert await house.desk.read(recomputed, site_id) == stands
    assert out_of_balance(stands) == 0
    assert (await house.desk.read(fund.totals, site_id, "CNY", [EntryKind.DEPOSIT_USED]))["deposit_used"] == 500
    assert await house.desk.read(fund.balances, house.cast.sites["gulangyu"], "CNY") == {"available": FIRST, "source:site": FIRST}


@pytest.mark.parametrize(
    ("kind", "amount", "whose"),
    [
        ("withdrawal", FIRST + 1, {"payer": "site"}), ("payout_proposed", FIRST + 1, {}), ("payout_sent", 1, {}),
        ("payout_cancelled", 1, {}), ("payout_settled", 1, {"respondent": 17}), ("recovered", 1, {"respondent": 17}),
        ("deposit_paid_back", 1, {"respondent": 17}), ("deposit_used", 1, {"respondent": 17}),
        ("written_off", 1, {"respondent": 17}),
    ],
)  # fmt: skip
async def test_an_entry_that_would_take_what_is_not_there_leaves_nothing_behind(
    house: House, kind: str, amount: int, whose: Mapping[str, Any]
) -> None:
    before = [await balances(house), await house.desk.read(counted)]
    with pytest.raises(FundInsufficient):
        await post(house, kind, amount, **whose)
    assert [await balances(house), await house.desk.read(counted)] == before


async def test_all_that_is_there_can_be_taken(house: House) -> None:
    await post(house, "withdrawal", FIRST, payer="site")
    assert await balances(house) == {"available": 0, "source:site": 0}


async def test_a_source_may_be_given_back_more_than_it_gave(house: House) -> None:
    await post(house, "withdrawal", 500, payer="government")
    stands = await balances(house)
    assert (stands["source:government"], out_of_balance(stands)) == (-500, 0)


@pytest.mark.parametrize("name", ["available", "reserved", "in_transit", "deposit_held", "receivable:17", "deposit:17"])
async def test_the_database_itself_keeps_an_account_from_falling_below_zero(house: House, database: str, name: str) -> None:
    site_id = house.cast.sites["huangshan"]
    opened = {"id": fund.account_id(site_id, "CNY", name), "site": site_id, "name": name}
    insert = "INSERT INTO fund_account (id, site_id, currency, name, balance_minor) VALUES (:id, :site, 'CNY', :name, {})"
    with raw(database) as conn:
        if name != "available":
            conn.execute(text(insert.format(0)), opened)
    with pytest.raises(IntegrityError, match="floor"), raw(database) as conn:
        conn.execute(text("UPDATE fund_account SET balance_minor = -1 WHERE id = :id"), {"id": opened["id"]})
    with pytest.raises(IntegrityError, match="floor"), raw(database) as conn:
        conn.execute(text(insert.format(-1)), {**opened, "id": 7, "site": house.cast.sites["gulangyu"]})


@pytest.mark.parametrize("name", ["written_off", "source:site", "source:recovered_in_error"])
async def test_and_lets_those_of_the_spec_fall(house: House, database: str, name: str) -> None:
    values = {"id": 7, "site": house.cast.sites["huangshan"], "name": name}
    with raw(database) as conn:
        conn.execute(text("INSERT INTO fund_account SELECT 8, :site, 'JPY', :name, -1"), {**values, "id": 8})
        assert conn.execute(text("SELECT balance_minor FROM fund_account WHERE id = 8")).scalar_one() == -1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fund_entry SET note = 'x'", "UPDATE fund_entry SET id = id", "DELETE FROM fund_entry",
        "UPDATE fund_posting SET amount_minor = 1", "UPDATE fund_posting SET position = position", "DELETE FROM fund_posting",
        "DELETE FROM fund_posting WHERE position = 0",
    ],
)  # fmt: skip
async def test_entries_and_postings_are_never_changed_whoever_connects(house: House, database: str, statement: str) -> None:
    before = [await house.desk.read(recomputed, house.cast.sites["huangshan"]), await house.desk.read(counted)]
    with pytest.raises(DBAPIError, match="the books are never changed"), raw(database) as conn:
        conn.execute(text(statement))
    assert [await house.desk.read(recomputed, house.cast.sites["huangshan"]), await house.desk.read(counted)] == before


ROUND_THE_GUARD = {
    True: [
        "INSERT OR REPLACE INTO fund_entry SELECT * FROM fund_entry",
        "REPLACE INTO fund_posting SELECT id, entry_id, position, debit_id, credit_id, 1 FROM fund_posting",
        "REPLACE INTO fund_posting SELECT id + 1, entry_id, position, debit_id, credit_id, 1 FROM fund_posting",
        "UPDATE OR REPLACE fund_entry SET id = (SELECT max(id) FROM fund_entry)",
    ],
    False: ["TRUNCATE fund_posting", "TRUNCATE fund_entry CASCADE", "TRUNCATE site CASCADE"],
}
"""Ways past a trigger on UPDATE and DELETE, on SQLite and on PostgreSQL."""


async def test_nor_replaced_nor_swept_away(house: House, database: str) -> None:
    before = [await house.desk.read(recomputed, house.cast.sites["huangshan"]), await house.desk.read(counted)]
    for statement in ROUND_THE_GUARD[is_sqlite(database)]:
        with pytest.raises(DBAPIError, match="never changed"), raw(database) as conn:
            conn.execute(text(statement))
    assert [await house.desk.read(recomputed, house.cast.sites["huangshan"]), await house.desk.read(counted)] == before


@pytest.mark.parametrize(
    "columns",
    [
        {"amount_minor": "0"}, {"amount_minor": "-1"}, {"credit_id": "debit_id"}, {"entry_id": "7"}, {"debit_id": "7"},
        {"position": "0"}, {"amount_minor": "NULL"},
    ],
)  # fmt: skip
async def test_a_line_that_cannot_be_is_refused_by_the_database(house: House, database: str, columns: dict[str, str]) -> None:
    assert house.cast.sites
    like = {name: name for name in ("entry_id", "debit_id", "credit_id", "amount_minor")} | {"id": "1", "position": "9"}
    names, values = ", ".join(like), ", ".join((like | columns).values())
    with pytest.raises(IntegrityError), raw(database) as conn:
        conn.execute(text(f"INSERT INTO fund_posting ({names}) SELECT {values} FROM fund_posting LIMIT 1"))


async def test_an_entry_is_corrected_once_at_most(house: House, database: str) -> None:
    wrong = await post(house, "top_up", 1, payer="site")
    again = (
        "INSERT INTO fund_entry (id, site_id, currency, kind, corrects_id, posted_at)"
        " SELECT {}, site_id, currency, 'withdrawal', id, posted_at FROM fund_entry WHERE id = :wrong"
    )
    with raw(database) as conn:
        conn.execute(text(again.format(1)), {"wrong": wrong})
    with pytest.raises(IntegrityError), raw(database) as conn:
        conn.execute(text(again.format(2)), {"wrong": wrong})


@pytest.mark.parametrize(
    "columns", [{"approved_by": "proposed_by"}, {"approved_at": "NULL"}, {"approved_by": "NULL"}, {"amount_minor": "0"}]
)
async def test_a_withdrawal_takes_two_persons_in_the_database_too(house: House, database: str, columns: dict[str, str]) -> None:
    cast = house.cast
    row = {
        "id": "1", "site_id": str(cast.sites["huangshan"]), "amount_minor": "1", "currency": "'CNY'", "payer": "'site'",
        "note": "'x'", "proposed_by": str(cast.ma.id), "proposed_at": "added_at", "approved_by": str(cast.chen.id),
        "approved_at": "added_at",
    }  # fmt: skip
    insert = "INSERT INTO withdrawal ({}) SELECT {} FROM officer WHERE id = {}"
    row |= {name: row.get(value, value) for name, value in columns.items()}
    with pytest.raises(IntegrityError), raw(database) as conn:
        conn.execute(text(insert.format(", ".join(row), ", ".join(row.values()), cast.ma.id)))


async def test_two_who_drain_a_fund_together_take_what_is_there_and_no_more(house: House, database: str) -> None:
    site_id, each = house.cast.sites["huangshan"], 700_000

    def drain() -> int:
        engine, taken = plain_engine(database), 0
        site = _site(database, site_id)
        with engine.connect() as conn:
            while True:
                try:
                    with conn.begin():
                        work = Work(conn, MORNING, house.kit)
                        fund.post(work, site, EntryKind.WITHDRAWAL, postings(EntryKind.WITHDRAWAL, each, payer="site"))
                except FundInsufficient:
                    engine.dispose()
                    return taken
                taken += 1

    taken = await asyncio.gather(asyncio.to_thread(drain), asyncio.to_thread(drain))
    stands = await balances(house)
    assert (sum(taken), stands["available"]) == (FIRST // each, FIRST % each)
    assert await house.desk.read(recomputed, site_id) == stands
    assert out_of_balance(stands) == 0


async def test_many_who_open_one_account_at_once_all_pay_in(house: House) -> None:
    done = await all_of(*(post(house, "top_up", 100, payer="penalty") for _ in range(8)))
    assert len({*done}) == 8
    assert (await balances(house))["source:penalty"] == 800


async def test_posters_whose_accounts_cross_do_not_block_each_other(house: House) -> None:
    await post(house, "payout_proposed", 500)
    acts = [post(house, kind, 10) for kind in ("payout_proposed", "payout_cancelled", "payout_sent") for _ in range(8)]
    done = await all_of(*acts)
    assert [one for one in done if isinstance(one, BaseException)] == []
    assert out_of_balance(await balances(house)) == 0


async def test_parts_of_a_bank_return_go_where_the_money_had_gone(house: House) -> None:
    for kind, whose in (("payout_proposed", {}), ("payout_sent", {}), ("payout_settled", {"respondent": 17})):
        await post(house, kind, 900, **whose)
    await post(house, "recovered", 300, respondent=17)
    await post(house, "written_off", 200, respondent=17)
    back = {"receivable:17": 400, "source:recovered_in_error": 300, "written_off": 200}
    lines = tuple(Posting("available", credit, minor) for credit, minor in back.items())

    def returned(work: Work) -> None:
        site = sites.get(work.conn, house.cast.sites["huangshan"])
        fund.post(work, site, EntryKind.PAYOUT_RETURNED, lines, Booked(note="returned"))

    await house.desk.write(returned)
    stands = await balances(house)
    assert (stands["available"], stands["receivable:17"], stands["written_off"]) == (FIRST + 300, 0, 0)
    assert (stands["source:recovered_in_error"], out_of_balance(stands)) == (300, 0)


def _site(database: str, site_id: int) -> SiteRow:
    with raw(database) as conn:
        return sites.get(conn, site_id)
