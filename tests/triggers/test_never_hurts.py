"""Scoring broken on purpose: the host's order always commits, and its points are recovered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from scoring.host import Host, Line

VIEW = "engagement_host.order_line"


@pytest.fixture(params=["IMMEDIATE", "DEFERRED"], autouse=True)
def mode(request: pytest.FixtureRequest, host: Host) -> str:
    """Both trigger modes, with a rule of two points a piece."""
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE=request.param)
    host.proven()
    return str(request.param)


def view_sql(host: Host) -> str:
    """The statement that makes the activity view of order lines again."""
    return f"create or replace view {VIEW} as " + host.one(
        "select pg_get_viewdef(%s::regclass)", VIEW
    )


def test_ledger_renamed_order_commits_and_incremental_recovers(host: Host, mode: str) -> None:
    customer = host.customer()
    host.run("alter table engagement.award rename to award_gone")
    host.order(customer, Line(quantity=3))
    # The line: either its award or the type of awards is not there.
    assert host.failures() in ([["42P01"], ["42704"]] if mode == "IMMEDIATE" else [[]])
    host.run("alter table engagement.award_gone rename to award")
    host.proven()
    assert host.live(customer) == [6]
    assert host.failures() == []


def test_queue_renamed_order_commits_with_a_warning_and_full_recovers(host: Host) -> None:
    customer = host.customer()
    host.proven()
    host.run("alter table engagement.pending_activity rename to pending_gone")
    order = host.order(customer, Line(quantity=3))
    assert "WARNING" in host.notices
    with host.session.transaction():
        for _ in range(60):
            host.add_lines(order.key, customer, Line())
    host.run("alter table engagement.pending_gone rename to pending_activity")
    host.proven("FULL")
    assert host.live(customer) == [2] * 60 + [6]


def test_failures_renamed_order_commits(host: Host) -> None:
    customer = host.customer()
    host.run("alter table engagement.scoring_failure rename to failure_gone")
    host.run("alter table engagement.award rename to award_gone")
    host.order(customer, Line(quantity=3))
    host.run("alter table engagement.award_gone rename to award")
    host.run("alter table engagement.failure_gone rename to scoring_failure")
    host.proven("FULL")
    assert host.live(customer) == [6]


@pytest.mark.parametrize("column", ["flat_score", "quantity_score", "amount_score"])
def test_rule_that_overflows_order_commits_and_rule_repaired(
    host: Host, mode: str, column: str
) -> None:
    host.rule("HUGE", **{column: "1e70000"})
    customer = host.customer()
    host.order(customer, Line(quantity="1e30", amount="1e30"))
    host.order(customer, Line(quantity=3))
    host.recalculate()
    assert host.verify() == []
    assert set(host.failures()) == {"22003"}
    assert host.live(customer)[0] == 6
    host.retire(retroactive=True, code="HUGE")
    host.proven()
    assert host.failures() == []
    assert host.score(customer).score == host.one("select 2e30 + 6")


def test_view_dropped_order_commits_others_are_scored_and_incremental_recovers(
    host: Host, mode: str
) -> None:
    host.seat_rule()
    host.proven()
    again = view_sql(host)
    customer = host.customer()
    host.run(f"drop view {VIEW} cascade")
    host.order(customer, Line(quantity=3))
    host.seat(customer, "2025-01-01")
    assert host.failures() == (["42P01"] if mode == "IMMEDIATE" else [])
    run = host.recalculate()
    assert (run.run_status, run.failed_sources) == ("COMPLETED", ["order_line"])
    assert host.live(customer) == [30]
    assert host.count("pending_activity") > 0
    assert "42P01" in host.failures()
    host.run(again)
    host.proven()
    assert host.live(customer) == [6, 30]
    assert host.score(customer).score == 36
    assert host.failures() == []


@pytest.mark.parametrize("run_mode", ["INCREMENTAL", "FULL"])
def test_view_that_fails_for_one_line_scores_the_others(
    host: Host, mode: str, run_mode: str
) -> None:
    again = view_sql(host)
    broken = again.replace("l.amount", "(1 / (l.amount - 13) * 0 + l.amount) as amount", 1)
    assert broken != again
    host.run(broken)
    host.proven()
    customer = host.customer()
    lines = host.order(customer, *[Line(quantity=q) for q in (1, 2, 3)]).lines
    host.set_line(lines[1], amount=13)
    host.order(customer, Line(quantity=4, amount=13))
    host.order(customer, Line(quantity=5))
    run = host.recalculate(run_mode)
    assert run.run_status == "COMPLETED"
    assert "22012" in host.failures()
    assert run.failure_count > 0
    if run_mode == "INCREMENTAL":
        assert {2, 6, 10} <= set(host.live(customer))
        assert 8 not in host.live(customer)
    host.run(again)
    host.proven()
    assert host.live(customer) == [2, 4, 6, 8, 10]
    assert host.failures() == []


@pytest.fixture
def expression_key(host: Host, mode: str) -> Iterator[None]:
    """A host table whose key expression fails for some rows: crm.coded_line 'x-7' is order 7."""
    host.run("create table crm.coded_line (code text, customer_id bigint, quantity numeric)")
    host.run(
        "create index on crm.coded_line ((split_part(code, '-', 2)::bigint))"
        " where code ~ '^.-[0-9]+$'"
    )
    host.run(
        "create view engagement_host.coded_line as"
        " select split_part(code, '-', 2)::engagement.host_key as source_id,"
        " null::engagement.host_key as document_id, customer_id::engagement.host_key,"
        " null::engagement.host_key as employer_id, null::text as subject_id,"
        " null::text as subject_class, quantity, 0::numeric as amount,"
        " '2025-03-03+00'::timestamptz as occurred_at, null::timestamptz as ended_at"
        " from crm.coded_line where code ~ '^.-[0-9]+$'"
    )
    host.run(
        "call engagement.register_source('coded_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'engagement_host.coded_line')"
    )
    host.run(
        "call engagement.attach_triggers('coded_line', 'crm.coded_line',"
        " 'split_part(code, ''-'', 2)::bigint')"
    )
    host.proven()
    yield


@pytest.mark.usefixtures("expression_key")
def test_key_expression_that_fails_order_commits_and_incremental_recovers(host: Host) -> None:
    customer = host.customer()
    insert = "insert into crm.coded_line values (%s, %s, 1)"
    host.run(insert, "no key", customer)
    host.run("insert into crm.coded_line values ('no', %s, 1), ('a-7', %s, 4)", customer, customer)
    assert host.failures() == ["22P02", "22P02"]
    host.proven()
    assert host.live(customer) == [8]
    assert host.failures() == []


@pytest.mark.usefixtures("expression_key")
@pytest.mark.parametrize("bad_from", [0, 55])
def test_key_expression_that_fails_late_in_a_transaction_order_commits(
    host: Host, bad_from: int
) -> None:
    customer = host.customer()
    with host.session.transaction():
        for i in range(60):
            code = "no key" if i >= bad_from else f"a-{i}"
            host.run("insert into crm.coded_line values (%s, %s, 1)", code, customer)
    assert host.one("select count(*) from crm.coded_line") == 60
    host.proven()
    assert host.live(customer) == [2] * bad_from


def test_column_renamed_order_commits(host: Host) -> None:
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.run("alter table crm.order_line rename order_line_id to id")
    with host.session.transaction():
        for _ in range(60):
            host.run(
                "insert into crm.order_line (order_id, ship_customer_id, product_id)"
                " values (%s, %s, 'BOOK')",
                *(order.key, customer),
            )
    assert set(host.failures()) == {"42703"}
    host.proven()
    assert host.live(customer) == [2] * 61


@pytest.mark.parametrize("setting", ["scoring_calls", "is_broken"])
def test_session_setting_of_the_same_name_order_commits(host: Host, setting: str) -> None:
    customer = host.customer()
    host.run(f"set engagement.{setting} = 'nonsense'")
    host.order(customer, Line(quantity=3))
    host.run(f"reset engagement.{setting}")
    host.proven("FULL")
    assert host.live(customer) == [6]


# -- the host's role ---------------------------------------------------------------------------


@pytest.fixture
def clerk(host: Host, second_session: Callable[..., psycopg.Connection[Any]]) -> Iterator[Host]:
    """A session of a role that may write to the host's tables and has no right on the package."""
    host.run("create role clerk login")
    host.run("grant usage, create on schema crm to clerk")
    host.run("grant all on all tables in schema crm to clerk")
    host.run("grant all on all sequences in schema crm to clerk")
    session = second_session(host.session, user="clerk")
    yield Host(session)
    session.close()
    host.run("drop owned by clerk")
    host.run("drop role clerk")


