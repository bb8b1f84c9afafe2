"""Commands that bring the package into a database, look at it there, and take it out.

The group gives every option an environment variable, ENGAGEMENT_<COMMAND>_<PARAMETER>.
"""

from __future__ import annotations

import json
import re

import click

from engagement_runner import catalog, completion, show
from engagement_runner import sample as association
from engagement_runner.connection import connect, dsn_option
from engagement_runner.deploy import deploy as run_deploy
from engagement_runner.deploy import dry_run as plan_deploy
from engagement_runner.errors import EXIT_DIFFERENCES, command_errors
from engagement_runner.plan import KEY_TYPES
from engagement_runner.rights import rights_explained
from engagement_runner.roles import drop_roles, left_behind
from engagement_runner.session import format_option, option
from engagement_runner.state import Tablespaces


def _progress(line: str) -> None:
    click.echo(line, err=True)


@click.command()
@dsn_option
@click.option(
    "--host",
    show_envvar=True,
    metavar="NAME|FILE.sql",
    shell_complete=completion.hosts,
    help="Host adapter: a bundled one by name, or your own file. Default: those already applied.",
)
@click.option(
    "--key-type",
    type=click.Choice(KEY_TYPES),
    show_envvar=True,
    help="Type of the host's keys, fixed at the first deployment (then bigint by default).",
)
@click.option(
    "--roles",
    is_flag=True,
    show_envvar=True,
    help="Create the roles engagement_staff, _operator and _admin, with their rights; "
    "later deployments keep them up to date.",
)
@click.option(
    "--data-tablespace",
    show_envvar=True,
    metavar="NAME",
    help="Tablespace of the package's tables, at the first deployment. Default: the database's.",
)
@click.option(
    "--index-tablespace",
    show_envvar=True,
    metavar="NAME",
    help="Tablespace of the package's indexes. Default: that of the tables.",
)
@click.option(
    "--distribute",
    is_flag=True,
    show_envvar=True,
    help="Spread ledger and scores over the nodes of a Citus cluster, at once or later. Only "
    "undeploy takes it back.",
)
@click.option(
    "--sample",
    is_flag=True,
    show_envvar=True,
    help="With --host reference: then load a sample association into its empty tables in schema "
    "crm, 2,000 people with three years of orders and seats, and rules for them.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    show_envvar=True,
    help="Print the plan and change nothing.",
)
@click.option(
    "--allow-older",
    is_flag=True,
    show_envvar=True,
    help="Go back to this command's files in a database that a newer command deployed; what is new "
    "in those is taken out. Without it, or after a newer migration, such a deployment is refused.",
)
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    show_envvar=True,
    help="Wait for another deployment that is running, or end with an error.",
)
@command_errors()
def deploy(
    dsn: str | None,
    host: str | None,
    key_type: str | None,
    roles: bool,
    data_tablespace: str | None,
    index_tablespace: str | None,
    distribute: bool,
    sample: bool,
    dry_run: bool,
    allow_older: bool,
    wait: bool,
) -> None:
    """Bring the database to the state of this package.

    Only what changed is applied, all in one transaction. Indexes on tables that have rows follow
    after it, concurrently.
    """
    if sample and host != association.HOST:
        raise click.UsageError("--sample goes with --host reference: it fills the tables of that.")
    tablespaces = None
    if data_tablespace or index_tablespace:
        tablespaces = Tablespaces(data_tablespace or "", index_tablespace or data_tablespace or "")
    with connect(dsn) as connection:
        if sample:
            association.refuse_rows(connection)
        if dry_run:
            plan = plan_deploy(
                connection,
                host,
                key_type,
                roles=roles,
                tablespaces=tablespaces,
                distribute=distribute,
                allow_older=allow_older,
            )
            for line in plan.warnings:
                _progress(f"warning: {line}")
            for line in plan.lines + [association.STEP] * sample:
                click.echo(line)
        else:
            plan = run_deploy(
                connection,
                host,
                key_type,
                roles=roles,
                tablespaces=tablespaces,
                distribute=distribute,
                allow_older=allow_older,
                wait=wait,
                report=_progress,
            )
        if sample and not dry_run:
            _progress(association.STEP)
            association.load(connection)
            loaded = association.contents(connection)
    if plan.is_empty and not sample:
        click.echo("Nothing to do: the database is current.")
    elif not dry_run:
        click.echo(f"Deployed: {len(plan.lines)} steps, key type {plan.key_type}.")
        if sample:
            click.echo(f"Sample: {loaded}")
            click.echo("To score it: engagement recalculate --mode FULL")


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

    Exit code, the highest that applies: 0 current; 4 pending: a deployment has something to do;
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
    click.echo("nothing found", err=True)


@click.command()
@dsn_option
@click.option(
    "--yes",
    is_flag=True,
    show_envvar=True,
    help="Do not ask.",
)
@click.option(
    "--cascade",
    is_flag=True,
    show_envvar=True,
    help="Also drop what other schemas have built on the package's objects.",
)
@click.option(
    "--roles",
    is_flag=True,
    show_envvar=True,
    help="Also drop the roles engagement_staff, _operator and _admin, each unless something else "
    "keeps it: rights in another database, a member. What keeps it is said.",
)
@command_errors()
def undeploy(dsn: str | None, yes: bool, cascade: bool, roles: bool) -> None:
    """Take everything out of the database, ledger and scores included.

    The host's own tables stay as they were. The roles that deploy --roles made belong to the whole
    server; they stay, without a right in this database, unless --roles is given.
    """
    with connect(dsn) as connection:
        if not yes:
            name = connection.info.dbname
            click.confirm(f"Drop all scores, rules and awards in {name}?", abort=True, err=True)
        with rights_explained(connection):
            done = catalog.undeploy(connection, cascade, _progress)
        dropped = drop_roles(connection) if roles else []
        left = [] if roles else left_behind(connection)
    click.echo("Undeployed." if done else "Nothing to do: nothing is deployed.")
    for line in dropped:
        click.echo(line)
    if left:
        click.echo(
            f"Roles of the server that stay: {', '.join(left)}. engagement undeploy --roles "
            "drops them."
        )


@click.command()
@dsn_option
@click.option(
    "--host",
    is_flag=True,
    required=True,
    show_envvar=True,
    help="Take triggers and adapter views off the host.",
)
@click.option(
    "--cascade",
    is_flag=True,
    show_envvar=True,
    help="Also drop what other schemas have built on the adapter's views.",
)
@command_errors()
def detach(dsn: str | None, host: bool, cascade: bool) -> None:
    """Let go of the host's tables and keep the ledger, so that the host can be migrated.

    Deploy with --host to attach again; the next recalculation is then a full one.
    """
    assert host
    with connect(dsn) as connection, rights_explained(connection):
        catalog.detach_host(connection, cascade, _progress)
    click.echo("Detached. Attach again with: engagement deploy --host NAME|FILE.sql")
