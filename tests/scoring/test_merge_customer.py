"""What was entered for customers who turn out to be one, and two again."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from engagement_runner.deploy import catalog
from scoring.fixtures import furnish
from scoring.host import Host, refused

MODES = pytest.mark.parametrize("mode", ["IMMEDIATE", "DEFERRED"])

ROWS = (
    "select to_jsonb(a) from engagement.score_adjustment a",
    "select to_jsonb(s) from engagement.social_score s",
)

NEW, OLD = "2025-05-01T00:00:00+00:00", "2025-02-01T00:00:00+00:00"


def inputs(host: Host, but_customer: bool = False) -> dict[Any, Any]:
    """All adjustments and social scores, by key."""
    rows = [row for query in ROWS for (row,) in host.rows(query)]
    if but_customer:
        for row in rows:
            del row["customer_id"]
    return {row["source_id"]: row for row in rows}


def in_json(key: Any) -> Any:
    """A key as JSON has it."""
    return key if isinstance(key, int) else str(key)


def held(host: Host, customer: Any) -> dict[str, Any]:
    """The social scores of a customer by type."""
    return dict(
        host.rows(
            "select social_type || social_subtype, score from engagement.social_score"
            " where customer_id = %s",
            customer,
        )
    )


def points(host: Host, *customers: Any) -> list[Any]:
    """Stored own points, 0 for a customer without a row."""
    return [
        host.one(
            "select coalesce((select s.own_score from engagement.customer_score s"
            " where s.customer_id = %s), 0)",
            customer,
        )
        for customer in customers
    ]


@MODES
@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
@pytest.mark.parametrize("how", ["run", "refresh"])
def test_merge_customer_moves_what_was_entered_and_unmerge_moves_it_back(
    deployed_as: Callable[[str], Any], key_type: str, mode: str, how: str
) -> None:
    host = furnish(deployed_as(key_type))
    host.set(TRIGGER_MODE=mode)
    double, kept = host.customer(), host.customer()
    host.adjust(double, 5, "Helped")
    host.adjust(double, 20, "Spoke")
    host.socialise(double, score=8, comments="Of the hub")
    host.adjust(kept, 7)
    host.proven(as_of=None)
    assert points(host, double, kept) == [33, 7]
    before, bare = inputs(host), inputs(host, but_customer=True)

    def settle() -> None:
        assert host.verify() == []
        if how == "refresh":
            for customer in (double, kept):
                host.refresh(customer)
            assert host.verify() == []
        else:
            host.proven(as_of=None)

    for _ in range(2):
        host.merge(double, kept)
        assert inputs(host, but_customer=True) == bare
        assert {row["customer_id"] for row in inputs(host).values()} == {in_json(kept)}
        if mode == "IMMEDIATE":
            assert (host.live(double), sum(host.live(kept))) == ([], 40)
        settle()
        assert points(host, double, kept) == [0, 40]
        host.unmerge(double, kept)
        assert inputs(host) == before
        settle()
        assert points(host, double, kept) == [33, 7]
    host.proven("FULL", as_of=None)
    assert host.count("merged_input") == 0
    assert {*host.reasons(double), *host.reasons(kept)} == {"SOURCE_REMOVED"}
    merges = host.named("select * from engagement.customer_merge order by merged_at")
    assert [(m.from_id, m.into_id, m.is_by_host) for m in merges] == [(double, kept, False)] * 2
    user = host.one("select session_user::text")
    assert all(m.merged_by == m.unmerged_by == user for m in merges)
    assert merges[0].merged_at < merges[0].unmerged_at < merges[1].merged_at


@MODES
@pytest.mark.parametrize(
    ("of_double", "of_kept", "in_force"),
    [(NEW, OLD, 8), (OLD, NEW, 6), (NEW, NEW, 6)],
    ids=["double newer", "kept newer", "same age"],
)
def test_merge_customer_of_two_scores_of_a_kind_the_newer_stays_in_force(
    host: Host, mode: str, of_double: str, of_kept: str, in_force: int
) -> None:
    host.set(TRIGGER_MODE=mode)
    double, kept = host.customer(), host.customer()
    host.social(double, 8, scored_at=of_double, comments="a", ends_at="2090-01-01T00:00:00.000001Z")
    host.social(kept, "6", scored_at=of_kept, description="b")
    host.social(kept, 1, subtype="COMMENT")
    host.social(double, 3, system="HUB")
    host.proven(as_of=None)
    before = inputs(host)
    host.notices.clear()
    host.merge(double, kept)
    assert host.notices == ["NOTICE", "NOTICE"]
    host.proven(as_of=None)
    assert points(host, double, kept) == [0, in_force + 4]
    assert host.rows(
        "select (set_aside ->> 'score')::numeric from engagement.merged_input"
        " where set_aside is not null"
    ) == [(14 - in_force,)]
    host.unmerge(double, kept)
    assert inputs(host) == before
    host.proven(as_of=None)
    assert points(host, double, kept) == [11, 7]
    assert host.count("merged_input") == 0


@MODES
def test_unmerge_customer_after_further_activity(host: Host, mode: str) -> None:
    """Each row goes back to whom it was entered for, as it is now; what is new stays."""
    host.set(TRIGGER_MODE=mode)
    double, kept = host.customer(), host.customer()
    host.adjust(double, 100)
    for kind, score in (("EDITED", 1), ("REMOVED", 2), ("LOST", 3), ("WON", 4), ("AGAIN", 5)):
        host.social(double, score, type=kind, scored_at=OLD if kind == "LOST" else NEW)
    for kind, score in (("LOST", 30), ("WON", 40), ("AGAIN", 50)):
        host.social(kept, score, type=kind, scored_at=NEW if kind == "LOST" else OLD)
    host.proven(as_of=None)
    host.merge(double, kept)
    assert held(host, kept) == {"EDITED": 1, "REMOVED": 2, "LOST": 30, "WON": 4, "AGAIN": 5}
    host.adjust(kept, 1000)
    host.social(kept, 9, type="NEW")
    host.social(kept, 11, type="EDITED", is_new=False)
    host.remove_social(kept, type="REMOVED")
    host.social(kept, 31, type="LOST", is_new=False)
    host.remove_social(kept, type="WON")
    host.remove_social(kept, type="AGAIN")
    host.social(kept, 55, type="AGAIN")
    host.proven(as_of=None)
    host.unmerge(double, kept)
    assert held(host, double) == {"EDITED": 11, "LOST": 3}
    assert held(host, kept) == {"NEW": 9, "LOST": 31, "WON": 40, "AGAIN": 55}
    host.proven(as_of=None)
    assert points(host, double, kept) == [114, 1135]
    assert host.count("merged_input") == 0


@MODES
@pytest.mark.parametrize("newest", range(3))
@pytest.mark.parametrize("steps", list(itertools.permutations(["ab", "bc"])), ids="".join)
@pytest.mark.parametrize("back", list(itertools.permutations(["ab", "bc"])), ids="".join)
def test_merge_customer_in_a_chain(
    host: Host, mode: str, newest: int, steps: tuple[str, str], back: tuple[str, str]
) -> None:
    """Whatever the order, everybody has back what was theirs, and only that."""
    host.set(TRIGGER_MODE=mode)
    people = {name: host.customer() for name in "abc"}
    for number, customer in enumerate(people.values()):
        host.adjust(customer, 10 ** (number + 1))
        host.social(customer, number + 1, scored_at=NEW if number == newest else OLD)
    host.proven(as_of=None)
    apart, before = points(host, *people.values()), inputs(host)
    for double, kept in steps:
        host.merge(people[double], people[kept])
    assert {row["customer_id"] for row in inputs(host).values()} == {people["c"]}
    host.proven(as_of=None)
    assert points(host, *people.values()) == [0, 0, 1110 + newest + 1]
    first, second = back
    host.unmerge(*(people[name] for name in first))
    host.proven(as_of=None)
    alone, root = ("a", "c") if first == "ab" else ("c", "b")
    assert points(host, people[alone]) == [apart["abc".index(alone)]]
    # Of two of one age that of the customer who stays.
    in_force = newest if "abc"[newest] != alone else "abc".index(root)
    assert held(host, people[root]) == {"BLOG": in_force + 1}
    host.unmerge(*(people[name] for name in second))
    assert inputs(host) == before
    host.proven(as_of=None)
    assert points(host, *people.values()) == apart
    assert host.count("merged_input") == 0


@MODES
def test_merge_customer_what_is_entered_for_the_double_later_follows(host: Host, mode: str) -> None:
    host.set(TRIGGER_MODE=mode)
    double, kept = host.customer(), host.customer()
    host.social(double, 8, scored_at=NEW)
    host.social(double, 1, type="WIKI", scored_at=OLD)
    host.social(kept, 6, type="WIKI", scored_at=NEW)
    host.merge(double, kept)
    host.proven(as_of=None)
    assert points(host, double, kept) == [0, 14]
    host.adjust(double, 5)
    host.upload(
        # Replaces what was entered for the same customer, whatever its date; so does the other,
        # of what was set aside.
        {"customer_id": double, "social_type": "BLOG", "score": 9, "source_system": "MANUAL",
         "scored_at": OLD},
        {"customer_id": double, "social_type": "WIKI", "score": 2, "source_system": "MANUAL",
         "scored_at": OLD},
    )  # fmt: skip
    host.proven(as_of=None)
    assert points(host, double, kept) == [0, 20]
    host.adjust(double, 100)  # waits for a run that does not come
    host.unmerge(double, kept)
    host.proven(as_of=None)
    assert points(host, double, kept) == [116, 6]
    assert held(host, double) == {"BLOG": 9, "WIKI": 2}
    assert host.count("merged_input") == 0


def test_merge_customer_refused(host: Host) -> None:
    a, b, c = (host.customer() for _ in range(3))
    host.merge(a, b)
    host.merge(b, c)
    for double, kept, state in (
        (a, a, "EG016"),  # itself
        (a, b, "EG016"),  # merged already
        (a, c, "EG016"),
        (c, a, "EG016"),  # circles
        (c, b, "EG016"),
        (-1, a, "EG001"),
        (c, -1, "EG001"),
        (None, a, "EG001"),
        (c, None, "EG001"),
    ):
        with host.unchanged(), refused(state):
            host.merge(double, kept)
    for double, kept in ((a, c), (b, a), (c, a), (-1, a), (None, None), (a, None)):
        with host.unchanged(), refused("EG016"):
            host.unmerge(double, kept)
    host.unmerge(a, b)
    with host.unchanged(), refused("EG016"):
        host.unmerge(a, b)
    host.merge(c, a)
    host.run("call engagement.detach_host()")
    with host.unchanged(), refused("EG006"):
        host.merge(a, b)
    with host.unchanged(), refused("EG006"):
        host.unmerge(c, a)


def test_merge_customer_rolled_back_changes_nothing(host: Host) -> None:
    double, kept = host.customer(), host.customer()
    host.adjust(double, 5)
    host.social(double, 1)
    host.social(kept, 2)
    host.proven(as_of=None)
    with host.unchanged(), host.session.transaction(force_rollback=True):
        host.merge(double, kept)


def test_merge_customer_while_scoring_is_switched_off(host: Host) -> None:
    double, kept = host.customer(), host.customer()
    host.adjust(double, 5)
    host.proven(as_of=None)
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="N")
    host.merge(double, kept)
    host.set(CALCULATE_ENGAGEMENT_SCORE_POINTS="Y")
    host.proven(as_of=None)
    assert points(host, double, kept) == [0, 5]


def test_merge_customer_counts_for_the_employer_of_who_stays(host: Host) -> None:
    companies = [host.customer("COMPANY") for _ in range(2)]
    double, kept = host.customer(), host.customer()
    host.job(double, companies[0])
    host.job(kept, companies[1])
    host.adjust(double, 5)
    host.proven(as_of=None)
    host.merge(double, kept)
    host.proven(as_of=None)
    assert [host.score(company).employee_score for company in companies] == [0, 5]
    host.unmerge(double, kept)
    host.proven(as_of=None)
    assert [host.score(company).employee_score for company in companies] == [5, 0]


# --- What the host's view shows ------------------------------------------------------------------


@pytest.fixture
def followed(host: Host) -> Host:
    """A host with a table of merges, and the optional view over it."""
    host.run("create table crm.customer_merge (from_id crm.key, into_id crm.key)")
    host.run(
        "create view engagement_host.merged_customer as select from_id::engagement.host_key,"
        " into_id::engagement.host_key from crm.customer_merge"
    )
    return host


def shown(host: Host, *pairs: tuple[Any, Any]) -> None:
    """The host's table of merges has these rows."""
    host.run("delete from crm.customer_merge")
    for pair in pairs:
        host.run("insert into crm.customer_merge values (%s, %s)", *pair)


