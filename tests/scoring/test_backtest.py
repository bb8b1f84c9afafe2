"""Scores of then against what happened later: nothing leaks in, and what is said is so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from scoring.host import NOW, Host, Line, refused
from scoring.outcomes import DECIDED, GONE, VIEW, Fates, area, wilson

#: 90 days before DECIDED.
SCORED = "2025-02-14 12:00+00"
EARLY = "2025-01-10 10:00+00"


@pytest.fixture
def fates(host: Host) -> Iterator[Fates]:
    """The outcome FATE, without rows."""
    host.session.execute(VIEW)
    yield Fates(host)
    host.session.execute(GONE)


def people(host: Host, count: int) -> list[Any]:
    """New customers."""
    return [host.customer() for _ in range(count)]


def sides(result: Any) -> tuple[Any, ...]:
    """The area and its interval."""
    return result["auc"], result["auc_low"], result["auc_high"]


def planted(host: Host, fates: Fates) -> None:
    """200 outcomes: 80 of 100 with ten points happened, and 40 of 100 without points."""
    host.rule(quantity_score=10)
    for number, customer in enumerate(people(host, 200)):
        if number < 100:
            host.order(customer, at=EARLY)
        fates.add(customer, number % 100 < (80 if number < 100 else 40), value=number)
    host.recalculate("FULL")


def test_backtest_of_a_planted_effect_finds_it_and_its_size(host: Host, fates: Fates) -> None:
    planted(host, fates)
    result = fates.backtest()
    assert (result["outcome_count"], result["happened_count"], result["missed_count"]) == (
        *(200, 120, 80),
    )
    assert (result["is_conclusive"], result["verdict"]) == (True, "HIGHER")
    groups = result["groups"]
    assert [(g["outcome_count"], g["happened_count"]) for g in groups] == [(100, 80), (100, 40)]
    for group in groups:
        limits = wilson(group["happened_count"], 100)
        assert [group["rate_low"], group["rate_high"]] == pytest.approx(limits, abs=1e-6)
    assert [(g["rate"], g["score_from"], g["score_to"]) for g in groups] == [
        *((0.8, 10, 10), (0.4, 0, 0)),
    ]
    assert [g["lift"] for g in groups] == pytest.approx([4 / 3, 2 / 3], abs=1e-6)
    assert groups[0]["value_total"] == sum(range(100))
    scores = [10.0] * 100 + [0.0] * 100
    expected = area(scores, [n % 100 < (80 if n < 100 else 40) for n in range(200)])
    reach = 1.959963984540054 * expected.error
    assert sides(result) == pytest.approx(
        (17 / 24, expected.auc - reach, expected.auc + reach), abs=1e-6
    )
    # All points are of one rule, so it tells the same alone, and nothing is left without it.
    category, rule = result["parts"]
    assert (category["part_type"], rule["part_type"]) == ("CATEGORY", "RULE")
    assert (rule["part_code"], rule["outcome_count"]) == ("BOUGHT", 100)
    for part in (category, rule):
        assert sides(part) == sides(result)
        assert part["without_auc"] == 0.5
        assert part["adds"] == pytest.approx(17 / 24 - 0.5, abs=1e-6)
        assert 0 < part["adds_low"] < part["adds"] < part["adds_high"]


def test_backtest_of_two_rules_says_which_one_tells(host: Host, fates: Fates) -> None:
    """A rule whose points have nothing to do with the outcome adds noise."""
    host.product("MUG", "MERCHANDISE")
    host.rule("BOOKS", subject_class="PUBLICATION", quantity_score=10)
    host.rule("MUGS", subject_class="MERCHANDISE", quantity_score=3)
    rows = []
    for number, customer in enumerate(people(host, 80)):
        books, mugs = number % 2, number // 2 % 3
        lines = [Line("BOOK")] * books + [Line("MUG", mugs)] * bool(mugs)
        if lines:
            host.order(customer, *lines, at=EARLY)
        happened = number % 10 < (8 if books else 3)
        fates.add(customer, happened)
        rows.append((10 * books, 3 * mugs, happened))
    host.recalculate("FULL")
    result = fates.backtest()
    books, mugs, happened = (list(column) for column in zip(*rows, strict=True))
    whole = area([a + b for a, b in zip(books, mugs, strict=True)], happened)
    parts = {p["part_code"]: p for p in result["parts"] if p["part_type"] == "RULE"}
    assert result["auc"] == pytest.approx(whole.auc, abs=1e-6)
    for code, alone, without in (("BOOKS", books, mugs), ("MUGS", mugs, books)):
        part = parts[code]
        assert part["auc"] == pytest.approx(area(alone, happened).auc, abs=1e-6)
        assert part["without_auc"] == pytest.approx(area(without, happened).auc, abs=1e-6)
        assert part["adds"] == pytest.approx(whole.auc - area(without, happened).auc, abs=1e-6)
    assert parts["BOOKS"]["adds_low"] > 0
    assert parts["MUGS"]["adds_low"] < 0 < parts["MUGS"]["adds_high"]


def test_backtest_does_not_let_the_outcome_predict_itself(host: Host, fates: Fates) -> None:
    """Who renews buys a membership, which earns points: after the instant of the score."""
    host.rule(quantity_score=10)
    for number, customer in enumerate(people(host, 60)):
        host.order(customer, Line(quantity=1 + number // 2 % 2), at=EARLY)
        if number % 2:
            host.order(customer, Line(quantity=5), at="2025-05-10 10:00+00")
        fates.add(customer, bool(number % 2))
    host.recalculate("FULL")
    result = fates.backtest()
    assert (result["auc"], result["verdict"]) == (0.5, "NOT_SHOWN")
    # So it would look if points of later counted.
    assert fates.backtest(lead=dt.timedelta(days=1))["auc"] == 1
    assert fates.backtest(lead=dt.timedelta(days=1))["verdict"] == "HIGHER"


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT", "NONE"])
def test_backtest_has_the_scores_that_everybody_had_then(
    host: Host, fates: Fates, attribution: str
) -> None:
    """Caps, fading, expiry, seats, adjustments, companies: at each instant as score_at says."""
    if attribution == "NONE":
        host.set(ROLLUP_EMPLOYEES_TO_EMPLOYER="N")
    else:
        host.set(EMPLOYER_ATTRIBUTION=attribution)
    host.set(TIME_ZONE="America/New_York")
    host.rule("CAPPED", quantity_score=4, cap_points=10, cap_period="MONTH")
    host.rule("FADING", amount_score="0.1", half_life_weeks=6)
    host.rule("SHORT", flat_score=7, valid_for_weeks=9)
    host.rule("FOR_GOOD", flat_score=1, category_code="INVOLVEMENT")
    host.seat_rule()
    firms = [host.customer("COMPANY"), host.customer("COMPANY")]
    crowd = people(host, 6)
    for number, customer in enumerate(crowd):
        host.job(customer, firms[number % 2], end=f"2024-{number + 4:02}-20")
        host.job(customer, firms[1 - number % 2], begin=f"2024-{number + 4:02}-15")
        for month in range(1, 13, 1 + number % 3):
            host.order(
                customer, Line(quantity=number, amount=50 + 11 * month), Line(quantity=-1),
                at=f"2024-{month:02}-{3 + number * 4:02} 03:30+00",
            )  # fmt: skip
    host.order(firms[0], Line(quantity=3, amount=500), at="2024-02-29 23:59+00")
    host.seat(crowd[2], "2024-05-05", "2024-11-30")
    host.recalculate("FULL")
    instants = [f"2024-{month:02}-{day} 12:00+00" for month in range(1, 13) for day in (9, 23)]
    for instant in instants:
        for customer in firms + crowd:
            fates.add(customer, True, at=instant)
    found = host.named(
        """
        with outcome as (
            select array(
                select row(row_number() over (), v.customer_id, v.decided_at, true, null, 0)
                    ::engagement.scored_outcome
                from engagement_host.fate v) as rows
        ),
        point as (
            select p.* from outcome o
            cross join engagement.outcome_points(
                o.rows, array(select r from engagement.score_rule r)) p
        )
        select u.customer_id, u.scored_at,
               coalesce(sum(p.points) filter (where p.rule_code is not null), 0) as own,
               coalesce(sum(p.points) filter (where p.rule_code is null), 0) as employees,
               coalesce(sum(p.points) filter (where p.rule_code = 'CAPPED'), 0) as capped,
               coalesce(sum(p.points) filter (where p.category_code = 'INVOLVEMENT'), 0) as involved
        from outcome o
        cross join unnest(o.rows) u
        left join point p on p.outcome_number = u.outcome_number
        group by u.outcome_number, u.customer_id, u.scored_at
        """
    )
    assert len(found) == len(instants) * 8
    assert sum(row.employees for row in found) > 0 or attribution == "NONE"
    for row in found:
        ((_, own, employees, _),) = host.trend(row.customer_id, row.scored_at, row.scored_at)
        assert row.own == own == host.score_at(row.customer_id, row.scored_at)
        assert row.employees == employees
        explained = host.explain(row.customer_id, row.scored_at)
        for points, key, code in (
            (row.capped, "rule_code", "CAPPED"),
            (row.involved, "category_code", "INVOLVEMENT"),
        ):
            assert points == sum(e.points for e in explained if getattr(e, key) == code)


def test_backtest_by_lead_goes_by_the_clock_of_the_organisation(host: Host, fates: Fates) -> None:
    """One day before noon is noon, also where the clock was changed that night."""
    host.set(TIME_ZONE="America/New_York")
    fates.add(host.customer(), True, at="2025-03-09 16:00+00")
    host.recalculate("FULL")
    result = fates.backtest(lead=dt.timedelta(days=1))
    scored = dt.datetime.fromisoformat(result["first_scored_at"])
    assert scored == dt.datetime.fromisoformat("2025-03-08T17:00+00:00")


def test_backtest_known_has_only_what_was_on_record(host: Host, fates: Fates) -> None:
    company, early, late = host.customer("COMPANY"), host.customer(), host.customer()
    host.job(early, company)
    host.job(late, company)
    host.rule(quantity_score=4, cap_points=10, cap_period="EVER")
    line = host.order(early, Line(quantity=2), at=EARLY).line
    host.recalculate("FULL", as_of=None)
    instant = host.clock()
    # Entered later, with an earlier date; it also takes the room under the cap.
    host.order(late, Line(quantity=1), at=EARLY)
    host.order(early, Line(quantity=2), at="2025-01-01 10:00+00")
    host.set_line(line, quantity=1)
    host.recalculate("FULL", as_of=None)
    for customer in (company, early, late):
        fates.add(customer, True, at=instant)
    now = dt.timedelta(0)

    def scores(known: bool) -> list[Decimal]:
        groups = fates.backtest(lead=now, known=known, by="TENTH")["groups"]
        return sorted(group["score_to"] for group in groups for _ in range(group["outcome_count"]))

    for known_at, is_known in ((instant, True), ("infinity", False)):
        own = [host.score_at(customer, instant, known_at) for customer in (early, late)]
        assert scores(is_known) == sorted([*own, sum(own)])
    assert scores(True) == [0, 8, 8]
    assert scores(False) == [4, 10, 14]


RULES = [
    {
        "rule_code": "BOUGHT", "category_code": "PURCHASES_DONATIONS",
        "engagement_type": "PRODUCT_PURCHASE", "effective_when": "ORDER_CREATION",
        "amount_score": 1, "cap_points": 30, "cap_period": "MONTH",
    },
    {
        "rule_code": "NEW", "category_code": "INVOLVEMENT",
        "engagement_type": "PRODUCT_PURCHASE", "effective_when": "ORDER_CREATION",
        "flat_score": 2, "half_life_weeks": 4,
    },
]  # fmt: skip


def test_backtest_of_rules_says_what_it_says_once_they_apply(host: Host, fates: Fates) -> None:
    host.rule(quantity_score=10)
    host.rule("KEPT", flat_score="0.5")
    company = host.customer("COMPANY")
    for number, customer in enumerate(people(host, 50)):
        host.job(customer, company)
        host.order(
            customer,
            Line(quantity=number % 3, amount=number),
            Line(amount=number * 7 % 20),
            at=EARLY,
        )
        fates.add(customer, number % 5 < 1 + number / 17)
    fates.add(company, True)
    host.recalculate("FULL")
    recorded = fates.backtest()
    with host.unchanged():
        tried = fates.backtest(rules=Jsonb(RULES))
        again = fates.backtest(rules=Jsonb(RULES))
    assert again == tried
    host.rows("select engagement.apply_rules(%s, true)", Jsonb(RULES))
    host.recalculate("FULL")
    applied = fates.backtest()
    of_both = ("groups", "parts", "auc", "auc_low", "auc_high", "verdict", "outcome_count")
    for key in of_both:
        assert tried[key] == applied[key], key
    compared = tried["comparison"]
    assert sides(recorded) == tuple(
        compared[f"against_{key}"] for key in ("auc", "auc_low", "auc_high")
    )
    assert compared["difference"] == pytest.approx(tried["auc"] - recorded["auc"], abs=2e-6)
    assert compared["difference_low"] < compared["difference"] < compared["difference_high"]
    assert (recorded["comparison"], recorded["is_tried"]) == (None, False)
    assert tried["auc"] != recorded["auc"]


def test_backtest_of_two_sets_of_rules_compares_them_over_the_same_outcomes(
    host: Host, fates: Fates
) -> None:
    host.rule(amount_score=10)
    for number, customer in enumerate(people(host, 60)):
        amount = number * 7 % 20
        host.order(customer, Line(amount=amount), at=EARLY)
        fates.add(customer, amount > 8 or number % 5 == 0)
    host.recalculate("FULL")
    flat = [{**RULES[0], "amount_score": 0, "flat_score": 1, "cap_points": None,
             "cap_period": None}]  # fmt: skip
    by_amount, by_flat = Jsonb([RULES[0]]), Jsonb(flat)
    with host.unchanged():
        one, other = fates.backtest(rules=by_amount), fates.backtest(rules=by_flat)
        both = fates.backtest(rules=by_amount, against=by_flat)
    assert (one["is_against_tried"], both["is_against_tried"]) == (False, True)
    compared = both["comparison"]
    for key in ("auc", "auc_low", "auc_high"):
        assert both[key] == one[key]
        assert compared[f"against_{key}"] == other[key]
    assert compared["difference"] == pytest.approx(one["auc"] - other["auc"], abs=2e-6)
    assert (other["auc"], compared["verdict"]) == (0.5, "BETTER")
    turned = fates.backtest(rules=by_flat, against=by_amount)["comparison"]
    assert turned["verdict"] == "WORSE"
    assert turned["difference"] == -compared["difference"]
    assert turned["difference_low"] == -compared["difference_high"]


def test_backtest_of_the_rules_on_record_finds_no_difference(host: Host, fates: Fates) -> None:
    planted(host, fates)
    compared = fates.backtest(rules=Jsonb({}))["comparison"]
    assert [compared[f"difference{end}"] for end in ("", "_low", "_high")] == [0, 0, 0]
    assert compared["verdict"] == "NOT_SHOWN"


@pytest.mark.parametrize(("happened", "missed"), [(19, 40), (40, 19), (0, 0), (30, 0)])
def test_backtest_of_too_few_gives_no_verdict(
    host: Host, fates: Fates, happened: int, missed: int
) -> None:
    for number, customer in enumerate(people(host, happened + missed)):
        fates.add(customer, number < happened)
    host.recalculate("FULL")
    result = fates.backtest()
    assert (result["is_conclusive"], result["verdict"]) == (False, "TOO_FEW")
    assert (sides(result), result["parts"]) == ((None, None, None), [])
    assert (result["happened_count"], result["missed_count"]) == (happened, missed)
    assert sum(group["outcome_count"] for group in result["groups"]) == happened + missed
    assert (result["rate"] is None) == (happened + missed == 0)


def test_backtest_of_equal_scores_has_nothing_to_tell(host: Host, fates: Fates) -> None:
    for number, customer in enumerate(people(host, 60)):
        fates.add(customer, number % 2 == 0)
    host.recalculate("FULL")
    result = fates.backtest()
    assert (result["verdict"], result["is_conclusive"]) == ("ALL_EQUAL", True)
    assert (sides(result), result["parts"]) == ((None, None, None), [])


def test_backtest_says_nothing_of_a_rule_that_few_have(host: Host, fates: Fates) -> None:
    """All four of a committee renewed, as nine of ten of all did: DeLong's interval is tiny."""
    host.rule("BOOKS", subject_class="PUBLICATION", quantity_score=10)
    host.rule("MUGS", subject_class="MERCHANDISE", quantity_score=100)
    host.product("MUG", "MERCHANDISE")
    for number, customer in enumerate(people(host, 250)):
        happened = number % 10 > 0
        if number % 2:
            host.order(customer, Line("BOOK"), at=EARLY)
        if number in (11, 22, 33, 44):
            host.order(customer, Line("MUG"), at=EARLY)
        fates.add(customer, happened)
    host.recalculate("FULL")
    result = fates.backtest()
    parts = {p["part_code"]: p for p in result["parts"] if p["part_type"] == "RULE"}
    assert [parts[code]["is_thin"] for code in ("BOOKS", "MUGS")] == [False, True]
    assert parts["BOOKS"]["adds_low"] is not None
    assert parts["MUGS"]["adds"] > 0
    for key in ("auc", "without_auc", "adds"):
        assert (parts["MUGS"][f"{key}_low"], parts["MUGS"][f"{key}_high"]) == (None, None)
    compared = fates.backtest(rules=Jsonb({"MUGS": None}))["comparison"]
    assert (compared["verdict"], compared["changed_count"]) == ("TOO_FEW", 4)


