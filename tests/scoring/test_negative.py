"""Negative points: returns, credit notes, deductions, rules that take; everywhere points go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from scoring.host import NOW, Host, Line, instant

#: Rule, lines (quantity, amount, instant), then score, year to date and overview.
CASES: list[tuple[dict[str, Any], list[tuple[Any, Any, str]], tuple[Any, Any, Any]]] = [
    ({"quantity_score": 2}, [(-3, 0, "2025-03-03+00")], (-6, -6, -6)),
    ({"quantity_score": -2}, [(3, 0, "2025-03-03+00")], (-6, -6, -6)),
    ({"quantity_score": -2}, [(-3, 0, "2025-03-03+00")], (6, 6, 6)),
    ({"flat_score": 5}, [(1, 0, "2025-03-03+00"), (-1, 0, "2025-03-04+00")], (0, 0, 0)),
    ({"flat_score": 5}, [(0, -1, "2025-03-03+00")], (-5, -5, -5)),
    ({"amount_score": "0.005"}, [(1, -1, "2025-03-03+00"), (1, -3, "2025-03-03+00")],
     (Decimal("-0.02"),) * 3),
    # A deduction that expires leaves more.
    ({"quantity_score": 1, "valid_for_weeks": 10},
     [(-4, 0, "2025-03-03+00"), (3, 0, "2025-06-01+00")], (3, -1, -1)),
    ({"quantity_score": 1}, [(-4, 0, "2024-03-03+00"), (-9, 0, "2021-03-03+00")], (-13, 0, -4)),
    ({"quantity_score": 1, "half_life_weeks": 1},
     [(-16, 0, "2025-06-01 12:00+00"), (1, 0, NOW)], (-3, -15, -15)),
    ({"quantity_score": 1, "cap_points": 5, "cap_period": "YEAR"},
     [(-4, 0, "2025-03-03+00"), (20, 0, "2025-03-04+00"), (-1, 0, "2025-03-05+00")], (4, 4, 4)),
    ({"quantity_score": -1, "cap_points": 5, "cap_period": "YEAR"},
     [(4, 0, "2025-03-03+00"), (-20, 0, "2025-03-04+00")], (5, 5, 5)),
]  # fmt: skip


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize(("rule", "lines", "numbers"), CASES)
def test_negative_points_count_everywhere(
    host: Host, rule: dict[str, Any], lines: list[Any], numbers: tuple[Any, Any, Any], mode: str
) -> None:
    host.set(TRIGGER_MODE=mode)
    host.rule(**rule)
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    for quantity, amount, at in lines:
        host.order(customer, Line(quantity=quantity, amount=amount), at=at)
    host.proven()
    assert host.agreed(customer) == numbers[0]
    row, of_company = host.score(customer), host.score(company)
    assert (row.own_score, row.ytd_score, row.overview_score) == numbers
    assert (row.employee_score, of_company.own_score) == (0, 0)
    assert of_company.score == of_company.employee_score == numbers[0]
    assert (of_company.employee_ytd_score, of_company.employee_overview_score) == numbers[1:]
    with host.unchanged_but_runs():
        host.proven("FULL")
    assert host.change(customer, "2025-01-01+00", host.clock()) == {} or sum(
        host.change(customer, "2025-01-01+00", host.clock()).values()
    ) == host.score_at(customer, host.clock())


def test_negative_scores_rank_below_and_fall_into_no_band(host: Host) -> None:
    host.rule(quantity_score=1)
    host.band("LOSS", from_score=-10)
    host.band("NONE", from_score=0)
    host.band("TOP", from_percentile=60)
    people = [host.customer() for _ in range(4)]
    for person, quantity in zip(people, (-20, -10, 0, 1), strict=True):
        host.order(person, Line(quantity=quantity))
    host.proven()
    rows = [host.score(person) for person in people]
    assert [row.percentile for row in rows] == [12, 37, 62, 87]
    assert [row.band_code for row in rows] == [None, "LOSS", "TOP", "TOP"]


def test_negative_points_raise_nobody_and_are_raised_when_they_go(host: Host) -> None:
    host.rule(quantity_score=1, valid_for_weeks=10)
    customer = host.customer()
    host.order(customer, Line(quantity=-5), at="2025-06-01+00")
    host.proven(as_of="2025-05-31+00")
    host.proven()
    row = host.score(customer)
    assert (row.score, row.previous_score, row.raised_at) == (-5, 0, None)
    assert host.card(customer)["raised_recently"] is False
    assert row.next_change_at == instant("2025-08-10+00")
    assert [
        (forecast.own_score, forecast.score)
        for forecast in host.named(
            "select * from engagement.forecast(%s, '{1,12}', %s)", customer, NOW
        )
    ] == [(-5, -5), (0, 0)]
    assert host.rows("select * from engagement.at_risk(12, 1)") == []  # rising is no risk
    host.proven(as_of="2025-08-10+00")
    row = host.score(customer)
    assert (row.score, row.previous_score, row.raised_at) == (0, -5, instant("2025-08-10+00"))


def test_negative_adjustments_and_social_scores(host: Host) -> None:
    customer = host.customer()
    host.adjust(customer, "-7.5")
    host.socialise(customer, score=-2)
    host.recalculate(as_of=None)
    as_of = str(host.runs()[-1].as_of)
    assert host.agreed(customer, as_of) == Decimal("-9.5")
    host.revise({"amount_score": -1}, retroactive=True, code="ADJUSTMENT")
    host.recalculate(as_of=as_of)
    assert host.agreed(customer, as_of) == Decimal("5.5")


def test_negative_points_in_a_preview(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=4))
    host.band("SOME", from_score=1)
    host.proven()
    (row,) = host.named(
        "select * from engagement.preview_rules(%s)",
        Jsonb({"BOUGHT": {"quantity_score": "-1.5", "cap_points": 3, "cap_period": "DAY"}}),
    )
    assert (row.new_score, row.change, row.new_band_code) == (-6, -10, None)
