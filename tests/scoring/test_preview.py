"""What a change of rules would do: said beforehand, written by nobody, and then exactly so."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from patience import PATIENCE
from scoring.acts import CHANGES, Association, all_acts, search
from scoring.fixtures import furnish
from scoring.host import NOW, STATE, Host, Line, refused

RETROACTIVELY = pytest.mark.parametrize("retroactive", [True, False])
LATER = "2100-06-15 12:00+00"

SEAT = {
    "rule_code": "SEAT",
    "category_code": "INVOLVEMENT",
    "engagement_type": "COMMITTEE_PARTICIPATION",
    "flat_score": 30,
}


class Score(NamedTuple):
    """What a preview says of a customer, before or after."""

    own: Decimal
    employee: Decimal
    score: Decimal
    percentile: int | None
    band: str | None


def preview(
    host: Host, changes: Any, retroactive: bool = True, as_of: str | None = None
) -> list[Any]:
    """The rows of a preview."""
    return host.named(
        "select * from engagement.preview_rules(%s, %s, %s)", Jsonb(changes), retroactive, as_of
    )


def apply(host: Host, changes: Any, retroactive: bool = True) -> None:
    """The change itself."""
    if isinstance(changes, list):
        host.rows("select engagement.apply_rules(%s, %s)", Jsonb(changes), retroactive)
        return
    for code, change in changes.items():
        if change is None:
            host.retire(retroactive, code)
        else:
            host.revise(change, retroactive, code)


def scores(host: Host) -> dict[Any, Score]:
    """Everybody's stored scores."""
    return {
        row.customer_id: Score(
            row.own_score, row.employee_score, row.score, row.percentile, row.band_code
        )
        for row in host.named("select * from engagement.customer_score")
    }


def came_true(
    host: Host, changes: Any, retroactive: bool = True, as_of: str | None = None
) -> list[Any]:
    """Preview a change and make it: everybody has exactly the numbers that the preview said."""
    with host.unchanged():
        rows = preview(host, changes, retroactive, as_of)
    at = as_of or str(host.one("select engagement.scored_at()"))
    host.recalculate(as_of=at)
    before = scores(host)
    apply(host, changes, retroactive)
    host.proven(as_of=at)
    after = scores(host)
    told = {row.customer_id: row for row in rows}
    assert len(told) == len(rows)
    for customer, row in told.items():
        old = Score(row.old_own_score, row.old_employee_score, row.old_score, row.old_percentile,
                    row.old_band_code)  # fmt: skip
        new = Score(row.new_own_score, row.new_employee_score, row.new_score, row.new_percentile,
                    row.new_band_code)  # fmt: skip
        assert (old, new) == (before.get(customer, old), after[customer])
        assert row.change == new.score - old.score
        assert old._replace(percentile=None) != new._replace(percentile=None)
    for customer in after.keys() - told.keys():
        assert after[customer]._replace(percentile=0) == before[customer]._replace(percentile=0)
    assert [abs(row.change) for row in rows] == sorted(
        (abs(row.change) for row in rows), reverse=True
    )
    return rows


@pytest.fixture
def base(host: Host) -> Host:
    """Six people, two companies, bands of both kinds; all proven at NOW."""
    furnish_base(host)
    return host


def furnish_base(host: Host) -> tuple[list[Any], list[Any]]:
    """People with 2 to 12 points and companies of theirs."""
    host.product("MUG")
    host.rule(quantity_score=2)
    host.rule("SHORT", amount_score=1, valid_for_weeks=20, subject_id="MUG")
    companies = [host.customer("COMPANY") for _ in range(2)]
    people = [host.customer() for _ in range(6)]
    for number, person in enumerate(people, 1):
        host.job(person, companies[number % 2], begin="2025-02-01")
        host.order(person, Line(quantity=number - 1), Line(quantity=1), Line("MUG", 1, 10))
        host.order(person, Line(quantity=1), at="2025-01-01+00")
        host.order(person, Line(quantity=2), at=LATER.replace("06", "03"))
    host.job(companies[0], companies[0])  # whose own points are no employee's
    host.order(companies[0], Line(quantity=1))
    host.seat(people[0], "2025-05-01")
    host.seat(people[1], "2025-05-01", "2025-05-31")
    host.seat(people[1], "2025-06-01")
    host.band("BRONZE", from_score=5)
    host.band("SILVER", from_score=20)
    host.band("GOLD", from_percentile=80)
    host.proven()
    return people, companies


