"""Take the package off the host (detach), or out of the database (undeploy)."""

from __future__ import annotations

from psycopg import sql

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.deploy.apply import PROPAGATION
from engagement_runner.deploy.lock import Report, deploy_lock, retry_on_locks, set_locally
from engagement_runner.deploy.state import read_deployed_state, read_state
from engagement_runner.errors import EngagementError

SCHEMAS = ("engagement", "engagement_host", "engagement_meta")


def detach_host(
    connection: Connection, cascade: bool = False, report: Report = lambda line: None
) -> None:
    """Take triggers and adapter views off the host; ledger and scores stay.

    Args:
        connection: an autocommit connection.
        cascade: also drop what other schemas have built on the adapter's views.
        report: takes progress lines.

    Raises:
        EngagementError: the package is not deployed, something outside depends on the adapter's
            views and ``cascade`` is false, or a table's lock could not be had. Nothing is changed
            then.
    """
    with deploy_lock(connection, report):
        read_deployed_state(connection)

        def work() -> None:
            _refuse_dependents(connection, ("engagement_host",), "the adapter's views", cascade)
            set_locally(connection, "client_min_messages", "warning")
            queries.call(connection, "detach_host")
            queries.execute(connection, "forget_hosts")

        retry_on_locks(connection, work, report)


def _refuse_dependents(
    connection: Connection, schemas: tuple[str, ...], what: str, cascade: bool
) -> None:
    """Raise EngagementError if other schemas have built on these and ``cascade`` is false."""
    if cascade:
        return
    query = queries.load("outside_dependents")
    outside = [row[0] for row in connection.execute(query, {"schemas": list(schemas)})]
    if outside:
        raise EngagementError(
            f"other objects depend on {what}: {', '.join(outside)}",
            hint="Drop them first, or use --cascade to drop them too.",
        )


def undeploy(
    connection: Connection, cascade: bool = False, report: Report = lambda line: None
) -> bool:
    """Take everything out of the database; the host's own schemas stay as they were.

    Args:
        connection: an autocommit connection.
        cascade: also drop what other schemas have built on the package's objects.
        report: takes progress lines.

    Returns:
        Whether there was anything to take out.

    Raises:
        EngagementError: something outside depends on the package and ``cascade`` is false, or a
            table's lock could not be had. Nothing is changed then.
    """
    with deploy_lock(connection, report):
        state = read_state(connection)
        if not state.files:
            return False

        def work() -> None:
            # Before the views go, and what is built on them with them.
            _refuse_dependents(connection, SCHEMAS, "the package", cascade)
            set_locally(connection, "client_min_messages", "warning")
            queries.call(connection, "detach_host")
            if state.is_distributed:
                set_locally(connection, PROPAGATION, "on")
                # While the type of their keys is still known.
                queries.execute(connection, "drop_distributed")
            for schema in SCHEMAS:
                connection.execute(queries.composed("drop_schema", name=sql.Identifier(schema)))

        retry_on_locks(connection, work, report)
        return True
