"""Reads the catalogue and its statistics."""

from __future__ import annotations

from typing import Any

from engagement_runner import queries
from engagement_runner.connection import Connection
from engagement_runner.draft import links
from engagement_runner.draft.catalogue import KEY_WORDS, UNIX, Catalogue, Column, Link, Table
from engagement_runner.draft.words import TIMES, words

#: Seconds since 1970 of what hosts write about: from 1985 until 2100.
_FIRST_SECOND, _LAST_SECOND = 473_385_600, 4_102_444_800


def read(connection: Connection) -> Catalogue:
    """Read the catalogue and its statistics, and no row of the host. Raises psycopg.Error."""
    records = queries.rows(connection, "host_tables").records
    catalogue = Catalogue([_table(record) for record in records])
    for table, record in zip(catalogue.tables, records, strict=True):
        for foreign_key in record["foreign_keys"] or ():
            target = catalogue.by_sql.get(foreign_key["target"])
            if target:
                columns, target_columns = (
                    tuple(t.columns[name] for name in foreign_key[part])
                    for t, part in ((table, "columns"), (target, "target_columns"))
                )
                table.links.append(Link(table, columns, target, target_columns, True))
    for link in [*links.by_name(catalogue), *links.by_type(catalogue)]:
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
    if bounds and bounds[0] is not None and TIMES & set(named) and named[-1] not in KEY_WORDS:
        for kind, parts in UNIX.items():
            if _FIRST_SECOND * parts < bounds[0] and bounds[1] < _LAST_SECOND * parts:
                return kind
    return str(record["type"])
