"""Statements of the adapter, whose text stands in files."""

from __future__ import annotations

from engagement_runner import queries
from engagement_runner.draft.catalogue import Table


def filled(frame: str, **parts: str) -> str:
    """Return a statement of the adapter: the file *frame* with *parts* for the words in braces."""
    return queries.load(frame).decode().rstrip().format(**parts)


def index_on(table: Table, key: str) -> str:
    """Return the statement that makes an index; an expression has its own brackets."""
    return filled("draft_index", table=table.sql, key=key)


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"
