"""How results look: tables and cards for people, JSON and CSV for programs.

Results go to stdout, progress and notices to stderr. Colours appear on a terminal only, and not
when NO_COLOR is set. Text that comes from the database is shown literally: it is never read as
Rich markup, and control characters appear as escapes. Nothing here computes points; bars and
trend lines are drawn to scale from the numbers that SQL returned.
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import click
from psycopg.errors import Diagnostic
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from engagement_runner.queries import Rows, loads

if TYPE_CHECKING:
    from engagement_runner.catalog import Status

Format = Literal["table", "json", "csv"]

PIPE_WIDTH = 120
"""Columns of a table that goes to a file or a pipe, unless COLUMNS says otherwise."""

LOG_INTERVAL = 10.0
"""Seconds between two progress lines of one phase in a log."""

_UNSAFE = re.compile(
    # C0 and C1 controls, DEL, line separators, what reorders the text around it, surrogates
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

CARD_CSV = (
    "level",
    "customer_id",
    "category_code",
    "rule_code",
    "description",
    "score",
    "ytd_score",
    "overview_score",
    "award_count",
)
"""Columns of ``score --format csv``; level is CUSTOMER, CATEGORY or RULE."""


_SUMS = (
    "score",
    "raised_by",
    "ytd_score",
    "overview_score",
    "employee_score",
    "employee_ytd_score",
    "employee_overview_score",
)


@dataclass(frozen=True)
class Column:
    """One column of a listing: *key* of the records, *heading* for people, and its *kind*.

    A bar draws the number under *key* to scale; only people see it.
    """

    key: str
    heading: str
    kind: Literal["text", "number", "instant", "flag", "bar"] = "text"
    no_wrap: bool = False


def console(stderr: bool = False) -> Console:
    """Return a console for stdout, or stderr: plain unless it is a terminal without NO_COLOR."""
    if stderr and RunProgress.shown is not None:
        return RunProgress.shown  # what is printed goes above the bar
    stream = sys.stderr if stderr else sys.stdout
    width = None
    if not stream.isatty() and "COLUMNS" not in os.environ:
        width = PIPE_WIDTH
    return Console(
        file=stream,
        width=width,
        markup=False,
        emoji=False,
        highlight=False,
        color_system=None if os.environ.get("NO_COLOR") else "auto",
    )


def never_fail_to_print() -> None:
    """Make stdout and stderr print an escape for a character that their encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def literal(value: object) -> str:
    """Return text with control characters as escapes such as ``\\x1b``; None becomes nothing."""
    return "" if value is None else _UNSAFE.sub(_escaped, str(value))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def number(value: object) -> str:
    """Return a number with thousands separated, every digit as SQL sent it; None is nothing."""
    if isinstance(value, int | Decimal):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return literal(value)


