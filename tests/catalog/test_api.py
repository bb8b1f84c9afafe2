"""Which routines are for people and hosts, and which are the package's own.

docs/use.md lists the routines to call. Their files begin with ``-- API.``. All other files begin
with ``-- Internal.``, and so does the COMMENT of their routines. Nothing sends a reader to an
internal routine: neither a page of the documentation nor the text of an error.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import psycopg
import pytest

from catalog.texts import FOR_PEOPLE, routines
from docs.pages import PAGES, TOP
from engagement_runner.files import SqlFile

Connection = psycopg.Connection[Any]

ROUTINES = {file.object_name: file for file in routines()}


@cache
def listed() -> list[str]:
    """The routines that docs/use.md lists."""
    page = (TOP / "docs/use.md").read_text()
    (section,) = re.findall(r"^## Routines to call$(.*?)^## ", page, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| [^|]* \|(.*)\|$", section, re.MULTILINE)[1:]
    return re.findall(r"`(\w+)`", "".join(rows))


def first_word(file: SqlFile) -> str:
    found = re.match(r"-- (API|Internal)\. \S", file.text)
    return found[1] if found else "neither"


@pytest.mark.parametrize("name", ROUTINES)
def test_header_says_whether_the_documentation_lists_the_routine(name: str) -> None:
    assert first_word(ROUTINES[name]) == ("API" if name in listed() else "Internal")


def test_documentation_lists_each_routine_once() -> None:
    assert len(listed()) == len(set(listed()))
    assert set(listed()) <= ROUTINES.keys()


def test_comments_say_internal_where_headers_do(deployed: Connection) -> None:
    found = deployed.execute(
        "select proname, obj_description(oid, 'pg_proc') like 'Internal: %%' from pg_proc"
        " where pronamespace = 'engagement'::regnamespace and proname = any (%s)",
        (list(ROUTINES),),
    ).fetchall()
    assert len(found) == len(ROUTINES)
    expected = {name: first_word(file) == "Internal" for name, file in ROUTINES.items()}
    assert dict(found) == expected


@pytest.mark.parametrize("page", [*PAGES, TOP / "README.md"], ids=lambda page: str(page.name))
def test_documentation_names_no_internal_routine(page: Any) -> None:
    named = set(re.findall(r"\bengagement\.(\w+)", page.read_text()))
    assert named & ROUTINES.keys() - set(listed()) == set()


def test_errors_and_hints_name_no_internal_routine() -> None:
    named = {
        name
        for file in ROUTINES.values()
        for text in FOR_PEOPLE.findall(file.text)
        for name in re.findall(r"\bengagement\.(\w+)", text)
    }
    assert named & ROUTINES.keys()
    assert named & ROUTINES.keys() - set(listed()) == set()
