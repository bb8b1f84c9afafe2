"""Rules drafted for the classes that the host's products and committees have."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from psycopg import sql

from engagement_runner import files, queries, rulefile
from engagement_runner.connection import Connection
from engagement_runner.deploy.trial import Remark, try_adapter
from engagement_runner.errors import EngagementError

#: Rules of a source that the draft writes; what is rarer is counted.
_MOST = 20
_ID = re.compile(r"\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEADER = """\
# Drafted for the classes that the host has now, with what each rule would reach. The points are
# those of the starter rules where a class has the same name, else a guess: put yours.
"""


def draft_for(connection: Connection, host: str) -> str:
    """Return a file of rules for an adapter that is not deployed, and change nothing.

    Args:
        connection: an autocommit connection, of a role that could deploy the adapter.
        host: name of a bundled adapter, or path of one.

    Raises:
        EngagementError: a call of the adapter failed; or as
            :func:`engagement_runner.deploy.trial.try_adapter` does.
        psycopg.Error: a view cannot be read.
    """

    def measure(remarks: list[Remark]) -> str:
        for remark in remarks:
            if remark.severity == "error":
                raise EngagementError(f"{remark.place}: {remark.message}", hint=remark.hint)
        return draft(connection)

    return try_adapter(connection, host, measure)


def draft(connection: Connection) -> str:
    """Return a file of rules, one for each class that the host's sources of one kind show.

    Args:
        connection: of a role that may read the views of the adapter.

    Raises:
        EngagementError: no source of a host is registered.
        psycopg.Error: a view cannot be read.
    """
    sources = queries.rows(connection, "host_sources").records
    if not sources:
        raise EngagementError(
            "no source of a host is registered",
            hint="Deploy an adapter first: engagement deploy --host NAME|FILE.sql",
        )
    activities = sql.SQL(" union all ").join(
        queries.composed(
            "activities_of_view",
            source=sql.Literal(source["source"]),
            view=sql.SQL(source["view_name"]),
        )
        for source in sources
    )
    found = [
        queries.loads(text)
        for (text,) in connection.execute(queries.composed("class_reach", activities=activities))
    ]
    taken: set[str] = set()
    parts = [rulefile.HEADER + _HEADER]
    kinds: dict[tuple[str, str | None], set[str]] = {}
    for source in sources:
        kind = source["engagement_type"], source["effective_when"]
        kinds.setdefault(kind, set()).add(source["source"])
    for kind, names in kinds.items():
        classes = [row for row in found if (row["engagement_type"], row["effective_when"]) == kind]
        is_twice = kind[1] == "INVOICE_CREATION" and (kind[0], "ORDER_CREATION") in kinds
        parts.append(_heading(sorted(names), classes, is_twice))
        parts += [_rule(row, taken) for row in _with_rules(classes)]
    return "\n".join(parts)


def _with_rules(classes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the classes that get a rule. One without a class would reach all the others too."""
    named = [row for row in classes if row["subject_class"] is not None]
    return named[:_MOST] or classes


def _heading(sources: list[str], classes: list[dict[str, Any]], is_twice: bool) -> str:
    lines = [f"# Source {sources[0]}."]
    if len(sources) > 1:
        lines = [f"# Sources {', '.join(sources)}: a rule reaches its class in each of them."]
    left_out = [row for row in classes if row not in _with_rules(classes)]
    rare = sum(row["activity_count"] for row in left_out if row["subject_class"] is not None)
    if rare:
        lines.append(f"# {rare:,} activities of rarer classes have no rule here.")
    for row in left_out:
        if row["subject_class"] is None:
            lines.append(
                f"# {row['activity_count']:,} activities of {', '.join(row['sources'])} have no "
                "class and no rule here: let the view show one as subject_class."
            )
    if not classes:
        lines.append("# It shows nothing yet.")
    if is_twice:
        lines.append("# An order that is invoiced earns by both: keep the rules of one of them.")
    return "".join(f"{line}\n" for line in lines)


def _rule(row: dict[str, Any], taken: set[str]) -> str:
    known = _starter(row)
    is_seat = row["engagement_type"] == "COMMITTEE_PARTICIPATION"
    points = {"flat_score": 10} if is_seat else {"flat_score": 5, "valid_for_weeks": 104}
    what = "for a seat" if is_seat else "for each"
    name = row["subject_class"] or "of any class"
    if _ID.fullmatch(name) and row["subjects"]:
        # A person knows what is of the class, not the number of its row.
        name = f"such as {_one_line(row['subjects'].split(', ')[0])}"
    rule: dict[str, Any] = {
        "rule_code": _code(row, taken),
        "description": f"{points['flat_score']} points {what}: {name}",
        "category_code": "INVOLVEMENT" if is_seat else "PURCHASES_DONATIONS",
        "engagement_type": row["engagement_type"],
        "effective_when": row["effective_when"],
        "subject_class": row["subject_class"],
        **points,
    }
    if known:
        kept = ("description", "category_code", "flat_score", "quantity_score", "amount_score",
                "valid_for_weeks")  # fmt: skip
        rule = {k: v for k, v in rule.items() if k not in ("flat_score", "valid_for_weeks")}
        rule |= {key: known[key] for key in kept if key in known}
    text = rulefile.dump([{k: v for k, v in rule.items() if v is not None}])
    reach = f"{row['activity_count']:,} activities of {row['customer_count']:,} customers"
    return f"# {reach}: {_one_line(row['subjects'])}\n" + text.removeprefix(rulefile.HEADER + "\n")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())[:80]


def _starter(row: dict[str, Any]) -> dict[str, Any] | None:
    """Return the starter rule for a class of that name, in whatever case."""
    for rule in _starter_rules():
        if (
            str(rule.get("subject_class", "")).lower() == (row["subject_class"] or "-").lower()
            and rule["engagement_type"] == row["engagement_type"]
        ):
            return rule
    return None


def _starter_rules() -> list[dict[str, Any]]:
    text = files.rule_file("starter", files.root()).read_text(encoding="utf-8")
    rules: list[dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)["rule"]
    return rules


def _code(row: dict[str, Any], taken: set[str]) -> str:
    """Return a code that no other rule of the file has: of the source, if it is one, and class."""
    source = row["sources"][0] if len(row["sources"]) == 1 else ""
    name = row["subject_class"] or "other"
    if source.upper() != name.upper():
        name = f"{source}_{name}"
    words = re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_")
    code, number = words[:40], 2
    while code in taken:
        code, number = f"{words[:37]}_{number}", number + 1
    taken.add(code)
    return code
