"""Whatever the host does to its tables, its statements work and everything else is scored.

`check` names what is wrong, and the corrected adapter can be deployed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engagement_runner.deploy import adapter, catalog, deploy
from engagement_runner.files import root
from scoring.host import NOW, Host, Line
from scoring.test_registration import attach, register, view


class Change(NamedTuple):
    """What the host does to its order lines, and what follows from it.

    Attributes:
        ddl: the host's statements.
        line: the table of order lines after it, with the names of its key and, if it has one, its
            amount.
        adapter: what the corrected adapter says instead of what.
        said: part of a finding of `check` before the next run.
        failed: failed_sources of the next run.
    """

    ddl: str
    line: tuple[str, str]
    adapter: tuple[tuple[str, str], ...]
    said: str
    failed: list[str]
    schema: str = "crm"


STALE = " is not as it was when its triggers were generated"
GONE = "view engagement_host.order_line of source order_line does not exist"

CHANGES = {
    "table renamed": Change(
        "alter table crm.order_line rename to order_item",
        ("crm.order_item", "order_line_id"),
        (("crm.order_line", "crm.order_item"),),
        f"crm.order_item{STALE} (source order_line)",
        [],
    ),
    "table renamed to a name that needs quotes": Change(
        'alter table crm.order_line rename to "Order.Line"',
        ('crm."Order.Line"', "order_line_id"),
        (("crm.order_line", 'crm."Order.Line"'),),
        f'crm."Order.Line"{STALE} (source order_line)',
        [],
    ),
    "two tables swap names": Change(
        "alter table crm.order_line rename to x; alter table crm.invoice_line rename to order_line;"
        " alter table crm.x rename to invoice_line",
        ("crm.invoice_line", "order_line_id"),
        (
            ("crm.order_line", "crm.x"),
            ("crm.invoice_line", "crm.order_line"),
            ("crm.x", "crm.invoice_line"),
        ),
        f"crm.invoice_line{STALE} (source order_line)",
        [],
    ),
    "table in another schema": Change(
        "create schema shop; alter table crm.order_line set schema shop",
        ("shop.order_line", "order_line_id"),
        (("crm.order_line", "shop.order_line"),),
        f"shop.order_line{STALE} (source order_line)",
        [],
    ),
    "schema renamed": Change(
        "alter schema crm rename to shop",
        ("shop.order_line", "order_line_id"),
        (("crm.", "shop."),),
        f"shop.order_line{STALE} (source order_line)",
        [],
        "shop",
    ),
    "key column renamed": Change(
        "alter table crm.order_line rename order_line_id to line_id",
        ("crm.order_line", "line_id"),
        (
            ("l.order_line_id", "l.line_id"),
            ("p_key_column => 'order_line_id'", "p_key_column => 'line_id'"),
        ),
        f"crm.order_line{STALE} (source order_line)",
        [],
    ),
    "column renamed": Change(
        "alter table crm.order_line rename quantity to pieces",
        ("crm.order_line", "order_line_id"),
        (
            (
                "l.quantity,\n    l.amount,\n    o.ordered_at",
                "l.pieces as quantity,\n    l.amount,\n    o.ordered_at",
            ),
            ("l.quantity > 0", "l.pieces > 0"),
        ),
        f"crm.order_line{STALE} (source order_line)",
        [],
    ),
    "column dropped with the view": Change(
        "alter table crm.order_line drop amount cascade",
        ("crm.order_line", "order_line_id"),
        (
            ("l.amount,\n    o.ordered_at", "0::numeric as amount,\n    o.ordered_at"),
            ("sum(l.amount) as amount", "0::numeric as amount"),
        ),
        GONE,
        ["order_line"],
    ),
    "table dropped with the view, and its successor": Change(
        "create table crm.order_item as select * from crm.order_line;"
        " alter table crm.order_item add primary key (order_line_id);"
        " drop table crm.order_line cascade",
        ("crm.order_item", "order_line_id"),
        (("crm.order_line", "crm.order_item"),),
        GONE,
        ["order_line", "triggers of crm.order_line"],
    ),
    "table made anew under its name": Change(
        "create table crm.order_item as select * from crm.order_line;"
        " alter table crm.order_item add primary key (order_line_id);"
        " drop table crm.order_line cascade; alter table crm.order_item rename to order_line",
        ("crm.order_line", "order_line_id"),
        (("Host adapter", "The host adapter"),),
        "crm.order_line has no insert trigger (source order_line)",
        ["order_line"],
    ),
    "view renamed": Change(
        "alter view engagement_host.order_line rename to sold",
        ("crm.order_line", "order_line_id"),
        (("engagement_host.order_line", "engagement_host.sold"),),
        GONE,
        ["order_line"],
    ),
}


def write_adapter(path: Path, *changes: tuple[str, str]) -> str:
    """The reference adapter with these changes, as a file; its path."""
    text = (root() / "sql/hosts/reference.sql").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)
    return str(path)


def said(host: Host, part: str) -> bool:
    """Whether a finding of `check` contains this."""
    return any(part in finding for finding in catalog.check(host.session))


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("what", CHANGES)
def test_host_changes_a_table_scoring_goes_on(
    host: Host, tmp_path: Path, what: str, mode: str
) -> None:
    change = CHANGES[what]
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=2)
    host.seat_rule()
    buyer, member = host.customer(), host.customer()
    order = host.order(buyer, Line(quantity=3))
    host.proven()
    host.session.execute(change.ddl.encode())
    table, key = change.line
    pieces = "pieces" if what == "column renamed" else "quantity"
    host.run(
        f"insert into {table}"
        f" ({key}, order_id, ship_customer_id, product_id, {pieces}, line_status)"
        " values (9001, %s, %s, 'BOOK', 1, 'ACTIVE'), (9002, %s, %s, 'BOOK', 7, 'ACTIVE')",
        *(order.key, buyer, order.key, buyer),
    )
    host.run(f"update {table} set {pieces} = 5 where {key} = 9001")
    host.run(f"delete from {table} where {key} = 9002")
    host.run(
        f"insert into {change.schema}.committee_member"
        " (committee_member_id, committee_id, customer_id, begin_on)"
        " values (9001, 'BOARD', %s, '2025-01-01')",
        member,
    )
    assert said(host, change.said), catalog.check(host.session)
    run = host.recalculate()
    assert (run.run_status, run.failed_sources) == ("COMPLETED", change.failed)
    assert host.live(member) == [30]
    assert host.score(member).score == 30
    if not change.failed:
        assert host.live(buyer) == [6, 10]
        assert catalog.check(host.session) == []
        assert host.failures() == []
        assert host.rows(
            "select from engagement.attached_table where table_name = %s and source = 'order_line'",
            table,
        )
        host.run(f"update {table} set {pieces} = 6 where {key} = 9001")
        host.proven()
        assert host.live(buyer) == [6, 12]
        host.run(f"update {table} set {pieces} = 5 where {key} = 9001")
    else:
        assert host.failures() != []
        host.refresh(member)  # one broken source keeps nobody from a score

    path = write_adapter(tmp_path / "mine.sql", *change.adapter)
    tried = adapter.check(host.session, path)
    assert not tried.has("error"), tried.findings.records
    deploy(host.session, path)
    host.proven()
    assert host.live(buyer) == [6, 10]
    assert host.failures() == []
    host.run(f"update {table} set {pieces} = 4 where {key} = 9001")
    host.proven()
    assert host.live(buyer) == [6, 8]
    assert catalog.check(host.session) == []
    assert host.proven("FULL").award_count == 0


@pytest.fixture
def deed(host: Host) -> Host:
    """A source over crm.deed, attached by hand, and an order rule of two points a piece."""
    host.run(
        "create table crm.deed (source_id bigint primary key, customer_id bigint, quantity numeric)"
    )
    host.run("create index on crm.deed (customer_id)")
    view(host)
    register(host)
    attach(host)
    host.rule(quantity_score=2)
    host.seat_rule()
    host.proven()
    return host


def test_table_dropped_after_its_view_was_replaced_is_named_and_forgotten(deed: Host) -> None:
    deed.run("create table crm.factor (customer_id bigint primary key, factor numeric)")
    view(
        deed,
        "(select d.*, f.factor from crm.deed d left join crm.factor f using (customer_id))",
        quantity="quantity * coalesce(factor, 1)",
    )
    register(deed)
    attach(deed, "crm.factor", "customer_id", "customer_id")
    customer = deed.customer()
    deed.proven()
    view(deed)
    deed.run("drop table crm.factor")
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.seat(customer, "2025-01-01")
    for _ in range(2):  # a second run says so as well
        run = deed.recalculate()
        assert (run.run_status, run.failed_sources) == ("COMPLETED", ["triggers of crm.factor"])
        assert deed.failures() == ["42P01"]
        assert deed.live(customer) == [6, 30]
    assert said(deed, "table crm.factor does not exist (source deed)")
    assert said(deed, "call engagement.detach_dropped_tables();")
    deed.run("call engagement.detach_dropped_tables()")
    assert deed.proven().failed_sources == []
    assert deed.failures() == []
    assert catalog.check(deed.session) == []


def test_function_of_a_key_dropped_is_named_and_the_source_scored(deed: Host) -> None:
    deed.run("create function crm.own(bigint) returns bigint language sql immutable as 'select $1'")
    deed.run("call engagement.detach_triggers('deed', 'crm.deed')")
    attach(deed, key="crm.own(source_id)")
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("drop function crm.own(bigint)")
    deed.run("update crm.deed set quantity = 4")
    assert said(deed, "table crm.deed has no key crm.own(source_id) (source deed)")
    for quantity in (5, 6):
        deed.run("update crm.deed set quantity = %s", quantity)
        run = deed.recalculate()
        assert (run.run_status, run.failed_sources) == ("COMPLETED", ["triggers of crm.deed"])
        assert deed.live(customer) == [quantity * 2]
        assert deed.verify() == []
    attach(deed)
    deed.proven()
    assert deed.failures() == []
    assert catalog.check(deed.session) == []


def test_column_of_a_key_expression_renamed_is_named_and_the_source_scored(deed: Host) -> None:
    view(deed, source_id="source_id * 10")
    register(deed)
    deed.run("call engagement.detach_triggers('deed', 'crm.deed')")
    attach(deed, key="source_id * 10")
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("alter table crm.deed rename source_id to deed_id")
    deed.run("update crm.deed set quantity = 4")
    run = deed.recalculate()
    assert (run.run_status, run.failed_sources) == ("COMPLETED", ["triggers of crm.deed"])
    assert deed.live(customer) == [8]
    assert said(deed, "call engagement.attach_triggers('deed', 'crm.deed', KEY, 'source_id')")
    attach(deed, key="deed_id * 10")
    deed.run("update crm.deed set quantity = 5")
    deed.proven()
    assert deed.live(customer) == [10]
    assert catalog.check(deed.session) == []


def test_view_that_may_not_be_read_any_more_fails_its_source_only(deployed: Any) -> None:
    host = Host(deployed)
    host.run("create role engagement_test_owner")
    try:
        host.run("create table crm.deed (source_id bigint, customer_id bigint, quantity numeric)")
        view(host)
        register(host)
        attach(host)
        host.run("alter view engagement_host.deed owner to engagement_test_owner")
        assert said(host, "view engagement_host.deed of source deed cannot be read")
        run = host.recalculate()
        assert (run.run_status, run.failed_sources) == ("COMPLETED", ["deed"])
    finally:
        host.run("drop owned by engagement_test_owner cascade")
        host.run("drop role engagement_test_owner")


@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
@pytest.mark.parametrize("harm", ["gone", "locked away", "a row that cannot be read"])
@pytest.mark.parametrize("name", ["customer", "employment", "subject"])
def test_required_view_unreadable_everything_else_goes_on(
    host: Host, name: str, harm: str, mode: str
) -> None:
    host.rule(quantity_score=2)
    company, before, after = host.customer("COMPANY"), host.customer(), host.customer()
    host.job(before, company)
    host.order(before, Line(quantity=3))
    host.proven()
    kept = host.one("select pg_get_viewdef(%s::regclass)", f"engagement_host.{name}")
    column = {"customer": "customer_id", "employment": "employee_id", "subject": "display_name"}[
        name
    ]
    if harm == "gone":
        host.run(f"drop view engagement_host.{name} cascade")
    elif harm == "locked away":
        host.run("create role engagement_test_owner")
        host.run(f"alter view engagement_host.{name} owner to engagement_test_owner")
    else:
        host.run(
            f"create or replace view engagement_host.{name} as select v.* from ("
            f"{kept.rstrip(';')}) v"
            f" where v.{column}::text is null or length(v.{column}::text) / 0 = 1"
        )
    try:
        newcomer = host.customer()
        for customer in (before, after, newcomer):
            host.order(customer, Line(quantity=5))
        run = host.recalculate(mode)
        assert run.run_status == "COMPLETED"
        if harm != "a row that cannot be read":
            assert name in run.failed_sources
            assert said(host, f"view engagement_host.{name} ")
        elif name != "subject":  # which says what things are called, and nothing for a score
            assert host.failures()
        if name != "employment":
            assert [host.score(c).score for c in (before, after, newcomer)] == [16, 10, 10]
        host.recalculate(mode)
    finally:
        if harm == "locked away":
            host.run(f"alter view engagement_host.{name} owner to current_user")
            host.run("drop role engagement_test_owner")
    host.run(f"create or replace view engagement_host.{name} as {kept}")
    run = host.proven()
    assert run.failed_sources == []
    assert host.failures() == []
    assert [host.score(c).score for c in (before, after, newcomer)] == [16, 10, 10]
    assert host.score(company).score == 16
    assert catalog.check(host.session) == []


@pytest.mark.parametrize(
    "phase", ["DEQUEUE", "SOURCES", "ACTIVITIES", "CUSTOMERS", "TOTALS", "RANK", "BANDS"]
)
@pytest.mark.parametrize("name", ["customer", "employment"])
def test_required_view_dropped_while_a_run_waits_to_be_resumed(
    host: Host, name: str, phase: str
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    host.rows("select engagement.begin_run('FULL', %s)", NOW)
    while (run := host.runs()[-1]).phase != phase:
        host.rows("select engagement.run_step(%s)", run.run_id)
    kept = host.one("select pg_get_viewdef(%s::regclass)", f"engagement_host.{name}")
    host.run(f"drop view engagement_host.{name}")
    assert host.recalculate().run_status == "COMPLETED"
    host.run(f"create view engagement_host.{name} as {kept}")
    assert host.proven().failed_sources == []
    assert host.score(customer).score == 6


# -- what an adapter no longer attaches ------------------------------------------------------------


ATTACH_COMMITTEE = """call engagement.attach_triggers(
    p_source => 'committee_seat',
    p_table => 'crm.committee',
    p_key_column => 'committee_id',
    p_activity_column => 'subject_id');
