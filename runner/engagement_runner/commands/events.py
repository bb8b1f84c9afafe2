"""The command that hands the events of the outbox to another program."""

import errno
import json
import os
import select
import signal
import stat
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import click

from engagement_runner import queries, show
from engagement_runner.connection import dsn_option
from engagement_runner.errors import EXIT_INTERRUPTED, EngagementError
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

An event that another consumer has taken and given back makes no notification of its own, nor does
one whose hold has ended.
"""

READ_SECONDS = 0.02
"""Pause between two looks at whether the reader of a pipe has read everything, in seconds."""

STALL_SECONDS = 600.0
"""How long the reader of a pipe may read nothing of what waits for it, in seconds.

A program that waits for the end of this one before it reads would otherwise wait for ever.
"""

_INTERRUPTS = {signal.SIGINT, signal.SIGTERM}


@click.command()
@dsn_option
@option(
    "--limit",
    type=click.IntRange(min=1, max=2**31 - 1),
    metavar="NUMBER",
    default=100,
    help="Most events to print; with --follow, at a time.",
)
@option("--follow", is_flag=True, help="Print all that there are, then wait for more.")
@option(
    "--no-ack",
    is_flag=True,
    help="Leave what is printed on the outbox, for --ack to take off; meanwhile nobody else gets "
    "it.",
)
@option(
    "--minutes",
    type=click.IntRange(1, 10080),
    metavar="MINUTES",
    default=10,
    help="With --no-ack: after so many minutes, what was not acknowledged is given out again.",
)
@option(
    "--ack",
    is_flag=True,
    help="Take events off the outbox: those with the EVENT_IDs, else those that stdin names.",
)
@option(
    "--format",
    type=click.Choice(["json", "table", "csv"]),
    default="json",
    help="How to print them; json: one object a line.",
)
@click.argument("event_ids", metavar="[EVENT_ID]...", nargs=-1, type=click.UUID)
def events(
    dsn: str | None,
    limit: int,
    follow: bool,
    no_ack: bool,
    minutes: int,
    ack: bool,
    event_ids: tuple[uuid.UUID, ...],
    format: show.Format,
) -> None:
    """Hand over the events of the outbox: who went up or down to another band.

    Each is printed and taken off the outbox when the reader of the pipe has read it. If the reader
    or this command ends before that, the events are printed again the next time: look at event_id.
    What a reader has read and not dealt with is lost when the reader dies. Where that matters,
    acknowledge in a second step:

    \b
      engagement events --no-ack > batch
      consumer < batch && engagement events --ack < batch

    --ack reads lines as --format json prints them, or bare ids. --follow goes on until it is
    interrupted.
    """
    if ack and (follow or no_ack):
        raise click.UsageError("--ack goes with EVENT_IDs or stdin alone")
    if event_ids and not ack:
        raise click.UsageError("EVENT_IDs are for --ack")
    if ack:
        with session(dsn) as connection:
            found = list(event_ids) or _ids_of_stdin()
            count = queries.value(connection, "acknowledge_events", event_ids=found)
        gone = f"; {len(found) - count:,} were gone already" if count < len(found) else ""
        show.say(f"{show.count(count, 'event')} acknowledged{gone}")
        return
    with session(dsn) as connection:
        outbox = _Outbox(connection, limit, minutes if no_ack else None, format)
        try:
            with interruptible():
                if follow:
                    _follow(outbox)
                else:
                    outbox.hand_over()
        except KeyboardInterrupt:
            raise SystemExit(EXIT_INTERRUPTED) from None


def _ids_of_stdin() -> list[uuid.UUID]:
    """Return the event ids that stdin names, one a line: bare, or in an object as it is printed.

    Raises EngagementError for a line that names none; nothing is acknowledged then.
    """
    found = []
    for number, line in enumerate(sys.stdin, 1):
        text = line.strip()
        if not text:
            continue
        try:
            found.append(uuid.UUID(json.loads(text)["event_id"] if text[0] == "{" else text))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise EngagementError(
                f"line {number} of stdin names no event",
                hint="Give lines as `engagement events` prints them, or ids, one a line.",
            ) from None
    return found


class _Outbox:
    """Hands over batches of events on stdout.

    *minutes*: how long events are held for their acknowledgement; None: they leave the outbox when
    they have been read.
    """

    def __init__(
        self, connection: Connection, limit: int, minutes: int | None, output: show.Format
    ) -> None:
        self.connection = connection
        self._limit = limit
        self._minutes = minutes
        self._output = output
        self._is_first = True

    def hand_over(self, is_last: bool = True) -> bool:
        """Print a batch, and let go of it when it is read; return whether there may be more.

        Raises EngagementError or BrokenPipeError where it cannot be written, and KeyboardInterrupt:
        the batch stays on the outbox.
        """
        if self._minutes is not None:
            # Committed first: the reader may acknowledge an event before it reads the next.
            rows = queries.rows(
                self.connection, "hold_events", limit=self._limit, minutes=self._minutes
            )
            self._write(rows, is_last)
            return len(rows) == self._limit
        with self.connection.transaction():
            rows = queries.rows(self.connection, "take_events", limit=self._limit)
            self._write(rows, is_last)
            if rows:
                _wait_until_read()
        return len(rows) == self._limit

    def _write(self, rows: queries.Rows, is_last: bool) -> None:
        try:
            self._print(rows, is_last)
            sys.stdout.flush()
            _keep_on_disk()
        except BrokenPipeError:
            raise
        except OSError as error:
            # What is left in the buffer would fail again when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise EngagementError(
                f"the events cannot be written: {error.strerror}",
                hint="They stay on the outbox; run it again when there is room.",
            ) from None
        self._is_first = False

    def _print(self, rows: queries.Rows, is_last: bool) -> None:
        if self._output == "json":
            for text in rows.texts:
                show.json_text(text)
        elif self._output == "csv":
            if rows or self._is_first:
                show.csv_text(EVENT_CSV, rows.records, header=self._is_first)
        elif rows or is_last:
            show.listing(rows, EVENTS, self._output, empty="There are no events.")


def _follow(outbox: _Outbox) -> None:
    """Print events for ever. Raises KeyboardInterrupt, and BrokenPipeError without a reader."""
    connection = outbox.connection
    queries.execute(connection, "listen_events")  # before the first look, so that none is missed
    while True:
        is_more = True
        while is_more:
            with _interrupted_later():
                is_more = outbox.hand_over(is_last=False)
        for _ in connection.notifies(timeout=RECHECK_SECONDS, stop_after=1):
            pass
        if _is_pipe() and _has_no_reader():
            raise _no_reader()


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Let a batch be written whole before SIGINT or SIGTERM ends the command."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPTS)


def _is_pipe() -> bool:
    """Whether stdout is a pipe of which the system says what its reader has read."""
    try:
        return hasattr(select, "poll") and stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode)
    except (OSError, ValueError):
        return False


def _has_no_reader() -> bool:
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(flags & select.POLLERR for _, flags in poll.poll(0))


def _no_reader() -> BrokenPipeError:
    return BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def _wait_until_read() -> None:
    """Return when the reader of the pipe has read all that was written; at once without a pipe.

    A pipe holds more than a batch: that it was written says nothing of who reads it. Raises
    BrokenPipeError when the reader ends before, EngagementError when it reads nothing for
    STALL_SECONDS, KeyboardInterrupt when this command shall end.
    """
    if not _is_pipe():
        return
    import fcntl
    import termios

    buffer = bytearray(4)
    last_unread, read_at = 0, time.monotonic()
    while True:
        is_alone = _has_no_reader()
        fcntl.ioctl(sys.stdout.fileno(), termios.FIONREAD, buffer)
        unread = int.from_bytes(buffer, sys.byteorder)
        if not unread:
            return
        if unread != last_unread:
            last_unread, read_at = unread, time.monotonic()
        elif time.monotonic() - read_at > STALL_SECONDS:
            raise EngagementError(
                f"nobody has read the events for {STALL_SECONDS:g} seconds",
                hint="They stay on the outbox. Read while the command runs, or use --no-ack.",
            )
        if is_alone:
            raise _no_reader()
        if _INTERRUPTS & signal.sigpending():
            raise KeyboardInterrupt
        select.select([], [], [], READ_SECONDS)


def _keep_on_disk() -> None:
    """Have what was written to a file on disk before it leaves the outbox."""
    try:
        if stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            os.fsync(sys.stdout.fileno())
    except ValueError:
        return  # no file of the system's
