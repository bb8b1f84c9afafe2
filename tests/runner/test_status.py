"""What status tells people of the last run."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg

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
        "update engagement.recalculation_run set run_status = 'RUNNING', phase = 'AWARDS',"
        " finished_at = null"
    )
    lines = engagement(deployed, "status").stdout.splitlines()
    assert any(line.startswith("last run  1 FULL RUNNING, as of ") for line in lines)
    assert any(line.endswith(", in phase AWARDS") for line in lines)


def test_status_works_when_the_parameters_routine_is_lost(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("drop function engagement.get_parameter(text)")
    result = engagement(deployed, "status")
    assert result.exit_code == 2
    assert "get_parameter" in result.stdout
    assert "last run  none yet" in result.stdout
