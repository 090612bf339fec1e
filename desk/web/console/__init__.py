"""The pages of site staff. They work without scripts.

`sign_in_first` answers whoever is not signed in, `send_again` a form that was opened before signing in again.
"""

from desk.web.console import (
    account,
    alerts,
    breaks,
    claim,
    day_closes,
    digests,
    docket,
    evidence,
    follow_ups,
    fund,
    gateway_messages,
    handoffs,
    incidents,
    lodging,
    merchants,
    officers,
    payouts,
    pledges,
    promises,
    queue,
    receipt,
    recovery,
    reminders,
    roster,
    settlements,
    signing,
    slip,
)
from desk.web.console.signing import send_again, sign_in_first

routers = (
    signing.router, account.router, officers.router, queue.router, fund.router, day_closes.router, breaks.router,
    gateway_messages.router, lodging.router, slip.router, docket.router, reminders.router, payouts.router, receipt.router,
    evidence.router, recovery.router, merchants.router, promises.router, follow_ups.router, pledges.router,
    alerts.router, roster.router, digests.router, handoffs.router, settlements.router, incidents.router,
    claim.router,  # the last one: what stands above has addresses that a claim's reference would fit too
)  # fmt: skip

__all__ = ["routers", "send_again", "sign_in_first"]
