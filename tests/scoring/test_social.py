"""Social community scores: the source, by hand, and uploaded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from engagement_runner.deploy.removal import detach_host
from scoring.fixtures import furnish
from scoring.host import BOUGHT, NOW, Host, instant, refused

TRIGGER_MODES = pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])


@pytest.fixture(params=["bigint", "uuid", "text"])
def keyed(request: pytest.FixtureRequest, deployed_as: Callable[[str], Any]) -> Host:
    """A host with keys of each type."""
    return furnish(deployed_as(request.param))


def line(customer: Any, **columns: Any) -> dict[str, Any]:
    """A line of an upload that can be loaded, counted by BOARDROOM at BOUGHT."""
    return {
        "customer_id": str(customer),
        "social_type": "BLOG",
        "social_subtype": "COMMENT",
        "score": "5",
        "source_system": "BOARDROOM",
        "scored_at": BOUGHT,
        **columns,
    }


def without_instant(customer: Any, **columns: Any) -> dict[str, Any]:
    """A line that leaves out when the score was counted."""
    return {**line(customer, **columns), "scored_at": None}


def stored(host: Host) -> list[tuple[Any, ...]]:
    """Social scores, without when and keys."""
    return host.rows(
        "select customer_id, source_system, social_type, social_subtype, score"
        " from engagement.social_score order by 1, 2, 3, 4"
    )


def ledger(host: Host) -> tuple[Any, ...]:
    """Fingerprints of the scores and of the awards they made."""
    state = host.state()
    return state["social_score"], state["award"], state["pending_activity"]


# -- the source ----------------------------------------------------------------------------------


@TRIGGER_MODES
def test_social_score_earns_and_is_changed_and_removed(host: Host, trigger_mode: str) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    customer = host.customer()
    host.social(customer, 5)
    host.social(customer, 7, "FORUM", "ANSWER")
    assert host.live(customer) == ([5, 7] if trigger_mode == "IMMEDIATE" else [])
    host.proven()
    assert host.live(customer) == [5, 7]
    host.social(customer, 9, is_new=False)
    host.remove_social(customer, "FORUM", "ANSWER")
    assert host.live(customer) == ([9] if trigger_mode == "IMMEDIATE" else [5, 7])
    host.proven()
    assert host.live(customer) == [9]
    assert sorted(host.reasons(customer)) == ["SOURCE_CHANGED", "SOURCE_REMOVED"]
    assert host.proven("FULL").award_count == 0
    assert host.score(customer).own_score == 9
    assert host.rows("select category_code, score from engagement.category_score") == [
        ("SOCIAL_COMMUNITY", 9)
    ]


@TRIGGER_MODES
@pytest.mark.parametrize(
    ("multiplier", "points"), [("2", [10]), ("0.5", ["2.5"]), ("0", []), ("-1", []), ("0.001", [])]
)
def test_social_score_rule_is_the_multiplier(
    host: Host, trigger_mode: str, multiplier: str, points: list[Any]
) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    host.revise({"amount_score": multiplier}, retroactive=True, code="SOCIAL_SCORE")
    customer = host.customer()
    host.social(customer, 5)
    host.proven()
    assert host.live(customer) == [Decimal(p) for p in points]
    assert host.proven("FULL").award_count == 0


def test_social_score_multiplier_at_zero_awards_nothing_whatever_else_the_rule_says(
    host: Host,
) -> None:
    customer = host.customer()
    host.social(customer, 5)
    host.revise(
        {"amount_score": 0, "flat_score": 3, "quantity_score": 4}, True, code="SOCIAL_SCORE"
    )
    host.proven()
    assert host.live(customer) == []
    host.revise({"amount_score": 1}, retroactive=True, code="SOCIAL_SCORE")
    host.proven()
    assert host.live(customer) == [12]


def test_social_score_multiplier_revised_to_zero_and_back(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 5)
    host.proven()
    host.revise({"amount_score": 0}, retroactive=True, code="SOCIAL_SCORE")
    host.proven()
    assert (host.live(customer), host.reasons(customer)) == ([], ["RULE_CHANGED"])
    assert host.score(customer).score == 0
    host.revise({"amount_score": 3}, retroactive=True, code="SOCIAL_SCORE")
    host.proven()
    assert host.live(customer) == [15]
    assert host.proven("FULL").award_count == 0


def test_social_score_multiplier_from_now_on_keeps_what_was_earned(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 5)
    host.revise({"amount_score": 0}, code="SOCIAL_SCORE")
    host.social(customer, 7, "FORUM", scored_at="2100-01-01")
    host.proven()
    assert host.live(customer) == [5]


def test_social_score_negative_takes_points(host: Host) -> None:
    customer = host.customer()
    host.social(customer, -5)
    host.social(customer, "0", "FORUM")
    host.proven()
    assert host.live(customer) == [-5]
    assert host.score(customer).score == -5


def test_social_score_ends(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 5, ends_at="2025-06-01 00:00+00")
    host.proven(as_of="2025-05-31 23:59:59+00")
    row = host.score(customer)
    assert (row.score, row.next_change_at) == (5, instant("2025-06-01+00"))
    host.proven(as_of="2025-06-01 00:00:00+00")
    assert host.score(customer).score == 0
    host.social(customer, 5, is_new=False, ends_at=None)
    host.proven()
    assert host.score(customer).score == 5


def test_social_score_other_rules_by_type_and_subtype(host: Host) -> None:
    social = {"engagement_type": "SOCIAL_COMMUNITY", "category_code": "SOCIAL_COMMUNITY"}
    host.rule("BLOGS", subject_id="BLOG", quantity_score=100, **social)
    host.rule("COMMENTS", subject_class="COMMENT", flat_score=1000, **social)
    host.rule("ZERO", subject_id="FORUM", amount_score=-1, **social)  # no multiplier, a rule
    customer = host.customer()
    host.social(customer, 5, "BLOG")
    host.social(customer, 6, "BLOG", "COMMENT")
    host.social(customer, 7, "FORUM", "COMMENT")
    host.proven()
    assert host.rows(
        "select subject_id, subject_class, rule_code, points from engagement.explain_score(%s, %s)"
        " order by points, subject_id, subject_class nulls first",
        *(customer, NOW),
    ) == [
        ("FORUM", "COMMENT", "ZERO", -7),
        ("BLOG", None, "SOCIAL_SCORE", 5),
        ("BLOG", "COMMENT", "SOCIAL_SCORE", 6),
        ("FORUM", "COMMENT", "SOCIAL_SCORE", 7),
        ("BLOG", None, "BLOGS", 100),
        ("BLOG", "COMMENT", "BLOGS", 100),
        ("BLOG", "COMMENT", "COMMENTS", 1000),
        ("FORUM", "COMMENT", "COMMENTS", 1000),
    ]


def test_social_score_rolls_up_to_the_employer(host: Host) -> None:
    company, customer = host.customer("COMPANY"), host.customer()
    host.job(customer, company)
    host.social(customer, 5)
    host.proven()
    assert host.score(company).employee_score == 5


def test_social_score_written_directly_is_captured(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 5)
    host.run("update engagement.social_score set score = 8")
    assert host.live(customer) == [8]
    host.run("truncate engagement.social_score")
    host.proven()
    assert host.live(customer) == []


# -- by hand -------------------------------------------------------------------------------------


def test_set_social_score_returns_the_row(host: Host) -> None:
    customer = host.customer()
    row = host.social(customer, "1.5", "BLOG", "COMMENT", description="Wrote", comments="Well")
    assert row[:7] == (customer, "MANUAL", "BLOG", "COMMENT", Decimal("1.5"), "Wrote", "Well")
    assert (row.scored_at, row.ends_at) == (instant(BOUGHT), None)
    changed = host.social(customer, 2, "BLOG", "COMMENT", is_new=False)
    assert changed == row._replace(score=2)  # what is left out stays


def test_set_social_score_null_clears(host: Host) -> None:
    customer = host.customer()
    host.social(customer, description="Wrote", ends_at="2100-01-01")
    before = host.one("select clock_timestamp()")
    row = host.social(
        customer, is_new=False, description=None, comments=None, ends_at=None, scored_at=None
    )
    assert (row.description, row.comments, row.ends_at) == ("", "", None)
    assert before < row.scored_at


def test_set_social_score_for_ever_is_no_end(host: Host) -> None:
    assert host.social(host.customer(), ends_at="infinity").ends_at is None


def test_set_social_score_one_for_each_system_type_and_subtype(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 1)
    host.social(customer, 2, system="BOARDROOM")
    host.social(customer, 4, "FORUM")
    host.social(customer, 8, subtype="COMMENT")
    host.social(host.customer(), 16)
    assert host.live(customer) == [1, 2, 4, 8]


def test_set_social_score_names_are_trimmed(host: Host) -> None:
    customer = host.customer()
    row = host.social(customer, 1, " BLOG ", " COMMENT ", " BOARDROOM ")
    assert row[1:4] == ("BOARDROOM", "BLOG", "COMMENT")
    with refused("EG012"):
        host.social(customer, 1, "BLOG", "COMMENT", "BOARDROOM")
    host.remove_social(customer, "BLOG ", "COMMENT ", "BOARDROOM ")
    assert stored(host) == []


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(
    ("sqlstate", "arguments"),
    [
        ("EG004", {"score": None}),
        ("EG004", {"score": "five"}),
        ("EG004", {"score": "NaN"}),
        ("EG004", {"score": "-Infinity"}),
        ("EG004", {"scored_at": "soon"}),
        ("EG004", {"scored_at": "infinity"}),
        ("EG004", {"scored_at": "2025-02-30"}),
        ("EG004", {"scored_at": "200000-01-02"}),
        ("EG004", {"ends_at": BOUGHT}),
        ("EG004", {"ends_at": "-infinity"}),
        ("EG004", {"points": 5}),
        ("EG004", {"social_type": "FORUM"}),
        ("EG004", {"type": "T" * 101}),
        ("EG004", {"subtype": "S" * 101}),
        ("EG004", {"system": "S" * 101}),
        ("EG004", {"type": ""}),
        ("EG004", {"type": " "}),
        ("EG004", {"type": None}),
        ("EG004", {"system": ""}),
        ("EG004", {"system": None}),
    ],
)
def test_set_social_score_bad_value_refused(
    host: Host, is_new: bool, sqlstate: str, arguments: dict[str, Any]
) -> None:
    customer = host.customer()
    if not is_new:
        host.social(customer)
    with host.unchanged(), refused(sqlstate):
        host.social(customer, is_new=is_new, **arguments)


@pytest.mark.parametrize("changes", ["[]", "5", "null", '"score"'])
def test_set_social_score_no_object_refused(host: Host, changes: str) -> None:
    customer = host.customer()
    host.social(customer)
    with host.unchanged(), refused("EG004"):
        host.rows(
            "select engagement.set_social_score(%s, 'BLOG', '', 'MANUAL', %s)", customer, changes
        )


def test_set_social_score_sql_null_refused(host: Host) -> None:
    customer = host.customer()
    with host.unchanged(), refused("EG004"):
        host.rows(
            "select engagement.set_social_score(%s, 'BLOG', '', 'MANUAL', null, true)", customer
        )


@pytest.mark.parametrize("customer", [-1, None])
def test_set_social_score_unknown_customer_refused(host: Host, customer: Any) -> None:
    with host.unchanged(), refused("EG001"):
        host.social(customer)


def test_set_social_score_existing_and_unknown_refused(host: Host) -> None:
    customer = host.customer()
    host.social(customer)
    with host.unchanged(), refused("EG012"):
        host.social(customer, 9)
    for key in ({"type": "FORUM"}, {"subtype": "COMMENT"}, {"system": "BOARDROOM"}):
        with host.unchanged(), refused("EG012"):
            host.social(customer, 9, is_new=False, **key)
        with host.unchanged(), refused("EG012"):
            host.remove_social(customer, **key)


def test_remove_social_score_unknown_customer_refused(host: Host) -> None:
    with host.unchanged(), refused("EG012"):
        host.remove_social(-1)


def test_set_social_score_of_an_inactive_customer(host: Host) -> None:
    customer = host.customer()
    host.set_customer(customer, is_active=False)
    host.social(customer, 5)
    host.proven()
    assert host.score(customer).score == 5


def test_social_scores_without_a_host_refused(host: Host) -> None:
    customer = host.customer()
    host.social(customer)
    host.run("call engagement.detach_host()")
    with refused("EG006"):
        host.social(customer, 2, is_new=False)
    with refused("EG006"):
        host.upload(line(customer))
    assert host.count("social_upload") == 0


def test_social_scores_and_adjustments_outlast_a_host_that_comes_back(
    deployed: psycopg.Connection[Any],
) -> None:
    host = furnish(deployed)
    customer = host.customer()
    host.social(customer, 5)
    host.adjust(customer, 7)
    host.proven(as_of=None)
    detach_host(host.session)
    deploy(host.session, "reference")
    assert host.recalculate(as_of=None).run_mode == "FULL"
    host.proven(as_of=None)
    assert (host.live(customer), host.reasons(customer)) == ([5, 7], [])
    host.social(customer, 6, is_new=False)
    host.adjust(customer, 8)
    assert host.live(customer) == [6, 7, 8]


# -- uploaded ------------------------------------------------------------------------------------


def test_upload_loads_all_columns(keyed: Host) -> None:
    customer = keyed.customer()
    columns = {"description": "Wrote", "comments": "Well", "ends_at": "2100-01-01 00:00+00"}
    assert keyed.upload(line(f" {customer} ", score=" -1.50 ", **columns)) == []
    assert keyed.rows("select * from engagement.social_score")[0][:9] == (
        *(customer, "BOARDROOM", "BLOG", "COMMENT", Decimal("-1.50"), "Wrote", "Well"),
        *(instant(BOUGHT), instant("2100-01-01+00")),
    )
    assert keyed.count("social_upload") == 0
    assert keyed.live(customer) == [Decimal("-1.5")]
    keyed.proven("FULL")


def test_upload_defaults(keyed: Host) -> None:
    customer = keyed.customer()
    before = keyed.one("select clock_timestamp()")
    bare = {"customer_id": str(customer), "social_type": "BLOG", "score": "5"}
    assert keyed.upload(bare) == []
    ((*names, scored_at, ends_at),) = keyed.rows(
        "select source_system, social_subtype, description, comments, scored_at, ends_at"
        " from engagement.social_score"
    )
    assert (names, ends_at) == (["UPLOAD", "", "", ""], None)
    assert before < scored_at <= keyed.one("select clock_timestamp()")


@TRIGGER_MODES
def test_upload_again_changes_nothing(keyed: Host, trigger_mode: str) -> None:
    keyed.set(TRIGGER_MODE=trigger_mode)
    one, two = keyed.customer(), keyed.customer()
    lines = [
        line(one),
        without_instant(one, social_type="FORUM"),
        without_instant(two, social_subtype=None, ends_at="2100-01-01 00:00+00"),
    ]
    assert keyed.upload(*lines) == []
    keyed.proven()
    versions = "select scored_at, ctid::text from engagement.social_score order by 2"
    before, written = ledger(keyed), keyed.rows(versions)
    assert keyed.upload(*lines) == []
    assert keyed.upload(*reversed(lines)) == []
    assert ledger(keyed) == before
    assert keyed.rows(versions) == written
    run = keyed.proven()
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)


def test_upload_again_after_its_end_is_no_error(host: Host) -> None:
    customer = host.customer()
    host.social(customer, 5, system="UPLOAD", ends_at="2025-06-01 00:00+00")
    bare = {"customer_id": str(customer), "social_type": "BLOG", "score": "5"}
    with host.unchanged():
        assert host.upload({**bare, "ends_at": "2025-06-01 00:00+00"}) == []


def test_upload_end_before_the_instant_that_is_kept_rejected(host: Host) -> None:
    customer, other = host.customer(), host.customer()
    host.social(customer, 5, system="UPLOAD", scored_at="2090-01-01")
    ends = {"source_system": None, "social_subtype": None, "ends_at": "2080-01-01 00:00+00"}
    assert [n for n, _ in host.upload(without_instant(customer, **ends), line(other))] == [1]
    assert len(stored(host)) == 2


def test_upload_changed_score_replaces_the_award(keyed: Host) -> None:
    customer = keyed.customer()
    keyed.upload(without_instant(customer))
    keyed.upload(without_instant(customer, score="8"))
    first, second = keyed.awards(customer)
    assert (first.points, first.void_reason, second.points, second.void_reason) == (
        *(5, "SOURCE_CHANGED"),
        *(8, None),
    )
    assert second.effective_at > first.effective_at
    assert second.source_id == first.source_id
    keyed.proven("FULL")


def test_upload_changed_text_changes_no_award(host: Host) -> None:
    customer = host.customer()
    host.upload(line(customer))
    host.upload(line(customer, description="Wrote"))
    assert host.one("select description from engagement.social_score") == "Wrote"
    host.proven()
    assert len(host.awards(customer)) == 1


def test_upload_scored_at_in_the_zone_of_the_session(host: Host) -> None:
    host.run("set timezone to 'Asia/Tokyo'")
    host.upload(line(host.customer(), scored_at="2025-03-03 09:00"))
    assert host.one("select scored_at from engagement.social_score") == instant("2025-03-03+00")


#: What keeps a line from being loaded.
BAD = [
    {"customer_id": None},
    {"customer_id": "  "},
    {"customer_id": "no-such-key"},
    {"social_type": None},
    {"social_type": "  "},
    {"social_type": "T" * 101},
    {"social_subtype": "S" * 101},
    {"source_system": "S" * 101},
    {"score": None},
    {"score": ""},
    {"score": "five"},
    {"score": "NaN"},
    {"score": "infinity"},
    {"score": "1,5"},
    {"score": "1_000"},
    {"score": "."},
    {"score": "1" * 101},
    {"scored_at": "soon"},
    {"scored_at": "2025-02-30"},
    {"scored_at": "infinity"},
    {"scored_at": "200000-01-02"},
    {"ends_at": "never"},
    {"ends_at": "-infinity"},
    {"ends_at": BOUGHT},
    {"scored_at": None, "ends_at": BOUGHT},
]


def test_upload_bad_lines_stay_while_good_ones_load(keyed: Host) -> None:
    customer = keyed.customer()
    good = [line(customer, social_type=f"GOOD_{number}") for number in range(len(BAD) + 1)]
    bad = [line(customer, **columns) for columns in BAD]
    lines = [entry for pair in zip(good, [*bad, None], strict=True) for entry in pair if entry]
    rejected = keyed.upload(*lines)
    assert [number for number, _ in rejected] == list(range(2, 2 * len(BAD) + 1, 2))
    assert all(reason for _, reason in rejected)
    assert len(keyed.live(customer)) == len(good) == len(stored(keyed))
    assert {row[2] for row in stored(keyed)} == {entry["social_type"] for entry in good}
    # They stay as they came, whatever is uploaded later.
    left = "select customer_id, social_type, score, scored_at from engagement.social_upload"
    before = keyed.rows(left)
    keyed.upload(line(customer))
    assert keyed.rows(left) == before
    assert ("no-such-key", "BLOG", "5", BOUGHT) in before
    keyed.proven()


@pytest.mark.parametrize("columns", BAD, ids=lambda columns: repr(columns)[:40])
def test_upload_rejected_line_touches_no_score(host: Host, columns: dict[str, Any]) -> None:
    host.upload(line(host.customer()))
    before = ledger(host)
    customer = host.one("select max(customer_id) from crm.customer")
    ((number, reason),) = host.upload(line(customer, **{"score": "99", **columns}))
    assert number == 1 and reason
    assert ledger(host) == before


@pytest.mark.parametrize(
    "score", ["5", "+5", "5.", "05.00", " 5 ", "5e0", "0.05E+2", "500e-2"]
)  # fmt: skip
def test_upload_score_as_numbers_are_written(host: Host, score: str) -> None:
    customer = host.customer()
    assert host.upload(line(customer, score=score)) == []
    assert host.live(customer) == [5]


def test_upload_unknown_and_inactive_customers(keyed: Host) -> None:
    inactive, known = keyed.customer(), keyed.customer()
    keyed.set_customer(inactive, is_active=False)
    unknown = {
        "bigint": "-1",
        "uuid": "99999999-0000-4000-8000-000000000000",
        "text": "nobody",
    }[keyed.one("select data_type from information_schema.domains where domain_name = 'host_key'")]
    assert [n for n, _ in keyed.upload(line(unknown), line(inactive), line(known))] == [1]
    assert {row[0] for row in stored(keyed)} == {inactive, known}


def test_upload_all_reasons_of_a_line_are_said(host: Host) -> None:
    ((_, reason),) = host.upload({"score": "five", "scored_at": "soon", "ends_at": "never"})
    assert reason.count(";") == 4


def test_upload_same_score_twice_the_later_line_counts(keyed: Host) -> None:
    customer = keyed.customer()
    lines = [
        line(customer, score="1"),
        line(customer, score="2"),
        line(customer, score="3", social_subtype=None),
        line(customer, score="4", social_subtype=" COMMENT "),
        line(customer, score="five"),  # cannot be loaded, so it takes nothing away
        line(customer, score="6", social_subtype=" "),
    ]
    rejected = keyed.upload(*lines)
    assert [number for number, _ in rejected] == [1, 2, 3, 5]
    assert keyed.live(customer) == [4, 6]
    before = ledger(keyed)
    keyed.upload(*lines)
    assert ledger(keyed) == before
    assert keyed.count("social_upload") == 8


def test_upload_inserted_rows_are_numbered_by_position(host: Host) -> None:
    customer = host.customer()
    host.run(
        "insert into engagement.social_upload (customer_id, social_type, score)"
        " values (%s, 'BLOG', '5'), (%s, 'BLOG', 'five'), ('-1', 'BLOG', '5')",
        *(str(customer), str(customer)),
    )
    assert [number for number, _ in host.rejected()] == [2, 3]
    assert host.live(customer) == [5]
    host.run("insert into engagement.social_upload select * from engagement.social_upload limit 0")
    assert host.count("social_upload") == 2


def test_upload_several_in_one_transaction(host: Host) -> None:
    customer = host.customer()
    with host.session.transaction():
        host.upload(line(customer))
        host.upload(line(customer, score="6"))
    assert host.live(customer) == [6]
    with pytest.raises(psycopg.errors.DivisionByZero), host.session.transaction():
        host.upload(line(customer, score="7"), line(customer, score="five"))
        host.run("select 1 / 0")
    assert (host.live(customer), host.rejected()) == ([6], [])


def test_upload_who_and_when_are_kept_with_what_was_rejected(host: Host) -> None:
    before = host.one("select clock_timestamp()")
    host.upload({})
    who = host.rows("select uploaded_by, uploaded_at > %s from engagement.social_upload", before)
    assert who == [(host.one("select session_user::text"), True)]


@TRIGGER_MODES
def test_upload_of_many_lines(host: Host, trigger_mode: str) -> None:
    host.set(TRIGGER_MODE=trigger_mode)
    customers = [
        key
        for (key,) in host.rows(
            "insert into crm.customer (display_name) select 'Somebody'"
            " from generate_series(1, 2000) returning customer_id"
        )
    ]
    lines = [
        without_instant(customer, social_type=f"TYPE_{kind}", score=str(kind))
        for kind in range(1, 11)
        for customer in customers
    ]
    for number in range(0, 20000, 1000):
        lines[number]["score"] = "five"
    rejected = host.upload(*lines)
    assert [number for number, _ in rejected] == list(range(1, 20001, 1000))
    assert host.count("social_score") == 19980
    host.proven(as_of=None)
    assert host.count("award") == 19980
    assert host.score(customers[1]).score == 55
    before = ledger(host)
    host.upload(*lines)
    assert ledger(host) == before
    assert host.proven(as_of=None).award_count == 0
