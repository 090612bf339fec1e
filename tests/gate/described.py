"""Schema fuzzing of every operation: its description, the desk it is tried on, what is expected of each answer. Judges I42."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import httpx
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import BaseSchema

from desk.web.app import create_app
from desk.web.options import WebOptions
from tests.gate.fuzzing import AnyCase, Stock, is_worth_telling, made_real
from tests.gate.places import Place


def tries(number: int) -> settings:
    """So many generated requests an operation, however long they take."""
    return settings(max_examples=number, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def described(*, phases: bool = True) -> BaseSchema:
    """What the desk says of itself; without `phases` nothing is tried but examples and what chance brings.

    Which inputs are refused is decided before any database is asked, so that one engine has every phase and the other, in the
    gate, what reaches its statements.
    """
    app = create_app(nullcontext, WebOptions(public_url="http://desk.test", expected_schema="head"))  # type: ignore[arg-type] # never opened
    schema = schemathesis.openapi.from_dict(app.openapi())
    schema.hook("filter_failure")(is_worth_telling)
    schema.config.phases.update(phases=["examples", "fuzzing", *(["coverage"] if phases else [])])
    return schema


@contextmanager
def stocked(place: Place, schema: BaseSchema) -> Iterator[Stock]:
    """Serve a place and have claims at hand; afterwards expect no bug in the log and every invariant to hold."""
    with place.serve() as served:
        headers = {"Authorization": f"Bearer {place.token('manager')}"}
        with httpx.Client(base_url=served.url, headers=headers, trust_env=False, timeout=60) as client:
            assert client.get("/openapi.json").json()["paths"] == schema.raw_schema["paths"]
            yield Stock(client)
        assert '"event":"bug"' not in served.output
    place.check()


def check(case: AnyCase, stock: Stock) -> None:
    """Send a generated request and expect what the description promises, by every check that schemathesis has."""
    made_real(case, stock)
    authorization = {"Authorization": stock.client.headers["Authorization"]}
    case.call_and_validate(base_url=str(stock.client.base_url), headers=authorization, timeout=20)
