"""The oracle itself, against expectations worked out by hand. No database."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from . import oracle
from .oracle import UTC, Host, Parameters, Rule, Totals

D = Decimal
NEW_YORK = Parameters(time_zone="America/New_York")
ANN, BOB, ACME, BETA = 1, 2, 8, 9
PEOPLE = {ANN: "INDIVIDUAL", BOB: "INDIVIDUAL", ACME: "COMPANY", BETA: "COMPANY"}


def at(text: str) -> dt.datetime:
    """An instant in UTC."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)


def order(order_id: int, ordered_at: str, status: str = "PLACED", employer: Any = None) -> Any:
    return {
        "order_id": order_id,
        "order_status": status,
        "ordered_at": at(ordered_at),
        "bill_customer_id": None,
        "employer_id": employer,
    }


def line(
    line_id: int,
    order_id: int | None,
    quantity: str | None,
    amount: str | None,
    *,
    customer: int = ANN,
    product: str = "BOOK",
    status: str = "ACTIVE",
) -> Any:
    return {
        "order_line_id": line_id,
        "order_id": order_id,
        "ship_customer_id": customer,
        "product_id": product,
        "quantity": None if quantity is None else D(quantity),
        "amount": None if amount is None else D(amount),
        "line_status": status,
    }


def invoice(invoice_id: int, invoiced_at: str, status: str = "POSTED") -> Any:
    return {
        "invoice_id": invoice_id,
        "invoice_status": status,
        "invoiced_at": at(invoiced_at),
        "employer_id": None,
    }


def invoice_line(
    line_id: int, invoice_id: int, quantity: str, amount: str, reverses: int | None = None
) -> Any:
    return {
        "invoice_line_id": line_id,
        "invoice_id": invoice_id,
        "order_line_id": None,
        "ship_customer_id": ANN,
        "product_id": "BOOK",
        "quantity": D(quantity),
        "amount": D(amount),
        "reverses_line_id": reverses,
    }


def seat(seat_id: int, begin_on: str, end_on: str | None, committee: str = "BOARD") -> Any:
    return {
        "committee_member_id": seat_id,
        "committee_id": committee,
        "customer_id": ANN,
        "begin_on": on(begin_on),
        "end_on": on(end_on),
        "position": None,
    }


def job(
    employee: int,
    employer: int,
    begin_on: str | None = None,
    end_on: str | None = None,
    *,
    primary: bool = True,
) -> Any:
    return {
        "employee_id": employee,
        "employer_id": employer,
        "is_primary": primary,
        "begin_on": on(begin_on),
        "end_on": on(end_on),
    }


def social(
    source_id: int,
    score: str,
    *,
    subtype: str = "",
    scored_at: str = "2026-01-05 12:00",
    ends_at: str | None = None,
) -> Any:
    return {
        "source_id": source_id,
        "customer_id": ANN,
        "social_type": "BLOG",
        "social_subtype": subtype,
        "score": D(score),
        "scored_at": at(scored_at),
        "ends_at": None if ends_at is None else at(ends_at),
    }


def adjustment(
    source_id: int,
    points: str,
    adjusted_at: str = "2026-02-01 12:00",
    category: str | None = None,
    expires_at: str | None = None,
) -> Any:
    return {
        "source_id": source_id,
        "customer_id": ANN,
        "points": D(points),
        "adjusted_at": at(adjusted_at),
        "category_code": category,
        "expires_at": None if expires_at is None else at(expires_at),
    }


def host(**tables: Any) -> Host:
    """A host of four customers, two products and a committee, with these rows besides."""
    return Host(
        customer=[
            {"customer_id": key, "customer_type": kind, "is_active": True}
            for key, kind in PEOPLE.items()
        ],
        product=[
            {"product_id": "BOOK", "product_class": "PRINT"},
            {"product_id": "FAIR", "product_class": None},
        ],
        committee=[{"committee_id": "BOARD", "committee_class": "GOVERNANCE"}],
        **tables,
    )


def rule(rule_id: int = 1, **values: Any) -> Rule:
    """A rule on orders, of category PURCHASES_DONATIONS."""
    given: dict[str, Any] = {
        "rule_code": f"R{rule_id}",
        "category_code": "PURCHASES_DONATIONS",
        "engagement_type": "PRODUCT_PURCHASE",
        "effective_when": "ORDER_CREATION",
        **values,
    }
    return Rule(rule_id=rule_id, **given)


def seat_rule(rule_id: int = 1, **values: Any) -> Rule:
    return rule(
        rule_id,
        category_code="INVOLVEMENT",
        engagement_type="COMMITTEE_PARTICIPATION",
        effective_when=None,
        **values,
    )


