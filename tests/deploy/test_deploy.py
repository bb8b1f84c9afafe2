"""Deploying: once, again, after a change, and when it must be refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy, dry_run
from engagement_runner.deploy.catalog import check, status
from engagement_runner.deploy.removal import detach_host
from engagement_runner.errors import EngagementError
from engagement_runner.files import root
from patience import PATIENCE

Connection = psycopg.Connection[Any]


@pytest.fixture
def session(database: str, databases: Any) -> Connection:
    """Autocommit session in an empty database."""
    return databases.connect(database)


def paths(plan: Any) -> list[str]:
    return [step.file.path for step in plan.steps]


def routines(session: Connection, name: str) -> list[str]:
    found = session.execute(
        "select oid::regprocedure::text from pg_proc"
        " where pronamespace = 'engagement'::regnamespace and proname = %s",
        (name,),
    )
    return [signature for (signature,) in found]


ADD_ONE = """
create or replace function engagement.add_one(p_a integer) returns integer
language plpgsql as $$ begin return p_a + 1; end $$;
comment on function engagement.add_one(integer) is 'One more.';
"""


def test_deploy_again_changes_nothing(
    session: Connection, database: str, package: Path, dump: Callable[..., str]
) -> None:
    deploy(session, "reference", top=package)
    before = dump(database)
    applied = session.execute("select * from engagement_meta.applied_file order by path").fetchall()

    again = deploy(session, "reference", top=package)

    assert again.steps == []
    assert dump(database) == before
    assert (
        applied
        == session.execute("select * from engagement_meta.applied_file order by path").fetchall()
    )


def test_deploy_without_host_uses_the_applied_one(session: Connection, package: Path) -> None:
    deploy(session, "reference", top=package)
    with (package / "sql/hosts/reference.sql").open("a") as adapter:
        adapter.write("-- changed\n")
    assert paths(deploy(session, top=package)) == ["sql/hosts/reference.sql", "sql/sources.sql"]


@pytest.mark.parametrize("host", ["reference", None])
@pytest.mark.parametrize("view", ["order_line", "customer", "subject", "renewal"])
def test_deploy_makes_a_view_of_the_adapter_that_is_gone(
    session: Connection, package: Path, host: str | None, view: str
) -> None:
    """``alter table … drop column … cascade`` takes views with it; the column may come back."""
    deploy(session, "reference", top=package)
    session.execute(f"drop view engagement_host.{view} cascade")
    assert any(f"engagement_host.{view}" in finding for finding in check(session))
    assert paths(deploy(session, host, top=package)) == [
        "sql/hosts/reference.sql",
        "sql/sources.sql",
    ]
    session.execute(f"select from engagement_host.{view}")
    assert check(session) == []
    assert deploy(session, host, top=package).steps == []


def test_deploy_leaves_the_host_alone_once_it_was_detached(
    session: Connection, package: Path
) -> None:
    deploy(session, "reference", top=package)
    detach_host(session)
    assert deploy(session, top=package).steps == []


def test_deploy_changed_routine_reapplies_it_and_what_follows(
    session: Connection, package: Path
) -> None:
    deploy(session, "reference", top=package)
    with (package / "procedures/setup/get_parameter.sql").open("a") as routine:
        routine.write("-- changed\n")
    assert paths(deploy(session, top=package)) == [
        "procedures/setup/get_parameter.sql",
        "sql/grants.sql",
        "sql/hosts/reference.sql",
        "sql/sources.sql",
    ]


def test_deploy_new_migration_reapplies_every_repeatable(
    session: Connection, package: Path
) -> None:
    first = deploy(session, top=package)
    (package / "migrations/9000_note.sql").write_text(
        "create table engagement.note (note_id integer constraint note_pkey primary key);"
    )
    second = deploy(session, top=package)
    repeatable = ("procedures/", "triggers/", "sql/")
    assert paths(second) == [
        "migrations/9000_note.sql",
        *[path for path in paths(first) if path.startswith(repeatable)],
    ]


def test_deploy_routine_with_other_arguments_replaces_the_overload(
    session: Connection, package: Path
) -> None:
    file = package / "procedures/add_one.sql"
    file.write_text(ADD_ONE)
    deploy(session, top=package)
    file.write_text(ADD_ONE.replace("integer)", "bigint)"))
    deploy(session, top=package)
    assert routines(session, "add_one") == ["engagement.add_one(bigint)"]


def test_deploy_routine_with_other_argument_name_replaces_it(
    session: Connection, package: Path
) -> None:
    file = package / "procedures/add_one.sql"
    file.write_text(ADD_ONE)
    deploy(session, top=package)
    file.write_text(ADD_ONE.replace("p_a", "p_number"))
    deploy(session, top=package)
    assert session.execute("select engagement.add_one(p_number => 1)").fetchone() == (2,)


def test_deploy_function_that_becomes_a_procedure_replaces_it(
    session: Connection, package: Path
) -> None:
    file = package / "procedures/add_one.sql"
    file.write_text(ADD_ONE)
    deploy(session, top=package)
    file.write_text(
        "create or replace procedure engagement.add_one(p_a integer)"
        " language plpgsql as $$ begin null; end $$;"
    )
    deploy(session, top=package)
    session.execute("call engagement.add_one(1)")


def test_deploy_routine_whose_file_is_gone_is_dropped(session: Connection, package: Path) -> None:
    file = package / "procedures/add_one.sql"
    file.write_text(ADD_ONE)
    deploy(session, top=package)
    file.unlink()
    deploy(session, top=package)
    assert routines(session, "add_one") == []


def test_deploy_routine_under_another_name_than_its_file_is_refused(
    session: Connection, package: Path
) -> None:
    (package / "procedures/add_two.sql").write_text(ADD_ONE)
    with pytest.raises(EngagementError, match="add_two"):
        deploy(session, top=package)


def test_deploy_view_with_other_columns_replaces_it(session: Connection, package: Path) -> None:
    file = package / "sql/views/90_probe.sql"
    file.parent.mkdir(exist_ok=True)
    file.write_text("create or replace view engagement.probe as select 1 as a, 2 as b;")
    deploy(session, top=package)
    file.write_text("create or replace view engagement.probe as select 'x'::text as a;")
    deploy(session, top=package)
    assert session.execute("select * from engagement.probe").fetchall() == [("x",)]
    file.unlink()
    deploy(session, top=package)
    assert session.execute("select to_regclass('engagement.probe')").fetchone() == (None,)


def test_deploy_edited_migration_is_refused(
    session: Connection, database: str, package: Path, dump: Callable[..., str]
) -> None:
    deploy(session, top=package)
    before = dump(database)
    migration = sorted((package / "migrations").glob("*.sql"))[-1]
    migration.write_text(migration.read_text() + "create table engagement.extra ();\n")
    with pytest.raises(EngagementError, match=migration.name):
        deploy(session, top=package)
    assert dump(database) == before


def test_deploy_over_newer_schema_is_refused(session: Connection, package: Path) -> None:
    newer = package / "migrations/9000_note.sql"
    newer.write_text("create table engagement.note (note_id integer);")
    deploy(session, top=package)
    newer.unlink()
    with pytest.raises(EngagementError, match="9000_note"):
        deploy(session, top=package)


def test_deploy_with_another_key_type_is_refused(session: Connection, package: Path) -> None:
    deploy(session, key_type="uuid", top=package)
    with pytest.raises(EngagementError, match="uuid"):
        deploy(session, key_type="text", top=package)
    assert deploy(session, top=package).key_type == "uuid"


def test_deploy_unknown_host_is_refused(session: Connection, package: Path) -> None:
    with pytest.raises(EngagementError, match="reference"):
        deploy(session, "no_such_host", top=package)


def test_dry_run_of_a_first_deployment_changes_nothing(
    session: Connection, database: str, package: Path, dump: Callable[..., str]
) -> None:
    before = dump(database)
    plan = dry_run(session, "reference", top=package)
    assert dump(database) == before
    assert paths(plan) == paths(deploy(session, "reference", top=package))


def test_dry_run_of_a_change_changes_nothing(
    session: Connection, database: str, package: Path, dump: Callable[..., str]
) -> None:
    deploy(session, top=package)
    before = dump(database)
    (package / "procedures/add_one.sql").write_text(ADD_ONE)
    assert "procedures/add_one.sql" in paths(dry_run(session, top=package))
    assert dump(database) == before


def test_deploy_failing_file_names_line_and_changes_nothing(
    session: Connection, database: str, package: Path, dump: Callable[..., str]
) -> None:
    before = dump(database)
    (package / "sql/seed/99_wrong.sql").write_text(
        "-- a comment;\nselect 1;\n\nselect ';',\n    no_such_column;\n"
    )
    with pytest.raises(EngagementError, match=r"^sql/seed/99_wrong\.sql:5: .*42703"):
        deploy(session, top=package)
    assert dump(database) == before


def test_deploy_error_inside_a_routine_names_the_line_of_the_call(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "mine.sql"
    adapter.write_text(
        "create schema if not exists mine;\n\n"
        "do $$ begin raise exception 'no;' using errcode = 'EG007', hint = 'do this'; end $$;\n"
    )
    with pytest.raises(EngagementError, match=r"mine\.sql:3: .*EG007.*do this"):
        deploy(session, str(adapter), top=package)


@pytest.mark.parametrize("statement", ["begin;", "COMMIT ;", "start transaction;"])
def test_deploy_file_with_transaction_control_is_refused(
    session: Connection, package: Path, tmp_path: Path, statement: str
) -> None:
    adapter = tmp_path / "mine.sql"
    adapter.write_text(f"-- mine\n{statement}\n")
    with pytest.raises(EngagementError, match=r"mine\.sql:2:"):
        deploy(session, str(adapter), top=package)
    assert session.execute("select to_regnamespace('engagement')").fetchone() == (None,)


#: The views that an adapter cannot do without, all empty.
REQUIRED_VIEWS = """
create view engagement_host.customer as
select null::engagement.host_key as customer_id, 'INDIVIDUAL'::text as customer_type,
       ''::text as display_name, true as is_active
