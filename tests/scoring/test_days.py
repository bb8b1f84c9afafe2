"""Where a day begins: at the first instant at which the organisation's clock shows it.

Clocks that change near midnight show a day without midnight, a midnight that comes twice, or a day
that never was.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from scoring.host import Host, Line, instant

MOMENT = dt.timedelta(microseconds=1)

# Zone, a day, and the first instant of the day. The clock changes at that instant, or an hour or
# two later.
TURNS = [
    ("America/Havana", "2026-03-08", "2026-03-08 05:00+00"),  # midnight is skipped
    ("America/Havana", "2026-11-01", "2026-11-01 04:00+00"),  # midnight comes twice
    ("Atlantic/Azores", "2025-03-30", "2025-03-30 01:00+00"),
    ("Atlantic/Azores", "2025-10-26", "2025-10-26 00:00+00"),
    ("America/Sao_Paulo", "2017-10-15", "2017-10-15 03:00+00"),
    ("America/Sao_Paulo", "2018-02-18", "2018-02-18 03:00+00"),  # 23:00 of the day before again
    ("Africa/Cairo", "2025-04-25", "2025-04-24 22:00+00"),
    ("Asia/Beirut", "2025-10-26", "2025-10-25 22:00+00"),
    ("Pacific/Apia", "2011-12-31", "2011-12-30 10:00+00"),  # 30 December never was
    ("Europe/Zurich", "2025-10-26", "2025-10-25 22:00+00"),
]
turns = pytest.mark.parametrize(("zone", "day", "start"), TURNS)


def day_before(start: dt.datetime) -> str:
    """The last instant of the day before."""
    return str(start - MOMENT)


def test_day_of_an_instant_is_the_day_that_has_begun_last_in_any_zone(host: Host) -> None:
    """Around each change of any clock within hours of midnight, instant by instant.

    Until 2010 some clocks went back over midnight just after it: they showed two days by turns.
    """
    found = host.rows(
        """
        with day as materialized (
            select z.name as zone, d.day::date as day
            from pg_timezone_names z
            cross join generate_series('1999-12-31'::timestamp, '2037-12-31', '1 day') d (day)
            where z.name like '%/%' and z.name not like 'posix/%'
                  and (d.day + interval '4 hours') at time zone z.name
                      - (d.day - interval '4 hours') at time zone z.name <> interval '8 hours'
        ),
        moment as (
            select d.zone, d.day, engagement.start_of_day(d.day, d.zone) as start,
                   engagement.start_of_day(d.day, d.zone) + make_interval(mins => m)
                       - make_interval(secs => s) as at
            from day d
            cross join generate_series(-300, 300, 15) m
            cross join unnest(array[0, 0.000001]) s
        )
        select m.zone, m.day, bool_or(((m.at at time zone m.zone)::date >= m.day)
                                      <> (m.at >= m.start))
        from moment m
        group by m.zone, m.day
        """
    )
    assert {(zone, day) for zone, day, *_ in TURNS} <= {(zone, str(day)) for zone, day, _ in found}
    assert {day.year for _, day, is_wrong in found if is_wrong} <= set(range(2000, 2011))


@turns
def test_start_of_day_is_the_first_instant_that_the_clock_shows_it(
    host: Host, zone: str, day: str, start: str
) -> None:
    assert host.one("select engagement.start_of_day(%s::date, %s)", day, zone) == instant(start)
    shown = "select (%s::timestamptz at time zone %s)::date::text"
    assert host.one(shown, start, zone) == day
    assert host.one(shown, day_before(instant(start)), zone) < day


@turns
def test_seat_counts_from_the_first_instant_of_its_first_day_to_the_last_of_its_last(
    host: Host, zone: str, day: str, start: str
) -> None:
    host.set(TIME_ZONE=zone)
    host.seat_rule("SEAT", flat_score=1)
    comes, goes = host.customer(), host.customer()
    host.seat(comes, day)
    host.seat(goes, "2010-01-01", str(dt.date.fromisoformat(day) - dt.timedelta(days=1)))
    for as_of, points in ((day_before(instant(start)), [0, 1]), (start, [1, 0])):
        host.proven(as_of=as_of)
        assert [host.agreed(customer, as_of) for customer in (comes, goes)] == points


@turns
def test_job_moves_points_at_the_first_instant_of_its_first_day(
    host: Host, zone: str, day: str, start: str
) -> None:
    host.set(TIME_ZONE=zone, EMPLOYER_ATTRIBUTION="CURRENT")
    host.rule(quantity_score=1)
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer, day)
    host.order(customer, Line(quantity=3), at=str(instant(start) - dt.timedelta(days=40)))
    before = day_before(instant(start))
    host.proven(as_of=before)
    assert host.score(employer).employee_score == 0
    assert host.score(employer).next_change_at == instant(start)
    host.proven(as_of=start)
    assert host.score(employer).employee_score == 3


def test_year_begins_with_the_first_of_two_midnights(host: Host) -> None:
    """November 2026 begins on the night in which Cuba's clocks go back from 01:00 to 00:00."""
    host.set(TIME_ZONE="America/Havana", YTD_START_MONTH="11")
    host.rule(quantity_score=1)
    customer = host.customer()
    first = "2026-11-01 04:00+00"
    host.order(customer, Line(quantity=1), at="2026-10-31 12:00+00")
    host.order(customer, Line(quantity=2), at=first)
    host.order(customer, Line(quantity=4), at="2026-11-01 04:30+00")  # 00:30, an hour later again
    for as_of, points in (
        (day_before(instant(first)), 1),
        (first, 2),
        ("2026-11-01 04:30+00", 6),
        ("2026-11-01 05:00+00", 6),
        ("2027-10-31 12:00+00", 6),
    ):
        host.proven(as_of=as_of)
        host.agreed(customer, as_of)
        assert host.score(customer).ytd_score == points, as_of
        with host.unchanged_but_runs():
            host.proven("FULL", as_of=as_of)
    host.proven("FULL", as_of=day_before(instant(first)))
    assert host.score(customer).next_change_at == instant(first)
    assert host.points_by("MONTH")["2026-10"].points == 1


def test_month_ends_before_the_first_of_two_midnights(host: Host) -> None:
    host.set(TIME_ZONE="America/Havana")
    host.rule(quantity_score=1)
    customer = host.customer()
    end = instant("2026-11-01 04:00+00") - MOMENT
    host.order(customer, Line(quantity=1), at=str(end))
    host.order(customer, Line(quantity=2), at="2026-11-01 04:00+00")
    as_of = "2026-11-15 12:00+00"
    host.proven(as_of=as_of)
    trend: dict[Any, Any] = {
        instant(point["at"]): point["score"] for point in host.card(customer, as_of)["trend"]
    }
    assert trend[end] == 1
    history = "select points from engagement.category_history() where at = %s and points <> 0"
    assert host.rows(history, end) == [(Decimal(1),)]
    months = {month: row.points for month, row in host.points_by("MONTH").items()}
    assert months == {"2026-10": 1, "2026-11": 2}


@pytest.mark.parametrize("day", ["infinity", "-infinity", None])
def test_start_of_a_day_without_instants_is_none(host: Host, day: str | None) -> None:
    found = host.one("select engagement.start_of_day(%s::date, 'UTC')::text", day)
    assert found == day
