"""The host's tables as the draft sees them: columns, keys, references, a few values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from engagement_runner.draft.words import CLERKS, GIFTS, has, words

INTEGERS = ("smallint", "integer", "bigint")
NUMBERS = (*INTEGERS, "numeric", "real", "double precision", "money")
TEXTS = ("text", "character varying", "character", "citext", "name")
INSTANTS = ("timestamp with time zone", "timestamp without time zone")
#: Whole numbers whose names and values say that they are seconds, or thousandths, since 1970.
UNIX = {"unix seconds": 1, "unix milliseconds": 1000}
DATES = (*INSTANTS, "date", *UNIX)

#: So many rows tell that a column is not in use.
_ENOUGH = 100
#: Last words of a column that holds the key of another table's row.
KEY_WORDS = ("id", "key", "no", "nr", "number", "code", "uuid", "ref", "fk", "guid", "pk")


@dataclass(frozen=True)
class Column:
    """A column of the host.

    Attributes:
        name, sql: its name, and the name as SQL writes it.
        type: of a domain the type below it; of UNIX where a whole number is an instant.
        values: the values and the share of rows that has each, where there are few; else empty.
        labels: of an enum, in its order.
        null_share: share of rows without a value; None: no statistics.
    """

    name: str
    sql: str
    type: str
    is_enum: bool
    is_not_null: bool
    labels: tuple[str, ...]
    values: tuple[tuple[str, float], ...]
    null_share: float | None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return words(self.name)

    @property
    def is_text(self) -> bool:
        """Whether it holds text, or one of a list of words."""
        return self.is_enum or self.type in TEXTS


@dataclass(frozen=True, eq=False)
class Link:
    """Columns of a table that hold the key of another one's row.

    Attributes:
        is_declared: a foreign key says so; otherwise the names do.
        only: a column of the table, and its value where the key is one of the target; None: always.
    """

    table: Table
    columns: tuple[Column, ...]
    target: Table
    target_columns: tuple[Column, ...]
    is_declared: bool
    only: tuple[Column, str] | None = None

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its columns' names."""
        return tuple(word for column in self.columns for word in column.words)

    @property
    def is_clerk(self) -> bool:
        """Whether it names who typed the row rather than whom it concerns."""
        return any(word in CLERKS for word in self.words)

    @property
    def is_required(self) -> bool:
        """Whether every row has it."""
        return self.only is None and all(column.is_not_null for column in self.columns)

    @property
    def is_empty(self) -> bool:
        """Whether no row has it, of enough rows to tell."""
        return self.columns[0].null_share == 1 and self.table.row_count >= _ENOUGH

    @property
    def label(self) -> str:
        """``table.column``, for a comment."""
        return f"{self.table.label}.{', '.join(column.name for column in self.columns)}"

    def on(self, above: str, below: str) -> str:
        """Return the condition that joins *above*, an alias of the target, to *below*."""
        return " and ".join(
            f"{above}.{target.sql} = {below}.{column.sql}"
            for column, target in zip(self.columns, self.target_columns, strict=True)
        )


@dataclass(eq=False)
class Table:
    """A table of the host.

    Attributes:
        schema, name, sql: where it is, and how SQL writes it, with its schema.
        keys: its unique keys, the primary one first.
        links: what it refers to.
        indexed: names of the columns that an index begins with.
    """

    schema: str
    name: str
    sql: str
    row_count: int
    write_count: int
    columns: dict[str, Column]
    keys: list[tuple[Column, ...]]
    indexed: frozenset[str]
    is_partitioned: bool = False
    links: list[Link] = field(default_factory=list)

    @cached_property
    def words(self) -> tuple[str, ...]:
        """The words of its name."""
        return words(self.name)

    @property
    def is_gift(self) -> bool:
        """Whether its name says that its rows are gifts."""
        return has(self.words, GIFTS)

    @property
    def key(self) -> tuple[Column, ...]:
        """Its first unique key whose columns all have values; empty: it has none."""
        return next((key for key in self.keys if all(c.is_not_null for c in key)), ())

    @property
    def lacks_statistics(self) -> bool:
        """Whether it has rows and nobody has run ANALYZE."""
        return self.row_count > 0 and all(
            column.null_share is None for column in self.columns.values()
        )

    @property
    def label(self) -> str:
        """Its name, with the schema where that is not ``public``."""
        return self.name if self.schema == "public" else f"{self.schema}.{self.name}"

    def links_to(self, target: Table) -> Iterator[Link]:
        """Return what refers to a table and does not name a clerk."""
        return (link for link in self.links if link.target is target and not link.is_clerk)

    def is_link(self, column: Column) -> bool:
        """Tell whether a column refers to another table."""
        return any(column in link.columns for link in self.links)


class Catalogue:
    """The host's tables, in the order of their names.

    Attributes:
        tables: all of them.
        by_sql: each by its name as SQL writes it.
    """

    def __init__(self, tables: list[Table]) -> None:
        self.tables = tables
        self.by_sql = {table.sql: table for table in tables}

    def find(self, name: str) -> Table | None:
        """Return the table that a user named, with its schema or without."""
        wanted = name.replace('"', "").lower()
        found = [
            table
            for table in self.tables
            if wanted in (table.name.lower(), f"{table.schema}.{table.name}".lower())
        ]
        return found[0] if found else None

    def referrers(self, target: Table) -> Iterator[Link]:
        """Return every link to a table that does not name a clerk."""
        for table in self.tables:
            yield from table.links_to(target)
