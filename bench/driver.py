"""Enters orders by several clients at once: by pgbench, or by Python where there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random

import click
import psycopg

from bench.ground import STATEMENTS, Ground


@dataclass
class Entered:
    """Orders: how many, how many a second, and the milliseconds of the longest if asked for."""

    count: int
    rate: float
    longest: float = 0


def enter_orders(
    ground: Ground,
    database: str,
    script: str,
    durability: str,
    seconds: int,
    rate: float | None = None,
    with_longest: bool = False,
) -> Entered:
    """Run one script with all clients: as fast as they can, or so many orders a second in all."""
    pgbench = find_pgbench(ground.server.bindir)
    dsn = ground.server.dsn(database)
    environment = {
        "PGOPTIONS": f"-c synchronous_commit={durability}",
        "PGAPPNAME": "order_entry",
    }
    customers = ground.customers(database)
    if pgbench is None:
        clients = ground.clients
        return orders_by_python(dsn, environment, script, clients, seconds, customers, rate)
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [
                *(pgbench, "--no-vacuum", "--protocol=prepared", "--jobs=2"),
                *(f"--client={ground.clients}", f"--time={seconds}"),
                *(f"--define=customers={customers}", f"--file={STATEMENTS / script}.sql"),
                *([f"--rate={rate:.1f}"] if rate else []),
                *(["--log", f"--log-prefix={folder}/order"] if with_longest else []),
                dsn,
            ],
            env={**os.environ, **environment},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        # Each line: client, number, microseconds, …
        spent = [
            float(line.split()[2])
            for path in Path(folder).iterdir()
            for line in path.read_text().splitlines()
        ]
    found = re.search(
        r"^number of transactions actually processed: (\d+).*^tps = ([\d.]+)",
        output,
        re.MULTILINE | re.DOTALL,
    )
    if found is None:
        raise click.ClickException(f"pgbench says no rate: {output}")
    failed = re.search(r"^number of failed transactions: ([1-9]\d*)", output, re.MULTILINE)
    if failed:
        raise click.ClickException(f"orders failed: {output}")
    return Entered(int(found[1]), float(found[2]), max(spent, default=0) / 1000)


def find_pgbench(bindir: Path) -> str | None:
    """Find pgbench beside the server, on the path, or in Debian's folders; it drives any server."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    candidates = [bindir / "pgbench", *sorted(debian, reverse=True)]
    found = [str(path) for path in candidates if path.is_file()]
    return found[0] if found else shutil.which("pgbench")


def orders_by_python(
    dsn: str,
    environment: dict[str, str],
    script: str,
    clients: int,
    seconds: int,
    customers: int,
    rate: float | None = None,
) -> Entered:
    """Do what pgbench does, slower: its own cost makes the ratios look better than they are."""
    pause = clients / rate if rate else 0.0
    with get_context("spawn").Pool(clients) as pool:
        work = [(dsn, environment, script, seconds, customers, pause, i) for i in range(clients)]
        done = pool.starmap(_orders_of_one_client, work)
    count = sum(orders for orders, _ in done)
    return Entered(count, count / seconds, max(longest for _, longest in done))


def _orders_of_one_client(
    dsn: str,
    environment: dict[str, str],
    script: str,
    seconds: int,
    customers: int,
    pause: float,
    client: int,
) -> tuple[int, float]:
    """Run a pgbench script of ``\\set … random``, statements and ``\\gset`` for some seconds.

    Orders begin ``pause`` seconds apart, if there is time for that. Returns how many orders it
    entered, and the milliseconds of the longest.
    """
    chance = Random(client)
    ranges, statements = _parsed(script, customers)
    os.environ.update(environment)
    done, longest = 0, 0.0
    with psycopg.connect(dsn, autocommit=True) as connection:
        first = time.monotonic()
        while (begin := time.monotonic()) < first + seconds:
            values: dict[str, object] = {n: str(chance.randint(1, top)) for n, top in ranges}
            for text, is_answered in statements:
                cursor = connection.execute(text, values if b"%(" in text else None)
                if is_answered and cursor.description:
                    names = [column.name for column in cursor.description]
                    values.update(zip(names, cursor.fetchone() or (), strict=True))
            done += 1
            now = time.monotonic()
            longest = max(longest, (now - begin) * 1000)
            time.sleep(max(0.0, first + done * pause - now))
    return done, longest


def _parsed(script: str, customers: int) -> tuple[list[tuple[str, int]], list[tuple[bytes, bool]]]:
    """Return a script's random numbers with their upper bounds, and its statements.

    Each statement says whether it ends in ``\\gset``.
    """
    ranges: list[tuple[str, int]] = []
    statements: list[tuple[bytes, bool]] = []
    for line in (STATEMENTS / f"{script}.sql").read_text("utf-8").splitlines():
        setting = re.fullmatch(r"\\set (\w+) random\(1, (\S+)\)", line)
        if setting:
            upper = customers if setting[2] == ":customers" else int(setting[2])
            ranges.append((setting[1], upper))
        elif not line.startswith("--"):
            command = re.sub(r":(\w+)", r"%(\1)s", line)
            statements.append((command.removesuffix("\\gset").encode(), command.endswith("\\gset")))
    return ranges, statements
