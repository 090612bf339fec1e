"""Recoveries through their routes: each step leaves its row, entry, event and limitation, or nothing at all."""

import csv
import io
import json
from typing import Any

import pytest
from sqlalchemy import Connection, select

from desk.actions.payout_moves import hold_for_desk
from desk.actions.recovery_moves import TakenBack, take_back
from desk.domain.errors import WrongMoment
from desk.domain.policy import Role
from desk.domain.recovery import Parts
from desk.ports import Work
from desk.store.tables import metadata
from tests.till import ACCOUNT, Till
from tests.web.front import Front, flaw, problem, yuan
from tests.web.test_fund import hired, sound

SITE, RECOVERIES = "/api/v1/sites/huangshan", "/api/v1/recoveries"
PAY_BY, SOON = "2026-09-30", "2026-09-20"
WHY = "商家已注销，无法追回。"
ENTRY, EVENT, RESPONDENT = (metadata.tables[name] for name in ("fund_entry", "event", "respondent"))
Told = dict[str, Any]


async def settled(front: Front, **told: Any) -> str:  # noqa: ANN401 - as the till takes it
    """The id of a payout of 128.00 CNY that settled."""
    return str(await Till(front.house).brought_to("settled", **told))


async def read(front: Front, recovery: str, by: str = "ma") -> Told:
    """A recovery as its route shows it."""
    answer = await front.call("GET", f"{RECOVERIES}/{recovery}", by)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def took(front: Front, recovery: str, step: str, by: str = "ma", **body: Any) -> Told:  # noqa: ANN401 - JSON
    """Take a step that is allowed; the recovery after it, which its own route shows too."""
    answer = await front.call("POST", f"{RECOVERIES}/{recovery}/{step}", by, json=body)
    assert answer.status_code == 200, answer.text
    shown = await read(front, recovery)
    assert answer.json() == {name: shown[name] for name in answer.json()}
    return dict(answer.json())


async def refused(front: Front, recovery: str, step: str, by: str = "ma", **body: Any) -> tuple[int, str]:  # noqa: ANN401 - JSON
    """Ask for a step that is not; status and code. Nothing is left behind."""
    before = await front.counted("event"), await front.counted("fund_entry")
    answer = await front.call("POST", f"{RECOVERIES}/{recovery}/{step}", by, json=body)
    assert (await front.counted("event"), await front.counted("fund_entry")) == before
    return problem(answer)


async def demanded(front: Front, **told: Any) -> str:  # noqa: ANN401 - as the till takes it
    """A recovery that was demanded."""
    recovery = await settled(front, **told)
    await took(front, recovery, "demand", pay_by=PAY_BY)
    return recovery


async def holding(front: Front, amount: str) -> str:
    """The merchant of the house with a deposit; the respondent's id."""
    who = str(await front.house.desk.read(_merchant))
    answer = await front.call("POST", f"{SITE}/respondents/{who}/deposits", "ma", json={"amount": yuan(amount)})
    assert answer.status_code == 201, answer.text
    return who


def _merchant(conn: Connection) -> int:
    return int(conn.execute(select(RESPONDENT.c.id).where(RESPONDENT.c.name == "云海茶庄")).scalar_one())


def parts(told: Told) -> tuple[str, str, str, str, str]:
    """State, open, recovered, written off, returned."""
    sums = (told[name]["amount"] for name in ("open", "recovered", "written_off", "returned"))
    return (told["state"], *sums)


async def entered(front: Front, recovery: str) -> list[tuple[str, str | None]]:
    """Kind and note of the entries about a payout after it settled, oldest first."""
    query = select(ENTRY.c.kind, ENTRY.c.note).where(ENTRY.c.payout_id == int(recovery)).order_by(ENTRY.c.id)
    rows = await front.house.desk.read(lambda conn: conn.execute(query).all())
    return [(row.kind, row.note) for row in rows][3:]


async def moves(front: Front, recovery: str) -> list[tuple[Any, ...]]:
    """What the claim's chain tells of a recovery: (kind, step, from, to, amount, words)."""
    mine = select(EVENT).where(EVENT.c.kind.like("recovery%")).order_by(EVENT.c.at, EVENT.c.seq)
    rows = await front.house.desk.read(lambda conn: conn.execute(mine).all())
    told = [(row, json.loads(row.data)) for row in rows]
    return [
        (row.kind, said.get("step"), row.from_state, row.to_state, said.get("amount_minor"), row.reason)
        for row, said in told
        if said["recovery"] == recovery
    ]


