"""Bars and trend lines of characters, drawn to scale."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal


def sparkline(values: Sequence[Decimal]) -> str:
    """Return one block character per value, drawn to scale between 0 and the largest."""
    zero = Decimal(0)
    low, high = min(zero, *values), max(zero, *values)
    blocks = "▁▂▃▄▅▆▇█"
    if high == low:
        return blocks[0] * len(values)
    return "".join(blocks[int((value - low) / (high - low) * 7)] for value in values)


def bar_width(width: int) -> int:
    """Return how many characters the longest bar has in *width* columns."""
    return 10 if width < 100 else 24


def bars(values: Iterable[object], width: int, unicode: bool = True) -> Callable[[object], str]:
    """Return a formatter that draws numbers as bars, the largest of *values* *width* long."""
    largest = max((Decimal(str(value or 0)) for value in values), default=Decimal(0))
    return lambda value: bar(Decimal(str(value or 0)), largest, width, unicode)


def bar(value: Decimal, largest: Decimal, width: int, unicode: bool = True) -> str:
    """Return a bar of at most *width* characters; a value above zero shows at least one."""
    if value <= 0 or largest <= 0:
        return ""
    return ("█" if unicode else "#") * max(1, int(value * width / largest))
