"""The draft of an adapter: the whole file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engagement_runner.draft import choices, employers, keys, people, roles, source, text
from engagement_runner.draft.catalogue import Catalogue, Table
from engagement_runner.draft.frames import filled, quoted
from engagement_runner.draft.keys import Keys
from engagement_runner.draft.roles import Roles
from engagement_runner.draft.source import Source
from engagement_runner.draft.subject import KINDS, effective_when

#: How many tables a list at the head names.
_SHOWN = 12


@dataclass(frozen=True)
class Draft:
    """An adapter as far as the catalogue tells.

    Attributes:
        text: the file.
        key_type: for ``--key-type``.
        roles, sources: what it was made of.
        decision_count: lines that a person has to decide.
    """

    text: str
    key_type: str
    roles: Roles
    sources: list[Source]

    @property
    def decision_count(self) -> int:
        """How many lines are left to decide."""
        return sum(line.strip().startswith(text.MARK.strip()) for line in self.text.splitlines())


def write(catalogue: Catalogue, assigned: Roles) -> Draft:
    """Write the adapter for a host whose tables are what *assigned* says."""
    customer = assigned.customer
    paths = assigned.paths
    used = [customer.key]
    for path in paths:
        used += [path.line.key, *([path.header.key] if path.header else [])]
    key_type, why_type = keys.type_for(used)
    written = Keys(key_type)
    names: set[str] = set()
    sources = []
    for path in paths:
        name = source.view_name(path.line, names)
        names.add(name)
        sources.append(source.draft(path, catalogue, assigned, written, name))
    source.tell_subjects_apart(sources)
    parts = [
        "\n".join(_head(assigned, sources, written, why_type)),
        *map(_source_view, sources),
        people.customer_view(assigned, written),
        employers.employment_view(assigned, written),
        *people.merged_view(assigned, written),
        _subject_view(sources, customer),
        *(statement for each in sources for statement in _registration(each)),
        *_attachments(assigned, written),
    ]
    return Draft("\n\n".join(parts) + "\n", key_type, assigned, sources)


def _head(assigned: Roles, sources: list[Source], written: Keys, why_type: str) -> Iterator[str]:
    yield from text.wrapped(
        "Host adapter, drafted from the catalogue: from names, types, references and statistics. "
        "No row was read. Each choice says why, and whether it is sure, likely or a guess. A line "
        "that begins with DECIDE waits for you: decide, then delete the line.", "-- ",
    )  # fmt: skip
    yield "--"
    yield from text.wrapped(f"Deploy it with --key-type {written.type}: {why_type}.", "-- ")
    if only := keys.only_for(written.type, assigned.customer, assigned.paths):
        labels = ", ".join(table.label for table in only)
        yield from text.wrapped(
            f"does {labels} have to earn? Its keys alone make all keys text, and the key type "
            "cannot be changed later. --line with the others leaves it out.", text.MARK,
        )  # fmt: skip
    yield from text.wrapped(
        f"Customers are the rows of {assigned.customer.label}"
        + (f"; other tables of people: {_names(assigned.others[:4])}" if assigned.others else "")
        + ".", "-- ",
    )  # fmt: skip
    yield from _common_questions(sources)
    yield "--"
    if not sources:
        yield from text.wrapped(
            "no table was found that says what customers did. Are they in "
            f"{assigned.customer.label}? The words of names are taken for English. Others refer "
            f"most to {_names(assigned.referred)}. Name both: --customer TABLE --line TABLE.",
            text.MARK,
        )
    for each in sources:
        yield from text.wrapped(
            f"{each.name}: {', '.join(t.label for t in each.path.tables)}, "
            f"{each.path.line.row_count:,} rows. {'; '.join(each.path.reasons)}.", "--   * ",
        )  # fmt: skip
        if each.path.is_doubtful:
            yield from text.wrapped(f"do rows of {each.path.line.label} earn?", text.MARK)
        for other, why in roles.doubles(each.path, [s.path for s in sources], assigned.pairs):
            both = f"{each.path.line.label} and of {other.label}"
            yield from text.wrapped(f"do rows of {both} both earn? {why}.", text.MARK)
    yield from _left_out(
        "Nothing in this file reads them; their names are those of what customers do:",
        [(f"{table.label}, {table.row_count:,} rows", why) for table, why in assigned.unread],
    )
    yield from _left_out(
        "They name a customer and do not earn:",
        [(table.label, why) for table, why in assigned.aside],
    )
    wanted = [index for each in sources for index in (*each.indexes, *each.subject_indexes())]
    indexes = list(dict.fromkeys([*wanted, *people.indexes(assigned, written)]))
    if indexes:
        yield "--"
        yield "-- Indexes that look-ups need and the host has not. The adapter makes none."
        yield from (f"--     {index}" for index in indexes)


def _left_out(title: str, tables: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Return a list of tables, each with the reason why it is left out."""
    if not tables:
        return
    yield "--"
    yield f"-- {title}"
    for label, why in tables[:_SHOWN]:
        yield from text.wrapped(f"{label}: {why}.", "--   * ")
    if len(tables) > _SHOWN:
        yield f"--   * and {len(tables) - _SHOWN} more."


