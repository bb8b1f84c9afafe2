"""Fading: an award counts half after each half-life, week by week, until it counts nothing."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.host import BOUGHT, Host, Line, instant

FIRST = instant(BOUGHT)

search = settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def week(number: int) -> dt.datetime:
    """So many weeks after BOUGHT, in UTC."""
    return FIRST + dt.timedelta(weeks=number)


def weekly(host: Host, customer: Any, *numbers: int) -> list[Decimal]:
    """Own points after so many weeks."""
    return [host.score_at(customer, week(number)) for number in numbers]


def decimals(*texts: str) -> list[Decimal]:
    """Numbers by their digits."""
    return [Decimal(text) for text in texts]


def test_fading_halves_every_half_life_and_rounds_half_to_even(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity="1.25"))
    assert weekly(host, customer, *range(10)) == decimals(
        *("1.25", "0.62", "0.31", "0.16", "0.08", "0.04", "0.02", "0.01", "0", "0")
    )


def test_fading_is_a_step_a_week(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=3)
    customer = host.customer()
    host.order(customer, Line(quantity=100))
    assert weekly(host, customer, 0, 1, 2, 3, 4, 5, 6) == decimals(
        *("100", "79.37", "63.00", "50", "39.69", "31.50", "25")
    )
    moment = dt.timedelta(microseconds=1)
    assert host.score_at(customer, week(1) - moment) == 100
    assert host.score_at(customer, week(2) - moment) == Decimal("79.37")
    assert host.score_at(customer, FIRST - moment) == 0


@pytest.mark.parametrize(
    ("points", "places", "half_lives", "left"),
    [
        # Ties: to the even neighbour, on both sides of zero.
        ("0.25", 2, 1, "0.12"),
        ("0.27", 2, 1, "0.14"),
        ("-0.25", 2, 1, "-0.12"),
        ("-0.27", 2, 1, "-0.14"),
        ("5", 0, 1, "2"),
        ("7", 0, 1, "4"),
        ("0.000001", 6, 1, "0"),
        ("0.000003", 6, 1, "0.000002"),
        # A tie after so many halvings that sixteen digits of the factor would not show it.
        ("83886.08", 2, 24, "0"),
        ("251658.24", 2, 24, "0.02"),
        ("419430.4", 2, 24, "0.02"),
        ("8.388608", 6, 24, "0"),
        ("25.165824", 6, 24, "0.000002"),
        ("720575940379279.36", 2, 57, "0"),
        ("2161727821137838.08", 2, 57, "0.02"),
        ("3602879701896396.81", 2, 57, "0.03"),
    ],
)
def test_fading_is_exact_at_whole_half_lives(
    host: Host, points: str, places: int, half_lives: int, left: str
) -> None:
    host.set(SCORE_DECIMALS=str(places))
    host.rule(quantity_score=1, half_life_weeks=2)
    customer = host.customer()
    host.order(customer, Line(quantity=points))
    assert weekly(host, customer, 0, 2 * half_lives) == decimals(points, left)


def test_fading_of_any_points_is_rounded_from_the_exact_product(host: Host) -> None:
    points = st.builds(
        lambda number, places: Decimal(number).scaleb(-places),
        st.integers(-(10**20), 10**20),
        st.integers(0, 6),
    )
    places = int(host.one("select engagement.get_parameter('SCORE_DECIMALS')"))

    @search
    @given(st.lists(st.tuples(points, st.integers(1, 200), st.integers(0, 500)), min_size=1))
    def check(cases: list[tuple[Decimal, int, int]]) -> None:
        for value, half_life, weeks in cases:
            with localcontext() as context:
                context.prec = 300
                product = value * Decimal("0.5") ** (Decimal(weeks) / Decimal(half_life))
                expected = product.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
            assert host.one("select engagement.fade(%s, %s, %s)", value, half_life, weeks) == (
                expected
            ), (value, half_life, weeks)

    check()


def test_fading_with_weeks_ends_with_them(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=2, valid_for_weeks=5)
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    assert weekly(host, customer, 0, 2, 4, 5, 6) == [16, 8, 4, 0, 0]
    assert host.score_at(customer, week(5) - dt.timedelta(microseconds=1)) == 4


def test_fading_of_capped_points(host: Host) -> None:
    """The cap comes first: 12 of 16, which fade; what fades gives no room back."""
    host.rule(quantity_score=1, half_life_weeks=1, cap_points=12, cap_period="YEAR")
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    host.order(customer, Line(quantity=16), at=str(week(8)))
    assert weekly(host, customer, 0, 1, 2, 8) == decimals("12", "6", "3", "0.05")
    (first,) = host.explain(customer, week(1))
    assert (first.awarded_points, first.capped_points, first.points) == (16, 12, 6)
    host.proven(as_of=str(week(1)))
    assert host.agreed(customer, str(week(1))) == 6


def test_fading_leaves_year_to_date_and_overview_alone(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=1, valid_for_weeks=30)
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    host.order(customer, Line(quantity=16))
    host.order(customer, Line(quantity=5), at="2024-05-31+00")
    for weeks, score in ((1, 8), (40, 0)):
        host.proven(as_of=str(week(weeks)))
        host.agreed(customer, str(week(weeks)))
        row, of_company = host.score(customer), host.score(company)
        assert row.score == of_company.employee_score == score
        assert (row.ytd_score, row.overview_score) == (16, 21)
        assert (of_company.employee_ytd_score, of_company.employee_overview_score) == (16, 21)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_fading_incremental_at_each_step_equals_full(
    host: Host, zone: str, attribution: str
) -> None:
    host.set(TIME_ZONE=zone, EMPLOYER_ATTRIBUTION=attribution)
    host.rule(quantity_score=1, half_life_weeks=1, cap_points=3, cap_period="YEAR")
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    host.order(customer, Line(quantity="2.5"), Line(quantity="1.5"))
    at = BOUGHT
    scores = []
    while True:
        host.proven(as_of=at)
        scores.append(host.agreed(customer, at))
        rows = [host.score(customer), host.score(company)]
        assert rows[1].employee_score == rows[0].score
        assert rows[0].next_change_at == rows[1].next_change_at
        with host.unchanged_but_runs():
            host.proven("FULL", as_of=at)
        assert host.verify() == []
        following = rows[0].next_change_at
        if scores[-1] == 0:
            break
        # A moment before its step nothing has changed, and nothing is written.
        with host.unchanged_but_runs():
            host.proven(as_of=str(following - dt.timedelta(microseconds=1)))
        at = str(following)
    # The cap leaves 2.5 and 0.5, each of which is rounded: 0.62 + 0.12, 0.31 + 0.06, …
    assert scores == decimals(
        *("3", "1.5", "0.74", "0.37", "0.19", "0.1", "0.05", "0.02", "0.01", "0")
    )
    assert following > instant("2025-12-30+00")  # all that time still changes is the year


def test_fading_next_change_is_the_next_step_or_expiry_whichever_comes_first(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=10, valid_for_weeks=3)
    customer = host.customer()
    host.order(customer, Line(quantity=16), at="2024-11-04 10:00+00")
    for as_of, following in (
        ("2024-11-04 10:00+00", "2024-11-11 10:00+00"),
        ("2024-11-10 10:00+00", "2024-11-11 10:00+00"),
        ("2024-11-20 10:00+00", "2024-11-25 10:00+00"),
        ("2024-11-25 10:00+00", "2025-01-01+00"),
    ):
        host.proven("FULL", as_of=as_of)
        assert host.score(customer).next_change_at == instant(following)


@pytest.mark.parametrize(
    ("zone", "at", "steps"),
    [
        # 02:30 on 30 March does not exist, and comes twice on 26 October: weeks are counted on the
        # clock on the wall, as AT TIME ZONE reads it.
        ("Europe/Zurich", "2025-03-23 01:30+00", ["2025-03-30 01:30+00", "2025-04-06 00:30+00"]),
        ("Europe/Zurich", "2025-10-19 00:30+00", ["2025-10-26 01:30+00", "2025-11-02 01:30+00"]),
        ("America/New_York", "2025-03-02 07:30+00", ["2025-03-09 07:30+00", "2025-03-16 06:30+00"]),
        ("Australia/Lord_Howe", "2025-03-29 14:45+00",
         ["2025-04-05 15:15+00", "2025-04-12 15:15+00"]),
        # A Friday that never was: the week ends on the day after.
        ("Pacific/Apia", "2011-12-23 20:00+00", ["2011-12-30 20:00+00", "2012-01-05 20:00+00"]),
        ("Pacific/Apia", "2011-12-24 08:00+00", ["2011-12-31 08:00+00", "2012-01-06 08:00+00"]),
    ],
)  # fmt: skip
def test_fading_counts_weeks_on_the_local_clock(
    host: Host, zone: str, at: str, steps: list[str]
) -> None:
    host.set(TIME_ZONE=zone)
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=16), at=at)
    found = host.rows(
        "select s.at::text || ':00' from generate_series(1, 2) n cross join lateral (select"
        " (%s::timestamptz at time zone %s + make_interval(weeks => n)) at time zone %s as at) s",
        *(at, zone, zone),
    )
    assert found == [(f"{step[:-3]}:00+00:00",) for step in steps]
    moment = dt.timedelta(microseconds=1)
    for number, step in enumerate(steps, 1):
        assert host.score_at(customer, instant(step) - moment) == 16 / 2 ** (number - 1)
        assert host.score_at(customer, instant(step)) == 16 / 2**number
        host.proven("FULL", as_of=str(instant(step) - moment))
        assert host.score(customer).next_change_at == instant(step)


@pytest.mark.parametrize(
    "zone",
    [
        *("UTC", "Europe/Zurich", "America/New_York", "America/Havana", "Africa/Casablanca"),
        *("Australia/Lord_Howe", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Manila"),
    ],
)
def test_whole_weeks_are_as_many_as_can_be_added(host: Host, zone: str) -> None:
    """Around every change of the zone's clock, counted one by one."""
    host.set(TIME_ZONE=zone)
    differences = host.rows(
        """
        with turn as (
            select distinct on (z.off) h.at as turned_at
            from generate_series('1990-01-01', '2026-01-01', interval '1 hour') h (at)
            cross join lateral (
                select (h.at at time zone %(zone)s) - (h.at at time zone 'UTC') as off
            ) z
            order by z.off, h.at desc
        ),
        pair as (
            select t.turned_at - make_interval(weeks => w, mins => a) as from_at,
                   t.turned_at + make_interval(mins => b) as to_at
            from turn t
            cross join unnest(array[0, 1, 2, 60]) w
            cross join generate_series(-1530, 1530, 45) a
            cross join unnest(array[-1440, -61, -60, -30, -1, 0, 1, 30, 60, 61, 90, 1440]) b
        )
        select p.from_at, p.to_at, engagement.whole_weeks(p.from_at, p.to_at), c.weeks
        from pair p
        cross join lateral (
            select coalesce(max(n), 0) as weeks
            from generate_series(1, 70) n
            where ((p.from_at at time zone %(zone)s) + make_interval(weeks => n))
                  at time zone %(zone)s <= p.to_at
        ) c
        where p.from_at <= p.to_at
              and engagement.whole_weeks(p.from_at, p.to_at) is distinct from c.weeks
        """.replace("%(zone)s", f"'{zone}'")
    )
    assert differences == []


