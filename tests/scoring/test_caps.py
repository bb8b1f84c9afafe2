"""Caps: the awards of a customer, rule and period take the room that is left, in order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from engagement_runner.deploy import deploy
from scoring.fixtures import furnish
from scoring.host import NOW, Host, Line, refused


def capped(host: Host, customer: Any, as_of: Any = NOW, known_at: Any = "infinity") -> list[Any]:
    """What caps leave of each award that counts, in the order in which they take it."""
    return [row.capped_points for row in host.explain(customer, as_of, known_at)]


@pytest.mark.parametrize(
    ("period", "zone", "orders"),
    [
        ("DAY", "UTC", ["2025-03-03 00:00", "2025-03-03 23:59:59.999999", "2025-03-04 00:00|"]),
        # Midnight in Zurich is 23:00 in winter and 22:00 in summer; the day of the change of the
        # clock has 23 hours in spring and 25 in autumn.
        ("DAY", "Europe/Zurich", ["2025-01-01 22:59", "2025-01-01 23:00|", "2025-01-02 22:59"]),
        ("DAY", "Europe/Zurich", ["2025-03-29 22:59", "2025-03-29 23:00|", "2025-03-30 21:59"]),
        ("DAY", "Europe/Zurich", ["2025-03-30 21:59", "2025-03-30 22:00|", "2025-03-31 21:59"]),
        ("DAY", "Europe/Zurich", ["2024-10-26 21:59", "2024-10-26 22:00|", "2024-10-27 22:59"]),
        ("DAY", "Europe/Zurich", ["2024-10-27 22:59", "2024-10-27 23:00|"]),
        # A day that begins at one o'clock, because its midnight was skipped.
        ("DAY", "America/Havana", ["2025-03-09 04:59", "2025-03-09 05:00|", "2025-03-10 03:59"]),
        # A day that never was.
        ("DAY", "Pacific/Apia", ["2011-12-30 09:59", "2011-12-30 10:00|", "2011-12-31 09:59"]),
        # Weeks begin on Monday, across the new year as well.
        ("WEEK", "UTC", ["2025-03-02 23:59", "2025-03-03 00:00|", "2025-03-09 23:59"]),
        ("WEEK", "UTC", ["2024-12-29 23:59", "2024-12-30 00:00|", "2025-01-05 23:59"]),
        ("WEEK", "Asia/Tokyo", ["2025-03-02 14:59", "2025-03-02 15:00|", "2025-03-09 14:59"]),
        ("WEEK", "Europe/Zurich", ["2025-03-30 21:59", "2025-03-30 22:00|", "2025-04-06 21:59"]),
        ("MONTH", "UTC", ["2025-01-31 23:59", "2025-02-01 00:00|", "2025-02-28 23:59"]),
        ("MONTH", "America/New_York", ["2025-04-01 03:59", "2025-04-01 04:00|"]),
        ("YEAR", "UTC", ["2024-01-01 00:00", "2024-12-31 23:59", "2025-01-01 00:00|"]),
        ("YEAR", "Pacific/Auckland", ["2024-12-31 10:59", "2024-12-31 11:00|"]),
        ("EVER", "UTC", ["1969-07-20 20:17", "2000-01-01 00:00", "2025-03-03 10:00"]),
    ],
)  # fmt: skip
def test_cap_period_is_the_calendar_of_effective_at_in_the_time_zone(
    host: Host, period: str, zone: str, orders: list[str]
) -> None:
    """A bar marks the first activity of another period."""
    host.set(TIME_ZONE=zone)
    host.rule(quantity_score=1, cap_points=10, cap_period=period)
    customer = host.customer()
    expected = []
    for number, order in enumerate(orders):
        host.order(customer, Line(quantity=7), at=f"{order.rstrip('|')}+00")
        begins = number == 0 or order.endswith("|")
        expected.append(7 if begins else 3 if expected[-1] == 7 else 0)
    assert capped(host, customer) == expected
    host.proven()
    assert host.agreed(customer) == sum(expected)


def test_cap_takes_activities_in_the_order_of_their_instants(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    for day, quantity in ((20, 4), (10, 5), (15, 6), (5, 2)):
        host.order(customer, Line(quantity=quantity), at=f"2025-03-{day:02}+00")
    assert capped(host, customer) == [2, 5, 3, 0]


def test_cap_takes_activities_of_one_instant_in_the_order_of_their_keys(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    host.order(customer, *(Line(quantity=quantity) for quantity in (4, 3, 5, 1)))
    assert [(row.awarded_points, row.capped_points) for row in host.explain(customer)] == [
        *((4, 4), (3, 3), (5, 3), (1, 0)),
    ]


def test_cap_orders_keys_that_are_numbers_as_numbers(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    host.run("select setval('crm.key_number', 97, false)")
    host.order(customer, *(Line(quantity=4) for _ in range(5)))
    assert {len(str(row.source_id)) for row in host.explain(customer)} == {2, 3}
    assert capped(host, customer) == [4, 4, 2, 0, 0]


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_cap_with_other_keys(deployed_as: Callable[[str], Any], key_type: str) -> None:
    host = furnish(deployed_as(key_type))
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH", half_life_weeks=5)
    customer, company = host.customer(), host.customer("COMPANY")
    host.job(customer, company)
    host.order(customer, *(Line(quantity=quantity) for quantity in (4, 3, 5, 1)))
    assert sorted(capped(host, customer)) == [0, 3, 3, 4]
    host.proven()
    # Fourteen weeks leave a factor of 0.1436: 0.57 of 4, and twice 0.43 of 3.
    assert host.agreed(customer) == host.score(company).employee_score == Decimal("1.43")


@pytest.fixture
def english(server: Any) -> Iterator[psycopg.Connection[Any]]:
    """Session in a database that compares as English does, wherever the others are."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as session:
        try:
            session.execute(
                "create database english template template0 locale_provider icu icu_locale 'en'"
                " locale 'C'"
            )
        except psycopg.errors.FeatureNotSupported:
            pytest.skip("this server has no ICU")
        try:
            with psycopg.connect(server.dsn("english"), autocommit=True) as inside:
                yield inside
        finally:
            session.execute("drop database english")


