"""Segments: who is in, who just is not; and an organisation's own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, refused

#: Of the run at NOW: RAISED_RECENTLY_DAYS earlier, and a year before that.
RECENTLY = "2025-05-16 12:00+00"
YEAR_BEFORE = "2024-05-16 12:00+00"
#: 365 and 730 days before NOW.
A_YEAR_AGO = "2024-06-15 12:00+00"
TWO_YEARS_AGO = "2023-06-16 12:00+00"


@pytest.fixture
def club(host: Host) -> Host:
    """A host with a rule of one point a book."""
    host.rule(quantity_score=1)
    return host


def later(at: str) -> str:
    """A microsecond later."""
    return at.replace("+00", ":00.000001+00")


def buyer(host: Host, *orders: tuple[str, Any], kind: str = "INDIVIDUAL") -> Any:
    """A customer who has bought so many books then."""
    customer = host.customer(kind)
    for at, quantity in orders:
        host.order(customer, Line(quantity=quantity), at=at)
    return customer


# -- those that come with the package ------------------------------------------------------------


def test_segment_most_active_is_the_top_tenth_of_each_type(club: Host) -> None:
    people = [buyer(club, (NOW, quantity)) for quantity in range(1, 21)]
    companies = [buyer(club, (NOW, quantity), kind="COMPANY") for quantity in range(1, 6)]
    club.proven()
    assert club.segment("most_active") == {people[19]: 20, people[18]: 19, companies[4]: 5}
    assert list(club.segment("most_active")) == [people[19], people[18], companies[4]]
    assert club.score(people[17]).percentile == 87


def test_segment_most_active_needs_points(club: Host) -> None:
    for _ in range(9):
        buyer(club, (NOW, -1))
    club.customer()
    club.proven()
    assert club.segment("most_active") == {}


def test_segment_newly_active_earned_recently_and_not_before(club: Host) -> None:
    new = buyer(club, (later(RECENTLY), 2), (NOW, 3))
    back = buyer(club, (YEAR_BEFORE, 9), (NOW, 1))  # a year and more away
    corrected = buyer(club, (later(YEAR_BEFORE), -4), (NOW, 5))  # nothing was earned then
    buyer(club, (RECENTLY, 2), (NOW, 2))
    buyer(club, (later(YEAR_BEFORE), 1), (NOW, 2))
    buyer(club, (NOW, -1))
    buyer(club, (later(NOW), 1))
    club.customer()
    club.proven()
    assert club.segment("newly_active") == {corrected: 5, new: 5, back: 1}


def test_segment_newly_active_looks_at_what_has_expired_too(club: Host) -> None:
    club.rule("WEEK", amount_score=1, valid_for_weeks=1)
    customer, old = club.customer(), club.customer()
    club.order(customer, Line(quantity=0, amount=7), at="2025-06-01+00")
    club.order(old, Line(quantity=0, amount=7), at="2025-01-01+00")
    club.order(old, at=NOW)
    club.proven()
    assert club.segment("newly_active") == {customer: 7}


def test_segment_rising_and_falling(club: Host) -> None:
    club.rule("EIGHT_WEEKS", amount_score=1, valid_for_weeks=8)

    def person(*orders: tuple[str, Any]) -> Any:
        customer = club.customer()
        for at, amount in orders:
            club.order(customer, Line(quantity=0, amount=amount), at=at)
        return customer

    fell_away = ("2025-04-15 12:00+00", 3)  # counted at RECENTLY, not any more
    rising = person(fell_away, (later(RECENTLY), 4))
    person(fell_away, (NOW, 3))  # neither
    falling = person(fell_away, (NOW, 2))
    reversed_ = person(("2025-04-15 12:00+00", -3))  # higher, but by no activity
    person((RECENTLY, 5))  # unchanged since
    taken = person((RECENTLY, 5), (NOW, -1))
    adjusted = person()
    # An adjustment is made now: so these look at the run's instant, which is later.
    club.proven()
    assert club.segment("rising") == {rising: 1}
    assert club.segment("falling") == {falling: 1, taken: 1}
    club.adjust(adjusted, 10)
    club.adjust(reversed_, -1)
    club.proven(as_of=None)
    assert club.segment("rising") == {}
    assert club.segment("falling") == {reversed_: 1}


def test_segment_falling_looks_at_own_points(club: Host) -> None:
    person, company = club.customer(), club.customer("COMPANY")
    club.job(person, company)
    club.order(person, Line(quantity=-5), at=NOW)
    club.proven()
    assert club.score(company).score == -5
    assert club.segment("falling") == {person: 5}


def test_segment_dormant(club: Host) -> None:
    club.seat_rule()
    dormant = buyer(club, (A_YEAR_AGO, 1))
    longer = buyer(club, ("2020-06-15 12:00+00", 1), ("2025-01-01+00", -1))
    retired = club.customer()
    club.seat(retired, "2020-01-01", "2025-06-14")
    adjusted = buyer(club, ("2024-06-14 12:00+00", 1))
    buyer(club, (later(A_YEAR_AGO), 1))
    seated = buyer(club, (A_YEAR_AGO, 1))
    club.seat(seated, "2020-01-01", "2025-06-15")
    club.customer()  # has never earned anything
    club.proven()
    assert club.segment("dormant") == {retired: 1992, longer: 1826, adjusted: 366, dormant: 365}
    club.adjust(adjusted, 10)  # is no activity
    club.proven(as_of=None)
    assert adjusted in club.segment("dormant")


def test_segment_potential_donors_give_more_than_the_year_before(club: Host) -> None:
    club.rule("MEETING", amount_score=1, category_code="INVOLVEMENT")
    more = buyer(club, (A_YEAR_AGO, 2), (later(A_YEAR_AGO), 5))
    first = buyer(club, (TWO_YEARS_AGO, 9), (NOW, 1))  # two years ago is too long ago
    buyer(club, (later(TWO_YEARS_AGO), 3), (NOW, 3))
    buyer(club, (A_YEAR_AGO, 2))
    buyer(club, (later(NOW), 2))
    buyer(club, (A_YEAR_AGO, -2), (NOW, -1))  # gives nothing
    involved = club.customer()
    club.order(involved, Line(quantity=0, amount=9), at=NOW)
    club.proven()
    assert club.segment("potential_donors") == {more: 3, first: 1}


def test_segment_potential_donors_looks_at_what_has_expired_too(club: Host) -> None:
    club.rule("WEEK", amount_score=1, valid_for_weeks=1)
    customer, other = club.customer(), club.customer()
    club.order(customer, Line(quantity=0, amount=7), at="2025-01-01+00")
    club.order(other, Line(quantity=0, amount=7), at="2024-01-01+00")
    club.order(other, Line(quantity=3), at="2025-01-01+00")
    club.proven()
    assert club.segment("potential_donors") == {customer: 7}


def test_segment_award_candidates_are_high_in_several_categories(club: Host) -> None:
    club.rule("MEETING", amount_score=1, category_code="INVOLVEMENT")
    people = [club.customer() for _ in range(10)]
    for number, person in enumerate(people, 1):
        club.order(person, Line(quantity=number, amount=number))
    club.social(people[9], 1)
    for person in people[:9]:
        club.social(person, 5)
    club.proven()
    assert club.segment("award_candidates") == {people[9]: 2}
    club.social(people[9], 6, is_new=False)
    club.proven()
    assert club.segment("award_candidates") == {people[9]: 3}


def test_segment_award_candidates_adjustments_and_negative_points_do_not_count(
    club: Host,
) -> None:
    club.rule("MEETING", amount_score=1, category_code="INVOLVEMENT")
    one, other = club.customer(), club.customer()
    club.order(one, Line(quantity=1))
    club.adjust(one, 10)
    club.order(other, Line(quantity=2, amount=-1))
    club.proven(as_of=None)
    assert club.segment("award_candidates") == {}


SEGMENTS = [
    *("most_active", "newly_active", "rising", "falling", "dormant", "potential_donors"),
    "award_candidates",
]


@pytest.fixture
def model(club: Host) -> dict[str, Any]:
    """Somebody for each segment."""
    club.rule("MEETING", amount_score=1, category_code="INVOLVEMENT")
    active = club.customer()
    club.order(active, Line(quantity=10, amount=10), at=NOW)
    falling = buyer(club, ("2025-01-01+00", 2), (NOW, -1))
    dormant = buyer(club, ("2020-01-01+00", 1))
    for _ in range(7):
        club.customer()
    club.proven()
    return {
        **dict.fromkeys(SEGMENTS, active),
        "falling": falling,
        "dormant": dormant,
    }


@pytest.mark.parametrize("name", SEGMENTS)
def test_segment_has_no_inactive_customers(club: Host, model: dict[str, Any], name: str) -> None:
    assert model[name] in club.segment(name)
    club.set_customer(model[name], is_active=False)
    club.proven()
    assert model[name] not in club.segment(name)
    club.set_customer(model[name], is_active=True)
    club.proven()
    assert model[name] in club.segment(name)


@pytest.mark.parametrize("name", SEGMENTS)
def test_segment_without_anybody_is_empty(host: Host, name: str) -> None:
    assert host.segment(name) == {}
    host.customer()
    host.proven()
    assert host.segment(name) == {}


def test_segment_names_are_those_defined(host: Host) -> None:
    defined = host.rows("select segment_name, label, description"
                        " from engagement.segment_definition")  # fmt: skip
    assert {name for name, _, _ in defined} == set(SEGMENTS)
    assert all(label and description for _, label, description in defined)


def test_segment_shows_names_and_scores(club: Host, model: dict[str, Any]) -> None:
    club.band("GOOD", from_score=1)
    club.proven()
    assert club.rows("select * from engagement.segment('most_active')") == [
        (model["most_active"], "Somebody", "INDIVIDUAL", 20, 95, "GOOD", 20)
    ]


# -- an organisation's own -----------------------------------------------------------------------


def define(host: Host, query: str, view: str = "crm.own_segment") -> None:
    """A segment `own` over a view with this query."""
    if query:
        host.run(f"create or replace view {view} as {query}")
    host.run(
        "insert into engagement.segment_definition (segment_name, label, view_name)"
        " values ('own', 'Our own', %s)",
        view,
    )


def test_segment_of_an_organisation_of_its_own(club: Host) -> None:
    low, high = buyer(club, (NOW, 2)), buyer(club, (NOW, 5))
    inactive = buyer(club, (NOW, 9))
    club.set_customer(inactive, is_active=False)
    club.proven()
    define(
        club,
        "select customer_id, score as segment_value, 'more' as more from engagement.customer_score",
    )
    assert list(club.segment("own").items()) == [(inactive, 9), (high, 5), (low, 2)]
    define_inactive = (
        "select s.customer_id, s.score as segment_value from engagement.customer_score s"
        " where s.ranked_type is null"
    )
    club.run("drop view crm.own_segment")
    club.run(f"create view crm.own_segment as {define_inactive}")
    assert club.rows("select * from engagement.segment('own')") == [
        (inactive, "Somebody", "INDIVIDUAL", 9, None, None, 9)
    ]


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
@pytest.mark.parametrize("value", ["1", "1.5::float8", "null::numeric", "1::bigint"])
def test_segment_of_its_own_with_keys_and_values_of_each_type(
    deployed_as: Callable[[str], Any], key_type: str, value: str
) -> None:
    host = furnish(deployed_as(key_type))
    customer = host.customer()
    host.proven()
    define(host, f"select customer_id, {value} as segment_value from crm.customer")
    expected = {"1.5::float8": Decimal("1.5"), "null::numeric": None}.get(value, 1)
    assert host.segment("own") == {customer: expected}


def test_segment_of_its_own_with_quoted_names(host: Host) -> None:
    customer = host.customer()
    host.run('create schema "Own schema"')
    define(
        host,
        "select customer_id, 1 as segment_value from crm.customer",
        '"Own schema"."Own ""segment"""',
    )
    assert host.segment("own") == {customer: 1}


@pytest.mark.parametrize("name", ["nobody", "", "MOST_ACTIVE", None])
def test_segment_unknown_refused(host: Host, name: Any) -> None:
    with refused("EG011"):
        host.segment(name)


@pytest.mark.parametrize(
    "query",
    [
        "select customer_id from crm.customer",
        "select 1 as segment_value",
        "select customer_id as segment_value from crm.customer",
        "select display_name as customer_id, 1 as segment_value from crm.customer",
        "select 1.5 as customer_id, 1 as segment_value from crm.customer",
        "select customer_id, display_name as segment_value from crm.customer",
        "select customer_id, current_date as segment_value from crm.customer",
    ],
)
def test_segment_over_a_view_of_the_wrong_shape_refused(host: Host, query: str) -> None:
    host.customer()
    define(host, query)
    with refused("EG011"):
        host.segment("own")


@pytest.mark.parametrize(
    "view", ["crm.gone", "gone", "", "a.b.c.d", 'crm."', "crm.customer; select 1", "(select 1)"]
)
def test_segment_over_no_view_refused(host: Host, view: str) -> None:
    define(host, "", view)
    with refused("EG011"):
        host.segment("own")


def test_segment_without_a_host_refused(host: Host) -> None:
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        host.segment("most_active")
