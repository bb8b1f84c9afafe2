"""One value as people read it: numbers, dates, text that cannot act on the terminal.

Numbers keep every digit that SQL sent. Nothing here prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal

UNSAFE = re.compile(
    # C0 and C1 controls, DEL, line separators, what reorders the text around it, surrogates
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Characters that a terminal may act on instead of showing them."""


def literal(value: object) -> str:
    """Return text with control characters as escapes such as ``\\x1b``; None becomes nothing."""
    return "" if value is None else UNSAFE.sub(_escaped, str(value))


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def number(value: object) -> str:
    """Return a number with thousands separated, every digit as SQL sent it; None is nothing."""
    if isinstance(value, int | Decimal):
        return f"{value:,f}" if isinstance(value, Decimal) else f"{value:,}"
    return literal(value)


def count(amount: int, noun: str) -> str:
    """Return an amount of something, such as ``1 line`` or ``2,000 lines``."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


def points(values: Iterable[object]) -> Callable[[object], str]:
    """Return a formatter that pads all of *values* to the same number of decimals."""
    places = max((decimal_places(value) for value in values), default=0)

    def padded(value: object) -> str:
        if value is None:
            return ""
        # Adds zeros only: places is the most that any of the values has.
        return f"{Decimal(str(value)):,.{places}f}"

    return padded


def decimal_places(value: object) -> int:
    """Return how many decimals a number has; anything else has none."""
    if not isinstance(value, Decimal):
        return 0
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def instant(value: object) -> str:
    """Return an ISO instant as ``2026-11-22 21:40``; ``infinity`` as it is, None as nothing."""
    text = literal(value)
    return f"{text[:10]} {text[11:16]}" if len(text) > 16 and text[10] == "T" else text


def steps(value: object) -> str:
    """Return steps of inactivity as ``75 % after 12 months without activity, 50 % after 24``.

    None is nothing, as is no list; no steps are ``inactivity takes nothing``.
    """
    if not isinstance(value, list):
        return ""
    said = [f"{percent} % after {count(months, 'month')}" for months, percent in value]
    return (
        ", ".join([f"{said[0]} without activity", *said[1:]])
        if said
        else "inactivity takes nothing"
    )


def flag(value: object) -> str:
    """Return yes for true, nothing for false and None."""
    return "yes" if value else ""


def day(value: object) -> str:
    """Return the date of an ISO instant."""
    return literal(value)[:10]