CASES: dict[str, Any] = {
    "revise": {"BOUGHT": {"quantity_score": "3.5"}},
    "nothing": {"BOUGHT": {"quantity_score": 2}},
    "description": {"BOUGHT": {"description": "Two a book"}},
    "retire": {"BOUGHT": None},
    "retire all": {"BOUGHT": None, "SHORT": None},
    "cap": {"BOUGHT": {"cap_points": 5, "cap_period": "YEAR"}},
    "fade": {"BOUGHT": {"half_life_weeks": 5}},
    "cap and fade": {"BOUGHT": {"half_life_weeks": 3, "cap_points": "7.25", "cap_period": "MONTH"}},
    "category": {"BOUGHT": {"category_code": "INVOLVEMENT"}},
    "weeks": {"BOUGHT": {"valid_for_weeks": 10}, "SHORT": {"valid_for_weeks": None}},
    "subject": {"BOUGHT": {"subject_id": "MUG"}, "SHORT": {"subject_id": None}},
    "negative": {"BOUGHT": {"quantity_score": -2}},
    "other source": {"BOUGHT": {"effective_when": "INVOICE_CREATION"}},
    "history": {"BOUGHT": {"applies_from": "2100-02-01"}},
    "add": [SEAT],
    "add with cap": [{**SEAT, "cap_points": 40, "cap_period": "YEAR", "half_life_weeks": 4}],
    "add and retire": [SEAT, {"rule_code": "BOUGHT", "retired": True}],
    "file": [
        {
            "rule_code": "BOUGHT",
            "category_code": "PURCHASES_DONATIONS",
            "engagement_type": "PRODUCT_PURCHASE",
            "effective_when": "ORDER_CREATION",
            "quantity_score": 3,
        },
        SEAT,
    ],
}


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
@RETROACTIVELY
@pytest.mark.parametrize("case", CASES)
def test_preview_comes_true(base: Host, case: str, retroactive: bool, attribution: str) -> None:
    base.set(EMPLOYER_ATTRIBUTION=attribution)
    base.proven()
    came_true(base, CASES[case], retroactive)


@RETROACTIVELY
@pytest.mark.parametrize("case", ["revise", "retire", "cap and fade", "add with cap", "weeks"])
def test_preview_at_another_instant_comes_true(base: Host, case: str, retroactive: bool) -> None:
    """Others have expired or faded by then, and move the percentiles."""
    for as_of in ("2025-04-01+00", "2025-09-01+00", LATER):
        came_true(base, CASES[case], retroactive, as_of)


def test_preview_from_now_on_leaves_the_past_alone(base: Host) -> None:
    assert preview(base, CASES["revise"], False) == []
    rows = preview(base, CASES["revise"], False, LATER)
    assert {row.change for row in rows if row.customer_type == "INDIVIDUAL"} == {3}


@pytest.mark.parametrize(
    "parameter",
    [
        {"ROLLUP_EMPLOYEES_TO_EMPLOYER": "N"},
        {"CALCULATE_EMPLOYER_ENGAGEMENT_SCORE": "N"},
        {"MULTIPLE_CONCURRENT_EMPLOYERS": "Y"},
        {"SCORE_DECIMALS": "0"},
        {"TIME_ZONE": "Pacific/Auckland"},
    ],
)
def test_preview_follows_the_parameters(base: Host, parameter: dict[str, str]) -> None:
    base.set(**parameter)
    base.proven()
    rows = came_true(base, CASES["cap and fade"])
    companies = [row for row in rows if row.old_employee_score != row.new_employee_score]
    is_off = parameter.keys() & {
        "ROLLUP_EMPLOYEES_TO_EMPLOYER", "CALCULATE_EMPLOYER_ENGAGEMENT_SCORE"
    }  # fmt: skip
    assert len(companies) == (0 if is_off else 2)