def social_rule(rule_id: int = 1, **values: Any) -> Rule:
    given = {"rule_code": "SOCIAL_SCORE", "category_code": "SOCIAL_COMMUNITY", **values}
    return rule(rule_id, engagement_type="SOCIAL_COMMUNITY", effective_when=None, **given)


def only(found: Any) -> Any:
    (one,) = found
    return one


# --- points ---


@pytest.mark.parametrize(
    ("scores", "quantity", "amount", "decimals", "points"),
    [
        ({"quantity_score": D(2)}, "5", "0", 2, "10"),
        ({"amount_score": D("0.5")}, "1", "100", 2, "50"),
        ({"flat_score": D(3)}, "5", "100", 2, "3"),
        ({"flat_score": D(3)}, "-5", "100", 2, "-3"),
        ({"flat_score": D(3)}, "0", "-1", 2, "-3"),
        ({"flat_score": D(3)}, "0", "0", 2, "3"),
        (
            {"flat_score": D(1), "quantity_score": D(2), "amount_score": D("0.1")},
            "3",
            "9",
            1,
            "7.9",
        ),
        ({"amount_score": D("0.005")}, "1", "1", 2, "0"),
        ({"amount_score": D("0.005")}, "1", "3", 2, "0.02"),
        ({"amount_score": D("0.005")}, "1", "5", 2, "0.02"),
        ({"amount_score": D("0.005")}, "1", "-3", 2, "-0.02"),
        ({"amount_score": D("0.005")}, "1", "3.0000001", 2, "0.02"),
        ({"amount_score": D("0.005")}, "1", "1.0000001", 2, "0.01"),
        ({"amount_score": D("0.5")}, "1", "5", 0, "2"),
        ({"amount_score": D("0.5")}, "1", "7", 0, "4"),
        ({"amount_score": D("0.1")}, "1", "0.12345", 6, "0.012345"),
        ({"amount_score": D("0.1")}, "1", "0.123445", 6, "0.012344"),
    ],
)
def test_points_of_quantity_and_amount_rounds_once_half_to_even(
    scores: dict[str, Any], quantity: str, amount: str, decimals: int, points: str
) -> None:
    assert oracle.points_of(rule(**scores), D(quantity), D(amount), decimals) == D(points)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_points_of_number_not_finite_is_not_scorable(number: str) -> None:
    for quantity, amount in ((D(number), D(1)), (D(1), D(number))):
        with pytest.raises(oracle.NotScorableError):
            oracle.points_of(rule(flat_score=D(1)), quantity, amount, 2)


def test_points_of_product_beyond_range_is_not_scorable() -> None:
    huge = D("9e131071")
    assert oracle.points_of(rule(quantity_score=D(1)), huge, D(0), 2) == huge
    with pytest.raises(oracle.NotScorableError):
        oracle.points_of(rule(quantity_score=D(2)), huge, D(0), 2)


# --- local time ---


@pytest.mark.parametrize(
    ("zone", "local", "instant"),
    [
        ("UTC", "2026-03-08 02:30", "2026-03-08 02:30"),
        ("America/New_York", "2026-03-08 01:59", "2026-03-08 06:59"),
        ("America/New_York", "2026-03-08 02:30", "2026-03-08 07:30"),  # does not exist
        ("America/New_York", "2026-03-08 03:00", "2026-03-08 07:00"),
        ("America/New_York", "2026-11-01 00:59", "2026-11-01 04:59"),
        ("America/New_York", "2026-11-01 01:30", "2026-11-01 06:30"),  # exists twice
        ("America/New_York", "2026-11-01 02:00", "2026-11-01 07:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45"),  # half an hour's gap
        ("Africa/Cairo", "2026-04-24 00:00", "2026-04-23 22:00"),  # no midnight that day
        ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 22:00"),  # no such day there
    ],
)
def test_instant_of_local_time_reads_gaps_before_and_overlaps_after(
    zone: str, local: str, instant: str
) -> None:
    found = oracle.instant_of(dt.datetime.fromisoformat(local), ZoneInfo(zone))
    assert found == at(instant)


def test_add_days_across_clock_change_keeps_the_time_of_day() -> None:
    zone = ZoneInfo("America/New_York")
    assert oracle.add_days(at("2026-03-01 07:30"), 7, zone) == at("2026-03-08 07:30")
    assert oracle.add_days(at("2026-03-01 15:00"), 7, zone) == at("2026-03-08 14:00")
    assert oracle.add_days(at("2026-10-25 15:00"), 7, zone) == at("2026-11-01 16:00")
    assert oracle.add_days(at("2026-10-25 05:30"), 7, zone) == at("2026-11-01 06:30")
    assert oracle.add_days(at("2026-03-08 14:00"), -7, zone) == at("2026-03-01 15:00")


