"""The thin shell before lodging: the hot path of the counter reads its request itself, a framework's half saved.

What it takes and refuses is what the ordinary route in `claims` takes and refuses; one contract test asks both.
"""

import json
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from desk.web.api.claims import ClaimIn, answer_lodging
from desk.web.deps import OfficerTokenOrPoster, needed_key
from desk.web.errors import MalformedJson
from desk.web.hot import HotRoute

NOTHING = object()
_viewer = OfficerTokenOrPoster()


async def post_lodging(request: Request) -> Response:
    """Lodge a claim, in the order in which the ordinary route looks: JSON, token, key, fields."""
    found = _parsed(await request.body())
    viewer = await _viewer(request)
    key = await needed_key(request.headers.get("idempotency-key"))
    return await answer_lodging(request, request.app.state.desk, viewer, _claim(found), key)


def _parsed(body: bytes) -> Any:  # noqa: ANN401 - whatever JSON held
    """The body's JSON, `NOTHING` for an empty one. Raises MalformedJson."""
    try:
        return json.loads(body) if body else NOTHING
    except (ValueError, RecursionError) as broken:
        raise MalformedJson from broken


def _claim(found: Any) -> ClaimIn:  # noqa: ANN401 - whatever JSON held
    """The claim told. Raises RequestValidationError with the places that are wrong, as the framework names them."""
    if found is NOTHING:
        raise RequestValidationError([{"type": "missing", "loc": ("body",), "msg": ""}])
    try:
        return ClaimIn.model_validate(found, from_attributes=True)
    except ValidationError as invalid:
        errors = [{**error, "loc": ("body", *error["loc"])} for error in invalid.errors(include_url=False)]
        raise RequestValidationError(errors, body=found) from None


route = HotRoute("/api/v1/claims", post_lodging, method="POST", name="claims_lodge_hot")
