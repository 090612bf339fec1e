"""The shipped packs: complete, pinned by day and site, and refused in one line when they are not right."""

import shutil
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest

from desk.domain.pack import CLOCK_IDS, Unit, is_stricter
from desk.packs.loader import PackError, Packs, load_packs

PACKS = load_packs()
SHIPPED = Path(str(files("desk.packs")))

# SPEC 3's table: id, length, unit, pauses, confirmed; the two packs differ in the rows below it.
TABLE = [
    ("fast_payment", 30, "minute", {"waiting_for_visitor"}, False),
    ("auto_receipt", 3, "minute", set(), False),
    ("first_answer", 2, "hour", set(), False),
    ("mediator_contact", 48, "hour", set(), False),
    ("mediation", 60, "day", {"appraisal", "recusal"}, False),
    ("hearing_target", 28, "minute", {"adjournment"}, False),
    ("return_window", 30, "day", set(), False),
    ("return_answer", 2, "hour", set(), False),
    ("return_close", 24, "hour", {"waiting_for_goods"}, False),
    ("incident_first_report", 20, "minute", set(), False),
    ("incident_on_scene", 30, "minute", set(), False),
    ("incident_report", 1, "hour", set(), False),
    ("incident_plan", 2, "hour", set(), False),
    ("collective_window", 72, "hour", set(), False),
    ("objection_window", 7, "day", set(), False),
    ("rectification", 24, "hour", set(), False),
    ("confirmation_window", 30, "day", set(), True),
    ("recovery_limitation", 3, "year", set(), True),
]
OWN = {
    "cn-2010": [
        ("acceptance", 5, "working_day", {"waiting_for_visitor"}, False),
        ("respondent_answer", 10, "day", set(), False),
        ("late_filing", 90, "day", set(), True),  # LAW L6: [M/P]
    ],
    "cn-2026": [
        ("acceptance", 2, "working_day", {"waiting_for_visitor"}, False),
        ("respondent_answer", 5, "working_day", set(), False),
        ("late_filing", 90, "day", set(), False),  # LAW L6: not seen
    ],
}


@pytest.mark.parametrize("version", OWN)
def test_every_row_of_the_table_is_in_each_national_pack(version: str) -> None:
    pack, table = PACKS.by_version(version), [*TABLE, *OWN[version]]
    shipped = {(one.id, one.length, one.unit.value, one.pauses, one.confirmed) for one in pack.clocks.values()}
    assert shipped == {(name, length, unit, frozenset(pauses), confirmed) for name, length, unit, pauses, confirmed in table}
    assert {name: one.amount.text for name, one in pack.limits.items()} == {
        "fast_limit": "5000.00", "solo_limit": "200.00", "cashier_day_limit": "20000.00", "site_day_limit": "50000.00",
    }  # fmt: skip
    assert pack.counts == {"collective_window": 4, "incident_general": 10, "incident_larger": 20, "incident_major": 50}
    assert pack.late_filing_refuses is (version == "cn-2010")
    assert pack.clocks.keys() == CLOCK_IDS


@pytest.mark.parametrize(
    ("day", "overlay", "version"),
    [
        (date(2005, 1, 1), None, "cn-2010"),
        (date(2026, 3, 14), None, "cn-2010"),
        (date(2026, 3, 14), "cn-shandong", "cn-2010+cn-shandong"),
        (date(2026, 3, 15), None, "cn-2026"),
        (date(2026, 3, 15), "cn-shandong", "cn-2026+cn-shandong"),
    ],
)
def test_a_claim_gets_the_pack_of_its_day_and_its_site(day: date, overlay: str | None, version: str) -> None:
    pack = PACKS.for_claim(day, overlay)
    assert pack.version == version
    assert PACKS.by_version(version) is pack