def test_whole_weeks_within_a_repeated_hour_are_none() -> None:
    zone = ZoneInfo("America/New_York")
    begin = at("2025-11-02 05:30")
    for end in ("2025-11-02 05:30", "2025-11-02 06:29", "2025-11-09 06:29"):
        assert oracle.whole_weeks(begin, at(end), zone) == 0
    assert oracle.whole_weeks(begin, at("2025-11-09 06:30"), zone) == 1


@pytest.mark.parametrize(
    ("zone", "day", "start"),
    [
        ("America/New_York", "2026-03-08", "2026-03-08 05:00"),
        ("Africa/Cairo", "2026-04-24", "2026-04-23 22:00"),  # no midnight
        ("Atlantic/Azores", "2025-10-26", "2025-10-26 00:00"),  # two of them
        ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00"),  # the day before never was
    ],
)
def test_start_of_day_with_two_midnights_is_the_first(zone: str, day: str, start: str) -> None:
    assert oracle.start_of_day(dt.date.fromisoformat(day), ZoneInfo(zone)) == at(start)


# --- which activities there are ---


def test_activities_of_orders_are_active_lines_of_placed_orders() -> None:
    given = host(
        sales_order=[
            order(10, "2026-01-05 12:00"),
            order(11, "2026-01-05 12:00", "DRAFT"),
            order(12, "2026-01-05 12:00", "CANCELLED"),
        ],
        order_line=[
            line(101, 10, "1", "5"),
            line(102, 10, "1", "5", status="CANCELLED"),
            line(103, 11, "1", "5"),
            line(104, 12, "1", "5"),
            line(105, None, "1", "5"),
        ],
    )
    assert [a.source_id for a in oracle.activities(given, Parameters())] == [101]


def taken(*lines: dict[str, Any]) -> dict[Any, tuple[Decimal, Decimal]]:
    """What is left of the lines of a posted invoice, 20, after a posted credit note, 21."""
    given = host(
        invoice=[
            invoice(20, "2026-01-05 12:00", "PAID"),
            invoice(21, "2026-02-05 12:00"),
            invoice(22, "2026-02-06 12:00", "VOID"),
            invoice(23, "2026-02-06 12:00", "DRAFT"),
        ],
        invoice_line=list(lines),
    )
    found = list(oracle.activities(given, Parameters()))
    assert {a.occurred_at for a in found} <= {at("2026-01-05 12:00")}
    return {a.source_id: (a.quantity, a.amount) for a in found}


def test_activities_of_credit_lines_take_from_the_credited_line() -> None:
    sale = invoice_line(201, 20, "2", "10")
    assert taken(sale, invoice_line(202, 21, "-2", "-10", reverses=201)) == {}
    assert taken(sale, invoice_line(202, 21, "-1", "-4", reverses=201)) == {201: (1, 6)}
    assert taken(sale, invoice_line(202, 21, "1", "4", reverses=201)) == {201: (1, 6)}
    assert taken(sale, invoice_line(202, 21, "0", "-4", reverses=201)) == {201: (2, 6)}
    assert taken(sale, invoice_line(202, 21, "-2", "-4", reverses=201)) == {201: (0, 6)}
    assert taken(sale, invoice_line(202, 21, "-9", "-90", reverses=201)) == {}
    assert taken(sale, invoice_line(202, 22, "-2", "-10", reverses=201)) == {201: (2, 10)}
    draft = invoice_line(201, 23, "2", "10")
    assert taken(draft, invoice_line(202, 21, "-2", "-10", reverses=201)) == {}


def test_activities_of_credit_lines_that_were_credited_give_back() -> None:
    sale = invoice_line(201, 20, "2", "10")
    credit = invoice_line(202, 21, "-2", "-10", reverses=201)
    assert taken(sale, credit, invoice_line(203, 21, "2", "10", reverses=202)) == {201: (2, 10)}
    assert taken(sale, credit, invoice_line(203, 21, "1", "3", reverses=202)) == {201: (1, 3)}
    back = invoice_line(203, 21, "2", "10", reverses=202)
    once_more = invoice_line(204, 21, "-1", "-1", reverses=203)
    assert taken(sale, credit, back, once_more) == {201: (1, 9)}
    # They take back each other, or themselves: nothing is sold.
    pairs = ((205, 206), (206, 205), (207, 207))
    circle = [invoice_line(key, 21, "1", "1", reverses=other) for key, other in pairs]
    assert taken(sale, *circle) == {201: (2, 10)}