"""


def test_deploy_removes_what_the_adapter_no_longer_attaches(host: Host, tmp_path: Path) -> None:
    host.seat_rule()
    member = host.customer()
    host.run("create table crm.remark (customer_id bigint)")
    host.run("call engagement.attach_triggers('customer', 'crm.remark', 'customer_id')")
    path = write_adapter(
        tmp_path / "mine.sql",
        (ATTACH_COMMITTEE, ""),
        ("c.committee_class as subject_class,\n    1", "null as subject_class,\n    1"),
        ("join crm.committee as c on c.committee_id = m.committee_id;", ";"),
        ("from crm.committee_member as m\n;", "from crm.committee_member as m;"),
    )  # fmt: skip
    half = write_adapter(tmp_path / "half.sql", (ATTACH_COMMITTEE, ""))
    assert [
        finding["place"]
        for finding in adapter.check(host.session, half).findings.records
        if "reads table crm.committee and has no triggers" in finding["finding"]
    ] == ["committee_seat"]
    adapter.check(host.session, path)
    assert host.one("select count(*) from pg_trigger where tgrelid = 'crm.committee'::regclass"
                    " and not tgisinternal") == 3  # fmt: skip
    deploy(host.session, path)
    assert host.one("select count(*) from pg_trigger where tgrelid = 'crm.committee'::regclass"
                    " and not tgisinternal") == 0  # fmt: skip
    made_by = dict(host.rows("select table_name, made_by from engagement.attached_table"))
    assert made_by["crm.remark"] == "HAND"
    assert made_by["crm.committee_member"] == "ADAPTER"
    assert made_by["engagement.social_score"] == "PACKAGE"
    assert "crm.committee" not in made_by
    host.run("drop view engagement_host.subject; drop table crm.committee cascade")
    host.run(
        "create view engagement_host.subject as select p.product_class as engagement_type,"
        " p.product_id as subject_id, p.product_class as subject_class, p.display_name"
        " from crm.product p"
    )
    host.seat(member, "2025-01-01")
    assert host.proven().failed_sources == []
    assert host.live(member) == [30]
    assert catalog.check(host.session) == []


def test_deploy_keeps_the_triggers_of_a_source_that_goes_on(host: Host, tmp_path: Path) -> None:
    text = (root() / "sql/hosts/reference.sql").read_text()
    path = tmp_path / "mine.sql"
    path.write_text(text.replace("'invoice_line',", "'invoiced',"))
    host.rule("INVOICED", quantity_score=2, effective_when="INVOICE_CREATION")
    deploy(host.session, str(path))
    customer = host.customer()
    host.invoice(customer)
    assert host.live(customer) == [2, 2]  # invoice_line goes on beside invoiced
    host.run("call engagement.unregister_source('invoice_line')")
    host.proven()
    assert host.live(customer) == [2]


# -- triggers that are not there, or of another form of the table ----------------------------------


@pytest.mark.parametrize(
    "harm",
    [
        "drop trigger engagement_deed_update on crm.deed",
        "alter table crm.deed disable trigger engagement_deed_update",
        "alter table crm.deed enable replica trigger engagement_deed_update",
        "drop trigger engagement_deed_update on crm.deed; create trigger engagement_deed_update"
        " after update on crm.deed for each statement execute function engagement.notified()",
    ],
)
def test_trigger_missing_every_run_compares_the_source(deed: Host, harm: str) -> None:
    if "notified" in harm:
        deed.run("create function engagement.notified() returns trigger language plpgsql"
                 " as 'begin return null; end'")  # fmt: skip
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.session.execute(harm.encode())
    for quantity in (4, 5):
        deed.run("update crm.deed set quantity = %s", quantity)
        deed.proven()
        assert deed.live(customer) == [quantity * 2]
    deed.run("update crm.deed set quantity = 6")
    assert catalog.check(deed.session) != []
    attach(deed)  # what nobody captured is compared by the next run
    deed.proven()
    assert deed.live(customer) == [12]
    if "notified" in harm:
        deed.run("drop function engagement.notified()")
    assert catalog.check(deed.session) == []


def test_trigger_enabled_always_is_as_good_and_stays(deed: Host) -> None:
    deed.run("alter table crm.deed enable always trigger engagement_deed_update")
    assert catalog.check(deed.session) == []
    attach(deed)
    assert deed.one("select tgenabled from pg_trigger where tgname = 'engagement_deed_update'") == (
        "A"
    )
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.run("set session_replication_role = replica")
    deed.run("update crm.deed set quantity = 4")
    deed.run("reset session_replication_role")
    deed.proven()
    assert deed.live(customer) == [8]


def test_partition_with_rows_attached_and_detached_is_compared(host: Host) -> None:
    host.run(
        "create table crm.deed (source_id bigint, customer_id bigint, quantity numeric)"
        " partition by range (source_id)"
    )
    host.run("create index on crm.deed (source_id)")
    host.run("create table crm.deed_1 partition of crm.deed for values from (0) to (10)")
    view(host)
    register(host)
    attach(host)
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("insert into crm.deed values (1, %s, 3)", customer)
    host.proven()
    host.run("create table crm.deed_2 (like crm.deed)")
    host.run("insert into crm.deed_2 values (11, %s, 4)", customer)
    host.run("alter table crm.deed attach partition crm.deed_2 for values from (10) to (20)")
    assert said(host, f"table crm.deed{STALE} (source deed)")
    host.proven()
    assert host.live(customer) == [6, 8]
    assert catalog.check(host.session) == []
    host.run("alter table crm.deed detach partition crm.deed_1")
    host.proven()
    assert host.live(customer) == [8]
    # Away and back between two runs, with other rows.
    host.run("alter table crm.deed detach partition crm.deed_2")
    host.run("update crm.deed_2 set quantity = 5")
    host.run("alter table crm.deed attach partition crm.deed_2 for values from (10) to (20)")
    host.proven()
    assert host.live(customer) == [10]


def test_table_that_became_a_partition_is_named_and_compared(deed: Host) -> None:
    customer = deed.customer()
    deed.run("insert into crm.deed values (1, %s, 3)", customer)
    deed.proven()
    deed.run("alter table crm.deed rename to deed_old")
    deed.run("create table crm.deed (like crm.deed_old) partition by range (source_id)")
    deed.run("alter table crm.deed attach partition crm.deed_old for values from (0) to (10)")
    for quantity in (4, 5):
        deed.run("update crm.deed set quantity = %s", quantity)
        deed.proven()
        assert deed.live(customer) == [quantity * 2]
    assert said(deed, "table crm.deed_old is written to through crm.deed, which has no triggers")
    view(deed)
    deed.run("create index on crm.deed (source_id)")
    register(deed)
    attach(deed)
    deed.proven()
    deed.run("update crm.deed set quantity = 6")
    deed.proven()
    assert deed.live(customer) == [12]
    assert catalog.check(deed.session) == []


def test_trigger_renamed_is_the_same_trigger(deed: Host) -> None:
    deed.run("alter trigger engagement_deed_insert on crm.deed rename to z")
    attach(deed)
    assert deed.one("select count(*) from pg_trigger where tgrelid = 'crm.deed'::regclass") == 4
    assert catalog.check(deed.session) == []


def test_table_locked_by_the_host_is_passed_over(deed: Host, second_session: Any) -> None:
    customer = deed.customer()
    deed.proven()
    other = second_session(deed.session)
    with other.transaction():
        other.execute("lock table crm.deed in access exclusive mode")
        deed.seat(customer, "2025-01-01")
        run = deed.recalculate()
        assert (run.run_status, run.failed_sources) == ("COMPLETED", [])
        assert deed.score(customer).score == 30
    assert deed.failures() == []


def test_table_that_a_subscription_writes_to_is_named_and_compared(deployed: Any) -> None:
    host = Host(deployed)
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("insert into crm.product values ('BOOK', 'PUBLICATION', 'Book')")
    order = host.order(customer)
    host.proven()
    host.run(
        "create subscription engagement_test connection 'dbname=nowhere' publication p"
        " with (connect = false, slot_name = none)"
    )
    try:
        host.run("set allow_system_table_mods = on")
        host.run(
            "insert into pg_subscription_rel (srsubid, srrelid, srsubstate)"
            " select oid, 'crm.order_line'::regclass, 'r' from pg_subscription"
        )
        host.run("reset allow_system_table_mods")
        assert said(host, "table crm.order_line receives rows from a subscription")
        host.run("set session_replication_role = replica")
        host.set_line(order.line, quantity=3)
        host.run("reset session_replication_role")
        host.proven()
        assert host.live(customer) == [6]
    finally:
        host.run("drop subscription engagement_test")


# -- UPDATEs of what a view reads in another way than by its columns -------------------------------


def test_update_of_a_column_that_a_function_reads_is_seen(host: Host) -> None:
    host.run("create table crm.price (item text primary key, p numeric, note text)")
    host.run("insert into crm.price values ('BOOK', 2)")
    host.run(
        "create table crm.deed (source_id bigint primary key, customer_id bigint, item text,"
        " n numeric, weight numeric default 1)"
    )
    host.run(
        "create function crm.price_of(text) returns numeric language sql stable"
        " as 'select p from crm.price where item = $1'"
    )
    host.run(
        "create function crm.weight_of(bigint) returns numeric language sql stable"
        " as 'select weight from crm.deed where source_id = $1'"
    )
    view(
        host,
        quantity="n * crm.price_of(item) * crm.weight_of(source_id)",
        subject_id="item",
    )
    register(host)
    attach(host)
    attach(host, "crm.price", "item", "subject_id")
    host.rule(quantity_score=1)
    customer = host.customer()
    host.run("insert into crm.deed values (1, %s, 'BOOK', 5)", customer)
    host.proven()
    assert host.live(customer) == [10]
    host.run("update crm.price set p = 3")
    host.proven()
    assert host.live(customer) == [15]
    # A table that the view reads by itself, too.
    host.run("update crm.deed set weight = 2")
    host.proven()
    assert host.live(customer) == [30]
    assert catalog.check(host.session) == []


def test_update_through_an_inheritance_child_is_seen(deed: Host) -> None:
    deed.run("create table crm.deed_child (note text, primary key (source_id)) inherits (crm.deed)")
    finding = "table crm.deed_child inherits from crm.deed and has no triggers (source deed)"
    assert said(deed, finding)
    customer = deed.customer()
    attach(deed, "crm.deed_child")
    deed.run("insert into crm.deed_child values (1, %s, 3)", customer)
    deed.proven()
    deed.run("update crm.deed_child set quantity = 4")
    deed.proven()
    assert deed.live(customer) == [8]
    deed.run("update crm.deed_child set note = 'none of our business'")
    assert deed.count("pending_activity") == 0
    deed.run("update crm.deed set quantity = 5")
    deed.proven()
    assert deed.live(customer) == [10]
    assert catalog.check(deed.session) == []


@pytest.fixture
def virtual(host: Host) -> Host:
    """Deeds whose key and quantity are virtual generated columns."""
    if host.session.info.server_version < 180000:
        pytest.skip("virtual generated columns came with PostgreSQL 18")
    host.run(
        "create table crm.deed (id bigint primary key, customer_id bigint, n numeric,"
        ' "price \\ 1" numeric default 1, source_id bigint generated always as (id * 10) virtual,'
        ' quantity numeric generated always as (n * "price \\ 1") virtual)'
    )
    view(host)
    register(host)
    host.rule(quantity_score=2)
    return host


@pytest.mark.parametrize("key", ["source_id", "source_id + 0", "id * 10"])
@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_virtual_generated_columns_as_key_and_value(virtual: Host, key: str, mode: str) -> None:
    virtual.set(TRIGGER_MODE=mode)
    attach(virtual, key=key)
    customer = virtual.customer()
    virtual.run("insert into crm.deed values (1, %s, 3), (2, %s, 7)", customer, customer)
    virtual.proven()
    virtual.run("update crm.deed set n = 4 where id = 1")
    virtual.run("delete from crm.deed where id = 2")
    assert virtual.rows(
        "select from engagement.pending_activity where activity_column is null"
    ) == []  # fmt: skip
    virtual.proven()
    assert virtual.live(customer) == [8]
    virtual.run("update crm.deed set id = 3")
    virtual.proven()
    assert virtual.live(customer) == [8]
    assert virtual.failures() == []
    virtual.proven("FULL")


# -- another database ------------------------------------------------------------------------------


def test_attachments_are_found_where_the_oids_are_others(host: Host) -> None:
    # As after pg_dump and pg_restore: names and triggers are what they were, OIDs are not.
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run(
        "update engagement.attached_table set table_id = 'crm.customer'::regclass, key_number = 2"
        " where source <> 'customer'"
    )
    order = host.order(customer)
    assert catalog.check(host.session) == []
    host.set_line(order.line, quantity=3)
    host.proven()
    assert host.live(customer) == [6]
    host.run("alter table crm.order_line rename to order_item")
    host.proven()
    assert host.rows(
        "select a.table_id::regclass::text, a.key_expression from engagement.attached_table a"
        " where a.source = 'order_line' and a.activity_column = 'source_id'"
    ) == [("crm.order_item", "order_line_id")]
