"""Paths from rows that earn to the customer who earns."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, Catalogue, Link, Table
from engagement_runner.draft.marks import moneys, quantities, states, term


@dataclass(frozen=True)
class Path:
    """From the rows that earn to the customer who earns.

    Attributes:
        kind: SALE, INVOICE, TERM, ATTENDANCE or SEAT.
        line: the table whose rows earn.
        steps: from the line to the header, from there to the one above it, if that is needed;
            empty: the line itself names the customer.
        earners: the columns that name a customer, the likeliest to earn first.
        subject: what was bought, attended or joined; None: no table says.
        score: how well it fits; a reason for each part.
        reasons: in words.
        is_doubtful: whether a person has to say that such rows earn at all.
    """

    kind: str
    line: Table
    steps: tuple[Link, ...]
    earners: tuple[Link, ...]
    subject: Link | None
    score: float
    reasons: tuple[str, ...] = ()
    is_doubtful: bool = False

    @property
    def tables(self) -> tuple[Table, ...]:
        """The line, its header, the header's header."""
        return (self.line, *(step.target for step in self.steps))

    @property
    def header(self) -> Table | None:
        """The document: the table with the customer; None: the line is one itself."""
        return self.steps[-1].target if self.steps else None


def documents(
    catalogue: Catalogue, customer: Table, named: Collection[Table] = ()
) -> Iterator[Path]:
    """Return the paths line → header (→ header) → customer; *named* are lines for certain."""
    for line in catalogue.tables:
        if not line.key:
            continue
        for step in line.links:
            header = step.target
            if header in (line, customer) or step.is_clerk or not header.key:
                continue
            ways: list[tuple[Link, ...]] = [(step,)]
            if not earners((line, header), customer):
                ways = [
                    (step, up) for up in header.links
                    if up.target not in (header, line, customer) and not up.is_clerk
                    and up.target.key and words.last_of(up.target.words, words.DOCUMENTS)
                ]  # fmt: skip
            for steps in ways:
                path = _document(line, steps, customer, line in named)
                if path:
                    yield path


def earners(tables: Sequence[Table], customer: Table) -> tuple[Link, ...]:
    """Return the columns that name who earns, whoever receives before whoever pays.

    Of a gift it is whoever gives.
    """
    givers = words.GIVERS if tables[0].is_gift else set()

    def rank(link: Link) -> tuple[float, str]:
        named = set(link.words)
        if givers & named:
            return -3.0, link.label
        if link.is_empty:
            return 9.0, link.label  # it never says who
        is_plain = named - {"id"} <= words.CUSTOMERS.keys()
        likely = 1.5 if is_plain else 1.0
        likely = 2.0 if named & words.RECEIVERS else 0.0 if named & words.PAYERS else likely
        return -likely, link.label

    return tuple(
        sorted(
            (
                link for table in tables for link in table.links_to(customer)
                if not words.has(link.words, words.ORGANISATIONS)
            ),
            key=rank,
        )
    )  # fmt: skip


def _document(line: Table, steps: tuple[Link, ...], customer: Table, is_named: bool) -> Path | None:
    header = steps[0].target
    above = steps[-1].target
    named = words.last_of(header.words, words.DOCUMENTS - words.GIFTS)
    is_place = words.last_of(line.words, words.ATTENDANCE) is not None
    is_line = is_named or is_place or words.last_of(line.words, words.LINES) is not None
    found = earners((line, *(step.target for step in steps)), customer)
    subject = subject_of(line, {header, above, customer})
    score, reasons = 0.0, []
    if named:
        score += 3
        reasons.append(f"{header.label} is named as a document")
    if is_line:
        score += 2
        reasons.append(f"{line.label} is named as its lines")
    if subject:
        score += 2
    else:
        subject = next(
            (s for table in (header, above) if (s := subject_of(table, {line, above, customer}))),
            None,
        )
    if subject:
        reasons.append(f"{subject.label} says what was bought")
    if quantities(line):
        score += 1.5
        reasons.append("it has a quantity")
    if moneys(line):
        score += 1.5
        reasons.append("it has money")
    if not found or not (is_line or (subject and (quantities(line) or moneys(line)))):
        return None
    score += 1 if any(c.type in DATES for c in header.columns.values()) else -1
    score += 1 if states(header) else 0
    score += 0.5 if steps[0].is_declared else 0
    score += 0.5 if steps[0].is_required else -1
    score -= 1 if len(steps) > 1 else 0
    score += _likely_customer(found[0])
    # Somebody on the line alone is as likely who supplies or serves it.
    is_on_line = all(link.table is line for link in found)
    is_receiver = is_place or bool(set(found[0].words) & words.RECEIVERS)
    score -= 3 if is_on_line and not is_receiver else 0
    score -= 6 if words.is_aside(header.words + line.words, words.DOCUMENTS) else 0
    score -= 6 if words.has(line.words[-1:], words.PAYMENTS | {"event"}) else 0
    score += _rows(line)
    kind = "INVOICE" if words.has(header.words[-1:], words.INVOICES) else "SALE"
    kind = "ATTENDANCE" if is_place else kind
    if words.has(header.words[-1:], words.TERMS):
        kind = "TERM" if term(line) or term(header) else kind
    return Path(kind, line, steps, found, subject, score, tuple(reasons), not is_line)


