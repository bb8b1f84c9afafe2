"""Listings: a table for people, JSON and CSV for programs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from rich.table import Table
from rich.text import Text

from engagement_runner.queries import Rows
from engagement_runner.show.bars import bar_width, bars
from engagement_runner.show.output import (
    PIPE_WIDTH,
    Format,
    console,
    csv_text,
    has_unicode,
    json_text,
    result,
)
from engagement_runner.show.values import flag, instant, literal, points, steps

NARROW = 80
"""Columns of a terminal below which a table leaves out what it can."""

_FORMATS: Mapping[str, Callable[[object], str]] = {"instant": instant, "flag": flag, "steps": steps}


@dataclass(frozen=True)
class Column:
    """One column of a listing: *key* of the records, *heading* for people, and its *kind*.

    A bar draws the number under *key* to scale; only people see it. What *is_wide* people see where
    the terminal has NARROW columns at least; programs always do.
    """

    key: str
    heading: str
    kind: Literal["text", "number", "instant", "flag", "steps", "bar"] = "text"
    no_wrap: bool = False
    is_wide: bool = False


def grid(header_style: str = "dim", expand: bool = False) -> Table:
    """Return an empty table as all of them look: without lines, columns two blanks apart."""
    return Table(
        box=None, header_style=header_style, padding=(0, 2, 0, 0), pad_edge=False, expand=expand
    )


def listing(rows: Rows, columns: Sequence[Column], output: Format, empty: str) -> None:
    """Print *rows* in the chosen format; *empty* is what a person reads when there are none."""
    if output == "json":
        json_text("[" + ",".join(f"\n  {text}" for text in rows.texts) + "\n]" if rows else "[]")
    elif output == "csv":
        csv_text([column.key for column in columns if column.kind != "bar"], rows.records)
    elif not rows:
        result(empty)
    else:
        out = console()
        out.print(table(rows.records, columns, out.width, has_unicode(out)))


def for_programs(rows: Rows, keys: Sequence[str], output: Format, empty: str = "") -> None:
    """Print *rows* as JSON, or as CSV with the columns *keys*; a person reads *empty*."""
    listing(rows, [Column(key, key) for key in keys], output, empty)


def table(
    records: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    width: int = PIPE_WIDTH,
    unicode: bool = True,
) -> Table:
    """Return a table of records, numbers right-aligned and padded per column."""
    columns = [column for column in columns if width >= NARROW or not column.is_wide]
    layout = grid("bold")
    formats: list[Callable[[object], str]] = []
    for column in columns:
        is_number = column.kind == "number"
        layout.add_column(
            Text(column.heading),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or column.no_wrap,
        )
        if is_number:
            formats.append(points(record.get(column.key) for record in records))
        elif column.kind == "bar":
            values = [record.get(column.key) for record in records]
            formats.append(bars(values, bar_width(width), unicode))
        else:
            formats.append(_FORMATS.get(column.kind, literal))
    for record in records:
        layout.add_row(
            *(Text(show(record.get(c.key))) for c, show in zip(columns, formats, strict=True))
        )
    return layout
