"""The work of a run costs what its size says, whatever statistics its tables have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scoring.host import Host, Line

ROWS = 3000


def analyzed_while_empty(host: Host, table: str, row: str) -> None:
    """The table has held rows, and autovacuum came by when they were gone."""
    host.run(f"insert into engagement.{table} select {row} from generate_series(1, {ROWS}) i")
    host.run(f"delete from engagement.{table}")
    host.run(f"analyze engagement.{table}")


def visited(host: Host, table: str, work: Callable[[], Any]) -> int:
    """How many rows of a table some work reads."""
    query = (
        "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
        " from pg_stat_xact_user_tables where relid = %s::regclass"
    )
    with host.session.transaction():
        before = host.one(query, f"engagement.{table}")
        work()
        return int(host.one(query, f"engagement.{table}") - before)


ROW_OF = {
    "recalculation_key": "'order_line', i",
    "recalculation_customer": "i, true",
    "recalculation_rank": "i, 1",
}
PHASE_OF = {
    "recalculation_key": "ACTIVITIES",
    "recalculation_customer": "TOTALS",
    "recalculation_rank": "BANDS",
}


@pytest.mark.parametrize("table", ROW_OF)
def test_run_takes_work_off_a_table_that_was_analyzed_while_empty(host: Host, table: str) -> None:
    row, phase = ROW_OF[table], PHASE_OF[table]
    analyzed_while_empty(host, table, row)
    host.rows("select engagement.begin_run('INCREMENTAL', null)")
    run_id = host.runs()[-1].run_id
    while host.runs()[-1].phase != phase:
        host.rows("select engagement.run_step(%s)", run_id)
    host.run(f"insert into engagement.{table} select {row} from generate_series(1, {ROWS}) i")

    def finish() -> None:
        while host.runs()[-1].phase == phase:
            host.rows("select engagement.run_step(%s)", run_id)

    assert ROWS <= visited(host, table, finish) <= 5 * ROWS
    assert host.count(table) == 0


#: Plans that read their rows anew each time: sorted by several workers.
SORTED_IN_PARALLEL = """
    set local enable_hashagg = off;
    set local parallel_setup_cost = 0;
    set local parallel_tuple_cost = 0;
    set local min_parallel_table_scan_size = 0
"""


def test_run_reads_a_source_once_however_many_rules_there_are(host: Host) -> None:
    for number in range(10):
        host.rule(f"RULE_{number}", subject_class=f"CLASS_{number}", flat_score=1)
    host.run(
        "insert into crm.product (product_id, product_class, display_name)"
        " select 'THING_' || i, 'CLASS_' || i, 'Thing' from generate_series(1, 4000) i"
    )
    host.order(host.customer(), *(Line(f"THING_{number}") for number in range(1, 4001)))
    host.run("analyze crm.order_line, crm.sales_order, crm.product")
    query = (
        "select coalesce(seq_scan, 0) + coalesce(idx_scan, 0)"
        " from pg_stat_xact_user_tables where relid = 'crm.order_line'::regclass"
    )
    with host.session.transaction():
        host.run(SORTED_IN_PARALLEL)
        before = host.one(query)
        host.one("select cardinality(engagement.matched_rules__order_line())")
        # Workers count, too; a pass for each rule would be ten and theirs.
        assert 1 <= host.one(query) - before < 10


def test_at_risk_reads_the_ledger_in_passes_and_not_customer_by_customer(host: Host) -> None:
    host.rule(quantity_score=2)
    for _ in range(100):
        host.order(host.customer())
    host.recalculate()
    host.run("analyze engagement.award")
    with host.session.transaction():
        query = (
            "select coalesce(sum(idx_scan), 0) from pg_stat_xact_user_tables"
            " where relid = 'engagement.award'::regclass"
        )
        before = host.one(query)
        host.rows("select * from engagement.at_risk(8)")
        assert host.one(query) - before < 100


def test_a_batch_of_customers_counts_the_awards_of_no_more_than_one_further(host: Host) -> None:
    host.rule(flat_score=1)
    customers = [host.customer() for _ in range(20)]
    for customer in customers:
        host.order(customer, *(Line() for _ in range(40)))
    host.proven()
    host.run(
        "insert into engagement.recalculation_customer select i, true from unnest(%s::bigint[]) i",
        customers,
    )
    taken: list[Any] = []

    def take() -> None:
        taken.extend(
            host.one("select customer_ids::bigint[] from engagement.next_customers(500, 90)")
        )

    assert 2 * 40 <= visited(host, "award", take) <= 4 * 40
    assert len(taken) == 2
