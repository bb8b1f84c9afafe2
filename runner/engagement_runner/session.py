"""What every command that shows or changes scores shares: options, connection, failures."""

import re
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import click
import psycopg
from psycopg.errors import Diagnostic

from engagement_runner import queries, show
from engagement_runner.connection import Connection, connect
from engagement_runner.errors import (
    EXIT_INTERRUPTED,
    EngagementError,
    command_errors,
    not_deployed,
)

_Function = TypeVar("_Function", bound=Callable[..., Any])


def option(*declarations: str, **settings: Any) -> Callable[[_Function], _Function]:
    """Declare a Click option whose help names its default and its environment variable."""
    return click.option(*declarations, **{"show_envvar": True, "show_default": True, **settings})


format_option = option(
    "--format",
    type=click.Choice(["table", "json", "csv"]),
    default="table",
    help="How to print the result.",
)
"""Option ``--format``, passed as *format*, a ``show.Format``."""

as_of_option = option(
    "--as-of",
    metavar="INSTANT",
    show_default="now",
    help="The instant to answer for; without an offset, in the organisation's time zone.",
)
"""Option ``--as-of``: text of a timestamptz, or None for now."""


def read_steps(
    context: click.Context, parameter: click.Parameter, text: str | None
) -> list[list[int]] | None:
    """Return steps of inactivity, given as ``12:75,24:50`` or ``none``: a callback for options.

    Whether the months and percents make sense is for SQL to say.
    """
    if text is None:
        return None
    text = text.replace(" ", "")
    if text.lower() == "none":
        return []
    if not re.fullmatch(r"\d{1,9}:\d{1,9}(,\d{1,9}:\d{1,9})*", text):
        raise click.BadParameter(f"{text!r} is no list of MONTHS:PERCENT such as 12:75,24:50")
    return [[int(part) for part in pair.split(":")] for pair in text.split(",")]


@contextmanager
def session(dsn: str | None) -> Iterator[Connection]:
    """Connect in autocommit, read and write instants in the organisation's time zone.

    Notices of the server go to stderr. An error of the server or of the package ends the command
    with one line on stderr and exit code 1 (SystemExit).
    """
    with command_errors(), connect(dsn, autocommit=True) as connection:
        connection.add_notice_handler(_notice)
        try:
            queries.value(connection, "use_time_zone")
        except (psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedFunction):
            raise not_deployed() from None
        yield connection


@contextmanager
def snapshot(connection: Connection, read_only: bool = True) -> Iterator[None]:
    """Read everything inside as of one instant, and take back what is written.

    Nothing can be written unless *read_only* is false.
    """
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = read_only
    try:
        with connection.transaction(force_rollback=True):
            yield
    finally:
        connection.isolation_level = None
        connection.read_only = None


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGTERM into KeyboardInterrupt, as Ctrl-C is.

    An interrupt just after a query was sent leaves the connection busy, so the clean-up fails with
    an error. Such an error becomes KeyboardInterrupt too.
    """
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except Exception as error:
        if _comes_of_interrupt(error):
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGTERM, previous)


def _comes_of_interrupt(error: BaseException | None) -> bool:
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


@contextmanager
def trial(dsn: str | None) -> Iterator[Connection]:
    """Connect for work that takes everything back; the caller listens to the server's warnings.

    Raises:
        EngagementError: the work was interrupted.
    """
    try:
        with interruptible(), connect(dsn, shows_warnings=False) as connection:
            yield connection
    except KeyboardInterrupt:
        raise EngagementError(
            "interrupted; nothing is changed", exit_code=EXIT_INTERRUPTED
        ) from None


def cancel_running(connection: Connection, run: Future[Any]) -> None:
    """Cancel the statement that another thread runs on *connection*, and wait until it ended."""
    while not run.done():
        # A cancel that cannot be sent, or that arrives between two commands, is tried again.
        with suppress(psycopg.Error):
            connection.cancel_safe(timeout=5)
        wait([run], timeout=1)


def _notice(diagnostic: Diagnostic) -> None:
    # Warnings are shown by the connection itself.
    if diagnostic.severity_nonlocalized in {"NOTICE", "INFO"}:
        show.notice(diagnostic)


def warn_of_failures(connection: Connection) -> None:
    """Say on stderr that scoring failures are open, if there are any."""
    count = queries.value(connection, "open_failure_count")
    if count:
        what = "scoring failure is" if count == 1 else "scoring failures are"
        show.say(f"warning: {count:,} {what} open: see engagement.scoring_failure", "yellow")