where false;
create view engagement_host.employment as
select null::engagement.host_key as employee_id, null::engagement.host_key as employer_id,
       true as is_primary, null::date as begin_on, null::date as end_on
where false;
create view engagement_host.subject as
select ''::text as engagement_type, ''::text as subject_id, ''::text as subject_class,
       ''::text as display_name
where false;
"""


def test_deploy_own_adapter_without_a_required_view_is_refused(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "shop.sql"
    adapter.write_text(REQUIRED_VIEWS.replace("engagement_host.subject", "engagement_host.sub"))
    with pytest.raises(EngagementError) as refused:
        deploy(session, str(adapter), top=package)
    message = str(refused.value)
    assert message.startswith(f"{adapter}:1: ERROR EG007")
    assert "engagement_host: subject" in message
    assert session.execute("select to_regnamespace('engagement') is null").fetchone() == (True,)


def test_deploy_own_adapter_sees_its_authors_search_path(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    session.execute("create schema shop; set search_path = shop")
    adapter = tmp_path / "shop.sql"
    adapter.write_text(f"create table article (article_id integer); {REQUIRED_VIEWS}")
    deploy(session, str(adapter), top=package)
    assert session.execute("select to_regclass('shop.article') is not null").fetchone() == (True,)


# -- indexes -------------------------------------------------------------------------------------

INDEX = """
-- Serves: this test.
create index if not exists award_recorded on engagement.award (recorded_at);
"""
AWARD = """
insert into engagement.award (customer_id, source_id, effective_at, recorded_at, rule_id, source,
                              quantity, amount, points)
