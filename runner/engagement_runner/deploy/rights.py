"""Which rights a deploying role lacks, as statements that can be pasted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.deploy.state import Tablespaces
from engagement_runner.errors import describe
from engagement_runner.files import SqlFile

#: insufficient_privilege, and the package's own error for a table that takes no triggers.
_RIGHTS = ("42501", "EG008")


@contextmanager
def rights_explained(
    connection: Connection,
    adapter: SqlFile | None = None,
    tablespaces: Tablespaces | None = None,
    *,
    author_path: str = "",
    roles: bool = False,
    renames: bool = False,
) -> Iterator[None]:
    """Add to an error about rights the statements that give all that is missing.

    Args:
        connection: the connection of the work inside, which is rolled back when it fails.
        adapter: the adapter that reads the host's relations, if any.
        tablespaces: where tables and indexes are made.
        author_path: the search_path that the adapter relies on.
        roles: the package's roles are made.
        renames: schemas are made and renamed even where the package is deployed.

    Raises:
        SqlFileError: in place of an error about rights.
    """
    try:
        yield
    except (SqlFileError, psycopg.Error) as error:
        if error.sqlstate not in _RIGHTS:
            raise
        hint = queries.value(
            connection,
            "missing_rights",
            adapter=adapter.text if adapter else "",
            tablespaces=[tablespaces.data, tablespaces.index] if tablespaces else [],
            author_path=author_path,
            roles=roles,
            renames=renames,
        )
        if not hint:
            raise
        message = describe(error) if isinstance(error, psycopg.Error) else str(error)
        raise SqlFileError(f"{message} (what is missing: {hint})", error.sqlstate) from error
