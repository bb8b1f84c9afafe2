"""earned__SOURCE and difference__SOURCE: what activities earn, and what a refresh would change."""

from __future__ import annotations

from decimal import Decimal

import psycopg
import pytest

from scoring.host import BOUGHT, Host, Line

EARNED = "select source_id, points, is_scorable from engagement.earned__order_line"


def changes(host: Host, arguments: str = "") -> list[tuple[str, Decimal]]:
    return host.rows(f"select change, points from engagement.difference__order_line({arguments})")


@pytest.fixture
def deferred(host: Host) -> Host:
    host.rule(quantity_score=2)
    host.set(TRIGGER_MODE="DEFERRED")
    return host


def test_earned_of_an_activity_a_customer_and_the_source(deferred: Host) -> None:
    ann, bob = deferred.customer(), deferred.customer()
    (first,) = deferred.order(ann, Line(quantity=3)).lines
    (second,) = deferred.order(bob, Line(quantity=5)).lines
    assert deferred.rows(f"{EARNED}(%s)", first) == [(first, 6, True)]
    assert deferred.rows(f"{EARNED}(p_customer_id => %s)", bob) == [(second, 10, True)]
    assert sorted(deferred.rows(f"{EARNED}()")) == [(first, 6, True), (second, 10, True)]
    assert deferred.rows(f"{EARNED}(%s, %s)", first, bob) == []


def test_earned_is_what_the_ledger_gets(deferred: Host) -> None:
    customer, company = deferred.customer(), deferred.customer("COMPANY")
    deferred.job(customer, company)
    deferred.order(customer, Line(quantity=3), Line(quantity=-1))
    columns = "source_id, employer_id, effective_at, expires_at, rule_id, quantity, points"
    for arguments in ("", f"p_customer_id => {customer}"):
        earned = deferred.rows(
            f"select {columns} from engagement.earned__order_line({arguments}) order by source_id"
        )
        deferred.recalculate()
        assert earned == deferred.rows(
            f"select {columns} from engagement.award where voided_at is null order by source_id"
        )


def test_difference_says_what_a_refresh_would_change(deferred: Host) -> None:
    customer = deferred.customer()
    order = deferred.order(customer, Line(quantity=3))
    (line,) = order.lines
    assert changes(deferred) == [("MAKE", 6)]
    deferred.recalculate()
    assert changes(deferred) == []
    deferred.set_line(line, quantity=4)
    for arguments in ("", str(line), f"p_customer_id => {customer}"):
        assert changes(deferred, arguments) == [("VOID", 6), ("MAKE", 8)]
    deferred.refresh(customer)
    assert changes(deferred) == []
    deferred.run("delete from crm.order_line")
    assert changes(deferred, str(line)) == [("VOID", 8)]
    assert changes(deferred, str(line + 1)) == []


def test_earned_names_what_cannot_be_scored(deferred: Host) -> None:
    customer = deferred.customer()
    deferred.order(customer, Line(quantity="NaN"))
    assert [row[1:] for row in deferred.rows(f"{EARNED}()")] == [(None, False)]
    assert changes(deferred) == []


def test_earned_under_any_zone_is_the_same(deferred: Host) -> None:
    deferred.order(deferred.customer(), Line(), at=BOUGHT)
    deferred.set(TIME_ZONE="Asia/Tokyo")
    before = deferred.rows("select effective_at, expires_at from engagement.earned__order_line()")
    deferred.run("set timezone = 'America/Caracas'")
    assert before == deferred.rows(
        "select effective_at, expires_at from engagement.earned__order_line()"
    )


def test_earned_sees_a_parameter_and_a_rule_at_once(deferred: Host) -> None:
    """The triggers keep their plans, and a parameter reaches them all the same."""
    customer = deferred.customer()
    deferred.revise({"quantity_score": "0.126"}, retroactive=True)
    deferred.recalculate()
    deferred.order(customer, Line(quantity=1))
    assert [row[1] for row in deferred.rows(f"{EARNED}()")] == [Decimal("0.13")]
    deferred.set(TRIGGER_MODE="IMMEDIATE")
    for decimals, points in (("2", "0.13"), ("1", "0.1"), ("3", "0.126"), ("1", "0.1")):
        deferred.set(SCORE_DECIMALS=decimals)
        (line,) = deferred.order(customer, Line(quantity=1)).lines
        assert [row[1] for row in deferred.rows(f"{EARNED}(%s)", line)] == [Decimal(points)]
        assert deferred.one(
            "select points from engagement.award where source_id = %s", line
        ) == Decimal(points)


@pytest.mark.parametrize("name", ["earned", "difference"])
def test_earned_is_for_the_owner(deferred: Host, name: str) -> None:
    deferred.run("create role engagement_test_nobody")
    try:
        deferred.run("grant usage on schema engagement to engagement_test_nobody")
        deferred.run("set role engagement_test_nobody")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            deferred.rows(f"select * from engagement.{name}__order_line()")
    finally:
        deferred.run("reset role")
        deferred.run("drop owned by engagement_test_nobody")
        deferred.run("drop role engagement_test_nobody")


@pytest.mark.parametrize("employer", [True, False])
def test_what_an_activity_earns_is_told_for_one_for_a_customer_and_for_all(
    host: Host, employer: bool
) -> None:
    host.set(MULTIPLE_CONCURRENT_EMPLOYERS="Y")
    host.rule(amount_score=1)
    customer, company = host.customer(), host.customer("COMPANY")
    if employer:
        host.job(customer, company)
    order = host.order(customer, Line("BOOK", 1, 5))
    host.order(host.customer(), Line("BOOK", 1, 7))
    columns = "customer_id, employer_id, points from engagement.earned__order_line"
    earned = (customer, company if employer else None, Decimal(5))
    assert host.rows(f"select {columns}(%s)", order.line) == [earned]
    assert host.rows(f"select {columns}(p_customer_id => %s)", customer) == [earned]
    everything = host.rows(f"select {columns}()")
    assert len(everything) == 2
    assert earned in everything
