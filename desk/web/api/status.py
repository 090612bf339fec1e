"""Following a claim: the hot path of the desk, so a plain route with a ready-made answer, encoded once a change.

What a visitor does with their claim is `visitor_acts`.
"""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from functools import lru_cache
from typing import Annotated, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from desk.domain.errors import BadInput
from desk.ports import Desk
from desk.reads.status import StatusView, amount_text, status_view
from desk.reads.visitors import Keyholder
from desk.web.api.status_shapes import KeyShape, StatusShape
from desk.web.hot import HotDocs, HotRoute, Ready, whole_body
from desk.web.network import network_of
from desk.web.visits import holder_of_code, holder_of_token, visitor_for
from desk.wording.catalogue import best_language

CACHED = 10_000


class KeyIn(msgspec.Struct, forbid_unknown_fields=True):
    """Either reference and code, or the token of the QR code."""

    reference: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    access_code: Annotated[str, msgspec.Meta(max_length=80)] | None = None
    token: Annotated[str, msgspec.Meta(max_length=80)] | None = None


class NextOut(msgspec.Struct):
    """Who acts next, and by when where a clock binds them."""

    who: str
    due_at: datetime | None


class AmountsOut(msgspec.Struct):
    """What was asked, agreed, sent and received; each time apart from the others."""

    asked: dict[str, str] | None
    agreed: dict[str, str] | None
    sent_at: datetime | None
    received_at: datetime | None


class HistoryOut(msgspec.Struct):
    """One thing that happened."""

    at: datetime
    text: str


class TakeOut(msgspec.Struct):
    """What the visitor's app needs to take the money that waits for them."""

    app: str
    merchant: str
    app_id: str
    package: str


class StatusOut(msgspec.Struct):
    """A claim as its visitor sees it."""

    reference: str
    state: str
    stage: str
    sentence: str
    next: NextOut
    amounts: AmountsOut
    history: list[HistoryOut]
    acts: list[str]
    take: TakeOut | None


_READ = msgspec.json.Decoder(KeyIn)


@lru_cache(maxsize=256)
def _language(header: bytes | None) -> str:
    """The language of a status, by the `Accept-Language` header as it came."""
    return best_language(header.decode("latin-1") if header else None)


class StatusCache:
    """Encoded answers by claim, version and language, the least recently used dropped first. One a process."""

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._kept: OrderedDict[tuple[int, int, str], tuple[Ready, datetime]] = OrderedDict()

    def find(self, name: tuple[int, int, str], now: datetime) -> Ready | None:
        """The answer, unless its words have gone stale."""
        kept = self._kept.get(name)
        if kept is None or kept[1] <= now:
            return None
        self._kept.move_to_end(name)
        return kept[0]

    def keep(self, name: tuple[int, int, str], answer: Ready, valid_until: datetime) -> None:
        """Keep an answer until its words go stale."""
        self._kept[name] = (answer, valid_until)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


class RecentHolders:
    """Tokens found right, dropped as soon as anything was written (`Desk.writes`). One a process."""

    def __init__(self, size: int = CACHED) -> None:
        self._size = size
        self._kept: OrderedDict[str, tuple[Keyholder, Hashable]] = OrderedDict()

    def find(self, token: str, writes: Hashable | None) -> Keyholder | None:
        """The claim a token opens, if that is still sure."""
        kept = self._kept.get(token)
        return kept[0] if kept and writes is not None and kept[1] == writes else None

    def keep(self, token: str, holder: Keyholder, writes: Hashable | None) -> None:
        """Keep what was found when `writes` was so; the oldest goes first."""
        if writes is None:
            return
        self._kept[token] = (holder, writes)
        self._kept.move_to_end(token)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)


async def post_status(request: Request) -> Response:
    """Where a claim stands, in the reader's language. One answer for every wrong key: 404."""
    desk: Desk = request.app.state.desk
    holder = await _holder(request, desk, await whole_body(request))
    language = _language(next((value for name, value in request.scope["headers"] if name == b"accept-language"), None))
    return await _status(request, desk, holder, language)


async def _status(request: Request, desk: Desk, holder: Keyholder, language: str) -> Ready:
    cache: StatusCache = request.app.state.status_cache
    name = (holder.claim_id, holder.version, language)
    if found := cache.find(name, desk.kit.clock.now()):
        return found
    viewer = visitor_for(holder, request.scope["state"]["request_id"])
    view = await desk.read(status_view, viewer, holder.reference, language, desk.kit)
    headers = {"Content-Language": language, "Vary": "Accept-Language"}
    answer = Ready(msgspec.json.encode(status_out(view)), headers=headers, media_type="application/json")
    cache.keep((holder.claim_id, view.version, language), answer, view.valid_until)
    return answer


async def _holder(request: Request, desk: Desk, body: bytes) -> Keyholder:
    """The claim the key in the body opens."""
    key, recent, writes = read_key(body), request.app.state.recent_holders, desk.writes
    if key.token is not None and (found := recent.find(key.token, writes)):
        return cast("Keyholder", found)
    network = network_of(request.scope, request.app.state.options.trusted_proxies)
    if key.token is not None:
        holder = await holder_of_token(desk, key.token, network)
        recent.keep(key.token, holder, writes)
        return holder
    return await holder_of_code(desk, key.reference or "", key.access_code or "", network)


def read_key(body: bytes) -> KeyIn:
    """The key in a request's body. Raises msgspec.DecodeError, or BadInput unless it is a token alone or reference and code."""
    key = _READ.decode(body)
    pair = key.reference is not None and key.access_code is not None
    half = key.reference is not None or key.access_code is not None
    if (key.token is None) != pair or (key.token is not None and half):
        raise BadInput("/token" if key.token else "/reference", "missing")
    return key


def status_out(view: StatusView) -> StatusOut:
    """The shape of a status."""
    return StatusOut(
        reference=view.reference, state=view.state, stage=view.stage.value, sentence=view.sentence,
        next=NextOut(view.next_who, view.next_due_at),
        amounts=AmountsOut(amount_text(view.asked), amount_text(view.agreed), view.sent_at, view.received_at),
        history=[HistoryOut(line.at, line.text) for line in view.history], acts=list(view.acts),
        take=TakeOut(view.take.app, view.take.merchant, view.take.app_id, view.take.package) if view.take else None,
    )  # fmt: skip


route = HotRoute(
    "/api/v1/status", post_status, method="POST", name="status_follow",
    docs=HotDocs(
        "Follow a claim", StatusShape, KeyShape, tag="follow",
        description="By reference and access code, or by the QR code's token. Every wrong key has the same answer.",
    ),
)  # fmt: skip
