"""Where results go: results to stdout, progress and notices to stderr.

Colours appear on a terminal only, and not when NO_COLOR is set. Text from the database is shown
literally: it is never read as Rich markup, and control characters appear as escapes.
"""

from __future__ import annotations

import csv
import io
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal

import click
from psycopg.errors import Diagnostic
from rich.console import Console
from rich.text import Text

from engagement_runner import log
from engagement_runner.show.values import UNSAFE, literal

Format = Literal["table", "json", "csv"]
"""How a result is printed: a table for people, JSON or CSV for programs."""

PIPE_WIDTH = 120
"""Columns of a table that goes to a file or a pipe, unless COLUMNS says otherwise."""

_console_of_bar: Console | None = None


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave BrokenPipeError, which is being handled, to the command; Rich would exit."""
        raise


def print_above(bar: Console | None) -> None:
    """Let what goes to stderr from now on appear above the progress bar on *bar*; None: no bar."""
    global _console_of_bar
    _console_of_bar = bar


def console(stderr: bool = False) -> Console:
    """Return a console for stdout, or stderr: plain unless it is a terminal without NO_COLOR."""
    if stderr and _console_of_bar is not None:
        return _console_of_bar
    stream = sys.stderr if stderr else sys.stdout
    width = None
    if not stream.isatty() and "COLUMNS" not in os.environ:
        width = PIPE_WIDTH
    return _Console(
        file=stream,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def never_fail_to_print() -> None:
    """Make stdout and stderr print an escape for a character that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def has_unicode(out: Console) -> bool:
    """Tell whether the console's encoding has every character."""
    return out.encoding.lower().startswith("utf")


def say(text: str, style: str | None = None) -> None:
    """Print a notice for people, on stderr; one that begins with ``warning:`` is a warning."""
    level: log.Level = "warning" if text.startswith("warning:") else "info"
    if log.settings.is_json:
        log.line(level, literal(text.removeprefix("warning:").strip()))
    elif log.says(level):
        console(stderr=True).print(Text(literal(text), style=style or ""), soft_wrap=True)


def result(text: str) -> None:
    """Print one line of result on stdout, control characters escaped."""
    click.echo(literal(text))


def finding(record: Mapping[str, Any]) -> None:
    """Print a finding of a check on stdout, and what to do about it in a line of its own.

    No line is broken, so that the SQL can be pasted.
    """
    style = {"error": "bold red", "problem": "bold yellow"}.get(record["severity"], "bold")
    line = Text(record["severity"], style=style)
    line.append(f"  {literal(record['place'])}: {literal(record['finding'])}", style="not bold")
    said = []
    if record["row_count"] is not None:
        said.append(f"{record['row_count']:,} {'row' if record['row_count'] == 1 else 'rows'}")
    if record["example"] is not None:
        said.append(f"such as {literal(record['example'])}")
    if said:
        line.append(f" ({', '.join(said)})", style="not bold")
    console().print(line, soft_wrap=True)
    if record["hint"]:
        console().print(Text(f"    {literal(record['hint'])}", style="dim"), soft_wrap=True)


def section(heading: str) -> None:
    """Print the heading of a part of a result on stdout, after an empty line."""
    console().print(Text(f"\n{literal(heading)}", style="bold"))


def notice(diagnostic: Diagnostic) -> None:
    """Print a NOTICE or WARNING of the server on stderr: a handler for psycopg connections."""
    severity = (diagnostic.severity_nonlocalized or diagnostic.severity or "NOTICE").lower()
    level: log.Level = "warning" if severity == "warning" else "info"
    if log.settings.is_json or not log.says(level):
        parts = (diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint)
        log.line(level, " ".join(literal(part) for part in parts if part), diagnostic.sqlstate)
        return
    text = Text(f"{severity}: ", style="yellow" if severity == "warning" else "dim")
    for part in (diagnostic.message_primary, diagnostic.message_detail):
        if part:
            text.append(f"{literal(part)} ", style="none")
    if diagnostic.message_hint:
        text.append(literal(diagnostic.message_hint), style="dim")
    text.rstrip()
    console(stderr=True).print(text, soft_wrap=True)


def json_text(text: str) -> None:
    """Print JSON as PostgreSQL wrote it; on a terminal, control characters in it are escaped."""
    click.echo(UNSAFE.sub(_json_escaped, text))


def _json_escaped(match: re.Match[str]) -> str:
    # JSON itself escapes what is below 0x20 inside strings; outside them it is white space.
    character = match[0]
    return character if character < " " else f"\\u{ord(character):04x}"


def csv_text(
    columns: Sequence[str], records: Iterable[dict[str, Any]], header: bool = True
) -> None:
    """Print records as CSV, with a *header* line or without one.

    None is empty, everything else is as SQL sent it.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    if header:
        writer.writeheader()
    for record in records:
        writer.writerow({key: _plain(record.get(key)) for key in columns})
    text = buffer.getvalue()
    if sys.stdout.isatty():
        text = re.sub(r"[^\n]+", lambda line: literal(line[0]), text)
    click.echo(text, nl=False)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value
