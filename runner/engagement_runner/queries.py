"""Named queries: one statement a file in ``queries/``, so that the Python holds no SQL text.

The files may lie in sub-folders; a name is unique.

Parameters are written ``%(name)s``, as psycopg takes them. A query that lists things returns one
column, a JSON object per row: numbers stay exact, ``infinity`` stays readable, and the order of
the keys is the order of the columns.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

FOLDER = Path(__file__).with_name("queries")

loads: Callable[[str], Any] = functools.partial(json.loads, parse_float=Decimal)
"""Parse JSON from PostgreSQL; a number with a fraction becomes an exact Decimal."""


@dataclass(frozen=True)
class Rows:
    """What a listing query returned: each row as PostgreSQL wrote it, and parsed."""

    texts: list[str]
    records: list[dict[str, Any]]

    def __len__(self) -> int:
        return len(self.texts)

    def __add__(self, other: Rows) -> Rows:
        return Rows(self.texts + other.texts, self.records + other.records)


@functools.cache
def paths(folder: Path = FOLDER) -> dict[str, Path]:
    """Return the query files of a folder and its sub-folders, by name.

    Raises ValueError where two files have one name.
    """
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.sql")):
        other = found.setdefault(path.stem, path)
        if other != path:
            both = " and ".join(p.relative_to(folder).as_posix() for p in (other, path))
            raise ValueError(f"two queries are called {path.stem}: {both}")
    return found


@functools.cache
def load(name: str) -> bytes:
    """Return the text of the query *name*, the file ``NAME.sql`` somewhere in ``queries/``.

    Raises FileNotFoundError for a name without a file.
    """
    path = paths().get(name)
    if path is None:
        raise FileNotFoundError(f"{FOLDER.name}/…/{name}.sql")
    return path.read_bytes()


def execute(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> None:
    """Run the query *name* for its effect. Raises psycopg.Error."""
    connection.execute(load(name), parameters or None)


def value(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> Any:
    """Return the one value of the query *name*, or None without a row. Raises psycopg.Error."""
    row = connection.execute(load(name), parameters).fetchone()
    return None if row is None else row[0]


def rows(connection: psycopg.Connection[Any], name: str, /, **parameters: object) -> Rows:
    """Return the rows of the listing query *name*. Raises psycopg.Error."""
    texts = [row[0] for row in connection.execute(load(name), parameters)]
    return Rows(texts, [loads(text) for text in texts])


def record(
    connection: psycopg.Connection[Any], name: str, /, **parameters: object
) -> dict[str, Any] | None:
    """Return the only row of the listing query *name*, or None. Raises psycopg.Error."""
    found = rows(connection, name, **parameters).records
    return found[0] if found else None
