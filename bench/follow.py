"""How far a score is behind its order while ``engagement follow`` runs beside order entry."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from subprocess import TimeoutExpired

from bench.driver import enter_orders
from bench.ground import Connection, Ground, execute, recalculate, row, set_mode, text_of
from bench.proc import start_command

LAG = "Lag of a score behind its order"
#: Seconds from one order of the probe to the next, and from one look at the scores to the next.
PROBE_SECONDS, LOOK_SECONDS = 0.05, 0.01
DURABILITIES = {"off": "synchronous_commit off", "on": "durable"}
#: Seconds until the probe no longer waits for points, and until follow must have ended.
_PATIENCE = 30


def empty_queue(connection: Connection) -> None:
    """Score what waits, and remove what it leaves, as autovacuum does on a server in use."""
    recalculate(connection, "INCREMENTAL", None)
    execute(connection, "vacuum_queue")


@contextmanager
def follow_running(ground: Ground, database: str) -> Iterator[None]:
    """Let ``engagement follow`` run meanwhile, from the moment that it has scored a first order."""
    process = start_command(ground.server.dsn(database), "follow")
    try:
        with ground.connect(database) as connection:
            probe = Probe(connection, 1)
            probe.order()
            while probe.waiting:
                probe.look()
                if process.poll() is not None:
                    raise ChildProcessError("engagement follow has ended")
        yield
    finally:
        process.terminate()
        try:
            error = process.communicate(timeout=_PATIENCE)[1]
        except TimeoutExpired:
            process.kill()
            error = process.communicate()[1]
        if process.returncode:
            raise ChildProcessError(f"engagement follow ended with {process.returncode}: {error}")


class Probe:
    """A session that enters orders for customers of its own, and looks for their points.

    Its own clock decides. What it does costs the server little: a look is a search by primary key.

    Attributes:
        waiting: customers who have no points yet, and when their order was committed.
        lags: seconds from the commit of an order until its points were seen.
    """

    def __init__(self, connection: Connection, count: int) -> None:
        found = connection.execute(text_of("probe_customers"), {"count": count})
        self.customers: list[int] = [customer for (customer,) in found]
        self.waiting: dict[int, float] = {}
        self.lags: list[float] = []
        self._connection = connection

    def order(self) -> None:
        """Enter an order for the next customer."""
        customer = self.customers.pop()
        enter_order(self._connection, customer)
        self.waiting[customer] = time.perf_counter()

    def look(self) -> None:
        """Wait a moment, then see who has points. Half a minute without them counts as the lag."""
        time.sleep(LOOK_SECONDS)
        waiting = list(self.waiting)
        found = self._connection.execute(text_of("probe_scored"), {"customers": waiting}).fetchall()
        now = time.perf_counter()
        scored = {customer for (customer,) in found}
        for customer in waiting:
            if customer in scored or now - self.waiting[customer] > _PATIENCE:
                self.lags.append(now - self.waiting.pop(customer))


def enter_order(connection: Connection, customer: int) -> None:
    """Enter one order of one line."""
    with connection.transaction():
        found = row(connection, "probe_order", {"customer": customer})
        if found is None:
            raise LookupError("the order has no number")
        execute(connection, "probe_line", {"order": found[0], "customer": customer})


def lag(ground: Ground) -> None:
    """Lag of a score at a half and at a tenth of the most orders per second, durable and not.

    The most is what DEFERRED reaches in this database when follow does not run.
    """
    shares = {0.5: "a half", 0.1: "a tenth"}
    most: dict[str, list[float]] = defaultdict(list)
    rates: dict[tuple[str, float], list[float]] = defaultdict(list)
    lags: dict[tuple[str, float], list[float]] = defaultdict(list)
    with ground.used("current") as database, ground.connect(database) as connection:
        set_mode(connection, "DEFERRED")
        for turn, (durability, name) in product(ground.turns, DURABILITIES.items()):
            rate = enter_orders(ground, database, "order_entry", durability, ground.seconds).rate
            if not turn:
                continue
            most[name].append(rate)
            for share, words in shares.items():
                empty_queue(connection)
                reached, found = behind(ground, database, durability, share * rate)
                rates[name, share].append(reached)
                lags[name, share] += found
                ground.say(
                    f"lag, {name}, {words} of the most orders: {reached:,.0f} orders/s, "
                    f"median {statistics.median(found):.2f} s"
                )
    for (name, share), found in lags.items():
        title = f"{name}, {shares[share]} of the most orders"
        orders = ground.measure(LAG, f"{title}: order entry", "orders/s", "the most")
        orders.values, orders.others = rates[name, share], most[name]
        ground.measure(LAG, f"{title}: median", "s").values = found
        last = statistics.quantiles(found, n=100)[98]
        ground.measure(LAG, f"{title}: 99th percentile", "s", target="≤ 1").values = [last]


def behind(
    ground: Ground, database: str, durability: str, rate: float
) -> tuple[float, list[float]]:
    """Enter orders at a rate beside follow; return the rate reached, and the lags of the probe."""
    seconds = 2 * ground.seconds
    with (
        follow_running(ground, database),
        ground.connect(database) as connection,
        ThreadPoolExecutor(1) as pool,
    ):
        execute(connection, "set_durability", {"durability": durability})
        probe = Probe(connection, int(seconds / PROBE_SECONDS))
        load = pool.submit(enter_orders, ground, database, "order_entry", durability, seconds, rate)
        begin = time.perf_counter()
        placed = 0
        while not load.done() or probe.waiting:
            is_due = time.perf_counter() >= begin + placed * PROBE_SECONDS
            if is_due and probe.customers and not load.done():
                probe.order()
                placed += 1
            probe.look()
        return load.result().rate, probe.lags
