"""How long the weekly job takes, a refresh of one customer, and what the ledger weighs."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bench.contenders import DuckDB, score_queue
from bench.ground import (
    UNTIL,
    WEEK_LATER,
    Connection,
    Ground,
    create_table_as,
    execute,
    in_turn,
    recalculate,
    set_mode,
    set_setting,
    text_of,
    timed,
    value,
)

WEEKLY, GROWTH, REFRESH, LEDGER = "Weekly job", "Growth", "Refresh of one customer", "Ledger"
LIMIT, FULL = "CREATE TABLE AS", "FULL, nothing changed"
MATVIEW = "materialized view"
CHANGED = "1 % changed and a week later"


def weekly(ground: Ground) -> None:
    """FULL on an empty ledger and unchanged, INCREMENTAL after 1 % of changes; and alternatives."""
    seconds: dict[str, list[float]] = defaultdict(list)
    incremental = f"INCREMENTAL, {CHANGED}"
    for turn in range(ground.rounds):
        with ground.used("ready") as database, ground.connect(database) as connection:
            set_mode(connection, "DEFERRED")
            execute(connection, "matview")
            if turn == 0:
                create_table_as(connection)  # warms up
            limits = [create_table_as(connection)]
            connection.execute("checkpoint")
            empty = timed(recalculate, connection, "FULL", UNTIL)
            seconds["FULL, empty ledger"].append(empty)
            connection.execute("vacuum analyze")
            limits.append(create_table_as(connection))
            for name, spent in _alternating(connection, turn, "FULL", UNTIL).items():
                seconds[f"{name}, nothing changed"].append(spent)
            set_setting(connection, "round", str(turn))
            execute(connection, "change")
            set_setting(connection, "until", WEEK_LATER)
            for name, spent in _alternating(connection, turn, "INCREMENTAL", WEEK_LATER).items():
                seconds[f"{name}, {CHANGED}"].append(spent)
            limits.append(create_table_as(connection))
            seconds[LIMIT].append(statistics.median(limits))
            for name, spent in _duckdb(connection).items():
                seconds[name].append(spent)
        ground.say(" · ".join(f"{name} {spent[-1]:.2f} s" for name, spent in seconds.items()))

    def note(name: str, against: str, target: str = "") -> None:
        found = ground.measure(WEEKLY, name, "s", against, target)
        found.values, found.others = seconds[name], seconds[against]

    note("FULL, empty ledger", LIMIT, "≤ 8")
    note(FULL, LIMIT, "≤ 3")
    note(incremental, LIMIT)
    for name in (f"{MATVIEW}, {CHANGED}", "DuckDB, export included", "DuckDB, query alone"):
        note(name, LIMIT)
    note(FULL, f"{MATVIEW}, nothing changed")
    note(incremental, f"{MATVIEW}, {CHANGED}", "≤ 1")
    note(incremental, "DuckDB, export included", "≤ 1")
    note(incremental, "DuckDB, query alone")


def _alternating(connection: Connection, turn: int, mode: str, as_of: str) -> dict[str, float]:
    """Return the seconds of a run and of a refresh of the materialized view, either first."""
    works: list[tuple[str, Callable[[], None]]] = [
        (mode, lambda: recalculate(connection, mode, as_of)),
        (MATVIEW, lambda: execute(connection, "matview_refresh")),
    ]
    spent = {}
    for name, work in in_turn(works, turn):
        connection.execute("checkpoint")
        spent[name] = timed(work)
    return spent


def _duckdb(connection: Connection) -> dict[str, float]:
    """Return the seconds of DuckDB over Parquet: with the export, and of the query alone."""
    with tempfile.TemporaryDirectory() as folder:
        duckdb = DuckDB(Path(folder))
        export = timed(duckdb.export, connection)
        query = timed(duckdb.query, as_instant(WEEK_LATER))
        duckdb.close()
    return {"DuckDB, export included": export + query, "DuckDB, query alone": query}


def as_instant(text: str) -> datetime:
    """Return an instant as DuckDB takes it here: in UTC, without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None)


