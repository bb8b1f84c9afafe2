"""Categories as scores of their own: what of them counts in the total is one definition."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from scoring.host import BOUGHT, NOW, Host, Line, refused
from scoring.outcomes import GONE, VIEW, Fates


def categories(host: Host, customer: Any) -> dict[str, tuple[Decimal, Decimal]]:
    """Own and employees' points by category, as stored."""
    return {
        code: (own, employees)
        for code, own, employees in host.rows(
            "select category_code, score, employee_score from engagement.category_score"
            " where customer_id = %s",
            customer,
        )
    }


def shown(host: Host, customer: Any, as_of: str = NOW) -> dict[str, tuple[float, float]]:
    """Points of a category and what of them counts, as on the card; those without are left out."""
    return {
        category["category_code"]: (category["score"], category["counted_score"])
        for category in host.card(customer, as_of)["categories"]
        if category["score"]
    }


@pytest.fixture
def donors(host: Host) -> Host:
    """Gifts are a category of their own, which does not count in the total."""
    host.category("DONOR", counts_in_total=False)
    host.product("GIFT", "DONATION")
    host.rule("GIFTS", category_code="DONOR", subject_class="DONATION", amount_score=1)
    host.product("BOOK", "PRINT")
    host.rule("BOOKS", subject_class="PRINT", quantity_score=2)
    return host


def test_category_that_does_not_count_is_a_score_of_its_own(donors: Host) -> None:
    customer = donors.customer()
    donors.order(customer, Line("GIFT", amount=50), Line("BOOK", quantity=3))
    donors.proven()
    stored = donors.score(customer)
    assert (stored.own_score, stored.score) == (6, 6)
    assert (stored.ytd_score, stored.overview_score) == (6, 6)
    assert categories(donors, customer) == {"DONOR": (50, 0), "PURCHASES_DONATIONS": (6, 0)}
    assert donors.score_at(customer) == 6
    card = donors.card(customer)
    assert (card["own_score"], card["score"]) == (6, 6)
    assert [month["score"] for month in card["trend"]][-1] == 6
    assert shown(donors, customer) == {"DONOR": (50, 0), "PURCHASES_DONATIONS": (6, 6)}
    assert [row[1:] for row in donors.trend(customer, NOW, NOW)] == [(6, 0, 6)]
    donors.proven("FULL")


def test_nothing_is_stored_by_category_of_people_until_one_is_set_up(host: Host) -> None:
    host.rule(quantity_score=2)
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company, "2020-01-01")
    host.order(person, Line(quantity=3))
    host.proven()
    before = host.score(company)
    assert categories(host, company) == {}
    # A card shows them anyway.
    of_people = {c["category_code"]: c["employee_score"] for c in host.card(company)["categories"]}
    assert of_people["PURCHASES_DONATIONS"] == 6
    host.category("INVOLVEMENT", is_ranked=True)
    host.proven()
    assert categories(host, company) == {"PURCHASES_DONATIONS": (0, 6)}
    host.category("INVOLVEMENT", is_ranked=False)
    host.proven()
    assert categories(host, company) == {}
    assert host.score(company) == before
    host.category("DONOR")
    donor_band(host, "PATRON", from_score=50)
    host.proven()
    assert categories(host, company) == {"PURCHASES_DONATIONS": (0, 6)}
    host.run("delete from engagement.score_band")
    host.proven()
    assert categories(host, company) == {}


@pytest.mark.parametrize("attribution", ["AT_ACTIVITY", "CURRENT"])
def test_company_has_points_of_its_people_by_category(donors: Host, attribution: str) -> None:
    donors.set(EMPLOYER_ATTRIBUTION=attribution)
    company, person = donors.customer("COMPANY"), donors.customer()
    donors.job(person, company, "2020-01-01")
    donors.order(person, Line("GIFT", amount=50), Line("BOOK", quantity=3))
    donors.order(company, Line("BOOK", quantity=1))
    donors.proven()
    stored = donors.score(company)
    assert (stored.own_score, stored.employee_score, stored.score) == (2, 6, 8)
    assert (stored.employee_ytd_score, stored.employee_overview_score) == (6, 6)
    assert categories(donors, company) == {"DONOR": (0, 50), "PURCHASES_DONATIONS": (2, 6)}
    of_people = {
        c["category_code"]: c["employee_score"] for c in donors.card(company)["categories"]
    }
    assert of_people["DONOR"] == 50
    assert of_people["PURCHASES_DONATIONS"] == 6
    assert [row[1:] for row in donors.trend(company, NOW, NOW)] == [(2, 6, 8)]
    assert donors.rows("select points from engagement.company_people(%s, %s)", company, NOW) == [
        (6,)
    ]
    # People who are gone take their categories along.
    donors.run("delete from crm.employment")
    donors.run("update crm.sales_order set order_status = 'DRAFT'")
    donors.proven()
    assert categories(donors, company) == {}


