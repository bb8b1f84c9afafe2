"""What status tells people of the last run."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


def local(connection: Connection, column: str) -> str:
    """An instant of the last run as a short local time in Auckland."""
    row = connection.execute(
        f"select to_char({column} at time zone 'Pacific/Auckland', 'YYYY-MM-DD HH24:MI')"
        " from engagement.recalculation_run order by run_id desc limit 1"
    ).fetchone()
    assert row
    return str(row[0])


def test_status_before_a_run_says_so(deployed: Connection, engagement: Callable[..., Any]) -> None:
    assert "last run  none yet" in engagement(deployed, "status").stdout.splitlines()


def test_status_shows_the_last_run_in_short_local_times(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', 'Pacific/Auckland')")
    deployed.execute("call engagement.recalculate('FULL', p_as_of => '2026-03-01 12:34:56.789+00')")
    result = engagement(deployed, "status")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    (first,) = (number for number, line in enumerate(lines) if line.startswith("last run"))
    assert lines[first] == "last run  1 FULL COMPLETED, as of 2026-03-02 01:34"
    assert lines[first + 1] == (
        f"          started {local(deployed, 'started_at')},"
        f" finished {local(deployed, 'finished_at')}"
    )
    assert max(map(len, lines)) <= 80
    content = json.loads(engagement(deployed, "status", "--format", "json").stdout)
    assert content["last_run"]["as_of"] == "2026-03-02T01:34:56.789+13:00"


def test_status_of_a_run_that_goes_on_names_its_phase(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("call engagement.recalculate()")
    deployed.execute(
        "update engagement.recalculation_run set run_status = 'RUNNING', phase = 'ACTIVITIES',"
        " finished_at = null"
    )
    lines = engagement(deployed, "status").stdout.splitlines()
    assert any(line.startswith("last run  1 FULL RUNNING, as of ") for line in lines)
    assert any(line.endswith(", in phase ACTIVITIES") for line in lines)


def test_status_works_when_the_parameters_routine_is_lost(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("drop function engagement.get_parameter(text)")
    result = engagement(deployed, "status")
    assert result.exit_code == 6
    assert "get_parameter" in result.stdout
    assert "last run  none yet" in result.stdout


def test_status_as_csv_has_a_line_for_each_entry(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("call engagement.recalculate('FULL')")
    records = list(
        csv.DictReader(io.StringIO(engagement(deployed, "status", "--format", "csv").stdout))
    )
    assert list(records[0]) == ["section", "item", "value"]
    values = {(record["section"], record["item"]): record["value"] for record in records}
    assert values["key_type", ""] == "bigint"
    assert values["last_run", "run_status"] == "COMPLETED"
    assert values["open_failures", ""] == "0"
    assert values["attached", "crm.order_line"] == "order_line"


def test_status_colours_an_open_failure_on_a_terminal_only(
    deployed: Connection, engagement: Callable[..., Any], terminal: Callable[..., Any]
) -> None:
    deployed.execute(
        "insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)"
        " values (now(), 'order_line', '42P01', 'gone')"
    )
    dsn = deployed.info.dsn
    assert "\x1b[31m1 open" in terminal("status", ENGAGEMENT_DSN=dsn).output
    assert "\x1b[" not in terminal("status", ENGAGEMENT_DSN=dsn, NO_COLOR="1").output
    piped = engagement(deployed, "status").stdout
    assert "failures  1 open" in piped.splitlines() and "\x1b" not in piped


def test_check_as_csv_lists_its_findings(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("alter table crm.order_line disable trigger user")
    result = engagement(deployed, "check", "--format", "csv")
    assert result.exit_code == 3
    records = list(csv.DictReader(io.StringIO(result.stdout)))
    assert records and all("order_line" in record["finding"] for record in records)


@pytest.mark.parametrize("columns", [80, 120])
@pytest.mark.parametrize(
    "arguments", [("score",), ("explain",), ("segment",), ("segment", "rising"), ("status",)]
)
def test_command_on_a_terminal_fits_its_width(
    deployed: Connection,
    association: Any,
    terminal: Callable[..., Any],
    arguments: tuple[str, ...],
    columns: int,
) -> None:
    if arguments[0] in ("score", "explain"):
        arguments = (*arguments, str(association.ada))
    shown = terminal(*arguments, ENGAGEMENT_DSN=deployed.info.dsn, COLUMNS=str(columns))
    assert shown.exit_code == 0
    assert "\x1b[" in shown.output
    lines = re.sub(r"\x1b\[[0-9;]*m", "", shown.output).splitlines()
    assert max(map(len, lines)) <= columns


# what is the matter

PENDING = "delete from engagement_meta.applied_file where path = 'procedures/input/adjust.sql'"
AGED_RUN = (
    "update engagement.recalculation_run set started_at = now() - interval '395 days',"
    " finished_at = now() - interval '395 days'"
)
AGED_QUEUE = (
    "insert into engagement.pending_activity (source, activity_column, keys, queued_at)"
    " values ('order_line', 'source_id', '{1}', now() - interval '300 days')"
)
DRIFT = "alter function engagement.get_parameter(text) cost 7 volatile"
FAILURE = (
    "insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)"
    " values (now(), 'order_line', '42P01', 'gone')"
)
UNREAD = "update engagement.recalculation_run set failed_sources = '{order_line}'"
DEAD_RUN = (
    "insert into engagement.recalculation_run (run_id, run_mode, as_of, run_status, phase,"
    " started_at, backend_pid, backend_started_at)"
    " values (1000, 'FULL', now(), 'RUNNING', 'DEQUEUE', now(), 1, now())"
)
GONE = "alter table crm.order_line drop amount cascade"


@pytest.fixture
def in_order(deployed: Connection) -> Connection:
    """A deployment after its first run."""
    deployed.execute("call engagement.recalculate('FULL')")
    return deployed


@pytest.mark.parametrize(
    ("trouble", "states", "exit_code"),
    [
        ((), [], 0),
        ((PENDING,), ["pending"], 4),
        ((AGED_RUN,), ["stale"], 5),
        ((AGED_QUEUE,), ["stale"], 5),
        ((AGED_RUN, PENDING), ["stale", "pending"], 5),
        ((DRIFT,), ["drift"], 6),
        ((DRIFT, AGED_QUEUE), ["drift", "stale"], 6),
        ((FAILURE,), ["failed"], 7),
        ((UNREAD,), ["failed"], 7),
        ((DEAD_RUN,), ["failed"], 7),
        ((GONE,), ["failed", "pending"], 7),
        (
            (FAILURE, DRIFT, AGED_RUN, PENDING),
            ["failed", "drift", "stale", "pending"],
            7,
        ),
    ],
)
def test_status_ends_with_the_code_of_what_is_the_matter(
    in_order: Connection,
    engagement: Callable[..., Any],
    trouble: tuple[str, ...],
    states: list[str],
    exit_code: int,
) -> None:
    for statement in trouble:
        in_order.execute(statement.encode())
    for output in ("table", "csv", "json"):
        result = engagement(in_order, "status", "--format", output)
        assert result.exit_code == exit_code, result.output
    content = json.loads(result.stdout)
    assert (content["states"], content["exit_code"]) == (states, exit_code)


def test_status_names_the_view_that_is_gone_before_and_after_the_next_run(
    in_order: Connection, engagement: Callable[..., Any]
) -> None:
    in_order.execute(GONE)
    for unread_count in range(2):
        result = engagement(in_order, "status", "--format", "json")
        assert result.exit_code == 7
        content = json.loads(result.stdout)
        assert content["missing_views"] == [
            {"source": "order_line", "view_name": "engagement_host.order_line"}
        ]
        assert any("engagement_host.order_line" in line for line in content["failed"])
        assert content["unread_sources"] == unread_count
        in_order.execute("call engagement.recalculate('FULL')")


@pytest.mark.parametrize("view", ["customer", "employment", "subject"])
def test_status_without_a_required_view_is_failed(
    in_order: Connection, engagement: Callable[..., Any], view: str
) -> None:
    in_order.execute(f"alter view engagement_host.{view} rename to mislaid".encode())
    result = engagement(in_order, "status")
    assert result.exit_code == 7
    assert f"engagement_host.{view}" in result.stdout


def test_status_of_a_detached_host_is_not_failed(
    in_order: Connection, engagement: Callable[..., Any]
) -> None:
    in_order.execute("call engagement.detach_host()")
    content = json.loads(engagement(in_order, "status", "--format", "json").stdout)
    assert "failed" not in content["states"]


def test_status_without_a_run_is_as_old_as_the_deployment(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "status").exit_code == 0
    deployed.execute(
        "update engagement_meta.applied_file set applied_at = applied_at - interval '9 days'"
    )
    assert engagement(deployed, "status").exit_code == 5


@pytest.mark.parametrize("option", ["--max-age", "--max-queue-age"])
@pytest.mark.parametrize(
    ("limit", "exit_code"),
    [("600m", 5), ("10h", 5), ("12h", 0), ("1d", 0), ("1w", 0), ("36000s", 5)],
)
def test_status_limits_are_those_given(
    in_order: Connection,
    engagement: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    option: str,
    limit: str,
    exit_code: int,
) -> None:
    if option == "--max-age":
        in_order.execute(
            "update engagement.recalculation_run set finished_at = now() - interval '11 hours'"
        )
    else:
        in_order.execute(AGED_QUEUE.replace("300 days", "11 hours").encode())
    assert engagement(in_order, "status", option, limit).exit_code == exit_code
    monkeypatch.setenv("ENGAGEMENT_STATUS" + option.replace("-", "_").upper()[1:], limit)
    assert engagement(in_order, "status").exit_code == exit_code


@pytest.mark.parametrize("limit", ["8", "d", "-1d", "8 days", "1.5d", ""])
def test_status_limit_that_is_none_is_wrong_usage(
    in_order: Connection, engagement: Callable[..., Any], limit: str
) -> None:
    assert engagement(in_order, "status", "--max-age", limit).exit_code == 2


def test_status_as_json_has_what_monitoring_asks_for(
    in_order: Connection, engagement: Callable[..., Any]
) -> None:
    in_order.execute(AGED_QUEUE)
    in_order.execute(
        "insert into engagement.score_event (customer_id, event_type, score, occurred_at,"
        " created_at) values (1, 'BAND_UP', 1, now(), now() - interval '1 hour')"
    )
    in_order.execute("insert into engagement.pending_recheck (source) values ('order_line')")
    content = json.loads(engagement(in_order, "status", "--format", "json").stdout)
    assert content["queue_age_seconds"] == 300 * 86400
    assert content["waiting_rechecks"] == 1
    assert "sources to compare once more: 1" in engagement(in_order, "status").stdout
    assert content["last_complete_run_age_seconds"] in range(60)
    assert content["last_run"]["age_seconds"] in range(60)
    assert content["last_run"]["failed_sources"] == []
    assert content["last_run"]["is_dead"] is False
    assert content["waiting_events"] == 1
    assert content["event_age_seconds"] in range(3600, 3660)
    counts = ("dead_runs", "unread_sources", "open_failures", "queued_sources")
    assert [content[name] for name in counts] == [0, 0, 0, 0]
    assert content["missing_views"] == []
    assert content["is_switched_off"] is False
    assert (content["max_age_seconds"], content["max_queue_age_seconds"]) == (691200, 691200)


def test_status_says_what_waits_since_when_and_who_follows(
    in_order: Connection,
    second_session: Callable[..., Connection],
    engagement: Callable[..., Any],
) -> None:
    in_order.execute("select engagement.set_parameter('TIME_ZONE', 'Pacific/Auckland')")
    in_order.execute("delete from engagement.pending_activity")
    lines = engagement(in_order, "status").stdout.splitlines()
    assert "followed  by nobody: the next run takes it" in lines
    assert not any("oldest" in line for line in lines)
    in_order.execute(
        "insert into engagement.pending_activity (source, activity_column, keys, queued_at)"
        " values ('order_line', 'source_id', '{1}', '2026-11-22 21:40+00'),"
        " ('order_line', 'source_id', '{2}', '2026-11-22 21:41+00')"
    )
    for number in (1, 2):
        second_session(in_order, application_name="engagement follow")
        lines = engagement(in_order, "status").stdout.splitlines()
        assert "          the oldest since 2026-11-23 10:40" in lines
        assert f"followed  by {number} session{'s' if number > 1 else ''}" in lines
        assert max(map(len, lines)) <= 80
    content = json.loads(engagement(in_order, "status", "--format", "json").stdout)
    assert content["queued_statements"] == 2
    assert content["queued_since"] == "2026-11-23T10:40:00+13:00"
    assert content["followers"] == 2


def test_status_while_a_run_is_under_way_is_not_failed(
    in_order: Connection,
    second_session: Callable[..., Connection],
    engagement: Callable[..., Any],
) -> None:
    """Its session is busy, here with waiting."""
    runner = second_session(in_order)
    with second_session(in_order, autocommit=False) as blocker:
        blocker.execute("select pg_advisory_xact_lock(0)")
        pid = runner.info.backend_pid
        runner.execute("select engagement.begin_run('FULL', null)")
        runner.pgconn.send_query(b"select pg_advisory_xact_lock(0)")
        in_order.execute("set statement_timeout = '60s'")
        in_order.execute(
            f"""do $$ begin while cardinality(pg_blocking_pids({pid})) = 0 loop
                perform pg_stat_clear_snapshot(); end loop; end $$""".encode()
        )
        content = json.loads(engagement(in_order, "status", "--format", "json").stdout)
    assert content["last_run"]["run_status"] == "RUNNING"
    assert (content["dead_runs"], content["states"]) == (0, [])


def test_status_says_that_scoring_is_switched_off(
    in_order: Connection, engagement: Callable[..., Any]
) -> None:
    in_order.execute("select engagement.set_parameter('CALCULATE_ENGAGEMENT_SCORE_POINTS', 'N')")
    result = engagement(in_order, "status")
    assert "scoring is switched off" in result.stdout


def test_status_with_a_parameter_written_past_its_routine_is_drift(
    in_order: Connection, engagement: Callable[..., Any]
) -> None:
    in_order.execute(
        "update engagement.app_parameter set parameter_value = '0'"
        " where parameter_name = 'SCORE_DECIMALS'"
    )
    result = engagement(in_order, "status")
    assert result.exit_code == 6
    assert "SCORE_DECIMALS" in result.stdout
    assert engagement(in_order, "params", "set", "SCORE_DECIMALS", "2").exit_code == 0
    assert engagement(in_order, "status").exit_code == 0
