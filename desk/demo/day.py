"""The script of the demo's day: from a seed to every act of it in order, the same each time. Calls nobody and reads no clock."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from desk.demo.cast import ASK, FAST, Filed, Matter, everyday, published, visitor
from desk.demo.steps import CLOSING, MINUTE, MOST_CASH_MINOR, PAID_WITHIN, Act, Way, amount_of, yuan
from desk.packs.cases import ExpectedRoute

OPENING = 9 * 3600
OPENED_MINOR = 10_000_000
"""What the seed gives the site's fund. Source: API "Seed"."""
TOPPED_UP_MINOR = 3_000_000

HOMESTAY_AT = 14 * 3600 + 18 * MINUTE
SHORT_AT, TOP_UP_AT = HOMESTAY_AT + 16 * MINUTE, HOMESTAY_AT + 44 * MINUTE
SILENT_AT = 10 * 3600 + 22 * MINUTE
STRANGE_AT = 15 * 3600 + 28 * MINUTE
RETURN_AT = 9 * 3600 + 34 * MINUTE
OUT_FROM, OUT_UNTIL = STRANGE_AT + 10 * MINUTE, STRANGE_AT + 25 * MINUTE
RAIN_FROM, RAIN_UNTIL = 14 * 3600, 15 * 3600 + 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Wave:
    """Those who come between two times: everyday matters by name with the least and most of each, published cases by label."""

    since: int
    until: int
    everyday: Mapping[str, tuple[int, int]]
    fast: int = 0
    docket: int = 0
    ask: int = 0
    refuse: int = 0


WAVES: Sequence[Wave] = (
    # Yesterday's visitors: whoever looks at the desk for two minutes should not wait for its first claims.
    Wave(OPENING - 29 * MINUTE, OPENING - 3 * MINUTE, {}, fast=2, docket=3, ask=2),
    Wave(OPENING + MINUTE, 11 * 3600, {"tea": (4, 6), "goods": (2, 2), "photo": (1, 1)}, fast=2, docket=1),
    Wave(11 * 3600, 13 * 3600 + 40 * MINUTE, {"queue": (5, 7), "lunch": (3, 3), "fish": (1, 2), "porter": (1, 1)}, 2, 3, 2),
    Wave(RAIN_FROM + 3 * MINUTE, RAIN_FROM + 40 * MINUTE, {"rain": (7, 9), "raincoat": (2, 2), "fall": (1, 1)}),
    Wave(
        15 * 3600, 17 * 3600 + 5 * MINUTE, {"tea": (2, 3), "queue": (2, 3), "goods": (1, 1), "porter": (1, 1), "tour": (1, 1)},
        fast=2, docket=2, refuse=1,
    ),
)  # fmt: skip

