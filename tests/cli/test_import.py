"""The published cases through the desk's own actions: all agree, on both engines, once, and whatever they are called."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.pool import NullPool

from desk import wiring
from desk.actions.cases import lodging_of
from desk.actions.intake import lodge_claim
from desk.packs.cases import load_published_cases
from desk.reads.officers import officer_named
from desk.store import metadata
from tests.cast import OPERATOR
from tests.cli.conftest import Shell
from tests.packs.test_loader import SHIPPED

FILE = SHIPPED / "published_cases.jsonl"
OFFICER = "陈晓雯"
CLAIM, VERDICT, EVENT, CLOCK, ASSESSMENT = (
    metadata.tables[name] for name in ("claim", "verdict", "event", "clock", "assessment")
)  # fmt: skip

Case = dict[str, Any]


def bring(shell: Shell, file: Path = FILE, site: str = "huangshan") -> Any:  # noqa: ANN401 - the command's document
    """Import a file and give its exit code and document."""
    ended = shell("claims", "import", str(file), "--site", site, "--as", OFFICER, "--json")
    return ended.code, ended.document


def plain(shell: Shell) -> Engine:
    """An engine of nobody's, to count rows."""
    return create_engine(shell.database, poolclass=NullPool)


def rows(shell: Shell) -> Counter[str]:
    """How many rows each table holds."""
    with plain(shell).connect() as conn:
        return Counter(
            {name: conn.scalar(select(func.count()).select_from(table)) or 0 for name, table in metadata.tables.items()}
        )


def rewritten(folder: Path, change: Callable[[Case], Case]) -> Path:
    """A copy of the shipped file with every case changed."""
    lines = [json.dumps(change(json.loads(line)), ensure_ascii=False) for line in FILE.read_text("utf-8").splitlines()]
    file = folder / "rewritten.jsonl"
    file.write_text("\n".join(lines), "utf-8")
    return file


def test_all_cases_agree_and_a_second_import_adds_nothing(shell: Shell) -> None:
    shell.seed()
    before = rows(shell)
    whole = (0, {"claims": 106, "agree": 106, "disagree": []})
    assert bring(shell) == whole
    after = rows(shell)
    added = {name: number for name, number in (after - before).items() if name != "respondent"}
    assert added == {
        "claim": 106, "person": 106, "claim_item": 100, "clock": 318, "assessment": 106, "verdict": 106, "event": 318,
        "promise_delta": 106,
    }  # fmt: skip
    assert bring(shell) == whole
    assert rows(shell) == after
    ended = shell("verify", "--json")
    assert (ended.code, ended.document["ok"]) == (0, True)


@pytest.mark.slow
def test_imported_claims_stay_received_with_a_proposal_of_their_own(shell: Shell) -> None:
    shell.seed()
    bring(shell)
    with plain(shell).connect() as conn:
        told = select(CLAIM.c.state, CLAIM.c.channel, CLAIM.c.language, CLAIM.c.route, CLAIM.c.assessed)
        assert set(conn.execute(told).all()) == {("received", "api", "zh-CN", None, True)}
        assert set(conn.execute(select(VERDICT.c.made)).scalars()) == {"proposed"}
        kinds = Counter(conn.execute(select(EVENT.c.kind).where(EVENT.c.subject.startswith("claim:"))).scalars())
        assert kinds == {"moved": 106, "assessed": 106, "verdict_proposed": 106}
        actors = conn.execute(select(EVENT.c.actor).where(EVENT.c.kind == "moved")).scalars()
        assert {actor.split(":")[0] for actor in actors} == {"officer"}


def test_the_receipt_date_decides_the_pack_and_the_clocks_run_from_the_import(shell: Shell) -> None:
    shell.seed()
    bring(shell)
    today = datetime.now(UTC)
    with plain(shell).connect() as conn:
        found = {row.source_key: row for row in conn.execute(select(CLAIM))}
        assert all(today - base < timedelta(minutes=10) for base in conn.execute(select(CLOCK.c.base_at)).scalars())
    for case in load_published_cases():
        row = found[f"published:{case.id}"]
        received = (row.received_at + timedelta(hours=8)).date()
        assert received == (case.published_on or (row.lodged_at + timedelta(hours=8)).date()), case.id
        assert row.pack == ("cn-2010" if received.isoformat() < "2026-03-15" else "cn-2026"), case.id
    assert Counter(row.pack for row in found.values())["cn-2026"] > 0