@pytest.mark.parametrize(
    ("version", "clock", "length", "unit", "confirmed"),
    [
        ("cn-2010+cn-shandong", "acceptance", 3, "working_day", True),
        ("cn-2026+cn-shandong", "acceptance", 2, "working_day", False),
        ("cn-2010+cn-shandong", "mediation", 45, "day", True),
        ("cn-2026+cn-shandong", "mediation", 45, "day", True),
        ("cn-2026+cn-shandong", "pass_on", 3, "working_day", True),
        ("cn-2010+cn-henan", "acceptance", 2, "working_day", True),
        # As strict as the national one, which therefore stays, and stays unconfirmed: Henan's is about refusals only.
        ("cn-2026+cn-henan", "acceptance", 2, "working_day", False),
        ("cn-2010+cn-henan", "mediation", 30, "day", True),
        ("cn-2026+cn-henan", "mediation", 30, "day", True),
        ("cn-2010+cn-henan", "pass_on", 3, "day", True),
        ("cn-2026+cn-henan", "pass_on", 3, "day", True),
        ("cn-2010+cn-shanghai", "acceptance", 5, "working_day", False),
        ("cn-2026+cn-shanghai", "acceptance", 2, "working_day", False),
        ("cn-2010+cn-shanghai", "mediation", 45, "day", True),
        ("cn-2026+cn-shanghai", "mediation", 45, "day", True),
        ("cn-2026+cn-shanghai", "pass_on", 5, "working_day", True),
    ],
)
def test_in_a_province_the_stricter_clock_runs(version: str, clock: str, length: int, unit: str, confirmed: bool) -> None:
    rule = PACKS.by_version(version).clocks[clock]
    assert (rule.length, rule.unit, rule.confirmed) == (length, unit, confirmed)


def test_an_overlay_sets_nothing_but_what_its_province_says() -> None:
    assert {name: set(overlay.clocks) for name, overlay in PACKS.overlays.items()} == {
        "cn-henan": {"acceptance", "mediation", "pass_on"},
        "cn-shandong": {"acceptance", "mediation", "pass_on"},
        "cn-shanghai": {"mediation", "pass_on"},
    }
    assert not any(overlay.limits or overlay.replaces for overlay in PACKS.overlays.values())
    assert all(clock.confirmed and "LAW c2" in clock.source for one in PACKS.overlays.values() for clock in one.clocks.values())


def test_of_the_days_to_pass_on_henan_is_the_strictest() -> None:
    henan, shandong, shanghai = (PACKS.overlays[f"cn-{name}"].clocks["pass_on"] for name in ("henan", "shandong", "shanghai"))
    assert is_stricter(henan, shandong)  # 3 days end within 4, 3 working days within 6 where a weekend lies between
    assert is_stricter(shandong, shanghai)


def test_unknown_versions_and_overlays_are_key_errors() -> None:
    with pytest.raises(KeyError):
        PACKS.by_version("cn-1949")
    with pytest.raises(KeyError):
        PACKS.for_claim(date(2026, 3, 15), "cn-atlantis")


Edit = Callable[[str], str]


def swap(old: str, new: str) -> Edit:
    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return edit


ACCEPTANCE = '[clocks.acceptance]\nlength = 2\nunit = "working_day"'
BAD = [
    (swap("late_filing_refuses", "late_filling_refuses"), "cn-2026.toml: late_filing_refuses: is missing"),
    (swap("[title]", "colour = 1\n[title]"), "cn-2026.toml: colour: is no such key"),
    (
        swap(ACCEPTANCE, '[clocks.acceptance]\nlength = "2"\nunit = "working_day"'),
        "clocks.acceptance.length: must be a whole number",
    ),
    (
        swap(ACCEPTANCE, '[clocks.acceptance]\nlength = true\nunit = "working_day"'),
        "clocks.acceptance.length: must be a whole number",
    ),
    (
        swap(ACCEPTANCE, '[clocks.acceptance]\nlength = 0\nunit = "working_day"'),
        "clocks.acceptance: length must be a whole number",
    ),
    (swap(ACCEPTANCE, '[clocks.acceptance]\nlength = 2\nunit = "week"'), "clocks.acceptance.unit: must be one of minute"),
    (swap(ACCEPTANCE, ACCEPTANCE + "\nspeed = 1"), "clocks.acceptance.speed: is no such key"),
    (swap(ACCEPTANCE, ACCEPTANCE + "\nreplaces = true"), "clocks.acceptance.replaces: is no such key"),
    (swap("[clocks.acceptance]", "[clocks.acceptence]"), "clocks.acceptance: is missing"),
    (swap("[title]", "[clocks.tea]\nlength = 1\n[title]"), "clocks.tea.unit: is missing"),
    (swap('pauses = ["waiting_for_visitor"]', 'pauses = ["lunch"]'), "clocks.fast_payment: pauses: unknown reason"),
    (swap('pauses = ["waiting_for_visitor"]', "pauses = [1]"), "clocks.fast_payment.pauses: must be a list of texts"),
    (swap('amount = "5000.00"', "amount = 5000.0"), "limits.fast_limit.amount: must be text"),
    (swap('amount = "5000.00"', 'amount = "5e3"'), "limits.fast_limit: not an amount"),
    (swap("number = 4", "number = 0"), "a count is above zero"),
    (swap("[alerts.red]", "[alerts.purple]"), "cn-2026.toml: alerts.red: is missing"),
    (swap("[alerts.blue]\n", "[alerts.purple]\n[alerts.blue]\n"), "alerts.purple: is no alert level"),
    (swap("missed = 1\n", ""), "alerts.blue.missed: is missing"),
    (swap("missed = 1\n", "missed = 0\n"), "alerts.blue: a threshold is above zero"),
    (swap("growth = 200\n", "growth = 200\nmood = 1\n"), "alerts.orange.mood: is no such key"),
    (swap('task = "report"', 'task = "shrug"'), "alerts.red: 'shrug' is not a valid Task"),
    (swap("minutes = 60\n", "minutes = 0\n"), "alerts.red: minutes must be from 1"),
    (swap('task = "rectify"\n', 'task = "rectify"\nreplaces = true\n'), "alerts.orange.replaces: is no such key"),
    (swap("in_force_from = 2026-03-15", "in_force_from = 2026-03-14"), "in_force_from: must be the day after cn-2010 ends"),
    (swap("in_force_from = 2026-03-15", "in_force_from = 2026-03-16"), "in_force_from: must be the day after cn-2010 ends"),
    (swap("in_force_from = 2026-03-15", "in_force_from = 2026-03-15T00:00:00"), "in_force_from: must be a date"),
    (swap('version = "cn-2026"', 'version = "cn-2027"'), "cn-2026.toml: version: must be the name of the file"),
    (swap('kind = "national"', 'kind = "local"'), "cn-2026.toml: kind: must be"),
    (swap('en = "National', 'fr = "National'), "title must be given in zh-CN and en"),
    (swap("[title]", "[title"), "cn-2026.toml: file:"),
]


