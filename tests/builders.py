"""A desk on a test database, with a clock in the test's hand, keys of its own and the cast; and short ways to act.

Everything goes through the real doors and the real actions; only the clock is false.
"""

import asyncio
import atexit
import hashlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Connection

from desk.actions import endings, evidence, messages, slips
from desk.actions import triage as deciding
from desk.actions.calendar import calendar_now
from desk.actions.facts import complete_facts
from desk.actions.fund import put_in
from desk.actions.installation import install
from desk.actions.intake import Lodged, Lodging, WrittenRespondent, lodge_claim
from desk.actions.officers import Post, add_officer
from desk.actions.seed import FUND, SITES
from desk.actions.sites import NewSite, add_site
from desk.actions.steps import Held
from desk.actions.triage import Choice
from desk.domain.calendar import WorkingCalendar
from desk.domain.claim import Answer, Assessment, Basis, Category, Channel, Item, ItemKind, Language, RespondentKind, Route
from desk.domain.evidence import Shows
from desk.domain.fund import Payer
from desk.domain.money import Money
from desk.domain.policy import Kind, Role, Viewer
from desk.outside.darkroom import ProcessDarkroom
from desk.outside.files import FolderFiles
from desk.outside.keys import Keys
from desk.outside.lots import SystemLots
from desk.outside.sealer import AesSealer
from desk.packs.loader import load_packs
from desk.ports import Attempt, CourierTerms, Desk, GatewayTerms, Kit, TakingApp, Work
from desk.store import claims
from desk.store import sites as site_rows
from desk.store.engines import is_sqlite
from desk.store.fund import Booked
from desk.store.postgres_desk import open_postgres
from desk.store.sqlite_desk import open_sqlite
from desk.store.tables import ClaimRow
from tests.cast import HOME, OPERATOR, POSTS, VISITOR_NAME, VISITOR_PHONE, Cast, vera

MORNING = datetime(2026, 9, 8, 1, 30, tzinfo=UTC)
"""Tuesday, 8 September 2026, 09:30 at Huangshan: a working week without a holiday ahead, under pack cn-2026."""

Given = Any
"""A field by its name, checked by the class that takes it."""

PACKS = load_packs()
GATEWAY_SECRET = b"a secret of the tests"
TERMS = GatewayTerms(honours_keys=True, secret=GATEWAY_SECRET, taken_in=TakingApp("wechat", "1900001109", "wxf636efh567hg4356"))
FOLDER = Path(mkdtemp(prefix="desk-evidence-"))
"""Where the evidence of all test desks of this process lies; gone when it ends."""

atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

CHEAP = Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)
"""Passwords are hashed as ever, but quickly."""

KEYS = Keys(master=bytes(range(32)), pepper=bytes(range(32, 64)))


@dataclass
class HandClock:
    """A clock that a test moves. Each look lets `tick` pass, so that no two steps happen at one instant; 0 freezes it."""

    at: datetime = MORNING
    tick: timedelta = timedelta(milliseconds=1)

    def now(self) -> datetime:
        """The time, one tick later than the last time it was asked."""
        self.at += self.tick
        return self.at

    def machine_now(self) -> datetime:
        """The time that the test has set."""
        return self.at

    def go(self, **on: float) -> None:
        """Let time pass: `go(hours=2)`; back with negative figures."""
        self.at += timedelta(**on)


@dataclass
class HandShelf:
    """The calendar that actions count with; a test may put another one there."""

    calendar: WorkingCalendar = field(default_factory=lambda: WorkingCalendar("0-unread", frozenset(), {}))


