"""Small predicates stand in hot queries: the planner must put their expressions in their place."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


@pytest.mark.parametrize(
    ("call", "expression"),
    [
        ("counts_at(w.effective_at, w.expires_at, now())", "IS NULL"),
        ("covers(w.effective_at::date, w.expires_at::date, current_date)", "IS NULL"),
        ("is_instant(w.effective_at)", "4000-01-01"),
        ("lock_class() = w.rule_id", "1701734241"),
    ],
)
def test_predicate_is_inlined(deployed: Connection, call: str, expression: str) -> None:
    for query in (
        f"select from engagement.award w where engagement.{call}",
        f"select count(*) filter (where engagement.{call}) from engagement.award w",
    ):
        plan = "\n".join(row[0] for row in deployed.execute(f"explain (verbose) {query}".encode()))
        assert expression in plan
        assert "engagement." + call.partition("(")[0] not in plan
