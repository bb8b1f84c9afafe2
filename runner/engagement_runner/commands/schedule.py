"""The command that writes the weekly job, and the follower beside it, for a scheduler."""

import shlex
import shutil
import sys
from pathlib import Path

import click

from engagement_runner import queries, show
from engagement_runner.connection import Connection, dsn_option
from engagement_runner.session import option, session

SCHEDULERS = ("pg_cron", "systemd", "cron")
"""Schedulers that a job can be written for: the queries ``schedule_*``."""


@click.command()
@dsn_option
@option(
    "--print",
    "scheduler",
    type=click.Choice(SCHEDULERS),
    required=True,
    help="The scheduler to write it for.",
)
def schedule(dsn: str | None, scheduler: str) -> None:
    """Write the weekly job: Saturday 05:30 in the organisation's time zone.

    Beside it stands what keeps scores current between the weekly runs: engagement follow.

    Goes to stdout, with comments that say where to put it; changes nothing. The connection's
    password is never part of it.
    """
    with session(dsn) as connection:
        program = str(_program())
        text = queries.value(
            connection, f"schedule_{scheduler}", program=program,
            shell_program=shlex.quote(program), service=_service(connection),
        )  # fmt: skip
        click.echo(text, nl=False)


def _program() -> Path:
    """Return the absolute path of this command, as a scheduler must call it."""
    beside = Path(sys.executable).with_name("engagement")
    found = shutil.which("engagement")
    return beside if beside.exists() or not found else Path(found).absolute()


def _service(connection: Connection) -> str:
    """Return the connection as commented lines of a service file, without a password."""
    info = connection.info
    parts = {"host": info.host, "port": info.port, "dbname": info.dbname, "user": info.user}
    lines = [f"{name}={show.literal(value)}" for name, value in parts.items() if value]
    return "\n".join(f"#   {line}" for line in ("[engagement]", *lines))
