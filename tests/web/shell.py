"""A desk without claims: the shell of the edge around routes made for a test, with doors that open onto a plain connection."""

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import httpx
from fastapi import APIRouter, FastAPI
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from desk.outside.clock import WallClock
from desk.ports import Desk
from desk.web.app import create_app
from desk.web.hot import HotRoute
from desk.web.options import WebOptions

KEYS = ("mk-1", "pp-1")
PHONE = "13800138000"


class Doors:
    """As much of `ports.Desk` as the shell itself uses."""

    def __init__(self, url: str | None = None) -> None:
        self.kit = SimpleNamespace(sealer=SimpleNamespace(key_id=KEYS[0], pepper_id=KEYS[1]), clock=WallClock())
        self.viewers: dict[str, Any] = {}
        self.url = url

    async def read(self, query: Callable[..., Any], *args: Any) -> Any:  # noqa: ANN401
        """Run a query on a connection of its own."""
        if self.url is None:
            raise OSError
        with create_engine(self.url, poolclass=NullPool).connect() as conn:
            return query(conn, *args)

    async def lookup(self, _query: Callable[..., Any], key: str) -> Any:  # noqa: ANN401
        """Whoever was put there."""
        return self.viewers.get(key)


def shell(
    *routers: APIRouter,
    doors: Doors | None = None,
    hot: Sequence[HotRoute] = (),
    schema: str = "head",
    **options: Any,  # noqa: ANN401
) -> FastAPI:
    """The application of `create_app` with only these routes beside its own."""

    @contextlib.asynccontextmanager
    async def opened() -> AsyncIterator[Desk]:
        yield cast("Desk", doors or Doors())

    chosen = WebOptions(**{"public_url": "http://desk.test", "expected_schema": schema, **options})
    return create_app(opened, chosen, routers=routers, hot_routes=hot)


@contextlib.asynccontextmanager
async def calling(app: FastAPI, peer: str = "192.0.2.7") -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running application, without sockets."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True, client=(peer, 40_000))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://desk.test", headers={"Accept-Language": "en"}) as client,
    ):
        yield client
