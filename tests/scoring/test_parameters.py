"""Application parameters: read, set, refused, audited, and heard of by the next run."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
import pytest

from engagement_runner.deploy import deploy
from scoring.host import Host, Line, refused

DEFAULTS = {
    "CALCULATE_EMPLOYER_ENGAGEMENT_SCORE": "Y",
    "CALCULATE_ENGAGEMENT_SCORE_POINTS": "Y",
    "EMPLOYER_ATTRIBUTION": "AT_ACTIVITY",
    "IMMEDIATE_ROW_LIMIT": "300",
    "LOCALE": "en",
    "MULTIPLE_CONCURRENT_EMPLOYERS": "N",
    "OVERVIEW_YEARS": "3",
    "SCORE_FLOOR": "NONE",
    "TOTAL_CAP": "NONE",
    "RAISED_RECENTLY_DAYS": "30",
    "ROLLUP_EMPLOYEES_TO_EMPLOYER": "Y",
    "SCORE_DECIMALS": "2",
    "TIME_ZONE": "UTC",
    "TRIGGER_MODE": "DEFERRED",
    "YTD_START_MONTH": "1",
}


def test_parameters_of_a_fresh_deployment(databases: Any) -> None:
    dsn = databases.create()
    with psycopg.connect(dsn, autocommit=True) as session:
        deploy(session, "reference")
    host = Host(databases.connect(dsn))
    stored = host.rows("select parameter_name, parameter_value, default_value"
                       " from engagement.app_parameter")  # fmt: skip
    assert {name: value for name, value, _ in stored} == DEFAULTS
    assert {name: value for name, _, value in stored} == DEFAULTS
    for name, value in DEFAULTS.items():
        assert host.one("select engagement.get_parameter(%s)", name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OVERVIEW_YEARS", "0"),
        ("OVERVIEW_YEARS", "50"),
        ("YTD_START_MONTH", "12"),
        ("SCORE_DECIMALS", "6"),
        ("RAISED_RECENTLY_DAYS", "1"),
        ("TIME_ZONE", "America/New_York"),
        ("TRIGGER_MODE", "DEFERRED"),
        ("IMMEDIATE_ROW_LIMIT", "0"),
        ("IMMEDIATE_ROW_LIMIT", "100000"),
        ("EMPLOYER_ATTRIBUTION", "CURRENT"),
        ("LOCALE", "de_CH"),
        ("LOCALE", "zh_Hant_TW"),
    ],
)
def test_set_parameter_is_read_back_and_audited_once(host: Host, name: str, value: str) -> None:
    before = host.one("select engagement.get_parameter(%s)", name)
    host.set(**{name: value})
    with host.unchanged():
        host.set(**{name: value})
    assert host.one("select engagement.get_parameter(%s)", name) == value
    assert host.rows(
        "select object_type, object_name, old_value #>> '{}', new_value #>> '{}', changed_by"
        " from engagement.setup_change"
    ) == [("PARAMETER", name, before, value, host.session.info.user)]


@pytest.mark.parametrize(
    ("sqlstate", "name", "value"),
    [
        ("EG003", "UNKNOWN", "1"),
        ("EG003", "time_zone", "UTC"),
        ("EG003", None, "1"),
        ("EG004", "CALCULATE_ENGAGEMENT_SCORE_POINTS", "y"),
        ("EG004", "CALCULATE_ENGAGEMENT_SCORE_POINTS", ""),
        ("EG004", "CALCULATE_ENGAGEMENT_SCORE_POINTS", None),
        ("EG004", "TRIGGER_MODE", "LATER"),
        ("EG004", "TRIGGER_MODE", "IMMEDIATE|DEFERRED"),
        ("EG004", "YTD_START_MONTH", "0"),
        ("EG004", "YTD_START_MONTH", "13"),
        ("EG004", "YTD_START_MONTH", "January"),
        ("EG004", "OVERVIEW_YEARS", "-1"),
        ("EG004", "OVERVIEW_YEARS", "51"),
        ("EG004", "OVERVIEW_YEARS", "1.5"),
        ("EG004", "OVERVIEW_YEARS", "99999999999999999999"),
        ("EG004", "SCORE_DECIMALS", "7"),
        ("EG004", "RAISED_RECENTLY_DAYS", "0"),
        ("EG004", "IMMEDIATE_ROW_LIMIT", "-1"),
        ("EG004", "IMMEDIATE_ROW_LIMIT", "100001"),
        ("EG004", "LOCALE", "English"),
        ("EG004", "LOCALE", "en_GB.UTF-8"),
        ("EG004", "TIME_ZONE", "Mars/Olympus"),
        ("EG004", "TIME_ZONE", "'; drop table engagement.award; --"),
    ],
)
def test_set_parameter_bad_input_refused(
    host: Host, sqlstate: str, name: str | None, value: str | None
) -> None:
    with host.unchanged(), refused(sqlstate):
        host.rows("select engagement.set_parameter(%s, %s)", name, value)


def test_get_parameter_unknown_refused(host: Host) -> None:
    with refused("EG003"):
        host.rows("select engagement.get_parameter('UNKNOWN')")


def test_set_parameter_rolled_back_is_not_heard_of(host: Host) -> None:
    with host.session.transaction(force_rollback=True):
        host.set(SCORE_DECIMALS="0")
    host.rule(amount_score="0.5")
    customer = host.customer()
    host.order(customer, Line(amount=1))
    assert host.live(customer) == [Decimal("0.5")]


def test_set_parameter_decimals_awards_anew(host: Host) -> None:
    host.rule(amount_score="0.125")
    customer, same = host.customer(), host.customer()
    host.order(customer, Line(amount=1))
    host.order(same, Line(amount=8))
    host.proven()
    host.set(SCORE_DECIMALS="0")
    host.order(same, Line(amount=9))  # triggers know it at once
    host.proven()
    assert (host.live(customer), host.live(same)) == ([], [1, 1])
    assert host.reasons(customer) == ["RULE_CHANGED"]
    assert host.reasons(same) == []
    host.set(SCORE_DECIMALS="3")
    host.proven()
    assert host.live(customer) == [Decimal("0.125")]


def test_set_parameter_time_zone_moves_days_and_weeks(host: Host) -> None:
    host.rule(quantity_score=1, valid_for_weeks=4)
    host.seat_rule()
    customer = host.customer()
    host.order(customer, at="2025-03-03 10:00+00")
    host.seat(customer, "2025-05-01")
    host.proven()
    host.set(TIME_ZONE="Europe/Zurich")
    host.proven()
    assert host.score_at(customer, "2025-03-31 09:30+00") == 0
    assert host.score_at(customer, "2025-04-30 22:00+00") == 30
    assert host.proven("FULL").award_count == 0


@pytest.mark.parametrize("trigger_mode", ["IMMEDIATE", "DEFERRED"])
def test_order_moved_after_the_run_that_followed_a_time_zone_is_a_change_of_the_source(
    host: Host, trigger_mode: str
) -> None:
    """The run has compared the award by the new zone; what differs later is the host's doing."""
    host.set(TRIGGER_MODE=trigger_mode)
    host.rule(quantity_score=1)
    host.seat_rule()
    customer = host.customer()
    order = host.order(customer, at="2025-03-03 10:00+00")
    host.proven()
    host.set(TIME_ZONE="Africa/Cairo")
    host.proven()
    assert host.reasons(customer) == []
    host.set_order(order, ordered_at="2025-03-03 11:00+00")  # on the same local day
    host.proven()
    assert host.reasons(customer) == ["SOURCE_CHANGED"]


