"""One source of the draft: its view, its triggers, its indexes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engagement_runner.draft import choices, money, policy, words
from engagement_runner.draft.catalogue import DATES, Catalogue, Table
from engagement_runner.draft.choices import Choice
from engagement_runner.draft.earner import draft_earner
from engagement_runner.draft.frames import index_on
from engagement_runner.draft.keys import Keys, joined
from engagement_runner.draft.marks import END, dates_by, moneys
from engagement_runner.draft.paths import Path
from engagement_runner.draft.roles import Roles
from engagement_runner.draft.subject import KINDS, Subject, draft_subject, with_subject

#: Views of other names that every adapter has.
TAKEN = ("customer", "employment", "subject", "merged_customer")


@dataclass
class Source:
    """A source as the draft writes it.

    Attributes:
        name: of the source and of its view.
        path: from its rows to the customer.
        columns: each column of the view with its choice.
        joins, where: the rest of the view, without what it reads of the subject; a line of
            *where* that begins with ``--`` is a comment.
        subject: what it is about.
        attachments: table, key and activity column, without those of the subject.
        indexes: statements that a DBA may want to run, without those of the subject.
    """

    name: str
    path: Path
    columns: dict[str, Choice]
    joins: list[str]
    where: list[str]
    subject: Subject
    attachments: list[tuple[Table, str, str]]
    indexes: list[str]

    def subject_indexes(self) -> list[str]:
        """Return the indexes that look-ups by subject need and the host has not."""
        link, mark = self.path.subject, self.subject.mark
        if not (self.subject.own and link):
            return []
        plain = Keys("bigint").index(link.table, link.columns)
        if "p." in self.subject.id.sql:
            table, key = self.subject.own
            wanted = [plain, index_on(table, f"({mark}{key})")]
        elif mark:
            wanted = [index_on(link.table, f"({mark}{joined(link.columns, '')})")]
        else:
            wanted = [Keys("text").index(link.table, link.columns)]
        return [index for index in wanted if index]


def view_name(table: Table, taken: set[str]) -> str:
    """Return a name for a view of a table that needs no quotes and is not taken yet."""
    name = re.sub(r"\W+", "_", "_".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+", table.name)))
    name = re.sub("_+", "_", name.lower()).strip("_") or "activity"
    name = name if name[0].isalpha() else f"t_{name}"
    base = name = f"{name[:26]}_row" if name in TAKEN else name[:30].rstrip("_")
    number = 2
    while name in taken:
        name, number = f"{base[:27].rstrip('_')}_{number}", number + 1
    return name


def draft(path: Path, catalogue: Catalogue, assigned: Roles, keys: Keys, name: str) -> Source:
    """Return the source for a path."""
    customer = assigned.customer
    path = with_subject(path)
    tables = list(zip("lhg", path.tables, strict=False))
    joins = [
        f"join {step.target.sql} as {alias} on {step.on(alias, below)}"
        for step, (alias, _), (below, _) in zip(path.steps, tables[1:], tables, strict=False)
    ]
    earner = draft_earner(path, tables, customer, keys, assigned.others)
    joins += earner.joins
    subject = draft_subject(path, {t: a for a, t in tables}, catalogue)
    header = path.header
    begin, end = _times(path, tables, subject)
    columns = {
        "source_id": Choice(
            keys.shown("l", path.line.key), f"sure: the key of the row{_labels_said(path.line)}"
        ),
        "document_id": (
            Choice(
                keys.shown(tables[-1][0], header.key),
                f"sure: the key of {header.label}{_labels_said(header)}",
            )
            if header else Choice("null::engagement.host_key", "sure: the row is a document itself")
        ),
        "customer_id": earner.customer,
        "employer_id": earner.employer,
        "subject_id": subject.id,
        "subject_class": subject.name_of_class,
        "quantity": choices.quantity(path.line, "l"),
        "amount": money.amount(tables),
        "occurred_at": begin,
        "ended_at": end,
    }  # fmt: skip
    reversal = choices.reverses(path.line)
    if reversal:
        columns["reverses_id"] = Choice(
            keys.shown("l", (reversal[0],)), reversal[1],
            [f"does a row whose {reversal[0].name} is set take the other one back?"],
        )  # fmt: skip
    where = [
        *earner.where,
        *policy.conditions(tables),
        *policy.takers(path, catalogue),
        *keys.equalities("l", path.line.key),
    ]
    where += earner.equalities
    if header:
        where += keys.equalities(tables[-1][0], header.key)
    attachments = [(path.line, keys.computed(path.line.key), "source_id")]
    if reversal:
        attachments.append((path.line, keys.computed((reversal[0],)), "source_id"))
    if header:
        if len(path.steps) > 1:
            attachments.append(
                (path.steps[0].target, keys.computed(path.steps[1].columns), "document_id")
            )
        attachments.append((header, keys.computed(header.key), "document_id"))
    if earner.joins:
        attachments.append((customer, keys.computed(customer.key), "customer_id"))
    wanted = [
        *(Keys("bigint").index(step.table, step.columns) for step in path.steps),
        keys.index(path.line, path.line.key),
        keys.index(header, header.key) if header else None,
        earner.index,
    ]
    return Source(
        name, path, columns, joins, where, subject, attachments,
        list(dict.fromkeys(index for index in wanted if index)),
    )  # fmt: skip


def tell_subjects_apart(sources: list[Source]) -> None:
    """Give ids of subjects a mark where several tables number them for one engagement type."""
    first: dict[str, Table] = {}
    for source in sources:
        if source.subject.labels:
            table = source.subject.labels[0]
            if first.setdefault(KINDS[source.path.kind][0], table) is not table:
                source.subject.prefix()


def _labels_said(table: Table) -> str:
    """Return what is to be known of a key with an enum: its text in an index is a list."""
    enums = [column.name for column in table.key if column.is_enum]
    return f"; a later label of {enums[0]} is to be added to the list" if enums else ""


def _may_end(path: Path) -> bool:
    """Tell whether rows of no kind may end: a document by itself that costs nothing."""
    return path.kind == "SALE" and not path.steps and not moneys(path.line)


def _times(path: Path, tables: list[tuple[str, Table]], subject: Subject) -> tuple[Choice, Choice]:
    """Return when it happened, and when it ends.

    What has no date of its own, such as a place in a course, has that of its subject.
    """
    if path.kind in ("TERM", "SEAT"):
        for alias, table in tables:
            if lasting := choices.lasts(table, alias):
                return lasting
    begin = choices.happened(tables)
    if begin.is_unknown and path.subject:
        of_subject = choices.happened([("p", path.subject.target)])
        if not of_subject.is_unknown:
            begin = of_subject
            subject.read()
    if path.kind not in ("TERM", "SEAT") and not _may_end(path):
        return begin, Choice("null::timestamptz", "sure: it has no end")
    if found := dates_by(path.line, END):
        return begin, choices.ends(path.line, found[0], "l")
    others = ", ".join(
        column.name for column in path.line.columns.values()
        if column.type in DATES and f".{column.sql}" not in begin.sql
        and not words.has(column.words, choices.MADE | {"updated", "modified", "changed"})
    )  # fmt: skip
    return begin, Choice(
        "null::timestamptz", "guess: no column is named as the end",
        [f"does it end by one of these: {others}?"] if others else [],
    )  # fmt: skip
