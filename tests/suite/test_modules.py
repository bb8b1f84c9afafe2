"""The Python of the command: short modules, no SQL text, and no query file too many."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from engagement_runner import queries

PACKAGE = Path(__file__).resolve().parents[2] / "runner" / "engagement_runner"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Lines that a module may have: one subject, read at a sitting.
MOST_LINES = 300

#: How a string begins that is a statement.
SQL = re.compile(
    r"(select|insert into|update \w+ set|delete from|call \w+\.|with \w+ as|copy \w+\.|listen|"
    r"(drop|create) (or|table|index|schema|role|routine|view)|set (local|transaction))\b"
)


def test_modules_are_short() -> None:
    assert len(MODULES) > 50
    lengths = {
        path.relative_to(PACKAGE).as_posix(): path.read_text().count("\n") for path in MODULES
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_python_holds_no_sql_text() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}: {node.value}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SQL.match(node.value.lstrip())
    ]
    assert found == []


def test_every_query_is_used() -> None:
    python = "\n".join(path.read_text() for path in MODULES)
    named = set(re.findall(r"\"(\w+)\"", python))
    prefixes = tuple(re.findall(r"f\"([a-z]+_)\{", python))
    unused = [name for name in queries.paths() if not (name in named or name.startswith(prefixes))]
    assert unused == []


def test_no_query_only_calls_a_routine() -> None:
    """Such a one is a call: queries.call and its like."""
    frame = re.compile(
        r"(select|call|select row_to_json\((\w+)\)::text from) engagement\.\w+\([^()]*\)"
        r"( as \w+)?"
    )
    texts = {
        name: " ".join(re.sub("--.*", "", path.read_text()).split())
        for name, path in queries.paths().items()
    }
    assert [name for name, text in texts.items() if frame.fullmatch(text)] == []
