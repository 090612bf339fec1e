"""Joins the rooms: settings become a kit, a kit and a database become a Desk, a Desk becomes a web application.

Decides nothing about claims. Everything here that can go wrong for an operator ends in one line that says what to do.
"""

import asyncio
import contextlib
import gc
import sqlite3
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from desk.actions.calendar import calendar_now
from desk.actions.checks import Checked
from desk.actions.installation import install
from desk.domain.calendar import WorkingCalendar
from desk.domain.digest import read_times
from desk.domain.errors import DeskError
from desk.domain.notification import read_quiet_hours
from desk.domain.relay import read_relay
from desk.domain.signature import secret_bytes
from desk.outside.clock import ShiftedClock, WallClock
from desk.outside.couriers.partner import PartnerHook
from desk.outside.couriers.routes import Ways, open_couriers
from desk.outside.darkroom import ProcessDarkroom
from desk.outside.files import FolderFiles
from desk.outside.gateways.http import HttpGateway
from desk.outside.gateways.wallets import LibraryMissing, open_wallet, terms_of
from desk.outside.keys import MASTER, PEPPER, KeyTrouble, load_keys
from desk.outside.logs import start_logs
from desk.outside.lots import SystemLots
from desk.outside.sealer import AesSealer
from desk.packs.loader import PackError, load_packs
from desk.ports import Clock, CourierTerms, Desk, Gateway, GatewayTerms, Kit, Work
from desk.reads.verify import verify
from desk.settings import Settings, SettingsTrouble, load_settings
from desk.store import installation
from desk.store.engines import is_sqlite, plain_engine, snapshot, sqlite_path
from desk.store.migrations import SchemaTooNew, current, head, knows, revision_of, upgrade
from desk.store.postgres_desk import open_postgres
from desk.store.sqlite_desk import open_sqlite
from desk.store.upkeep import fold_log
from desk.worker.housekeeping import Round, keep_house
from desk.worker.jobs import Means
from desk.worker.timetable import work_through, work_until

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

__all__ = [
    "KeyTrouble", "KeysForeign", "LibraryMissing", "NotPrepared", "PackError", "SchemaTooNew", "Settings", "SettingsTrouble",
    "app", "build_kit", "check", "database_name", "gateway", "gateway_sandbox", "load_packs", "load_settings", "opened",
    "prepare", "schema", "start_logs", "work", "work_once",
]  # fmt: skip

SHELF_SECONDS = 60.0
SANDBOX_LEDGER = "gateway-sandbox.db"
_EMPTY = WorkingCalendar("0-unread", frozenset(), {})


