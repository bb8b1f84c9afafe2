"""Ledger and scores spread over a cluster: `make test-citus` with CITUS_DSN.

Without a cluster each of these says that it was not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import psycopg
import pytest

from cluster import SHARD_COUNT, Cluster, ClusterDatabases
from engagement_runner import catalog
from engagement_runner.deploy import deploy, dry_run
from engagement_runner.plan import DISTRIBUTION

Connection = psycopg.Connection[Any]

AS_OF = "2025-06-15 12:00+00"

#: A small association with jobs, a rule that caps and one that fades.
LIFE = """
insert into crm.customer (customer_type, display_name)
select case when g % 10 = 0 then 'COMPANY' else 'INDIVIDUAL' end, 'C' || g
from generate_series(1, 60) g;
insert into crm.product (product_id, product_class, display_name)
values ('BOOK', 'PRINT', 'Book'), ('FAIR', 'EVENT', 'Fair');
insert into crm.employment (employee_id, employer_id, is_primary)
select c.customer_id, c.customer_id / 10 * 10 + 10, true
from crm.customer c where c.customer_id % 10 <> 0 and c.customer_id < 60;
select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_subject_id => 'BOOK', p_quantity_score => 2, p_amount_score => 0.333);
select engagement.add_rule('FAIRS', 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',
                           p_subject_class => 'EVENT', p_flat_score => 7, p_valid_for_weeks => 20);
select engagement.revise_rule('BOOKS', '{"cap_points": 9, "cap_period": "YEAR"}', true);
select engagement.revise_rule('FAIRS', '{"half_life_weeks": 4}', true);
insert into crm.sales_order (order_status, ordered_at)
select 'PLACED', timestamptz '2025-01-01 10:00+00' + make_interval(days => g)
from generate_series(1, 120) g;
insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount, line_status)
select o.order_id, 1 + o.order_id * 7 % 60,
       case when o.order_id % 3 = 0 then 'FAIR' else 'BOOK' end,
       1 + o.order_id % 4, o.order_id % 11, 'ACTIVE'
