"""Outcomes of a test's own, and what a backtest says of them, reckoned a second time.

The reckoning forms every pair of outcomes, as textbooks do, so it shares nothing with the package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import mean
from typing import Any, NamedTuple

from scoring.host import Host

DECIDED = "2025-05-15 12:00+00"
"""When an outcome of a test was decided, unless it says otherwise."""

Z = 1.959963984540054
"""The quantile 0.975 of the normal distribution."""

VIEW = """
create table engagement_host.fate_row (
    customer_id engagement.host_key, decided_at timestamptz, happened boolean, value numeric);
create view engagement_host.fate as select * from engagement_host.fate_row;
call engagement.register_outcome('FATE', 'engagement_host.fate', 'What became of them')
"""

GONE = """
drop view if exists engagement_host.fate;
drop table engagement_host.fate_row;
delete from engagement.outcome_source where outcome = 'FATE'
"""


class Fates:
    """The outcome FATE, whose rows a test writes."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def add(self, customer: Any, happened: Any, at: Any = DECIDED, value: Any = None) -> None:
        """One row of the view."""
        self.host.run(
            "insert into engagement_host.fate_row values (%s, %s, %s, %s)",
            *(customer, at, happened, value),
        )

    def backtest(self, outcome: str = "FATE", **arguments: Any) -> Any:
        """The result of engagement.backtest; arguments without p_."""
        named = "".join(f", p_{name.rstrip('_')} => %s" for name in arguments)
        return self.host.one(f"select engagement.backtest(%s{named})", outcome, *arguments.values())


class Area(NamedTuple):
    """An area under the ROC curve, the standard error, and the places of each outcome."""

    auc: float
    error: float
    happened_places: list[float]
    missed_places: list[float]


def area(scores: Sequence[float], happened: Sequence[bool]) -> Area:
    """The area and DeLong's error, from every pair of an outcome that happened and one that not."""
    pairs = list(zip(scores, happened, strict=True))
    above = [score for score, is_true in pairs if is_true]
    below = [score for score, is_true in pairs if not is_true]

    def win(one: float, other: float) -> float:
        return 1.0 if one > other else 0.5 if one == other else 0.0

    happened_places = [mean(win(one, other) for other in below) for one in above]
    missed_places = [mean(win(one, other) for one in above) for other in below]
    error = math.sqrt(spread(happened_places) + spread(missed_places))
    return Area(mean(happened_places), error, happened_places, missed_places)


def spread(places: Sequence[float]) -> float:
    """Variance of the mean of places."""
    middle = mean(places)
    return sum((place - middle) ** 2 for place in places) / (len(places) - 1) / len(places)


def difference_error(one: Area, other: Area) -> float:
    """DeLong's error of the difference of two areas over the same outcomes, by covariances."""

    def covariance(first: Sequence[float], second: Sequence[float]) -> float:
        middles = mean(first), mean(second)
        products = [(a - middles[0]) * (b - middles[1]) for a, b in zip(first, second, strict=True)]
        return sum(products) / (len(products) - 1) / len(products)

    shared = covariance(one.happened_places, other.happened_places)
    shared += covariance(one.missed_places, other.missed_places)
    return math.sqrt(max(0.0, one.error**2 + other.error**2 - 2 * shared))


def wilson(happened: int, count: int) -> tuple[float, float]:
    """The rates p with |rate - p| = Z sqrt(p (1 - p) / n): the roots of a quadratic equation."""
    rate = happened / count
    a = 1 + Z**2 / count
    b = -(2 * rate + Z**2 / count)
    root = math.sqrt(max(0.0, b * b - 4 * a * rate**2))
    return (-b - root) / (2 * a), (-b + root) / (2 * a)
