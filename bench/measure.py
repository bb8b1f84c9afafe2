"""What is measured, and how it compares."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass
class Measure:
    """One line of the results: a value, and what it is compared with.

    Attributes:
        section: heading it stands under.
        title: what is measured, and of whom.
        unit: of the values; empty: a plain number.
        against: what it is compared with; empty: with nothing.
        target: the ratio to reach, or the value where it is compared with nothing, with its sign,
            such as ``≤ 4``; empty: none is set.
        values, others: one value a round, of both.
    """

    section: str
    title: str
    unit: str
    against: str = ""
    target: str = ""
    values: list[float] = field(default_factory=list)
    others: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Median of the values over the median of the others; None where there are none."""
        if not self.others or not statistics.median(self.others):
            return None
        return statistics.median(self.values) / statistics.median(self.others)

    @property
    def result(self) -> float | None:
        """What the target is set for: the ratio, or the value where there is none."""
        if self.against:
            return self.ratio
        return statistics.median(self.values) if self.values else None

    @property
    def bound(self) -> float:
        """The number of the target."""
        return float(self.target.split()[1])

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None where none is set."""
        if not self.target or self.result is None:
            return None
        if self.target.startswith("≤"):
            return self.result <= self.bound
        return self.result >= self.bound

    def quantity(self, values: list[float]) -> str:
        """Return the median with its unit, in three digits or more."""
        if not values:
            return ""
        value = statistics.median(values)
        number = f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
        return f"{number} {self.unit}".strip()

    def cells(self) -> list[str]:
        """Return the line of the results table."""
        return [
            self.title,
            self.quantity(self.values),
            self.against,
            self.quantity(self.others),
            f"{self.ratio:.2f}" if self.ratio is not None else "",
            self.target,
            {True: "yes", False: "no", None: ""}[self.is_met],
        ]


HEADINGS = ["measure", "value", "against", "its value", "ratio", "target", "met"]
