"""What an endpoint may ask for by type: the desk, who is asking, references, keys, versions, languages. All `async`.

Decides no right: an officer found here still has to pass `policy.require`.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Path
from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.models import HTTPBearer
from fastapi.routing import APIRoute
from fastapi.security.base import SecurityBase
from pydantic import BaseModel
from starlette.requests import Request

from desk.domain import errors
from desk.domain.policy import Kind, Viewer
from desk.domain.reference import read_reference
from desk.ports import Desk
from desk.reads.officers import officers_by_token
from desk.reads.partners import partners_by_token
from desk.web.network import network_of
from desk.web.openapi import EITHER, NEEDED, OPTIONAL, PARTNER, REQUIRED
from desk.web.problems import language_of, request_id_of

_KEY = re.compile(r"[\x21-\x7e]{1,128}", re.ASCII)
_TOKEN = re.compile(r"bearer +(?P<token>[\x21-\x7e]{1,256})", re.ASCII | re.IGNORECASE)
_ROW = re.compile(r"[0-9]{1,19}", re.ASCII)
LARGEST_ID = 2**63 - 1
_ETAG = re.compile(r'"(?P<version>[0-9]{1,18})"', re.ASCII)


async def the_desk(request: Request) -> Desk:
    """The doors of this process."""
    desk: Desk = request.app.state.desk
    return desk


async def request_id(request: Request) -> str:
    """The id that logs, audit events and answers share."""
    return request_id_of(request.scope)


async def reader_language(request: Request) -> str:
    """The language of `Accept-Language` that the desk speaks best."""
    return language_of(request.scope)


async def client_network(request: Request) -> str:
    """The network that throttles count by."""
    return network_of(request.scope)


async def officer_of(request: Request) -> Viewer:
    """The officer whose token came. Raises SignInNeeded, the same for no token, a wrong one and a disabled officer."""
    return await _behind(request, officers_by_token)


async def _behind(request: Request, *queries: Callable[..., Mapping[str, Viewer]]) -> Viewer:
    """Whose token came, by the first query that knows it. Raises SignInNeeded."""
    given = _TOKEN.fullmatch(request.headers.get("authorization", "").strip())
    if given is None:
        raise errors.SignInNeeded
    digest, desk = hashlib.sha256(given["token"].encode()).hexdigest(), await the_desk(request)
    for query in queries:
        viewer = await desk.lookup(query, digest)
        if viewer is not None:
            return viewer.under(request_id_of(request.scope))
    raise errors.SignInNeeded


class OfficerToken(SecurityBase):
    """A bearer token is needed."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="An officer's API token, shown once when it is made.")
        self.scheme_name = REQUIRED

    async def __call__(self, request: Request) -> Viewer:
        return await officer_of(request)


class PartnerToken(SecurityBase):
    """A partner's bearer token is needed."""

    def __init__(self) -> None:
        self.model = HTTPBearer(description="A partner's token, shown once when it is made: for hand-offs alone.")
        self.scheme_name = PARTNER

    async def __call__(self, request: Request) -> Viewer:
        return await _behind(request, partners_by_token)


class OfficerOrPartnerToken(SecurityBase):
    """The token of an officer or of a partner is needed."""

    def __init__(self) -> None:
        self.model = HTTPBearer()
        self.scheme_name = EITHER

    async def __call__(self, request: Request) -> Viewer:
        return await _behind(request, partners_by_token, officers_by_token)


class OfficerTokenOrPoster(SecurityBase):
    """A bearer token may come; without one the poster's own form is asking. A wrong token is refused all the same."""

    def __init__(self) -> None:
        self.model = HTTPBearer()
        self.scheme_name = OPTIONAL

    async def __call__(self, request: Request) -> Viewer:
        if "authorization" in request.headers:
            return await officer_of(request)
        return Viewer(Kind.POSTER, request_id=request_id_of(request.scope))


async def reference_of(
    reference: Annotated[str, Path(description="The reference on the slip; its last character is a check.")],
) -> str:
    """The reference meant. One whose check fails takes the same path as one that is not there (SPEC 6)."""
    found = read_reference(reference)
    if found is None:
        raise errors.NotFound
    return found


