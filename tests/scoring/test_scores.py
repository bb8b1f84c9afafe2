"""Answers: score_at with its two clocks, explain_score, score_card, customer_score."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.host import NOW, Host, Line, instant, refused

CARD = {
    "customer_id", "display_name", "customer_type", "score", "own_score", "employee_score",
    "raised_recently", "raised_by", "raised_at", "previous_score", "changed_at", "calculated_at",
    "rules_pending", "changes_waiting", "waiting_since", "band_code", "percentile", "categories",
    "trend",
}  # fmt: skip
COMPANY = {
    "employee_ytd_score", "employee_overview_score", "employee_count", "engaged_count",
    "participation_rate", "average_score",
}  # fmt: skip


def clock(host: Host) -> Any:
    """The server's clock."""
    return host.one("select clock_timestamp()")


def test_score_at_two_clocks(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    known = [clock(host)]
    order = host.order(customer, Line(quantity=1), at="2025-01-10+00")
    known.append(clock(host))
    host.set_line(order.line, quantity=5)
    known.append(clock(host))
    host.set_order(order, ordered_at="2025-02-10+00")
    known.append(clock(host))
    host.set_order(order, order_status="CANCELLED")
    known.append(clock(host))
    on = ("2025-01-09+00", "2025-01-10+00", "2025-02-10+00")
    assert [[host.score_at(customer, as_of, at) for as_of in on] for at in known] == [
        [0, 0, 0],
        [0, 1, 1],
        [0, 5, 5],
        [0, 0, 5],
        [0, 0, 0],
    ]
    explained = "select sum(points) from engagement.explain_score(%s, %s, %s)"
    assert host.one(explained, customer, "2025-01-10+00", known[2]) == 5
    past = "select engagement.score_card(%s, %s, %s) ->> 'own_score'"
    assert host.one(past, customer, "2025-01-10+00", known[1]) == "1.00"


def test_score_at_on_record_half_open(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.set_line(order.line, quantity=5)
    first, second = host.awards(customer)
    assert first.voided_at == second.recorded_at
    assert host.score_at(customer, known_at=first.recorded_at) == 1
    assert host.score_at(customer, known_at=second.recorded_at) == 5


def test_score_at_unknown_customer_is_zero(host: Host) -> None:
    assert host.score_at(-1) == 0
    assert host.rows("select * from engagement.explain_score(-1)") == []


def test_explain_score_sums_to_score_at(host: Host) -> None:
    host.rule("A", amount_score="0.333")
    host.rule("B", quantity_score="1.11", valid_for_weeks=10)
    host.seat_rule()
    customer = host.customer()
    lines = host.order(customer, Line(quantity=3, amount=7), Line(quantity=1, amount=1)).lines
    seat = host.seat(customer, "2025-01-01", "2025-04-30")
    for as_of in ("2025-02-01+00", "2025-03-03 10:00+00", "2025-05-01+00", NOW):
        total = host.one(
            "select coalesce(sum(points), 0) from engagement.explain_score(%s, %s)",
            *(customer, as_of),
        )
        assert total == host.score_at(customer, as_of)
    assert host.rows(
        "select rule_code, source, source_id, points::text"
        " from engagement.explain_score(%s, '2025-04-01+00') order by rule_code, source_id",
        customer,
    ) == [
        ("A", "order_line", lines[0], "2.33"),
        ("A", "order_line", lines[1], "0.33"),
        ("B", "order_line", lines[0], "3.33"),
        ("B", "order_line", lines[1], "1.11"),
        ("SEAT", "committee_seat", seat, "30.00"),
    ]


def test_score_card_person(host: Host) -> None:
    host.rule("A", quantity_score=2, description="Two each")
    host.rule("B", quantity_score=1, valid_for_weeks=1)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=3), Line(quantity=1), at="2025-03-03+00")
    host.order(customer, Line(quantity=5), at="2024-03-03+00")
    host.proven()
    card = host.card(customer)
    assert set(card) == CARD
    assert (card["customer_id"], card["display_name"], card["customer_type"]) == (
        *(customer, "Somebody"),
        "INDIVIDUAL",
    )
    assert (card["score"], card["own_score"], card["employee_score"]) == (18, 18, 0)
    assert (card["band_code"], card["percentile"], card["previous_score"]) == (None, 50, None)
    assert instant(card["calculated_at"]) == instant(card["changed_at"]) == instant(NOW)
    categories = {category["category_code"]: category for category in card["categories"]}
    assert set(categories) == {
        *("INVOLVEMENT", "PURCHASES_DONATIONS", "SOCIAL_COMMUNITY", "ADJUSTMENT")
    }
    bought = categories["PURCHASES_DONATIONS"]
    assert set(bought) == {
        *(
            "category_code",
            "category_name",
            "score",
            "counted_score",
            "employee_score",
            "ytd_score",
        ),
        *("overview_score", "percentile", "band_code", "rules"),
    }
    assert (bought["score"], bought["ytd_score"], bought["overview_score"]) == (18, 12, 27)
    assert bought["rules"] == [
        {
            "rule_code": "A",
            "description": "Two each",
            "score": 18,
            "ytd_score": 8,
            "overview_score": 18,
            "award_count": 3,
        },
        {
            "rule_code": "B",
            "description": "",
            "score": 0,
            "ytd_score": 4,
            "overview_score": 9,
            "award_count": 0,
        },
    ]
    assert categories["INVOLVEMENT"]["rules"] == []
    stored = host.score(customer)
    assert (stored.own_score, stored.ytd_score, stored.overview_score) == (18, 12, 27)


