"""The object of one file in the database: applied, replaced, dropped.

Nothing here begins or ends a transaction of a deployment, but for indexes that are built after it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import psycopg
from psycopg import sql

from engagement_runner import __version__, queries
from engagement_runner.connection import Connection
from engagement_runner.deploy.state import Tablespaces
from engagement_runner.errors import EngagementError, describe
from engagement_runner.files import SqlFile
from engagement_runner.statements import Statement

_CANNOT_REPLACE_ROUTINE = {"42P13", "42809"}  # other result or argument names; other kind
_CANNOT_REPLACE_VIEW = {"42P16"}  # a column renamed, retyped or taken out
_CANNOT_CAST = "42846"
_UUID_KEY = re.compile(r"\buuid\b.*\b(host_key|bigint)\b")
_TRANSACTION_CONTROL = re.compile(
    r"(begin|commit|end|rollback|abort|start\s+transaction|savepoint|release)\b(?!\s*\()", re.I
)
_COPY = re.compile(r"copy\b.*\b(from\s+stdin|to\s+stdout)\b", re.I | re.S)
_INDEX = re.compile(
    r"(create\s+(?:unique\s+)?index)\s+if\s+not\s+exists\s+(\w+)\s+on\s+engagement\.(\w+)", re.I
)


class SqlFileError(EngagementError):
    """A statement of a file failed; ``sqlstate`` says how."""

    def __init__(self, message: str, sqlstate: str | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate


def run(connection: Connection, file: SqlFile) -> None:
    """Run the statements of a file.

    Raises:
        SqlFileError: one failed; the message names the file and the line.
    """
    for statement in file.statements():
        run_statement(connection, file, statement)


def run_statement(connection: Connection, file: SqlFile, statement: Statement) -> None:
    """Run a statement of a file. Raises SqlFileError, which names the file and the line."""
    if _TRANSACTION_CONTROL.match(statement.text):
        raise SqlFileError(
            f"{file.path}:{statement.line}: a deployment is one transaction, "
            f"so the file may not contain {statement.text.split()[0].rstrip(';').upper()}",
            None,
        )
    if _COPY.match(statement.text):
        raise SqlFileError(
            f"{file.path}:{statement.line}: nobody is there to send rows to COPY, or to take them "
            "(hint: insert them, or copy them before the deployment with psql)",
            None,
        )
    try:
        connection.execute(statement.text.encode())
    except psycopg.Error as error:
        message = describe(error, file.path, statement.line, statement.text)
        if file.kind == "host" and error.sqlstate in _CANNOT_REPLACE_VIEW:
            message += (
                " (hint: PostgreSQL only adds columns to a view; write drop view … before "
                "it, or run engagement detach --host first)"
            )
        if file.kind == "host" and error.sqlstate == _CANNOT_CAST and _UUID_KEY.search(message):
            message += " (hint: if the host's keys are uuid: --key-type uuid)"
        raise SqlFileError(message, error.sqlstate) from error


def apply_routine(connection: Connection, file: SqlFile) -> list[str]:
    """Replace a routine: PostgreSQL keeps an old one that differs in its arguments.

    Returns the names of the package's views that had to be dropped, because they call the old one.
    """
    before = signatures(connection, file.object_name)
    dropped: list[str] = []
    try:
        with connection.transaction():
            run(connection, file)
    except SqlFileError as error:
        if error.sqlstate not in _CANNOT_REPLACE_ROUTINE or not before:
            raise
        dropped = _drop_callers(connection, file)
        _drop_routines(connection, before)
        before = []
        run(connection, file)
    after = signatures(connection, file.object_name)
    if not after:
        raise EngagementError(f"{file.path} declares no routine engagement.{file.object_name}")
    if before and set(after) - set(before):
        dropped += _drop_callers(connection, file)
        _drop_routines(connection, before)
    return dropped


def _drop_callers(connection: Connection, file: SqlFile) -> list[str]:
    """Drop the package's views that call a routine, and return their names."""
    names = [
        name
        for (name,) in connection.execute(
            queries.load("dependent_views"), {"routine_name": file.object_name}
        )
    ]
    for name in names:
        view = sql.Identifier("engagement", name)
        connection.execute(queries.composed("drop_view", name=view))
    return names