def test_activities_of_seats_last_to_the_end_of_the_last_local_day() -> None:
    given = host(
        committee_member=[seat(31, "2026-03-07", "2026-03-08"), seat(32, "2026-01-01", None)]
    )
    found = {a.source_id: (a.occurred_at, a.ended_at) for a in oracle.activities(given, NEW_YORK)}
    assert found == {
        31: (at("2026-03-07 05:00"), at("2026-03-09 04:00")),
        32: (at("2026-01-01 05:00"), None),
    }


def test_activities_of_the_package_itself_are_social_scores_and_adjustments() -> None:
    given = host(
        social_score=[
            social(41, "12", scored_at="2026-01-05 12:00"),
            social(42, "3", subtype="COMMENT", ends_at="2026-03-01 00:00"),
        ],
        score_adjustment=[adjustment(51, "-5", expires_at="2026-06-01 00:00")],
    )
    found = {a.source_id: a for a in oracle.activities(given, Parameters())}
    assert {key: (a.source, a.quantity, a.amount) for key, a in found.items()} == {
        41: ("social_score", 1, 12),
        42: ("social_score", 1, 3),
        51: ("adjustment", 0, -5),
    }
    assert [found[key].subject_class for key in (41, 42)] == [None, "COMMENT"]
    assert found[42].ended_at == at("2026-03-01 00:00")
    assert found[51].ended_at == at("2026-06-01 00:00")


# --- awards ---


def test_awards_of_one_line_under_several_rules_are_one_each() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00")], order_line=[line(101, 10, "5", "100")]
    )
    rules = [
        rule(1, quantity_score=D(2)),
        rule(2, amount_score=D("0.5"), subject_id="BOOK"),
        rule(3, flat_score=D(1), subject_class="PRINT"),
        rule(4, flat_score=D(1), subject_id="FAIR"),
        rule(5, flat_score=D(1), subject_class="FOOD"),
        rule(6, flat_score=D(1), effective_when="INVOICE_CREATION"),
        rule(7, flat_score=D(1), is_active=False),
        rule(8, flat_score=D("0.004")),
        seat_rule(9, flat_score=D(1)),
    ]
    found = {a.rule_id: a.points for a in oracle.awards(given, rules, Parameters())}
    assert found == {1: D(10), 2: D(50), 3: D(1)}


def test_awards_of_null_quantity_and_amount_count_them_as_zero() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00")], order_line=[line(101, 10, None, None)]
    )
    found = only(oracle.awards(given, [rule(flat_score=D(4), amount_score=D(9))], Parameters()))
    assert (found.quantity, found.amount, found.points) == (0, 0, 4)


def test_awards_at_the_ends_of_a_rule_begin_inclusive_and_end_exclusive() -> None:
    given = host(
        sales_order=[order(n, f"2026-01-0{n} 12:00") for n in (1, 2, 3, 4)],
        order_line=[line(100 + n, n, "1", "1") for n in (1, 2, 3, 4)],
    )
    limited = rule(
        flat_score=D(1),
        applies_from=at("2026-01-02 12:00"),
        applies_until=at("2026-01-04 12:00"),
    )
    assert {a.source_id for a in oracle.awards(given, [limited], Parameters())} == {102, 103}


def test_awards_of_seats_expire_at_the_earlier_of_end_and_weeks() -> None:
    given = host(
        committee_member=[
            seat(31, "2026-03-01", "2026-03-10"),
            seat(32, "2026-03-01", None),
            seat(33, "2026-03-01", "2026-02-27"),
            seat(34, "2026-03-01", "2026-02-28"),
            seat(35, "2026-03-01", "2026-03-01"),
        ]
    )
    found = oracle.awards(given, [seat_rule(flat_score=D(5), valid_for_weeks=1)], NEW_YORK)
    assert {a.source_id: a.expires_at for a in found} == {
        31: at("2026-03-08 05:00"),
        32: at("2026-03-08 05:00"),
        35: at("2026-03-02 05:00"),
    }


def test_awards_of_zero_weeks_are_none() -> None:
    given = host(sales_order=[order(10, "2026-01-05 12:00")], order_line=[line(101, 10, "1", "1")])
    limited = rule(flat_score=D(1), valid_for_weeks=0)
    assert oracle.awards(given, [limited], Parameters()) == set()


