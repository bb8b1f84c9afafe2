"""The layout of results, on canned score cards of the contract's shape."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from rich.console import Console

from engagement_runner import show
from engagement_runner.queries import Rows, loads
from engagement_runner.show.bars import sparkline


def rule(code: str, score: float, **other: Any) -> dict[str, Any]:
    return {
        "rule_code": code,
        "description": f"What {code} is for",
        "score": score,
        "ytd_score": score,
        "overview_score": score * 2,
        "award_count": 3,
        **other,
    }


def canned(**other: Any) -> dict[str, Any]:
    return {
        "customer_id": 1042,
        "display_name": "Ada [bold red]Lovelace[/]",
        "customer_type": "INDIVIDUAL",
        "score": 1182.5,
        "own_score": 1182.5,
        "employee_score": 0,
        "raised_recently": True,
        "raised_by": 1050.25,
        "raised_at": "2026-11-19T23:30:00+00:00",
        "previous_score": 132.5,
        "changed_at": "2026-11-20T10:00:00+00:00",
        "calculated_at": "2026-11-22T21:40:00.123+00:00",
        "rules_pending": False,
        "band_code": "GOLD",
        "percentile": 93,
        "categories": [
            {
                "category_code": "INVOLVEMENT",
                "category_name": "Involvement",
                "score": 1120.5,
                "ytd_score": 20,
                "overview_score": 2150,
                "rules": [rule("SEAT", 1120.5)],
            },
            {
                "category_code": "PURCHASES_DONATIONS",
                "category_name": "Purchases and donations",
                "score": 62,
                "ytd_score": 20,
                "overview_score": 150,
                "rules": [rule("BOOKS", 62, description="")],
            },
        ],
        "trend": [{"at": f"2026-{m:02d}-28T00:00:00+00:00", "score": m} for m in range(1, 13)],
        **other,
    }


def drawn(card: dict[str, Any], width: int = 80, unicode: bool = True) -> str:
    content = loads(json.dumps(card))
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False)
    out.print(show.card_layout(content, width, unicode))
    text = out.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_card_fits_the_width_and_shows_everything(width: int) -> None:
    text = drawn(canned(), width)
    assert max(map(len, text.splitlines())) <= width
    for expected in (
        "Ada [bold red]Lovelace[/]",
        "1,182.50",
        "▲ raised recently by 1,050.25, last on 2026-11-19",
        "GOLD",
        "percentile 93",
        "was 132.50 until 2026-11-20",
        "Involvement",
        "Purchases and donations",
        "What SEAT is for",
        "SEAT",
        "BOOKS",
        "2,150.00",
        "Year to date",
        "▁▂▂▃▃▄▅▅▆▆▇█",
    ):
        assert expected in text


def test_card_keeps_its_names_on_40_columns() -> None:
    text = drawn(canned(), 40)
    assert max(map(len, text.splitlines())) <= 40
    for name in ("Involvement", "Purchases", "What SEAT is", "BOOKS"):
        assert name in text
    assert "Year to date" not in text


def test_card_all_numbers_have_the_same_decimals() -> None:
    line = next(x for x in drawn(canned()).splitlines() if "Purchases" in x)
    assert line.split()[-3:] == ["62.00", "20.00", "150.00"]


def test_card_bars_are_to_scale() -> None:
    lines = drawn(canned(), 120).splitlines()
    assert next(x for x in lines if "Involvement" in x).count("█") == 24
    assert next(x for x in lines if "Purchases" in x).count("█") == 1


def test_card_of_an_ascii_terminal_is_ascii() -> None:
    assert drawn(canned(), unicode=False).isascii()


def test_card_nothing_raised_pending_or_ranked_says_none_of_it() -> None:
    text = drawn(
        canned(raised_recently=False, band_code=None, percentile=None, previous_score=None)
    )
    for absent in ("raised", "percentile", "was", "changed", "None", "Employees", "Own"):
        assert absent not in text


def test_card_raised_of_an_earlier_version_of_the_card_is_shown_as_it_is() -> None:
    text = drawn(canned(raised_by=None, raised_at=None))
    assert "raised recently" in text
    assert "None" not in text


def test_card_standing_is_broken_between_its_parts_only() -> None:
    lines = [line.rstrip() for line in drawn(canned()).splitlines()]
    assert lines[1:3] == [
        "Score       1,182.50   ▲ raised recently by 1,050.25, last on 2026-11-19   GOLD",
        "            percentile 93   was 132.50 until 2026-11-20",
    ]
    assert "was 132.50" in drawn(canned(), 140).splitlines()[1]


def test_card_rules_pending_says_what_to_run() -> None:
    assert "engagement recalculate" in drawn(canned(rules_pending=True))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"changes_waiting": 0, "waiting_since": None}, None),
        (
            {"changes_waiting": 1, "waiting_since": "2026-11-20T10:00:00+00:00"},
            "1 change of the CRM waits since 2026-11-20 10:00: `engagement refresh 1042` scores",
        ),
        (
            {
                "changes_waiting": 1200,
                "waiting_since": "2026-11-20T10:00:00+00:00",
                "customer_type": "COMPANY",
            },
            "1,200 changes of the CRM wait since 2026-11-20 10:00: `engagement follow` or the next",
        ),
    ],
)
def test_card_changes_waiting_are_told(change: dict[str, Any], said: str | None) -> None:
    text = " ".join(drawn(canned(**change), 200).split())
    assert said in text if said else "wait" not in text


def test_card_company_shows_its_employees() -> None:
    text = drawn(
        canned(
            customer_type="COMPANY",
            employee_score=77.25,
            employee_ytd_score=5,
            employee_overview_score=99,
            employee_count=40,
            engaged_count=12,
            participation_rate=0.3,
            average_score=1.93,
        )
    )
    for expected in ("Employees", "77.25", "40", "12", "30%", "1.93", "Trend", "Own points"):
        assert expected in text


def test_card_without_points_says_so() -> None:
    assert "No points yet" in drawn(canned(categories=[], score=0, trend=[]))


def test_card_negative_scores_have_no_bar() -> None:
    text = drawn(canned(categories=[{"category_code": "INVOLVEMENT", "score": -5, "rules": []}]))
    line = next(x for x in text.splitlines() if "INVOLVEMENT" in x)
    assert "-5" in line
    assert "█" not in line


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 0], "▁▁"),
        ([0, 7], "▁█"),
        ([-7, 0, 7], "▁▄█"),
        ([5, 5], "██"),
    ],
)
def test_sparkline_is_to_scale_from_zero(values: list[int], expected: str) -> None:
    assert sparkline([Decimal(value) for value in values]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain Ünïcode 💠 [b]", "plain Ünïcode 💠 [b]"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb\tc\x7f\x9b", "a\\x0ab\\x09c\\x7f\\x9b"),
        ("a\u202eb\u2028", "a\\u202eb\\u2028"),
        (None, ""),
    ],
)
def test_literal_escapes_control_characters_only(text: str | None, expected: str) -> None:
    assert show.literal(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T21:40:00.123+00:00", "2026-11-22 21:40"),
        ("infinity", "infinity"),
        (None, ""),
    ],
)
def test_instant_is_short_and_survives_infinity(value: str | None, expected: str) -> None:
    assert show.instant(value) == expected


def rows(*records: dict[str, Any]) -> Rows:
    texts = [json.dumps(record) for record in records]
    return Rows(texts, [loads(text) for text in texts])


COLUMNS = (show.Column("name", "Name"), show.Column("points", "Points", "number"))


def test_listing_csv_quotes_and_keeps_the_text(capsys: pytest.CaptureFixture[str]) -> None:
    found = rows({"name": 'a,"b"\nc\x1b', "points": 2.50, "other": 1}, {"name": None, "points": -1})
    show.listing(found, COLUMNS, "csv", empty="none")
    parsed = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert parsed == [{"name": 'a,"b"\nc\x1b', "points": "2.5"}, {"name": "", "points": "-1"}]


def test_listing_json_is_what_the_server_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    found = Rows(['{"points": 2.50}', '{"points": 1e3, "name": "\x9b"}'], [{}, {}])
    show.listing(found, COLUMNS, "json", empty="none")
    text = capsys.readouterr().out
    assert "2.50" in text
    assert "\x9b" not in text
    assert json.loads(text) == [{"points": 2.5}, {"points": 1000.0, "name": "\x9b"}]


@pytest.mark.parametrize(("output", "expected"), [("table", "none\n"), ("json", "[]\n")])
def test_listing_of_nothing_is_still_a_result(
    output: show.Format, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show.listing(rows(), COLUMNS, output, empty="none")
    assert capsys.readouterr().out == expected


def test_listing_csv_of_nothing_has_a_header(capsys: pytest.CaptureFixture[str]) -> None:
    show.listing(rows(), COLUMNS, "csv", empty="none")
    assert capsys.readouterr().out == "name,points\n"


def test_listing_table_aligns_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    show.listing(rows({"name": "[i]x", "points": 2.25}, {"name": "y", "points": 1000}), COLUMNS,
                 "table", empty="none")  # fmt: skip
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1].startswith("[i]x")
    assert lines[1].endswith("    2.25")
    assert lines[2].endswith("1,000.00")


BARS = (
    show.Column("name", "Name"),
    show.Column("is_first", "First", "flag"),
    show.Column("points", "", "bar"),
)


def test_listing_bars_are_to_scale_and_for_people_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    found = rows(
        {"name": "a", "is_first": True, "points": 12.5},
        {"name": "b", "is_first": False, "points": -3},
        {"name": "c", "is_first": None, "points": 0.01},
    )
    show.listing(found, BARS, "table", empty="none")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[1:] == ["a     yes    " + "█" * 24, "b", "c            █"]
    show.listing(found, BARS, "csv", empty="none")
    assert capsys.readouterr().out.splitlines()[:2] == ["name,is_first", "a,true"]


def test_run_progress_in_a_log_says_each_phase_once(capsys: pytest.CaptureFixture[str]) -> None:
    with show.RunProgress() as progress:
        for phase, done in (("ACTIVITIES", 0), ("ACTIVITIES", 10), ("TOTALS", 0), ("TOTALS", 5)):
            progress.update(
                {"run_mode": "FULL", "phase": phase, "done_count": done, "total_count": 20}
            )
        progress.update(None)
    written = capsys.readouterr()
    assert written.out == ""
    assert [line.split(" ", 1)[1] for line in written.err.splitlines()] == [
        "FULL: awarding 0 of 20",
        "FULL: summing up 0 of 20",
    ]
