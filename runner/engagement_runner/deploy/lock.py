"""One deployment at a time, and none in the host's way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from engagement_runner import queries
from engagement_runner.connection import Connection, as_owner, pinned
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.errors import EngagementError, describe

Report = Callable[[str], None]
"""Takes a line of progress."""

Result = TypeVar("Result")

#: Advisory lock of deployments: the product's class ("enga" in ASCII), key 1.
LOCK_CLASS, LOCK_KEY = 0x656E6761, 1
#: How long a statement of a deployment waits for a lock that the host holds. Half of PostgreSQL's
#: deadlock_timeout: in a deadlock the deployment gives up before the server would pick the host.
LOCK_TIMEOUT = "500ms"
#: How often a deployment that met such a lock begins again, half a second apart.
ATTEMPTS = 60
#: SQLSTATEs of a lock that could not be had: lock_not_available, deadlock_detected.
LOCKED = {"55P03", "40P01"}


@contextmanager
def deploy_lock(connection: Connection, report: Report, wait: bool = True) -> Iterator[str]:
    """Hold the deploy lock, as the package's owner, and yield the author's search_path.

    The session holds the lock, not a transaction: indexes are built after the transaction. The
    function polls. A session that waits for the lock holds a snapshot, and ``create index
    concurrently`` of the deployment before it would wait for that snapshot for ever.

    Raises:
        EngagementError: another session holds it and ``wait`` is false.
    """
    said = False
    lock = {"lock_class": LOCK_CLASS, "lock_key": LOCK_KEY}
    with pinned(connection) as author_path, as_owner(connection):
        while not queries.value(connection, "try_deploy_lock", **lock):
            if not wait:
                raise EngagementError("another deployment is running", hint="Try again later.")
            if not said:
                report("another deployment is running; waiting for it")
                said = True
            time.sleep(0.1)
        try:
            yield author_path
        finally:
            if not connection.broken:
                queries.value(connection, "deploy_unlock", **lock)


def retry_on_locks(
    connection: Connection,
    work: Callable[[], Result],
    report: Report,
    attempts: int = ATTEMPTS,
    *,
    is_trial: bool = False,
) -> Result:
    """Run the work in a transaction that waits for no lock longer than :data:`LOCK_TIMEOUT`.

    If a lock cannot be had, the transaction is rolled back, so that the host gets its turn, and the
    work begins again. A trial is rolled back in any case.

    Raises:
        EngagementError: a lock could not be had in any attempt.
    """
    for attempt in range(1, attempts + 1):
        try:
            with connection.transaction(force_rollback=is_trial):
                set_locally(connection, "lock_timeout", LOCK_TIMEOUT)
                return work()
        except (SqlFileError, psycopg.Error) as error:
            if error.sqlstate not in LOCKED or attempt == attempts:
                raise
            if attempt == 1:
                report(f"a lock is held by another session; trying again ({_reason(error)})")
            time.sleep(0.5)
    raise AssertionError("unreachable")


def _reason(error: SqlFileError | psycopg.Error) -> str:
    """Return the error in one line."""
    return describe(error) if isinstance(error, psycopg.Error) else str(error)


def set_locally(connection: Connection, name: str, value: str) -> None:
    """Set a parameter of the server until the transaction ends."""
    queries.value(connection, "set_locally", name=name, value=value)
