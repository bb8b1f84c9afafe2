"""How the draft writes SQL: comments within the width, a view's columns, its condition."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from engagement_runner.draft.choices import Choice
from engagement_runner.draft.frames import filled, quoted

_WIDTH = 100
MARK = "-- DECIDE: "
"""A line that begins so is a decision that a person has to take."""
_PROPOSAL = "--     and "
"""A line that begins so is a condition that a person may want."""


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


def view(
    name: str,
    columns: dict[str, Choice],
    source: Iterable[str],
    condition: list[str],
    comment: str,
) -> str:
    """Return a view and its comment.

    Args:
        name: its name.
        columns: name and expression of each.
        source: lines that say what it reads: the table, the joins.
        condition: lines of the condition; those that begin with two hyphens are remarks.
        comment: what it holds.
    """
    return filled(
        "draft_view",
        name=name,
        columns="\n".join(listed(columns)),
        source="".join(f"\n{line}" for line in source),
        condition="".join(f"\n{line}" for line in _condition(condition)),
    ) + comment_on(name, comment)


def comment_on(view: str, comment: str) -> str:
    """Return the comment on a view, as the lines below it."""
    return "\n" + filled("draft_comment", name=view, comment=quoted(comment))


def _condition(lines: list[str]) -> Iterator[str]:
    """Return the condition; remarks stand before the condition that they are on."""
    proposals = [at for at, line in enumerate(lines) if line.startswith(_PROPOSAL)]
    conditions = [at for at, line in enumerate(lines) if not line.startswith("--")]
    if not conditions and not proposals:
        for line in lines:
            yield from comment_lines(line, "")
        if lines:
            # A semicolon behind a comment would be part of it.
            yield ""
        return
    if conditions:
        # What follows the last condition would follow the semicolon.
        last = conditions[-1] + 1
        lines = lines[last:] + lines[:last]
    first = next((at for at, line in enumerate(lines) if not line.startswith("--")), len(lines))
    if any(line.startswith(_PROPOSAL) for line in lines[:first]):
        lines = ["true", *lines]  # so that what is proposed may begin with "and"
    yield "where"
    seen = 0
    for line in lines:
        if line.startswith("--"):
            yield from comment_lines(line, "    ")
        else:
            yield f"    {f'and {line}' if seen else line}"
            seen += 1
    if not conditions:
        yield ""


def comment_lines(line: str, indent: str) -> list[str]:
    """Return a line that begins with two hyphens within the width."""
    mark = MARK if line.startswith(MARK) else "-- "
    return wrapped(line.removeprefix(mark), mark, indent)
