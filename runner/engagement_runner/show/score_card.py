"""The score card of one customer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engagement_runner.queries import loads
from engagement_runner.show.bars import bar_width, bars, sparkline
from engagement_runner.show.card_lead import LABEL, card_lead, labelled, wrapped
from engagement_runner.show.output import Format, console, csv_text, has_unicode, json_text
from engagement_runner.show.tables import NARROW, grid
from engagement_runner.show.values import day, instant, literal, number, points

_TIGHT = 50
"""Below so many columns the names have no room beside the sums of year and overview."""

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
    "counted_score",
    "employee_score",
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


def card_data(text: str, output: Format) -> None:
    """Print a score card, the JSON *text* of engagement.score_card, for a program."""
    if output == "json":
        json_text(text)
    else:
        csv_text(CARD_CSV, card_records(loads(text)))


def card(content: dict[str, Any], lead: Mapping[str, Any]) -> None:
    """Print a score card for people, with *lead*, a record of the query card_lead.

    The trend of a company is of its score: records of the query company_trend.
    """
    out = console()
    out.print(card_layout(content, out.width, has_unicode(out), lead))


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


def card_layout(
    content: dict[str, Any],
    width: int,
    unicode: bool = True,
    lead: Mapping[str, Any] | None = None,
) -> RenderableType:
    """Return a score card as a renderable *width* columns wide; without *unicode* in ASCII."""
    categories: list[dict[str, Any]] = content.get("categories") or []
    scored = [part for c in categories for part in (c, *(c.get("rules") or []))]
    show = points(item.get(key) for item in (content, *scored) for key in _SUMS)
    parts: list[RenderableType] = [
        _heading(content),
        _standing(content, show, width, unicode),
    ]
    if lead:
        parts += card_lead(lead, show, width, unicode)
    # The categories of a company are of its own points, without those of its people.
    is_company = content.get("customer_type") == "COMPANY"
    if is_company:
        parts += [line for text in _employees(content, show) for line in wrapped(text, width)]
    parts += wrapped(_trend(content.get("trend") or [], show, unicode), width)
    parts.append(labelled("Calculated", Text(instant(content.get("calculated_at")) or "not yet")))
    if content.get("rules_pending"):
        parts.append(
            Text("A rule or parameter has changed: run `engagement recalculate`.", style="yellow")
        )
    if content.get("changes_waiting"):
        parts.append(_waiting(content))
    parts.append(Text())
    if categories:
        parts.append(_categories(categories, show, width, unicode, is_company))
    else:
        parts.append(Text("No points yet.", style="dim"))
    return Group(*parts)


def _waiting(content: dict[str, Any]) -> Text:
    count = content["changes_waiting"]
    changes = "1 change of the CRM waits" if count == 1 else f"{count:,} changes of the CRM wait"
    remedy = "`engagement follow` or the next run scores them."
    if content.get("customer_type") != "COMPANY":
        customer = literal(content.get("customer_id"))
        remedy = f"`engagement refresh {customer}` scores what is of this customer."
    text = f"{changes} since {instant(content.get('waiting_since'))}: {remedy}"
    return Text(text, style="yellow")


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
        if lines[-1] and len(LABEL) + len(lines[-1]) + 3 + len(part) > width:
            lines.append(Text())
        lines[-1] += Text("   " if lines[-1] else "") + part
    return Text("\n").join(
        labelled("" if position else "Score", line) for position, line in enumerate(lines)
    )


def _employees(content: dict[str, Any], show: Callable[[object], str]) -> list[Text]:
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
    return [labelled("Employees", Text(people)), labelled("", Text(", ".join(sums)))]


def _trend(
    trend: Sequence[dict[str, Any]],
    show: Callable[[object], str],
    unicode: bool,
) -> Text:
    if not trend:
        return labelled("Trend", Text("none", style="dim"))
    scores = [Decimal(str(item.get("score") or 0)) for item in trend]
    ends = f"{show(scores[0])} on {day(trend[0]['at'])} to {show(scores[-1])}"
    line = Text()
    if unicode:
        line.append(sparkline(scores), style="cyan").append("  ")
    line.append(f"{ends} on {day(trend[-1]['at'])}", style="dim")
    return labelled("Trend", line)


def _said(category: dict[str, Any], show: Callable[[object], str]) -> list[str]:
    """Return what else there is to say of a category: what of it counts, and where it stands."""
    said = []
    if category.get("counted_score") != category.get("score"):
        said.append(f"{show(category.get('counted_score'))} of them count in the score")
    standing = [literal(category["band_code"])] if category.get("band_code") else []
    if category.get("percentile") is not None:
        standing.append(f"percentile {number(category['percentile'])}")
    return [*said, *([", ".join(standing)] if standing else [])]


def _categories(
    categories: Sequence[dict[str, Any]],
    show: Callable[[object], str],
    width: int,
    unicode: bool,
    is_company: bool,
) -> Table:
    names = [literal(c.get("category_name") or c.get("category_code")) for c in categories]
    name_width = min(30, max(map(len, names)))
    layout = grid(expand=True)
    layout.add_column("Own points" if is_company else "", ratio=1, overflow="fold")
    columns = {"score": "Score", "ytd_score": "Year to date", "overview_score": "Overview"}
    if is_company:
        columns = {"employee_score": "Its people's", **columns}
    if width < (NARROW if is_company else _TIGHT):
        del columns["ytd_score"], columns["overview_score"]
    columns["award_count"] = "Awards"
    for heading in columns.values():
        layout.add_column(heading, justify="right", no_wrap=True)
    drawn = bars((c.get("score") for c in categories), bar_width(width), unicode)
    for name, category in zip(names, categories, strict=True):
        rules = category.get("rules") or []
        label = Text(f"{name:<{name_width}}  ")
        label.append(drawn(category.get("score")), style="not bold cyan")
        layout.add_row(
            label,
            *(Text(show(category.get(k))) for k in columns if k != "award_count"),
            style="bold" if rules else "dim",
        )
        for said in _said(category, show):
            layout.add_row(Padding(Text(said, style="cyan"), (0, 0, 0, 2)))
        for rule in rules:
            code = literal(rule.get("rule_code"))
            description = literal(rule.get("description"))
            what = Text(description or code)
            if description and width >= 100:
                what.append(f"  {code}", style="dim")
            layout.add_row(
                Padding(what, (0, 0, 0, 2)),
                *(
                    Text(
                        ""
                        if k not in rule
                        else number(rule[k])
                        if k == "award_count"
                        else show(rule[k])
                    )
                    for k in columns
                ),
            )
    return layout
