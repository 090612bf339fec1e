"""Every staff page, eight callers, one's own site and a foreign one: each cell follows from the rights table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

import pytest
from fastapi.routing import iter_route_contexts

from desk.actions.day_close import close_day
from desk.actions.fund import propose_withdrawal
from desk.actions.incidents import Report, save_report
from desk.actions.intake import WrittenRespondent
from desk.domain.claim import State
from desk.domain.day_close import Count
from desk.domain.fund import Source
from desk.domain.money import Money
from desk.domain.payout import Method
from desk.domain.policy import READABLE, RIGHTS, Act, Role
from desk.reads.day_closes import open_tills
from tests.alarms import alarmed, served
from tests.builders import House
from tests.cast import HOME
from tests.crowds import offered, opened, seen, stuck
from tests.digests import kept, put_on
from tests.hands import offered as handed
from tests.hands import partner
from tests.returns import Goods
from tests.statements import broken, puzzled
from tests.till import Till
from tests.web.console import Seat, browser, form_in, seat
from tests.web.front import Front
from tests.web.test_money_doors import owed
from tests.web.test_promises import missed

ABSENT = "0000000000"
_numbers = count(1)
ROLES: Mapping[str, Role | None] = {
    "olga": Role.INTAKE, "chen": Role.CASHIER, "mei": Role.MEDIATOR, "ma": Role.MANAGER, "ada": Role.AUDITOR,
    "anton": Role.ADMIN, "mona": None,
}  # fmt: skip
"""Who calls. Mona is manager of the other site, a stranger to this one."""

OPEN, REFUSED, ABSENT_HERE = "open", 403, 404


@dataclass(frozen=True)
class Door:
    """A page or form: the right it needs (None: any officer), a state that suits it, what is typed, who is led elsewhere.

    `reads_first`: whoever may not read the claim in its state learns nothing of their rights either.
    """

    act: Act | None
    state: str = "received"
    fields: Mapping[str, str] = field(default_factory=dict)
    led_on: frozenset[Role] = frozenset()
    reads_first: bool = False


CLAIM = "/desk/claims/{reference}"
MONEY_IN = {"amount": "1", "source": "site", "note": "x"}
DOORS: Mapping[tuple[str, str], Door] = {
    ("GET", "/desk"): Door(Act.READ_CLAIM, led_on=frozenset({Role.ADMIN})),
    ("GET", "/desk/find"): Door(None),
    ("POST", "/desk/find"): Door(None, fields={"reference": "x"}),
    ("GET", "/desk/docket"): Door(Act.READ_DOCKET),
    ("GET", "/desk/reminders"): Door(Act.READ_REMINDERS),
    ("GET", "/desk/claims/new"): Door(Act.LODGE),
    ("POST", "/desk/claims/new"): Door(Act.LODGE),
    ("GET", f"{CLAIM}/evidence"): Door(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/evidence"): Door(Act.ADD_EVIDENCE),
    ("GET", f"{CLAIM}/slip"): Door(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/slip"): Door(Act.REISSUE_SLIP, fields={"reason": "lost"}),
    ("GET", CLAIM): Door(Act.READ_CLAIM),
    ("POST", f"{CLAIM}/{{act}}"): Door(Act.NOTE, fields={"text": "x"}, reads_first=True),
    ("GET", "/desk/pay"): Door(Act.READ_PAYOUT),
    ("GET", f"{CLAIM}/payouts"): Door(Act.READ_PAYOUT, "fast_refund"),
    ("POST", f"{CLAIM}/payouts"): Door(Act.PROPOSE_PAYOUT, "fast_refund", {"method": "cash"}),
    ("GET", "/desk/payouts/{payout_id}"): Door(Act.READ_PAYOUT, "reserved"),
    ("GET", "/desk/payouts/{payout_id}/receipt"): Door(Act.READ_PAYOUT, "settled"),
    ("POST", "/desk/payouts/{payout_id}/{step}"): Door(Act.CANCEL_PAYOUT, "reserved"),
    ("GET", "/desk/approvals"): Door(Act.APPROVE_PAYOUT),
    ("GET", "/desk/fund"): Door(Act.READ_FUND),
    ("GET", "/desk/fund/{site}"): Door(Act.READ_FUND),
    ("GET", "/desk/fund/{site}/entries.csv"): Door(Act.EXPORT_FUND),
    ("POST", "/desk/fund/{site}/top-ups"): Door(Act.TOP_UP, fields=MONEY_IN),
    ("POST", "/desk/fund/{site}/withdrawals"): Door(Act.WITHDRAW_FUND, fields=MONEY_IN),
    ("POST", "/desk/fund/{site}/withdrawals/{withdrawal_id}/approve"): Door(Act.APPROVE_WITHDRAWAL),
    ("POST", "/desk/fund/{site}/withdrawals/{withdrawal_id}/refuse"): Door(Act.APPROVE_WITHDRAWAL, fields={"reason": "x"}),
    ("POST", "/desk/fund/{site}/sends/stop"): Door(Act.STOP_SENDS, fields={"reason": "x"}),
    ("POST", "/desk/fund/{site}/sends/resume"): Door(Act.STOP_SENDS),
    ("GET", "/desk/recoveries"): Door(Act.READ_FUND),
    ("GET", "/desk/fund/{site}/recoveries.csv"): Door(Act.EXPORT_FUND),
    ("GET", "/desk/recoveries/{recovery_id}"): Door(Act.READ_FUND, "opened"),
    ("POST", "/desk/recoveries/{recovery_id}/{step}"): Door(Act.RECOVER, "opened", {"amount": "1", "how": "cash"}),
    ("GET", "/desk/recoveries/{recovery_id}/demands/{number}"): Door(Act.READ_FUND, "demanded"),
    ("GET", "/desk/fund/{site}/merchants/{respondent_id}"): Door(Act.READ_FUND),
    ("GET", "/desk/fund/{site}/merchants/{respondent_id}/statement.csv"): Door(Act.EXPORT_FUND),
    ("POST", "/desk/fund/{site}/merchants/{respondent_id}/deposits/{way}"): Door(Act.RECOVER, fields={"amount": "1"}),
    ("GET", "/desk/close"): Door(Act.READ_PAYOUT),
    ("GET", "/desk/close/{site}"): Door(Act.READ_PAYOUT),
    ("POST", "/desk/close/{site}"): Door(Act.CLOSE_DAY, fields={"method": "cash", "counted": "0", "reason": "x", "seen": "x"}),
    ("GET", "/desk/close/{site}/closes.csv"): Door(Act.READ_PAYOUT),
    ("GET", "/desk/close/{site}/{close_id}"): Door(Act.READ_PAYOUT),
    ("GET", "/desk/breaks/{site}"): Door(Act.READ_FUND),
    ("GET", "/desk/breaks/{site}/breaks.csv"): Door(Act.EXPORT_FUND),
    ("POST", "/desk/breaks/{site}/{break_id}/resolve"): Door(Act.RESOLVE_BREAK, fields={"reason": "x"}),
    ("GET", "/desk/gateway-messages/{site}"): Door(Act.READ_FUND),
    ("GET", "/desk/gateway-messages/{site}/gateway-messages.csv"): Door(Act.EXPORT_FUND),
    ("POST", "/desk/gateway-messages/{site}/{message_id}/dismiss"): Door(Act.DISMISS_MESSAGE, fields={"reason": "x"}),
    ("GET", "/desk/promises"): Door(Act.READ_PROMISES),
    ("GET", "/desk/promises/{site}/days"): Door(Act.READ_PROMISES),
    ("GET", "/desk/promises/{site}/promises.csv"): Door(Act.READ_PROMISES),
    ("GET", "/desk/promises/{site}/missed"): Door(Act.READ_MISSES),
    ("GET", "/desk/promises/{site}/missed.csv"): Door(Act.READ_MISSES),
    ("POST", "/desk/promises/{site}/missed/{miss_id}"): Door(Act.EXPLAIN_MISS, fields={"reason": "x"}),
    ("GET", "/desk/follow-ups"): Door(Act.READ_FOLLOW_UPS),
    ("GET", "/desk/follow-ups/{site}"): Door(Act.READ_FOLLOW_UPS),
    ("GET", "/desk/follow-ups/{site}/follow-ups.csv"): Door(Act.READ_FOLLOW_UPS),
    ("GET", "/desk/pledges"): Door(Act.READ_PLEDGES),
    ("GET", "/desk/pledges/{site}"): Door(Act.READ_PLEDGES),
    ("GET", "/desk/pledges/{site}/pledges.csv"): Door(Act.EXPORT_FUND),
    ("POST", "/desk/pledges/{site}"): Door(Act.MANAGE_PLEDGES, fields={"whose": "site"}),
    ("POST", "/desk/pledges/{site}/{pledge_id}/withdraw"): Door(Act.MANAGE_PLEDGES),
    ("GET", "/desk/notices"): Door(Act.READ_NOTICES),
    ("GET", "/desk/alerts"): Door(Act.READ_ALERTS),
    ("GET", "/desk/alerts/{site}"): Door(Act.READ_ALERTS),
    ("GET", "/desk/alerts/{site}/alerts.csv"): Door(Act.READ_ALERTS),
    ("GET", "/desk/alerts/{site}/rectifications/{rectification_id}"): Door(Act.READ_ALERTS),
    ("POST", "/desk/alerts/{site}/{alert_id}/rectification"): Door(Act.RECTIFY, fields={"demands": "x"}),
    ("POST", "/desk/alerts/{site}/rectifications/{rectification_id}/answers"): Door(
        Act.ANSWER_RECTIFICATION, fields={"text": "x"}
    ),
    ("POST", "/desk/alerts/{site}/rectifications/{rectification_id}/confirm"): Door(Act.RECTIFY),
    ("GET", "/desk/digests"): Door(Act.READ_DIGESTS),
    ("GET", "/desk/digests/{site}"): Door(Act.READ_DIGESTS),
    ("GET", "/desk/digests/{site}/digests.csv"): Door(Act.READ_DIGESTS),
    ("GET", "/desk/digests/{site}/now"): Door(Act.READ_DIGESTS),
    ("GET", "/desk/digests/{site}/{digest_id}"): Door(Act.READ_DIGESTS),
    ("GET", "/desk/digests/{site}/roster"): Door(Act.READ_DIGESTS),
    ("POST", "/desk/digests/{site}/roster"): Door(Act.MANAGE_ROSTER, fields={"day": "2026-09-30", "officer": "x"}),
    ("POST", "/desk/digests/{site}/roster/{duty_id}/remove"): Door(Act.MANAGE_ROSTER),
    ("GET", "/desk/handoffs"): Door(Act.READ_HANDOFFS),
    ("GET", "/desk/handoffs/{site}"): Door(Act.READ_HANDOFFS),
    ("POST", "/desk/handoffs/{site}/partners"): Door(Act.MANAGE_PARTNERS, fields={"kind": "police_110", "name": "派出所"}),
    ("POST", "/desk/handoffs/{site}/partners/{partner_id}/{what}"): Door(Act.MANAGE_PARTNERS),
    ("POST", "/desk/handoffs/{site}/{handoff_id}/{step}"): Door(Act.HAND_OFF),
    ("GET", "/desk/incidents"): Door(Act.READ_INCIDENTS),
    ("POST", "/desk/incidents"): Door(Act.HANDLE_INCIDENT, fields={"people": "12"}),
    ("POST", "/desk/incidents/{incident_id}/members/{reference}/{step}"): Door(Act.TAKE_PART),
    ("POST", "/desk/incidents/{incident_id}/representatives"): Door(Act.HANDLE_INCIDENT),
    ("POST", "/desk/incidents/{incident_id}/settlement"): Door(Act.HANDLE_INCIDENT),
    ("GET", "/desk/settlements/{settlement_id}"): Door(Act.READ_SETTLEMENTS),
    ("POST", "/desk/settlements/{settlement_id}/{step}"): Door(Act.HANDLE_INCIDENT),
    ("GET", "/desk/incidents/{incident_id}"): Door(Act.READ_INCIDENTS),
    ("GET", "/desk/incidents/{incident_id}/report"): Door(Act.READ_INCIDENTS),
    ("POST", "/desk/incidents/{incident_id}/{act}"): Door(Act.HANDLE_INCIDENT, fields={"plan": "x"}),
    ("GET", "/desk/account"): Door(None),
    ("POST", "/desk/account/mail"): Door(None),
    ("POST", "/desk/account/password"): Door(None),
    ("POST", "/desk/account/factor"): Door(None),
    ("POST", "/desk/account/factor/confirm"): Door(None),
    ("POST", "/desk/sign-out"): Door(None),
    ("GET", "/desk/officers"): Door(Act.MANAGE_OFFICERS),
    ("POST", "/desk/officers/{act}"): Door(Act.MANAGE_OFFICERS, fields={"name": "Otto"}),
}
"""Every address of the console but the door itself."""

OF_FILES = {("GET", "/desk/evidence/{file_id}")}
"""Asked by every role in `test_evidence_doors`."""

ABOUT_ONE = re.compile(r"\{(reference|payout_id|recovery_id|site|incident_id|settlement_id)\}")
MONEY = re.compile(r"/(pledges|payouts|fund|recoveries|close|breaks|gateway-messages)")
REPORTS = re.compile(r"/(promises|follow-ups|alerts|digests|handoffs|incidents|settlements)")

STEPS = {"payouts": "cancel", "recoveries": "payments", "members": "join", "settlements": "withdraw"}
"""A step that things of a kind can take; hand-offs can be taken."""

AT_THE_DOOR = {
    ("GET", "/desk/sign-in"),
    ("POST", "/desk/sign-in"),
    ("GET", "/desk/sign-in/factor"),
    ("POST", "/desk/sign-in/factor"),
}


def pages(front: Front) -> set[tuple[str, str]]:
    """Method and path template of every staff page that the application serves."""
    return {
        (method, str(one.path_format))
        for one in iter_route_contexts(front.app.routes)
        if str(one.path_format).startswith("/desk")
        for method in one.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def expected(by: str, where: tuple[str, str]) -> str | int:
    """What a caller meets, by SPEC 8. What a claim's own money needs is answered to the till in any state of the claim."""
    role, door = ROLES[by], DOORS[where]
    if door.act is None or role in door.led_on:
        return OPEN
    if not ABOUT_ONE.search(where[1]):
        held = Role.MANAGER if role is None else role
        return OPEN if held in RIGHTS[door.act] else REFUSED
    if role is None or role is Role.ADMIN:
        return ABSENT_HERE
    if door.reads_first and State(door.state) not in READABLE[role]:
        return ABSENT_HERE
    if role not in RIGHTS[door.act]:
        return REFUSED
    return OPEN if MONEY.search(where[1]) or REPORTS.search(where[1]) or State(door.state) in READABLE[role] else ABSENT_HERE


