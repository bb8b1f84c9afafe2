"""Refreshes and runs beside each other; runs that end in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import psycopg
import pytest

from concurrency.pauses import pause, paused_at, pausing
from engagement_runner.deploy import deploy
from engagement_runner.embedded import EmbeddedServer
from patience import PATIENCE
from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, instant, refused

Another = Callable[[], Host]
Background = Callable[..., Future[Any]]
HeldUp = Callable[[str, str], AbstractContextManager[tuple[Host, Future[Any]]]]

RUN = f"call engagement.recalculate(p_as_of => '{NOW}')"


@pytest.mark.parametrize("has_row", [True, False])
@pytest.mark.parametrize("is_company", [True, False])
def test_two_refreshes_of_one_customer_never_lose_the_newer_sum(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
    has_row: bool,
    is_company: bool,
) -> None:
    host.run(f"create function crm.pause() returns trigger {pausing('return null')}")
    host.run(
        "create trigger pause before insert on engagement.customer_score"
        " for each statement execute function crm.pause()"
    )
    host.rule(quantity_score=2)
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    host.order(customer, Line(quantity=1))
    if has_row:
        host.proven()
    whom = company if is_company else customer
    older, newer = another(), another()
    with pause(host, older):
        refreshes = [background(older.refresh, whom)]
        wait_until_blocked(older.session)  # it has the older sum in hand
        host.order(customer, Line(quantity=5))
        refreshes.append(background(newer.refresh, whom))
        wait_until_blocked(newer.session)  # for the older one, before it sums
    for refresh in refreshes:
        refresh.result(timeout=PATIENCE)
    assert host.score(whom).score == 12


def test_refresh_waits_for_a_run_and_has_the_newer_sum(
    host: Host, another: Another, background: Background, wait_until_blocked: Any
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=1))
    host.recalculate(as_of=None)
    host.revise({"quantity_score": 3}, retroactive=True)
    refresher, runner = another(), another()
    with paused_at(
        host, runner, "insert on engagement.customer_score", RUN, background, wait_until_blocked
    ) as run:
        host.order(customer, Line(quantity=4))
        refresh = background(refresher.refresh, customer)
        wait_until_blocked(refresher.session)
    run.result(timeout=PATIENCE)
    refresh.result(timeout=PATIENCE)
    assert host.score(customer).score == 15
    host.proven(as_of=None)


@pytest.mark.parametrize("second", ["recalculate()", "recalculate('FULL')", "roll_up_employers()"])
def test_second_run_refused_while_one_is_under_way(
    host: Host, held_up: HeldUp, second: str
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer)
    with held_up("lock table engagement.customer_score in exclusive mode", RUN) as (_, run):
        with host.unchanged(), refused("EG009"):
            host.run(f"call engagement.{second}")
        (row,) = host.runs()
        assert (row.run_status, row.finished_at) == ("RUNNING", None)
    run.result(timeout=PATIENCE)
    (row,) = host.runs()
    assert row.run_status == "COMPLETED"
    host.proven()


def test_second_run_refused_between_two_batches_of_the_first(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> None:
    host.run("alter function engagement.run_step(integer) rename to run_step_itself")
    host.run(
        "create function engagement.run_step(p_run_id integer) returns boolean "
        + pausing("return engagement.run_step_itself(p_run_id)")
    )
    customer = host.customer()
    first = another()
    with pause(host, first):
        run = background(first.recalculate)
        wait_until_blocked(first.session)
        with host.unchanged(), refused("EG009"):
            host.run("call engagement.recalculate()")
    run.result(timeout=PATIENCE)
    assert [row.run_status for row in host.runs()] == ["COMPLETED"]
    assert host.score(customer).score == 0


def test_many_runs_at_once_one_at_a_time(
    host: Host, another: Another, background: Background
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer)

    def run(session: Host) -> list[str]:
        results = []
        for _ in range(5):
            try:
                session.recalculate("FULL")
                results.append("done")
            except psycopg.Error as error:
                results.append(error.sqlstate or "?")
        return results

    calls = [background(run, another()) for _ in range(8)]
    results = [result for call in calls for result in call.result(timeout=PATIENCE)]
    assert set(results) == {"done", "EG009"}
    # Nobody took over a run that was alive: whoever began one finished it.
    assert [row.run_status for row in host.runs()] == ["COMPLETED"] * results.count("done")
    host.proven()


@pytest.mark.parametrize(
    "at",
    [
        "update on engagement.award",
        "insert on engagement.award",
        "insert on engagement.customer_score",
        "insert on engagement.category_score",
        "insert on engagement.recalculation_rank",
        "insert on engagement.score_event",
    ],
)
@pytest.mark.parametrize(
    ("end", "by"),
    [
        ("pg_cancel_backend", "another session"),
        ("pg_cancel_backend", "the same session"),
        ("pg_terminate_backend", "another session"),
    ],
)
def test_run_ended_in_the_middle_is_resumed(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Any,
    at: str,
    end: str,
    by: str,
) -> None:
    host.rule(quantity_score=2)
    host.band("SOME", from_score=10)
    customers = [host.customer() for _ in range(5)]
    for customer in customers:
        host.order(customer, Line(quantity=3), Line(quantity=1))
    host.proven()
    host.revise({"quantity_score": 5}, retroactive=True)
    runner = another()
    with paused_at(
        host, runner, f"{at} for each row",
        f"call engagement.recalculate('FULL', p_as_of => '{NOW}')",
        *(background, wait_until_blocked),
    ) as run:  # fmt: skip
        host.rows(f"select {end}(%s)", runner.session.info.backend_pid)
        with pytest.raises(psycopg.OperationalError):
            run.result(timeout=PATIENCE)
    if end == "pg_terminate_backend":
        host.rows(
            "select pg_terminate_backend(%s::integer, %s)",
            runner.session.info.backend_pid,
            PATIENCE * 1000,
        )
    died = host.runs()[-1]
    assert (died.run_status, died.run_mode) == ("RUNNING", "FULL")
    assert host.verify() == []
    resumer = runner if by == "the same session" else another()
    resumer.recalculate(as_of="2025-07-01+00")
    assert [host.live(customer) for customer in customers] == [[5, 15]] * 5
    resumed = next(run for run in host.runs() if run.run_id == died.run_id)
    assert (resumed.run_status, resumed.run_mode, resumed.as_of, resumed.started_at) == (
        *("COMPLETED", "FULL"),
        instant(NOW),
        died.started_at,
    )
    new = host.rows("select distinct recorded_at from engagement.award where voided_at is null")
    assert new == [(died.started_at,)]
    host.proven()


# -- a crash of the server ---------------------------------------------------------------------

CUSTOMERS = 6000
LINES = 24000


@pytest.fixture
def crashed_at(
    own_server: EmbeddedServer,
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> Iterator[Callable[[str], Host]]:
    """A server of its own with a large host; ``crashed_at(when)`` kills it in a FULL run."""
    with ExitStack() as stack:

        def connect() -> Host:
            session = psycopg.connect(own_server.dsn(), autocommit=True)
            stack.callback(session.close)
            return Host(session)

        host = connect()
        deploy(host.session, "reference", "bigint")
        furnish(host.session)
        with host.session.transaction():
            host.run("set local session_replication_role = replica")
            host.run(
                "insert into crm.customer (customer_id, display_name)"
                f" select i, 'C' from generate_series(1, {CUSTOMERS}) i"
            )
            host.run(
                "insert into crm.sales_order (order_id, ordered_at)"
                f" select i, '2025-03-03+00' from generate_series(1, {LINES}) i"
            )
            host.run(
                "insert into crm.order_line"
                " (order_line_id, order_id, ship_customer_id, product_id, quantity)"
                f" select i, i, 1 + i % {CUSTOMERS}, 'BOOK', 1 from generate_series(1, {LINES}) i"
            )
        host.run("analyze")
        host.rule(quantity_score=2)
        host.proven("FULL")
        host.revise({"quantity_score": 5}, retroactive=True)

        def crash(when: str) -> Host:
            runner = connect()
            with ThreadPoolExecutor(1) as pool:
                call = f"call engagement.recalculate('FULL', p_as_of => '{NOW}')"
                with (
                    pytest.raises(psycopg.OperationalError),
                    paused_at(host, runner, when, call, pool.submit, wait_until_blocked) as run,
                ):
                    own_server.kill9()
                with pytest.raises(psycopg.OperationalError):
                    run.result(timeout=PATIENCE)
            own_server.start()
            return connect()

        yield crash


@pytest.mark.slow
@pytest.mark.parametrize(
    ("phase", "table", "column", "key"),
    [
        ("SOURCES", "award", "source_id", LINES - 5),
        ("TOTALS", "customer_score", "customer_id", CUSTOMERS - 5),
    ],
)
def test_server_killed_in_the_middle_of_full_resumes(
    crashed_at: Callable[[str], Host], phase: str, table: str, column: str, key: int
) -> None:
    host = crashed_at(f"update on engagement.{table} for each row when (old.{column} = {key})")
    died = host.runs()[-1]
    assert (died.run_mode, died.run_status, died.phase) == ("FULL", "RUNNING", phase)
    assert 0 < died.done_count < died.total_count  # some batches are there for good
    summed = host.one("select count(*) from engagement.customer_score where score = 20")
    assert (0 < summed < CUSTOMERS) if phase == "TOTALS" else summed == 0
    assert host.verify() == []
    host.recalculate(as_of="2025-07-01+00")
    resumed = next(run for run in host.runs() if run.run_id == died.run_id)
    assert (resumed.run_status, resumed.run_mode, resumed.as_of) == (
        *("COMPLETED", "FULL"),
        instant(NOW),
    )
    assert resumed.award_count == resumed.void_count == LINES
    assert host.rows("select score, count(*) from engagement.customer_score group by 1") == [
        (20, CUSTOMERS)
    ]
    host.proven()


def test_ranking_leaves_whom_a_refresh_has_changed_meanwhile(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> None:
    """The band of a score that is no longer there is not written, and nobody is told of it."""
    host.rule(quantity_score=1, valid_for_weeks=20)
    host.band("SOME", from_score=10)
    falling, rising, *_ = (host.customer() for _ in range(4))
    host.order(falling, Line(quantity=10))
    host.proven()
    host.order(rising, Line(quantity=20))
    refresher, runner = another(), another()
    with refresher.session.transaction():
        refresher.refresh(falling)  # as of now, when all has expired
        run = background(runner.run, RUN)
        wait_until_blocked(runner.session)
    run.result(timeout=PATIENCE)
    assert (host.score(falling).score, host.score(falling).band_code) == (0, None)
    assert host.rows(
        "select customer_id, event_type from engagement.score_event order by created_at"
    ) == [(falling, "BAND_DOWN"), (rising, "BAND_UP")]


def test_telling_of_bands_leaves_whom_a_refresh_has_told_meanwhile(
    host: Host,
    another: Another,
    background: Background,
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> None:
    """A run that saw the band of before says nothing of it, and notes nothing as told."""
    host.band("SOME", from_score=10)
    customer = host.customer()
    host.proven()
    host.run("update engagement.customer_score set band_code = 'SOME'")  # and nobody knows yet
    refresher, runner = another(), another()
    with refresher.session.transaction():
        refresher.run("update engagement.customer_score set band_code = null")
        telling = background(
            runner.run,
            "select engagement.announce_bands(clock_timestamp(), array[%s]::engagement.host_key[],"
            " true)",
            customer,
        )
        wait_until_blocked(runner.session)
    telling.result(timeout=PATIENCE)
    assert host.rows("select event_type from engagement.score_event") == []
    assert host.rows("select customer_id, announced_band from engagement.customer_score") == [
        (customer, None)
    ]
