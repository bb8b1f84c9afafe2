"""How long order entry waits for locks while something else is done."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from threading import Event

from bench.driver import enter_orders
from bench.ground import Connection, Ground, execute, in_turn, recalculate, set_mode, value
from engagement_runner.deploy import deploy

LOCKS = "Waits for locks"

RATE = 500.0
"""Orders a second meanwhile. As many as the machine can take would leave the job no processor."""


def locks(ground: Ground) -> None:
    """How long order entry waits for locks while the job runs or an index is built.

    The triggers are IMMEDIATE, so that they have most to do with the ledger. The server's log tells
    who has waited for 50 ms; what a trigger gave up after that time is among the scoring failures.
    """
    works: dict[str, Callable[[Connection], None]] = {
        "nothing else": lambda _: None,
        "FULL": lambda session: recalculate(session, "FULL", None),
        "INCREMENTAL": lambda session: recalculate(session, "INCREMENTAL", None),
        "catch_up": lambda session: execute(session, "catch_up"),
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


def hindrance(ground: Ground, database: str, work: Callable[[Connection], None]) -> Hindrance:
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
                    ground, database, "order_entry", "off", ground.seconds, RATE,
                    with_longest=True,
                )  # fmt: skip
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


def _build_index(session: Connection) -> None:
    """Let a deployment build an index that is not there; it does so CONCURRENTLY."""
    execute(session, "index_drop")
    deploy(session, "reference")