@dataclass
class Things:
    """What the addresses speak of: a claim, a payout, a withdrawal, a break, a message, a recovery and its respondent, a site."""

    reference: str
    payout: int = 1
    withdrawal: int = 1
    close: int = 1
    break_id: int = 1
    message: int = 1
    miss: int = 1
    site: str = "huangshan"
    recovery: str = "1"
    respondent: str = "1"
    pledge: int = 1
    alert: int = 1
    digest: int = 1
    duty: int = 1
    rectification: int = 1
    partner: int = 1
    handoff: int = 1
    incident: int = 1
    settlement: int = 1

    def address(self, path: str) -> str:
        """An address with its blanks filled in."""
        step = next((step for part, step in STEPS.items() if part in path), "taken")
        act = "token" if "officers" in path else "plan" if "incidents" in path else "note"
        return path.format(
            reference=self.reference, payout_id=self.payout, withdrawal_id=self.withdrawal, close_id=self.close,
            break_id=self.break_id, message_id=self.message, site=self.site, act=act, step=step, recovery_id=self.recovery,
            respondent_id=self.respondent, number=1, way="in", miss_id=self.miss, pledge_id=self.pledge,
            alert_id=self.alert, rectification_id=self.rectification, digest_id=self.digest, duty_id=self.duty,
            partner_id=self.partner, what="keys", handoff_id=self.handoff, incident_id=self.incident,
            settlement_id=self.settlement,
        )  # fmt: skip


