"""The benchmark: what scoring costs the order entry, and how long the weekly job takes.

``python -m bench`` starts a PostgreSQL of its own, generates data, deploys the package, lets ours
and the limit take turns on the same data, prints the medians and their ratios, and writes them to
``bench/RESULTS.md``. All SQL stands in the ``.sql`` files beside this one.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import statistics
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Any

import click
import psycopg
from psycopg import sql
from rich.console import Console
from rich.table import Table

from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer

HERE = Path(__file__).resolve().parent
MARK = "<!-- What follows is written by the benchmark. -->"
UNTIL = "2025-06-14 05:30:00+00"
WEEK_LATER = "2025-06-21 05:30:00+00"
#: As on a server that is used in earnest, but with vacuum only when we say so.
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "shared_buffers": "1GB",
    "max_wal_size": "16GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
}

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class Measure:
    """One line of the results: ours against the limit.

    Attributes:
        title: what is measured.
        unit: of the values.
        target: the ratio to reach, with its sign, such as ``≤ 4``; empty: none is set.
        ours, limit: one value per round.
    """

    title: str
    unit: str
    target: str = ""
    ours: list[float] = field(default_factory=list)
    limit: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Median of ours over median of the limit; None where there is no limit."""
        if not self.limit:
            return None
        return statistics.median(self.ours) / statistics.median(self.limit)

    @property
    def verdict(self) -> str:
        """Say whether the target is met."""
        value = self.ratio if self.limit else statistics.median(self.ours)
        if not self.target or value is None:
            return ""
        sign, number = self.target.split()
        is_met = value <= float(number) if sign == "≤" else value >= float(number)
        return "yes" if is_met else "no"

    def quantity(self, value: float) -> str:
        """Return a value with its unit, in three digits or more."""
        return f"{value:,.0f} {self.unit}" if value >= 100 else f"{value:.3g} {self.unit}"

    def cells(self) -> list[str]:
        """Return the line of the results table."""
        ours = statistics.median(self.ours)
        ratio = self.ratio
        return [
            self.title,
            self.quantity(ours),
            self.quantity(statistics.median(self.limit)) if self.limit else "",
            f"{ratio:.2f}" if ratio is not None else "",
            self.target,
            self.verdict,
        ]


