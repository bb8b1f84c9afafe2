"""What the pages show beyond plain tables: charts with the tables behind them, and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup

from engagement_runner import show
from engagement_runner.report import charts
from engagement_runner.report.columns import (
    BANDS,
    CATEGORIES,
    COMPANY_CATEGORIES,
    FIFTHS,
    PARTS,
    Column,
)
from engagement_runner.report.tables import Cell, Record, Table, Writer


@dataclass(frozen=True)
class Chart:
    """A chart with its legend, and the table behind it."""

    svg: Markup
    legend: Sequence[str]
    table: Table


def history(write: Writer, records: Sequence[Record]) -> Chart:
    """Return everybody's points by category and month; of the *records* of report_history."""
    months = [(at, list(group)) for at, group in groupby(records, lambda r: r["at"])]
    names = [record["category_name"] or record["category_code"] for record in months[0][1]]
    # Two categories may have one name: columns are known by their place.
    columns: list[Column] = [("at", "At the end of", "month")]
    columns += [(f"points {i}", name, "number") for i, name in enumerate(names)]
    columns.append(("total_points", "All", "number"))
    rows = [
        {
            "at": at,
            "total_points": group[0]["total_points"],
            **{f"points {i}": record["points"] for i, record in enumerate(group)},
        }
        for at, group in months
    ]
    svg = charts.lines(
        "Points of everybody by category at the end of each of the last twelve months",
        [*(write.formats.short_month(at) for at, _ in months[:-1]), "now"],
        [(name, [row[f"points {i}"] for row in rows]) for i, name in enumerate(names)],
        write.formats.axis,
    )
    table = write.table("Points by category", columns, rows)
    run = [Cell(write.day(months[-1][0])), *table.rows[-1][1:]]
    return Chart(svg, [*map(show.literal, names)], replace(table, rows=[*table.rows[:-1], run]))


def distribution(write: Writer, name: str, records: Sequence[Record]) -> Chart:
    """Return how scores are distributed; of the *records* of report_distribution."""
    number = write.formats.axis
    intervals = [
        (above, up_to, list(group))
        for (above, up_to), group in groupby(records, lambda r: (r["above"], r["up_to"]))
    ]
    names = [record["band"] for record in intervals[0][2]]
    rows, ticks = [], []
    for above, up_to, group in intervals:
        label = f"more than {number(above)}" if up_to is None else f"to {number(up_to)}"
        ticks.append(f"> {number(above)}" if up_to is None else number(up_to))
        rows.append(
            {
                "score": "0 or less" if above is None else label,
                **{f"count {i}": record["customer_count"] for i, record in enumerate(group)},
            }
        )
    # All labels would run into each other.
    last = len(rows) - 1
    shown = [i == last or (i % 5 == 0 and i < last - 1) for i in range(len(rows))]
    svg = charts.stacked_bars(
        f"{name} by score",
        [tick if is_shown else "" for tick, is_shown in zip(ticks, shown, strict=True)],
        [(band, [row[f"count {i}"] for row in rows]) for i, band in enumerate(names)],
        number,
    )
    columns: list[Column] = [("score", "Score", "text")]
    columns += [(f"count {i}", band, "number") for i, band in enumerate(names)]
    table = write.table(f"{name} by score", columns, rows)
    return Chart(svg, [*map(show.literal, names)], table)


def bands(write: Writer, name: str, records: Sequence[Record]) -> Table:
    """Return how many customers each band has; of the *records* of report_bands."""
    rows = [{**record, "threshold": _threshold(write, record)} for record in records]
    return write.table(f"{name} by band", BANDS, rows)


def _threshold(write: Writer, band: Record) -> str:
    if band["from_score"] is not None:
        return f"{write.formats.number(band['from_score'])} points"
    if band["from_percentile"] is not None:
        return f"percentile {write.formats.number(band['from_percentile'])}"
    return ""


@dataclass(frozen=True)
class Told:
    """What scores told of an outcome: the record of report_backtest, the rates, and the parts."""

    record: Record
    chart: Chart
    parts: Table
    carrying: Sequence[str]
    hindering: Sequence[str]


def told(write: Writer, record: Record) -> Told:
    """Return what scores told of an outcome; of a *record* of report_backtest."""
    groups, parts, outcome = record["groups"], record["parts"], show.literal(record["outcome"])
    svg = charts.bars(
        f"{outcome}: rate by fifth of the scores, the lowest first",
        [group["fifth"] for group in reversed(groups)],
        [
            (float(group["rate"]), float(group["rate_low"]), float(group["rate_high"]))
            for group in reversed(groups)
        ],
        write.formats.percent,
    )
    table = write.table(f"{outcome}: categories and rules", PARTS, parts)
    names = {
        says: [
            show.literal(part["label"])
            for part in parts
            if part["says"] == says and part["kind"] != "a category"
        ]
        for says in ("carries it", "in the way")
    }
    chart = Chart(svg, [], write.table(f"{outcome}: rate by fifth of the scores", FIFTHS, groups))
    return Told(record, chart, table, names["carries it"], names["in the way"])


def trend(write: Writer, card: Record) -> Chart:
    """Return a customer's own points by month, of its score *card*."""
    months = card["trend"]
    scores = [*(month["score"] for month in months), card["own_score"]]
    svg = charts.lines(
        "Own points at the end of each of the last twelve months, and now",
        [*(write.formats.short_month(month["at"]) for month in months), "now"],
        [("Own points", scores)],
        write.formats.axis,
    )
    columns: list[Column] = [
        ("at", "At the end of", "month"),
        ("score", "Own points", "number"),
    ]
    rows: list[Record] = [*months, {"at": None, "score": card["own_score"]}]
    table = write.table("Own points by month", columns, rows)
    now = [Cell("now"), table.rows[-1][1]]
    return Chart(svg, [], replace(table, rows=[*table.rows[:-1], now]))


def company_trend(write: Writer, records: Sequence[Record]) -> Chart:
    """Return a company's score by month and its parts; of *records* of company_trend."""
    parts = (("employee_score", "Its people's"), ("own_score", "Own points"))
    svg = charts.stacked_bars(
        "The score at the end of each of the last twelve months, and now",
        [*(write.formats.short_month(record["at"]) for record in records[:-1]), "now"],
        [(name, [record[key] for record in records]) for key, name in parts],
        write.formats.axis,
    )
    columns: list[Column] = [
        ("at", "At the end of", "month"),
        *((key, name, "number") for key, name in (*parts, ("score", "Score"))),
    ]
    table = write.table("The score by month", columns, records)
    now = [Cell("now"), *table.rows[-1][1:]]
    legend = [name for _, name in parts]
    return Chart(svg, legend, replace(table, rows=[*table.rows[:-1], now]))


def categories(write: Writer, card: Record, is_company: bool) -> Table:
    """Return what a score is made of: categories, each with its rules."""
    records: list[Record] = []
    sums = []
    for category in card["categories"]:
        sums.append(len(records))
        label = category["category_name"]
        if category["counted_score"] != category["score"]:
            label += (
                f" ({write.formats.number(category['counted_score'])} of them count in the score)"
            )
        records.append({**category, "label": label, "award_count": None})
        for rule in category["rules"]:
            label = rule["description"] or rule["rule_code"]
            records.append({**rule, "label": label, "employee_score": None})
    columns = COMPANY_CATEGORIES if is_company else CATEGORIES
    table = write.table("What the score is made of", columns, records)
    return replace(table, sums=sums)
