"""What scoring costs the host: order entry, a large statement, and waits for locks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from random import Random
from threading import Event

import click
import psycopg

from bench.contenders import queue_loop
from bench.ground import STATEMENTS, Ground, execute, in_turn, recalculate, set_mode, timed, value
from bench.ground import Connection as Session
from engagement_runner.deploy import deploy

ENTRY, STATEMENT, LOCKS = "Order entry", "INSERT … SELECT", "Waits for locks"
BARE, ROW, QUEUE = "no scoring", "row-level trigger", "queue"
OURS = ("deferred", "immediate")


@dataclass(frozen=True)
class Contender:
    """Who takes part: its database, the trigger mode if it is ours, whether its loop runs."""

    name: str
    kind: str
    variant: str = ""
    mode: str = ""
    has_loop: bool = False


BASE = [
    Contender(BARE, "bare"),
    Contender("deferred", "scored", mode="DEFERRED"),
    Contender("immediate", "scored", mode="IMMEDIATE"),
]
ALTERNATIVES = [Contender(ROW, "row_trigger"), Contender(QUEUE, "queue")]


def _variant(variant: str, name: str) -> list[Contender]:
    return [Contender(f"{mode}, {name}", "scored", variant, mode=mode.upper()) for mode in OURS]


def order_entry(ground: Ground) -> None:
    """Orders per second of several clients at once, ours and others', in several situations."""
    looping = Contender("queue, its loop running", "queue", has_loop=True)
    contenders = [
        *BASE,
        *ALTERNATIVES,
        looping,
        *_variant("one_company", "one company"),
        Contender(f"{ROW}, one company", "row_trigger", "one_company"),
        *_variant("many_rules", "1,000 rules"),
    ]
    if ground.grow > 1:
        contenders += [Contender(f"{BARE}, grown", "bare", "grown"), *_variant("grown", "grown")]
    with ExitStack() as stack:
        databases: dict[tuple[str, str], str] = {}
        for who in contenders:
            if (who.kind, who.variant) not in databases:
                used = stack.enter_context(ground.used(who.kind, who.variant))
                databases[who.kind, who.variant] = used
        taking_part = [(who, databases[who.kind, who.variant]) for who in contenders]
        for script, durability, title, targets, count in (
            ("order_entry", "off", "synchronous_commit off", ("≥ 0.92", "≥ 0.60"), None),
            ("order_entry", "on", "durable", ("≥ 0.95", "≥ 0.75"), 6),
            ("order_entry_by_line", "off", "a statement per line, not durable", ("", ""), 3),
        ):
            rates = _rates(ground, taking_part[:count], script, durability, title)
            _compare(ground, title, rates, targets)
            if count is None:
                _compare_variants(ground, rates)


def _rates(
    ground: Ground,
    contenders: list[tuple[Contender, str]],
    script: str,
    durability: str,
    title: str,
) -> dict[str, list[float]]:
    """Return the orders per second of each contender, one value a round."""
    rates: dict[str, list[float]] = defaultdict(list)
    for turn in ground.turns:
        for who, database in in_turn(contenders, turn):
            with ground.connect(database) as connection:
                if who.mode:
                    set_mode(connection, who.mode)
                connection.execute("checkpoint")
            seconds = ground.seconds if turn else min(3, ground.seconds)
            with queue_loop(ground.server.dsn(database)) if who.has_loop else nullcontext():
                rate = enter_orders(ground, database, script, durability, seconds).rate
            if turn:
                rates[who.name].append(rate)
                ground.say(f"order entry, {title}: {who.name} {rate:,.0f} orders/s")
    return rates


def _compare(
    ground: Ground, title: str, rates: dict[str, list[float]], targets: tuple[str, str]
) -> None:
    """Note each contender against no scoring, and ours against the alternative to it."""

    def note(name: str, against: str, target: str = "") -> None:
        if name in rates and against in rates:
            found = ground.measure(ENTRY, f"{title}: {name}", "orders/s", against, target)
            found.values, found.others = rates[name], rates[against]

    for name, target in zip(OURS, targets, strict=True):
        note(name, BARE, target)
    for name in (ROW, QUEUE, "queue, its loop running"):
        note(name, BARE)
    note("immediate", ROW, "≥ 1")
    note("immediate", "queue, its loop running", "≥ 1")
    note("deferred", QUEUE, "≥ 1")


