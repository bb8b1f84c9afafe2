"""A run gives way: its batches are small, and rows that somebody holds are left until the end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import psycopg
import pytest

from scoring.host import NOW, Host, Line

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
Wait = Callable[[psycopg.Connection[Any]], None]


def begin(runner: Host, phase: str) -> int:
    """A run of that session, which stops before a phase; its number."""
    runner.rows("select engagement.begin_run('INCREMENTAL', %s)", NOW)
    run = runner.runs()[-1]
    while run.phase != phase:
        assert runner.one("select engagement.run_step(%s)", run.run_id)
        run = runner.runs()[-1]
    run_id: int = run.run_id
    return run_id


def finish(runner: Host, run_id: int) -> None:
    """The run to its end."""
    while runner.one("select engagement.run_step(%s)", run_id):
        pass


@pytest.mark.parametrize("held", ["first", "last"])
def test_totals_leave_a_customer_that_somebody_holds_until_the_end(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait, held: str
) -> None:
    host.rule(quantity_score=2)
    customers = [host.customer() for _ in range(3)]
    for customer in customers:
        host.order(customer, Line(quantity=1))
    host.proven()
    for customer in customers:
        host.order(customer, Line(quantity=2))
    busy = customers[0 if held == "first" else -1]
    free = [customer for customer in customers if customer != busy]
    runner, clerk, staff = another(), another(), another()
    staff.run("set lock_timeout = '20s'")  # the run would wait for longer
    run_id = begin(runner, "TOTALS")
    with clerk.session.transaction():
        clerk.run("select from engagement.customer_score where customer_id = %s for update", busy)
        assert runner.one("select engagement.run_step(%s)", run_id)
        assert [host.score(customer).score for customer in free] == [6, 6]
        assert host.rows(
            "select customer_id, is_touched, is_busy from engagement.recalculation_customer"
        ) == [(busy, True, True)]
        # Now it waits for that one, and nobody waits for the run.
        step = background(runner.run, "select engagement.run_step(%s)", run_id)
        wait_until_blocked(runner.session)
        for customer in free:
            staff.refresh(customer)
    step.result(timeout=60)
    finish(runner, run_id)
    assert host.score(busy).score == 6
    host.proven(as_of=None)


def test_totals_of_customers_without_a_row_wait_for_whoever_makes_rows(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait
) -> None:
    host.rule(quantity_score=2)
    host.customer()
    host.proven()
    customers = [host.customer() for _ in range(5)]
    for customer in customers:
        host.order(customer, Line(quantity=1))
    runner, clerk = another(), another()
    run_id = begin(runner, "TOTALS")
    with clerk.session.transaction():
        clerk.refresh(customers[2])
        assert runner.one("select engagement.run_step(%s)", run_id)
        assert host.count("recalculation_customer") == 5
        step = background(runner.run, "select engagement.run_step(%s)", run_id)
        wait_until_blocked(runner.session)
    step.result(timeout=60)
    assert host.count("recalculation_customer") == 0
    finish(runner, run_id)
    host.proven(as_of=None)


def test_totals_are_written_in_batches_of_few_awards(host: Host) -> None:
    """Whoever refreshes one of the customers waits for all awards of the batch to be summed."""
    host.rule(quantity_score=2)
    company = host.customer("COMPANY")
    people = [host.customer() for _ in range(3)]
    for person in people:
        host.job(person, company)
        host.order(person)
    host.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)"
        " select o.order_id, l.ship_customer_id, 'BOOK', 1 from crm.sales_order o"
        " inner join crm.order_line l on l.order_id = o.order_id, generate_series(1, 10500)"
    )
    run_id = begin(host, "TOTALS")
    sizes = []
    while (run := host.runs()[-1]).phase == "TOTALS":
        assert host.one("select engagement.run_step(%s)", run_id)
        sizes.append(host.runs()[-1].done_count - run.done_count)
    assert sizes == [1, 1, 1, 1, 0]
    finish(host, run_id)
    host.proven()


def test_totals_of_small_customers_are_one_batch(host: Host) -> None:
    host.rule(quantity_score=2)
    for _ in range(100):
        host.order(host.customer(), Line(quantity=1))
    run_id = begin(host, "TOTALS")
    assert host.one("select engagement.run_step(%s)", run_id)
    assert host.runs()[-1].done_count == 100
    finish(host, run_id)
    host.proven()


def test_ranks_leave_a_customer_that_somebody_holds_until_the_end(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait
) -> None:
    host.rule(quantity_score=2)
    host.band("SOME", from_score=5)
    customers = [host.customer() for _ in range(3)]
    host.proven()
    for customer in customers:
        host.order(customer, Line(quantity=3))
    runner, clerk, staff = another(), another(), another()
    staff.run("set lock_timeout = '20s'")
    run_id = begin(runner, "BANDS")
    with clerk.session.transaction():
        clerk.run(
            "select from engagement.customer_score where customer_id = %s for update", customers[1]
        )
        assert runner.one("select engagement.run_step(%s)", run_id)
        bands = [host.score(customer).band_code for customer in customers]
        assert bands == ["SOME", None, "SOME"]
        told = host.rows("select customer_id from engagement.score_event order by customer_id")
        assert told == [(customers[0],), (customers[2],)]
        step = background(runner.run, "select engagement.run_step(%s)", run_id)
        wait_until_blocked(runner.session)
        staff.refresh(customers[0])
    step.result(timeout=60)
    finish(runner, run_id)
    assert host.score(customers[1]).band_code == "SOME"
    assert host.count("score_event") == 3


def test_ranks_of_customers_without_a_score_are_nobody_s(host: Host) -> None:
    runner = host
    run_id = begin(runner, "BANDS")
    host.run("insert into engagement.recalculation_rank (customer_id, score) values (999, 1)")
    finish(runner, run_id)
    assert host.count("recalculation_rank") == 0


def test_awards_that_somebody_holds_go_back_to_the_queue_alone(
    host: Host, another: Another
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    lines = [host.order(customer, Line(quantity=1)).line for _ in range(6)]
    host.proven()
    host.set(TRIGGER_MODE="DEFERRED")
    for line in lines:
        host.set_line(line, quantity=2)
    runner, clerk = another(), another()
    run_id = begin(runner, "ACTIVITIES")
    with clerk.session.transaction():
        clerk.run(
            "select from engagement.award where source_id = %s and voided_at is null for update",
            lines[3],
        )
        assert runner.one("select engagement.run_step(%s)", run_id)
        assert host.live(customer) == [2, 4, 4, 4, 4, 4]
        assert host.rows("select keys from engagement.pending_activity") == [([str(lines[3])],)]
    finish(runner, run_id)
    assert host.verify() == []
    host.proven()
    assert host.live(customer) == [4] * 6
    assert host.failures() == []


def test_awards_of_a_whole_source_that_somebody_holds_are_taken_one_by_one(
    host: Host, another: Another
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    lines = [host.order(customer, Line(quantity=1)).line for _ in range(6)]
    host.proven()
    host.revise({"quantity_score": 3}, retroactive=True)
    runner, clerk = another(), another()
    run_id = begin(runner, "SOURCES")
    with clerk.session.transaction():
        clerk.run(
            "select from engagement.award where source_id = %s and voided_at is null for update",
            lines[3],
        )
        while runner.runs()[-1].phase in ("SOURCES", "ACTIVITIES"):
            assert runner.one("select engagement.run_step(%s)", run_id)
        assert host.live(customer) == [2, 3, 3, 3, 3, 3]
    finish(runner, run_id)
    host.proven()
    assert host.live(customer) == [3] * 6
    assert host.failures() == []


@pytest.mark.parametrize(
    ("size", "seconds", "expected"),
    [
        (1000, 0, 2000),  # twice as many at most
        (1000, 0.5, 500),
        (1000, 3600, 250),  # a quarter at least
        (60, 3600, 50),
        (4000, 0, 5000),
    ],
)
def test_size_of_a_batch_follows_the_time_of_the_one_before(
    host: Host, size: int, seconds: float, expected: int
) -> None:
    found = host.one(
        "select engagement.next_batch_size(%s, clock_timestamp() - make_interval(secs => %s),"
        " 50, 5000)",
        *(size, seconds),
    )
    assert expected * 0.9 <= found <= expected  # the clock goes on


@pytest.mark.parametrize("phase", ["SOURCES", "ACTIVITIES", "TOTALS", "BANDS"])
def test_batch_of_a_run_is_as_large_as_the_run_says(host: Host, phase: str) -> None:
    host.rule(quantity_score=2)
    host.band("SOME", from_score=1)
    host.run("insert into crm.customer (display_name) select 'C' from generate_series(1, 120)")
    host.run(
        "insert into crm.sales_order (order_id, ordered_at)"
        " select 1000 + i, '2025-03-03+00' from generate_series(1, 120) i"
    )
    host.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)"
        " select 1000 + (row_number() over ()), customer_id, 'BOOK', 1 from crm.customer"
    )
    if phase == "SOURCES":
        host.revise({"quantity_score": 3}, retroactive=True)
    run_id = begin(host, phase)
    if phase == "SOURCES":
        host.rows("select engagement.run_step(%s)", run_id)  # stages the source
    host.run("update engagement.recalculation_run set batch_size = 50, done_count = 0")
    host.rows("select engagement.run_step(%s)", run_id)
    run = host.runs()[-1]
    if phase == "SOURCES":
        assert run.batch_size == 2000  # a batch of the stage, in which there are but 120
    elif phase == "BANDS":
        assert host.count("recalculation_rank") == 70
    else:
        assert run.done_count == 50
    finish(host, run_id)
    host.proven()
