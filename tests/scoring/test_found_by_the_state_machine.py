"""Cases that the state machine found once, each in the few steps that it takes."""

from __future__ import annotations

from scoring.host import Host, Line, refused


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


def test_verify_names_a_source_that_cannot_be_read(host: Host) -> None:
    host.rule(quantity_score=2)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, Line(quantity=3))
    host.proven()
    host.seat(customer, "2025-01-01", "5874897-12-31")  # the view adds a day to it
    host.recalculate()
    assert host.score(customer).score == 6
    assert host.verify() == [("source cannot be read", None)]


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
