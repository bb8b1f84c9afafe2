"""The outbox of events, handed over on stdout batch by batch."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from engagement_runner import queries, show
from engagement_runner.connection import Connection
from engagement_runner.errors import EngagementError
from engagement_runner.events.pipe import (
    INTERRUPTS,
    has_no_reader,
    is_pipe,
    keep_on_disk,
    no_reader,
    wait_until_read,
)

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
    "category_code",
)
"""Columns of ``events --format csv``."""

RECHECK_SECONDS: float | None = 30
"""Longest pause before the outbox is looked at again, in seconds; None: a notification ends it.

An event that another consumer has taken and given back makes no notification of its own, nor does
one whose hold has ended.
"""


class Outbox:
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
        """Print a batch, take it off the outbox when it is read; return whether more may wait.

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
                wait_until_read()
        return len(rows) == self._limit

    def _write(self, rows: queries.Rows, is_last: bool) -> None:
        try:
            self._print(rows, is_last)
            sys.stdout.flush()
            keep_on_disk()
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


def follow(outbox: Outbox) -> None:
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
        if is_pipe() and has_no_reader():
            raise no_reader()


@contextmanager
def _interrupted_later() -> Iterator[None]:
    """Let a batch be written whole before SIGINT or SIGTERM ends the command."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, INTERRUPTS)
