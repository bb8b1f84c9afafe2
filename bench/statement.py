"""What scoring costs one large statement of the host."""

from __future__ import annotations

from collections import defaultdict
from contextlib import ExitStack

from bench.contenders import ALTERNATIVES, BARE, BASE
from bench.ground import Ground, execute, in_turn, set_mode, timed

STATEMENT = "INSERT … SELECT"


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
