"""Adjustments of a category: points given there, and categories that are set to a number."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import BOUGHT, Host, Line, refused

TO_SET = (
    "select engagement.adjust(%s, %s, %s, p_category_code => %s, p_is_set_to => true,"
    " p_expires_at => %s)"
)


def set_to(
    host: Host,
    customer: Any,
    points: Any,
    code: str = "PURCHASES_DONATIONS",
    reason: str = "Agreed",
    expires_at: Any = None,
) -> Any:
    """Set a category of a customer; the key of the adjustment."""
    return host.one(TO_SET, customer, points, reason, code, expires_at)


def points_of(host: Host, customer: Any, code: str = "PURCHASES_DONATIONS") -> Decimal | None:
    """Stored own points of a category."""
    rows = host.rows(
        "select score from engagement.category_score where customer_id = %s and category_code = %s",
        *(customer, code),
    )
    return rows[0][0] if rows else None


def test_category_is_given_points_by_a_rule_of_its_own(host: Host) -> None:
    customer = host.customer()
    given = host.one(
        "select engagement.adjust(%s, 5, 'Spoke', p_category_code => 'INVOLVEMENT')", customer
    )
    host.adjust(customer, 2)
    host.proven(as_of=None)
    assert (points_of(host, customer, "INVOLVEMENT"), points_of(host, customer, "ADJUSTMENT")) == (
        *(5, 2),
    )
    assert host.score(customer).score == 7
    (row,) = [row for row in host.explain(customer, host.clock()) if row.source_id == given]
    assert (row.source, row.rule_code) == ("category_adjustment", "ADJUSTMENT_INVOLVEMENT")
    assert row.activity.startswith("Spoke (")
    assert "set to" not in row.activity


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_category_set_is_at_the_number_at_once_and_stays_the_difference(
    host: Host, trigger_mode: str
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.rule(quantity_score=1, valid_for_weeks=100000)
    customer = host.customer()
    host.order(customer, Line(quantity=30))  # no run has seen it
    before = host.clock()
    key = set_to(host, customer, "12.5")
    assert points_of(host, customer) == Decimal("12.5")
    assert host.score(customer).score == Decimal("12.5")
    assert host.verify() == []
    host.proven(as_of=None)
    assert points_of(host, customer) == Decimal("12.5")
    ((points, aim, code),) = host.rows(
        "select points, set_to, category_code from engagement.score_adjustment"
        " where source_id = %s",
        key,
    )
    assert (points, aim, code) == (Decimal("-17.5"), Decimal("12.5"), "PURCHASES_DONATIONS")
    (row,) = [row for row in host.explain(customer, host.clock()) if row.source_id == key]
    assert row.activity.endswith(", set to 12.5")
    assert (row.points, row.arithmetic) == (Decimal("-17.5"), "1 × -17.5 = -17.5")
    assert host.change(customer, before, host.clock())["ADJUSTMENT"] == Decimal("-17.5")

    # It is the difference of that moment: what comes later is on top of it.
    host.order(customer, Line(quantity=1), at=str(host.clock()))
    host.proven(as_of=None)
    assert points_of(host, customer) == Decimal("13.5")
    set_to(host, customer, 0)
    assert points_of(host, customer) == 0
    host.proven(as_of=None)


def test_category_set_where_it_is_already_does_nothing(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    assert set_to(host, customer, 3) is None
    assert host.count("score_adjustment") == 0
    assert set_to(host, customer, 0, "INVOLVEMENT") is None


def test_category_set_until_an_end(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    set_to(host, customer, 10, expires_at="2100-01-01")
    assert host.score_at(customer, "2099-12-31") == 10
    assert host.score_at(customer, "2100-01-01 00:00+00") == 3


def test_category_set_whatever_inactivity_has_left_of_it(host: Host) -> None:
    host.category("PURCHASES_DONATIONS", inactivity_steps=[[1, 50], [2400 // 2, 10]])
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=30), at=BOUGHT)
    set_to(host, customer, 40)
    assert points_of(host, customer) == 40
    assert host.rows("select points from engagement.score_adjustment") == [(25,)]
    host.proven(as_of=None)
    assert points_of(host, customer) == 40


def test_category_set_counts_all_of_it_not_what_its_cap_lets_through(host: Host) -> None:
    host.category("PURCHASES_DONATIONS", cap_points=5)
    customer = host.customer()
    set_to(host, customer, 8)
    assert (points_of(host, customer), host.score(customer).score) == (8, 5)


@pytest.mark.parametrize(
    ("points", "code"),
    [("NaN", "INVOLVEMENT"), ("Infinity", "INVOLVEMENT"), (None, "INVOLVEMENT"), (5, None)],
)
def test_category_set_to_nothing_sensible_refused(host: Host, points: Any, code: Any) -> None:
    customer = host.customer()
    with host.unchanged(), refused("EG004"):
        set_to(host, customer, points, code)


def test_category_set_that_is_unknown_refused(host: Host) -> None:
    customer = host.customer()
    with host.unchanged(), refused("EG005"):
        set_to(host, customer, 5, "NOWHERE")
    with host.unchanged(), refused("EG005"):
        host.one("select engagement.adjust(%s, 5, 'So', p_category_code => 'NOWHERE')", customer)


def test_category_that_cannot_be_set_exactly_is_left_as_it_was(host: Host) -> None:
    customer = host.customer()
    set_to(host, customer, 5)
    with host.unchanged(), refused("EG004"):
        set_to(host, customer, "5.005")
    host.revise({"amount_score": 2}, code="ADJUSTMENT_PURCHASES_DONATIONS")
    with host.unchanged(), refused("EG004"):
        set_to(host, customer, 6)
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    with host.unchanged(), refused("EG004"):
        set_to(host, customer, 6)


def test_category_whose_rule_awards_nothing_takes_no_adjustment(host: Host) -> None:
    customer = host.customer()
    given = "select engagement.adjust(%s, 5, 'So', p_category_code => 'INVOLVEMENT')"
    host.one(given, customer)
    host.retire(code="ADJUSTMENT_INVOLVEMENT")
    with host.unchanged(), refused("EG004"):
        host.one(given, customer)
    host.revise({"amount_score": 1}, code="ADJUSTMENT_INVOLVEMENT")
    host.one(given, customer)
    host.proven(as_of=None)
    assert points_of(host, customer, "INVOLVEMENT") == 10
    # The code is taken by something else.
    host.rule("ADJUSTMENT_SOCIAL_COMMUNITY", quantity_score=1)
    with host.unchanged(), refused("EG004"):
        host.one(given.replace("INVOLVEMENT", "SOCIAL_COMMUNITY"), customer)


def test_category_set_counts_what_waits_for_a_merged_customer(host: Host) -> None:
    host.set(TRIGGER_MODE="DEFERRED")
    double, kept = host.customer(), host.customer()
    host.merge(double, kept)
    host.one("select engagement.adjust(%s, 2, 'So', p_category_code => 'INVOLVEMENT')", double)
    set_to(host, kept, 5, "INVOLVEMENT")
    host.proven(as_of=None)
    assert points_of(host, kept, "INVOLVEMENT") == 5


def test_category_of_a_merged_customer_is_set_at_the_one_that_stays(host: Host) -> None:
    double, kept = host.customer(), host.customer()
    set_to(host, double, 5)
    host.merge(double, kept)
    host.proven(as_of=None)
    assert (points_of(host, double), points_of(host, kept)) == (None, 5)
    with host.unchanged(), refused("EG004"):
        set_to(host, double, 6)
    set_to(host, kept, 6)
    host.unmerge(double, kept)
    host.proven(as_of=None)
    assert (points_of(host, double), points_of(host, kept)) == (5, 1)


def test_category_adjustments_are_no_activity_and_no_raise(host: Host) -> None:
    customer = host.customer()
    set_to(host, customer, 50)
    host.proven(as_of=None)
    assert host.card(customer, host.clock())["raised_recently"] is False
    assert host.segment("rising") == {}


def test_category_adjustments_are_exported_and_erased(host: Host) -> None:
    customer = host.customer()
    set_to(host, customer, 5, "INVOLVEMENT")
    exported = host.one("select engagement.export_customer(%s)", customer)
    (adjustment,) = exported["adjustments"]
    assert (adjustment["category_code"], adjustment["set_to"]) == ("INVOLVEMENT", 5)
    host.run("call engagement.erase_customer(%s)", customer)
    assert (host.count("score_adjustment"), host.count("award")) == (0, 0)
    host.proven(as_of=None)
