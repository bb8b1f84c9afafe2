"""adjust, employers, trend, forecast, export and erase against a real database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from .conftest import People

Connection = psycopg.Connection[Any]


def adjustments(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select customer_id, points, reason, adjusted_by, expires_at"
        " from engagement.score_adjustment order by adjusted_at"
    ).fetchall()


def points(connection: Connection, customer: int) -> Any:
    row = connection.execute("select engagement.score_at(%s)", (customer,)).fetchone()
    assert row
    return row[0]


def employ(
    connection: Connection, people: People, *jobs: tuple[str | None, str | None, bool]
) -> None:
    """Ada works for the firm, at these times."""
    for begin, end, is_primary in jobs:
        connection.execute(
            "insert into crm.employment (employee_id, employer_id, begin_on, end_on, is_primary)"
            " values (%s, %s, %s, %s, %s)",
            (people.ada, people.firm, begin, end, is_primary),
        )


# adjust


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("12.5", "--reason", "why"), 12.5),
        (("-5", "--reason", "why"), -5),
        (("--reason", "why", "-0.25"), -0.25),
        (("--reason", "why", "--", "-1e1"), -10),
    ],
)
def test_adjust_points_above_and_below_zero_count_at_once(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    arguments: tuple[str, ...],
    expected: float,
) -> None:
    bob = str(association.bob)
    if "--" in arguments:
        arguments = (*arguments[:-2], "--", bob, arguments[-1])
    else:
        position = len(arguments) - 1 if arguments[-1] != "why" else 0
        arguments = (*arguments[:position], bob, *arguments[position:])
    result = engagement(deployed, "adjust", *arguments)
    assert result.exit_code == 0, result.stderr
    assert f"Customer {bob} adjusted by " in result.stdout
    assert "for good: why" in result.stdout
    assert adjustments(deployed) == [(association.bob, expected, "why", "postgres", None)]
    assert points(deployed, association.bob) == expected


def test_adjust_until_an_instant_says_so(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.set_parameter('TIME_ZONE', 'Europe/Berlin')")
    result = engagement(
        deployed, "adjust", str(association.bob), "7", "--reason", "[b]thanks\x07",
        "--expires-at", "2040-01-01",
    )  # fmt: skip
    assert result.stdout == (
        f"Customer {association.bob} adjusted by 7 points until 2040-01-01 00:00: [b]thanks\\x07\n"
    )
    ((*_, expires_at),) = adjustments(deployed)
    assert expires_at.isoformat() == "2039-12-31T23:00:00+00:00"


@pytest.mark.parametrize(
    "arguments", [("1", "5"), ("1", "5", "--reason", "why", "--reson"), ("1", "--reason", "why")]
)
def test_adjust_wrong_usage_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any], arguments: tuple[str, ...]
) -> None:
    assert engagement(deployed, "adjust", *arguments).exit_code == 2


# customer merge, customer unmerge


def test_customer_merge_and_unmerge_say_what_they_did(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    ada, bob = association.ada, association.bob
    before = points(deployed, bob)
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (ada,))
    merged = engagement(deployed, "customer", "merge", str(ada), str(bob))
    assert (merged.exit_code, merged.stdout) == (0, f"Customer {ada} merged into {bob}.\n")
    assert "moved: 1 adjustments, 0 social scores" in merged.stderr
    assert points(deployed, bob) == before + 5
    again = engagement(deployed, "customer", "merge", str(ada), str(bob))
    assert again.exit_code == 1
    assert "EG016" in again.stderr and "engagement.unmerge_customer" in again.stderr
    parted = engagement(deployed, "customer", "unmerge", str(ada), str(bob))
    assert (parted.exit_code, parted.stdout) == (
        *(0, f"Customer {ada} is no longer merged into {bob}.\n"),
    )
    assert "moved back: 1 adjustments" in parted.stderr
    assert points(deployed, bob) == before


# employers


def test_employers_formats_agree_and_go_by_the_date(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    employ(deployed, association, ("2020-01-01", "2020-12-31", True), ("2024-01-01", None, False))
    ada, firm = str(association.ada), association.firm
    today = json.loads(engagement(deployed, "employers", ada, "--format", "json").stdout)
    assert today == [
        {
            "employer_id": firm,
            "display_name": "Analytical Engines",
            "is_primary": False,
            "begin_on": "2024-01-01",
            "end_on": None,
        }
    ]
    text = engagement(deployed, "employers", ada, "--on", "2020-12-31", "--format", "csv").stdout
    (then,) = csv.DictReader(io.StringIO(text))
    assert (then["is_primary"], then["end_on"]) == ("true", "2020-12-31")
    table = engagement(deployed, "employers", ada, "--on", "2020-12-31").stdout.splitlines()
    assert table[1].split() == [
        str(firm), "Analytical", "Engines", "yes", "2020-01-01", "2020-12-31",
    ]  # fmt: skip
    none = engagement(deployed, "employers", ada, "--on", "2022-01-01")
    assert none.stdout == "Nobody employs this customer on that date.\n"


# trend


def test_trend_is_that_of_the_database_in_every_format(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    employ(deployed, association, (None, None, True))
    engagement(deployed, "recalculate", "--mode", "FULL")
    period = deployed.execute(
        "select (current_date - 600)::text, (current_date + 200)::text"
    ).fetchone()
    assert period
    arguments = (
        "trend", str(association.firm), "--from", period[0], "--to", period[1],
        "--step", "30 days",
    )  # fmt: skip
    expected = [
        row[0]
        for row in deployed.execute(
            "select row_to_json(t) from engagement.trend(%s, %s, %s, '30 days') t",
            (association.firm, *period),
        )
    ]
    assert len(expected) == 27
    assert {row["employee_score"] for row in expected} >= {0, 30, 90}
    shown = engagement(deployed, *arguments, "--format", "json")
    assert json.loads(shown.stdout) == expected
    rows = list(
        csv.DictReader(io.StringIO(engagement(deployed, *arguments, "--format", "csv").stdout))
    )
    assert list(rows[0]) == ["at", "own_score", "employee_score", "score"]
    assert [float(row["score"]) for row in rows] == [row["score"] for row in expected]
    table = engagement(deployed, *arguments).stdout.splitlines()
    assert len(table) == 28
    bars = [line.count("█") for line in table[1:]]
    assert max(bars) == 24
    assert {bar for bar, row in zip(bars, expected, strict=True) if row["score"] == 30} == {8}
    assert {bar for bar, row in zip(bars, expected, strict=True) if row["score"] == 0} == {0}


def test_trend_by_default_is_the_last_twelve_months(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "trend", str(association.ada), "--format", "json")
    rows = json.loads(result.stdout)
    assert len(rows) == 13
    assert rows[-1]["score"] == 90
    row = deployed.execute(
        "select %s::timestamptz = %s::timestamptz - interval '12 months',"
        " now() - %s::timestamptz between '0' and '1 hour'",
        (rows[0]["at"], rows[-1]["at"], rows[-1]["at"]),
    ).fetchone()
    assert row == (True, True)


# forecast


@pytest.mark.parametrize(
    ("options", "expected"),
    [((), {4: 90, 8: 30, 12: 30}), (("--weeks", "7, 520"), {7: 90, 520: 30})],
)
def test_forecast_is_what_is_left_when_nothing_happens(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    options: tuple[str, ...],
    expected: dict[int, int],
) -> None:
    arguments = ("forecast", str(association.ada), *options)
    shown = json.loads(engagement(deployed, *arguments, "--format", "json").stdout)
    assert {row["weeks"]: row["score"] for row in shown} == expected
    text = engagement(deployed, *arguments, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    columns = ("weeks", "at", "own_score", "employee_score", "score")
    assert set(rows[0]) == set(shown[0]) == set(columns)
    assert {int(row["weeks"]): float(row["score"]) for row in rows} == expected
    lines = engagement(deployed, *arguments).stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [str(weeks) for weeks in expected]


# export and erase


def held(connection: Connection, customer: int) -> dict[str, Any]:
    row = connection.execute("select engagement.export_customer(%s)", (customer,)).fetchone()
    assert row
    content = row[0]
    assert isinstance(content, dict)
    return content


def test_export_prints_all_that_the_database_holds(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (association.ada,))
    result = engagement(deployed, "export", str(association.ada))
    assert (result.exit_code, result.stderr) == (0, "")
    content = json.loads(result.stdout)
    assert content == held(deployed, association.ada)
    assert len(content["awards"]) == 3
    assert "\x1b" not in engagement(deployed, "export", str(association.bob)).stdout


def test_erase_asks_before_it_deletes(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    bob = association.bob
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (bob,))
    before = held(deployed, bob)
    for answer in ("n\n", "\n", ""):
        result = engagement(deployed, "erase", str(bob), input=answer)
        # Some versions of Click write what was typed to stdout.
        assert (result.exit_code, result.stdout.replace(answer, "").strip()) == (1, "")
        assert f"customer {bob} (Bob \\x1b[31mRed\\x07)?" in result.stderr
        assert held(deployed, bob) == before
    result = engagement(deployed, "erase", str(bob), input="y\n")
    assert result.exit_code == 0
    assert result.stdout.endswith(f"Customer {bob} erased.\n")
    assert adjustments(deployed) == []
    assert held(deployed, bob)["awards"] == []


def test_erase_yes_does_not_ask(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (association.bob,))
    result = engagement(deployed, "erase", str(association.bob), "--yes")
    assert (result.exit_code, result.stderr) == (0, "")
    assert adjustments(deployed) == []


def test_erase_while_the_host_shows_activity_is_refused(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    before = held(deployed, association.ada)
    result = engagement(deployed, "erase", str(association.ada), "--yes")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "EG013" in result.stderr
    assert held(deployed, association.ada) == before


# find


def test_find_by_a_part_of_the_name_or_by_the_key(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    def found(*arguments: str) -> list[Any]:
        text = engagement(deployed, "find", *arguments, "--format", "json").stdout
        return [row["customer_id"] for row in json.loads(text)]

    assert found("lovelace") == found("ADA [") == [association.ada]
    assert association.ada in found(str(association.ada))
    assert found("%") == found("_") == found("nobody at all") == []
    everybody = found("")
    assert association.ada in everybody and association.firm in everybody
    short = engagement(deployed, "find", "", "--limit", "1", "--format", "json")
    assert len(json.loads(short.stdout)) == 1 and "--limit" in short.stderr
    (row,) = json.loads(engagement(deployed, "find", "lovelace", "--format", "json").stdout)
    assert (row["score"], row["is_active"]) == (90, True)
    assert (
        engagement(deployed, "find", "nobody at all").stdout
        == "No customer has this name or key.\n"
    )


def test_find_without_a_host_is_one_line_with_its_sqlstate(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    deployed.execute("call engagement.detach_host()")
    result = engagement(deployed, "find", "Ada")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "EG006" in result.stderr