def test_backtest_by_fifth_and_tenth_keeps_equal_scores_together(host: Host, fates: Fates) -> None:
    host.rule(quantity_score=1)
    for number, customer in enumerate(people(host, 20)):
        if number >= 10:
            host.order(customer, Line(quantity=number), at=EARLY)
        fates.add(customer, True)
    host.recalculate("FULL")
    fifths = {g["group"]: g["outcome_count"] for g in fates.backtest()["groups"]}
    # Ten scores of 0 have the middle place 5 of 20: the second fifth.
    assert fifths == {"5": 4, "4": 4, "3": 2, "2": 10}
    tenths = fates.backtest(by="TENTH")["groups"]
    assert [(g["group"], g["outcome_count"]) for g in tenths] == [
        *(("10", 2), ("9", 2), ("8", 2), ("7", 2), ("6", 2), ("3", 10)),
    ]
    assert [g["score_from"] for g in tenths] == [18, 16, 14, 12, 10, 0]


def test_backtest_by_band_takes_the_score_of_then(host: Host, fates: Fates) -> None:
    host.band("GOLD", from_score=10)
    host.band("TOP", from_percentile=90)
    host.rule(quantity_score=1)
    for number, customer in enumerate(people(host, 20)):
        host.order(customer, Line(quantity=number), at=EARLY)
        host.order(customer, Line(quantity=100), at=NOW)
        fates.add(customer, number > 4)
    host.recalculate("FULL")
    groups = fates.backtest(by="BAND")["groups"]
    assert [(g["group"], g["outcome_count"], g["score_from"], g["score_to"]) for g in groups] == [
        *(("TOP", 2, 18, 19), ("GOLD", 8, 10, 17), (None, 10, 0, 9)),
    ]