def test_cap_orders_text_keys_letter_by_letter(english: psycopg.Connection[Any]) -> None:
    """Not as a language does, which differs between servers and their versions."""
    assert english.execute("select 'a' < 'B'").fetchone() == (True,)
    deploy(english, "reference", "text")
    host = furnish(english)
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    lines = host.order(customer, *(Line(quantity=4) for _ in range(4))).lines
    for key, line in zip(("a-1", "B", "_", "Z9"), lines, strict=True):
        host.run("update crm.order_line set order_line_id = %s where order_line_id = %s", key, line)
    host.proven()
    assert {row.source_id: row.capped_points for row in host.explain(customer)} == {
        "B": 4,
        "Z9": 4,
        "_": 2,
        "a-1": 0,
    }


def test_cap_negative_points_give_room_back(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    for day, quantity in enumerate((8, 5, -4, 3, 9, -20, 25), 1):
        host.order(customer, Line(quantity=quantity), at=f"2025-03-{day:02}+00")
    # 8, 10, 6, 9, 10, -10, 10
    assert capped(host, customer) == [8, 2, -4, 3, 1, -20, 20]
    host.proven()
    assert host.agreed(customer) == 10


def test_cap_expiry_gives_no_room_back(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="EVER", valid_for_weeks=2)
    customer = host.customer()
    for at, quantity in (("2025-01-01+00", 7), ("2025-01-10+00", 7), ("2025-03-01+00", 7)):
        host.order(customer, Line(quantity=quantity), at=at)
    scores = {"2025-01-10+00": 10, "2025-01-15+00": 3, "2025-01-24+00": 0, "2025-03-01+00": 0}
    for as_of, score in scores.items():
        assert host.score_at(customer, as_of) == score
        host.proven(as_of=as_of)
        assert host.agreed(customer, as_of) == score


def test_cap_of_a_future_activity_takes_nothing_from_earlier_ones(host: Host) -> None:
    host.seat_rule(cap_points=40, cap_period="YEAR")
    customer = host.customer()
    host.seat(customer, "2025-12-01")
    host.seat(customer, "2025-07-01")
    host.proven()
    assert host.agreed(customer) == 0
    assert [host.score_at(customer, at) for at in ("2025-07-01+00", "2025-12-01+00")] == [30, 40]
    assert host.score(customer).next_change_at == dt.datetime(2025, 7, 1, tzinfo=dt.UTC)
    host.seat(customer, "2025-01-01")
    host.proven()
    assert host.agreed(customer) == 30
    assert [host.score_at(customer, at) for at in ("2025-07-01+00", "2025-12-01+00")] == [40, 40]


def test_cap_is_one_for_all_sources_of_a_rule(host: Host) -> None:
    """Of one instant the source that comes first by name takes first."""
    host.run("create view engagement_host.gift as select v.* from engagement_host.order_line v")
    host.run(
        "call engagement.register_source('gift', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
        " 'engagement_host.gift')"
    )
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    host.order(customer, Line(quantity=6), Line(quantity=3))
    host.proven("FULL")
    assert [(row.source, row.capped_points) for row in host.explain(customer)] == [
        *(("gift", 6), ("gift", 3), ("order_line", 1), ("order_line", 0)),
    ]
    assert host.agreed(customer) == 10


def test_cap_of_each_rule_and_customer_is_its_own(host: Host) -> None:
    host.rule("A", quantity_score=1, cap_points=10, cap_period="MONTH")
    host.rule("B", quantity_score=2, cap_points=15, cap_period="YEAR")
    host.rule("C", quantity_score=3, category_code="INVOLVEMENT")
    people = [host.customer(), host.customer()]
    for person in people:
        host.order(person, Line(quantity=6), Line(quantity=6))
    host.proven()
    for person in people:
        assert host.agreed(person) == 10 + 15 + 36
        assert [
            sum(row.points for row in host.explain(person) if row.rule_code == code)
            for code in "ABC"
        ] == [10, 15, 36]


def test_cap_room_of_voided_and_replaced_awards_goes_to_others(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH")
    customer = host.customer()
    first = host.order(customer, Line(quantity=8), at="2025-03-01+00")
    host.order(customer, Line(quantity=8), at="2025-03-02+00")
    known = [host.clock()]
    host.set_line(first.line, quantity=5)
    known.append(host.clock())
    host.set_order(first, order_status="CANCELLED")
    known.append(host.clock())
    host.set_order(first, order_status="PLACED", ordered_at="2025-02-01+00")
    known.append(host.clock())
    assert [capped(host, customer, known_at=at) for at in known] == [[8, 2], [5, 5], [8], [5, 8]]
    assert [host.score_at(customer, known_at=at) for at in known] == [10, 10, 8, 13]
    cards = [host.card(customer, known_at=at) for at in known]
    assert [card["own_score"] for card in cards] == [10, 10, 8, 13]
    assert [
        [rule["overview_score"] for c in card["categories"] for rule in c["rules"]]
        for card in cards
    ] == [[10], [10], [8], [13]]
    host.proven()
    assert host.agreed(customer) == 13


def test_cap_credit_note_makes_room_for_others_of_the_period(host: Host) -> None:
    host.rule(
        amount_score="0.1", effective_when="INVOICE_CREATION", cap_points=10, cap_period="MONTH"
    )
    customer = host.customer()
    invoice = host.invoice(customer, Line(amount=60), at="2025-03-01+00")
    host.invoice(customer, Line(amount=80), at="2025-03-20+00")
    assert capped(host, customer) == [6, 4]
    host.invoice(customer, Line(amount=-60), at="2025-04-15+00", reverses=invoice.line)
    assert capped(host, customer) == [8]
    host.proven()
    assert host.agreed(customer) == 8


@pytest.mark.parametrize(("attribution", "scores"), [("AT_ACTIVITY", (8, 2)), ("CURRENT", (0, 10))])
def test_cap_of_a_person_caps_what_employers_have_of_it(
    host: Host, attribution: str, scores: tuple[int, int]
) -> None:
    host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR", category_code="INVOLVEMENT")
    host.rule("MORE", quantity_score=100, subject_id="MUG")
    old, new = host.customer("COMPANY"), host.customer("COMPANY")
    people = [host.customer() for _ in range(2)]
    for person in people:
        host.job(person, old, end="2025-03-31")
        host.job(person, new, begin="2025-04-01")
    host.job(old, old)  # its own points are no employee's
    for person in people:
        host.order(person, Line(quantity=8), at="2025-03-01+00")
        host.order(person, Line(quantity=8), at="2025-04-02+00")
    host.order(old, Line(quantity=30), at="2025-03-01+00")
    host.proven()
    assert [host.agreed(person) for person in people] == [10, 10]
    assert (host.score(old).own_score, host.score(old).score) == (10, 10 + 2 * scores[0])
    rows = [host.score(old), host.score(new)]
    for column in ("employee_score", "employee_ytd_score", "employee_overview_score"):
        assert tuple(getattr(row, column) for row in rows) == (2 * scores[0], 2 * scores[1])
    run = host.recalculate("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
    host.set(CALCULATE_EMPLOYER_ENGAGEMENT_SCORE="N")
    host.proven()
    assert [host.score(company).employee_score for company in (old, new)] == [0, 0]


def test_cap_year_to_date_and_overview_are_capped(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR", valid_for_weeks=1)
    customer = host.customer()
    for at in ("2024-02-01+00", "2024-03-01+00", "2025-02-01+00", "2025-03-01+00"):
        host.order(customer, Line(quantity=7), at=at)
    host.proven()
    assert host.agreed(customer) == 0
    row = host.score(customer)
    assert (row.ytd_score, row.overview_score) == (10, 20)
    assert host.rows("select ytd_score, overview_score from engagement.category_score") == [
        (10, 20)
    ]


def test_cap_follows_the_time_zone(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="DAY")
    customer = host.customer()
    for at in ("2025-03-03 12:00+00", "2025-03-03 20:00+00"):
        host.order(customer, Line(quantity=7), at=at)
    host.proven()
    assert host.agreed(customer) == 10
    host.set(TIME_ZONE="Asia/Tokyo")
    host.proven()
    assert host.agreed(customer) == 14


def test_cap_full_after_a_proven_run_writes_nothing(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="WEEK", half_life_weeks=20)
    host.seat_rule(cap_points=45, cap_period="EVER")
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company)
    host.order(person, Line(quantity=8), Line(quantity=8))
    host.seat(person, "2025-01-01")
    host.seat(person, "2025-02-01")
    host.proven()
    with host.unchanged_but_runs():
        run = host.proven("FULL")
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)


@pytest.mark.parametrize(
    ("retroactive", "scores"),
    [
        (True, [(10, 20), (15, 30), (Decimal("7.5"), 15), (18, 42)]),
        # What an earlier version has awarded stays; the next one caps what is its own.
        (False, [(18, 28), (18, 33), (18, Decimal("25.5")), (18, 42)]),
    ],
)
def test_cap_added_changed_and_removed_by_revisions(
    host: Host, retroactive: bool, scores: list[tuple[Any, Any]]
) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, *(Line(quantity=6) for _ in range(3)))
    host.order(customer, *(Line(quantity=12) for _ in range(2)), at="2100-06-01+00")
    host.proven()
    revisions: list[dict[str, Any]] = [
        {"cap_points": 10, "cap_period": "YEAR"},
        {"cap_points": 15},
        {"cap_points": "7.5", "cap_period": "DAY"},
        {"cap_points": None, "cap_period": None},
    ]
    for changes, (score, later_score) in zip(revisions, scores, strict=True):
        host.revise(changes, retroactive)
        host.proven()
        assert host.agreed(customer) == score
        assert host.score_at(customer, "2100-07-01+00") == later_score


@pytest.mark.parametrize(
    "cap",
    [
        {"cap_points": 10},
        {"cap_period": "DAY"},
        {"cap_points": 0, "cap_period": "DAY"},
        {"cap_points": -1, "cap_period": "DAY"},
        {"cap_points": "NaN", "cap_period": "DAY"},
        {"cap_points": "Infinity", "cap_period": "DAY"},
        {"cap_points": "-Infinity", "cap_period": "DAY"},
        {"cap_points": 10, "cap_period": "FORTNIGHT"},
        {"cap_points": 10, "cap_period": "day"},
        {"cap_points": 10, "cap_period": ""},
    ],
)
def test_cap_that_is_none_refused(host: Host, cap: dict[str, Any]) -> None:
    host.rule("GOOD", quantity_score=1)
    rules = [
        {
            "rule_code": "NEW",
            "category_code": "INVOLVEMENT",
            "engagement_type": "COMMITTEE_PARTICIPATION",
            **cap,
        }
    ]
    with host.unchanged():
        with refused("EG004"):
            host.rule(quantity_score=1, **cap)
        for retroactive in (True, False):
            with refused("EG004"):
                host.revise(cap, retroactive, "GOOD")
        with refused("EG004"):
            host.rows("select engagement.apply_rules(%s)", Jsonb(rules))
        with refused("EG004"):
            host.rows("select engagement.preview_rules(%s)", Jsonb({"GOOD": cap}))


def test_cap_half_removed_by_a_revision_refused(host: Host) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="DAY")
    for changes in ({"cap_points": None}, {"cap_period": None}):
        with refused("EG004"):
            host.revise(changes)


