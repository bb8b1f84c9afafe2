"""Ledger and scores spread over a cluster: `make test-citus` with CITUS_DSN.

Without a cluster each of these says that it was not run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from citus.life import AS_OF, ORDERS, RESULTS, Connection, live, rows
from cluster import SHARD_COUNT, ClusterDatabases
from engagement_runner import files
from engagement_runner.deploy import catalog, deploy, dry_run
from engagement_runner.deploy.plan import DISTRIBUTION


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
    # What is written is summed customer by customer; the sums of everybody only say who differs.
    assert rows(distributed, "select * from engagement.stale_totals(%s)", AS_OF) == []
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
    overlays = [file.path for file in files.overlays(files.root())]
    first, *others = dry_run(session, distribute=True).lines
    assert first == DISTRIBUTION
    assert [line.split()[1] for line in others] == overlays
    with pytest.raises(psycopg.Error) as error:
        session.execute("call engagement.distribute()")
    assert error.value.sqlstate == "EG014"
    assert "engagement deploy --distribute" in str(error.value.diag.message_hint)
    assert rows(session, "select engagement.is_distributed()") == [(False,)]
    deploy(session, distribute=True)
    applied = "select path from engagement_meta.applied_file where kind = 'routine'"
    assert set(overlays) <= {path for (path,) in rows(session, applied)}
    assert dry_run(session).is_empty
    assert catalog.check(session) == []
    assert rows(session, "select engagement.is_distributed()") == [(True,)]
    assert {table: rows(session, query) for table, query in RESULTS.items()} == before
    assert rows(session, "select * from engagement.verify()") == []


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


@contextmanager
def node_away(session: Connection) -> Iterator[None]:
    """A node is where nothing listens."""
    place = "update pg_dist_node set nodeport = %s where nodeid = %s"
    ((node, port),) = rows(
        session, "select nodeid, nodeport from pg_dist_node where groupid <> 0 limit 1"
    )
    session.execute(place, (1, node))
    yield
    session.execute(place, (port, node))


def test_node_that_is_away_stops_the_run_but_no_order_and_the_run_goes_on_later(
    distributed: Connection, spread: ClusterDatabases
) -> None:
    live(distributed)
    with node_away(distributed):
        session = spread.connect(distributed.info.dsn)
        session.execute(ORDERS.encode())
        with pytest.raises(psycopg.Error) as error:
            session.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
        assert error.value.sqlstate == "08006"
        assert ":1 failed" in str(error.value)
        assert any("does not answer" in finding for finding in catalog.check(session))
        assert any("does not answer" in line for line in catalog.status(session).drift)
        assert rows(session, "select * from engagement.scoring_failure") == []
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


def test_node_that_is_away_breaks_no_order_in_immediate_mode(
    distributed: Connection, spread: ClusterDatabases
) -> None:
    live(distributed)
    distributed.execute("select engagement.set_parameter('TRIGGER_MODE', 'IMMEDIATE')")
    ((lines,),) = rows(distributed, "select count(*) from crm.order_line")
    with node_away(distributed):
        session = spread.connect(distributed.info.dsn)
        session.execute(ORDERS.encode())
        session.close()
    ((later,),) = rows(distributed, "select count(*) from crm.order_line")
    assert later == lines + 60
    session = spread.connect(distributed.info.dsn)
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    assert rows(session, "select * from engagement.verify()") == []
