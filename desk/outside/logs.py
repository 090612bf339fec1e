"""What the desk says to its operator: one JSON line an event, or readable text in a terminal, always on stderr.

Nothing personal belongs into a log, so an error is told by its kind and by where it happened, never by its message:
messages of drivers and parsers repeat what a visitor typed.
"""

import logging
import os
import sys
import traceback
from typing import IO, Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

MOST_FRAMES = 12


class Forwarded(logging.Handler):
    """Hands what libraries log to the same stream in the same shape; of an error only its kind and place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record of the standard library's kind."""
        fields: dict[str, Any] = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(record.levelno, record.getMessage(), logger=record.name, **fields)


def start_logs(*, readable: bool | None = None, quiet: bool = False) -> None:
    """Configure logging for this process; `readable` is chosen by whether stderr is a terminal. `quiet` leaves warnings only."""
    stream = sys.stderr
    least = logging.WARNING if quiet else logging.INFO
    shown = stream.isatty() if readable is None else readable
    structlog.configure(
        processors=_readable(stream) if shown else _lines(),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(stream) if shown else structlog.BytesLoggerFactory(stream.buffer),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [Forwarded()]
    root.setLevel(least)
    # It tells which engine it found at every start, and nothing else that an operator could use.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    # It tells every request with its address and with what the other side called its status.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _lines() -> list[Processor]:
    stamp = structlog.processors.TimeStamper(fmt="iso", utc=True, key="at")
    return [structlog.processors.add_log_level, stamp, tell_error, _encoded]


def _readable(stream: IO[str]) -> list[Processor]:
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False, key="timestamp")
    colours = stream.isatty() and not os.environ.get("NO_COLOR")
    render = structlog.dev.ConsoleRenderer(colors=colours, pad_event_to=0)
    return [structlog.processors.add_log_level, stamp, tell_error, render]


def tell_error(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Put the kind and the places of an error in the place of its message and traceback."""
    told = event.pop("exc_info", None)
    failure = sys.exc_info()[1] if told is True else told[1] if isinstance(told, tuple) else told
    if isinstance(failure, BaseException):
        chain = [failure, *([failure.__cause__] if failure.__cause__ else [])]
        event["error"] = " from ".join(f"{type(each).__module__}.{type(each).__qualname__}" for each in chain)
        frames = traceback.extract_tb(failure.__traceback__)[-MOST_FRAMES:]
        event["where"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _encoded(_logger: WrappedLogger, _name: str, event: EventDict) -> bytes:
    return msgspec.json.encode(event, enc_hook=str)
