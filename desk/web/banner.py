"""What stands above every page of a demo: that it is one, its date, and the seats. Seats nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from zoneinfo import ZoneInfo

from fastapi import Request

from desk.domain.policy import Role
from desk.ports import Desk
from desk.web.options import WebOptions
from desk.wording import figures

SITE, POSTER = "huangshan", "/q/huangshan/north-gate"
ZONE = ZoneInfo("Asia/Shanghai")
VISITOR = "visitor"
SEATS: Mapping[str, Role | None] = MappingProxyType(
    {VISITOR: None, "clerk": Role.INTAKE, "cashier": Role.CASHIER, "manager": Role.MANAGER}
)
"""The seats in the order they are offered; in the visitor's sits no officer."""


@dataclass(frozen=True, slots=True)
class Banner:
    """The day and the hour at the demo's site, and where everybody may sit."""

    day: str
    time: str
    seats: Mapping[str, Role | None]
    poster: str


def banner_of(request: Request, language: str) -> Banner | None:
    """The banner of this page, None anywhere but in a demo."""
    options: WebOptions = request.app.state.options
    if not options.is_demo:
        return None
    desk: Desk = request.app.state.desk
    now = desk.kit.clock.now().astimezone(ZONE)
    return Banner(figures.day(now.date(), language), f"{now:%H:%M}", SEATS, POSTER)