async def made(front: Front, where: tuple[str, str]) -> Things:  # noqa: PLR0911 - one for each kind of thing
    """Things that suit a door, at Huangshan."""
    state, house = DOORS[where].state, front.house
    if "{payout_id}" in where[1]:
        number = await Till(house).brought_to(state)
        return Things(ABSENT, number)
    if "{recovery_id}" in where[1] or "{respondent_id}" in where[1]:
        found = await owed(front, state, away=False)
        return Things(ABSENT, recovery=found["recovery"], respondent=found["respondent"])
    if "{break_id}" in where[1] or "{message_id}" in where[1]:
        number = await Till(house).brought_to("reserved")
        return Things(ABSENT, break_id=await broken(house, number), message=await puzzled(house, number))
    if "{withdrawal_id}" in where[1]:
        asked = await house.desk.write(propose_withdrawal, house.cast.ma, HOME, Money(100, "CNY"), Source.SITE, "x")
        return Things(ABSENT, withdrawal=asked.row.id)
    if "{close_id}" in where[1]:
        await Till(house).brought_to("settled")
        (till,) = await house.desk.read(open_tills, house.cast.chen, HOME)
        counted = (HOME, Method.CASH, Count(till.expected, "CNY"), None, till.seen)
        return Things(ABSENT, close=(await house.desk.write(close_day, house.cast.chen, *counted)).row.id)
    if "{digest_id}" in where[1] or "{duty_id}" in where[1]:
        return Things(ABSENT, digest=await kept(house), duty=(await put_on(house)).row.id)
    pledge = (await Goods(house).pledge(f"商户{next(_numbers)}")).row.id if "{pledge_id}" in where[1] else 1
    alert, notice = await notices(house, where[1])
    hand = await partner(house) if "{partner_id}" in where[1] or "{handoff_id}" in where[1] else None
    return Things(
        await member(house) if "/members/" in where[1] else await front.brought_to(state),
        pledge=pledge,
        alert=alert,
        rectification=notice,
        partner=hand.id if hand else 1,
        handoff=await handed(house, hand) if hand and "{handoff_id}" in where[1] else 1,
        miss=await missed(front) if "{miss_id}" in where[1] else 1,
        incident=await reported(house) if "{incident_id}" in where[1] else 1,
        settlement=await planned(house) if "{settlement_id}" in where[1] else 1,
    )


