"""Hosts that nobody has seen: their tables and a few rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg

FOLDER = Path(__file__).parent / "schemas"


def furnish(databases: Any, name: str) -> psycopg.Connection[Any]:
    """Autocommit session in a new database with the schema *name* and its rows."""
    session: psycopg.Connection[Any] = databases.connect(databases.create())
    session.execute((FOLDER / f"{name}.sql").read_bytes())
    return session
