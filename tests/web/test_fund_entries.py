"""The entries of a fund as a list and as CSV: every line, newest first, page by page, and no cell that is a formula."""

import csv
import io
from typing import Any

import pytest

from desk.ports import Work
from tests.store.test_fund import balances, post, posted
from tests.till import Till
from tests.web.front import Front, flaw, problem, yuan

FUND = "/api/v1/sites/huangshan/fund"
COLUMNS = ["entry", "at", "kind", "debit", "credit", "amount", "currency", "reference", "by", "note"]


async def listed(front: Front, by: str = "ma", **query: Any) -> Any:  # noqa: ANN401 - the JSON
    """A page of entries."""
    answer = await front.call("GET", f"{FUND}/entries", by, params=query)
    assert answer.status_code == 200
    return answer.json()


async def sheet(front: Front, by: str = "ma") -> list[list[str]]:
    """The CSV as a spreadsheet reads it, without its head."""
    answer = await front.call("GET", f"{FUND}/entries.csv", by)
    assert answer.status_code == 200
    head, *lines = csv.reader(io.StringIO(answer.content.decode("utf-8"), newline=""), strict=True)
    assert head == COLUMNS
    return lines


async def noted(front: Front, note: str) -> None:
    """A top-up with this note."""
    body = {"amount": yuan("1.00"), "source": "penalty", "note": note}
    assert (await front.call("POST", f"{FUND}/top-ups", "ma", json=body)).status_code == 201


async def many(front: Front, number: int) -> None:
    """So many top-ups of 0.01, in one transaction."""

    def pay_in(work: Work) -> None:
        for _ in range(number):
            posted(work, front.house.cast.sites["huangshan"], "top_up", 1, payer="penalty")

    await front.house.desk.write(pay_in)


async def test_entries_are_listed_newest_first_with_their_lines(till: Front) -> None:
    payout = await Till(till.house).brought_to("settled")
    await noted(till, "罚款")
    await post(till.house, "deposit_paid_in", 500, respondent=17)
    entries = (await listed(till))["entries"]
    assert [entry["kind"] for entry in entries][:2] == ["deposit_paid_in", "top_up"]
    assert [entry["kind"] for entry in entries][2:] == ["payout_settled", "payout_sent", "payout_proposed", "top_up"]
    penalty, settled, first = entries[1], entries[2], entries[-1]
    assert penalty["lines"] == [{"debit": "available", "credit": "source:penalty", "amount": yuan("1.00")}]
    assert (penalty["by"], penalty["note"], penalty["reference"]) == ("Ma", "罚款", None)
    assert (first["by"], first["note"]) == (None, "first money of huangshan")
    (line,) = settled["lines"]
    assert (line["debit"].partition(":")[0], line["credit"], line["amount"]) == ("receivable", "in_transit", yuan("128.00"))
    claim = (await till.call("GET", f"/api/v1/payouts/{payout}", "ma")).json()["reference"]
    assert {entry["reference"] for entry in entries[2:5]} == {claim}
    assert all(entry["at"].startswith("2026-09-08T09:3") and entry["at"].endswith("+08:00") for entry in entries)


async def test_an_entry_of_two_lines_shows_both_in_their_order(till: Front) -> None:
    await Till(till.house).brought_to("settled")
    (owing,) = [name for name in await balances(till.house) if name.startswith("receivable:")]
    respondent = int(owing.partition(":")[2])
    await post(till.house, "deposit_paid_in", 500, respondent=respondent)
    await post(till.house, "deposit_used", 200, respondent=respondent)
    newest = (await listed(till, limit=1))["entries"][0]
    both = [(f"deposit:{respondent}", "deposit_held"), ("available", owing)]
    assert [(line["debit"], line["credit"]) for line in newest["lines"]] == both
    assert [row[3:6] for row in (await sheet(till))[:2]] == [[*accounts, "2.00"] for accounts in both]


async def test_a_page_goes_on_where_the_last_one_ended_while_money_moves(till: Front) -> None:
    await many(till, 6)
    everything = [entry["id"] for entry in (await listed(till))["entries"]]
    found, cursor, query = [], None, {"limit": 3}
    for place in range(3):
        answer = await till.call("GET", f"{FUND}/entries", "chen", params={**query, **({"cursor": cursor} if cursor else {})})
        found += [entry["id"] for entry in answer.json()["entries"]]
        cursor = answer.json()["next"]
        assert ("next" in answer.links) is (cursor is not None)
        if place == 0:
            await many(till, 2)
    assert (found, cursor, len(found)) == (everything, None, 7)
    assert await listed(till, cursor="MQ") == {"entries": [], "next": None}


