"""The command that takes events off the outbox and hands them to another program."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from engagement_runner import queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.errors import EXIT_INTERRUPTED
from engagement_runner.session import Connection, interruptible, option, session

EVENTS = (
    show.Column("occurred_at", "At", "instant", no_wrap=True),
    show.Column("event_type", "Event", no_wrap=True),
    show.Column("customer_id", "Customer"),
    show.Column("from_band", "From"),
    show.Column("to_band", "To"),
    show.Column("score", "Score", "number"),
    show.Column("percentile", "Percentile", "number"),
)

EVENT_CSV = (
    "event_id",
    "customer_id",
    "event_type",
    "from_band",
    "to_band",
    "score",
    "percentile",
    "occurred_at",
    "created_at",
)
"""Columns of ``events --format csv``."""

RECHECK_SECONDS: float | None = 30
"""Longest pause before the outbox is looked at again, in seconds; None: a notification ends it.

An event that another consumer has taken and given back makes no notification of its own.
"""


@click.command()
@dsn_option
@option(
    "--limit",
    type=click.IntRange(min=1, max=2**31 - 1),
    metavar="NUMBER",
    default=100,
    help="Most events to take; with --follow, in one transaction.",
)
@option("--follow", is_flag=True, help="Take all that there are, then wait for more.")
@option(
    "--format",
    type=click.Choice(["json", "table", "csv"]),
    default="json",
    help="How to print them; json: one object a line.",
)
def events(dsn: str | None, limit: int, follow: bool, format: show.Format) -> None:
    """Take events off the outbox and print them: who went up or down to another band.

    What is printed is gone from the outbox once it has been written out: a reader that ends early
    loses nothing, and may get the last events twice. --follow goes on until it is interrupted.
    """
    with session(dsn) as connection:
        if not follow:
            _take(connection, limit, format, is_first=True)
            return
        try:
            with interruptible():
                _follow(connection, limit, format)
        except KeyboardInterrupt:
            raise SystemExit(EXIT_INTERRUPTED) from None


def _follow(connection: Connection, limit: int, output: show.Format) -> None:
    """Print events for ever. Raises KeyboardInterrupt."""
    queries.execute(connection, "listen_events")  # before the first look, so that none is missed
    is_first = True
    while True:
        count = limit
        while count == limit:
            with _interrupted_later():
                count = _take(connection, limit, output, is_first, is_last=False)
            is_first = False
        for _ in connection.notifies(timeout=RECHECK_SECONDS, stop_after=1):
            pass


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Let a batch be finished before SIGINT or SIGTERM ends the command."""
    signals = {signal.SIGINT, signal.SIGTERM}
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)


def _take(
    connection: Connection,
    limit: int,
    output: show.Format,
    is_first: bool,
    is_last: bool = True,
) -> int:
    """Take a batch, print it, and only then let go of it; return how many events it had."""
    with connection.transaction():
        rows = queries.rows(connection, "take_events", limit=limit)
        if output == "json":
            for text in rows.texts:
                show.json_text(text)
        elif output == "csv":
            if rows or is_first:
                show.csv_text(EVENT_CSV, rows.records, header=is_first)
        elif rows or is_last:
            show.listing(rows, EVENTS, output, empty="There are no events.")
        sys.stdout.flush()
    return len(rows)