def test_backtest_from_to_and_segment_choose_outcomes(host: Host, fates: Fates) -> None:
    active, idle = people(host, 2)
    host.rule(quantity_score=1)
    host.order(active, at=EARLY)
    for customer in (active, idle):
        for day in ("2025-04-01", "2025-05-01", "2025-06-01"):
            fates.add(customer, True, at=f"{day} 00:00+00")
    host.recalculate("FULL")

    def count(**arguments: Any) -> int:
        number: int = fates.backtest(**arguments)["outcome_count"]
        return number

    assert count() == 6
    assert count(from_="2025-05-01 00:00+00") == 4
    assert count(to="2025-05-01 00:00+00") == 2
    assert count(from_="2025-05-01 00:00+00", to="2025-06-01 00:00+00") == 2
    assert count(segment="potential_donors") == 3


def test_backtest_leaves_out_rows_that_peek_and_says_so(host: Host, fates: Fates) -> None:
    good, other = people(host, 2)
    fates.add(good, True)
    assert fates.backtest()["left_out"] == []
    fates.add(None, True)
    fates.add(host.one("select max(customer_id) + 1000 from crm.customer"), True)
    fates.add(other, True, at=None)
    fates.add(other, True, at="infinity")
    fates.add(other, True)
    fates.add(other, False)
    fates.add(good, None, at="2025-04-01 00:00+00")
    fates.add(good, True, at="2025-06-16 00:00+00")
    fates.add(good, True, at="2999-01-01 00:00+00")
    fates.add(good, True, at="2025-04-02 00:00+00", value="NaN")
    host.recalculate("FULL")
    result = fates.backtest()
    assert (result["outcome_count"], result["happened_count"]) == (1, 1)
    assert [(f["severity"], f["finding"], f["row_count"]) for f in result["left_out"]] == [
        ("problem", "customer_id is NULL", 1),
        ("problem", "customer_id is not in engagement_host.customer", 1),
        ("problem", "decided_at is NULL, infinite or out of range", 2),
        ("problem", "customer_id and decided_at are not unique", 2),
        ("problem", "the outcome is known before it is decided", 1),
        ("problem", "value is NaN or infinite", 1),
        ("hint", "happened is NULL", 1),
        ("hint", "the outcome was decided after the last recalculation", 1),
    ]
    for finding in result["left_out"]:
        query = finding["hint"][finding["hint"].index("select * from") :]
        found = host.one(f"select count(*) from ({query.rstrip(';')}) q")
        assert found == finding["row_count"], query


