"""Code that belongs to others runs with the rights of the package's owner, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import sql
from psycopg.conninfo import make_conninfo

from engagement_runner import files
from engagement_runner.cli import main
from engagement_runner.deploy import deploy
from roles.conftest import Association, Session, run
from roles.test_becoming import COMMANDS, SPECIAL, calls
from scoring.fixtures import furnish
from scoring.host import Line, refused


def spy(session: Session, schema: str, owner: str) -> None:
    """A function of somebody's that notes who runs it, for an expression to call."""
    name = sql.Identifier(schema)
    session.execute(
        sql.SQL(
            """
            create table {schema}.seen (ran_by text);
            grant all on table {schema}.seen to public;
            create function {schema}.peek(p_text text) returns text language plpgsql as $$
            begin
                insert into {schema}.seen values (current_user);
                return p_text;
            end $$;
            alter function {schema}.peek(text) owner to {owner};
            grant usage on schema {schema} to public
            """
        ).format(schema=name, owner=sql.Identifier(owner))
    )


def test_segment_of_an_admins_making_runs_nothing_of_theirs(
    association: Association, log_in: Callable[[str], Session]
) -> None:
    session, admin = association.host.session, association.logins["admin"]
    session.execute("create schema research")
    run(session, "alter schema research owner to {}", admin)
    spy(session, "research", admin)
    with log_in("admin") as theirs:
        theirs.execute(
            "create view research.mine as"
            " select s.customer_id, length(research.peek('x'))::numeric as segment_value"
            " from engagement.customer_score s"
        )
        theirs.execute(
            "insert into engagement.segment_definition values ('mine', 'Mine', '', 'research.mine')"
        )
    try:
        for who in ("staff", "operator", "admin"):
            with log_in(who) as theirs, refused("EG015"):
                theirs.execute("select engagement.segment('mine')")
        with refused("EG015"):
            session.execute("select engagement.segment('mine')")
        with refused("EG015"):
            session.execute("select engagement.points_by('RULE', 'mine')")
        environment = {"ENGAGEMENT_DSN": session.info.dsn}
        listed = CliRunner().invoke(main, ["segment", "--format", "csv"], env=environment)
        assert listed.exit_code == 0 and "mine" in listed.output
        assert CliRunner().invoke(main, ["segment", "mine"], env=environment).exit_code == 1
        # A view of the owner's over one of theirs is no better.
        session.execute("create view engagement_host.wrapped as select * from research.mine")
        session.execute(
            "update engagement.segment_definition set view_name = 'engagement_host.wrapped'"
            " where segment_name = 'mine'"
        )
        with refused("EG015"):
            session.execute("select engagement.segment('mine')")
        assert association.host.rows("select * from research.seen") == []
        # The owner takes it over, the function as well.
        run(session, "alter view research.mine owner to {}", session.info.user)
        with refused("EG015"):
            session.execute("select engagement.segment('mine')")
        run(session, "alter function research.peek(text) owner to {}", session.info.user)
        with log_in("staff") as theirs:
            assert theirs.execute("select count(*) from engagement.segment('mine')").fetchone() > (
                0,
            )
    finally:
        session.execute("delete from engagement.segment_definition where segment_name = 'mine'")
        session.execute("drop schema research cascade")


def test_outcome_whose_view_somebody_has_replaced_runs_nothing_of_theirs(
    association: Association, log_in: Callable[[str], Session]
) -> None:
    session, admin = association.host.session, association.logins["admin"]
    session.execute("create schema research")
    columns = "customer_id, now() as decided_at, {} as happened, null::numeric as value"
    view = f"create view research.fate as select {columns} from engagement_host.customer"
    session.execute(view.format("true"))
    session.execute("call engagement.register_outcome('FATE', 'research.fate')")
    run(session, "alter schema research owner to {}", admin)
    spy(session, "research", admin)
    with log_in("admin") as theirs:
        theirs.execute("grant usage on schema research to public")
        theirs.execute("drop view research.fate")  # an owner of a schema may
        theirs.execute(view.format("research.peek('x') = 'x'"))
    try:
        with refused("EG015"):
            session.execute("select engagement.backtest('FATE')")
        assert association.host.rows("select * from research.seen") == []
    finally:
        session.execute("call engagement.unregister_outcome('FATE')")
        session.execute("drop schema research cascade")


#: A temporary relation whose index runs code of its maker, as whoever plans a query of it.
TRAP = """
create function pg_temp.trap(integer) returns integer language plpgsql immutable as $$
begin
    if current_user <> session_user then
        raise exception 'ran as %', current_user;
    end if;
    return $1;
end $$;
create temporary table v (customer_id bigint, source_id bigint, segment_value numeric);
create index on v ((customer_id + pg_temp.trap(1)));
grant all on v to public
"""


