"""Single properties of the engine, each over many values: rounding, local time, bad numbers."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import oracle
from .driver import Driver, parameters_of
from .oracle import UTC

THOROUGH = os.environ.get("ENGAGEMENT_ORACLE") == "thorough"
WEEKS = [1, 2, 26, 52, 104, 523]

search = settings(
    max_examples=500 if THOROUGH else 25,
    derandomize=not THOROUGH,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# Ties are what rounding is about, so half of the values end in a 5 after so many places.
ties = st.builds(
    lambda number, places: Decimal(number * 10 + 5).scaleb(-places),
    st.integers(-(10**9), 10**9),
    st.integers(0, 8),
)
values = st.one_of(ties, st.decimals(-(10**12), 10**12, allow_nan=False, places=9))


@pytest.fixture
def driver(deployed: psycopg.Connection[Any]) -> Driver:
    """A host with one customer, one product and one committee, and no rules."""
    made = Driver(deployed)
    made.insert("customer", [{"display_name": "Ann"}])
    made.insert("product", [{"product_id": "BOOK", "display_name": "Book"}])
    made.insert("committee", [{"committee_id": "BOARD", "display_name": "Board"}])
    return made


def add_order_rule(driver: Driver, code: str, **scores: Any) -> None:
    driver.call_function(
        "add_rule",
        p_rule_code=code,
        p_category_code="PURCHASES_DONATIONS",
        p_engagement_type="PRODUCT_PURCHASE",
        p_effective_when="ORDER_CREATION",
        **{f"p_{name}": value for name, value in scores.items()},
    )


def insert_lines(driver: Driver, amounts: list[Decimal], quantity: Any = 1) -> list[Any]:
    """One order with a line for each amount, in one statement."""
    (customer_id,) = (c["customer_id"] for c in driver.host().customer)
    (order_id,) = driver.insert(
        "sales_order", [{"ordered_at": dt.datetime(2026, 1, 5, tzinfo=UTC)}]
    )
    return driver.insert(
        "order_line",
        [
            {
                "order_id": order_id,
                "ship_customer_id": customer_id,
                "product_id": "BOOK",
                "quantity": quantity,
                "amount": amount,
            }
            for amount in amounts
        ],
    )


def expected_awards(driver: Driver) -> set[oracle.Award]:
    return oracle.awards(driver.host(), driver.rules(), parameters_of(driver.parameters()))


@pytest.mark.parametrize("decimals", range(7))
def test_award_points_of_any_amount_are_rounded_half_to_even(driver: Driver, decimals: int) -> None:
    driver.execute("select engagement.set_parameter('SCORE_DECIMALS', %s)", str(decimals))
    add_order_rule(driver, "SPENT", amount_score=1)
    add_order_rule(driver, "SHARE", amount_score="0.05", flat_score="0.5")
    driver.execute("call engagement.recalculate()")

    @search
    @given(st.lists(values, min_size=1, max_size=40))
    def check(amounts: list[Decimal]) -> None:
        insert_lines(driver, amounts)
        try:
            assert driver.live_awards() == expected_awards(driver)
        finally:
            driver.execute("delete from crm.sales_order")

    check()


@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "America/New_York",
        "America/Havana",
        "America/Sao_Paulo",
        "Europe/Dublin",
        "Africa/Cairo",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "Pacific/Chatham",
    ],
)
def test_award_interval_in_any_zone_is_counted_on_the_local_clock(
    driver: Driver, zone: str
) -> None:
    driver.execute("select engagement.set_parameter('TIME_ZONE', %s)", zone)
    for weeks in WEEKS:
        add_order_rule(driver, f"WEEKS_{weeks}", flat_score=1, valid_for_weeks=weeks)
    driver.call_function(
        "add_rule",
        p_rule_code="SEAT",
        p_category_code="INVOLVEMENT",
        p_engagement_type="COMMITTEE_PARTICIPATION",
        p_flat_score=1,
    )
    driver.execute("call engagement.recalculate()")
    (customer_id,) = (c["customer_id"] for c in driver.host().customer)
    turns = clock_changes(ZoneInfo(zone))
    before = st.sampled_from([0, *WEEKS]).map(lambda weeks: dt.timedelta(weeks=weeks))
    near = st.integers(-150, 150).map(lambda minutes: dt.timedelta(minutes=minutes))
    instants = st.one_of(
        st.builds(lambda turn, ago, off: turn - ago + off, st.sampled_from(turns), before, near),
        st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2035, 1, 1)).map(
            lambda t: t.replace(tzinfo=UTC)
        ),
    )
    days = instants.map(lambda instant: oracle.local_of(instant, ZoneInfo(zone)).date())

    @search
    @given(
        st.lists(instants, min_size=1, max_size=20),
        st.lists(st.tuples(days, st.integers(0, 2)), min_size=1, max_size=20),
    )
    def check(ordered: list[dt.datetime], seats: list[tuple[dt.date, int]]) -> None:
        keys = driver.insert("sales_order", [{"ordered_at": instant} for instant in ordered])
        driver.insert(
            "order_line",
            [
                {"order_id": key, "ship_customer_id": customer_id, "product_id": "BOOK"}
                for key in keys
            ],
        )
        driver.insert(
            "committee_member",
            [
                {
                    "committee_id": "BOARD",
                    "customer_id": customer_id,
                    "begin_on": begin_on,
                    "end_on": begin_on + dt.timedelta(days=length),
                }
                for begin_on, length in seats
            ],
        )
        try:
            assert driver.live_awards() == expected_awards(driver)
        finally:
            driver.execute("delete from crm.sales_order")
            driver.execute("delete from crm.committee_member")

    check()


def clock_changes(zone: ZoneInfo) -> list[dt.datetime]:
    """The instants from 2000 to 2035 at which a zone's clocks change, or the first of them all."""
    first, last = dt.datetime(2000, 1, 1, tzinfo=UTC), dt.datetime(2035, 1, 1, tzinfo=UTC)
    hours = [first + dt.timedelta(hours=n) for n in range(int((last - first).days) * 24)]
    offsets = [hour.astimezone(zone).utcoffset() for hour in hours]
    turns = [
        hour
        for hour, offset, previous in zip(hours[1:], offsets[1:], offsets[:-1], strict=True)
        if offset != previous
    ]
    return turns or [first]