@pytest.mark.parametrize(
    ("zone", "at", "repeated", "step"),
    [
        # 01:30 comes at 05:30 UTC and again at 06:30; a week later there is one, at 06:30.
        (
            *("America/New_York", "2025-11-02 05:30+00"),
            ["2025-11-02 05:59+00", "2025-11-02 06:00+00", "2025-11-02 06:29+00"],
            "2025-11-09 06:30+00",
        ),
        # Half an hour is repeated, from 14:30 UTC.
        (
            *("Australia/Lord_Howe", "2026-04-04 14:45+00"),
            ["2026-04-04 14:59+00", "2026-04-04 15:00+00", "2026-04-04 15:14+00"],
            "2026-04-11 15:15+00",
        ),
    ],
)
def test_fading_does_not_begin_before_a_week_when_the_clock_goes_back(
    host: Host, zone: str, at: str, repeated: list[str], step: str
) -> None:
    host.set(TIME_ZONE=zone)
    host.rule(quantity_score=1, half_life_weeks=2)
    host.rule("BRIEF", quantity_score=1, half_life_weeks=2, valid_for_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=100), at=at)
    for as_of in (at, *repeated):
        host.proven("FULL", as_of=as_of)
        assert host.agreed(customer, as_of) == 200, as_of
        assert host.score(customer).next_change_at == instant(step), as_of
        assert [own for _, own, _, _ in host.trend(customer, at, as_of, "1 minute")][-1] == 200
        # A week later by the clock the step may not have come yet.
        forecast = "select at, own_score from engagement.forecast(%s, '{1}', %s)"
        ((later, own),) = host.rows(forecast, customer, as_of)
        assert own == (200 if later < instant(step) else Decimal("70.71")), as_of
    host.proven(as_of=step)
    assert host.agreed(customer, step) == Decimal("70.71")


