"""What memory the weekly job takes: the runner's process, and the server process that serves it."""

from __future__ import annotations

import time

import click

from bench.ground import UNTIL, WEEK_LATER, Ground, execute, row, set_setting, value
from bench.proc import start_command, status_kb

SECTION = "Memory"
_SAMPLE_SECONDS = 0.005


def memory(ground: Ground) -> None:
    """Peaks over FULL on an empty ledger, FULL unchanged and INCREMENTAL, at each size."""
    with ground.connect("postgres") as connection:
        work_mem = value(connection, "work_mem") / 1024
    peaks: dict[tuple[str, str], list[tuple[float, float]]] = {}
    variants = ["", "grown"] if ground.grow > 1 else [""]
    for variant in variants:
        with ground.used("ready", variant) as database:
            for job, options in (
                ("FULL, empty ledger", ("--mode", "FULL", "--as-of", UNTIL)),
                ("FULL, nothing changed", ("--mode", "FULL", "--as-of", UNTIL)),
                ("INCREMENTAL", ("--as-of", WEEK_LATER)),
            ):
                if job == "INCREMENTAL":
                    with ground.connect(database) as connection:
                        set_setting(connection, "round", "1")
                        execute(connection, "change")
                peaks[job, variant] = [_peaks(ground, database, options)]
                runner, backend = peaks[job, variant][0]
                ground.say(f"memory: {job}: runner {runner:.1f} MB, backend {backend:.1f} MB")
    for job in dict.fromkeys(job for job, _ in peaks):
        title = f"server backend, anonymous memory, {job}"
        for variant in variants:
            lines = f"{ground.lines_of(variant):,} lines"
            found = ground.measure(SECTION, f"{title}, {lines}", "MB", "work_mem", "≤ 3")
            found.values, found.others = [backend for _, backend in peaks[job, variant]], [work_mem]
        usual = [runner for runner, _ in peaks[job, ""]]
        title = f"runner, resident memory, {job}"
        if ground.grow > 1:
            against, target = f"{ground.lines:,} lines", "≤ 1.1"
            found = ground.measure(
                SECTION, f"{title}, {ground.lines_of('grown'):,} lines", "MB", against, target
            )
            found.values, found.others = [runner for runner, _ in peaks[job, "grown"]], usual
        else:
            ground.measure(SECTION, title, "MB").values = usual


def _peaks(ground: Ground, database: str, options: tuple[str, ...]) -> tuple[float, float]:
    """Run the weekly job by the command; return the MB of the runner and of its server process."""
    process = start_command(ground.server.dsn(database), "recalculate", *options)
    backend = 0
    with ground.connect(database) as connection:
        pid: int | None = None
        while process.poll() is None:
            found = row(connection, "memory_backend") if pid is None else None
            pid = found[0] if found else pid
            backend = max(backend, status_kb(str(pid), "RssAnon") if pid else 0)
            time.sleep(_SAMPLE_SECONDS)
    error = process.communicate()[1]
    if process.returncode:
        raise click.ClickException(f"recalculate failed: {error}")
    return int(error.splitlines()[-1]) / 1024, backend / 1024