@dataclass
class House:
    """An open desk with its cast. Acts without `by` are Olga's; those of a visitor are Vera's, of the claim concerned."""

    desk: Desk
    clock: HandClock
    shelf: HandShelf
    cast: Cast

    @property
    def kit(self) -> Kit:
        """The kit of the desk."""
        return self.desk.kit

    async def lodge(self, by: Viewer | None = None, *, key: str | None = None, **told: Given) -> Lodged:
        """Lodge a claim of 128.00 CNY at Huangshan, or whatever `told` says instead."""
        attempt = self.attempt(key, told) if key else None
        return await self.desk.append(lodge_claim(self.kit, by or self.cast.olga, lodging(**told), attempt))

    async def claim(self, reference: str) -> ClaimRow:
        """The claim's row as it stands."""
        return await self.desk.read(_row, reference)

    async def vera(self, reference: str) -> Viewer:
        """The visitor who holds this claim's code."""
        return vera((await self.claim(reference)).id)

    async def assess(self, reference: str, by: Viewer | None = None, **findings: Given) -> int:
        """Write findings, every test met unless `findings` say otherwise; returns the claim's new version."""
        version = (await self.claim(reference)).version
        found = assessment(**findings)
        done = await self.desk.write(deciding.assess_claim, by or self.cast.olga, reference, found, None, version)
        return done.version

    async def confirm(self, reference: str, route: Route | str, by: Viewer | None = None, *, amount: str | None = None) -> Held:
        """Confirm the verdict; `amount` as text in CNY."""
        choice = Choice(Route(route), amount=yuan(amount))
        return await self.desk.write(deciding.confirm_triage, by or self.cast.olga, reference, choice)

    async def override(
        self, reference: str, route: Route | str, by: Viewer | None = None, *, reason: str = "票据齐全", amount: str | None = None
    ) -> Held:
        """Override the verdict with a reason; by the manager unless somebody else is named."""
        choice = Choice(Route(route), override=True, reason=reason, amount=yuan(amount))
        return await self.desk.write(deciding.confirm_triage, by or self.cast.ma, reference, choice)

    async def complete(self, reference: str, *amounts: str, respondent: str | None = None, by: Viewer | None = None) -> Held:
        """Write the amounts of the first items, and the respondent's name, where they were not known."""
        asked = {place: Money.parse(amount, "CNY") for place, amount in enumerate(amounts)}
        named = WrittenRespondent(name=respondent, kind=RespondentKind.SHOP) if respondent else None
        version = (await self.claim(reference)).version
        return await self.desk.write(complete_facts, by or self.cast.olga, reference, asked, named, version)

    async def propose(self, reference: str, by: Viewer | None = None) -> None:
        """Store what the rule says and decide nothing."""
        await self.desk.write(deciding.propose_verdict, by or self.cast.olga, reference)

    async def fast(self, **told: Given) -> str:
        """A claim in fast_refund; returns its reference."""
        reference = (await self.lodge(**told)).reference
        await self.assess(reference)
        await self.confirm(reference, Route.FAST_REFUND)
        return reference

    async def docketed(self, **told: Given) -> str:
        """A claim on the docket; returns its reference."""
        reference = (await self.lodge(**{"asked": "5000.00", **told})).reference
        await self.confirm(reference, Route.DOCKET)
        return reference

    async def waiting(self, **told: Given) -> str:
        """A claim that waits for its visitor; returns its reference."""
        reference = (await self.lodge(**{"asked": None, **told})).reference
        await self.confirm(reference, Route.NEEDS_INFORMATION)
        return reference

    async def message(self, reference: str, text: str = "请稍候。", by: Viewer | None = None, *, question: bool = False) -> Held:
        """Write to the visitor."""
        return await self.desk.write(
            messages.send_message, by or self.cast.olga, reference, text, "question" if question else "message"
        )

    async def note(self, reference: str, text: str = "已电话核实。", by: Viewer | None = None) -> Held:
        """Keep an internal note."""
        return await self.desk.write(messages.write_note, by or self.cast.olga, reference, text)

    async def answer(self, reference: str, text: str = "共付 128 元。", by: Viewer | None = None) -> Held:
        """Answer what was asked, as the visitor."""
        viewer = by or await self.vera(reference)
        return await self.desk.write(messages.answer_questions, viewer, reference, text)

    async def silence(self, reference: str, reason: str = "三次未回复", by: Viewer | None = None) -> Held:
        """Record that no answer came."""
        return await self.desk.write(messages.record_silence, by or self.cast.olga, reference, reason)

    async def object_to(self, reference: str, text: str = "金额不对，我要求调解。") -> Held:
        """Ask for mediation instead of the refund, as the visitor."""
        return await self.desk.write(endings.object_to_refund, await self.vera(reference), reference, text)

    async def withdraw(self, reference: str, text: str | None = None, by: Viewer | None = None) -> Held:
        """Take the claim back, as the visitor."""
        return await self.desk.write(endings.withdraw_claim, by or await self.vera(reference), reference, text)

    async def reopen(self, reference: str, text: str = "有新的票据。", by: Viewer | None = None) -> Held:
        """Bring an ended claim back, as the manager."""
        return await self.desk.write(endings.reopen_claim, by or self.cast.ma, reference, text)

    async def change_contact(self, reference: str, **fields: str | None) -> Held:
        """Change phone or e-mail, as the visitor."""
        return await self.desk.write(slips.change_contact, await self.vera(reference), reference, fields)

    async def reissue(self, reference: str, reason: str = "凭证遗失") -> slips.Slip:
        """Give a new slip to a visitor at the desk."""
        return await self.desk.write(slips.reissue_slip, self.cast.olga, reference, reason)

    async def add_file(self, reference: str, content: bytes, by: Viewer | None = None, *, name: str = "小票.jpg") -> str:
        """Add a file as evidence; returns its id."""
        viewer, digest = by or self.cast.olga, hashlib.sha256(content).hexdigest()
        door = await self.desk.write(evidence.open_door, viewer, reference, self.attempt("file", digest))
        assert isinstance(door, evidence.Door)
        taken = evidence.take_file(self.kit, door, evidence.Upload(content, name, Shows.RECEIPT, digest))
        return (await self.desk.write(evidence.add_evidence, viewer, reference, taken)).file_id

    async def link(self, reference: str, other: str) -> Held:
        """Say that two claims are the same matter."""
        return await self.desk.write(slips.link_claims, self.cast.olga, reference, other)

    def attempt(self, key: str, body: object = "") -> Attempt:
        """A request that must take effect once."""
        return Attempt("officer:1", "POST /api/v1/claims", key, hashlib.sha256(repr(body).encode()).digest())