def test_cap_of_a_category_is_of_what_counts_at_an_instant(host: Host) -> None:
    host.rule("BOOKS", quantity_score=1, valid_for_weeks=8)
    host.seat_rule(flat_score=4)
    host.category("PURCHASES_DONATIONS", cap_points=10)
    customer = host.customer()
    host.seat(customer, begin="2025-01-01")
    host.order(customer, Line(quantity=9), at="2025-05-01 10:00+00")
    host.order(customer, Line(quantity=8), at="2025-06-01 10:00+00")
    host.proven()
    stored = host.score(customer)
    assert (stored.own_score, stored.score) == (14, 14)
    # Year to date and overview have no cap.
    assert (stored.ytd_score, stored.overview_score) == (21, 21)
    assert categories(host, customer)["PURCHASES_DONATIONS"] == (17, 0)
    assert shown(host, customer) == {"INVOLVEMENT": (4, 4), "PURCHASES_DONATIONS": (17, 10)}
    # The first order expires on 26 June, and then the second one counts alone.
    assert host.rows(
        "select own_score, score from engagement.forecast(%s, '{1,2}', %s)", customer, NOW
    ) == [(14, 14), (12, 12)]
    assert host.score_at(customer, "2025-05-15 12:00+00") == 13
    host.proven(as_of="2025-07-01 00:00+00")
    assert host.score(customer).score == 12
    host.proven("FULL", as_of="2025-07-01 00:00+00")


def test_points_of_people_have_no_cap(host: Host) -> None:
    host.rule("BOOKS", quantity_score=1)
    host.category("PURCHASES_DONATIONS", cap_points=10)
    company, person = host.customer("COMPANY"), host.customer()
    host.job(person, company, "2020-01-01")
    host.order(person, Line(quantity=15))
    host.order(company, Line(quantity=15))
    host.proven()
    assert host.score(person).score == 10
    stored = host.score(company)
    assert (stored.own_score, stored.employee_score, stored.score) == (10, 15, 25)


def test_score_is_within_its_bounds_and_the_ledger_is_not(host: Host) -> None:
    host.rule(quantity_score=1)
    host.set(SCORE_FLOOR="0", TOTAL_CAP="20.5")
    poor, rich, company = host.customer(), host.customer(), host.customer("COMPANY")
    host.job(rich, company, "2020-01-01")
    host.order(poor, Line(quantity=-7))
    host.order(rich, Line(quantity=30))
    host.order(company, Line(quantity=-12))
    host.proven()
    rows = [host.score(customer) for customer in (poor, rich, company)]
    assert [(row.own_score, row.employee_score, row.score) for row in rows] == [
        *((-7, 0, 0), (30, 0, Decimal("20.5")), (-12, 30, 18)),
    ]
    assert [host.score_at(customer) for customer in (poor, rich)] == [0, Decimal("20.5")]
    assert [host.card(customer)["score"] for customer in (poor, rich, company)] == [0, 20.5, 18]
    assert [row[1:] for row in host.trend(poor, NOW, NOW)] == [(-7, 0, 0)]
    assert host.rows(
        "select own_score, score from engagement.forecast(%s, '{1}', %s)", rich, NOW
    ) == [(30, Decimal("20.5"))]
    # Who would fall by more than the bound hides is not at risk.
    assert host.rows("select customer_id from engagement.at_risk(p_fall => 1)") == []
    host.set(SCORE_FLOOR="NONE", TOTAL_CAP="NONE")
    host.proven()
    assert [host.score(customer).score for customer in (poor, rich)] == [-7, 30]


