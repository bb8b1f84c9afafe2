"""The routines of a cluster against the oracle, on one machine: no test of them needs Citus.

What only Citus can say, such as which statements it refuses, `make test-citus` says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from .driver import Driver
from .test_state_machine import EXAMPLES, THOROUGH, Association, search


@pytest.mark.slow
@pytest.mark.parametrize("key_type", ["bigint", "uuid", "text"])
def test_routines_of_a_cluster_after_any_history_equal_oracle(
    overlaid_as: Callable[[str], psycopg.Connection[Any]], key_type: str
) -> None:
    driver = Driver(overlaid_as(key_type))

    class Life(Association):
        """A life of the association in this database."""

        def __init__(self) -> None:
            super().__init__(driver)

    examples = EXAMPLES[key_type] if THOROUGH else {"bigint": 10}.get(key_type, 3)
    run_state_machine_as_test(Life, settings=settings(search(key_type), max_examples=examples))