def signatures(connection: Connection, name: str) -> list[str]:
    """Return the routines of a name in schema engagement, as PostgreSQL writes their signatures."""
    found = connection.execute(queries.load("signatures"), {"routine_name": name})
    return [signature for (signature,) in found]


def _drop_routines(
    connection: Connection, signatures: Iterable[str], query: str = "drop_routine"
) -> None:
    for signature in signatures:
        # PostgreSQL itself has written and quoted it.
        connection.execute(queries.composed(query, signature=sql.SQL(signature)))


def apply_view(connection: Connection, file: SqlFile) -> None:
    """Replace a view: PostgreSQL only lets columns be added."""
    try:
        with connection.transaction():
            run(connection, file)
    except SqlFileError as error:
        if error.sqlstate not in _CANNOT_REPLACE_VIEW:
            raise
        drop(connection, file)
        run(connection, file)
    if not queries.value(connection, "is_view", view_name=file.object_name):
        raise EngagementError(f"{file.path} declares no view engagement.{file.object_name}")


def drop(connection: Connection, file: SqlFile) -> None:
    """Drop the object of a file; a seed leaves its rows."""
    name = sql.Identifier("engagement", file.object_name)
    if file.kind == "view":
        connection.execute(queries.composed("drop_view", name=name))
    elif file.kind == "index":
        connection.execute(queries.composed("drop_index", name=name))
    elif file.kind == "trigger":
        _drop_routines(
            connection, signatures(connection, file.object_name), "drop_routine_and_triggers"
        )
    elif file.kind == "routine":
        _drop_routines(connection, signatures(connection, file.object_name))


def record(connection: Connection, file: SqlFile) -> None:
    """Note that the file is applied."""
    queries.execute(
        connection,
        "record_file",
        path=file.path,
        kind=file.kind,
        checksum=file.checksum,
        version=__version__,
    )


# -- indexes -------------------------------------------------------------------------------------


def _index(file: SqlFile) -> tuple[sql.Identifier, sql.Identifier, str]:
    """Return the names of an index and its table, and its statement."""
    statements = file.statements()
    match = _INDEX.match(statements[0].text) if len(statements) == 1 else None
    if not match or match[2] != file.object_name:
        raise EngagementError(
            f"{file.path}: expected exactly one statement, "
            f"create [unique] index if not exists {file.object_name} on engagement.TABLE …"
        )
    return (
        sql.Identifier("engagement", match[2]),
        sql.Identifier("engagement", match[3]),
        statements[0].text,
    )


def build_index(connection: Connection, file: SqlFile, is_first: bool) -> bool:
    """Build an index if nobody waits for its table; an older one of the name is replaced.

    That is so for a table without rows, and for every table of a first deployment.
    """
    index, table, _ = _index(file)
    has_rows = queries.composed("has_rows", name=table)
    if not is_first and connection.execute(has_rows).fetchone() == (True,):
        return False
    connection.execute(queries.composed("drop_index", name=index))
    run(connection, file)
    return True


def build_index_concurrently(
    connection: Connection, file: SqlFile, tablespaces: Tablespaces
) -> None:
    """Build an index on a table with rows, without keeping anybody from writing."""
    queries.value(connection, "set_for_session", name="default_tablespace", value=tablespaces.index)
    index, _, statement = _index(file)
    connection.execute(queries.composed("drop_index_concurrently", name=index))
    statement = _INDEX.sub(r"\1 concurrently \2 on engagement.\3", statement, count=1)
    run(connection, SqlFile(file.path, file.kind, statement))
    record(connection, file)