@pytest.mark.slow
def test_neither_label_nor_name_of_a_case_moves_its_verdict(quick_shell: Shell, tmp_path: Path) -> None:
    quick_shell.seed()
    labels = ["fast_refund", "docket", "needs_information", "refuse_out_of_scope"]

    def swapped(case: Case) -> Case:
        other = labels[(labels.index(case["expected_route"]) + 1) % 4]
        return case | {"id": f"X{case['id'][::-1]}", "expected_route": other, "route_reason": "turned round"}

    code, told = bring(quick_shell, rewritten(tmp_path, swapped))
    assert (code, told["claims"], told["agree"], len(told["disagree"])) == (1, 106, 0, 106)
    for each in told["disagree"]:
        assert labels[labels.index(each["expected"]) - 1] == {"refuse": labels[3], "transfer": labels[3]}.get(
            each["got"], each["got"]
        )
        assert each["reasons"]


def test_a_disagreement_is_printed_and_fails_the_command(shell: Shell, tmp_path: Path) -> None:
    shell.seed()
    file = rewritten(tmp_path, lambda case: case | ({"expected_route": "fast_refund"} if case["id"] == "C001" else {}))
    ended = shell("claims", "import", str(file), "--site", "huangshan", "--as", OFFICER, "--json")
    assert ended.code == 1
    assert ended.document["agree"] == 105
    assert ended.document["disagree"] == [
        {"id": "C001", "expected": "fast_refund", "got": "docket", "reasons": ["facts_unclear"]}
    ]
    assert "C001: expected fast_refund, got docket" in ended.err


@pytest.mark.slow
def test_an_interrupted_import_is_finished_by_the_next(shell: Shell) -> None:
    shell.seed()
    cases = load_published_cases()

    async def lodge_some() -> None:
        async with wiring.opened(shell.settings) as desk:
            viewer = await desk.read(officer_named, OPERATOR, OFFICER)
            assert viewer
            for case in cases[:7]:
                await desk.append(lodge_claim(desk.kit, viewer, lodging_of(case, "huangshan", datetime.now(UTC).date())))

    anyio.run(lodge_some)
    assert bring(shell) == (0, {"claims": 106, "agree": 106, "disagree": []})
    assert rows(shell)["claim"] == rows(shell)["verdict"] == rows(shell)["assessment"] == 106


@pytest.mark.slow
def test_each_site_imports_its_own(shell: Shell) -> None:
    shell.seed()
    bring(shell)
    ended = shell("claims", "import", str(FILE), "--site", "gulangyu", "--json")
    assert (ended.code, ended.document["agree"]) == (0, 106)
    assert "106 claims added in the name of" in ended.err
    assert rows(shell)["claim"] == 212


def test_an_officer_of_another_site_imports_nothing(quick_shell: Shell) -> None:
    quick_shell.seed()
    ended = quick_shell("claims", "import", str(FILE), "--site", "gulangyu", "--as", OFFICER)
    assert (ended.code, ended.out) == (3, "")
    ended = quick_shell("claims", "import", str(FILE), "--site", "huangshan", "--as", "郑洁")
    assert (ended.code, ended.out) == (1, "")
    assert rows(quick_shell)["claim"] == 0


def test_a_bad_file_adds_nothing(quick_shell: Shell, tmp_path: Path) -> None:
    quick_shell.seed()
    file = rewritten(tmp_path, lambda case: case | ({"scope": "moon"} if case["id"] == "C100" else {}))
    ended = quick_shell("claims", "import", str(file), "--site", "huangshan", "--as", OFFICER, "--json")
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert rows(quick_shell)["claim"] == 0


def test_claims_are_listed_a_page_at_a_time_and_shown_one_by_one(quick_shell: Shell) -> None:
    quick_shell.seed()
    bring(quick_shell)
    for limit in (1, 40, 100):
        first = quick_shell("claims", "list", "--as", OFFICER, "--limit", str(limit), "--json").document
        assert len(first["claims"]) == limit
        second = quick_shell("claims", "list", "--as", OFFICER, "--limit", "100", "--cursor", first["next"], "--json").document
        seen = [line["reference"] for line in first["claims"] + second["claims"]]
        assert len(seen) == len(set(seen))
    shown = quick_shell("claims", "show", seen[0].lower(), "--as", OFFICER, "--json").document
    assert (shown["reference"], shown["state"], shown["visitor"]["name"]) == (seen[0], "received", None)
    assert quick_shell("claims", "show", seen[0], "--as", "林雅婷").code == 3
