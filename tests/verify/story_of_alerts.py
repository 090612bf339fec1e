"""Alerts of that day: levels that rose and fell, and a merchant who was served a notice, answered twice, and was confirmed."""

from desk.actions.rectifications import answer_rectification, confirm_rectification
from tests.alarms import busy, level, looked, served
from tests.builders import House

BUSY = "黄山特产行"
"""Nobody else's claims are on this merchant."""


async def alerts_day(house: House) -> dict[str, str]:
    """Blue, yellow and orange one after the other; a notice, its two answers and the manager's word. The claims by their part."""
    lodged: list[str] = []
    for more in (3, 2, 5):
        lodged += await busy(house, more, BUSY)
        await looked(house)
    alert = await level(house, BUSY)
    assert alert is not None
    notice = await served(house, alert.id)
    await house.desk.write(answer_rectification, house.cast.olga, notice, "已停止捆绑销售，附照片。")
    await house.desk.write(confirm_rectification, house.cast.ma, notice)
    return {f"alarming_{place}": reference for place, reference in enumerate(lodged)}