def test_causes_of_a_change_add_up_to_what_counts(host: Host) -> None:
    host.rule("BOOKS", quantity_score=1)
    host.category("PURCHASES_DONATIONS", cap_points=10)
    host.set(SCORE_FLOOR="5")
    customer = host.customer()
    host.recalculate(as_of=None)
    before = host.clock()
    host.order(customer, Line(quantity=16), at=BOUGHT)
    host.recalculate(as_of=None)
    after = host.clock()
    # 16 points, of which 10 count; and the floor no longer has to lend five.
    changes = host.named(
        "select * from engagement.explain_change(%s, %s, %s) order by points desc, cause",
        *(customer, before, after),
    )
    assert (changes[0].cause, changes[0].rule_code, changes[0].points) == ("EARNED", "BOOKS", 16)
    limits = [(r.description, r.points) for r in changes if r.cause == "TOTAL_LIMIT"]
    assert sorted(limits) == [("Bounds of the score", -5), ("Purchases and donations", -6)]
    assert sum(row.points for row in changes) == 5
    assert host.score_at(customer, after, after) - host.score_at(customer, before, before) == 5


def test_change_of_what_counts_is_audited_and_waits_for_the_next_run(host: Host) -> None:
    host.rule(quantity_score=1)
    customer = host.customer()
    host.order(customer, Line(quantity=16))
    host.proven()
    host.category("PURCHASES_DONATIONS", category_name="Shop", sort_order=7)
    assert host.count("pending_activity") == 0
    host.category("PURCHASES_DONATIONS", cap_points=3)
    changes = host.named("select * from engagement.setup_change where object_type = 'CATEGORY'")
    assert [
        (c.object_name, c.old_value["cap_points"], c.new_value["cap_points"]) for c in changes
    ] == [("PURCHASES_DONATIONS", None, 3)]
    assert host.score(customer).score == 16
    assert host.verify() == []
    host.proven()
    assert host.score(customer).score == 3
    # Categories that never counted otherwise come and go unnoticed.
    host.category("VOLUNTEER")
    host.run("delete from engagement.category where category_code = 'VOLUNTEER'")
    assert host.count("pending_activity") == 0


@pytest.mark.parametrize(
    "changes",
    [
        *({"cap_points": cap} for cap in (-1, "NaN", "Infinity", "-Infinity", "many")),
        *({"counts_in_total": counts} for counts in (None, "perhaps")),
        *({"category_name": None}, {"category_name": " "}, {"sort_order": "first"}),
    ],
)
def test_setting_of_a_category_that_does_not_fit_is_refused(
    host: Host, changes: dict[str, Any]
) -> None:
    with host.unchanged(), refused("EG004"):
        host.category("PURCHASES_DONATIONS", **changes)


def test_category_with_a_code_or_key_that_is_none_is_refused(host: Host) -> None:
    with host.unchanged(), refused("EG004"):
        host.category("donor")
    for changes in ('{"points": 1}', "[]", "7", None):
        with host.unchanged(), refused("EG010"):
            host.rows("select engagement.set_category('DONOR', %s)", changes)


def test_new_category_has_a_name_and_counts(host: Host) -> None:
    host.category("BIG_DONORS", sort_order=7)
    assert host.rows(
        "select category_name, sort_order, counts_in_total, cap_points from engagement.category"
        " where category_code = 'BIG_DONORS'"
    ) == [("Big Donors", 7, True, None)]
    assert host.count("setup_change") == host.count("pending_activity") == 0


@pytest.mark.parametrize("value", ["", "zero", "NaN", "1e3", "none", "-", "1.", "0.1234567"])
def test_bound_that_is_no_number_is_refused(host: Host, value: str) -> None:
    with host.unchanged(), refused("EG004"):
        host.set(SCORE_FLOOR=value)


def test_floor_above_the_cap_is_refused(host: Host) -> None:
    host.set(SCORE_FLOOR="0", TOTAL_CAP="100")
    for name, value in (("SCORE_FLOOR", "100.5"), ("TOTAL_CAP", "-1")):
        with host.unchanged(), refused("EG004"):
            host.set(**{name: value})
    host.set(SCORE_FLOOR="100")


def test_generated_routine_of_other_arguments_goes(host: Host) -> None:
    host.run(
        "create function engagement.sum_points__some(engagement.host_key[], timestamptz, boolean)"
        " returns integer language sql as 'select 1'"
    )
    host.rows("select engagement.generate_totals()")
    assert host.rows("select count(*) from pg_proc where proname = 'sum_points__some'") == [(1,)]


