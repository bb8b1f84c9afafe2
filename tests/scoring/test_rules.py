"""Rules: added, revised, retired; refused when wrong; audited."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from scoring.host import Host, Line, instant, refused

LATER = "2100-01-01+00"  # for orders after whatever the clock says


def rules_in_force(host: Host) -> list[str]:
    """Codes of the rules in force, but for those of the package's own sources."""
    codes = [rule["rule_code"] for rule in host.one("select engagement.export_rules()")]
    return [code for code in codes if code not in ("ADJUSTMENT", "SOCIAL_SCORE")]


def test_rule_added_later_scores_history(host: Host) -> None:
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.proven()
    host.rule(quantity_score=2)
    assert host.card(customer)["rules_pending"] is True
    run = host.proven()
    assert (run.award_count, run.score_count) == (1, 1)
    assert host.score(customer).score == 10
    assert host.card(customer)["rules_pending"] is False


def test_rule_revised_from_now_on_keeps_the_past(host: Host) -> None:
    old = host.rule(quantity_score=2, valid_for_weeks=None)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    new = host.revise({"quantity_score": 3})
    host.order(customer, Line(quantity=5), at=LATER)
    host.proven()
    assert host.rows(
        "select rule_id, version, is_active from engagement.score_rule"
        " where rule_code = 'BOUGHT' order by version"
    ) == [(old, 1, True), (new, 2, True)]
    ((end,), (begin,)) = host.rows(
        "select coalesce(applies_until, applies_from) from engagement.score_rule"
        " where rule_code = 'BOUGHT' order by version"
    )
    assert end == begin  # one version ends at the instant at which the other begins
    assert [(a.rule_id, a.points) for a in host.awards(customer)] == [(old, 10), (new, 15)]
    assert host.reasons(customer) == []


def test_rule_revised_retroactively_replaces_at_one_instant(host: Host) -> None:
    old = host.rule(quantity_score=2)
    people = [host.customer() for _ in range(3)]
    for customer in people:
        host.order(customer, Line(quantity=5))
    host.proven()
    new = host.revise({"quantity_score": 3}, retroactive=True)
    assert all(host.card(customer)["rules_pending"] for customer in people)
    assert [host.score(customer).score for customer in people] == [10, 10, 10]
    before = host.one("select clock_timestamp()")
    run = host.proven()
    instants = set()
    for customer in people:
        was, becomes = host.awards(customer)
        assert (was.rule_id, was.void_reason) == (old, "RULE_CHANGED")
        assert (becomes.rule_id, becomes.points) == (new, 15)
        instants |= {was.voided_at, becomes.recorded_at}
        assert host.score_at(customer, known_at=before) == 10
        assert host.score(customer).score == 15
    assert instants == {run.started_at}
    assert not host.card(people[0])["rules_pending"]