def _common_questions(sources: list[Source]) -> Iterator[str]:
    """Return what is to be decided once for all sources: time zones and the currency."""
    chosen = [choice for each in sources for choice in each.columns.values()]
    zoneless = list(dict.fromkeys(name for choice in chosen for name in choice.zoneless))
    currencies = list(dict.fromkeys(choice.currency for choice in chosen if choice.currency))
    questions = []
    if zoneless:
        questions.append(
            f"does the host write UTC? These columns have no zone: {', '.join(zoneless)}."
        )
    questions += [
        f"is {currency} the organisation's currency? Rows of another one have no amount."
        for currency in currencies
    ]
    if questions:
        yield "--"
    for question in questions:
        yield from text.wrapped(question, text.MARK)


def _names(tables: Sequence[Table]) -> str:
    return ", ".join(table.label for table in tables)


def _source_view(each: Source) -> str:
    return text.view(
        each.name, each.columns,
        [f"from {each.path.line.sql} as l", *each.joins, *each.subject.joins],
        each.where, f"Activity source: rows of {each.path.line.label}",
    )  # fmt: skip


def _subject_view(sources: list[Source], customer: Table) -> str:
    names: dict[tuple[str, Table], str] = {}
    for each in sources:
        engagement_type = KINDS[each.path.kind][0]
        if each.subject.labels:
            table, key, subject_class = each.subject.labels
            names[engagement_type, table] = (
                filled(
                    "draft_names",
                    engagement_type=quoted(engagement_type),
                    subject_id=key,
                    subject_class=subject_class,
                    display_name=_name_of(table, key, customer),
                )
                + f"\nfrom {table.sql} as t"
            )
        elif each.subject.id.sql.startswith("'"):
            constant = each.subject.id.sql
            shown = " ".join(each.path.line.words).capitalize()
            names[engagement_type, each.path.line] = filled(
                "draft_names",
                engagement_type=quoted(engagement_type),
                subject_id=constant,
                subject_class="null::text",
                display_name=quoted(shown),
            )
    nobody = dict.fromkeys(("subject_id", "subject_class", "display_name"), "null::text")
    no_name = filled("draft_names", engagement_type="null", **nobody) + "\nwhere false"
    return filled(
        "draft_subjects", names="\nunion all\n".join(names.values() or [no_name])
    ) + text.comment_on("subject", "Names of what is bought, attended and joined")


def _name_of(table: Table, key: str, customer: Table) -> str:
    """Return the name of a subject: its own, else that of what it refers to, else its key."""
    if label := choices.label_of(table, is_of_person=False):
        return f"t.{label.sql}::text"
    for link in table.links:
        above = choices.label_of(link.target, is_of_person=False)
        if above and link.target not in (table, customer) and not link.is_clerk:
            found = f"from {link.target.sql} as n where {link.on('n', 't')}"
            return f"(select n.{above.sql}::text {found})"
    return key


def _registration(each: Source) -> Iterator[str]:
    engagement_type, when = KINDS[each.path.kind][0], effective_when(each.path)
    yield filled(
        "draft_source",
        source=quoted(each.name),
        engagement_type=quoted(engagement_type),
        effective_when=quoted(when) if when else "null",
        view=quoted(f"engagement_host.{each.name}"),
    )
    of_subject = [(table, key, "subject_id") for table, key in each.subject.attachments]
    for table, key, activity_column in dict.fromkeys([*each.attachments, *of_subject]):
        yield _attachment(each.name, table, key, activity_column)


def _attachments(assigned: Roles, written: Keys) -> Iterator[str]:
    customer = assigned.customer
    yield _attachment("customer", customer, written.computed(customer.key), "customer_id")
    if assigned.employment:
        table, first, second = assigned.employment
        employee = table.key if second is None else first.columns
        yield _attachment("employment", table, written.computed(employee), "customer_id")


def _attachment(name: str, table: Table, key: str, activity_column: str) -> str:
    return filled(
        "draft_attachment",
        source=quoted(name),
        table=quoted(table.sql),
        key_column=quoted(key),
        activity_column=quoted(activity_column),
    )
