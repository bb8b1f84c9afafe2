"""Which column is the amount, and in which currency."""

from __future__ import annotations

from collections.abc import Sequence

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import INTEGERS, NUMBERS, Column, Table
from engagement_runner.draft.choices import Choice, literal
from engagement_runner.draft.marks import is_count, moneys, quantities

#: Currencies that tell a column of currencies by its values.
_CURRENCIES = {
    "EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "NZD", "SEK", "NOK", "DKK", "PLN", "CZK",
    "HUF", "RON", "BGN", "ISK", "TRY", "ILS", "AED", "SAR", "ZAR", "INR", "CNY", "HKD", "SGD",
    "KRW", "THB", "MYR", "IDR", "PHP", "BRL", "MXN", "ARS", "CLP", "COP", "UAH",
}  # fmt: skip
_MINOR = {"cent", "minor", "pence", "pennies"}
_BEFORE_TAX = {"excl", "net", "untaxed", "exclusive", "without"}
_AFTER_TAX = {"incl", "gross", "inclusive", "with"}
#: Words of the price of one piece.
_OF_ONE = {"price", "unit", "each", "single", "piece", "rate"}
#: Words of what is charged besides the price.
_BESIDES = {"fee", "charge", "surcharge"}
_NOT_THE_AMOUNT = {
    "cost", "tax", "discount", "refund", "refunded", "before", "original", "shipping", "list",
    "default", "custom", "coupon", "voucher", "budget", "rrp", "retail", "base", "max", "min",
    "balance", "rounding",
}  # fmt: skip


def amount(tables: Sequence[tuple[str, Table]]) -> Choice:
    """Return what it cost: the total of the line, else its price by its quantity."""
    alias, line = tables[0]
    ranked = sorted(
        (
            (
                -_is_total(column),
                _rank_of_money(column),
                bool(_BESIDES & set(column.words)),
                "total" not in column.words,
                column.name,
                column,
            )
            for column in moneys(line)
            if _rank_of_money(column) < 2
        ),
        key=lambda r: r[:5],
    )
    if not ranked:
        others = [
            column.name for column in line.columns.values()
            if column.type in NUMBERS and column.type not in INTEGERS and not line.is_link(column)
            and not is_count(column) and column not in line.key
        ]  # fmt: skip
        return Choice(
            "null::numeric",
            "guess: no column is named as money; points by quantity hold",
            [f"does one of these hold what it cost: {', '.join(others)}?"] if others else [],
        )
    is_total, *_, best = ranked[0]
    sql = _money(best, alias)
    count = quantities(line)
    why = f"likely: {best.name} is named as the amount"
    if not is_total and count:
        sql = f"{alias}.{count[0].sql}::numeric * {sql}"
        why = f"likely: {count[0].name} × {best.name}, a price"
    decide, asked = [], None
    if not is_total and count and not _OF_ONE & set(best.words):
        decide.append(
            f"is {best.name} of one, or of the whole line? If of the line: {_money(best, alias)}"
        )
    if best.type in INTEGERS and not words.has(best.words, _MINOR):
        decide.append(f"{best.name} is an integer: if it holds cents, divide it by 100.0")
    returned = [
        column.name for column in moneys(line) if {"refund", "refunded"} & set(column.words)
    ]
    if returned:
        decide.append(f"is {best.name} what is left, or less {', '.join(returned)}?")
    discounts = [
        column.name for column in line.columns.values()
        if column.type in NUMBERS and column.words and "discount" in column.words
        and "discount" not in best.words
    ]  # fmt: skip
    if discounts:
        decide.append(f"is {best.name} before {', '.join(discounts)}?")
    others = [column.name for *_, column in ranked[1:]]
    if others:
        decide.append(
            f"net or gross, before or after discounts? Other columns: {', '.join(others)}"
        )
    currency = _currency(tables)
    if currency:
        place, column = currency
        base, ways = _base(column)
        if base:
            sql = f"case when {place}.{column.sql} = {base} then {sql} end"
            why += f"; only where {column.name} is {base}"
            if ways != 1 or not column.is_text or column.null_share:
                asked = base
        else:
            decide.append(f"{column.name} holds the currency, and no statistics say which: ANALYZE")
    return Choice(sql, why, decide, currency=asked)


def _is_total(column: Column) -> bool:
    return words.has(column.words, {"total", "subtotal", "amount", "sum", "value", "paid"}) or (
        "line" in column.words
    )


def _rank_of_money(column: Column) -> int:
    """0: net and after discounts; 1: gross or unsaid; 2: another amount."""
    known = set(column.words)
    is_tax_said = known & (_BEFORE_TAX | _AFTER_TAX)
    if known & (_NOT_THE_AMOUNT - ({"tax"} if is_tax_said else set())):
        return 2
    return 0 if known & _BEFORE_TAX else 1


def _money(column: Column, alias: str) -> str:
    name = f"{alias}.{column.sql}"
    if column.type != "numeric":
        name += "::numeric"
    return f"({name} / 100.0)" if words.has(column.words, _MINOR) else name


def _currency(tables: Sequence[tuple[str, Table]]) -> tuple[str, Column] | None:
    found = [
        (alias, column)
        for alias, table in [*tables[1:], *tables[:1]]
        for column in table.columns.values()
        if (words.has(column.words, {"currency"}) or _holds_currencies(column))
        and not set(column.words) & {"rate", "base", "foreign", "display"}
    ]
    return next((pair for pair in found if pair[1].values), found[0] if found else None)


def _holds_currencies(column: Column) -> bool:
    """Tell by its values whether a column holds codes of currencies."""
    found = [value for value, _ in column.values]
    return column.is_text and bool(found) and set(found) <= _CURRENCIES


def _base(column: Column) -> tuple[str | None, int]:
    """Return the commonest currency as SQL writes it, and how many there are."""
    if not column.values:
        return None, 0
    return literal(column, column.values[0][0]), len(column.values)