def test_rule_revised_twice_never_counts_a_line_twice(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.revise({"quantity_score": 3})
    host.revise({"quantity_score": 4}, retroactive=True)
    host.proven()
    assert host.live(customer) == [10]  # the first version's time is untouched
    host.order(customer, Line(quantity=5), at=LATER)
    host.proven()
    assert host.live(customer) == [10, 20]


def test_rule_revised_from_now_on_with_null_applies_from_never_counts_twice(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    try:
        host.revise({"quantity_score": 3, "applies_from": None})
    except psycopg.Error as error:
        assert error.sqlstate == "EG004"
    host.proven()
    assert host.live(customer) == [10]


def test_rule_description_edited_in_place(host: Host) -> None:
    rule_id = host.rule(quantity_score=2, description="Old")
    customer = host.customer()
    host.order(customer)
    host.proven()
    assert host.revise({"description": "New"}) == rule_id
    assert host.rows(
        "select version, description from engagement.score_rule where rule_id = %s", rule_id
    ) == [(1, "New")]
    run = host.proven()
    assert (run.award_count, run.void_count, run.score_count) == (0, 0, 0)
    descriptions = [
        rule["description"]
        for category in host.card(customer)["categories"]
        for rule in category["rules"]
    ]
    assert descriptions == ["New"]


def test_rule_json_null_clears(host: Host) -> None:
    host.rule(subject_id="MUG", quantity_score=2, amount_score=1, valid_for_weeks=3)
    host.revise({"subject_id": None, "amount_score": None, "valid_for_weeks": None}, True)
    assert host.rows(
        "select subject_id, amount_score, valid_for_weeks, quantity_score"
        " from engagement.score_rule where is_active and rule_code = 'BOUGHT'"
    ) == [(None, 0, None, 2)]


def test_rule_retired_awards_no_more_but_runs_its_course(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=52)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.retire()
    host.order(customer, Line(quantity=5), at=LATER)
    host.proven()
    assert host.live(customer) == [10]
    assert host.score_at(customer, "2026-03-02 10:00+00") == 0
    assert rules_in_force(host) == []
    with host.unchanged():
        host.retire()


def test_rule_retired_retroactively_is_voided(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.proven()
    host.retire(retroactive=True)
    host.proven()
    assert host.live(customer) == []
    assert host.reasons(customer) == ["RULE_CHANGED"]
    assert host.score(customer).score == 0


def test_rule_retired_before_its_next_version_began_then_retroactively_is_voided(
    host: Host,
) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    host.revise({"quantity_score": 3, "applies_from": LATER})
    host.retire()
    host.proven()
    assert host.live(customer) == [10]
    host.retire(retroactive=True)
    host.proven()
    assert host.live(customer) == []


def test_rule_retired_can_be_revived(host: Host) -> None:
    host.rule(quantity_score=2)
    host.retire(retroactive=True)
    host.revise({"quantity_score": 3})
    customer = host.customer()
    host.order(customer)  # before the revival
    host.order(customer, at=LATER)
    host.proven()
    assert host.live(customer) == [3]


def test_rule_category_changed_retroactively_moves_points(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.order(customer)
    host.proven()
    host.revise({"category_code": "INVOLVEMENT"}, retroactive=True)
    host.proven()
    assert host.rows("select category_code, score from engagement.category_score") == [
        ("INVOLVEMENT", 2)
    ]


def test_rule_effective_when_changed_retroactively_moves_to_invoices(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    order = host.order(customer, Line(quantity=1))
    host.invoice(customer, Line(quantity=2), order_line=order.line)
    host.proven()
    host.revise({"effective_when": "INVOICE_CREATION"}, retroactive=True)
    host.proven()
    assert host.live(customer) == [4]


def test_rule_changes_are_audited(host: Host) -> None:
    host.rule(quantity_score=2)
    host.revise({"quantity_score": 3})
    host.revise({"description": "Text"})
    host.retire()
    rows = host.rows(
        "select object_type, object_name, changed_by,"
        " old_value ->> 'quantity_score', new_value ->> 'quantity_score',"
        " new_value ->> 'description', new_value ->> 'applies_until' is not null"
        " from engagement.setup_change order by changed_at"
    )
    me = host.session.info.user
    assert rows == [
        ("RULE", "BOUGHT", me, None, "2", "", False),
        ("RULE", "BOUGHT", me, "2", "3", "", False),
        ("RULE", "BOUGHT", me, None, None, "Text", False),
        ("RULE", "BOUGHT", me, "3", "3", "Text", True),
    ]


@pytest.mark.parametrize(
    ("sqlstate", "columns"),
    [
        ("EG004", {"rule_code": "lower"}),
        ("EG004", {"rule_code": "A" * 61}),
        ("EG004", {"rule_code": None}),
        ("EG004", {"quantity_score": "NaN"}),
        ("EG004", {"amount_score": "Infinity"}),
        ("EG004", {"flat_score": "-Infinity"}),
        ("EG004", {"valid_for_weeks": 0}),
        ("EG004", {"valid_for_weeks": -1}),
        ("EG004", {"valid_for_weeks": 100001}),
        ("EG004", {"applies_from": LATER, "applies_until": LATER}),
        ("EG005", {"category_code": "NONE"}),
        ("EG005", {"category_code": None}),
        ("EG005", {"engagement_type": "NONE"}),
        ("EG005", {"effective_when": "SOMETIMES"}),
        ("EG005", {"effective_when": None}),
        ("EG010", {"rule_code": "BOUGHT"}),
    ],
)
def test_add_rule_bad_input_refused(host: Host, sqlstate: str, columns: dict[str, Any]) -> None:
    host.rule(quantity_score=2)
    with host.unchanged(), refused(sqlstate):
        host.rule(**{"code": "OTHER", "quantity_score": 1, **columns})


@pytest.mark.parametrize(
    ("sqlstate", "code", "changes"),
    [
        ("EG002", "OTHER", {"quantity_score": 1}),
        ("EG010", "BOUGHT", {"quantity_scores": 1}),
        ("EG010", "BOUGHT", {"rule_code": "OTHER"}),
        ("EG010", "BOUGHT", {"is_active": False}),
        ("EG010", "BOUGHT", {"points": 1}),
        ("EG010", "BOUGHT", [1]),
        ("EG010", "BOUGHT", None),
        ("EG004", "BOUGHT", {"quantity_score": "two"}),
        ("EG004", "BOUGHT", {"quantity_score": "NaN"}),
        ("EG004", "BOUGHT", {"valid_for_weeks": 1.5}),
        ("EG004", "BOUGHT", {"valid_for_weeks": 0}),
        ("EG004", "BOUGHT", {"applies_from": "soon"}),
        ("EG004", "BOUGHT", {"applies_from": LATER, "applies_until": LATER}),
        ("EG005", "BOUGHT", {"category_code": "NONE"}),
        ("EG005", "BOUGHT", {"effective_when": None}),
        ("EG005", "BOUGHT", {"engagement_type": "NONE"}),
    ],
)
@pytest.mark.parametrize("retroactive", [False, True])
def test_revise_rule_bad_input_refused(
    host: Host, sqlstate: str, code: str, changes: Any, retroactive: bool
) -> None:
    host.rule(quantity_score=2)
    with host.unchanged(), refused(sqlstate):
        host.revise(changes, retroactive, code)


def test_revise_rule_sql_null_refused(host: Host) -> None:
    host.rule(quantity_score=2)
    with host.unchanged(), refused("EG010"):
        host.rows("select engagement.revise_rule('BOUGHT', null)")


@pytest.mark.parametrize("retroactive", [False, True])
def test_retire_rule_unknown_refused(host: Host, retroactive: bool) -> None:
    with host.unchanged(), refused("EG002"):
        host.retire(retroactive, code="OTHER")


# -- rules as a file ---------------------------------------------------------------------------

RULE = {
    "rule_code": "BOUGHT",
    "category_code": "PURCHASES_DONATIONS",
    "engagement_type": "PRODUCT_PURCHASE",
    "effective_when": "ORDER_CREATION",
    "quantity_score": 2,
}


def apply(host: Host, *rules: Any, retroactive: bool = False, dry_run: bool = False) -> Any:
    return host.rows(
        "select rule_code, action, changes from engagement.apply_rules(%s, %s, %s)",
        *(Jsonb(list(rules)), retroactive, dry_run),
    )


def test_apply_rules_each_action(host: Host) -> None:
    for code in ("REVISED", "DESCRIBED", "RETIRED", "SAME", "ABSENT"):
        host.rule(code, quantity_score=2)
    file = [
        {**RULE, "rule_code": "ADDED"},
        {**RULE, "rule_code": "REVISED", "quantity_score": 3, "description": "Three"},
        {**RULE, "rule_code": "DESCRIBED", "description": "Text"},
        {"rule_code": "RETIRED", "retired": True},
        {**RULE, "rule_code": "SAME", "quantity_score": 2.0},
        {"rule_code": "UNKNOWN", "retired": True},
    ]
    with host.unchanged():
        dry = apply(host, *file, dry_run=True)
    done = apply(host, *file)
    assert dry == done
    assert [(code, action) for code, action, _ in done] == [
        ("ADDED", "add"),
        ("REVISED", "revise"),
        ("DESCRIBED", "describe"),
        ("RETIRED", "retire"),
        ("SAME", "same"),
        ("UNKNOWN", "same"),
    ]
    assert done[1][2] == {"quantity_score": 3, "description": "Three"}
    in_force = rules_in_force(host)
    assert in_force == ["ABSENT", "ADDED", "DESCRIBED", "REVISED", "SAME"]


def test_apply_rules_export_round_trip_changes_nothing(host: Host) -> None:
    host.rule("WHOLE", subject_id="BOOK", subject_class="PUBLICATION", flat_score=1,
              quantity_score="2.50", amount_score="0.1", valid_for_weeks=8, description="It's",
              applies_from="2025-01-01+00", applies_until=LATER)  # fmt: skip
    host.rule("PLAIN", quantity_score=1)
    host.seat_rule()
    host.revise({"quantity_score": 4}, code="PLAIN")
    exported = host.one("select engagement.export_rules()")
    with host.unchanged():
        assert {action for _, action, _ in apply(host, *exported)} == {"same"}
    host.run("delete from engagement.score_rule")
    assert {action for _, action, _ in apply(host, *exported)} == {"add"}
    assert host.one("select engagement.export_rules()") == exported


@pytest.mark.parametrize("retroactive", [False, True])
def test_apply_rules_same_file_again_is_same(host: Host, retroactive: bool) -> None:
    customer = host.customer()
    host.order(customer, Line(quantity=5))
    apply(host, RULE)
    revised = {**RULE, "quantity_score": 3}
    assert [a for _, a, _ in apply(host, revised, retroactive=retroactive)] == ["revise"]
    with host.unchanged():
        assert [a for _, a, _ in apply(host, revised, retroactive=retroactive)] == ["same"]
    host.proven()
    assert host.live(customer) == [15 if retroactive else 10]


def test_apply_rules_brings_a_retired_rule_back(host: Host) -> None:
    apply(host, RULE)
    apply(host, {"rule_code": "BOUGHT", "retired": True}, retroactive=True)
    assert [action for _, action, _ in apply(host, RULE)] == ["revise"]
    assert rules_in_force(host) == ["BOUGHT"]
    customer = host.customer()
    host.order(customer, at=LATER)
    host.proven()
    assert host.live(customer) == [2]


@pytest.mark.parametrize(
    ("sqlstate", "rules"),
    [
        ("EG010", {}),
        ("EG010", [1]),
        ("EG010", [{"category_code": "INVOLVEMENT"}]),
        ("EG010", [RULE, {**RULE, "rule_code": "OTHER", "quantity": 1}]),
        ("EG010", [RULE, {**RULE, "rule_code": "OTHER", "is_active": True}]),
        ("EG004", [RULE, {**RULE, "rule_code": "OTHER", "quantity_score": "two"}]),
        ("EG004", [RULE, {**RULE, "rule_code": "OTHER", "valid_for_weeks": -1}]),
        ("EG005", [RULE, {**RULE, "rule_code": "OTHER", "category_code": "NONE"}]),
        ("EG005", [RULE, {"rule_code": "OTHER"}]),
    ],
)
def test_apply_rules_bad_file_applies_nothing(host: Host, sqlstate: str, rules: Any) -> None:
    with host.unchanged(), refused(sqlstate):
        host.rows("select engagement.apply_rules(%s)", Jsonb(rules))


# -- overlapping_rules -------------------------------------------------------------------------


def overlaps(host: Host, *codes: str) -> list[tuple[Any, ...]]:
    """Pairs of rules of the test that award the same, and whether for the same scope."""
    return host.rows(
        "select rule_code, other_rule_code, is_same_scope from engagement.overlapping_rules(%s)"
        " order by 1, 2",
        list(codes) or None,
    )


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({}, {}, True),
        ({"subject_class": "PUBLICATION"}, {"subject_class": "PUBLICATION"}, True),
        ({"subject_class": "PUBLICATION"}, {}, False),
        ({"subject_class": "PUBLICATION"}, {"subject_class": "EVENT"}, None),
        ({"subject_id": "BOOK"}, {"subject_id": "BOOK"}, True),
        ({"subject_id": "BOOK"}, {"subject_id": "PEN"}, None),
        # The host says that the book is a publication; of what it does not know, anything may be.
        ({"subject_id": "BOOK"}, {"subject_class": "PUBLICATION"}, False),
        ({"subject_id": "BOOK"}, {"subject_class": "EVENT"}, None),
        ({"subject_id": "NEW"}, {"subject_class": "EVENT"}, False),
        ({}, {"effective_when": "INVOICE_CREATION"}, None),
        ({"applies_until": "2025-01-01+00"}, {"applies_from": "2025-01-01+00"}, None),
        ({"applies_until": "2025-01-02+00"}, {"applies_from": "2025-01-01+00"}, True),
        ({}, {"flat_score": 0}, None),
    ],
)
def test_overlapping_rules_are_those_of_which_one_activity_earns_twice(
    host: Host, first: dict[str, Any], second: dict[str, Any], expected: bool | None
) -> None:
    host.rule("A", **{"flat_score": 1, **first})
    host.rule("B", **{"flat_score": 1, **second})
    found = [] if expected is None else [("A", "B", expected)]
    assert overlaps(host, "A") == overlaps(host, "B") == found
    assert overlaps(host) == found
    assert overlaps(host, "C") == []


def test_overlapping_rules_say_what_both_award_and_an_example(host: Host) -> None:
    host.rule("A", quantity_score=2, amount_score="0.333", applies_from="2025-01-01+00")
    host.rule("B", flat_score=-1, subject_class="EVENT", applies_until="2030-01-01+00")
    (pair,) = host.named("select * from engagement.overlapping_rules()")
    assert (pair.subject_id, pair.subject_class) == (None, "EVENT")
    assert (pair.applies_from, pair.applies_until) == (
        instant("2025-01-01+00"), instant("2030-01-01+00"),
    )  # fmt: skip
    assert (pair.points, pair.other_points, pair.total_points) == (
        Decimal("35.3"), -1, Decimal("34.3"),
    )  # fmt: skip


def test_overlapping_rules_without_a_host(host: Host) -> None:
    host.rule("A", flat_score=1, subject_id="BOOK")
    host.rule("B", flat_score=1, subject_class="EVENT")
    host.run("call engagement.detach_host()")
    assert overlaps(host) == [("A", "B", False)]
