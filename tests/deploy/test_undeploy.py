"""Taking the package out again, whole or off the host only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import catalog, deploy, removal
from engagement_runner.errors import EngagementError

Connection = psycopg.Connection[Any]


def test_undeploy_leaves_the_host_as_it_was(
    database: str,
    databases: Any,
    crm: Callable[[Connection], None],
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
    dump: Callable[..., str],
) -> None:
    session = databases.connect(database)
    crm(session)
    before = dump(database)
    deploy(session, "reference")
    add_rule(session)
    sell(session)
    assert dump(database) != before
    assert removal.undeploy(session)
    assert dump(database) == before
    assert sell(session)


def test_undeploy_of_an_empty_database_does_nothing(database: str, databases: Any) -> None:
    assert not removal.undeploy(databases.connect(database))


def test_undeploy_and_deploy_again_begins_afresh(deployed: Connection) -> None:
    removal.undeploy(deployed)
    deploy(deployed, "reference", "bigint")
    assert catalog.check(deployed) == []
    assert deployed.execute("select count(*) from engagement.award").fetchone() == (0,)


@pytest.mark.parametrize(
    "built",
    [
        "create view report.top as select customer_id, score from engagement.customer_score",
        "create table report.copy (customer_id engagement.host_key)",
        "create table report.note (score numeric default engagement.score_at(null))",
    ],
)
def test_undeploy_with_something_built_on_it_is_refused(deployed: Connection, built: str) -> None:
    deployed.execute("create schema report")
    deployed.execute(built.encode())
    with pytest.raises(EngagementError, match="report"):
        removal.undeploy(deployed)
    assert catalog.check(deployed) == []
    assert removal.undeploy(deployed, cascade=True)
    assert deployed.execute("select to_regnamespace('engagement')").fetchone() == (None,)


def test_detach_host_frees_its_tables_and_keeps_the_ledger(
    deployed: Connection,
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
) -> None:
    add_rule(deployed)
    customer = sell(deployed)
    deployed.execute("call engagement.recalculate()")
    ledger = deployed.execute("select count(*), sum(points) from engagement.award").fetchone()
    removal.detach_host(deployed)

    # What views and triggers would have forbidden or noticed:
    deployed.execute("delete from crm.order_line")
    deployed.execute("alter table crm.order_line alter column amount type numeric(12, 2)")
    second = sell(deployed)
    assert (
        deployed.execute("select count(*), sum(points) from engagement.award").fetchone() == ledger
    )
    assert deployed.execute("select engagement.score_at(%s)", (customer,)).fetchone() == (100,)

    deploy(deployed, "reference")
    assert catalog.check(deployed) == []
    deployed.execute("call engagement.recalculate()")
    assert deployed.execute("select engagement.score_at(%s)", (customer,)).fetchone() == (0,)
    assert deployed.execute("select engagement.score_at(%s)", (second,)).fetchone() == (100,)
    assert deployed.execute("select * from engagement.verify()").fetchall() == []


def reporting(session: Connection) -> None:
    """A view that somebody built on the adapter's views."""
    session.execute("create schema reporting")
    session.execute(
        "create view reporting.people as select customer_id from engagement_host.customer"
    )


def is_there(session: Connection, name: str) -> bool:
    row = session.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return bool(row and row[0])


@pytest.mark.parametrize("take_out", [removal.undeploy, removal.detach_host])
def test_host_views_that_others_build_on_are_not_dropped_unasked(
    deployed: Connection, take_out: Callable[..., Any]
) -> None:
    reporting(deployed)
    with pytest.raises(EngagementError, match=r"view reporting\.people.*--cascade"):
        take_out(deployed)
    assert is_there(deployed, "reporting.people")
    assert catalog.check(deployed) == []
    take_out(deployed, cascade=True)
    assert not is_there(deployed, "reporting.people")
    assert is_there(deployed, "crm.customer")


def test_detach_host_leaves_what_others_build_on_scores(deployed: Connection) -> None:
    deployed.execute("create schema reporting")
    deployed.execute("create view reporting.top as select score from engagement.customer_score")
    removal.detach_host(deployed)
    assert is_there(deployed, "reporting.top")


def test_detach_host_of_an_empty_database_is_refused(database: str, databases: Any) -> None:
    with pytest.raises(EngagementError):
        removal.detach_host(databases.connect(database))