class Bench:
    """The server, its databases, and the measures taken so far."""

    def __init__(self, server: EmbeddedServer, lines: int, rounds: int, clients: int, seconds: int):
        self.server = server
        self.lines = lines
        self.rounds = rounds
        self.clients = clients
        self.seconds = seconds
        self.measures: dict[str, Measure] = {}
        self.console = Console(stderr=True)

    # -- tools ---------------------------------------------------------------------------------

    def measure(self, title: str, unit: str, target: str = "") -> Measure:
        """Return the measure of this title, a new one the first time."""
        return self.measures.setdefault(title, Measure(title, unit, target))

    def say(self, line: str) -> None:
        """Tell on standard error how far it is."""
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {line}", highlight=False)

    @contextmanager
    def connect(self, database: str) -> Iterator[Connection]:
        """Connect in autocommit, with the settings that the SQL files read."""
        with psycopg.connect(self.server.dsn(database), autocommit=True) as connection:
            settings = {"lines": str(self.lines), "until": UNTIL}
            for name, value in settings.items():
                connection.execute("select set_config(%s, %s, false)", (f"bench.{name}", value))
            yield connection

    def clone(self, template: str, database: str) -> None:
        """Copy a database."""
        self.drop(database)
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy file_copy").format(
                    sql.Identifier(database), sql.Identifier(template)
                )
            )

    def drop(self, database: str) -> None:
        """Drop a database, if it exists."""
        with self.connect("postgres") as connection:
            name = sql.Identifier(database)
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(name))

    # -- databases -----------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make ``bare`` (the host alone) and ``ready`` (deployed, nothing scored yet)."""
        self.say(f"generating {self.lines:,} order lines")
        self.clone("template1", "bare")
        with self.connect("bare") as connection:
            schema = HERE.parent / "sql" / "hosts" / "reference_schema.sql"
            connection.execute(schema.read_text("utf-8").encode())
            execute(connection, "data")
            execute(connection, "limit_refresh_prepare")
            connection.execute("vacuum analyze")
        self.say("deploying")
        self.clone("bare", "ready")
        with self.connect("ready") as connection:
            deploy(connection, "reference")
            execute(connection, "rules")
            connection.execute("vacuum analyze")

    def score(self) -> None:
        """Make ``scored``: ``ready``, with its ledger filled."""
        self.say("filling the ledger")
        self.clone("ready", "scored")
        with self.connect("scored") as connection:
            recalculate(connection, "FULL", UNTIL)
            connection.execute("vacuum analyze")

    def prepare_modes(self) -> None:
        """Make ``deferred`` and ``immediate`` from ``scored``."""
        for mode in ("deferred", "immediate"):
            self.clone("scored", mode)
            with self.connect(mode) as connection:
                set_mode(connection, mode)

    # -- measures ------------------------------------------------------------------------------

    def order_entry(self) -> None:
        """Orders per second of several clients at once, without triggers and in both modes."""
        self.prepare_modes()
        cases = [
            ("order_entry", "off", "synchronous_commit off", ("≥ 0.92", "≥ 0.60")),
            ("order_entry", "on", "durable", ("≥ 0.95", "≥ 0.75")),
            ("order_entry_by_line", "off", "a statement per line, not durable", ("", "")),
        ]
        for script, durability, title, targets in cases:
            rates: dict[str, list[float]] = defaultdict(list)
            for turn in range(self.rounds + 1):
                for database in in_turn(["bare", "deferred", "immediate"], turn):
                    with self.connect(database) as connection:
                        connection.execute("checkpoint")
                    # The first turn warms up, and does not count.
                    seconds = self.seconds if turn else 3
                    rate = self.orders_per_second(database, script, durability, seconds)
                    if turn:
                        rates[database].append(rate)
                        self.say(f"order entry, {title}: {database} {rate:,.0f} orders/s")
            for mode, target in zip(("deferred", "immediate"), targets, strict=True):
                measure = self.measure(f"order entry, {title}: {mode}", "orders/s", target)
                measure.ours, measure.limit = rates[mode], rates["bare"]

    def orders_per_second(self, database: str, script: str, durability: str, seconds: int) -> float:
        """Run one script with all clients, by pgbench if there is one."""
        pgbench = find_pgbench(self.server.bindir)
        options = f"-c synchronous_commit={durability}"
        if pgbench is None:
            return orders_by_python(
                self.server.dsn(database), options, script, self.clients, seconds, self.lines // 13
            )
        output = subprocess.run(
            [
                *(pgbench, "--no-vacuum", "--protocol=prepared", "--jobs=2"),
                *(f"--client={self.clients}", f"--time={seconds}"),
                *(f"--define=customers={self.lines // 13}", f"--file={HERE / script}.sql"),
                self.server.dsn(database),
            ],
            env={**os.environ, "PGOPTIONS": options},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
        if found is None:
            raise click.ClickException(f"pgbench says no rate: {output}")
        return float(found[1])

    def statement(self) -> None:
        """One INSERT … SELECT of 100,000 lines, in a session that has inserted single ones."""
        self.prepare_modes()
        seconds: dict[str, list[float]] = defaultdict(list)
        for turn in range(self.rounds + 1):
            for database in in_turn(["bare", "deferred", "immediate"], turn):
                with self.connect(database) as connection:
                    execute(connection, "statement_prepare")
                    for _ in range(10):
                        execute(connection, "statement_single")
                    connection.execute("checkpoint")
                    spent = timed(execute, connection, "statement")
                if turn:
                    seconds[database].append(spent)
                    self.say(f"100,000-line statement: {database} {spent:.2f} s")
        for mode, target in (("deferred", "≤ 1.1"), ("immediate", "≤ 1.8")):
            measure = self.measure(f"100,000-line INSERT … SELECT: {mode}", "s", target)
            measure.ours, measure.limit = seconds[mode], seconds["bare"]

    def recalculate(self) -> None:
        """FULL on an empty ledger, FULL unchanged, INCREMENTAL after 1 % of changes."""
        empty = self.measure("FULL, empty ledger / CREATE TABLE AS", "s", "≤ 5")
        unchanged = self.measure("FULL, nothing changed / CREATE TABLE AS", "s", "≤ 3")
        changed = self.measure(
            "INCREMENTAL, 1 % changed and a week later / CREATE TABLE AS", "s", "≤ 0.5"
        )
        share = self.measure("INCREMENTAL, the same / FULL unchanged", "s", "≤ 0.05")
        for turn in range(self.rounds):
            self.clone("ready", "recalculated")
            with self.connect("recalculated") as connection:
                set_mode(connection, "deferred")
                if turn == 0:
                    create_table_as(connection)  # warms up
                limits = [create_table_as(connection)]
                connection.execute("checkpoint")
                empty.ours.append(timed(recalculate, connection, "FULL", UNTIL))
                connection.execute("vacuum analyze")
                limits.append(create_table_as(connection))
                connection.execute("checkpoint")
                unchanged.ours.append(timed(recalculate, connection, "FULL", UNTIL))
                connection.execute("select set_config('bench.round', %s, false)", (str(turn),))
                execute(connection, "change")
                connection.execute("checkpoint")
                changed.ours.append(timed(recalculate, connection, "INCREMENTAL", WEEK_LATER))
                limits.append(create_table_as(connection))
                for measure in (empty, unchanged, changed):
                    measure.limit.append(statistics.median(limits))
                share.ours.append(changed.ours[-1])
                share.limit.append(unchanged.ours[-1])
                self.say(
                    f"recalculate: CREATE TABLE AS {empty.limit[-1]:.2f} s, FULL "
                    f"{empty.ours[-1]:.2f} s, unchanged {unchanged.ours[-1]:.2f} s, "
                    f"INCREMENTAL {changed.ours[-1]:.2f} s"
                )
        self.drop("recalculated")

    def refresh(self) -> None:
        """Refresh of one customer against a bare sum and upsert."""
        self.clone("scored", "refreshed")
        with self.connect("refreshed") as connection:
            for count in (100, 10000):
                measure = self.measure(f"refresh of one customer, {count:,} awards", "ms", "≤ 4")
                for turn in range(self.rounds * 20 + 5):
                    for name, values in (
                        ("refresh", measure.ours),
                        ("limit_refresh", measure.limit),
                    ):
                        spent = timed(execute, connection, name, {"customer": -count})
                        if turn >= 5:
                            values.append(spent * 1000)
                self.say(" · ".join(measure.cells()))

    def size(self) -> None:
        """Bytes per award."""
        with self.connect("scored") as connection:
            for part, size in connection.execute((HERE / "size.sql").read_bytes()):
                target = "≤ 220" if part == "total" else ""
                self.measure(f"ledger, bytes per award: {part}", "B", target).ours.append(
                    float(size)
                )

    # -- results -------------------------------------------------------------------------------

    def headings(self) -> list[str]:
        """Return the heads of the results table."""
        return ["measure", "ours", "limit", "ratio", "target", "met"]

    def machine(self) -> str:
        """Say what it ran on."""
        with self.connect("postgres") as connection:
            row = connection.execute("show server_version").fetchone()
        version = row[0].split()[0] if row else ""
        driver = "pgbench" if find_pgbench(self.server.bindir) else "Python"
        return (
            f"PostgreSQL {version}, {os.cpu_count()} cores, {platform.system()} "
            f"{platform.machine()}; {self.lines:,} order lines, {self.rounds} rounds, "
            f"{self.clients} clients driven by {driver}."
        )

    def show(self) -> None:
        """Print the results."""
        table = Table(*self.headings())
        for measure in self.measures.values():
            table.add_row(*measure.cells())
        Console(width=120).print(table)

    def write(self, path: Path) -> None:
        """Write the results below the mark of a Markdown file."""
        rows = [self.headings(), ["---", "---:", "---:", "---:", "---", "---"]]
        rows += [measure.cells() for measure in self.measures.values()]
        table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
        introduction = path.read_text("utf-8").partition(MARK)[0]
        path.write_text(f"{introduction}{MARK}\n\n{self.machine()}\n\n{table}\n", "utf-8")


def execute(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> None:
    """Run one of the SQL files."""
    text = (HERE / f"{name}.sql").read_text("utf-8")
    # Comments may hold a percent sign, which is psycopg's once there are parameters.
    statement = re.sub(r"^--.*\n", "", text, flags=re.MULTILINE)
    connection.execute(statement.encode(), parameters)


def recalculate(connection: Connection, mode: str, as_of: str) -> None:
    """Run the weekly job."""
    connection.execute(
        "call engagement.recalculate(p_mode => %s, p_as_of => %s::timestamptz)", (mode, as_of)
    )


def set_mode(connection: Connection, mode: str) -> None:
    """Set the trigger mode."""
    connection.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode.upper(),))