def count(amount: int, noun: str) -> str:
    """Return an amount of something, such as ``1 line`` or ``2,000 lines``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def points(values: Iterable[object]) -> Callable[[object], str]:
    """Return a formatter that pads all of *values* to the same number of decimals."""
    places = max((decimal_places(value) for value in values), default=0)

    def padded(value: object) -> str:
        if value is None:
            return ""
        # Adds zeros only: places is the most that any of the values has.
        return f"{Decimal(str(value)):,.{places}f}"

    return padded


def decimal_places(value: object) -> int:
    """Return how many decimals a number has; anything else has none."""
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def instant(value: object) -> str:
    """Return an ISO instant as ``2026-11-22 21:40``; ``infinity`` as it is, None as nothing."""
    text = literal(value)
    return f"{text[:10]} {text[11:16]}" if len(text) > 16 and text[10] == "T" else text


def flag(value: object) -> str:
    """Return yes for true, nothing for false and None."""
    return "yes" if value else ""


_FORMATS: Mapping[str, Callable[[object], str]] = {"instant": instant, "flag": flag}


def day(value: object) -> str:
    """Return the date of an ISO instant."""
    return literal(value)[:10]


def say(text: str, style: str | None = None) -> None:
    """Print a notice for people, on stderr."""
    console(stderr=True).print(Text(literal(text), style=style or ""), soft_wrap=True)


def result(text: str) -> None:
    """Print one line of result on stdout, control characters escaped."""
    click.echo(literal(text))


def notice(diagnostic: Diagnostic) -> None:
    """Print a NOTICE or WARNING of the server on stderr: a handler for psycopg connections."""
    severity = (diagnostic.severity_nonlocalized or diagnostic.severity or "NOTICE").lower()
    text = Text(f"{severity}: ", style="yellow" if severity == "warning" else "dim")
    for part in (diagnostic.message_primary, diagnostic.message_detail):
        if part:
            text.append(f"{literal(part)} ", style="none")
    if diagnostic.message_hint:
        text.append(literal(diagnostic.message_hint), style="dim")
    text.rstrip()
    console(stderr=True).print(text, soft_wrap=True)


def json_text(text: str) -> None:
    """Print JSON as PostgreSQL wrote it; on a terminal, control characters in it are escaped."""
    click.echo(_UNSAFE.sub(_json_escaped, text))


def _json_escaped(match: re.Match[str]) -> str:
    # JSON itself escapes what is below 0x20 inside strings; outside them it is white space.
    character = match[0]
    return character if character < " " else f"\\u{ord(character):04x}"


def csv_text(
    columns: Sequence[str], records: Iterable[dict[str, Any]], header: bool = True
) -> None:
    """Print records as CSV, with a *header* line or without one.

    None is empty, everything else is as SQL sent it.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, extrasaction="ignore", lineterminator="\n")
    if header:
        writer.writeheader()
    for record in records:
        writer.writerow({key: _plain(record.get(key)) for key in columns})
    text = buffer.getvalue()
    if sys.stdout.isatty():
        text = re.sub(r"[^\n]+", lambda line: literal(line[0]), text)
    click.echo(text, nl=False)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else value


def listing(rows: Rows, columns: Sequence[Column], output: Format, empty: str) -> None:
    """Print *rows* in the chosen format; *empty* is what a person reads when there are none."""
    if output == "json":
        json_text("[" + ",".join(f"\n  {text}" for text in rows.texts) + "\n]" if rows else "[]")
    elif output == "csv":
        csv_text([column.key for column in columns if column.kind != "bar"], rows.records)
    elif not rows:
        result(empty)
    else:
        out = console()
        out.print(table(rows.records, columns, out.width, _unicode(out)))


def table(
    records: Sequence[dict[str, Any]],
    columns: Sequence[Column],
    width: int = PIPE_WIDTH,
    unicode: bool = True,
) -> Table:
    """Return a table of records, numbers right-aligned and padded per column."""
    grid = Table(box=None, header_style="bold", padding=(0, 2, 0, 0), pad_edge=False)
    formats: list[Callable[[object], str]] = []
    for column in columns:
        is_number = column.kind == "number"
        grid.add_column(
            Text(column.heading),
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or column.no_wrap,
        )
        if is_number:
            formats.append(points(record.get(column.key) for record in records))
        elif column.kind == "bar":
            values = [record.get(column.key) for record in records]
            formats.append(bars(values, bar_width(width), unicode))
        else:
            formats.append(_FORMATS.get(column.kind, literal))
    for record in records:
        grid.add_row(
            *(Text(show(record.get(c.key))) for c, show in zip(columns, formats, strict=True))
        )
    return grid


# The score card


def card(text: str, output: Format, category_names: Mapping[str, str]) -> None:
    """Print a score card, the JSON *text* of engagement.score_card; a table with the names."""
    if output == "json":
        json_text(text)
        return
    content = loads(text)
    if output == "csv":
        csv_text(CARD_CSV, card_records(content))
        return
    for category in content.get("categories") or []:
        category["category_name"] = category_names.get(category["category_code"])
    out = console()
    out.print(card_layout(content, out.width, unicode=_unicode(out)))