async def receivable(front: Front) -> int:
    """What stands on every receivable of the site."""
    return sum(minor for name, minor in (await Till(front.house).balances()).items() if name.startswith("receivable:"))


async def test_a_payout_that_settles_opens_its_recovery_for_three_years(till: Front) -> None:
    recovery = await settled(till)
    told = await read(till, recovery)
    assert parts(told) == ("opened", "128.00", "0.00", "0.00", "0.00")
    assert (told["amount"], told["basis"], told["respondent"]["name"]) == (yuan("128.00"), "tourism_law_54", "云海茶庄")
    # 8 September 2029 is a Saturday: the last day moves on to Monday.
    assert (told["lapses_at"], told["age_days"], told["age"]) == ("2029-09-10T23:59:59+08:00", 0, "0-30")
    assert (told["demands"], told["instalments"], told["history"], told["decision"]) == ([], [], [], None)
    for state in ("reserved", "failed", "cancelled"):
        await Till(till.house).brought_to(state)
    assert await till.counted("recovery") == 1
    await sound(till)


async def test_a_gateways_word_opens_it_too(till: Front) -> None:
    at = Till(till.house)
    payout = (await at.propose(await at.agreed(), method="transfer")).payout
    await at.send(payout.id)
    await at.called(payout.id, "settled")
    assert parts(await read(till, str(payout.id)))[:2] == ("opened", "128.00")


async def test_each_demand_is_a_numbered_letter_and_restarts_the_limitation(till: Front) -> None:
    recovery = await demanded(till)
    till.house.clock.go(days=40)
    told = await took(till, recovery, "demand", pay_by="2026-11-30")
    assert (told["state"], told["lapses_at"], told["age_days"], told["age"]) == (
        "demanded", "2029-10-18T23:59:59+08:00", 40, "31-60",
    )  # fmt: skip
    letters = [
        (one["number"], one["open"]["amount"], one["pay_by"], one["by"]) for one in (await read(till, recovery))["demands"]
    ]
    assert letters == [(1, "128.00", PAY_BY, "Ma"), (2, "128.00", "2026-11-30", "Ma")]
    assert await moves(till, recovery) == [
        ("recovery_moved", "demand", "opened", "demanded", None, None),
        ("recovery_moved", "demand", "demanded", "demanded", None, None),
    ]
    assert await entered(till, recovery) == []
    await sound(till)


async def test_it_is_paid_in_parts_and_never_more_than_is_open(till: Front) -> None:
    recovery, before = await demanded(till), (await Till(till.house).balances())["available"]
    told = await took(till, recovery, "payments", amount=yuan("28.00"), how="cash", note="店主亲自交来")
    assert parts(told) == ("demanded", "100.00", "28.00", "0.00", "0.00")
    over: Told = {"amount": yuan("100.01"), "how": "transfer"}
    assert await refused(till, recovery, "payments", **over) == (409, "amount_above_open")
    told = await took(till, recovery, "payments", amount=yuan("100.00"), how="transfer")
    assert parts(told) == ("recovered", "0.00", "128.00", "0.00", "0.00")
    assert told["ended_at"] is not None
    assert await entered(till, recovery) == [("recovered", "店主亲自交来"), ("recovered", None)]
    assert (await moves(till, recovery))[1:] == [
        ("recovery_moved", "pay", "demanded", "demanded", 2800, "店主亲自交来"),
        ("recovery_moved", "pay", "demanded", "recovered", 10000, None),
    ]
    assert (await Till(till.house).balances())["available"] == before + 12800
    assert await receivable(till) == 0
    assert await refused(till, recovery, "payments", amount=yuan("1.00"), how="cash") == (409, "wrong_moment")
    await sound(till)


async def test_a_key_pays_once_and_gives_the_same_bytes(till: Front) -> None:
    recovery = await demanded(till)
    told = {"amount": yuan("28.00"), "how": "cash"}
    first, again = [
        await till.call("POST", f"{RECOVERIES}/{recovery}/payments", "ma", json=told, key="pay-once") for _ in range(2)
    ]
    assert first.content == again.content
    assert parts(await read(till, recovery))[1] == "100.00"


