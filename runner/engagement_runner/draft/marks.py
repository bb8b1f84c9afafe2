"""Columns that their names and types mark: how many, how much, how far, from when until when."""

from __future__ import annotations

from collections.abc import Sequence

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, NUMBERS, Column, Table

#: Words of the column that a term begins with, and ends with, the clearest first.
BEGIN = ("start", "begin", "join", "from", "effective", "since", "started", "joined", "subscribe")
END = (
    "end", "expire", "expiry", "expiration", "ended", "to", "thru", "through", "until", "left",
    "leave", "resigned", "ceased", "finish", "finished", "till",
)  # fmt: skip
_ADDRESS = {"zip", "zipcode", "city", "postcode"}
#: A state of these is another thing's: an address's, a parcel's.
_OF_ANOTHER = {
    "shipping",
    "delivery",
    "country",
    "from",
    "to",
    "transmission",
    "sync",
    "home",
    "license",
    "billing",
    "mailing",
    "work",
}
_QUANTITY = {"quantity", "qty", "count", "piece", "unit"}
#: How many, in the plural alone: a seat is one seat's number.
_PLURALS = ("seats", "tickets", "places", "persons")
_STATES = {"state", "status", "stage", "phase"}
#: What may follow a state's name.
_STATE_ENDS = {"code", "name", "cd", "key", "value", "id"}
#: Words of columns whose names end alike.
_NO_QUANTITY = {"discount", "account"}
#: Words of columns that say how many were given back.
_TAKEN_BACK = {"refund", "refunded", "return", "returned", "cancelled", "canceled"}
_MONEY = {
    "price", "amount", "total", "value", "subtotal", "net", "gross", "paid", "sum", "fee", "due",
    "dues", "charge", "cost",
}  # fmt: skip
#: Words of numbers that are no money.
_NO_MONEY = {"count", "weight", "rate", "id", "number", "quantity", "percent", "pct", "discount"}


def quantities(table: Table) -> list[Column]:
    """Return the columns that say how many, the plainest name first."""
    without = _NO_QUANTITY | _TAKEN_BACK
    return [column for column in _counts(table) if not without & set(column.words)]


def taken_back(table: Table) -> list[Column]:
    """Return the columns that say how many were given back."""
    return [column for column in _counts(table) if _TAKEN_BACK & set(column.words)]


def _counts(table: Table) -> list[Column]:
    found = [
        column
        for column in table.columns.values()
        if column.type in NUMBERS and not table.is_link(column) and is_count(column)
    ]
    return sorted(found, key=lambda column: (len(column.words), column.name))


def is_count(column: Column) -> bool:
    """Tell whether a column's name says how many."""
    return (
        words.has(column.words[-1:], _QUANTITY)
        or column.name.lower().endswith(_PLURALS)
        or column.words[:1] in (("quantity",), ("qty",), ("num",))
        or column.words[:2] in (("number", "of"), ("no", "of"))
    )


def moneys(table: Table) -> list[Column]:
    """Return the columns that hold money."""
    return [
        column
        for column in table.columns.values()
        if column.type in NUMBERS and not table.is_link(column)
        and words.has(column.words, _MONEY)
        and not _NO_MONEY & set(column.words)
    ]  # fmt: skip


def states(table: Table) -> list[Column]:
    """Return the columns whose values say how far a row has come."""
    has_address = any(
        words.has(c.words, {"zip", "zipcode", "city"}) for c in table.columns.values()
    )
    return [
        column
        for column in table.columns.values()
        if not table.is_link(column)
        and not (has_address and column.words == ("state",))
        and any(value for value, _ in column.values or (("unknown", 1.0),))
        and (column.is_text or column.type in NUMBERS)
        and _is_state(column)
        and not words.has(column.words[:-1], words.ASIDES | _OF_ANOTHER)
    ]


def _is_state(column: Column) -> bool:
    named = column.words[:-1] if column.words[-1:] and column.words[-1] in _STATE_ENDS else ()
    return bool(_STATES & {*column.words[-1:], *named[-1:]})


def term(table: Table) -> tuple[Column, Column] | None:
    """Return the columns with the begin and the end of what lasts."""
    begins, ends = (dates_by(table, vocabulary) for vocabulary in (BEGIN, END))
    return (begins[0], ends[0]) if begins and ends else None


def dates_by(table: Table, vocabulary: Sequence[str]) -> list[Column]:
    """Return the dates with a word of the vocabulary, those with its first words first."""
    found = [
        (vocabulary.index(word), column.name, column)
        for column in table.columns.values()
        if column.type in DATES
        for word in column.words
        if word in vocabulary
    ]
    return [column for _, _, column in sorted(found, key=lambda f: f[:2])]
