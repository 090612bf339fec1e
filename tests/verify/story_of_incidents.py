"""Incidents of that day: one handled to its end with a plan that was partly paid, one that missed, one that is only proposed."""

from sqlalchemy import select

from desk.actions.collective import leave_collective
from desk.actions.incidents import Report, close_incident, file_report, log_arrival, report_upward, save_report
from desk.actions.promises import explain_miss
from desk.actions.settlements import rows_to_settle, settle_rows, submit_settlement
from desk.domain.claim import Category, Route
from desk.domain.incident import Vote
from desk.domain.payout import Method
from desk.store.tables import metadata
from desk.worker.timetable import see_to_all_incidents
from tests.builders import House
from tests.crowds import all_incidents, offered, seen, stuck, voted

BREACH = metadata.tables["clock_breach"]


async def incidents_day(house: House) -> dict[str, str]:
    """The claims by their part."""
    desk, cast = house.desk, house.cast
    plan = await offered(house, people=3)
    await desk.write(report_upward, cast.olga, plan.incident, "镇政府")
    await desk.write(log_arrival, cast.olga, plan.incident)
    await desk.write(save_report, cast.olga, plan.incident, Report("停运"), 0)
    await desk.write(file_report, cast.olga, plan.incident, Report("停运两小时。", 22, 0, "疏散。", "部件失灵。"), 1)
    yes, no, leaves, silent = plan.references
    await house.assess(yes)
    await house.confirm(yes, Route.FAST_REFUND, cast.otto)
    await voted(house, yes)
    await voted(house, no, Vote.NO)
    await desk.write(leave_collective, await house.vera(leaves), leaves)
    house.clock.go(hours=24, seconds=1)
    await desk.write(submit_settlement, cast.chen, plan.number)
    waiting = await desk.read(rows_to_settle, plan.number)
    await desk.write(settle_rows, cast.chen, plan.number, waiting, Method.CASH)
    await desk.write(close_incident, cast.ma, plan.incident, "人员已疏散。")
    crowd = await stuck(house, 10, respondent=None)
    await seen(house)
    missing = (await all_incidents(house))[-1].id
    house.clock.go(minutes=25)
    await see_to_all_incidents(desk)
    miss = await desk.read(lambda conn: conn.execute(select(BREACH.c.id).where(BREACH.c.incident_id == missing)).scalar_one())
    await desk.write(explain_miss, cast.olga, miss, "对讲机没电。")
    proposed = await stuck(house, 4, category=Category.LODGING_QUALITY)
    await seen(house)
    others = {f"crowd_{place}": reference for place, reference in enumerate((silent, *crowd, *proposed[1:]))}
    return {"crowd_paid": yes, "crowd_no": no, "crowd_left": leaves, "crowd_proposed": proposed[0], **others}
