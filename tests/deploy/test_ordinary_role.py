"""Deploying as a role that may create schemas, and read and put triggers on the host's tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql

from engagement_runner.cli import main
from engagement_runner.demo import sample
from engagement_runner.deploy import catalog, deploy, removal, try_adapter
from engagement_runner.deploy.objects import SqlFileError
from engagement_runner.embedded import EmbeddedServer
from engagement_runner.errors import EngagementError

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


def test_sample_as_ordinary_role_warns_of_nothing(database: str, databases: Any) -> None:
    owner = databases.connect(database)
    name = f"player_of_{owner.info.dbname}"
    role, place = sql.Identifier(name), sql.Identifier(owner.info.dbname)
    owner.execute(
        sql.SQL("create role {role} login; grant create on database {place} to {role}").format(
            role=role, place=place
        )
    )
    session = databases.connect(database, user=name)
    warnings = []
    session.add_notice_handler(
        lambda told: told.severity_nonlocalized == "WARNING" and warnings.append(told)
    )
    try:
        deploy(session, "reference")
        sample.load(session)
        analyzed = session.execute(
            "select reltuples from pg_class where oid = 'engagement.pending_activity'::regclass"
        ).fetchone()
        assert analyzed is not None
        assert analyzed[0] > 0
        assert warnings == []
    finally:
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
    removal.undeploy(deployer)
    assert dump(database) == before


def test_detach_host_as_ordinary_role_frees_its_tables(deployer: Connection) -> None:
    deploy(deployer, "reference")
    removal.detach_host(deployer)
    left = deployer.execute(
        "select count(*) from pg_trigger where tgname like 'engagement%'"
    ).fetchone()
    assert left == (0,)
    deploy(deployer, "reference")
    assert catalog.check(deployer) == []


def missing(error: Exception) -> str:
    """The statements that an error names as missing."""
    return str(error).partition("(what is missing: ")[2].removesuffix(")")


@pytest.mark.parametrize(
    ("lost", "sqlstate"),
    [
        ("create on database {database}", "42501"),
        ("usage on schema crm", "42501"),
        ("select on all tables in schema crm", "EG008"),
        ("trigger on all tables in schema crm", "EG008"),
        ("select on crm.product", "42501"),
    ],
)
def test_deploy_without_a_right_says_what_to_grant(
    deployer: Connection, database: str, databases: Any, lost: str, sqlstate: str
) -> None:
    owner = databases.connect(database)
    name, role = owner.info.dbname, deployer.info.user
    for right in (lost, "create on database {database}"):
        owner.execute(f"revoke {right.format(database=name)} from {role}".encode())
    if not lost.startswith("create"):
        owner.execute(f"grant create on database {name} to {role}".encode())
    with pytest.raises(SqlFileError) as refused:
        deploy(deployer, "reference")
    assert refused.value.sqlstate == sqlstate
    assert missing(refused.value).startswith("grant ")
    owner.execute(missing(refused.value).encode())
    deploy(deployer, "reference")
    assert catalog.check(deployer) == []


def test_deploy_own_adapter_without_rights_names_relations_as_it_writes_them(
    deployer: Connection, database: str, databases: Any, tmp_path: Any
) -> None:
    owner = databases.connect(database)
    role = deployer.info.user
    owner.execute(
        """
        create schema "My Shop"; create table "My Shop"."Sale" (id bigint, at timestamptz);
        create table public.sale_note (note text); create table public.unread (note text);
        revoke all on public.sale_note, public.unread from public;
        """
    )
    adapter = tmp_path / "shop.sql"
    adapter.write_text('select id from "My Shop"."Sale"; select note from sale_note;')
    with pytest.raises(SqlFileError) as refused:
        deploy(deployer, str(adapter))
    assert missing(refused.value) == (
        f'grant usage on schema "My Shop" to {role}; '
        f'grant select, trigger on "My Shop"."Sale", public.sale_note to {role}'
    )


def let_read_what_is_deployed(owner: Connection, role: str) -> None:
    owner.execute(f"grant usage on schema engagement_meta to {role}".encode())
    owner.execute(f"grant select on all tables in schema engagement_meta to {role}".encode())


def test_deploy_over_a_package_of_another_role_names_its_owner(
    deployer: Connection, database: str, databases: Any
) -> None:
    owner = databases.connect(database)
    deploy(owner, "reference")
    let_read_what_is_deployed(owner, deployer.info.user)
    owner.execute("delete from engagement_meta.applied_file where path like 'procedures/%'")
    with pytest.raises(EngagementError, match=f"belongs to the role {owner.info.user}.*42501"):
        deploy(deployer, "reference")


def test_adapter_check_after_a_restore_that_lost_create_says_what_to_grant(
    deployer: Connection, database: str, databases: Any, server: EmbeddedServer
) -> None:
    deploy(deployer, "reference")
    file = server.base / "socket" / "restored.dump"
    server.run("pg_dump", "--format=custom", "--file", file, "--dbname", database)
    copy = databases.create()
    server.run("pg_restore", "--exit-on-error", "--dbname", copy, file)
    owner, role = databases.connect(copy), deployer.info.user
    restored = databases.connect(copy, user=role)
    with pytest.raises(SqlFileError) as refused:
        try_adapter(restored, "reference", lambda remarks: None)
    assert missing(refused.value) == f"grant create on database {owner.info.dbname} to {role}"
    owner.execute(missing(refused.value).encode())
    assert try_adapter(restored, "reference", len) == 0
    assert catalog.check(restored) == []
    assert deploy(restored, "reference").is_empty
    owner.execute(f"drop owned by {role} cascade".encode())


def test_undeploy_command_as_another_role_names_the_owner(
    deployer: Connection, database: str, databases: Any
) -> None:
    owner = databases.connect(database)
    deploy(owner, "reference")
    let_read_what_is_deployed(owner, deployer.info.user)
    result = CliRunner().invoke(main, ["undeploy", "--yes", "--dsn", deployer.info.dsn])
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert "42501" in result.stderr
    assert f"the package belongs to the role {owner.info.user}" in result.stderr