BAD_NUMBERS = ["NaN", "Infinity", "-Infinity", "9e131071", "-9e131071"]


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
@pytest.mark.parametrize("column", ["quantity", "amount"])
def test_award_of_a_number_that_cannot_be_scored_is_a_failure_and_others_score(
    driver: Driver, mode: str, column: str
) -> None:
    add_order_rule(driver, "MUCH", flat_score=1, **{f"{column}_score": 1000})
    driver.execute("call engagement.recalculate()")
    driver.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", mode)
    keys = insert_lines(driver, [Decimal(n) for n in range(1, len(BAD_NUMBERS) + 3)])
    for key, number in zip(keys, BAD_NUMBERS, strict=False):
        assert driver.update("order_line", [key], {column: Decimal(number)})
    driver.execute("call engagement.recalculate()")

    bad, good = keys[: len(BAD_NUMBERS)], keys[len(BAD_NUMBERS) :]
    assert {award.source_id for award in driver.live_awards()} == set(good)
    assert driver.live_awards() == expected_awards(driver)
    failed = {(source, source_id) for source, source_id, *_ in driver.failures()}
    assert failed == {("order_line", str(key)) for key in bad}
    assert driver.latest_run().run_status == "COMPLETED"
    assert driver.verify() == []


@pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])
def test_award_of_a_statement_with_one_bad_number_scores_its_other_rows(
    driver: Driver, mode: str
) -> None:
    add_order_rule(driver, "SPENT", amount_score=1)
    driver.execute("call engagement.recalculate()")
    driver.execute("select engagement.set_parameter('TRIGGER_MODE', %s)", mode)
    keys = insert_lines(driver, [Decimal(1), Decimal("NaN"), Decimal(3)])
    if mode == "DEFERRED":
        driver.execute("call engagement.recalculate()")
    assert {a.source_id: a.points for a in driver.live_awards()} == {keys[0]: 1, keys[2]: 3}

    driver.execute("call engagement.recalculate()")
    driver.update("order_line", [keys[1]], {"amount": Decimal(2)})
    driver.execute("call engagement.recalculate()")
    assert driver.failures() == []
    assert sum(a.points for a in driver.live_awards()) == 6


