"""What the command calls is in the catalogue, with the parameters that it names."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import psycopg

import engagement_runner

FRAMES = {"call": "p", "call_outputs": "p", "call_value": "f", "call_json": "f", "call_rows": "f"}


def calls() -> list[tuple[str, str, set[str]]]:
    """Kind, routine and parameters of each call in the Python of the command."""
    found = []
    for path in Path(engagement_runner.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            # queries.call(…), or submit(queries.call, …)
            parts = [node.func, *node.args]
            frame = next(
                (p.attr for p in parts if isinstance(p, ast.Attribute) and p.attr in FRAMES), None
            )
            names = [p.value for p in parts if isinstance(p, ast.Constant)]
            if frame and names:
                given = {f"p_{k.arg.rstrip('_')}" for k in node.keywords if k.arg}
                found.append((FRAMES[frame], str(names[0]), given))
    return found


def test_routines_that_the_command_calls_exist(deployed: psycopg.Connection[Any]) -> None:
    known = {
        (kind, name): set(arguments)
        for kind, name, arguments in deployed.execute(
            "select prokind::text, proname, coalesce(proargnames, '{}') from pg_proc"
            " where pronamespace = 'engagement'::regnamespace"
        )
    }
    assert len(calls()) > 30
    wrong = [
        (kind, name, given)
        for kind, name, given in calls()
        if not given <= known.get((kind, name), set()) or (kind, name) not in known
    ]
    assert wrong == []