def in_force(host: Host) -> set[tuple[Any, Any]]:
    """Who is merged into whom."""
    return set(
        host.rows(
            "select from_id, into_id from engagement.customer_merge where unmerged_at is null"
        )
    )


@MODES
@pytest.mark.parametrize("run", ["INCREMENTAL", "FULL"])
def test_merged_customer_is_followed_by_runs(followed: Host, mode: str, run: str) -> None:
    host = followed
    host.set(TRIGGER_MODE=mode)
    a, b, c = (host.customer() for _ in range(3))
    host.adjust(a, 5)
    host.adjust(b, 7)
    host.proven(as_of=None)
    before = inputs(host)
    shown(host, (a, b))
    host.refresh(a)  # a refresh is one customer's
    assert in_force(host) == set()
    assert host.proven(run, as_of=None).failed_sources == []
    assert points(host, a, b, c) == [0, 12, 0]
    assert host.rows("select is_by_host from engagement.customer_merge") == [(True,)]
    with host.unchanged_but_runs():
        host.proven(as_of=str(host.runs()[-1].as_of))
    shown(host, (a, b), (b, c))
    host.proven(run, as_of=None)
    assert points(host, a, b, c) == [0, 0, 12]
    shown(host, (a, c))
    host.proven(run, as_of=None)
    assert in_force(host) == {(a, c)}
    assert points(host, a, b, c) == [0, 7, 5]
    shown(host)
    host.proven(run, as_of=None)
    assert inputs(host) == before
    assert points(host, a, b, c) == [5, 7, 0]
    assert host.failures() == []