TOLD: Mapping[int, str] = {
    OPENING: "gates", 11 * 3600: "queue", 12 * 3600 + 5 * MINUTE: "lunch", RAIN_FROM: "rain", RAIN_UNTIL: "clear",
    17 * 3600 + 30 * MINUTE: "last",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Day:
    """The claims in the order of their lodging, every act in the order of the clock, and what the fund opens the day with."""

    claims: Sequence[Filed]
    acts: Sequence[Act]
    opens_with: int


def plan(seed: int) -> Day:
    """The day of a seed."""
    rng = Random(seed)  # noqa: S311 - the same day each time is the point
    filed = _arrivals(rng)
    scripted = {"returned": RETURN_AT, "silent": SILENT_AT, "short": HOMESTAY_AT, "strange": STRANGE_AT}
    acts = [Act(at, "tell", line=line) for at, line in TOLD.items()]
    for each in filed:
        special = next((name for name, at in scripted.items() if at == each.at), "")
        acts += _SPECIAL[special](Way.of(each), rng) if special else _ordinary(Way.of(each), rng)
    opens_with = _enough_until_the_shortage(acts)
    return Day(filed, sorted([*_morning(opens_with), *_incident(), *acts], key=lambda act: act.at), opens_with)


def _arrivals(rng: Random) -> list[Filed]:
    """Everybody who comes, numbered in the order of their coming."""
    decks = {expected: published(expected, rng) for expected in ExpectedRoute}
    coming = [(rng.randrange(wave.since, wave.until), matter) for wave in WAVES for matter in _matters(wave, rng, decks)]
    # A second later than on the minute, so that nobody else is taken for one of these four.
    coming = [(at - at % MINUTE + 1, matter) for at, matter in coming]
    coming += [(RETURN_AT, everyday("goods", rng)), (SILENT_AT, everyday("fish", rng))]
    coming += [(HOMESTAY_AT, everyday("homestay", rng)), (STRANGE_AT, everyday("feast", rng))]
    coming.sort(key=lambda one: one[0])
    return [visitor(number, at, matter, rng) for number, (at, matter) in enumerate(coming, 1)]


def _matters(wave: Wave, rng: Random, decks: Mapping[ExpectedRoute, list[Matter]]) -> Iterator[Matter]:
    """What a wave brings; no published case comes twice."""
    for name, (least, most) in wave.everyday.items():
        for _ in range(rng.randint(least, most)):
            yield everyday(name, rng)
    labels = {
        ExpectedRoute.FAST_REFUND: wave.fast, ExpectedRoute.DOCKET: wave.docket, ExpectedRoute.NEEDS_INFORMATION: wave.ask,
        ExpectedRoute.REFUSE_OUT_OF_SCOPE: wave.refuse,
    }  # fmt: skip
    for expected, count in labels.items():
        yield from (decks[expected].pop() for _ in range(count))


def _ordinary(way: Way, rng: Random) -> list[Act]:
    """What becomes of a claim that is like most others."""
    filed, acts = way.filed, [way.lodged("first" if way.filed.number == 1 else "")]
    in_the_rain = RAIN_FROM <= filed.at < RAIN_UNTIL
    waits = rng.randrange(30, 70) if in_the_rain else rng.randrange(3, 15)
    if filed.at < OPENING:
        waits += (OPENING - filed.at) // MINUTE + rng.randrange(0, 65)
    if filed.matter.name == "rain" and filed.number % 5 == 0:
        waits = rng.randrange(125, 140)  # beyond the two hours in which the first answer is promised
    looked, done = way.looked_at(filed.at + waits * MINUTE, rng)
    acts += looked
    fast = filed.matter.route == FAST
    if filed.matter.route == ASK and filed.matter.whole:
        more, done = way.answered(done, rng)
        acts, fast = [*acts, *more], True
    if fast:
        acts += way.paid(done, rng, _method(filed, done, rng))
    return [act for act in acts if act.at < CLOSING]


def _method(filed: Filed, confirmed_at: int, rng: Random) -> str:
    """Cash for some small sums, and for whoever could meet the gateway while it is out."""
    near = OUT_FROM - PAID_WITHIN - 15 * MINUTE <= confirmed_at <= OUT_UNTIL
    small = (filed.matter.asked or 0) <= MOST_CASH_MINOR
    return "cash" if near or (small and rng.random() < 0.35) else "original_route"  # noqa: PLR2004 - about a third


def _silent(way: Way, _rng: Random) -> list[Act]:
    """A bill that two sides tell differently, and a merchant who answers nobody: to the docket."""
    at = way.filed.at
    return [
        way.lodged(),
        way.act(at + 4 * MINUTE, "note", way.clerk, text="10:26 打电话给店家，没人接。"),
        way.act(at + 35 * MINUTE, "note", way.clerk, text="10:57 再打，仍没人接。", line="silent"),
        way.act(at + 66 * MINUTE, "assess", way.clerk, findings={**way.filed.matter.findings, "note": "店家两次没有回应"}),
        way.act(at + 68 * MINUTE, "confirm", way.clerk, route="docket", line="docketed"),
    ]


def _short(way: Way, _rng: Random) -> list[Act]:
    """The refund that the fund cannot cover: refused, the manager puts money in, then paid; its half hour is over by then."""
    at = way.filed.at
    return [
        way.lodged(),
        way.act(at + 10 * MINUTE, "assess", way.clerk, findings=way.filed.matter.findings),
        way.act(at + 13 * MINUTE, "confirm", way.clerk, route=FAST),
        way.proposed(SHORT_AT, "original_route", refused="fund_insufficient", line="short"),
        Act(TOP_UP_AT, "top_up", "manager", told={"amount": yuan(TOPPED_UP_MINOR), "source": "government"}, line="topped"),
        way.proposed(TOP_UP_AT + MINUTE, "original_route"),
        way.act(TOP_UP_AT + 3 * MINUTE, "approve", "manager"),
        way.act(TOP_UP_AT + 4 * MINUTE, "send", way.cashier, method="original_route"),
        way.act(TOP_UP_AT + 4 * MINUTE + PAID_WITHIN, "see_paid", way.cashier, line="paid", amount=way.filed.matter.asked),
    ]


def _strange(way: Way, _rng: Random) -> list[Act]:
    """The payment of which nobody knows for a while: the gateway pays, says nothing, and answers when it is asked again."""
    at, out = way.filed.at, {"mode": "error_after_paying", "on": "all", "events": "none"}
    return [
        way.lodged(),
        way.act(at + 3 * MINUTE, "assess", way.clerk, findings=way.filed.matter.findings),
        way.act(at + 4 * MINUTE, "confirm", way.clerk, route=FAST),
        way.proposed(at + 6 * MINUTE, "original_route"),
        way.act(at + 8 * MINUTE, "approve", way.second),
        Act(OUT_FROM, "gateway", told=out),
        way.act(OUT_FROM + MINUTE, "send", way.cashier, method="original_route"),
        way.act(OUT_FROM + 5 * MINUTE, "see_unknown", way.cashier, line="unknown"),
        Act(OUT_UNTIL, "gateway", told={"mode": "normal"}),
        way.act(OUT_UNTIL + 2 * MINUTE, "see_paid", way.cashier, line="resolved"),
    ]


def _returned(way: Way, rng: Random) -> list[Act]:
    """Goods bought the day before that nobody wants any more: the shop has pledged to take them back, and does."""
    at, bought = way.filed.at, {"purchased_on": "2026-09-30", "invoice_no": "0930-117"}
    sound = {"custom_made": "no", "altered": "no", "damaged_in_transport": "no"}
    return [
        way.lodged(),
        way.act(at + 4 * MINUTE, "return", way.clerk, item="毛峰茶一盒，未拆封", **bought),
        way.act(at + 16 * MINUTE, "take_back", way.clerk, line="pledged"),
        way.act(at + 58 * MINUTE, "goods_back", way.clerk, condition="包装完好", **sound, line="returned"),
        *way.paid(at + 60 * MINUTE, rng, "cash"),
    ]


_SPECIAL = {"returned": _returned, "silent": _silent, "short": _short, "strange": _strange}


def _enough_until_the_shortage(acts: Sequence[Act]) -> int:
    """What the fund opens with so that only the one refund is refused: all that is proposed until the top-up, in hundreds."""
    before = sum(amount_of(act) for act in acts if act.at < TOP_UP_AT)
    return -(-before // 10_000) * 10_000


def _incident() -> list[Act]:
    """The cable car that stands still in the rain: more than ten people, so that the four clocks of an incident run."""
    seen, plan = RAIN_FROM + 41 * MINUTE, "每张票全额退回，由基金先行赔付"
    report = {
        "happened": "雷雨，云谷索道停运，游客滞留光明顶", "people": 16, "injured": 0, "cause": "天气",
        "measures": "开放避雨处，逐一退票",
    }  # fmt: skip
    return [
        Act(seen, "see_incident", "manager", line="incident"),
        Act(seen + 6 * MINUTE, "incident", "manager", told={"step": "first-report", "to": "景区管委会"}),
        Act(seen + 14 * MINUTE, "incident", "intake", told={"step": "arrival"}, line="arrived"),
        Act(seen + 38 * MINUTE, "incident", "manager", told={"step": "report/file", **report}),
        Act(seen + 52 * MINUTE, "incident", "manager", told={"step": "plan", "plan": plan}, line="planned"),
        Act(CLOSING - 35 * MINUTE, "incident", "manager", told={"step": "close", "why": "票款已退，无人滞留"}),
    ]


def _morning(opens_with: int) -> list[Act]:
    """Before the gates: a shop signs its pledge; the site takes back what it does not leave in the fund, two persons agreeing."""
    back = {"amount": yuan(OPENED_MINOR - opens_with), "source": "site", "note": "节前划回景区账户"}
    pledged = {"respondent": {"name": "迎客松山货店", "kind": "shop"}, "signed_on": "2026-01-01"}
    return [
        Act(OPENING - 28 * MINUTE, "pledge", "manager", told=pledged),
        Act(OPENING - 20 * MINUTE, "withdraw", "manager", told=back),
        Act(OPENING - 12 * MINUTE, "agree", "cashier", told={"amount": yuan(opens_with)}, line="opened"),
    ]
