"""The pages a visitor sees. They work without scripts.

`routers` in this order: leaving is no act on the claim, and a form with a file is read otherwise than the others.
`remember` lets a device keep a claim open.
"""

from desk.web.visitor import acts, evidence, filing, receipt, status
from desk.web.visitor.visit import remember

routers = (status.router, evidence.router, acts.router, filing.router, receipt.router)

__all__ = ["remember", "routers"]