def test_score_card_trend_is_twelve_month_ends(host: Host) -> None:
    host.set(TIME_ZONE="Europe/Zurich")
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=1), at="2025-04-30 21:59:59+00")  # April in Zurich
    host.order(customer, Line(quantity=10), at="2025-04-30 22:00:00+00")  # May in Zurich
    trend = host.card(customer)["trend"]
    assert [set(point) for point in trend] == [{"at", "score"}] * 12
    assert [point["score"] for point in trend] == [0] * 10 + [1, 11]
    ends = [instant(point["at"]) for point in trend]
    assert ends == sorted(ends)
    assert ends[-1] < instant("2025-05-31 22:00+00") <= instant(NOW)


def test_score_card_company(host: Host) -> None:
    host.rule(quantity_score=2)
    company = host.customer("COMPANY")
    people = [host.customer() for _ in range(3)]
    for person in people:
        host.job(person, company)
    host.job(host.customer(), company, end="2025-06-14")
    host.order(people[0], Line(quantity=3))
    host.order(people[1], Line(quantity=2))
    host.order(company, Line(quantity=1))
    host.proven()
    card = host.card(company)
    assert set(card) == CARD | COMPANY
    assert {key: card[key] for key in COMPANY} == {
        "employee_ytd_score": 10,
        "employee_overview_score": 10,
        "employee_count": 3,
        "engaged_count": 2,
        "participation_rate": 0.6667,
        "average_score": 3.33,
    }
    assert (card["score"], card["own_score"], card["employee_score"]) == (12, 2, 10)


def test_score_card_company_without_people(host: Host) -> None:
    company = host.customer("COMPANY")
    card = host.card(company)
    assert (card["employee_count"], card["participation_rate"], card["average_score"]) == (
        *(0, None),
        None,
    )


