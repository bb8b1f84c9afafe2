"""Of which class a product, a plan or a committee is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import INTEGERS, Catalogue, Table
from engagement_runner.draft.paths import Path


@dataclass
class Class:
    """A way to say of which class a product is; *is_one*: all are of one class by it."""

    sql: str
    why: str
    attachments: list[tuple[Table, str]] = field(default_factory=list)
    is_one: bool = False


def classes(
    product: Table, family: Table, subject_sql: str, catalogue: Catalogue, path: Path
) -> Iterator[Class]:
    """Return the classes of a product, the likeliest first.

    Its column that refers to a class, the first row of a table of pairs, a text of its own.
    """
    qualified = []
    for alias, table in (("p", product), *([("f", family)] if family is not product else [])):
        for link in table.links:
            if (
                not words.has(link.target.words[-1:], words.CLASSES | {"section"})
                or link.target is table or link.is_clerk or len(link.columns) > 1
            ):  # fmt: skip
                continue
            column = link.columns[0]
            found = Class(f"{alias}.{column.sql}::text", f"likely: {link.label} names its class")
            # Such as a category for the books alone.
            said = set(column.words) - words.CLASSES - set(table.words) - {"id", "section"}
            if said:
                qualified.append(found)
            else:
                yield found
    for of_product in dict.fromkeys((family, product)):
        for link in catalogue.referrers(of_product):
            pair = link.table
            classes = [
                other for other in pair.links
                if other is not link and words.has(other.target.words[-1:], words.CLASSES)
                and other.target is not of_product and len(other.columns) == 1
            ]  # fmt: skip
            is_one = len(link.columns) == 1 and "||" not in subject_sql and pair not in path.tables
            if classes and is_one and _is_pair(pair, of_product, classes[0].target):
                of, to = link.columns[0], classes[0].columns[0]
                key = subject_sql.removesuffix("::text")
                # There is no least uuid before PostgreSQL 18.
                least = f"c.{to.sql}" if to.type in INTEGERS else f"c.{to.sql}::text"
                yield Class(
                    f"(select min({least}) from {pair.sql} as c where c.{of.sql} = {key})::text",
                    f"likely: the first of its rows in {pair.label}",
                    [(pair, f"{of.sql}::text")],
                )
    yield from qualified
    for column in product.columns.values():
        named = column.words[:-1] if column.words[-1:] == ("code",) else column.words
        is_one = len(column.values) == 1 and column.null_share == 0
        if column.is_text and words.has(named[-1:], words.CLASSES):
            yield Class(
                f"p.{column.sql}::text", f"likely: {column.name} is its class", is_one=is_one
            )


def _is_pair(pair: Table, product: Table, group: Table) -> bool:
    """Tell whether a table does nothing but join two others: its name has no word but theirs."""
    known = set(product.words) | set(group.words)
    return len(pair.columns) <= 8 and all(
        word in known or any(word == one + other for one in known for other in known)
        for word in pair.words
    )
