"""Cases that were found once, by the state machine or by reading, each in few steps."""

from __future__ import annotations

from scoring.host import NOW, Host, Line, instant, refused


def test_old_activity_entered_late_is_proven_where_only_the_past_changed(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer)
    host.proven(as_of="2025-06-01+00")
    # Counts at the instant that the row was computed for, no longer at that of the next run.
    host.order(customer, Line(quantity=3), at="2025-05-01+00")
    host.proven(as_of="2029-06-01+00")
    assert host.score(customer).score == 0
    assert host.score_at(customer, "2025-06-01+00") == 6
    run = host.proven("FULL", "2029-06-01+00")
    assert run.score_count == 0


def test_failure_of_an_activity_that_left_its_view_is_resolved(host: Host) -> None:
    host.rule(quantity_score=2)
    order = host.order(host.customer(), Line(quantity="NaN"))
    host.recalculate()
    assert host.failures() == ["22003"]
    host.set_order(order, order_status="CANCELLED")
    host.proven()
    assert host.failures() == []


def test_verify_names_an_activity_that_cannot_be_read(host: Host) -> None:
    host.rule(quantity_score=2)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    host.proven()
    host.seat(customer, "2025-01-01", "5874897-12-31")  # the view adds a day to it
    host.recalculate()
    assert host.score(customer).score == 6
    assert host.verify() == [("activity cannot be read", customer)]


def test_job_that_ends_on_the_last_date_there_is_counts(host: Host) -> None:
    host.rule(quantity_score=2)
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer)
    host.run("update crm.employment set end_on = '5874897-12-31'")
    host.order(customer, Line(quantity=3))
    for attribution in ("AT_ACTIVITY", "CURRENT"):
        host.set(EMPLOYER_ATTRIBUTION=attribution)
        run = host.proven("FULL")
        assert run.failed_sources == []
        assert host.score(employer).employee_score == 6


def test_zone_that_is_an_abbreviation_is_refused(host: Host) -> None:
    with host.unchanged(), refused("EG004"):
        host.set(TIME_ZONE="CET")


def test_row_that_cannot_be_read_does_not_stop_its_source(host: Host) -> None:
    host.seat_rule()
    customer, other = host.customer(), host.customer()
    host.seat(customer, "2025-01-01")
    host.proven()
    host.seat(other, "2025-01-01", "5874897-12-31")  # the view adds a day to it
    host.revise({"flat_score": 7}, retroactive=True, code="SEAT")
    host.run("analyze")  # what autovacuum may do at any time; plans change with it
    for _ in range(2):
        run = host.recalculate()
        assert run.failed_sources == []
        assert host.live(customer) == [7]
        assert host.score(customer).score == 7
    assert host.failures() == ["22008"]
    host.run("update crm.committee_member set end_on = null")
    host.proven()
    assert host.failures() == []
    assert host.score(other).score == 7


def test_source_unregistered_while_it_is_compared_leaves_nothing_behind(host: Host) -> None:
    host.rule(quantity_score=2)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    host.seat(customer, "2025-01-01")
    host.rows("select engagement.begin_run('FULL', null)")
    (run_id,) = (run.run_id for run in host.runs())
    while host.one("select to_regclass('pg_temp.engagement_stage') is null"):
        host.rows("select engagement.run_step(%s)", run_id)
    assert host.runs()[-1].phase == "SOURCES"
    host.run("call engagement.unregister_source('committee_seat')")
    while host.one("select engagement.run_step(%s)", run_id):
        pass
    host.proven()
    assert host.live(customer) == [6]


def test_refresh_during_a_run_is_not_taken_back(host: Host) -> None:
    host.rule(quantity_score=2)
    customer = host.customer()
    host.proven(as_of=None)
    host.rows("select engagement.begin_run('FULL', null)")
    run_id = host.runs()[-1].run_id
    while host.runs()[-1].phase != "TOTALS":
        host.rows("select engagement.run_step(%s)", run_id)
    host.order(customer, Line(quantity=3), at="now")
    host.refresh(customer)
    refreshed = host.score(customer)
    assert refreshed.score == 6
    while host.one("select engagement.run_step(%s)", run_id):
        pass
    assert host.score(customer).score == 6
    assert host.score(customer).calculated_at >= refreshed.calculated_at
    assert host.verify() == []


def test_rules_exported_retired_and_applied_again_are_revived(host: Host) -> None:
    host.rule(quantity_score=2)
    host.revise({"quantity_score": 3})
    exported = host.one("select engagement.export_rules()::text")
    host.retire()
    actions = host.rows("select action from engagement.apply_rules(%s::jsonb)", exported)
    assert sorted(actions) == [("revise",), ("same",), ("same",)]
    customer = host.customer()
    host.order(customer, Line(quantity=1), at="now")
    host.proven(as_of=None)
    assert host.live(customer) == [3]