def test_merged_customer_merges_only_where_there_is_something_to_move(followed: Host) -> None:
    host = followed
    a, b, c, d = (host.customer() for _ in range(4))
    shown(host, (a, b), (b, c), (d, c))
    host.proven(as_of=None)
    assert in_force(host) == set()
    host.adjust(a, 5)
    host.proven(as_of=None)
    assert in_force(host) == {(a, b), (b, c)}  # the second because of the first
    assert points(host, a, b, c) == [0, 0, 5]
    host.social(d, 3)
    host.proven(as_of=None)
    assert points(host, c, d) == [8, 0]


def test_merged_customer_says_nothing_of_merges_by_hand(followed: Host) -> None:
    host = followed
    a, b, c = (host.customer() for _ in range(3))
    host.adjust(a, 5)
    host.merge(a, b)
    for pairs in ((), ((a, c),), ((a, b),), ()):
        shown(host, *pairs)
        assert host.proven(as_of=None).failed_sources == []
        assert in_force(host) == {(a, b)}
    # What the view shows may be taken back by hand, and is merged again.
    host.unmerge(a, b)
    shown(host, (a, c))
    host.proven(as_of=None)
    host.notices.clear()
    host.unmerge(a, c)
    assert len(host.notices) == 2
    host.proven(as_of=None)
    assert in_force(host) == {(a, c)}


