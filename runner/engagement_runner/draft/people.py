"""The views of everybody who has a score, and of who was merged into whom."""

from __future__ import annotations

from engagement_runner.draft import choices, policy, text, words
from engagement_runner.draft.catalogue import DATES, INTEGERS, TEXTS, Column, Table
from engagement_runner.draft.choices import Choice
from engagement_runner.draft.keys import Keys
from engagement_runner.draft.marks import states
from engagement_runner.draft.roles import Roles

#: Last words of a column that tells kinds of customers, how many kinds it may have, and what stands
#: for a company or a person.
_KINDS = (("type",), ("kind",), ("class",), ("cls",), ("category",))
_FEW = 6
_FIRMS = ("c", "o", "b", "f")
_PEOPLE = {"i", "p"}
#: Words of columns that say something of one customer, not of which kind it is.
_SAID_OF_ONE = {"email", "mail", "name", "url", "website", "domain", "address"}
#: Names of the columns with a person's names.
_FIRST_NAMES = (("first", "name"), ("given", "name"), ("firstname",), ("forename",), ("given",))
_LAST_NAMES = (("last", "name"), ("family", "name"), ("lastname",), ("surname",), ("name",))
#: First words of the column with the customer that one was merged into.
_MERGED = {"merged", "merge", "replaced", "superseded", "duplicate", "master"}
#: Words of the states of customers who are gone.
_GONE = {
    "inactive", "closed", "deceased", "dead", "resigned", "lapsed", "deleted", "merged", "left",
    "archived", "disabled", "blocked", "suspended", "expelled", "former", "duplicate", "removed",
}  # fmt: skip
#: An instant of one of these says that a customer is gone.
_LEFT = {"resigned", "left", "ceased", "closed", "terminated", "deactivated", "inactive", "died"}


def customer_view(assigned: Roles, written: Keys) -> str:
    """Return the view of everybody who has a score."""
    customer = assigned.customer
    columns = {
        "customer_id": Choice(
            written.shown("l", customer.key), f"sure: the key of {customer.label}"
        ),
        "customer_type": _customer_type(assigned),
        "display_name": _display_name(customer),
        "is_active": _is_active(customer),
    }
    return text.view(
        "customer", columns, [f"from {customer.sql} as l"],
        written.equalities("l", customer.key), "Everybody who has a score",
    )  # fmt: skip


def _customer_type(assigned: Roles) -> Choice:
    customer = assigned.customer
    for column in customer.columns.values():
        if column.type == "boolean" and words.has(column.words, words.ORGANISATIONS):
            return Choice(
                f"case when l.{column.sql} then 'COMPANY' else 'INDIVIDUAL' end",
                f"likely: {column.name} tells companies",
            )
    for column in customer.columns.values():
        companies = [
            value for value, _ in column.values
            if words.has(words.words(value), words.ORGANISATIONS)
        ]  # fmt: skip
        companies += [
            label for label in column.labels
            if label not in companies and words.has(words.words(label), words.ORGANISATIONS)
        ]  # fmt: skip
        if companies and column.is_text and not words.has(column.words, _SAID_OF_ONE):
            items = ", ".join(choices.literal(column, value) for value in companies)
            return Choice(
                f"case when l.{column.sql} in ({items}) then 'COMPANY' else 'INDIVIDUAL' end",
                f"likely: {column.name} tells companies",
            )
    employed = assigned.employment
    if employed and employed[2] is None:
        employs = employed[1]
        return Choice(
            f"case when exists (select from {customer.sql} as e where {employs.on('l', 'e')})"
            " then 'COMPANY' else 'INDIVIDUAL' end",
            f"guess: whoever is somebody's {employs.columns[-1].name} is a company",
            ["what is a company? INDIVIDUAL has no employees' points"],
        )
    kinds = [
        column for column in customer.columns.values()
        if column.words[-1:] in _KINDS and 1 < len(column.values) <= _FEW
    ]  # fmt: skip
    for column in kinds:
        letters = {value.lower(): value for value, _ in column.values}
        firm = next((letters[letter] for letter in _FIRMS if letter in letters), None)
        if firm and letters.keys() & _PEOPLE:
            is_firm = f"l.{column.sql} = {choices.literal(column, firm)}"
            return Choice(
                f"case when {is_firm} then 'COMPANY' else 'INDIVIDUAL' end",
                f"guess: {column.name} tells companies by a letter",
                [f"what is a company? {column.name} has {_listed(column)}"],
            )
    hints = [f"{column.name} has {_listed(column)}" for column in kinds]
    hints += [
        f"{column.name} is set" for column in customer.columns.values()
        if column.words[-1:] == ("name",) and words.has(column.words[:-1], words.ORGANISATIONS)
    ]  # fmt: skip
    apart = [
        other.label for other in assigned.organisations
        if not any(path.line is other for path in assigned.paths)
    ]  # fmt: skip
    hints += [f"{label} holds them, and a union would add them" for label in apart]
    which = f" {'; '.join(hints)}." if hints else ""
    return Choice(
        "'INDIVIDUAL'::text",
        "guess: no column tells companies",
        [f"what is a company, if there are any?{which} Else delete this line"],
    )