def card_records(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a score card as records of CARD_CSV: the customer, its categories, their rules."""
    key = {"customer_id": content.get("customer_id")}
    records = [{**content, "level": "CUSTOMER", "description": content.get("display_name")}]
    for category in content.get("categories") or []:
        records.append({**category, **key, "level": "CATEGORY"})
        for rule in category.get("rules") or []:
            code = {"category_code": category.get("category_code")}
            records.append({**rule, **key, **code, "level": "RULE"})
    return records


def card_layout(content: dict[str, Any], width: int, unicode: bool = True) -> RenderableType:
    """Return a score card as a renderable *width* columns wide; without *unicode* in ASCII."""
    categories: list[dict[str, Any]] = content.get("categories") or []
    scored = [part for c in categories for part in (c, *(c.get("rules") or []))]
    show = points(item.get(key) for item in (content, *scored) for key in _SUMS)
    parts: list[RenderableType] = [
        _heading(content),
        _standing(content, show, width, unicode),
    ]
    # The trend and the categories of a company are of its own points, without those of its people.
    is_company = content.get("customer_type") == "COMPANY"
    if is_company:
        parts.append(_employees(content, show))
    parts.append(_trend(content.get("trend") or [], show, unicode, is_company))
    parts.append(_labelled("Calculated", Text(instant(content.get("calculated_at")) or "not yet")))
    if content.get("rules_pending"):
        parts.append(
            Text("A rule or parameter has changed: run `engagement recalculate`.", style="yellow")
        )
    parts.append(Text())
    if categories:
        parts.append(_categories(categories, show, width, unicode, is_company))
    else:
        parts.append(Text("No points yet.", style="dim"))
    return Group(*parts)


_LABEL = " " * 12


def _labelled(label: str, text: Text) -> Text:
    return Text.assemble((label.ljust(len(_LABEL)), "dim"), text)


def _heading(content: dict[str, Any]) -> Text:
    name = Text(literal(content.get("display_name")) or "(no name)", style="bold")
    kind = literal(content.get("customer_type")).lower()
    name.append(f"   {kind} {literal(content.get('customer_id'))}", style="not bold dim")
    return name


def _standing(
    content: dict[str, Any], show: Callable[[object], str], width: int, unicode: bool
) -> Text:
    parts = [Text(show(content.get("score")), style="bold")]
    if content.get("raised_recently"):
        raised = "raised recently"
        if content.get("raised_by") is not None:
            raised += f" by {show(content['raised_by'])}, last on {day(content.get('raised_at'))}"
        parts.append(Text(f"{'▲' if unicode else '^'} {raised}", style="green"))
    if content.get("band_code"):
        parts.append(Text(literal(content["band_code"]), style="cyan"))
    if content.get("percentile") is not None:
        parts.append(Text(f"percentile {number(content['percentile'])}"))
    if content.get("previous_score") is not None:
        parts.append(
            Text(
                f"was {show(content['previous_score'])} until {day(content.get('changed_at'))}",
                style="dim",
            )
        )
    # What belongs together stays together: a line ends between two parts.
    lines = [Text()]
    for part in parts:
        if lines[-1] and len(_LABEL) + len(lines[-1]) + 3 + len(part) > width:
            lines.append(Text())
        lines[-1] += Text("   " if lines[-1] else "") + part
    return Text("\n").join(
        _labelled("" if position else "Score", line) for position, line in enumerate(lines)
    )


def _employees(content: dict[str, Any], show: Callable[[object], str]) -> Text:
    people = f"{number(content.get('employee_count'))} people"
    if content.get("engaged_count") is not None:
        people += f", {number(content['engaged_count'])} engaged"
    if content.get("participation_rate") is not None:
        people += f" ({content['participation_rate']:.0%})"
    if content.get("average_score") is not None:
        people += f", {number(content['average_score'])} on average"
    sums = [
        f"{show(content.get(key))} {label}"
        for key, label in (
            ("employee_score", "points"),
            ("employee_ytd_score", "year to date"),
            ("employee_overview_score", "overview"),
        )
        if content.get(key) is not None
    ]
    return _labelled("Employees", Text(people)) + Text("\n") + _labelled("", Text(", ".join(sums)))


def _trend(
    trend: Sequence[dict[str, Any]],
    show: Callable[[object], str],
    unicode: bool,
    is_company: bool,
) -> Text:
    label = "Own trend" if is_company else "Trend"
    if not trend:
        return _labelled(label, Text("none", style="dim"))
    scores = [Decimal(str(item.get("score") or 0)) for item in trend]
    ends = f"{show(scores[0])} on {day(trend[0]['at'])} to {show(scores[-1])}"
    line = Text()
    if unicode:
        line.append(sparkline(scores), style="cyan").append("  ")
    line.append(f"{ends} on {day(trend[-1]['at'])}", style="dim")
    return _labelled(label, line)


def sparkline(values: Sequence[Decimal]) -> str:
    """Return one block character per value, drawn to scale between 0 and the largest."""
    zero = Decimal(0)
    low, high = min(zero, *values), max(zero, *values)
    blocks = "▁▂▃▄▅▆▇█"
    if high == low:
        return blocks[0] * len(values)
    return "".join(blocks[int((value - low) / (high - low) * 7)] for value in values)


def bar_width(width: int) -> int:
    """Return how many characters the longest bar has in *width* columns."""
    return 10 if width < 100 else 24


def bars(values: Iterable[object], width: int, unicode: bool = True) -> Callable[[object], str]:
    """Return a formatter that draws numbers as bars, the largest of *values* *width* long."""
    largest = max((Decimal(str(value or 0)) for value in values), default=Decimal(0))
    return lambda value: bar(Decimal(str(value or 0)), largest, width, unicode)


def bar(value: Decimal, largest: Decimal, width: int, unicode: bool = True) -> str:
    """Return a bar of at most *width* characters; a value above zero shows at least one."""
    if value <= 0 or largest <= 0:
        return ""
    return ("█" if unicode else "#") * max(1, int(value * width / largest))


def _categories(
    categories: Sequence[dict[str, Any]],
    show: Callable[[object], str],
    width: int,
    unicode: bool,
    is_company: bool,
) -> Table:
    names = [literal(c.get("category_name") or c.get("category_code")) for c in categories]
    name_width = min(30, max(map(len, names)))
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False, expand=True)
    grid.add_column("Own points" if is_company else "", ratio=1, overflow="fold")
    for heading in ("Score", "Year to date", "Overview", "Awards"):
        grid.add_column(heading, justify="right", no_wrap=True)
    drawn = bars((c.get("score") for c in categories), bar_width(width), unicode)
    for name, category in zip(names, categories, strict=True):
        rules = category.get("rules") or []
        label = Text(f"{name:<{name_width}}  ")
        label.append(drawn(category.get("score")), style="not bold cyan")
        grid.add_row(
            label,
            *(Text(show(category.get(k))) for k in ("score", "ytd_score", "overview_score")),
            style="bold" if rules else "dim",
        )
        for rule in rules:
            code = literal(rule.get("rule_code"))
            description = literal(rule.get("description"))
            what = Text(description or code)
            if description and width >= 100:
                what.append(f"  {code}", style="dim")
            grid.add_row(
                Padding(what, (0, 0, 0, 2)),
                *(Text(show(rule.get(k))) for k in ("score", "ytd_score", "overview_score")),
                Text(number(rule.get("award_count"))),
            )
    return grid


def _unicode(out: Console) -> bool:
    return out.encoding.lower().startswith("utf")


# The awards behind a score

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


def awards(rows: Rows, total: object, output: Format) -> None:
    """Print awards, rows of the query ``explain_score``, and their *total* as SQL has it."""
    if output != "table" or not rows:
        columns = [Column(key, key) for key in AWARD_CSV]
        listing(rows, columns, output, empty="No award counts for this customer then.")
        return
    out = console()
    has_room = out.width >= 100
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("Award", overflow="fold")
    if has_room:
        grid.add_column("Arithmetic", overflow="fold")
    grid.add_column("Counts", no_wrap=True)
    grid.add_column("Points", justify="right", no_wrap=True)
    show = points([total, *(award["points"] for award in rows.records)])
    rule = None
    for award in rows.records:
        if (award["rule_code"], award["rule_version"]) != rule:
            rule = award["rule_code"], award["rule_version"]
            heading = Text(f"{literal(award['rule_code'])} v{award['rule_version']}", style="cyan")
            heading.append(f"  {literal(award['description'])}".rstrip(), style="default")
            grid.add_row(heading)
        arithmetic = literal(award["arithmetic"])
        if not _unicode(out):
            arithmetic = arithmetic.replace("\N{MULTIPLICATION SIGN}", "x")
        parts = [Text(literal(award["activity"]))] if award["activity"] else []
        parts.append(Text(_row(award), style="dim"))
        activity = Text("  " if has_room else "\n").join(parts)
        grid.add_row(
            Padding(activity if has_room else activity + f"\n{arithmetic}", (0, 0, 0, 2)),
            *([Text(arithmetic)] if has_room else []),
            Text(_counts(award)),
            Text(show(award["points"])),
        )
    grid.add_row("Total", *([""] if has_room else []), "", show(total), style="bold")
    out.print(grid)


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


# Causes of change, and what a change of rules would do

CAUSE_CSV = ("cause", "rule_code", "description", "points", "award_count")
"""Columns of ``explain-change CUSTOMER --format csv``."""


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
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("", no_wrap=True)
    grid.add_column("Rule", overflow="fold")
    grid.add_column("Awards", justify="right", no_wrap=True)
    grid.add_column("Points", justify="right", no_wrap=True)
    grid.add_row("Score", instant(content["from"]), "", show(content["old_score"]), style="bold")
    for cause in content["causes"]:
        what = Text(literal(cause["rule_code"]), style="cyan")
        what.append(f"  {literal(cause['description'])}".rstrip(), style="default")
        grid.add_row(
            Padding(Text(literal(cause["cause"]).lower().replace("_", " ")), (0, 0, 0, 2)),
            what,
            Text(number(cause["award_count"])),
            Text(show(cause["points"])),
        )
    grid.add_row("Change", "", "", show(content["change"]))
    grid.add_row("Score", instant(content["to"]), "", show(content["new_score"]), style="bold")
    console().print(grid)


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

_MOVERS = (
    Column("customer_id", "Customer"),
    Column("display_name", "Name"),
    Column("old_score", "Before", "number"),
    Column("new_score", "After", "number"),
    Column("change", "Change", "number"),
    Column("old_band_code", "Band"),
    Column("new_band_code", "Band after"),
)

MOVER_COUNT = 10
"""How many of the largest movers a person reads."""


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


# Rules and parameters

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
    "applies_from",
    "applies_until",
    "is_active",
    "description",
)
"""Columns of ``rules list --format csv``."""


def rules(rows: Rows, output: Format) -> None:
    """Print rules, the records of the query ``rule_list``; as a table grouped by category."""
    if output != "table" or not rows:
        columns = [Column(key, key) for key in RULE_CSV]
        listing(rows, columns, output, empty="There are no rules yet: see `engagement rules add`.")
        return
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("Rule", overflow="fold")
    grid.add_column("Points", overflow="fold", min_width=12)
    grid.add_column("Weeks", justify="right", no_wrap=True)
    category = None
    for rule in rows.records:
        if rule["category_code"] != category:
            if category is not None:
                grid.add_row()
            category = rule["category_code"]
            grid.add_row(Text(literal(rule["category_name"]), style="bold"))
        label = Text(f"{literal(rule['rule_code'])} v{rule['version']}")
        label.stylize("cyan")
        if rule["description"]:
            label.append(f"\n{literal(rule['description'])}")
        label.append(f"\nscores {_scope(rule)}", style="dim")
        grid.add_row(
            Padding(label, (0, 0, 0, 2)),
            Text(_formula(rule)),
            Text(number(rule["valid_for_weeks"])),
        )
    console().print(grid)


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


def parameters(rows: Rows, output: Format) -> None:
    """Print the application parameters, records of the query ``parameter_list``."""
    keys = ("parameter_name", "parameter_value", "default_value", "value_type", "description")
    if output != "table":
        listing(rows, [Column(key, key) for key in keys], output, empty="")
        return
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_column("Parameter", no_wrap=True)
    grid.add_column("Value", overflow="fold")
    grid.add_column("Meaning", overflow="fold")
    for row in rows.records:
        value = Text(literal(row["parameter_value"]))
        meaning = Text(literal(row["description"]), style="dim")
        if row["parameter_value"] != row["default_value"]:
            value.stylize("bold cyan")
            meaning.append(f" Default: {literal(row['default_value'])}.", style="not dim")
        grid.add_row(Text(literal(row["parameter_name"])), value, meaning)
    console().print(grid)


# What points were earned for, and social community scores

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
        columns = [Column(key, key) for key in BREAKDOWN_CSV]
        listing(rows, columns, output, empty="No points were earned then.")
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
    out.print(table(records, columns, out.width, _unicode(out)))


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


def social(rows: Rows, output: Format) -> None:
    """Print social community scores, records of the query ``social_list``."""
    if output != "table" or not rows:
        columns = [Column(key, key) for key in SOCIAL_CSV]
        listing(rows, columns, output, empty="There are no social community scores.")
        return
    grid = Table(box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False)
    for heading in ("Customer", "Activity", "System"):
        grid.add_column(heading, overflow="fold")
    grid.add_column("Score", justify="right", no_wrap=True)
    for heading in ("From", "Until"):
        grid.add_column(heading, no_wrap=True)
    show = points(record["score"] for record in rows.records)
    for record in rows.records:
        activity = Text(literal(f"{record['social_type']} {record['social_subtype']}".rstrip()))
        for key in ("description", "comments"):
            if record[key]:
                activity.append(f"\n{literal(record[key])}", style="dim")
        customer = Text(literal(record["customer_id"]))
        if record["display_name"]:
            customer.append(f" {literal(record['display_name'])}", style="dim")
        grid.add_row(
            customer,
            activity,
            Text(literal(record["source_system"])),
            Text(show(record["score"])),
            Text(day(record["scored_at"])),
            Text(day(record["ends_at"])),
        )
    console().print(grid)


REJECTED_CSV = (
    "line_number",
    "customer_id",
    "social_type",
    "social_subtype",
    "score",
    "rejected_reason",
)
"""Columns of ``social import --format csv``."""


def upload(counts: Mapping[str, int], rejected: Rows, output: Format) -> None:
    """Print what `social import` did: records of the queries social_copied and social_rejected."""
    summary = (
        f"Scores: {counts['new_count']:,} added, {counts['changed_count']:,} changed, "
        f"{counts['unchanged_count']:,} as they were; {count(len(rejected), 'line')} rejected."
    )
    if output != "table":
        say(summary)
        listing(rejected, [Column(key, key) for key in REJECTED_CSV], output, empty="")
        return
    result(summary)
    # Plain lines: there may be very many, and Rich would measure them all.
    numbers = [number(record["line_number"]) for record in rejected.records]
    width = max(map(len, numbers), default=0)
    for text, record in zip(numbers, rejected.records, strict=True):
        result(f"line {text:>{width}}  {record['rejected_reason']}")


# The state of a deployment

STATUS_CSV = ("section", "item", "value")
"""Columns of ``status --format csv``; a list has a line for each of its entries."""


def status(found: Status, output: Format) -> None:
    """Print the state of a deployment and of its engine."""
    content = {
        "states": found.states,
        "exit_code": found.exit_code,
        "key_type": found.key_type,
        "applied": found.applied,
        "pending": found.pending,
        "drift": found.drift,
        "notes": found.notes,
        **found.activity,
    }
    if output == "json":
        json_text(json.dumps(content, default=str))
        return
    if output == "csv":
        csv_text(STATUS_CSV, _status_records(content))
        return
    applied = f"{found.applied} files" + (f", key type {found.key_type}" if found.key_type else "")
    _state("applied", applied)
    _state_list("pending", found.pending, "yellow")
    _state_list("drift", found.drift, "red")
    for state, style in (("failed", "red"), ("stale", "yellow")):
        if found.activity.get(state):
            _state_list(state, found.activity[state], style)
    if found.notes:
        _state_list("notes", found.notes, "yellow")
    if found.activity:
        _engine(found.activity)


def _status_records(content: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    for section, value in content.items():
        if isinstance(value, dict):
            for item, part in value.items():
                yield {"section": section, "item": item, "value": part}
        elif section == "missing_views":
            for row in value:
                yield {"section": section, "item": row["source"], "value": row["view_name"]}
        elif section == "attached":
            for row in value:
                yield {"section": section, "item": row["table_name"], "value": row["source"]}
        elif isinstance(value, list):
            for number_, entry in enumerate(value, 1):
                yield {"section": section, "item": number_, "value": entry}
        else:
            yield {"section": section, "item": None, "value": value}


def _state(label: str, text: str, style: str = "") -> None:
    line = Text.assemble((f"{label:<10}", "dim"), (literal(text), style))
    console().print(line, soft_wrap=True)


def _state_list(label: str, lines: Sequence[str], style: str) -> None:
    _state(label, f"{len(lines):,}", style if lines else "")
    for line in lines:
        console().print(Text(f"  {literal(line)}"), soft_wrap=True)


def _engine(engine: Mapping[str, Any]) -> None:
    run = engine["last_run"]
    if run is None:
        _state("last run", "none yet", "yellow")
    else:
        is_running = run["run_status"] == "RUNNING"
        _state(
            "last run",
            f"{run['run_id']} {run['run_mode']} {run['run_status']}, as of {instant(run['as_of'])}",
            "yellow" if is_running else "green",
        )
        finished = instant(run["finished_at"])
        ended = f"finished {finished}" if finished else f"in phase {run['phase']}"
        _state("", f"started {instant(run['started_at'])}, {ended}")
    _state(
        "queue",
        f"{engine['queued_statements']:,} statements, {engine['queued_keys']:,} keys, "
        f"{engine['queued_sources']:,} whole sources",
    )
    _state(
        "taken",
        f"{engine['unfinished_sources']:,} sources, {engine['unfinished_keys']:,} keys, "
        f"{engine['unfinished_customers']:,} customers of an unfinished run",
    )
    failures = engine["open_failures"]
    _state("failures", f"{failures:,} open", "red" if failures else "")
    if engine.get("waiting_events"):
        _state("events", f"{engine['waiting_events']:,} wait for a consumer")
    _state_list(
        "triggers",
        [
            f"{row['table_name']} for {row['source']} by {row['activity_column']}"
            for row in engine["attached"]
        ],
        "",
    )


# The progress of a run


_PHASES = {
    "PREPARE": "preparing",
    "TAKE": "taking in the queue",
    "WHOLE": "comparing sources",
    "AWARDS": "awarding",
    "COLLECT": "finding customers",
    "TOTALS": "summing up",
    "RANK": "ranking",
    "BANDS": "writing ranks",
    "DONE": "done",
}
"""What people read for the phases of a run, engagement.recalculation_run.phase."""


class _Rate(ProgressColumn):
    """Steps per second, as Rich measures them over the last seconds."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while it is unknown."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="dim", justify="right")


