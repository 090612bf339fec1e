"""`desk gateway-sandbox`: a payment gateway that pays nobody."""

from pathlib import Path
from typing import Annotated

import typer

from desk.cli import serve
from desk.cli.exits import Exit, Failure
from desk.cli.tied import Tied, end_with_starter


def gateway_sandbox(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535)] = 9000,
    ledger: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Its books, kept between runs; by default beside the desk's data.")
    ] = None,
    events_url: Annotated[
        str | None, typer.Option(help="Where to send signed events: the desk's address and /api/v1/gateway/events.")
    ] = None,
    secret: Annotated[
        str | None, typer.Option(help="What events are signed with; better set as DESK_GATEWAY_SECRET, which nobody else sees.")
    ] = None,
    tied: Tied = False,
) -> None:
    """Play the HTTP gateway for a desk that is tried out: pay each key once, in its own books, and misbehave when told to.

    Refused in production. `PUT /_sandbox/mode` tells it how to behave, `GET /_sandbox/ledger` shows its books.

    Example: desk gateway-sandbox --port 9000
    """
    import contextlib

    from desk import wiring

    settings = wiring.load_settings()
    if settings.in_production:
        raise Failure(Exit.FAILED, "gateway-sandbox pays nobody and is refused where DESK_ENV is production")
    config = wiring.gateway_sandbox(settings, ledger, events_url, secret)
    wiring.start_logs()
    with contextlib.closing(serve.listen(host, port)) as listening:
        if tied:
            end_with_starter()
        serve.run_one(config, listening)
