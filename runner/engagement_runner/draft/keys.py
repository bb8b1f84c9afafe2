"""Keys of the host as the views show them and as the triggers compute them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engagement_runner.draft.catalogue import INSTANTS, INTEGERS, Column, Table
from engagement_runner.draft.frames import index_on, quoted
from engagement_runner.draft.paths import Path


def type_for(keys: Iterable[Sequence[Column]]) -> tuple[str, str]:
    """Return the type that holds all these keys, and why: bigint, uuid or text."""
    columns = [column for key in keys for column in key]
    types = {column.type for column in columns}
    if any(len(key) > 1 for key in keys):
        return "text", "some keys have several columns"
    if types <= set(INTEGERS):
        return "bigint", "all keys are integers"
    if types == {"uuid"}:
        return "uuid", "all keys are uuid"
    return "text", f"keys are {', '.join(sorted(types))}"


def only_for(key_type: str, customer: Table, paths: Sequence[Path]) -> list[Table]:
    """Return the tables but for which all keys would be numbers or uuids; empty: none, or most."""
    if key_type != "text":
        return []
    plain = type_for([customer.key])[0]
    others = [
        path.line
        for path in paths
        if type_for([path.line.key, *([path.header.key] if path.header else [])])[0] != plain
    ]
    return others if plain != "text" and len(others) * 2 <= len(paths) else []


@dataclass(frozen=True)
class Keys:
    """How keys are written in a deployment whose keys are of one type."""

    type: str

    def shown(self, alias: str, columns: Sequence[Column]) -> str:
        """Return a key as a view shows it."""
        return self._bare(columns, f"{alias}.", is_part=True) + "::engagement.host_key"

    def computed(self, columns: Sequence[Column]) -> str:
        """Return a key as a trigger computes it from a row."""
        return self._bare(columns, "", is_part=False)

    def _bare(self, columns: Sequence[Column], prefix: str, is_part: bool) -> str:
        if self.type != "text":
            return f"{prefix}{columns[0].sql}"
        text = joined(columns, prefix)
        return f"({text})" if is_part and len(columns) > 1 else text

    def equality(self, expression: str, columns: Sequence[Column]) -> list[str]:
        """Return what lets PostgreSQL look through the cast of a key to the host's index."""
        if self.type != "bigint" or columns[0].type == "bigint":
            return []
        return [f"{expression} = {expression}::bigint"]

    def equalities(self, alias: str, columns: Sequence[Column]) -> list[str]:
        """As equality, of a key that is one column."""
        return self.equality(f"{alias}.{columns[0].sql}", columns)

    def index(self, table: Table, columns: Sequence[Column]) -> str | None:
        """Return the index that a look-up by this key needs and the host has not; None: it has."""
        # The text of another type is another value to an index.
        is_text = columns[0].type in ("text", "character varying")
        is_cast = self.type == "text" and (len(columns) > 1 or not is_text)
        if not is_cast:
            if columns[0].name in table.indexed:
                return None
            return index_on(table, columns[0].sql)
        return index_on(table, f"({joined(columns, '')})")


def joined(columns: Sequence[Column], prefix: str) -> str:
    """Return a key as text; the parts of a composite one stand between slashes."""
    return " || '/' || ".join(_as_text(column, f"{prefix}{column.sql}") for column in columns)


def _as_text(column: Column, name: str) -> str:
    """Return a part of a key as a text that an index can hold: no setting changes it.

    The text of a date depends on the session, so it is a number. That of an enum's label depends on
    the label's name now.
    """
    if column.is_enum:
        whens = " ".join(f"when {quoted(label)} then {quoted(label)}" for label in column.labels)
        return f"case {name} {whens} end"
    if column.type == "date":
        return f"({name} - '2000-01-01'::date)::text"
    if column.type in INSTANTS:
        zone = "+00" if column.type == "timestamp with time zone" else ""
        return f"extract(epoch from {name} - '2000-01-01 00:00{zone}'::{column.type})::text"
    return f"{name}::text"