def test_score_card_customer_without_a_run_yet(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    card = host.card(customer)
    assert (card["score"], card["calculated_at"]) == (6, None)


def test_score_card_unknown_customer_refused(host: Host) -> None:
    with refused("EG001"):
        host.card(-1)


@pytest.mark.parametrize("as_of", ["infinity", "-infinity"])
def test_score_card_at_no_instant_refused(host: Host, as_of: str) -> None:
    customer = host.customer()
    with refused("EG004"):
        host.card(customer, as_of)


@pytest.mark.parametrize(
    ("orders", "raised"),
    [
        ([], False),
        ([("2025-05-16 12:00:00.000001+00", 1)], True),
        ([("2025-05-16 12:00+00", 1)], False),  # exactly thirty days ago
        ([(NOW, 1)], True),
        ([("2025-06-16+00", 1)], False),  # in the future
        ([("2025-06-01+00", -1)], False),
        # More fell away than came.
        ([("2025-04-15+00", 3), ("2025-06-01+00", 2)], False),
        ([("2025-04-15+00", 2), ("2025-06-01+00", 3)], True),
        # A reversal of something old falling away is no activity.
        ([("2025-04-15+00", -3)], False),
    ],
)
def test_raised_recently(host: Host, orders: list[tuple[str, int]], raised: bool) -> None:
    host.rule(quantity_score=1, valid_for_weeks=8)
    customer = host.customer()
    for at, quantity in orders:
        host.order(customer, Line(quantity=quantity), at=at)
    assert host.card(customer)["raised_recently"] is raised
    host.set(RAISED_RECENTLY_DAYS="3660")


def test_raised_recently_is_not_moved_by_a_rule_change(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, at="2025-01-01+00")
    host.proven()
    host.revise({"quantity_score": 9}, retroactive=True)
    host.proven()
    assert host.score(customer).score == 9
    assert host.card(customer)["raised_recently"] is False
    host.set(RAISED_RECENTLY_DAYS="200")
    assert host.card(customer)["raised_recently"] is True


def test_customer_score_remembers_what_it_was(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.proven(as_of="2025-06-01+00")
    order = host.order(customer, Line(quantity=5))
    host.proven(as_of="2025-06-02+00")
    host.set_line(order.line, quantity=3)
    host.proven(as_of="2025-06-03+00")
    host.add_lines(None, customer, Line())
    host.proven(as_of="2025-06-04+00")
    row = host.score(customer)
    assert (row.score, row.previous_score) == (3, 5)
    assert (row.changed_at, row.raised_at) == (
        instant("2025-06-03+00"),
        instant("2025-06-02+00"),
    )


def test_customer_score_rows_of_categories_agree(host: Host) -> None:
    host.rule("A", quantity_score=1)
    host.rule("B", quantity_score=10, category_code="INVOLVEMENT")
    customer = host.customer()
    order = host.order(customer, Line(quantity=2))
    host.proven()
    query = "select category_code, score from engagement.category_score order by category_code"
    assert host.rows(query) == [("INVOLVEMENT", 20), ("PURCHASES_DONATIONS", 2)]
    host.retire(retroactive=True, code="B")
    host.proven()
    assert host.rows(query) == [("PURCHASES_DONATIONS", 2)]
    host.run("delete from crm.sales_order where order_id = %s", order.key)
    host.proven()
    assert host.rows(query) == []


def test_score_card_tells_what_waits(host: Host) -> None:
    """Statements since the customer was calculated; of a company's people, all that are queued."""
    host.rule(quantity_score=1)
    host.set(TRIGGER_MODE="DEFERRED")
    company, customer, other = host.customer("COMPANY"), host.customer(), host.customer()
    host.job(customer, company)
    host.proven(as_of=None)

    def waits(somebody: Any) -> tuple[int, Any]:
        card = host.card(somebody)
        return card["changes_waiting"], card["waiting_since"]

    assert [waits(who) for who in (company, customer, other)] == [(0, None)] * 3
    host.order(customer)
    host.order(other)
    since = host.one("select to_jsonb(min(queued_at)) from engagement.pending_activity")
    assert [waits(who) for who in (company, customer, other)] == [(2, since)] * 3
    host.refresh(customer)
    host.refresh(company)
    count = host.count("pending_activity")
    assert waits(customer) == (0, None)
    assert waits(other) == (count, since)
    assert waits(company) == (count, since)
    host.proven(as_of=None)
    assert [waits(who) for who in (company, customer, other)] == [(0, None)] * 3