def test_jobs_of_many_people_changed_in_one_statement(host: Host) -> None:
    host.set(IMMEDIATE_ROW_LIMIT="2000")
    host.rule(quantity_score=2)
    employer, other = host.customer("COMPANY"), host.customer("COMPANY")
    host.run(
        "insert into crm.customer (customer_type, display_name)"
        " select 'INDIVIDUAL', g::text from generate_series(1, 1200) g"
    )
    host.run(
        "insert into crm.employment (employee_id, employer_id)"
        " select customer_id, %s from crm.customer where customer_type = 'INDIVIDUAL'",
        employer,
    )
    order = host.order(employer)
    host.run(
        "insert into crm.order_line (order_id, ship_customer_id, product_id, quantity)"
        " select %s, customer_id, 'BOOK', 1 from crm.customer where customer_type = 'INDIVIDUAL'",
        order.key,
    )
    host.proven()
    assert host.score(employer).employee_score == 2400
    host.run("update crm.employment set employer_id = %s", other)
    live = "select count(*) from engagement.award where voided_at is null and employer_id = %s"
    assert host.one(live, other) == 1200
    host.proven()
    assert (host.score(employer).employee_score, host.score(other).employee_score) == (0, 2400)


def test_employment_truncated_takes_the_employer(host: Host) -> None:
    host.rule(quantity_score=2)
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer)
    host.order(customer, Line(quantity=3))
    host.proven()
    host.run("truncate crm.employment")
    host.proven()
    (award,) = (award for award in host.awards(customer) if award.voided_at is None)
    assert award.employer_id is None
    assert host.reasons(customer) == ["EMPLOYER_CHANGED"]
    assert host.score(employer).score == 0


def versions(host: Host) -> list[tuple[object, ...]]:
    """Versions of the rule BOUGHT that are active."""
    return host.rows(
        "select amount_score, applies_from is null, applies_until is null"
        " from engagement.score_rule where rule_code = 'BOUGHT' and is_active order by version"
    )


def test_rule_revised_back_to_the_beginning_takes_the_place_of_earlier_versions(host: Host) -> None:
    host.rule(amount_score=1)
    customer = host.customer()
    host.order(customer, Line(amount=10))
    host.revise({"amount_score": 2})
    host.proven()
    assert host.live(customer) == [10]
    host.revise({"amount_score": 4, "applies_from": None}, retroactive=True)
    host.proven()
    assert versions(host) == [(4, True, True)]
    assert host.live(customer) == [40]


def test_rule_revised_for_a_stretch_of_the_past_leaves_the_rest_to_earlier_versions(
    host: Host,
) -> None:
    host.rule(amount_score=1)
    host.revise({"amount_score": 2})
    customer = host.customer()
    for day in ("2025-01-10+00", "2025-03-10+00", "2025-05-10+00"):
        host.order(customer, Line(amount=10), at=day)
    stretch = {"applies_from": "2025-03-01+00", "applies_until": "2025-04-01+00"}
    host.revise({"amount_score": 4, **stretch}, retroactive=True)
    host.proven()
    assert host.live(customer) == [10, 10, 40]
    assert [points for points, *_ in versions(host)] == [1, 1, 4]
    host.proven("FULL")


def test_rule_revised_retroactively_reaches_nobody_before_the_run(host: Host) -> None:
    host.rule(quantity_score=2)
    refreshed, ordering, other = (host.customer() for _ in range(3))
    for customer in (refreshed, ordering, other):
        host.order(customer, Line(quantity=5))
    host.proven()
    host.revise({"quantity_score": 3}, retroactive=True)
    host.refresh(refreshed)
    host.order(ordering, Line(quantity=1))
    assert [host.live(c) for c in (refreshed, ordering, other)] == [[10], [2, 10], [10]]
    assert host.card(refreshed)["rules_pending"] is True
    run = host.proven()
    assert [host.live(c) for c in (refreshed, ordering, other)] == [[15], [3, 15], [15]]
    instants = {a.recorded_at for c in (refreshed, other) for a in host.awards(c)[1:]}
    assert instants == {run.started_at}
    assert host.card(refreshed)["rules_pending"] is False


def test_rule_revised_while_a_retroactive_change_waits_awards_nothing_twice(host: Host) -> None:
    host.rule(quantity_score=2)
    host.revise({"quantity_score": 3}, retroactive=True)
    host.revise({"quantity_score": 4})
    customer = host.customer()
    host.order(customer, Line(quantity=1), at="2100-01-01+00")
    host.order(customer, Line(quantity=1))
    assert host.live(customer) == [2, 2]
    host.proven()
    assert host.live(customer) == [3, 4]


