"""No routine is longer than a reader takes in."""

from __future__ import annotations

from catalog.texts import routines

MOST_LINES = 180


def test_routines_have_180_lines_at_most() -> None:
    lengths = {file.path: file.text.count("\n") for file in routines()}
    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}
