"""How a score has moved: the same numbers that runs and score_at give at each instant."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import NOW, Host, Line, instant, refused


@pytest.fixture
def firm(host: Host) -> dict[str, Any]:
    """A company whose two people come and go, points that age, and a seat."""
    host.rule(quantity_score=1, valid_for_weeks=10)
    host.seat_rule()
    people: dict[str, Any] = {"acme": host.customer("COMPANY"), "beta": host.customer("COMPANY")}
    for name in ("ann", "bob"):
        people[name] = host.customer()
    host.job(people["ann"], people["acme"], "2024-01-01", "2025-02-28")
    host.job(people["ann"], people["beta"], "2025-03-01")
    host.job(people["bob"], people["acme"])
    for at, customer, quantity in [
        ("2024-12-31 12:00+00", "ann", 1),
        ("2025-01-31 00:00+00", "bob", 2),
        ("2025-02-28 00:00+00", "ann", 4),
        ("2025-03-15 12:00+00", "ann", 8),
        ("2025-04-01 00:00+00", "acme", 16),
        ("2025-05-02 00:00+00", "bob", -32),
    ]:
        host.order(people[customer], Line(quantity=quantity), at=at)
    host.seat(people["ann"], "2025-01-10", "2025-04-29")
    host.proven()
    return people


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize("name", ["acme", "beta", "ann", "bob"])
def test_trend_is_what_runs_store_and_score_at_says(
    host: Host, firm: dict[str, Any], attribution: str, name: str
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    customer = firm[name]
    trend = host.trend(customer, "2024-12-31 12:00+00", NOW, "21 days")
    assert len(trend) == 8
    for at, own, employees, total in trend:
        host.proven(as_of=str(at))
        row = host.score(customer)
        assert (own, employees, total) == (row.own_score, row.employee_score, row.score), at
        assert own == host.score_at(customer, str(at))


def test_trend_of_a_company_by_attribution(host: Host, firm: dict[str, Any]) -> None:
    def employees() -> list[list[Any]]:
        return [
            [row[2] for row in host.trend(firm[name], "2025-01-31+00", "2025-05-31+00")]
            for name in ("acme", "beta")
        ]

    assert employees() == [[33, 37, 36, 4, -32], [0, 0, 8, 8, 0]]
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    assert employees() == [[33, 37, 2, 0, -32], [0, 0, 42, 12, 0]]


def test_trend_roll_up_switched_off_is_own(host: Host, firm: dict[str, Any]) -> None:
    host.set(ROLLUP_EMPLOYEES_TO_EMPLOYER="N")
    (row,) = host.trend(firm["acme"], "2025-04-15+00", "2025-04-15+00")
    assert row[1:] == (16, 0, 16)


def test_trend_months_from_the_31st(host: Host) -> None:
    customer = host.customer()
    assert [at for at, *_ in host.trend(customer, "2025-01-31+00", "2025-07-30+00")] == [
        instant(f"2025-{day}+00") for day in ("01-31", "02-28", "03-31", "04-30", "05-31", "06-30")
    ]


def test_trend_both_ends_are_in(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, at="2025-03-03 00:00:00+00")
    rows = host.trend(customer, "2025-03-02+00", "2025-03-03+00", "1 day")
    assert [row[1] for row in rows] == [0, 1]
    assert len(host.trend(customer, "2025-03-02+00", "2025-03-02 23:59:59+00", "1 day")) == 1
    assert len(host.trend(customer, NOW, NOW)) == 1


@pytest.mark.parametrize(
    ("begin", "end", "step", "hours"),
    [
        # Clocks go forward on 30 March and back on 26 October.
        ("2025-03-28 23:00+00", "2025-03-31 22:00+00", "1 day", [0, 24, 47, 71]),
        ("2025-10-24 22:00+00", "2025-10-27 23:00+00", "1 day", [0, 24, 49, 73]),
        ("2025-03-29 23:00+00", "2025-03-30 03:00+00", "1 hour", [0, 1, 2, 3, 4]),
        ("2025-10-25 22:00+00", "2025-10-26 03:00+00", "1 hour", [0, 1, 2, 3, 4, 5]),
        # From within the hour that comes twice.
        ("2025-10-26 00:30+00", "2025-10-28 01:30+00", "1 day", [0, 25, 49]),
        ("2025-03-28 23:00+00", "2025-03-31 23:00+00", "1 day 1 hour", [0, 25, 49]),
        ("2025-03-28 23:00+00", "2025-03-31 23:00+00", "25 hours", [0, 25, 50]),
        ("2025-02-28 23:00+00", "2025-04-30 22:00+00", "1 month", [0, 743, 1463]),
    ],
)
def test_trend_days_are_local_and_hours_pass(
    host: Host, begin: str, end: str, step: str, hours: list[int]
) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    rows = host.trend(host.customer(), begin, end, step)
    assert [(at - instant(begin)).total_seconds() / 3600 for at, *_ in rows] == hours


def test_trend_is_as_known_now(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    order = host.order(customer, Line(quantity=5), at="2025-01-01+00")
    host.set_line(order.line, quantity=3)
    ((_, own, _, _),) = host.trend(customer, "2025-02-01+00", "2025-02-01+00")
    assert own == 3


@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("EG004", {"begin": NOW, "end": "2025-06-15 11:59:59+00"}),
        ("EG004", {"begin": None}),
        ("EG004", {"end": None}),
        ("EG004", {"begin": "-infinity"}),
        ("EG004", {"end": "infinity"}),
        ("EG004", {"begin": "4713-01-01 BC"}),
        ("EG004", {"end": "290000-01-01"}),
        ("EG004", {"step": "0"}),
        ("EG004", {"step": "-1 day"}),
        ("EG004", {"step": "1 month -30 days"}),
        ("EG004", {"step": None}),
        ("EG004", {"step": "1 second"}),
        ("EG004", {"step": "150000 years", "end": "150000-01-01"}),
        ("EG004", {"step": "178000000 years"}),
        ("EG001", {"customer": -1}),
        ("EG001", {"customer": None}),
    ],
)
def test_trend_bad_input_refused(host: Host, sqlstate: str, arguments: dict[str, Any]) -> None:
    arguments = {"customer": host.customer(), "begin": "2025-01-01", "end": NOW, **arguments}
    with refused(sqlstate):
        host.trend(**arguments)


def test_trend_has_at_most_10000_steps(host: Host) -> None:
    customer = host.customer()
    assert len(host.trend(customer, "2025-01-01 00:00+00", "2025-01-07 22:40+00", "1 minute")) == (
        10001
    )
    with refused("EG004"):
        host.trend(customer, "2025-01-01 00:00+00", "2025-01-07 22:41+00", "1 minute")


def test_trend_over_all_time(host: Host) -> None:
    customer = host.customer()
    assert host.rows(
        "select count(*), sum(score)"
        " from engagement.trend(%s, '4000-01-01 BC', '200000-01-01', '50000 years')",
        customer,
    ) == [(5, 0)]


def test_trend_without_a_host_refused(host: Host) -> None:
    customer = host.customer()
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        host.trend(customer, NOW, NOW)
