"""Own points at many instants are what score_at says at each, in their order."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import NOW, Host, Line

INSTANTS = [
    *("2025-03-10 09:59+00", "2025-03-10 10:00+00", NOW, "2024-01-01 00:00+00", NOW),
    *("infinity", "-infinity"),
]


@pytest.mark.parametrize(
    "columns",
    [
        {},
        {"cap_points": 7, "cap_period": "EVER"},
        {"half_life_weeks": 2},
        {"cap_points": 7, "cap_period": "MONTH", "half_life_weeks": 1, "valid_for_weeks": 9},
    ],
)
def test_own_points_at_many_instants_are_those_at_each_in_their_order(
    host: Host, columns: dict[str, Any]
) -> None:
    host.rule(quantity_score=1, **columns)
    customer, other = host.customer(), host.customer()
    host.order(customer, Line(quantity=5))
    host.order(customer, Line(quantity=-1), at="2025-03-10 10:00+00")
    host.order(customer, Line(quantity=4), at="2025-04-01 00:00+00")
    host.order(other, Line(quantity=100))
    host.proven()
    before = host.clock()
    host.order(customer, Line(quantity=3), at="2025-05-01 00:00+00")
    host.proven()
    points = "select engagement.own_points_at(%s, %s::timestamptz[], %s)"
    for known_at in (before, "infinity"):
        each = [host.score_at(customer, at, known_at) for at in INSTANTS]
        assert len({*each}) >= 3
        assert host.one(points, customer, INSTANTS, known_at) == each
    assert host.one(points, customer, [], "infinity") == []
    card = host.card(customer)
    assert [point["score"] for point in card["trend"]] == [
        pytest.approx(float(host.score_at(customer, point["at"]))) for point in card["trend"]
    ]
    assert len(card["trend"]) == 12


def test_own_points_of_nobody_are_none(host: Host) -> None:
    customer = host.customer()
    assert host.one("select engagement.own_points_at(%s, array[now(), now()])", customer) == [0, 0]
