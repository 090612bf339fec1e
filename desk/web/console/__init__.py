"""The pages of site staff. They work without scripts. `sign_in_first` answers whoever is not signed in."""

from desk.web.console import account, docket, lodging, queue, signing, slip
from desk.web.console.signing import sign_in_first

routers = (signing.router, account.router, queue.router, lodging.router, slip.router, docket.router)
"""Fixed addresses come before those with a reference in them: `/desk/claims/new` is no claim."""

__all__ = ["routers", "sign_in_first"]