def _compare_variants(ground: Ground, rates: dict[str, list[float]]) -> None:
    """Note how each situation compares with the usual one, by the share of no scoring kept."""
    for name in ("one company", "1,000 rules", "grown"):
        for who in (*OURS, ROW):
            ours = rates.get(f"{who}, {name}")
            if ours is None:
                continue
            # Neither employment nor rules concern who does no scoring; a larger database does.
            bare = rates.get(f"{BARE}, {name}", rates[BARE])
            title = f"{ground.grow} × the awards" if name == "grown" else name
            found = ground.measure(
                ENTRY,
                f"{title}: {who}, share of no scoring",
                "",
                "the usual share",
                "" if who == ROW else "≥ 0.95",
            )
            found.values = [a / b for a, b in zip(ours, bare, strict=True)]
            found.others = [a / b for a, b in zip(rates[who], rates[BARE], strict=True)]


def statement(ground: Ground) -> None:
    """One INSERT … SELECT of 100,000 lines, in a session that has inserted single ones.

    On a ground smaller than that, as many lines as it has.
    """
    lines = f"{min(100_000, ground.lines):,} lines"
    contenders = [*BASE, *ALTERNATIVES]
    seconds: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        databases = {
            kind: stack.enter_context(ground.used(kind))
            for kind in dict.fromkeys(who.kind for who in contenders)
        }
        for turn in ground.turns:
            for who in in_turn(contenders, turn):
                with ground.connect(databases[who.kind]) as connection:
                    if who.mode:
                        set_mode(connection, who.mode)
                    execute(connection, "statement_prepare")
                    for _ in range(10):
                        execute(connection, "statement_single")
                    connection.execute("checkpoint")
                    spent = timed(execute, connection, "statement")
                if turn:
                    seconds[who.name].append(spent)
                    ground.say(f"INSERT … SELECT, {lines}: {who.name} {spent:.2f} s")
    targets = {"deferred": "≤ 1.1", "immediate": "≤ 1.8"}
    for who in contenders[1:]:
        found = ground.measure(
            STATEMENT, f"{lines}: {who.name}", "s", BARE, targets.get(who.name, "")
        )
        found.values, found.others = seconds[who.name], seconds[BARE]


def locks(ground: Ground) -> None:
    """How long order entry waits for locks while the job runs or an index is built.

    The triggers are IMMEDIATE, so that they have most to do with the ledger. The server's log tells
    who has waited for 50 ms; what a trigger gave up after that time is among the scoring failures.
    """
    works: dict[str, Callable[[Session], None]] = {
        "nothing else": lambda _: None,
        "FULL": lambda session: recalculate(session, "FULL", None),
        "INCREMENTAL": lambda session: recalculate(session, "INCREMENTAL", None),
        "an index built CONCURRENTLY": _build_index,
    }
    waits: dict[str, float] = defaultdict(float)
    given_up: dict[str, float] = defaultdict(float)
    with ground.used("scored") as database:
        with ground.connect(database) as connection:
            set_mode(connection, "IMMEDIATE")
            execute(connection, "lock_settings")
        for turn in range(ground.rounds):
            for name in in_turn(list(works), turn):
                found = hindrance(ground, database, works[name])
                waits[name] += found.waits
                given_up[name] += found.given_up
                title = f"longest order during {name}"
                ground.measure(LOCKS, title, "ms").values.append(found.longest)
                ground.say(f"locks during {name}: {found}")
    for name in works:
        target = "" if name == "nothing else" else "≤ 0"
        title = f"waits over 50 ms during {name}"
        ground.measure(LOCKS, title, "", target=target).values = [waits[name]]
        title = f"awards left to the queue after 50 ms during {name}"
        ground.measure(LOCKS, title, "").values = [given_up[name]]


@dataclass
class Hindrance:
    """What order entry met with: waits over 50 ms, awards left to the queue, the longest order."""

    waits: int
    given_up: float
    longest: float


