"""What reads the whole base calls no routine for each of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from scoring.host import Host, Line

VIEWS = (
    "score_change", "segment_award_candidates", "segment_dormant", "segment_falling",
    "segment_most_active", "segment_newly_active", "segment_potential_donors", "segment_rising",
)  # fmt: skip
ROUTINES = (
    "at_risk(8)", "at_risk(8, 1)", "points_by('SUBJECT')", "points_by('RULE', 'potential_donors')",
    "segment('potential_donors')", "segment('dormant')", "category_history(12)",
    "participation()", "score_distribution()", "overlapping_rules()",
)  # fmt: skip

#: A sum asks it once for every customer.
PER_CUSTOMER = {"leaves_overview_at"}


def grow(host: Host, count: int) -> None:
    """So many more people with orders of three years, and jobs at one company."""
    company = host.customer("COMPANY")
    for _ in range(count):
        person = host.customer()
        host.job(person, company)
        for at in ("2022-09-01+00", "2023-04-10+00", "2024-09-01+00", "2025-06-10+00"):
            host.order(person, Line(quantity=2), at=at)
    host.recalculate()


@pytest.fixture
def base(host: Host) -> Iterator[Host]:
    """A rule, two bands and a few people; calls are counted."""
    host.rule(quantity_score=1, valid_for_weeks=120)
    host.band("SOME", from_score=5)
    host.band("TOP", from_percentile=80)
    grow(host, 2)
    host.run("set track_functions = 'all'")
    yield host
    host.run("reset track_functions")


def counted(host: Host) -> Counter[str]:
    """Calls of the package's routines that the session has counted and not handed on yet."""
    return Counter(
        dict(
            host.rows(
                "select funcname, calls from pg_stat_xact_user_functions"
                " where schemaname = 'engagement'"
            )
        )
    )


def calls(host: Host, relation: str) -> Counter[str]:
    """How often a query calls each routine of the package."""
    with host.session.transaction():
        before = counted(host)
        host.rows(f"select * from engagement.{relation}")
        return counted(host) - before


def test_calls_of_what_reads_everybody_do_not_grow_with_the_ledger(base: Host) -> None:
    queries = (*VIEWS, *ROUTINES)
    before = {query: calls(base, query) for query in queries}
    assert before["segment_potential_donors"]["scored_at"] >= 1  # they are counted
    grow(base, 12)
    assert base.rows("select from engagement.at_risk(8)")
    # Fewer are those that only the first planning called.
    grown = {query: calls(base, query) - before[query] for query in queries}
    assert {query: more for query, more in grown.items() if set(more) - PER_CUSTOMER} == {}


def test_segment_potential_donors_asks_once_for_the_instant(base: Host) -> None:
    assert calls(base, "segment_potential_donors")["scored_at"] == 1