values (1, 1, now(), now(), 1, 'order_line', 1, 1, 1)
"""


def index_state(session: Connection) -> Any:
    row = session.execute(
        "select i.indisvalid, pg_get_indexdef(i.indexrelid) from pg_index i"
        " where i.indexrelid = to_regclass('engagement.award_recorded')"
    ).fetchone()
    return row and (row[0], row[1].partition("(")[2])


@pytest.mark.parametrize("ledger", ["empty", "filled"])
def test_deploy_new_index_is_built(session: Connection, package: Path, ledger: str) -> None:
    deploy(session, top=package)
    if ledger == "filled":
        session.execute(AWARD)
    (package / "indexes/award_recorded.sql").write_text(INDEX)
    told: list[str] = []
    plan = deploy(session, top=package, report=told.append)
    assert paths(plan) == ["indexes/award_recorded.sql"]
    assert index_state(session) == (True, "recorded_at)")
    assert any("concurrently" in line for line in told) == (ledger == "filled")
    assert deploy(session, top=package).steps == []


def test_deploy_index_on_filled_ledger_lets_a_writer_go_on(
    session: Connection, package: Path, databases: Any, database: str
) -> None:
    deploy(session, top=package)
    session.execute(AWARD)
    writer = databases.connect(database)
    writer.execute(f"set lock_timeout = '{PATIENCE}s'")
    (package / "indexes/award_recorded.sql").write_text(INDEX)

    def write(line: str) -> None:
        # The deployment's transaction is over; nothing of it may be in the way.
        if "concurrently" in line:
            writer.execute(AWARD.replace("(1, 1,", "(2, 2,"))

    deploy(session, top=package, report=write)
    assert session.execute("select count(*) from engagement.award").fetchone() == (2,)


@pytest.mark.parametrize("ledger", ["empty", "filled"])
def test_deploy_changed_index_is_replaced(session: Connection, package: Path, ledger: str) -> None:
    file = package / "indexes/award_recorded.sql"
    file.write_text(INDEX)
    deploy(session, top=package)
    if ledger == "filled":
        session.execute(AWARD)
    file.write_text(INDEX.replace("(recorded_at)", "(voided_at)"))
    deploy(session, top=package)
    assert index_state(session) == (True, "voided_at)")


def test_deploy_invalid_index_is_built_again(session: Connection, package: Path) -> None:
    deploy(session, top=package)
    session.execute(AWARD)
    session.execute(AWARD.replace("now(), 1,", "now(), 2,"))  # another rule
    (package / "indexes/award_recorded.sql").write_text(
        INDEX.replace("create index", "create unique index").replace("(recorded_at)", "(amount)")
    )
    with pytest.raises(EngagementError, match="23505"):
        deploy(session, top=package)
    assert index_state(session) == (False, "amount)")
    session.execute("update engagement.award set amount = 2 where rule_id = 2")
    deploy(session, top=package)
    assert index_state(session) == (True, "amount)")


def test_deploy_index_whose_file_is_gone_is_dropped(session: Connection, package: Path) -> None:
    file = package / "indexes/award_recorded.sql"
    file.write_text(INDEX)
    deploy(session, top=package)
    file.unlink()
    deploy(session, top=package)
    assert index_state(session) is None


def test_deploy_index_file_of_another_form_is_refused(session: Connection, package: Path) -> None:
    (package / "indexes/award_recorded.sql").write_text("select 1;")
    with pytest.raises(EngagementError, match="award_recorded"):
        deploy(session, top=package)


# -- the host adapter ----------------------------------------------------------------------------


def hosts(session: Connection) -> list[str]:
    found = session.execute("select path from engagement_meta.applied_file where kind = 'host'")
    return [path for (path,) in found]


def test_deploy_adapter_from_another_place_takes_the_place_of_the_first(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.sql", tmp_path / "second.sql"
    first.write_text(f"-- first\n{REQUIRED_VIEWS.replace('create view', 'create or replace view')}")
    second.write_text(first.read_text().replace("first", "second"))
    deploy(session, str(first), top=package)
    deploy(session, str(second), top=package)
    assert hosts(session) == [str(second)]
    first.write_text("no SQL at all")
    assert deploy(session, top=package).steps == []


def test_deploy_adapter_that_is_not_there_any_more_is_a_note(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "mine.sql"
    adapter.write_text(REQUIRED_VIEWS)
    deploy(session, str(adapter), top=package)
    adapter.unlink()
    found = status(session, package)
    assert found.exit_code == 0
    assert any("mine.sql" in note for note in found.notes)
    assert deploy(session, top=package).steps == []


def test_deploy_adapter_with_a_byte_order_mark_is_read(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "mine.sql"
    adapter.write_text(REQUIRED_VIEWS, "utf-8-sig")
    deploy(session, str(adapter), top=package)
    assert hosts(session) == [str(adapter)]


def test_deploy_adapter_that_retypes_a_column_says_what_to_do(
    session: Connection, package: Path, tmp_path: Path
) -> None:
    adapter = tmp_path / "mine.sql"
    text = REQUIRED_VIEWS.replace("create view", "create or replace view")
    adapter.write_text(text)
    deploy(session, str(adapter), top=package)
    adapter.write_text(text.replace("''::text as display_name", "''::varchar as display_name"))
    with pytest.raises(EngagementError, match=r"mine\.sql:2: .*42P16.*hint: .*detach"):
        deploy(session, top=package)


#: Keys and texts in the host's own types, as an adapter may leave them.
PLAIN_TYPES = {
    "bigint": {"::engagement.host_key": "::bigint"},
    "uuid": {"::engagement.host_key": "::uuid"},
    "text": {"::engagement.host_key": "::varchar", "c.display_name": "c.display_name::varchar"},
}


@pytest.mark.parametrize("key_type", PLAIN_TYPES)
@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_deploy_adapter_with_plain_types_scores_people_and_companies(
    session: Connection, tmp_path: Path, key_type: str, attribution: str
) -> None:
    text = (root() / "sql/hosts/reference.sql").read_text()
    for domain, plain in PLAIN_TYPES[key_type].items():
        text = text.replace(domain, plain)
    adapter = tmp_path / "plain.sql"
    adapter.write_text(text)
    session.execute("select set_config('engagement.key_type', %s, false)", (key_type,))
    session.execute((root() / "sql/hosts/reference_schema.sql").read_bytes())
    deploy(session, str(adapter), key_type)
    session.execute("select engagement.set_parameter('EMPLOYER_ATTRIBUTION', %s)", (attribution,))
    session.execute(
        """
        select engagement.add_rule('BOOKS', 'PURCHASES_DONATIONS', 'PRODUCT_PURCHASE',
                                   'ORDER_CREATION', p_quantity_score => 2, p_cap_points => 5,
                                   p_cap_period => 'EVER', p_half_life_weeks => 10);
        insert into crm.product values ('BOOK', 'PUBLICATION', 'A book');
        insert into crm.customer (customer_id, customer_type, display_name)
        values (crm.key_of(1001), 'INDIVIDUAL', 'Ada'), (crm.key_of(1002), 'COMPANY', 'Firm');
        insert into crm.employment (employee_id, employer_id)
        values (crm.key_of(1001), crm.key_of(1002));
        insert into crm.sales_order (order_id, ordered_at) values (crm.key_of(1003), now());
        insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)
        values (crm.key_of(1003), crm.key_of(1001), 'BOOK', 2),
               (crm.key_of(1003), crm.key_of(1001), 'BOOK', 2)
        """
    )
    session.execute("call engagement.recalculate('FULL')")
    session.execute("delete from crm.employment where false")
    session.execute("call engagement.refresh_customer(crm.key_of(1002))")
    scores = session.execute(
        "select own_score, employee_score, percentile from engagement.customer_score"
        " order by customer_id"
    ).fetchall()
    assert scores == [(5, 0, 50), (0, 5, 50)]
    for answer in (
        "select engagement.score_card(crm.key_of(1002))",
        "select count(*) from engagement.trend(crm.key_of(1002), now(), now())",
        "select count(*) from engagement.forecast(crm.key_of(1002))",
        "select count(*) from engagement.current_employers(crm.key_of(1001))",
        "select count(*) from engagement.at_risk(8)",
        "select count(*) from engagement.segment('most_active')",
        "select count(*) from engagement.points_by('SUBJECT')",
        "select count(*) from engagement.explain_score(crm.key_of(1001))",
        "select count(*) from engagement.explain_change(crm.key_of(1001), now())",
        """select count(*) from engagement.preview_rules('{"BOOKS": {"flat_score": 1}}')""",
        "select engagement.export_customer(crm.key_of(1001))",
    ):
        assert session.execute(answer).fetchone() is not None
    assert session.execute("select * from engagement.verify()").fetchall() == []
    session.execute("delete from crm.sales_order; delete from crm.employment")
    session.execute("call engagement.erase_customer(crm.key_of(1001))")
    session.execute("call engagement.recalculate()")
    assert session.execute("select * from engagement.verify()").fetchall() == []


LINE = "call engagement.register_source(\n    p_source => 'order_line'"


def test_deploy_adapter_that_renames_a_source_says_that_the_old_one_is_left(
    session: Connection, package: Path
) -> None:
    adapter = package / "sql/hosts/reference.sql"
    first = deploy(session, "reference", top=package)
    assert first.warnings == []
    text = adapter.read_text()
    assert LINE in text
    adapter.write_text(text.replace("p_source => 'order_line'", "p_source => 'sale'"))
    told: list[str] = []
    renamed = deploy(session, top=package, report=told.append)
    (warning,) = renamed.warnings
    assert "source order_line " in warning
    assert "call engagement.unregister_source('order_line')" in warning
    assert f"warning: {warning}" in told

    session.execute("call engagement.unregister_source('order_line')")
    adapter.write_text(adapter.read_text() + "-- again\n")
    again = deploy(session, top=package)
    assert paths(again)[0] == "sql/hosts/reference.sql"
    assert again.warnings == []


def test_deploy_another_adapter_after_detaching_names_the_sources_of_the_first(
    session: Connection, package: Path
) -> None:
    deploy(session, "reference", top=package)
    detach_host(session)
    adapter = package / "mine.sql"
    text = (package / "sql/hosts/reference.sql").read_text()
    adapter.write_text(text.replace("p_source => 'committee_seat'", "p_source => 'seat'"))
    (warning,) = deploy(session, str(adapter), top=package).warnings
    assert "source committee_seat " in warning
    assert "keeps the awards it had" in warning
