"""The named cast of every test: who works where, and the parties without an account. Makes no database.

Huangshan: intake Olga and Otto, cashiers Chen and Cai, mediator Mei, manager Ma, auditor Ada. Gulangyu, the second site:
intake Oskar, cashier Cora, mediator Milo, manager Mona, auditor Abel. Admin Anton of all sites. Visitor Vera holds the
code of one claim, stranger Sam of none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from desk.actions.officers import Post
from desk.domain.policy import Kind, Role, Viewer

HOME, AWAY = "huangshan", "gulangyu"

POSTS: Mapping[str, Post] = {
    "olga": Post(Role.INTAKE, HOME),
    "otto": Post(Role.INTAKE, HOME),
    "chen": Post(Role.CASHIER, HOME),
    "cai": Post(Role.CASHIER, HOME),
    "mei": Post(Role.MEDIATOR, HOME),
    "ma": Post(Role.MANAGER, HOME),
    "ada": Post(Role.AUDITOR, HOME),
    "oskar": Post(Role.INTAKE, AWAY),
    "cora": Post(Role.CASHIER, AWAY),
    "milo": Post(Role.MEDIATOR, AWAY),
    "mona": Post(Role.MANAGER, AWAY),
    "abel": Post(Role.AUDITOR, AWAY),
    "anton": Post(Role.ADMIN),
}

OPERATOR = Viewer(Kind.OPERATOR, request_id="test-operator")
POSTER = Viewer(Kind.POSTER, request_id="test-poster")
SAM = Viewer(Kind.VISITOR, request_id="test-sam")
VISITOR_NAME, VISITOR_PHONE = "王小薇 Vera", "+8613800138000"


@dataclass(frozen=True)
class Cast:
    """The staff as viewers and their API tokens by first name, and the sites' ids by slug."""

    staff: Mapping[str, Viewer]
    tokens: Mapping[str, str]
    sites: Mapping[str, int]

    @property
    def olga(self) -> Viewer:
        """Intake at Huangshan."""
        return self.staff["olga"]

    @property
    def otto(self) -> Viewer:
        """Intake at Huangshan too."""
        return self.staff["otto"]

    @property
    def chen(self) -> Viewer:
        """Cashier at Huangshan."""
        return self.staff["chen"]

    @property
    def cai(self) -> Viewer:
        """Cashier at Huangshan too."""
        return self.staff["cai"]

    @property
    def mei(self) -> Viewer:
        """Mediator at Huangshan."""
        return self.staff["mei"]

    @property
    def ma(self) -> Viewer:
        """Manager at Huangshan."""
        return self.staff["ma"]

    @property
    def ada(self) -> Viewer:
        """Auditor at Huangshan."""
        return self.staff["ada"]

    @property
    def oskar(self) -> Viewer:
        """Intake at Gulangyu: a foreigner to every claim of Huangshan."""
        return self.staff["oskar"]

    @property
    def mona(self) -> Viewer:
        """Manager at Gulangyu."""
        return self.staff["mona"]

    @property
    def anton(self) -> Viewer:
        """Admin: officers, sites, calendar; no claims and no money."""
        return self.staff["anton"]


def vera(claim_id: int) -> Viewer:
    """The visitor who holds the code of this claim."""
    return Viewer(Kind.VISITOR, claim_id=claim_id, request_id="test-vera")
