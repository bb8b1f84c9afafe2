"""What scoring costs the host's order entry: orders per second, and CPU time per order."""

from __future__ import annotations

from collections import defaultdict
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass

from bench.contenders import ALTERNATIVES, BARE, BASE, OURS, QUEUE, ROW, Contender, queue_loop
from bench.driver import enter_orders
from bench.follow import empty_queue, follow_running
from bench.ground import Connection, Ground, in_turn, set_mode, value
from bench.proc import ServerTimes

ENTRY, CPU = "Order entry", "CPU time per order"
#: Of an order, in each of the scripts.
LINES = 2
LOOPING, FOLLOWING = "queue, its loop running", "deferred, follow running"
BESIDE = [
    Contender(LOOPING, "queue", beside="loop"),
    Contender(FOLLOWING, "current", mode="DEFERRED", beside="follow"),
]


def _variant(variant: str, name: str) -> list[Contender]:
    return [Contender(f"{mode}, {name}", "scored", variant, mode=mode.upper()) for mode in OURS]


def order_entry(ground: Ground) -> None:
    """Orders per second of several clients at once, ours and others', in several situations."""
    contenders = [
        *BASE,
        *ALTERNATIVES,
        *BESIDE,
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
            ("order_entry", "off", "synchronous_commit off", ("≥ 0.85", "≥ 0.45"), None),
            ("order_entry", "on", "durable", ("≥ 0.90", "≥ 0.45"), 7),
            ("order_entry_by_line", "off", "a statement per line, not durable", ("", ""), 3),
        ):
            taken = _take_turns(ground, taking_part[:count], script, durability, title)
            _compare(ground, title, taken, targets)
            if count is None:
                _compare_variants(ground, taken)
            _compare_cpu(ground, title, taken)


@dataclass(frozen=True)
class Turn:
    """How a contender entered orders.

    Attributes:
        rate: orders per second.
        cpu, server_cpu: CPU time per order in µs, of its session and of the whole server.
        scored: how many lines were scored meanwhile, as a share of those entered; 1 where nothing
            runs beside.
    """

    rate: float
    cpu: float
    server_cpu: float
    scored: float


def _take_turns(
    ground: Ground,
    contenders: list[tuple[Contender, str]],
    script: str,
    durability: str,
    title: str,
) -> dict[str, list[Turn]]:
    """Let each contender enter orders; return one turn a round."""
    taken: dict[str, list[Turn]] = defaultdict(list)
    for turn in ground.turns:
        for who, database in in_turn(contenders, turn):
            seconds = ground.seconds if turn else min(3, ground.seconds)
            found = take_turn(ground, who, database, script, durability, seconds)
            if turn:
                taken[who.name].append(found)
                ground.say(
                    f"order entry, {title}: {who.name} {found.rate:,.0f} orders/s, "
                    f"{found.cpu:,.0f} µs of CPU each"
                )
    return taken


def take_turn(
    ground: Ground, who: Contender, database: str, script: str, durability: str, seconds: int
) -> Turn:
    """Let one contender enter orders for some seconds; beside follow, the queue begins empty."""
    with ground.connect(database) as connection:
        if who.mode:
            set_mode(connection, who.mode)
        if who.beside == "follow":
            empty_queue(connection)
        connection.execute("checkpoint")
        with _beside(ground, who, database):
            waiting = _waiting(connection, who)
            times = ServerTimes(ground.server)
            entered = enter_orders(ground, database, script, durability, seconds)
            waiting -= _waiting(connection, who)
            cpu, server_cpu = (1e6 * spent / entered.count for spent in times.spent())
    return Turn(entered.rate, cpu, server_cpu, 1 + waiting / (LINES * entered.count))


def _waiting(connection: Connection, who: Contender) -> float:
    """Return how many lines wait for what runs beside the order entry of a contender."""
    if not who.beside:
        return 0
    return float(value(connection, {"loop": "queued_lines", "follow": "waiting_lines"}[who.beside]))


def _beside(ground: Ground, who: Contender, database: str) -> AbstractContextManager[None]:
    """Return what runs beside the order entry of a contender."""
    if who.beside == "loop":
        return queue_loop(ground.server.dsn(database))
    return follow_running(ground, database) if who.beside == "follow" else nullcontext()


def _compare(
    ground: Ground, title: str, taken: dict[str, list[Turn]], targets: tuple[str, str]
) -> None:
    """Note each contender against no scoring, and ours against the alternative to it."""

    def note(name: str, against: str, target: str = "") -> None:
        if name in taken and against in taken:
            found = ground.measure(ENTRY, f"{title}: {name}", "orders/s", against, target)
            found.values = [turn.rate for turn in taken[name]]
            found.others = [turn.rate for turn in taken[against]]

    for name, target in zip(OURS, targets, strict=True):
        note(name, BARE, target)
    for name in (FOLLOWING, ROW, QUEUE, LOOPING):
        note(name, BARE)
    for name in (FOLLOWING, LOOPING):
        if name in taken:
            found = ground.measure(
                ENTRY, f"{title}: {name}, share of the lines scored meanwhile", ""
            )
            found.values = [turn.scored for turn in taken[name]]
    note("immediate", ROW)
    note("deferred", QUEUE, "≥ 1")
    note(FOLLOWING, LOOPING, "≥ 1")


def _compare_variants(ground: Ground, taken: dict[str, list[Turn]]) -> None:
    """Note how each situation compares with the usual one, by the share of no scoring kept."""
    for name in ("one company", "1,000 rules", "grown"):
        for who in (*OURS, ROW):
            ours = taken.get(f"{who}, {name}")
            if ours is None:
                continue
            title = f"{ground.grow} × the awards" if name == "grown" else name
            found = ground.measure(
                ENTRY,
                f"{title}: {who}, share of no scoring",
                "",
                "the usual share",
                "" if who == ROW else "≥ 0.95",
            )
            bare = taken[_bare_of(f"{who}, {name}")]
            found.values = [a.rate / b.rate for a, b in zip(ours, bare, strict=True)]
            found.others = [a.rate / b.rate for a, b in zip(taken[who], taken[BARE], strict=True)]


def _bare_of(name: str) -> str:
    """Return who does no scoring in the same situation.

    Neither employment nor rules concern who does no scoring; a larger database does.
    """
    return f"{BARE}, grown" if name.endswith(", grown") else BARE


def _compare_cpu(ground: Ground, title: str, taken: dict[str, list[Turn]]) -> None:
    """Note the CPU time of the sessions of each contender; the whole server's if more works."""
    for name, turns in taken.items():
        bare = _bare_of(name)
        if name != bare:
            found = ground.measure(CPU, f"{title}: {name}", "µs", bare)
            found.values = [turn.cpu for turn in turns]
            found.others = [turn.cpu for turn in taken[bare]]
        if name in (LOOPING, FOLLOWING):
            found = ground.measure(CPU, f"{title}: {name}, whole server", "µs", bare)
            found.values = [turn.server_cpu for turn in turns]
            found.others = [turn.server_cpu for turn in taken[bare]]
