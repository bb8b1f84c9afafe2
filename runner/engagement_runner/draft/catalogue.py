"""The host's tables as the draft sees them: columns, keys, references, a few values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.draft.words import CLERKS, CUSTOM, GIFTS, TIMES, has, words

INTEGERS = ("smallint", "integer", "bigint")
NUMBERS = (*INTEGERS, "numeric", "real", "double precision", "money")
TEXTS = ("text", "character varying", "character", "citext", "name")
INSTANTS = ("timestamp with time zone", "timestamp without time zone")
#: Whole numbers whose names and values say that they are seconds, or thousandths, since 1970.
UNIX = {"unix seconds": 1, "unix milliseconds": 1000}
DATES = (*INSTANTS, "date", *UNIX)

#: A key of such a table alone is of one of its own kind: an order's status is no membership's.
_GENERIC = (("status",), ("type",), ("state",), ("level",), ("role",), ("kind",), ("category",))
#: Seconds since 1970 of what hosts write about: from 1985 until 2100.
_FIRST_SECOND, _LAST_SECOND = 473_385_600, 4_102_444_800
#: So many rows tell that a column is not in use.
_ENOUGH = 100
#: Last words of a column that holds the key of another table's row.
_KEY_WORDS = ("id", "key", "no", "nr", "number", "code", "uuid", "ref", "fk", "guid", "pk")


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
    """The host's tables, in the order of their names."""

    def __init__(self, tables: list[Table]) -> None:
        self.tables = tables
        self._by_sql = {table.sql: table for table in tables}

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


def read(connection: Connection) -> Catalogue:
    """Read the catalogue and its statistics, and no row of the host. Raises psycopg.Error."""
    records = queries.rows(connection, "host_tables").records
    catalogue = Catalogue([_table(record) for record in records])
    for table, record in zip(catalogue.tables, records, strict=True):
        for foreign_key in record["foreign_keys"] or ():
            target = catalogue._by_sql.get(foreign_key["target"])
            if target:
                columns, target_columns = (
                    tuple(t.columns[name] for name in foreign_key[part])
                    for t, part in ((table, "columns"), (target, "target_columns"))
                )
                table.links.append(Link(table, columns, target, target_columns, True))
    for link in [*_links_by_name(catalogue), *_links_by_type(catalogue)]:
        link.table.links.append(link)
    return catalogue


def _table(record: dict[str, Any]) -> Table:
    columns = {c["name"]: _column(c) for c in record["columns"]}
    return Table(
        schema=record["schema"],
        name=record["name"],
        sql=record["sql"],
        row_count=record["row_count"],
        write_count=record["write_count"],
        columns=columns,
        keys=[tuple(columns[name] for name in key) for key in record["unique_keys"] or ()],
        indexed=frozenset(record["indexed"] or ()),
        is_partitioned=record["is_partitioned"],
    )


def _column(record: dict[str, Any]) -> Column:
    return Column(
        name=record["name"],
        sql=record["sql"],
        type=_type(record),
        is_enum=record["is_enum"],
        is_not_null=record["is_not_null"],
        labels=tuple(record["labels"] or ()),
        values=tuple((value, float(share)) for value, share in record["values"] or ()),
        null_share=None if record["null_share"] is None else float(record["null_share"]),
    )


def _type(record: dict[str, Any]) -> str:
    """Return the type of a column; its name and its values may say that a number is an instant."""
    bounds = record["bounds"]
    named = words(record["name"])
    if bounds and bounds[0] is not None and TIMES & set(named) and named[-1] not in _KEY_WORDS:
        for kind, parts in UNIX.items():
            if _FIRST_SECOND * parts < bounds[0] and bounds[1] < _LAST_SECOND * parts:
                return kind
    return str(record["type"])


def _links_by_name(catalogue: Catalogue) -> Iterator[Link]:
    """Return what columns without a foreign key refer to, as far as their names say.

    A column has the name of another table's key, or of the table: ``order_id`` leads to ``orders``.
    """
    by_key: dict[tuple[str, ...], list[Table]] = {}
    by_end: dict[tuple[str, ...], list[Table]] = {}
    for table in catalogue.tables:
        if len(table.key) == 1:
            if len(table.key[0].words) > 1:
                by_key.setdefault(table.key[0].words, []).append(table)
            for begin in range(len(table.words)):
                by_end.setdefault(table.words[begin:], []).append(table)
    for table in catalogue.tables:
        declared = {column.name for link in table.links for column in link.columns}
        own = {key[0].name for key in table.keys if len(key) == 1}
        for column in table.columns.values():
            if column.name in declared:
                continue
            named = [] if column.name in own else _ending(column.words, by_key)
            stem = column.words[:-1]
            if stem[:1] == ("parent",) and table.words[-len(stem) + 1 :] == stem[1:] and table.key:
                yield Link(table, (column,), table, table.key[:1], False)
                continue
            if not named and column.name.endswith(CUSTOM):
                named = _ending((*column.words, ""), by_end, -1)
            is_own = column.name in own and table.words[-len(stem) :] == stem
            if not named and not is_own and column.words and column.words[-1] in _KEY_WORDS:
                named = by_end.get(stem, [])
            found = [
                target
                for target in named
                if target is not table
                and _comparable(column.type, target.key[0].type)
                and not (stem in _GENERIC and set(target.words[:-1]) - set(table.words))
            ]
            if found:
                target = min(found, key=lambda t: (len(t.words), t.sql))
                yield Link(table, (column,), target, target.key, False)


def _links_by_type(catalogue: Catalogue) -> Iterator[Link]:
    """Return what a key refers to whose table stands in a column beside it, in each row anew.

    ``customer_type`` is ``App\\Models\\User``: then ``customer_id`` is a key of ``users``.
    """
    for table in catalogue.tables:
        by_words = {column.words: column for column in table.columns.values()}
        for column in table.columns.values():
            if not column.is_text or column.words[-1:] != ("type",):
                continue
            stem = column.words[:-1]
            key = next((by_words[n] for w in _KEY_WORDS if (n := (*stem, w)) in by_words), None)
            for value, _ in column.values if key and stem and not table.is_link(key) else ():
                named = words(value)
                found = [
                    target for target in catalogue.tables
                    if target is not table and len(target.key) == 1 and key is not None
                    and named and target.words == named[-len(target.words) :]
                    and _comparable(key.type, target.key[0].type)
                ]  # fmt: skip
                if found and key:
                    target = max(found, key=lambda t: (len(t.words), t.sql))
                    yield Link(table, (key,), target, target.key, False, (column, value))


def _ending(
    words_of_column: tuple[str, ...],
    by_name: dict[tuple[str, ...], list[Table]],
    until: int | None = None,
) -> list[Table]:
    """Return the tables whose key's name a column has, or ends with: ``bill_to_person_id``."""
    for begin in range(len(words_of_column) - 1):
        if found := by_name.get(words_of_column[begin:until]):
            return found
    return []


def _comparable(one: str, other: str) -> bool:
    kinds = (INTEGERS, TEXTS)
    return one == other or any(one in kind and other in kind for kind in kinds)
