"""categories list and set against a real database."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import psycopg
from click.testing import Result


def test_categories_are_set_and_listed(
    deployed: psycopg.Connection[Any], engagement: Callable[..., Result]
) -> None:
    result = engagement(
        deployed, "categories", "set", "donor", "--name", "Donor score", "--sort-order", "15",
        "--no-counts", "--cap-points", "12.5", "--ranked",
        "--inactivity-steps", "6:50,12:0",
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    assert result.stdout == "Category DONOR is set; the next recalculation applies it.\n"
    listed = json.loads(engagement(deployed, "categories", "list", "--format", "json").stdout)
    assert listed[1] == {
        "category_code": "DONOR",
        "category_name": "Donor score",
        "sort_order": 15,
        "counts_in_total": False,
        "cap_points": 12.5,
        "is_ranked": True,
        "inactivity_steps": [[6, 50], [12, 0]],
        "bands": None,
    }
    table = engagement(deployed, "categories", "list").stdout
    codes = {"INVOLVEMENT", "DONOR", "PURCHASES_DONATIONS", "SOCIAL_COMMUNITY", "ADJUSTMENT"}
    firsts = [line.split()[0] for line in table.splitlines() if not line.startswith(" ")]
    assert firsts[0] == "Category"
    assert set(firsts[1:]) == codes
    assert "50 % after 6 months without activity, 0 % after 12 months" in " ".join(table.split())
    engagement(
        deployed, "categories", "set", "DONOR", "--counts", "--cap-points", "none",
        "--inactivity-steps", "none",
    )  # fmt: skip
    listed = json.loads(engagement(deployed, "categories", "list", "--format", "json").stdout)
    assert (listed[1]["counts_in_total"], listed[1]["cap_points"]) == (True, None)
    assert listed[1]["inactivity_steps"] is None


def test_category_with_a_cap_below_zero_is_refused(
    deployed: psycopg.Connection[Any], engagement: Callable[..., Result]
) -> None:
    result = engagement(deployed, "categories", "set", "DONOR", "--cap-points", "-1")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "EG004" in result.stderr
