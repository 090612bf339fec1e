"""The API description: errors with our schema instead of the framework's, hot routes among the others."""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from desk.web.hot import HotRoute, operation
from desk.web.problems import MEDIA_TYPE, STATUS

_TEMPLATE = "#/components/schemas/{model}"
_DEFAULTS = ("HTTPValidationError", "ValidationError")
EVERYWHERE = ("malformed_json", "request_timeout", "body_too_large", "bad_input", "internal_error", "busy", "storage_full")
"""What any route may answer, whatever else it refuses."""

_ACTING = ("wrong_moment", "idempotency_key_in_flight", "idempotency_key_reused", "unsupported_media_type")
NEEDED = "x-needed"
"""Marks a header that the route asks for itself, to refuse with a code of ours where it is missing."""

OPTIONAL, REQUIRED, PARTNER, EITHER = "officerOrPoster", "officer", "partner", "officerOrPartner"
"""Names of the security schemes; the first one means: with the second, or with nothing; the last: with the second or third."""


class FieldProblem(BaseModel):
    """One wrong value of a request."""

    where: str = Field(alias="in", description="body, query or header")
    pointer: str = Field(description="JSON pointer (RFC 6901) to the value inside that part")
    code: str
    detail: str


class Problem(BaseModel):
    """An error (RFC 9457). `title` and `detail` follow Accept-Language; `code` is stable; `trace_id` finds it in our logs."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    code: str
    trace_id: str | None = Field(default=None, description="as in `X-Request-Id`; left out of a 404")
    errors: list[FieldProblem] = Field(default_factory=list)


def _response(status: int, codes: Sequence[str]) -> dict[str, Any]:
    shape = {"$ref": _TEMPLATE.format(model="Problem")}
    named = ", ".join(f"`{code}`" for code in codes)
    return {"description": f"{HTTPStatus(status).phrase}: {named}", "content": {MEDIA_TYPE: {"schema": shape}}}


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that refuses with these codes, beside those that every route may answer."""
    by_status: dict[int, list[str]] = {}
    for code in (*codes, *(code for code in EVERYWHERE if code not in codes)):
        by_status.setdefault(STATUS[code], []).append(code)
    return {status: _response(status, by_status[status]) for status in sorted(by_status)}


def for_staff(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that asks for an officer's token and shows what belongs to a site."""
    return problems("sign_in_needed", "not_allowed", "not_found", *codes)


def for_step(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route by which an officer moves a claim or adds to it."""
    return for_staff(*_ACTING, *codes)


def for_visitor(*codes: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route by which the holder of a claim's key acts on it."""
    return problems("not_found", *_ACTING, *codes)


def operation_id(route: APIRoute) -> str:
    """A route's name is its operation's id: subject and verb, `claims_list`."""
    return route.name


def install_openapi(app: FastAPI, hot_routes: Sequence[HotRoute]) -> None:
    """Let `/openapi.json` show what is true; made at its first reading, then kept."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app, hot_routes)
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _described(app: FastAPI, hot_routes: Sequence[HotRoute]) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas: dict[str, Any] = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in _DEFAULTS:
        schemas.pop(name, None)
    for name, definition in _definitions(hot_routes).items():
        schemas.setdefault(name, definition)
    for route in hot_routes:
        if route.docs:
            described = operation(route, route.docs, problems(*route.docs.refuses))
            schema["paths"].setdefault(route.path, {})[route.method.lower()] = described
    for found in _operations(schema):
        _correct(found)
    for name in (OPTIONAL, EITHER):
        schema["components"].get("securitySchemes", {}).pop(name, None)
    return schema


def _correct(found: dict[str, Any]) -> None:
    """Replace what the framework assumes: its own 422, and that every token is needed, or one of one kind."""
    default = found["responses"].get("422", {}).get("content", {})
    if "HTTPValidationError" in str(default.get("application/json", "")):
        found["responses"]["422"] = _response(422, ["bad_input"])
    if {OPTIONAL: []} in found.get("security", []):
        found["security"] = [{}, {REQUIRED: []}]
    if {EITHER: []} in found.get("security", []):
        found["security"] = [{REQUIRED: []}, {PARTNER: []}]
    for parameter in found.get("parameters", []):
        if parameter["schema"].pop(NEEDED, False):
            parameter["required"] = True
            parameter["schema"] = _never_null(parameter["schema"])


def _never_null(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape without the null that stands for a header that did not come."""
    given = [one for one in shape.pop("anyOf", []) if one != {"type": "null"}]
    return {**(given[0] if given else {}), **shape}


def _definitions(hot_routes: Sequence[HotRoute]) -> dict[str, Any]:
    """The schemas of errors and of what hot routes take and give, which are pydantic models or msgspec structs."""
    shapes: list[type[Any]] = [
        shape for route in hot_routes if route.docs for shape in (route.docs.gives, route.docs.takes) if shape is not None
    ]
    every: list[type[Any]] = [Problem, *shapes]
    models = [(shape, "serialization") for shape in every if issubclass(shape, BaseModel)]
    structs = [shape for shape in shapes if not issubclass(shape, BaseModel)]
    definitions: dict[str, Any] = models_json_schema(models, ref_template=_TEMPLATE)[1]["$defs"]  # type: ignore[arg-type]
    return definitions | msgspec.json.schema_components(structs, ref_template=_TEMPLATE.format(model="{name}"))[1]


def _operations(schema: dict[str, Any]) -> Iterable[dict[str, Any]]:
    return (found for path in schema["paths"].values() for found in path.values())