def test_fading_of_negative_points(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=-10))
    host.order(customer, Line(quantity=4), at=str(week(1)))
    assert weekly(host, customer, 0, 1, 2, 3, 4) == decimals("-10", "-1", "-0.5", "-0.25", "-0.12")
    host.proven(as_of=str(week(2)))
    assert host.agreed(customer, str(week(2))) == Decimal("-0.5")
    assert host.score(customer).next_change_at == week(3)


def test_fading_of_a_future_seat_begins_when_it_does(host: Host) -> None:
    host.seat_rule(half_life_weeks=2)
    customer = host.customer()
    host.seat(customer, "2025-07-07", "2025-09-30")
    host.proven()
    assert host.agreed(customer) == 0
    assert host.score(customer).next_change_at == instant("2025-07-07+00")
    for as_of, score, following in (
        ("2025-07-07+00", "30", "2025-07-14+00"),
        ("2025-07-14+00", "21.21", "2025-07-21+00"),
        ("2025-07-21+00", "15", "2025-07-28+00"),
        ("2025-09-30 23:59+00", "0.47", "2025-10-01+00"),
        ("2025-10-01+00", "0", "2026-01-01+00"),
    ):
        host.proven(as_of=as_of)
        assert host.agreed(customer, as_of) == Decimal(score)
        assert host.score(customer).next_change_at == instant(following)


