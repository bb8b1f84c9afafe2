"""Several deployments at once, and a deployment beside a busy host."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from engagement_runner.deploy.lock import LOCK_CLASS, LOCK_KEY
from engagement_runner.errors import EngagementError
from patience import PATIENCE

Connection = psycopg.Connection[Any]


def test_deploy_eight_at_once_one_applies_and_all_end_well(database: str, databases: Any) -> None:
    sessions = [databases.connect(database) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda session: deploy(session, "reference"), sessions))
    assert sorted(bool(plan.steps) for plan in plans) == [False] * 7 + [True]


def test_deploy_beside_another_without_waiting_is_told(database: str, databases: Any) -> None:
    other, session = databases.connect(database), databases.connect(database)
    other.execute("select pg_advisory_lock(%s, %s)", (LOCK_CLASS, LOCK_KEY))
    with pytest.raises(EngagementError, match="another deployment"):
        deploy(session, wait=False)


def test_deploy_beside_another_says_that_it_waits(database: str, databases: Any) -> None:
    other, session = databases.connect(database), databases.connect(database)
    other.execute("select pg_advisory_lock(%s, %s)", (LOCK_CLASS, LOCK_KEY))
    waiting = threading.Event()

    def report(line: str) -> None:
        if "another deployment" in line:
            waiting.set()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(deploy, session, report=report)
        assert waiting.wait(PATIENCE)
        other.execute("select pg_advisory_unlock(%s, %s)", (LOCK_CLASS, LOCK_KEY))
        assert done.result().steps


def test_deploy_leaves_no_lock_behind(database: str, databases: Any) -> None:
    session = databases.connect(database)
    with pytest.raises(EngagementError):
        deploy(session, "no_such_host")
    held = session.execute("select count(*) from pg_locks where locktype = 'advisory'")
    assert held.fetchone() == (0,)


def test_deploy_beside_an_open_order_gives_way_and_tries_again(
    database: str, databases: Any, crm: Callable[[Connection], None]
) -> None:
    session, host = databases.connect(database), databases.connect(database)
    crm(session)
    given_way = threading.Event()

    def report(line: str) -> None:
        if "lock is held" in line:
            given_way.set()

    with ThreadPoolExecutor(1) as pool:
        with host.transaction():
            host.execute("insert into crm.customer (display_name) values ('Ada')")
            done = pool.submit(deploy, session, "reference", report=report)
            assert given_way.wait(PATIENCE)
        assert done.result().steps
    attached = session.execute(
        "select count(*) from pg_trigger where tgrelid = 'crm.customer'::regclass"
        " and not tgisinternal"
    )
    assert attached.fetchone() == (4,)
