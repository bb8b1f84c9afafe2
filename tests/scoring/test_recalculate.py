"""Runs and refreshes: what they bring up to date, and that a second one has nothing to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from patience import PATIENCE
from scoring.host import NOW, Host, Line, instant, refused

MODES = pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])


def nothing(run: Any) -> bool:
    """The run wrote nothing."""
    return (run.award_count, run.void_count, run.score_count) == (0, 0, 0)


@MODES
def test_recalculate_again_writes_nothing(host: Host, mode: str) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    host.seat_rule()
    employer, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, employer)
    host.order(customer, Line(quantity=3), Line(quantity=1), at="2025-06-01+00")
    host.seat(customer, "2025-07-01")
    host.proven(mode)
    with_scores = host.state()
    assert nothing(host.proven(mode))
    assert nothing(host.proven("FULL"))
    assert host.state()["customer_score"] == with_scores["customer_score"]
    assert nothing(host.proven(mode, "2025-06-20+00"))  # later, but nothing happened


@MODES
def test_recalculate_run_row_tells_what_was_done(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(), Line())
    run = host.proven(mode)
    assert (run.run_id, run.run_mode, run.run_status, run.phase) == (1, mode, "COMPLETED", "DONE")
    assert run.as_of == instant(NOW)
    assert (run.award_count, run.void_count, run.score_count, run.failure_count) == (2, 0, 1, 0)
    assert run.started_at <= run.finished_at
    assert (run.backend_pid, run.failed_sources) == (host.session.info.backend_pid, [])
    host.set(SCORE_DECIMALS="0")
    host.run("update crm.order_line set quantity = 3")
    run = host.proven(mode)
    assert (run.award_count, run.void_count, run.score_count) == (2, 2, 1)


@MODES
def test_recalculate_expiry_by_date_alone(host: Host, mode: str) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    customer, other = host.customer(), host.customer()
    host.order(customer, Line(quantity=3), at="2025-06-01+00")
    host.order(other, Line(quantity=1), at="2025-06-02+00")
    host.proven(mode, "2025-07-26 23:59:59+00")
    assert host.score(customer).next_change_at == instant("2025-07-27 00:00+00")
    assert host.score(customer).score == 6
    run = host.proven(mode, "2025-07-27+00")
    assert run.score_count == 1
    score = host.score(customer)
    assert (score.score, score.previous_score, score.ytd_score) == (0, 6, 6)
    assert score.changed_at == instant("2025-07-27 00:00+00")
    assert score.raised_at == instant("2025-07-26 23:59:59+00")
    assert host.score(other).score == 2


def test_recalculate_clock_goes_back(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    customer = host.customer()
    host.order(customer, Line(quantity=3), at="2025-06-01+00")
    host.order(customer, Line(quantity=1), at="2024-02-01+00")
    for as_of, score, ytd, overview in (
        ("2025-06-15+00", 6, 6, 8),
        ("2031-01-01+00", 0, 0, 0),
        ("2025-06-15+00", 6, 6, 8),
        ("2024-12-31+00", 0, 2, 2),
        ("2024-03-01+00", 2, 2, 2),
        ("2024-01-01+00", 0, 0, 0),
    ):
        host.proven(as_of=as_of)
        row = host.score(customer)
        assert (row.score, row.ytd_score, row.overview_score) == (score, ytd, overview), as_of
        assert row.calculated_at <= instant(as_of)


def test_recalculate_year_rollover(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich", OVERVIEW_YEARS="1")
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=1), at="2024-12-31 22:59:59+00")  # 2024 in Zurich
    host.order(customer, Line(quantity=10), at="2024-12-31 23:00:00+00")  # 2025 in Zurich
    expected = {
        "2024-12-31 22:59:59+00": (1, 1),
        "2024-12-31 23:00:00+00": (10, 11),
        "2025-12-31 22:59:59+00": (10, 11),
        "2025-12-31 23:00:00+00": (0, 10),
        "2026-12-31 22:59:59+00": (0, 10),
        "2026-12-31 23:00:00+00": (0, 0),
    }
    for as_of, columns in expected.items():
        host.proven(as_of=as_of)
        row = host.score(customer)
        assert (row.ytd_score, row.overview_score) == columns, as_of
        category = host.rows("select ytd_score, overview_score from engagement.category_score")
        assert category == [columns]
    assert row.score == 11
    assert row.next_change_at is None


def test_recalculate_overview_ages_by_date(host: Host) -> None:
    host.rule(quantity_score=1, valid_for_weeks=8)
    customer = host.customer()
    host.order(customer, at="2025-06-01+00")
    overview = {}
    for year in (2026, 2027, 2028, 2029):
        host.proven(as_of=f"{year}-01-01+00")
        overview[year] = host.score(customer).overview_score
    assert overview == {2026: 1, 2027: 1, 2028: 1, 2029: 0}


@pytest.mark.parametrize(
    ("month", "as_of", "ytd"),
    [
        ("1", "2025-06-15+00", 30),
        ("6", "2025-06-15+00", 20),
        ("6", "2025-06-01+00", 20),
        ("6", "2025-05-31 23:59+00", 11),
        ("7", "2025-06-15+00", 31),
    ],
)
def test_recalculate_ytd_start_month(host: Host, month: str, as_of: str, ytd: int) -> None:
    host.set(YTD_START_MONTH=month)
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=1), at="2024-12-01+00")
    host.order(customer, Line(quantity=10), at="2025-03-01+00")
    host.order(customer, Line(quantity=20), at="2025-06-01+00")
    host.proven(as_of=as_of)
    assert host.score(customer).ytd_score == ytd


@pytest.mark.parametrize(("years", "overview"), [("0", 1), ("1", 11), ("3", 111), ("50", 1111)])
def test_recalculate_overview_years(host: Host, years: str, overview: int) -> None:
    host.rule(quantity_score=1, valid_for_weeks=1)
    customer = host.customer()
    for year, quantity in ((2025, 1), (2024, 10), (2022, 100), (1999, 1000)):
        host.order(customer, Line(quantity=quantity), at=f"{year}-01-01+00")
    host.proven()
    host.set(OVERVIEW_YEARS=years)
    host.proven()
    row = host.score(customer)
    assert (row.overview_score, row.score) == (overview, 0)


def test_recalculate_new_customers_have_a_zero_row(host: Host) -> None:
    customer = host.customer()
    host.proven()
    row = host.score(customer)
    assert (row.score, row.ytd_score, row.overview_score, row.calculated_at) == (
        *(0, 0, 0),
        instant(NOW),
    )
    assert (row.previous_score, row.changed_at, row.raised_at, row.next_change_at) == (None,) * 4


@MODES
def test_recalculate_customer_removed(host: Host, mode: str) -> None:
    host.rule(quantity_score=2)
    gone, stays = host.customer(), host.customer()
    order = host.order(gone, Line())
    host.order(stays, Line())
    host.proven(mode)
    host.run("delete from crm.sales_order where order_id = %s", order.key)
    host.run("delete from crm.customer where customer_id = %s", gone)
    host.proven(mode)
    assert host.score_at(gone) == 0
    assert host.one("select coalesce(sum(score), 0) from engagement.customer_score") == 2
    assert nothing(host.proven("FULL"))


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        ("p_mode => 'WEEKLY'", "EG004"),
        ("p_mode => null", "EG004"),
        ("p_mode => 'full'", "EG004"),
        ("p_as_of => 'infinity'", "EG004"),
        ("p_customer_id => -1", "EG001"),
    ],
)
def test_recalculate_bad_input_refused(host: Host, arguments: str, sqlstate: str) -> None:
    with host.unchanged(), refused(sqlstate):
        host.run(f"call engagement.recalculate({arguments})")


@pytest.mark.parametrize("as_of", ["infinity", "-infinity", "294276-12-31", "4714-11-24 BC"])
@pytest.mark.parametrize(
    "call",
    [
        "recalculate(p_as_of => '{as_of}')",
        "recalculate(p_customer_id => {customer}, p_as_of => '{as_of}')",
        "roll_up_employers('{as_of}')",
    ],
)
def test_run_for_an_instant_beyond_the_calendar_refused_and_next_run_is_sound(
    host: Host, call: str, as_of: str
) -> None:
    host.rule(quantity_score=2)
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    host.order(customer)
    host.proven()
    with host.unchanged(), refused("EG004"):
        host.run(f"call engagement.{call.format(customer=customer, as_of=as_of)}")
    host.proven()


def test_recalculate_inside_a_transaction_refused(host: Host) -> None:
    with host.unchanged(), refused("2D000"), host.session.transaction():
        host.run("call engagement.recalculate()")
    host.proven()


def test_recalculate_without_host_refused(host: Host) -> None:
    host.run("call engagement.detach_host()")
    with host.unchanged(), refused("EG006"):
        host.run("call engagement.recalculate()")
    with host.unchanged(), refused("EG006"):
        host.run("call engagement.refresh_customer(1)")


# -- one customer ------------------------------------------------------------------------------


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_refresh_customer_brings_one_up_to_date_and_leaves_the_queue(
    host: Host, trigger_mode: str
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.rule(quantity_score=2)
    customer, other = host.customer(), host.customer()
    host.proven()
    line = host.order(customer, Line(quantity=3)).line
    host.order(other, Line(quantity=4))
    queue = host.rows("select * from engagement.pending_activity")
    host.refresh(customer)
    # What it awarded joins the queue, for a run that did not see it.
    added = [("order_line", "source_id", [str(line)])] if trigger_mode == "DEFERRED" else []
    left = host.rows("select * from engagement.pending_activity")
    assert left[: len(queue)] == queue
    assert [row[:3] for row in left[len(queue) :]] == added
    assert (host.score(customer).score, host.score(other).score) == (6, 0)
    assert host.verify() == []
    run = host.proven(as_of=None)
    assert (host.score(customer).score, host.score(other).score) == (6, 8)
    assert run.score_count == 2  # both were touched, and both are now as of this run


def test_refresh_customer_writes_calculated_at_always(host: Host) -> None:
    customer = host.customer()
    host.refresh(customer)
    first = host.score(customer)
    host.refresh(customer)
    second = host.score(customer)
    assert second.calculated_at > first.calculated_at
    assert second._replace(calculated_at=None) == first._replace(calculated_at=None)


def test_refresh_customer_finds_what_triggers_did_not_see(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.proven()
    with host.session.transaction():
        host.run("set local session_replication_role = replica")
        host.order(customer, Line(quantity=3))
    host.refresh(customer)
    assert host.score(customer).score == 6
    host.proven()


def test_refresh_company_sums_its_people_again(host: Host) -> None:
    host.rule(quantity_score=2)
    employer, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, employer)
    host.order(customer, Line(quantity=3))
    host.refresh(employer)
    assert (host.score(employer).employee_score, host.score(employer).score) == (6, 6)
    with pytest.raises(ValueError):
        host.score(customer)  # nobody else is written
    host.proven(as_of=None)


@pytest.mark.parametrize("customer", ["-1", "null"])
def test_refresh_unknown_customer_refused(host: Host, customer: str) -> None:
    with host.unchanged(), refused("EG001"):
        host.run(f"call engagement.refresh_customer({customer})")


def test_refresh_customer_known_to_the_ledger_alone(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer)
    with host.session.transaction():
        host.run("set local session_replication_role = replica")
        host.run("delete from crm.customer")
    host.refresh(customer)
    assert host.score(customer).score == 2


def test_recalculate_customer_at_an_instant(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=4)
    customer, other = host.customer(), host.customer()
    host.order(customer, at="2025-06-01+00")
    host.order(other, at="2025-06-01+00")
    with host.session.transaction():  # one customer needs no commit
        host.run("call engagement.recalculate('FULL', %s, '2025-06-15+00')", customer)
    assert host.score(customer).score == 2
    assert host.count("customer_score") == 1
    host.run("call engagement.recalculate(p_customer_id => %s, p_as_of => '2025-07-15+00')",
             customer)  # fmt: skip
    assert host.score(customer).score == 0


# -- a run that died ---------------------------------------------------------------------------


@pytest.fixture
def dies(
    host: Host,
    second_session: Callable[..., psycopg.Connection[Any]],
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> Callable[..., None]:
    """``dies(mode, as_of)``: a run that reaches the totals and ends there with its session."""
    from concurrent.futures import ThreadPoolExecutor

    def die(mode: str, as_of: str) -> None:
        runner = second_session(host.session)
        with ThreadPoolExecutor(1) as pool, host.session.transaction():
            host.run("lock table engagement.customer_score in exclusive mode")
            call = pool.submit(
                runner.execute, "call engagement.recalculate(%s, p_as_of => %s)", (mode, as_of)
            )
            wait_until_blocked(runner)
            host.rows("select pg_terminate_backend(%s::integer)", runner.info.backend_pid)
            with pytest.raises(psycopg.OperationalError):
                call.result(timeout=PATIENCE)
        host.rows("select pg_terminate_backend(%s::integer, 10000)", runner.info.backend_pid)

    return die


@pytest.mark.parametrize("died", ["INCREMENTAL", "FULL"])
@pytest.mark.parametrize("asked", ["INCREMENTAL", "FULL"])
@pytest.mark.parametrize("asked_as_of", [NOW, "2025-07-15 00:00+00"])
def test_recalculate_resumes_what_died_and_does_what_is_asked(
    host: Host, dies: Callable[..., None], died: str, asked: str, asked_as_of: str
) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    customer = host.customer()
    order = host.order(customer, at="2025-06-01+00")
    dies(died, NOW)
    (run,) = host.runs()
    assert (run.run_mode, run.run_status) == (died, "RUNNING")
    assert host.verify() == []  # what it had not finished is known to be unfinished
    if asked == "FULL":  # that only a FULL run sees
        with host.session.transaction():
            host.run("set local session_replication_role = replica")
            host.set_line(order.line, quantity=3)
    host.proven(asked, asked_as_of)
    assert host.score(customer).score == (6 if asked == "FULL" else 2)
    resumed, *others = host.runs()
    assert (resumed.run_mode, resumed.run_status, resumed.as_of) == (
        *(died, "COMPLETED"),
        instant(NOW),
    )
    assert resumed.run_id == run.run_id
    assert all(other.run_status == "COMPLETED" for other in others)
    assert host.runs()[-1].as_of == instant(asked_as_of)


def test_full_tells_subjects_and_classes_apart_that_look_alike(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    customer = host.customer()
    lines = [
        Line(host.product("A=B")),
        Line(host.product("A", "B")),
        Line(host.product("1:A")),
        Line(host.product("A=B=C", "D")),
    ]
    host.order(customer, *lines)
    host.recalculate()  # so that no key is in the queue
    host.rule("ONE", subject_id="A=B", flat_score=1)
    host.rule("TWO", subject_class="B", flat_score=10)
    host.rule("THREE", subject_id="1:A", flat_score=100)
    host.rule("FOUR", subject_id="A=B=C", subject_class="D", flat_score=1000)
    host.recalculate("FULL")
    assert host.live(customer) == [1, 10, 100, 1000]
    host.proven("FULL")


def test_full_goes_on_after_an_activity_of_more_awards_than_a_batch(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    many, one = host.customer(), host.customer()
    host.order(many, Line("BOOK"))
    host.order(one, Line(host.product("PEN")))
    host.recalculate()  # so that no key is in the queue
    host.rule(flat_score=1)
    host.run(
        "insert into engagement.score_rule (rule_id, rule_code, version, category_code,"
        " engagement_type, effective_when, subject_id, flat_score)"
        " select 1000 + n, 'EVENT_' || n, 1, 'INVOLVEMENT', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'BOOK', 1 from generate_series(1, 45000) n"
    )
    host.recalculate("FULL")
    assert (len(host.live(many)), host.live(one)) == (45001, [1])


# -- where a procedure that commits is called --------------------------------------------------


def test_check_commits_inside_a_transaction_says_so_with_a_hint(host: Host) -> None:
    host.run("call engagement.check_commits()")
    host.run("do $$ begin call engagement.check_commits(); end $$")
    calls = [
        ("begin", "call engagement.check_commits()"),
        ("select", "select pg_temp.calls_it()"),
    ]
    host.run(
        "create function pg_temp.calls_it() returns void language plpgsql as"
        " $$ begin call engagement.check_commits(); end $$"
    )
    for first, call in calls:
        host.run(first)
        with pytest.raises(psycopg.errors.InvalidTransactionTermination) as caught:
            host.run(call)
        assert caught.value.diag.message_hint
        host.run("rollback")