class _Left(TimeRemainingColumn):
    """The time left; where nobody knows how much there is to do, the time it has taken."""

    def render(self, task: Task) -> Text:
        """Return one of the two; the bar itself draws it anew several times a second."""
        if task.total is not None:
            return super().render(task)
        seconds = int(task.elapsed or 0)
        return Text(f"{seconds // 60:02}:{seconds % 60:02} so far", style="progress.elapsed")


class RunProgress:
    """Progress of a long run on stderr: a bar on a terminal, plain lines in a log.

    Use it as a context manager and give :meth:`update` the records of the query
    ``run_progress``, or None while there is none.
    """

    shown: ClassVar[Console | None] = None
    """The console that shows a bar now, if any."""

    def __init__(self, logs_at_once: bool = True) -> None:
        """Begin; a log gets no line before LOG_INTERVAL unless *logs_at_once*."""
        self._console = console(stderr=True)
        self._logs_at_once = logs_at_once
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[counts]}", markup=False),
            _Rate(),
            _Left(compact=True),
            console=self._console,
            transient=True,
            expand=True,
        )
        self._live = self._console.is_terminal
        self._task = self._bar.add_task("waiting", total=None, counts="")
        self._phase = ""
        self._phase_began = self._said = time.monotonic()

    def __enter__(self) -> Self:
        if self._live:
            self._bar.start()
            RunProgress.shown = self._console
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            RunProgress.shown = None
            self._bar.stop()

    def update(self, run: dict[str, Any] | None) -> None:
        """Show how far the run is."""
        if run is None:
            return
        phase = f"{literal(run['run_mode'])}: {_PHASES.get(run['phase'], literal(run['phase']))}"
        done, total = int(run["done_count"]), int(run["total_count"])
        now = time.monotonic()
        is_new = phase != self._phase
        if is_new:
            self._phase, self._phase_began = phase, now
        if self._live:
            if is_new:
                self._bar.reset(self._task, description=phase, total=total or None)
            counts = f"{done:,} of {total:,}" if total else ""
            self._bar.update(self._task, completed=done, total=total or None, counts=counts)
        elif (is_new and self._logs_at_once) or now - self._said >= LOG_INTERVAL:
            self._line(phase, done, total, now)

    def _line(self, phase: str, done: int, total: int, now: float) -> None:
        self._said = now
        line = f"{time.strftime('%H:%M:%S')} {phase}"
        if total:
            line += f" {done:,} of {total:,}"
            rate = done / max(now - self._phase_began, 0.001)
            if done and now > self._phase_began:
                line += f", {rate:,.0f}/s, {(total - done) / rate:,.0f} s left"
        say(line)
