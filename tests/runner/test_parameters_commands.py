"""params list, get and set against a real database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

Connection = psycopg.Connection[Any]


def test_params_get_prints_the_value_alone(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "params", "get", "time_zone")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "UTC\n", "")


def test_params_set_says_old_and_new_and_list_marks_it(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "params", "set", "TIME_ZONE", "Europe/Berlin")
    assert result.exit_code == 0
    assert result.stdout == "TIME_ZONE is now Europe/Berlin; it was UTC.\n"
    assert engagement(deployed, "params", "get", "TIME_ZONE").stdout == "Europe/Berlin\n"
    assert "Default: UTC." in " ".join(engagement(deployed, "params", "list").stdout.split())


def test_params_set_to_what_it_is_says_so(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "params", "set", "TIME_ZONE", "UTC")
    assert (result.exit_code, result.stdout) == (0, "TIME_ZONE is UTC already.\n")


@pytest.mark.parametrize("locale", ["xx_YY", "qqq", "en_XX"])
def test_params_set_locale_that_nobody_knows_refused_and_left(
    deployed: Connection, engagement: Callable[..., Any], locale: str
) -> None:
    result = engagement(deployed, "params", "set", "locale", locale)
    assert (result.exit_code, result.stdout) == (1, "")
    assert locale in result.stderr and result.stderr.count("\n") == 1
    assert engagement(deployed, "params", "get", "LOCALE").stdout == "en\n"
    assert engagement(deployed, "params", "set", "LOCALE", "de_CH").exit_code == 0


def test_params_list_formats_agree_with_the_table(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    from_json = json.loads(engagement(deployed, "params", "list", "--format", "json").stdout)
    text = engagement(deployed, "params", "list", "--format", "csv").stdout
    assert [row["parameter_name"] for row in csv.DictReader(io.StringIO(text))] == [
        row["parameter_name"] for row in from_json
    ]
    count = deployed.execute("select count(*) from engagement.app_parameter").fetchone()
    assert count == (len(from_json),)
    table = engagement(deployed, "params", "list").stdout
    assert all(row["parameter_name"] in table for row in from_json)
