"""Who earns by the rows of a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import Table
from engagement_runner.draft.choices import Choice, literal
from engagement_runner.draft.frames import index_on
from engagement_runner.draft.keys import Keys
from engagement_runner.draft.paths import Path

#: What a look-up by columns of two tables costs.
_NO_INDEX = ". Then no index serves the look-up by customer: a refresh reads the whole table"


@dataclass
class Earner:
    """Who earns, and who employs at that time.

    Attributes:
        customer, employer: the view's columns.
        joins, where, equalities: what they add to the view.
        index: what a refresh of one customer needs and the host has not.
    """

    customer: Choice
    employer: Choice
    joins: list[str]
    where: list[str]
    equalities: list[str]
    index: str | None


def draft_earner(
    path: Path,
    tables: list[tuple[str, Table]],
    customer: Table,
    keys: Keys,
    others_of_people: Sequence[Table] = (),
) -> Earner:
    """Return who earns: whoever receives, and if nobody is named, whoever pays.

    Args:
        path: from the rows to who earns.
        tables: those of the view, with their aliases.
        customer: the table of those who have a score.
        keys: how keys are written.
        others_of_people: further tables of people; a name alone may mean one of them.
    """
    aliases = {table: alias for alias, table in tables}
    first, *others = path.earners
    alias, table, columns = aliases[first.table], first.table, first.columns
    chosen = Choice(
        keys.shown(alias, columns),
        f"{'sure' if first.is_declared else 'likely'}: {first.label} refers to {customer.label}",
    )
    namesakes = [
        other.label for other in others_of_people
        if other.key and other.key[0].type == columns[-1].type and other not in path.tables
        and not any(link.target is customer for link in other.links)
    ]  # fmt: skip
    if not first.is_declared and not first.only and namesakes:
        chosen.decide.append(
            f"is {first.label} a key of {customer.label}, or of {', '.join(namesakes[:3])}?"
        )
    joins, where = [], []
    employer = Choice(
        "null::engagement.host_key", "guess: no column says who employed at that time"
    )
    equalities, index = keys.equalities(alias, columns), keys.index(table, columns)
    second = next((link for link in others if link.table is table and not link.is_empty), None)
    if first.target_columns != customer.key:
        joins.append(f"join {customer.sql} as k on {first.on('k', alias)}")
        chosen.sql = keys.shown("k", customer.key)
        equalities, index = keys.equalities("k", customer.key), None
    elif not first.is_required and second and len(columns) == len(second.columns) == 1:
        names = [f"{alias}.{link.columns[0].sql}" for link in (first, second)]
        cast = "::text" if keys.type == "text" else ""
        expression = f"coalesce({', '.join(names)}){cast}"
        chosen.sql = f"{expression}::engagement.host_key"
        chosen.why += f"; {second.columns[0].name} stands in where it is missing"
        if not set(first.words) & words.RECEIVERS:
            chosen.why = chosen.why.replace("sure:", "likely:")
            both = f"{columns[0].name} or {second.columns[0].name}"
            chosen.decide.append(f"who earns where both are named, {both}?")
        equalities = keys.equality(expression, columns)
        index = index_on(table, f"({expression.replace(f'{alias}.', '')})")
        if not path.line.is_gift:
            employer.decide.append(
                f"does {second.columns[0].name} employ whoever receives? "
                f"nullif({names[1]}{cast}, {expression})::engagement.host_key "
                "counts where MULTIPLE_CONCURRENT_EMPLOYERS is Y"
            )
        others.remove(second)
        first = second
    if first.only:
        kind, value = first.only
        where.append(f"{alias}.{kind.sql} = {literal(kind, value)}")
        rest = ", ".join(literal(kind, other) for other, _ in kind.values if other != value)
        if rest:
            chosen.decide.append(f"rows whose {kind.name} is {rest} earn nobody anything?")
    if not (first.is_required or (first.only and columns[0].is_not_null)):
        where.append(f"{chosen.sql.removesuffix('::engagement.host_key')} is not null")
        chosen.why += "; rows without one, such as guests', earn nobody anything"
        share = first.columns[0].null_share
        if share and share >= 0.1:
            chosen.why = chosen.why.replace("sure:", "likely:") + f": {share:.0%} of them"
        if first.is_empty:
            chosen.decide.append("who earns? No row has a value here")
    if others:
        names = [f"{aliases[link.table]}.{link.columns[-1].sql}" for link in others]
        cast = "::text" if keys.type == "text" else ""
        both = f"coalesce({alias}.{columns[-1].sql}, {names[0]}){cast}::engagement.host_key"
        chosen.decide.append(
            f"who earns? {', '.join(names)} could, too"
            + ("" if first.is_required else f", or where the other one is missing: {both}")
            + (_NO_INDEX if not first.is_required and others[0].table is not table else "")
        )
    employers = [
        (at, link) for at, part in tables for link in part.links_to(customer)
        if words.has(link.words, words.ORGANISATIONS)
    ]  # fmt: skip
    if employers:
        at, link = employers[0]
        employer = Choice(keys.shown(at, link.columns), f"likely: {link.label} is the employer")
    return Earner(chosen, employer, joins, where, equalities, index)
