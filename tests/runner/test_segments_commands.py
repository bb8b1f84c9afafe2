"""segment, at-risk and points against a real database."""

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


def records(connection: Connection, query: str, *arguments: Any) -> list[dict[str, Any]]:
    """The rows of a query as JSON objects."""
    return [
        row[0] for row in connection.execute(f"select row_to_json(q) from ({query}) q", arguments)
    ]


# segment


def test_segment_without_a_name_lists_each_with_its_number_of_customers(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    listed = json.loads(engagement(deployed, "segment", "--format", "json").stdout)
    assert listed == records(
        deployed,
        "select segment_name, label, description, (select count(*) from"
        " engagement.segment(segment_name)) as customer_count"
        " from engagement.segment_definition order by segment_name",
    )
    counts = {segment["segment_name"]: segment["customer_count"] for segment in listed}
    assert (counts["rising"], counts["falling"]) == (1, 0)
    text = engagement(deployed, "segment", "--format", "csv").stdout
    assert [row["customer_count"] for row in csv.DictReader(io.StringIO(text))] == [
        str(segment["customer_count"]) for segment in listed
    ]
    table = engagement(deployed, "segment").stdout
    assert all(segment["label"] in table for segment in listed)


def test_segment_with_a_name_lists_its_customers(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    expected = records(deployed, "select * from engagement.segment('rising')")
    assert [row["customer_id"] for row in expected] == [association.ada]
    shown = engagement(deployed, "segment", "rising", "--format", "json")
    assert json.loads(shown.stdout) == expected
    text = engagement(deployed, "segment", "rising", "--format", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == list(expected[0])
    assert (row["score"], row["segment_value"]) == ("90.00", "60.00")
    assert "Ada [bold red]Lovelace[/]" in engagement(deployed, "segment", "rising").stdout
    nobody = engagement(deployed, "segment", "falling")
    assert nobody.stdout == "Nobody is in this segment.\n"


@pytest.mark.parametrize(
    "view",
    ["engagement.no_such_view", "engagement_host.customer", "no such view"],
)
def test_segment_that_is_broken_hides_no_other(
    deployed: Connection, association: People, engagement: Callable[..., Any], view: str
) -> None:
    deployed.execute(
        "insert into engagement.segment_definition values ('broken', 'Broken', '', %s)", (view,)
    )
    listed = json.loads(engagement(deployed, "segment", "--format", "json").stdout)
    counts = {segment["segment_name"]: segment["customer_count"] for segment in listed}
    assert (counts["broken"], counts["rising"]) == (None, 1)
    result = engagement(deployed, "segment", "broken")
    assert result.exit_code == 1
    assert "EG011" in result.stderr


# at-risk


def test_at_risk_lists_who_falls_out_of_a_band(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute(
        "insert into engagement.score_band (band_code, from_score) values ('GOLD', 80)"
    )
    nobody = engagement(deployed, "at-risk", "--weeks", "7")
    assert (nobody.exit_code, nobody.stdout, nobody.stderr) == (
        0, "Nobody will fall by then.\n", "",
    )  # fmt: skip
    expected = records(
        deployed, "select a.*, 'INDIVIDUAL' as customer_type from engagement.at_risk() a"
    )
    assert [row["customer_id"] for row in expected] == [association.ada]
    for kind, count in (("individual", 1), ("COMPANY", 0)):
        of_kind = engagement(deployed, "at-risk", "--type", kind, "--format", "json").stdout
        assert len(json.loads(of_kind)) == count
    shown = engagement(deployed, "at-risk", "--format", "json")
    assert json.loads(shown.stdout) == expected
    text = engagement(deployed, "at-risk", "--format", "csv").stdout
    (row,) = csv.DictReader(io.StringIO(text))
    assert list(row) == list(expected[0])
    assert (row["fall"], row["band_code"], row["future_band_code"]) == ("60.00", "GOLD", "")
    assert "Ada [bold red]Lovelace[/]" in engagement(deployed, "at-risk").stdout
    early = engagement(deployed, "at-risk", "--weeks", "7", "--format", "json")
    assert json.loads(early.stdout) == []


def test_at_risk_without_bands_says_so_and_lists_what_the_report_does(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    shown = engagement(deployed, "at-risk", "--format", "json")
    assert [row["customer_id"] for row in json.loads(shown.stdout)] == [association.ada]
    assert "no bands" in shown.stderr and "\n--fall" in shown.stderr
    assert json.loads(shown.stdout) == records(
        deployed, "select a.*, 'INDIVIDUAL' as customer_type from engagement.at_risk() a"
    )
    page = engagement(deployed, "report", "--out", "-", "--verify", "none").stdout
    risk = page.split('id="risk"')[-1].split("</section>")[0]
    assert "Lovelace" in risk
    assert engagement(deployed, "at-risk", "--fall", "60").stderr == ""


def test_at_risk_of_losing_points_needs_no_band(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    def shown(*options: str) -> list[Any]:
        text = engagement(deployed, "at-risk", *options, "--format", "json").stdout
        return [row["customer_id"] for row in json.loads(text)]

    assert shown("--fall", "60") == [association.ada]
    assert shown("--fall", "60.01") == []


# points


@pytest.mark.parametrize("dimension", [None, "CATEGORY", "rule", "Subject", "month", "YEAR"])
def test_points_are_those_of_the_database_in_every_format(
    deployed: Connection,
    association: People,
    engagement: Callable[..., Any],
    dimension: str | None,
) -> None:
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (association.bob,))
    engagement(deployed, "recalculate")
    expected = records(
        deployed, "select * from engagement.points_by(%s)", (dimension or "CATEGORY").upper()
    )
    assert sum(row["points"] for row in expected) == 95
    arguments = ("points", *([dimension] if dimension else []))
    shown = engagement(deployed, *arguments, "--format", "json")
    assert json.loads(shown.stdout) == expected
    text = engagement(deployed, *arguments, "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == list(expected[0])
    assert [row["dimension_key"] for row in rows] == [
        row["dimension_key"] or "" for row in expected
    ]
    table = engagement(deployed, *arguments).stdout.splitlines()
    assert len(table) == len(expected) + 1
    largest = max(row["points"] for row in expected)
    for line, row in zip(table[1:], expected, strict=True):
        assert line.startswith(row["label"] or row["dimension_key"] or "(none)")
        assert line.count("█") == int(row["points"] * 24 / largest)


def test_points_of_a_segment_a_company_and_a_time(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    deployed.execute("select engagement.adjust(%s, 5, 'why')", (association.bob,))
    engagement(deployed, "recalculate")

    def shown(*options: str) -> dict[str, Any]:
        text = engagement(deployed, "points", "rule", *options, "--format", "json").stdout
        return {row["dimension_key"]: row["points"] for row in json.loads(text)}

    assert shown() == {"BOOKS": 60, "SEAT": 30, "ADJUSTMENT": 5}
    assert shown("--segment", "rising") == {"BOOKS": 60, "SEAT": 30}
    assert shown("--company", str(association.bob)) == {"ADJUSTMENT": 5}
    assert shown("--company", str(association.firm)) == {}
    since = deployed.execute("select (now() - interval '20 hours')::text").fetchone()
    assert since
    assert shown("--from", since[0]) == {"ADJUSTMENT": 5}
    assert shown("--to", since[0]) == {"BOOKS": 60, "SEAT": 30}


def test_points_nobody_earned_say_so(
    deployed: Connection, association: People, engagement: Callable[..., Any]
) -> None:
    result = engagement(deployed, "points", "--to", "2001-01-01")
    assert (result.exit_code, result.stdout) == (0, "No points were earned then.\n")


def test_points_unknown_dimension_is_a_usage_error(
    deployed: Connection, engagement: Callable[..., Any]
) -> None:
    assert engagement(deployed, "points", "COLOUR").exit_code == 2


@pytest.mark.parametrize("width", ["80", "120"])
@pytest.mark.parametrize(
    "arguments",
    [
        ("segment",),
        ("segment", "rising"),
        ("points", "rule"),
        ("points",),
        ("trend", "ADA"),
        ("forecast", "ADA"),
    ],
    ids=" ".join,
)
def test_tables_fit_the_width_of_the_terminal_and_bars_need_no_utf8(
    deployed: Connection,
    association: People,
    terminal: Callable[..., Any],
    program: Callable[..., Any],
    arguments: tuple[str, ...],
    width: str,
) -> None:
    arguments = tuple(str(association.ada) if a == "ADA" else a for a in arguments)
    dsn = deployed.info.dsn
    shown = terminal(*arguments, ENGAGEMENT_DSN=dsn, COLUMNS=width, NO_COLOR="1")
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= int(width)
    assert ("█" in shown.output) == (arguments[0] != "segment")
    plain = program(*arguments, ENGAGEMENT_DSN=dsn, PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert plain.stdout.isascii()
    assert ("#" in plain.stdout) == (arguments[0] != "segment")
