"""The pages of site staff. They work without scripts. `sign_in_first` answers whoever is not signed in."""

from desk.web.console import account, docket, fund, lodging, officers, payouts, queue, signing, slip
from desk.web.console.signing import sign_in_first

routers = (
    signing.router, account.router, officers.router, queue.router, fund.router,
    lodging.router, slip.router, docket.router, payouts.router,  # before any page of a claim: `/desk/claims/new` is none
)  # fmt: skip

__all__ = ["routers", "sign_in_first"]
