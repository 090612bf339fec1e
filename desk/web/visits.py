"""Who is at a claim's own door: a reference and code, or a token, turned into a visitor or one and the same refusal."""

from desk.actions.access import Knock, count_failed_token, open_by_code, opens_by_token, visitor_of
from desk.domain.errors import NotFound
from desk.domain.policy import Viewer
from desk.domain.reference import LENGTH, read_reference
from desk.ports import Desk
from desk.reads.visitors import Keyholder, keyholders


async def holder_of_token(desk: Desk, token: str, network: str) -> Keyholder:
    """The claim a token opens. Raises NotFound for any other token; the failure counts against the network alone."""
    reference = read_reference(token[:LENGTH])
    holder = await desk.lookup(keyholders, reference) if reference else None
    if holder is None or not opens_by_token(desk.kit, token, holder):
        await desk.write(count_failed_token, network)
        raise NotFound
    return holder


async def holder_of_code(desk: Desk, reference: str, code: str, network: str) -> Keyholder:
    """The claim that reference and code open together. Raises NotFound for a wrong pair and when throttled alike."""
    holder = await desk.write(open_by_code, Knock(reference, code, network))
    if holder is None:
        raise NotFound
    return holder


def visitor_for(holder: Keyholder, request_id: str) -> Viewer:
    """The visitor, in this request."""
    return visitor_of(holder).under(request_id)