def test_order_moved_before_the_run_that_follows_a_time_zone_is_a_change_of_the_source(
    host: Host,
) -> None:
    host.rule(quantity_score=1, valid_for_weeks=4)
    customer = host.customer()
    moved, other = (host.order(customer, at="2025-03-03 10:00+00") for _ in range(2))
    host.proven()
    host.set(TIME_ZONE="Europe/Zurich")
    host.set_order(moved, ordered_at="2025-03-05 10:00+00")
    host.proven()
    reason = {
        award.document_id: award.void_reason
        for award in host.awards(customer)
        if award.voided_at is not None
    }
    assert reason == {moved.key: "SOURCE_CHANGED", other.key: "RULE_CHANGED"}


def test_seat_that_a_time_zone_moves_out_of_a_rule_s_range_is_a_change_of_the_rule(
    host: Host,
) -> None:
    host.seat_rule(applies_from="2025-05-01 00:00+00")
    customer = host.customer()
    host.seat(customer, "2025-05-01")
    host.proven()
    assert host.live(customer) == [30]
    host.set(TIME_ZONE="Europe/Zurich")  # the seat begins at 22:00 of the day before
    host.proven()
    assert (host.live(customer), host.reasons(customer)) == ([], ["RULE_CHANGED"])


def test_award_of_a_source_that_no_run_could_read_since_a_time_zone_is_moved_by_it(
    host: Host,
) -> None:
    host.rule(quantity_score=1, valid_for_weeks=4)
    customer = host.customer()
    host.order(customer, at="2025-03-03 10:00+00")
    host.proven()
    host.set(TIME_ZONE="Europe/Zurich")
    host.run("alter view engagement_host.order_line rename to order_line_away")
    host.recalculate()
    host.run("alter view engagement_host.order_line_away rename to order_line")
    host.recalculate("FULL")
    assert host.reasons(customer) == ["RULE_CHANGED"]