def test_award_of_an_infinite_instant_is_a_failure_and_others_score(driver: Driver) -> None:
    add_order_rule(driver, "ORDERED", flat_score=1)
    driver.call_function(
        "add_rule",
        p_rule_code="SEAT",
        p_category_code="INVOLVEMENT",
        p_engagement_type="COMMITTEE_PARTICIPATION",
        p_flat_score=10,
    )
    driver.execute("call engagement.recalculate()")
    for instant in ("infinity", "-infinity", "2025-05-01"):
        driver.execute(
            """
            with header as (
                insert into crm.sales_order (ordered_at) values (%s) returning order_id
            )
            insert into crm.order_line (order_id, ship_customer_id, product_id)
            select h.order_id, c.customer_id, 'BOOK' from header h cross join crm.customer c
            """,
            instant,
        )
    for begin_on, end_on in (("2024-01-01", "infinity"), ("-infinity", None), ("infinity", None)):
        driver.execute(
            """
            insert into crm.committee_member (committee_id, customer_id, begin_on, end_on)
            select 'BOARD', c.customer_id, %s, %s from crm.customer c
            """,
            begin_on,
            end_on,
        )
    driver.execute("call engagement.recalculate(p_as_of => '2025-06-01')")
    counting = {award.source: award for award in driver.live_awards()}
    assert len(driver.live_awards()) == 2
    assert {source: award.points for source, award in counting.items()} == {
        "order_line": 1,
        "committee_seat": 10,
    }
    assert counting["committee_seat"].expires_at is None
    assert (
        sorted(source for source, *_ in driver.failures())
        == ["committee_seat"] * 2 + ["order_line"] * 2
    )
    assert driver.verify() == []


@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_driver_reset_of_a_used_database_leaves_no_trace(
    deployed_as: Callable[[str], psycopg.Connection[Any]], key_type: str
) -> None:
    """The state machine begins each example so: a leftover would be another example's."""
    driver = Driver(deployed_as(key_type))
    driver.insert("customer", [{"display_name": "Ann"}])
    driver.insert("product", [{"product_id": "BOOK", "display_name": "Book"}])
    rules = driver.rules()
    assert {r.rule_code for r in rules} == {"ADJUSTMENT", "SOCIAL_SCORE"}
    driver.execute("select engagement.set_parameter('SCORE_DECIMALS', '0')")
    add_order_rule(driver, "SPENT", amount_score=1)
    driver.execute("call engagement.recalculate()")
    insert_lines(driver, [Decimal(1)])
    (customer_id,) = (c["customer_id"] for c in driver.host().customer)
    driver.set_social_score((customer_id, "MANUAL", "BLOG", ""), {"score": 3}, is_new=True)
    driver.call_function("adjust", p_customer_id=customer_id, p_points=1, p_reason="Why not")
    driver.copy("social_upload", [{"customer_id": "nobody"}])
    driver.call_function("revise_rule", p_rule_code="SOCIAL_SCORE", p_changes='{"amount_score": 0}')
    driver.set_band(oracle.Band("GOLD", None, 75))
    driver.reset()
    assert driver.host() == oracle.Host(**{table: [] for table in oracle.Host.__dataclass_fields__})
    assert (driver.rules(), driver.ledger(), driver.customer_scores()) == (rules, {}, {})
    assert (driver.queue_length(), driver.bands(), driver.take_rejected_lines()) == (0, [], set())
    assert driver.scalar("select count(*) from engagement.segment_definition") > 0
    assert driver.parameters()["SCORE_DECIMALS"] == "2"
    assert driver.verify() == []
