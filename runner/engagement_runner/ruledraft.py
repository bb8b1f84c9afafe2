"""Rules drafted for the classes that the host's products and committees have."""

from __future__ import annotations

import re
import tomllib
from decimal import Decimal
from typing import Any

from psycopg import sql

from engagement_runner import files, queries, rulefile
from engagement_runner.connection import Connection
from engagement_runner.errors import EngagementError

#: Rules of a source that the draft writes; what is rarer is counted.
_MOST = 20
_HEADER = """\
# Drafted for the classes that the host has now, with what each rule would reach. The points are
# those of the starter rules where a class has the same name, else a guess: put yours.
"""


def draft(connection: Connection) -> str:
    """Return a file of rules, one for each class of each source of the host.

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
    for source in sources:
        classes = [row for row in found if row["source"] == source["source"]]
        parts.append(_heading(source, classes))
        parts += [_rule(source, row, taken) for row in _with_rules(classes)]
    return "\n".join(parts)


def _with_rules(classes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the classes that get a rule. One without a class would reach all the others too."""
    named = [row for row in classes if row["subject_class"] is not None]
    return named[:_MOST] or classes


def _heading(source: dict[str, Any], classes: list[dict[str, Any]]) -> str:
    lines = [f"# Source {source['source']}."]
    left_out = [row for row in classes if row not in _with_rules(classes)]
    if left_out:
        rest = sum(row["activity_count"] for row in left_out)
        lines[0] += f" {rest:,} activities without a class, or of rare ones, have no rule here."
    if source["effective_when"] == "INVOICE_CREATION":
        lines.append("# An order that is invoiced earns by both: keep the rules of one of them.")
    return "".join(f"{line}\n" for line in lines)


def _rule(source: dict[str, Any], row: dict[str, Any], taken: set[str]) -> str:
    known = _starter(row["subject_class"], source)
    is_seat = source["engagement_type"] == "COMMITTEE_PARTICIPATION"
    points = {"flat_score": 10} if is_seat else {"flat_score": 5, "valid_for_weeks": 104}
    what = "for a seat" if is_seat else "for each"
    name = row["subject_class"] or "of any class"
    rule: dict[str, Any] = {
        "rule_code": _code(source["source"], row["subject_class"], taken),
        "description": f"{points['flat_score']} points {what}: {name}",
        "category_code": "INVOLVEMENT" if is_seat else "PURCHASES_DONATIONS",
        "engagement_type": source["engagement_type"],
        "effective_when": source["effective_when"],
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


def _starter(subject_class: str | None, source: dict[str, Any]) -> dict[str, Any] | None:
    """Return the starter rule for a class of that name, in whatever case."""
    for rule in _starter_rules():
        if (
            str(rule.get("subject_class", "")).lower() == (subject_class or "-").lower()
            and rule["engagement_type"] == source["engagement_type"]
        ):
            return rule
    return None


def _starter_rules() -> list[dict[str, Any]]:
    text = files.rule_file("starter", files.root()).read_text(encoding="utf-8")
    rules: list[dict[str, Any]] = tomllib.loads(text, parse_float=Decimal)["rule"]
    return rules


def _code(source: str, subject_class: str | None, taken: set[str]) -> str:
    """Return a code that no other rule of the file has."""
    words = re.sub(r"[^A-Z0-9]+", "_", f"{source}_{subject_class or 'other'}".upper()).strip("_")
    code, number = words[:40], 2
    while code in taken:
        code, number = f"{words[:37]}_{number}", number + 1
    taken.add(code)
    return code
