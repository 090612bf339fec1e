"""Short ways to hand-offs on a test house: a partner added, a claim offered, led on. Through the real actions."""

from dataclasses import dataclass
from itertools import count

from sqlalchemy import update

from desk.actions.handoffs import move_handoff, offer_handoff
from desk.actions.partners import add_partner, keys_of
from desk.domain.handoff import HandoffState, PartnerKind
from desk.ports import Work
from desk.store.tables import metadata
from tests.builders import House
from tests.cast import HOME

ASKED = "请核查该店价格标示。"
_numbers = count(1)


@dataclass(frozen=True)
class Hand:
    """A partner with its keys."""

    id: int
    token: str
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        """What a call with its token carries."""
        return {"Authorization": f"Bearer {self.token}"}


async def partner(
    house: House, kind: str = "hotline_12345", hook_url: str | None = None, *, site: str = HOME, name: str | None = None
) -> Hand:
    """A partner of a site, under a name of its own unless one is told."""
    by = house.cast.ma if site == HOME else house.cast.mona
    called = name or f"{kind} {next(_numbers)}"
    row = (await house.desk.write(add_partner, by, site, PartnerKind(kind), called, hook_url)).row
    keys = keys_of(house.kit, row.id, row.generation)
    return Hand(row.id, keys.token, keys.secret)


async def offered(house: House, to: Hand, reference: str | None = None, asked: str = ASKED) -> int:
    """The id of a hand-off: a claim, a new one unless it is told, offered to a partner of Huangshan."""
    claim = reference or (await house.lodge()).reference
    return (await house.desk.write(offer_handoff, house.cast.olga, claim, to.id, asked)).row.id


async def led(house: House, handoff_id: int, *states: str) -> None:
    """Lead a hand-off on, as Olga who phones with the partner."""
    for state in states:
        reason = "不属于本单位职责。" if state == "returned" else None
        await house.desk.write(move_handoff, house.cast.olga, handoff_id, HandoffState(state), reason)


def lost(work: Work, handoff_id: int) -> None:
    """Have told the partner's system in vain."""
    row, job = metadata.tables["handoff"], metadata.tables["job"]
    work.conn.execute(update(row).where(row.c.id == handoff_id).values(post="given_up", why="timeout", tries=14))
    work.conn.execute(update(job).where(job.c.dedupe == f"handoff:{handoff_id}:1").values(done_at=work.now))
