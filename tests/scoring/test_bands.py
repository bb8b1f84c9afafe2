"""Percentiles and bands: ranked in one pass, and one by one on a refresh."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from scoring.host import NOW, Host, Line

MODES = pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])


def members(host: Host, *points: Any, kind: str = "INDIVIDUAL") -> list[Any]:
    """Customers who have earned these points with their books."""
    if not host.rows("select from engagement.score_rule where rule_code = 'BOUGHT'"):
        host.rule(quantity_score=1)
    customers = [host.customer(kind) for _ in points]
    for customer, quantity in zip(customers, points, strict=True):
        if quantity:
            host.order(customer, Line(quantity=quantity))
    return customers


def percentiles(host: Host, customers: list[Any]) -> list[int | None]:
    """Their percentiles."""
    return [host.score(customer).percentile for customer in customers]


def bands(host: Host, customers: list[Any]) -> list[str | None]:
    """Codes of their bands."""
    return [host.score(customer).band_code for customer in customers]


def versions(host: Host) -> dict[Any, Any]:
    """The row versions of customer_score."""
    return dict(host.rows("select customer_id, (xmin::text, ctid)::text"
                          " from engagement.customer_score"))  # fmt: skip


# -- percentile ----------------------------------------------------------------------------------


@MODES
@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([7], [50]),
        ([0], [50]),
        ([1, 2], [25, 75]),
        ([2, 2], [50, 50]),
        ([1, 2, 3], [16, 50, 83]),
        ([1, 2, 2, 3], [12, 50, 50, 87]),
        ([0, 0, 0, 5], [37, 37, 37, 87]),
        ([-3, 0, 4], [16, 50, 83]),
        ([5, 4, 3, 2, 1, 0, 0], [92, 78, 64, 50, 35, 14, 14]),
        ([*range(100)], [*range(100)]),
    ],
)
def test_percentile_is_those_below_and_half_of_the_equal(
    host: Host, mode: str, points: list[int], expected: list[int]
) -> None:
    customers = members(host, *points)
    host.proven(mode)
    assert percentiles(host, customers) == expected


@MODES
def test_percentile_highest_of_many_is_99(host: Host, mode: str) -> None:
    host.run(
        "insert into crm.customer (display_name) select 'Somebody' from generate_series(1, 999)"
    )
    (best,) = members(host, 1)
    host.proven(mode)
    assert host.score(best).percentile == 99
    assert host.rows("select distinct percentile from engagement.customer_score") != [(99,)]


@MODES
def test_percentile_by_type_over_whole_scores(host: Host, mode: str) -> None:
    people = members(host, 4, 8)
    companies = members(host, 1, 5, 9, kind="COMPANY")
    host.job(people[0], companies[0])
    host.order(people[0], Line(quantity=100))  # 104 for the person, 101 for the company
    host.proven(mode)
    assert percentiles(host, people) == [75, 25]
    assert percentiles(host, companies) == [83, 16, 50]


@MODES
def test_percentile_inactive_customers_are_not_ranked(host: Host, mode: str) -> None:
    customers = members(host, 1, 2, 3)
    host.proven(mode)
    assert percentiles(host, customers) == [16, 50, 83]
    host.set_customer(customers[2], is_active=False)
    host.proven(mode)
    assert percentiles(host, customers) == [25, 75, None]
    assert host.score(customers[2]).score == 3
    host.set_customer(customers[2], is_active=True)
    host.proven(mode)
    assert percentiles(host, customers) == [16, 50, 83]


@MODES
def test_percentile_of_somebody_the_host_has_deleted(host: Host, mode: str) -> None:
    customers = members(host, 1, 2, 0)
    host.proven(mode)
    host.run("delete from crm.customer where customer_id = %s", customers[2])
    host.proven(mode)
    assert percentiles(host, customers) == [25, 75, None]


@MODES
def test_percentile_follows_type_and_time(host: Host, mode: str) -> None:
    host.rule("AGEING", amount_score=1, valid_for_weeks=1)
    customers = members(host, 1, 2)
    host.order(customers[0], Line(quantity=0, amount=5), at="2025-06-14+00")
    host.proven(mode)
    assert percentiles(host, customers) == [75, 25]
    host.proven(mode, "2025-06-21+00")
    assert percentiles(host, customers) == [25, 75]
    host.set_customer(customers[0], customer_type="COMPANY")
    host.proven(mode, "2025-06-21+00")
    assert percentiles(host, customers) == [50, 50]


@MODES
def test_rank_second_run_writes_nothing(host: Host, mode: str) -> None:
    host.band("GOOD", from_score=2)
    host.band("BEST", from_percentile=80)
    members(host, 1, 2, 2, 9)
    host.set_customer(members(host, 5)[0], is_active=False)
    host.proven(mode)
    before = versions(host)
    assert host.proven(mode).score_count == 0
    assert versions(host) == before


def test_rank_writes_only_whom_it_changes(host: Host) -> None:
    customers = members(host, 1, 2, 3, 4)
    host.proven()
    before = versions(host)
    host.order(customers[1], Line(quantity=1))  # now on a par with the third
    host.proven()
    after = versions(host)
    assert [before[c] == after[c] for c in customers] == [True, False, False, True]
    assert percentiles(host, customers) == [12, 50, 50, 87]


# -- refresh -------------------------------------------------------------------------------------


def test_refresh_ranks_by_the_last_run_and_touches_nobody_else(host: Host) -> None:
    host.band("GOOD", from_score=5)
    customers = members(host, 1, 2, 3, 4)
    company = members(host, 2, kind="COMPANY")
    host.set_customer(members(host, 3)[0], is_active=False)
    host.proven()
    before = versions(host)
    host.order(customers[0], Line(quantity=9))
    host.order(customers[1], Line(quantity=90))  # not refreshed: counts as it was ranked
    host.refresh(customers[0])
    row = host.score(customers[0])
    assert (row.score, row.percentile, row.band_code) == (10, 87, "GOOD")
    assert percentiles(host, customers[1:]) == [37, 62, 87]
    after = versions(host)
    assert {c for c in before if before[c] != after[c]} == {customers[0]}
    host.refresh(company[0])
    assert percentiles(host, company) == [50]
    host.proven()
    assert percentiles(host, customers) == [62, 87, 12, 37]


@pytest.mark.parametrize(
    ("points", "percentile"), [(1, 0), (2, 16), (3, 16), (4, 50), (6, 83), (9, 83)]
)
def test_refresh_ranks_a_new_customer_by_the_last_run(
    host: Host, points: int, percentile: int
) -> None:
    ranked = members(host, 2, 4, 6)
    host.proven()
    assert percentiles(host, ranked) == [16, 50, 83]
    (customer,) = members(host, points)
    host.refresh(customer)
    assert percentiles(host, [customer]) == [percentile]


def test_refresh_before_the_first_run_ranks_nobody(host: Host) -> None:
    host.band("GOOD", from_score=2)
    host.band("SOME", from_percentile=0)
    (customer,) = members(host, 3)
    host.refresh(customer)
    assert (percentiles(host, [customer]), bands(host, [customer])) == ([None], ["GOOD"])
    host.proven()
    assert (percentiles(host, [customer]), bands(host, [customer])) == ([50], ["SOME"])


def test_refresh_without_a_change_keeps_everybodys_rank(host: Host) -> None:
    customers = members(host, 1, 1, 2, 3, 5, 5, 5, 8)
    host.proven()
    ranks = percentiles(host, customers)
    for customer in customers:
        host.refresh(customer)
    assert percentiles(host, customers) == ranks


def test_refresh_unranks_an_inactive_customer(host: Host) -> None:
    host.band("GOOD", from_score=2)
    host.band("BEST", from_percentile=80)
    customers = members(host, 1, 3)
    host.proven()
    assert bands(host, customers) == [None, "GOOD"]
    host.set_customer(customers[1], is_active=False)
    host.refresh(customers[1])
    row = host.score(customers[1])
    assert (row.percentile, row.ranked_type, row.band_code) == (None, None, "GOOD")
    host.proven()
    assert percentiles(host, customers) == [50, None]


def test_refresh_shows_changed_bands(host: Host) -> None:
    customers = members(host, 1, 3)
    host.proven()
    host.band("GOOD", from_score=1)
    host.refresh(customers[0])
    assert bands(host, customers) == ["GOOD", None]


# -- bands ---------------------------------------------------------------------------------------


@MODES
def test_band_by_score_at_its_boundaries(host: Host, mode: str) -> None:
    host.band("LOW", from_score=0)
    host.band("MID", from_score="2.5")
    host.band("TOP", from_score=10)
    customers = members(host, -1, 0, "2.49", "2.5", "9.99", 10, 1000)
    host.proven(mode)
    assert bands(host, customers) == [None, "LOW", "LOW", "MID", "MID", "TOP", "TOP"]


@MODES
def test_band_by_percentile_at_its_boundaries(host: Host, mode: str) -> None:
    host.band("LOW", from_percentile=0)
    host.band("MID", from_percentile=50)
    host.band("TOP", from_percentile=83)
    customers = members(host, 1, 2, 3)
    host.proven(mode)
    assert percentiles(host, customers) == [16, 50, 83]
    assert bands(host, customers) == ["LOW", "MID", "TOP"]
    host.run("update engagement.score_band set from_percentile = from_percentile + 1"
             " where band_code <> 'LOW'")  # fmt: skip
    host.proven(mode)
    assert bands(host, customers) == ["LOW", "LOW", "MID"]


@MODES
def test_band_by_percentile_wins(host: Host, mode: str) -> None:
    host.band("SCORE", from_score=0)
    host.band("RANK", from_percentile=50)
    customers = members(host, 1, 2)
    inactive = members(host, 100)
    host.set_customer(inactive[0], is_active=False)
    host.proven(mode)
    assert bands(host, [*customers, *inactive]) == ["SCORE", "RANK", "SCORE"]


def test_band_without_any_is_none(host: Host) -> None:
    customers = members(host, 1, 2)
    host.proven()
    assert bands(host, customers) == [None, None]


def test_band_changes_show_after_the_next_run(host: Host) -> None:
    customers = members(host, 1, 5)
    host.band("GOOD", from_score=5)
    host.proven()
    assert bands(host, customers) == [None, "GOOD"]
    host.run("update engagement.score_band set from_score = 1")
    assert bands(host, customers) == [None, "GOOD"]
    run = host.proven()
    assert bands(host, customers) == ["GOOD", "GOOD"]
    assert run.score_count == 0  # a band is no score
    assert host.card(customers[0])["band_code"] == "GOOD"
    host.run("delete from engagement.score_band")
    host.proven()
    assert bands(host, customers) == [None, None]


def test_band_changes_are_audited(host: Host) -> None:
    host.band("GOOD", from_score=5)
    host.run("update engagement.score_band set from_score = 6, label = 'Good'")
    host.run("update engagement.score_band set from_score = 6")  # nothing
    host.run("delete from engagement.score_band")
    good = {
        **{"band_code": "GOOD", "label": "", "from_score": 5, "from_percentile": None},
        "category_code": None,
    }
    better = {**good, "from_score": 6, "label": "Good"}
    assert host.rows(
        "select object_type, object_name, old_value, new_value, changed_by = session_user"
        " from engagement.setup_change order by changed_at"
    ) == [
        ("BAND", "GOOD", None, good, True),
        ("BAND", "GOOD", good, better, True),
        ("BAND", "GOOD", better, None, True),
    ]


@pytest.mark.parametrize(
    ("sqlstate", "columns"),
    [
        ("23514", {"from_score": "NaN"}),
        ("23514", {"from_score": "Infinity"}),
        ("23514", {"from_percentile": 100}),
        ("23514", {"from_percentile": -1}),
        ("23514", {}),
        ("23514", {"from_score": 1, "from_percentile": 1}),
        ("23514", {"code": "good", "from_score": 1}),
        ("23505", {"from_score": "5.0"}),
        ("23505", {"from_percentile": 50}),
        ("23505", {"code": "SCORE", "from_score": 1}),
    ],
)
def test_band_bad_threshold_refused(host: Host, sqlstate: str, columns: dict[str, Any]) -> None:
    host.band("SCORE", from_score=5)
    host.band("RANK", from_percentile=50)
    with host.unchanged(), pytest.raises(psycopg.Error) as error:
        host.band(**{"code": "NEW", **columns})
    assert error.value.sqlstate == sqlstate


def test_rank_is_of_now_after_a_run_for_another_day(host: Host) -> None:
    customers = members(host, 1, 2)
    host.order(customers[0], Line(quantity=9), at="2025-06-20+00")
    host.proven(as_of="2025-06-21+00")
    assert percentiles(host, customers) == [75, 25]
    host.proven(as_of=NOW)
    assert percentiles(host, customers) == [25, 75]
    assert host.score(customers[0]).score == Decimal(1)
