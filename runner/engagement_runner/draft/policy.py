"""Which rows count: states and flags, a list to tick."""

from __future__ import annotations

from dataclasses import dataclass

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, Catalogue, Column, Link, Table
from engagement_runner.draft.choices import literal, missing, reverses
from engagement_runner.draft.marks import is_count, states, term
from engagement_runner.draft.paths import Path

_GONE = {
    "cancel", "canceled", "cancelled", "deleted", "voided", "void", "test", "testmode", "refunded",
    "trashed", "spam", "archived", "removed", "draft", "withdrawn", "deceased", "reversed",
    "exchanged", "returned", "revoked", "template",
}  # fmt: skip
#: An instant of one of these says that the row does not count any more.
_GONE_AT = _GONE - {
    "test", "testmode", "refunded", "spam", "draft", "withdrawn", "deceased", "exchanged",
    "returned", "template",
}  # fmt: skip
#: Words of columns that say why or by whom.
_TOLD = {"reason", "note", "comment", "by", "text", "description", "user", "code", "fee"}
#: What is said of a row that counts, perhaps only then.
_COME_TO_PASS = {
    "attended", "attendance", "present", "paid", "checkin", "checked", "showed", "confirmed",
    "active", "won",
}  # fmt: skip
#: Words of a table of states, or of a column with its keys. A state may be a part of a country.
_STATES = {"status", "stage", "phase"}
#: Words that say nothing about what a flag is on.
_FILLERS = {
    "is",
    "was",
    "has",
    "been",
    "mode",
    "flag",
    "row",
    "line",
    "at",
    "on",
    "date",
    "time",
    "dt",
    # Tools that copy hosts mark so what the host has deleted.
    "fivetran",
    "airbyte",
    "sdc",
}
#: What hosts write for true and false where they have no booleans.
_TRUE = {"y", "yes", "t", "true", "1", "x"}
_FALSE = {"n": "y", "no": "yes", "f": "t", "false": "true", "0": "1", "": "x"}


@dataclass
class State:
    """Values of a column that counts or does not: a list to tick.

    Attributes:
        where: the condition; its last line has no comma.
        remarks: what counts, what does not, and how many rows each has.
        decide: what a person has to decide.
    """

    where: list[str]
    remarks: list[str]
    decide: list[str]


def state(column: Column, alias: str, table: Table) -> State:
    """Return the condition that a column's value counts, as far as its name tells."""
    full = f"{table.label}.{column.name}"
    shares = dict(column.values)
    values = [value for value, _ in column.values]
    values += [label for label in column.labels if label not in shares]
    known: dict[str, list[str]] = {"counts": [], "does not count": [], "decide": []}
    for value in values:
        named = words.words(value)
        part = "decide"
        if words.has(named, words.NOT_COUNTS):
            part = "does not count"
        # Whole words: unpaid ends as paid does.
        elif words.COUNTS & set(named) and not {"not", "un", "non"} & set(named):
            part = "counts"
        known[part].append(value)

    def listed(part: str) -> str:
        return ", ".join(
            f"{literal(column, value)} {round(shares[value] * table.row_count):,}"
            if value in shares
            else literal(column, value)
            for value in known[part]
        )

    remarks = [f"{part}: {listed(part)}" for part in known if known[part]]
    decide = [f"which values of {full} count? Those listed do now"]
    if not values:
        return State([], [], [f"{full} may say which rows count, and has no statistics"])
    name = f"{alias}.{column.sql}"
    if known["counts"]:
        items = ", ".join(literal(column, value) for value in known["counts"])
        return State([f"{name} in ({items})"], remarks, decide)
    items = ", ".join(literal(column, value) for value in known["decide"] or values)
    return State(
        [f"{name} in ({items})"], remarks,
        [f"the values of {full} say nothing by their names: strike those that do not count"],
    )  # fmt: skip


def flags(table: Table, alias: str) -> list[str]:
    """Return conditions that leave out what is cancelled, deleted or a test, each below its reason.

    A flag of another thing than the row, such as a cancelled shipment, is a question. So is what
    ends a membership early, and what says that somebody came or paid.
    """
    where: list[str] = []
    for column in table.columns.values():
        name = f"{table.label}.{column.name}"
        is_instant, yes = column.type in DATES, None if is_count(column) else yes_of(column)
        is_code = column.type in ("smallint", "character") or column.is_enum or (
            column.is_text and not _TOLD & set(column.words)
            and (not column.values or "flag" in column.words)
        )  # fmt: skip
        if is_code and not yes and _GONE & set(column.words) and not table.is_link(column):
            where.append(f"-- DECIDE: does a row count whatever its {name}?")
        if table.is_link(column) or not (yes or is_instant):
            continue
        state = yes or "set"
        said = _GONE & set(column.words)
        if is_instant and any(said & set(c.words) and yes_of(c) for c in table.columns.values()):
            continue  # a flag says so already
        if words.has(column.words, _GONE):
            of_another = set(column.words) - _GONE - _FILLERS - set(table.words)
            is_certain = yes or _GONE_AT & set(column.words)
            if of_another or not is_certain or (is_instant and term(table)):
                where += _asked(name, state, column, alias)
            elif yes:
                where.append(f"-- likely: {name} marks what does not count")
                where.append(_other(f"{alias}.{column.sql}", yes))
            else:
                where.append(f"-- likely: {name} is set when a row is taken back")
                where.append(missing(column, alias))
        elif column.words[-2:] == ("no", "show"):
            where += _asked(name, state, column, alias)
        elif yes and _COME_TO_PASS & set(column.words):
            where += _question(
                f"does a row count whose {name} is not {yes}?", f"{alias}.{column.sql} = {yes}"
            )
    return where


