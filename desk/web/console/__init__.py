"""The pages of site staff. They work without scripts. `sign_in_first` answers whoever is not signed in."""

from desk.web.console import account, officers, signing
from desk.web.console.signing import sign_in_first

routers = (signing.router, account.router, officers.router)

__all__ = ["routers", "sign_in_first"]
