"""States of the host's rows that an adapter's views do not name."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.queries import loads


def state_findings(connection: Connection, sources: list[str], text: str) -> list[dict[str, Any]]:
    """Return findings about the columns by whose values the views select rows.

    Args:
        connection: within the trial.
        sources: names of the sources, and of the other views of the adapter.
        text: the adapter's file; a value that a comment names in quotes is known to the author.
    """
    found = []
    for column in queries.rows(connection, "state_columns", sources=sources).records:
        column["listed_in"] += text
        names = {
            "table": sql.Identifier(column["schema_name"], column["table_name"]),
            "column": sql.Identifier(column["column_name"]),
        }
        try:
            with connection.transaction():
                found += _rows(connection, "unlisted_values", column, **names)
                for history in queries.rows(connection, "history_tables", **column).records:
                    found += _rows(
                        connection, "state_history", {**column, **history},
                        history=sql.Identifier(history["history_schema"], history["history_name"]),
                        key=sql.Identifier(history["key_name"]),
                        state=sql.Identifier(history["state_name"]),
                    )  # fmt: skip
        except psycopg.Error:
            continue  # a view of the host may read what the role may not
    return found


def _rows(
    connection: Connection, query: str, parameters: dict[str, Any], **names: sql.Composable
) -> list[dict[str, Any]]:
    """Return the rows of a query about tables and columns that the host has named."""
    cursor = connection.execute(queries.composed(query, **names), parameters)
    return [loads(text) for (text,) in cursor]