async def reported(house: House) -> int:
    """An incident with a draft of its report."""
    whom = WrittenRespondent(name=f"商户{next(_numbers)}")
    number = await opened(house, respondent=whom)
    await house.desk.write(save_report, house.cast.olga, number, Report("x"), 0)
    return number


async def member(house: House) -> str:
    """The reference of a claim that others of the same cause were found for."""
    (first, *_) = await stuck(house, 4, respondent=WrittenRespondent(name=f"商户{next(_numbers)}"))
    await seen(house)
    return first


async def planned(house: House) -> int:
    """A settlement plan for one member."""
    return (await offered(house, respondent=WrittenRespondent(name=f"商户{next(_numbers)}"))).number


async def notices(house: House, path: str) -> tuple[int, int]:
    """An orange alert, and the notice served for it, where a path names one."""
    if "{alert_id}" not in path and "{rectification_id}" not in path:
        return 1, 1
    alert = await alarmed(house, f"商户{next(_numbers)}")
    return alert, await served(house, alert) if "{rectification_id}" in path else 1


async def met(at: Seat, where: tuple[str, str], things: Things) -> str | int:
    """What one caller meets at one door."""
    method, path = where
    address = things.address(path)
    if method == "GET":
        answer = await at.get(address)
    else:
        key = form_in((await at.get("/desk/account")).text, "/desk/sign-out")
        answer = await at.post(address, {**key, **DOORS[where].fields})
    assert answer.status_code < 500
    assert "sign-in" not in answer.headers.get("location", "") or path == "/desk/sign-out"
    return answer.status_code if answer.status_code in (401, 403, 404, 405) else OPEN


