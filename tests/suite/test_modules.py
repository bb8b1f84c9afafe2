"""The Python of the command: short modules."""

from __future__ import annotations

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "runner" / "engagement_runner"
MODULES = sorted(PACKAGE.rglob("*.py"))

#: Lines that a module may have: one subject, read at a sitting.
MOST_LINES = 300


def test_modules_are_short() -> None:
    assert len(MODULES) > 50
    lengths = {
        path.relative_to(PACKAGE).as_posix(): path.read_text().count("\n") for path in MODULES
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}
