"""What matters most: points by category, rule, subject and period."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import NOW, Host, Line, refused

DIMENSIONS = ["CATEGORY", "RULE", "SUBJECT", "MONTH", "YEAR"]


@pytest.fixture
def association(host: Host) -> dict[str, Any]:
    """Ann works for Acme, Bob for nobody; they bought, sat and wrote."""
    host.product("MUG", "GIFT")
    host.rule("ANYTHING", quantity_score=1, description="One each")
    host.rule("GIFTS", quantity_score=10, subject_class="GIFT", valid_for_weeks=4)
    host.seat_rule()
    people = {"acme": host.customer("COMPANY"), "ann": host.customer(), "bob": host.customer()}
    host.job(people["ann"], people["acme"], "2025-01-01")
    host.order(people["ann"], Line("BOOK", 1), Line("MUG", 2), at="2024-12-31 23:59:59+00")
    host.order(people["ann"], Line("BOOK", 4), at="2025-06-01 00:00+00")
    host.order(people["bob"], Line("MUG", 3), at="2025-06-15 12:00+00")
    host.order(people["bob"], Line("BOOK", 100), at="2025-06-15 12:00:01+00")  # after the run
    host.order(people["acme"], Line("BOOK", 5), at="2025-01-01 00:00+00")
    host.seat(people["ann"], "2024-06-01", "2024-12-31")
    host.social(people["bob"], 7, "BLOG", scored_at="2025-05-31 23:00+00")
    host.proven()
    return people


def table(host: Host, dimension: str, **arguments: Any) -> dict[Any, tuple[Any, ...]]:
    """Points, counting points, awards and customers by key."""
    return {key: row[2:] for key, row in host.points_by(dimension, **arguments).items()}


def test_points_by_each_dimension(host: Host, association: dict[str, Any]) -> None:
    assert table(host, "CATEGORY") == {
        "PURCHASES_DONATIONS": (65, 45, 7, 3),
        "INVOLVEMENT": (30, 0, 1, 1),
        "SOCIAL_COMMUNITY": (7, 7, 1, 1),
    }
    assert table(host, "RULE") == {
        "GIFTS": (50, 30, 2, 2),
        "SEAT": (30, 0, 1, 1),
        "ANYTHING": (15, 15, 5, 3),
        "SOCIAL_SCORE": (7, 7, 1, 1),
    }
    assert table(host, "SUBJECT") == {
        "MUG": (55, 35, 4, 2),
        "BOARD": (30, 0, 1, 1),
        "BOOK": (10, 10, 3, 2),
        "BLOG": (7, 7, 1, 1),
    }
    assert table(host, "MONTH") == {
        "2024-06": (30, 0, 1, 1),
        "2024-12": (23, 3, 3, 1),
        "2025-01": (5, 5, 1, 1),
        "2025-05": (7, 7, 1, 1),
        "2025-06": (37, 37, 3, 2),
    }
    assert table(host, "YEAR") == {"2024": (53, 3, 4, 1), "2025": (49, 49, 5, 3)}


def test_points_by_order_is_the_largest_first_and_time(
    host: Host, association: dict[str, Any]
) -> None:
    assert list(host.points_by("RULE")) == ["GIFTS", "SEAT", "ANYTHING", "SOCIAL_SCORE"]
    months = list(host.points_by("MONTH"))
    assert months == sorted(months)


def test_points_by_labels(host: Host, association: dict[str, Any]) -> None:
    host.revise({"description": "One apiece"}, code="ANYTHING")
    host.run("update crm.product set display_name = 'The mug' where product_id = 'MUG'")
    labels = {
        dimension: {key: row.label for key, row in host.points_by(dimension).items()}
        for dimension in DIMENSIONS
    }
    assert labels["CATEGORY"]["PURCHASES_DONATIONS"] == "Purchases and donations"
    assert labels["RULE"]["ANYTHING"] == "One apiece"
    assert labels["SUBJECT"] == {
        "MUG": "The mug",
        "BOARD": "The board",
        "BOOK": "BOOK",
        "BLOG": None,
    }
    assert labels["MONTH"]["2025-06"] == "2025-06"
    assert labels["YEAR"]["2025"] == "2025"


def test_points_by_month_and_year_are_local(host: Host, association: dict[str, Any]) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.proven()
    assert set(table(host, "MONTH")) == {"2024-06", "2025-01", "2025-06"}
    assert table(host, "YEAR")["2025"][0] == 72


def test_points_by_period(host: Host, association: dict[str, Any]) -> None:
    def total(begin: str | None, end: str | None) -> Any:
        found = table(host, "CATEGORY", **{"from": begin, "to": end})
        return sum(row[0] for row in found.values())

    assert total(None, None) == 102
    assert total("2024-12-31 23:59:59+00", None) == 72
    assert total("2024-12-31 23:59:59.000001+00", None) == 49
    assert total(None, "2024-12-31 23:59:59+00") == 30
    assert total(None, "2024-12-31 23:59:59.000001+00") == 53
    assert total("2025-01-01+00", "2025-06-01+00") == 12
    assert total(NOW, "2025-06-15 12:00:00.000001+00") == 33
    assert total("2025-06-15 12:00:00.000001+00", None) == 0
    assert total("-infinity", "infinity") == 102


def test_points_by_segment(host: Host, association: dict[str, Any]) -> None:
    host.run(
        "insert into engagement.segment_definition (segment_name, label, view_name)"
        " values ('own', 'Our own', 'crm.own_segment')"
    )
    host.run(
        "create view crm.own_segment as"
        f" select {association['ann']}::bigint as customer_id, 1 as segment_value"
        " union all select -1, 1"
    )
    assert table(host, "RULE", segment="own") == {
        "SEAT": (30, 0, 1, 1),
        "GIFTS": (20, 0, 1, 1),
        "ANYTHING": (7, 7, 3, 1),
    }
    host.run("create or replace view crm.own_segment as select -1::bigint as customer_id,"
             " 1 as segment_value")  # fmt: skip
    assert table(host, "RULE", segment="own") == {}


def test_points_by_company(host: Host, association: dict[str, Any]) -> None:
    acme = association["acme"]
    assert table(host, "RULE", company_id=acme) == {"ANYTHING": (9, 9, 2, 2)}
    assert table(host, "RULE", company_id=association["bob"]) == {
        "GIFTS": (30, 30, 1, 1),
        "SOCIAL_SCORE": (7, 7, 1, 1),
        "ANYTHING": (3, 3, 1, 1),
    }
    assert table(host, "RULE", company_id=acme, **{"to": "2025-06-01+00"}) == {
        "ANYTHING": (5, 5, 1, 1)
    }


@pytest.mark.parametrize("dimension", DIMENSIONS)
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"EMPLOYER_ATTRIBUTION": "CURRENT"},
        {"ROLLUP_EMPLOYEES_TO_EMPLOYER": "N"},
        {"CALCULATE_EMPLOYER_ENGAGEMENT_SCORE": "N", "EMPLOYER_ATTRIBUTION": "CURRENT"},
    ],
    ids=lambda parameters: "-".join(parameters.values()),
)
def test_points_by_company_sums_to_its_score(
    host: Host, association: dict[str, Any], dimension: str, parameters: dict[str, str]
) -> None:
    host.job(association["ann"], association["bob"], "2025-06-15", "2025-06-15")
    host.job(association["acme"], association["acme"])
    for name, value in parameters.items():
        host.set(**{name: value})
    host.proven()
    scores = {}
    for name in ("acme", "bob", "ann"):
        found = table(host, dimension, company_id=association[name])
        scores[name] = sum(row[1] for row in found.values())
        assert scores[name] == host.score(association[name]).score
    current = parameters == {"EMPLOYER_ATTRIBUTION": "CURRENT"}
    assert scores["acme"] == (5 if current or parameters else 9)
    assert scores["bob"] == (47 if current else 40)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_points_by_sums_agree_with_the_ledger(
    host: Host, association: dict[str, Any], dimension: str
) -> None:
    host.revise({"quantity_score": 2}, retroactive=True, code="ANYTHING")  # voids some
    host.adjust(association["bob"], 5)
    host.proven()
    found = table(host, dimension)
    assert (
        sum(row[0] for row in found.values()),
        sum(row[1] for row in found.values()),
        sum(row[2] for row in found.values()),
    ) == host.rows(
        "select sum(points), sum(points) filter (where coalesce(expires_at > %s, true)), count(*)"
        " from engagement.award where voided_at is null and effective_at <= %s",
        *(NOW, NOW),
    )[0]
    assert sum(row[1] for row in found.values()) == host.one(
        "select sum(own_score) from engagement.customer_score"
    )


def test_points_by_subject_of_two_types_is_two_rows(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer)
    host.social(customer, 5, "BOOK")
    host.proven()
    assert host.rows(
        "select dimension_key, label, points from engagement.points_by('SUBJECT')"
    ) == [("BOOK", None, 5), ("BOOK", "BOOK", 1)]


def test_points_by_subject_of_none(host: Host) -> None:
    host.adjust(host.customer(), 5)
    host.proven(as_of=None)
    assert table(host, "SUBJECT") == {None: (5, 5, 1, 1)}


def test_points_by_all_versions_of_a_rule_are_one(host: Host) -> None:
    host.rule(quantity_score=1, description="Old")
    customer = host.customer()
    host.order(customer)
    host.revise({"quantity_score": 2, "description": "New"})
    host.order(customer, at="2100-01-01+00")
    host.proven(as_of="2100-01-02+00")
    row = host.points_by("RULE")["BOUGHT"]
    assert (row.label, row.points, row.award_count, row.customer_count) == ("New", 3, 2, 1)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_points_by_without_awards_is_empty(host: Host, dimension: str) -> None:
    assert table(host, dimension) == {}


def test_points_by_speaks_of_the_last_run(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, at="2025-06-10+00")
    host.proven(as_of="2025-06-09+00")
    assert table(host, "RULE") == {}
    host.proven(as_of="2025-06-10+00")
    assert table(host, "RULE") == {"BOUGHT": (1, 1, 1, 1)}
    host.run("call engagement.roll_up_employers('2025-06-01')")  # speaks of companies only
    assert table(host, "RULE") == {"BOUGHT": (1, 1, 1, 1)}


@pytest.mark.parametrize(
    ("sqlstate", "dimension", "arguments"),
    [
        ("EG004", "COUNTRY", {}),
        ("EG004", "category", {}),
        ("EG004", None, {}),
        ("EG004", "RULE", {"from": "2025-01-02", "to": "2025-01-01"}),
        ("EG004", "RULE", {"from": "2025-01-01", "to": "2025-01-01"}),
        ("EG011", "RULE", {"segment": "nobody"}),
        ("EG001", "RULE", {"company_id": -1}),
    ],
)
def test_points_by_bad_input_refused(
    host: Host, sqlstate: str, dimension: Any, arguments: dict[str, Any]
) -> None:
    with refused(sqlstate):
        host.points_by(dimension, **arguments)


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_points_by_without_a_host_refused(host: Host, dimension: str) -> None:
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        host.points_by(dimension)
