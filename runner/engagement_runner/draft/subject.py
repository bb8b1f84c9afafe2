"""What the rows of a source are about: a product, a plan, a committee, and its class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import Catalogue, Link, Table
from engagement_runner.draft.choices import Choice, label_of
from engagement_runner.draft.classes import Class, classes
from engagement_runner.draft.keys import joined
from engagement_runner.draft.paths import Path

#: Kind of a path → engagement type, rule condition, class of a subject that has none.
KINDS = {
    "SALE": ("PRODUCT_PURCHASE", "ORDER_CREATION", None),
    "INVOICE": ("PRODUCT_PURCHASE", "INVOICE_CREATION", None),
    "TERM": ("PRODUCT_PURCHASE", "INVOICE_CREATION", "MEMBERSHIP"),
    "ATTENDANCE": ("PRODUCT_PURCHASE", "ORDER_CREATION", "EVENT"),
    "SEAT": ("COMMITTEE_PARTICIPATION", None, None),
}


def effective_when(path: Path) -> str | None:
    """Return the condition of the rules that a path is for: a gift is there once it is paid."""
    is_paid = path.line.is_gift and not words.has(path.line.words[-1:], {"pledge"})
    return "INVOICE_CREATION" if is_paid else KINDS[path.kind][1]


#: What tickets are for.
_EVENTS = {"event", "conference", "congress"}

#: Last words of what is bought, attended or joined.
_NAMED = words.PRODUCTS | words.CLASSES | words.GROUPS | {"fund"}
#: What has variants that earn alike. A course within a course earns by itself.
_FAMILIES = {"product", "item", "article", "service", "sku", "good", "category"}


@dataclass
class Subject:
    """What was bought, attended or joined.

    Attributes:
        id, name_of_class: the view's subject_id and subject_class.
        joins: what the view joins for them.
        attachments: tables and keys that lead to the subject's rows.
        labels: table, its key and class for the view of names; None: no table has names.
        join, own: how the subject's own table is joined, and what leads from its rows.
        mark: what stands before its id, as SQL: the ids of several tables are alike.
    """

    id: Choice
    name_of_class: Choice
    joins: list[str] = field(default_factory=list)
    attachments: list[tuple[Table, str]] = field(default_factory=list)
    labels: tuple[Table, str, str] | None = None
    join: str = ""
    own: tuple[Table, str] | None = None
    mark: str = ""

    def read(self) -> None:
        """Let the view join the subject's own table."""
        if self.own and self.own not in self.attachments:
            self.joins.insert(0, self.join)
            self.attachments.insert(0, self.own)

    def prefix(self) -> None:
        """Tell ids of one table from those of another by the table's name."""
        if self.labels is None:
            return
        table, key, subject_class = self.labels
        self.mark = mark = f"'{'_'.join(table.words).upper()}-' || "
        self.id.sql = mark + self.id.sql
        self.id.why += "; other subjects have the same ids, so the table's name stands before it"
        self.attachments[:] = [(table, mark + key) for table, key in self.attachments]
        self.labels = (table, mark + key, subject_class)


def with_subject(path: Path) -> Path:
    """Return a path without a subject with the only table of names that its rows refer to."""
    if path.subject:
        return path
    known = {*path.tables, *(earner.target for earner in path.earners)}
    others = [
        link for link in path.line.links
        if link.target not in known and not link.is_clerk and link.target.key
        and any(label_of(t) for t in (link.target, *(up.target for up in link.target.links)))
        and not words.is_aside(link.target.words)
    ]  # fmt: skip
    return replace(path, subject=others[0]) if len(others) == 1 else path