async def test_who_accepts_may_pay_in_instalments(till: Front) -> None:
    recovery = await demanded(till)
    plan = [{"due_on": SOON, "amount": yuan("28.00")}, {"due_on": PAY_BY, "amount": yuan("100.00")}]
    assert await refused(till, recovery, "instalments", instalments=plan) == (409, "wrong_moment")
    await took(till, recovery, "accept", note="电话认可")
    short = [{"due_on": SOON, "amount": yuan("27.99")}, plan[1]]
    answer = await till.call("POST", f"{RECOVERIES}/{recovery}/instalments", "ma", json={"instalments": short})
    assert (answer.status_code, flaw(answer)) == (422, ("/instalments", "not_the_open_part"))
    assert (await took(till, recovery, "instalments", instalments=plan))["state"] == "instalments"
    till.house.clock.go(days=20)
    told = await read(till, recovery)
    assert (told["instalments"], told["behind"]) == (plan, yuan("28.00"))
    await took(till, recovery, "payments", amount=yuan("28.00"), how="cash")
    assert (await read(till, recovery))["behind"] == yuan("0.00")
    await took(till, recovery, "instalments", instalments=[{"due_on": "2026-12-01", "amount": yuan("100.00")}])
    assert len((await read(till, recovery))["instalments"]) == 1
    assert (await took(till, recovery, "demand", pay_by=PAY_BY))["state"] == "instalments"
    await took(till, recovery, "payments", amount=yuan("100.00"), how="cash")
    assert (await read(till, recovery))["state"] == "recovered"
    await sound(till)


async def test_a_contest_stops_everything_but_money_that_comes(till: Front) -> None:
    recovery = await demanded(till)
    await holding(till, "500.00")
    assert (await took(till, recovery, "contest", words=f"我们没有多收，{ACCOUNT}"))["state"] == "contested"
    plan = [{"due_on": PAY_BY, "amount": yuan("128.00")}]
    for step, body in (
        ("demand", {"pay_by": PAY_BY}), ("contest", {"words": "x"}), ("deposit", {"amount": yuan("1.00")}),
        ("write-off", {"reason": "x"}), ("instalments", {"instalments": plan}),
    ):  # fmt: skip
        assert await refused(till, recovery, step, **body) == (409, "wrong_moment"), step
    assert parts(await took(till, recovery, "payments", amount=yuan("8.00"), how="cash"))[:2] == ("contested", "120.00")
    told = await took(till, recovery, "review", outcome="upheld", reason="票据与标价不符")
    assert (told["state"], told["decision"]) == ("demanded", None)
    assert (await moves(till, recovery))[-1] == ("recovery_moved", "uphold", "contested", "demanded", None, "票据与标价不符")
    await sound(till)


@pytest.mark.parametrize(
    ("outcome", "amount", "left"),
    [
        ("reduced", "28.00", ("demanded", "100.00", "0.00", "28.00", "0.00")),
        ("void", None, ("written_off", "0.00", "0.00", "128.00", "0.00")),
    ],
)
async def test_less_is_owed_only_when_two_persons_say_so(
    till: Front, outcome: str, amount: str | None, left: tuple[str, ...]
) -> None:
    recovery = await demanded(till)
    await took(till, recovery, "contest", words="价格已经协商过")
    body: Told = {"outcome": outcome, "reason": "复核属实"} | ({"amount": yuan(amount)} if amount else {})
    told = await took(till, recovery, "review", **body)
    assert (parts(told)[:2], told["decision"]["kind"]) == (("contested", "128.00"), "reduce" if amount else "void")
    seen = {"decision": told["decision"]["id"]}
    assert await refused(till, recovery, "review", **body) == (409, "wrong_moment")
    assert await refused(till, recovery, "approve", **seen) == (409, "second_officer_needed")
    assert await refused(till, recovery, "approve", "chen", decision="7") == (409, "wrong_moment")
    told = await took(till, recovery, "approve", "chen", **seen)
    assert (parts(told), told["decision"]) == (left, None)
    assert await entered(till, recovery) == [("written_off", "复核属实")]
    assert await refused(till, recovery, "approve", "cai", **seen) == (409, "wrong_moment")
    await sound(till)


