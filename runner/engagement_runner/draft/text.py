"""How the draft writes SQL: comments within the width, a view's columns, its condition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from engagement_runner.draft.choices import Choice, quoted

_WIDTH = 100
MARK = "-- DECIDE: "
"""A line that begins so is a decision that a person has to take."""


def wrapped(text: str, mark: str, indent: str = "") -> list[str]:
    """Return a comment within the width; its later lines stand below the text of the first."""
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent + mark, break_long_words=False,
        subsequent_indent=indent + "--" + " " * (len(mark) - 2), break_on_hyphens=False,
    )  # fmt: skip


def listed(columns: dict[str, Choice]) -> Iterator[str]:
    """Return the columns of a view, each below its reason and its questions."""
    for at, (name, choice) in enumerate(columns.items()):
        yield from wrapped(choice.why, "-- ", "    ")
        for question in choice.decide:
            yield from wrapped(question, MARK, "    ")
        comma = "," if at < len(columns) - 1 else ""
        yield f"    {choice.sql} as {name}{comma}"


def where(lines: list[str]) -> Iterator[str]:
    """Return the condition and the view's end; remarks stand before the condition they are on."""
    conditions = [line for line in lines if not line.startswith("--")]
    remarks = [line for line in lines if line.startswith("--")]
    if not conditions:
        yield from (part for line in remarks for part in comment_lines(line, ""))
        yield ";"
        return
    # What follows the last condition would follow the semicolon.
    trailing = next((at for at, line in enumerate(reversed(lines)) if line in conditions), 0)
    ordered = lines[len(lines) - trailing :] + lines[: len(lines) - trailing]
    yield "where"
    seen = 0
    for line in ordered:
        if line.startswith("--"):
            yield from comment_lines(line, "    ")
            continue
        seen += 1
        joined = line if seen == 1 else f"and {line}"
        yield f"    {joined}" + (";" if seen == len(conditions) else "")


def comment_lines(line: str, indent: str) -> list[str]:
    """Return a line that begins with two hyphens within the width."""
    mark = MARK if line.startswith(MARK) else "-- "
    return wrapped(line.removeprefix(mark), mark, indent)


def comment(view: str, text: str) -> Iterator[str]:
    """Return the comment on a view."""
    yield f"comment on view engagement_host.{view} is"
    yield f"{quoted(text)};"
    yield ""
