"""What a backtest says: rates by group, what the score tells, and which parts of it do."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from engagement_runner.queries import loads
from engagement_runner.show.output import Format, console, csv_text, json_text, result
from engagement_runner.show.tables import grid
from engagement_runner.show.values import count, instant, literal, number

BACKTEST_CSV = (
    "level", "code", "label", "outcome_count", "happened_count", "rate", "rate_low", "rate_high",
    "lift", "score_from", "score_to", "value_count", "value_total", "value_average", "auc",
    "auc_low", "auc_high", "without_auc", "without_auc_low", "without_auc_high", "adds",
    "adds_low", "adds_high", "difference", "difference_low", "difference_high",
)  # fmt: skip
"""Columns of ``backtest --format csv``; level is SCORE, AGAINST, GROUP, CATEGORY, RULE or
EMPLOYEES."""

_WITH_VALUE = 90
"""The least width of a terminal at which groups show their values, too."""

_VERDICTS = {
    "HIGHER": "Higher scores came before it.",
    "LOWER": "Lower scores came before it.",
    "NOT_SHOWN": "It is not shown that the score tells anything: the interval holds 0.500.",
}

_NO_AREA = {
    "TOO_FEW": "Too few to tell: {happened_count:,} happened, {missed_count:,} did not. It takes "
    "{least_count} of either.",
    "ALL_EQUAL": "Nothing to tell: all had the same score then.",
}

_COMPARISONS = {
    "BETTER": "The rules given tell more than {others}.",
    "WORSE": "The rules given tell less than {others}.",
    "NOT_SHOWN": "It is not shown that either tells more: the interval of the difference holds 0.",
    "TOO_FEW": "Too few outcomes have another score to tell which rules tell more.",
}


def backtest(text: str, output: Format) -> None:
    """Print a backtest, the JSON *text* of engagement.backtest."""
    if output == "json":
        json_text(text)
        return
    content = loads(text)
    if output == "csv":
        csv_text(BACKTEST_CSV, backtest_records(content))
        return
    out = console()
    _print_heading(content)
    if content["groups"]:
        result("")
        _print_whole(out, _group_table(content, with_value=out.width >= _WITH_VALUE))
    _print_verdict(content)
    if content["parts"]:
        result("")
        _print_whole(out, _part_table(content["parts"]))


def backtest_records(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a backtest as records of BACKTEST_CSV: the score, its groups, its parts."""
    label = {"code": content["outcome"], "label": content["description"]}
    compared = content["comparison"]
    records = [{**content, **(compared or {}), **label, "level": "SCORE"}]
    if compared:
        others = {key: compared[f"against_{key}"] for key in ("auc", "auc_low", "auc_high")}
        records.append({**others, **label, "level": "AGAINST"})
    records += [{**group, "level": "GROUP", "code": group["group"]} for group in content["groups"]]
    records += [
        {**part, "level": part["part_type"], "code": part["part_code"]} for part in content["parts"]
    ]
    return records


def _print_heading(content: dict[str, Any]) -> None:
    result(f"{literal(content['outcome'])}: {literal(content['description'])}")
    total = f"{count(content['outcome_count'], 'outcome')}, {content['happened_count']:,} happened"
    if content["rate"] is not None:
        total += f": {_percent(content['rate'])} ({_interval(content, 'rate', _percent)})"
    result(total)
    if content["is_tried"]:
        basis = "as the rules given would have awarded"
    elif content["is_known"]:
        basis = "of what was on record then"
    else:
        basis = "from the ledger as it is now"
    result(
        f"Scores {literal(content['lead'])} before, {basis}; "
        f"outcomes decided until {instant(content['as_of'])}"
    )
    if content["is_pending"]:
        result("Rules have changed: the next run applies them, and the scores are by the old ones.")
    for finding in content["left_out"]:
        result(f"Left out: {count(finding['row_count'], 'row')}, {literal(finding['finding'])}")


def _print_whole(out: Console, layout: Table) -> None:
    """Print a table so wide that no number is cut; the terminal may wrap it."""
    wide = out.options.update(max_width=1000)
    for column in layout.columns[1:]:
        cells = [column.header, *column.cells]
        column.min_width = max(Measurement.get(out, wide, cell).maximum for cell in cells)
    least = Measurement.get(out, wide, layout).minimum
    out.print(layout, width=max(out.width, least), crop=False, soft_wrap=False)


def _group_table(content: dict[str, Any], with_value: bool) -> Table:
    has_value = with_value and any(group["value_count"] for group in content["groups"])
    layout = _table(
        content["by"].capitalize(),
        6,
        [
            "Scores",
            "Outcomes",
            "Happened",
            "Rate",
            "95 % interval",
            "Lift",
            *(["Value", "Average"] if has_value else []),
        ],
    )
    for group in content["groups"]:
        cells = [
            literal(group["group"]) or "(none)",
            f"{number(group['score_from'])} to {number(group['score_to'])}",
            f"{group['outcome_count']:,}",
            f"{group['happened_count']:,}",
            _percent(group["rate"]),
            _interval(group, "rate", _percent),
            "" if group["lift"] is None else f"{group['lift']:.2f}",
        ]
        if has_value:
            cells += [number(group["value_total"]), number(group["value_average"])]
        layout.add_row(*map(Text, cells))
    return layout


def _print_verdict(content: dict[str, Any]) -> None:
    result("")
    if content["verdict"] in _NO_AREA:
        result(_NO_AREA[content["verdict"]].format(**content))
        return
    result(
        f"Area under the curve {_area(content['auc'])} ({_interval(content, 'auc', _area)}): the "
        "share of pairs in which the outcome that happened had the higher score."
    )
    result(_VERDICTS[content["verdict"]])
    compared = content["comparison"]
    if compared:
        name, others = (
            ("Rules to compare with", "those to compare with")
            if content["is_against_tried"]
            else ("Rules on record", "those on record")
        )
        result(
            f"{name} {_area(compared['against_auc'])} "
            f"({_interval(compared, 'against_auc', _area)}), difference "
            f"{compared['difference']:+.3f} ({_interval(compared, 'difference', _change)})."
        )
        result(_COMPARISONS[compared["verdict"]].format(others=others))


def _part_table(parts: Sequence[dict[str, Any]]) -> Table:
    layout = _table("Part", 20, ["Outcomes", "Alone", "95 % interval", "Adds", "95 % interval"])
    for part in parts:
        name = literal(part["part_code"]) or literal(part["label"])
        layout.add_row(
            Text(name if part["part_type"] != "RULE" else f"  {name}"),
            *map(Text, (
                f"{part['outcome_count']:,}",
                _area(part["auc"]),
                _interval(part, "auc", _area),
                _change(part["adds"]),
                _interval(part, "adds", _change),
            )),
        )  # fmt: skip
    return layout


def _table(first: str, least: int, others: Sequence[str]) -> Table:
    layout = grid("bold")
    layout.add_column(first, overflow="fold", min_width=least)
    for heading in others:
        layout.add_column(heading, justify="right", no_wrap=True)
    return layout


def _interval(record: dict[str, Any], key: str, show: Any) -> str:
    if record[f"{key}_low"] is None:
        return "too few"
    return f"{show(record[f'{key}_low'])} to {show(record[f'{key}_high'])}"


def _percent(value: Any) -> str:
    share = (Decimal(value) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)  # as SQL rounds
    return f"{share}%"


def _area(value: Any) -> str:
    return f"{value:.3f}"


def _change(value: Any) -> str:
    return f"{value:+.3f}"