def test_renewal_of_the_reference_host_is_another_membership_around_its_end(host: Host) -> None:
    host.product("MEMBER", "MEMBERSHIP")
    member = Line("MEMBER", 1, 180)

    def bought(*days: str) -> Any:
        customer = host.customer()
        for day in days:
            host.order(customer, member, at=f"{day} 10:00+00")
        return customer

    loyal = bought("2023-01-10", "2024-01-05", "2025-01-20")
    lost = bought("2023-02-01")
    too_late = bought("2023-03-01", "2024-05-01")
    too_early = bought("2023-04-01", "2024-01-15")
    host.order(lost, Line("BOOK"), at="2024-02-01 10:00+00")
    host.order(lost, member, at="2024-02-02 10:00+00", status="CANCELLED")
    host.order(lost, Line("MEMBER", -1, -180), at="2024-02-03 10:00+00")
    rows = host.rows(
        "select customer_id, decided_at::date::text, happened, value from engagement_host.renewal"
        " where decided_at < '2024-06-01' order by customer_id"
    )
    assert rows == [
        (loyal, "2024-01-10", True, 180),
        (lost, "2024-02-01", False, None),
        (too_late, "2024-03-01", False, None),
        (too_early, "2024-04-01", False, None),
    ]
    recent = host.clock() - dt.timedelta(days=365 + 30)
    host.order(host.customer(), member, at=str(recent))
    assert host.rows("select from engagement_host.renewal where decided_at > '2026-09-01'") == []


