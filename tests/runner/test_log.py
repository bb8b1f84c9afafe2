"""--quiet, --verbose and --log-format: what a command says of itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .conftest import PROGRAM, People, clean_environment

Connection = psycopg.Connection[Any]


def lines(text: str) -> list[dict[str, Any]]:
    """The lines of a log as objects; each says when, how bad, and what."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        assert {"time", "level", "message"} <= line.keys()
        assert datetime.fromisoformat(line["time"]).tzinfo
        assert line["level"] in ("debug", "info", "warning", "error")
    return found


def test_log_of_what_a_command_says_is_lines_of_json(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "--log-format", "json", "rules", "apply", "starter")
    assert result.exit_code == 0
    assert " rules changed." in result.stdout
    (line,) = lines(result.stderr)
    assert (line["level"], line["message"]) == ("info", "4 bands added.")


def test_log_of_an_error_has_its_sqlstate(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "--log-format", "json", "score", "987654321")
    (line,) = lines(result.stderr)
    assert (line["level"], line["sqlstate"]) == ("error", "EG001")
    assert (result.exit_code, result.stdout) == (1, "")
    away = engagement(
        deployed, "--log-format", "json", "score", "--dsn", "host=0.0.0.0 port=1", "1"
    )
    (line,) = lines(away.stderr)
    assert line["message"].startswith("engagement: cannot connect")
    assert "sqlstate" not in line


def test_log_of_a_warning_is_one(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "insert into engagement.scoring_failure (failed_at, source, sqlstate_code, message)"
        " values (now(), 'order_line', '22012', 'division by zero')"
    )
    found = lines(
        engagement(deployed, "--log-format", "json", "refresh", str(association.ada)).stderr
    )
    assert [line["level"] for line in found] == ["warning"]
    quiet = engagement(deployed, "--quiet", "refresh", str(association.ada))
    assert quiet.stderr.startswith("warning: ")
    assert quiet.stdout


def test_quiet_keeps_results_and_errors(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    said = engagement(deployed, "rules", "apply", "starter", "--dry-run")
    quiet = engagement(deployed, "-q", "rules", "apply", "starter", "--dry-run")
    assert (said.stderr, quiet.stderr) == ("4 bands would be added.\n", "")
    assert quiet.stdout == said.stdout != ""
    assert engagement(deployed, "-q", "score", "987654321").stderr.startswith("engagement: ERROR")
    assert engagement(deployed, "rules", "apply", "starter").stderr  # it is of one call


def test_verbose_says_where_it_is_connected(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "--verbose", "params", "list")
    assert f"connected to {deployed.info.dbname} " in result.stderr
    assert "connected" not in engagement(deployed, "params", "list").stderr


def test_log_of_a_broken_adapter_has_its_sqlstate(
    deployed: Connection, engagement: Callable[..., Any], tmp_path: Path
) -> None:
    adapter = tmp_path / "broken.sql"
    adapter.write_text("select 1 from nowhere;")
    result = engagement(deployed, "--log-format", "json", "deploy", "--host", str(adapter))
    assert lines(result.stderr)[-1]["sqlstate"] == "42P01"


def test_log_of_a_quiet_follower_has_its_trouble() -> None:
    follower = subprocess.Popen(
        [PROGRAM, "--quiet", "--log-format", "json", "follow", "--every", "0.05"],
        env=clean_environment(ENGAGEMENT_DSN="host=127.0.0.1 port=1 user=nobody"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stderr
    (line,) = lines(follower.stderr.readline())
    assert (line["level"], "cannot connect" in line["message"]) == ("warning", True)
    follower.terminate()
    follower.communicate(timeout=600)


@pytest.mark.parametrize("variable", [True, False])
def test_log_of_a_follower_is_lines_of_json(deployed: Connection, variable: bool) -> None:
    deployed.execute("call engagement.recalculate()")
    options = [] if variable else ["--log-format", "json"]
    environment = {"ENGAGEMENT_LOG_FORMAT": "json"} if variable else {}
    follower = subprocess.Popen(
        [PROGRAM, *options, "follow", "--every", "0.05"],
        env=clean_environment(ENGAGEMENT_DSN=deployed.info.dsn, **environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert follower.stderr
    (first,) = lines(follower.stderr.readline())
    assert first["message"].startswith("started: following the queue of ")
    follower.terminate()
    out, rest = follower.communicate(timeout=600)
    assert (follower.returncode, out) == (0, "")
    assert lines(rest)[-1]["message"].startswith("stopped by SIGTERM")
