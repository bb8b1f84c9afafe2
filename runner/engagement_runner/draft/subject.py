"""What the rows of a source are about: a product, a plan, a committee, and its class."""

from __future__ import annotations

from dataclasses import dataclass, field

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import INTEGERS, Catalogue, Link, Table
from engagement_runner.draft.roles import Path

#: Kind of a path → engagement type, rule condition, class of a subject that has none.
KINDS = {
    "SALE": ("PRODUCT_PURCHASE", "ORDER_CREATION", None),
    "INVOICE": ("PRODUCT_PURCHASE", "INVOICE_CREATION", None),
    "TERM": ("PRODUCT_PURCHASE", "ORDER_CREATION", "MEMBERSHIP"),
    "ATTENDANCE": ("PRODUCT_PURCHASE", "ORDER_CREATION", "EVENT"),
    "SEAT": ("COMMITTEE_PARTICIPATION", None, None),
}


@dataclass
class Subject:
    """What was bought, attended or joined.

    Attributes:
        sql, class_sql: the view's subject_id and subject_class.
        why: the reasons for both.
        joins: what the view joins for them.
        attachments: tables and keys that lead to the subject's rows.
        labels: table, its key and class for the view of names; None: no table has names.
    """

    sql: str
    class_sql: str
    why: list[str]
    joins: list[str] = field(default_factory=list)
    attachments: list[tuple[Table, str]] = field(default_factory=list)
    labels: tuple[Table, str, str] | None = None


def draft_subject(path: Path, catalogue: Catalogue) -> Subject:
    """Return what the rows of a path are about, and its class."""
    link, constant = path.subject, KINDS[path.kind][2]
    is_gift = words.has(path.line.words[-1:], words.GIFTS)
    if is_gift:
        constant = "DONATION"
    by_kind = f"'{constant}'::text" if constant else "null::text"
    why_kind = "guess: the kind of the table" if constant else "guess: no table says of which class"
    if link is None:
        return Subject(
            f"'{constant or path.line.name.upper()}'::text", by_kind,
            ["guess: no table says what was bought", why_kind],
        )  # fmt: skip
    product, column = link.target, link.columns[0]
    subject_sql, key_sql = f"l.{column.sql}::text", f"{product.key[0].sql}::text"
    why = [f"likely: {link.label} refers to {product.label}"]
    join = f"left join {product.sql} as p on {link.on('p', 'l')}"
    parent = _parent(product)
    is_read = False
    if parent:
        inner = parent.columns[0].sql
        if parent.target is product:
            subject_sql = f"coalesce(p.{inner}, p.{product.key[0].sql})::text"
            key_sql = f"coalesce({inner}, {product.key[0].sql})::text"
        else:
            subject_sql, key_sql = f"p.{inner}::text", f"{inner}::text"
        why = [f"likely: {product.label} belongs to a family by {inner}: its members earn alike"]
        is_read = True
    family = parent.target if parent else product
    labels = (family, f"t.{family.key[0].sql}::text", "null::text")
    class_sql, reason, extra = _class(product, family, subject_sql, catalogue)
    if class_sql is None:
        class_sql, reason = by_kind, why_kind
    joins = [join] if is_read or class_sql.startswith("p.") else []
    attachments = [(product, key_sql)] if joins else []
    if parent and class_sql.startswith("f."):
        joins.append(f"left join {family.sql} as f on {parent.on('f', 'p')}")
        attachments.append((family, f"{family.key[0].sql}::text"))
    return Subject(subject_sql, class_sql, [*why, reason], joins, attachments + extra, labels)


def _parent(product: Table) -> Link | None:
    """Return the link of a variant to what it is a variant of."""
    for link in product.links:
        if len(link.columns) > 1 or link.is_clerk or not link.target.key:
            continue
        named = set(link.columns[0].words)
        if link.target is product and named & {"parent", "master", "variant", "main"}:
            return link
        is_variant = words.has(product.words[-1:], {"variant", "variation", "sku"})
        if link.target is not product and (
            (is_variant and words.has(link.target.words[-1:], words.PRODUCTS))
            or words.has(link.target.words[-1:], {"template"})
        ):
            return link
    return None


def _class(
    product: Table, family: Table, subject_sql: str, catalogue: Catalogue
) -> tuple[str | None, str, list[tuple[Table, str]]]:
    """Return the class of a product: a column of it, or the first row of a table of pairs."""
    for alias, table in (("p", product), ("f", family)):
        for link in table.links:
            if (
                words.has(link.target.words[-1:], words.CLASSES | {"section"})
                and link.target is not table and not link.is_clerk and len(link.columns) == 1
            ):  # fmt: skip
                why = f"likely: {link.label} names its class"
                return f"{alias}.{link.columns[0].sql}::text", why, []
    for of_product in (family, product):
        for link in catalogue.referrers(of_product):
            pair = link.table
            classes = [
                other for other in pair.links
                if other is not link and words.has(other.target.words[-1:], words.CLASSES)
                and other.target is not of_product and len(other.columns) == 1
            ]  # fmt: skip
            if classes and len(pair.columns) <= 5 and len(link.columns) == 1:
                of, to = link.columns[0], classes[0].columns[0]
                key = subject_sql.removesuffix("::text")
                # There is no least uuid before PostgreSQL 18.
                least = f"c.{to.sql}" if to.type in INTEGERS else f"c.{to.sql}::text"
                sql = f"(select min({least}) from {pair.sql} as c where c.{of.sql} = {key})::text"
                return sql, f"likely: the first of its rows in {pair.label}", [
                    (pair, f"{of.sql}::text")
                ]  # fmt: skip
    column_found = next(
        (
            column for column in product.columns.values()
            if column.is_text and words.has(column.words[-1:], words.CLASSES)
        ),
        None,
    )  # fmt: skip
    if column_found:
        return f"p.{column_found.sql}::text", f"likely: {column_found.name} is its class", []
    return None, "", []