@pytest.mark.parametrize(
    ("multiplier", "points"), [("2", [10, -4]), ("0.5", [D("2.5"), -1]), ("0", []), ("-1", [])]
)
def test_awards_of_social_scores_take_the_multiplier_if_above_zero(
    multiplier: str, points: list[Any]
) -> None:
    given = host(social_score=[social(41, "5"), social(42, "-2", subtype="COMMENT")])
    multiply = social_rule(1, amount_score=D(multiplier))
    found = sorted(oracle.awards(given, [multiply], Parameters()), key=lambda a: a.source_id)
    assert [a.points for a in found] == points
    # It is a switch: nothing else that the rule gives counts either. Other rules do.
    switched = replace(multiply, flat_score=D(9))
    other = social_rule(2, rule_code="BLOGS", flat_score=D(1), subject_class="COMMENT")
    found = sorted(oracle.awards(given, [switched, other], Parameters()), key=lambda a: a.points)
    assert [a.rule_id for a in found] == [2, 1, 1][: 1 + len(points)]


def test_awards_of_adjustments_are_their_points_until_they_expire() -> None:
    given = host(
        score_adjustment=[
            adjustment(51, "-5", expires_at="2026-06-01 00:00"),
            adjustment(52, "0.126"),
        ]
    )
    adjust = rule(1, engagement_type="ADJUSTMENT", effective_when=None, amount_score=D(1))
    found = {a.source_id: a for a in oracle.awards(given, [adjust], Parameters())}
    assert {key: a.points for key, a in found.items()} == {51: -5, 52: D("0.13")}
    assert (found[51].expires_at, found[52].expires_at) == (at("2026-06-01 00:00"), None)


def test_failures_of_numbers_not_finite_leave_other_rows_scored() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00")],
        order_line=[line(101, 10, "NaN", "1"), line(102, 10, "1", "1")],
    )
    rules = [rule(1, flat_score=D(1)), rule(2, quantity_score=D(1))]
    found = oracle.awards(given, rules, Parameters())
    assert {(a.source_id, a.rule_id) for a in found} == {(102, 1), (102, 2)}
    assert oracle.failures(given, rules, Parameters()) == {
        ("order_line", 101, 1),
        ("order_line", 101, 2),
    }


# --- employers ---


def test_primary_employer_on_a_date_is_the_latest_begun_then_the_smallest() -> None:
    given = host(
        employment=[
            job(ANN, BETA),
            job(ANN, ACME, "2026-01-01", "2026-01-31"),
            job(ANN, BETA, "2026-02-01"),
            job(ANN, ACME, "2026-02-01"),
            job(ANN, ACME, "2026-03-01", primary=False),
            job(BOB, ACME, "2026-05-01"),
        ]
    )

    def employer(person: int, day: str) -> Any:
        return oracle.primary_employer(given, person, dt.date.fromisoformat(day))

    assert employer(ANN, "2025-12-31") == BETA
    assert employer(ANN, "2026-01-01") == ACME
    assert employer(ANN, "2026-01-31") == ACME
    assert employer(ANN, "2026-02-01") == ACME
    assert employer(ANN, "2026-03-02") == ACME
    assert employer(BOB, "2026-04-30") is None


def test_employer_of_order_is_the_chosen_one_only_with_multiple_employers() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00", employer=BETA)],
        order_line=[line(101, 10, "1", "1"), line(102, 10, "1", "1", customer=BOB)],
        employment=[
            job(ANN, ACME),
            job(ANN, BETA, "2020-01-01", "2020-12-31", primary=False),
            job(BOB, ACME),
        ],
    )
    rules = [rule(flat_score=D(1))]
    single = {a.source_id: a.employer_id for a in oracle.awards(given, rules, Parameters())}
    both = Parameters(multiple_concurrent_employers=True)
    multiple = {a.source_id: a.employer_id for a in oracle.awards(given, rules, both)}
    assert single == {101: ACME, 102: ACME}
    assert multiple == {101: BETA, 102: ACME}


def test_employer_of_order_near_midnight_is_that_of_the_local_date() -> None:
    given = host(
        sales_order=[order(10, "2026-01-01 03:00")],
        order_line=[line(101, 10, "1", "1")],
        employment=[job(ANN, ACME, None, "2025-12-31"), job(ANN, BETA, "2026-01-01")],
    )
    rules = [rule(flat_score=D(1))]
    assert only(oracle.awards(given, rules, Parameters())).employer_id == BETA
    assert only(oracle.awards(given, rules, NEW_YORK)).employer_id == ACME


# --- totals ---