def test_preview_numbers(base: Host) -> None:
    """The first of six has bought three things and paid 10; her company has three of them."""
    people, companies = (
        [key for (key,) in base.rows(
            "select customer_id from crm.customer where customer_type = %s order by customer_id",
            kind)]
        for kind in ("INDIVIDUAL", "COMPANY")
    )  # fmt: skip
    rows = {row.customer_id: row for row in preview(base, {"BOUGHT": {"quantity_score": 5}})}
    assert rows.keys() == {*people, *companies}
    first, company = rows[people[0]], rows[companies[1]]
    assert (first.display_name, first.customer_type) == ("Somebody", "INDIVIDUAL")
    assert (first.old_own_score, first.new_own_score) == (16, 25)
    assert (first.old_employee_score, first.new_employee_score) == (0, 0)
    assert (first.old_score, first.new_score, first.change) == (16, 25, 9)
    assert (first.old_band_code, first.new_band_code) == ("BRONZE", "SILVER")
    assert first.old_percentile == first.new_percentile == 8
    # Since they work there the first, third and fifth have bought 2 + 4 + 6 things.
    assert (company.old_own_score, company.new_own_score) == (0, 0)
    assert (company.old_employee_score, company.new_employee_score) == (24 + 30, 60 + 30)


def test_preview_of_points_that_move_within_a_customer(base: Host) -> None:
    """A company's own points and those of its people may cancel out; it is told all the same."""
    company = base.one("select min(customer_id) from crm.customer where customer_type = 'COMPANY'")
    base.order(company, Line(quantity=-16))
    base.proven()
    rows = came_true(base, {"BOUGHT": {"quantity_score": 3}})
    (row,) = (row for row in rows if row.customer_id == company)
    assert (row.new_own_score - row.old_own_score, row.change) == (-15, 0)


def test_preview_tells_of_those_who_move_because_others_do(host: Host) -> None:
    host.product("MUG")
    host.rule(quantity_score=1, subject_id="BOOK")
    host.rule("MUGS", quantity_score=1, subject_id="MUG")
    people = [host.customer() for _ in range(4)]
    for number, person in enumerate(people):
        host.order(person, Line(quantity=10 - number), Line("MUG", quantity=number))
    gone = host.customer()
    host.order(gone, Line("MUG", quantity=9))
    host.run("update crm.customer set is_active = false where customer_id = %s", gone)
    host.band("TOP", from_percentile=75)
    host.band("SOME", from_score=20)
    host.proven()
    assert {scores(host)[person].percentile for person in people} == {50}
    rows = came_true(host, {"MUGS": {"quantity_score": 4}})
    (last,) = (row for row in rows if row.customer_id == people[-1])
    assert (last.change, last.new_percentile, last.new_band_code) == (9, 87, "TOP")
    (inactive,) = (row for row in rows if row.customer_id == gone)
    assert (inactive.old_percentile, inactive.new_percentile) == (None, None)
    assert (inactive.old_band_code, inactive.new_band_code) == (None, "SOME")
    # Now the one without a mug moves up, though no point of hers changes.
    rows = came_true(host, {"MUGS": None})
    (first,) = (row for row in rows if row.customer_id == people[0])
    assert (first.change, first.old_band_code, first.new_band_code) == (0, None, "TOP")


def test_preview_of_an_object_and_of_an_array_are_the_same(base: Host) -> None:
    (rule,) = (
        rule
        for rule in base.one("select engagement.export_rules()")
        if rule["rule_code"] == "BOUGHT"
    )
    assert preview(base, {"BOUGHT": {"quantity_score": 9, "cap_points": 30, "cap_period": "DAY"}})
    for as_object, as_array in (
        (
            {"BOUGHT": {"quantity_score": 9, "cap_points": 30, "cap_period": "DAY"}},
            [{**rule, "quantity_score": 9, "cap_points": 30, "cap_period": "DAY"}],
        ),
        ({"BOUGHT": None}, [{"rule_code": "BOUGHT", "retired": True}]),
        ({}, []),
        ({}, [rule]),
    ):
        assert preview(base, as_object) == preview(base, as_array)


