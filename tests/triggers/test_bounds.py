"""What an IMMEDIATE trigger does in the host's transaction is bounded, by rows and by time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql

from scoring.host import Host, Line

AWARDS = "select md5(string_agg(w::text, '|' order by w::text)) from engagement.award w"
QUEUE = "select distinct source, activity_column from engagement.pending_activity order by 1, 2"
LIMIT = 5
#: Prepares a statement that concerns so many activities, and returns it.
Change = Callable[[Host, int], Callable[[], Any]]


@pytest.fixture(autouse=True)
def immediate(host: Host) -> None:
    """IMMEDIATE, and two points a piece for orders and for invoices."""
    host.set(TRIGGER_MODE="IMMEDIATE")
    host.rule(quantity_score=2)
    host.rule("BILLED", quantity_score=2, effective_when="INVOICE_CREATION")
    host.product("BOOK", "PRINT")
    host.proven()


def lines_of(host: Host, customer: Any, count: int, product: str = "BOOK") -> Any:
    """An order with so many lines, scored by a run; its key."""
    order = host.order(customer, Line(product))
    host.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        " select %s, %s, %s, 1, 0 from generate_series(2, %s)",
        *(order.key, customer, product, count),
    )
    host.proven()
    assert len(host.live(customer)) == count
    return order.key


def inserted(host: Host, count: int) -> Callable[[], Any]:
    order, customer = host.order(host.customer()).key, host.customer()
    host.proven()
    return lambda: host.add_lines(order, customer, *[Line()] * count)


def updated(host: Host, count: int) -> Callable[[], Any]:
    lines_of(host, host.customer(), count)
    return lambda: host.run("update crm.order_line set quantity = 7")


def deleted(host: Host, count: int) -> Callable[[], Any]:
    lines_of(host, host.customer(), count)
    return lambda: host.run("delete from crm.order_line")


def header(host: Host, count: int) -> Callable[[], Any]:
    lines_of(host, host.customer(), count)
    return lambda: host.run("update crm.sales_order set order_status = 'CANCELLED'")


def placed(host: Host, count: int) -> Callable[[], Any]:
    lines_of(host, host.customer(), count)
    host.run("update crm.sales_order set order_status = 'DRAFT'")
    host.proven()
    return lambda: host.run("update crm.sales_order set order_status = 'PLACED'")


def product(host: Host, count: int) -> Callable[[], Any]:
    lines_of(host, host.customer(), count)
    return lambda: host.run("update crm.product set product_class = %s", f"CLASS_{count}")


def employment(host: Host, count: int) -> Callable[[], Any]:
    """Activities of two sources; together they are so many."""
    person, company = host.customer(), host.customer("COMPANY")
    lines_of(host, person, count - 2)
    host.invoice(person, Line(), Line())
    host.proven()
    return lambda: host.job(person, company)


def credit_note(host: Host, count: int) -> Callable[[], Any]:
    """A line that takes back another, which is one activity more."""
    customer = host.customer()
    sales = [host.invoice(customer, Line(quantity=5)).line for _ in range(count // 2)]
    host.proven()
    invoice = host.invoice(customer, status="DRAFT").key
    host.run(
        "insert into crm.invoice_line (invoice_id, ship_customer_id, product_id, quantity, amount,"
        " reverses_line_id) select %s, %s, 'BOOK', -1, 0, line::crm.key from unnest(%s) as line",
        *(invoice, customer, sales),
    )
    extra = count - 2 * len(sales) - 1  # the draft has a line of its own
    if extra > 0:
        host.run(
            "insert into crm.invoice_line (invoice_id, ship_customer_id, product_id, quantity,"
            " amount) select %s, %s, 'BOOK', 1, 0 from generate_series(1, %s)",
            *(invoice, customer, extra),
        )
    elif extra < 0:
        host.run("delete from crm.invoice_line where invoice_id = %s and quantity > 0", invoice)
    host.proven()
    return lambda: host.run(
        "update crm.invoice set invoice_status = 'POSTED' where invoice_id = %s", invoice
    )


def one_of_many_credits(host: Host, count: int) -> Callable[[], Any]:
    """One more reversal of a sale, which has so many then: all of them are summed."""
    customer = host.customer()
    sale = host.invoice(customer, Line(quantity=50)).line
    for _ in range(count):
        host.invoice(customer, Line(quantity=-1), reverses=sale)
    host.proven()
    return lambda: host.invoice(customer, Line(quantity=-1), reverses=sale)


@pytest.mark.parametrize(
    "change",
    [
        *(inserted, updated, deleted, header, placed, product, employment, credit_note),
        one_of_many_credits,
    ],
)
def test_at_the_limit_awards_change_and_one_more_is_only_queued(host: Host, change: Change) -> None:
    host.set(IMMEDIATE_ROW_LIMIT=str(LIMIT))
    for count, is_changed in ((LIMIT, True), (LIMIT + 1, False)):
        for table in ("order_line", "sales_order", "invoice_line", "invoice", "employment"):
            host.run(f"delete from crm.{table}")
        host.proven()
        act = change(host, count)
        before = host.one(AWARDS)
        act()
        assert (host.one(AWARDS) != before) is is_changed, count
        assert host.rows(QUEUE)
        assert host.failures() == []
        host.proven()
        assert host.one(AWARDS) != before


def test_limit_of_zero_only_queues_and_refresh_has_no_limit(host: Host) -> None:
    host.set(IMMEDIATE_ROW_LIMIT="0")
    customer = host.customer()
    order = host.order(customer, Line(), Line())
    assert host.live(customer) == []
    host.refresh(customer)
    assert host.live(customer) == [2, 2]
    host.set_order(order, order_status="CANCELLED")
    assert host.live(customer) == [2, 2]
    host.proven()
    assert host.live(customer) == []


def test_customer_key_is_limited(host: Host) -> None:
    host.run(
        "call engagement.attach_triggers('order_line', 'crm.customer', 'customer_id',"
        " 'customer_id')"
    )
    host.set(IMMEDIATE_ROW_LIMIT=str(LIMIT))
    few, many = host.customer(), host.customer()
    lines_of(host, few, LIMIT)
    lines_of(host, many, LIMIT + 1)
    host.run("alter table crm.order_line disable trigger user")
    host.run("update crm.order_line set quantity = 4")
    host.run("alter table crm.order_line enable trigger user")
    for customer in (few, many):
        host.set_customer(customer, display_name="Other")
    assert host.live(few) == [8] * LIMIT
    assert host.live(many) == [2] * (LIMIT + 1)
    host.proven()


def rows_read(host: Host) -> dict[str, int]:
    """Rows that this transaction has read, by table."""
    return dict(
        host.rows(
            "select relname, coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
            " from pg_stat_xact_user_tables where schemaname in ('crm', 'engagement')"
        )
    )


@pytest.mark.parametrize(
    "statement",
    [
        "update crm.product set product_class = 'PAPER' where product_id = 'BOOK'",
        "update crm.sales_order set order_status = 'CANCELLED' where order_id = {order}",
        "update crm.sales_order set ordered_at = '2025-04-01' where order_id = {order}",
        "insert into crm.employment (employee_id, employer_id, is_primary)"
        " values ({customer}, {company}, true)",
        "update crm.invoice_line set quantity = quantity - 1 where invoice_line_id = {credit}",
    ],
)
def test_look_up_ends_at_the_first_row_too_many(host: Host, statement: str) -> None:
    limit, count = 10, 3000
    customer, company = host.customer(), host.customer("COMPANY")
    order = lines_of(host, customer, count)
    buyer = host.customer()
    sale = host.invoice(buyer, Line(quantity=9999)).line
    invoice = host.invoice(buyer, status="POSTED").key
    host.run(
        "insert into crm.invoice_line (invoice_id, ship_customer_id, product_id, quantity, amount,"
        " reverses_line_id) select %s, %s, 'BOOK', -1, 0, %s from generate_series(1, %s)",
        *(invoice, buyer, sale, count),
    )
    host.proven()
    credit = host.one("select min(invoice_line_id) from crm.invoice_line where quantity < 0")
    host.run("vacuum analyze")
    host.set(IMMEDIATE_ROW_LIMIT=str(limit))
    text = sql.SQL(statement).format(order=order, customer=customer, company=company, credit=credit)
    before = host.one(AWARDS)
    with host.session.transaction():
        was = rows_read(host)
        host.session.execute(text)
        read = {table: rows - was.get(table, 0) for table, rows in rows_read(host).items()}
    assert host.one(AWARDS) == before
    for table in ("order_line", "invoice_line", "award", "reversal"):
        # Ten ledger rows for each activity allowed, in each of five sources.
        assert read.get(table, 0) <= 5 * 10 * (limit + 1), (table, read)
    host.proven()
    assert host.one(AWARDS) != before


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_truncate_is_only_queued(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE=mode)
    customer = host.customer()
    host.order(customer, Line())
    host.proven()
    host.run("truncate crm.order_line, crm.invoice_line")
    assert host.live(customer) == [2]
    assert host.rows(QUEUE) == [
        ("customer", None),
        ("invoice_line", None),
        ("order_line", None),
    ]
    host.proven()
    assert host.live(customer) == []


def test_statements_of_20000_lines_keep_the_statement_timeout(host: Host) -> None:
    person, company = host.customer(), host.customer("COMPANY")
    order = host.order(person, Line()).key
    insert = (
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity, amount)"
        f" select {order}, {person}, 'BOOK', 1, 0 from generate_series(2, 20000)"
    )
    host.run("update crm.order_line set quantity = 1")
    host.proven()
    before = host.one(AWARDS)
    host.run(insert)
    assert host.one(AWARDS) == before
    host.proven()
    assert len(host.live(person)) == 20000
    for statement, source in (
        ("update crm.product set product_class = 'PAPER' where product_id = 'BOOK'", "order_line"),
        ("update crm.sales_order set ordered_at = '2025-04-01'", "order_line"),
        (
            "insert into crm.employment (employee_id, employer_id, is_primary)"
            f" values ({person}, {company}, true)",
            "employment",
        ),
        ("update crm.sales_order set order_status = 'CANCELLED'", "order_line"),
        ("truncate crm.order_line, crm.invoice_line", "order_line"),
    ):
        before = host.one(AWARDS)
        host.run("delete from engagement.pending_activity")
        host.run("set statement_timeout = '500ms'")
        host.run(statement)
        host.run("reset statement_timeout")
        assert host.one(AWARDS) == before, statement
        assert source in {queued for queued, _ in host.rows(QUEUE)}
        assert host.failures() == []
    host.run("insert into engagement.pending_activity (source) values ('order_line')")
    host.run("insert into engagement.pending_activity (source) values ('employment')")
    host.proven()
    assert host.live(person) == []


def slow_down(host: Host) -> None:
    """Make each line of the view cost as many seconds as the setting crm.slow says; now 0."""
    view = "engagement_host.order_line"
    again = host.one("select pg_get_viewdef(%s::regclass)", view)
    host.run(
        "create function crm.slow(numeric) returns numeric language plpgsql as"
        " $$ begin perform pg_sleep(current_setting('crm.slow')::float8); return $1; end $$"
    )
    host.run("set crm.slow = 0")
    host.run(
        f"create or replace view {view} as "
        + again.replace("l.quantity", "crm.slow(l.quantity) as quantity")
    )
    host.proven()


def test_slow_view_is_left_to_the_run_when_the_time_is_used(host: Host) -> None:
    customer = host.customer()
    lines_of(host, customer, 100)
    slow_down(host)
    host.run("set crm.slow = 0.03")
    host.run("set statement_timeout = '3s'")
    host.run("update crm.order_line set quantity = 4")  # 6 s and more, if all were compared
    host.run("reset statement_timeout")
    changed = sum(points == 8 for points in host.live(customer))
    assert 0 < changed < 100, changed
    assert host.failures() == []
    host.run("set crm.slow = 0")
    host.proven()
    assert host.live(customer) == [8] * 100


def test_slow_view_of_a_few_lines_is_looked_at_one_by_one(host: Host) -> None:
    order, customer = host.order(host.customer()).key, host.customer()
    slow_down(host)
    host.run("set crm.slow = 0.2")
    host.run("set statement_timeout = '2s'")
    host.add_lines(order, customer, *[Line()] * 10)  # 2 s and more, if all were compared
    host.run("reset statement_timeout")
    assert len(host.live(customer)) <= 3
    assert host.failures() == []
    host.run("set crm.slow = 0")
    host.proven()
    assert host.live(customer) == [2] * 10


def test_lock_timeout_of_the_call_follows_the_statement_timeout(host: Host) -> None:
    host.run("create table crm.seen (lock_timeout text)")
    host.run(
        "create function crm.see() returns trigger language plpgsql as $$ begin"
        " insert into crm.seen values (current_setting('lock_timeout')); return null; end $$"
    )
    host.run("create trigger see after insert on engagement.award execute function crm.see()")
    customer = host.customer()
    for timeout in ("0", "900ms", "1h"):
        host.run(f"set statement_timeout = '{timeout}'")
        host.run("set lock_timeout = '7s'")
        host.order(customer, Line())
        assert host.one("show lock_timeout") == "7s"
    host.run("reset statement_timeout")
    first, second, third = (text for (text,) in host.rows("select * from crm.seen"))
    assert (first, third) == ("50ms", "50ms")
    assert 1 <= int(second.removesuffix("ms")) <= 45


def test_allowance_counts_the_time_of_one_statement(host: Host) -> None:
    host.set(IMMEDIATE_ROW_LIMIT="5000")
    with host.session.transaction():
        for timeout, at_most in (("200ms", 0), ("10s", 970), ("1h", 5000)):
            host.run(f"set local statement_timeout = '{timeout}'")
            for nonsense in ("", "nonsense", "1 2", "0.0 x"):
                host.rows("select set_config('engagement.time_used', %s, true)", nonsense)
                allowed = host.one("select engagement.allowance()")
                assert (allowed > 0) is (at_most > 0)
                assert allowed <= at_most
        host.run("set local statement_timeout = '10s'")
        used = "engagement.allowance(clock_timestamp() - interval '%s')"
        half = host.rows("select " + ", ".join([used % "0.6 s", used % "0.6 s", used % "0 s"]))
        assert 0 < half[0][0] <= 370
        assert half[0][1:] == (0, 0)
        assert host.one("select engagement.allowance()") > 900  # another statement


def test_serialization_failure_of_the_trigger_is_not_the_hosts(
    host: Host, second_session: Callable[..., psycopg.Connection[Any]]
) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=3))
    host.proven()
    other = Host(second_session(host.session))
    other.run("begin isolation level repeatable read")
    other.rows("select from crm.order_line")
    host.product("BOOK", "PAPER")  # replaces the award that the other session sees
    other.set_line(order.line, quantity=4)
    other.run("commit")
    assert host.failures() == ["40001"]
    host.proven()
    assert host.live(customer) == [8]
