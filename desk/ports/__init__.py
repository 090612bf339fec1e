"""What lies outside, as protocols, and the doors through which everything reaches the database.

Holds no implementation: `outside` keeps the clocks, lots and keys, `store` keeps the doors, `wiring` joins them.
"""

from desk.ports.courier import Courier, CourierTerms, Delivery, Letter, Poster, Posting
from desk.ports.doors import Attempt, Desk, Insertion, Kit, Lease, LeaseLost, Row, Rows, Work
from desk.ports.gateway import OTHER_AMOUNT, Gateway, GatewayTerms, PayOrder, StatementLine, TakingApp, Word
from desk.ports.outside import Clock, Darkroom, Developed, Files, Lots, RuleBook, SealedPerson, Sealer, Shelf

__all__ = [
    "OTHER_AMOUNT",
    "Attempt",
    "Clock",
    "Courier",
    "CourierTerms",
    "Darkroom",
    "Delivery",
    "Desk",
    "Developed",
    "Files",
    "Gateway",
    "GatewayTerms",
    "Insertion",
    "Kit",
    "Lease",
    "LeaseLost",
    "Letter",
    "Lots",
    "PayOrder",
    "Poster",
    "Posting",
    "Row",
    "Rows",
    "RuleBook",
    "SealedPerson",
    "Sealer",
    "Shelf",
    "StatementLine",
    "TakingApp",
    "Word",
    "Work",
]