def test_preview_writes_nothing_anywhere(base: Host) -> None:
    tables = {
        table
        for (table,) in base.rows(
            "select c.relname::text from pg_class c"
            " where c.relnamespace = 'engagement'::regnamespace and c.relkind in ('r', 'p')"
        )
    }
    assert tables == set(STATE)
    relations = "select count(*) from pg_class"
    before = base.one(relations)
    with base.unchanged():
        for case in CASES.values():
            preview(base, case)
            base.rows("select engagement.preview_summary(%s)", Jsonb(case))
    assert base.one(relations) == before
    assert base.notices == []


def test_preview_twice_in_one_transaction(base: Host) -> None:
    once = preview(base, CASES["cap and fade"])
    with base.session.transaction():
        assert preview(base, CASES["cap and fade"]) == once
        with refused("EG002"), base.session.transaction():
            preview(base, {"NOBODY": {"flat_score": 1}})
        assert preview(base, CASES["add"]) != once
        apply(base, CASES["add"])
        assert preview(base, CASES["cap and fade"]) == once
    # The second one, of a change made after another that no run has seen yet.
    base.proven()
    assert preview(base, CASES["revise"]) != once


@pytest.mark.parametrize(
    ("changes", "as_of", "sqlstate"),
    [
        ({"NOBODY": {"flat_score": 1}}, None, "EG002"),
        ({"NOBODY": None}, None, "EG002"),
        ({"BOUGHT": {"flat_score": "many"}}, None, "EG004"),
        ({"BOUGHT": {"flat_score": "NaN"}}, None, "EG004"),
        ({"BOUGHT": {"valid_for_weeks": 0}}, None, "EG004"),
        ({"BOUGHT": {"half_life_weeks": 0}}, None, "EG004"),
        ({"BOUGHT": {"half_life_weeks": "1.5"}}, None, "EG004"),
        ({"BOUGHT": {"category_code": "NONE"}}, None, "EG005"),
        ({"BOUGHT": {"engagement_type": "NONE"}}, None, "EG005"),
        ({"BOUGHT": {"colour": "red"}}, None, "EG010"),
        ({"BOUGHT": 5}, None, "EG010"),
        ({"BOUGHT": []}, None, "EG010"),
        ([{"flat_score": 5}], None, "EG010"),
        ([{**SEAT, "colour": "red"}], None, "EG010"),
        ([{**SEAT, "category_code": "NONE"}], None, "EG005"),
        ([5], None, "EG010"),
        (5, None, "EG010"),
        ("BOUGHT", None, "EG010"),
        (None, None, "EG010"),
        ({"BOUGHT": {"flat_score": 1}}, "infinity", "EG004"),
        ({"BOUGHT": {"flat_score": 1}}, "-infinity", "EG004"),
    ],
)
def test_preview_refused(base: Host, changes: Any, as_of: str | None, sqlstate: str) -> None:
    with base.unchanged():
        with refused(sqlstate):
            preview(base, changes, as_of=as_of)
        with refused(sqlstate):
            base.rows("select engagement.preview_summary(%s, true, %s)", Jsonb(changes), as_of)
    with refused("EG010"):
        base.rows("select * from engagement.preview_rules(null)")


def test_preview_without_a_host_refused(base: Host) -> None:
    base.run("call engagement.detach_host()")
    with refused("EG006"):
        preview(base, {"BOUGHT": {"flat_score": 1}})


def test_preview_without_a_run_or_anybody(host: Host) -> None:
    host.rule(quantity_score=1)
    assert preview(host, {"BOUGHT": {"quantity_score": 2}}) == []
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    (row,) = preview(host, {"BOUGHT": {"quantity_score": 2}})
    assert (row.customer_id, row.old_score, row.new_score) == (customer, 3, 6)


