"""Errors as one line: file, line, SQLSTATE, message, detail, hint; never a password."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict

from engagement_runner import log

#: Exit codes. Click itself ends with 2 on a usage error; 130 is what shells have for Ctrl-C. 4 to 7
#: are what status finds, the worst last.
EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_DIFFERENCES = 3
EXIT_PENDING = 4
EXIT_STALE = 5
EXIT_DRIFT = 6
EXIT_FAILED = 7
EXIT_UNREACHABLE = 8
EXIT_INTERRUPTED = 130
#: What shells have for a program that SIGPIPE ends: whoever read its output is gone.
EXIT_NO_READER = 141

_URL_PASSWORD = re.compile(r"(://[^:/?#\s]*:)[^\s]*(?=@)")
_WORD_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.IGNORECASE)
_secrets: set[str] = set()

_PACKAGE_SCHEMA = re.compile(r" engagement(_host|_meta)?$")
_NEEDS_A_ROLE = (
    "The role needs membership in engagement_staff, engagement_operator or engagement_admin. "
    "deploy --roles creates these roles."
)


#: Type of a text that the server could not read → how to write one.
_HOW_TO_WRITE = {
    "date": "Write 2026-01-31.",
    "interval": "Write 90 days, 3 months or 1 year.",
    "timestamp": "Write 2026-01-31, or 2026-01-31 18:00+01:00.",
    "numeric": "Write a number, such as 5 or 2.5.",
    "integer": "Write a whole number, such as 5.",
    "bigint": "Write a whole number, such as 5.",
    "array": "Write values with commas between them, such as 4,8,12.",
}


class EngagementError(Exception):
    """Something that the user can understand and act on.

    Args:
        message: what is wrong.
        hint: what to do about it, if anything.
        exit_code: exit code of a command that ends with it.
    """

    def __init__(self, message: str, hint: str | None = None, exit_code: int = EXIT_ERROR) -> None:
        super().__init__(message)
        self.hint = hint
        self.exit_code = exit_code

    def __str__(self) -> str:
        text = str(self.args[0])
        return f"{text} (hint: {self.hint})" if self.hint else text


def not_deployed() -> EngagementError:
    """Return the error of a command in a database that does not have the package."""
    return EngagementError(
        "engagement scoring is not deployed in this database",
        hint="engagement deploy --host NAME|FILE.sql",
    )


def remember_secret(dsn: str) -> None:
    """Keep the password of a connection string out of every later message."""
    password = conninfo_to_dict(dsn).get("password")
    if password:
        _secrets.add(str(password))


def redact(text: str) -> str:
    """Return the text without passwords."""
    for secret in _secrets | {os.environ.get("PGPASSWORD", "")} - {""}:
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", text)
    text = _URL_PASSWORD.sub(r"\1***", text)
    return _WORD_PASSWORD.sub(r"\1***", text)


def one_line(text: str) -> str:
    """Join the lines of a text."""
    return " ".join(text.split())


def describe(
    error: psycopg.Error, path: str | None = None, line: int = 1, statement: str = ""
) -> str:
    """Turn a PostgreSQL error into one line.

    Args:
        error: the error.
        path: the file that was being applied, if any.
        line: line on which the failed statement begins in the file.
        statement: the failed statement; the server's position points into it.
    """
    diag = error.diag
    if diag.statement_position:
        line += statement.count("\n", 0, int(diag.statement_position) - 1)
    parts = [f"{path}:{line}:"] if path else []
    parts.append(f"{diag.severity or 'ERROR'} {error.sqlstate or 'connection'}:")
    message = diag.message_primary or str(error) or type(error).__name__
    parts.append(message)
    if diag.message_detail:
        parts.append(f"(detail: {diag.message_detail})")
    # The server's own hint, about datestyle, leads nowhere.
    hint = _HOW_TO_WRITE.get(_refused_type(error, message)) or diag.message_hint
    if isinstance(error, psycopg.errors.InsufficientPrivilege) and _PACKAGE_SCHEMA.search(message):
        hint = hint or _NEEDS_A_ROLE
    if hint:
        parts.append(f"(hint: {hint})")
    return redact(one_line(" ".join(parts)))


def _refused_type(error: psycopg.Error, message: str) -> str:
    """Return the type of HOW_TO_WRITE that a text was refused as; empty: it is another error."""
    if message.startswith("malformed array literal"):
        return "array"
    named = next((name for name in _HOW_TO_WRITE if f"type {name}" in message), "")
    if error.sqlstate in ("22007", "22008"):
        return named or "timestamp"  # "Date/time field value out of range" names no type
    return named if error.sqlstate in ("22P02", "22003") else ""


@contextmanager
def command_errors() -> Iterator[None]:
    """Turn what goes wrong inside a command into one line on stderr and an exit code.

    Use as a context manager, or as a decorator with ``@command_errors()``.
    """
    try:
        yield
    except EngagementError as error:
        message = f"engagement: {redact(one_line(str(error)))}"
        log.line("error", message, getattr(error, "sqlstate", None))
        raise SystemExit(error.exit_code) from None
    except psycopg.Error as error:
        log.line("error", f"engagement: {describe(error)}", error.sqlstate)
        raise SystemExit(EXIT_ERROR) from None
