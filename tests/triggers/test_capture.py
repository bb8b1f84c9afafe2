"""What the triggers see of the host's writes, in both modes."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import BOUGHT, Host, Line


def check(host: Host, mode: str, customer: Any, *points: int) -> None:
    """IMMEDIATE: the ledger is right at once. In both modes: right and proven after a run."""
    if mode == "IMMEDIATE":
        assert host.live(customer) == list(points)
    host.proven()
    assert host.live(customer) == list(points)
    assert host.score(customer).score == sum(points)
    run = host.proven("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
    assert host.failures() == []


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def mode(request: pytest.FixtureRequest, host: Host) -> str:
    """Both trigger modes, with a rule of two points a piece; the queue is empty."""
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE=request.param)
    host.proven()
    return str(request.param)


def test_insert_one_and_many_rows(host: Host, mode: str) -> None:
    customer = host.customer()
    host.order(customer, Line(quantity=1))
    host.order(customer, *[Line(quantity=q) for q in (2, 3, 4)])
    if mode == "DEFERRED":
        assert host.live(customer) == []
    check(host, mode, customer, 2, 4, 6, 8)


def test_copy(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    with (
        host.session.cursor() as cursor,
        cursor.copy(
            "copy crm.order_line (order_id, ship_customer_id, product_id, quantity) from stdin"
        ) as copy,
    ):
        for quantity in (2, 3):
            copy.write_row((order.key, customer, "BOOK", quantity))
    check(host, mode, customer, 2, 4, 6)


def test_upsert_inserts_and_updates(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    host.run(
        "insert into crm.order_line"
        " (order_line_id, order_id, ship_customer_id, product_id, quantity)"
        " values (%s, %s, %s, 'BOOK', 5), (crm.new_key(), %s, %s, 'BOOK', 6)"
        " on conflict (order_line_id) do update set quantity = excluded.quantity",
        *(order.line, order.key, customer, order.key, customer),
    )
    check(host, mode, customer, 10, 12)
    assert host.reasons(customer) == ["SOURCE_CHANGED"]


def test_merge_inserts_updates_and_deletes(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), Line(quantity=2))
    host.proven()
    host.run(
        "merge into crm.order_line l"
        " using (values (%s::bigint, 0), (%s::bigint, 7), (-1, 9)) v (id, quantity)"
        " on l.order_line_id = v.id"
        " when matched and v.quantity = 0 then delete"
        " when matched then update set quantity = v.quantity"
        " when not matched then insert (order_id, ship_customer_id, product_id, quantity)"
        " values (%s, %s, 'BOOK', v.quantity)",
        *(*order.lines, order.key, customer),
    )
    check(host, mode, customer, 14, 18)


def test_update_every_row_of_many(host: Host, mode: str) -> None:
    customer = host.customer()
    host.order(customer, *[Line(quantity=q) for q in (1, 2, 3)])
    host.proven()
    host.run("update crm.order_line set quantity = quantity + 1 where quantity > 1")
    check(host, mode, customer, 2, 6, 8)
    assert host.reasons(customer) == ["SOURCE_CHANGED"] * 2


def test_delete_rows(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, *[Line(quantity=q) for q in (1, 2, 3)])
    host.proven()
    host.run("delete from crm.order_line where order_line_id = any (%s)", order.lines[1:])
    check(host, mode, customer, 2)
    assert host.reasons(customer) == ["SOURCE_REMOVED"] * 2


def test_delete_of_header_cascades(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), Line(quantity=2))
    host.proven()
    host.run("delete from crm.sales_order where order_id = %s", order.key)
    check(host, mode, customer)


def test_truncate(host: Host, mode: str) -> None:
    customer = host.customer()
    host.order(customer, Line(quantity=1), Line(quantity=2))
    host.proven()
    host.run("truncate crm.order_line, crm.invoice_line")
    assert host.live(customer) == [2, 4]  # only queued, in both modes
    check(host, "DEFERRED", customer)
    assert host.reasons(customer) == ["SOURCE_REMOVED"] * 2


def test_truncate_and_refill_in_one_transaction(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    with host.session.transaction():
        host.run("truncate crm.order_line, crm.invoice_line")
        host.add_lines(order.key, customer, Line(quantity=4))
    check(host, "DEFERRED", customer, 8)


@pytest.mark.parametrize(
    "statement",
    [
        "insert into crm.order_line select * from crm.order_line where false",
        "update crm.order_line set quantity = 9 where false",
        "delete from crm.order_line where false",
        "update crm.order_line set quantity = quantity",
        "update crm.order_line set quantity = 1.000",
        "update crm.sales_order set bill_customer_id = (select min(customer_id) from crm.customer)",
        "update crm.product set display_name = 'Tome'",
        "update crm.committee_member set position = 'Chair'",
    ],
)
def test_statement_that_changes_nothing_that_counts_appends_nothing(
    host: Host, mode: str, statement: str
) -> None:
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=1))
    host.seat(customer, "2025-01-01")
    host.proven()
    host.run(statement)
    assert host.count("pending_activity") == 0
    assert host.reasons(customer) == []


def test_statement_appends_one_row_with_its_keys(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), Line(quantity=2), Line(quantity=3))
    host.proven()
    host.run("update crm.order_line set quantity = 5 where quantity < 3")
    assert host.rows(
        "select source, activity_column, array(select k from unnest(keys) k order by k)"
        " from engagement.pending_activity"
    ) == [("order_line", "source_id", sorted(str(line) for line in order.lines[:2]))]


def test_update_back_and_forth_in_one_transaction(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    with host.session.transaction():
        host.set_line(order.line, quantity=5)
        host.set_line(order.line, quantity=1)
    check(host, mode, customer, 2)


def test_header_draft_placed_cancelled_placed(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), Line(quantity=2), status="DRAFT")
    check(host, mode, customer)
    host.set_order(order, order_status="PLACED")
    check(host, mode, customer, 2, 4)
    host.set_order(order, order_status="CANCELLED")
    check(host, mode, customer)
    assert host.reasons(customer) == ["SOURCE_REMOVED"] * 2
    host.set_order(order, order_status="PLACED")
    check(host, mode, customer, 2, 4)


def test_line_cancelled_and_reactivated(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), Line(quantity=2))
    host.set_line(order.lines[0], line_status="CANCELLED")
    check(host, mode, customer, 4)
    host.set_line(order.lines[0], line_status="ACTIVE")
    check(host, mode, customer, 2, 4)


@pytest.mark.parametrize("together", [True, False])
def test_line_without_header_then_given_one(host: Host, mode: str, together: bool) -> None:
    customer = host.customer()
    with host.session.transaction():
        (line,) = host.add_lines(None, customer, Line(quantity=3))
        if together:
            order = host.order(customer, Line(quantity=1))
            host.set_line(line, order_id=order.key)
    if not together:
        check(host, mode, customer)
        order = host.order(customer, Line(quantity=1))
        host.set_line(line, order_id=order.key)
    check(host, mode, customer, 2, 6)


def test_header_and_lines_in_either_order_in_one_transaction(host: Host, mode: str) -> None:
    customer = host.customer()
    host.run("alter table crm.order_line alter constraint order_line_order_fkey deferrable")
    host.recalculate()  # from now on a header may come after its lines
    with host.session.transaction():
        host.run("set constraints all deferred")
        host.add_lines(-7, customer, Line(quantity=3))
        host.run("insert into crm.sales_order (order_id, ordered_at) values (-7, %s)", BOUGHT)
    check(host, mode, customer, 6)


def test_line_moved_to_another_customer(host: Host, mode: str) -> None:
    before, after = host.customer(), host.customer()
    order = host.order(before, Line(quantity=3), Line(quantity=1))
    host.proven()
    host.set_line(order.lines[0], ship_customer_id=after)
    check(host, mode, before, 2)
    check(host, mode, after, 6)
    assert host.reasons(before) == ["SOURCE_REMOVED"]


def test_line_moved_to_another_order(host: Host, mode: str) -> None:
    customer = host.customer()
    placed = host.order(customer, Line(quantity=3))
    draft = host.order(customer, Line(quantity=1), status="DRAFT")
    host.proven()
    host.set_line(placed.line, order_id=draft.key)
    check(host, mode, customer)
    host.set_order(draft, order_status="PLACED")
    check(host, mode, customer, 2, 6)


def test_line_primary_key_changed(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=3))
    host.proven()
    host.set_line(order.line, order_line_id=-5)
    check(host, mode, customer, 6)
    assert [award.source_id for award in host.awards(customer)] == [order.line, -5]


def test_line_keys_exchanged_in_one_statement(host: Host, mode: str) -> None:
    customer, other = host.customer(), host.customer()
    one = host.order(customer, Line(quantity=3)).line
    two = host.order(other, Line(quantity=4)).line
    host.proven()
    host.run("alter table crm.invoice_line drop constraint invoice_line_order_line_fkey")
    host.run("alter table crm.order_line drop constraint order_line_pkey")
    host.run(
        "update crm.order_line set order_line_id = %s - order_line_id"
        " where order_line_id in (%s, %s)",
        *(one + two, one, two),
    )
    check(host, mode, customer, 6)
    check(host, mode, other, 8)


def test_header_date_changed(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=3))
    host.set_order(order, ordered_at="2025-05-05 00:00+00")
    check(host, mode, customer, 6)
    assert host.score_at(customer, "2025-05-04 23:59+00") == 0


def test_product_class_changed(host: Host, mode: str) -> None:
    host.rule("GIFT", subject_class="GIFT", quantity_score=100)
    customer = host.customer()
    host.order(customer, Line(quantity=1))
    host.proven()
    host.product("BOOK", "GIFT")
    check(host, mode, customer, 2, 100)
    host.product("BOOK", None)
    check(host, mode, customer, 2)


def test_invoice_states_and_void(host: Host, mode: str) -> None:
    host.rule("INVOICED", quantity_score=3, effective_when="INVOICE_CREATION")
    customer = host.customer()
    invoice = host.invoice(customer, Line(quantity=2), status="DRAFT")
    check(host, mode, customer)
    for status, points in (("POSTED", [6]), ("PAID", [6]), ("VOID", [])):
        host.run(
            "update crm.invoice set invoice_status = %s where invoice_id = %s", status, invoice.key
        )
        check(host, mode, customer, *points)
    assert len(host.awards(customer)) == 1  # payment changed nothing


def test_credit_note_leaves_the_rest_with_the_dates_of_the_sale(host: Host, mode: str) -> None:
    host.rule("INVOICED", amount_score="0.1", valid_for_weeks=4, effective_when="INVOICE_CREATION")
    customer = host.customer()
    sale = host.invoice(customer, Line(quantity=2, amount=100), at="2025-06-01+00")
    check(host, mode, customer, 10)
    host.invoice(customer, Line(quantity=-1, amount=-50), at="2025-06-10+00", reverses=sale.line)
    check(host, mode, customer, 5)
    awards = host.awards(customer)
    assert host.reasons(customer) == ["REVERSED"]
    assert len({(award.effective_at, award.expires_at) for award in awards}) == 1


def test_seat_ended_extended_moved_deleted(host: Host, mode: str) -> None:
    host.seat_rule()
    customer = host.customer()
    seat = host.seat(customer, "2025-01-01", "2025-03-31")
    host.proven()
    assert host.score(customer).score == 0
    host.set_seat(seat, end_on="2025-06-15")  # inclusive: today still counts
    check(host, mode, customer, 30)
    host.set_seat(seat, end_on=None)
    check(host, mode, customer, 30)
    host.set_seat(seat, end_on="2025-06-14")
    host.proven()
    assert host.score(customer).score == 0
    assert host.reasons(customer) == ["SOURCE_CHANGED"] * 3
    host.run("delete from crm.committee_member")
    check(host, mode, customer)


def test_seat_in_the_future_counts_when_it_begins(host: Host, mode: str) -> None:
    host.seat_rule()
    customer = host.customer()
    host.seat(customer, "2025-07-01", "2025-07-31")
    host.proven()
    assert host.score(customer).score == 0
    assert host.proven(as_of="2025-07-01+00").score_count == 1
    assert host.score(customer).score == 30
    host.proven(as_of="2025-07-31 23:59:59+00")
    assert host.score(customer).score == 30
    host.proven(as_of="2025-08-01+00")
    assert host.score(customer).score == 0


def test_seat_days_are_those_of_the_time_zone(host: Host, mode: str) -> None:
    host.set(TIME_ZONE="America/New_York")
    host.seat_rule()
    customer = host.customer()
    host.seat(customer, "2025-07-01", "2025-07-01")
    host.proven()
    assert host.score_at(customer, "2025-07-01 03:59:59+00") == 0
    assert host.score_at(customer, "2025-07-01 04:00+00") == 30
    assert host.score_at(customer, "2025-07-02 03:59:59+00") == 30
    assert host.score_at(customer, "2025-07-02 04:00+00") == 0


def test_committee_class_changed(host: Host, mode: str) -> None:
    host.seat_rule(subject_class="GOVERNANCE")
    customer = host.customer()
    host.seat(customer, "2025-01-01")
    host.run("update crm.committee set committee_class = 'SOCIAL'")
    check(host, mode, customer)


def test_savepoint_rolled_back_leaves_nothing(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    with host.session.transaction():
        host.set_line(order.line, quantity=2)
        with host.session.transaction(force_rollback=True):
            host.set_line(order.line, quantity=7)
            host.add_lines(order.key, customer, Line(quantity=8))
    check(host, mode, customer, 4)


def test_transaction_rolled_back_leaves_nothing(host: Host, mode: str) -> None:
    customer = host.customer()
    with host.unchanged(), host.session.transaction(force_rollback=True):
        host.order(customer, Line(quantity=1))


def test_guest_order_claimed_and_customer_merged(host: Host, mode: str) -> None:
    guest, member = host.customer(), host.customer()
    host.order(guest, Line(quantity=1), Line(quantity=2))
    host.proven()
    host.run("update crm.order_line set ship_customer_id = %s", member)
    host.run("delete from crm.customer where customer_id = %s", guest)
    check(host, mode, member, 2, 4)
    assert host.score_at(guest) == 0


def test_many_statements_in_one_transaction_score_after_a_run(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    with host.session.transaction():
        for _ in range(200):
            host.add_lines(order.key, customer, Line(quantity=1))
    # Only the first fifty calls of a transaction may open a subtransaction each.
    assert len(host.live(customer)) == (51 if mode == "IMMEDIATE" else 1)
    assert host.count("pending_activity") == 200
    check(host, "DEFERRED", customer, *[2] * 201)


@pytest.mark.parametrize("isolation", ["serializable", "repeatable read", "read committed"])
def test_isolation_levels(host: Host, mode: str, isolation: str) -> None:
    customer = host.customer()
    with host.session.transaction():
        host.run(f"set transaction isolation level {isolation}")
        host.order(customer, Line(quantity=1))
        host.add_lines(None, customer, Line(quantity=5))
    check(host, mode if isolation != "serializable" else "DEFERRED", customer, 2)


def test_switched_off_captures_nothing_and_switched_on_finds_it(host: Host, mode: str) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    with host.unchanged():
        host.set_line(order.line, quantity=5)
        host.run("call engagement.recalculate()")
        host.refresh(customer)
    assert host.notices.count("NOTICE") == 3
    assert host.score(customer).score == 2
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    check(host, "DEFERRED", customer, 10)


def test_order_into_a_ledger_without_statistics_reads_only_its_own_awards(host: Host) -> None:
    """A plan that was made while the ledger was empty must not read more as it grows."""
    host.rule(quantity_score=1)
    customer = host.customer()
    read = (
        "select sum(idx_tup_read)::bigint from pg_stat_user_indexes"
        " where schemaname = 'engagement' and relname = 'award'"
    )

    def reads_of(count: int) -> int:
        host.rows("select pg_stat_force_next_flush()")
        before = host.one(read)
        for _ in range(count):
            order = host.order(customer, Line(quantity=1), Line(quantity=2))
            host.run("update crm.order_line set quantity = 3 where order_id = %s", order.key)
            host.set_order(order, order_status="CANCELLED")
        host.rows("select pg_stat_force_next_flush()")
        return int(host.one(read) - before)

    reads_of(20)
    first = reads_of(20)
    host.order(host.customer(), *[Line(quantity=1)] * 2000)
    assert reads_of(20) <= first * 1.5 + 100
