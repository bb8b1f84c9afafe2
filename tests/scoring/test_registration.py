"""How a host is bound: sources, triggers, and letting go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy, removal
from scoring.fixtures import furnish
from scoring.host import Host, Line, refused

COLUMNS = {
    "source_id": "source_id::bigint",
    "document_id": "null::bigint",
    "customer_id": "customer_id::bigint",
    "employer_id": "null::bigint",
    "subject_id": "'X'::text",
    "subject_class": "null::text",
    "quantity": "quantity::numeric",
    "amount": "0::numeric",
    "occurred_at": "'2025-03-03+00'::timestamptz",
    "ended_at": "null::timestamptz",
}


def view(host: Host, source: str = "crm.deed", **columns: str | None) -> None:
    """The activity view engagement_host.deed, with these columns changed, added or left out."""
    select = ", ".join(
        f'{expression} as "{name}"'
        for name, expression in {**COLUMNS, **columns}.items()
        if expression
    )
    host.run("drop view if exists engagement_host.deed")
    host.run(f"create view engagement_host.deed as select {select} from {source} as d")


def register(
    host: Host,
    source: str | None = "deed",
    kind: str | None = "PRODUCT_PURCHASE",
    when: str | None = "ORDER_CREATION",
    name: str = "engagement_host.deed",
) -> None:
    host.run("call engagement.register_source(%s, %s, %s, %s)", source, kind, when, name)


def attach(
    host: Host,
    table: str = "crm.deed",
    key: str | None = "source_id",
    column: str | None = "source_id",
    source: str = "deed",
) -> None:
    host.run("call engagement.attach_triggers(%s, %s, %s, %s)", source, table, key, column)


@pytest.fixture
def deed(host: Host) -> Host:
    """A table crm.deed that no source knows yet; an order rule of two points a piece."""
    host.run(
        "create table crm.deed (source_id bigint primary key, customer_id bigint, quantity numeric)"
    )
    host.run("create index on crm.deed (customer_id)")
    view(host)
    host.rule(quantity_score=2)
    host.proven()
    return host


@pytest.mark.parametrize(
    "columns",
    [
        {"source_id": None},
        {"ended_at": None},
        {"quantity": None, "amount": None},
        {"surplus": "1"},
        {"source_id": "source_id::integer"},
        {"source_id": "source_id::text"},
        {"customer_id": "customer_id::integer"},
        {"document_id": "null::uuid"},
        {"employer_id": "null::integer"},
        {"subject_id": "1"},
        {"subject_class": "'X'::character(3)"},
        {"quantity": "quantity::double precision"},
        {"quantity": "1"},
        {"amount": "1.5::real"},
        {"amount": "1::money"},
        {"occurred_at": "localtimestamp"},
        {"occurred_at": "current_date"},
        {"ended_at": "null::date"},
    ],
)
def test_register_source_wrong_shape_refused(deed: Host, columns: dict[str, str | None]) -> None:
    view(deed, **columns)
    with deed.unchanged(), refused("EG007"):
        register(deed)


def test_register_source_wrong_shape_names_every_column_and_its_cast(deed: Host) -> None:
    view(deed, source_id="source_id::integer", ended_at=None, surplus="1")
    with pytest.raises(psycopg.Error) as error:
        register(deed)
    detail = error.value.diag.message_detail or ""
    for part in ("source_id::bigint", "ended_at", "surplus"):
        assert part in detail


@pytest.mark.parametrize(
    "columns",
    [
        {"subject_id": "'X'::varchar", "subject_class": "'X'::varchar(20)"},
        {"quantity": "quantity::numeric(10, 2)"},
        {"source_id": "source_id::engagement.host_key", "customer_id": "customer_id::crm.key"},
    ],
)
def test_register_source_kindred_types_accepted(deed: Host, columns: dict[str, str]) -> None:
    view(deed, **columns)
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    assert deed.live(customer) == [6]
    deed.proven("FULL")


@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("EG006", {"source": "Deed"}),
        ("EG006", {"source": "a__b"}),
        ("EG006", {"source": "a" * 31}),
        ("EG006", {"source": "customer"}),
        ("EG006", {"source": "employment"}),
        ("EG006", {"source": None}),
        ("EG006", {"source": "deed'; drop table crm.deed; --"}),
        ("EG005", {"kind": "NONE"}),
        ("EG005", {"kind": None}),
        ("EG005", {"when": "SOMETIMES"}),
        ("EG005", {"when": None}),
        ("EG007", {"name": "crm.deed"}),
        ("EG007", {"name": "engagement_host.customer"}),
    ],
)
def test_register_source_bad_input_refused(
    deed: Host, sqlstate: str, arguments: dict[str, Any]
) -> None:
    with deed.unchanged(), refused(sqlstate):
        register(deed, **arguments)


@pytest.mark.parametrize("missing", ["customer", "employment", "subject"])
def test_register_source_without_a_required_view_refused(deed: Host, missing: str) -> None:
    deed.run(f"drop view engagement_host.{missing} cascade")
    with deed.unchanged(), refused("EG007"):
        register(deed)


def test_register_source_required_view_of_the_wrong_shape_refused(deed: Host) -> None:
    deed.run("drop view engagement_host.subject")
    deed.run("create view engagement_host.subject as select 'X'::text as engagement_type")
    with deed.unchanged(), refused("EG007"):
        register(deed)


def test_register_and_attach_again_change_nothing(deed: Host) -> None:
    register(deed)
    attach(deed)
    deed.proven()
    oids = "select array_agg(oid order by oid) from pg_trigger where tgname like 'engagement_%'"
    before = deed.one(oids)
    with deed.unchanged():
        register(deed)
        attach(deed)
    assert deed.one(oids) == before


def test_register_source_replaces_view_and_type(deed: Host) -> None:
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    view(deed, quantity="quantity * 10")
    register(deed)
    deed.proven()
    assert deed.live(customer) == [60]
    register(deed, when="INVOICE_CREATION")
    deed.proven()
    assert deed.live(customer) == []
    assert deed.score(customer).score == 0


def test_view_replaced_is_derived_again_by_incremental(deed: Host) -> None:
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("create table crm.factor (factor numeric)")
    deed.run("insert into crm.factor values (5)")
    view(deed, quantity="quantity * (select factor from crm.factor)::numeric")
    run = deed.proven()
    assert (run.award_count, run.void_count) == (1, 1)
    assert deed.live(customer) == [30]
    assert deed.proven().award_count == 0


def test_view_below_the_view_replaced_is_derived_again(deed: Host) -> None:
    deed.run("create view crm.deed_base as select *, 1::numeric as factor from crm.deed")
    view(deed, "crm.deed_base", quantity="quantity * factor")
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("create or replace view crm.deed_base as select *, 7::numeric as factor from crm.deed")
    deed.proven()
    assert deed.live(customer) == [42]
    deed.run("update crm.deed set quantity = 2")  # the triggers know the new columns
    deed.proven()
    assert deed.live(customer) == [28]


def test_view_that_reads_more_columns_is_heard_of_by_the_triggers(deed: Host) -> None:
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("alter table crm.deed add weight numeric default 1")
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("update crm.deed set weight = 2")
    assert deed.count("pending_activity") == 0
    view(deed, quantity="quantity * weight")
    deed.proven()
    deed.run("update crm.deed set weight = 5")
    deed.proven()
    assert deed.live(customer) == [30]


def test_customer_view_replaced_gives_newcomers_a_row(host: Host) -> None:
    customer = host.customer()
    view_sql = host.one("select pg_get_viewdef('engagement_host.customer'::regclass)").rstrip(";")
    host.run(f"create or replace view engagement_host.customer as {view_sql} where false")
    host.proven()
    assert host.count("customer_score") == 0
    host.run(f"create or replace view engagement_host.customer as {view_sql}")
    host.proven()
    assert host.score(customer).score == 0


def test_unregister_source_voids_at_the_next_run(host: Host) -> None:
    host.rule(quantity_score=2)
    host.seat_rule()
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    host.order(customer)
    host.seat(customer, "2025-01-01")
    host.proven()
    host.run("call engagement.unregister_source('order_line')")
    assert host.live(customer) == [2, 30]
    host.order(customer)  # nobody listens any more
    host.proven()
    assert host.live(customer) == [30]
    assert host.reasons(customer) == ["SOURCE_REMOVED"]
    assert (host.score(customer).score, host.score(company).score) == (30, 30)
    assert (
        host.one("select count(*) from pg_trigger where tgname like 'engagement_order_line_%'") == 0
    )
    with host.unchanged(), refused("EG006"):
        host.run("call engagement.unregister_source('order_line')")


# -- triggers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("EG006", {"source": "unknown"}),
        ("EG008", {"column": "quantity"}),
        ("EG008", {"column": "SOURCE_ID"}),
        ("EG008", {"column": None}),
        ("EG008", {"key": "nothing"}),
        ("EG008", {"key": None}),
        ("EG008", {"key": ""}),
        ("EG008", {"key": "source_id, customer_id"}),
        ("EG008", {"key": "(select 1"}),
        ("EG008", {"key": "'x'::point"}),
        ("EG008", {"key": "source_id) from crm.deed; drop table crm.deed; --"}),
        ("EG008", {"table": "engagement_host.deed"}),
        ("EG008", {"table": "crm.deed_part_1"}),
        ("EG008", {"table": "crm.deed_stored"}),
        ("EG008", {"table": "crm.key_number"}),
    ],
)
def test_attach_triggers_bad_input_refused(
    deed: Host, sqlstate: str, arguments: dict[str, Any]
) -> None:
    deed.run("create table crm.deed_part (like crm.deed) partition by list (source_id)")
    deed.run("create table crm.deed_part_1 partition of crm.deed_part for values in (1)")
    deed.run("create materialized view crm.deed_stored as select * from crm.deed")
    register(deed)
    with deed.unchanged(), refused(sqlstate):
        attach(deed, **arguments)
    assert deed.one("select to_regclass('crm.deed') is not null")


@pytest.mark.parametrize("key", ["customer_id", "quantity::bigint", '"customer_id"'])
@pytest.mark.parametrize(("is_indexed", "warns"), [(True, False), (False, True)])
def test_attach_triggers_warns_of_the_views_look_up_whatever_the_key(
    deed: Host, key: str, is_indexed: bool, warns: bool
) -> None:
    if not is_indexed:
        deed.run("drop index crm.deed_customer_id_idx")
    register(deed)
    attach(deed, key=key, column="customer_id")
    assert ("WARNING" in deed.notices) is warns


@pytest.mark.parametrize(
    ("index", "warns"), [(None, True), ("((source_id::bigint))", False), ("(source_id)", True)]
)
def test_attach_triggers_key_that_the_view_casts_without_index_warns(
    host: Host, index: str | None, warns: bool
) -> None:
    host.run(
        "create table crm.deed (source_id integer primary key, customer_id bigint,"
        " quantity numeric)"
    )
    host.run("create index on crm.deed (customer_id)")
    if index:
        host.run(f"create index on crm.deed {index}")
    view(host, source_id="d.source_id::bigint")
    register(host)
    attach(host)
    assert ("WARNING" in host.notices) is warns


def test_attach_triggers_key_that_another_index_ends_with_does_not_warn(deed: Host) -> None:
    # To the planner the indexes of an empty table are alike, and it may take this one.
    deed.run("create index a_deed on crm.deed (quantity nulls first, source_id nulls first)")
    deed.run("analyze crm.deed")
    register(deed)
    attach(deed)
    assert "WARNING" not in deed.notices


def test_attach_triggers_key_that_the_view_casts_and_equates_warns_of_nothing(host: Host) -> None:
    host.run(
        "create table crm.deed (source_id integer primary key, customer_id bigint,"
        " quantity numeric)"
    )
    view(
        host,
        "(select * from crm.deed where source_id = source_id::bigint)",
        source_id="d.source_id::bigint",
    )
    register(host)
    attach(host)
    assert "WARNING" not in host.notices


@pytest.mark.parametrize(("row_count", "warns"), [(0, False), (3, False), (1000, True)])
def test_attach_triggers_table_of_a_few_rows_without_index_warns_of_nothing(
    host: Host, row_count: int, warns: bool
) -> None:
    host.run("create table crm.deed (source_id bigint, customer_id bigint, quantity numeric)")
    host.run("create table crm.kind (kind text)")
    host.run("create index on crm.deed (source_id)")
    host.run("insert into crm.kind select n::text from generate_series(1, %s) n", row_count)
    host.run("analyze crm.kind")
    view(
        host,
        "(select d.*, k.kind from crm.deed d, crm.kind k where k.kind like 'X%%')",
        subject_id="kind",
    )
    register(host)
    attach(host)
    assert ("WARNING" in host.notices) is warns


def test_attach_partitioned_table(host: Host) -> None:
    host.run(
        "create table crm.deed (source_id bigint, customer_id bigint, quantity numeric)"
        " partition by range (source_id)"
    )
    host.run("create table crm.deed_1 partition of crm.deed for values from (0) to (10)")
    host.run("create table crm.deed_2 partition of crm.deed for values from (10) to (20)")
    host.run("create index on crm.deed (source_id)")
    view(host)
    register(host)
    attach(host)
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("insert into crm.deed values (1, %s, 3), (11, %s, 4)", customer, customer)
    host.run("update crm.deed set source_id = 12 where source_id = 1")
    assert host.live(customer) == [6, 8]
    host.proven()


def test_attach_expression_key(host: Host) -> None:
    host.run(
        "create table crm.deed (year integer, number integer, customer_id bigint, quantity numeric)"
    )
    host.run("create index on crm.deed ((year * 1000000::bigint + number))")
    view(host, source_id="d.year * 1000000::bigint + d.number")
    register(host)
    attach(host, key="year * 1000000::bigint + number")
    assert "WARNING" not in host.notices
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("insert into crm.deed values (2025, 7, %s, 3), (2025, 8, %s, 1)", customer, customer)
    host.run("update crm.deed set number = 9 where number = 8")
    host.run("delete from crm.deed where number = 7")
    assert host.live(customer) == [2]
    host.proven()


def test_attach_integer_key_of_a_subject(host: Host) -> None:
    host.run(
        "create table crm.deed (source_id bigint primary key, customer_id bigint,"
        " quantity numeric, kind integer)"
    )
    host.run("create index on crm.deed ((kind::text))")
    view(host, subject_id="d.kind::text")
    register(host)
    attach(host, key="kind", column="subject_id")
    assert "WARNING" not in host.notices
    host.rule(quantity_score=2, subject_id="7")
    customer = host.customer()
    host.run("insert into crm.deed values (1, %s, 3, 7), (2, %s, 3, 8)", customer, customer)
    host.recalculate()
    assert host.live(customer) == [6]
    host.proven()


def test_attach_key_that_asks_another_table_warns_of_no_index(deed: Host) -> None:
    deed.run("create table crm.swap (is_swapped boolean)")
    register(deed)
    key = "(select case when s.is_swapped then -source_id else source_id end from crm.swap s)"
    attach(deed, key=key)
    assert "WARNING" not in deed.notices


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("calls_before", [0, 50])
@pytest.mark.parametrize("spelling", ["null", " NULL "])
def test_attach_settings_change_compares_the_whole_source(
    deed: Host, mode: str, calls_before: int, spelling: str
) -> None:
    deed.set(TRIGGER_MODE=mode)
    deed.run("create table crm.setting (factor numeric, remark text)")
    deed.run("insert into crm.setting values (1)")
    source = "(select d.*, s.factor from crm.deed d cross join crm.setting s)"
    view(deed, source, quantity="quantity * factor")
    register(deed)
    attach(deed)
    deed.notices.clear()
    attach(deed, table="crm.setting", key=spelling)
    assert "WARNING" not in deed.notices
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3), (2, %s, 4)", customer, customer)
    deed.proven()
    with deed.session.transaction():
        for _ in range(calls_before):
            deed.run("update crm.deed set quantity = quantity + 1")
            deed.run("update crm.deed set quantity = quantity - 1")
        deed.run("update crm.setting set remark = 'none of our business'")
        deed.run("delete from crm.setting where factor = 7")
        whole = "select source from engagement.pending_activity where activity_column is null"
        assert deed.rows(whole) == []
        deed.run("update crm.setting set factor = 10")
        assert deed.rows(whole) == [("deed",)]
    # Left to the run: the host's transaction derives no whole source.
    assert deed.live(customer) == [6, 8]
    assert deed.verify() == []
    deed.recalculate()
    assert deed.live(customer) == [60, 80]
    deed.proven()


def test_attach_settings_of_employment_moves_points(host: Host) -> None:
    host.rule(quantity_score=2)
    person, company = host.customer(), host.customer("COMPANY")
    host.job(person, company)
    host.order(person)
    host.run("create table crm.setting (is_primary boolean)")
    host.run("insert into crm.setting values (true)")
    host.run(
        "create or replace view engagement_host.employment as"
        " select e.employee_id::engagement.host_key as employee_id,"
        " e.employer_id::engagement.host_key as employer_id, s.is_primary, e.begin_on, e.end_on"
        " from crm.employment e cross join crm.setting s"
    )
    host.run("call engagement.attach_triggers('employment', 'crm.setting', 'null', 'customer_id')")
    host.proven()
    assert host.score(company).employee_score == host.score(person).own_score > 0
    host.run("update crm.setting set is_primary = false")
    host.proven()
    assert host.score(company).employee_score == 0
    host.proven("FULL")


def test_attach_reserved_and_mixed_case_names(host: Host) -> None:
    host.run('create schema "Select"')
    host.run(
        'create table "Select"."Order" ("user" bigint primary key, "customerId" bigint,'
        ' "group" numeric, "a""b" json)'
    )
    view(
        host,
        '"Select"."Order"',
        source_id='d."user"',
        customer_id='d."customerId"',
        quantity='d."group"',
        subject_id="""d."a""b" ->> 'x'""",
    )
    register(host)
    attach(host, '"Select"."Order"', "user")
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run('insert into "Select"."Order" values (1, %s, 3, \'{"x": "y"}\')', customer)
    assert host.live(customer) == [6]
    host.run('update "Select"."Order" set "group" = 4, "a""b" = \'{"x": "z"}\'')
    assert host.live(customer) == [8]
    host.run('update "Select"."Order" set "a""b" = \'{"x": "y"}\'')
    assert host.awards(customer)[-1].subject_id == "y"
    host.proven()
    host.run("""call engagement.detach_triggers('deed', '"Select"."Order"')""")
    host.run('drop table "Select"."Order" cascade')


@pytest.mark.parametrize("name", ["new_rows", "old_rows", "keys", "tg_op", "side", "key", "source"])
def test_attach_columns_named_like_the_routine_s_own(host: Host, name: str) -> None:
    host.run(f"create table crm.deed ({name} bigint primary key, customer_id bigint, c2 numeric)")
    view(host, source_id=f"d.{name}", quantity="c2")
    register(host)
    attach(host, key=name)
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("insert into crm.deed values (1, %s, 3)", customer)
    host.run("update crm.deed set c2 = 4")
    assert host.live(customer) == [8]
    host.proven()
    assert host.failures() == []


def test_view_reads_a_whole_row_every_column_counts(deed: Host) -> None:
    deed.run("alter table crm.deed add note text")
    view(deed, subject_id="to_jsonb(d) ->> 'note'")
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3, 'old')", customer)
    deed.proven()
    deed.run("update crm.deed set note = 'new'")
    assert deed.awards(customer)[-1].subject_id == "new"
    deed.proven()


def test_update_that_only_the_collation_thinks_equal_is_seen(deed: Host) -> None:
    try:
        deed.run(
            "create collation crm.any_case"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server has no ICU")
    deed.run("alter table crm.deed add note text collate crm.any_case")
    view(deed, subject_id='note collate "C"')
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3, 'gift')", customer)
    deed.proven()
    deed.run("update crm.deed set note = 'GIFT'")
    assert deed.awards(customer)[-1].subject_id == "GIFT"
    deed.proven()


def test_detach_triggers_and_attach_again(deed: Host) -> None:
    register(deed)
    attach(deed)
    customer = deed.customer()
    deed.run("call engagement.detach_triggers('deed', 'crm.deed')")
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    assert deed.live(customer) == []
    with deed.unchanged(), refused("EG008"):
        deed.run("call engagement.detach_triggers('deed', 'crm.deed')")
    attach(deed)
    deed.run("update crm.deed set quantity = 4")
    assert deed.live(customer) == [8]
    deed.proven("FULL")


def test_attached_table_dropped_source_can_be_unregistered(deed: Host) -> None:
    register(deed)
    attach(deed)
    deed.run("drop table crm.deed cascade")
    assert deed.recalculate().run_status == "COMPLETED"
    deed.run("call engagement.unregister_source('deed')")
    deed.proven()
    assert deed.rows("select from engagement.attached_table where source = 'deed'") == []


def test_organisation_adds_its_own_engagement_type(deed: Host) -> None:
    deed.run("insert into engagement.engagement_type values ('VOLUNTEERING', 'Volunteering')")
    register(deed, kind="VOLUNTEERING", when=None)
    attach(deed)
    deed.rule("HOURS", engagement_type="VOLUNTEERING", quantity_score=7)
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 2)", customer)
    deed.proven()
    assert deed.live(customer) == [14]


# -- the whole host ----------------------------------------------------------------------------


def test_detach_host_keeps_ledger_and_redeploy_goes_on(host: Host) -> None:
    host.rule(quantity_score=2)
    host.seat_rule()
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    order = host.order(customer, Line(quantity=3), Line(quantity=1))
    host.seat(customer, "2025-01-01")
    host.proven()
    ledger = host.rows("select * from engagement.award order by source, source_id")
    removal.detach_host(host.session)
    assert host.one("select count(*) from pg_trigger where tgname like 'engagement_%'") == 0
    assert (
        host.one(
            "select count(*) from pg_class where relnamespace = 'engagement_host'::regnamespace"
        )
        == 0
    )
    assert host.rows("select * from engagement.award order by source, source_id") == ledger
    assert host.score_at(customer) == host.score(customer).score == 38
    with refused("EG006"):  # nothing to prove it by
        host.verify()
    host.run("alter table crm.order_line alter quantity type numeric(12, 4)")
    host.set_line(order.lines[0], quantity=5)
    host.run("delete from crm.committee_member")
    removal.detach_host(host.session)  # again: nothing to do
    deploy(host.session, "reference", "bigint")
    run = host.proven()
    assert (run.award_count, run.void_count) == (1, 2)
    assert host.live(customer) == [2, 10]
    assert host.score(company).score == 12
    host.set_line(order.lines[0], quantity=6)
    assert host.live(customer) == [2, 12]
    host.proven("FULL")


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_key_types_whole_path(
    deployed_as: Callable[[str], psycopg.Connection[Any]], key_type: str
) -> None:
    host = furnish(deployed_as(key_type))
    host.rule(quantity_score=2)
    host.rule("INVOICED", amount_score=1, effective_when="INVOICE_CREATION")
    host.seat_rule(valid_for_weeks=40)
    customer, other, company = host.customer(), host.customer(), host.customer("COMPANY")
    job = host.job(customer, company)
    order = host.order(customer, Line(quantity=3), Line(quantity=1))
    host.invoice(customer, Line(amount=100), order_line=order.lines[0])
    host.seat(customer, "2025-01-01")
    assert host.live(customer) == [2, 6, 30, 100]
    host.proven()
    assert (host.score(customer).score, host.score(company).score) == (138, 138)
    host.set_order(order, order_status="CANCELLED")
    host.run("update crm.invoice_line set ship_customer_id = %s", other)
    host.run("delete from crm.employment where employment_id = %s", job)
    host.refresh(other)
    host.proven("INCREMENTAL")
    assert (host.live(customer), host.live(other)) == ([30], [100])
    assert host.score(company).score == 0
    host.set(TRIGGER_MODE="DEFERRED")
    host.add_lines(order.key, other, Line(), Line())
    host.set_order(order, order_status="PLACED")
    assert host.proven("FULL").award_count == 4
    assert host.card(customer)["score"] == 38
    assert host.card(other)["customer_id"] == str(other)
    assert host.rows("select source_id from engagement.explain_score(%s, %s)",
                     customer, "2025-02-01+00") != []  # fmt: skip
    with refused("EG001"):
        host.refresh("00000000-0000-4000-8000-ffffffffffff")
    assert host.failures() == []
