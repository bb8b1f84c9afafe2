"""Calls engagement.catch_up again and again, over lost connections, until a signal ends it."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor, wait

import psycopg

from engagement_runner import queries, show
from engagement_runner.connection import Connection, UnreachableError, connect
from engagement_runner.deploy.lock import LOCK_CLASS
from engagement_runner.errors import EngagementError, describe, not_deployed
from engagement_runner.follow.stop import Stop
from engagement_runner.session import cancel_running

APPLICATION = "engagement follow"
"""The name of its session; the query ``status_activity`` looks for it."""

POLL_SECONDS = 0.25
"""Pause between two looks at a call that goes on, and at the time for the next line."""

GRACE_SECONDS = 10.0
"""How long a call may go on after a signal; then it is cancelled. What it committed stays."""

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
"""Pauses between two attempts after trouble, in seconds; each is twice the one before."""

#: libpq notices after about a minute that a machine or a network is gone.
KEEPALIVES = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}

#: SQLSTATE classes of what passes: connection, rollback, no resources, operator intervention.
_PASSING_CLASSES = {"08", "40", "53", "57"}
_LOCK_NOT_AVAILABLE = "55P03"

ASIDE = {
    "OFF": "scoring is switched off",
    "RUN": "stepping aside: a run is under way",
    "FIRST": "waiting for the first run: engagement recalculate --mode FULL",
    "OTHER": "another session is at the queue",
}
"""What people read for the results of the query ``why_aside``."""

PASSED = "PASSED"
"""The result of that query when nothing is in the way any longer: call again."""

#: The advisory lock that catch_up holds during a batch.
_CATCH_UP_KEY = 6


def why_aside(connection: Connection) -> str:
    """Return why engagement.catch_up stepped aside: a key of ASIDE, or PASSED.

    Raises psycopg.Error.
    """
    return str(
        queries.value(connection, "why_aside", lock_class=LOCK_CLASS, lock_key=_CATCH_UP_KEY)
    )


def explained(error: psycopg.Error) -> Exception:
    """Return the error of a call of engagement.catch_up; say plainly what a deployment lacks."""
    if isinstance(error, psycopg.errors.InvalidSchemaName):
        return not_deployed()
    # An error inside of the procedure has a context.
    if isinstance(error, psycopg.errors.UndefinedFunction) and not error.diag.context:
        return EngagementError(
            "this deployment is older than the command: it has no engagement.catch_up",
            hint="engagement deploy",
        )
    return error


class Follower:
    """Keeps the scores of one database current.

    Args:
        dsn: connection string, as for :func:`connect`.
        every: seconds from the beginning of a call to that of the next.
        lines: where to say what goes on.
    """

    def __init__(self, dsn: str | None, every: float, lines: show.FollowLines) -> None:
        self._dsn = dsn
        self._every = every
        self._lines = lines
        self._stop = Stop()
        self._connection: Connection | None = None
        self._has_worked = False
        self._pause = 0.0

    def run(self) -> signal.Signals:
        """Follow until SIGTERM or SIGINT; return which.

        Raises UnreachableError, EngagementError or psycopg.Error for what no other attempt mends.
        """
        with self._lines, self._stop as stop, ThreadPoolExecutor(1) as worker:
            try:
                while stop.number is None:
                    self._rest(self._attempt(worker))
            except KeyboardInterrupt:
                pass  # while it connected
            finally:
                self._close()
            number = stop.number or signal.SIGINT
            self._lines.stopped(number.name)
        return number

    def _attempt(self, worker: ThreadPoolExecutor) -> float:
        """Connect if need be, call once, and return how long to pause."""
        try:
            connection = self._connected()
            began = time.monotonic()
            found = self._call(worker, connection)
            took = time.monotonic() - began
            statements = found["statement_count"]
            reason = why_aside(connection) if statements is None else None
        except UnreachableError as error:
            if not error.may_pass:
                raise
            return self._trouble(str(error), "not connected")
        except psycopg.Error as error:
            return self._pause_after(error)
        self._has_worked, self._pause = True, 0.0
        if reason == PASSED:
            return self._every
        if reason is not None:
            self._lines.aside(reason, ASIDE[reason])
            return self._every
        self._lines.took(statements or 0, found["customer_count"], found["left_count"], took)
        # What came during a call that had work need not wait for a whole interval.
        return self._every - took if statements or found["customer_count"] else self._every

    def _connected(self) -> Connection:
        if self._connection is None:
            with self._stop.at_once():
                connection = connect(self._dsn, shows_warnings=False, defaults=KEEPALIVES)
            self._connection, self._has_worked = connection, False
            queries.value(connection, "set_for_session", name="application_name", value=APPLICATION)
            connection.add_notice_handler(self._lines.warning)
            self._lines.connected(connection.info.dbname, self._every)
        return self._connection

    def _call(self, worker: ThreadPoolExecutor, connection: Connection) -> dict[str, int | None]:
        """Call in another thread, so that this one hears signals and keeps the lines current."""
        began = time.monotonic()
        run = worker.submit(queries.call_outputs, connection, "catch_up")
        try:
            while not wait([run], timeout=POLL_SECONDS).done:
                now = time.monotonic()
                self._lines.tick(now - began)
                stop = self._stop
                if stop.count > 1 or (stop.count and now - stop.asked_at > GRACE_SECONDS):
                    cancel_running(connection, run)
        except BaseException:
            cancel_running(connection, run)
            raise
        return run.result()

    def _pause_after(self, error: psycopg.Error) -> float:
        if self._stop.number is not None:
            return 0.0  # the call was cancelled
        state = error.sqlstate or ""
        if self._connection is not None and self._connection.closed:
            self._close()
            return self._trouble(f"connection lost: {describe(error)}", "not connected")
        if state[:2] in _PASSING_CLASSES or state == _LOCK_NOT_AVAILABLE:
            return self._trouble(describe(error), "trying again")
        if self._has_worked:
            # A deployment may have replaced what this session remembers of the routines.
            self._close()
            return 0.0
        raise explained(error) from error

    def _trouble(self, text: str, short: str) -> float:
        self._pause = min(2 * self._pause or FIRST_PAUSE, LONGEST_PAUSE)
        self._lines.trouble(text, short)
        return self._pause

    def _rest(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self._stop.number is None:
            left = until - time.monotonic()
            if left <= 0:
                break
            self._stop.sleep(min(left, POLL_SECONDS))
            self._lines.tick()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
