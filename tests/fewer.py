"""Fewer of the tests, where all of them have run on another server."""

from __future__ import annotations

from collections.abc import Sequence

import pytest


def spread(items: Sequence[pytest.Item], most: int) -> list[pytest.Item]:
    """Of each test at most so many of its sets of parameters, from all along their list."""
    tests: dict[str, list[pytest.Item]] = {}
    for item in items:
        tests.setdefault(item.nodeid.partition("[")[0], []).append(item)
    kept = {id(item) for sets in tests.values() for item in sets[:: -(-len(sets) // most)]}
    return [item for item in items if id(item) in kept]
