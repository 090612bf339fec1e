"""Finding a claim that a viewer may see. Every other read of a claim starts here."""

from sqlalchemy import Connection

from desk.domain.claim import State
from desk.domain.errors import NotFound
from desk.domain.policy import Act, Kind, Viewer, require
from desk.store import claims
from desk.store.tables import ClaimRow


def claim_seen(conn: Connection, viewer: Viewer, reference: str) -> ClaimRow:
    """The claim, if this viewer may read it in the state it is in.

    Raises NotFound for an absent claim, one of a foreign site, and one in a state that the viewer's roles do not read.
    """
    officer = viewer.kind is Kind.OFFICER
    claim = claims.get(conn, reference, viewer.sites if officer else None, lock=False)
    require(viewer, Act.READ_CLAIM if officer else Act.FOLLOW, claim.site_id, claim.id)
    if officer and State(claim.state) not in viewer.readable_at(claim.site_id):
        raise NotFound
    return claim