def alone(catalogue: Catalogue, customer: Table, named: Collection[Table] = ()) -> Iterator[Path]:
    """Return tables whose rows are a document each: gifts, memberships, places at an event."""
    for table in catalogue.tables:
        found = earners((table,), customer)
        if not found or not table.key or table is customer:
            continue
        name = table.words[-1:]
        kinds = (
            ("TERM", words.TERMS), ("SALE", words.GIFTS), ("ATTENDANCE", words.ATTENDANCE),
            ("INVOICE", words.INVOICES), ("SALE", words.ORDERS),
        )  # fmt: skip
        kind = next((kind for kind, vocabulary in kinds if words.has(name, vocabulary)), None)
        # Some hosts write membershipdefault; a membershiptype names no customer.
        if kind is None and name[0].startswith(tuple(words.TERMS)):
            kind = "TERM"
        dates = [column for column in table.columns.values() if column.type in DATES]
        if not dates or (kind is None and not moneys(table) and table not in named):
            continue
        base = 5.0 if kind else 2.0
        kind = kind or "SALE"
        if kind == "TERM" and not term(table):
            kind = "SALE"
        subject = subject_of(table, {customer})
        if kind == "SALE" and subject and words.has(subject.target.words[-1:], words.GROUPS):
            continue  # who is in a group: a seat
        score = base + _rows(table) + _likely_customer(found[0])
        score += 1.5 if subject else 0
        score += 1 if moneys(table) or kind in ("TERM", "ATTENDANCE") else 0
        score += 0.5 if states(table) else 0
        score -= (
            6
            if words.has(table.words, words.PAYMENTS)
            or words.is_aside(table.words, words.DOCUMENTS)
            else 0
        )
        why = "is named as something that a customer does"
        reasons = [f"{table.label} {why if base > 2 else 'has a customer, money and a date'}"]
        reasons += [f"{subject.label} says what"] if subject else []
        # A pledge or a standing order is a promise; what is paid on it may be what earns.
        is_promise = bool({"pledge", "recur", "recurring"} & set(table.words))
        yield Path(kind, table, (), found, subject, score, tuple(reasons), is_promise)


def seats(catalogue: Catalogue, customer: Table) -> Iterator[Path]:
    """Return tables of two keys, a customer's and a group's: seats on committees."""
    for table in catalogue.tables:
        found = earners((table,), customer)
        groups = [
            other for other in table.links
            if other.target is not customer and not other.is_clerk
            and words.last_of(other.target.words, words.GROUPS)
        ]  # fmt: skip
        if not found or not table.key or not groups or table is customer:
            continue
        if words.has(table.words, words.PAYMENTS | {"auth"}) or words.is_aside(table.words):
            continue
        group = groups[0]
        name = words.last_of(group.target.words, words.GROUPS)
        is_plain = len(table.columns) <= 12 and not moneys(table)
        score = 4.0 + _rows(table) + (2 if is_plain else 0) + _likely_customer(found[0])
        is_committee = name in ("committee", "board", "council", "panel", "taskforce")
        score += 3 if is_committee else 0.5
        reasons = (f"{table.label} joins a customer and a row of {group.target.label}",)
        yield Path("SEAT", table, (), found, group, score, reasons, not is_committee)


def subject_of(table: Table, besides: set[Table]) -> Link | None:
    """Return the link of a table to what was bought, attended or joined."""
    best: tuple[float, str, Link] | None = None
    for link in table.links:
        name = words.last_of(link.target.words, words.PRODUCTS | words.CLASSES | {"fund"})
        is_generic = words.has(link.target.words, {"content", "permission"})
        if link.target in besides | {table} or not name or link.is_clerk or is_generic:
            continue
        is_line = words.has(link.target.words[:-1], words.DOCUMENTS) and name in words.LINES
        if not link.target.key or is_line:
            continue
        rank = -2.0 if name in words.PRODUCTS else 0.0
        rank -= 1 if words.has(link.words, {name}) else 0
        rank += 2 if words.has(link.target.words[:-1], words.ASIDES) else 0
        if best is None or (rank, link.label) < best[:2]:
            best = (rank, link.label, link)
    return best[2] if best else None


def _likely_customer(link: Link) -> float:
    """A column named as a customer, or the only one that leads there, is likelier."""
    named = words.has(link.words, words.CUSTOMERS)
    return (1.0 if named else 0.0) + (0.5 if link.is_declared else 0.0)


def _rows(table: Table) -> float:
    return min(2.0, math.log10(table.row_count) / 2) if table.row_count else -1.0
