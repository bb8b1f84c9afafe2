"""Commands that look at a deployment: its state, and its catalogue in detail.

The group gives every option an environment variable, ENGAGEMENT_<COMMAND>_<PARAMETER>.
"""

from __future__ import annotations

import json
import re

import click

from engagement_runner import log, show
from engagement_runner.connection import connect, dsn_option
from engagement_runner.deploy import catalog
from engagement_runner.errors import EXIT_DIFFERENCES, command_errors
from engagement_runner.session import format_option, option

#: Seconds of the units of a length of time.
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": catalog.DAY, "w": 7 * catalog.DAY}


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> int:
    """Return a length of time, such as 8d or 36h, in seconds; anything else is wrong usage."""
    found = re.fullmatch(r"([0-9]{1,9})([smhdw])", value.strip())
    if not found:
        raise click.BadParameter("use a number and s, m, h, d or w, such as 8d", context, parameter)
    return int(found[1]) * SECONDS[found[2]]


@click.command()
@dsn_option
@option(
    "--max-age",
    callback=_seconds,
    default="8d",
    metavar="TIME",
    help="Age at which the last complete run is stale, such as 8d or 36h.",
)
@option(
    "--max-queue-age",
    callback=_seconds,
    default="8d",
    metavar="TIME",
    help="Age at which the oldest change in the queue is stale.",
)
@format_option
@click.pass_context
@command_errors()
def status(
    context: click.Context,
    dsn: str | None,
    max_age: int,
    max_queue_age: int,
    format: show.Format,
) -> None:
    """Show what is applied, pending and drifted, and what the engine is doing.

    Exit code, the highest that applies: 0 current; 4 pending: there is something to deploy;
    5 stale: no run for too long, or a change has waited too long; 6 drift: the database differs
    from what was deployed; 7 failed: a run has died, a source cannot be read, a view is gone, or a
    failure is open; 8 the server cannot be reached. 1 is any other error, 2 wrong usage.
    """
    with connect(dsn) as connection:
        found = catalog.status(connection, max_age=max_age, max_queue_age=max_queue_age)
    show.status(found, format)
    context.exit(found.exit_code)


@click.command()
@dsn_option
@format_option
@click.pass_context
@command_errors()
def check(context: click.Context, dsn: str | None, format: show.Format) -> None:
    """Compare the catalogue with what was deployed.

    Lists missing, changed and undeclared routines (those that registration generates included),
    routines that everybody may execute, invalid and missing indexes, missing and disabled
    triggers, tables that an activity view reads although they have no triggers, and parameters
    that were written past engagement.set_parameter.

    Exit code: 0 nothing found, 3 something found.
    """
    with connect(dsn) as connection:
        findings = catalog.check(connection)
    if format == "json":
        show.json_text(json.dumps(findings))
    elif format == "csv":
        show.csv_text(["finding"], [{"finding": finding} for finding in findings])
    else:
        for finding in findings:
            show.result(finding)
    if findings:
        context.exit(EXIT_DIFFERENCES)
    log.line("info", "nothing found")
