"""What ``engagement.catch_up()`` takes, beside INCREMENTAL with the same to do; large companies."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bench.follow import enter_order
from bench.ground import (
    Connection,
    Ground,
    execute,
    in_turn,
    recalculate,
    set_setting,
    timed,
    value,
)
from bench.measure import Measure
from bench.proc import cpu_seconds

CATCH_UP, COMPANY = "Catching up", "Company of many employees"


@dataclass(frozen=True)
class Waiting:
    """Orders in the queue: in words, calls of catch_up a turn, and the most CPU time in ms."""

    words: str
    times: int
    target: str


WAITING = {
    0: Waiting("nothing waits", 10, "≤ 5"),
    1: Waiting("1 order", 10, "≤ 20"),
    100: Waiting("100 orders", 3, "≤ 150"),
    1000: Waiting("1,000 orders", 1, "≤ 1000"),
}
RUN = "INCREMENTAL"
#: The large company; customers with smaller numbers work for it.
EMPLOYER = 100
#: CPU time and time in ms, by what was done and how many orders waited.
Costs = dict[tuple[str, int], list[tuple[float, float]]]


def catch_up(ground: Ground) -> None:
    """CPU time and time with nothing, 1, 100 and 1,000 orders in the queue, at each size."""
    variants = ["", "grown"] if ground.grow > 1 else [""]
    costs = {variant: _costs(ground, variant) for variant in variants}

    def note(variant: str, count: int, part: int, against: str, target: str = "") -> Measure:
        lines = f", {ground.lines_of(variant):,} lines" if variant else ""
        title = f"catch_up, {WAITING[count].words}: {('CPU time', 'time')[part]}{lines}"
        found = ground.measure(CATCH_UP, title, "ms", against, target)
        found.values = [cost[part] for cost in costs[variant]["catch_up", count]]
        return found

    for count, waiting in WAITING.items():
        note("", count, 0, "", waiting.target)
        for part in (0, 1):
            found = note("", count, part, RUN)
            found.others = [cost[part] for cost in costs[""][RUN, count]]
        if ground.grow > 1:
            found = note("grown", count, 0, f"{ground.lines:,} lines", "≤ 1.5")
            found.others = [cost[0] for cost in costs[""]["catch_up", count]]
            found = note("grown", count, 0, RUN)
            found.others = [cost[0] for cost in costs["grown"][RUN, count]]


def _costs(ground: Ground, variant: str) -> Costs:
    """Return what catch_up and INCREMENTAL take, by how many orders wait."""
    works: dict[str, Callable[[Connection], None]] = {
        "catch_up": lambda session: execute(session, "catch_up"),
        RUN: lambda session: recalculate(session, RUN, None),
    }
    costs: Costs = defaultdict(list)
    rounds = itertools.count(1)
    with ground.used("current", variant) as database, ground.connect(database) as connection:
        for turn in ground.turns:
            for count, waiting in WAITING.items():
                set_setting(connection, "orders", str(count))
                for name in in_turn(list(works), turn):
                    execute(connection, "vacuum_queue")
                    for _ in range(waiting.times if name == "catch_up" else 1):
                        set_setting(connection, "round", str(next(rounds)))
                        execute(connection, "orders")
                        spent = cost(connection, works[name])
                        if turn:
                            costs[name, count].append(spent)
                    ground.say(f"{name}, {waiting.words}: {spent[0]:.1f} ms of CPU")
    return costs


def cost(connection: Connection, work: Callable[[Connection], None]) -> tuple[float, float]:
    """Return the CPU time that the work takes in the session's server process, and its time, in ms.

    Parallel workers are not counted.
    """
    process = connection.info.backend_pid
    begin = cpu_seconds(process)
    seconds = timed(work, connection)
    return 1000 * (cpu_seconds(process) - begin), 1000 * seconds


def company(ground: Ground) -> None:
    """A company of 50,000 employees: its refresh, and catch_up with an order of one of them."""
    with (
        ground.used("current", "large_company") as database,
        ground.connect(database) as connection,
    ):
        employees = f"{value(connection, 'employees'):,} employees"

        def refresh(session: Connection) -> None:
            execute(session, "refresh", {"customer": EMPLOYER})

        def note(title: str, milliseconds: float, target: str = "") -> None:
            found = ground.measure(COMPANY, f"{employees}: {title}", "ms", target=target)
            found.values.append(milliseconds)

        for turn in ground.short_turns:
            refreshed = cost(connection, refresh)
            enter_order(connection, 1 + turn % (EMPLOYER - 1))
            caught_up = cost(connection, lambda session: execute(session, "catch_up"))
            if turn >= 0:
                note("refresh of the company, time", refreshed[1], "≤ 200")
                note("refresh of the company, CPU time", refreshed[0])
                note("catch_up, 1 order of an employee, time", caught_up[1])
                note("catch_up, 1 order of an employee, CPU time", caught_up[0], "≤ 20")
        ground.say(f"{employees}: refresh {refreshed[1]:.0f} ms, catch_up {caught_up[1]:.0f} ms")