def scored() -> tuple[Host, list[Rule]]:
    """Ann bought in three years, once for eight weeks only; she works for Acme."""
    given = host(
        sales_order=[
            order(10, "2022-06-01 12:00"),
            order(11, "2025-06-01 12:00"),
            order(12, "2026-02-01 12:00"),
        ],
        order_line=[line(101, 10, "1", "10"), line(102, 11, "1", "20"), line(103, 12, "1", "40")],
        committee_member=[seat(31, "2026-03-01", "2026-03-31")],
        employment=[job(ANN, ACME, "2025-01-01")],
    )
    rules = [rule(1, amount_score=D(1), valid_for_weeks=52), seat_rule(2, flat_score=D(5))]
    return given, rules


def test_scores_at_an_instant_count_now_this_year_and_the_overview() -> None:
    given, rules = scored()
    found = oracle.scores(given, rules, Parameters(), at("2026-03-15 00:00"))
    assert found[ANN].own == Totals(D(65), D(45), D(65))
    assert found[ANN].employee == Totals()
    assert found[ANN].categories == {
        "PURCHASES_DONATIONS": Totals(D(60), D(40), D(60)),
        "INVOLVEMENT": Totals(D(5), D(5), D(5)),
    }
    assert found[ACME].own == Totals()
    assert found[ACME].employee == Totals(D(65), D(45), D(65))
    assert found[ACME].score == D(65)
    assert found[BOB].score == D(0)


def test_scores_after_expiry_keep_the_year_and_the_overview() -> None:
    given, rules = scored()
    found = oracle.scores(given, rules, Parameters(overview_years=4), at("2026-12-31 00:00"))
    assert found[ANN].own == Totals(D(40), D(45), D(75))


def test_scores_at_begin_and_end_of_an_award_include_begin_only() -> None:
    given, rules = scored()
    begin, end = at("2026-02-01 12:00"), at("2027-01-31 12:00")
    second = dt.timedelta(seconds=1)
    seen = [
        oracle.scores(given, rules[:1], Parameters(), t)[ANN].own.score
        for t in (begin - second, begin, end - second, end)
    ]
    assert seen == [D(20), D(60), D(40), D(0)]


def test_scores_of_somebody_employed_by_himself_are_not_counted_twice() -> None:
    given, rules = scored()
    given = replace(given, employment=[job(ANN, ANN)])
    found = oracle.scores(given, rules, Parameters(), at("2026-03-15 00:00"))
    assert found[ANN].score == D(65)


def test_scores_with_the_roll_up_switched_off_are_own_ones() -> None:
    given, rules = scored()
    found = oracle.scores(given, rules, Parameters(rolls_up=False), at("2026-03-15 00:00"))
    assert found[ANN].own == Totals(D(65), D(45), D(65))
    assert found[ACME] == oracle.Score()


def test_scores_with_current_employers_follow_the_person_on_the_local_date() -> None:
    given, rules = scored()
    given = replace(
        given, employment=[job(ANN, ACME, None, "2026-03-14"), job(ANN, BETA, "2026-03-15")]
    )
    current = replace(NEW_YORK, current_employers=True)
    shown = [
        (found[ACME].employee, found[BETA].employee)
        for instant in ("2026-03-15 03:59", "2026-03-15 04:00")
        for found in [oracle.scores(given, rules, current, at(instant))]
    ]
    everything = Totals(D(65), D(45), D(65))  # also what she earned before there was a job
    assert shown == [(everything, Totals()), (Totals(), everything)]


def test_staff_on_a_date_is_everybody_else_with_a_job_that_day() -> None:
    given = host(
        employment=[
            job(ANN, ACME, None, "2026-03-14", primary=False),
            job(ANN, ACME, "2020-01-01", "2026-03-14"),
            job(BOB, ACME, "2026-03-15"),
            job(ACME, ACME),
        ]
    )
    days = dt.date(2026, 3, 14), dt.date(2026, 3, 15)
    assert [oracle.staff_on(day, ACME, given) for day in days] == [{ANN}, {BOB}]


# --- inactivity ---


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2022-01-31 11:59", "0"),
        ("2022-01-31 12:00", "8"),
        ("2022-02-28 11:59", "8"),
        ("2022-02-28 12:00", "4"),  # a month after the last day of January
        ("2022-03-10 12:00", "9"),  # active again
        ("2022-04-10 12:00", "4.5"),
        ("2022-06-10 11:59", "4.5"),
        ("2022-06-10 12:00", "0"),
    ],
)
@pytest.mark.parametrize("is_category", [True, False])
def test_score_of_the_inactive_is_what_the_steps_leave(
    instant: str, expected: str, is_category: bool
) -> None:
    given = host(
        sales_order=[order(10, "2022-01-31 12:00"), order(11, "2022-03-10 12:00")],
        order_line=[line(101, 10, "8", "0"), line(102, 11, "1", "0")],
    )
    steps = ((1, 50), (3, 0))
    parameters = Parameters(category_steps=(("PURCHASES_DONATIONS", steps),) if is_category else ())
    rules = [rule(quantity_score=D(1), inactivity_steps=None if is_category else steps)]
    assert oracle.scores(given, rules, parameters, at(instant))[ANN].own.score == D(expected)
    silent = replace(rules[0], inactivity_steps=())
    assert oracle.scores(given, [silent], parameters, at("2030-01-01 00:00"))[ANN].own.score == 9