@pytest.mark.parametrize(
    ("arguments", "sqlstate"),
    [
        ({"outcome": "NOTHING"}, "EG017"),
        ({"lead": dt.timedelta(days=-1)}, "EG004"),
        ({"lead": "101 years"}, "EG004"),
        ({"lead": None}, "EG004"),
        ({"by": "THIRD"}, "EG004"),
        ({"by": None}, "EG004"),
        ({"from_": NOW, "to": DECIDED}, "EG004"),
        ({"segment": "no_such"}, "EG011"),
        ({"rules": Jsonb(7)}, "EG010"),
        ({"rules": Jsonb({"NO_RULE": None})}, "EG002"),
        ({"rules": Jsonb("BOUGHT")}, "EG010"),
        ({"rules": Jsonb({"rule": [{"rule_code": "BOUGHT"}]})}, "EG002"),
        ({"rules": Jsonb({"BOUGHT": 5})}, "EG010"),
        ({"rules": Jsonb({"BOUGHT": [{"flat_score": 5}]})}, "EG010"),
        ({"rules": Jsonb([]), "known": True}, "EG004"),
        ({"against": Jsonb([])}, "EG004"),
        ({"rules": Jsonb([]), "against": Jsonb({"NO_RULE": None})}, "EG002"),
    ],
)
def test_backtest_with_bad_arguments_is_refused(
    host: Host, fates: Fates, arguments: dict[str, Any], sqlstate: str
) -> None:
    host.rule()
    with host.unchanged(), refused(sqlstate):
        fates.backtest(**arguments)


