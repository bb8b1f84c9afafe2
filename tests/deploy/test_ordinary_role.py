"""Deploying as a role that may create schemas, and read and put triggers on the host's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from engagement_runner import catalog
from engagement_runner.deploy import deploy

Connection = psycopg.Connection[Any]


@pytest.fixture
def deployer(
    database: str, databases: Any, crm: Callable[[Connection], None]
) -> Iterator[Connection]:
    """Session of such a role, in a database whose schema crm belongs to somebody else."""
    owner = databases.connect(database)
    crm(owner)
    role = sql.Identifier(f"deployer_of_{owner.info.dbname}")
    owner.execute(
        sql.SQL(
            """
            create role {role} login;
            grant create on database {database} to {role};
            grant usage on schema crm to {role};
            grant select, trigger on all tables in schema crm to {role};
            """
        ).format(role=role, database=sql.Identifier(owner.info.dbname))
    )
    session = databases.connect(database, user=role.as_string().strip('"'))
    yield session
    session.close()
    owner.execute(sql.SQL("drop owned by {role} cascade; drop role {role}").format(role=role))


def test_deploy_as_ordinary_role_scores_the_hosts_orders(
    deployer: Connection,
    database: str,
    databases: Any,
    add_rule: Callable[[Connection], None],
    sell: Callable[[Connection], Any],
) -> None:
    deploy(deployer, "reference")
    assert catalog.check(deployer) == []
    add_rule(deployer)
    customer = sell(databases.connect(database))
    deployer.execute("call engagement.recalculate()")
    assert deployer.execute("select engagement.score_at(%s)", (customer,)).fetchone() == (100,)
    assert deployer.execute("select * from engagement.verify()").fetchall() == []
    assert deploy(deployer, "reference").steps == []


def test_undeploy_as_ordinary_role_leaves_the_host_as_it_was(
    deployer: Connection, database: str, dump: Callable[..., str]
) -> None:
    before = dump(database)
    deploy(deployer, "reference")
    catalog.undeploy(deployer)
    assert dump(database) == before


def test_detach_host_as_ordinary_role_frees_its_tables(deployer: Connection) -> None:
    deploy(deployer, "reference")
    catalog.detach_host(deployer)
    left = deployer.execute(
        "select count(*) from pg_trigger where tgname like 'engagement%'"
    ).fetchone()
    assert left == (0,)
    deploy(deployer, "reference")
    assert catalog.check(deployer) == []