@pytest.mark.parametrize("between", ["revised", "retired", "revived", "added"])
def test_preview_of_a_rule_that_was_changed_since_the_last_run(base: Host, between: str) -> None:
    """What the earlier change would do is part of what the later one does to its rule."""
    if between == "added":
        base.rule("SECOND", quantity_score=7)
    elif between == "revised":
        base.revise({"quantity_score": 7}, retroactive=True)
    else:
        base.retire(retroactive=True)
        if between == "revived":
            base.revise({"quantity_score": 7}, retroactive=True)
    code = "SECOND" if between == "added" else "BOUGHT"
    before = scores(base)
    rows = preview(base, {code: {"quantity_score": 3}})
    apply(base, {code: {"quantity_score": 3}})
    base.proven()
    after = scores(base)
    assert len(rows) == 8
    for row in rows:
        assert (row.old_score, row.new_score) == (
            before[row.customer_id].score,
            after[row.customer_id].score,
        )


def test_preview_with_a_customer_new_since_the_last_run(base: Host) -> None:
    """Who has no score yet will be ranked as well."""
    for _ in range(4):
        base.customer()
    came_true(base, CASES["revise"])


@pytest.mark.parametrize("key_type", ["uuid", "text"])
def test_preview_with_other_keys(deployed_as: Callable[[str], Any], key_type: str) -> None:
    host = furnish(deployed_as(key_type))
    furnish_base(host)
    assert came_true(host, CASES["cap and fade"])
    assert came_true(host, CASES["add with cap"])


@pytest.mark.parametrize("setting", ["nestloop", "hashjoin", "mergejoin", "sort", "hashagg"])
def test_preview_whatever_plan_is_chosen(base: Host, setting: str) -> None:
    expected = preview(base, CASES["cap and fade"])
    base.run(f"set enable_{setting} = off")
    base.run("set search_path = crm")
    assert preview(base, CASES["cap and fade"]) == expected


def test_preview_of_social_scores_and_adjustments(base: Host) -> None:
    customer = base.customer()
    base.socialise(customer, score=8, scored_at="2025-05-01")
    base.adjust(customer, 5)
    base.proven()
    as_of = str(base.clock())
    rows = came_true(base, {"SOCIAL_SCORE": {"amount_score": 2}, "ADJUSTMENT": None}, as_of=as_of)
    (row,) = (row for row in rows if row.customer_id == customer)
    assert (row.old_own_score, row.new_own_score) == (13, 16)
    # A multiplier of zero or less awards nothing.
    (row,) = came_true(base, {"SOCIAL_SCORE": {"amount_score": -1}}, as_of=as_of)
    assert (row.old_own_score, row.new_own_score) == (16, 0)


def test_preview_leaves_activities_out_that_cannot_be_scored(base: Host) -> None:
    customer = base.customer()
    base.order(customer, Line(amount="NaN"), Line(quantity="Infinity"), Line(quantity=1))
    base.recalculate()
    rows = preview(base, {"BOUGHT": {"quantity_score": 3, "amount_score": 1}})
    (row,) = (row for row in rows if row.customer_id == customer)
    assert (row.old_score, row.new_score) == (2, 3)


def test_preview_of_any_change_comes_true(_shared_database: Any) -> None:
    changes = st.dictionaries(
        st.sampled_from(["PLAIN", "CAPPED", "FADING", "SEAT", "ADJUSTMENT", "SOCIAL_SCORE"]),
        st.one_of(st.none(), st.sampled_from(CHANGES)),
        min_size=1,
        max_size=3,
    )
    additions = st.lists(
        st.sampled_from(
            [SEAT | {"rule_code": "SEATED"},
             SEAT | {"rule_code": "SIT", "cap_points": 40, "cap_period": "EVER",
                     "half_life_weeks": 2}],
        ),
        max_size=2, unique_by=lambda rule: str(rule["rule_code"]),
    )  # fmt: skip

    @search(15)
    @given(
        st.lists(all_acts, min_size=3, max_size=14),
        st.one_of(changes, additions),
        st.booleans(),
        st.sampled_from(["AT_ACTIVITY", "CURRENT"]),
        st.sampled_from([0, 0, -20, 50]),
    )
    def check(
        acts: list[tuple[Any, ...]], change: Any, retroactive: bool, attribution: str, ahead: int
    ) -> None:
        host = furnish(_shared_database.empty())
        host.band("BRONZE", from_score=5)
        host.band("SILVER", from_score=20)
        host.band("GOLD", from_percentile=70)
        host.set(EMPLOYER_ATTRIBUTION=attribution)
        association = Association(host)
        association.do(*acts)
        host.proven(as_of=None)
        came_true(host, change, retroactive, association.ago(-ahead) if ahead else None)

    check()


