"""The connection: ``--dsn``, else the environment, else libpq's own variables and service files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from engagement_runner.errors import (
    EXIT_UNREACHABLE,
    EngagementError,
    describe,
    remember_secret,
)

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Severities that reach the user; `create … if not exists` and the like only make notices.
_SHOWN = ("WARNING",)


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
        click.echo(" ".join(parts), err=True)


def connect(
    dsn: str | None, autocommit: bool = True, shows_warnings: bool = True
) -> psycopg.Connection[tuple[Any, ...]]:
    """Connect to the database.

    Args:
        dsn: connection string or URL; None or empty leaves everything to libpq.
        autocommit: whether each statement is a transaction of its own. Procedures that commit
            need it.
        shows_warnings: whether the server's warnings go to stderr; the caller may listen itself.

    Raises:
        EngagementError: the string cannot be parsed, or the server cannot be reached. The
            message holds no part of an unparsable string, which may be a password. The exit code
            for a server that cannot be reached is EXIT_UNREACHABLE.
    """
    try:
        conninfo = make_conninfo(dsn or "", fallback_application_name="engagement")
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
    except psycopg.Error as error:
        raise EngagementError(
            f"cannot connect: {describe(error)}", exit_code=EXIT_UNREACHABLE
        ) from None
    if shows_warnings:
        connection.add_notice_handler(_show_notice)
    return connection
