"""The duty roster of that day: somebody put on, taken off and put on again; two addresses, one taken back; a digest."""

from datetime import date

from desk.actions.roster import remove_duty
from tests.builders import House
from tests.cast import HOME
from tests.digests import kept, put_on, reached_at

DAY = date(2026, 9, 20)


async def digests_day(house: House) -> None:
    """What happens to the roster of Huangshan."""
    first = await put_on(house, "Olga", DAY)
    await house.desk.write(remove_duty, house.cast.ma, HOME, first.row.id)
    await put_on(house, "Olga", DAY)
    await put_on(house, "Chen", DAY)
    for address in ("ma@site.example", "", "manager@site.example"):
        await reached_at(house, house.cast.ma, address)
    await reached_at(house, house.cast.olga, "olga@site.example")
    await reached_at(house, house.cast.olga, "")
    await kept(house)