def test_backtest_names_a_rule_that_only_the_tried_ones_have(host: Host, fates: Fates) -> None:
    planted(host, fates)
    tried = {**RULES[0], "rule_code": "NEW", "description": "Points for trying", "flat_score": 1,
             "amount_score": 0, "cap_points": None, "cap_period": None}  # fmt: skip
    labels = {p["part_code"]: p["label"] for p in fates.backtest(rules=Jsonb([tried]))["parts"]}
    assert labels["NEW"] == "Points for trying"
    revised = Jsonb({"BOUGHT": {"description": "By the piece"}})
    labels = {p["part_code"]: p["label"] for p in fates.backtest(rules=revised)["parts"]}
    assert labels["BOUGHT"] == "By the piece"


def test_backtest_never_scores_after_the_outcome(host: Host, fates: Fates) -> None:
    """A month less thirty days may be less than nothing, and an hour comes twice in autumn."""
    host.set(TIME_ZONE="Europe/Zurich")
    fates.add(host.customer(), True, at="2024-03-15 12:00+00")
    fates.add(host.customer(), True, at="2024-10-27 00:30+00")
    host.recalculate("FULL")
    for lead in ("1 month -30 days", "0"):
        result = fates.backtest(lead=lead)
        last = dt.datetime.fromisoformat(result["last_scored_at"])
        assert last <= dt.datetime.fromisoformat("2024-10-27T00:30+00:00")
        first = dt.datetime.fromisoformat(result["first_scored_at"])
        assert first <= dt.datetime.fromisoformat("2024-03-15T12:00+00:00")


