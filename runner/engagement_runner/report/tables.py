"""Records as tables of a page, written in the organisation's locale."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from engagement_runner import show
from engagement_runner.report.columns import Column, Kind
from engagement_runner.report.formats import Formats

Record = Mapping[str, Any]
"""A row of a query."""


@dataclass(frozen=True)
class Cell:
    """A value as it is written; a share has a bar of *width* percent."""

    text: str | Markup
    width: Decimal | None = None


@dataclass(frozen=True)
class Table:
    """A table of a page: its headings, and whether numbers are below them; its rows.

    *more* says how many rows there would be beyond those shown; *sums* are the rows that sum up
    those that follow.
    """

    caption: str
    headings: Sequence[tuple[str, bool]]
    rows: Sequence[Sequence[Cell]]
    more: str = ""
    sums: Collection[int] = ()


class Writer:
    """Writes records into tables.

    Attributes:
        formats: how numbers, dates and shares are written.
    """

    def __init__(self, formats: Formats) -> None:
        self.formats = formats

    def table(self, caption: str, columns: Sequence[Column], records: Sequence[Record]) -> Table:
        """Return a table; ``total_count`` of the records says how many there would be."""
        rows: list[list[Cell]] = [[] for _ in records]
        for key, _, kind in columns:
            values = [record[key] for record in records]
            written = self._written(kind, values)
            for row, value in zip(rows, values, strict=True):
                width = None
                if kind == "share" and value is not None:
                    width = min(max(Decimal(value), Decimal(0)), Decimal(1)) * 100
                row.append(Cell(written(value), width))
        total = records[0].get("total_count", len(records)) if records else 0
        headings = [
            (show.literal(name), kind in ("number", "share", "bare share"))
            for _, name, kind in columns
        ]
        return Table(caption, headings, rows, self._more(total - len(records)))

    def _more(self, count: int) -> str:
        if count == 0:
            return ""
        return f"{self.formats.number(count)} more {'is' if count == 1 else 'are'} not shown."

    def _written(self, kind: Kind, values: Sequence[Any]) -> Callable[[Any], str]:
        if kind == "number":
            return self.formats.numbers(values)
        if kind in ("share", "bare share"):
            return self.formats.percents(values)
        known: Mapping[Kind, Callable[[Any], str]] = {
            "day": self.day,
            "month": lambda value: self.spoken(self.formats.month(value)),
            "flag": show.flag,
        }
        return known.get(kind, show.literal)

    def day(self, value: object) -> Markup:
        """Return the date of an ISO instant, marked as words of the locale's language."""
        return self.spoken(self.formats.day(value))

    def spoken(self, date: str) -> Markup:
        """Mark a date as words of the locale's language: the page itself is in English."""
        language = str(self.formats.locale).replace("_", "-")
        return Markup('<span lang="{}">{}</span>').format(language, date) if date else Markup()
