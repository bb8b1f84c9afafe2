"""The command that keeps scores current beside the weekly job."""

import signal

import click
import psycopg

from engagement_runner import queries, show
from engagement_runner.connection import connect, dsn_option
from engagement_runner.errors import EXIT_INTERRUPTED, command_errors
from engagement_runner.follow.worker import ASIDE, PASSED, Follower, explained, why_aside
from engagement_runner.session import interruptible, option

SHORTEST, LONGEST = 0.05, 3600.0
"""Bounds of ``--every``, in seconds."""


def _interval(context: click.Context, parameter: click.Parameter, value: float) -> float:
    """Return an interval; anything else, NaN too, is wrong usage."""
    if not SHORTEST <= value <= LONGEST:
        raise click.BadParameter(
            f"use a number of seconds from {SHORTEST:g} to {LONGEST:g}", context, parameter
        )
    return value


@click.command()
@dsn_option
@option(
    "--every",
    type=float,
    callback=_interval,
    metavar="SECONDS",
    default=0.25,
    help="Look at the queue this often; a fraction such as 0.2 is allowed.",
)
@option("--once", is_flag=True, help="Bring the scores up to date once, and end.")
def follow(dsn: str | None, every: float, once: bool) -> None:
    """Keep scores current: score what the host changes, within a second.

    Works on the queue until SIGTERM (exit code 0) or Ctrl-C (130), and connects again when the
    connection is lost. One follower is enough; a second one does no harm. The weekly job is still
    needed: it ranks everybody, and does the work on whole sources. A log gets a line a minute.
    """
    if once:
        _once(dsn)
    elif _follow(dsn, every) == signal.SIGINT:
        raise SystemExit(EXIT_INTERRUPTED)


@command_errors()
def _follow(dsn: str | None, every: float) -> signal.Signals:
    return Follower(dsn, every, show.FollowLines()).run()


@command_errors()
def _once(dsn: str | None) -> None:
    with connect(dsn) as connection:
        try:
            with interruptible():
                reason: str | None = PASSED
                while reason == PASSED:
                    found = queries.call_outputs(connection, "catch_up")
                    reason = why_aside(connection) if found["statement_count"] is None else None
        except KeyboardInterrupt:
            raise SystemExit(EXIT_INTERRUPTED) from None
        except psycopg.Error as error:
            raise explained(error) from None
    show.result(
        ASIDE[reason]
        if reason
        else f"{show.count(found['statement_count'], 'statement')}, "
        f"{show.count(found['customer_count'], 'customer')} scored, "
        f"{found['left_count']:,} waiting"
    )