def test_backtest_says_that_rules_are_pending(host: Host, fates: Fates) -> None:
    host.rule(quantity_score=10)
    host.recalculate("FULL")
    assert not fates.backtest()["is_pending"]
    host.rows("select engagement.revise_rule('BOUGHT', '{\"quantity_score\": 3}', true)")
    assert fates.backtest()["is_pending"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("alter view engagement_host.fate rename column value to val", "value"),
        (
            "create or replace view engagement_host.fate as select null::engagement.host_key as"
            " customer_id, now() as decided_at, true as happened, 1 / (random() * 0)::numeric"
            " as value",
            "22012",
        ),
    ],
)
def test_backtest_of_a_view_that_has_changed_names_it(
    host: Host, fates: Fates, statement: str, what: str
) -> None:
    host.run(statement)
    with pytest.raises(psycopg.Error) as caught:
        fates.backtest()
    assert caught.value.sqlstate == "EG007"
    assert "engagement_host.fate" in str(caught.value)
    assert what in str(caught.value.diag.message_detail)


def test_backtest_where_the_view_is_gone_says_so(host: Host, fates: Fates) -> None:
    host.run("drop view engagement_host.fate")
    with refused("EG007"):
        fates.backtest()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("drop view engagement_host.fate", "is not there"),
        ("alter view engagement_host.fate rename column value to val", "value"),
    ],
)
def test_outcome_problems_name_an_outcome_that_cannot_be_read(
    host: Host, fates: Fates, statement: str, found: str
) -> None:
    problems = "select view_name, problem, hint from engagement.outcome_problems()"
    assert host.rows(problems) == []
    host.run(statement)
    ((name, problem, hint),) = host.rows(problems)
    assert name == "engagement_host.fate"
    assert problem.startswith("outcome FATE: ")
    assert found in problem
    assert hint
    # No score depends on it.
    host.recalculate("INCREMENTAL")
    assert host.rows("select from engagement.scoring_failure where resolved_at is null") == []


