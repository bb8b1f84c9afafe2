"""The ground that everything is measured on: a server, its databases, and ways to work in them.

Databases are named by kind and variant. Kinds:

- ``bare``: the host alone;
- ``ready``: the package deployed, nothing scored yet; ``scored``: its ledger filled; ``current``:
  brought up to now besides, where ``scored`` ends with the data;
- ``row_trigger`` and ``queue``: the host with that contender.

Variants: none; ``one_company``, ``large_company`` and ``many_rules``, changed by the SQL file of
that name; ``grown``, the larger size. They are made when first asked for, and never worked in: see
:meth:`Ground.used`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from rich.console import Console

from bench.measure import Measure
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer

HERE = Path(__file__).resolve().parent
STATEMENTS = HERE / "sql"
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
    "timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
}

Connection = psycopg.Connection[tuple[Any, ...]]
T = TypeVar("T")


class Ground:
    """The server, its databases, and the measures taken so far.

    Args:
        server: a running server with :data:`SETTINGS`.
        lines: order lines to generate.
        rounds: rounds to take the median of.
        clients: clients of the order entry.
        seconds: length of one run of the order entry.
        grow: how many times as many lines the variant ``grown`` has; 1: it is not measured.
        warm_up: whether what is measured in turns has a turn before that does not count.
    """

    def __init__(
        self,
        server: EmbeddedServer,
        lines: int,
        rounds: int = 1,
        clients: int = 8,
        seconds: int = 1,
        grow: int = 1,
        warm_up: bool = True,
    ) -> None:
        self.server = server
        self.lines = lines
        self.rounds = rounds
        self.clients = clients
        self.seconds = seconds
        self.grow = grow
        #: The turns of the rounds; turn 0 warms up, and does not count.
        self.turns = range(0 if warm_up else 1, rounds + 1)
        #: The turns of what takes milliseconds; those below 0 warm up, and do not count.
        self.short_turns = range(-5, rounds * 20) if warm_up else range(-1, 3)
        self.measures: dict[tuple[str, str, str], Measure] = {}
        self.console = Console(stderr=True)
        self._sizes: dict[str, int] = {"postgres": lines, "template1": lines}

    def measure(
        self, section: str, title: str, unit: str, against: str = "", target: str = ""
    ) -> Measure:
        """Return the measure of this name, a new one the first time."""
        new = Measure(section, title, unit, against, target)
        return self.measures.setdefault((section, title, against), new)

    def say(self, line: str) -> None:
        """Tell on standard error how far it is."""
        now = time.strftime("%H:%M:%S")
        self.console.print(f"[dim]{now}[/] {line}", highlight=False, soft_wrap=True)

    # -- databases -----------------------------------------------------------------------------

    def lines_of(self, variant: str) -> int:
        """Return how many order lines a variant begins with."""
        return self.lines * self.grow if variant == "grown" else self.lines

    def customers(self, database: str) -> int:
        """Return how many customers a database has, but for the two of a fixed size."""
        return self._sizes[database] // 13

    @contextmanager
    def connect(self, database: str) -> Iterator[Connection]:
        """Connect in autocommit, with the settings that the SQL files read."""
        with psycopg.connect(self.server.dsn(database), autocommit=True) as connection:
            set_setting(connection, "lines", str(self._sizes[database]))
            set_setting(connection, "until", UNTIL)
            yield connection

    def database(self, kind: str, variant: str = "") -> str:
        """Return the name of a database, made the first time."""
        name = "_".join(filter(None, (kind, variant)))
        if name not in self._sizes:
            self._make(kind, variant, name)
        return name

    @contextmanager
    def used(self, kind: str, variant: str = "") -> Iterator[str]:
        """Give a copy of a database to work in, and drop it in the end."""
        template = self.database(kind, variant)
        name = f"used_{template}"
        self._clone(template, name)
        try:
            yield name
        finally:
            self._drop(name)

    def _make(self, kind: str, variant: str, name: str) -> None:
        if kind == "bare" and variant in ("", "grown"):
            self.say(f"{name}: generating {self.lines_of(variant):,} order lines")
            self._clone("template1", name)
            self._sizes[name] = self.lines_of(variant)
        elif kind == "bare":
            self._clone(self.database("bare"), name)
        elif kind in ("scored", "current"):
            before = {"scored": "ready", "current": "scored"}[kind]
            self._clone(self.database(before, variant), name)
        else:
            self._clone(self.database("bare", variant), name)
        if kind != "bare":
            self.say(f"{name}: preparing")
        with self.connect(name) as connection:
            if kind == "bare" and variant in ("", "grown"):
                schema = HERE.parent / "sql" / "hosts" / "reference_schema.sql"
                connection.execute(schema.read_text("utf-8").encode())
                for part in ("data", "rule_data", "limit_refresh_prepare"):
                    execute(connection, part)
            elif kind == "bare":
                execute(connection, variant)
            elif kind == "ready":
                deploy(connection, "reference")
                execute(connection, "rules")
            elif kind == "scored":
                recalculate(connection, "FULL", UNTIL)
            elif kind == "current":
                set_mode(connection, "DEFERRED")
                recalculate(connection, "INCREMENTAL", None)
            else:
                execute(connection, "running_total")
                execute(connection, kind)
            connection.execute("vacuum analyze")

    def _clone(self, template: str, name: str) -> None:
        self._drop(name)
        # By files is faster for a large one, but takes two checkpoints.
        strategy = "file_copy" if self._sizes[template] > 200_000 else "wal_log"
        with self.connect("postgres") as connection:
            connection.execute(
                sql.SQL("create database {} template {} strategy {}").format(
                    sql.Identifier(name), sql.Identifier(template), sql.SQL(strategy)
                )
            )
        self._sizes[name] = self._sizes[template]

    def _drop(self, name: str) -> None:
        with self.connect("postgres") as connection:
            identifier = sql.Identifier(name)
            connection.execute(
                sql.SQL("drop database if exists {} with (force)").format(identifier)
            )
        self._sizes.pop(name, None)


@cache
def text_of(name: str) -> bytes:
    """Return one of the SQL files, without the comments before and between its statements."""
    # Comments may hold a percent sign, which is psycopg's once there are parameters.
    text = (STATEMENTS / f"{name}.sql").read_text("utf-8")
    return re.sub(r"^--.*\n", "", text, flags=re.MULTILINE).encode()


def execute(connection: Connection, name: str, parameters: dict[str, Any] | None = None) -> None:
    """Run one of the SQL files."""
    connection.execute(text_of(name), parameters)


def row(
    connection: Connection, name: str, parameters: dict[str, Any] | None = None
) -> tuple[Any, ...] | None:
    """Return the first row of one of the SQL files; None: it has none."""
    return connection.execute(text_of(name), parameters).fetchone()


def value(connection: Connection, name: str) -> Any:
    """Return the one value of one of the SQL files; LookupError where it has none."""
    found = row(connection, name)
    if found is None:
        raise LookupError(f"{name}.sql returned no row")
    return found[0]


def set_setting(connection: Connection, name: str, setting: str) -> None:
    """Set what the SQL files read as ``bench.NAME``, for this session."""
    execute(connection, "set_setting", {"name": name, "value": setting})


def recalculate(connection: Connection, mode: str, as_of: str | None) -> None:
    """Run the weekly job."""
    execute(connection, "recalculate", {"mode": mode, "as_of": as_of})


def set_mode(connection: Connection, mode: str) -> None:
    """Set the trigger mode, IMMEDIATE or DEFERRED."""
    execute(connection, "set_mode", {"mode": mode})


def create_table_as(connection: Connection) -> float:
    """Return the seconds of the limit of the weekly job."""
    execute(connection, "create_table_as_drop")
    connection.execute("checkpoint")
    return timed(execute, connection, "create_table_as")


def timed(work: Callable[..., Any], *arguments: Any) -> float:
    """Return how many seconds the work takes."""
    begin = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - begin


def in_turn(contenders: Sequence[T], turn: int) -> list[T]:
    """Return the contenders in an order that is another one each turn."""
    return [contenders[(i + turn) % len(contenders)] for i in range(len(contenders))]
