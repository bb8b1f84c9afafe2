"""catch_up beside order entry, refreshes, runs and itself; catch_up that ends in the middle."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

import psycopg
import pytest

from concurrency.pauses import pause, paused_at
from concurrency.test_yielding import begin
from patience import PATIENCE
from scoring.host import Host, Line

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
Wait = Callable[[psycopg.Connection[Any]], None]

CALL = "call engagement.catch_up()"
PHASES = ["PREPARE", "DEQUEUE", "SOURCES", "ACTIVITIES", "CUSTOMERS", "TOTALS", "RANK", "BANDS"]
STEPPED_ASIDE = (None, None, None)


class Desk(NamedTuple):
    """Two people who have been scored, and the hands of the tests."""

    host: Host
    one: Any
    two: Any
    another: Another
    background: Background
    wait: Wait

    def paused(self, runner: Host, when: str, call: str = CALL) -> AbstractContextManager[Any]:
        """In the block the session pauses before it does something."""
        return paused_at(self.host, runner, when, call, self.background, self.wait)

    def scores(self) -> list[Any]:
        return [self.host.score(customer).score for customer in (self.one, self.two)]


def catch_up(host: Host) -> Any:
    """Call it; what it returns."""
    ((*row,),) = host.rows(CALL)
    return tuple(row)


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def desk(
    host: Host, another: Another, background: Background, wait_until_blocked: Wait, mode: str
) -> Desk:
    host.set(TRIGGER_MODE=mode)
    host.rule(quantity_score=2)
    one, two = host.customer(), host.customer()
    host.order(one, Line(quantity=1))
    host.order(two, Line(quantity=1))
    host.recalculate(as_of=None)
    return Desk(host, one, two, another, background, wait_until_blocked)


def settled(host: Host) -> None:
    """Everything is proven, and nothing is queued."""
    assert host.verify() == []
    assert host.count("pending_activity") == 0
    assert host.failures() == []


def test_second_call_steps_aside(desk: Desk) -> None:
    first = desk.another()
    desk.host.order(desk.one, Line(quantity=2))
    with desk.paused(first, "update on engagement.customer_score") as call, desk.host.unchanged():
        assert catch_up(desk.host) == STEPPED_ASIDE
    call.result(timeout=PATIENCE)
    assert desk.scores() == [6, 2]
    settled(desk.host)


@pytest.mark.parametrize("phase", PHASES)
def test_steps_aside_for_a_run_in_each_phase(desk: Desk, phase: str) -> None:
    host = desk.host
    host.run("alter function engagement.run_step(integer) rename to run_step_itself")
    host.run(
        "create function engagement.run_step(p_run_id integer) returns boolean language plpgsql"
        " security definer set lock_timeout = 0 as $$ begin"
        " if exists (select from engagement.recalculation_run r where r.run_id = p_run_id"
        f" and r.phase = '{phase}') and current_setting('application_name') = 'pausing' then"
        " perform pg_advisory_lock_shared(77); perform pg_advisory_unlock_shared(77); end if;"
        " return engagement.run_step_itself(p_run_id); end $$"
    )
    host.order(desk.one, Line(quantity=2))
    runner = desk.another()
    with pause(host, runner):
        run = desk.background(runner.run, "call engagement.recalculate()")
        desk.wait(runner.session)
        host.order(desk.two, Line(quantity=3))
        with host.unchanged():
            assert catch_up(host) == STEPPED_ASIDE
    run.result(timeout=PATIENCE)
    catch_up(host)
    assert desk.scores() == [6, 8]
    settled(host)


@pytest.mark.parametrize("mode", ["DEFERRED"], indirect=True)
@pytest.mark.parametrize("phase", PHASES)
def test_goes_on_beside_a_run_that_died(desk: Desk, phase: str) -> None:
    host, runner = desk.host, desk.another()
    host.order(desk.one, Line(quantity=2))
    begin(runner, phase)
    runner.session.close()
    host.order(desk.two, Line(quantity=3))
    assert catch_up(host)[2] == 0
    assert host.score(desk.two).score == 8
    assert host.verify() == []
    host.proven(as_of=None)
    assert desk.scores() == [6, 8]


def test_run_that_begins_during_a_batch_waits_for_it(desk: Desk) -> None:
    host, caller, runner = desk.host, desk.another(), desk.another()
    host.order(desk.one, Line(quantity=2))
    with desk.paused(caller, "update on engagement.customer_score") as call:
        run = desk.background(runner.run, "call engagement.recalculate()")
        desk.wait(runner.session)
    call.result(timeout=PATIENCE)
    run.result(timeout=PATIENCE)
    assert [row.run_status for row in host.runs()] == ["COMPLETED"] * 2
    assert desk.scores() == [6, 2]
    settled(host)


@pytest.mark.parametrize("mode", ["DEFERRED"], indirect=True)
@pytest.mark.parametrize(
    "at", ["insert on engagement.award", "update on engagement.customer_score"]
)
@pytest.mark.parametrize("change", ["rule", "new rule", "parameter"])
def test_setup_changed_during_a_batch(desk: Desk, change: str, at: str) -> None:
    host, caller = desk.host, desk.another()
    host.order(desk.one, Line(quantity="1.234"))
    with desk.paused(caller, at) as call:
        if change == "rule":
            host.revise({"quantity_score": 3}, retroactive=True)
        elif change == "new rule":
            host.rule("MORE", flat_score=1)
        else:
            host.set(SCORE_DECIMALS="0")
    call.result(timeout=PATIENCE)
    assert host.verify() == []
    host.proven(as_of=None)
    expected = {"rule": ["6.70", 3], "new rule": ["6.47", 3], "parameter": [4, 2]}[change]
    assert [str(score) for score in desk.scores()] == [
        str(host.one("select %s::numeric(20, 2)", score)) for score in expected
    ]


def test_customer_whom_a_refresh_holds_waits(desk: Desk) -> None:
    host, clerk = desk.host, desk.another()
    newcomer = host.customer()
    host.order(newcomer, Line(quantity=5))
    host.order(desk.two, Line(quantity=3))
    host.order(desk.one, Line(quantity=2))
    with clerk.session.transaction():
        clerk.run("select from engagement.customer_score where customer_id = %s for update",
                  desk.one)  # fmt: skip
        for _ in range(3):
            assert catch_up(host)[2] == 1
            assert host.rows("select source, keys from engagement.pending_activity") == [
                ("customer", [str(desk.one)])
            ]
            assert [host.score(c).score for c in (desk.two, newcomer)] == [8, 10]
            assert host.failures() == []
            assert host.verify() == []
    catch_up(host)
    assert desk.scores() == [6, 8]
    settled(host)


def test_customer_whom_a_date_has_changed_and_somebody_holds_is_tried_once(desk: Desk) -> None:
    host, clerk = desk.host, desk.another()
    host.run("update engagement.customer_score set next_change_at = now()")
    with clerk.session.transaction():
        clerk.run("select from engagement.customer_score where customer_id = %s for update",
                  desk.one)  # fmt: skip
        for count in (2, 1, 1):
            assert catch_up(host) == (0, count, 1)
    assert catch_up(host) == (0, 1, 0)
    assert host.verify() == []


def test_newcomer_waits_while_a_refresh_makes_rows(desk: Desk) -> None:
    host, clerk = desk.host, desk.another()
    newcomer, other = host.customer(), host.customer()
    host.order(desk.one, Line(quantity=2))
    with clerk.session.transaction():
        clerk.refresh(other)
        assert catch_up(host)[2] == 1
        assert desk.scores() == [6, 2]
    catch_up(host)
    assert host.score(newcomer).score == 0
    settled(host)


def test_awards_that_an_open_order_holds_wait(desk: Desk) -> None:
    """In IMMEDIATE mode the order's transaction has voided an award."""
    host, clerk = desk.host, desk.another()
    order = host.order(desk.one, Line(quantity=2), Line(quantity=3))
    catch_up(host)
    host.set(TRIGGER_MODE="DEFERRED")
    host.run("update crm.order_line set quantity = 10 where order_id = %s", order.key)
    host.order(desk.two, Line(quantity=3))
    host.set(TRIGGER_MODE="IMMEDIATE")
    with clerk.session.transaction():
        clerk.run("update crm.order_line set quantity = 20 where order_id = %s", order.key)
        for _ in range(3):
            assert catch_up(host)[2] == 1
            assert desk.scores() == [12, 8]
            assert host.count("scoring_failure") == 0
    catch_up(host)
    assert desk.scores() == [82, 8]
    settled(host)


