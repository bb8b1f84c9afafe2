"""The connection: ``--dsn``, else the environment, else libpq's own variables and service files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engagement_runner import log, queries
from engagement_runner.errors import (
    EXIT_UNREACHABLE,
    EngagementError,
    describe,
    remember_secret,
)

Connection = psycopg.Connection[tuple[Any, ...]]
"""A connection whose rows are tuples."""

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: What a session of the command searches: nothing that anybody else may create in.
PINNED_PATH = "pg_catalog, pg_temp"

#: What a server says that will say the same the next time. libpq passes on no SQLSTATE of a refused
#: connection, so a server with other languages than English seems to be one that may come back.
_REFUSALS = re.compile(
    r"authentication failed|no password supplied|no pg_hba\.conf entry"
    r"|pg_hba\.conf rejects|role \".*\" does not exist|database \".*\" does not exist"
    r"|permission denied for database|is not permitted to log in|definition of service"
)

#: Severities that reach the user; `create … if not exists` and the like only make notices.
_SHOWN = ("WARNING",)


class UnreachableError(EngagementError):
    """There is no connection.

    Args:
        error: why.

    Attributes:
        may_pass: whether another attempt may succeed, as when the server is not there yet.
    """

    def __init__(self, error: psycopg.Error) -> None:
        super().__init__(f"cannot connect: {describe(error)}", exit_code=EXIT_UNREACHABLE)
        needs_password = error.pgconn is not None and error.pgconn.needs_password
        self.may_pass = not (needs_password or _REFUSALS.search(str(error)))


def dsn_option(function: _Function) -> _Function:
    """Add ``--dsn`` to a command; the command takes it as ``dsn: str | None``."""
    option = click.option(
        "--dsn",
        envvar=["ENGAGEMENT_DSN", "DATABASE_URL"],
        show_envvar=True,
        metavar="DSN",
        help="Connection string or URL. Without one: libpq's variables (PGHOST, PGSERVICE, …).",
    )
    return option(function)


def _show_notice(diagnostic: psycopg.errors.Diagnostic) -> None:
    if diagnostic.severity_nonlocalized in _SHOWN:
        parts = [f"{diagnostic.severity}: {diagnostic.message_primary}"]
        parts += [f"(detail: {diagnostic.message_detail})"] if diagnostic.message_detail else []
        parts += [f"(hint: {diagnostic.message_hint})"] if diagnostic.message_hint else []
        log.line("warning", " ".join(parts))


def connect(
    dsn: str | None,
    autocommit: bool = True,
    shows_warnings: bool = True,
    defaults: Mapping[str, str | int] | None = None,
) -> Connection:
    """Connect to the database.

    Args:
        dsn: connection string or URL; None or empty leaves everything to libpq.
        autocommit: whether each statement is a transaction of its own. Procedures that commit
            need it.
        shows_warnings: whether the server's warnings go to stderr; the caller may listen itself.
        defaults: parameters of libpq for which the string has no value of its own.

    Raises:
        UnreachableError: the server cannot be reached, or refuses the session.
        EngagementError: the string cannot be parsed. The message holds no part of it, which may
            be a password. Or: the session is a superuser's, and the package belongs to a role that
            is none.
    """
    try:
        given = {**(defaults or {}), **conninfo_to_dict(dsn or "")}
        conninfo = make_conninfo("", **{**given, "fallback_application_name": "engagement"})
        # An @ in a password that is not encoded leaves the rest of it in the host.
        if "@" in str(conninfo_to_dict(conninfo).get("host", ""))[1:]:
            raise psycopg.ProgrammingError
    except psycopg.Error:
        raise EngagementError(
            "the connection string cannot be understood",
            hint="Use postgresql://user@host:port/database or 'host=… dbname=…'; percent-encode "
            "special characters in a URL.",
        ) from None
    remember_secret(conninfo)
    try:
        connection = psycopg.connect(conninfo, autocommit=autocommit)
        queries.execute(connection, "pin_search_path")
        queries.execute(connection, "pin_settings")
        owner = queries.value(connection, "untrusted_owner")
        if not autocommit:
            connection.commit()
    except psycopg.Error as error:
        raise UnreachableError(error) from None
    if owner is not None:
        connection.close()
        raise EngagementError(
            f"a superuser may not work here: the package's schemas belong to the role {owner}, "
            "whose code would run as a superuser",
            hint="Connect as that role, or as one of the package's roles. If engagement was never "
            "deployed here, somebody else created these schemas: drop them first.",
        )
    if shows_warnings:
        connection.add_notice_handler(_show_notice)
    at = connection.info
    log.line(
        "debug",
        f"connected to {at.dbname} on {at.host}:{at.port} as {at.user}, "
        f"PostgreSQL {at.server_version // 10000}, process {at.backend_pid}",
    )
    return connection


@contextmanager
def pinned(connection: Connection) -> Iterator[str]:
    """Search nothing but PostgreSQL's own schema, and yield the author's search_path.

    A connection that :func:`connect` made is pinned for good; the path that it began with is its
    author's. For another one it is the present path, which is restored at the end.

    Args:
        connection: an autocommit connection.
    """
    path = str(queries.value(connection, "search_path"))
    if path == PINNED_PATH:
        yield str(queries.value(connection, "author_path"))
        return
    queries.value(connection, "set_for_session", name="search_path", value=PINNED_PATH)
    try:
        yield path
    finally:
        if not connection.broken:
            queries.value(connection, "set_for_session", name="search_path", value=path)


@contextmanager
def as_owner(connection: Connection) -> Iterator[None]:
    """Work as the role that the package belongs to, where it is deployed.

    One role owns what deployments make, whoever deploys. So code that the host's views run never
    has more rights than that role.

    Args:
        connection: an autocommit connection with a pinned search_path.

    Raises:
        EngagementError: the session may not act for that role.
    """
    owner = queries.value(connection, "package_owner")
    if owner is None:
        yield
        return
    try:
        queries.execute(connection, "adopt_objects")
        queries.value(connection, "set_for_session", name="role", value=owner)
    except psycopg.errors.InsufficientPrivilege as error:
        raise EngagementError(
            f"the package belongs to the role {owner}: {describe(error)}",
            hint="Connect as that role, a member of it, or a superuser.",
        ) from None
    try:
        yield
    finally:
        if not connection.broken:
            queries.value(connection, "set_for_session", name="role", value="none")


@contextmanager
def as_caller(connection: Connection) -> Iterator[None]:
    """Work with the session's own rights inside :func:`as_owner`."""
    role = str(queries.value(connection, "role"))
    queries.value(connection, "set_for_session", name="role", value="none")
    try:
        yield
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            queries.value(connection, "set_for_session", name="role", value=role)