def folder_with(tmp_path: Path, name: str, edit: Edit) -> Path:
    for file in SHIPPED.glob("*.toml"):
        shutil.copy(file, tmp_path / file.name)
    (tmp_path / name).write_text(edit((SHIPPED / name).read_text("utf-8")), "utf-8")
    return tmp_path


@pytest.mark.parametrize(("edit", "problem"), BAD, ids=[problem for _, problem in BAD])
def test_a_bad_pack_is_refused_in_one_line(tmp_path: Path, edit: Edit, problem: str) -> None:
    with pytest.raises(PackError) as refused:
        load_packs(folder_with(tmp_path, "cn-2026.toml", edit))
    assert problem in str(refused.value)
    assert str(refused.value).startswith("cn-2026.toml: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("edit", "problem"),
    [
        (swap("confirmed = true", 'confirmed = "yes"'), "cn-shandong.toml: clocks.acceptance.confirmed: must be true or false"),
        (swap("[title]", "late_filing_refuses = true\n[title]"), "cn-shandong.toml: late_filing_refuses: is no such key"),
        (swap("[clocks.pass_on]", "[clocks.pass_out]"), "cn-shandong.toml: clocks.pass_out: unknown clock"),
        (
            lambda text: text + '[limits.fast_limit]\namount = "9.00"\ncurrency = "EUR"\nsource = "x"\nconfirmed = false\n',
            "cn-shandong.toml: limits: fast_limit is in another currency",
        ),
    ],
)
def test_a_bad_overlay_is_refused_too(tmp_path: Path, edit: Edit, problem: str) -> None:
    with pytest.raises(PackError, match=problem):
        load_packs(folder_with(tmp_path, "cn-shandong.toml", edit))


def test_an_overlay_may_replace_a_stricter_clock(tmp_path: Path) -> None:
    edit = swap("[clocks.acceptance]", "[clocks.acceptance]\nreplaces = true")
    packs = load_packs(folder_with(tmp_path, "cn-shandong.toml", edit))
    assert packs.by_version("cn-2026+cn-shandong").clocks["acceptance"].length == 3


def test_an_overlay_holds_only_while_it_is_in_force(tmp_path: Path) -> None:
    edit = swap("[title]", "in_force_from = 2026-05-01\nin_force_until = 2026-06-30\n[title]")
    packs: Packs = load_packs(folder_with(tmp_path, "cn-shandong.toml", edit))
    days = (date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert ["+" in packs.for_claim(day, "cn-shandong").version for day in days] == [False, True, True, False]


def test_a_folder_without_a_national_pack_is_refused(tmp_path: Path) -> None:
    shutil.copy(SHIPPED / "cn-shandong.toml", tmp_path)
    with pytest.raises(PackError, match="no national pack"):
        load_packs(tmp_path)


def test_units_are_written_as_the_packs_write_them() -> None:
    assert [unit.value for unit in Unit] == ["minute", "hour", "day", "working_day", "year"]