def test_seat_that_ends_elsewhere_is_a_change_of_the_source_or_of_the_time_zone(
    host: Host,
) -> None:
    host.seat_rule()
    customer = host.customer()
    seat = host.seat(customer, "2025-01-01", "2025-12-31")
    host.proven()
    host.run("set session_replication_role = replica")
    host.set_seat(seat, end_on="2025-11-30")  # no trigger sees it
    host.run("reset session_replication_role")
    host.proven("FULL")
    assert host.reasons(customer) == ["SOURCE_CHANGED"]
    host.set(TIME_ZONE="America/New_York")
    host.refresh(customer)
    host.proven()
    assert host.reasons(customer) == ["SOURCE_CHANGED", "RULE_CHANGED"]
    host.set_seat(seat, end_on=None)
    assert host.reasons(customer)[2:] == ["SOURCE_CHANGED"]


def test_points_of_a_tie_have_the_decimals_of_all_others(host: Host) -> None:
    host.rule(amount_score="0.001")
    customer = host.customer()
    host.order(customer, Line(amount=125))
    assert host.one("select scale(points) from engagement.award") == 2


def test_refresh_of_somebody_who_changed_jobs_reaches_the_present_employer(host: Host) -> None:
    host.rule(quantity_score=2)
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer, "2025-05-01")
    host.order(customer, Line(quantity=3))  # before there was a job
    host.proven(as_of=None)
    assert host.score(employer).employee_score == 6
    host.revise({"quantity_score": 5}, retroactive=True)
    host.refresh(customer)
    host.proven(as_of=None)
    assert host.score(employer).employee_score == 15


def test_roll_up_alone_takes_the_year_from_a_company_whose_people_left(host: Host) -> None:
    host.rule(quantity_score=2, valid_for_weeks=8)
    customer, employer, other = host.customer(), host.customer("COMPANY"), host.customer("COMPANY")
    job = host.job(customer, employer)
    host.order(customer, Line(quantity=3))
    host.proven()
    assert (host.score(employer).score, host.score(employer).employee_ytd_score) == (0, 6)
    host.set_job(job, employer_id=other)
    host.run("call engagement.roll_up_employers(%s)", NOW)
    assert host.score(employer).employee_ytd_score == 0
    assert host.score(other).employee_ytd_score == 6


def test_job_that_begins_on_a_date_with_two_midnights_counts_from_the_first(host: Host) -> None:
    host.rule(quantity_score=2)
    host.set(EMPLOYER_ATTRIBUTION="CURRENT", TIME_ZONE="Atlantic/Azores")
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer, "2025-10-26")
    host.order(customer, Line(quantity=3))
    for as_of, points in (("2025-10-25 23:59:59+00", 0), ("2025-10-26 00:00+00", 6)):
        host.proven(as_of=as_of)
        assert host.score(employer).employee_score == points


def test_job_that_begins_in_a_year_without_instants_never_moves_points(host: Host) -> None:
    host.rule(quantity_score=2)
    host.set(EMPLOYER_ATTRIBUTION="CURRENT")
    customer, employer = host.customer(), host.customer("COMPANY")
    host.job(customer, employer)
    for begin in ("300000-01-01", "infinity"):
        host.job(customer, employer, begin)
    host.order(customer, Line(quantity=3))
    host.proven()
    assert host.score(employer).employee_score == 6


def test_trend_where_the_clock_goes_back_begins_where_asked_and_counts_hours(host: Host) -> None:
    host.set(TIME_ZONE="America/New_York")
    customer = host.customer()
    trend = "select array_agg(at order by at) from engagement.trend(%s, %s, %s, %s::interval)"
    first = "2025-11-02 05:30+00"  # 01:30, as an hour later again
    for end, step, instants in (
        (first, "1 month", [first]),
        ("2025-11-02 07:30+00", "1 hour", [first, "2025-11-02 06:30+00", "2025-11-02 07:30+00"]),
        ("2025-11-03 06:30+00", "1 day", [first, "2025-11-03 06:30+00"]),
    ):
        assert host.one(trend, customer, first, end, step) == [instant(i) for i in instants]


def test_upload_of_a_score_that_would_end_before_it_began_leaves_the_others(host: Host) -> None:
    customer, other = host.customer(), host.customer()
    upload = (
        "insert into engagement.social_upload (customer_id, social_type, score, scored_at, ends_at)"
        " values (%s, 'BLOG', '7', %s, %s)"
    )
    host.run(upload, customer, "2100-01-01 00:00+00", None)
    # The same score without an instant stays where it was.
    host.run(
        upload + ", (%s, 'BLOG', '9', null, null)", customer, None, "2099-01-01 00:00+00", other
    )
    assert host.rows("select line_number from engagement.social_upload") == [(1,)]
    assert host.rows("select score, ends_at from engagement.social_score order by score") == [
        (7, None),
        (9, None),
    ]
