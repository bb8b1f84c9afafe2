"""What --sets leaves of the tests."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fewer import spread

ITEMS: Any = [
    SimpleNamespace(nodeid=nodeid)
    for nodeid in ("a.py::plain", *(f"a.py::t[{n}]" for n in range(5)), "b.py::t[0]", "b.py::t[1]")
]


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (1, ["a.py::plain", "a.py::t[0]", "b.py::t[0]"]),
        (2, ["a.py::plain", "a.py::t[0]", "a.py::t[3]", "b.py::t[0]", "b.py::t[1]"]),
        (9, [item.nodeid for item in ITEMS]),
    ],
)
def test_each_test_keeps_some_of_its_sets(most: int, kept: list[str]) -> None:
    assert [item.nodeid for item in spread(ITEMS, most)] == kept