def test_role_without_rights_earns_and_sees_nothing(host: Host, clerk: Host, mode: str) -> None:
    customer = clerk.customer()
    order = clerk.order(customer, Line(quantity=3))
    clerk.set_line(order.line, quantity=4)
    clerk.add_lines(order.key, customer, Line())
    clerk.run("delete from crm.order_line where quantity = 1")
    assert clerk.notices == []
    assert host.live(customer) == ([8] if mode == "IMMEDIATE" else [])
    for statement in (
        "select from engagement.award",
        "insert into engagement.pending_activity (source) values ('order_line')",
        "select engagement.sync_awards__order_line('source_id', '{1}', now())",
        "select engagement.parameter('TIME_ZONE')",
        "call engagement.recalculate()",
        "select from engagement_host.order_line",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            clerk.run(statement)
    host.proven()
    assert host.live(customer) == [8]
    assert host.failures() == []


def test_search_path_and_temporary_objects_are_not_obeyed(host: Host, clerk: Host) -> None:
    customer = clerk.customer()
    clerk.run("create temporary table pending_activity (source text)")
    clerk.run("create temporary table new_rows (order_line_id bigint)")
    clerk.run("create table crm.award (customer_id bigint)")
    for name, arguments in (("array_agg", "text"), ("round_half_even", "numeric, integer")):
        body = "$$ begin raise 'obeyed'; end $$"
        kind = f"crm.{name}({arguments}) returns numeric language plpgsql as {body}"
        clerk.run(f"create function {kind}")
    clerk.run(
        "create function crm.equal(bigint, bigint) returns boolean language plpgsql as"
        " $$ begin raise 'obeyed'; end $$"
    )
    clerk.run("create operator crm.= (leftarg = bigint, rightarg = bigint, function = crm.equal)")
    clerk.run("set search_path = crm, pg_temp, engagement, pg_catalog")
    host.run("set search_path = crm, engagement")
    order = clerk.order(customer, Line(quantity=3))
    clerk.run("update crm.order_line set quantity = 4")
    assert len(order.lines) == 1
    assert clerk.notices == []
    host.proven()
    host.proven("FULL")
    assert host.live(customer) == [8]
    assert host.failures() == []


def test_rules_and_parameters_by_hand_of_another_search_path(host: Host) -> None:
    host.run("create table public.score_rule (rule_code text)")
    host.run("set search_path = public, pg_temp")
    host.run("create temporary table app_parameter (parameter_name text)")
    host.rule("OTHER", quantity_score=1)
    host.rows("select engagement.revise_rule('OTHER', %s)", Jsonb({"quantity_score": 3}))
    host.set(SCORE_DECIMALS="1")
    host.proven()
    assert host.one("select count(*) from public.score_rule") == 0
