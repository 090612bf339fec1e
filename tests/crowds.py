"""Short ways to incidents on a test house: a cable car that stands still, the worker's look, steps. Through the real actions."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from desk.actions.collective import Ballot, join_collective, name_representatives, vote_on_settlement
from desk.actions.intake import WrittenRespondent
from desk.actions.settlements import Plan, make_settlement
from desk.domain.claim import Category, RespondentKind
from desk.domain.incident import Vote
from desk.domain.money import Money
from desk.store import settlements
from desk.store.tables import IncidentRow, metadata
from desk.worker.timetable import look_around
from tests.builders import Given, House
from tests.cast import HOME

INCIDENT = metadata.tables["incident"]
SPOT = "yuping-cableway"
SITE_ITSELF = "黄山风景区"
STOOD_STILL = "索道突然停运，在轿厢里等了两个小时。"


def ride(**told: Given) -> dict[str, Any]:
    """What a visitor tells of the cable car that stood still, or whatever `told` says instead."""
    whom = WrittenRespondent(name=SITE_ITSELF, kind=RespondentKind.SCENIC_SITE)
    return {
        "category": Category.TICKET_AND_RIDE, "spot": SPOT, "facts": STOOD_STILL, "asked": "80.00", "respondent": whom, **told,
    }  # fmt: skip


async def stuck(house: House, claims: int, **told: Given) -> list[str]:
    """So many claims about the cable car; their references."""
    by = house.cast.olga if told.get("site", HOME) == HOME else house.cast.oskar
    return [(await house.lodge(by, **ride(**told))).reference for _ in range(claims)]


async def seen(house: House) -> None:
    """Let the worker look around once: incidents, then alerts."""
    await look_around(house.desk)


async def all_incidents(house: House) -> list[IncidentRow]:
    """Every one there is, the oldest first."""
    return await house.desk.read(_rows)


async def the_incident(house: House) -> IncidentRow:
    """The only one there is."""
    (found,) = await all_incidents(house)
    return found


async def opened(house: House, claims: int = 10, **told: Given) -> int:
    """The id of an incident that the desk opened for so many claims of one person each."""
    await stuck(house, claims, **told)
    await seen(house)
    return [row for row in await all_incidents(house) if row.opened_at][-1].id


@dataclass(frozen=True)
class Offered:
    """A settlement plan: the incident's id, its own, and the references of the members it is for."""

    incident: int
    number: int
    references: tuple[str, ...]


async def joined(house: House, *references: str, speaks: bool = True) -> int:
    """Let claims of one cause join, the first of them as the representative; the incident's id."""
    for reference in references:
        done = await house.desk.write(join_collective, await house.vera(reference), reference)
    incident = done.member.incident_id
    if speaks:
        await house.desk.write(name_representatives, house.cast.olga, incident, references[:1])
    return incident


async def offered(house: House, claims: int = 4, amount: str = "80.00", **told: Given) -> Offered:
    """A plan that offers as much to each of so many members, all of whom joined and none of whom has voted."""
    references = await stuck(house, claims, **told)
    await seen(house)
    incident = await joined(house, *references)
    plan = Plan({reference: Money.parse(amount, "CNY") for reference in references}, "逐一退还票款。", 24)
    made = await house.desk.write(make_settlement, house.cast.ma, incident, plan)
    return Offered(incident, made.row.id, tuple(references))


async def voted(house: House, reference: str, vote: Vote = Vote.YES, plan: int | None = None) -> None:
    """Vote as the visitor, on what the claim is offered now or on a plan that was read before."""
    claim_id = (await house.claim(reference)).id
    line = await house.desk.read(settlements.offered, claim_id)
    number = plan or (line.settlement_id if line else 0)
    await house.desk.write(vote_on_settlement, await house.vera(reference), reference, Ballot(number, vote))


def _rows(conn: Connection) -> list[IncidentRow]:
    query = select(INCIDENT).order_by(INCIDENT.c.proposed_at, INCIDENT.c.id)
    return [IncidentRow(**row) for row in conn.execute(query).mappings()]
