"""How much SQL the routines keep in strings, where neither an editor nor a linter sees it.

A string is SQL if it has two words or more and begins, after brackets, with a word that begins a
statement or a clause. Strings that follow each other, with nothing but blanks between them, are
one. The text of a ``raise``, or of a ``detail`` or ``hint``, is for people and does not count.
Statements that a routine shows to people elsewhere do count. So the number is rather too high.
"""

from __future__ import annotations

import re

from catalog.texts import routines

MOST_LINES = 164
"""As many as there are. Whoever needs one more makes another one static first."""

BODY = re.compile(r"^as (?P<tag>\$\w*\$)(?P<text>.*?)(?P=tag)", re.M | re.S)
PIECE = re.compile(
    r"(?P<comment>--[^\n]*)"
    r"|(?P<string>(?P<tag>\$\w*\$).*?(?P=tag)|'(?:[^']|'')*'(?:\s+'(?:[^']|'')*')*)",
    re.S,
)
FOR_PEOPLE = re.compile(
    r"(?:\braise\s+\w+|\b(?:detail|hint|message)\s*:?=(?:\s*(?:format|coalesce)\s*\()?)\s*$"
)
WORDS = (
    "alter|analyze|and|comment|create|cross|delete|distinct|do|drop|execute|explain|from|full|"
    "grant|group|having|inner|insert|join|left|lock|merge|or|order|reset|returning|revoke|select|"
    "set|truncate|union|update|using|values|where|with"
)
SQL = re.compile(rf"(?:\$\w*\$|')[\s(']*(?:{WORDS})\s+\S", re.I)


def lines_of_sql(text: str) -> int:
    """How many lines of the bodies of routines have SQL in a string."""
    lines = set()
    for body in BODY.finditer(text):
        for piece in PIECE.finditer(text, *body.span("text")):
            before = text[body.start("text") : piece.start()]
            if piece["string"] and SQL.match(piece["string"]) and not FOR_PEOPLE.search(before):
                first = text.count("\n", 0, piece.start())
                lines |= {first + n for n in range(piece["string"].count("\n") + 1)}
    return len(lines)


def test_lines_of_sql_counts_statements_and_nothing_else() -> None:
    body = "as $$\nbegin\n    {}\nend\n$$;\n"
    assert [
        lines_of_sql(body.format(line))
        for line in (
            "select 1 into v_one;",
            "execute 'select 1';",
            "execute format('select 1 '\n 'from %s', v_name);",
            "execute $sql$\n    select 1\n    from a\n    $sql$;",
            "v_from := '(select 1 from a) b';",
            "raise exception 'update of it is refused' using hint = format('drop table %s;', v_a);",
            "v_event := 'update';",
            "v_problem := format('table %s is gone', v_name);",
            "-- 'select 1'",
            "v_text := '--embedded'; execute 'select 1';",
        )
    ] == [0, 1, 2, 4, 1, 0, 0, 0, 0, 1]


def test_routines_keep_few_lines_of_sql_in_strings() -> None:
    counts = {file.path: lines_of_sql(file.text) for file in routines()}
    assert sum(counts.values()) <= MOST_LINES, sorted(
        (count, path) for path, count in counts.items() if count
    )
