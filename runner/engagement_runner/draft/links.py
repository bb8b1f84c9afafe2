"""What a column without a foreign key refers to, as far as its name and its values say."""

from __future__ import annotations

from collections.abc import Iterator

from engagement_runner.draft.catalogue import INTEGERS, KEY_WORDS, TEXTS, Catalogue, Link, Table
from engagement_runner.draft.words import CUSTOM, words

#: A key of such a table alone is of one of its own kind: an order's status is no membership's.
_GENERIC = (("status",), ("type",), ("state",), ("level",), ("role",), ("kind",), ("category",))


def by_name(catalogue: Catalogue) -> Iterator[Link]:
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
                named = _ending(column.words, by_end)
            is_own = column.name in own and table.words[-len(stem) :] == stem
            if not named and not is_own and column.words and column.words[-1] in KEY_WORDS:
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


def by_type(catalogue: Catalogue) -> Iterator[Link]:
    """Return what a key refers to whose table stands in a column beside it, in each row anew.

    ``customer_type`` is ``App\\Models\\User``: then ``customer_id`` is a key of ``users``.
    """
    for table in catalogue.tables:
        by_words = {column.words: column for column in table.columns.values()}
        for column in table.columns.values():
            if not column.is_text or column.words[-1:] != ("type",):
                continue
            stem = column.words[:-1]
            key = next((by_words[n] for w in KEY_WORDS if (n := (*stem, w)) in by_words), None)
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
    words_of_column: tuple[str, ...], by_name: dict[tuple[str, ...], list[Table]]
) -> list[Table]:
    """Return the tables whose name, the longest, a column ends with: ``bill_to_person_id``."""
    for begin in range(len(words_of_column)):
        if found := by_name.get(words_of_column[begin:]):
            return found
    return []


def _comparable(one: str, other: str) -> bool:
    kinds = (INTEGERS, TEXTS)
    return one == other or any(one in kind and other in kind for kind in kinds)
