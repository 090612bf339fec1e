"""Hand-offs of that day: three partners; offers taken, overtaken, done and given back; a claim handed in under a number."""

from desk.actions.handed_in import hand_in
from desk.actions.partners import change_hook, change_keys, disable_partner
from desk.domain.claim import Channel
from desk.domain.policy import Kind, Viewer
from tests.builders import House, lodging
from tests.cast import HOME
from tests.hands import led, offered, partner


async def handoffs_day(house: House) -> dict[str, str]:
    """The claims by their part."""
    city = await partner(house, hook_url="https://12345.example/desk")
    market, police = await partner(house, "market_regulator"), await partner(house, "police_110")
    write, ma = house.desk.write, house.cast.ma
    await write(change_hook, ma, market.id, "https://market.example/desk")
    await write(change_hook, ma, market.id, None)
    await write(change_keys, ma, police.id)
    raced, back, waiting = [(await house.lodge()).reference for _ in range(3)]
    await offered(house, city, raced)
    await led(house, await offered(house, market, raced), "taken", "working", "done")
    await led(house, await offered(house, police, back), "taken", "returned")
    await offered(house, city, waiting)
    await write(disable_partner, ma, police.id)
    viewer = Viewer(Kind.PARTNER, city.id, "12345", {house.cast.sites[HOME]: frozenset()}, request_id="story")
    told = lodging(channel=Channel.HOTLINE_12345)
    handed = await house.desk.append(hand_in(house.kit, viewer, told, "12345-0042", house.attempt("key-0042", {})))
    return {"raced": raced, "given_back": back, "told_later": waiting, "handed_in": handed.reference}