def queue(ground: Ground) -> None:
    """Corrected lines scored per second: INCREMENTAL, and the loop of the queue's application."""
    title = "corrected lines scored per second, INCREMENTAL with ranking"
    found = ground.measure(WEEKLY, title, "lines/s", "queue and its loop", "≥ 1")
    with ground.used("queue") as theirs, ground.used("scored") as ours:
        for turn in range(ground.rounds):
            with ground.connect(theirs) as connection:
                set_setting(connection, "round", str(turn))
                left = value(connection, "queued_lines")
                execute(connection, "change")
                lines = value(connection, "queued_lines") - left
                connection.execute("checkpoint")
                begin = time.perf_counter()
                done = score_queue(connection, seconds=ground.seconds)
                found.others.append(done / (time.perf_counter() - begin))
            with ground.connect(ours) as connection:
                set_mode(connection, "DEFERRED")
                set_setting(connection, "round", str(turn))
                execute(connection, "change")
                connection.execute("checkpoint")
                found.values.append(lines / timed(recalculate, connection, "INCREMENTAL", UNTIL))
            ground.say(" · ".join(found.cells()))


def growth(ground: Ground) -> None:
    """FULL at two sizes; nothing without --grow."""
    if ground.grow == 1:
        return
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in range(ground.rounds):
        for variant in in_turn(["", "grown"], turn):
            with ground.used("ready", variant) as database, ground.connect(database) as connection:
                set_mode(connection, "DEFERRED")
                seconds[LIMIT, variant].append(create_table_as(connection))
                for name in ("FULL, empty ledger", FULL):
                    connection.execute("checkpoint")
                    spent = timed(recalculate, connection, "FULL", UNTIL)
                    connection.execute("vacuum analyze")
                    seconds[name, variant].append(spent)
                    ground.say(f"growth, {ground.lines_of(variant):,} lines: {name} {spent:.2f} s")
    for name in ("FULL, empty ledger", FULL, LIMIT):
        title = f"{name}, {ground.lines_of('grown'):,} lines"
        target = "" if name == LIMIT else f"≤ {1.1 * ground.grow:.3g}"
        found = ground.measure(GROWTH, title, "s", f"{ground.lines:,} lines", target)
        found.values, found.others = seconds[name, "grown"], seconds[name, ""]


def refresh(ground: Ground) -> None:
    """Refresh of one customer against a bare sum and upsert, at each size."""
    variants = ["", "grown"] if ground.grow > 1 else [""]
    for count in (100, 10000):
        spent: dict[tuple[str, str], list[float]] = defaultdict(list)
        for variant in variants:
            with ground.used("scored", variant) as database, ground.connect(database) as connection:
                for turn in ground.short_turns:
                    for name in in_turn(["refresh", "limit_refresh"], turn):
                        seconds = timed(execute, connection, name, {"customer": -count})
                        if turn >= 0:
                            spent[name, variant].append(seconds * 1000)
            title = f"{count:,} awards, {ground.lines_of(variant):,} lines"
            found = ground.measure(REFRESH, title, "ms", "sum and upsert", "≤ 4")
            found.values = spent["refresh", variant]
            found.others = spent["limit_refresh", variant]
            ground.say(" · ".join(found.cells()))
        if ground.grow > 1:
            title = f"{count:,} awards, {ground.lines_of('grown'):,} lines"
            found = ground.measure(
                GROWTH, f"refresh, {title}", "ms", f"{ground.lines:,} lines", "≤ 1.1"
            )
            found.values, found.others = spent["refresh", "grown"], spent["refresh", ""]


def size(ground: Ground) -> None:
    """Bytes per award."""
    with ground.connect(ground.database("scored")) as connection:
        for part, weight in connection.execute(text_of("size")):
            target = "≤ 220" if part == "total" else ""
            title = f"bytes per award: {part}"
            ground.measure(LEDGER, title, "B", target=target).values = [float(weight)]
