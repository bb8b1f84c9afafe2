"""Random lives on a cluster, and on one machine: the same scores, row by row.

The state machine compares the cluster with the oracle as it goes. When a life is over, its host,
rules and parameters are copied to a plain PostgreSQL and scored there from nothing, for the same
instant; what both have must be equal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import psycopg
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test
from psycopg import sql

from citus.life import Connection, rows
from cluster import SHARD_COUNT, ClusterDatabases
from engagement_runner.deploy import deploy
from oracle.driver import CRM_TABLES, Driver
from oracle.test_state_machine import EXAMPLES, THOROUGH, Association, search

#: Whatever scores depend on.
INPUTS = [
    *(f"crm.{table}" for table in CRM_TABLES),
    "engagement.social_score",
    "engagement.score_adjustment",
    "engagement.score_rule",
    "engagement.score_band",
]

#: What the ledger and the scores say; not when it was written, nor what was there before.
RESULTS = {
    "award": """
        select customer_id, source, source_id, rule_id, document_id, employer_id, subject_id,
               subject_class, quantity, amount, points, effective_at, expires_at
        from engagement.award where voided_at is null
        order by customer_id::text, source, source_id::text, rule_id""",
    "customer_score": """
        select customer_id, own_score, employee_score, score, ytd_score, overview_score,
               employee_ytd_score, employee_overview_score, percentile, band_code, ranked_type,
               next_change_at
        from engagement.customer_score order by customer_id::text""",
    "category_score": """
        select customer_id, category_code, score, ytd_score, overview_score
        from engagement.category_score order by customer_id::text, category_code""",
}


def copy(table: str, source: Connection, target: Connection) -> None:
    """Put the rows of a table in the place of another's."""
    name = sql.SQL(".").join(map(sql.Identifier, table.split(".")))
    with source.cursor() as reader, target.cursor() as writer:
        writer.execute(sql.SQL("delete from {}").format(name))
        columns = sql.SQL(", ").join(
            sql.Identifier(column)
            for (column,) in rows(
                source,
                "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
                " and not attisdropped and attgenerated = '' order by attnum",
                table,
            )
        )
        taken = sql.SQL("copy (select {} from {}) to stdout").format(columns, name)
        given = sql.SQL("copy {} ({}) from stdin").format(name, columns)
        with reader.copy(taken) as out, writer.copy(given) as into:
            for block in out:
                into.write(block)


def score_anew(cluster: Driver, plain: Driver, as_of: object) -> None:
    """Bring both to the same instant by FULL, the plain one from what the other's host has."""
    cluster.execute("call engagement.recalculate('FULL', null, %s)", as_of)
    plain.reset()
    with plain.connection.transaction():
        plain.execute("set local session_replication_role = replica")
        for table in INPUTS:
            copy(table, cluster.connection, plain.connection)
    for name, value in cluster.parameters().items():
        plain.execute("select engagement.set_parameter(%s, %s)", name, value)
    plain.execute("call engagement.recalculate('FULL', null, %s)", as_of)


@pytest.mark.slow
@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_life_on_a_cluster_ends_with_the_scores_of_one_machine(
    spread: ClusterDatabases,
    deployed_as: Callable[[str], psycopg.Connection[object]],
    key_type: str,
) -> None:
    session = spread.connect(spread.create())
    deploy(session, "reference", key_type, distribute=True, shards=SHARD_COUNT)
    cluster, plain = Driver(session), Driver(deployed_as(key_type))
    compared = 0

    class Life(Association):
        """A life of the association on the cluster."""

        def __init__(self) -> None:
            super().__init__(cluster)

        def teardown(self) -> None:
            nonlocal compared
            super().teardown()
            if sys.exc_info()[0] is not None:
                return
            score_anew(cluster, plain, self.as_of)
            for table, query in RESULTS.items():
                found = rows(cluster.connection, query)
                assert found == rows(plain.connection, query), table
                compared += len(found)

    examples = EXAMPLES[key_type] if THOROUGH else {"bigint": 12}.get(key_type, 3)
    run_state_machine_as_test(Life, settings=settings(search(key_type), max_examples=examples))
    assert compared > 20
