"""The pages a visitor sees. They work without scripts.

`routers` in this order: leaving is no act on the claim, and a form with a file is read otherwise than the others.
"""

from desk.web.visitor import acts, evidence, filing, receipt, status

routers = (status.router, evidence.router, acts.router, filing.router, receipt.router)