async def test_every_staff_page_is_entered(sqlite_front: Front) -> None:
    assert pages(sqlite_front) - AT_THE_DOOR - OF_FILES == set(DOORS)


@pytest.mark.parametrize("where", DOORS, ids=" ".join)
async def test_each_officer_meets_what_the_rights_table_says(sqlite_till_front: Front, where: tuple[str, str]) -> None:
    cells = {}
    things = await made(sqlite_till_front, where)
    for by in ROLES:
        cells[by] = await met(await seat(sqlite_till_front, by), where, things)
        if where[0] == "POST" and cells[by] == OPEN:
            things = await made(sqlite_till_front, where)
    assert cells == {by: expected(by, where) for by in ROLES}


@pytest.mark.parametrize("where", DOORS, ids=" ".join)
async def test_nobody_gets_past_the_door(sqlite_till_front: Front, where: tuple[str, str]) -> None:
    method, path = where
    things = await made(sqlite_till_front, where)
    before = await sqlite_till_front.counted("event")
    answer = await browser(sqlite_till_front).request(method, things.address(path), data=DOORS[where].fields)
    if method == "GET":
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")
    else:
        assert answer.status_code == 401
    assert await sqlite_till_front.counted("event") == before


@pytest.mark.slow
@pytest.mark.parametrize("where", [where for where in DOORS if ABOUT_ONE.search(where[1])], ids=" ".join)
async def test_what_is_a_foreign_sites_reads_as_what_is_not_there(sqlite_till_front: Front, where: tuple[str, str]) -> None:
    things = await made(sqlite_till_front, where)
    before = await sqlite_till_front.counted("event")
    nothing = Things(ABSENT, site="atlantis")
    for by in ("mona", "oskar", "anton"):
        at = await seat(sqlite_till_front, by)
        assert [await met(at, where, each) for each in (things, nothing)] == [ABSENT_HERE] * 2, by
    told = await sqlite_till_front.counted("event")
    assert told == before
