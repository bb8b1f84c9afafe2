"""What the follower says: a line a minute in a log, one line that changes on a terminal."""

from __future__ import annotations

import os
import shutil
import sys
import time
from types import TracebackType
from typing import Self

import click
from psycopg.errors import Diagnostic

from engagement_runner import log
from engagement_runner.errors import one_line
from engagement_runner.show.values import count, literal

LOG_INTERVAL = 60.0
"""Seconds between two lines of a log."""

#: A call that takes longer than this shows its age on a terminal, in seconds.
LONG_CALL = 2.0


class FollowLines:
    """Says on stdout what the follower does. A context manager.

    A log gets a line every LOG_INTERVAL, and one for each event. A terminal gets the events, and
    below them one line that is rewritten in place. No escape codes are written: a carriage return
    is enough. A dumb terminal is taken for a log.
    """

    def __init__(self) -> None:
        self._live = (
            sys.stdout.isatty()
            and os.environ.get("TERM", "dumb") != "dumb"
            and not log.settings.is_json
        )
        self._shown = ""
        self._state = self._short_state = ""
        self._trouble = False
        self._started = ""
        self._has_begun = False
        self._said_other = False
        self._warnings: list[str] = []
        self._said_warnings: set[str] = set()
        self._statements = self._customers = 0
        self._left: int | None = None
        self._last_seconds = self._longest = 0.0
        self._begin_interval()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, BrokenPipeError):
            self._clear()

    # -- what happens ---------------------------------------------------------------------------

    def connected(self, database: str, every: float) -> None:
        """Note a connection; the first call on it says whether it is of use."""
        self._started = f"started: following the queue of {database}, every {every:g} s"

    def took(
        self, statements: int, customers: int | None, left: int | None, seconds: float
    ) -> None:
        """Count what a call has done."""
        self._fine("following again")
        self._statements += statements
        self._customers += customers or 0
        self._interval_statements += statements
        self._interval_customers += customers or 0
        self._left = left
        self._last_seconds = seconds
        self._longest = max(self._longest, seconds)
        self.tick()

    def aside(self, reason: str, text: str) -> None:
        """Say once that the call stepped aside."""
        if reason == "OTHER":
            # Two followers take turns, several times a second.
            self._fine("following again")
            if not self._said_other:
                self._event(text)
            self._said_other = True
        elif self._state != text:
            self._fine("")
            self._state = self._short_state = text
            self._event(text)
        self.tick()

    def trouble(self, text: str, short: str) -> None:
        """Say once that something is in the way and is tried again; the live line says *short*."""
        if not self._trouble:
            self._event(f"{text}; trying again", "warning")
        self._trouble, self._state, self._short_state = True, text, short
        self.tick()

    def warning(self, diagnostic: Diagnostic) -> None:
        """Say a WARNING of the server, once in an interval: a handler for psycopg connections."""
        if diagnostic.severity_nonlocalized == "WARNING":
            # The handler runs in the thread of the call; the next tick says it.
            self._warnings.append(f"warning: {one_line(diagnostic.message_primary or '')}")

    def stopped(self, reason: str) -> None:
        """Say why it ends, and what it has done."""
        self._event(
            f"stopped by {reason}: {count(self._statements, 'statement')}, "
            f"{count(self._customers, 'customer')} scored since it started"
        )

    def tick(self, call_seconds: float = 0.0) -> None:
        """Say what is due; *call_seconds*: how long the call that goes on has taken."""
        self._longest = max(self._longest, call_seconds)
        while self._warnings:
            text = self._warnings.pop(0)
            if text not in self._said_warnings:
                self._said_warnings.add(text)
                self._event(text, "warning")
        if self._live:
            self._draw(call_seconds)
        if time.monotonic() - self._interval_began >= LOG_INTERVAL:
            if not self._live:
                self._say(self._interval_line())
            self._begin_interval()

    # -- details --------------------------------------------------------------------------------

    def _begin_interval(self) -> None:
        self._interval_began = time.monotonic()
        self._interval_statements = self._interval_customers = 0
        self._longest = 0.0
        self._said_warnings.clear()

    def _fine(self, text: str) -> None:
        """Note that calls are of use; say *text* if they were not before."""
        if not self._has_begun:
            self._has_begun = True
            self._event(self._started)
        elif self._state and text:
            self._event(text)
        self._trouble, self._state, self._short_state = False, "", ""

    def _interval_line(self) -> str:
        left = "unknown" if self._left is None else f"{self._left:,}"
        line = (
            f"{count(self._interval_statements, 'statement')}, "
            f"{count(self._interval_customers, 'customer')} scored, {left} waiting, "
            f"longest call {self._longest:.3f} s"
        )
        return f"{line}; {self._state}" if self._state else line

    def _event(self, text: str, level: log.Level = "info") -> None:
        self._clear()
        self._say(text, level)

    def _say(self, text: str, level: log.Level = "info") -> None:
        if log.settings.is_json:
            log.line(level, literal(text.removeprefix("warning: ")))
            return
        if not log.says(level):
            return
        stamp = time.strftime("%H:%M:%S" if self._live else "%Y-%m-%d %H:%M:%S%z")
        click.echo(f"{stamp} {literal(text)}")

    def _draw(self, call_seconds: float) -> None:
        """Write as much of the line as the terminal has room for, the most important first."""
        is_long = call_seconds > LONG_CALL
        parts = [
            f"working for {call_seconds:.0f} s" if is_long else self._short_state or "following",
            count(self._statements, "statement"),
            count(self._customers, "customer"),
        ]
        if self._left is not None:
            parts.append(f"{self._left:,} waiting")
        if not is_long:
            parts.append(f"last call {self._last_seconds:.3f} s")
        room = _room()
        line = literal(parts[0])[:room]
        for part in parts[1:]:
            if len(line) + 2 + len(part) > room:
                break
            line += f", {part}"
        if line != self._shown:
            self._put(line)

    def _clear(self) -> None:
        if self._shown:
            self._put("")
            sys.stdout.write("\r")
            sys.stdout.flush()

    def _put(self, line: str) -> None:
        sys.stdout.write("\r" + line.ljust(min(len(self._shown), _room())))
        sys.stdout.flush()
        self._shown = line


def _room() -> int:
    """Return how long a line may be that does not wrap."""
    return max(shutil.get_terminal_size().columns - 1, 1)