def draft_subject(path: Path, aliases: Mapping[Table, str], catalogue: Catalogue) -> Subject:
    """Return what the rows of a path are about, and its class.

    Args:
        path: the path.
        aliases: of its tables in the view.
        catalogue: where tables of pairs are looked for.
    """
    link, constant = path.subject, KINDS[path.kind][2]
    is_gift = words.has(path.line.words[-1:], words.GIFTS)
    if is_gift:
        constant = "DONATION"
    by_kind = f"'{constant}'::text" if constant else "null::text"
    why_kind = "guess: the kind of the table" if constant else "guess: no table says of which class"
    if link is None:
        known = {*path.tables, *(earner.target for earner in path.earners)}
        others = ", ".join(
            other.target.label for other in path.line.links
            if other.target not in known and not other.is_clerk
        )  # fmt: skip
        return Subject(
            Choice(
                f"'{constant or path.line.name.upper()}'::text",
                "guess: no table is named as what was bought",
                [f"or is it what it refers to: {others}?"] if others else [],
            ),
            Choice(by_kind, why_kind),
        )
    product = link.target
    alias = aliases[link.table]
    subject_sql, key_sql = joined(link.columns, f"{alias}."), joined(link.target_columns, "")
    is_named = words.last_of(product.words, _NAMED) is not None
    why = f"{'likely' if is_named else 'guess'}: {link.label} refers to {product.label}"
    kind = "join" if link.is_required and link.is_declared else "left join"
    join = f"{kind} {product.sql} as p on {link.on('p', alias)}"
    parent = _parent(product)
    is_read = False
    above = []
    if parent and parent.target is product and path.kind == "SEAT":
        # The group above a committee is what rules call its class.
        above = [Class(f"p.{parent.columns[0].sql}::text", f"likely: {parent.label} is above it")]
        parent = None
    if parent:
        inner, own = parent.columns[0].sql, parent.target_columns[0].sql
        if parent.target is product:
            subject_sql = f"coalesce(p.{inner}, p.{own})::text"
            key_sql = f"coalesce({inner}, {own})::text"
        else:
            subject_sql, key_sql = f"p.{inner}::text", f"{inner}::text"
        why = f"likely: {product.label} belongs to a family by {inner}: its members earn alike"
        is_read = True
    family = parent.target if parent else product
    family_key = (parent or link).target_columns
    labels = (family, joined(family_key, "t."), "null::text")
    found = [*above, *classes(product, family, subject_sql, catalogue, path)]
    chosen = found[0] if found else Class(by_kind, why_kind)
    further = [
        f"by {other.label}" for other in family.links
        if not found and not constant and other.target is not family and not other.is_clerk
        and other.target not in path.tables and not words.has(other.target.words, words.CUSTOMERS)
    ]  # fmt: skip
    further += [
        f"by {family.label}.{column.name}" for column in family.columns.values()
        if not found and not constant and not family.is_link(column)
        and column.words[-1:] == ("id",) and words.has(column.words[-2:-1], words.CLASSES)
    ]  # fmt: skip
    others = "; ".join(
        [other.why.removeprefix("likely: ") for other in found[1:]]
        + further
        + [part.label for part in path.line.links if path.kind == "SEAT" and _is_role(part, path)]
    )
    joins: list[str] = []
    attachments: list[tuple[Table, str]] = []
    drafted = Subject(
        Choice(
            subject_sql, why,
            [
                *([] if is_named else [f"is a row of {product.label} what was bought or joined?"]),
                *_further(product, parent), *_instead(path),
            ],
        ),
        Choice(
            chosen.sql, chosen.why,
            [
                *([f"or another class: {others}?"] if others else []),
                *(["or another class? All have the same one"] if chosen.is_one else []),
            ],
        ),
        joins, attachments, labels, join, (product, key_sql),
    )  # fmt: skip
    if is_read or "p." in chosen.sql or chosen.sql.startswith("f."):
        drafted.read()
    if parent and chosen.sql.startswith("f."):
        joins.append(f"left join {family.sql} as f on {parent.on('f', 'p')}")
        attachments.append((family, joined(family_key, "")))
    attachments += chosen.attachments
    return drafted


def _is_role(link: Link, path: Path) -> bool:
    """Tell whether a seat's column says as what, such as the chair."""
    return link is not path.subject and link not in path.earners and not link.is_clerk


def _further(subject: Table, parent: Link | None) -> list[str]:
    """Return a question where what was bought refers to a product in turn, or is for an event."""
    return [
        f"or what {link.label} refers to, {link.target.label}?"
        for link in subject.links
        if link is not parent and link.target is not subject and not link.is_clerk
        and any(
            words.has(link.target.words[-1:], names) and words.has(link.words, names)
            for names in ({"product", "article", "item"}, _EVENTS - set(subject.words[-1:]))
        )
    ]  # fmt: skip


def _instead(path: Path) -> list[str]:
    """Return a question where what was bought is a class alone, and the row refers to more."""
    link = path.subject
    if link is None or path.kind in ("SEAT", "TERM"):
        return []
    if words.last_of(link.target.words, words.PRODUCTS | {"fund"}):
        return []
    known = {*path.tables, link.target, *(earner.target for earner in path.earners)}
    others = [
        f"{other.label} refers to, {other.target.label}"
        for other in link.table.links
        if other.target not in known and not other.is_clerk
        and not {"status", "stage", "parent", "recur"} & {*other.words, *other.target.words}
    ]  # fmt: skip
    return [f"or is it what {'; or '.join(others)}?"] if others else []


def _parent(product: Table) -> Link | None:
    """Return the link of a variant to what it is a variant of."""
    for link in product.links:
        if len(link.columns) > 1 or link.is_clerk or not link.target.key:
            continue
        named = set(link.words)
        is_goods = words.has(product.words[-1:], _FAMILIES) or named & {"master", "variant"}
        if link.target is product and named & {"parent", "master", "variant", "main"} and is_goods:
            return link
        is_variant = words.has(product.words[-1:], {"variant", "variation", "sku"})
        if link.target is not product and (
            (is_variant and words.has(link.target.words[-1:], words.PRODUCTS))
            or words.has(link.target.words[-1:], {"template"})
        ):
            return link
    return None
