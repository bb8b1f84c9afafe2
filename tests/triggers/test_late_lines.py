"""A header's INSERT has no trigger where a foreign key proves that no line can be there yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from scoring.host import NOW, Host, Line

LINES = "order_line_order_fkey"


def events(host: Host, table: str = "sales_order") -> set[str]:
    """The events of a table that are captured."""
    names = {4: "insert", 8: "delete", 16: "update", 32: "truncate"}
    return {
        name
        for bit, name in names.items()
        if host.one(
            "select exists (select from pg_trigger t join pg_proc p on p.oid = t.tgfoid"
            " where t.tgrelid = %s::regclass and t.tgtype & %s::integer > 0"
            " and p.proname like 'capture\\_\\_%%')",
            *(f"crm.{table}", bit),
        )
    }


def spared(host: Host) -> list[tuple[str, str, str]]:
    """The attachments without a trigger on INSERT, and the keys that prove that none is needed."""
    return host.rows(
        "select source, table_name, line_key from engagement.attached_table"
        " where line_key is not null order by source, table_name"
    )


def problems(host: Host) -> list[str]:
    return [row[0] for row in host.rows("select problem from engagement.host_problems()")]


ALL = {"insert", "update", "delete", "truncate"}


@pytest.fixture(params=["DEFERRED", "IMMEDIATE"])
def shop(host: Host, request: pytest.FixtureRequest) -> Host:
    host.set(TRIGGER_MODE=request.param)
    host.rule(quantity_score=2)
    return host


def test_late_lines_of_the_reference_host(host: Host) -> None:
    assert spared(host) == [
        ("committee_seat", "crm.committee", "committee_member_committee_fkey"),
        ("invoice_line", "crm.invoice", "invoice_line_invoice_fkey"),
        ("invoice_line", "crm.product", "invoice_line_product_fkey"),
        ("order_line", "crm.product", "order_line_product_fkey"),
        ("order_line", "crm.sales_order", LINES),
    ]
    for table in ("sales_order", "invoice", "product", "committee"):
        assert events(host, table) == ALL - {"insert"}
    for table in ("order_line", "invoice_line", "committee_member", "customer", "employment"):
        assert events(host, table) == ALL
    assert problems(host) == []


def test_late_lines_header_alone_queues_nothing(shop: Host) -> None:
    customer = shop.customer()
    shop.proven()
    with shop.unchanged():
        shop.one(
            "insert into crm.sales_order (order_status, ordered_at) values ('PLACED', now())"
            " returning order_id"
        )
    order = shop.order(customer, Line(quantity=3), status="DRAFT")
    shop.proven()
    assert shop.score(customer).score == 0
    shop.set_order(order, order_status="PLACED")
    shop.proven()
    assert shop.score(customer).score == 6


def test_late_lines_header_and_line_in_one_statement(shop: Host) -> None:
    customer = shop.customer()
    shop.proven()
    shop.run(
        "with header as (insert into crm.sales_order (order_status, ordered_at)"
        " values ('PLACED', '2025-03-03') returning order_id)"
        " insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select order_id, %s, 'BOOK', 4, 0 from header",
        customer,
    )
    shop.proven()
    assert shop.score(customer).score == 8


def test_late_lines_header_that_takes_the_place_of_another(shop: Host) -> None:
    """A key may go from one row to another while its lines stay, within one statement."""
    customer = shop.customer()
    order = shop.order(customer, Line(quantity=3), status="DRAFT")
    shop.proven()
    shop.run(
        "alter table crm.order_line drop constraint order_line_order_fkey,"
        " add constraint order_line_order_fkey foreign key (order_id)"
        " references crm.sales_order (order_id)"
    )
    shop.proven()
    assert ("order_line", "crm.sales_order", LINES) in spared(shop)
    shop.run(
        "with gone as (delete from crm.sales_order where order_id = %s returning order_id)"
        " insert into crm.sales_order (order_id, order_status, ordered_at)"
        " overriding system value select order_id, 'PLACED', '2025-03-03' from gone",
        order.key,
    )
    shop.proven()
    assert shop.score(customer).score == 6


GONE = {
    "dropped": "alter table crm.order_line drop constraint order_line_order_fkey",
    "renamed": f"alter table crm.order_line rename constraint {LINES} to another",
    "deferrable": f"alter table crm.order_line alter constraint {LINES} deferrable",
    "not valid": (
        f"alter table crm.order_line drop constraint {LINES}, add constraint {LINES}"
        " foreign key (order_id) references crm.sales_order (order_id) not valid"
    ),
    "switched off": "alter table crm.order_line disable trigger all;"
    " alter table crm.order_line enable trigger user",
    "lines in a child": "create table crm.old_line () inherits (crm.order_line)",
    "headers in a child": "create table crm.old_order () inherits (crm.sales_order)",
}
CHILDREN = ("lines in a child", "headers in a child")


@pytest.mark.parametrize("how", GONE)
def test_late_lines_key_that_proves_no_more(shop: Host, how: str) -> None:
    customer = shop.customer()
    shop.proven()
    shop.run(GONE[how])
    # A line that comes before its header, where it may. Only the header's insert could tell.
    if how not in (*CHILDREN, "renamed"):
        late = 4711
        with shop.session.transaction():
            shop.run("set constraints all deferred")
            if how == "not valid":
                shop.run("set session_replication_role = replica")
            shop.run(
                "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity,"
                " amount) values (%s, %s, 'BOOK', 5, 0)",
                *(late, customer),
            )
            shop.run("set session_replication_role = origin")
            shop.run("delete from engagement.pending_activity")  # as if a run had taken it
            shop.run(
                "insert into crm.sales_order (order_id, order_status, ordered_at)"
                " overriding system value values (%s, 'PLACED', '2025-03-03')",
                late,
            )
    problem = f"table crm.sales_order has no insert trigger, and foreign key {LINES} no longer"
    assert [p for p in problems(shop) if p.startswith(problem)] != []
    shop.recalculate()
    if how == "renamed":
        assert ("order_line", "crm.sales_order", "another") in spared(shop)
        assert (events(shop), problems(shop)) == (ALL - {"insert"}, [])
        return
    assert events(shop) == ALL
    assert [p for p in problems(shop) if "insert trigger" in p] == []
    assert shop.rows("select * from engagement.verify()") == []
    if how not in CHILDREN:
        assert shop.score(customer).score == 10
    # From now on the header's insert is captured.
    shop.one(
        "insert into crm.sales_order (order_status, ordered_at) values ('PLACED', now())"
        " returning order_id"
    )
    assert shop.rows(
        "select source, activity_column, cardinality(keys) from engagement.pending_activity"
    ) == [("order_line", "document_id", 1)]


def test_late_lines_next_deployment_spares_it_again(host: Host) -> None:
    host.run(GONE["deferrable"])
    host.recalculate()
    assert events(host) == ALL
    host.run(f"alter table crm.order_line alter constraint {LINES} not deferrable")
    host.proven()
    assert events(host) == ALL  # a run takes no lock to drop one
    deploy(host.session, "reference")
    host.rows("select engagement.spare_inserts('order_line')")
    assert events(host) == ALL - {"insert"}


def test_late_lines_locked_header_waits_for_the_next_run(
    host: Host, second_session: Callable[..., psycopg.Connection[Any]]
) -> None:
    host.proven()
    host.run(GONE["deferrable"])
    clerk = second_session(host.session, autocommit=False)
    clerk.execute("lock table crm.sales_order in share row exclusive mode")
    host.recalculate()  # compares the source as a whole instead
    assert events(host) == ALL - {"insert"}
    assert [p for p in problems(host) if "insert trigger" in p] != []
    clerk.rollback()
    host.recalculate()
    assert events(host) == ALL


def register(host: Host, columns: dict[str, str], source: str) -> None:
    """A source w over a view of these columns, with lines and headers attached."""
    every = {
        "source_id": "null", "document_id": "null", "customer_id": "null", "employer_id": "null",
        "subject_id": "null::text", "subject_class": "null::text", "quantity": "1::numeric",
        "amount": "0::numeric", "occurred_at": "null", "ended_at": "null::timestamptz", **columns,
    }  # fmt: skip
    select = ", ".join(
        f"({text})::engagement.host_key as {name}"
        if name in ("source_id", "document_id", "customer_id", "employer_id")
        else f"{text} as {name}"
        for name, text in every.items()
    )
    host.run(f"create view engagement_host.w as select {select} {source}")
    host.run(
        "call engagement.register_source('w', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'engagement_host.w')"
    )
    host.run("call engagement.attach_triggers('w', 'crm.order_line', 'order_line_id')")
    host.run("call engagement.attach_triggers('w', 'crm.sales_order', 'order_id', 'document_id')")


FROM = "from crm.order_line l join crm.sales_order o on o.order_id = l.order_id"
COLUMNS = {
    "source_id": "l.order_line_id",
    "document_id": "l.order_id",
    "customer_id": "l.ship_customer_id",
    "occurred_at": "o.ordered_at",
}

#: What a view reads, and whether a header without lines can show in it.
VIEWS = {
    "the usual": (COLUMNS, FROM, True),
    "lines without a header": (
        {**COLUMNS, "occurred_at": "coalesce(o.ordered_at, now())"},
        "from crm.order_line l left join crm.sales_order o on o.order_id = l.order_id",
        True,
    ),
    "headers without lines": (
        {**COLUMNS, "source_id": "coalesce(l.order_line_id, -o.order_id)"},
        "from crm.sales_order o left join crm.order_line l on o.order_id = l.order_id",
        False,
    ),
    "all headers and all lines": (
        COLUMNS,
        "from crm.sales_order o full join crm.order_line l on o.order_id = l.order_id",
        False,
    ),
    "a header without a line": (
        {**COLUMNS, "source_id": "-o.order_id", "document_id": "o.order_id",
         "customer_id": "o.bill_customer_id"},
        "from crm.sales_order o where not exists"
        " (select from crm.order_line l where l.order_id = o.order_id)",
        False,
    ),
    "a header with a line": (
        {**COLUMNS, "source_id": "-o.order_id", "document_id": "o.order_id",
         "customer_id": "o.bill_customer_id"},
        "from crm.sales_order o where exists"
        " (select from crm.order_line l where l.order_id = o.order_id)",
        True,
    ),
    "joined by another column": (
        COLUMNS,
        "from crm.order_line l join crm.sales_order o on o.order_id = l.order_line_id",
        False,
    ),
    "a header's date looked up": (
        {**COLUMNS, "occurred_at": "(select o.ordered_at from crm.sales_order o"
                                   " where o.order_id = l.order_id)"},
        "from crm.order_line l",
        True,
    ),
    "the latest header of all": (
        {**COLUMNS, "occurred_at": "(select max(x.ordered_at) from crm.sales_order x)"},
        FROM,
        False,
    ),
    "either of two keys": (
        COLUMNS,
        "from crm.order_line l join crm.sales_order o"
        " on o.order_id = l.order_id or o.order_id = l.order_line_id",
        False,
    ),
    "a count of other headers": (
        {**COLUMNS, "quantity": "(count(*) over (partition by o.bill_customer_id))::numeric"},
        FROM,
        True,
    ),
    "an aggregate of lines": (
        {**COLUMNS, "source_id": "l.order_id", "quantity": "sum(l.quantity)"},
        FROM + " group by l.order_id, l.ship_customer_id, o.ordered_at",
        True,
    ),
    "through a temporary result": (
        {**COLUMNS, "occurred_at": "o.ordered_at"},
        "from crm.order_line l join (select * from crm.sales_order offset 0) o"
        " on o.order_id = l.order_id",
        True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", VIEWS)
def test_late_lines_views(host: Host, what: str) -> None:
    """The plan tells; and where the trigger is spared, a header alone shows nothing."""
    columns, source, is_spared = VIEWS[what]
    register(host, columns, source)
    found = host.rows(
        "select line_key from engagement.attached_table"
        " where source = 'w' and table_name = 'crm.sales_order'"
    )
    assert found == [(LINES if is_spared else None,)]
    customer = host.customer()
    host.order(customer, Line(), Line())
    before = host.rows("select * from engagement_host.w order by 1")
    host.one(
        "insert into crm.sales_order (order_status, ordered_at, bill_customer_id)"
        " values ('PLACED', now(), %s) returning order_id",
        customer,
    )
    if is_spared:
        assert host.rows("select * from engagement_host.w order by 1") == before
    host.recalculate(as_of=None)
    assert host.rows("select * from engagement.verify()") == []


def test_late_lines_union_with_headers_needs_the_trigger(host: Host) -> None:
    register(
        host,
        COLUMNS,
        FROM
        + " union all select (-o.order_id)::engagement.host_key, o.order_id::engagement.host_key,"
        " o.bill_customer_id::engagement.host_key, null, null, null, 1, 0, o.ordered_at, null"
        " from crm.sales_order o",
    )
    assert [row for row in spared(host) if row[0] == "w"] == []


def test_late_lines_function_of_the_host_needs_the_trigger(host: Host) -> None:
    host.run(
        "create function crm.first_order() returns timestamptz stable language sql"
        " as 'select min(ordered_at) from crm.sales_order'"
    )
    register(host, {**COLUMNS, "occurred_at": "crm.first_order()"}, FROM)
    assert [row for row in spared(host) if row[0] == "w"] == []


def test_late_lines_lines_that_nobody_captures_need_the_trigger(host: Host) -> None:
    host.run("call engagement.detach_triggers('order_line', 'crm.order_line')")
    host.rows("select engagement.spare_inserts('order_line')")
    assert ("order_line", "crm.sales_order", LINES) not in spared(host)
    assert events(host) == ALL


def test_late_lines_changed_view_is_looked_at_again(shop: Host) -> None:
    customer = shop.customer()
    shop.proven()
    definition = shop.one("select pg_get_viewdef('engagement_host.order_line'::regclass)")
    shop.run(
        "create or replace view engagement_host.order_line as "
        + definition.rstrip(";")
        + " union all select (-o.order_id)::engagement.host_key, o.order_id::engagement.host_key,"
        " o.bill_customer_id::engagement.host_key, null::engagement.host_key, 'BOOK', null, 1, 0,"
        " o.ordered_at, null::timestamptz from crm.sales_order o"
    )
    shop.recalculate()
    assert events(shop) == ALL
    shop.one(
        "insert into crm.sales_order (order_status, ordered_at, bill_customer_id)"
        " values ('PLACED', '2025-03-03', %s) returning order_id",
        customer,
    )
    shop.recalculate(as_of=NOW)
    assert shop.score(customer).score == 2
    assert shop.rows("select * from engagement.verify()") == []


TO_HEADER = "foreign key (order_id) references crm.sales_order (order_id) on delete cascade"


def insert_header(host: Host, order: int) -> None:
    host.run(
        "insert into crm.sales_order (order_id, order_status, ordered_at)"
        " overriding system value values (%s, 'PLACED', '2025-03-03')",
        order,
    )


@pytest.mark.parametrize("how", ["dropped", "switched off"])
@pytest.mark.parametrize("who", ["catch_up", "recalculate"])
def test_late_lines_key_that_is_back_before_the_next_run(shop: Host, how: str, who: str) -> None:
    """Lines are loaded first, without the key; somebody takes them off the queue meanwhile."""
    customer = shop.customer()
    shop.proven()
    if who == "recalculate":
        # A run that has looked at the host's tables, and has not taken the queue yet.
        shop.run(
            "create table crm.paused as select pg_get_functiondef(oid) as text from pg_proc"
            " where oid = 'engagement.follow_host(engagement.recalculation_run)'::regprocedure"
        )
        shop.run(
            "create or replace function"
            " engagement.follow_host(p_run engagement.recalculation_run)"
            " returns void language plpgsql as 'begin end'"
        )
    if how == "dropped":
        shop.run(f"alter table crm.order_line drop constraint {LINES}")
    else:
        shop.run(
            "alter table crm.order_line disable trigger all;"
            " alter table crm.order_line enable trigger user"
        )
    shop.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " values (9000001, %s, 'BOOK', 4, 0)",
        customer,
    )
    if who == "recalculate":
        shop.recalculate()
        shop.run(shop.one("select text from crm.paused"))
    else:
        shop.run("call engagement.catch_up()")
    insert_header(shop, 9000001)
    if how == "dropped":
        shop.run(f"alter table crm.order_line add constraint {LINES} {TO_HEADER}")
    else:
        shop.run("alter table crm.order_line enable trigger all")
    shop.proven()
    assert shop.score(customer).score == 8


@pytest.mark.parametrize(
    "keep",
    [
        "create trigger keep before delete on crm.order_line for each row"
        " execute function crm.keep()",
        "create rule keep as on delete to crm.order_line where old.quantity > 1 do instead nothing",
    ],
    ids=["trigger", "rule"],
)
def test_late_lines_lines_that_survive_their_header(shop: Host, keep: str) -> None:
    """The host may keep a cascade from deleting lines. PostgreSQL does not look again."""
    customer = shop.customer()
    order = shop.order(customer, Line(quantity=3))
    shop.proven()
    shop.run(
        "create function crm.keep() returns trigger language plpgsql as 'begin return null; end'"
    )
    shop.run(keep)
    shop.run("delete from crm.sales_order where order_id = %s", order.key)
    shop.proven()
    assert shop.score(customer).score == 0
    insert_header(shop, order.key)
    shop.proven()
    assert shop.score(customer).score == 6


def test_late_lines_lines_captured_by_a_key_that_may_be_null(host: Host) -> None:
    host.run("alter table crm.order_line alter ship_customer_id drop not null")
    host.run("call engagement.detach_triggers('order_line', 'crm.order_line')")
    host.run(
        "call engagement.attach_triggers('order_line', 'crm.order_line', 'ship_customer_id',"
        " 'customer_id')"
    )
    assert ("order_line", "crm.sales_order", LINES) not in spared(host)
    assert events(host) == ALL


def test_late_lines_texts_that_are_the_same_number(host: Host) -> None:
    """07 may take the place of 7, whose lines are there."""
    host.run("create table crm.paper (id text primary key, at timestamptz not null)")
    host.run(
        "create table crm.paper_line (id bigint primary key, customer_id bigint not null,"
        " paper_id text references crm.paper (id))"
    )
    host.run("insert into crm.paper values ('7', now())")
    host.run("insert into crm.paper_line values (1, 1, '7')")
    host.run("analyze crm.paper, crm.paper_line")
    host.run(
        "create view engagement_host.w as select l.id::engagement.host_key as source_id,"
        " l.paper_id::engagement.host_key as document_id,"
        " l.customer_id::engagement.host_key as customer_id,"
        " null::engagement.host_key as employer_id, null::text as subject_id,"
        " null::text as subject_class, 1::numeric as quantity, 1::numeric as amount,"
        " p.at as occurred_at, null::timestamptz as ended_at"
        " from crm.paper_line l join crm.paper p on p.id::bigint = l.paper_id::bigint"
    )
    host.run(
        "call engagement.register_source('w', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'engagement_host.w')"
    )
    host.run("call engagement.attach_triggers('w', 'crm.paper_line', 'id')")
    host.run("call engagement.attach_triggers('w', 'crm.paper', 'id', 'document_id')")
    assert [row for row in spared(host) if row[0] == "w"] == []
