"""A CSV file of social community scores, as rows for COPY into engagement.social_upload.

The file is read line by line and never held as a whole. What a row says is for SQL to judge; here
only those rows are marked that no CSV reader, or no text column, can take.
"""

import csv
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from engagement_runner.errors import EngagementError

Row: TypeAlias = tuple[int | str | None, ...]

COLUMNS = (
    "customer_id",
    "social_type",
    "social_subtype",
    "score",
    "description",
    "comments",
    "source_system",
    "scored_at",
    "ends_at",
)
"""Columns of a row, between its line number and why it cannot be taken (None: it can)."""

MOST_QUOTED = 60
"""How many characters of a value a reason quotes."""

_ALIASES = {
    "customer": "customer_id",
    "type": "social_type",
    "subtype": "social_subtype",
    "system": "source_system",
}
_NAMES = {column: alias for alias, column in _ALIASES.items()}
_REQUIRED = ("customer_id", "social_type", "score")


def rows(lines: Iterable[str], name: str, encoding: str = "utf-8") -> Iterator[Row]:
    """Yield a row for each record of a CSV file: the line on which it begins, COLUMNS, a reason.

    Args:
        lines: the file's lines with their ends; undecodable bytes as lone surrogates.
        name: the file's name in messages.
        encoding: Python's name of the encoding in which the rows will travel.

    Records whose fields are all empty are left out. Raises EngagementError when the header is not
    there, or not one of this kind of file.
    """
    reader = csv.reader(lines, strict=True)
    columns = _header(reader, name)
    nothing: Row = (None,) * len(COLUMNS)
    while True:
        begin = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            until = f", read until line {reader.line_num}" if reader.line_num > begin else ""
            yield (begin, *nothing, f"not CSV: {error}{until}")
            continue
        if not any(field.strip() for field in fields):
            continue
        problem = _problem(fields, columns, encoding)
        if problem:
            yield (begin, *nothing, problem)
        else:
            record = dict(zip(columns, fields, strict=False))
            yield (begin, *(record.get(column) for column in COLUMNS), None)


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    """Return the columns that the first record names. Raises EngagementError."""
    try:
        header = next((fields for fields in reader if any(fields)), [])
    except csv.Error as error:
        raise EngagementError(f"{name} is not CSV: {error}") from None
    if any("\ud800" <= character <= "\udfff" for field in header for character in field):
        raise EngagementError(f"{name} is not UTF-8 text", hint="Save it as CSV UTF-8.")
    known = f"Columns, in any order: {', '.join(_NAMES.get(c, c) for c in COLUMNS)}."
    if not header:
        raise EngagementError(f"{name} has no header line", hint=known)
    columns = []
    for field in header:
        column = field.strip().lower()
        column = _ALIASES.get(column, column)
        if column not in COLUMNS:
            raise EngagementError(f"{name}: unknown column {field.strip() or '(no name)'}", known)
        if column in columns:
            raise EngagementError(f"{name}: two columns are {_NAMES.get(column, column)}", known)
        columns.append(column)
    missing = [_NAMES.get(column, column) for column in _REQUIRED if column not in columns]
    if missing:
        raise EngagementError(f"{name}: column {', '.join(missing)} is missing", known)
    return columns


def _problem(fields: list[str], columns: list[str], encoding: str) -> str | None:
    """Return why a record cannot be a row, or None; with the column and its value."""
    if any(field.strip() for field in fields[len(columns) :]):
        return f"{len(fields)} fields where the header has {len(columns)}"
    for column, field in zip(columns, fields, strict=False):
        value = f"{_NAMES.get(column, column)} {_shortened(field)!a}"
        if "\0" in field:
            return f"{value} holds a NUL character"
        try:
            field.encode(encoding)
        except UnicodeEncodeError:
            return f"{value} is not UTF-8, or not in the database's encoding ({encoding})"
    return None


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}…"