def reference_in(text: str) -> str:
    """The reference written into a field of the body. Raises BadInput at `/reference`."""
    found = read_reference(text)
    if found is None:
        raise errors.BadInput("/reference", "bad_reference")
    return found


def row_id(text: str) -> int:
    """The row meant by a part of a path; what could not be an id takes the same path as one that is not there."""
    if not _ROW.fullmatch(text) or int(text) > LARGEST_ID:
        raise errors.NotFound
    return int(text)


_KEY_SHAPE = {"minLength": 1, "maxLength": 128, "pattern": "^[\\x21-\\x7e]+$"}
_KeyHeader = Annotated[str | None, Header(alias="Idempotency-Key", json_schema_extra=dict(_KEY_SHAPE))]


async def honoured_key(idempotency_key: _KeyHeader = None) -> str | None:
    """The request's key, if it has one. Raises BadInput unless it is 1 to 128 visible ASCII characters."""
    if idempotency_key is not None and not _KEY.fullmatch(idempotency_key):
        raise errors.BadInput("Idempotency-Key", "bad_key")
    return idempotency_key


_NeededKeyHeader = Annotated[str | None, Header(alias="Idempotency-Key", json_schema_extra={**_KEY_SHAPE, NEEDED: True})]


async def needed_key(idempotency_key: _NeededKeyHeader = None) -> str:
    """The request's key. Raises KeyMissing without one."""
    key = await honoured_key(idempotency_key)
    if key is None:
        raise errors.KeyMissing
    return key


_VERSION_SHAPE: Mapping[str, Any] = {"pattern": '^"[0-9]{1,18}"$', NEEDED: True}
_Version = Header(alias="If-Match", description="The ETag that was read.", json_schema_extra=dict(_VERSION_SHAPE))


async def version_read(if_match: Annotated[str | None, _Version] = None) -> int:
    """The version the caller read. Raises VersionMissing without one, BadInput for a weak tag, a list or `*`."""
    if if_match is None:
        raise errors.VersionMissing
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise errors.BadInput("If-Match", "bad_version")
    return int(tag["version"])


async def known_parameters(request: Request) -> None:
    """Refuse a query parameter that the route does not know, or one that holds what no text may (UX A11)."""
    if not request.scope["query_string"]:
        return
    route = request.scope.get("route")
    known = _parameters(route) if isinstance(route, APIRoute) else frozenset()
    wrong = [("extra_forbidden", name) for name in request.query_params if name not in known]
    wrong += [("bad_characters", name) for name, value in request.query_params.multi_items() if "\0" in value]
    if wrong:
        raise RequestValidationError([{"type": kind, "loc": ("query", name), "msg": ""} for kind, name in wrong])


def _parameters(route: APIRoute) -> frozenset[str]:
    """The query parameters of a route; those of a model count one by one."""
    found: set[str] = set()
    for field in _queries(route.dependant):
        shape = field.field_info.annotation
        if isinstance(shape, type) and issubclass(shape, BaseModel):
            found |= {info.alias or name for name, info in shape.model_fields.items()}
        else:
            found.add(field.alias)
    return frozenset(found)


def _queries(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for inner in dependant.dependencies:
        yield from _queries(inner)


TheDesk = Annotated[Desk, Depends(the_desk)]
Officer = Annotated[Viewer, Depends(OfficerToken())]
Partner = Annotated[Viewer, Depends(PartnerToken())]
OfficerOrPartner = Annotated[Viewer, Depends(OfficerOrPartnerToken())]
AnyViewer = Annotated[Viewer, Depends(OfficerTokenOrPoster())]
Reference = Annotated[str, Depends(reference_of)]
RequiredKey = Annotated[str, Depends(needed_key)]
OptionalKey = Annotated[str | None, Depends(honoured_key)]
IfMatch = Annotated[int, Depends(version_read)]
ReaderLanguage = Annotated[str, Depends(reader_language)]
RequestId = Annotated[str, Depends(request_id)]
Network = Annotated[str, Depends(client_network)]