def hindrance(ground: Ground, database: str, work: Callable[[Session], None]) -> Hindrance:
    """Enter orders while something else is done in a database with ``lock_settings``.

    The orders last until the work was done once, and the work is repeated while they last.
    """
    begin = ground.server.log.stat().st_size
    with ground.connect(database) as connection, ThreadPoolExecutor(1) as pool:
        failed = value(connection, "lock_failures")
        enough = Event()

        def keep_on() -> None:
            work(connection)
            while not enough.wait(0.01):
                work(connection)

        future = pool.submit(keep_on)
        longest: list[float] = []
        try:
            while not longest or not wait([future], timeout=0.05).done:
                entered = enter_orders(
                    ground, database, "order_entry", "off", ground.seconds, with_longest=True
                )
                longest.append(entered.longest)
                enough.set()
        finally:
            enough.set()
        future.result()
        given_up = value(connection, "lock_failures") - failed
    with ground.server.log.open("rb") as log:
        log.seek(begin)
        waits = re.findall(rb"order_entry LOG: .* still waiting for", log.read())
    return Hindrance(len(waits), given_up, max(longest))


def _build_index(session: Session) -> None:
    """Let a deployment build an index that is not there; it does so CONCURRENTLY."""
    execute(session, "index_drop")
    deploy(session, "reference")


# -- the driver ----------------------------------------------------------------------------------


@dataclass
class Entered:
    """Orders per second, and the milliseconds of the longest order where that was asked for."""

    rate: float
    longest: float = 0


def enter_orders(
    ground: Ground,
    database: str,
    script: str,
    durability: str,
    seconds: int,
    with_longest: bool = False,
) -> Entered:
    """Run one script with all clients, by pgbench if there is one."""
    pgbench = find_pgbench(ground.server.bindir)
    dsn = ground.server.dsn(database)
    environment = {
        "PGOPTIONS": f"-c synchronous_commit={durability}",
        "PGAPPNAME": "order_entry",
    }
    customers = ground.customers(database)
    if pgbench is None:
        return orders_by_python(dsn, environment, script, ground.clients, seconds, customers)
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [
                *(pgbench, "--no-vacuum", "--protocol=prepared", "--jobs=2"),
                *(f"--client={ground.clients}", f"--time={seconds}"),
                *(f"--define=customers={customers}", f"--file={STATEMENTS / script}.sql"),
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
    found = re.search(r"^tps = ([\d.]+)", output, re.MULTILINE)
    if found is None:
        raise click.ClickException(f"pgbench says no rate: {output}")
    failed = re.search(r"^number of failed transactions: ([1-9]\d*)", output, re.MULTILINE)
    if failed:
        raise click.ClickException(f"orders failed: {output}")
    return Entered(float(found[1]), max(spent, default=0) / 1000)


def find_pgbench(bindir: Path) -> str | None:
    """Find pgbench beside the server, on the path, or in Debian's folders; it drives any server."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/pgbench")
    candidates = [bindir / "pgbench", *sorted(debian, reverse=True)]
    found = [str(path) for path in candidates if path.is_file()]
    return found[0] if found else shutil.which("pgbench")


def orders_by_python(
    dsn: str, environment: dict[str, str], script: str, clients: int, seconds: int, customers: int
) -> Entered:
    """Do what pgbench does, slower: its own cost makes the ratios look better than they are."""
    with get_context("spawn").Pool(clients) as pool:
        work = [(dsn, environment, script, seconds, customers, i) for i in range(clients)]
        done = pool.starmap(_orders_of_one_client, work)
    return Entered(sum(count for count, _ in done) / seconds, max(longest for _, longest in done))


def _orders_of_one_client(
    dsn: str, environment: dict[str, str], script: str, seconds: int, customers: int, client: int
) -> tuple[int, float]:
    """Run a pgbench script of ``\\set … random``, statements and ``\\gset`` for some seconds.

    Returns how many orders it entered, and the milliseconds of the longest.
    """
    chance = Random(client)
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
    os.environ.update(environment)
    done, longest = 0, 0.0
    with psycopg.connect(dsn, autocommit=True) as connection:
        end = time.monotonic() + seconds
        while (begin := time.monotonic()) < end:
            values: dict[str, object] = {n: str(chance.randint(1, top)) for n, top in ranges}
            for text, is_answered in statements:
                cursor = connection.execute(text, values if b"%(" in text else None)
                if is_answered and cursor.description:
                    names = [column.name for column in cursor.description]
                    values.update(zip(names, cursor.fetchone() or (), strict=True))
            done += 1
            longest = max(longest, (time.monotonic() - begin) * 1000)
    return done, longest
