"""Which column is the date, the quantity, the name: each with the reason that the adapter shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, INTEGERS, TEXTS, UNIX, Column, Table
from engagement_runner.draft.frames import quoted
from engagement_runner.draft.marks import quantities, taken_back, term

ZONE = "engagement.parameter('TIME_ZONE')"

#: Words of a date column → how likely it says when it happened.
_HAPPENED = {
    "placed", "ordered", "order", "sale", "sold", "purchase", "purchased", "invoice", "invoiced",
    "issued", "bill", "billed", "booking", "booked", "registered", "registration", "donation",
    "donated", "gift", "transaction", "posting", "posted", "document", "confirmed", "tendered",
    "join", "joined", "bought", "given", "attended", "enrolled", "enrolment", "enrollment",
    "pledged", "signed", "submitted",
}  # fmt: skip
#: As likely as these if nothing else says it: an order is received, and so are goods and gifts.
_RECEIVED = {"received", "receive"}
#: Words of a date on which the row was written.
MADE = {"created", "create", "inserted", "added", "creation"}
_OTHER_DATES = {
    "due", "expire", "expiry", "valid", "updated", "update", "modified", "delivery", "ship",
    "shipping", "shipped", "last", "end", "deleted", "cancelled", "canceled", "birth", "reminder",
    "write", "changed", "paid", "quotation", "quote", "validity", "payment", "required", "promised",
    "until", "archived", "sent",
}  # fmt: skip
_LABELS = ("name", "title", "label", "description", "code", "slug", "username", "email")


@dataclass
class Choice:
    """An expression of the view and why it is that one.

    Attributes:
        sql: the expression.
        why: the reason, with the confidence in front: sure, likely or guess.
        decide: what a person has to decide, each a line.
        zoneless: columns it reads as UTC because they have no zone; the file asks once for all.
        currency: the only currency whose amounts it takes, to be decided once for all.
    """

    sql: str
    why: str
    decide: list[str] = field(default_factory=list)
    zoneless: list[str] = field(default_factory=list)
    currency: str | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether nothing was found."""
        return self.sql.startswith("null::")


def instant(column: Column, alias: str, days: int = 0) -> str:
    """Return a column as an instant: a day begins in the organisation's zone."""
    name = f"{alias}.{column.sql}"
    if column.type == "date":
        day = f"{name} + {days}" if days else name
        return f"engagement.start_of_day({day}, {ZONE})"
    if column.type == "timestamp without time zone":
        return f"{name} at time zone 'UTC'"
    if column.type in UNIX:
        parts = "" if UNIX[column.type] == 1 else f" / {UNIX[column.type]}.0"
        return f"to_timestamp(nullif({name}, 0){parts})"
    return name


def missing(column: Column, alias: str) -> str:
    """Return the condition that a column has no instant; where it is a number, 0 is none."""
    name = f"{alias}.{column.sql}"
    return f"coalesce({name}, 0) = 0" if column.type in UNIX else f"{name} is null"


def _zoneless(table: Table, column: Column) -> list[str]:
    is_zoneless = column.type == "timestamp without time zone"
    return [f"{table.label}.{column.name}"] if is_zoneless else []


def happened(tables: Sequence[tuple[str, Table]]) -> Choice:
    """Return when it happened: the best date of the header, else of the line."""
    ranked = []
    # Of a payment it is the day on which it was paid.
    is_payment = words.has(tables[0][1].words[-1:], words.PAYMENTS)
    happened_by = _HAPPENED | ({"paid", "payment"} if is_payment else set())
    others = _OTHER_DATES - happened_by
    # The document's own date before that of the one above it, and of the line.
    for depth, (alias, table) in enumerate([*tables[1:], *tables[:1]]):
        for column in table.columns.values():
            if column.type not in DATES or words.has(column.words, others):
                continue
            rank = 2.0 if "date" in column.words or "datetime" in column.words else 0.0
            rank = 1.5 if words.has(column.words, MADE) else rank
            rank = 2.5 if words.has(column.words, _RECEIVED) else rank
            if column.words in (("date",), ("datetime",)) or words.has(column.words, happened_by):
                rank = 3.0
            if rank and column.null_share != 1:
                rank += (0.3 if column.type != "date" else 0) + (0 if depth else 0.5)
                ranked.append((-rank, depth, column.name, alias, column, table))
    ranked.sort(key=lambda r: r[:3])
    if not ranked:
        return _only_date(tables) or _no_date(tables)
    rank, _, _, alias, best, table = ranked[0]
    sure = "sure" if -rank >= 3.5 and best.is_not_null else "likely" if -rank >= 3 else "guess"
    why = f"{sure}: {best.name} is named as the date"
    sql, decide, zoneless = instant(best, alias), [], _zoneless(table, best)
    made = next((r for r in ranked[1:] if r[4].is_not_null or r[4].null_share == 0), None)
    either = f"coalesce({sql}, {instant(made[4], made[3])})" if made else ""
    if not best.is_not_null and made and made[4].is_not_null:
        sql = either
        why += f"; {made[4].name} stands in where it is missing"
        zoneless += _zoneless(made[5], made[4])
    elif not best.is_not_null and best.null_share:
        decide.append(
            f"{best.name} is missing in {best.null_share:.0%} of rows: they earn nothing"
            + (f", unless {made[4].name} stands in: {either}" if made else "")
        )
    return Choice(sql, why, decide, zoneless)


