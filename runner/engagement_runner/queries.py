"""Named queries and calls of the engine's routines; the Python holds no SQL text.

A query is one statement, the file ``NAME.sql`` in a folder of ``queries/``; names are unique.
Parameters are written ``%(name)s``, as psycopg takes them. A query that lists things returns one
column, a JSON object per row: numbers stay exact, ``infinity`` stays readable, and the order of
the keys is the order of the columns.

What only calls one routine needs no file: :func:`call` and its like name the routine and its
arguments. An argument is sent without a type, so the routine's own parameter gives it one.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

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


def composed(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """Return the query *name* with *parts* for the words in braces, such as ``{name}``."""
    return sql.SQL(load(name).decode().strip()).format(**parts)


def _word(name: str) -> sql.SQL:
    """Return a name that needs no quotes. Raises ValueError for any other."""
    if not re.fullmatch("[a-z_]+", name):
        raise ValueError(f"no name of a routine or a parameter: {name}")
    return sql.SQL(name)


@dataclass(frozen=True)
class Customer:
    """A customer as an argument of a call: the key as a user wrote it, or None for nobody."""

    written: object


def _composed_call(
    frame: str, routine: str, arguments: dict[str, object]
) -> tuple[sql.Composed, dict[str, object]]:
    """Return a call and its parameters. What is None is left out: the routine's default holds.

    Names stand as they are, so that a DBA finds ``engagement.verify(`` among the queries that run.
    """
    listed, parameters = [], {}
    for name, given in arguments.items():
        is_customer = isinstance(given, Customer)
        parameter = given.written if isinstance(given, Customer) else given
        if parameter is None:
            continue
        parameters[name] = str(parameter) if is_customer else parameter
        listed.append(
            composed(
                "customer_argument" if is_customer else "argument",
                name=_word(f"p_{name}".rstrip("_")),
                value=sql.Placeholder(name),
            )
        )
    return (
        composed(frame, routine=_word(routine), arguments=sql.SQL(", ").join(listed)),
        parameters,
    )


def call(connection: psycopg.Connection[Any], routine: str, /, **arguments: object) -> None:
    """Call the procedure ``engagement.ROUTINE``; its parameter ``p_NAME`` is the argument *NAME*.

    A name that is a word of Python ends in ``_``. An argument that is None is left out. Raises
    psycopg.Error.
    """
    connection.execute(*_composed_call("call_procedure", routine, arguments))


def call_outputs(
    connection: psycopg.Connection[Any], routine: str, /, **arguments: object
) -> dict[str, Any]:
    """Call a procedure as :func:`call` does, and return its output parameters by their names."""
    cursor = connection.execute(*_composed_call("call_procedure", routine, arguments))
    row = cursor.fetchone() or ()
    return dict(zip((column.name for column in cursor.description or ()), row, strict=True))


def call_value(connection: psycopg.Connection[Any], routine: str, /, **arguments: object) -> Any:
    """Return what the function ``engagement.ROUTINE`` returns. Arguments as for :func:`call`."""
    row = connection.execute(*_composed_call("call_value", routine, arguments)).fetchone()
    return None if row is None else row[0]


def call_json(connection: psycopg.Connection[Any], routine: str, /, **arguments: object) -> str:
    """Return the JSON of the function ``engagement.ROUTINE``. Arguments as for :func:`call`."""
    row = connection.execute(*_composed_call("call_json", routine, arguments)).fetchone()
    return str(row[0]) if row else "null"


def call_rows(connection: psycopg.Connection[Any], routine: str, /, **arguments: object) -> Rows:
    """Return the rows of the function ``engagement.ROUTINE``. Arguments as for :func:`call`."""
    texts = [r[0] for r in connection.execute(*_composed_call("call_rows", routine, arguments))]
    return Rows(texts, [loads(text) for text in texts])
