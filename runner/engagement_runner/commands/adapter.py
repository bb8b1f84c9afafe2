"""Commands for authors of host adapters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click
from rich.table import Table

from engagement_runner import completion, log, show
from engagement_runner.commands.adapter_try import try_
from engagement_runner.connection import dsn_option
from engagement_runner.deploy.adapter import AdapterReport
from engagement_runner.deploy.adapter import check as check_adapter
from engagement_runner.deploy.plan import KEY_TYPES
from engagement_runner.errors import EXIT_DIFFERENCES, EXIT_ERROR, command_errors
from engagement_runner.session import format_option, option, trial

VIEWS = (
    show.Column("view", "View", no_wrap=True),
    show.Column("holds", "Holds", is_wide=True),
    show.Column("row_count", "Rows", "number"),
    show.Column("customer_count", "Customers", "number"),
    show.Column("subject_count", "Subjects", "number", is_wide=True),
    show.Column("first_at", "From", "instant", is_wide=True),
    show.Column("last_at", "To", "instant"),
)

FINDINGS = (
    show.Column("severity", "Severity", no_wrap=True),
    show.Column("place", "Where"),
    show.Column("finding", "Finding"),
    show.Column("row_count", "Rows", "number"),
    show.Column("example", "Example"),
    show.Column("hint", "What to do"),
)

LOOK_UPS = (
    show.Column("view", "View"),
    show.Column("column_name", "Looked up by", no_wrap=True),
    show.Column("key_count", "Keys", "number", is_wide=True),
    show.Column("row_count", "Rows found", "number", is_wide=True),
    show.Column("ms_per_key", "ms a key", "number"),
    show.Column("ms_per_1000_keys", "ms per 1,000 keys", "number", is_wide=True),
)


@click.group()
def adapter() -> None:
    """Write a host adapter of your own."""


adapter.add_command(try_)


@adapter.command("check")
@dsn_option
@click.argument("file", metavar="NAME|FILE.sql", shell_complete=completion.hosts)
@option(
    "--key-type",
    type=click.Choice(KEY_TYPES),
    show_default="the deployed one, else the adapter's, else bigint",
    help="Type of the host's keys.",
)
@option(
    "--keys",
    type=click.IntRange(min=0),
    default=1000,
    metavar="NUMBER",
    help="Look up at most this many keys of a view, to measure how long a look-up takes.",
)
@option(
    "--rows",
    type=click.IntRange(min=0),
    default=3,
    metavar="NUMBER",
    help="Show this many sample rows of each view. They hold people's data.",
)
@format_option
@click.pass_context
@command_errors()
def check(
    context: click.Context,
    dsn: str | None,
    file: str,
    key_type: str | None,
    keys: int,
    rows: int,
    format: show.Format,
) -> None:
    """Try an adapter on the host's data and change nothing.

    Applies the adapter, and the package where there is none yet, in a transaction that is rolled
    back. Lists per view: rows, dates, what costs points (duplicate keys, NULLs, values out of
    range, unknown customers, rows without a rule, reversals that take nothing back), what makes
    scores change by themselves (a clock, the session's time zone), tables without triggers, keys
    that lead nowhere, missing indexes, states of the host that no view lists, the time that
    look-ups take, sample rows. Views of the wrong shape are named, with the casts.

    It reads each view a few times from end to end, as a long query of the DBA's would. It
    creates no trigger and touches no view in use, so the host can write meanwhile. Other
    deployments and changes of rules and parameters wait. It does not try CREATE TRIGGER (it checks
    the right to it), nor whether PostgreSQL can replace the views in use.

    Exit code: 0 hints at most, 3 problems found, 1 the adapter cannot be deployed. CSV has the
    findings only.
    """
    with trial(dsn) as connection:
        found = check_adapter(
            connection, file, key_type, key_count=keys, sample_count=rows,
            report=lambda line: log.line("info", line),
        )  # fmt: skip
    if format == "table":
        _print(found)
    elif format == "json":
        parts = (("views", found.views), ("findings", found.findings), ("look_ups", found.look_ups))
        lists = (f'"{name}": [' + ",\n  ".join(part.texts) + "]" for name, part in parts)
        show.json_text("{" + ",\n".join(lists) + "}")
    else:
        show.listing(found.findings, FINDINGS, format, empty="")
    if found.has("error"):
        context.exit(EXIT_ERROR)
    if found.has("problem"):
        context.exit(EXIT_DIFFERENCES)


def _print(found: AdapterReport) -> None:
    for view in found.views.records:
        if view["sample"]:
            show.section(f"Some rows of {view['view']}")
            show.console().print(_turned(view["sample"]))
    if found.views:
        show.section("Views")
        show.listing(found.views, VIEWS, "table", empty="")
        show.section("Look-ups")
        show.listing(found.look_ups, LOOK_UPS, "table", empty="")
    show.section("Findings")
    for finding in found.findings.records:
        show.finding(finding)
    if not found.findings:
        show.result("None.")


def _turned(rows: Sequence[dict[str, Any]]) -> Table:
    """Return a table with a line for each column of *rows*: ten columns fit no terminal."""
    records = [
        {"column": key, **{str(at): _text(row[key]) for at, row in enumerate(rows)}}
        for key in rows[0]
    ]
    columns = [show.Column(str(at), "") for at in range(len(rows))]
    return show.table(records, [show.Column("column", "", no_wrap=True), *columns])


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
