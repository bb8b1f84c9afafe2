"""Columns that their names and types mark: how many, how much, how far, from when until when."""

from __future__ import annotations

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, NUMBERS, Column, Table

#: Of a term: words of the column that it begins and ends with.
BEGIN = {"start", "begin", "from", "join", "joined", "effective", "since", "subscribe", "started"}
END = {"end", "expire", "expiry", "until", "to", "thru", "through", "ends", "expiration", "ended"}
_QUANTITY = {"quantity", "qty", "count", "pieces", "units"}
_MONEY = {"price", "amount", "total", "value", "subtotal", "net", "gross", "paid", "sum", "fee"}


def quantities(table: Table) -> list[Column]:
    """Return the columns that say how many."""
    return [
        column
        for column in table.columns.values()
        if (column.type in NUMBERS and words.has(column.words[-1:], _QUANTITY)
        and not table.is_link(column))
        or (column.type in NUMBERS and column.words[:1] in (("quantity",), ("qty",)))
    ]  # fmt: skip


def moneys(table: Table) -> list[Column]:
    """Return the columns that hold money."""
    return [
        column
        for column in table.columns.values()
        if column.type in NUMBERS and not table.is_link(column)
        and words.has(column.words, _MONEY)
        and not words.has(column.words, {"count", "weight", "rate", "id", "number", "quantity"})
    ]  # fmt: skip


def states(table: Table) -> list[Column]:
    """Return the columns whose values say how far a row has come."""
    return [
        column
        for column in table.columns.values()
        if not table.is_link(column)
        and (column.is_text or column.type in NUMBERS)
        and column.words[-1:] in (("state",), ("status",), ("stage",), ("phase",))
        and not words.has(column.words[:-1], words.ASIDES | {"shipping", "delivery", "country"})
    ]


def term(table: Table) -> tuple[Column, Column] | None:
    """Return the columns with the begin and the end of what lasts."""
    dates = [column for column in table.columns.values() if column.type in DATES]
    begins = [column for column in dates if BEGIN & set(column.words)]
    ends = [column for column in dates if END & set(column.words)]
    return (begins[0], ends[0]) if begins and ends else None