# --- raised recently ---


def raised(instant: str, **changes: Any) -> Any:
    """Whether Ann has risen, of whom there are 10 points in June 2022, 20, 40 and a seat."""
    given, rules = scored()
    given = replace(given, score_adjustment=[adjustment(51, "3", "2026-03-20 12:00")])
    rules.append(rule(3, engagement_type="ADJUSTMENT", effective_when=None, amount_score=D(1)))
    parameters = replace(Parameters(), **changes)
    live = oracle.awards(given, rules, parameters)
    return oracle.recent_raise(ANN, live, parameters, at(instant))


@pytest.mark.parametrize(
    ("instant", "days", "expected"),
    [
        ("2026-02-01 11:59", 30, None),
        ("2026-02-01 12:00", 30, ("40", "2026-02-01 12:00")),
        ("2026-03-03 11:59", 30, ("45", "2026-03-01 00:00")),  # the order and the seat
        ("2026-03-03 12:00", 30, ("5", "2026-03-01 00:00")),
        ("2026-03-25 12:00", 30, ("8", "2026-03-01 00:00")),  # the adjustment is no activity
        ("2026-04-10 12:00", 30, None),  # it alone is higher than then
        ("2026-04-10 12:00", 50, ("3", "2026-03-01 00:00")),  # there was some, though it ended
        ("2026-04-10 12:00", 90, ("43", "2026-03-01 00:00")),
    ],
)
def test_recent_raise_is_higher_than_before_through_activity_since(
    instant: str, days: int, expected: tuple[str, str] | None
) -> None:
    found = raised(instant, raised_recently_days=days)
    assert found == (None if expected is None else (D(expected[0]), at(expected[1])))


def test_recent_raise_of_points_that_outweigh_is_none() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00"), order(11, "2026-03-05 12:00")],
        order_line=[line(101, 10, "1", "0"), line(102, 11, "1", "0"), line(103, 11, "-1", "0")],
    )
    live = oracle.awards(given, [rule(quantity_score=D(1))], Parameters())
    assert oracle.recent_raise(ANN, live, Parameters(), at("2026-03-10 00:00")) is None


# --- percentiles and bands ---


@pytest.mark.parametrize(
    ("peers", "expected"),
    [
        ([5], [50]),
        ([1, 2], [25, 75]),
        ([0, 0, 0, 9], [37, 37, 37, 87]),
        ([1, 2, 3], [16, 50, 83]),
        ([*range(100)], [*range(100)]),
    ],
)
def test_percentile_counts_those_below_and_half_of_equals(
    peers: list[int], expected: list[int]
) -> None:
    scores = [D(peer) for peer in peers]
    assert [oracle.percentile(score, scores) for score in scores] == expected


def test_percentile_of_the_highest_of_many_is_99() -> None:
    scores = [D(n) for n in range(1000)]
    assert oracle.percentile(D(999), scores) == 99


def test_percentiles_are_among_active_customers_of_one_type() -> None:
    given = host()
    given.customer = [*given.customer, {**given.customer[0], "customer_id": 3, "is_active": False}]
    scores = {ANN: D(5), BOB: D(7), ACME: D(0), BETA: D(100), 3: D(9), 4: D(50)}
    found = {ANN: 25, BOB: 75, ACME: 25, BETA: 75, 3: None, 4: None}
    assert oracle.percentiles(scores, given) == found


@pytest.mark.parametrize(
    ("score", "rank", "band"),
    [
        ("100", 99, "TOP"),
        ("100", 90, "TOP"),
        ("0", 89, "GOOD"),
        ("100", 50, "GOOD"),
        ("100", 49, "RICH"),
        ("100", None, "RICH"),
        ("99.99", 49, "SOME"),
        ("1", 0, "SOME"),
        ("0.99", 0, None),
        ("-1", None, None),
    ],
)
def test_band_of_goes_by_percentile_then_by_score(
    score: str, rank: int | None, band: str | None
) -> None:
    bands = [
        oracle.Band("SOME", D(1), None),
        oracle.Band("TOP", None, 90),
        oracle.Band("GOOD", None, 50),
        oracle.Band("RICH", D(100), None),
    ]
    assert oracle.band_of(D(score), rank, bands) == band