def test_cap_and_half_life_of_a_rule_file_are_applied_and_exported(host: Host) -> None:
    rule = {
        "rule_code": "SEAT",
        "category_code": "INVOLVEMENT",
        "engagement_type": "COMMITTEE_PARTICIPATION",
        "description": "",
        "flat_score": 30,
        "quantity_score": 0,
        "amount_score": 0,
        "cap_points": 50,
        "cap_period": "YEAR",
        "half_life_weeks": 26,
    }
    apply = "select action from engagement.apply_rules(%s)"
    assert host.rows(apply, Jsonb([rule])) == [("add",)]
    exported = host.one("select engagement.export_rules()")
    assert rule in exported
    with host.unchanged():
        assert {action for (action,) in host.rows(apply, Jsonb(exported))} == {"same"}
    assert host.rows(apply, Jsonb([{**rule, "cap_points": 40}])) == [("revise",)]
    assert host.rows(
        "select version, cap_points, cap_period, half_life_weeks from engagement.score_rule"
        " where rule_code = 'SEAT' order by version"
    ) == [(1, 50, "YEAR", 26), (2, 40, "YEAR", 26)]


@pytest.mark.parametrize(
    "setting", ["sort", "nestloop", "hashjoin", "mergejoin", "indexscan", "hashagg", "seqscan"]
)
def test_cap_whatever_plan_is_chosen(host: Host, setting: str) -> None:
    host.rule(quantity_score=1, cap_points=10, cap_period="MONTH", half_life_weeks=10)
    people = [host.customer() for _ in range(3)]
    for person in people:
        for day in range(1, 6):
            host.order(person, Line(quantity=4), Line(quantity=-1), at=f"2025-03-{day:02}+00")
    host.proven()
    scores = [host.agreed(person) for person in people]
    host.run(f"set enable_{setting} = off")
    host.run("set enable_incremental_sort = off")
    host.run("set search_path = engagement, crm")
    assert [host.agreed(person) for person in people] == scores
    assert host.verify() == []


