"""How well a draft agrees with what a person would have chosen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg

from engagement_runner.draft import adapter, reading, roles
from engagement_runner.draft.adapter import Draft
from engagement_runner.draft.source import Source

#: By view and column: the host's columns that a person's choice reads, ``table.column``, or the
#: choice itself where it reads none.
Expected = Mapping[str, Mapping[str, set[str] | str]]

_COLUMN = re.compile(r'\b([lhgpfkc])\.("[^"]+"|\w+)')


@dataclass
class Measure:
    """What a draft got right, what it leaves to a person, and what it got wrong without a word."""

    right: list[str] = field(default_factory=list)
    decide: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def share_right(self) -> float:
        """Share of the choices that are right."""
        return len(self.right) / (len(self.right) + len(self.decide) + len(self.wrong))

    def __str__(self) -> str:
        return (
            f"{len(self.right)} right ({self.share_right:.0%}), {len(self.decide)} left to decide: "
            f"{', '.join(self.decide) or 'none'}, {len(self.wrong)} wrong: "
            f"{', '.join(self.wrong) or 'none'}"
        )


def draft_of(session: psycopg.Connection[Any]) -> Draft:
    """The draft without a word from a person."""
    found = reading.read(session)
    candidates = roles.customers(found)
    assigned = roles.assign(found, candidates[0])
    assigned.others = candidates[1:]
    return adapter.write(found, assigned)


def measure(draft: Draft, customer: str, expected: Expected) -> Measure:
    """Compare a draft with a person's choices.

    Args:
        draft: what was drafted.
        customer: the table of those who have a score.
        expected: the person's choices for each view; a view that is not there is one of them too.
    """
    found = Measure()
    _note(found, "customer", draft.roles.customer.name == customer, bool(draft.roles.others))
    views = {source.name: source for source in draft.sources}
    for name, columns in expected.items():
        source = views.get(name)
        if source is None:
            has_none = not draft.sources
            _note(found, name, False, has_none)
            continue
        _note(found, name, True, False)
        for column, choice in columns.items():
            if column == "where":
                is_right = choice <= set(source.where)  # type: ignore[operator]
                asks = any(line.startswith("-- DECIDE") for line in source.where)
            else:
                chosen = source.columns[column]
                is_right = choice == (read_by(source, chosen.sql) or chosen.sql)
                # The currency is asked for once, at the head of the file.
                asks = bool(chosen.decide or chosen.currency)
            _note(found, f"{name}.{column}", is_right, asks)
    for name in views.keys() - expected.keys():
        _note(found, f"{name}, which earns nothing", False, views[name].path.is_doubtful)
    return found


def _note(found: Measure, what: str, is_right: bool, asks: bool) -> None:
    (found.right if is_right else found.decide if asks else found.wrong).append(what)


def read_by(source: Source, sql: str) -> set[str]:
    """Return the host's columns that an expression of a view reads, as ``table.column``."""
    tables = {alias: table.name for alias, table in zip("lhg", source.path.tables, strict=False)}
    return {
        f"{tables.get(alias, alias)}.{column.strip(chr(34))}"
        for alias, column in _COLUMN.findall(sql)
    }
