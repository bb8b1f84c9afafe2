"""Statements of the adapter, whose text stands in files."""

from __future__ import annotations

from engagement_runner import queries
from engagement_runner.draft.catalogue import Table


def filled(frame: str, **parts: str) -> str:
    """Return a statement of the adapter: the file *frame* with *parts* for the words in braces."""
    return queries.load(frame).decode().rstrip().format(**parts)


def index_on(table: Table, key: str) -> str:
    """Return the statement that makes an index; an expression has its own brackets.

    PostgreSQL makes none of a partitioned table concurrently.
    """
    how = "" if table.is_partitioned else "concurrently "
    return filled("draft_index", how=how, table=table.sql, key=key)


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