def create_table_as(connection: Connection) -> float:
    """Return the seconds of the limit of the weekly job."""
    connection.execute("drop table if exists bench.total")
    connection.execute("checkpoint")
    return timed(execute, connection, "limit_recalculate")


def timed(work: Callable[..., None], *arguments: Any) -> float:
    """Return how many seconds the work takes."""
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def in_turn(contenders: list[str], turn: int) -> list[str]:
    """Return the contenders in an order that is another one each turn."""
    return [contenders[(i + turn) % len(contenders)] for i in range(len(contenders))]


def find_pgbench(bindir: Path) -> str | None:
    """Find pgbench beside the server, on the path, or in Debian's folders; it drives any server."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    candidates = [bindir / "pgbench", *sorted(debian, reverse=True)]
    found = [str(path) for path in candidates if path.is_file()]
    return found[0] if found else shutil.which("pgbench")


def orders_by_python(
    dsn: str, options: str, script: str, clients: int, seconds: int, customers: int
) -> float:
    """Do what pgbench does, slower: its own cost makes the ratios look better than they are."""
    context = get_context("spawn")
    with context.Pool(clients) as pool:
        work = [(dsn, options, script, seconds, customers, client) for client in range(clients)]
        return sum(pool.starmap(_orders_of_one_client, work)) / seconds


def _orders_of_one_client(
    dsn: str, options: str, script: str, seconds: int, customers: int, client: int
) -> int:
    """Run a pgbench script of ``\\set … random``, statements and ``\\gset`` for some seconds."""
    chance = Random(client)
    ranges: list[tuple[str, int]] = []
    statements: list[tuple[bytes, bool]] = []
    for line in (HERE / f"{script}.sql").read_text("utf-8").splitlines():
        setting = re.fullmatch(r"\\set (\w+) random\(1, (\S+)\)", line)
        if setting:
            upper = customers if setting[2] == ":customers" else int(setting[2])
            ranges.append((setting[1], upper))
        elif not line.startswith("--"):
            statement = re.sub(r":(\w+)", r"%(\1)s", line)
            statements.append(
                (statement.removesuffix("\\gset").encode(), statement.endswith("\\gset"))
            )
    done = 0
    with psycopg.connect(dsn, options=options, autocommit=True, prepare_threshold=0) as connection:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            values: dict[str, Any] = {name: str(chance.randint(1, top)) for name, top in ranges}
            for text, is_answered in statements:
                cursor = connection.execute(text, values if b"%(" in text else None)
                if is_answered and cursor.description:
                    row = cursor.fetchone()
                    names = [column.name for column in cursor.description]
                    values.update(zip(names, row or (), strict=True))
            done += 1
    return done


MEASURES = ("recalculate", "size", "refresh", "statement", "order_entry")


@click.command(context_settings={"show_default": True})
@click.option("--lines", default=1_000_000, help="Order lines to generate, 10,000 at least.")
@click.option("--rounds", default=3, help="Rounds to take the median of.")
@click.option("--clients", default=8, help="Clients of the order entry.")
@click.option("--seconds", default=15, help="Length of one run of the order entry.")
@click.option("--only", multiple=True, type=click.Choice(MEASURES), help="Only this; repeatable.")
@click.option(
    "--bindir",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Folder of the server binaries. [default: Debian's PostgreSQL 15, else the embedded one]",
)
@click.option("--keep", is_flag=True, help="Leave the server running, to look into it.")
def main(
    lines: int,
    rounds: int,
    clients: int,
    seconds: int,
    only: tuple[str, ...],
    bindir: Path | None,
    keep: bool,
) -> None:
    """Measure pg-engagement against the limits; write bench/RESULTS.md after a complete run."""
    debian = Path("/usr/lib/postgresql/15/bin")
    if bindir is None and (debian / "postgres").is_file():
        bindir = debian
    with EmbeddedServer(bindir, SETTINGS, keep=keep) as server:
        bench = Bench(server, lines, rounds, clients, seconds)
        bench.prepare()
        if set(only) != {"recalculate"}:
            bench.score()
        for name in MEASURES:
            if not only or name in only:
                getattr(bench, name)()
        bench.show()
        if not only:
            bench.write(HERE / "RESULTS.md")
        if keep:
            bench.say(f"{server.dsn('scored')}; stop it by: {server.stop_command}")


if __name__ == "__main__":
    main()