def test_merged_customer_bad_pairs_are_left_out_and_told(followed: Host) -> None:
    host = followed
    a, b, c, d, e, f, g = (host.customer() for _ in range(7))
    for customer in (a, b, c, d, e, f):
        host.adjust(customer, 5)
    host.merge(g, f)
    shown(
        host,
        (None, a), (a, None), (b, b), (c, a), (c, b),  # NULLs, itself, into two
        (d, e), (e, d),  # a circle
        (f, g),  # one with a merge by hand
    )  # fmt: skip
    run = host.proven(as_of=None)
    assert (run.run_status, run.failed_sources) == ("COMPLETED", ["merged_customer"])
    assert in_force(host) == {(g, f)}
    assert host.rows(
        "select sqlstate_code, message from engagement.scoring_failure where resolved_at is null"
    ) == [
        (
            "EG007",
            "view engagement_host.merged_customer shows pairs that cannot be merged:"
            " 2 in a circle; 1 in a circle with a merge by hand;"
            " 2 of a customer who is merged into two; 1 of a customer with itself; 2 with NULL",
        )
    ]
    (told,) = [line for line in catalog.check(host.session) if "merged_customer" in line]
    assert "could not read source merged_customer: EG007 view" in told
    shown(host, (d, e), (e, d), (b, None))
    host.proven(as_of=None)
    assert host.failures() == ["EG007"]  # as it is now
    # What leads into a circle is in order, and so is everything else.
    shown(host, (d, e), (e, d), (a, d), (b, c), (b, c))
    host.proven(as_of=None)
    assert in_force(host) == {(g, f), (a, d), (b, c)}
    shown(host, (a, d), (b, c))
    assert host.proven(as_of=None).failed_sources == []
    assert host.failures() == []