def test_fading_with_whole_points_only(host: Host) -> None:
    host.set(SCORE_DECIMALS="0")
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    assert weekly(host, customer, *range(5)) == [5, 2, 1, 1, 0]
    host.proven(as_of=str(week(3)))
    assert host.agreed(customer, str(week(3))) == 1
    assert host.score(customer).next_change_at == week(4)
    host.proven(as_of=str(week(4)))
    assert host.agreed(customer, str(week(4))) == 0


@pytest.mark.parametrize("parameter", [{"SCORE_DECIMALS": "0"}, {"TIME_ZONE": "Asia/Tokyo"}])
def test_fading_follows_its_parameters(host: Host, parameter: dict[str, str]) -> None:
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity=7))
    as_of = str(week(1))
    host.proven(as_of=as_of)
    assert host.agreed(customer, as_of) == Decimal("3.5")
    host.set(**parameter)
    host.proven(as_of=as_of)
    assert host.agreed(customer, as_of) == (4 if "SCORE_DECIMALS" in parameter else Decimal("3.5"))


def test_fading_forever_counts_nothing(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=100000)
    host.rule("KEPT", quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=7), at="2000-01-01+00")
    for as_of in ("infinity", "190000-01-01+00"):
        assert host.score_at(customer, as_of) == 14
        assert sorted(row.points for row in host.explain(customer, as_of)) == [0, 14]
    assert host.score_at(customer, "-infinity") == 0
    assert host.explain(customer, "-infinity") == []


def test_fading_of_points_beyond_measure(host: Host) -> None:
    host.rule(quantity_score=1, half_life_weeks=1)
    customer = host.customer()
    host.order(customer, Line(quantity="1e900"), at="2000-01-01+00")
    host.proven()
    assert host.score(customer).score == host.score_at(customer) > Decimal("1e500")
    assert host.score_at(customer, "2190-01-01+00") == 0


@pytest.mark.parametrize("retroactive", [True, False])
def test_fading_added_and_removed_by_revisions(host: Host, retroactive: bool) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    as_of = str(week(2))
    for half_life, score in ((1, 4), (2, 8), (None, 16)):
        host.revise({"half_life_weeks": half_life}, retroactive)
        host.proven(as_of=as_of)
        assert host.agreed(customer, as_of) == (score if retroactive else 16)