def test_preview_knows_what_counts(donors: Host) -> None:
    donors.category("PURCHASES_DONATIONS", cap_points=10)
    donors.set(TOTAL_CAP="12")
    donors.seat_rule(flat_score=5)
    company, person = donors.customer("COMPANY"), donors.customer()
    donors.job(person, company, "2020-01-01")
    donors.order(person, Line("GIFT", amount=50), Line("BOOK", quantity=4))
    donors.seat(person, begin="2025-01-01")
    donors.proven()
    assert donors.score(person).score == 12  # 8 and 5
    changes = '{"BOOKS": {"quantity_score": 4}, "GIFTS": {"amount_score": 2}}'
    before = {c: donors.score(c) for c in (company, person)}
    rows = {
        row.customer_id: row
        for row in donors.named("select * from engagement.preview_rules(%s)", changes)
    }
    assert (rows[person].old_own_score, rows[person].new_own_score) == (13, 15)
    assert (rows[person].old_score, rows[person].new_score) == (12, 12)
    assert rows[company].new_employee_score == 21
    donors.revise({"quantity_score": 4}, True, "BOOKS")
    donors.revise({"amount_score": 2}, True, "GIFTS")
    donors.proven()
    for customer, row in rows.items():
        stored = donors.score(customer)
        assert (row.new_own_score, row.new_employee_score, row.new_score) == (
            *(stored.own_score, stored.employee_score, stored.score),
        )
        assert row.old_score == before[customer].score


