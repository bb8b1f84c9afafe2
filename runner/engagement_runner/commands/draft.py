"""The command that drafts a host adapter."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from engagement_runner import show
from engagement_runner.connection import connect, dsn_option
from engagement_runner.draft import adapter as drafted
from engagement_runner.draft import catalogue, roles
from engagement_runner.draft.catalogue import Catalogue, Table
from engagement_runner.errors import EngagementError, command_errors
from engagement_runner.session import option, snapshot


@click.command("draft")
@dsn_option
@option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    show_default="stdout",
    help="File to write. One that exists is left alone.",
)
@option("--customer", metavar="TABLE", help="Table of those who have a score.")
@option(
    "--line",
    "lines",
    multiple=True,
    metavar="TABLE",
    help="Table whose rows earn: order lines, gifts, memberships, seats. Repeatable; no others do.",
)
@command_errors()
def draft(dsn: str | None, out: Path | None, customer: str | None, lines: Sequence[str]) -> None:
    """Draft an adapter from the host's catalogue and statistics.

    Finds who is a customer, which tables hold orders, invoices, gifts, memberships and seats on
    committees, and writes a view for each, with the calls that register and attach them. Every
    choice has a line that says why, and how sure it is. What the catalogue cannot know is a line
    that begins with DECIDE. Adapter check counts those that are left.

    It reads the catalogue and its statistics and no row of the host, so it is quick on any size.
    Run ANALYZE before it: the values of a state are in the statistics. The same catalogue makes
    the same draft. In a terminal it asks which table holds the customers, where several may.
    """
    if out and out.exists():
        raise EngagementError(f"{out} exists", hint="Name another file, or move it away first.")
    with connect(dsn) as connection, snapshot(connection):
        host = catalogue.read(connection)
    if not host.tables:
        raise EngagementError(
            "this role can read no table of a host in this database",
            hint="Grant it USAGE on the host's schemas and SELECT on its tables.",
        )
    candidates = roles.customers(host)
    chosen = _table(host, customer) if customer else _ask(candidates)
    wanted = [_table(host, line) for line in lines]
    assigned = roles.assign(host, chosen, wanted)
    for line in wanted:
        if not any(path.line is line for path in assigned.paths):
            raise EngagementError(
                f"no column of {line.label} leads to {chosen.label}, nor does one of a table that "
                "it refers to",
                hint="Name the lines, or the table whose rows name the customer themselves.",
            )
    assigned.others = [table for table in candidates if table is not chosen]
    result = drafted.write(host, assigned)
    if out:
        out.write_text(result.text, encoding="utf-8")
    else:
        click.echo(result.text, nl=False)
    what = "line waits" if result.decision_count == 1 else "lines wait"
    show.say(f"{len(result.sources)} sources; {result.decision_count} DECIDE {what} for you.")
    if out:
        show.say(f"Next: engagement adapter check {out} --key-type {result.key_type}")


def _table(host: Catalogue, name: str) -> Table:
    """Return the table that the user named."""
    found = host.find(name)
    if found is None:
        raise EngagementError(
            f"there is no table {name} that this role can read",
            hint="Write it as schema.table; \\dt *.* in psql lists them.",
        )
    if not found.key:
        raise EngagementError(
            f"{name} has no unique key whose columns are NOT NULL",
            hint="A row needs a key: name another table, or add a primary key.",
        )
    return found


def _ask(candidates: list[Table]) -> Table:
    """Return the likeliest table of customers, in a terminal the one that the user picks."""
    if not candidates:
        raise EngagementError(
            "no table looks like one of customers", hint="Name it: --customer TABLE."
        )
    if len(candidates) == 1 or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return candidates[0]
    show.say("Who has a score?")
    for number, table in enumerate(candidates[:9], 1):
        show.say(f"  {number}  {table.label}, {table.row_count:,} rows")
    number = click.prompt(
        "Table", type=click.IntRange(1, min(9, len(candidates))), default=1, err=True
    )
    return candidates[number - 1]
