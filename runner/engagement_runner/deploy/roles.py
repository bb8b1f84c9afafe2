"""The package's roles. They belong to the whole server, so only a request drops them."""

from __future__ import annotations

import psycopg
from psycopg import sql

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.errors import describe

#: How many of the things that keep a role a message names.
NAMED = 5


def left_behind(connection: Connection) -> list[str]:
    """Return the names of the package's roles that the server has."""
    return [name for name, _ in connection.execute(queries.load("package_roles"))]


def drop_roles(connection: Connection) -> list[str]:
    """Drop each of the package's roles that nothing keeps, and return a line about each.

    A role is kept by rights and objects in this database and in others, and by people who are its
    members. It also stays where the session's role may not drop it.
    """
    lines = []
    for name, keepers in connection.execute(queries.load("package_roles")).fetchall():
        if keepers:
            more = f" and {len(keepers) - NAMED} more" if len(keepers) > NAMED else ""
            lines.append(f"The role {name} stays; it is kept by {', '.join(keepers[:NAMED])}{more}")
            continue
        try:
            with connection.transaction():
                connection.execute(queries.composed("drop_role", name=sql.Identifier(name)))
        except psycopg.Error as error:
            lines.append(f"The role {name} stays: {describe(error)}")
        else:
            lines.append(f"The role {name} is dropped.")
    return lines
