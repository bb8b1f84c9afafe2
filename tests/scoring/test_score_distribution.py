"""How scores are distributed: the intervals of a histogram, by band."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import Host, Line, refused


def distribution(host: Host, *arguments: Any) -> dict[tuple[Any, Any], dict[Any, int]]:
    """Customers by band, by interval; only where there are any."""
    found: dict[tuple[Any, Any], dict[Any, int]] = {}
    marks = ", ".join(["%s"] * len(arguments))
    for above, up_to, band, count in host.rows(
        f"select * from engagement.score_distribution({marks})", *arguments
    ):
        if count:
            found.setdefault((above, up_to), {})[band] = count
    return found


def scored(host: Host, *scores: int, kind: str = "INDIVIDUAL") -> list[Any]:
    """Customers with these scores."""
    if not host.rows("select from engagement.score_rule where rule_code = 'BOUGHT'"):
        host.rule(quantity_score=1)
    people = []
    for score in scores:
        people.append(host.customer(kind))
        if score:
            host.order(people[-1], Line(quantity=score))
    return people


def test_distribution_includes_the_upper_end_of_an_interval(host: Host) -> None:
    scored(host, -3, 0, 0, 1, 10, 11, 200, 201, 5000)
    host.proven()
    assert distribution(host, None, 10) == {
        (None, 0): {None: 3},
        (0, 10): {None: 2},
        (10, 20): {None: 1},
        (190, 200): {None: 1},
        (200, None): {None: 2},
    }


def test_distribution_chooses_a_round_step_for_all_but_the_highest(host: Host) -> None:
    scored(host, *range(1, 101), 100000)
    host.proven()
    found = distribution(host)
    assert found == {
        **{(low, low + 5): {None: 5} for low in range(0, 100, 5)},
        (100, None): {None: 1},
    }
    # Every interval is there, with customers or without.
    rows = host.rows("select above, up_to from engagement.score_distribution()")
    assert rows == [(None, 0), *((low, low + 5) for low in range(0, 100, 5)), (100, None)]


def test_distribution_of_one_type_by_band(host: Host) -> None:
    host.band("GOLD", from_score=15)
    host.band("SILVER", from_score=5)
    scored(host, 1, 6, 16, 17)
    scored(host, 40, kind="COMPANY")
    gone = scored(host, 18)
    host.set_customer(gone[0], is_active=False)
    host.proven()
    assert distribution(host, "INDIVIDUAL", 10) == {
        (0, 10): {None: 1, "SILVER": 1},
        (10, 20): {"GOLD": 2},
    }
    assert distribution(host, "COMPANY", 10) == {(30, 40): {"GOLD": 1}}
    assert sum(sum(bands.values()) for bands in distribution(host).values()) == 5
    # Each band has a place in every interval.
    rows = host.rows("select * from engagement.score_distribution('INDIVIDUAL', 10)")
    assert len(rows) == 22 * 3


def test_distribution_without_points_has_one_interval_filled(host: Host) -> None:
    assert host.rows("select * from engagement.score_distribution()") == []
    scored(host, 0, 0)
    host.proven()
    assert distribution(host) == {(None, 0): {None: 2}}
    assert len(host.rows("select * from engagement.score_distribution()")) == 22


@pytest.mark.parametrize("step", [0, -1, "NaN"])
def test_distribution_step_not_above_zero_refused(host: Host, step: Any) -> None:
    with refused("EG004"):
        distribution(host, None, step)