@pytest.mark.parametrize("route", ["entries", "withdrawals"])
@pytest.mark.parametrize(
    ("query", "refused", "at"),
    [
        ({"limit": "0"}, (422, "bad_input"), ("/limit", "too_small")),
        ({"limit": "101"}, (422, "bad_input"), ("/limit", "too_large")),
        ({"cursor": "A" * 201}, (422, "bad_input"), ("/cursor", "too_long")),
        ({"cursor": "x"}, (422, "bad_input"), ("/cursor", "bad_cursor")),
        ({"cursor": "fDE"}, (422, "bad_input"), ("/cursor", "bad_cursor")),
        ({"cursor": "é"}, (422, "bad_input"), ("/cursor", "bad_cursor")),
        ({"cursor": "\0"}, (422, "bad_input"), ("/cursor", "bad_characters")),
        ({"before": "1"}, (400, "bad_input"), ("/before", "unknown_parameter")),
    ],
)
async def test_a_list_is_asked_for_within_its_limits(
    sqlite_front: Front, route: str, query: dict[str, str], refused: tuple[int, str], at: tuple[str, str]
) -> None:
    answer = await sqlite_front.call("GET", f"{FUND}/{route}", "ma", params=query)
    assert (problem(answer), flaw(answer)) == (refused, at)
    assert (await sqlite_front.call("GET", f"{FUND}/{route}", "ma", params={"limit": "100"})).status_code == 200


async def test_the_csv_has_a_row_for_every_line_however_many_pages_that_is(till: Front) -> None:
    await many(till, 207)
    await noted(till, '罚款,"一"\n第二行')
    rows = await sheet(till)
    pages: list[Any] = []
    cursor = None
    while cursor or not pages:
        page = await listed(till, limit=100, **({"cursor": cursor} if cursor else {}))
        pages, cursor = [*pages, *page["entries"]], page["next"]
    assert [row[0] for row in rows] == [entry["id"] for entry in pages for _ in entry["lines"]]
    assert (len(rows), len({row[0] for row in rows})) == (209, 209)
    newest = pages[0]
    assert rows[0] == [
        newest["id"], newest["at"], "top_up", "available", "source:penalty", "1.00", "CNY", "", "Ma", '罚款,"一"\n第二行'
    ]  # fmt: skip
    assert {row[5] for row in rows[1:-1]} == {"0.01"}


async def test_the_csv_is_a_download_in_plain_utf_8(till: Front) -> None:
    answer = await till.call("GET", f"{FUND}/entries.csv", "ada")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    assert answer.headers["content-disposition"] == 'attachment; filename="fund-huangshan.csv"'
    assert (answer.headers["x-content-type-options"], answer.headers["cache-control"]) == ("nosniff", "no-store")
    assert answer.content.startswith(b"entry,at,kind,debit,credit,amount,currency,reference,by,note\r\n")
    assert answer.content.endswith(b",first money of huangshan\r\n")


LEADS = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]


async def test_no_cell_of_the_csv_is_a_formula(till: Front) -> None:
    for lead in LEADS:
        await noted(till, f'{lead}HYPERLINK("https://evil.example","点我")')
    await noted(till, "'=1+1")
    await noted(till, "1=1, 2-1, a@b")
    rows = await sheet(till)
    assert [row[-1] for row in rows[:2]] == ["1=1, 2-1, a@b", "'=1+1"]
    assert [row[-1][:2] for row in rows[2:13]] == [f"'{lead}" for lead in reversed(LEADS)]
    assert [cell for row in rows for cell in row if cell.startswith(tuple(LEADS))] == []


async def test_nobody_without_the_right_is_given_a_single_line(till: Front) -> None:
    forbidden, absent = (403, "not_allowed"), (404, "not_found")
    for by, refused in (("olga", forbidden), ("chen", forbidden), ("mei", forbidden), ("mona", absent)):
        answer = await till.call("GET", f"{FUND}/entries.csv", by)
        assert problem(answer) == refused
    for by in ("ma", "ada"):
        assert len(await sheet(till, by)) == 1


async def test_each_sites_books_hold_its_own_entries_only(till: Front) -> None:
    await noted(till, "黄山的")
    for route in ("entries", "entries.csv"):
        told = (await till.call("GET", f"/api/v1/sites/gulangyu/fund/{route}", "mona")).text
        assert ("黄山的" in told, "first money of gulangyu" in told) == (False, True)
