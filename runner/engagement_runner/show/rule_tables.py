"""Rules, what a file of rules changes, and what a change would do to scores."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from typing import Any

from rich.padding import Padding
from rich.text import Text

from engagement_runner.queries import Rows
from engagement_runner.show.output import Format, console, csv_text, json_text, result
from engagement_runner.show.tables import Column, for_programs, grid, listing
from engagement_runner.show.values import count, instant, literal, number, steps

RULE_CSV = (
    "rule_code",
    "version",
    "category_code",
    "engagement_type",
    "effective_when",
    "subject_id",
    "subject_class",
    "flat_score",
    "quantity_score",
    "amount_score",
    "valid_for_weeks",
    "cap_points",
    "cap_period",
    "half_life_weeks",
    "inactivity_steps",
    "applies_from",
    "applies_until",
    "is_active",
    "description",
)
"""Columns of ``rules list --format csv``."""

PREVIEW_CSV = (
    "customer_id",
    "display_name",
    "customer_type",
    "old_own_score",
    "new_own_score",
    "old_employee_score",
    "new_employee_score",
    "old_score",
    "new_score",
    "change",
    "old_percentile",
    "new_percentile",
    "old_band_code",
    "new_band_code",
)
"""Columns of ``rules apply --preview --format csv``."""

MOVER_COUNT = 10
"""How many of the largest movers a person reads."""

_MOVERS = (
    Column("customer_id", "Customer"),
    Column("display_name", "Name"),
    Column("old_score", "Before", "number"),
    Column("new_score", "After", "number"),
    Column("change", "Change", "number"),
    Column("old_band_code", "Band"),
    Column("new_band_code", "Band after"),
)


def rules(rows: Rows, output: Format) -> None:
    """Print rules, the records of the query ``rule_list``; as a table grouped by category."""
    if output != "table" or not rows:
        for_programs(rows, RULE_CSV, output, "There are no rules yet: see `engagement rules add`.")
        return
    layout = grid()
    layout.add_column("Rule", overflow="fold")
    layout.add_column("Points", overflow="fold", min_width=12)
    layout.add_column("Weeks", justify="right", no_wrap=True)
    category = None
    for rule in rows.records:
        if rule["category_code"] != category:
            if category is not None:
                layout.add_row()
            category = rule["category_code"]
            layout.add_row(Text(literal(rule["category_name"]), style="bold"))
        label = Text(f"{literal(rule['rule_code'])} v{rule['version']}")
        label.stylize("cyan")
        if rule["description"]:
            label.append(f"\n{literal(rule['description'])}")
        label.append(f"\nscores {_scope(rule)}", style="dim")
        layout.add_row(
            Padding(label, (0, 0, 0, 2)),
            Text(_formula(rule)),
            Text(number(rule["valid_for_weeks"])),
        )
    console().print(layout)


def _scope(rule: dict[str, Any]) -> str:
    parts = [literal(rule["engagement_type"]).lower().replace("_", " ")]
    if rule["effective_when"]:
        parts.append("on " + literal(rule["effective_when"]).lower().replace("_", " "))
    if rule["subject_id"] is not None:
        parts.append(f"of {literal(rule['subject_id'])}")
    if rule["subject_class"] is not None:
        parts.append(f"of class {literal(rule['subject_class'])}")
    if rule["applies_from"] is not None:
        parts.append(f"from {instant(rule['applies_from'])}")
    if rule["applies_until"] is not None:
        parts.append(f"until {instant(rule['applies_until'])}")
    scope = " ".join(parts)
    if rule["cap_points"] is not None:
        period = literal(rule["cap_period"]).lower()
        most = "in all" if period == "ever" else f"a {period}"
        scope += f", at most {number(rule['cap_points'])} {most}"
    if rule["half_life_weeks"] is not None:
        scope += f", half after {count(rule['half_life_weeks'], 'week')}"
    if rule["inactivity_steps"] is not None:
        scope += f", {steps(rule['inactivity_steps'])}"
    return scope if rule["is_active"] else f"{scope} (inactive)"


def _formula(rule: dict[str, Any]) -> str:
    terms = (("flat_score", ""), ("quantity_score", "quantity"), ("amount_score", "amount"))
    return (
        " + ".join(
            number(rule[key]) + (f" \N{MULTIPLICATION SIGN} {factor}" if factor else "")
            for key, factor in terms
            if rule[key]
        )
        or "0"
    )


def rule_changes(rows: Rows, output: Format, dry_run: bool) -> None:
    """Print what `rules apply` did, or with *dry_run* would do: rows of the query rule_apply."""
    if output == "json":
        listing(rows, [], output, empty="")
        return
    if output == "csv":
        records = [{**record, "changes": json.dumps(record["changes"], default=str)}
                   for record in rows.records]  # fmt: skip
        csv_text(["rule_code", "action", "changes"], records)
        return
    changed = [record for record in rows.records if record["action"] != "same"]
    for record in changed:
        changes = ", ".join(
            f"{literal(key)} = {_setting(value)}"
            for key, value in record["changes"].items()
            if key != "rule_code" and (value or record["action"] != "add")
        )
        line = f"{record['action']:<8} {record['rule_code']}  {changes}".rstrip()
        for part in textwrap.wrap(
            line,
            console().width,
            subsequent_indent=" " * 9,
            break_long_words=False,
            break_on_hyphens=False,
        ):
            result(part)
    end = " would change." if dry_run else " changed."
    if changed and not dry_run:
        end += " The next recalculation applies it."
    result(f"{len(changed)} of {len(rows)} rules{end}")


def overlap(pair: Mapping[str, Any]) -> str:
    """Say what two rules both award, and what comes of it; of engagement.overlapping_rules.

    Points are those that SQL computed.
    """
    scope = [pair["engagement_type"], pair["effective_when"]]
    scope += [f"{name} {pair[key]}" for key, name in (("subject_id", "subject"),
              ("subject_class", "class")) if pair[key] is not None]  # fmt: skip
    scope += [f"{name} {instant(pair[key])}" for key, name in (("applies_from", "from"),
              ("applies_until", "until")) if pair[key] is not None]  # fmt: skip
    return (
        f"{pair['rule_code']} and {pair['other_rule_code']} award the same activities "
        f"({', '.join(literal(part) for part in scope if part is not None)}): one of quantity 1 "
        f"and amount 100 earns {number(pair['points'])} + {number(pair['other_points'])} = "
        f"{number(pair['total_points'])} points"
    )


def _setting(value: object) -> str:
    return "none" if value is None else literal(value) or "''"


def preview(rows: Rows, output: Format) -> None:
    """Print what a change of rules would do: records of the query ``rule_preview``."""
    summary, customers = rows.records[0], Rows(rows.texts[1:], rows.records[1:])
    if output == "json":
        affected = "[" + ",".join(f"\n  {text}" for text in customers.texts) + "]"
        json_text(f'{{"summary": {rows.texts[0]},\n"customers": {affected}}}')
        return
    if output == "csv":
        csv_text(PREVIEW_CSV, customers.records)
        return
    result(f"As of {instant(summary['as_of'])}:")
    result(f"  customers   {summary['risen_count']:,} would rise, {summary['fallen_count']:,} fall")
    result(f"  bands       {summary['band_up_count']:,} up, {summary['band_down_count']:,} down")
    result(f"  own points  {number(summary['own_change'])} in all")
    if customers:
        is_all = summary["customer_count"] == len(customers)
        result("")
        result("All changes:" if is_all else f"The {len(customers)} largest changes:")
        listing(customers, _MOVERS, output, empty="")
