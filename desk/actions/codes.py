"""The access code and the address on a slip: derived from the claim each time, stored nowhere (SPEC 6)."""

from desk.ports import Kit


def slip_for(kit: Kit, reference: str, claim_id: int, generation: int) -> tuple[str, str]:
    """The access code and the status address of a claim, derived."""
    token = kit.sealer.visit_token(reference, claim_id, generation)
    return kit.sealer.access_code(claim_id, generation), f"{kit.public_url}/s/{token}"