@pytest.mark.parametrize(
    ("name", "columns", "sqlstate"),
    [
        ("renewal", "1::bigint as customer_id", "EG017"),
        ("", "1::bigint as customer_id", "EG017"),
        (None, "1::bigint as customer_id", "EG017"),
        ("TABLE", None, "EG007"),
        ("ODD", "1 as customer_id, now() as decided_at, true as happened, 1.0 as value", "EG007"),
        ("ODD", "1::bigint as customer_id, now() as decided_at, true as happened", "EG007"),
        (
            "ODD",
            "1::bigint as customer_id, now()::date as decided_at, true as happened, 1.0 as value",
            "EG007",
        ),
    ],
)
def test_register_outcome_of_another_shape_is_refused(
    host: Host, name: Any, columns: str | None, sqlstate: str
) -> None:
    view = "crm.customer"
    with refused(sqlstate), host.session.transaction():
        if columns:
            view = "engagement_host.odd"
            host.run(f"create view {view} as select {columns}")
        host.run("call engagement.register_outcome(%s, %s::regclass)", name, view)


def test_register_outcome_again_replaces_it(host: Host, fates: Fates) -> None:
    host.run(
        "call engagement.register_outcome('FATE', 'engagement_host.renewal', 'Something else')"
    )
    assert host.rows(
        "select view_name, description, made_by from engagement.outcome_source"
        " where outcome = 'FATE'"
    ) == [("engagement_host.renewal", "Something else", "HAND")]


def test_unregister_outcome_ends_it_and_leaves_the_view(host: Host, fates: Fates) -> None:
    host.run("call engagement.unregister_outcome('FATE')")
    with refused("EG017"):
        fates.backtest()
    with refused("EG017"):
        host.run("call engagement.unregister_outcome('FATE')")
    assert host.rows("select * from engagement_host.fate") == []


def test_forget_outcomes_takes_what_the_adapter_no_longer_registers(
    host: Host, fates: Fates
) -> None:
    with host.session.transaction(force_rollback=True):
        host.run("select set_config('engagement.made_by', 'ADAPTER', true)")
        host.run("call engagement.register_outcome('KEPT', 'engagement_host.fate')")
        host.run("call engagement.forget_outcomes()")
        left = host.rows("select outcome, made_by from engagement.outcome_source order by outcome")
        assert left == [("FATE", "HAND"), ("KEPT", "ADAPTER")]
