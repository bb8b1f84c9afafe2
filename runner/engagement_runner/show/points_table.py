"""What points were earned for."""

from __future__ import annotations

from engagement_runner.queries import Rows
from engagement_runner.show.output import Format, console, has_unicode
from engagement_runner.show.tables import Column, for_programs, table

BREAKDOWN_CSV = (
    "dimension_key",
    "label",
    "points",
    "counting_points",
    "award_count",
    "customer_count",
)
"""Columns of ``points --format csv``."""


def breakdown(rows: Rows, heading: str, output: Format) -> None:
    """Print points by a dimension, records of the query ``points_by``; *heading* names it."""
    if output != "table" or not rows:
        for_programs(rows, BREAKDOWN_CSV, output, "No points were earned then.")
        return
    out = console()
    records = []
    for record in rows.records:
        key, label = record["dimension_key"], record["label"]
        what = label or key or "(none)"
        if label and label != key and out.width >= 100 and heading != "Category":
            what += f"  {key}"
        records.append({**record, "what": what})
    columns = [
        Column("what", heading),
        Column("points", "Points", "number"),
        Column("points", "", "bar", no_wrap=True),
        Column("counting_points", "Counting", "number"),
        Column("award_count", "Awards", "number"),
        Column("customer_count", "Customers", "number"),
    ]
    out.print(table(records, columns, out.width, has_unicode(out)))
