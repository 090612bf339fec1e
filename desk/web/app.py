"""The web application: routers, middleware, error handlers and the doors, put together. Knows no settings and no keys."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Depends, FastAPI
from starlette.formparsers import MultiPartParser
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from desk.ports import Desk
from desk.web import api, console, operations, seats, visitor
from desk.web.api.status import RecentHolders, StatusCache
from desk.web.console.session import FormOfBefore, SignInFirst
from desk.web.deps import known_parameters
from desk.web.errors import install_handlers, refused
from desk.web.hot import HotRoute, Shortcut
from desk.web.lane import Lane
from desk.web.middleware import Limits, Observe
from desk.web.openapi import install_openapi, operation_id
from desk.web.options import UPLOAD_BYTES, WebOptions
from desk.web.pages import sound_address

ROUTERS: Sequence[APIRouter] = api.routers
STATIC = Path(__file__).resolve().parent / "static"
HOT_ROUTES: Sequence[HotRoute] = api.hot_routes
_UNDERSTOOD: dict[tuple[int, ...], Sequence[BaseRoute]] = {}
"""By what was included, which the routes keep alive: so no two routers ever share an id here."""


def create_app(
    opened: Callable[[], AbstractAsyncContextManager[Desk]],
    options: WebOptions,
    *,
    routers: Sequence[APIRouter] = ROUTERS,
    hot_routes: Sequence[HotRoute] = HOT_ROUTES,
) -> FastAPI:
    """The application; it enters `opened` when the server starts it and leaves it when the server stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opened() as desk:
            app.state.desk = desk
            yield

    # A form's file is in memory already; the framework would write it to the disk once more, unsealed.
    MultiPartParser.spool_max_size = UPLOAD_BYTES
    app = _bare(options, [*hot_routes, *_understood(routers, is_demo=options.is_demo)], hot_routes, lifespan)
    app.state.options, app.state.expected_schema = options, options.expected_schema
    app.state.password_lane, app.state.picture_lane = Lane(at_once=2, waiting=8), Lane(at_once=2, waiting=8)
    app.state.keys_in_flight, app.state.status_cache, app.state.recent_holders = set(), StatusCache(), RecentHolders()
    install_handlers(app)
    app.add_exception_handler(SignInFirst, console.sign_in_first)
    app.add_exception_handler(FormOfBefore, console.send_again)
    app.mount("/static", StaticFiles(directory=STATIC))
    install_openapi(app, hot_routes)
    return app


def _understood(routers: Sequence[APIRouter], *, is_demo: bool) -> Sequence[BaseRoute]:
    """The routes of API and pages: the framework needs 150 ms for them, and here once for all applications of a process."""
    named = (*map(id, routers), is_demo)
    if named not in _UNDERSTOOD:
        whole = APIRouter(generate_unique_id_function=operation_id)
        whole.include_router(operations.router)
        for router in routers:
            whole.include_router(router, dependencies=[Depends(known_parameters)])
        for pages in (*visitor.routers, *console.routers, *((seats.router,) if is_demo else ())):
            whole.include_router(pages, dependencies=[Depends(sound_address)])
        _UNDERSTOOD[named] = tuple(whole.routes)
    return _UNDERSTOOD[named]


class Application(FastAPI):
    """The framework inside the edge: `Observe`, `Limits` and the short way of the hot routes stand before its own layers."""

    def __init__(self, options: WebOptions, hot_routes: Sequence[HotRoute], **given: Any) -> None:  # noqa: ANN401 - FastAPI's own
        super().__init__(**given)
        self._options, self._hot_routes = options, hot_routes

    def build_middleware_stack(self) -> ASGIApp:
        """The layers, outermost first."""
        inner = Shortcut(super().build_middleware_stack(), self._hot_routes, refused)
        return Observe(Limits(inner, self._options), self._options)


def _bare(
    options: WebOptions,
    routes: Sequence[BaseRoute],
    hot_routes: Sequence[HotRoute],
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
) -> Application:
    """No pages of the framework's own (they load scripts from elsewhere), no redirects from paths that nearly fit."""
    return Application(
        options,
        hot_routes,
        routes=list(routes),
        title="The desk",
        version=version("desk"),
        description="Small claims of visitors: lodge, triage, follow.",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        servers=[{"url": options.public_url}],
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