def test_backtest_scores_as_totals_do(donors: Host) -> None:
    donors.run(VIEW)
    try:
        fates = Fates(donors)
        donors.category("PURCHASES_DONATIONS", cap_points=10)
        for number in range(48):
            customer = donors.customer()
            donors.order(
                customer, Line("GIFT", amount=48 - number), Line("BOOK", quantity=number // 8),
                at="2025-01-15 12:00+00",
            )  # fmt: skip
            fates.add(customer, number >= 24)
        donors.proven()
        found = fates.backtest(lead="1 month")
        # Books decide; five of them are the most that counts. Gifts would say the opposite.
        assert found["auc"] == 1.0
        parts = {part["part_code"]: part for part in found["parts"]}
        assert parts["GIFTS"]["auc"] == 0.0
        assert parts["GIFTS"]["adds"] == parts["DONOR"]["adds"] == 0
        assert parts["BOOKS"]["without_auc"] == parts["PURCHASES_DONATIONS"]["without_auc"] == 0.5
    finally:
        donors.run(GONE)


def test_movement_is_of_what_counts(donors: Host) -> None:
    donors.category("PURCHASES_DONATIONS", cap_points=10)
    customer, other = donors.customer(), donors.customer()
    for one in (customer, other):
        donors.order(one, Line("BOOK", quantity=5), at="2025-01-15 12:00+00")
    donors.order(
        customer, Line("GIFT", amount=90), Line("BOOK", quantity=9), at="2025-06-10 10:00+00"
    )
    donors.seat_rule(flat_score=4)
    donors.seat(other, begin="2025-06-10")
    donors.proven()
    assert donors.segment("rising") == {other: 4}


# -- ranks and bands -----------------------------------------------------------------------------


def parts(host: Host, code: str = "DONOR") -> dict[Any, tuple[int | None, str | None]]:
    """Percentile and band in a category, of those who have a row."""
    return {
        customer: (percentile, band)
        for customer, percentile, band in host.rows(
            "select customer_id, percentile, band_code from engagement.category_score"
            " where category_code = %s",
            code,
        )
    }


def events(host: Host) -> list[tuple[Any, ...]]:
    return host.rows(
        "select customer_id, event_type, category_code, from_band, to_band, score"
        " from engagement.score_event order by customer_id, created_at"
    )


def donor_band(host: Host, code: str, **threshold: Any) -> None:
    column, value = next(iter(threshold.items()))
    host.run(
        f"insert into engagement.score_band (band_code, {column}, category_code)"
        " values (%s, %s, 'DONOR')",
        *(code, value),
    )


def test_category_is_ranked_among_everybody(donors: Host) -> None:
    people = [donors.customer() for _ in range(5)]
    for amount, person in zip((10, 20, 20), people, strict=False):
        donors.order(person, Line("GIFT", amount=amount))
    donors.order(people[3], Line("BOOK", quantity=9))
    donors.proven()
    assert set(parts(donors).values()) == {(None, None)}
    donors.category("DONOR", is_ranked=True)
    donors.proven()
    # Two have nothing, one has 10, two have 20.
    assert parts(donors) == {people[0]: (50, None), people[1]: (80, None), people[2]: (80, None)}
    assert donors.rows(
        "select percentile, from_score from engagement.category_percentile order by 1"
    ) == [(20, 0), (50, 10), (80, 20)]
    # A refresh goes by the thresholds of the run.
    donors.order(people[4], Line("GIFT", amount=15))
    donors.refresh(people[4])
    assert parts(donors)[people[4]] == (50, None)
    assert donors.verify() == []
    donors.proven()
    donors.category("DONOR", is_ranked=False)
    donors.proven()
    assert set(parts(donors).values()) == {(None, None)}
    assert donors.count("category_percentile") == 0


def test_bands_of_a_category_are_its_own(donors: Host) -> None:
    donor_band(donors, "PATRON", from_score=100)
    donor_band(donors, "FRIEND", from_score=10)
    donors.band("MEMBER", 5)
    donors.band("TOP", 100)  # another scale may begin at the same points
    one, other = donors.customer(), donors.customer()
    donors.order(one, Line("GIFT", amount=40))
    donors.order(other, Line("BOOK", quantity=4))
    donors.proven(as_of=None)
    assert parts(donors) == {one: (75, "FRIEND")}
    assert [donors.score(customer).band_code for customer in (one, other)] == [None, "MEMBER"]
    # The first run after a change of the bands tells nobody.
    assert events(donors) == []
    order = donors.order(one, Line("GIFT", amount=60))
    donors.refresh(one)
    assert parts(donors)[one][1] == "PATRON"
    assert events(donors) == [(one, "BAND_UP", "DONOR", "FRIEND", "PATRON", 100)]
    donors.run("delete from engagement.score_event")
    donors.set_order(order, order_status="DRAFT")
    donors.proven(as_of=None)
    assert events(donors) == [(one, "BAND_DOWN", "DONOR", "PATRON", "FRIEND", 40)]


def test_who_loses_all_points_of_a_category_is_told_of_the_band(donors: Host) -> None:
    donor_band(donors, "FRIEND", from_score=10)
    customer = donors.customer()
    order = donors.order(customer, Line("GIFT", amount=40))
    donors.proven(as_of=None)
    donors.proven(as_of=None)
    donors.set_order(order, order_status="DRAFT")
    donors.proven(as_of=None)
    assert events(donors) == [(customer, "BAND_DOWN", "DONOR", "FRIEND", None, 0)]
    assert donors.verify() == []
    # Nothing is left of it after the next run that looks.
    donors.order(customer, Line("BOOK", quantity=1))
    donors.proven(as_of=None)
    assert list(categories(donors, customer)) == ["PURCHASES_DONATIONS"]
    donors.proven("FULL", as_of=None)


def test_company_is_ranked_with_the_points_of_its_people(donors: Host) -> None:
    donor_band(donors, "PATRON", from_score=50)
    company, person = donors.customer("COMPANY"), donors.customer()
    donors.job(person, company, "2020-01-01")
    donors.order(person, Line("GIFT", amount=50))
    donors.order(company, Line("GIFT", amount=5))
    donors.proven()
    assert parts(donors) == {company: (50, "PATRON"), person: (50, "PATRON")}
    card = {c["category_code"]: c for c in donors.card(company)["categories"]}
    assert (card["DONOR"]["percentile"], card["DONOR"]["band_code"]) == (50, "PATRON")


def test_row_without_points_has_no_rank(donors: Host) -> None:
    donor_band(donors, "ANYBODY", from_score=0)
    donor_band(donors, "FRIEND", from_score=10)
    customer = donors.customer()
    order = donors.order(customer, Line("GIFT", amount=40))
    donors.proven(as_of=None)
    donors.proven(as_of=None)
    donors.set_order(order, order_status="DRAFT")
    donors.proven(as_of=None)
    assert parts(donors) in ({}, {customer: (None, None)})
    assert events(donors) == [(customer, "BAND_DOWN", "DONOR", "FRIEND", None, 0)]
    assert donors.verify() == []


def test_band_of_a_category_that_is_not_there_is_refused(host: Host) -> None:
    with host.unchanged(), refused("EG005"):
        donor_band(host, "PATRON", from_score=5)


def test_erasing_a_person_takes_points_out_of_a_category_that_does_not_count(donors: Host) -> None:
    donors.set(EMPLOYER_ATTRIBUTION="CURRENT")
    company, person = donors.customer("COMPANY"), donors.customer()
    donors.order(person, Line("GIFT", amount=50), at="2020-01-01 12:00+00")
    job = donors.job(person, company, "2024-01-01")
    donors.proven()
    assert categories(donors, company) == {"DONOR": (0, 50)}
    donors.run("delete from crm.employment where employment_id = %s", job)
    donors.run("delete from crm.order_line")
    donors.run("delete from crm.sales_order")
    donors.run("delete from crm.customer where customer_id = %s", person)
    donors.run("call engagement.erase_customer(%s)", person)
    assert categories(donors, company) == {}
    donors.proven()


def test_verify_finds_a_rank_in_a_category_that_is_wrong(donors: Host) -> None:
    donor_band(donors, "PATRON", from_score=50)
    customer = donors.customer()
    donors.order(customer, Line("GIFT", amount=50))
    donors.proven()
    donors.proven()
    for change in ("percentile = 7", "band_code = 'TOP'", "percentile = null"):
        donors.run(f"update engagement.category_score set {change}")
        assert donors.verify() == [("category rank differs", customer)]
        donors.proven()


# -- everybody, by a category --------------------------------------------------------------------


def test_segments_are_of_the_total_or_of_a_category(donors: Host) -> None:
    donors.category("DONOR", is_ranked=True)
    people = [donors.customer() for _ in range(12)]
    for number, person in enumerate(people):
        donors.order(person, Line("BOOK", quantity=number), at="2025-01-01 12:00+00")
    donors.order(people[0], Line("GIFT", amount=5), at="2025-06-10 12:00+00")
    donors.proven()
    found = donors.rows(
        "select customer_id, score, percentile from engagement.segment('most_active')"
    )
    assert [row[0] for row in found] == [people[11]]
    by_gifts = donors.rows(
        "select customer_id, score, percentile from engagement.segment('most_active', 'DONOR')"
    )
    assert by_gifts == [(people[0], 5, 95)]
    # What is not in the total raises nobody there.
    assert donors.segment("rising") == {}
    assert donors.rows(
        "select customer_id, segment_value from engagement.segment('rising', 'DONOR')"
    ) == [(people[0], 5)]
    assert (
        donors.rows(
            "select customer_id from engagement.segment('newly_active', 'PURCHASES_DONATIONS')"
        )
        == []
    )
    # The choice ends with the call.
    assert donors.one("select engagement.chosen_category()") is None
    with refused("EG005"):
        donors.rows("select engagement.segment('rising', 'NONE')")


def test_at_risk_is_of_the_total_or_of_a_category(donors: Host) -> None:
    donor_band(donors, "FRIEND", from_score=10)
    donors.revise({"valid_for_weeks": 20}, True, "GIFTS")
    customer, other = donors.customer(), donors.customer()
    donors.order(customer, Line("GIFT", amount=40), at="2025-02-15 12:00+00")
    donors.order(other, Line("BOOK", quantity=4))
    donors.proven()
    assert donors.rows("select customer_id from engagement.at_risk()") == []
    assert donors.rows(
        "select customer_id, score, future_score, band_code, future_band_code"
        " from engagement.at_risk(p_category_code => 'DONOR')"
    ) == [(customer, 40, 0, "FRIEND", None)]
    with refused("EG005"):
        donors.rows("select engagement.at_risk(p_category_code => 'NONE')")


def test_distribution_is_of_the_total_or_of_a_category(donors: Host) -> None:
    for amount in (5, 15, 15):
        donors.order(donors.customer(), Line("GIFT", amount=amount))
    donors.proven()
    held = donors.rows(
        "select above, customer_count from engagement.score_distribution("
        " p_step => 10, p_category_code => 'DONOR') where customer_count > 0 order by above"
    )
    assert held == [(0, 1), (10, 2)]
    total = donors.rows(
        "select above, customer_count from engagement.score_distribution(p_step => 10)"
        " where customer_count > 0"
    )
    assert total == [(None, 3)]
