"""The package's roles: made, kept, brought up to date, and left behind without a right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from engagement_runner.cli import main
from engagement_runner.deploy import catalog, deploy, dry_run, removal
from engagement_runner.embedded import EmbeddedServer

Connection = psycopg.Connection[Any]

#: The package's roles, and who is a member of whom.
ROLES = """
    select array_agg(r.rolname::text order by r.rolname) from pg_roles r
    where r.rolname like 'engagement%'"""
MEMBERS = """
    select array_agg(r.rolname || ' > ' || m.rolname order by r.rolname) from pg_auth_members a
    join pg_roles r on r.oid = a.member join pg_roles m on m.oid = a.roleid
    where r.rolname like 'engagement%'"""
#: How much in this database depends on these roles.
GRANTS = """
    select count(*) from pg_shdepend d
    join pg_roles r on r.oid = d.refobjid and d.refclassid = 'pg_authid'::regclass
    where r.rolname like 'engagement%'
      and d.dbid = (select oid from pg_database where datname = current_database())"""


def value(session: Connection, query: str) -> Any:
    """The only value of a query."""
    row = session.execute(query.encode()).fetchone()
    return row[0] if row else None


def may(session: Connection, role: str, routine: str) -> Any:
    """Whether a role may execute a routine."""
    return value(
        session,
        f"select bool_and(has_function_privilege('{role}', oid, 'execute')) from pg_proc"
        f" where pronamespace = 'engagement'::regnamespace and proname = '{routine}'",
    )


@pytest.fixture
def steward(
    own_server: EmbeddedServer, crm: Callable[[Connection], None]
) -> Iterator[Callable[..., Connection]]:
    """``steward("creator", "createrole")``: session of such a role in a database of its own.

    The server is new: it has no role of ours yet. The schema crm belongs to somebody else.
    """
    opened: list[Connection] = []

    def get(name: str, options: str = "") -> Connection:
        with psycopg.connect(own_server.dsn(), autocommit=True) as session:
            session.execute(f"create role {name} login {options}".encode())
            session.execute(f"create database of_{name}".encode())
            session.execute(f"grant create on database of_{name} to {name}".encode())
        with psycopg.connect(own_server.dsn(f"of_{name}"), autocommit=True) as session:
            crm(session)
            session.execute(f"grant usage on schema crm to {name}".encode())
            session.execute(f"grant select, trigger on all tables in schema crm to {name}".encode())
        opened.append(psycopg.connect(own_server.dsn(f"of_{name}", name), autocommit=True))
        return opened[-1]

    yield get
    for session in opened:
        session.close()


def test_deploy_without_roles_makes_none_and_with_them_four(
    own_server: EmbeddedServer, steward: Callable[..., Connection]
) -> None:
    session = steward("creator", "createrole")
    deploy(session, "reference")
    assert value(session, ROLES) is None
    deploy(session, roles=True)  # over a database deployed without
    assert value(session, ROLES) == [
        *("engagement_admin", "engagement_operator", "engagement_reader", "engagement_staff")
    ]
    assert value(session, MEMBERS) == [
        *("engagement_admin > engagement_operator", "engagement_operator > engagement_staff"),
        "engagement_staff > engagement_reader",
    ]
    logins = "select count(*) from pg_roles where rolname like 'engagement%' and rolcanlogin"
    assert value(session, logins) == 0
    assert catalog.check(session) == []
    assert deploy(session, roles=True).steps == []


@pytest.fixture
def operator(
    own_server: EmbeddedServer, steward: Callable[..., Connection]
) -> Iterator[Callable[[str], Connection]]:
    """``operator("ada")``: session of an operator where no superuser has deployed."""
    deploy(steward("creator", "createrole"), "reference", roles=True)
    opened: list[Connection] = []

    def get(name: str) -> Connection:
        with psycopg.connect(own_server.dsn(), autocommit=True) as superuser:
            superuser.execute(f"create role {name} login in role engagement_operator".encode())
        opened.append(psycopg.connect(own_server.dsn("of_creator", name), autocommit=True))
        return opened[-1]

    yield get
    for session in opened:
        session.close()


def test_operator_works_where_no_superuser_has_deployed(
    operator: Callable[[str], Connection],
) -> None:
    session = operator("ada")
    for role in ("ada", "engagement_operator"):
        session.execute(f"set role {role}".encode())
        session.execute("call engagement.recalculate('FULL')")
        session.execute("call engagement.recalculate()")
        session.execute("call engagement.roll_up_employers()")
        assert session.execute("select * from engagement.verify()").fetchall() == []
        assert session.execute("select * from engagement_host.customer").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("select engagement.set_parameter('TIME_ZONE', 'UTC')")


def test_operator_leaves_the_run_of_another_alone_until_that_is_gone(
    operator: Callable[[str], Connection],
) -> None:
    ada, bob = operator("ada"), operator("bob")
    ada.execute("select engagement.begin_run('FULL', null)")
    with pytest.raises(psycopg.Error) as error:
        bob.execute("call engagement.recalculate()")
    assert error.value.sqlstate == "EG009"
    pid = ada.info.backend_pid
    ada.close()
    gone = f"select count(*) from pg_stat_activity where pid = {pid}"
    while value(bob, gone):
        pass
    bob.execute("call engagement.recalculate()")
    runs = bob.execute(
        "select run_mode, run_status, backend_pid from engagement.recalculation_run order by run_id"
    ).fetchall()
    own = bob.info.backend_pid
    assert runs == [("FULL", "COMPLETED", own), ("INCREMENTAL", "COMPLETED", own)]


def test_deploy_roles_that_another_made_needs_no_createrole(
    steward: Callable[..., Connection],
) -> None:
    creator = steward("creator", "createrole")
    plain = steward("plain")
    with pytest.raises(Exception) as error:
        deploy(plain, "reference", roles=True)
    assert getattr(error.value, "sqlstate", None) == "42501"
    assert "alter role plain createrole" in str(error.value)
    assert catalog.status(plain).applied == 0
    deploy(creator, "reference", roles=True)
    deploy(plain, "reference", roles=True)
    for session in (creator, plain):
        assert may(session, "engagement_staff", "score_card")
        assert not may(session, "engagement_staff", "adjust")
    another = steward("another", "createrole")
    deploy(another, "reference", roles=True)
    assert may(another, "engagement_operator", "adjust")


def test_deploy_roles_in_several_databases_at_once(own_server: EmbeddedServer) -> None:
    names = [f"made_{number}" for number in range(4)]
    with psycopg.connect(own_server.dsn(), autocommit=True) as session:
        for name in names:
            session.execute(f"create database {name}".encode())

    def deploy_in(name: str) -> bool:
        with psycopg.connect(own_server.dsn(name), autocommit=True) as session:
            deploy(session, roles=True)
            return bool(may(session, "engagement_admin", "add_rule"))

    with ThreadPoolExecutor(len(names)) as pool:
        assert list(pool.map(deploy_in, names)) == [True] * len(names)


def test_deploy_roles_later_equals_deploying_them_at_once(
    databases: Any, dump: Callable[..., str]
) -> None:
    later, at_once = databases.create(), databases.create()
    session = databases.connect(later)
    deploy(session, "reference")
    assert [str(step.file.path) for step in dry_run(session, roles=True).steps] == ["sql/roles.sql"]
    deploy(session, roles=True)
    deploy(databases.connect(at_once), "reference", roles=True)
    assert "engagement_staff" in dump(later)
    assert dump(later) == dump(at_once)


def test_roles_are_kept_by_later_deployments_without_the_option(
    databases: Any, package: Path, dump: Callable[..., str]
) -> None:
    dsn = databases.create()
    session = databases.connect(dsn)
    deploy(session, "reference", roles=True)
    before = dump(dsn)
    assert deploy(session).steps == []
    session.execute("drop function engagement.score_card cascade")
    score_card = package / "procedures/customer/score_card.sql"
    score_card.write_text(score_card.read_text() + "\n-- A change.\n")
    deploy(session, top=package)
    assert dump(dsn) == before
    assert may(session, "engagement_staff", "score_card")


def test_roles_are_kept_when_the_host_is_detached_and_comes_back(
    deployed: Connection,
) -> None:
    deploy(deployed, roles=True)
    readable = (
        "select bool_and(has_table_privilege('engagement_staff', oid, 'select')) from pg_class"
        " where relnamespace = 'engagement_host'::regnamespace"
    )
    assert value(deployed, readable) is True
    removal.detach_host(deployed)
    assert value(deployed, readable) is None
    deploy(deployed, "reference")
    assert value(deployed, readable) is True


def test_roles_lose_what_this_version_does_not_grant(deployed: Connection, package: Path) -> None:
    deploy(deployed, roles=True)
    deployed.execute("grant execute on function engagement.write_totals to engagement_staff")
    deployed.execute(
        "grant update on engagement.award, engagement_host.customer to engagement_staff"
    )
    roles = package / "sql/roles.sql"
    roles.write_text(roles.read_text() + "\n-- A change.\n")
    deploy(deployed, top=package)
    assert not may(deployed, "engagement_staff", "write_totals")
    for table in ("engagement.award", "engagement_host.customer"):
        allowed = f"select has_table_privilege('engagement_staff', '{table}', '{{}}')"
        assert value(deployed, allowed.format("update")) is False
        assert value(deployed, allowed.format("select")) is True


def test_undeploy_leaves_roles_and_no_grant(
    databases: Any, crm: Callable[[Connection], None], dump: Callable[..., str]
) -> None:
    dsn = databases.create()
    session = databases.connect(dsn)
    crm(session)
    before = dump(dsn)
    deploy(session, "reference", roles=True)
    assert value(session, GRANTS) > 50
    removal.undeploy(session)
    assert len(value(session, ROLES)) == 4
    assert value(session, GRANTS) == 0
    assert dump(dsn) == before
    deploy(session, "reference")
    assert value(session, GRANTS) == 0  # forgotten with the rest


def undeploy(session: Connection, *options: str) -> Any:
    """Run the command."""
    dsn = session.info.dsn
    return CliRunner().invoke(main, ["undeploy", "--yes", "--dsn", dsn, *options])


def test_undeploy_command_leaves_the_roles_and_says_so(
    steward: Callable[..., Connection],
) -> None:
    session = steward("creator", "createrole")
    deploy(session, "reference", roles=True)
    result = undeploy(session)
    assert result.exit_code == 0
    assert "engagement_staff" in result.stdout.splitlines()[-1]
    assert "undeploy --roles" in result.stdout
    assert len(value(session, ROLES)) == 4
    assert undeploy(session, "--roles").exit_code == 0  # and later
    assert value(session, ROLES) is None
    assert "role" not in undeploy(session, "--roles").stdout


def test_undeploy_roles_drops_them_where_nothing_keeps_them(
    steward: Callable[..., Connection],
) -> None:
    session = steward("creator", "createrole")
    deploy(session, "reference", roles=True)
    result = undeploy(session, "--roles")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("is dropped") == 4
    assert value(session, ROLES) is None
    deploy(session, "reference", roles=True)
    assert catalog.check(session) == []


def test_undeploy_roles_says_what_keeps_them(
    own_server: EmbeddedServer, steward: Callable[..., Connection]
) -> None:
    first = steward("creator", "createrole")
    deploy(first, "reference", roles=True)
    with psycopg.connect(own_server.dsn(), autocommit=True) as superuser:
        superuser.execute("create role ada login in role engagement_operator")
        superuser.execute("create table kept (note text)")
        superuser.execute("grant select on kept to engagement_staff")
    with psycopg.connect(own_server.dsn("of_creator"), autocommit=True) as superuser:
        superuser.execute("grant select on crm.product to engagement_staff")
    result = undeploy(first, "--roles")
    assert result.exit_code == 0, result.stderr
    staff, operator = (
        next(line for line in result.stdout.splitlines() if f"engagement_{name} stays" in line)
        for name in ("staff", "operator")
    )
    assert "table crm.product" in staff
    assert "in database postgres" in staff
    assert "the member ada" in operator
    assert value(first, ROLES) == ["engagement_operator", "engagement_staff"]
    assert value(first, MEMBERS) == ["engagement_operator > engagement_staff"]


def test_undeploy_roles_of_another_maker_leaves_them_and_succeeds(
    steward: Callable[..., Connection],
) -> None:
    deploy(steward("creator", "createrole"), roles=True)
    plain = steward("plain")
    deploy(plain, "reference")
    result = undeploy(plain, "--roles")
    assert result.exit_code == 0, result.stderr
    assert len(value(plain, ROLES)) == 4
    assert result.stdout.count(" stays") == 4
