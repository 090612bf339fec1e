"""The day in figures, counted from outside: what the desk's own API says of its claims, payouts and fund. Keeps no books."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median
from typing import Any

from desk.demo.acts import SITE, Counter
from desk.domain.claim import OPEN_STATES

BOSS = "manager"
"""In whose name it is counted: they read all of the site's claims and its fund."""
_UNDECIDED = ("received", "awaiting_information")
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Figures:
    """How the day stands: claims, payouts, the fund. `paid` and `available` in minor units; `missed` claims missed a promise."""

    lodged: int
    decided: int
    refunds: int
    paid: int
    docketed: int
    overdue: int
    missed: int
    available: int


@dataclass
class Tally:
    """Counts again and again, and remembers which claims were ever seen past their deadline."""

    counter: Counter
    _overdue_once: set[str] = field(default_factory=set)

    def now(self, now: datetime) -> Figures:
        """The figures of this moment."""
        claims, fund = list(self._all("claims")), self._read(f"/sites/{SITE}/fund")
        overdue = {each["reference"] for each in claims if _is_overdue(each, now)}
        self._overdue_once |= overdue
        return Figures(
            lodged=len(claims),
            decided=sum(each["state"] not in _UNDECIDED for each in claims),
            refunds=len(list(self._settled())),
            paid=minor_of(fund["paid"]),
            docketed=sum(each["state"] == "docketed" for each in claims),
            overdue=len(overdue),
            missed=len(self._overdue_once),
            available=minor_of(fund["available"]),
        )

    def missed(self) -> int:
        """How many promises were missed, each by its own clock."""
        paths = [f"/claims/{each['reference']}/clocks" for each in self._all("claims")]
        return sum(clock["late"] for path in paths for clock in self._read(path))

    def minutes_to_money(self) -> int | None:
        """The median of the minutes from lodging to the money, of all refunds that were settled; None without one."""
        lodged = {each["reference"]: each["lodged_at"] for each in self._all("claims")}
        took = [_minutes(lodged[each["reference"]], each["settled_at"]) for each in self._settled()]
        return int(median(took)) if took else None

    def _settled(self) -> Iterator[dict[str, Any]]:
        return self._all("payouts", "&state=settled")

    def _all(self, what: str, more: str = "") -> Iterator[dict[str, Any]]:
        """Every line of a list, page after page."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._read(f"/{what}?site={SITE}&limit={_PAGE}{more}" + (f"&cursor={cursor}" if cursor else ""))
            yield from page[what]
            cursor = page["next"]

    def _read(self, path: str) -> Any:  # noqa: ANN401 - JSON
        return self.counter.ask("GET", path, BOSS).json()


def _is_overdue(claim: dict[str, Any], now: datetime) -> bool:
    return claim["state"] in OPEN_STATES and claim["due_at"] is not None and datetime.fromisoformat(claim["due_at"]) < now


def minor_of(told: Mapping[str, str]) -> int:
    """The minor units of an amount as the API writes it, which may be zero; yuan have two places."""
    return int(told["amount"].replace(".", ""))


def _minutes(since: str, until: str) -> int:
    return int((datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds()) // 60
