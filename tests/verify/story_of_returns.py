"""Goods that went back that day: a return in each phase, refused both ways, withdrawn, refunded, and its refund sent back."""

from desk.actions import payout_words
from tests.builders import House
from tests.returns import Goods
from tests.till import Till

Told = tuple[dict[str, str], dict[str, int]]


async def returns_day(house: House) -> Told:
    """The references of the claims, and the ids of the payouts, by their part in the story."""
    goods, till = Goods(house), Till(house)
    ended = await goods.pledge("新安茶行")
    await goods.withdraw(ended)
    await goods.pledge(days=60)
    told = {name: await goods.brought_to(name, asked="60.00") for name in ("asked", "goods_awaited", "goods_back")}
    told = {"ret_asked": told["asked"], "ret_awaited": told["goods_awaited"], "ret_back": told["goods_back"]}
    told["ret_refused"] = await goods.brought_to("asked")
    await goods.refuse(told["ret_refused"])
    await goods.start(told["ret_refused"])
    await goods.back(told["ret_refused"], amount="100.00")
    await goods.refuse(told["ret_refused"], "custom_made")
    told["ret_withdrawn"] = await goods.brought_to("goods_awaited")
    await house.withdraw(told["ret_withdrawn"])
    payouts = {}
    for name, method in (("ret_paid", "cash"), ("ret_sent_back", "transfer")):
        told[name] = await goods.brought_to("goods_back", asked="70.00")
        payouts[name] = (await till.propose(told[name], method=method)).payout.id
        await till.send(payouts[name])
    await till.receive(payouts["ret_paid"])
    told["ret_second"] = await goods.brought_to("goods_back", asked="300.00")
    payouts["ret_second"] = (await till.propose(told["ret_second"])).payout.id
    await till.approve(payouts["ret_second"], house.cast.cai)
    await till.send(payouts["ret_second"])
    await till.called(payouts["ret_sent_back"], "settled", "gw-ret")
    key = f"payout-{payouts['ret_sent_back']}"
    house.clock.go(minutes=5)
    back = payout_words.Message("evt-ret", "payout.returned", key, 7_000, "CNY", "gw-ret")
    await house.desk.write(payout_words.hear_message, back)
    return told, payouts
