"""Order entry beside scoring, in real sessions: nobody waits, nothing is lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from patience import PATIENCE, STATEMENT_TIMEOUT
from scoring.host import NOW, Host, Line

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
HeldUp = Callable[[str, str], AbstractContextManager[tuple[Host, Future[Any]]]]

#: What a trigger may meet and leave to the queue: a lock, or a newer row than it may see.
LEFT_TO_THE_QUEUE = {"55P03", "40001"}


def never_wait(clerk: Host) -> None:
    """The host's own limits: what would wait for a lock fails, and what hangs fails as well."""
    clerk.run(f"set lock_timeout = '{PATIENCE}s'; {STATEMENT_TIMEOUT}")


modes = pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])


@modes
@pytest.mark.parametrize("first", ["line", "header"])
@pytest.mark.parametrize("isolation", ["read committed", "repeatable read", "serializable"])
def test_line_and_confirmation_in_two_transactions_earn_whichever_commits_first(
    host: Host, another: Another, mode: str, first: str, isolation: str
) -> None:
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE=mode)
    customer = host.customer()
    order = host.order(customer, Line(quantity=1), status="DRAFT")
    host.proven()
    by = {"line": another(), "header": another()}
    for session in by.values():
        session.run(f"begin isolation level {isolation}")
        session.rows("select 1 from crm.sales_order")
    by["line"].add_lines(order.key, customer, Line(quantity=5))
    by["header"].set_order(order, order_status="PLACED")
    by.pop(first).run("commit")
    host.recalculate()  # may come in between
    by.popitem()[1].run("commit")
    host.proven()
    assert host.live(customer) == [2, 10]
    assert host.score(customer).score == 12


@modes
def test_transaction_that_commits_after_a_run_is_not_missed(
    host: Host, another: Another, mode: str
) -> None:
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE=mode)
    customer = host.customer()
    host.proven()
    late = another()
    late.run("begin")
    late.order(customer, Line(quantity=3))
    for run_mode in ("INCREMENTAL", "FULL"):
        host.proven(run_mode)
    assert host.score(customer).score == 0
    late.run("commit")
    assert host.verify() == []
    host.proven()
    assert host.score(customer).score == 6


@modes
@pytest.mark.parametrize(
    ("change", "points"),
    [
        ("select engagement.revise_rule('BOUGHT', '{\"quantity_score\": 7}', true)", [21]),
        ("select engagement.set_parameter('SCORE_DECIMALS', '0')", [6]),
        ("select engagement.retire_rule('BOUGHT', true)", []),
    ],
)
def test_setup_changed_while_an_order_is_under_way(
    host: Host, another: Another, mode: str, change: str, points: list[int]
) -> None:
    host.rule(quantity_score="1.9")
    host.set(TRIGGER_MODE=mode)
    customer = host.customer()
    host.proven()
    late = another()
    late.run("begin")
    late.order(customer, Line(quantity=3))
    host.rows(change)
    host.proven()
    late.run("commit")
    host.proven()
    assert host.live(customer) == points
    assert host.proven("FULL").award_count == 0


