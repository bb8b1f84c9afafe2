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


@pytest.mark.parametrize(("most", "left"), [(1, [1, 1, 1]), (2, [1, 2, 2]), (9, [1, 5, 2])])
def test_each_test_keeps_some_of_its_sets(most: int, left: list[int]) -> None:
    kept = spread(ITEMS, most)
    assert kept == [item for item in ITEMS if item in kept]
    names = [item.nodeid.partition("[")[0] for item in kept]
    assert [names.count(name) for name in ("a.py::plain", "a.py::t", "b.py::t")] == left


def test_each_parameter_is_kept_by_some_test() -> None:
    items: Any = [SimpleNamespace(nodeid=f"{n}.py::t[{mode}]") for n in range(20) for mode in "ab"]
    modes = [item.nodeid[-2] for item in spread(items, 1)]
    assert len(modes) == 20
    assert min(modes.count("a"), modes.count("b")) > 4


def test_tests_that_run_again_take_the_sets_between() -> None:
    once, again = (spread(ITEMS, 1, is_again) for is_again in (False, True))
    assert {item.nodeid for item in once}.isdisjoint(
        item.nodeid for item in again if item.nodeid.endswith("]")
    )
