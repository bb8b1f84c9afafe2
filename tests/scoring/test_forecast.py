"""Scores to come if nothing happens, and who will fall: exactly what later runs find."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.acts import Association, all_acts, search
from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, instant, refused

WEEKS = [1, 2, 4, 8, 12, 52, 5200]


def forecast(host: Host, customer: Any, weeks: Any = WEEKS, as_of: Any = NOW) -> list[Any]:
    """The rows of a forecast."""
    return host.named("select * from engagement.forecast(%s, %s, %s)", customer, weeks, as_of)


def came_true(host: Host, rows: dict[Any, list[Any]]) -> None:
    """Later runs find what was forecast of each customer."""
    for at in sorted({row.at for forecasts in rows.values() for row in forecasts}):
        host.proven(as_of=str(at))
        for customer, forecasts in rows.items():
            (row,) = (row for row in forecasts if row.at == at)
            stored = host.score(customer)
            assert (row.own_score, row.employee_score, row.score) == (
                *(stored.own_score, stored.employee_score),
                stored.score,
            )


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_forecast_comes_true_for_people_and_companies(
    host: Host, attribution: str, zone: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution, TIME_ZONE=zone)
    host.rule("SHORT", quantity_score=1, valid_for_weeks=17, cap_points=10, cap_period="DAY")
    host.rule("FADES", amount_score=1, half_life_weeks=3, cap_points=15, cap_period="MONTH")
    host.seat_rule()
    company, next_company = host.customer("COMPANY"), host.customer("COMPANY")
    people = [host.customer(), host.customer()]
    for number, person in enumerate(people):
        host.job(person, company, end="2025-07-31")
        host.job(person, next_company, begin="2025-08-01")
        host.order(person, Line(quantity=7 + number, amount=20), Line(quantity=9))
        host.order(person, Line(quantity=-2, amount=-3), at="2025-05-01+00")
    host.order(company, Line(quantity=4))
    host.seat(people[0], "2025-07-01", "2025-09-01")
    host.seat(people[1], "2025-12-01")
    host.proven()
    everybody = [company, next_company, *people]
    rows = {customer: forecast(host, customer) for customer in everybody}
    assert [row.weeks for row in rows[company]] == WEEKS
    assert len({row.score for row in rows[people[0]]}) > 4
    assert len({row.employee_score for row in rows[company]}) > 3
    with host.unchanged():
        forecast(host, company)
    came_true(host, rows)


def test_forecast_of_whatever_has_happened_comes_true(_shared_database: Any) -> None:
    @search(8)
    @given(st.lists(all_acts, min_size=4, max_size=12), st.sampled_from(["AT_ACTIVITY", "CURRENT"]))
    def check(acts: list[tuple[Any, ...]], attribution: str) -> None:
        host = furnish(_shared_database.empty())
        host.set(EMPLOYER_ATTRIBUTION=attribution)
        association = Association(host)
        association.do(*acts)
        host.proven(as_of=None)
        as_of = host.clock()
        came_true(
            host,
            {
                customer: forecast(host, customer, [1, 3, 9], as_of)
                for customer in association.people + association.companies
            },
        )

    check()


def test_forecast_counts_weeks_on_the_local_clock(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=16, valid_for_weeks=4, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, at="2025-03-10 11:00+00")
    rows = forecast(host, customer, [4, 3, 3, 1], "2025-03-10 11:00+00")
    assert [(row.weeks, row.at, row.score) for row in rows] == [
        (4, instant("2025-04-07 10:00+00"), 0),
        (3, instant("2025-03-31 10:00+00"), 2),
        (3, instant("2025-03-31 10:00+00"), 2),
        (1, instant("2025-03-17 11:00+00"), 8),
    ]


def test_forecast_by_default_is_of_now_and_twelve_weeks(host: Host) -> None:
    customer = host.customer()
    rows = host.named("select *, at - now() as ahead from engagement.forecast(%s)", customer)
    assert [(row.weeks, row.ahead.days, row.score) for row in rows] == [
        (4, 28, 0),
        (8, 56, 0),
        (12, 84, 0),
    ]
    with host.session.transaction():
        default = host.rows("select * from engagement.forecast(%s)", customer)
        assert host.rows("select * from engagement.forecast(%s, p_as_of => null)", customer) == (
            default
        )
    assert forecast(host, customer, []) == []


def test_forecast_of_a_switched_off_roll_up_has_none(host: Host) -> None:
    host.rule(quantity_score=1)
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company)
    host.order(person)
    assert [row.employee_score for row in forecast(host, company, [1])] == [1]
    host.set(ROLLUP_EMPLOYEES_TO_EMPLOYER="N")
    assert [row.employee_score for row in forecast(host, company, [1])] == [0]


def test_forecast_refused(host: Host) -> None:
    customer = host.customer()
    with refused("EG001"):
        forecast(host, -1)
    with refused("EG001"):
        forecast(host, None)
    for weeks in ([0], [-1], [5201], [4, None], [4, 0], None):
        with refused("EG004"):
            forecast(host, customer, weeks)
    for as_of in ("infinity", "-infinity"):
        with refused("EG004"):
            forecast(host, customer, [4], as_of)


# -- at_risk -----------------------------------------------------------------------------------


def at_risk(host: Host, *arguments: Any) -> list[Any]:
    """The rows of at_risk."""
    marks = ", ".join(["%s"] * len(arguments))
    return host.named(f"select * from engagement.at_risk({marks})", *arguments)


def fallers(host: Host, *arguments: Any) -> list[Any]:
    """Whom at_risk names."""
    return [row.customer_id for row in at_risk(host, *arguments)]


@pytest.fixture
def base(host: Host) -> tuple[Host, list[Any]]:
    """Four people; the first loses 10 of 30 points in four weeks, the second 4 of 12."""
    host.rule("KEPT", quantity_score=1)
    host.rule("LOST", amount_score=1, valid_for_weeks=2)
    people = [host.customer() for _ in range(4)]
    for person, kept, lost in zip(people, (20, 8, 15, 1), (10, 4, 0, -2), strict=True):
        host.order(person, Line(quantity=kept))
        host.order(person, Line(quantity=0, amount=lost), at="2025-06-14+00")
    return host, people


def test_at_risk_out_of_a_band_by_score(base: tuple[Host, list[Any]]) -> None:
    host, people = base
    host.band("SOME", from_score=10)
    host.band("MANY", from_score=25)
    host.proven()
    assert [tuple(row) for row in at_risk(host, 4)] == [
        (people[0], "Somebody", 30, 20, 10, "MANY", "SOME"),
        (people[1], "Somebody", 12, 8, 4, "SOME", None),
    ]
    assert fallers(host, 1) == []
    assert fallers(host) == fallers(host, 8) == people[:2]
    assert fallers(host, 4, None, "2025-06-30+00") == []


def test_at_risk_out_of_a_band_by_percentile(base: tuple[Host, list[Any]]) -> None:
    """One falls below another; one is overtaken by a seat to come, and loses no point."""
    host, people = base
    host.seat_rule(flat_score=6)
    host.seat(people[2], "2025-07-01")
    host.band("TOP", from_percentile=80)
    host.proven()
    assert [tuple(row)[2:] for row in at_risk(host, 4)] == [
        (30, 20, 10, "TOP", None),
    ]
    host.order(people[0], Line(quantity=0, amount=-10), at="2025-06-14+00")
    host.proven()
    assert [tuple(row) for row in at_risk(host, 4)] == [
        (people[0], "Somebody", 20, 20, 0, "TOP", None),
    ]


def test_at_risk_by_points_lost(base: tuple[Host, list[Any]]) -> None:
    host, people = base
    host.proven()
    assert fallers(host, 4, 4) == people[:2]
    assert fallers(host, 4, "4.01") == people[:1]
    assert fallers(host, 4, 11) == []
    assert fallers(host, 1, "0.01") == []


def test_at_risk_without_bands_is_who_loses_any_points(base: tuple[Host, list[Any]]) -> None:
    host, people = base
    host.proven()
    assert [tuple(row)[4:] for row in at_risk(host, 4)] == [(10, None, None), (4, None, None)]
    assert fallers(host, 4) == people[:2]
    assert fallers(host, 1) == []
    assert fallers(host, 4, 5) == people[:1]
    host.band("MANY", from_score=25)
    host.proven()
    assert fallers(host, 4) == people[:1]


def test_at_risk_leaves_out_who_is_inactive_or_gone(base: tuple[Host, list[Any]]) -> None:
    host, people = base
    host.proven()
    host.run("update crm.customer set is_active = false where customer_id = %s", people[0])
    with host.session.transaction():
        host.run("set local session_replication_role = replica")
        host.run("delete from crm.customer where customer_id = %s", people[1])
    assert fallers(host, 4, 1) == []


def test_at_risk_of_a_company_with_its_people(base: tuple[Host, list[Any]]) -> None:
    host, people = base
    company = host.customer("COMPANY")
    for person in people:
        host.job(person, company)
    host.band("MANY", from_score=50)
    host.proven()
    assert [tuple(row) for row in at_risk(host, 4)] == [
        (company, "Somebody", 56, 44, 12, "MANY", None)
    ]


def test_at_risk_counts_weeks_on_the_local_clock(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=5, valid_for_weeks=4)
    customer = host.customer()
    host.order(customer, at="2025-03-10 11:00+00")
    host.proven(as_of="2025-03-10 11:00+00")
    assert fallers(host, 4, 5) == [customer]
    assert fallers(host, 3, 5) == []
    host.order(customer, at="2025-03-10 11:00:01+00")
    assert fallers(host, 4, 10, "2025-03-10 11:00:01+00") == [customer]
    assert fallers(host, 4, 10, "2025-03-10 11:00:02+00") == [customer]
    assert fallers(host, 4, 10, "2025-03-10 11:00:00+00") == []


def test_at_risk_of_nobody(host: Host) -> None:
    assert at_risk(host, 4, 1) == []


def test_at_risk_refused(host: Host) -> None:
    for weeks in (0, -1, 5201, None):
        with refused("EG004"):
            at_risk(host, weeks)
    for fall in (0, "-0.01", "NaN", "-Infinity"):
        with refused("EG004"):
            at_risk(host, 4, fall)
    for as_of in ("infinity", "-infinity"):
        with refused("EG004"):
            at_risk(host, 4, 1, as_of)
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        at_risk(host, 4)


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_at_risk_with_other_keys(deployed_as: Callable[[str], Any], key_type: str) -> None:
    host = furnish(deployed_as(key_type))
    host.rule(quantity_score=16, half_life_weeks=1)
    host.band("SOME", from_score=5)
    customer = host.customer()
    host.order(customer, at=NOW)
    host.proven()
    assert [row.score for row in forecast(host, customer, [1, 2])] == [8, 4]
    assert fallers(host, 1) == []
    assert fallers(host, 2) == [customer]


def test_at_risk_names_whom_a_later_run_finds_in_a_lower_band(_shared_database: Any) -> None:
    rank = {None: 0, "BRONZE": 1, "SILVER": 2, "GOLD": 3}

    @search(8)
    @given(st.lists(all_acts, min_size=4, max_size=12), st.sampled_from(["0.5", None]))
    def check(acts: list[tuple[Any, ...]], fall: str | None) -> None:
        host = furnish(_shared_database.empty())
        association = Association(host)
        association.do(*acts)
        for code, threshold in (("BRONZE", 5), ("SILVER", 20)):
            host.band(code, from_score=threshold)
        host.band("GOLD", from_percentile=70)
        host.proven(as_of=None)
        found = {row.customer_id: row for row in at_risk(host, 3, fall)}
        everybody = association.people + association.companies
        before = {customer: host.score(customer) for customer in everybody}
        host.proven(as_of=str(host.runs()[-1].as_of + dt.timedelta(weeks=3)))
        for customer, was in before.items():
            becomes = host.score(customer)
            lost = was.score - becomes.score
            falls = rank[becomes.band_code] < rank[was.band_code]
            assert (customer in found) == (falls or (fall is not None and lost >= Decimal(fall)))
            if customer in found:
                row = found[customer]
                assert (row.score, row.future_score, row.fall) == (was.score, becomes.score, lost)
                assert (row.band_code, row.future_band_code) == (was.band_code, becomes.band_code)

    check()
