"""Which tables hold the customers, and what they did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace

from engagement_runner.draft import words
from engagement_runner.draft.catalogue import DATES, Catalogue, Link, Table
from engagement_runner.draft.jobs import employment
from engagement_runner.draft.paths import Path, alone, documents, seats

#: What a path needs so that it becomes a source.
ENOUGH = 7.0
#: Last words of tables of what customers do.
_DEEDS = words.DOCUMENTS | words.ATTENDANCE | words.PAYMENTS | words.LINES
#: Kinds of paths, in the order in which the draft shows them.
ORDER = ("SALE", "INVOICE", "TERM", "ATTENDANCE", "SEAT")


@dataclass
class Roles:
    """What each table of the host is.

    Attributes:
        customer: the table of those who have a score.
        others: further candidates, the best first.
        paths: what earns.
        employment: who works for whom; None: no table says.
        aside: tables that name a customer and earn nothing, with the reason.
        organisations: tables of companies, besides the customers'.
        pairs: tables that join two of those that earn, such as a place with what was paid for it.
        referred: tables that others refer to most.
        unread: tables that are named as what customers do, and name none, with the reason.
    """

    customer: Table
    others: list[Table]
    paths: list[Path]
    employment: tuple[Table, Link, Link | None] | None = None
    aside: list[tuple[Table, str]] = field(default_factory=list)
    organisations: list[Table] = field(default_factory=list)
    pairs: list[Table] = field(default_factory=list)
    referred: list[Table] = field(default_factory=list)
    unread: list[tuple[Table, str]] = field(default_factory=list)

    @property
    def tables(self) -> list[Table]:
        """The customers' table and those of the paths, each once."""
        found = [self.customer, *(table for path in self.paths for table in path.tables)]
        return list(dict.fromkeys(found))


def customers(catalogue: Catalogue) -> list[Table]:
    """Return the tables whose rows may have a score, the likeliest first."""
    ranked = []
    for table in catalogue.tables:
        word = words.last_of(table.words, words.CUSTOMERS)
        # Whoever has a first and a last name is a person, whatever the table is called.
        is_named = {("first", "name"), ("last", "name")} <= {
            column.words for column in table.columns.values()
        }
        if not (word or is_named) or not table.key or words.is_aside(table.words[:-1]):
            continue
        likely = max(words.CUSTOMERS[word] if word else 0, 3 if is_named else 0)
        likely -= 3 if word and word != table.words[-1] and not is_named else 0
        likely -= 3 if len(table.key) > 1 else 0
        best = sorted((path.score for path in documents(catalogue, table)), reverse=True)[:3]
        has_mail = any(words.has(c.words, {"email", "mail"}) for c in table.columns.values())
        score = likely + (2 if has_mail else 0) + sum(best) / 2
        ranked.append((-score, table.sql, table))
    return [table for _, _, table in sorted(ranked, key=lambda r: r[:2])]


def assign(catalogue: Catalogue, customer: Table, lines: Sequence[Table] = ()) -> Roles:
    """Return what each table is, if the customers are in *customer*.

    Args:
        lines: the tables whose rows are to earn; empty: those that fit well enough.
    """
    roles = Roles(customer, [], [])
    found = candidates(catalogue, customer, lines)
    wanted = [path for path in found if path.line in lines] if lines else _fitting(found)
    taken: set[Table] = set()
    for path in wanted:
        if path.line not in taken and (lines or path.tables[:2][-1] not in taken):
            roles.paths.append(path)
            taken |= {path.line, *([path.tables[1]] if path.steps else [])}
    roles.paths.sort(key=lambda path: (ORDER.index(path.kind), -path.score, path.line.sql))
    roles.employment = employment(catalogue, customer)
    used = taken | {customer} | ({roles.employment[0]} if roles.employment else set())
    naming = dict.fromkeys(link.table for link in catalogue.referrers(customer))
    roles.aside = [
        (
            table,
            "it is not among the lines that were named" if lines
            else _parts_earn(table, roles.paths) or why_aside(table, taken),
        )
        for table in naming if table not in used
    ]  # fmt: skip
    roles.organisations = [
        table
        for table in catalogue.tables
        if table is not customer
        and table.row_count
        and words.last_of(table.words, words.ORGANISATIONS)
    ]
    earning = {table for path in roles.paths for table in path.tables}
    roles.pairs = [
        table for table in catalogue.tables
        if table not in earning and len({k.target for k in table.links if k.target in earning}) > 1
    ]  # fmt: skip
    roles.referred = referred(catalogue)
    read = used | naming.keys() | {path.subject.target for path in roles.paths if path.subject}
    roles.unread = [
        (table, _why_unread(table, customer, taken))
        for table in sorted(catalogue.tables, key=lambda table: (-table.row_count, table.sql))
        if table not in read
        and table.row_count
        and (table.links or _typed_key(table))
        and words.last_of(table.words, _DEEDS)
        and not words.is_aside(table.words, words.DOCUMENTS)
    ]
    return roles


