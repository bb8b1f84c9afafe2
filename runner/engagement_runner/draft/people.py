"""The views of the draft that every host has: who has a score, and who works for whom."""

from __future__ import annotations

from engagement_runner.draft import choices, policy, text, words
from engagement_runner.draft.catalogue import TEXTS, Column, Table
from engagement_runner.draft.choices import Choice
from engagement_runner.draft.keys import Keys
from engagement_runner.draft.marks import term
from engagement_runner.draft.roles import Roles

#: Words of tables that say who works where, if the columns do not.
_JOBS = {"employer", "employee", "employment", "job", "affiliation"}


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
        if companies and column.is_text:
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
    return Choice(
        "'INDIVIDUAL'::text",
        "guess: no column tells companies",
        ["what is a company, if there are any? Else delete this line"],
    )


def _display_name(customer: Table) -> Choice:
    by_words = {column.words: column for column in customer.columns.values() if
                column.type in TEXTS}  # fmt: skip
    first = by_words.get(("first", "name")) or by_words.get(("given", "name"))
    last = by_words.get(("last", "name")) or by_words.get(("family", "name"))
    if first and last:
        person = f"concat_ws(' ', l.{first.sql}, l.{last.sql})"
        company = next(
            (column for named, column in by_words.items()
             if named[-1:] == ("name",) and words.has(named[:-1], words.ORGANISATIONS)), None,
        )  # fmt: skip
        if company is None:
            return Choice(person, f"sure: {first.name} and {last.name}")
        return Choice(
            f"coalesce(nullif({person}, ''), l.{company.sql})",
            f"likely: {first.name} and {last.name}; {company.name} of those without",
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
    questions = [line.removeprefix(text.MARK) for line in lines if line.startswith(text.MARK)]
    reasons = [line.removeprefix("-- likely: ") for line in lines if line.startswith("-- likely")]
    if conditions:
        return Choice(" and ".join(conditions), f"likely: {'; '.join(reasons)}", questions)
    return Choice("true", "guess: no column says who is gone", questions)


def employment_view(assigned: Roles, written: Keys) -> str:
    """Return the view of jobs; it has no rows where no table says who works for whom."""
    found = assigned.employment
    nobody = {
        "employee_id": Choice("null::engagement.host_key", "guess: no table says who works where"),
        "employer_id": Choice("null::engagement.host_key", "guess: as above"),
    }
    times = {
        "begin_on": Choice("null::date", "guess: unknown"),
        "end_on": Choice("null::date", "guess: it goes on"),
    }
    where: list[str] = []
    table = None
    jobs = ", ".join(t.label for t, _ in assigned.aside if words.has(t.words, _JOBS))
    if jobs:
        nobody["employee_id"].decide.append(f"or does {jobs} say who works where?")
    if found:
        table, first, second = found
        employee = written.shown("l", table.key if second is None else first.columns)
        employer = (first if second is None else second).columns
        nobody = {
            "employee_id": Choice(employee, f"likely: {table.label} says who works for whom"),
            "employer_id": Choice(
                written.shown("l", employer), f"likely: {employer[0].name} is the employer",
                ["does it mean employment, and is each of them a company?"],
            ),
        }  # fmt: skip
        lasting = term(table)
        if second is not None and lasting:
            times = {
                "begin_on": Choice(_day(lasting[0]), f"likely: {lasting[0].name}"),
                "end_on": Choice(_day(lasting[1]), f"likely: {lasting[1].name}"),
            }
        where = [f"l.{employer[0].sql} is not null"]
        where += written.equalities("l", table.key if second is None else first.columns)
    columns = {
        **nobody,
        "is_primary": Choice("true", "guess: of several jobs the one that began last counts"),
        **times,
    }
    source = [f"from {table.sql} as l"] if table else []
    return text.view(
        "employment", columns, source, where if table else ["false"], "Who works for whom"
    )


def indexes(assigned: Roles, written: Keys) -> list[str]:
    """Return the indexes that look-ups of customers and jobs need and the host has not."""
    wanted = [written.index(assigned.customer, assigned.customer.key)]
    if assigned.employment:
        table, first, second = assigned.employment
        employee = table.key if second is None else first.columns
        wanted.append(written.index(table, employee))
        wanted.append(written.index(table, (first if second is None else second).columns))
    return [index for index in wanted if index]


def _day(column: Column) -> str:
    if column.type == "date":
        return f"l.{column.sql}"
    return f"({choices.instant(column, 'l')} at time zone {choices.ZONE})::date"
