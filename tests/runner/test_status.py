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
    assert records and all("crm.order_line" in record["finding"] for record in records)


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
