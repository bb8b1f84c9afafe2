"""The commands that draft a host adapter, and rules for what it shows."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from engagement_runner import completion, ruledraft, show
from engagement_runner.connection import connect, dsn_option
from engagement_runner.draft import adapter as drafted
from engagement_runner.draft import reading, roles
from engagement_runner.draft.catalogue import Catalogue, Table
from engagement_runner.errors import EngagementError, command_errors
from engagement_runner.session import option, session, snapshot, trial

#: How many tables a question lists.
_SHOWN = 9


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
def draft_adapter(
    dsn: str | None, out: Path | None, customer: str | None, lines: Sequence[str]
) -> None:
    """Draft an adapter from the host's catalogue and statistics.

    Finds who is a customer, which tables hold orders, invoices, gifts, memberships and seats on
    committees, and writes a view for each, with the calls that register and attach them. Every
    choice has a line that says why, and how sure it is. What the catalogue cannot know is a line
    that begins with DECIDE. Adapter check counts those that are left.

    It reads the catalogue and its statistics and no row of the host, so it is quick on any size.
    Run ANALYZE before it: the values of a state are in the statistics. The same catalogue makes
    the same draft. In a terminal it asks for both, and shows the candidates, the likeliest first.
    """
    if out and out.exists():
        raise EngagementError(f"{out} exists", hint="Name another file, or move it away first.")
    with connect(dsn) as connection, snapshot(connection):
        host = reading.read(connection)
    if not host.tables:
        raise EngagementError(
            "this role can read no table of a host in this database",
            hint="Grant it USAGE on the host's schemas and SELECT on its tables.",
        )
    people = roles.customers(host)
    chosen = _table(host, customer) if customer else _ask_for_customer(host, people)
    wanted = [_table(host, line) for line in lines] or _ask_for_lines(host, chosen)
    assigned = roles.assign(host, chosen, wanted)
    for line in wanted:
        if not any(path.line is line for path in assigned.paths):
            if any(line.links_to(chosen)):
                why = roles.why_aside(line)
                raise EngagementError(
                    f"{line.label} names a customer, and nothing to earn by: {why}",
                    hint="A line needs a date, and money or a product; write its view by hand.",
                )
            raise EngagementError(
                f"no column of {line.label} leads to {chosen.label}, nor does one of a table that "
                "it refers to",
                hint="Name the lines, or the table whose rows name the customer themselves.",
            )
    assigned.others = [table for table in people if table is not chosen]
    result = drafted.write(host, assigned)
    if out:
        try:
            out.write_text(result.text, encoding="utf-8")
        except OSError as error:
            raise EngagementError(
                f"cannot write {out}: {error.strerror}",
                hint="Check that the folder exists and that you may write to it.",
            ) from None
    else:
        click.echo(result.text, nl=False)
    unknown = [table.label for table in assigned.tables if table.lacks_statistics]
    if unknown:
        show.say(
            f"No statistics of {', '.join(unknown)}: the values of states are unknown. "
            "Run ANALYZE, then draft again."
        )
    what = "line waits" if result.decision_count == 1 else "lines wait"
    sources = show.count(len(result.sources), "source")
    show.say(f"{sources}; {result.decision_count} DECIDE {what} for you.")
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


def _ask_for_customer(host: Catalogue, candidates: list[Table]) -> Table:
    """Return the likeliest table of customers, in a terminal the one that the user picks."""
    if not candidates:
        raise EngagementError(
            "no table is named as one of customers",
            hint="Name it: --customer TABLE." + _referred_to(host),
        )
    if len(candidates) == 1 or not _is_terminal():
        return candidates[0]
    return _pick("Who has a score?", candidates[:_SHOWN], "1", is_one=True)[0]


def _referred_to(host: Catalogue) -> str:
    """Return the tables that most others refer to, as a sentence; empty: none refers to another."""
    names = [table.label for table in roles.referred(host)]
    return f" Others refer to {', '.join(names)}." if names else ""


def _ask_for_lines(host: Catalogue, customer: Table) -> list[Table]:
    """Return the tables whose rows earn, as the user picks them in a terminal; else none."""
    tables = list(dict.fromkeys(path.line for path in roles.candidates(host, customer)))[:_SHOWN]
    if len(tables) < 2 or not _is_terminal():
        return []
    fitting = {path.line for path in roles.assign(host, customer).paths}
    default = " ".join(str(at) for at, table in enumerate(tables, 1) if table in fitting)
    return _pick("Whose rows earn?", tables, default)


def _pick(question: str, tables: list[Table], default: str, is_one: bool = False) -> list[Table]:
    """Show tables with numbers, and return those whose numbers the user writes."""

    def read(answer: str) -> list[Table]:
        numbers = answer.replace(",", " ").split()
        valid = {str(at): table for at, table in enumerate(tables, 1)}
        if not numbers or not set(numbers) <= valid.keys() or (is_one and len(numbers) > 1):
            raise click.BadParameter(f"write {'a number' if is_one else 'numbers'} of the list")
        return [valid[number] for number in numbers]

    show.say(question)
    for at, table in enumerate(tables, 1):
        show.say(f"  {at}  {table.label}, {table.row_count:,} rows")
    picked: list[Table] = click.prompt(
        "Number" if is_one else "Numbers", default=default, value_proc=read, err=True
    )
    return picked


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


@click.command("draft")
@dsn_option
@option(
    "--host",
    metavar="NAME|FILE.sql",
    shell_complete=completion.hosts,
    show_default="what is deployed",
    help="Adapter to draft for before it is deployed. Nothing is changed.",
)
@command_errors()
def draft_rules(dsn: str | None, host: str | None) -> None:
    """Write rules for the classes that the host's products and committees have, as TOML.

    One rule a class, with how many activities of how many customers it would reach, and the names
    of its commonest products. The points are the starter rules' for a class of the same
    name, else a guess. Put yours, strike what you do not want, and try or apply the file:

        engagement rules draft --host my_crm.sql > my_rules.toml
    """
    if host is None:
        with session(dsn) as connection:
            text = ruledraft.draft(connection)
    else:
        with trial(dsn) as connection:
            text = ruledraft.draft_for(connection, host)
    click.echo(text, nl=False)
