"""The sample association: rules, and three years of its life in the reference host's tables."""

from __future__ import annotations

import psycopg

from engagement_runner import files, queries
from engagement_runner.connection import Connection
from engagement_runner.errors import EngagementError

#: The adapter of the tables that the sample is written into.
HOST = "reference"

#: The line of a plan that loads the sample.
STEP = "load the sample association into schema crm, with its rules"


def refuse_rows(connection: Connection) -> None:
    """Raise EngagementError if the tables for the sample have rows.

    It ignores tables that do not exist, and tables that the role may not read.
    """
    try:
        filled = queries.value(connection, "sample_obstacles")
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
        return
    if filled:
        raise EngagementError(
            f"the sample needs empty tables, and these have rows: {filled}",
            hint="Deploy without --sample, or use an empty database.",
        )


def load(connection: Connection) -> None:
    """Write the sample and its rules, all of it or nothing.

    Args:
        connection: an autocommit connection to a deployment with the reference host.

    Raises:
        EngagementError: the tables have rows.
        psycopg.Error: the database refuses, for example because a rule's code is taken.
    """
    folder = files.root() / files.HOSTS
    with connection.transaction():
        refuse_rows(connection)
        queries.execute(connection, "demo_sample_until")
        queries.call_value(
            connection,
            "set_parameter",
            parameter_name="MULTIPLE_CONCURRENT_EMPLOYERS",
            value="Y",
        )
        for name in ("reference_rules.sql", "reference_sample.sql"):
            connection.execute((folder / name).read_bytes())
    queries.execute(connection, "demo_analyze")


def contents(connection: Connection) -> str:
    """Return what the sample consists of, as a sentence."""
    found = dict(queries.record(connection, "demo_contents") or {})
    found.pop("queued", None)
    return ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in found.items()) + "."