@pytest.mark.parametrize(
    ("as_of", "month", "start"),
    [
        ("2026-03-15 00:00", 1, "2026-01-01 05:00"),
        ("2026-01-01 04:59", 1, "2025-01-01 05:00"),
        ("2026-01-01 05:00", 1, "2026-01-01 05:00"),
        ("2026-06-30 12:00", 7, "2025-07-01 04:00"),
        ("2026-07-01 04:00", 7, "2026-07-01 04:00"),
    ],
)
def test_year_to_date_start_in_a_zone_is_local_midnight(as_of: str, month: int, start: str) -> None:
    given = replace(NEW_YORK, ytd_start_month=month)
    assert oracle.year_to_date_start(at(as_of), given) == at(start)


def test_overview_start_ignores_the_month_in_which_the_year_begins() -> None:
    given = Parameters(overview_years=3, ytd_start_month=7)
    assert oracle.overview_start(at("2026-03-15 00:00"), given) == at("2023-01-01 00:00")
    given = Parameters(overview_years=0)
    assert oracle.overview_start(at("2026-03-15 00:00"), given) == at("2026-01-01 00:00")


# --- next change ---


def test_next_change_of_somebody_without_awards_is_never() -> None:
    given, rules = scored()
    live = oracle.awards(given, rules, Parameters())
    now = at("2026-03-15 00:00")
    assert oracle.next_change(BOB, live, given, rules, Parameters(), now) is None
    assert oracle.next_boundary(BOB, live, given, Parameters(), now) == at("2027-01-01 00:00")


def test_next_change_walks_through_ends_years_and_overview() -> None:
    given, rules = scored()
    live = oracle.awards(given, rules, Parameters())
    seen = []
    now: dt.datetime | None = at("2026-03-15 00:00")
    while now is not None:
        now = oracle.next_change(ANN, live, given, rules, Parameters(), now)
        seen.append(now)
    assert seen == [
        at("2026-04-01 00:00"),  # the seat ends
        at("2026-05-31 12:00"),  # 20 of 2025 expire
        at("2027-01-01 00:00"),  # a new year to date
        at("2027-01-31 12:00"),  # 40 of 2026 expire
        at("2029-01-01 00:00"),  # 20 of 2025 leave the overview
        at("2030-01-01 00:00"),  # 45 of 2026 leave it
        None,
    ]


def test_next_change_of_an_employer_is_that_of_the_employees() -> None:
    given, rules = scored()
    live = oracle.awards(given, rules, Parameters())
    now = at("2026-03-15 00:00")
    found = oracle.next_change(ACME, live, given, rules, Parameters(), now)
    assert found == at("2026-04-01 00:00")


def test_next_change_of_an_employer_switched_off_is_never() -> None:
    given, rules = scored()
    off = Parameters(rolls_up=False)
    live = oracle.awards(given, rules, off)
    assert oracle.next_change(ACME, live, given, rules, off, at("2026-03-15 00:00")) is None


def test_next_change_with_current_employers_is_when_somebody_changes_the_job() -> None:
    given, rules = scored()
    given = replace(
        given,
        employment=[
            job(ANN, ACME, None, "2026-03-19"),
            job(ANN, BETA, "2026-03-22"),
            job(BOB, ACME, "2026-03-16"),  # who earned nothing
        ],
    )
    current = Parameters(current_employers=True)
    live = oracle.awards(given, rules, current)
    now = at("2026-03-15 00:00")
    found = {c: oracle.next_change(c, live, given, rules, current, now) for c in (ACME, BETA)}
    assert found == {ACME: at("2026-03-20 00:00"), BETA: at("2026-03-22 00:00")}
    early = {c: oracle.next_boundary(c, live, given, current, now) for c in (ACME, BETA)}
    assert early == {ACME: at("2026-03-16 00:00"), BETA: at("2026-03-20 00:00")}
    assert oracle.moves(ACME, given, Parameters(), now) == []


def test_next_change_of_points_that_cancel_out_is_later_than_the_boundary() -> None:
    given = host(
        sales_order=[order(10, "2026-01-05 12:00")],
        order_line=[line(101, 10, "2", "0"), line(102, 10, "-2", "0")],
    )
    rules = [rule(quantity_score=D(1), valid_for_weeks=1)]
    live = oracle.awards(given, rules, Parameters())
    now = at("2026-01-06 00:00")
    assert len(live) == 2
    assert oracle.next_boundary(ANN, live, given, Parameters(), now) == at("2026-01-12 12:00")
    assert oracle.next_change(ANN, live, given, rules, Parameters(), now) is None
