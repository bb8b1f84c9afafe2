"""The contenders: who they are, and those that are programs beside the host."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection as PipeConnection
from pathlib import Path
from typing import Any

import psycopg

from bench.ground import Connection, row, text_of

PARQUET = ("order_line", "sales_order", "product", "rule")
BARE, ROW, QUEUE = "no scoring", "row-level trigger", "queue"
OURS = ("deferred", "immediate")


@dataclass(frozen=True)
class Contender:
    """Who takes part: its database, the trigger mode if it is ours, and what runs beside it.

    Beside it runs nothing, the ``loop`` of the queue, or ``follow``.
    """

    name: str
    kind: str
    variant: str = ""
    mode: str = ""
    beside: str = ""


BASE = [
    Contender(BARE, "bare"),
    Contender("deferred", "scored", mode="DEFERRED"),
    Contender("immediate", "scored", mode="IMMEDIATE"),
]
ALTERNATIVES = [Contender(ROW, "row_trigger"), Contender(QUEUE, "queue")]


def score_next(connection: Connection) -> bool:
    """Score one queued line in a transaction, as an application does; False: none is queued."""
    with connection.transaction():
        taken = row(connection, "queue_take")
        if taken is None:
            return False
        line = taken[0]
        for step in ("queue_uncount", "queue_score"):
            found = row(connection, step, {"line": line})
            if found is None:
                continue
            score = dict(zip(("customer", "employer", "points"), found, strict=True))
            if step == "queue_score":
                connection.execute(text_of("queue_count"), {"line": line, **score})
            connection.execute(text_of("queue_add"), score)
    return True


def score_queue(connection: Connection, seconds: float | None = None) -> int:
    """Score queued lines until there are none or the seconds are over; return how many."""
    until = time.perf_counter() + seconds if seconds is not None else None
    done = 0
    while (until is None or time.perf_counter() < until) and score_next(connection):
        done += 1
    return done


def _serve_queue(dsn: str, parent: PipeConnection) -> None:
    """Score what is queued and what comes, until the parent closes its end of the pipe."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        parent.send("ready")
        is_idle = False
        while not parent.poll(0.05 if is_idle else 0):
            is_idle = not score_next(connection)


@contextmanager
def queue_loop(dsn: str) -> Iterator[None]:
    """Let the application loop run meanwhile, in a process of its own."""
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve_queue, args=(dsn, theirs))
    process.start()
    theirs.close()
    try:
        ours.recv()
        yield
    finally:
        ours.close()
        process.join()
    if process.exitcode:
        raise ChildProcessError(f"the loop of the queue ended with {process.exitcode}")


class DuckDB:
    """DuckDB beside the host: a database of its own over Parquet files in a folder."""

    def __init__(self, folder: Path) -> None:
        import duckdb  # only who measures it needs it: the extra `bench`

        self.folder = folder
        self.session = duckdb.connect(str(folder / "total.duckdb"))

    def export(self, connection: Connection) -> None:
        """Bring the host's tables to Parquet."""
        for name in PARQUET:
            path = self.folder / f"{name}.csv"
            with (
                path.open("wb") as file,
                connection.cursor() as cursor,
                cursor.copy(text_of(f"duckdb_export_{name}")) as copy,
            ):
                for block in copy:
                    file.write(block)
            self.session.execute(self._text(f"duckdb_parquet_{name}"))
            path.unlink()

    def query(self, as_of: Any) -> None:
        """Sum up into a table of DuckDB's, as of a naive instant in UTC."""
        self.session.execute(self._text("duckdb_query"), {"as_of": as_of})

    def totals(self) -> list[tuple[Any, ...]]:
        """Return the sums: customer, score, year to date."""
        rows: list[tuple[Any, ...]] = self.session.execute(self._text("duckdb_total")).fetchall()
        return rows

    def close(self) -> None:
        """Close the database."""
        self.session.close()

    def _text(self, name: str) -> str:
        return text_of(name).decode().replace("{folder}", str(self.folder))