from crm.sales_order o;
"""

#: What happens after the first run: sales are cancelled, a job ends, somebody buys more.
CHANGES = """
update crm.sales_order set order_status = 'CANCELLED' where order_id % 17 = 0;
update crm.employment set end_on = '2025-02-01' where employee_id = 11;
update crm.order_line set quantity = quantity + 1 where order_line_id % 13 = 0;
"""

#: Everything but the server's clock, which no two runs share.
RESULTS = {
    "award": """
        select customer_id, source, source_id, document_id, employer_id, subject_id, quantity,
               amount, points, effective_at, expires_at, void_reason
        from engagement.award
        order by customer_id, source, source_id, rule_id, recorded_at""",
    "customer_score": """
        select customer_id, own_score, employee_score, score, ytd_score, overview_score,
               employee_ytd_score, employee_overview_score, percentile, band_code, previous_score,
               calculated_at, next_change_at
        from engagement.customer_score order by customer_id""",
    "category_score": """
        select * from engagement.category_score order by customer_id, category_code""",
}


@pytest.fixture
def spread(cluster: Cluster) -> Iterator[ClusterDatabases]:
    """Makes databases on all nodes."""
    with ExitStack() as stack:
        yield ClusterDatabases(cluster, stack)


@pytest.fixture
def distributed(spread: ClusterDatabases) -> Connection:
    """A fresh deployment, spread over the cluster."""
    session = spread.connect(spread.create())
    deploy(session, "reference", distribute=True)
    return session


def rows(session: Connection, query: str, *arguments: Any) -> list[Any]:
    """All rows of a query."""
    return session.execute(query.encode(), arguments or None).fetchall()


def live(session: Connection) -> None:
    """A run, changes, another run, and a complete one."""
    session.execute(LIFE.encode())
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    session.execute(CHANGES.encode())
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))


def test_deploy_distribute_spreads_ledger_and_scores_and_copies_the_setup(
    distributed: Connection,
) -> None:
    found = rows(
        distributed,
        "select table_name::text, citus_table_type, distribution_column from citus_tables"
        " order by 1",
    )
    assert found == [
        ("engagement.app_parameter", "reference", "<none>"),
        ("engagement.award", "distributed", "customer_id"),
        ("engagement.category", "reference", "<none>"),
        ("engagement.category_score", "distributed", "customer_id"),
        ("engagement.customer_score", "distributed", "customer_id"),
        ("engagement.score_rule", "reference", "<none>"),
    ]
    ((colocations,),) = rows(
        distributed,
        "select count(distinct colocation_id) from citus_tables"
        " where citus_table_type = 'distributed'",
    )
    assert colocations == 1
    assert rows(distributed, "select engagement.get_parameter('TRIGGER_MODE')") == [("DEFERRED",)]
    assert dry_run(distributed, distribute=True).is_empty
    assert catalog.check(distributed) == []


@pytest.mark.parametrize("mode", ["DEFERRED", "IMMEDIATE"])
def test_scores_in_a_cluster_equal_those_of_one_machine_row_by_row(
    distributed: Connection, deployed: Connection, mode: str
) -> None:
    for session in (distributed, deployed):
        session.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", (mode,))
        live(session)
    for table, query in RESULTS.items():
        found = rows(distributed, query)
        assert len(found) > 20, table
        assert found == rows(deployed, query), table
    assert rows(distributed, "select * from engagement.verify()") == []
    ((run_before,),) = rows(distributed, "select max(run_id) from engagement.recalculation_run")
    distributed.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    full = rows(
        distributed,
        "select run_status, award_count, void_count, score_count, failure_count"
        " from engagement.recalculation_run where run_id > %s",
        run_before,
    )
    assert full == [("COMPLETED", 0, 0, 0, 0)]


def test_database_with_scores_is_converted_in_one_transaction(spread: ClusterDatabases) -> None:
    session = spread.connect(spread.create())
    deploy(session, "reference")
    live(session)
    before = {table: rows(session, query) for table, query in RESULTS.items()}
    assert dry_run(session, distribute=True).lines == [DISTRIBUTION]
    with session.transaction(force_rollback=True):
        session.execute("call engagement.distribute()")
    assert rows(session, "select engagement.is_distributed()") == [(False,)]
    deploy(session, distribute=True)
    assert rows(session, "select engagement.is_distributed()") == [(True,)]
    assert {table: rows(session, query) for table, query in RESULTS.items()} == before
    assert rows(session, "select * from engagement.verify()") == []


def explain(session: Connection, query: str) -> str:
    """The plan of a query, as text."""
    return "\n".join(line for (line,) in rows(session, "explain (costs off) " + query))


def test_ledger_is_summed_on_its_shards_and_one_customer_on_one(distributed: Connection) -> None:
    everybody = explain(
        distributed,
        "select w.customer_id, r.category_code, sum(w.points) from engagement.award w"
        " join engagement.score_rule r on r.rule_id = w.rule_id where w.voided_at is null"
        " group by w.customer_id, r.category_code",
    )
    ((shards,),) = rows(
        distributed,
        "select count(*) from citus_shards where table_name = 'engagement.award'::regclass",
    )
    assert f"Task Count: {shards}" in everybody
    assert "Aggregate" in everybody.split("Task Count")[1]
    someone = explain(
        distributed,
        "select sum(w.points) from engagement.award w"
        " where w.customer_id = any (array[5]::engagement.host_key[]) and w.voided_at is null",
    )
    assert "Task Count: 1" in someone


def test_distribute_again_changes_nothing_and_shards_out_of_range_are_refused(
    distributed: Connection,
) -> None:
    with pytest.raises(psycopg.Error) as error:
        distributed.execute("call engagement.distribute(0)")
    assert error.value.sqlstate == "EG004"
    query = "select * from citus_shards order by shardid, nodeport"
    before = rows(distributed, query)
    distributed.execute("call engagement.distribute(%s)", (SHARD_COUNT,))
    assert rows(distributed, query) == before


def test_node_that_is_away_stops_the_run_but_no_order_and_the_run_goes_on_later(
    distributed: Connection, spread: ClusterDatabases
) -> None:
    live(distributed)
    place = "update pg_dist_node set nodeport = %s where nodeid = %s"
    ((node, port),) = rows(
        distributed, "select nodeid, nodeport from pg_dist_node where groupid <> 0 limit 1"
    )
    distributed.execute(place, (1, node))  # where nothing listens
    session = spread.connect(distributed.info.dsn)
    session.execute(
        "insert into crm.order_line"
        " (order_id, ship_customer_id, product_id, quantity, amount, line_status)"
        " select o.order_id, c.customer_id, 'BOOK', 3, 0, 'ACTIVE'"
        " from crm.customer c, (select min(order_id) as order_id from crm.sales_order) o"
    )
    with pytest.raises(psycopg.Error) as error:
        session.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    assert error.value.sqlstate == "08006"
    assert ":1 failed" in str(error.value)
    assert any("does not answer" in finding for finding in catalog.check(session))
    assert any("does not answer" in line for line in catalog.status(session).drift)
    assert rows(session, "select * from engagement.scoring_failure") == []
    distributed.execute(place, (port, node))
    session = spread.connect(distributed.info.dsn)
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    assert rows(
        session,
        "select run_mode, run_status from engagement.recalculation_run"
        " order by run_id desc limit 2",
    ) == [("INCREMENTAL", "COMPLETED"), ("FULL", "COMPLETED")]
    assert rows(session, "select * from engagement.verify()") == []
    assert catalog.check(session) == []
    assert any("spread over a cluster" in note for note in catalog.status(session).notes)
