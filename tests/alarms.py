"""Short ways to alerts on a test house: claims lodged, the worker's look, a notice served. Through the real actions."""

from sqlalchemy import Connection, select

from desk.actions.intake import WrittenRespondent
from desk.actions.rectifications import answer_rectification, serve_rectification
from desk.domain.claim import RespondentKind
from desk.store.alerts import Subject, standing
from desk.store.tables import AlertRow, metadata
from desk.worker.timetable import look_after_all_alerts
from tests.builders import Given, House
from tests.cast import HOME

RESPONDENT = metadata.tables["respondent"]
SHOP = "云海茶庄"


async def busy(house: House, claims: int, name: str = SHOP, site: str = HOME, **told: Given) -> list[str]:
    """So many claims on one merchant of a site; their references."""
    by = house.cast.olga if site == HOME else house.cast.oskar
    whom = WrittenRespondent(name=name, kind=RespondentKind.SHOP)
    return [(await house.lodge(by, respondent=whom, site=site, **told)).reference for _ in range(claims)]


async def looked(house: House) -> int:
    """Let the worker look once; how many levels changed."""
    return await look_after_all_alerts(house.desk)


async def level(house: House, name: str | None = SHOP, site: str = HOME) -> AlertRow | None:
    """The level at which a merchant, or without a name the site itself, stands now."""
    return await house.desk.read(_standing, house.cast.sites[site], name)


async def alarmed(house: House, name: str = SHOP, site: str = HOME) -> int:
    """The id of an orange alert of a merchant."""
    await busy(house, 10, name, site)
    await looked(house)
    found = await level(house, name, site)
    assert found is not None
    return found.id


async def served(house: House, alert_id: int, *, answered: bool = True, site: str = HOME) -> int:
    """The id of a notice that was served for an alert, and answered."""
    manager, clerk = (house.cast.ma, house.cast.olga) if site == HOME else (house.cast.mona, house.cast.oskar)
    number = (await house.desk.write(serve_rectification, manager, alert_id, "请停止捆绑销售，重新标价。")).row.id
    if answered:
        await house.desk.write(answer_rectification, clerk, number, "已重新标价。")
    return number


def _standing(conn: Connection, site_id: int, name: str | None) -> AlertRow | None:
    merchant = None
    if name is not None:
        mine = (RESPONDENT.c.name == name) & (RESPONDENT.c.site_id == site_id)
        merchant = conn.execute(select(RESPONDENT.c.id).where(mine)).scalar_one()
    return standing(conn, site_id).get(Subject(site_id, merchant))