def replay(awards: list[tuple[Any, Any, Decimal]], period: str, cap: Decimal) -> list[Decimal]:
    """What is left of awards (local instant, key, points), in order, by the rule's own words."""
    left, totals = [], dict[Any, Decimal]()
    for at, _, points in sorted(awards):
        begins = {
            "DAY": at.date(),
            "WEEK": at.date() - dt.timedelta(days=at.weekday()),
            "MONTH": (at.year, at.month),
            "YEAR": at.year,
            "EVER": None,
        }[period]
        before = totals.get(begins, Decimal(0))
        totals[begins] = min(cap, before + points)
        left.append(totals[begins] - before)
    return left


def test_cap_of_any_sequence_equals_a_replay(host: Host) -> None:
    caps = {
        (period, cap): f"{period}_{number}"
        for period in ("DAY", "WEEK", "MONTH", "YEAR", "EVER")
        for number, cap in enumerate((Decimal("0.01"), Decimal("7.5"), Decimal(40)))
    }
    for (period, cap), code in caps.items():
        host.rule(code, quantity_score=1, cap_points=cap, cap_period=period)
    begin = dt.datetime(2024, 2, 26, 9)
    sequences = st.lists(
        st.tuples(
            st.integers(0, 12).map(lambda n: begin + dt.timedelta(hours=n**3)),
            st.integers(-1500, 2500).map(lambda n: Decimal(n).scaleb(-2)),
        ),
        min_size=1,
        max_size=12,
    )

    @settings(
        max_examples=15,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(sequences)
    def check(sequence: list[tuple[dt.datetime, Decimal]]) -> None:
        customer = host.customer()
        awards = []
        for at, points in sequence:
            order = host.order(customer, Line(quantity=points), at=f"{at}+00")
            if points:
                awards.append((at, order.line, points))
        explained = host.explain(customer)
        for (period, cap), code in caps.items():
            found = [row.capped_points for row in explained if row.rule_code == code]
            assert found == replay(awards, period, cap)
        assert sum(row.points for row in explained) == host.score_at(customer)

    check()
    host.proven()


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("follows", [True, False])
def test_cap_room_taken_by_an_earlier_activity_for_another_company(
    host: Host, trigger_mode: str, follows: bool
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.rule(quantity_score=1, cap_points=10, cap_period="YEAR")
    first, second = host.customer("COMPANY"), host.customer("COMPANY")
    person = host.customer()
    host.job(person, first, begin="2024-01-01", end="2024-06-30")
    host.job(person, second, begin="2024-07-01")
    host.order(person, Line("BOOK", 10), at="2024-09-01 10:00")
    host.proven(as_of=None)
    assert (host.score(first).score, host.score(second).score) == (0, 10)

    earlier = host.order(person, Line("BOOK", 10), at="2024-03-01 10:00")
    assert host.verify() == []
    if follows:
        host.run("call engagement.catch_up()")
    else:
        host.recalculate(as_of=None)
    assert (host.score(first).score, host.score(second).score) == (10, 0)
    host.proven(as_of=None)

    host.set_order(earlier, order_status="CANCELLED")
    host.proven(as_of=None)
    assert (host.score(first).score, host.score(second).score) == (0, 10)
