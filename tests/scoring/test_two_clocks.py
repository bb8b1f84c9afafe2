"""Two clocks: what was seen at an instant can be seen again, whatever has happened since."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scoring.acts import Association, all_acts, search
from scoring.fixtures import furnish
from scoring.host import Host, Line

#: The part of a card that comes from the ledger. The rest is as stored, or says what is queued.
OWN = ("own_score", "raised_recently", "raised_by", "raised_at", "categories", "trend")


def own_part(card: dict[str, Any]) -> dict[str, Any]:
    """What a card says of a customer's own points."""
    return {key: card[key] for key in OWN}


def test_score_card_as_it_was_seen_is_seen_again_whatever_happens(_shared_database: Any) -> None:
    """History is played; what staff saw after each act is asked for at the end."""

    @search(8)
    @given(st.lists(all_acts, min_size=1, max_size=14))
    def check(acts: list[tuple[Any, ...]]) -> None:
        host = furnish(_shared_database.empty())
        association = Association(host)
        seen = []
        for act in acts:
            association.do(act)
            known_at = host.clock()
            for days in (0, -30, 30):
                as_of = known_at + dt.timedelta(days=days)
                for person in association.people:
                    seen.append(
                        (
                            (person, as_of, known_at),
                            host.score_at(person, as_of),
                            own_part(host.card(person, as_of)),
                            host.explain(person, as_of),
                        )
                    )
        for question, score, card, awards in seen:
            assert host.score_at(*question) == score
            assert own_part(host.card(*question)) == card
            assert host.explain(*question) == awards

    check()


def test_score_card_of_what_is_true_and_of_what_was_seen(host: Host) -> None:
    """An order of January is entered in February and cancelled in March."""
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR", half_life_weeks=52)
    customer = host.customer()
    begin = host.clock()
    order = host.order(customer, Line(quantity=16), at=str(begin))
    entered = host.clock()
    host.set_order(order, order_status="CANCELLED")
    cancelled = host.clock()
    later = begin + dt.timedelta(weeks=52)
    assert [
        host.card(customer, as_of, known_at)["own_score"]
        for as_of, known_at in (
            *((begin, begin), (entered, entered), (later, entered)),
            *((entered, cancelled), (cancelled, cancelled), (later, "infinity")),
        )
    ] == [0, 10, 5, 0, 0, 0]


def test_on_record_half_open_under_a_cap_as_well(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR")
    customer = host.customer()
    order = host.order(customer, Line(quantity=3))
    host.order(customer, Line(quantity=9))
    host.set_line(order.line, quantity=5)
    first, _, second = host.awards(customer)
    assert first.voided_at == second.recorded_at
    moment = dt.timedelta(microseconds=1)
    for known_at, points in (
        (first.recorded_at - moment, []),
        (first.recorded_at, [3]),
        (second.recorded_at - moment, [3, 7]),
        (second.recorded_at, [5, 5]),
    ):
        assert [row.points for row in host.explain(customer, known_at=known_at)] == points
        assert host.score_at(customer, known_at=known_at) == sum(points)


def test_score_card_before_anything_was_known(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR")
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    for known_at in ("-infinity", "2000-01-01+00"):
        card = host.card(customer, known_at=known_at)
        assert card["own_score"] == 0
        assert [category["rules"] for category in card["categories"]] == [[]] * 4
        assert host.explain(customer, known_at=known_at) == []
