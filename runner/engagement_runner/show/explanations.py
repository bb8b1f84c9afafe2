"""Why a score is what it is: the awards behind it, and the causes of its change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.padding import Padding
from rich.text import Text

from engagement_runner.queries import Rows, loads
from engagement_runner.show.output import Format, console, csv_text, has_unicode, json_text
from engagement_runner.show.tables import for_programs, grid
from engagement_runner.show.values import count, day, instant, literal, number, points

AWARD_CSV = (
    "category_code",
    "rule_code",
    "rule_version",
    "description",
    "source",
    "source_id",
    "document_id",
    "employer_id",
    "subject_id",
    "subject_class",
    "activity",
    "quantity",
    "amount",
    "awarded_points",
    "capped_points",
    "points",
    "arithmetic",
    "effective_at",
    "expires_at",
    "days_left",
    "recorded_at",
)
"""Columns of ``explain --format csv``."""

CAUSE_CSV = ("cause", "rule_code", "description", "points", "award_count")
"""Columns of ``explain-change CUSTOMER --format csv``."""


def awards(rows: Rows, total: object, output: Format) -> None:
    """Print awards, rows of the query ``explain_score``, and their *total* as SQL has it."""
    if output != "table" or not rows:
        for_programs(rows, AWARD_CSV, output, "No award counts for this customer then.")
        return
    out = console()
    has_room = out.width >= 100
    layout = grid()
    layout.add_column("Award", overflow="fold")
    if has_room:
        layout.add_column("Arithmetic", overflow="fold")
    layout.add_column("Counts", no_wrap=True)
    layout.add_column("Points", justify="right", no_wrap=True)
    show = points([total, *(award["points"] for award in rows.records)])
    rule = None
    for award in rows.records:
        if (award["rule_code"], award["rule_version"]) != rule:
            rule = award["rule_code"], award["rule_version"]
            heading = Text(f"{literal(award['rule_code'])} v{award['rule_version']}", style="cyan")
            heading.append(f"  {literal(award['description'])}".rstrip(), style="default")
            layout.add_row(heading)
        arithmetic = literal(award["arithmetic"])
        if not has_unicode(out):
            arithmetic = arithmetic.replace("\N{MULTIPLICATION SIGN}", "x")
        parts = [Text(literal(award["activity"]))] if award["activity"] else []
        parts.append(Text(_row(award), style="dim"))
        activity = Text("  " if has_room else "\n").join(parts)
        layout.add_row(
            Padding(activity if has_room else activity + f"\n{arithmetic}", (0, 0, 0, 2)),
            *([Text(arithmetic)] if has_room else []),
            Text(_counts(award)),
            Text(show(award["points"])),
        )
    layout.add_row("Total", *([""] if has_room else []), "", show(total), style="bold")
    out.print(layout)


def _row(award: Mapping[str, Any]) -> str:
    """Return the row of the host that an award was made for, and its document."""
    row = f"{literal(award['source'])} {literal(award['source_id'])}"
    return row if award["document_id"] is None else f"{row} of {literal(award['document_id'])}"


def _counts(award: Mapping[str, Any]) -> str:
    """Return from when until when an award counts, and how long that is still."""
    if award["days_left"] is None:
        return f"{day(award['effective_at'])} for good"
    return (
        f"{day(award['effective_at'])} to {day(award['expires_at'])}\n"
        f"{count(award['days_left'], 'day')} left"
    )


def causes(text: str, output: Format) -> None:
    """Print why a score has changed, the JSON *text* of the query ``explain_change``."""
    if output == "json":
        json_text(text)
        return
    content = loads(text)
    if output == "csv":
        csv_text(CAUSE_CSV, content["causes"])
        return
    sums = [content[key] for key in ("old_score", "change", "new_score")]
    show = points([*sums, *(cause["points"] for cause in content["causes"])])
    layout = grid()
    layout.add_column("", no_wrap=True)
    layout.add_column("Rule", overflow="fold")
    layout.add_column("Awards", justify="right", no_wrap=True)
    layout.add_column("Points", justify="right", no_wrap=True)
    layout.add_row("Score", instant(content["from"]), "", show(content["old_score"]), style="bold")
    for cause in content["causes"]:
        what = Text(literal(cause["rule_code"]), style="cyan")
        what.append(f"  {literal(cause['description'])}".rstrip(), style="default")
        layout.add_row(
            Padding(Text(literal(cause["cause"]).lower().replace("_", " ")), (0, 0, 0, 2)),
            what,
            Text(number(cause["award_count"])),
            Text(show(cause["points"])),
        )
    layout.add_row("Change", "", "", show(content["change"]))
    layout.add_row("Score", instant(content["to"]), "", show(content["new_score"]), style="bold")
    console().print(layout)
