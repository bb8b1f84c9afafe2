"""Commands for social community scores: by hand, and as a file."""

import contextlib
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from engagement_runner import queries, show, uploadfile
from engagement_runner.connection import Connection, dsn_option
from engagement_runner.errors import EngagementError
from engagement_runner.session import format_option, option, session

_Function = TypeVar("_Function", bound=Callable[..., Any])

#: Options of add and edit that are columns of a score, with what they mean.
_FIELDS = (
    ("--score", "The score as the community counts it."),
    ("--description", "What staff read."),
    ("--comments", "Remarks of staff."),
    ("--scored-at", "From when it counts."),
    ("--ends-at", "Until when it counts, exclusive."),
)
_CLEARABLE = ("description", "comments", "ends_at")

_system_option = option(
    "--system", metavar="SYSTEM", default="MANUAL", help="Where the score comes from."
)


def _names(function: _Function) -> _Function:
    """Declare the arguments that name a score."""
    for argument in (
        click.argument("social_subtype", metavar="[SUBTYPE]", default=""),
        click.argument("social_type", metavar="TYPE"),
        click.argument("customer"),
    ):
        function = argument(function)
    return function


def _fields(*required: str) -> Callable[[_Function], _Function]:
    def declare(function: _Function) -> _Function:
        for flag, meaning in reversed(_FIELDS):
            function = option(flag, metavar="VALUE", help=meaning, required=flag in required)(
                function
            )
        return function

    return declare


PROGRESS_ROWS = 1000
"""Rows of a file between two looks at how far it is."""


@click.group()
def social() -> None:
    """List, add, edit, remove and import social community scores."""


@social.command("list")
@dsn_option
@click.argument("customer", required=False)
@format_option
def list_(dsn: str | None, customer: str | None, format: show.Format) -> None:
    """List the social community scores of CUSTOMER, or of everybody."""
    with session(dsn) as connection:
        if customer is not None:
            queries.call_value(connection, "check_customer", customer_id=queries.Customer(customer))
        show.social(queries.rows(connection, "social_list", customer=customer), format)


@social.command()
@dsn_option
@_names
@_fields("--score")
@_system_option
def add(dsn: str | None, **names_and_fields: str | None) -> None:
    """Add a score of CUSTOMER for the activity TYPE, or for its SUBTYPE.

    Without --scored-at it counts from now on.
    """
    with session(dsn) as connection:
        _set(connection, "added", is_new=True, cleared=[], **names_and_fields)


@social.command()
@dsn_option
@_names
@_fields()
@option(
    "--clear",
    multiple=True,
    type=click.Choice(_CLEARABLE),
    metavar="COLUMN",
    help=f"Clear a column; can be repeated. One of {', '.join(_CLEARABLE)}.",
)
@_system_option
def edit(dsn: str | None, clear: tuple[str, ...], **names_and_fields: str | None) -> None:
    """Change a score of CUSTOMER: what is given, and nothing else."""
    fields = {flag[2:].replace("-", "_") for flag, _ in _FIELDS}
    both = [key for key in clear if names_and_fields[key] is not None]
    if both:
        raise click.UsageError(f"{both[0]} is both set and cleared")
    if not clear and all(names_and_fields[key] is None for key in fields):
        raise click.UsageError("nothing to change: give at least one option")
    with session(dsn) as connection:
        _set(connection, "changed", is_new=False, cleared=list(clear), **names_and_fields)


def _set(connection: Connection, done: str, **parameters: object) -> None:
    row = queries.record(connection, "social_set", **parameters)
    if row is not None:
        until = show.instant(row["ends_at"])
        show.result(
            f"{_title(row)} of customer {row['customer_id']} {done}: {show.number(row['score'])} "
            f"from {show.instant(row['scored_at'])}{f' until {until}' if until else ''}"
        )


def _title(names: dict[str, Any]) -> str:
    what = f"{names['social_type']} {names['social_subtype']}".rstrip()
    return f"{what} ({names['source_system']})"


@social.command()
@dsn_option
@_names
@_system_option
def remove(dsn: str | None, customer: str, system: str, **names: str) -> None:
    """Remove a score of CUSTOMER, and its points."""
    with session(dsn) as connection:
        names["source_system"] = system
        queries.call_value(
            connection, "remove_social_score", customer_id=queries.Customer(customer), **names
        )
        show.result(f"{_title(names)} of customer {customer} removed.")


@social.command("import")
@dsn_option
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@format_option
def import_(dsn: str | None, file: Path, format: show.Format) -> None:
    """Load a CSV file of scores: new ones are added, known ones changed.

    FILE is a path, or - for stdin: UTF-8, with a header line. Columns, in any order: customer,
    type, score, and where needed subtype, description, comments, system (else UPLOAD), scored_at,
    ends_at. Customer, system, type and subtype identify a score, so the same file can be imported
    again.

    Lines that cannot be loaded are listed with their number, the column, the value and what is
    wrong with it, and the exit code is 1. The others are loaded all the same, in one transaction.
    """
    name = "stdin" if str(file) == "-" else str(file)
    with session(dsn) as connection:
        with _open(file, name) as lines:
            line_count = _line_count(file)
            rejected = load_scores(connection, lines, name, format, line_count)
        if rejected:
            first = rejected[0]
            raise EngagementError(
                f"{name}, line {first['line_number']}: {show.literal(first['rejected_reason'])}; "
                f"{show.count(len(rejected), 'line')} not loaded",
                hint="Correct these lines and import the file again.",
            )


def load_scores(
    connection: Connection,
    lines: Iterable[str],
    name: str,
    output: show.Format = "table",
    line_count: int = 0,
) -> list[dict[str, Any]]:
    """Load the lines of a CSV file, print what was done, return the lines that were rejected.

    All in one transaction, of which the rejected lines leave no trace. *name* is the file's name
    in messages, *line_count* the number of its lines, 0 where nobody knows. Raises
    EngagementError for a file of another kind, psycopg.Error from the database; then nothing is
    loaded.
    """
    with connection.transaction(), show.RunProgress(logs_at_once=False) as progress:
        rows = uploadfile.rows(lines, name, connection.info.encoding)
        with connection.cursor().copy(queries.load("social_copy")) as copy:
            for number, row in enumerate(rows):
                if number % PROGRESS_ROWS == 0:
                    progress.update(_progress("reading lines", number, line_count))
                copy.write_row(row)
            progress.update(_progress("storing scores", 0, 0))
        counts = queries.loads(queries.value(connection, "social_copied"))
        rejected = queries.rows(connection, "social_rejected")
    show.upload(counts, rejected, output)
    return rejected.records


def _progress(phase: str, done: int, total: int) -> dict[str, Any]:
    return {"run_mode": "IMPORT", "phase": phase, "done_count": done, "total_count": total}


def _line_count(file: Path) -> int:
    """Return how many lines of scores a file has; 0 for what can be read only once."""
    if not file.is_file():
        return 0
    with file.open("rb") as binary:
        return max(0, sum(1 for _ in binary) - 1)


@contextlib.contextmanager
def _open(file: Path, name: str) -> Iterator[TextIO]:
    """Open a CSV file as UTF-8; what is none becomes lone surrogates, for a reason per line."""
    try:
        binary = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    except OSError as error:
        raise EngagementError(f"{name} cannot be read: {error.strerror}") from None
    text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
    with text:
        yield text
