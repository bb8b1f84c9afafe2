"""The demonstration, from its first to its last step."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any


def figures(text: str) -> dict[str, str]:
    """The labelled numbers that the demonstration prints."""
    return dict(re.findall(r"^([A-Z][a-z ]+?) {2,}([\d,.]+)$", text, re.MULTILINE))


def companies(text: str) -> list[str]:
    """The two companies between which an order moves."""
    table = text.split("Points of their people")[1].splitlines()[1:3]
    return [re.split(r" {2,}", line)[0] for line in table]


def test_demo_tells_the_whole_story(program: Callable[..., Any]) -> None:
    result = program("demo")
    assert result.returncode == 0, result.stderr
    steps = re.findall(r"^(\d+)\. ", result.stdout, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert "2,000 people, 60 companies" in result.stdout
    assert "insert into crm.order_line" in result.stdout
    found = figures(result.stdout)
    assert found["Score after"] == found["Score today"] != found["Score before"]
    assert found["Score today"] != found["Eight weeks later"]
    assert found["It fell by"] == found["Points that expired"] == "3.00"
    before, after = (
        re.search(rf"^{company} .* ([\d,.]+) +([\d,.]+)$", result.stdout, re.MULTILINE)
        for company in companies(result.stdout)
    )
    assert before
    assert after
    lost, gained = (Decimal(b.replace(",", "")) - Decimal(a.replace(",", ""))
                    for a, b in (before.groups(), after.groups()))  # fmt: skip
    assert lost == -gained < 0
    assert "voided as EMPLOYER_CHANGED" in result.stdout
    assert "Scores: 2 added, 0 changed, 0 as they were; 1 line rejected." in result.stdout
    assert "\nline 3  " in result.stdout
    rising = result.stdout.split("engagement segment rising")[1].split("\n\n")[0]
    assert rising.count("INDIVIDUAL") == 5
    assert "\nProven: " in result.stdout
    assert "Higher scores came before it." in result.stdout
    assert "engagement demo --keep" in result.stdout
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stdout + result.stderr
