"""The benchmark: what scoring costs the order entry, and how long the weekly job takes.

``python -m bench`` starts a PostgreSQL of its own, generates data, deploys the package, lets ours,
the limits and the alternatives take turns on the same data, prints the medians and their ratios,
and writes them to ``bench/RESULTS.md`` and a plot beside it. All SQL stands in ``sql/``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from bench import catch_up, follow, locks, memory, order_entry, results, statement, weekly
from bench.ground import HERE, SETTINGS, Ground
from engagement_runner.embedded import EmbeddedServer

MEASURES: dict[str, Callable[[Ground], None]] = {
    "order_entry": order_entry.order_entry,
    "statement": statement.statement,
    "locks": locks.locks,
    "lag": follow.lag,
    "weekly": weekly.weekly,
    "queue": weekly.queue,
    "catch_up": catch_up.catch_up,
    "company": catch_up.company,
    "refresh": weekly.refresh,
    "size": weekly.size,
    "growth": weekly.growth,
    "memory": memory.memory,
}
#: Everything once and small, within three minutes: it shows that the benchmark works, not how fast.
SMOKE = {"lines": 10_000, "rounds": 1, "seconds": 1}
#: The disk's time would be most of it.
SMOKE_SETTINGS = {"fsync": "off", "max_wal_size": "256MB"}


@click.command(context_settings={"show_default": True})
@click.option("--lines", default=1_000_000, help="Order lines to generate, 10,000 at least.")
@click.option("--grow", default=1, help="Measure growth too, to this many times as many lines.")
@click.option("--rounds", default=3, help="Rounds to take the median of.")
@click.option("--clients", default=8, help="Clients of the order entry.")
@click.option("--seconds", default=15, help="Length of one run of the order entry.")
@click.option("--only", multiple=True, type=click.Choice(list(MEASURES)), help="Repeatable.")
@click.option("--smoke", is_flag=True, help="Everything once and small; write no results.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, resolve_path=True, path_type=Path),
    help="Markdown file for the results, its plot beside it. "
    "[default: bench/RESULTS.md, after a complete run]",
)
@click.option(
    "--bindir",
    type=click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path),
    help="Folder of the server binaries. [default: Debian's PostgreSQL 15, else the embedded one]",
)
@click.option("--keep", is_flag=True, help="Leave the server running, to look into it.")
def main(
    lines: int,
    grow: int,
    rounds: int,
    clients: int,
    seconds: int,
    only: tuple[str, ...],
    smoke: bool,
    output: Path | None,
    bindir: Path | None,
    keep: bool,
) -> None:
    """Measure pg-engagement against its limits and the alternatives."""
    debian = Path("/usr/lib/postgresql/15/bin")
    if bindir is None and (debian / "postgres").is_file():
        bindir = debian
    if output is None and not only and not smoke:
        output = HERE / "RESULTS.md"
    sizes = SMOKE if smoke else {"lines": lines, "rounds": rounds, "seconds": seconds}
    settings = SETTINGS | (SMOKE_SETTINGS if smoke else {})
    begin = time.monotonic()
    with EmbeddedServer(bindir, settings, keep=keep) as server:
        ground = Ground(server, clients=clients, grow=grow, warm_up=not smoke, **sizes)
        for name, measure in MEASURES.items():
            if not only or name in only:
                measure(ground)
        results.show(ground)
        if output:
            results.write(ground, output)
        ground.say(f"done in {time.monotonic() - begin:.0f} s")
        if keep:
            ground.say(f"{server.dsn('scored')}; stop it by: {server.stop_command}")


if __name__ == "__main__":
    main()