def _no_date(tables: Sequence[tuple[str, Table]]) -> Choice:
    """Return that no date says when it happened, and the dates that there are."""
    there = [
        instant(column, alias)
        for alias, table in [*tables[1:], *tables[:1]]
        for column in table.columns.values()
        if column.type in DATES and column.null_share != 1 and "birth" not in column.words
    ]
    which = f" One of these: {'; '.join(there)}?" if there else ""
    return Choice(
        "null::timestamptz",
        "guess: no date is named as the one on which it happened",
        [f"when did it happen?{which} A row without a date earns nothing"],
    )


def _only_date(tables: Sequence[tuple[str, Table]]) -> Choice | None:
    """Return the date of the document, else of the line, if it has one and no name says of what."""
    for alias, table in [*tables[1:], *tables[:1]]:
        dates = [
            column for column in table.columns.values()
            if column.type in DATES and column.null_share != 1 and "birth" not in column.words
        ]  # fmt: skip
        if len(dates) == 1:
            (date,) = dates
            return Choice(
                instant(date, alias), f"guess: {date.name} is the only date of {table.label}",
                [f"does {date.name} say when it happened?"], _zoneless(table, date),
            )  # fmt: skip
    return None


def lasts(table: Table, alias: str) -> tuple[Choice, Choice] | None:
    """Return the begin and the end of what lasts."""
    found = term(table)
    if not found:
        return None
    begin, end = found
    missing = not begin.is_not_null and begin.null_share
    return (
        Choice(
            instant(begin, alias),
            f"likely: {begin.name} is named as the begin",
            [f"{begin.name} is missing in {missing:.0%} of rows: they earn nothing"]
            if missing
            else [],
            zoneless=_zoneless(table, begin),
        ),
        ends(table, end, alias),
    )


def ends(table: Table, end: Column, alias: str) -> Choice:
    """Return the end of what lasts."""
    end_choice = Choice(instant(end, alias, 1), f"likely: {end.name} is named as the end")
    if end.type == "date":
        end_choice.decide.append(f"is {end.name} the last day, inclusive? If not: without + 1")
    elif end.words[-1:] in (("date",), ("day",), ("on",)):
        end_choice.decide.append(
            f"is {end.name} the last day, inclusive, at its midnight? If so: + interval '1 day'"
        )
    end_choice.zoneless = _zoneless(table, end)
    return end_choice


def quantity(line: Table, alias: str) -> Choice:
    """Return how many."""
    found = quantities(line)
    if not found:
        return Choice("1::numeric", "likely: no column says how many, so each row is one")
    is_plain = len(found[0].words) == 1
    others = "" if is_plain else ", ".join(column.name for column in found[1:])
    less = ", ".join(column.name for column in taken_back(line))
    return Choice(
        f"{alias}.{found[0].sql}::numeric",
        f"{'likely' if others else 'sure'}: {found[0].name} is named as the quantity",
        ([f"{others} might be meant instead of {found[0].name}"] if others else [])
        + ([f"is {found[0].name} what is left, or less {less}?"] if less else []),
    )


def literal(column: Column, value: str) -> str:
    """Return a value of a column as SQL writes it."""
    if column.type in INTEGERS:
        return value
    return quoted(value)


def reverses(line: Table) -> tuple[Column, str] | None:
    """Return the column that names the row of the same table that a row takes back."""
    for link in line.links:
        column = link.columns[0]
        if (
            link.target is line
            and len(link.columns) == 1
            and words.has(column.words, words.REVERSALS)
        ):
            return column, f"likely: {column.name} refers to a row of the same table"
    return None


def label_of(table: Table, is_of_person: bool = True) -> Column | None:
    """Return the column with the name that people read; of a thing it is nobody's address."""
    best: dict[str, Column] = {}
    for column in table.columns.values():
        is_mostly_missing = (column.null_share or 0) > 0.5
        if column.type in (*TEXTS, "json", "jsonb") and column.words and not is_mostly_missing:
            best.setdefault(column.words[-1], column)
    return next(
        (best[word] for word in _LABELS[: None if is_of_person else -2] if word in best),
        None,
    )
