"""Commands that bring the package into a database and take it out.

The group gives every option an environment variable, ENGAGEMENT_<COMMAND>_<PARAMETER>.
"""

from __future__ import annotations

import click

from engagement_runner import completion, log
from engagement_runner.connection import connect, dsn_option
from engagement_runner.demo import sample as association
from engagement_runner.deploy import deploy as run_deploy
from engagement_runner.deploy import dry_run as plan_deploy
from engagement_runner.deploy import removal
from engagement_runner.deploy.plan import KEY_TYPES
from engagement_runner.deploy.rights import rights_explained
from engagement_runner.deploy.roles import drop_roles, left_behind
from engagement_runner.deploy.state import Tablespaces
from engagement_runner.errors import command_errors


def _progress(line: str) -> None:
    log.line("info", line)


@click.command()
@dsn_option
@click.option(
    "--host",
    show_envvar=True,
    metavar="NAME|FILE.sql",
    shell_complete=completion.hosts,
    help="Host adapter: a bundled one by name, or your own file. Default: the one already applied.",
)
@click.option(
    "--key-type",
    type=click.Choice(KEY_TYPES),
    show_envvar=True,
    help="Type of the host's keys, fixed at the first deployment; then by default what the adapter "
    "says, else bigint.",
)
@click.option(
    "--roles",
    is_flag=True,
    show_envvar=True,
    help="Create the roles engagement_reader, _staff, _operator and _admin, with their rights; "
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
    help="Spread ledger and scores over the nodes of a Citus cluster, at the first deployment or "
    "at a later one. Only undeploy undoes it.",
)
@click.option(
    "--shards",
    type=click.IntRange(1, 64000),
    show_envvar=True,
    metavar="N",
    help="With --distribute: the number of shards, 32 by default. Use a few for each core of all "
    "workers.",
)
@click.option(
    "--sample",
    is_flag=True,
    show_envvar=True,
    help="With --host reference: load a sample association into its empty tables in schema crm: "
    "2,000 people, three years of orders and seats, and rules for them.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    show_envvar=True,
    help="Print the plan and change nothing.",
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    show_envvar=True,
    help="Name each file, even when many are applied: at the first deployment, and after a "
    "migration.",
)
@click.option(
    "--allow-older",
    is_flag=True,
    show_envvar=True,
    help="Deploy over the files of a newer command; objects that only those files declare are "
    "dropped. Without this option, or after a newer migration, such a deployment is refused.",
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
    shards: int | None,
    sample: bool,
    dry_run: bool,
    verbose: bool,
    allow_older: bool,
    wait: bool,
) -> None:
    """Bring the database to the state of this package.

    Applies what has changed, all in one transaction. Indexes on tables with rows are built after
    it, concurrently.
    """
    if sample and host != association.HOST:
        raise click.UsageError("--sample goes with --host reference: it fills that host's tables.")
    if shards and not distribute:
        raise click.UsageError("--shards goes with --distribute.")
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
            steps = plan.lines if verbose else plan.summary
            for line in steps + [association.STEP] * sample:
                click.echo(line)
        else:
            plan = run_deploy(
                connection,
                host,
                key_type,
                roles=roles,
                tablespaces=tablespaces,
                distribute=distribute,
                shards=shards,
                allow_older=allow_older,
                wait=wait,
                names_each=verbose,
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
    help="Also drop the roles engagement_reader, _staff, _operator and _admin. A role stays if it "
    "has members or rights in another database; the output names them.",
)
@command_errors()
def undeploy(dsn: str | None, yes: bool, cascade: bool, roles: bool) -> None:
    """Remove everything from the database, including ledger and scores.

    The host's own tables stay as they were. The roles of deploy --roles belong to the whole server.
    They stay, without rights in this database, unless --roles is given.
    """
    with connect(dsn) as connection:
        if not yes:
            name = connection.info.dbname
            click.confirm(f"Drop all scores, rules and awards in {name}?", abort=True, err=True)
        with rights_explained(connection):
            done = removal.undeploy(connection, cascade, _progress)
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
    help="Remove triggers and adapter views from the host.",
)
@click.option(
    "--cascade",
    is_flag=True,
    show_envvar=True,
    help="Also drop what other schemas have built on the adapter's views.",
)
@command_errors()
def detach(dsn: str | None, host: bool, cascade: bool) -> None:
    """Remove triggers and views from the host, so that it can be migrated. Keeps the ledger.

    Deploy with --host to attach again; the next recalculation is then a full one.
    """
    assert host
    with connect(dsn) as connection, rights_explained(connection):
        removal.detach_host(connection, cascade, _progress)
    click.echo("Detached. Attach again with: engagement deploy --host NAME|FILE.sql")