async def test_a_write_off_needs_two_and_what_comes_after_it_still_counts(till: Front) -> None:
    recovery = await demanded(till)
    await took(till, recovery, "payments", amount=yuan("28.00"), how="cash")
    told = await took(till, recovery, "write-off", reason=WHY)
    assert told["decision"]["amount"] == yuan("100.00")
    refusal = {"decision": told["decision"]["id"], "reason": "先再催一次"}
    assert (await took(till, recovery, "refuse", "chen", **refusal))["decision"] is None
    told = await took(till, recovery, "write-off", reason=WHY)
    assert parts(await took(till, recovery, "approve", "cai", decision=told["decision"]["id"])) == (
        "written_off", "0.00", "28.00", "100.00", "0.00",
    )  # fmt: skip
    assert await refused(till, recovery, "demand", pay_by=PAY_BY) == (409, "wrong_moment")
    over: Told = {"amount": yuan("100.01"), "how": "cash"}
    assert await refused(till, recovery, "payments", **over) == (409, "amount_above_open")
    late = await took(till, recovery, "payments", amount=yuan("40.00"), how="transfer")
    assert parts(late) == ("written_off", "0.00", "68.00", "60.00", "0.00")
    assert parts(await took(till, recovery, "payments", amount=yuan("60.00"), how="transfer"))[0] == "recovered"
    assert [kind for kind, _ in await entered(till, recovery)] == [
        "recovered", "written_off", "recovered_after_write_off", "recovered_after_write_off",
    ]  # fmt: skip
    assert (await Till(till.house).balances())["written_off"] == 0
    kinds = [kind for kind, *_ in await moves(till, recovery)]
    assert kinds.count("recovery_cut_proposed") == 2
    assert kinds.count("recovery_cut_refused") == 1
    await sound(till)


async def test_what_was_paid_meanwhile_is_not_written_off_too(till: Front) -> None:
    recovery = await settled(till)
    told = await took(till, recovery, "write-off", reason=WHY)
    await took(till, recovery, "payments", amount=yuan("0.01"), how="cash")
    seen = {"decision": told["decision"]["id"]}
    assert await refused(till, recovery, "approve", "chen", **seen) == (409, "amount_above_open")
    assert (await took(till, recovery, "refuse", "ma", **seen, reason="金额变了"))["decision"] is None
    await sound(till)


async def test_where_there_are_two_managers_no_cashier_stands_in(till: Front) -> None:
    await hired(till, "mao", Role.MANAGER)
    recovery = await settled(till)
    seen = {"decision": (await took(till, recovery, "write-off", reason=WHY))["decision"]["id"]}
    assert await refused(till, recovery, "approve", "chen", **seen) == (403, "not_allowed")
    assert await refused(till, recovery, "refuse", "chen", **seen, reason="x") == (403, "not_allowed")
    assert parts(await took(till, recovery, "approve", "mao", **seen))[0] == "written_off"
    assert await till.counted("recovery_decision") == 1


async def test_a_deposit_is_paid_in_used_and_paid_back(till: Front) -> None:
    recovery = await demanded(till)
    who = await holding(till, "100.00")
    path = f"{SITE}/respondents/{who}/deposits/pay-back"
    assert await refused(till, recovery, "deposit", amount=yuan("100.01")) == (409, "deposit_insufficient")
    assert parts(await took(till, recovery, "deposit", amount=yuan("60.00")))[:3] == ("demanded", "68.00", "60.00")
    too_much = await till.call("POST", path, "ma", json={"amount": yuan("40.01")})
    assert problem(too_much) == (409, "deposit_insufficient")
    back = await till.call("POST", path, "ma", json={"amount": yuan("10.00"), "note": "退出经营"})
    assert (back.status_code, back.json()["holds"]) == (200, yuan("30.00"))
    await holding(till, "100.00")
    assert await refused(till, recovery, "deposit", amount=yuan("68.01")) == (409, "amount_above_open")
    assert parts(await took(till, recovery, "deposit", amount=yuan("68.00")))[0] == "deposit_used"
    balances = await Till(till.house).balances()
    assert (balances[f"deposit:{who}"], balances["deposit_held"], balances[f"receivable:{who}"]) == (6200, 6200, 0)
    await sound(till)


