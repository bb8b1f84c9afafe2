"""The statements of a file of SQL.

Nothing here talks to a database.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STATEMENT_PARTS = re.compile(
    r"""
      --[^\n]*
    | /\*.*?\*/
    | \b[eE]'(?:[^'\\]|\\.|'')*'
    | '(?:[^']|'')*'
    | "(?:[^"]|"")*"
    | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)
    | (?P<atomic>\bbegin\s+atomic\b)
    | (?P<end>;)
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
_LEADING_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


@dataclass(frozen=True)
class Statement:
    """One SQL statement of a file.

    Attributes:
        text: the statement without the comments before it.
        line: line of the file on which it begins, from 1.
    """

    text: str
    line: int


def split(sql: str) -> list[Statement]:
    """Split a text at its semicolons.

    Quotes, dollar quotes and comments are understood. From a routine with ``begin atomic`` on, the
    rest of the text is left as one statement, which the server splits.
    """
    ends = []
    for part in _STATEMENT_PARTS.finditer(sql):
        if part["atomic"]:
            break
        if part["end"]:
            ends.append(part.end())
    found = []
    for begin, end in zip([0, *ends], [*ends, len(sql)], strict=True):
        comments = _LEADING_COMMENTS.match(sql, begin, end)
        start = comments.end() if comments else begin
        if start < end:
            line = sql.count("\n", 0, start) + 1
            found.append(Statement(sql[start:end], line))
    return found
