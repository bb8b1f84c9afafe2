"""What leads a score card: by how much the score has changed lately, why, and what ends next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from rich.text import Text

from engagement_runner.show.output import console
from engagement_runner.show.values import day, literal

LABEL = " " * 12
"""Room for the label of a line."""


def labelled(label: str, text: Text) -> Text:
    """Return a line of a card: a dim label, then its text."""
    return Text.assemble((label.ljust(len(LABEL)), "dim"), text)


def card_lead(
    lead: Mapping[str, Any], show: Callable[[object], str], width: int, unicode: bool
) -> list[Text]:
    """Return by how much the score has changed lately, why, and what will end next."""
    change = Decimal(str(lead["points"]))
    sign, style = ("▲ ", "green") if change > 0 else ("▼ ", "red") if change < 0 else ("", "dim")
    line = Text(f"{sign if unicode else ''}{_signed(change, show)}", style=style)
    line.append(f" since {day(lead['since'])}", style="not bold default")
    # A reason and its points stay on one line.
    space = "\N{NO-BREAK SPACE}" if unicode else " "
    reasons = [
        f"{literal(reason['rule_code'] or reason['description'])}{space}"
        f"{_signed(Decimal(str(reason['points'])), show)}"
        for reason in lead["reasons"]
    ]
    if reasons:
        line.append(": " + ", ".join(reasons), style="default")
    lines = [labelled("Change", line)]
    if lead["next_end"]:
        end = lead["next_end"]
        lines.append(
            labelled(
                "Ends next",
                Text(
                    f"{show(end['points'])} on {day(end['expires_at'])}: "
                    f"{literal(end['rule_code'])}"
                    + (f" and {end['award_count'] - 1:,} more" if end["award_count"] > 1 else "")
                ),
            )
        )
    return [part for line in lines for part in wrapped(line, width)]


def _signed(change: Decimal, show: Callable[[object], str]) -> str:
    return f"{'+' if change > 0 else ''}{show(change)}"


def wrapped(line: Text, width: int) -> list[Text]:
    """Return a labelled line as lines of *width*, those after the first indented as its text."""
    label, text = line[: len(LABEL)], line[len(LABEL) :]
    parts = text.wrap(console(), max(20, width - len(LABEL)))
    return [(label if not number_ else Text(LABEL)) + part for number_, part in enumerate(parts)]
