"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from draft.schemas import furnish


@pytest.fixture
def host(databases: Any) -> Callable[[str], psycopg.Connection[Any]]:
    """``host("shop")``: autocommit session in a database with that schema and its rows."""
    return lambda name: furnish(databases, name)