async def test_where_nobody_was_named_money_is_taken_and_nobody_is_asked(till: Front) -> None:
    at, house = Till(till.house), till.house
    reference = (await house.lodge(respondent=None)).reference
    await house.assess(reference)
    await house.override(reference, "fast_refund")
    payout = (await at.propose(reference)).payout
    await at.send(payout.id)
    await at.receive(payout.id)
    recovery = str(payout.id)
    assert (await at.balances())["receivable:0"] == 12800
    assert await refused(till, recovery, "demand", pay_by=PAY_BY) == (409, "respondent_unnamed")
    told = await took(till, recovery, "payments", amount=yuan("128.00"), how="cash")
    assert (told["respondent"], told["state"]) == (None, "recovered")
    assert (await at.balances())["receivable:0"] == 0
    await sound(till)


@pytest.mark.parametrize(
    ("paid", "written", "lines"),
    [
        (0, 0, [("receivable", 12800)]),
        (28, 0, [("receivable", 10000), ("source", 2800)]),
        (28, 100, [("source", 2800), ("written_off", 10000)]),
        (128, 0, [("source", 12800)]),
    ],
)
async def test_a_bank_return_takes_each_part_back(till: Front, paid: int, written: int, lines: list[tuple[str, int]]) -> None:
    recovery = await settled(till)
    if paid:
        await took(till, recovery, "payments", amount=yuan(f"{paid}.00"), how="cash")
    if written:
        seen = (await took(till, recovery, "write-off", reason=WHY))["decision"]["id"]
        await took(till, recovery, "approve", "chen", decision=seen)
    taken = await till.house.desk.write(_take_back, int(recovery))
    assert [(line.credit.partition(":")[0], line.amount) for line in taken.lines] == lines
    assert {line.debit for line in taken.lines} == {"available"}
    assert taken.parts == Parts(12800, paid * 100, written * 100)
    told = await read(till, recovery)
    assert parts(told) == ("returned", "0.00", f"{paid}.00", "0.00", f"{128 - paid}.00")
    assert (await moves(till, recovery))[-1][1:4] == ("return", "written_off" if written else told and _before(paid), "returned")
    with pytest.raises(WrongMoment):
        await till.house.desk.write(_take_back, int(recovery))


def _before(paid: int) -> str:
    return "recovered" if paid == 128 else "opened"


def _take_back(work: Work, payout_id: int) -> TakenBack:
    return take_back(work, hold_for_desk(work, payout_id).held, payout_id)


async def test_the_list_is_filtered_paged_and_summed_by_age(till: Front) -> None:
    old = await settled(till)
    till.house.clock.go(days=31)
    newer = [await settled(till, asked="50.00") for _ in range(2)]
    await took(till, newer[1], "payments", amount=yuan("50.00"), how="cash")

    async def listed(**query: str) -> list[str]:
        answer = await till.call("GET", f"{SITE}/recoveries", "ada", params=query)
        assert answer.status_code == 200, answer.text
        return [line["id"] for line in answer.json()["recoveries"]]

    assert await listed() == [old, *newer]
    assert (await listed(open="true"), await listed(open="false")) == ([old, newer[0]], [newer[1]])
    assert (await listed(state="recovered"), await listed(age="31-60"), await listed(age="0-30")) == ([newer[1]], [old], newer)
    who = (await read(till, old))["respondent"]["id"]
    assert (await listed(respondent=who), await listed(respondent="7")) == ([old, *newer], [])
    first = (await till.call("GET", f"{SITE}/recoveries", "ada", params={"limit": "2"})).json()
    assert await listed(cursor=first["next"]) == [newer[1]]
    aged = [(one["age"], one["count"], one["open"]["amount"]) for one in first["ageing"]]
    assert aged == [("0-30", 1, "50.00"), ("31-60", 1, "128.00"), ("61-90", 0, "0.00"), ("over-90", 0, "0.00")]
    answer = await till.call("GET", f"{SITE}/recoveries.csv", "ada")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["recovery"], row["open"], row["age_days"]) for row in rows] == [
        (old, "128.00", "31"), (newer[0], "50.00", "0"), (newer[1], "0.00", "0"),
    ]  # fmt: skip