def test_segment_over_a_table_of_an_admins_runs_nothing_of_theirs(
    association: Association, log_in: Callable[[str], Session]
) -> None:
    theirs = log_in("admin")
    theirs.execute(TRAP)
    for name in ("pg_temp.v", "v"):
        with theirs.transaction(force_rollback=True):
            theirs.execute(
                "insert into engagement.segment_definition values ('mine', 'Mine', '', %s)", [name]
            )
            with refused("EG015"):
                theirs.execute("select engagement.segment('mine')")


def test_source_that_is_none_reads_no_temporary_table_of_the_callers(
    association: Association, log_in: Callable[[str], Session]
) -> None:
    theirs = log_in("operator")
    theirs.execute(TRAP)
    with refused("EG006"):
        theirs.execute("select engagement.unread_source('none')")
    with refused("EG006"):
        theirs.execute("select engagement.unread_activities('none', null, null, null, 0)")


def test_view_in_the_place_of_an_attached_table_runs_nothing(association: Association) -> None:
    session = association.host.session
    spy(session, "crm", association.logins["host"])
    try:
        with session.transaction(force_rollback=True):
            session.execute("alter table crm.customer rename to moved")
            session.execute(
                "create view crm.customer as select length(crm.peek('x')) as customer_id"
                " from crm.moved"
            )
            reached = session.execute(
                "select table_name from engagement.attachment_reach('customer')"
            ).fetchall()
            assert reached == [("crm.moved",)]
            assert association.host.rows("select * from crm.seen") == []
    finally:
        session.execute("drop table crm.seen; drop function crm.peek(text)")


def test_host_code_is_refused_where_it_would_run_as_a_superuser(association: Association) -> None:
    session, owner = association.host.session, association.logins["host"]
    spy(session, "crm", owner)
    order_line = association.host.one(
        "select pg_get_viewdef('engagement_host.order_line'::regclass)"
    )
    with session.transaction(force_rollback=True):
        session.execute(
            "create view engagement_host.spied as select v.source_id, v.document_id,"
            " v.customer_id, v.employer_id, crm.peek(v.subject_id) as subject_id, v.subject_class,"
            " v.quantity, v.amount, v.occurred_at, v.ended_at"
            f" from ({order_line.rstrip(';')}) v".encode()
        )
        with refused("EG015"), session.transaction():
            session.execute(
                "call engagement.register_source('spied', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
                " 'engagement_host.spied')"
            )
        with refused("EG015"), session.transaction():
            session.execute(
                "call engagement.attach_triggers('order_line', 'crm.order_line',"
                " 'length(crm.peek(order_line_id::text))')"
            )
        # A view of the host's that an activity view reads can be replaced by the host.
        session.execute("create view crm.placed as select * from crm.order_line")
        run(session, "alter view crm.placed owner to {}", owner)
        session.execute(
            "create or replace view engagement_host.spied as select v.source_id, v.document_id,"
            " v.customer_id, v.employer_id, v.subject_id, v.subject_class,"
            " v.quantity, v.amount, v.occurred_at, v.ended_at"
            f" from ({order_line.rstrip(';')}) v".replace("crm.order_line", "crm.placed").encode()
        )
        with refused("EG015"), session.transaction():
            session.execute(
                "call engagement.register_source('spied', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
                " 'engagement_host.spied')"
            )
    session.execute("drop table crm.seen; drop function crm.peek(text)")


@pytest.fixture
def ordinary(databases: Any) -> Iterator[Association]:
    """A deployment by an ordinary role, whose customer view calls a function of the host."""
    top = databases.connect(databases.create())
    top.execute((files.root() / files.HOSTS / "reference_schema.sql").read_bytes())
    logins = {who: f"{who} of {top.info.dbname}" for who in ("deployer", "host")}
    for name in logins.values():
        run(top, "create role {} login", name)
    deployer = logins["deployer"]
    run(top, "grant create on database {} to {}", top.info.dbname, deployer)
    run(top, "grant usage on schema crm to {}", deployer)
    run(top, "grant select, trigger on all tables in schema crm to {}", deployer)
    spy(top, "crm", logins["host"])
    with psycopg.connect(top.info.dsn, user=deployer, autocommit=True) as session:
        deploy(session, "reference")
        session.execute(
            "create or replace view engagement_host.customer as"
            " select c.customer_id::engagement.host_key, c.customer_type,"
            " crm.peek(c.display_name) as display_name, c.is_active from crm.customer c"
        )
    host = furnish(top)
    host.rule(quantity_score=2)
    keys = {"acme": host.customer("COMPANY"), "ann": host.customer(), "idle": host.customer()}
    host.job(keys["ann"], keys["acme"])
    host.order(keys["ann"], Line(quantity=5))
    yield Association(host, keys, logins)
    top.execute("drop schema engagement, engagement_host, engagement_meta cascade")
    for name in logins.values():
        run(top, "drop owned by {} cascade", name)
        run(top, "drop role {}", name)


