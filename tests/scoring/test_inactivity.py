"""Inactivity: points count for less the longer a customer has not been active in the category."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from scoring.host import Host, Line, refused

STEPS = [[12, 75], [24, 50], [36, 0]]
MOMENT = dt.timedelta(microseconds=1)


def at(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(f"{text}+00:00")


def scores(host: Host, customer: Any, *texts: str) -> list[Decimal]:
    """Own points at these instants."""
    return [host.score_at(customer, at(text)) for text in texts]


@pytest.mark.parametrize("where", ["rule", "category"])
def test_inactivity_takes_a_step_at_each_number_of_months(host: Host, where: str) -> None:
    host.rule(quantity_score=1, inactivity_steps=STEPS if where == "rule" else None)
    if where == "category":
        host.category("PURCHASES_DONATIONS", inactivity_steps=STEPS)
    customer = host.customer()
    host.order(customer, Line(quantity="10.01"), at="2020-01-31 10:00")
    host.recalculate(as_of=None)
    for begins, before, after in (
        ("2020-01-31T10:00", "0", "10.01"),
        ("2021-01-31T10:00", "10.01", "7.51"),
        ("2022-01-31T10:00", "7.51", "5.00"),  # 5.005, to the even neighbour
        ("2023-01-31T10:00", "5.00", "0"),
    ):
        assert host.score_at(customer, at(begins) - MOMENT) == Decimal(before)
        assert host.score_at(customer, at(begins)) == Decimal(after)


def test_inactivity_months_are_local_and_end_at_the_last_day(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=1, inactivity_steps=[[1, 50], [5, 10]])
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2025-01-31 22:30+00")  # 23:30 in Zurich
    host.recalculate(as_of=None)
    assert scores(host, customer, "2025-02-28T22:29", "2025-02-28T22:30") == [10, 5]
    # Summer time: an hour earlier.
    assert scores(host, customer, "2025-06-30T21:29", "2025-06-30T21:30") == [5, 1]


def test_inactivity_ends_with_the_next_activity_and_counts_from_it_anew(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[2, 50]])
    customer = host.customer()
    for month in ("2024-01-10", "2024-01-20", "2024-02-25", "2024-06-01"):
        host.order(customer, Line(quantity=8), at=f"{month} 10:00")
    host.recalculate(as_of=None)
    assert scores(host, customer, "2024-03-20T10:00", "2024-04-25T09:59") == [24, 24]
    assert scores(host, customer, "2024-04-25T10:00", "2024-06-01T09:59") == [12, 12]
    assert scores(host, customer, "2024-06-01T10:00", "2024-08-01T10:00") == [32, 16]


def test_inactivity_is_of_the_category_and_expired_activity_is_activity(host: Host) -> None:
    host.product("MUG")
    host.rule(quantity_score=1, subject_id="BOOK", inactivity_steps=[[6, 50]])
    host.rule("MUGS", quantity_score=1, subject_id="MUG", valid_for_weeks=1)
    host.rule("ELSE", quantity_score=1, subject_id="MUG", category_code="INVOLVEMENT")
    customer, other = host.customer(), host.customer()
    for who in (customer, other):
        host.order(who, Line("BOOK", 10), at="2024-01-01 10:00")
    host.order(customer, Line("MUG", 1), at="2024-06-15 10:00")
    host.recalculate(as_of=None)
    assert scores(host, other, "2024-07-01T10:00") == [5]
    # 10 of the book, for the mug is activity; 1 of the other category.
    assert scores(host, customer, "2024-07-01T10:00", "2024-12-15T10:00") == [11, 6]


def test_inactivity_neither_adjustments_nor_penalties_are_activity(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[6, 50]])
    customer, adjusted = host.customer(), host.customer()
    host.order(customer, Line(quantity=10), at="2024-01-01 10:00")
    host.order(customer, Line(quantity=-2), at="2024-05-01 10:00")
    host.revise({"category_code": "PURCHASES_DONATIONS"}, True, "ADJUSTMENT")
    host.adjust(customer, 100)
    host.adjust(adjusted, 7)
    host.recalculate(as_of=None)
    assert scores(host, customer, "2024-06-30T10:00", "2024-07-01T10:00") == [8, 4]
    # Who has never been active there loses nothing.
    assert host.score_at(adjusted, "2100-01-01") == 7


def test_inactivity_is_not_ended_by_an_adjustment(host: Host) -> None:
    host.category("PURCHASES_DONATIONS", inactivity_steps=[[6, 50]])
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2020-01-01 10:00")
    host.one(
        "select engagement.adjust(%s, 4, 'So', p_category_code => 'PURCHASES_DONATIONS')", customer
    )
    host.proven(as_of=None)
    assert host.score(customer).score == 9


def test_inactivity_company_waits_for_the_activity_that_is_dated_later(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[12, 50]])
    first, second = host.customer("COMPANY"), host.customer("COMPANY")
    person = host.customer()
    host.job(person, first, begin="2010-01-01", end="2012-12-31")
    host.job(person, second, begin="2013-01-01")
    host.order(person, Line(quantity=10), at="2012-06-01 10:00")
    host.order(person, Line(quantity=1), at="2015-06-01 10:00")
    host.proven(as_of="2014-01-01 00:00+00")
    stored = host.score(first)
    assert (stored.score, stored.next_change_at) == (5, at("2015-06-01T10:00"))
    host.proven(as_of="2015-06-02 00:00+00")
    assert host.score(first).score == 10


def test_inactivity_a_rule_may_say_otherwise_than_its_category(host: Host) -> None:
    host.product("MUG")
    host.category("PURCHASES_DONATIONS", inactivity_steps=[[6, 50]])
    host.rule(quantity_score=1, subject_id="BOOK", inactivity_steps=[])
    host.rule("MUGS", quantity_score=1, subject_id="MUG", inactivity_steps=[[3, 10]])
    host.rule("BOTH", quantity_score=1)
    customer = host.customer()
    host.order(customer, Line("BOOK", 10), Line("MUG", 10), at="2024-01-01 10:00")
    host.recalculate(as_of=None)
    assert scores(host, customer, "2024-03-31T10:00", "2024-04-01T10:00", "2024-07-01T10:00") == [
        *(40, 31, 21)
    ]


def test_inactivity_goes_on_what_caps_and_half_lives_leave(host: Host) -> None:
    host.rule(
        *("BOUGHT",),
        **{"quantity_score": 1, "cap_points": 12, "cap_period": "EVER", "half_life_weeks": 52},
        inactivity_steps=[[12, 50]],
    )
    customer = host.customer()
    host.order(customer, Line(quantity=20), at="2024-01-01 10:00")
    host.recalculate(as_of=None)
    assert scores(host, customer, "2024-01-01T10:00", "2024-12-30T10:00", "2025-01-01T10:00") == [
        *(12, 6, 3)
    ]
    (row,) = host.explain(customer, "2025-01-01 10:00")
    assert (row.awarded_points, row.capped_points, row.points) == (20, 12, 3)
    assert row.arithmetic == (
        "1 × 20 = 20; the cap of 12 in all leaves 12; faded to 6 in 52 weeks; "
        "inactive since 2024-01-01, 3 left"
    )
    buyer, now = host.customer(), host.clock()
    host.order(buyer, Line(quantity=20), at=str(now - dt.timedelta(days=1)))
    host.recalculate(as_of=None)
    later = now + dt.timedelta(days=367)
    assert host.change(buyer, host.clock(), later) == {"FADED": -6, "INACTIVITY": -3}


def test_inactivity_refunded_activity_is_none(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[2, 50]])
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2024-01-01 10:00")
    later = host.order(customer, Line(quantity=4), at="2024-03-20 10:00")
    host.proven(as_of="2024-04-01 10:00")
    assert host.score(customer).score == 14
    host.set_order(later, order_status="CANCELLED")
    host.proven(as_of="2024-04-01 10:00")
    assert host.score(customer).score == 5


@pytest.mark.parametrize("mode", ["INCREMENTAL", "FULL"])
def test_inactivity_stored_scores_follow_the_dates(host: Host, mode: str) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[2, 50], [3, 0]])
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2024-01-01 10:00")
    host.order(customer, Line(quantity=10), at="2024-09-01 10:00")
    for as_of, expected, next_change_at in (
        ("2024-02-01 10:00", 10, "2024-03-01T10:00"),
        ("2024-03-01 10:00", 5, "2024-04-01T10:00"),
        ("2024-05-01 10:00", 0, "2024-09-01T10:00"),
        ("2024-09-01 10:00", 20, "2024-11-01T10:00"),
        ("2024-11-01 10:00", 10, "2024-12-01T10:00"),
        ("2024-12-01 10:00", 0, "2025-01-01T00:00"),  # it leaves the year
    ):
        host.proven(mode, as_of=f"{as_of}+00")
        stored = host.score(customer)
        assert (stored.score, stored.next_change_at) == (expected, at(next_change_at))
        assert host.agreed(customer, f"{as_of}+00") == expected
    forecast = host.rows(
        "select score from engagement.forecast(%s, '{1,2,6}', '2024-10-21 10:00+00')", customer
    )
    assert [score for (score,) in forecast] == [20, 10, 0]


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@pytest.mark.parametrize("follows", [True, False])
def test_inactivity_an_activity_for_another_company_keeps_the_points_of_both(
    host: Host, attribution: str, follows: bool
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.rule(quantity_score=1, inactivity_steps=[[12, 50]])
    first, second = host.customer("COMPANY"), host.customer("COMPANY")
    person = host.customer()
    host.job(person, first, begin="2010-01-01", end="2012-12-31")
    host.job(person, second, begin="2013-01-01")
    host.order(person, Line(quantity=10), at="2012-06-01 10:00")
    host.proven(as_of=None)
    both = (host.score(first).score, host.score(second).score)
    assert both == ((5, 0) if attribution == "AT_ACTIVITY" else (0, 5))
    host.order(person, Line(quantity=1), at=str(host.clock() - dt.timedelta(days=3)))
    assert host.verify() == []
    if follows:
        host.run("call engagement.catch_up()")
    else:
        host.recalculate(as_of=None)
    both = (host.score(first).score, host.score(second).score)
    assert both == ((10, 1) if attribution == "AT_ACTIVITY" else (0, 11))
    host.proven(as_of=None)


def test_inactivity_activity_again_is_a_cause(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=[[12, 50]])
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2020-06-01 10:00")
    host.recalculate(as_of=None)
    before = host.clock()
    host.order(customer, Line(quantity=1), at=str(before + dt.timedelta(microseconds=1)))
    host.recalculate(as_of=None)
    assert host.change(customer, before, host.clock()) == {"EARNED": 1, "INACTIVITY": 5}


def test_inactivity_nothing_else_is_touched_by_setting_it(host: Host) -> None:
    host.rule(quantity_score=1)
    host.seat_rule(flat_score=3)
    customer = host.customer()
    host.order(customer, Line(quantity=10), at="2020-01-01 10:00")
    host.seat(customer, "2025-01-01")
    host.proven(as_of=None)
    host.category("PURCHASES_DONATIONS", inactivity_steps=[[1, 50]])
    host.proven(as_of=None)
    assert host.score(customer).score == 8
    assert host.score(customer).ytd_score == 0
    assert host.score(customer).overview_score == 3
    host.category("PURCHASES_DONATIONS", inactivity_steps=None)
    host.proven(as_of=None)
    assert host.score(customer).score == 13


@pytest.mark.parametrize(
    "steps",
    [
        *([[0, 50]], [[12, 100]], [[12, 50], [12, 40]], [[12, 50], [24, 50]], [[24, 50], [12, 40]]),
        *([[12, -1]], [[1201, 5]], [12, 50], [[12, 50, 3]], [[12, None]], "[2:2][1:2]={{12,50}}"),
    ],
)
def test_inactivity_senseless_steps_refused(host: Host, steps: Any) -> None:
    host.rule(quantity_score=1)
    with host.unchanged(), refused("EG004"):
        host.revise({"inactivity_steps": steps})
    with host.unchanged(), refused("EG004"):
        host.category("DONOR", inactivity_steps=steps)


def test_inactivity_preview_is_what_comes(host: Host) -> None:
    host.product("MUG")
    host.rule(quantity_score=1, subject_id="BOOK", inactivity_steps=[[6, 50]])
    host.rule("MUGS", quantity_score=1, subject_id="MUG")
    customer = host.customer()
    host.order(customer, Line("BOOK", 10), at="2024-01-01 10:00")
    host.order(customer, Line("MUG", 4), at=str(host.clock() - dt.timedelta(days=1)))
    host.proven(as_of=None)
    assert host.score(customer).score == 14
    for changes, expected in (
        ({"MUGS": {"category_code": "INVOLVEMENT"}}, 9),  # no activity of the book's category
        ({"MUGS": None}, 5),
        ({"MUGS": {"inactivity_steps": [[1, 0]]}}, 14),
        ({"BOUGHT": {"inactivity_steps": None}}, 14),
    ):
        shown = dict(
            host.rows(
                "select customer_id, new_score from engagement.preview_rules(%s, true)",
                Jsonb(changes),
            )
        )
        assert shown.get(customer, Decimal(14)) == expected


def test_inactivity_rules_export_and_apply_them(host: Host) -> None:
    host.rule(quantity_score=1, inactivity_steps=STEPS)
    exported = host.one("select engagement.export_rules()")
    assert {rule["rule_code"]: rule.get("inactivity_steps") for rule in exported}["BOUGHT"] == STEPS
    assert {row[1] for row in host.rows(
        "select * from engagement.apply_rules(%s)", Jsonb(exported))} == {"same"}  # fmt: skip