async def test_a_merchants_statement_runs_from_line_to_line(till: Front) -> None:
    recovery = await demanded(till)
    who = await holding(till, "100.00")
    await took(till, recovery, "payments", amount=yuan("8.00"), how="cash", note="=1+1")
    await took(till, recovery, "deposit", amount=yuan("50.00"))
    seen = (await took(till, recovery, "write-off", reason=WHY))["decision"]["id"]
    await took(till, recovery, "approve", "chen", decision=seen)
    await took(till, recovery, "payments", amount=yuan("5.00"), how="cash")
    told = (await till.call("GET", f"{SITE}/respondents/{who}/statement", "ada")).json()
    lines = [(line["kind"], *(line[name]["amount"] for name in ("amount", "owed", "deposit"))) for line in told["lines"]]
    assert lines == [
        ("payout_settled", "128.00", "128.00", "0.00"),
        ("deposit_paid_in", "100.00", "128.00", "100.00"),
        ("recovered", "8.00", "120.00", "100.00"),
        ("deposit_used", "50.00", "70.00", "50.00"),
        ("written_off", "70.00", "0.00", "50.00"),
        ("recovered_after_write_off", "5.00", "0.00", "50.00"),
    ]
    assert (told["owed"], told["deposit"], told["respondent"]["name"]) == (yuan("0.00"), yuan("50.00"), "云海茶庄")
    answer = await till.call("GET", f"{SITE}/respondents/{who}/statement.csv", "ada")
    opening, *rows = csv.DictReader(io.StringIO(answer.text))
    assert (opening["kind"], opening["owed"], opening["deposit"], opening["in_error"]) == ("opening", "0.00", "0.00", "0.00")
    assert ([row["deposit"] for row in rows][-1], [row["note"] for row in rows][2]) == ("50.00", "'=1+1")
    assert (await till.call("GET", f"{SITE}/respondents/7/statement", "ada")).status_code == 404


@pytest.mark.parametrize(
    ("step", "body", "where", "what"),
    [
        ("demand", {"pay_by": "2026-09-08"}, "/pay_by", "in_past"),
        ("demand", {}, "/pay_by", "missing"),
        ("payments", {"amount": {"amount": "1.00", "currency": "USD"}, "how": "cash"}, "/amount/currency", "wrong_currency"),
        ("payments", {"amount": {"amount": "1.00", "currency": "CNY"}, "how": "shells"}, "/how", "not_one_of"),
        ("payments", {"amount": {"amount": "0", "currency": "CNY"}, "how": "cash"}, "/amount/amount", "bad_amount"),
        ("contest", {"words": " "}, "/words", "missing"),
        (
            "review",
            {"outcome": "upheld", "reason": "x", "amount": {"amount": "1.00", "currency": "CNY"}},
            "/amount",
            "not_allowed_here",
        ),
        ("write-off", {"reason": "x" * 2001}, "/reason", "too_long"),
        ("instalments", {"instalments": []}, "/instalments", "too_few"),
    ],
)
async def test_what_is_typed_wrongly_changes_nothing(
    sqlite_till_front: Front, step: str, body: Told, where: str, what: str
) -> None:
    recovery, before = await settled(sqlite_till_front), await sqlite_till_front.counted("event")
    answer = await sqlite_till_front.call("POST", f"{RECOVERIES}/{recovery}/{step}", "ma", json=body)
    assert (answer.status_code, flaw(answer)) == (422, (where, what))
    assert await sqlite_till_front.counted("event") == before


async def test_a_reduction_says_by_how_much_and_not_by_more_than_is_open(sqlite_till_front: Front) -> None:
    recovery = await demanded(sqlite_till_front)
    await took(sqlite_till_front, recovery, "contest", words="x")
    bare = await sqlite_till_front.call(
        "POST", f"{RECOVERIES}/{recovery}/review", "ma", json={"outcome": "reduced", "reason": "x"}
    )
    assert (bare.status_code, flaw(bare)) == (422, ("/amount", "missing"))
    over: Told = {"outcome": "reduced", "reason": "x", "amount": yuan("128.01")}
    assert await refused(sqlite_till_front, recovery, "review", **over) == (409, "amount_above_open")
