"""The pages a visitor sees. They work without scripts. `routers` in this order: leaving is not an act on the claim."""

from desk.web.visitor import acts, filing, receipt, status

routers = (status.router, acts.router, filing.router, receipt.router)