# -- preview_summary ---------------------------------------------------------------------------


def test_preview_summary_counts_and_names_the_largest_movers(base: Host) -> None:
    changes = {
        "BOUGHT": {"quantity_score": 8, "cap_points": 17, "cap_period": "YEAR"},
        "SHORT": {"amount_score": "0.5"},
    }
    rows = preview(base, changes)
    summary = base.one("select engagement.preview_summary(%s, true, null, 3)", Jsonb(changes))
    rank = {None: 0, "BRONZE": 1, "SILVER": 2, "GOLD": 3}
    moves = [rank[row.new_band_code] - rank[row.old_band_code] for row in rows]
    assert {key: summary[key] for key in summary if not key.startswith(("largest", "as_of"))} == {
        "customer_count": len(rows),
        "risen_count": sum(row.change > 0 for row in rows),
        "fallen_count": sum(row.change < 0 for row in rows),
        "band_up_count": sum(move > 0 for move in moves),
        "band_down_count": sum(move < 0 for move in moves),
        "own_change": float(sum(row.new_own_score - row.old_own_score for row in rows)),
    }
    assert summary["risen_count"] > 0 < summary["fallen_count"]
    assert summary["band_up_count"] > 0 < summary["band_down_count"]
    assert base.one("select %s::timestamptz = %s", summary["as_of"], NOW)
    assert [mover["customer_id"] for mover in summary["largest_movers"]] == [
        row.customer_id for row in rows[:3]
    ]
    assert summary["largest_movers"][0].keys() == rows[0]._asdict().keys()


def test_preview_summary_of_a_change_that_moves_nobody(base: Host) -> None:
    summary = base.one("select engagement.preview_summary('{}', true, %s)", LATER)
    assert summary.pop("largest_movers") == []
    assert base.one("select %s::timestamptz = %s", summary.pop("as_of"), LATER)
    assert set(summary.values()) == {0}
    default = base.one("select engagement.preview_summary('{\"BOUGHT\": null}')")
    assert len(default["largest_movers"]) == 8


# -- locks -------------------------------------------------------------------------------------


def test_preview_in_an_open_transaction_holds_up_nobody(
    base: Host, second_session: Callable[..., psycopg.Connection[Any]]
) -> None:
    """Not even another change of the setup: its lock is given back with what was tried."""
    customer = base.one("select max(customer_id) from crm.customer")
    other = Host(second_session(base.session, prepare_threshold=None))
    other.run("set lock_timeout = '200ms'")
    with base.session.transaction():
        expected = preview(base, CASES["add and retire"])
        other.order(customer, Line(quantity=5))
        other.refresh(customer)
        other.proven()
        other.revise({"quantity_score": 3}, retroactive=True)
        other.set(RAISED_RECENTLY_DAYS="31")
        assert preview(base, CASES["add"])
    assert expected
    assert other.failures() == []


def test_preview_waits_for_another_change_of_the_setup_and_orders_do_not(
    base: Host,
    second_session: Callable[..., psycopg.Connection[Any]],
    wait_until_blocked: Callable[[psycopg.Connection[Any]], None],
) -> None:
    customer = base.one("select max(customer_id) from crm.customer")
    sessions = [Host(second_session(base.session, prepare_threshold=None)) for _ in range(2)]
    for session in sessions:
        session.run("set default_transaction_isolation = 'read committed'")
    with ThreadPoolExecutor(1) as pool:
        with sessions[0].session.transaction():
            sessions[0].revise({"quantity_score": 3}, retroactive=True)
            future = pool.submit(preview, sessions[1], {"BOUGHT": {"quantity_score": 4}})
            wait_until_blocked(sessions[1].session)
            base.run("set lock_timeout = '200ms'")
            base.order(customer, Line(quantity=5))
            base.refresh(customer)
            assert base.failures() == []
        rows = future.result(timeout=PATIENCE)
    # It starts from what the other session has decided meanwhile.
    assert rows == preview(base, {"BOUGHT": {"quantity_score": 4}})