def test_order_under_way_while_scoring_is_switched_on_is_not_missed(
    host: Host, another: Another
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.proven()
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    late = another()
    late.run("begin")
    late.order(customer, Line(quantity=3))
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    host.recalculate()
    late.run("commit")
    host.proven()
    assert host.live(customer) == [6]


def test_repeatable_read_host_meets_a_newer_award_and_commits(host: Host, another: Another) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    order = host.order(customer, Line(quantity=3))
    host.proven()
    tryton = another()
    tryton.run("begin isolation level repeatable read")
    tryton.rows("select 1 from crm.order_line")
    host.revise({"quantity_score": 5}, retroactive=True)
    host.proven()
    tryton.set_line(order.line, quantity=4)
    tryton.run("commit")
    assert host.failures() == ["40001"]
    host.proven()
    assert host.live(customer) == [20]
    assert host.failures() == []


def test_serializable_hosts_commit_beside_each_other_and_a_run(
    host: Host, another: Another
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.run("analyze crm.sales_order")
    clerks = [another() for _ in range(3)]
    for clerk in clerks:
        # A small table that was vacuumed is read whole by the host's own foreign keys, and two
        # clerks would then be in each other's way without any help.
        clerk.run("set enable_seqscan = off")
        clerk.run("begin isolation level serializable")
        clerk.order(customer, Line(quantity=3))
    host.recalculate()
    assert not host.rows(
        "select c.relname from pg_locks l inner join pg_class c on c.oid = l.relation"
        " inner join pg_database d on d.oid = l.database and d.datname = current_database()"
        " where l.mode = 'SIReadLock' and c.relnamespace = 'engagement'::regnamespace"
    )
    for clerk in clerks:
        clerk.run("commit")
    host.proven()
    assert host.live(customer) == [6, 6, 6]


@pytest.mark.parametrize(
    "table", ["award", "customer_score", "pending_activity", "scoring_failure", "recalculation_run"]
)
def test_package_table_locked_by_somebody_order_commits_and_nothing_is_lost(
    host: Host, another: Another, table: str
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.proven()
    holder, clerk = another(), another()
    never_wait(clerk)
    own_limit = clerk.one("show lock_timeout")
    holder.run("begin")
    holder.run(f"lock table engagement.{table} in access exclusive mode")
    clerk.order(customer, Line(quantity=3))
    clerk.set_line(order.line, quantity=2)
    assert clerk.one("show lock_timeout") == own_limit
    holder.run("rollback")
    host.proven("FULL" if table == "pending_activity" else "INCREMENTAL")
    assert host.live(customer) == [4, 6]
    assert host.failures() == []


@pytest.mark.parametrize("at", ["award", "customer_score"])
@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_run_locks_no_row_of_the_host(
    host: Host, another: Another, held_up: HeldUp, at: str, mode: str
) -> None:
    host.rule(quantity_score=2)
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    host.seat(customer, "2025-01-01")
    order = host.order(customer, Line(quantity=3))
    host.invoice(customer)
    host.proven()
    host.revise({"quantity_score": 5}, retroactive=True)
    clerk = another()
    with held_up(
        f"select from engagement.{at} where customer_id = {customer} for update",
        f"call engagement.recalculate('{mode}', p_as_of => '{NOW}')",
    ) as (_, run):
        for table in ("customer", "product", "sales_order", "order_line", "invoice",
                      "invoice_line", "committee", "committee_member", "employment"):  # fmt: skip
            assert clerk.rows(f"select 1 from crm.{table} for update nowait")
        never_wait(clerk)
        clerk.set_line(order.line, quantity=4)
        clerk.order(customer, Line(quantity=1))
    run.result(timeout=PATIENCE)
    host.proven()
    assert host.live(customer) == [5, 20]


def test_run_and_host_that_want_each_other_s_awards_do_not_deadlock(
    host: Host, another: Another, background: Background, wait_until_blocked: Any
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    lines = host.order(customer, *[Line(quantity=1)] * 20).lines
    host.proven()
    host.revise({"quantity_score": 5}, retroactive=True)
    clerk, runner = another(), another()
    never_wait(clerk)
    clerk.run("begin")
    clerk.set_line(lines[10], quantity=2)
    run = background(runner.recalculate, "FULL")
    wait_until_blocked(runner.session)  # it has voided some of the others
    for line in lines[:10] + lines[11:]:
        clerk.set_line(line, quantity=2)
    clerk.run("commit")
    run.result(timeout=PATIENCE)
    host.proven()
    assert host.live(customer) == [10] * 20


def test_recalculate_while_orders_come_in(
    host: Host, another: Another, background: Background
) -> None:
    host.rule("ANY", quantity_score=2, valid_for_weeks=8)
    host.rule("CLASS", subject_class="PUBLICATION", amount_score="0.5")
    company = host.customer("COMPANY")
    customers = [host.customer() for _ in range(12)]
    for customer in customers[:6]:
        host.job(customer, company)
    host.proven()

    def enter(clerk: Host, seed: int) -> None:
        """A clerk's day: drafts, confirmations, changes, cancellations, returns."""
        dice = random.Random(seed)
        never_wait(clerk)
        for _ in range(40):
            customer = dice.choice(customers)
            with clerk.session.transaction():
                order = clerk.order(customer, Line(quantity=dice.randint(1, 5)), status="DRAFT")
            clerk.add_lines(order.key, customer, Line(amount=dice.randint(1, 99)), Line())
            with clerk.session.transaction():
                clerk.set_order(order, order_status="PLACED")
                clerk.set_line(order.line, quantity=dice.randint(-3, 5))
            if dice.random() < 0.3:
                clerk.set_order(order, order_status="CANCELLED")
            elif dice.random() < 0.3:
                clerk.set_line(order.line, ship_customer_id=dice.choice(customers))
            elif dice.random() < 0.1:
                clerk.run("delete from crm.sales_order where order_id = %s", order.key)

    def keep_up(until: list[Future[Any]], session: Host) -> int:
        """Runs of both modes until the clerks are done."""
        count = 0
        while not all(clerk.done() for clerk in until):
            session.recalculate(("INCREMENTAL", "FULL")[count % 2])
            session.refresh(customers[count % len(customers)])
            count += 1
            if count == 2:
                session.revise({"quantity_score": 3}, retroactive=True, code="ANY")
        return count

    clerks = [background(enter, another(), seed) for seed in range(4)]
    runs = background(keep_up, clerks, another())
    for clerk in clerks:
        clerk.result(timeout=PATIENCE)
    assert runs.result(timeout=PATIENCE) > 0
    states = host.rows("select distinct sqlstate_code from engagement.scoring_failure")
    assert {state for (state,) in states} <= LEFT_TO_THE_QUEUE
    assert host.verify() == []
    host.proven(as_of=NOW)
    run = host.proven("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
    assert host.failures() == []
    assert host.one("select count(*) from engagement.award where voided_at is null") > 100
    assert host.one("select count(*) from engagement.award where voided_at is not null") > 100


def test_lock_timeout_of_the_host_is_its_own_again(host: Host) -> None:
    host.run("set lock_timeout = '7s'")
    host.order(host.customer())
    assert host.one("show lock_timeout") == "7s"


def test_host_error_in_its_own_trigger_is_not_swallowed(host: Host) -> None:
    host.run(
        "create function crm.refuse() returns trigger language plpgsql as"
        " $$ begin raise 'no' using errcode = 'CR001'; end $$"
    )
    host.run(
        "create trigger zz_refuse after insert on crm.order_line for each row"
        " execute function crm.refuse()"
    )
    with pytest.raises(psycopg.Error) as error:
        host.order(host.customer())
    assert error.value.sqlstate == "CR001"
