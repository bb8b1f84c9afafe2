"""Raised recently: by how much, when, and by what alone."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import NOW, Host, Line, instant


def raised(host: Host, customer: Any, as_of: str = NOW) -> tuple[Any, Any] | None:
    """By how much and when the score was raised; None: it was not. The card agrees."""
    ((is_raised, by, at),) = host.rows(
        "select * from engagement.recent_raise(%s, %s)", customer, as_of
    )
    card = host.card(customer, as_of)
    assert (card["raised_recently"], card["raised_by"]) == (is_raised, by)
    assert (card["raised_at"] and instant(card["raised_at"])) == at
    assert is_raised or (by, at) == (None, None)
    return (by, at) if is_raised else None


def test_raised_by_and_at(host: Host) -> None:
    host.rule(quantity_score=1, valid_for_weeks=8)
    customer = host.customer()
    host.order(customer, Line(quantity=3), at="2025-04-15+00")  # counted then, not any more
    host.order(customer, Line(quantity=2), at="2025-05-15+00")
    host.order(customer, Line(quantity=4), at="2025-05-20+00")
    host.order(customer, Line(quantity=5), at="2025-06-01+00")
    host.order(customer, Line(quantity=-1), at="2025-06-02+00")
    assert raised(host, customer) == (5, instant("2025-06-01+00"))


def test_raised_at_is_the_latest_that_earned(host: Host) -> None:
    host.rule(quantity_score=1, valid_for_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=2), at="2025-06-14+00")
    host.order(customer, Line(quantity=3), at="2025-06-01+00")  # earned, and gone again
    host.order(customer, Line(quantity=9), at="2025-06-16+00")
    assert raised(host, customer) == (2, instant("2025-06-14+00"))


@pytest.mark.parametrize("days", [1, 30, 365])
def test_raised_within_the_parameters_days(host: Host, days: int) -> None:
    host.set(RAISED_RECENTLY_DAYS=str(days))
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, at=NOW)

    def after(microseconds: int) -> Any:
        as_of = host.one(
            "select (%s::timestamptz + make_interval(days => %s, secs => %s / 1e6))::text",
            *(NOW, days, microseconds),
        )
        return raised(host, customer, as_of)

    assert raised(host, customer, "2025-06-15 11:59:59+00") is None
    assert raised(host, customer) == after(-1) == (1, instant(NOW))
    assert after(0) is None


@pytest.mark.parametrize(
    ("as_of", "boundary"),
    [
        # Thirty local days: an hour less, or more, where the clocks changed in between.
        ("2025-04-15 10:00+00", "2025-03-16 11:00+00"),
        ("2025-11-10 11:00+00", "2025-10-11 10:00+00"),
        ("2025-06-15 12:00+00", "2025-05-16 12:00+00"),
    ],
)
def test_raised_days_are_local(host: Host, as_of: str, boundary: str) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=1)
    before, after = host.customer(), host.customer()
    host.order(before, at=boundary)
    host.order(after, at=boundary.replace("+00", ":00.000001+00"))
    assert raised(host, before, as_of) is None
    assert raised(host, after, as_of) is not None
    host.proven(as_of=as_of)
    assert list(host.segment("rising")) == [after]


# -- what does not raise -------------------------------------------------------------------------


@pytest.fixture
def member(host: Host) -> Any:
    """Somebody who bought five books long ago."""
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=5), at="2025-01-01+00")
    host.proven()
    return customer


def test_raised_not_by_a_retroactive_rule_change(host: Host, member: Any) -> None:
    host.revise({"quantity_score": 9}, retroactive=True)
    host.rule("MORE", quantity_score=1)
    host.proven()
    assert host.score(member).score == 50
    assert host.score(member).raised_at is not None  # display history
    assert raised(host, member) is None


def test_raised_by_a_rule_change_only_as_far_as_activity_did(host: Host, member: Any) -> None:
    host.order(member, Line(quantity=2), at="2025-06-01+00")
    host.revise({"quantity_score": 10}, retroactive=True)
    host.proven()
    assert raised(host, member) == (20, instant("2025-06-01+00"))


def test_raised_not_by_a_correction(host: Host, member: Any) -> None:
    (order,) = host.rows("select order_line_id from crm.order_line")
    host.set_line(order[0], quantity=3)
    host.proven()
    assert raised(host, member) is None
    host.set_line(order[0], quantity=8)  # upwards: it was eight all along
    host.proven()
    assert host.score(member).score == 8
    assert raised(host, member) is None


def test_raised_not_by_a_correction_downwards_of_something_recent(host: Host, member: Any) -> None:
    order = host.order(member, Line(quantity=4), at="2025-06-01+00")
    assert raised(host, member) == (4, instant("2025-06-01+00"))
    host.set_line(order.line, quantity=1)
    assert raised(host, member) == (1, instant("2025-06-01+00"))
    host.set_line(order.line, quantity=-1)
    assert raised(host, member) is None
    host.set_order(order, order_status="CANCELLED")
    assert raised(host, member) is None


def test_raised_not_by_an_adjustment(host: Host, member: Any) -> None:
    host.adjust(member, 10)
    now = host.one("select clock_timestamp()::text")
    assert raised(host, member, now) is None
    host.proven(as_of=None)
    assert host.segment("rising") == {}


def test_raised_not_by_an_expiry(host: Host, member: Any) -> None:
    host.rule("REFUND", amount_score=1, valid_for_weeks=8)
    host.order(member, Line(quantity=0, amount=-3), at="2025-04-15+00")
    host.proven(as_of="2025-05-16 12:00+00")
    assert host.score(member).score == 2
    host.proven()
    assert host.score(member).score == 5
    assert raised(host, member) is None


def test_raised_not_by_the_time_zone(host: Host, member: Any) -> None:
    host.set(TIME_ZONE="Asia/Tokyo")
    host.proven()
    assert raised(host, member) is None


def test_raised_looks_at_own_points(host: Host, member: Any) -> None:
    company = host.customer("COMPANY")
    host.job(member, company)
    host.order(member, at="2025-06-01+00")
    host.proven()
    assert host.score(company).score == 6
    assert raised(host, company) is None
    assert raised(host, member) == (1, instant("2025-06-01+00"))


def test_raised_by_a_seat_and_a_social_score(host: Host) -> None:
    host.seat_rule()
    seated, social = host.customer(), host.customer()
    host.seat(seated, "2025-06-01")
    host.social(social, 7, scored_at="2025-06-02 00:00+00")
    assert raised(host, seated) == (30, instant("2025-06-01+00"))
    assert raised(host, social) == (7, instant("2025-06-02+00"))


def test_raised_as_on_record_then(host: Host, member: Any) -> None:
    order = host.order(member, at="2025-06-01+00")
    known = host.one("select clock_timestamp()")
    host.set_order(order, order_status="CANCELLED")
    query = "select raised_recently from engagement.recent_raise(%s, %s, %s)"
    assert host.one(query, member, NOW, known) is True
    assert host.one(query, member, NOW, "infinity") is False