@pytest.mark.parametrize(
    "at",
    [
        "insert on engagement.award",
        "update on engagement.customer_score",
        "insert on engagement.score_event",
    ],
)
@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
def test_call_that_is_ended_in_a_batch_loses_nothing(desk: Desk, at: str, end: str) -> None:
    host, caller = desk.host, desk.another()
    host.set(TRIGGER_MODE="DEFERRED")
    host.band("SOME", from_score=5)
    host.recalculate(as_of=None)
    host.order(desk.one, Line(quantity=2))
    queue = host.rows("select * from engagement.pending_activity")
    with desk.paused(caller, at) as call:
        pid = caller.session.info.backend_pid
        host.rows(f"select {end}(%s)", pid)
        with pytest.raises(psycopg.OperationalError):
            call.result(timeout=PATIENCE)
    if end == "pg_terminate_backend":
        host.rows("select pg_terminate_backend(%s::integer, %s)", pid, PATIENCE * 1000)
    assert host.rows("select * from engagement.pending_activity") == queue
    assert desk.scores() == [2, 2]
    assert host.verify() == []
    catch_up(host)
    assert desk.scores() == [6, 2]
    assert host.rows("select customer_id from engagement.score_event") == [(desk.one,)]
    settled(host)


def test_somebody_is_erased_beside_it(desk: Desk) -> None:
    host, caller, clerk = desk.host, desk.another(), desk.another()
    host.order(desk.two, Line(quantity=3))
    host.run("delete from crm.order_line where ship_customer_id = %s", desk.one)
    host.run("delete from crm.customer where customer_id = %s", desk.one)
    with desk.paused(caller, "update on engagement.customer_score") as call:
        erasure = desk.background(clerk.run, f"call engagement.erase_customer({desk.one})")
        desk.wait(clerk.session)
    call.result(timeout=PATIENCE)
    erasure.result(timeout=PATIENCE)
    catch_up(host)
    assert host.rows("select customer_id, score from engagement.customer_score") == [(desk.two, 8)]
    settled(host)


