"""Fewer of the tests, where all of them have run on another server."""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

import pytest


def spread(items: Sequence[pytest.Item], most: int) -> list[pytest.Item]:
    """Of each test at most so many of its sets of parameters, from all along their list.

    Where they begin differs from test to test, so that each parameter is met by some tests.
    """
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = set()
    for name, sets in tests.items():
        first, count, size = crc32(name.encode()), len(sets), min(most, len(sets))
        kept |= {id(sets[(first + n * count // size) % count]) for n in range(size)}
    return [item for item in items if id(item) in kept]