def in_force(host: Host, name: str) -> str:
    """What the engine goes by."""
    value: str = host.one("select engagement.parameter(%s)", name)
    return value


@pytest.fixture
def written_past(host: Host) -> Host:
    """Somebody has written a parameter into the table."""
    host.run(
        "update engagement.app_parameter set parameter_value = '0'"
        " where parameter_name = 'SCORE_DECIMALS'"
    )
    return host


def test_set_parameter_to_what_was_written_past_it_brings_it_into_force(written_past: Host) -> None:
    host = written_past
    assert in_force(host, "SCORE_DECIMALS") == "2"
    host.set(SCORE_DECIMALS="0")
    assert in_force(host, "SCORE_DECIMALS") == "0"
    assert host.rows("select old_value #>> '{}', new_value #>> '{}'"
                     " from engagement.setup_change") == [("2", "0")]  # fmt: skip
    assert host.one("select count(*) from engagement.pending_activity where source = 'order_line'")


def test_set_parameter_to_what_is_in_force_puts_the_table_right(written_past: Host) -> None:
    host = written_past
    host.set(SCORE_DECIMALS="2")
    assert host.one("select engagement.get_parameter('SCORE_DECIMALS')") == "2"
    assert host.rows("select old_value #>> '{}', new_value #>> '{}'"
                     " from engagement.setup_change") == [("0", "2")]  # fmt: skip
    assert host.count("pending_activity") == 0


def test_parameter_written_past_set_parameter_stays_out_of_force(written_past: Host) -> None:
    """Setting another, a deployment's call and a run do not let it in unchecked."""
    host = written_past
    host.set(OVERVIEW_YEARS="5")
    host.run("select engagement.publish_parameters()")
    host.proven("FULL")
    assert in_force(host, "SCORE_DECIMALS") == "2"
    assert in_force(host, "OVERVIEW_YEARS") == "5"


def test_publish_parameters_takes_a_new_one(host: Host) -> None:
    with host.session.transaction(force_rollback=True):
        host.run(
            "insert into engagement.app_parameter values ('NEW', '7', 'integer 0..9', '7', 'New')"
        )
        host.run("select engagement.publish_parameters()")
        assert in_force(host, "NEW") == "7"