def kit_on(clock: HandClock, shelf: HandShelf) -> Kit:
    """The kit of a test desk: real lots, sealer and packs under fixed keys, and the terms of a gateway that honours keys."""
    return Kit(
        clock, SystemLots(), AesSealer(KEYS, CHEAP), PACKS, shelf, "https://desk.example", TERMS,
        files=FolderFiles(FOLDER), darkroom=ProcessDarkroom(),
    )  # fmt: skip


@asynccontextmanager
async def open_house(
    database: str, at: datetime = MORNING, *, furnish: bool = True, gateway: GatewayTerms | None = TERMS,
    cast: Cast | None = None, courier: CourierTerms | None = None, on_loopback: bool = False,
) -> AsyncIterator[House]:  # fmt: skip
    """Open a desk on a migrated database; `furnish` adds calendar, sites, their first money and staff, once.

    `cast` are the staff of a database that was furnished before; without `courier` nobody is written to; `on_loopback`:
    partners' systems may stand on this machine.
    """
    clock, shelf = HandClock(at), HandShelf()
    opened: Callable[[str, Kit], Any] = open_sqlite if is_sqlite(database) else open_postgres
    kit = replace(kit_on(clock, shelf), gateway=gateway, courier=courier, on_loopback=on_loopback)
    async with opened(database, kit) as desk:
        people = cast or (await desk.write(_furnish) if furnish else Cast({}, {}, {}))
        shelf.calendar = await desk.read(calendar_now)
        yield House(desk, clock, shelf, people)


def lodging(**told: Given) -> Lodging:
    """A dispute over 128.00 CNY; `asked` as text or None when not known, `items`, or any field of `Lodging`."""
    asked = told.pop("asked", "128.00")
    given: dict[str, Any] = {
        "site": HOME, "channel": Channel.COUNTER, "language": Language.ZH_CN, "category": Category.PRICE_LABELLING,
        "visitor": {"name": VISITOR_NAME, "phone": VISITOR_PHONE, "email": None}, "facts": "标价 28 元，结账收取 156 元。",
        "items": (Item(ItemKind.REFUND, yuan(asked)),),
        "respondent": WrittenRespondent(name="云海茶庄", kind=RespondentKind.SHOP),
    }  # fmt: skip
    return Lodging(**{**given, **told})


def assessment(**findings: Given) -> Assessment:
    """Findings with every test met, or whatever `findings` say instead."""
    met: dict[str, Any] = {
        "not_at_fault": Answer.YES, "facts_clear": Answer.YES, "evidence_sufficient": Answer.YES, "basis": Basis.TOURISM_LAW_54
    }  # fmt: skip
    return Assessment(**{**met, **findings})


def yuan(text: str | None) -> Money | None:
    """Money of the site's currency, None for a sum that is not known."""
    return Money.parse(text, "CNY") if text else None


def _furnish(work: Work) -> Cast:
    install(work)
    sites = {site.slug: add_site(work, OPERATOR, site) for site in SITES}
    for slug, site_id in sites.items():
        put_in(work, site_rows.get(work.conn, site_id), FUND, Payer.SITE, Booked(note=f"first money of {slug}"))
    added = {name: add_officer(work, OPERATOR, name.title(), [post], "no password") for name, post in POSTS.items()}
    staff = {name: officer(one.id, name, POSTS[name].role, sites.get(POSTS[name].site or "", 0)) for name, one in added.items()}
    return Cast(staff, {name: one.token for name, one in added.items()}, sites)


def officer(officer_id: int, name: str, role: Role, site_id: int) -> Viewer:
    """A member of staff as the doors see them."""
    return Viewer(Kind.OFFICER, officer_id, name.title(), {site_id: frozenset({role})}, request_id=f"test-{name}")


async def add_place(house: House, new: NewSite, intake: str) -> Viewer:
    """Add one more site with one officer at its counter."""
    site_id = await house.desk.write(add_site, OPERATOR, new)
    added = await house.desk.write(add_officer, OPERATOR, intake.title(), [Post(Role.INTAKE, new.slug)], "no password")
    return officer(added.id, intake, Role.INTAKE, site_id)


def _row(conn: Connection, reference: str) -> ClaimRow:
    return claims.get(conn, reference, None, lock=False)


async def all_of(*acts: Awaitable[Any]) -> list[Any]:
    """Run acts at the same time; a refusal is a result, so that a race can be counted."""
    return await asyncio.gather(*acts, return_exceptions=True)
