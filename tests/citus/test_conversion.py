"""A database in use becomes one of a cluster, while people work and runs are under way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from citus.life import AS_OF, LIFE, ORDERS, Connection, rows
from cluster import ClusterDatabases
from engagement_runner.deploy import deploy
from patience import PATIENCE


@pytest.fixture
def used(spread: ClusterDatabases) -> Connection:
    """The association on one machine, with a host that is read already."""
    session = spread.connect(spread.create())
    deploy(session, "reference")
    session.execute("set citus.enable_ddl_propagation = off")
    session.execute(LIFE.encode())
    return session


def prove(session: Connection) -> None:
    """After a run nothing differs from the host, and FULL has nothing to write."""
    session.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    assert rows(session, "select * from engagement.verify()") == []
    session.execute("call engagement.recalculate('FULL', null, %s)", (AS_OF,))
    assert rows(
        session,
        "select run_mode, award_count, void_count, score_count from engagement.recalculation_run"
        " order by run_id desc limit 1",
    ) == [("FULL", 0, 0, 0)]


@pytest.mark.parametrize("steps", [1, 4, 9, 14])
def test_run_that_stands_between_two_batches_is_resumed_on_the_cluster(
    used: Connection, spread: ClusterDatabases, steps: int
) -> None:
    session = spread.connect(used.info.dsn)
    session.execute("select engagement.begin_run('FULL', %s)", (AS_OF,))
    ((run_id,),) = rows(session, "select run_id from engagement.recalculation_run")
    for _ in range(steps):
        assert rows(session, "select engagement.run_step(%s)", run_id) == [(True,)]
    session.close()
    deploy(used, distribute=True)
    prove(used)
    assert rows(
        used,
        "select run_mode, run_status, run_id = %s from engagement.recalculation_run"
        " order by run_id limit 1",
        run_id,
    ) == [("FULL", "COMPLETED", True)]


def test_order_in_an_open_transaction_is_waited_for_and_not_lost(
    used: Connection, spread: ClusterDatabases
) -> None:
    used.execute("call engagement.recalculate('INCREMENTAL', null, %s)", (AS_OF,))
    clerk = spread.connect(used.info.dsn, autocommit=False)
    clerk.execute(ORDERS.encode())  # in IMMEDIATE mode: it has written to the ledger
    waits = Event()

    def report(line: str) -> None:
        if "trying again" in line:
            waits.set()

    with ThreadPoolExecutor() as pool:
        converted = pool.submit(deploy, used, distribute=True, report=report)
        assert waits.wait(PATIENCE)
        clerk.execute(ORDERS.encode())  # and is not kept from doing so
        clerk.commit()
        converted.result(PATIENCE)
    assert rows(used, "select engagement.is_distributed()") == [(True,)]
    prove(used)
    clerk.execute(ORDERS.encode())
    clerk.commit()
    prove(used)