class NotPrepared(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The database has no schema yet, or an older one."""

    def __init__(self) -> None:
        super().__init__("this database is not ready for this desk: run `desk db upgrade`")


class KeysForeign(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The key files were made for another database."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(
            f"these keys do not belong to this database: put its own {MASTER} and {PEPPER} into {settings.keys_dir}, "
            "or set DESK_DATABASE_URL to the database they were made for"
        )


class CalendarShelf:
    """`ports.Shelf`: the calendar last read from the database."""

    def __init__(self, calendar: WorkingCalendar) -> None:
        self.calendar = calendar

    async def keep_fresh(self, desk: Desk) -> None:
        """Read the calendar again every minute, so that a year published by another process is counted with soon."""
        while True:
            await asyncio.sleep(SHELF_SECONDS)
            try:
                self.calendar = await desk.read(calendar_now)
            except (DeskError, OSError, SQLAlchemyError):
                structlog.get_logger().warning("calendar_not_read", exc_info=True)


def build_kit(settings: Settings, calendar: WorkingCalendar) -> Kit:
    """What actions use beside the database. Raises KeyTrouble for unusable key files, PackError for a broken rule pack."""
    return Kit(
        clock=_clock(settings),
        lots=SystemLots(),
        sealer=AesSealer(load_keys(settings.keys_dir)),
        packs=load_packs(),
        shelf=CalendarShelf(calendar),
        public_url=settings.public_url,
        gateway=_terms(settings),
        courier=_courier_terms(settings),
        digest_times=read_times(settings.digest_times),
        on_loopback=settings.handoff_loopback,
        files=FolderFiles(settings.evidence_dir),
        darkroom=ProcessDarkroom(),
    )


def prepare(settings: Settings) -> None:
    """Make the database ready: newest schema, bound to its keys, calendar seeded. Does nothing the second time.

    Raises SchemaTooNew, KeyTrouble, KeysForeign. Several processes may prepare at once.
    """
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database_url)
    with plain_engine(settings.database_url).begin() as conn:
        _refuse_lost_keys(settings, conn)
        kit = build_kit(settings, _EMPTY)
        install(Work(conn, kit.clock.now(), kit))
        _check_keys(settings, conn, kit)


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Desk]:
    """The doors of the desk while the block runs.

    Raises NotPrepared, SchemaTooNew, KeyTrouble, KeysForeign before anything is opened.
    """
    kit = _kit_of(settings)
    shelf = CalendarShelf(kit.shelf.calendar)
    doors = open_sqlite if is_sqlite(settings.database_url) else open_postgres
    async with doors(settings.database_url, replace(kit, shelf=shelf)) as desk:
        refreshing = asyncio.create_task(shelf.keep_fresh(desk))
        try:
            yield desk
        finally:
            refreshing.cancel()
            await asyncio.gather(refreshing, return_exceptions=True)


async def work(settings: Settings, stopping: asyncio.Event) -> None:
    """The worker of this desk, until asked to stop."""
    async with _means(settings) as means:
        await work_until(stopping, means, partial(fold_log, settings.database_url))


async def work_once(settings: Settings) -> Round:
    """Every job that is due, and one round of the worker's housekeeping."""
    async with _means(settings) as means:
        await work_through(means)
        return await keep_house(means.desk, partial(fold_log, settings.database_url))


@contextlib.asynccontextmanager
async def _means(settings: Settings) -> AsyncIterator[Means]:
    """What a worker of this desk works with, until the block ends."""
    now = _clock(settings).machine_now
    writing, posting = open_couriers(_ways(settings), now), PartnerHook(now, on_loopback=settings.handoff_loopback)
    async with opened(settings) as desk, gateway(settings) as paying, writing as courier, posting as poster:
        yield Means(desk, paying, partial(check, settings), courier, poster, settings.watch_seconds)


def check(settings: Settings) -> Checked:
    """Check every invariant on a connection of its own; blocks for as long as the database is large."""
    began, kit = time.monotonic(), _kit_of(settings)
    with snapshot(settings.database_url) as conn:
        report = verify(conn, kit)
    failing = tuple(finding.id for finding in report.invariants if not finding.ok)
    return Checked(int(1000 * (time.monotonic() - began)), failing)


def gateway_sandbox(settings: Settings, ledger: Path | None, events_url: str | None, secret: str | None) -> "uvicorn.Config":
    """A gateway that pays nobody, ready to be served. Raises SettingsTrouble for events without a secret to sign them with."""
    import uvicorn  # noqa: PLC0415 - few commands serve anything

    from desk.outside.gateways.sandbox import SERVER, create_sandbox  # noqa: PLC0415 - nobody else needs it

    if secret is None and settings.gateway_secret is not None:
        secret = settings.gateway_secret.get_secret_value()
    if events_url is not None and not (secret and events_url.startswith(("http://", "https://"))):
        msg = "events need an address like http://127.0.0.1:8000/api/v1/gateway/events, and DESK_GATEWAY_SECRET to be signed with"
        raise SettingsTrouble(msg)
    try:
        key = secret_bytes(secret) if secret else b""
    except ValueError as wrong:
        msg = f"--secret: {wrong}"
        raise SettingsTrouble(msg) from None
    app = create_sandbox(ledger or settings.data_dir / SANDBOX_LEDGER, events_url, key, _clock(settings).now)
    return uvicorn.Config(app, **SERVER)


def schema(settings: Settings) -> tuple[str | None, str]:
    """The revision of the database and the newest one this program knows."""
    return current(settings.database_url), head()


def database_name(settings: Settings) -> str:
    """The database's kind and version. Raises OperationalError when it is out of reach."""
    if is_sqlite(settings.database_url):
        return f"sqlite {sqlite3.sqlite_version}"
    with plain_engine(settings.database_url).connect() as conn:
        return f"postgresql {conn.execute(text('SHOW server_version')).scalar()}"


def app() -> "ASGIApp":
    """The web application of one worker process: `uvicorn --factory desk.wiring:app`."""
    from desk.web.app import create_app  # noqa: PLC0415 - commands that serve nothing need not load the web
    from desk.web.options import WebOptions  # noqa: PLC0415 - the same

    settings = load_settings()
    start_logs()
    options = WebOptions(
        public_url=settings.public_url, expected_schema=head(), environment=settings.env, trusted_proxies=settings.trusted_proxies
    )  # fmt: skip
    made = create_app(partial(opened, settings), options)
    # What is loaded by now stays for good; looking through it for garbage would stop every request for a tenth of a second.
    gc.collect()
    gc.freeze()
    return made


@contextlib.asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[Gateway | None]:
    """The gateway that the worker calls, None where the desk pays cash only. Raises LibraryMissing, KeyTrouble for a wallet."""
    url, seconds = settings.gateway_url, settings.gateway_timeout
    if settings.gateway != "http":
        async with open_wallet(settings.gateway, settings.wallet, url, seconds, _clock(settings).machine_now) as wallet:
            yield wallet
    elif url is None:
        yield None
    else:
        async with HttpGateway(url, seconds) as neutral:
            yield neutral


def _ways(settings: Settings) -> Ways:
    mail = settings.mail
    texts, digests = ((hook[0], secret_bytes(hook[1])) if hook else None for hook in (settings.hook, settings.digest_hook))
    return Ways((read_relay(mail[0]), mail[1]) if mail else None, texts, digest_hook=digests)


def _courier_terms(settings: Settings) -> CourierTerms | None:
    open_to = _ways(settings).open_to
    return CourierTerms(open_to, read_quiet_hours(settings.quiet_hours)) if open_to else None


def _terms(settings: Settings) -> GatewayTerms | None:
    if settings.gateway != "http":
        return terms_of(settings.gateway, settings.wallet)
    if settings.gateway_url is None or settings.gateway_secret is None:
        return None
    return GatewayTerms(settings.gateway_honours_keys, secret_bytes(settings.gateway_secret.get_secret_value()))


def _clock(settings: Settings) -> Clock:
    return ShiftedClock(settings.clock_file) if settings.clock_file else WallClock()


def _kit_of(settings: Settings) -> Kit:
    """The kit with the calendar of a database that is ready and belongs to our keys."""
    if is_sqlite(settings.database_url) and not sqlite_path(settings.database_url).exists():
        raise NotPrepared
    with plain_engine(settings.database_url).connect() as conn:
        found = revision_of(conn)
        if found != head():
            raise NotPrepared if found is None or knows(found) else SchemaTooNew(found)
        if installation.find(conn) is None:
            raise NotPrepared
        _refuse_lost_keys(settings, conn)
        kit = build_kit(settings, calendar_now(conn))
        _check_keys(settings, conn, kit)
        return kit


def _refuse_lost_keys(settings: Settings, conn: Connection) -> None:
    """Make no new keys for a database that has keys already: what they sealed could never be read with others."""
    missing = [name for name in (MASTER, PEPPER) if not (settings.keys_dir / name).exists()]
    if missing and installation.find(conn) is not None:
        msg = f"{' and '.join(missing)} missing in {settings.keys_dir}: put them back from the backup of your keys"
        raise KeyTrouble(msg)


def _check_keys(settings: Settings, conn: Connection, kit: Kit) -> None:
    bound = installation.find(conn)
    if bound is None or (bound.master_key_id, bound.pepper_id) != (kit.sealer.key_id, kit.sealer.pepper_id):
        raise KeysForeign(settings)
