"""How engagement has moved: everybody's points by category at the ends of months."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import Host, Line, instant, refused


def history(host: Host, months: int | None = 4) -> dict[str, list[Any]]:
    """Points at each instant by category, of categories that have any."""
    found: dict[str, list[Any]] = {}
    for _, code, _, points in host.rows("select * from engagement.category_history(%s)", months):
        found.setdefault(code, []).append(points)
    return {code: points for code, points in found.items() if any(points)}


def instants(host: Host, months: int) -> list[Any]:
    return [at for (at,) in host.rows(
        "select distinct at from engagement.category_history(%s) order by at", months)]  # fmt: skip


def test_history_speaks_of_month_ends_in_the_organisations_zone_and_of_the_run(host: Host) -> None:
    host.recalculate(as_of="2025-06-15 12:00+00")
    assert instants(host, 2) == [
        instant("2025-04-30 23:59:59.999999+00"),
        instant("2025-05-31 23:59:59.999999+00"),
        instant("2025-06-15 12:00+00"),
    ]
    host.set(TIME_ZONE="America/New_York")
    host.recalculate(as_of="2025-06-01 03:59+00")  # still May there
    assert instants(host, 1) == [
        instant("2025-05-01 03:59:59.999999+00"), instant("2025-06-01 03:59+00"),
    ]  # fmt: skip


def test_history_award_counts_from_its_beginning_until_before_its_end(host: Host) -> None:
    host.rule("BOUGHT", quantity_score=1)
    host.seat_rule()
    ann, bob = host.customer(), host.customer()
    host.order(ann, Line(quantity=1), at="2025-03-31 23:59:59.999999+00")
    host.order(bob, Line(quantity=2), at="2025-04-01 00:00+00")
    host.order(bob, Line(quantity=4), at="2025-06-15 12:00+00")
    host.order(bob, Line(quantity=8), at="2025-06-15 12:00:00.000001+00")
    host.seat(ann, "2025-03-01", "2025-04-29")  # until 30 April, 00:00
    host.proven()
    assert history(host) == {
        "PURCHASES_DONATIONS": [0, 1, 3, 3, 7],
        "INVOLVEMENT": [0, 30, 0, 0, 0],
    }
    # Ends at that very instant: it does not count then.
    host.rule("BRIEF", quantity_score=100, valid_for_weeks=1)
    host.order(ann, Line(quantity=1), at="2025-05-24 23:59:59.999999+00")
    host.order(ann, Line(quantity=1), at="2025-05-25 00:00+00")
    host.proven()
    assert history(host)["PURCHASES_DONATIONS"][3:] == [3 + 2 + 100, 7 + 2 + 4 * 100]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_history_adds_up_to_everybodys_scores(host: Host, zone: str) -> None:
    host.set(TIME_ZONE=zone)
    host.rule("CAPPED", quantity_score=1, valid_for_weeks=13)
    host.revise({"cap_points": 5, "cap_period": "MONTH"}, retroactive=True, code="CAPPED")
    host.rule("FADES", amount_score="0.1")
    host.revise({"half_life_weeks": 4}, retroactive=True, code="FADES")
    people = [host.customer() for _ in range(3)]
    for number, person in enumerate(people):
        for month in range(1, 6):
            host.order(person, Line(quantity=month + number, amount=Decimal("33.3") * month),
                       at=f"2025-0{month}-1{number} 20:00+00")  # fmt: skip
    host.order(people[0], Line(quantity=-2, amount=-7), at="2025-05-20 20:00+00")
    host.proven()
    found = history(host, 12)
    assert any(points % 1 for points in found["PURCHASES_DONATIONS"])
    for number, at in enumerate(instants(host, 12)):
        expected = sum(host.score_at(person, at) for person in people)
        assert sum(points[number] for points in found.values()) == expected, at


def test_history_of_nothing_is_zero_everywhere(host: Host) -> None:
    assert history(host) == {}
    rows = host.rows("select * from engagement.category_history()")
    assert len(rows) == 13 * host.count("category")
    assert {points for *_, points in rows} == {0}


@pytest.mark.parametrize("months", [None, 0, -1, 1201])
def test_history_months_out_of_range_refused(host: Host, months: int | None) -> None:
    with refused("EG004"):
        history(host, months)
