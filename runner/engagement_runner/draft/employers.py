"""The view of who works for whom."""

from __future__ import annotations

from engagement_runner.draft import choices, policy, text, words
from engagement_runner.draft.catalogue import Column
from engagement_runner.draft.choices import Choice
from engagement_runner.draft.keys import Keys
from engagement_runner.draft.marks import term
from engagement_runner.draft.roles import Roles

#: Words of tables that say who works where, if the columns do not.
_JOBS = {"employer", "employee", "employment", "job", "affiliation"}


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
    main = Choice("true", "guess: of several jobs the one that began last counts")
    where: list[str] = []
    table = None
    jobs = ", ".join(
        t.label for t, _ in assigned.aside
        if words.has(t.words, _JOBS)
        or any(link.target in assigned.organisations for link in t.links)
    )  # fmt: skip
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
        for column in table.columns.values():
            yes = policy.yes_of(column) if {"primary", "main"} & set(column.words) else None
            if yes:
                main = Choice(
                    f"l.{column.sql} is not distinct from {yes}", f"likely: {column.name}"
                )
        where = [f"l.{employer[0].sql} is not null"]
        where += written.equalities("l", table.key if second is None else first.columns)
    columns = {
        **nobody,
        "is_primary": main,
        **times,
    }
    source = [f"from {table.sql} as l"] if table else []
    return text.view(
        "employment", columns, source, where if table else ["false"], "Who works for whom"
    )


def _day(column: Column) -> str:
    if column.type == "date":
        return f"l.{column.sql}"
    return f"({choices.instant(column, 'l')} at time zone {choices.ZONE})::date"
