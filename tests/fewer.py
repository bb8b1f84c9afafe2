"""Fewer of the tests: some sets of parameters here, others where the tests run again."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import pytest


def spread(items: Sequence[pytest.Item], most: int, is_again: bool = False) -> list[pytest.Item]:
    """Of each test at most so many of its sets of parameters, from all along their list.

    Where they begin differs from test to test, so that each parameter is met by some tests. Where
    the tests run again (*is_again*) the sets are those between: two runs of one set take two.
    """
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = set()
    for name, sets in tests.items():
        first, count, size = crc32(name.encode()), len(sets), min(most, len(sets))
        places = ((2 * n + is_again) * count // (2 * size) for n in range(size))
        kept |= {id(sets[(first + place) % count]) for place in places}
    return [item for item in items if id(item) in kept]
