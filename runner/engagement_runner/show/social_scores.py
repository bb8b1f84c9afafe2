"""Social community scores, and what an import of them did."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from engagement_runner.queries import Rows
from engagement_runner.show.output import Format, console, result, say
from engagement_runner.show.tables import for_programs, grid
from engagement_runner.show.values import count, day, literal, number, points

SOCIAL_CSV = (
    "customer_id",
    "display_name",
    "social_type",
    "social_subtype",
    "source_system",
    "score",
    "description",
    "comments",
    "scored_at",
    "ends_at",
)
"""Columns of ``social list --format csv``."""

REJECTED_CSV = (
    "line_number",
    "customer_id",
    "social_type",
    "social_subtype",
    "score",
    "rejected_reason",
)
"""Columns of ``social import --format csv``."""


def social(rows: Rows, output: Format) -> None:
    """Print social community scores, records of the query ``social_list``."""
    if output != "table" or not rows:
        for_programs(rows, SOCIAL_CSV, output, "There are no social community scores.")
        return
    layout = grid()
    for heading in ("Customer", "Activity", "System"):
        layout.add_column(heading, overflow="fold")
    layout.add_column("Score", justify="right", no_wrap=True)
    for heading in ("From", "Until"):
        layout.add_column(heading, no_wrap=True)
    show = points(record["score"] for record in rows.records)
    for record in rows.records:
        activity = Text(literal(f"{record['social_type']} {record['social_subtype']}".rstrip()))
        for key in ("description", "comments"):
            if record[key]:
                activity.append(f"\n{literal(record[key])}", style="dim")
        customer = Text(literal(record["customer_id"]))
        if record["display_name"]:
            customer.append(f" {literal(record['display_name'])}", style="dim")
        layout.add_row(
            customer,
            activity,
            Text(literal(record["source_system"])),
            Text(show(record["score"])),
            Text(day(record["scored_at"])),
            Text(day(record["ends_at"])),
        )
    console().print(layout)


def upload(counts: Mapping[str, int], rejected: Rows, output: Format) -> None:
    """Print what `social import` did: records of the queries social_copied and social_rejected."""
    summary = (
        f"Scores: {counts['new_count']:,} added, {counts['changed_count']:,} changed, "
        f"{counts['unchanged_count']:,} as they were; {count(len(rejected), 'line')} rejected."
    )
    if output != "table":
        say(summary)
        for_programs(rejected, REJECTED_CSV, output)
        return
    result(summary)
    # Plain lines: there may be very many, and Rich would measure them all.
    numbers = [number(record["line_number"]) for record in rejected.records]
    width = max(map(len, numbers), default=0)
    for text, record in zip(numbers, rejected.records, strict=True):
        result(f"line {text:>{width}}  {record['rejected_reason']}")
