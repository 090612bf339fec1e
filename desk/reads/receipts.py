"""What a receipt of a payout says, for the visitor to sign. Prints nothing, and opens no name in full."""

from dataclasses import dataclass

from sqlalchemy import Connection

from desk.domain.claim import Category, Language
from desk.domain.errors import NotHandedOver
from desk.domain.mask import masked_contact
from desk.domain.payout import Method, PayoutState, has_receipt
from desk.domain.policy import Viewer
from desk.ports import Kit
from desk.reads.claims import plain_contact
from desk.reads.till import Sheet, sheet
from desk.store import claims, sites
from desk.store.tables import SiteRow


@dataclass(frozen=True, slots=True)
class Receipt:
    """A payout whose money was handed over, as its paper tells it: `papers` are its languages, Chinese always the first.

    `payee` is masked, None for cash without a name and once the visitor is erased.
    """

    sheet: Sheet
    site: SiteRow
    category: Category
    respondent: str | None
    payee: str | None
    papers: tuple[Language, ...]


def receipt(conn: Connection, viewer: Viewer, payout_id: int, kit: Kit) -> Receipt:
    """The receipt of one payout. Raises NotFound and Forbidden as `payout_view` does, NotHandedOver before there is any.

    Source: SPEC 4.7, UX J5.
    """
    one = sheet(conn, viewer, payout_id, kit)
    payout, claim = one.view.payout, one.claim
    if not has_receipt(PayoutState(payout.state), Method(payout.method), returned=payout.returned_at is not None):
        raise NotHandedOver
    respondent = claims.respondent_of(conn, claim)
    payee = " ".join(part for part in (one.payee["name"], one.payee["account"]) if part)
    visitors = Language(claim.language) if claim.language in tuple(Language) else Language.EN
    return Receipt(
        one, sites.get(conn, claim.site_id), Category(claim.category), respondent.name if respondent else None,
        payee or masked_contact(plain_contact(conn, claim.id, kit))["name"], tuple(dict.fromkeys((Language.ZH_CN, visitors))),
    )  # fmt: skip