def test_host_code_runs_as_the_deployer_whoever_looks(ordinary: Association) -> None:
    session = ordinary.host.session
    seen = set()
    worked = set()
    for name, call in calls(ordinary):
        is_run = name in ("recalculate", "roll_up_employers")
        try:
            with nullcontext() if is_run else session.transaction(force_rollback=True):
                session.execute(SPECIAL.get(name, call))  # type: ignore[arg-type]
                worked.add(name)
                seen |= set(ordinary.host.rows("select ran_by from crm.seen"))
        except psycopg.Error:
            pass
    assert worked >= {"host_customers", "score_card", "recalculate", "verify", "profile_source"}
    assert seen == {(ordinary.logins["deployer"],)}


def test_commands_run_host_code_as_the_deployer(ordinary: Association, tmp_path: Path) -> None:
    values = {**ordinary.keys, "file": tmp_path / "none", "page": tmp_path / "page.html"}
    dsn = make_conninfo(ordinary.host.session.info.dsn, user=ordinary.logins["deployer"])
    environment = {"ENGAGEMENT_DSN": dsn}
    for command in COMMANDS:
        if command[0] in ("undeploy", "detach"):
            continue
        CliRunner().invoke(main, [part.format(**values) for part in command], env=environment)
    assert set(ordinary.host.rows("select ran_by from crm.seen")) == {
        (ordinary.logins["deployer"],)
    }


def test_command_refuses_a_superuser_where_the_package_belongs_to_another(
    ordinary: Association, tmp_path: Path
) -> None:
    values = {**ordinary.keys, "file": tmp_path / "none", "page": tmp_path / "page.html"}
    environment = {"ENGAGEMENT_DSN": ordinary.host.session.info.dsn}
    for command in (["status"], ["check"], ["deploy"], ["score", "{ann}"], ["verify"]):
        result = CliRunner().invoke(
            main, [part.format(**values) for part in command], env=environment
        )
        assert result.exit_code == 1 and ordinary.logins["deployer"] in result.output, command
    assert ordinary.host.rows("select ran_by from crm.seen") == []


def test_command_refuses_a_superuser_where_somebody_made_the_schemas_before(
    databases: Any,
) -> None:
    session = databases.connect(databases.create())
    name = f"early of {session.info.dbname}"
    run(session, "create role {}", name)
    try:
        for schema in ("engagement", "engagement_host", "engagement_meta"):
            run(session, f"create schema {schema} authorization {{}}", name)
            result = CliRunner().invoke(
                main, ["deploy", "--host", "reference"], env={"ENGAGEMENT_DSN": session.info.dsn}
            )
            assert result.exit_code == 1 and name in result.output
            session.execute(f"drop schema {schema}".encode())
    finally:
        run(session, "drop role {}", name)


def test_deployment_by_somebody_else_leaves_everything_with_its_owner(
    ordinary: Association, tmp_path: Path
) -> None:
    """An upgrade by a superuser, and objects that an earlier one has left to that superuser."""
    session = ordinary.host.session
    session.execute(b"alter function engagement.score_at owner to postgres")
    session.execute(
        "update engagement_meta.applied_file set checksum = 'older' where kind <> 'migration'"
    )
    deploy(session, "reference")
    assert session.execute("select current_user").fetchone() == (session.info.user,)
    assert ordinary.host.rows(
        """
        select distinct pg_get_userbyid(o.owner_id)
        from (select c.relowner, c.relnamespace from pg_class c
              union all select p.proowner, p.pronamespace from pg_proc p
              union all select t.typowner, t.typnamespace from pg_type t) o (owner_id, schema_id)
        where o.schema_id::regnamespace::text like 'engagement%'
        """
    ) == [(ordinary.logins["deployer"],)]


def test_deploy_as_a_superuser_warns_of_the_hosts_owner(association: Association) -> None:
    session = association.host.session
    session.execute(
        "update engagement_meta.applied_file set checksum = 'older' where kind = 'host'"
    )
    warnings = deploy(session).warnings
    assert [line for line in warnings if association.logins["host"] in line]


def test_deploy_as_an_ordinary_role_warns_of_nobody(ordinary: Association) -> None:
    with psycopg.connect(
        ordinary.host.session.info.dsn, user=ordinary.logins["deployer"], autocommit=True
    ) as session:
        session.execute(
            "update engagement_meta.applied_file set checksum = 'older' where kind = 'host'"
        )
        assert [line for line in deploy(session).warnings if "superuser" in line] == []