def _listed(column: Column) -> str:
    """Return the values of a column with the share of rows of each."""
    return ", ".join(
        f"{choices.literal(column, value)} {share:.0%}" for value, share in column.values
    )


def _display_name(customer: Table) -> Choice:
    by_words = {column.words: column for column in customer.columns.values() if
                column.type in TEXTS}  # fmt: skip
    first = next((by_words[name] for name in _FIRST_NAMES if name in by_words), None)
    last = next((by_words[name] for name in _LAST_NAMES if name in by_words), None)
    if first and last:
        person = f"concat_ws(' ', l.{first.sql}, l.{last.sql})"
        company = next(
            (column for named, column in by_words.items()
             if named[-1:] == ("name",) and words.has(named[:-1], words.ORGANISATIONS)), None,
        )  # fmt: skip
        label = choices.label_of(customer, is_of_person=False)
        further = [column for column in (company, label) if column and column not in (first, last)]
        if not further:
            return Choice(person, f"sure: {first.name} and {last.name}")
        rest = ", ".join(
            f"l.{column.sql}" + ("" if column.type in TEXTS else "::text")
            for column in dict.fromkeys(further)
        )
        names = ", ".join(column.name for column in dict.fromkeys(further))
        return Choice(
            f"coalesce(nullif({person}, ''), {rest})",
            f"likely: {first.name} and {last.name}; {names} of those without",
        )
    label = choices.label_of(customer)
    if label is None:
        return Choice(_key_as_text(customer), "guess: no column has a name")
    return Choice(f"l.{label.sql}::text", f"likely: {label.name} is what people read")


def _key_as_text(table: Table) -> str:
    """Return a table's key as text."""
    return " || '/' || ".join(f"l.{column.sql}::text" for column in table.key)


def _is_active(customer: Table) -> Choice:
    for column in customer.columns.values():
        if column.type == "boolean" and column.words[-1:] in (("active",), ("enabled",)):
            return Choice(f"l.{column.sql} is true", f"sure: {column.name}")
    lines = policy.flags(customer, "l")
    conditions = [line for line in lines if not line.startswith("--")]
    questions = []
    for at, line in enumerate(lines):
        if line.startswith(text.MARK):
            following = lines[at + 1] if at + 1 < len(lines) else ""
            condition = following.removeprefix("--     and") if following[:5] == "--   " else ""
            questions.append(line.removeprefix(text.MARK) + condition)
    reasons = [line.removeprefix("-- likely: ") for line in lines if line.startswith("-- likely")]
    for column in states(customer)[:1]:
        gone = [value for value, _ in column.values if words.has(words.words(value), _GONE)]
        if gone:
            items = ", ".join(choices.literal(column, value) for value in gone)
            conditions.append(f"l.{column.sql} in ({items}) is not true")
            reasons.append(f"{column.name} says who is gone")
        if column.values:
            questions.append(f"who is gone, of {column.name}? It has {_listed(column)}")
    questions += [
        f"is whoever has {column.name} gone? If so: {choices.missing(column, 'l')}"
        for column in customer.columns.values()
        if column.type in DATES and _LEFT & set(column.words)
    ]
    if merged := merged_into(customer):
        conditions.append(_no_key(merged, customer)[0])
        reasons.append(f"whoever has {merged.name} is somebody else now")
    if conditions:
        return Choice(" and ".join(conditions), f"likely: {'; '.join(reasons)}", questions)
    return Choice("true", "guess: no column says who is gone", questions)


def merged_into(customer: Table) -> Column | None:
    """Return the column with the customer that this one was merged into."""
    for column in customer.columns.values():
        if (
            words.has(column.words[:1], _MERGED)
            and column.type == customer.key[0].type
            and len(customer.key) == 1
        ):
            return column
    return None


def _no_key(column: Column, table: Table) -> tuple[str, str]:
    """Return the condition that a column holds no key, and that it holds one.

    Where it may hold any number, 0 is none.
    """
    name = f"l.{column.sql}"
    is_declared = any(column in link.columns and link.is_declared for link in table.links)
    if column.type in INTEGERS and not is_declared:
        return f"coalesce({name}, 0) = 0", f"{name} <> 0"
    return f"{name} is null", f"{name} is not null"


def merged_view(assigned: Roles, written: Keys) -> list[str]:
    """Return the view of customers who turned out to be others; empty: the host has no such."""
    customer = assigned.customer
    column = merged_into(customer)
    if column is None:
        return []
    columns = {
        "from_id": Choice(written.shown("l", customer.key), f"sure: the key of {customer.label}"),
        "into_id": Choice(
            written.shown("l", (column,)), f"likely: {column.name} names whom it was merged into"
        ),
    }
    return [
        text.view(
            "merged_customer", columns, [f"from {customer.sql} as l"],
            [_no_key(column, customer)[1]], "Who was merged into whom",
        )
    ]  # fmt: skip


def indexes(assigned: Roles, written: Keys) -> list[str]:
    """Return the indexes that look-ups of customers and jobs need and the host has not."""
    wanted = [written.index(assigned.customer, assigned.customer.key)]
    if assigned.employment:
        table, first, second = assigned.employment
        employee = table.key if second is None else first.columns
        wanted.append(written.index(table, employee))
        wanted.append(written.index(table, (first if second is None else second).columns))
    return [index for index in wanted if index]
