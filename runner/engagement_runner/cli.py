"""The command ``engagement``. SQL decides; the commands connect, call, show and exit."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
import psycopg

from engagement_runner import __version__, files, log, queries, release, show
from engagement_runner.commands import deployment, draft, examples
from engagement_runner.commands.adapter import adapter
from engagement_runner.commands.backtest import backtest
from engagement_runner.commands.categories import categories
from engagement_runner.commands.customers import (
    adjust,
    customer,
    employers,
    erase,
    export,
    find,
    forecast,
    trend,
)
from engagement_runner.commands.demo import demo
from engagement_runner.commands.events import events
from engagement_runner.commands.follow import follow
from engagement_runner.commands.metrics import metrics
from engagement_runner.commands.parameters import params
from engagement_runner.commands.report import report
from engagement_runner.commands.rules import rules
from engagement_runner.commands.schedule import schedule
from engagement_runner.commands.scores import (
    explain,
    explain_change,
    recalculate,
    refresh,
    score,
)
from engagement_runner.commands.segments import at_risk, points, segment
from engagement_runner.commands.social import social
from engagement_runner.commands.status import check, status
from engagement_runner.commands.verify import verify
from engagement_runner.connection import connect
from engagement_runner.errors import EXIT_NO_READER, EngagementError, describe


@contextmanager
def _ending_without_a_reader() -> Iterator[None]:
    """End with EXIT_NO_READER, and no word, where whoever read stdout or stderr is gone."""
    try:
        yield
    except BrokenPipeError:
        # What is left in the buffers would fail again when Python ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
        raise SystemExit(EXIT_NO_READER) from None


class _Program(click.Group):
    """A group of commands that ends as other programs do when nobody reads its output any more."""

    def make_context(self, *arguments: Any, **options: Any) -> click.Context:
        """Parse the arguments; this may print a help text."""
        with _ending_without_a_reader():
            return super().make_context(*arguments, **options)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by what a person wants to do."""
        examples.write_sections(self, ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with _ending_without_a_reader():
            return super().invoke(ctx)


def _version(context: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
    """Print the version of this command, and of what is deployed where the environment leads."""
    if not is_wanted or context.resilient_parsing:
        return
    show.result(f"engagement, version {__version__}, release {release.number(files.root())}")
    dsn = os.environ.get("ENGAGEMENT_DSN") or os.environ.get("DATABASE_URL")
    if dsn or os.environ.get("PGHOST") or os.environ.get("PGSERVICE"):
        try:
            with connect(dsn, defaults={"connect_timeout": 5}) as connection:
                found = queries.record(connection, "last_deployment")
        except EngagementError as error:
            show.say(str(error))
        except psycopg.errors.UndefinedTable:
            show.result("deployed: nothing")
        except psycopg.Error as error:
            show.say(describe(error))
        else:
            show.result(
                "deployed: version {package_version}, release {release}, on {at}".format(
                    **found, at=show.instant(found["deployed_at"])
                )
                if found
                else "deployed: nothing"
            )
    context.exit()


@click.group(
    cls=_Program,
    context_settings={
        "auto_envvar_prefix": "ENGAGEMENT",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the version, and that of what is deployed if the environment names a database.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say only warnings and errors on stderr.")
@click.option("-v", "--verbose", is_flag=True, help="Say also where the command is connected.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_envvar=True,
    show_default=True,
    help="How lines on stderr are written; json: one object a line.",
)
def main(quiet: bool, verbose: bool, log_format: str) -> None:
    """Engagement scoring inside PostgreSQL.

    Results go to stdout, progress and notices to stderr. Exit codes: 0 done, 1 an error, 2 wrong
    usage, 3 verify or check found something, 4 to 7 see status, 8 the server cannot be reached,
    130 interrupted, 141 nobody reads the output any more.
    """
    show.never_fail_to_print()
    log.settings = log.Settings(
        is_quiet=quiet and not verbose, is_verbose=verbose, is_json=log_format == "json"
    )


adapter.add_command(draft.draft_adapter)
rules.add_command(draft.draft_rules)
for command in (
    deployment.deploy,
    deployment.undeploy,
    status,
    metrics,
    check,
    deployment.detach,
    adapter,
    recalculate,
    follow,
    refresh,
    find,
    score,
    explain,
    explain_change,
    verify,
    employers,
    trend,
    forecast,
    adjust,
    customer,
    export,
    erase,
    social,
    segment,
    at_risk,
    points,
    backtest,
    report,
    events,
    schedule,
    rules,
    categories,
    params,
    demo,
):
    main.add_command(command)
examples.end_with_examples(main)