def _asked(name: str, state: str, column: Column, alias: str) -> list[str]:
    """Return the question whether rows with a flag or an instant count, and the condition."""
    condition = missing(column, alias) if state == "set" else _other(f"{alias}.{column.sql}", state)
    return _question(f"does a row count whose {name} is {state}?", condition)


def _question(question: str, condition: str) -> list[str]:
    return [f"-- DECIDE: {question} It does now; if not:", f"--     and {condition}"]


def _other(column: str, yes: str) -> str:
    return f"{column} is not true" if yes == "true" else f"{column} is distinct from {yes}"


def yes_of(column: Column) -> str | None:
    """Return what a flag holds when it is true, as SQL writes it; None: it is no flag."""
    if column.type == "boolean":
        return "true"
    found = [value for value, _ in column.values]
    if column.is_enum or not found or any(v.lower() not in _TRUE | _FALSE.keys() for v in found):
        return None
    true = [value for value in found if value.lower() in _TRUE]
    if not true:
        # It has never been true yet.
        true = [(_FALSE[v.lower()].upper() if v.isupper() else _FALSE[v.lower()]) for v in found]
    is_flag = len(true) == 1 and len(found) < 3
    return literal(column, true[0]) if is_flag else None


def _is_state(link: Link) -> bool:
    """Tell whether a link leads to how far a row has come."""
    named = {*link.words, *link.target.words}
    return bool(_STATES & named) or link.target.words[-1:] == ("state",)


def conditions(tables: list[tuple[str, Table]]) -> list[str]:
    """Return the policy: states and flags of the document and of its lines, as lines of SQL."""
    where: list[str] = []
    for alias, table in reversed(tables):
        found = sorted(states(table), key=lambda column: (len(column.words), column.name))
        for column in found[:1]:
            listed = state(column, alias, table)
            where += [f"-- {table.label}.{column.name} {remark}" for remark in listed.remarks]
            where += [f"-- DECIDE: {question}" for question in listed.decide]
            where += listed.where
        for link in table.links:
            if _is_state(link):
                column = link.columns[-1]
                occurring = ", ".join(
                    f"{literal(column, value)} {round(share * table.row_count):,}"
                    for value, share in column.values
                )
                if occurring:
                    where.append(f"-- {table.label}.{column.name} decide: {occurring}")
                where.append(
                    f"-- DECIDE: does {table.label} count whatever its {column.name}? "
                    f"{link.target.label} has the states"
                )
        others = ", ".join(column.name for column in found[1:])
        if others:
            where.append(f"-- DECIDE: does {table.label} count whatever its {others}?")
        where += _kinds(table)
        where += flags(table, alias)
    return where


def _kinds(table: Table) -> list[str]:
    """Return a question for each column that tells kinds of rows, such as titles of lines."""
    return [
        f"-- DECIDE: do rows of every {table.label}.{column.name} count? Its values: "
        + ", ".join(literal(column, value) for value, _ in column.values)
        for column in table.columns.values()
        if column.is_text and column.words[-1:] in (("type",), ("kind",)) and column.values
        and len(column.words) == 1
    ]  # fmt: skip


def takers(path: Path, catalogue: Catalogue) -> list[str]:
    """Return a question for each way in which the host may take rows of a path back."""
    asked = []
    for table in path.tables[1:]:
        if found := reverses(table):
            asked.append(
                f"-- DECIDE: {table.label}.{found[0].name} may name the document that this one "
                "takes back; its lines name none. See Reversals in the docs"
            )
    for table in catalogue.tables:
        if (
            table not in path.tables
            and (
                words.has(table.words[-1:], words.REVERSALS)
                or {"credit", "note"} <= set(table.words)
            )
            and any(link.target in path.tables for link in table.links)
        ):
            asked.append(
                f"-- DECIDE: do rows of {table.label} lower what this view shows? "
                "See Reversals in the docs"
            )
    return asked