def test_merged_customer_that_cannot_be_read_stops_no_run(followed: Host) -> None:
    host = followed
    a, b = host.customer(), host.customer()
    host.adjust(a, 5)
    shown(host, (a, b))
    host.proven(as_of=None)
    host.run(
        "create or replace view engagement_host.merged_customer as"
        " select from_id::engagement.host_key, (1 / (random() * 0)::integer)::text"
        "::engagement.host_key as into_id from crm.customer_merge"
    )
    assert host.one("select count(*) from engagement.host_problems()") == 0
    host.adjust(b, 1)
    run = host.proven(as_of=None)
    assert (run.run_status, run.failed_sources) == ("COMPLETED", ["merged_customer"])
    assert host.failures() == ["22012"]
    assert points(host, a, b) == [0, 6]
    host.run("alter table crm.customer_merge rename to merged")
    host.run("drop view engagement_host.merged_customer")
    host.run("create view engagement_host.merged_customer as select 1::bigint as from_id")
    assert host.rows("select problem_type, object_name, is_missed from engagement.host_problems()")\
        == [("VIEW", "engagement_host.merged_customer", True)]  # fmt: skip
    assert host.proven(as_of=None).failed_sources == ["merged_customer"]
    assert len([line for line in catalog.check(host.session) if "merged_customer" in line]) == 1
    with refused("EG007"):
        host.run(
            "call engagement.register_source('order_line', 'PRODUCT_PURCHASE', 'ORDER_CREATION',"
            " 'engagement_host.order_line')"
        )
    # Without the view nothing happens.
    host.run("drop view engagement_host.merged_customer")
    assert host.proven(as_of=None).failed_sources == []
    assert host.failures() == []
    assert in_force(host) == {(a, b)}
