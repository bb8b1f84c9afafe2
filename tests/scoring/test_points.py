"""What an activity earns under a rule: arithmetic, interval, matching."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import Host, Line


@pytest.mark.parametrize(
    ("scores", "quantity", "amount", "points"),
    [
        ({"quantity_score": 2}, 5, 0, ["10"]),
        ({"amount_score": "0.5"}, 1, 100, ["50"]),
        ({"flat_score": 7}, 3, 20, ["7"]),
        ({"flat_score": 7, "quantity_score": 2, "amount_score": "0.5"}, 5, 100, ["67"]),
        # A return earns negative points, and its flat score is negative too.
        ({"quantity_score": 2}, -5, 0, ["-10"]),
        ({"flat_score": 7, "amount_score": "0.5"}, -1, -100, ["-57"]),
        # The sign is that of the quantity; of the amount, where there is none; else positive.
        ({"flat_score": 7}, 1, -100, ["7"]),
        ({"flat_score": 7}, 0, -100, ["-7"]),
        ({"flat_score": 7}, 0, 0, ["7"]),
        # Nothing known is nothing bought.
        ({"flat_score": 7, "quantity_score": 2, "amount_score": 1}, None, None, ["7"]),
        # A zero is no award.
        ({"quantity_score": 2}, 0, 100, []),
        ({"quantity_score": 2, "amount_score": "-0.1"}, 5, 100, []),
        ({"amount_score": "0.001"}, 1, 5, []),
        # Half to even, in both directions.
        ({"amount_score": "0.001"}, 1, 15, ["0.02"]),
        ({"amount_score": "0.001"}, 1, 25, ["0.02"]),
        ({"amount_score": "0.001"}, 1, "25.1", ["0.03"]),
        ({"amount_score": "0.001"}, -1, -25, ["-0.02"]),
        ({"amount_score": "-0.001"}, 1, 35, ["-0.04"]),
    ],
)
def test_award_arithmetic(
    host: Host, scores: dict[str, Any], quantity: Any, amount: Any, points: list[str]
) -> None:
    host.rule(**scores)
    customer = host.customer()
    host.order(customer, Line("BOOK", quantity, amount))
    assert host.live(customer) == [Decimal(p) for p in points]
    host.proven()
    assert host.score(customer).score == sum(map(Decimal, points))


@pytest.mark.parametrize(
    ("decimals", "points"), [("0", "2"), ("1", "2.3"), ("2", "2.34"), ("3", "2.345")]
)
def test_award_decimals_rounded_to_parameter(host: Host, decimals: str, points: str) -> None:
    host.set(SCORE_DECIMALS=decimals)
    host.rule(amount_score="0.00469")
    customer = host.customer()
    host.order(customer, Line(amount=500))
    assert host.live(customer) == [Decimal(points)]


def test_award_points_rounded_once_so_breakdown_equals_total(host: Host) -> None:
    host.set(SCORE_DECIMALS="0")
    host.rule("A", amount_score="0.5", category_code="INVOLVEMENT")
    host.rule("B", amount_score="0.5")
    customer = host.customer()
    host.order(customer, *[Line(amount=3)] * 3)  # 1.5 rounds to 2, six times
    host.proven()
    assert host.score(customer).score == 12
    card = host.card(customer)
    assert card["score"] == 12
    assert sum(category["score"] for category in card["categories"]) == 12


@pytest.mark.parametrize(
    ("rule", "matches"),
    [
        ({}, {"BOOK", "MUG", "PIN"}),
        ({"subject_id": "BOOK"}, {"BOOK"}),
        ({"subject_class": "GIFT"}, {"MUG"}),
        ({"subject_id": "MUG", "subject_class": "GIFT"}, {"MUG"}),
        ({"subject_id": "BOOK", "subject_class": "GIFT"}, set()),
        ({"subject_id": "book"}, set()),
        ({"applies_from": "2025-03-03 10:00+00"}, {"BOOK", "MUG", "PIN"}),
        ({"applies_from": "2025-03-03 10:00:00.000001+00"}, set()),
        ({"applies_until": "2025-03-03 10:00+00"}, set()),
        ({"applies_until": "2025-03-03 10:00:00.000001+00"}, {"BOOK", "MUG", "PIN"}),
        ({"effective_when": "INVOICE_CREATION"}, set()),
    ],
)
def test_award_matching(host: Host, rule: dict[str, Any], matches: set[str]) -> None:
    host.product("MUG", "GIFT")
    host.product("PIN")  # of no class
    host.rule(quantity_score=1, **rule)
    customer = host.customer()
    host.order(customer, *(Line(product) for product in ("BOOK", "MUG", "PIN")))
    host.proven()
    earned = host.rows(
        "select subject_id from engagement.explain_score(%s, '2025-06-15+00')", customer
    )
    assert {subject for (subject,) in earned} == matches


def test_award_several_rules_on_one_line_all_award(host: Host) -> None:
    host.rule("ANYTHING", flat_score=1)
    host.rule("PUBLICATION", subject_class="PUBLICATION", quantity_score=2)
    host.rule("BOOK", subject_id="BOOK", amount_score="0.5")
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=5, amount=100))
    assert host.live(customer) == [1, 10, 50]
    host.proven()


def test_award_order_and_invoice_earn_their_own_rules_once(host: Host) -> None:
    host.rule("ORDERED", quantity_score=2)
    host.rule("INVOICED", quantity_score=3, effective_when="INVOICE_CREATION")
    customer = host.customer()
    order = host.order(customer, Line(quantity=5))
    assert host.live(customer) == [10]
    host.invoice(customer, Line(quantity=5), order_line=order.line)
    assert host.live(customer) == [10, 15]
    host.proven()
    assert host.rows(
        "select rule_code, source, points::integer"
        " from engagement.explain_score(%s, '2025-06-15+00') order by rule_code",
        customer,
    ) == [("INVOICED", "invoice_line", 15), ("ORDERED", "order_line", 10)]


def test_award_valid_for_weeks_falls_by_exactly_that_purchase(host: Host) -> None:
    host.rule("LASTING", amount_score="0.1")
    host.rule("WEEKS", quantity_score="1.37", valid_for_weeks=8)
    customer = host.customer()
    host.order(customer, Line(quantity=3, amount=10), at="2025-03-03 10:00+00")
    host.order(customer, Line(quantity=1, amount=10), at="2025-03-10 10:00+00")
    assert host.score_at(customer, "2025-03-03 09:59:59.999999+00") == 0
    assert host.score_at(customer, "2025-03-10 10:00+00") == Decimal("7.48")
    assert host.score_at(customer, "2025-04-28 09:59:59.999999+00") == Decimal("7.48")
    assert host.score_at(customer, "2025-04-28 10:00+00") == Decimal("3.37")
    assert host.score_at(customer, "2025-05-05 10:00+00") == 2


def test_award_weeks_are_added_to_local_time(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=1, valid_for_weeks=4)
    customer = host.customer()
    host.order(customer, at="2025-03-03 10:00+00")  # 11:00 in winter, 11:00 in summer
    assert host.score_at(customer, "2025-03-31 08:59+00") == 1
    assert host.score_at(customer, "2025-03-31 09:00+00") == 0
    host.proven()


@pytest.mark.parametrize(
    ("weeks", "end", "last"),
    [
        (None, None, None),
        (None, "2025-03-31", "2025-04-01+00"),
        (2, "2025-03-31", "2025-03-17+00"),
        (8, "2025-03-31", "2025-04-01+00"),
        (2, None, "2025-03-17+00"),
    ],
)
def test_award_seat_expires_at_the_earlier_of_end_and_weeks(
    host: Host, weeks: int | None, end: str | None, last: str | None
) -> None:
    host.seat_rule(valid_for_weeks=weeks)
    customer = host.customer()
    host.seat(customer, "2025-03-03", end)
    (award,) = host.awards(customer)
    assert str(award.effective_at) == "2025-03-03 00:00:00+00:00"
    assert award.expires_at == (last and host.one("select %s::timestamptz", last))
    host.proven()


def test_award_seat_that_ends_before_it_begins_is_none(host: Host) -> None:
    host.seat_rule()
    customer = host.customer()
    host.seat(customer, "2025-03-03", "2025-03-02")
    assert host.awards(customer) == []
    host.proven("FULL")


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "1e70000"])
@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_award_number_that_cannot_be_scored_recorded_and_run_goes_on(
    host: Host, value: str, mode: str
) -> None:
    host.rule(amount_score=1)
    customer = host.customer()
    bad, _ = host.order(customer, Line(amount=value), Line(amount=5)).lines
    assert host.live(customer) == [5]
    run = host.proven(mode)
    assert run.failure_count == 1
    assert host.rows(
        "select source, source_id, sqlstate_code from engagement.scoring_failure"
        " where resolved_at is null"
    ) == [("order_line", str(bad), "22003")]
    assert "WARNING" in host.notices
    host.proven(mode)
    assert host.failures() == ["22003"]  # still open, and still once
    host.set_line(bad, amount=7)
    host.proven(mode)
    assert host.live(customer) == [5, 7]
    assert host.failures() == []