def test_queue_rows_that_an_erasure_holds_wait(desk: Desk) -> None:
    host, clerk = desk.host, desk.another()
    host.set_customer(desk.one, is_active=False)
    host.order(desk.two, Line(quantity=3))
    with clerk.session.transaction():
        clerk.run("update engagement.pending_activity set keys = keys where source = 'customer'")
        assert catch_up(host)[2] == 1
        assert host.score(desk.two).score == 8
    catch_up(host)
    settled(host)


def test_customers_are_merged_beside_it(desk: Desk) -> None:
    host, caller, clerk = desk.host, desk.another(), desk.another()
    host.adjust(desk.one, 5)
    with desk.paused(caller, "update on engagement.customer_score") as call:
        merge = desk.background(clerk.merge, desk.one, desk.two)
    call.result(timeout=PATIENCE)
    merge.result(timeout=PATIENCE)
    catch_up(host)
    assert desk.scores() == [2, 7]
    settled(host)


# -- verify beside it ----------------------------------------------------------------------------


def held_before_and_after(host: Host, routine: str) -> None:
    """Verify pauses for 77 before this comparison and for 78 after it, the first time only."""
    arguments, names, when = COMPARISONS[routine]
    host.run(f"alter function engagement.{routine} rename to itself")
    wait = "perform pg_advisory_lock_shared({0}); perform pg_advisory_unlock_shared({0});"
    host.run(
        f"create function engagement.{routine}({arguments})"
        " returns setof engagement.verify_difference language plpgsql as $$"
        " declare v_is_first boolean :="
        f" current_setting('application_name') = 'pausing' and p_only_ids is null and {when};"
        f" begin if v_is_first then {wait.format(77)} end if;"
        f" return query select i.* from engagement.itself({names}) i;"
        f" if v_is_first then {wait.format(78)} end if; end $$"
    )


KEYS = "engagement.host_key[]"
PART = "p_from engagement.host_key, p_to engagement.host_key, p_sample numeric, p_seed integer"
COMPARISONS = {
    "verify_source": (
        f"p_source text, p_queued_ids {KEYS}, {PART}, p_unread_ids {KEYS} default '{{}}',"
        f" p_only_ids {KEYS} default null",
        "p_source, p_queued_ids, p_from, p_to, p_sample, p_seed, p_unread_ids, p_only_ids",
        "p_source = 'order_line'",
    ),
    "verify_scores": (
        f"p_queued_ids {KEYS}, {PART}, p_only_ids {KEYS} default null",
        "p_queued_ids, p_from, p_to, p_sample, p_seed, p_only_ids",
        "true",
    ),
}


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("is_tampered", [False, True])
def test_verify_knows_what_was_brought_up_to_date_meanwhile(
    desk: Desk, comparison: str, is_tampered: bool
) -> None:
    host, prover = desk.host, desk.another()
    held_before_and_after(host, comparison)
    tampering = {
        "verify_source": "update engagement.award set points = 99 where customer_id = %s",
        "verify_scores": "update engagement.customer_score set own_score = 99, score = 99"
        " where customer_id = %s",
    }[comparison]
    prover.run("set application_name = 'pausing'")
    host.rows("select pg_advisory_lock(77), pg_advisory_lock(78)")
    proof = desk.background(prover.rows, "select check_name, customer_id from engagement.verify()")
    desk.wait(prover.session)
    host.order(desk.one, Line(quantity=2))  # after verify has read the queue
    if is_tampered:
        host.run(tampering, desk.two)
    host.rows("select pg_advisory_unlock(77)")
    observed = desk.another()
    while not observed.one(
        "select exists (select from pg_locks where locktype = 'advisory' and not granted"
        " and objid = 78)"
    ):
        assert not proof.done()
    catch_up(host)  # before verify reads the queue again
    assert host.count("pending_activity") == 0
    host.rows("select pg_advisory_unlock_all()")
    found = proof.result(timeout=PATIENCE)
    if is_tampered:
        assert {customer for _, customer in found} == {desk.two}
    else:
        assert found == []


def test_verify_beside_calls_and_orders_finds_nothing(desk: Desk) -> None:
    clerk, caller = desk.another(), desk.another()

    def work() -> None:
        for number in range(30):
            clerk.order(desk.one if number % 2 else desk.two, Line(quantity=1))

    def call() -> None:
        while not orders.done():
            catch_up(caller)

    orders = desk.background(work)
    calls = desk.background(call)
    while not orders.done():
        assert desk.host.verify() == []
    orders.result(timeout=PATIENCE)
    calls.result(timeout=PATIENCE)
    catch_up(desk.host)
    assert desk.scores() == [32, 32]
    settled(desk.host)