def referred(catalogue: Catalogue) -> list[Table]:
    """Return the five tables that others refer to most."""
    counts = Counter(link.target for table in catalogue.tables for link in table.links)
    return sorted(counts, key=lambda table: (-counts[table], table.sql))[:5]


def doubles(
    path: Path, paths: Sequence[Path], pairs: Sequence[Table]
) -> Iterator[tuple[Table, str]]:
    """Return the tables that may earn for the same deed as a path does, each with the first reason.

    An invoice of an order is another matter: rules are for the one or for the other.
    """
    for other in paths:
        if other is path or {"INVOICE", "SALE"} == {path.kind, other.kind}:
            continue
        is_first = paths.index(path) < paths.index(other)
        if why := next(_same_deed(path, other, is_first, pairs), ""):
            yield other.line, why


def _same_deed(path: Path, other: Path, is_first: bool, pairs: Sequence[Table]) -> Iterator[str]:
    """Return why two paths may be of one deed; what holds both ways is said of the first alone."""
    for link in path.line.links:
        if link.target in (other.line, other.header) and not path.steps:
            yield f"{link.label} refers to {link.target.label}"
    if not is_first:
        return
    if path.kind == other.kind == "SALE" and (same := _orders(path) & _orders(other)):
        yield f"Both are named as one of these: {', '.join(sorted(same))}"
    for pair in pairs:
        targets = {link.target for link in pair.links}
        if {path.line, path.header} & targets and {other.line, other.header} & targets:
            yield f"{pair.label} joins them"


def _orders(path: Path) -> set[str]:
    """Return the words of a path's tables that say what kind of document it is."""
    return words.ORDERS & {word for table in path.tables[:2] for word in table.words}


def _parts_earn(table: Table, paths: Sequence[Path]) -> str:
    """Return that what belongs to the rows of a table earns instead; empty: nothing does."""
    parts = [
        path.line.label for path in paths if any(link.target is table for link in path.line.links)
    ]
    return f"what belongs to it earns: {', '.join(parts)}" if parts else ""


def _why_unread(table: Table, customer: Table, taken: Collection[Table]) -> str:
    """Return why a table that is named as what customers do earns nothing."""
    if words.has(table.words[-1:], words.PAYMENTS):
        return "payments do not earn: what is paid for does"
    if any(link.target in taken for link in table.links):
        return "it belongs to a document that earns"
    if key := _typed_key(table):
        return f"{key} is a key of the table that the column beside it names"
    return f"no column leads to {customer.label}; --line takes it if it is wrong"


def _typed_key(table: Table) -> str | None:
    """Return the column with a key whose table another one names: customer_id, customer_type."""
    stems = {c.words[:-1] for c in table.columns.values() if c.words[-1:] == ("type",)}
    return next(
        (
            column.name
            for column in table.columns.values()
            if column.words[-1:] == ("id",) and column.words[:-1] in stems
        ),
        None,
    )


def candidates(catalogue: Catalogue, customer: Table, named: Collection[Table] = ()) -> list[Path]:
    """Return every path from rows to a customer, those that fit best first.

    The rows of *named* earn whatever their tables' names say.
    """
    return sorted(
        [
            *documents(catalogue, customer, named),
            *alone(catalogue, customer, named),
            *seats(catalogue, customer),
        ],
        key=lambda path: (-path.score, path.line.sql, [step.label for step in path.steps]),
    )


def _fitting(found: list[Path]) -> list[Path]:
    """Return the paths that fit well enough; if none does, the best of all, to be decided.

    An empty table is of a part of the host that is not in use, unless all are empty. A document
    whose rows are those of another path, such as a booking with its places, is in that one.
    """
    fitting = [path for path in found if path.score >= ENOUGH]
    fitting = [path for path in fitting if path.line.row_count] or fitting
    of_others = {path.header for path in fitting if path.kind == "ATTENDANCE"}
    fitting = [path for path in fitting if path.line not in of_others]
    return fitting or [replace(path, is_doubtful=True) for path in found[:1]]


def why_aside(table: Table, taken: Collection[Table] = ()) -> str:
    """Return why a table that names a customer earns nothing."""
    if words.has(table.words, words.PAYMENTS):
        return "payments do not earn: what is paid for does"
    if any(link.target in taken for link in table.links):
        return "it belongs to a document that earns"
    if table.row_count == 0:
        return "it is empty"
    if not table.key:
        return "its rows have no key"
    if not any(column.type in DATES for column in table.columns.values()):
        return "it has no date"
    if words.last_of(table.words, words.DOCUMENTS | words.ATTENDANCE):
        return "its name fits, its columns too little: --line takes it"
    return "its name and columns do not say that somebody bought, joined or attended"
